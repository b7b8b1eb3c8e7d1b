/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Normalisation of few pixels on GPUs in one launch each way: a work-group has all pixels of eight channels, so
 * that it makes their statistics or sums and what comes of these. Its first few values a work-item stay in
 * registers, others are read again from the cache.
 *
 * Kernels
 *   norm_fwd_whole   {2 WHOLE_DOWN * eights of channels, groups}, local {2 WHOLE_DOWN, 1}: statistics as
 *                    norm_joined.cl of one part, then as norm_act_fwd_quads, but no tanh
 *   norm_bwd_whole   the same: the sums, the parameters' gradients, then as norm_act_bwd_quads
 *
 * One work-group takes all groups in turn where running statistics or parameters' gradients are made of them.
 *
 * Build options: see common.clh, stored.clh; -D BACKWARD: the gradient
 *   -D WHOLE_DOWN=<n>   pixels down the group, a multiple of 16
 *   -D EACH=<n>         pixels a work-item has, WHOLE_DOWN apart
 * References: p2p_ref_norm_fwd, p2p_ref_norm_bwd.
 * gpulab norm_fwd_whole: any .0; divides (floats)
 * gpulab norm_bwd_whole: any .0
 */
#include "common.clh"
#include "tensor.clh"
#include "norm_groups.clh"
#include "norm_quads.clh"

#define ITEMS (WHOLE_ACROSS * WHOLE_DOWN)
#define IN_REGISTERS (EACH <= WHOLE_KEPT)
#define WHOLE_ITEMS __attribute__((reqd_work_group_size(ITEMS, 1, 1)))

/* Channels of this work-item, c the first and 0 where there are none, and its row of pixels. */
#define WHOLE_POSITION                                                                             \
    const int item = (int)get_local_id(0), row = item / WHOLE_ACROSS;                              \
    const int own = ((int)get_group_id(0) * WHOLE_ACROSS + item % WHOLE_ACROSS) * 4;               \
    const int c = own < channels ? own : 0, groups = (int)get_global_size(1);                      \
    const uint fours = (uint)channels / 4

/* Each of the work-item's pixels p, of all groups, the i-th. */
#if EACH <= WHOLE_KEPT
#define WALK UNROLLED
#else
#define WALK _Pragma("unroll 4")
#endif
#define EACH_PIXEL                                                                                 \
    WALK for (int i = 0, p = group * count + row; i < EACH; i++, p += WHOLE_DOWN)                  \
        if (p < (group + 1) * count)

/* The sum of all rows' values, in every row and in one order. */
INLINE float4 sum_rows(const float4 v, __local float4 *sums)
{
    const int item = (int)get_local_id(0), lane = item % WHOLE_ACROSS;
    float4 sum = (float4)(0.0f);

    barrier(CLK_LOCAL_MEM_FENCE);
    sums[item] = v;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < WHOLE_ACROSS * 16)
        for (int k = 0; k < WHOLE_DOWN / 16; k++)
            sum += sums[item + k * WHOLE_ACROSS * 16];
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < WHOLE_ACROSS * 16)
        sums[item] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    sum = (float4)(0.0f);
    for (int k = 0; k < 16; k++)
        sum += sums[lane + k * WHOLE_ACROSS];
    return sum;
}

#ifndef BACKWARD

