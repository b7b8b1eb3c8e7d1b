/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weight gradients on GPUs as matrix products (tile.clh): rows are the weights' inputs, columns their
 * outputs, the sum goes over the pixels of the small side; a tap a group. Few or odd channels on the large
 * side: FLAT, taps and these channels together are the rows, the small side's channels the columns.
 *
 * Kernels
 *   conv2d_wgrad_tile      groups {tiles of rows, tiles of columns, taps (FLAT: 1) * parts}
 *   conv2d_wgrad_sum_tile  where there are few tiles, the sum is divided into parts, one after the other in
 *                          `partial`, each laid out like the weights; this adds them. {weights / 4}, local {64}
 *
 * Build options: see common.clh, tile.clh and
 *   -D LARGE_OUT=<0|1>  weights are blocked over the large side's channels
 *   -D FLAT=<0|1>       and then -D CHANNELS=<n>, of the large side
 *   -D LINES=<0|1>      lines of the small side are whole slices
 *   -D BATCHED          in the place of taps convolutions of 1 x 1, whose tensors lie dense one behind the
 *                       other; one part
 * gpulab conv2d_wgrad_tile: sm_75 .8, sm_86 .8, sm_90 .8, gfx1030 .65 x8, dg2-g10 .65
 * gpulab conv2d_wgrad_tile -D IN_TYPE=1: sm_75 .78, sm_86 .78, sm_90 .78, gfx1030 .65 x8, dg2-g10 .65
 * gpulab conv2d_wgrad_tile -D LINES=1: sm_75 .82, sm_86 .82, sm_90 .82, gfx1030 .8 x8, dg2-g10 .65
 * gpulab conv2d_wgrad_tile -D TILE_COLS=16: sm_86 .59, gfx1030 .48 x8, dg2-g10 .44
 * gpulab conv2d_wgrad_tile -D TILE_COLS=16 -D ALIGNED=1: sm_86 .59, gfx1030 .32 x8, dg2-g10 .44
 * gpulab conv2d_wgrad_tile -D TILE_ROWS=16: sm_86 .7, gfx1030 .5 x8, dg2-g10 .4
 * gpulab conv2d_wgrad_tile -D EACH_ROWS=4 -D EACH_COLS=4: sm_86 .55, gfx1030 .59 x2, dg2-g10 .4
 * gpulab conv2d_wgrad_tile -D MATRIX=1: any .04
 * gpulab conv2d_wgrad_tile -D MATRIX=2: any .03
 * gpulab conv2d_wgrad_tile -D MATRIX=2 -D EACH_ROWS=8 -D FLAT=0: any .08
 * gpulab conv2d_wgrad_tile -D MATRIX=3: any .06
 * gpulab conv2d_wgrad_tile -D MATRIX=3 -D EACH_ROWS=8 -D FLAT=0: any .14
 * gpulab conv2d_wgrad_tile -D MATRIX=4: any .01
 * gpulab conv2d_wgrad_tile -D MATRIX=4 -D ALIGNED=7 -D FLAT=0: any .025
 * gpulab conv2d_wgrad_tile -D MATRIX=5: any .015
 * gpulab conv2d_wgrad_tile -D MATRIX=5 -D ALIGNED=7 -D FLAT=0: any .02
 * gpulab conv2d_wgrad_tile -D MATRIX=6: any .005
 * gpulab conv2d_wgrad_tile makes groups / parts * TILE_ROWS * TILE_COLS * up(n * p * q, TILE_DEPTH)
 * Reference: p2p_ref_conv2d_wgrad, p2p_ref_conv2d_wgrad_adam in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "adam.clh"
#include "conv2d_update.clh"
#define ROWS ALONG
#define COLS ALONG
#include "tile.clh"

