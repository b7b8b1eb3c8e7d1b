/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics of normalisation on GPUs in two launches, or one where there is one part: a part's mean and the
 * squares around it, read a second time while the part is still in the cache; then the parts joined in their
 * order (Chan, Golub, LeVeque 1983, eq. 2.1), so that |mean| >> spread keeps its digits.
 *
 * Kernels
 *   part_stats_joined   {16 * channel tiles, 16 * parts, groups}, local {16, 16, 1}: work [parts, groups, 2C] =
 *                       means from the group's first pixel on, then squares; of one part what follows
 *   stats_joined        {groups * C}, local {64}: mean, rstd and running statistics
 *
 * Build options: see common.clh, stored.clh. Reference: p2p_ref_norm_stats.
 * gpulab part_stats_joined: any .0; divides (floats)
 * gpulab stats_joined: any .0; divides (floats)
 */
#include "common.clh"
#include "tensor.clh"
#include "stored.clh"
#include "norm_groups.clh"

/* The sum over the rows of a work-group, for all of them. */
float sum_rows(const float v, __local float (*rows)[SUM_ACROSS + 1])
{
    const int lane = (int)get_local_id(0);
    float sum = 0.0f;

    barrier(CLK_LOCAL_MEM_FENCE);
    rows[get_local_id(1)][lane] = v;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < SUM_DOWN; k++)
        sum += rows[k][lane];
    return sum;
}

#define ARGUMENTS                                                                                      \
    __global float *work, CONST_STORED(x), TENSOR(mean), TENSOR(rstd), TENSOR(run_mean),               \
        TENSOR(run_var), const int parts, const int groups, const int channels, const int count,       \
        const float eps, const float momentum, const int per_part

/* Of a group's channel, its mean from the first pixel on and the squares around it, to where they belong. */
#define FINISH(group, c, apart, around)                                                                   \
    do {                                                                                               \
        const float m = (apart) + GET(STORED, x + x_at + (size_t)(group)*count * x_stride + (c));      \
        const float squares = (around) < 0.0f ? 0.0f : (around); /* fmax() would lose a NaN */         \
        mean[mean_at + (size_t)(group)*mean_stride + (c)] = m;                                         \
        rstd[rstd_at + (size_t)(group)*rstd_stride + (c)] = 1.0f / sqrt(squares / (float)count + eps); \
        if (run_mean_stride)                                                                           \
            FOLLOW(run_mean + run_mean_at + (c), m);                                         \
        if (run_var_stride)                                                                            \
            FOLLOW(run_var + run_var_at + (c), squares / (float)max(count - 1, 1));          \
    } while (0)

__kernel __attribute__((reqd_work_group_size(SUM_ACROSS, SUM_DOWN, 1)))
void part_stats_joined(ARGUMENTS)
{
    __local float rows[SUM_DOWN][SUM_ACROSS + 1];
    const int c = min((int)get_global_id(0), channels - 1), part = (int)get_group_id(1);
    const int begin = part * per_part, end = min(begin + per_part, count);
    const float n = (float)(end - begin);

    EACH_GROUP((int)get_global_id(2), parts == 1 && (run_mean_stride || run_var_stride))
    {
        __global const ELEMENT(STORED) *from = x + x_at + (size_t)group * count * x_stride + c;
        const float base = GET(STORED, from + (size_t)begin * x_stride);
        float s1 = 0.0f, s2 = 0.0f;

        for (int p = begin + (int)get_local_id(1); p < end; p += SUM_DOWN)
            s1 += GET(STORED, from + (size_t)p * x_stride) - base;
        const float apart = sum_rows(s1, rows) / n; /* from base on */
        s1 = 0.0f;
        for (int p = begin + (int)get_local_id(1); p < end; p += SUM_DOWN) {
            const float d = GET(STORED, from + (size_t)p * x_stride) - base - apart;
            s1 += d;
            s2 += d * d;
        }
        const float rest = sum_rows(s1, rows), around = sum_rows(s2, rows);
        if (get_local_id(1) > 0 || (int)get_global_id(0) >= channels)
            continue;
        if (parts == 1) {
            FINISH(group, c, apart + rest / n, around - rest * rest / n);
        } else {
            __global float *to = work + ((size_t)part * groups + group) * 2 * channels + c;
            to[0] = base - GET(STORED, from) + (apart + rest / n);
            to[channels] = around - rest * rest / n;
        }
    }
}

FLAT_ITEMS
__kernel void stats_joined(ARGUMENTS)
{
    const int i = (int)get_global_id(0), c = i % channels;

    EACH_GROUP(i / channels, run_mean_stride || run_var_stride)
    {
        float apart = 0.0f, around = 0.0f;
        for (int part = 0; part < parts; part++) {
            __global const float *at = work + ((size_t)part * groups + group) * 2 * channels + c;
            const float before = (float)(part * per_part);
            const float n = (float)(min((part + 1) * per_part, count) - part * per_part);
            const float further = part ? at[0] - apart : 0.0f, share = n / (before + n);

            apart = part ? apart + further * share : at[0];
            around += at[channels] + further * further * before * share;
        }
        FINISH(group, c, apart, around);
    }
}
