/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolutions of stride 1 to one output on GPUs, the last layer of a discriminator: lanes lie over the channels
 * of the large side, four each, and nothing is padded.
 *
 * Kernels
 *   conv2d_one_fwd    a work-item has ACROSS x DOWN results' sums over its channels; the group adds them up, in a
 *                     fixed order.  groups {results across, down, pictures}, local {ITEMS}
 *   conv2d_one_dgrad  a work-item has the weights of its channels in registers and makes every SPLIT-th line of a
 *                     picture.  groups {channels / (4 * LANES), pictures}, local {LANES * SPLIT}
 *   conv2d_one_wgrad  likewise the weights' sums, from every SPLIT-th line; the group adds them up, in a fixed order.
 *                     groups {channels / (4 * LANES)}, local {LANES * SPLIT}
 *
 * Build options: see common.clh and
 *   -D FWD | -D DGRAD | -D WGRAD            the kernel
 *   -D KERNEL=<n> -D BLOCK=<n>              taps along a side; outputs in a block of weights
 *   -D ALIGNED=<bits>, see tile.clh; -D ACT_TANH=<0|1>: the activation is tanh
 *   -D ACROSS=<n> -D DOWN=<n> -D ITEMS=<n>  forward; items: a multiple of SEGMENT, no fewer than results
 *   -D SPLIT=<2^n> -D HEIGHT=<n> -D WIDTH=<n>  the others; of the small side, which they keep in local memory
 *   -D PLAIN=<0|1>                          data gradient: neither bias nor activation, and nothing is there already
 * gpulab conv2d_one_dgrad: sm_75 .8 x8, sm_86 .8 x8, sm_90 .8 x8, gfx1030 .8 x8, any .7 x8
 * gpulab conv2d_one_wgrad: sm_75 .7 x8, sm_86 .7 x8, sm_90 .7 x8, gfx1030 .7 x8, tgllp .5 x8, any .6 x8
 * Forward reads its data and weights longer than it multiplies, by the forecast, and so may have fewer:
 * gpulab conv2d_one_fwd: sm_86 .45 x4, gfx1030 .45 x4, tgllp .25 x4, any .3 x4
 * gpulab conv2d_one_fwd makes groups * ACROSS * DOWN * KERNEL**2 * c
 * gpulab conv2d_one_dgrad makes groups * ONE_LANES * 4 * h * up(w, 4) * KERNEL**2
 * gpulab conv2d_one_wgrad makes groups * ONE_LANES * 4 * n * h * up(w, 4) * KERNEL**2
 * Reference: p2p_ref_conv2d_fwd, p2p_ref_conv2d_dgrad, p2p_ref_conv2d_wgrad in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "conv2d_finish.clh"

/* Of a work-item's four channels those that are there. */
#define THERE(channels) (ALIGNED ? 4 : (channels))

/* Weights of a tap for n channels from `lane` on; shared: the group's. */
INLINE float4 taps_of(__global const float *shared, const uint lane, const int n)
{
    __global const float *from = shared + lane * BLOCK;

    return (float4)(from[0], n > 1 ? from[BLOCK] : 0.0f, n > 2 ? from[2 * BLOCK] : 0.0f,
                    n > 3 ? from[3 * BLOCK] : 0.0f);
}

#ifdef FWD

