/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution on GPUs as implicit matrix products (tile.clh): rows are pixels, columns outputs, the sum
 * goes over taps and channels.
 *
 * Kernels
 *   conv2d_gather_tile      forward, or data gradient by classes of pixels (see conv2d.clh)
 *                           groups {tiles of pixels, tiles of outputs, classes * parts}
 *   conv2d_gather_sum_tile  where there are few tiles, the sum is divided into parts, one after the other
 *                           in `partial` [parts][pixels][outputs in fours]; this adds them, four outputs
 *                           a work-item. {pixels * fours}, local {64}
 *
 * Build options: see common.clh, tile.clh and
 *   -D TURNED=<0|1>   weights are blocked over the inputs
 *   -D FLAT=<0|1>     few or odd channels: taps and channels are one sum, in which a slice may cross taps.
 *                     Then -D CHANNELS=<n>, -D TAPS_ACROSS=<n> (0: they differ by class)
 *   -D ACT_TANH=<0|1> the activation is tanh
 *   -D BATCHED        forward: classes are convolutions of one geometry, whose tensors lie dense one behind
 *                     the other; one part
 * gpulab conv2d_gather_tile -D FLAT=0: sm_75 .84, sm_86 .84, sm_90 .84, gfx1030 .8 x8, dg2-g10 .68
 * gpulab conv2d_gather_tile -D FLAT=1: sm_86 .74, gfx1030 .65 x8, dg2-g10 .5
 * gpulab conv2d_gather_tile -D FLAT=1 -D TILE_ROWS=64: sm_86 .72, gfx1030 .64 x8, dg2-g10 .5
 * gpulab conv2d_gather_tile -D TILE_COLS=16: sm_86 .7, gfx1030 .64 x8, dg2-g10 .57
 * gpulab conv2d_gather_tile -D TILE_COLS=16 -D FLAT=1: sm_86 .6, gfx1030 .43 x8, dg2-g10 .4
 * gpulab conv2d_gather_tile -D TILE_ROWS=16: sm_86 .76, gfx1030 .7 x8, dg2-g10 .6
 * gpulab conv2d_gather_tile -D TILE_ROWS=16 -D FLAT=1: sm_86 .6, gfx1030 .54 x8, dg2-g10 .4
 * gpulab conv2d_gather_tile -D EACH_ROWS=4 -D EACH_COLS=4: sm_86 .6, gfx1030 .64 x2, dg2-g10 .4
 * gpulab conv2d_gather_tile -D MATRIX=1: any .04
 * gpulab conv2d_gather_tile -D MATRIX=2: any .03
 * gpulab conv2d_gather_tile -D MATRIX=2 -D EACH_ROWS=8 -D FLAT=0: any .09
 * gpulab conv2d_gather_tile -D MATRIX=3: any .06
 * gpulab conv2d_gather_tile -D MATRIX=3 -D EACH_ROWS=8 -D FLAT=0: any .17
 * gpulab conv2d_gather_tile -D MATRIX=4: any .01
 * gpulab conv2d_gather_tile -D MATRIX=4 -D ALIGNED=7 -D FLAT=0: any .025
 * gpulab conv2d_gather_tile -D MATRIX=5: any .015
 * gpulab conv2d_gather_tile -D MATRIX=5 -D ALIGNED=7 -D FLAT=0: any .035
 * gpulab conv2d_gather_tile -D MATRIX=6: any .005
 * gpulab conv2d_gather_tile makes groups / parts * TILE_ROWS * TILE_COLS * up(r * s * (k / stride**2 if gradient else c), TILE_DEPTH)
 * Reference: p2p_ref_conv2d_fwd, p2p_ref_conv2d_dgrad in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#define ROWS ACROSS
#if TURNED
#define COLS ACROSS
#else
#define COLS ALONG
#endif
#include "tile.clh"
#include "conv2d_finish.clh"

#ifndef SUM

/* Terms of the sum: how far their pixel is from the result's, and where they lie from the places of a
 * result and an output on. */
typedef struct Term {
    int down, right, x, w;
} Term;

#define NOWHERE (1 << 30) /* no picture is so high */

/* Weights lie WEIGHT_SHIFT from the first of an output (TURNED: of an input's block) on, which is at
 * WEIGHT_OF; the next slice's W_STEP further. */

#if TURNED
#define W_STEP(c)                                                            \
    (BLOCK <= TILE_DEPTH ? TILE_DEPTH * taps * t.to.channels                 \
     : (c) % BLOCK       ? TILE_DEPTH                                        \
                         : BLOCK * taps * t.to.channels - BLOCK + TILE_DEPTH)
