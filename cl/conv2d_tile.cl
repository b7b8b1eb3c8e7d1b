/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution on GPUs: implicit matrix products with tiles in local memory. 256 work-items make a
 * tile of 64 x 64 results, 4 x 4 each, and read the common sums in slices of DEPTH.
 *
 * Kernels
 *   conv2d_gather_tile   forward, or data gradient by classes of pixels (see conv2d.clh)
 *                        global {tiles of pixels * 16, tiles of outputs * 16, classes * parts},
 *                        local {16, 16, 1}
 *   conv2d_wgrad_tile    weight gradient; one tap a group
 *                        global {tiles of inputs * 16, tiles of outputs * 16, taps * parts}
 *   conv2d_gather_sum_tile, conv2d_wgrad_sum_tile
 *                        where there are few tiles, the sum is divided into parts, one after the
 *                        other in `partial`; these add them. global {results}, local {64}
 *
 * Local memory: TILE_LOCAL_BYTES, 8.3 KB.
 * Build options: see common.clh. Reference: p2p_ref_conv2d_* in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "activation.clh"

#define TILE TILE_SIZE
#define SIDE TILE_SIDE
#define DEPTH TILE_DEPTH
#define EACH (TILE / SIDE) /* results of a work-item along a side */

/* sums += a column of slice a times a row of slice b, over the slice's depth. */
void multiply_slices(float sums[EACH][EACH], __local const float (*a)[TILE + 1],
                     __local const float (*b)[TILE + 1])
{
    const int row = get_local_id(0), col = get_local_id(1);

    for (int d = 0; d < DEPTH; d++) {
        float x[EACH], w[EACH];
        for (int i = 0; i < EACH; i++) {
            x[i] = a[d][row + i * SIDE];
            w[i] = b[d][col + i * SIDE];
        }
        for (int i = 0; i < EACH; i++)
            for (int j = 0; j < EACH; j++)
                sums[i][j] = FMA(x[i], w[j], sums[i][j]);
    }
}