/* update_weights() for four weights. n: of them are there. */
INLINE void update_four(const Update *u, const AdamRule *rule, const uint at, float4 gradient, const int n,
                        const int aligned)
{
    if (u->m) {
        float4 m = load4(u->m + at, n, aligned), v = load4(u->v + at, n, aligned);
        const float4 move = adam_move_four(gradient, &m, &v, rule, u->step);

        store4(m, u->m + at, n, aligned);
        store4(v, u->v + at, n, aligned);
        store4(load4(u->w + at, n, aligned) - move, u->w + at, n, aligned);
    } else {
        store4(u->accumulate ? load4(u->w + at, n, aligned) + gradient : gradient, u->w + at, n, aligned);
    }
}

/* Of all blocks. */
#define WEIGHT_FLOATS(g)                                                                           \
    ((size_t)(((LARGE_OUT ? (g).c : (g).k) + BLOCK - 1) / BLOCK * BLOCK) * (g).r * (g).s *         \
     (LARGE_OUT ? (g).k : (g).c))

#ifndef SUM

#if LARGE_OUT && !FLAT
#define LARGE_TILE TILE_COLS
#define LARGE_LOADS COL_LOADS
#define SMALL_TILE TILE_ROWS
#define SMALL_LOADS ROW_LOADS
#define LARGE_SIDE cols
#define SMALL_SIDE rows
#else
#define LARGE_TILE TILE_ROWS
#define LARGE_LOADS ROW_LOADS
#define SMALL_TILE TILE_COLS
#define SMALL_LOADS COL_LOADS
#define LARGE_SIDE rows
#define SMALL_SIDE cols
#endif
#if FLAT && CHANNELS % 4
#define NEIGHBOURS 4 /* channels of a quadruple that need a look each */
#else
#define NEIGHBOURS 1
#endif

/* A work-item's i-th quadruple of a slice: its pixel, and where it begins. */
#define PIXEL_OF(i, tile) ((item + (i)*ITEMS) / ((tile) / 4))
#define PLACE_OF(tile) (item % ((tile) / 4) * 4)
#define STORE(b, set)                                                                                 \
    do {                                                                                           \
        WRITTEN_OUT for (int i = 0; i < LARGE_LOADS; i++)                                             \
            STORE_ALONG(LARGE_SIDE[b] , PIXEL_OF(i, LARGE_TILE), PLACE_OF(LARGE_TILE), next_x[set][i]); \
        WRITTEN_OUT for (int i = 0; i < SMALL_LOADS; i++)                                             \
            STORE_ALONG(SMALL_SIDE[b] , PIXEL_OF(i, SMALL_TILE), PLACE_OF(SMALL_TILE), next_y[set][i]); \
    } while (0)

/* Pixels that a work-item looks at are APART; LINES: they share a line, and the first one's place. */
#define APART (ITEMS / (LARGE_TILE / 4))
#define PLACES (LINES ? 1 : LARGE_LOADS)
#define FURTHER(i) (LINES ? (i)*APART * g.stride : 0)

