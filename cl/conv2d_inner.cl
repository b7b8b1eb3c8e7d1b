/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathers of inner layers on GPUs: a few pixels and many weights, which are read once, each work-item with
 * several quadruples on their way. A tap is one product of the small side's pixels, `partial` [live tap]
 * [chunk][pixel][outputs in fours]: forward with the large side's pixels under the tap, in a data gradient
 * to them. Taps that meet no pixel are left out.
 *
 * Kernels, of work-items for the QUADS quadruples in a block of weights times LANES
 *   conv2d_inner_along   weights blocked over the outputs.  groups {blocks, chunks of inputs, live taps}
 *   conv2d_inner_across  blocked over the inputs.  groups {outputs / LANES, chunks of inputs, live taps}
 *   conv2d_inner_sum     parts in their order, bias, activation.  {pixels * fours}, local {64}
 *
 * Build options: see common.clh, conv2d_finish.clh and
 *   -D BLOCK=<n>   outputs in a block of weights
 *   -D PIXELS=<n>  of the small side, rounded up to fours
 *   -D UNROLL=<n>  quadruples on their way
 *   -D CHUNK=<n>   inputs of a group, a multiple of UNROLL * BLOCK and of UNROLL * LANES; behind the last one
 *                  both they and their weights are 0
 *   -D ACROSS      the second kernel in the place of the first; -D SUM: the third
 * gpulab conv2d_inner_along -D PIXELS=16: sm_86 .75, gfx1030 .7
 * gpulab conv2d_inner_across -D PIXELS=16: sm_86 .62, gfx1030 .6
 * gpulab conv2d_inner_along makes groups * PIXELS * BLOCK * min(CHUNK, k if gradient else c)
 * gpulab conv2d_inner_across makes groups * PIXELS * FLAT_GROUP * 4 // BLOCK * min(CHUNK, k if gradient else c)
 * Reference: p2p_ref_conv2d_fwd, p2p_ref_conv2d_dgrad in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "conv2d_inner.clh"
#include "conv2d_finish.clh"

#ifndef SUM

/* values(c, q) = input first + c of pixel q of the small side, or of the one under tap (r, s); 0 where there
 * is none. */
#define FETCH_INPUTS(values)                                                                        \
    do {                                                                                            \
        if (item < PIXELS)                                                                          \
            places[item] = place_of(&g, !gradient, item, r, s);                                     \
        barrier(CLK_LOCAL_MEM_FENCE);                                                               \
        for (int i = item; i < PIXELS * CHUNK; i += FLAT_GROUP) {                                   \
            const int c = i % CHUNK, q = i / CHUNK, place = places[q];                              \
            values(c, q) = place >= 0 && first + c < t.from.channels                                \
                               ? in[t.from.offset + place * t.from.stride + first + c] : 0.0f;      \
        }                                                                                           \
    } while (0)