#define WEIGHT_SHIFT(tap, c) (((c) / BLOCK * taps + (tap)) * t.to.channels * BLOCK + (c) % BLOCK)
#define WEIGHT_OF(o) (g.w_offset + (o)*BLOCK)
#else
#define W_STEP(c) (TILE_DEPTH * BLOCK)
#define WEIGHT_SHIFT(tap, c) (((tap)*t.from.channels + (c)) * BLOCK)
#define WEIGHT_OF(o) (g.w_offset + (o) / BLOCK * taps * t.from.channels * BLOCK + (o) % BLOCK)
#endif

#define WEIGHT_FLOATS(blocked, other) \
    (((blocked).channels + BLOCK - 1) / BLOCK * BLOCK * taps * (other).channels)

/* Channel c of tap (a, b). */
#define SET_TERM(term, a, b, c)                                                                   \
    do {                                                                                           \
        (term).down = t.rows.base + t.rows.walk * (a);                                             \
        (term).right = t.cols.base + t.cols.walk * (b);                                            \
        (term).x = ((term).down * t.from.width + (term).right) * t.from.stride + (c);              \
        (term).w = WEIGHT_SHIFT((t.rows.tap0 + t.rows.tap_step * (a)) * g.s + t.cols.tap0 +        \
                                    t.cols.tap_step * (b), c);                                     \
    } while (0)

#if FLAT
#define NEIGHBOURS (CHANNELS % 4 ? 4 : 1) /* terms of a quadruple that need a look each */
/* The first of `run` terms. Behind the last one: the last weights, no pixel. */
#define SET_FLAT_TERM(term, k, run)                                                                \
    do {                                                                                           \
        const int at_ = min((k), terms - (run)), tap_ = at_ / CHANNELS;                            \
        SET_TERM(term, tap_ / (TAPS_ACROSS ? TAPS_ACROSS : t.cols.taps),                           \
                 tap_ % (TAPS_ACROSS ? TAPS_ACROSS : t.cols.taps), at_ % CHANNELS);                \
        (term).down = (k) < terms ? (term).down : NOWHERE;                                         \
    } while (0)
#else
#define NEIGHBOURS 1
#endif

/* The pixels' part of a slice into registers; outside the picture is 0, wherever it was read. */
#define LOAD_PIXELS(term, set)                                                                        \
    WRITTEN_OUT for (int i = 0; i < ROW_LOADS; i++)                                                   \
    {                                                                                              \
        float v[4];                                                                                \
        WRITTEN_OUT for (int n = 0; n < NEIGHBOURS; n++)                                              \
        {                                                                                          \
            const int inside = (uint)(row[i] + (term)[n].down) < (uint)t.from.height &&            \
                               (uint)(col[i] + (term)[n].right) < (uint)t.from.width;              \
            const uint from = (uint)(inside ? at[i] + (term)[n].x : t.from.offset);                \
            if (NEIGHBOURS > 1)                                                                    \
                v[n] = inside ? GET(IN_TYPE, in + from) : 0.0f;                                                   \
            else {                                                                                 \
                const float4 four = LOAD4(IN_TYPE)(in + from, 4, ALIGNED & TILE_ALIGNED_IN);       \
                v[0] = inside ? four.x : 0.0f, v[1] = inside ? four.y : 0.0f;                      \
                v[2] = inside ? four.z : 0.0f, v[3] = inside ? four.w : 0.0f;                      \
            }                                                                                      \
        }                                                                                          \
        next_x[set][i] = (float4)(v[0], v[1], v[2], v[3]);                                              \
    }

#define LOAD_W(from) load4(w + (uint)(from), 4, ALIGNED & TILE_ALIGNED_W)
#if FLAT && TURNED && CHANNELS % 4
#define LOAD_WEIGHTS(term, set)                                                                       \
    WRITTEN_OUT for (int i = 0; i < COL_LOADS; i++) next_w[set][i] =                                       \
        (float4)(w[(uint)(w_at[i] + (term)[0].w)], w[(uint)(w_at[i] + (term)[1].w)],               \
                 w[(uint)(w_at[i] + (term)[2].w)], w[(uint)(w_at[i] + (term)[3].w)]);