WHOLE_ITEMS
__kernel void norm_fwd_whole(CONST_STORED(x), TENSOR(mean), TENSOR(rstd), CONST_TENSOR(gamma),
                             CONST_TENSOR(beta), CONST_TENSOR(hyper), STORED_TENSOR(y1), STORED_TENSOR(y2),
                             TENSOR(run_mean), TENSOR(run_var), const int count, const int channels,
                             const int act1, const int act2, const float slope, const uint threshold,
                             const float keep, const uint stream, const uint picture, const float eps,
                             const float momentum)
{
    __local float4 sums[ITEMS];
    WHOLE_POSITION;
    const Bend bend1 = bend_of(act1, slope), bend2 = bend_of(act2, slope);
    const float n = (float)count;
#define HERE (IN_REGISTERS ? kept[i] : AT(x))

    EACH_GROUP((int)get_global_id(1), run_mean_stride || run_var_stride)
    {
        const float4 base = STORED_QUAD(x, group * count * x_stride + c);
        float4 kept[IN_REGISTERS ? EACH : 1], s1 = (float4)(0.0f), s2 = (float4)(0.0f);
        EACH_PIXEL
        {
            const float4 v = AT(x);
            if (IN_REGISTERS)
                kept[i] = v;
            s1 += v - base;
        }
        const float4 apart = sum_rows(s1, sums) / n; /* from base on */
        s1 = (float4)(0.0f);
        EACH_PIXEL
        {
            const float4 d = HERE - base - apart;
            s1 += d;
            s2 += d * d;
        }
        const float4 rest = sum_rows(s1, sums), around = sum_rows(s2, sums) - rest * rest / n;
        const float4 m = apart + rest / n + base;
        const float4 squares = around < 0.0f ? (float4)(0.0f) : around; /* fmax() would lose a NaN */
        const float4 r = 1.0f / sqrt(squares / n + eps);
        if (own >= channels)
            continue;
        if (row == 0) {
            PUT_QUAD(m, mean, group *mean_stride + c);
            PUT_QUAD(r, rstd, group *rstd_stride + c);
            if (run_mean_stride)
                FOLLOW(&QUAD_PLACE(run_mean, c), m);
            if (run_var_stride)
                FOLLOW(&QUAD_PLACE(run_var, c), squares / fmax(n - 1.0f, 1.0f));
        }
        const float4 scale = OWN(gamma, 1.0f) * r, shift = OWN(beta, 0.0f);
        EACH_PIXEL
        {
            const float4 z = FMA(HERE - m, scale, shift) * MASK;
            PUT_STORED(bend_four(z, bend1), y1, p *y1_stride + c);
            if (y2_stride)
                PUT_STORED(bend_four(z, bend2), y2, p *y2_stride + c);
        }
    }
}

#else

WHOLE_ITEMS
__kernel void norm_bwd_whole(CONST_STORED(x), CONST_TENSOR(mean), CONST_TENSOR(rstd),
                             CONST_TENSOR(gamma), CONST_TENSOR(hyper), CONST_STORED(y1),
                             CONST_STORED(y2), CONST_STORED(dy1), CONST_STORED(dy2), TENSOR(sums),
                             STORED_TENSOR(dx), TENSOR(dgamma), TENSOR(dbeta), const int count,
                             const int channels, const int act1, const int act2, const float slope,
                             const uint threshold, const float keep, const uint stream,
                             const uint picture, const int accumulate, const int add)
{
    __local float4 rows[ITEMS];
    WHOLE_POSITION;
    const float share = 1.0f / (float)count;

    EACH_GROUP((int)get_global_id(1), dgamma_stride || dbeta_stride)
    {
        const float4 m = STAT(mean, 0.0f), r = STAT(rstd, 1.0f);
        float4 kept[IN_REGISTERS ? EACH : 1], s1 = (float4)(0.0f), s2 = (float4)(0.0f);
        EACH_PIXEL
        {
            const float4 d = SLOPE_FOUR;
            if (IN_REGISTERS)
                kept[i] = d;
            s1 += d;
            s2 += d * ((AT(x) - m) * r);
        }
        s1 = sum_rows(s1, rows);
        s2 = sum_rows(s2, rows);
        if (own >= channels)
            continue;
        if (row == 0) {
            PUT_QUAD(s1, sums, group *sums_stride + c);
            PUT_QUAD(s2, sums, group *sums_stride + channels + c);
            if (dbeta_stride)
                PUT_QUAD(add || group ? QUAD(dbeta, c) + s1 : s1, dbeta, c);
            if (dgamma_stride)
                PUT_QUAD(add || group ? QUAD(dgamma, c) + s2 : s2, dgamma, c);
        }
        const float4 scale = OWN(gamma, 1.0f) * r;
        s1 *= share;
        s2 *= share;
        EACH_PIXEL
        {
            float4 d = IN_REGISTERS ? kept[i] : SLOPE_FOUR;
            d = (d - FMA((AT(x) - m) * r, s2, s1)) * scale;
            PUT_STORED(accumulate ? AT(dx) + d : d, dx, p *dx_stride + c);
        }
    }
}

#endif