__attribute__((reqd_work_group_size(SIDE, SIDE, 1)))
__kernel void conv2d_gather_tile(__global const float *restrict in, __global const float *restrict w,
                                 __global const float *restrict bias, __global float *restrict out,
                                 const ConvGeom g, const int gradient,
                                 __global float *restrict partial, const int parts)
{
    __local float slice_x[DEPTH][TILE + 1], slice_w[DEPTH][TILE + 1];
    const Gather t = gather(&g, gradient, get_group_id(2) / parts);
    const int part = get_group_id(2) % parts;
    const int pixels = g.n * t.rows.count * t.cols.count;
    const int first = get_group_id(0) * TILE, channel = get_group_id(1) * TILE;
    const int item = get_local_id(1) * SIDE + get_local_id(0);
    const int deep = (t.from.channels + DEPTH - 1) / DEPTH; /* slices of a tap */
    const int slices = t.rows.taps * t.cols.taps * deep;
    const size_t out_count = (size_t)g.n * t.to.height * t.to.width * t.to.channels;
    float sums[EACH][EACH] = {{0.0f}};

    for (int slice = slices * part / parts; slice < slices * (part + 1) / parts; slice++) {
        const int a = slice / deep / t.cols.taps, b = slice / deep % t.cols.taps;
        const int c0 = slice % deep * DEPTH;
        const int dy = t.rows.base + t.rows.walk * a, dx = t.cols.base + t.cols.walk * b;
        const int r = t.rows.tap0 + t.rows.tap_step * a, s = t.cols.tap0 + t.cols.tap_step * b;

        for (int i = item; i < DEPTH * TILE; i += SIDE * SIDE) {
            const int d = i % DEPTH, pixel = first + i / DEPTH, c = c0 + d;
            const int line = pixel / t.cols.count, n = line / t.rows.count;
            const int sy = line % t.rows.count * t.rows.pitch + dy;
            const int sx = pixel % t.cols.count * t.cols.pitch + dx;
            const int inside = pixel < pixels && c < t.from.channels &&
                               (uint)sy < (uint)t.from.height &&
                               (uint)sx < (uint)t.from.width;
            const size_t at = ((size_t)n * t.from.height + sy) * t.from.width + sx;
            slice_x[d][i / DEPTH] =
                inside ? in[t.from.offset + at * t.from.stride + c] : 0.0f;
        }
        for (int i = item; i < DEPTH * TILE; i += SIDE * SIDE) {
            const int o = channel + i % TILE, c = c0 + i / TILE;
            const int inside = o < t.to.channels && c < t.from.channels;
            slice_w[i / TILE][i % TILE] =
                inside ? w[weight_index(&g, gradient ? c : o, gradient ? o : c, r, s)]
                       : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply_slices(sums, slice_x, slice_w);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    for (int i = 0; i < EACH; i++) {
        const int pixel = first + get_local_id(0) + i * SIDE;
        if (pixel >= pixels)
            continue;
        const int line = pixel / t.cols.count;
        const int oy = line % t.rows.count * t.rows.step + t.rows.first;
        const int ox = pixel % t.cols.count * t.cols.step + t.cols.first;
        const size_t at = ((size_t)(line / t.rows.count) * t.to.height + oy) * t.to.width + ox;
        for (int j = 0; j < EACH; j++) {
            const int o = channel + get_local_id(1) + j * SIDE;
            if (o >= t.to.channels)
                continue;
            if (parts > 1) {
                partial[part * out_count + at * t.to.channels + o] = sums[i][j];
                continue;
            }
            __global float *p = out + t.to.offset + at * t.to.stride + o;
            const float sum = sums[i][j] + (bias ? bias[g.bias_offset + o] : 0.0f);
            *p = g.accumulate ? *p + sum : activate(sum, g.act, g.slope);
        }
    }
}

__attribute__((reqd_work_group_size(SIDE, SIDE, 1)))
__kernel void conv2d_wgrad_tile(__global const float *restrict x, __global const float *restrict y,
                                __global float *restrict w, const ConvGeom g,
                                __global float *restrict partial, const int parts)
{
    __local float slice_x[DEPTH][TILE + 1], slice_y[DEPTH][TILE + 1];
    const int tap = get_group_id(2) / parts, part = get_group_id(2) % parts;
    const int r = tap / g.s, s = tap % g.s;
    const int c0 = get_group_id(0) * TILE, k0 = get_group_id(1) * TILE;
    const int item = get_local_id(1) * SIDE + get_local_id(0), pixels = g.n * g.p * g.q;
    const int slices = (pixels + DEPTH - 1) / DEPTH;
    float sums[EACH][EACH] = {{0.0f}};

    for (int slice = slices * part / parts; slice < slices * (part + 1) / parts; slice++) {
        const int first = slice * DEPTH;
        for (int i = item; i < DEPTH * TILE; i += SIDE * SIDE) {
            const int pixel = first + i / TILE, line = pixel / g.q, n = line / g.p;
            const int c = c0 + i % TILE, k = k0 + i % TILE;
            const int row = line % g.p * g.stride - g.pad + r;
            const int col = pixel % g.q * g.stride - g.pad + s;
            const int inside = pixel < pixels && (uint)row < (uint)g.h && (uint)col < (uint)g.w;
            const size_t at = ((size_t)n * g.h + row) * g.w + col;
            slice_x[i / TILE][i % TILE] =
                inside && c < g.c ? x[g.x_offset + at * g.x_stride + c] : 0.0f;
            slice_y[i / TILE][i % TILE] =
                inside && k < g.k ? y[g.y_offset + (size_t)pixel * g.y_stride + k] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply_slices(sums, slice_x, slice_y);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    for (int i = 0; i < EACH; i++)
        for (int j = 0; j < EACH; j++) {
            const int c = c0 + get_local_id(0) + i * SIDE, k = k0 + get_local_id(1) + j * SIDE;
            if (c >= g.c || k >= g.k)
                continue;
            if (parts > 1) {
                partial[(((size_t)part * g.r * g.s + tap) * g.c + c) * g.k + k] = sums[i][j];
                continue;
            }
            __global float *p = w + weight_index(&g, k, c, r, s);
            *p = g.accumulate ? *p + sums[i][j] : sums[i][j];
        }
}

/* ---- Parts in their order -------------------------------------------------------------------- */

float add_parts(__global const float *partial, size_t count, size_t at, int parts)
{
    float sum = 0.0f;

    for (int part = 0; part < parts; part++)
        sum += partial[part * count + at];
    return sum;
}

FLAT_ITEMS
__kernel void conv2d_gather_sum_tile(__global const float *restrict partial,
                                     __global const float *restrict bias,
                                     __global float *restrict out, const ConvGeom g,
                                     const int gradient, const int parts)
{
    const Side to = gather(&g, gradient, 0).to;
    const size_t count = (size_t)g.n * to.height * to.width * to.channels, i = get_global_id(0);

    if (i >= count)
        return;
    const int o = (int)(i % to.channels);
    __global float *p = out + to.offset + i / to.channels * to.stride + o;
    const float sum = add_parts(partial, count, i, parts) + (bias ? bias[g.bias_offset + o] : 0.0f);
    *p = g.accumulate ? *p + sum : activate(sum, g.act, g.slope);
}

FLAT_ITEMS
__kernel void conv2d_wgrad_sum_tile(__global const float *restrict partial,
                                    __global float *restrict w, const ConvGeom g, const int parts)
{
    const size_t count = (size_t)g.r * g.s * g.c * g.k, i = get_global_id(0);

    if (i >= count)
        return;
    const int k = (int)(i % g.k), c = (int)(i / g.k % g.c), tap = (int)(i / g.k / g.c);
    __global float *p = w + weight_index(&g, k, c, tap / g.s, tap % g.s);
    const float sum = add_parts(partial, count, i, parts);
    *p = g.accumulate ? *p + sum : sum;
}