FLAT_ITEMS
#ifndef ACROSS
__kernel void conv2d_inner_along(__global const float *restrict in, __global const float *restrict w,
                                 __global float *restrict partial, const ConvGeom g, const int gradient,
                                 const ConvTaps taps)
{
    /* Inputs [fours of pixels][channel]; then sums [lane][pixel][BLOCK]. */
    __local float4 kept[PIXELS * (CHUNK > LANES * BLOCK ? CHUNK : LANES * BLOCK) / 4];
    __local int places[PIXELS];
    const int item = (int)get_local_id(0), quad = item % QUADS, lane = item / QUADS;
    const Gather t = gather(&g, gradient, 0);
    const int first = (int)get_group_id(1) * CHUNK, count = min(CHUNK, t.from.channels - first);
    const int live = (int)get_group_id(2), r = taps.r + live / taps.cols, s = taps.s + live % taps.cols;
    __global const float *own =
        w + g.w_offset +
        ((((int)get_group_id(0) * g.r + r) * g.s + s) * t.from.channels + first + lane) * BLOCK + quad * 4;
    float4 sums[PIXELS];

#define OF_FOURS(c, q) ((__local float *)kept)[((q) / 4 * CHUNK + (c)) * 4 + (q) % 4]
    FETCH_INPUTS(OF_FOURS);
    WRITTEN_OUT for (int q = 0; q < PIXELS; q++)
        sums[q] = (float4)(0.0f);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int c = lane; c < count; c += LANES * UNROLL, own += LANES * UNROLL * BLOCK) {
        float4 weights[UNROLL];
        WRITTEN_OUT for (int u = 0; u < UNROLL; u++)
            weights[u] = c + u * LANES < count ? load4(own + u * LANES * BLOCK, 4, ALIGNED & TILE_ALIGNED_W)
                                               : (float4)(0.0f);
        WRITTEN_OUT for (int u = 0; u < UNROLL; u++)
            WRITTEN_OUT for (int q = 0; q < PIXELS; q += 4)
            {
                const float4 x = kept[q / 4 * CHUNK + c + u * LANES];
                sums[q] = FMA((float4)(x.x), weights[u], sums[q]);
                sums[q + 1] = FMA((float4)(x.y), weights[u], sums[q + 1]);
                sums[q + 2] = FMA((float4)(x.z), weights[u], sums[q + 2]);
                sums[q + 3] = FMA((float4)(x.w), weights[u], sums[q + 3]);
            }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    WRITTEN_OUT for (int q = 0; q < PIXELS; q++)
        kept[(lane * PIXELS + q) * QUADS + quad] = sums[q];
    barrier(CLK_LOCAL_MEM_FENCE);
    const int pixels = g.n * g.p * g.q, fours = FOURS(t.to.channels);
    __global float *to =
        partial + ((size_t)live * get_num_groups(1) + get_group_id(1)) * pixels * fours * 4;
    for (int i = item; i < pixels * QUADS; i += FLAT_GROUP) {
        const int four = (int)get_group_id(0) * QUADS + i % QUADS;
        float4 sum = kept[i];
        for (int k = 1; k < LANES; k++)
            sum += kept[k * PIXELS * QUADS + i];
        if (four < fours)
            store4(sum, to + (i / QUADS * fours + four) * 4, 4, 1);
    }
}
#else
__kernel void conv2d_inner_across(__global const float *restrict in, __global const float *restrict w,
                                  __global float *restrict partial, const ConvGeom g, const int gradient,
                                  const ConvTaps taps)
{
    /* Inputs [pixel][fours of channels]; then sums [pixel][lane][quad]. */
    __local float4 kept[PIXELS * (CHUNK > FLAT_GROUP ? CHUNK : FLAT_GROUP) / 4];
    __local int places[PIXELS];
    const int item = (int)get_local_id(0), quad = item % QUADS, lane = item / QUADS;
    const Gather t = gather(&g, gradient, 0);
    const int first = (int)get_group_id(1) * CHUNK;
    const int live = (int)get_group_id(2), r = taps.r + live / taps.cols, s = taps.s + live % taps.cols;
    const int o = (int)get_group_id(0) * LANES + lane, used = min(o, t.to.channels - 1);
    const int blocks = min(CHUNK, t.from.channels - first + BLOCK - 1) / BLOCK;
    const int step = g.r * g.s * t.to.channels * BLOCK;
    __global const float *own = w + g.w_offset + first / BLOCK * step +
                                ((r * g.s + s) * t.to.channels + used) * BLOCK + quad * 4;
    __local float *values = (__local float *)kept;
    float sums[PIXELS];

#define OF_PIXELS(c, q) values[(q)*CHUNK + (c)]
    FETCH_INPUTS(OF_PIXELS);
    WRITTEN_OUT for (int q = 0; q < PIXELS; q++)
        sums[q] = 0.0f;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int b = 0; b < blocks; b += UNROLL, own += UNROLL * step) {
        float4 weights[UNROLL];
        WRITTEN_OUT for (int u = 0; u < UNROLL; u++)
            weights[u] = b + u < blocks ? load4(own + u * step, 4, ALIGNED & TILE_ALIGNED_W) : (float4)(0.0f);
        WRITTEN_OUT for (int u = 0; u < UNROLL; u++)
            WRITTEN_OUT for (int q = 0; q < PIXELS; q++)
            {
                const float4 x = kept[q * (CHUNK / 4) + (b + u) * QUADS + quad];
                sums[q] = FMA(x.x, weights[u].x, FMA(x.y, weights[u].y,
                          FMA(x.z, weights[u].z, FMA(x.w, weights[u].w, sums[q]))));
            }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    WRITTEN_OUT for (int q = 0; q < PIXELS; q++)
        values[q * FLAT_GROUP + item] = sums[q];
    barrier(CLK_LOCAL_MEM_FENCE);
    const int pixels = g.n * g.p * g.q, fours = FOURS(t.to.channels);
    __global float *to =
        partial + ((size_t)live * get_num_groups(1) + get_group_id(1)) * pixels * fours * 4;
    for (int i = item; i < pixels * LANES; i += FLAT_GROUP) {
        const int output = (int)get_group_id(0) * LANES + i % LANES;
        float sum = values[i * QUADS];
        for (int k = 1; k < QUADS; k++)
            sum += values[i * QUADS + k];
        if (output < fours * 4)
            to[i / LANES * fours * 4 + output] = output < t.to.channels ? sum : 0.0f;
    }
}
#endif