/* A slice of pixels into registers. Outside of the large side's picture, and behind the last pixel, is 0. */
#define LOAD(slice, set)                                                                              \
    do {                                                                                           \
        WRITTEN_OUT for (int i = 0; i < LARGE_LOADS; i++)                                             \
        {                                                                                          \
            const int p = LINES ? 0 : i;                                                           \
            const int there = LINES || (slice)*TILE_DEPTH + PIXEL_OF(i, LARGE_TILE) < pixels;      \
            float f[4];                                                                            \
            WRITTEN_OUT for (int n = 0; n < NEIGHBOURS; n++)                                          \
            {                                                                                      \
                const int inside = there && (uint)(row[p] + down[n]) < (uint)g.h &&                \
                                   (uint)(col[p] + FURTHER(i) + right[n]) < (uint)g.w;             \
                const uint from = (uint)(inside ? at[p] + FURTHER(i) * g.x_stride + shift[n]       \
                                                : g.x_offset);                                     \
                if (NEIGHBOURS > 1)                                                                \
                    f[n] = inside ? GET(IN_TYPE, x + from) : 0.0f;                                                \
                else {                                                                             \
                    const float4 four =                                                            \
                        LOAD4(IN_TYPE)(x + from, channels_x, ALIGNED & TILE_ALIGNED_IN);           \
                    f[0] = inside ? four.x : 0.0f, f[1] = inside ? four.y : 0.0f;                  \
                    f[2] = inside ? four.z : 0.0f, f[3] = inside ? four.w : 0.0f;                  \
                }                                                                                  \
            }                                                                                      \
            next_x[set][i] = (float4)(f[0], f[1], f[2], f[3]);                                          \
        }                                                                                          \
        WRITTEN_OUT for (int i = 0; i < PLACES; i++)                                                  \
        {                                                                                          \
            col[i] += step_col;                                                                    \
            row[i] += step_row;                                                                    \
            at[i] += step;                                                                         \
            if (col[i] >= col_end) {                                                               \
                col[i] -= g.q * g.stride;                                                          \
                row[i] += g.stride;                                                                \
                at[i] += next_line;                                                                \
            }                                                                                      \
            while (row[i] >= row_end) {                                                            \
                row[i] -= g.p * g.stride;                                                          \
                at[i] += next_picture;                                                             \
            }                                                                                      \
        }                                                                                          \
        WRITTEN_OUT for (int i = 0; i < SMALL_LOADS; i++)                                             \
        {                                                                                          \
            const int pixel = min((slice)*TILE_DEPTH + PIXEL_OF(i, SMALL_TILE), pixels - 1);       \
            next_y[set][i] = LOAD4(OUT_TYPE)(y + (uint)(y_at + pixel * g.y_stride), channels_y,         \
                                        ALIGNED & TILE_ALIGNED_OUT);                               \
        }                                                                                          \
    } while (0)