#define SUMS (ACROSS * DOWN)
#define SEGMENT ONE_SEGMENT
#define SEGMENTS (ITEMS / SEGMENT)

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
__kernel void conv2d_one_fwd(__global const float *restrict in, __global const float *restrict w,
                             __global const float *restrict bias, __global float *restrict out, const ConvGeom g,
                             const int gradient)
{
    __local float kept[SUMS][ITEMS + 1], joined[SUMS][SEGMENTS];
    const int item = (int)get_local_id(0), picture = (int)get_group_id(2);
    const int x0 = (int)get_group_id(0) * ACROSS, y0 = (int)get_group_id(1) * DOWN;
    float4 sums[DOWN][ACROSS];

    WRITTEN_OUT for (int i = 0; i < SUMS; i++)
        sums[i / ACROSS][i % ACROSS] = (float4)(0.0f);
    /* Addresses are the group's and, behind these, the lane's, so that they cost little. */
    for (int first = 0; first + 4 * item < g.c; first += 4 * ITEMS) {
        const int n = THERE(g.c - first - 4 * item);
        for (int r = 0; r < KERNEL; r++) {
            float4 taps[KERNEL];
            WRITTEN_OUT for (int s = 0; s < KERNEL; s++)
                taps[s] = taps_of(w + g.w_offset + ((r * KERNEL + s) * g.c + first) * BLOCK, 4 * item, n);
            WRITTEN_OUT for (int j = 0; j < DOWN; j++)
            {
                const int row = y0 + j - g.pad + r;
                __global const float *line =
                    in + g.x_offset + ((picture * g.h + row) * g.w + x0 - g.pad) * g.x_stride + first;
                if ((uint)row < (uint)g.h)
                    WRITTEN_OUT for (int i = 0; i < ACROSS + KERNEL - 1; i++, line += g.x_stride)
                    {
                        const float4 v = (uint)(x0 - g.pad + i) < (uint)g.w
                                             ? load4(line + 4 * item, n, ALIGNED & TILE_ALIGNED_IN) : (float4)(0.0f);
                        WRITTEN_OUT for (int s = max(0, i - ACROSS + 1); s <= min(i, KERNEL - 1); s++)
                            sums[j][i - s] = FMA(v, taps[s], sums[j][i - s]);
                    }
            }
        }
    }
    WRITTEN_OUT for (int i = 0; i < SUMS; i++)
    {
        const float4 v = sums[i / ACROSS][i % ACROSS];
        kept[i][item] = v.x + v.y + (v.z + v.w);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    WRITTEN_OUT for (int k = 0; k < SUMS * SEGMENTS; k += ITEMS)
    {
        const int i = k + item, o = i / SEGMENTS, segment = i % SEGMENTS;
        float sum = 0.0f;
        WRITTEN_OUT for (int j = 0; j < SEGMENT && o < SUMS; j++)
            sum += kept[o][segment * SEGMENT + j];
        if (o < SUMS)
            joined[o][segment] = sum;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const int y = y0 + item / ACROSS, x = x0 + item % ACROSS;
    if (item >= SUMS || y >= g.p || x >= g.q)
        return;
    float sum = bias ? bias[g.bias_offset] : 0.0f;
    for (int k = 0; k < SEGMENTS; k++)
        sum += joined[item][k];
    __global float *to = out + g.y_offset + ((picture * g.p + y) * g.q + x) * g.y_stride;
    *to = g.accumulate ? *to + sum : activate(sum, g.act, g.slope);
}

#else

#define LANES ONE_LANES
#define EDGE (KERNEL - 1)
#define RUN 4 /* pixels of the large side at a time */
/* Of the small side in local memory: column q lies at q - pad + RUN, so that runs begin at whole quadruples. */
#define LINE ((WIDTH + EDGE + RUN - 1) / RUN * RUN + RUN)
#define SMALL_FLOATS ((HEIGHT + 2 * EDGE) * LINE)

/* The small side's picture, with zeros around it. */
INLINE void keep_small(__local float *small, __global const float *y, const ConvGeom *g, const int picture)
{
    for (int i = (int)get_local_id(0); i < SMALL_FLOATS; i += LANES * SPLIT) {
        const int row = i / LINE - EDGE, col = i % LINE + g->pad - RUN;
        small[i] = (uint)row < HEIGHT && (uint)col < WIDTH
                       ? y[g->y_offset + ((picture * HEIGHT + row) * WIDTH + col) * g->y_stride] : 0.0f;
    }
}

/* For a line of the large side, a run from column `first` on: DO, for each row r of taps; SEEN(i, s) is what tap
 * (r, s) joins to its pixel i. */
#define SEEN(i, s) seen_[RUN + (i) - (s)]
#define FOR_TAP_ROWS(small, g, row, first, r, DO)                                                     \
    WRITTEN_OUT for (int r = 0; r < KERNEL; r++)                                                      \
    {                                                                                                 \
        __local const float *from_ = (small) + ((row) + (g).pad - r + EDGE) * LINE + (first);         \
        const float4 before_ = *(__local const float4 *)from_, now_ = *(__local const float4 *)(from_ + RUN); \
        const float seen_[2 * RUN] = {before_.x, before_.y, before_.z, before_.w, now_.x, now_.y, now_.z, now_.w}; \
        DO                                                                                            \
    }

#ifdef DGRAD

__attribute__((reqd_work_group_size(LANES * SPLIT, 1, 1)))
__kernel void conv2d_one_dgrad(__global const float *restrict in, __global const float *restrict w,
                               __global const float *restrict bias, __global float *restrict out,
                               const ConvGeom g, const int gradient)
{
    __local float small[SMALL_FLOATS] __attribute__((aligned(16)));
    const int item = (int)get_local_id(0), picture = (int)get_group_id(1);
    const int c = ((int)get_group_id(0) * LANES + item % LANES) * 4;
    const int n = g.c > c ? THERE(g.c - c) : 0;
    float4 taps[KERNEL][KERNEL];

    WRITTEN_OUT for (int i = 0; i < KERNEL * KERNEL; i++)
        taps[i / KERNEL][i % KERNEL] = n ? taps_of(w + g.w_offset + i * g.c * BLOCK, c, n) : (float4)(0.0f);
    const float4 more = bias_of(bias, g.bias_offset + c, n);
    keep_small(small, in, &g, picture);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (!n)
        return;
    for (int row = item / LANES; row < g.h; row += SPLIT) {
        __global float *to = out + g.x_offset + (picture * g.h + row) * g.w * g.x_stride + c;
        for (int first = 0; first < g.w; first += RUN) {
            float4 sums[RUN];
            WRITTEN_OUT for (int i = 0; i < RUN; i++)
                sums[i] = (float4)(0.0f);
            FOR_TAP_ROWS(small, g, row, first, r, {
                WRITTEN_OUT for (int s = 0; s < KERNEL; s++)
                    WRITTEN_OUT for (int i = 0; i < RUN; i++)
                        sums[i] = FMA((float4)(SEEN(i, s)), taps[r][s], sums[i]);
            })
            WRITTEN_OUT for (int i = 0; i < RUN; i++, to += g.x_stride)
                if (first + i < g.w) {
                    if (PLAIN)
                        store4(sums[i], to, n, ALIGNED & TILE_ALIGNED_OUT);
                    else
                        finish(sums[i], more, to, n, g.accumulate, g.act, g.slope);
                }
        }
    }
}

#else

#include "adam.clh"
#include "conv2d_update.clh"

#define WEIGHTS (KERNEL * KERNEL * LANES * 4) /* of a group */

__attribute__((reqd_work_group_size(LANES * SPLIT, 1, 1)))
__kernel void conv2d_one_wgrad(__global const float *restrict x, __global const float *restrict y, UPDATE_ARGUMENTS,
                               const ConvGeom g)
{
    __local float small[SMALL_FLOATS] __attribute__((aligned(16)));
    /* Of a row of taps those of half of the work-items; then [tap][channel]. */
    __local float4 kept[KERNEL * LANES * (SPLIT / 2 > KERNEL ? SPLIT / 2 : KERNEL)];
    const int item = (int)get_local_id(0), lane = item % LANES, split = item / LANES;
    const int c = ((int)get_group_id(0) * LANES + lane) * 4;
    const int n = g.c > c ? THERE(g.c - c) : 0;
    float4 sums[KERNEL][KERNEL];

    WRITTEN_OUT for (int i = 0; i < KERNEL * KERNEL; i++)
        sums[i / KERNEL][i % KERNEL] = (float4)(0.0f);
    for (int picture = 0; picture < g.n; picture++) {
        keep_small(small, y, &g, picture);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int row = n ? split : g.h; row < g.h; row += SPLIT) {
            __global const float *from = x + g.x_offset + (picture * g.h + row) * g.w * g.x_stride + c;
            for (int first = 0; first < g.w; first += RUN) {
                float4 v[RUN];
                WRITTEN_OUT for (int i = 0; i < RUN; i++, from += g.x_stride)
                    v[i] = first + i < g.w ? load4(from, n, ALIGNED & TILE_ALIGNED_IN) : (float4)(0.0f);
                FOR_TAP_ROWS(small, g, row, first, r, {
                    WRITTEN_OUT for (int s = 0; s < KERNEL; s++)
                        WRITTEN_OUT for (int i = 0; i < RUN; i++)
                            sums[r][s] = FMA((float4)(SEEN(i, s)), v[i], sums[r][s]);
                })
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int lower = SPLIT / 2; lower > 0; lower /= 2)
        WRITTEN_OUT for (int r = 0; r < KERNEL; r++)
        {
            if (split >= lower && split < 2 * lower)
                WRITTEN_OUT for (int s = 0; s < KERNEL; s++)
                    kept[(s * (SPLIT / 2) + split - lower) * LANES + lane] = sums[r][s];
            barrier(CLK_LOCAL_MEM_FENCE);
            if (split < lower)
                WRITTEN_OUT for (int s = 0; s < KERNEL; s++)
                    sums[r][s] += kept[(s * (SPLIT / 2) + split) * LANES + lane];
            barrier(CLK_LOCAL_MEM_FENCE);
        }
    if (split == 0)
        WRITTEN_OUT for (int i = 0; i < KERNEL * KERNEL; i++)
            kept[i * LANES + lane] = sums[i / KERNEL][i % KERNEL];
    barrier(CLK_LOCAL_MEM_FENCE);
    UPDATE_BEGIN(g)
    WRITTEN_OUT for (int k = 0; k < WEIGHTS; k += LANES * SPLIT)
    {
        const int i = k + item, channel = (int)get_group_id(0) * LANES * 4 + i % (LANES * 4);
        if (i < WEIGHTS && channel < g.c)
            update_one(&update, &rule, (i / (LANES * 4) * g.c + channel) * BLOCK, ((__local const float *)kept)[i]);
    }
}

#endif
#endif