#elif FLAT && !TURNED
#define LOAD_WEIGHTS(term, set)                                                                       \
    WRITTEN_OUT for (int i = 0; i < COL_LOADS; i++)                                                   \
    {                                                                                              \
        Term own;                                                                                  \
        SET_FLAT_TERM(own, first_term + W_DEPTH(i), 1);                                              \
        next_w[set][i] = LOAD_W(w_at[i] + own.w);                                                       \
    }
#else
#define LOAD_WEIGHTS(term, set) \
    WRITTEN_OUT for (int i = 0; i < COL_LOADS; i++) next_w[set][i] = LOAD_W(w_at[i] + (term)[0].w);
#endif

/* Where a work-item's i-th quadruples lie in a slice. */
#define X_PIXEL(i) ((item + (i)*ITEMS) / (TILE_DEPTH / 4))
#if TURNED
#define W_OUTPUT(i) X_PIXEL(i)
#define W_LANE(i) WEIGHT_SHIFT(0, quad)
#define STORE_WEIGHT(slice, i, v) STORE_ACROSS(slice, W_OUTPUT(i), v)
#else
#define W_DEPTH(i) ((item + (i)*ITEMS) / (TILE_COLS / 4))
#define W_LANE(i) (W_DEPTH(i) * BLOCK)
#define W_OUTPUT(i) (item % (TILE_COLS / 4) * 4)
#define STORE_WEIGHT(slice, i, v) STORE_ALONG(slice, W_DEPTH(i), W_OUTPUT(i), v)
#endif

#define STORE(b, set)                                                                                 \
    do {                                                                                           \
        WRITTEN_OUT for (int i = 0; i < ROW_LOADS; i++)                                               \
            STORE_ACROSS(slice_x[b], X_PIXEL(i), next_x[set][i]);                                       \
        WRITTEN_OUT for (int i = 0; i < COL_LOADS; i++)                                               \
            STORE_WEIGHT(slice_w[b], i, next_w[set][i]);                                                \
    } while (0)

