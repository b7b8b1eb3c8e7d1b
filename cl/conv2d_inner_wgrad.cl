/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weight gradients of inner layers on GPUs: a few pixels, many weights. Each work-item makes UNROLL
 * quadruples, whose old weights and moments are all on their way while it adds up over the pixels.
 *
 * Kernel
 *   conv2d_wgrad_inner  groups {inputs / (LANES * UNROLL), blocks of outputs, taps}, local {64}
 *
 * Build options: see common.clh and
 *   -D BLOCK=<n>      outputs in a block of weights
 *   -D PIXELS=<n>     of the small side, rounded up to fours
 *   -D UNROLL=<n>
 *   -D ALIGNED=<bits>, see tile.clh
 * gpulab conv2d_wgrad_inner -D PIXELS=64: sm_86 .8, sm_90 .8, gfx1030 .8, dg2-g10 .7
 * gpulab conv2d_wgrad_inner makes groups * PIXELS * FLAT_GROUP * 4 * UNROLL
 * Reference: p2p_ref_conv2d_wgrad, p2p_ref_conv2d_wgrad_adam in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "adam.clh"
#include "conv2d_update.clh"
#include "conv2d_inner.clh"

#define INPUTS (LANES * UNROLL)

/* Channel c of a side's pixel at a place; 0 where there is none. */
#define VALUE_OF(from, place, side, channels, c) \
    ((place) >= 0 && (c) < (channels) ? (from)[g.side##_offset + (place)*g.side##_stride + (c)] : 0.0f)

#define LOAD(p) load4((p) + at + u * LANES * BLOCK, 4, ALIGNED & TILE_ALIGNED_W)
#define STORE(v, p) store4(v, (p) + at + u * LANES * BLOCK, 4, ALIGNED & TILE_ALIGNED_W)
#define IS_THERE(u) (first + lane + (u) * LANES < inputs)

FLAT_ITEMS
__kernel void conv2d_wgrad_inner(__global const float *restrict x, __global const float *restrict y,
                                 UPDATE_ARGUMENTS, const ConvGeom g)
{
    __local float4 in[PIXELS / 4 * INPUTS], out[PIXELS * QUADS]; /* [fours of pixels][input], [pixel][quad] */
    __local int large[PIXELS], small[PIXELS];
    const int item = (int)get_local_id(0), quad = item % QUADS, lane = item / QUADS;
    const int inputs = g.large_out ? g.k : g.c;
    const int first = (int)get_group_id(0) * INPUTS, block = (int)get_group_id(1);
    const int tap = (int)get_group_id(2), r = tap / g.s, s = tap % g.s;
    const uint at = ((uint)(block * g.r * g.s + tap) * inputs + first + lane) * BLOCK + quad * 4;
    float4 old_w[UNROLL], old_m[UNROLL], old_v[UNROLL], sums[UNROLL];

    UPDATE_BEGIN(g)
    WRITTEN_OUT for (int u = 0; u < UNROLL; u++)
    {
        sums[u] = old_m[u] = old_v[u] = old_w[u] = (float4)(0.0f);
        if ((update.m || update.accumulate) && IS_THERE(u))
            old_w[u] = LOAD(update.w);
        if (update.m && IS_THERE(u)) {
            old_m[u] = LOAD(update.m);
            old_v[u] = LOAD(update.v);
        }
    }
    if (item < PIXELS) {
        large[item] = place_of(&g, 1, item, r, s);
        small[item] = place_of(&g, 0, item, r, s);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = item; i < PIXELS * INPUTS; i += FLAT_GROUP) {
        const int c = i % INPUTS, q = i / INPUTS;
        ((__local float *)in)[(q / 4 * INPUTS + c) * 4 + q % 4] =
            g.large_out ? VALUE_OF(y, small[q], y, g.k, first + c) : VALUE_OF(x, large[q], x, g.c, first + c);
    }
    for (int i = item; i < PIXELS * BLOCK; i += FLAT_GROUP) {
        const int o = block * BLOCK + i % BLOCK, q = i / BLOCK;
        ((__local float *)out)[i] =
            g.large_out ? VALUE_OF(x, large[q], x, g.c, o) : VALUE_OF(y, small[q], y, g.k, o);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int q = 0; q < PIXELS; q += 4) {
        float4 o[4];
        WRITTEN_OUT for (int k = 0; k < 4; k++)
            o[k] = out[(q + k) * QUADS + quad];
        WRITTEN_OUT for (int u = 0; u < UNROLL; u++)
        {
            const float4 i = in[q / 4 * INPUTS + lane + u * LANES];
            sums[u] = FMA((float4)(i.x), o[0], sums[u]);
            sums[u] = FMA((float4)(i.y), o[1], sums[u]);
            sums[u] = FMA((float4)(i.z), o[2], sums[u]);
            sums[u] = FMA((float4)(i.w), o[3], sums[u]);
        }
    }
    WRITTEN_OUT for (int u = 0; u < UNROLL; u++)
    {
        if (!IS_THERE(u))
            continue;
        if (update.m) {
            old_w[u] -= adam_move_four(sums[u], &old_m[u], &old_v[u], &rule, update.step);
            STORE(old_m[u], update.m);
            STORE(old_v[u], update.v);
            STORE(old_w[u], update.w);
        } else {
            STORE(old_w[u] + sums[u], update.w);
        }
    }
}
