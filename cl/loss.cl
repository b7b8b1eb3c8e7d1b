/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Losses: the mean of a function of each element, and its gradient.
 *
 * Each group leaves its sum in the workspace [groups]; one work-item adds them in order. One naive group by
 * itself ends the sum at once. Tensors
 * are rows of cols floats, the last row `last` floats long; strides go from row to row.
 *
 * Kernels
 *   loss_naive   {256 * groups}, local {256}
 *   loss_simd    {groups}, local {1}: per_group rows each
 *   loss_final   {1}: value (+)= factor * sum
 *
 * Build options: see common.clh; -D NAIVE: the naive kernels. Reference: p2p_ref_loss.
 * gpulab loss_naive: any .0; divides (floats, in BCE)
 */
#include "common.clh"
#include "tensor.clh"
#include "group.clh"

#define ITEMS GROUP_SIZE(LOSS_GROUP)
#define BLOCK 32

#define ARGUMENTS                                                                                  \
    CONST_TENSOR(x), CONST_TENSOR(target), TENSOR(dx), const int rows, const int cols,             \
        const int last, const int per_group, const int kind, const float value,                    \
        const float grad_factor, const int accumulate, CONST_TENSOR(scale), __global float *work

/* Where the mean goes; nowhere yet where result is absent. */
#define VALUE_ARGUMENTS TENSOR(result), const int index, const float factor, const int add
#define PUT_VALUE(sum)                                                                             \
    result[result_at + index] = add ? result[result_at + index] + factor * (sum) : factor * (sum)

/* What the gradient is multiplied by beside grad_factor. */
#define SCALED (grad_factor * (scale_stride ? scale[scale_at] : 1.0f))

/* For F = float or VF: the loss of element x against t, its derivative in *slope. BCE takes
 * logits: max(x, 0) - x t + log(1 + exp(-|x|)) has no overflow. */
#define LOSS(F, name)                                                                              \
    F name(F x, F t, int kind, F *slope)                                                           \
    {                                                                                              \
        if (kind == P2P_LOSS_L1) {                                                                     \
            *slope = sign(x - t);                                                                  \
            return fabs(x - t);                                                                    \
        }                                                                                          \
        if (kind == P2P_LOSS_BCE) {                                                                    \
            *slope = (F)(1.0f) / ((F)(1.0f) + exp(-x)) - t;                                        \
            return fmax(x, (F)(0.0f)) - x * t + log1p(exp(-fabs(x)));                              \
        }                                                                                          \
        if (kind == P2P_LOSS_MSE) {                                                                    \
            *slope = 2.0f * (x - t);                                                               \
            return (x - t) * (x - t);                                                              \
        }                                                                                          \
        if (kind == P2P_LOSS_HINGE) {                                                                  \
            const F margin = (F)(1.0f) + x * t;                                                    \
            *slope = margin <= 0.0f ? (F)(0.0f) : t;                                               \
            return margin <= 0.0f ? (F)(0.0f) : margin; /* NaN passes */                           \
        }                                                                                          \
        *slope = t;                                                                                \
        return x * t;                                                                              \
    }

LOSS(float, loss_scalar)

#ifdef NAIVE
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void loss_naive(ARGUMENTS, VALUE_ARGUMENTS)
{
    __local float sums[ITEMS];
    const size_t total = (size_t)(rows - 1) * cols + last;
    const uint WALK_STEP(cols);
    size_t row = (uint)get_global_id(0) / (uint)cols;
    uint col = (uint)get_global_id(0) % (uint)cols;
    const float slope_factor = SCALED;
    float sum = 0.0f;

    for (size_t i = get_global_id(0); i < total; i += get_global_size(0)) {
        const float t = target_stride ? target[target_at + row * target_stride + col] : value;
        float slope;

        sum += loss_scalar(x[x_at + row * x_stride + col], t, kind, &slope);
        if (dx_stride) {
            __global float *d = dx + dx_at + row * dx_stride + col;
            *d = accumulate ? *d + slope_factor * slope : slope_factor * slope;
        }
        WALK_ON(row, col, cols);
    }
    sum = sum_items(sum, sums, ITEMS);
    if (get_local_id(0) > 0)
        return;
    if (result_stride)
        PUT_VALUE(sum);
    else
        work[get_group_id(0)] = sum;
}
#endif

ONE_ITEM
__kernel void loss_final(__global const float *work, const int groups, VALUE_ARGUMENTS)
{
    float sum = 0.0f;

    if (get_global_id(0) > 0)
        return;
    for (int i = 0; i < groups; i++)
        sum += work[i];
    PUT_VALUE(sum);
}

#if P2P_CPU && !defined(NAIVE)

#if VW == 1
#define loss_vector loss_scalar
#else
LOSS(VF, loss_vector)
#endif

/* Rows narrower than a vector, pictures of 1 or 3 channels. */
float narrow_sum(ARGUMENTS)
{
    const int group = (int)get_global_id(0), end = min((group + 1) * per_group, rows);
    const float factor = SCALED;
    float total = 0.0f;

    for (int first = group * per_group; first < end; first += BLOCK) {
        float sum = 0.0f;
        for (int row = first; row < min(first + BLOCK, end); row++) {
            float row_sum = 0.0f;
            for (int c = 0; c < (row == rows - 1 ? last : cols); c++) {
                __global float *to = dx + dx_at + (size_t)row * dx_stride + c;
                const float t =
                    target_stride ? target[target_at + (size_t)row * target_stride + c] : value;
                float slope;

                row_sum += loss_scalar(x[x_at + (size_t)row * x_stride + c], t, kind, &slope);
                if (dx_stride)
                    *to = accumulate ? *to + factor * slope : factor * slope;
            }
            sum += row_sum;
        }
        total += sum;
    }
    return total;
}

ONE_ITEM
__kernel void loss_simd(ARGUMENTS)
{
    if (cols < VW) {
        work[get_global_id(0)] =
            narrow_sum(x, x_at, x_stride, target, target_at, target_stride, dx, dx_at, dx_stride,
                       rows, cols, last, per_group, kind, value, grad_factor, accumulate, scale, scale_at,
                       scale_stride, work);
        return;
    }
    const int group = (int)get_global_id(0), end = min((group + 1) * per_group, rows);
    const float factor = SCALED;
    VF total = (VF)(0.0f), sums = total;
    int added = 0;

    for (int row = group * per_group; row < end; row++) {
        const int width = row == rows - 1 ? last : cols;
        __global const float *from = x + x_at + (size_t)row * x_stride;
        __global const float *other = target + target_at + (size_t)row * target_stride;
        __global float *to = dx + dx_at + (size_t)row * dx_stride;

        for (int c = 0; c < width; c += VW) {
            const int n = min(VW, width - c);
            const VF t = target_stride ? load_part(other + c, n) : (VF)(value);
            VF slope, each = loss_vector(load_part(from + c, n), t, kind, &slope);
            if (n < VW) {
                float part[VW];
                VF_STORE(each, part);
                for (int i = 0; i < VW; i++)
                    part[i] = i < n ? part[i] : 0.0f;
                each = VF_LOAD(part);
            }
            sums += each;
            if (++added % BLOCK == 0) { /* short sums lose less */
                total += sums;
                sums = (VF)(0.0f);
            }
            slope *= factor;
            if (dx_stride)
                store_part(accumulate ? load_part(to + c, n) + slope : slope, to + c, n);
        }
    }
    work[group] = sum_lanes(total + sums);
}

#endif