TILE_ITEMS
__kernel void conv2d_gather_tile(__global const ELEMENT(IN_TYPE) *restrict in, __global const float *restrict w,
                                 __global const float *restrict bias, __global ELEMENT(OUT_TYPE) *restrict out,
                                 const ConvGeom g, const int gradient,
                                 __global float *restrict partial, const int parts,
                                 const int part_slices)
{
    LOCAL_SLICES(slice_x, slice_w)
    const int part = (int)((uint)get_group_id(2) % (uint)parts), item = (int)get_local_id(0);
    const int class = (int)((uint)get_group_id(2) / (uint)parts);
    const Gather t = gather(&g, gradient, class);
    const int first = (int)get_group_id(0) * TILE_ROWS, channel = (int)get_group_id(1) * TILE_COLS;
    const int pixels = g.n * t.rows.count * t.cols.count, taps = g.r * g.s;
    const int terms = t.rows.taps * t.cols.taps * t.from.channels;
    const int slices = (terms + TILE_DEPTH - 1) / TILE_DEPTH;
    const int begin = min(part * part_slices, slices), end = min(begin + part_slices, slices);
    const int quad = item % (TILE_DEPTH / 4) * 4;
    Sums sums;
    float4 next_x[AHEAD][ROW_LOADS], next_w[AHEAD][COL_LOADS];
    int row[ROW_LOADS], col[ROW_LOADS], at[ROW_LOADS], w_at[COL_LOADS];

#ifdef BATCHED
    in += (size_t)class * g.n * t.from.height * t.from.width * t.from.channels;
    w += (size_t)class * WEIGHT_FLOATS(TURNED ? t.from : t.to, TURNED ? t.to : t.from);
    out += (size_t)class * g.n * t.to.height * t.to.width * t.to.channels;
#endif
    CLEAR_SUMS(sums)
    /* Results behind the last pixel or output are computed as the last one's, and not written. */
    WRITTEN_OUT for (int i = 0; i < ROW_LOADS; i++)
    {
        const int pixel = min(first + X_PIXEL(i), pixels - 1), line = pixel / t.cols.count;
        row[i] = line % t.rows.count * t.rows.pitch;
        col[i] = pixel % t.cols.count * t.cols.pitch;
        at[i] = t.from.offset + ((line / t.rows.count * t.from.height + row[i]) * t.from.width + col[i]) *
                                    t.from.stride;
    }
    WRITTEN_OUT for (int i = 0; i < COL_LOADS; i++)
    {
        const int o = min(channel + W_OUTPUT(i), TURNED ? t.to.channels - 1 : (t.to.channels - 1) / 4 * 4);
        w_at[i] = WEIGHT_OF(o);
    }
#if !FLAT
    /* Of a slice's terms those of the first channel; the work-item's own lie a constant further. */
    const int deep = t.from.channels / TILE_DEPTH;
    int c = begin % deep * TILE_DEPTH, a = 0, b = 0;
    Term term;
    if (begin < end) {
        a = begin / deep / t.cols.taps;
        b = begin / deep % t.cols.taps;
    }
    SET_TERM(term, a, b, c);
    WRITTEN_OUT for (int i = 0; i < ROW_LOADS; i++) at[i] += quad;
    WRITTEN_OUT for (int i = 0; i < COL_LOADS; i++) w_at[i] += W_LANE(i);
#define LOAD(slice, set)                                                                              \
    do {                                                                                           \
        LOAD_PIXELS(&term, set)                                                                         \
        LOAD_WEIGHTS(&term, set)                                                                        \
        c += TILE_DEPTH;                                                                           \
        if (c == t.from.channels) {                                                                \
            c = 0;                                                                                 \
            a += b + 1 == t.cols.taps;                                                             \
            b = b + 1 == t.cols.taps ? 0 : b + 1;                                                  \
            SET_TERM(term, a, b, c);                                                               \
        } else {                                                                                   \
            term.x += TILE_DEPTH;                                                                  \
            term.w += W_STEP(c);                                                                   \
        }                                                                                          \
    } while (0)
#else
#define LOAD(slice, set)                                                                              \
    do {                                                                                           \
        const int first_term = (slice)*TILE_DEPTH;                                                 \
        Term term[NEIGHBOURS];                                                                     \
        WRITTEN_OUT for (int n = 0; n < NEIGHBOURS; n++)                                              \
            SET_FLAT_TERM(term[n], first_term + quad + n, 4 / NEIGHBOURS);                                       \
        LOAD_PIXELS(term, set)                                                                          \
        LOAD_WEIGHTS(term, set)                                                                         \
    } while (0)
#endif

    ADD_SLICES(sums, slice_x, slice_w, begin, end);

    const size_t out_pixels = (size_t)g.n * t.to.height * t.to.width;
    float4 biases[EACH_COLS / 4];
    WRITTEN_OUT for (int j = 0; j < EACH_COLS; j += 4)
        biases[j / 4] = bias_of(parts > 1 ? 0 : bias, g.bias_offset + channel + COL_OF(j),
                                t.to.channels - channel - COL_OF(j));
    WRITTEN_OUT for (int i = 0; i < EACH_ROWS; i++)
    {
        const int pixel = first + ROW_OF(i), line = pixel / t.cols.count;
        if (pixel >= pixels)
            continue;
        const int oy = line % t.rows.count * t.rows.step + t.rows.first;
        const int ox = pixel % t.cols.count * t.cols.step + t.cols.first;
        const int to = (line / t.rows.count * t.to.height + oy) * t.to.width + ox;
        WRITTEN_OUT for (int j = 0; j < EACH_COLS; j += 4)
        {
            const int o = channel + COL_OF(j);
            if (o >= t.to.channels)
                continue;
            if (parts > 1)
                store4(QUAD_OF(sums, i, j),
                       partial + ((part * out_pixels + to) * FOURS(t.to.channels) + o / 4) * 4, 4, 1);
            else
                finish(QUAD_OF(sums, i, j), biases[j / 4],
                       out + t.to.offset + (size_t)to * t.to.stride + o, t.to.channels - o,
                       g.accumulate, g.act, g.slope);
        }
    }
}

#else

FLAT_ITEMS
__kernel void conv2d_gather_sum_tile(__global const float *restrict partial,
                                     __global const float *restrict bias,
                                     __global ELEMENT(OUT_TYPE) *restrict out, const ConvGeom g,
                                     const int gradient, const int parts)
{
    const Side to = gather(&g, gradient, 0).to;
    const uint pixels = g.n * to.height * to.width, fours = FOURS(to.channels);
    const uint i = (uint)get_global_id(0), pixel = i / fours, o = i % fours * 4;

    if (pixel >= pixels)
        return;
    const float4 sum = add_parts(partial + (size_t)i * 4, (size_t)pixels * fours * 4, parts);
    const int n = to.channels - (int)o;
    finish(sum, bias_of(bias, g.bias_offset + (int)o, n),
           out + to.offset + (size_t)pixel * to.stride + o, n, g.accumulate, g.act, g.slope);
}

#endif
