/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sum of the squares of a parameter's gradient.
 *
 * Each group leaves its sum in the workspace [groups]; one work-item adds them in order. The tensor is
 * rows of cols floats; the last `tail` rows have `last` that count, and padding behind them.
 *
 * Kernels
 *   squares_naive   {256 * groups}, local {256}
 *   squares_simd    {groups}, local {1}: per_group rows each
 *   squares_quads   as naive, of one aligned run of quadruples, on GPUs
 *   squares_final   {1}: result (+)= sum
 *
 * Build options: see common.clh; -D NAIVE, -D QUADS: those kernels. Reference: p2p_ref_squares.
 */
#include "common.clh"
#include "tensor.clh"
#include "group.clh"

#define ITEMS LOSS_GROUP
#define BLOCK 32

#define ARGUMENTS                                                                                  \
    CONST_TENSOR(x), const int rows, const int cols, const int tail, const int last,               \
        const int per_group, __global float *work

#ifdef NAIVE
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void squares_naive(ARGUMENTS)
{
    __local float sums[ITEMS];
    const uint WALK_STEP(cols);
    uint row = (uint)get_global_id(0) / (uint)cols, col = (uint)get_global_id(0) % (uint)cols;
    float sum = 0.0f;

    while (row < (uint)rows) {
        const float v = x[x_at + (size_t)row * x_stride + col];
        if (row < (uint)(rows - tail) || col < (uint)last)
            sum = FMA(v, v, sum);
        WALK_ON(row, col, cols);
    }
    keep_sum(work, sum, sums, ITEMS);
}
#endif

#ifdef QUADS
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void squares_quads(ARGUMENTS)
{
    __local float sums[ITEMS];
    __global const float4 *from = (__global const float4 *)(x + x_at);
    const size_t count = (size_t)rows * cols / 4, step = get_global_size(0);
    float4 four = (float4)(0.0f);

    for (size_t i = get_global_id(0); i < count; i += step) {
        const float4 v = from[i];
        four = FMA(v, v, four);
    }
    keep_sum(work, four.x + four.y + (four.z + four.w), sums, ITEMS);
}
#endif

ONE_ITEM
__kernel void squares_final(__global const float *work, TENSOR(result), const int groups,
                            const int add)
{
    float sum = 0.0f;

    if (get_global_id(0) > 0)
        return;
    for (int i = 0; i < groups; i++)
        sum += work[i];
    result[result_at] = add ? result[result_at] + sum : sum;
}

#if P2P_CPU && !defined(NAIVE) && !defined(QUADS)

ONE_ITEM
__kernel void squares_simd(ARGUMENTS)
{
    const int group = (int)get_global_id(0), end = min((group + 1) * per_group, rows);
    VF total = (VF)(0.0f), sums = total;
    int added = 0;

    for (int row = group * per_group; row < end; row++) {
        const int width = row >= rows - tail ? last : cols;
        __global const float *from = x + x_at + (size_t)row * x_stride;

        for (int c = 0; c < width; c += VW) {
            const VF v = load_part(from + c, min(VW, width - c));
            sums = FMA(v, v, sums);
            if (++added % BLOCK == 0) { /* short sums lose less */
                total += sums;
                sums = (VF)(0.0f);
            }
        }
    }
    work[group] = sum_lanes(total + sums);
}

#endif