#else

/* Taps of an axis that reach result `at` of a data gradient: the first live one, and their step. */
INLINE int first_reaching(int at, int first, int stride, int pad)
{
    return first + ((at + pad - first) % stride + stride) % stride;
}

FLAT_ITEMS
__kernel void conv2d_inner_sum(__global const float *restrict partial, __global const float *restrict bias,
                               __global float *restrict out, const ConvGeom g, const int gradient,
                               const ConvTaps taps, const int chunks)
{
    const Side to = gather(&g, gradient, 0).to;
    const int fours = FOURS(to.channels), pixels = g.n * g.p * g.q;
    const int pixel = (int)((uint)get_global_id(0) / (uint)fours), o = (int)((uint)get_global_id(0) % (uint)fours) * 4;
    const int line = pixel / to.width, x = pixel % to.width, y = line % to.height, n = line / to.height;
    const int step = gradient ? g.stride : 1;
    const size_t part = (size_t)pixels * fours * 4;
    float4 sum = (float4)(0.0f);

    if (n >= g.n)
        return;
    /* Forward all taps of the pixel itself; of a data gradient those that reach it, from (p, q) backwards. */
    const int r0 = gradient ? first_reaching(y, taps.r, step, g.pad) : taps.r;
    const int s0 = gradient ? first_reaching(x, taps.s, step, g.pad) : taps.s;
    const int p0 = gradient ? (y + g.pad - r0 + step * g.r) / step - g.r : y;
    const int q0 = gradient ? (x + g.pad - s0 + step * g.s) / step - g.s : x;
    for (int r = r0, p = p0; r < taps.r + taps.rows; r += step, p -= gradient)
        for (int s = s0, q = q0; s < taps.s + taps.cols; s += step, q -= gradient) {
            const int live = (r - taps.r) * taps.cols + s - taps.s;
            if ((uint)p < (uint)g.p && (uint)q < (uint)g.q)
                sum += add_parts(partial + (live * chunks) * part + ((n * g.p + p) * g.q + q) * fours * 4 + o,
                                 part, chunks);
        }
    finish(sum, bias_of(bias, g.bias_offset + o, to.channels - o),
           out + to.offset + (size_t)pixel * to.stride + o, to.channels - o, g.accumulate, g.act, g.slope);
}

#endif