TILE_ITEMS
__kernel void conv2d_wgrad_tile(__global const ELEMENT(IN_TYPE) *restrict x,
                                __global const ELEMENT(OUT_TYPE) *restrict y,
                                UPDATE_ARGUMENTS, const ConvGeom g, __global float *restrict partial,
                                const int parts, const int part_slices)
{
    LOCAL_SLICES(rows, cols)
    const int part = (int)((uint)get_group_id(2) % (uint)parts), item = (int)get_local_id(0);
    const int taps = g.r * g.s;
    const int first_rows = (int)get_group_id(0) * TILE_ROWS, first_cols = (int)get_group_id(1) * TILE_COLS;
    const int pixels = g.n * g.p * g.q, slices = (pixels + TILE_DEPTH - 1) / TILE_DEPTH;
    const int begin = min(part * part_slices, slices), end = min(begin + part_slices, slices);
    const int first_large = P2P_JOIN(first_, LARGE_SIDE) + PLACE_OF(LARGE_TILE);
    const int first_small = P2P_JOIN(first_, SMALL_SIDE) + PLACE_OF(SMALL_TILE);
    /* Channels behind the last are computed as the last ones, and not written. */
    const int k = min(first_small, (g.k - 1) / 4 * 4), channels_y = g.k - k, y_at = g.y_offset + k;
    int down[NEIGHBOURS], right[NEIGHBOURS], shift[NEIGHBOURS];
    Sums sums;
    float4 next_x[AHEAD][LARGE_LOADS], next_y[AHEAD][SMALL_LOADS];

    CLEAR_SUMS(sums)
#if FLAT
    const int channels_x = 4;
    WRITTEN_OUT for (int n = 0; n < NEIGHBOURS; n++)
    {
        const int place = min(first_large + n, taps * CHANNELS - 4 / NEIGHBOURS);
        const int own = place / CHANNELS;
        down[n] = own / g.s;
        right[n] = own % g.s;
        shift[n] = (down[n] * g.w + right[n]) * g.x_stride + place % CHANNELS;
    }
#else
    const int c = min(first_large, (g.c - 1) / 4 * 4), channels_x = g.c - c;
    int tap = (int)((uint)get_group_id(2) / (uint)parts);
#ifdef BATCHED
    x += (size_t)tap * g.n * g.h * g.w * g.c;
    y += (size_t)tap * g.n * g.p * g.q * g.k;
    w += tap * WEIGHT_FLOATS(g);
    tap = 0;
#endif
    down[0] = tap / g.s;
    right[0] = tap % g.s;
    shift[0] = (down[0] * g.w + right[0]) * g.x_stride + c;
#endif

    /* Where a slice's pixels begin to be seen by the first tap, and how these places move on. */
    const int step_col = TILE_DEPTH % g.q * g.stride, step_row = TILE_DEPTH / g.q * g.stride;
    const int step = (step_row * g.w + step_col) * g.x_stride;
    const int next_line = (g.w - g.q) * g.stride * g.x_stride, col_end = g.q * g.stride - g.pad;
    const int next_picture = (g.h - g.p * g.stride) * g.w * g.x_stride, row_end = g.p * g.stride - g.pad;
    int row[PLACES], col[PLACES], at[PLACES];
    WRITTEN_OUT for (int i = 0; i < PLACES; i++)
    {
        const int pixel = begin * TILE_DEPTH + PIXEL_OF(i, LARGE_TILE), line = pixel / g.q;
        row[i] = line % g.p * g.stride - g.pad;
        col[i] = pixel % g.q * g.stride - g.pad;
        at[i] = g.x_offset + ((line / g.p * g.h + row[i]) * g.w + col[i]) * g.x_stride;
    }

    ADD_SLICES(sums, rows, cols, begin, end);

    UPDATE_BEGIN(g)
#if !FLAT
    const int outputs = LARGE_OUT ? g.c : g.k, inputs = LARGE_OUT ? g.k : g.c;
#endif
    if (parts > 1) {
        update.w = partial + part * WEIGHT_FLOATS(g);
        update.m = 0;
        update.accumulate = 0;
    }
    WRITTEN_OUT for (int i = 0; i < EACH_ROWS; i++)
    {
        const int at_row = first_rows + ROW_OF(i);
#if FLAT
        const int own_tap = at_row / CHANNELS, own = at_row % CHANNELS;
        if (own_tap >= taps)
            continue;
#else
        if (at_row >= inputs)
            continue;
#endif
        WRITTEN_OUT for (int j = 0; j < EACH_COLS; j += 4)
        {
            const int at_col = first_cols + COL_OF(j);
            const float4 sum = QUAD_OF(sums, i, j);
#if FLAT && LARGE_OUT
            const float each[4] = {sum.x, sum.y, sum.z, sum.w};
            WRITTEN_OUT for (int n = 0; n < 4; n++) if (at_col + n < g.k)
                update_four(&update, &rule,
                            ((own / BLOCK * taps + own_tap) * g.k + at_col + n) * BLOCK + own % BLOCK,
                            (float4)(each[n]), 1, 0);
#elif FLAT
            if (at_col < g.k)
                update_four(&update, &rule,
                            ((at_col / BLOCK * taps + own_tap) * CHANNELS + own) * BLOCK + at_col % BLOCK,
                            sum, g.k - at_col, ALIGNED & TILE_ALIGNED_W);
#else
            if (at_col < outputs)
                update_four(&update, &rule,
                            ((at_col / BLOCK * taps + tap) * inputs + at_row) * BLOCK + at_col % BLOCK, sum,
                            outputs - at_col, ALIGNED & TILE_ALIGNED_W);
#endif
        }
    }
}

#else

FLAT_ITEMS
__kernel void conv2d_wgrad_sum_tile(UPDATE_ARGUMENTS, const ConvGeom g, __global const float *restrict partial,
                                    const int parts)
{
    const uint outputs = LARGE_OUT ? g.c : g.k, row = g.r * g.s * (LARGE_OUT ? g.k : g.c) * BLOCK;
    const uint count = WEIGHT_FLOATS(g), at = (uint)get_global_id(0) * 4;
    const uint o = at / row * BLOCK + at % BLOCK;

    if (at >= count || o >= outputs)
        return;
    UPDATE_BEGIN(g)
    update_four(&update, &rule, at, add_parts(partial + at, count, parts), (int)(outputs - o),
                ALIGNED & TILE_ALIGNED_W);
}

#endif
