/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution on CPUs: one work-item a group, explicit vectors, a register tile of ROWS pixels by
 * two vectors of outputs. Every pixel of a tile has its own source pointer, a missing one points to
 * zeros; so padding, strides and tiles across rows and pictures need no special case.
 *
 * Kernels
 *   conv2d_gather_simd   forward, and the data gradient by classes of stride x stride pixels, each
 *                        a gather with a part of the taps. w blocked over the outputs, or the inputs.
 *                        global {groups of tiles, blocks of outputs, stride * stride or 1}, the
 *                        first two exchanged with blocks_first: then not weights but inputs are
 *                        read once
 *   conv2d_wgrad_simd    weight gradient; either side may be the blocked one.
 *                        global {taps, chunks of input channels, groups of SIMD_WIDTH blocks of outputs}
 *   conv2d_turn_simd     weights blocked over one side -> over the other.
 *                        global {R * S, blocks of the result}
 *
 * Build options: see common.clh, and
 *   -D W_TYPE=<n>      of the gather's weights, see weight.clh
 *   -D ROWS=<n>        of the gather, see conv2d_rows.clh
 *   -D TURNED          the gather's weights are blocked over its inputs (and f32)
 *   -D TURN            the last kernel alone
 *
 * Reference: p2p_ref_conv2d_* in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "adam.clh"
#include "conv2d_update.clh"
#include "conv2d_rows.clh"
#include "weight.clh"

#define CHUNK 128 /* channels whose weights stay in the first cache while all tiles use them */
#define RUN 128   /* pixels about that the weight gradient sums before it adds to the whole sum */

#ifndef TURN
#if W_TYPE != P2P_TYPE_F32
/* Weights of some channels become floats in the first cache. */
#define WEIGHT_SPACE
void unpack_weights(float *to, __global const Weight *w, __global const float *scale, int channels)
{
    for (int i = 0; i < 2 * channels; i++)
        VF_STORE(WEIGHT_LOAD(i, w, scale), to + i * VW);
}
#elif defined(TURNED)
#define WEIGHT_SPACE
#else
#define WEIGHT_SPACE __global
#endif

#ifdef TURNED
/* Weights of some channels of a tap for a block of `filled` outputs; from channels to channels of the
 * next block of inputs it is `square` floats. */
void turn_weights(VF *to, __global const float *w, size_t square, int filled, int channels)
{
    for (int c = 0; c < channels; c += BLOCK, w += square)
        turn_block(to + c * 2, 2, w, filled);
}
#endif

#define TILE_SOURCE(i) __global const float *const a##i = source[i] + first;

/* Some channels of a tap of a tile: sums[pixel] += source[pixel][c] * w[c][outputs], c < count. The weights
 * at `next`, in squares of BLOCK channels, come from memory meanwhile. */
SEPARATE void tile_tap(VF *sums, __global const float *const *source, WEIGHT_SPACE const float *w,
                       __global const Weight *next, size_t square, int first, int count)
{
    EACH_ROW(TILE_SOURCE)
    EACH_ROW(TILE_BEGIN)

    for (int c = 0; c < count; c++) {
        const VF w0 = VF_LOAD(w), w1 = VF_LOAD(w + VW);
        __global const Weight *line = next + c / BLOCK * square + c % BLOCK * BLOCK;

        for (int i = 0; i < BLOCK; i += LINE)
            PREFETCH(line + i);
        w += BLOCK;
        EACH_ROW(TILE_STEP)
    }
    EACH_ROW(TILE_END)
}

ONE_ITEM
__kernel void conv2d_gather_simd(__global const float *restrict in,
                                 __global const Weight *restrict w,
                                 __global const float *restrict bias,
                                 __global float *restrict out, __global const float *zeros,
                                 const ConvGeom g, const int gradient, const int tiles,
                                 const int blocks_first)
{
    const int class = get_group_id(2), block = get_group_id(blocks_first ? 0 : 1);
    const Gather t = gather(&g, gradient, class);
    const Side from = t.from, to = t.to;
    const Axis rows = t.rows, cols = t.cols;
    const int pixels = g.n * rows.count * cols.count;
    const int first = get_group_id(blocks_first ? 1 : 0) * tiles * ROWS;
    const int count = min(tiles * ROWS, pixels - first);
    const int used = (count + ROWS - 1) / ROWS; /* tiles that hold a pixel */
    int row[SIMD_GROUP * ROWS], col[SIMD_GROUP * ROWS], live[SIMD_GROUP];
    size_t origin[SIMD_GROUP * ROWS];
    __global const float *source[SIMD_GROUP * ROWS];
    VF sums[SIMD_GROUP * ROWS * 2];

    if (count <= 0)
        return;
    for (int i = 0; i < used * ROWS; i++) {
        const int pixel = first + i, line = pixel / cols.count;
        /* Behind the last pixel: a row that no tap reaches. */
        row[i] = i < count ? line % rows.count * rows.pitch : -0x10000000;
        col[i] = pixel % cols.count * cols.pitch;
        origin[i] = (((size_t)(line / rows.count) * from.height + (i < count ? row[i] : 0)) *
                         from.width + col[i]) * from.stride + from.offset;
        sums[2 * i] = sums[2 * i + 1] = (VF)(0.0f);
    }

#ifdef TURNED
    const size_t plane = (size_t)to.channels * BLOCK, square = plane * g.r * g.s;
    VF turned[2 * CHUNK];
    float *const weights = (float *)turned;
#else
    const size_t plane = (size_t)from.channels * BLOCK, square = BLOCK * BLOCK;
#endif
#if W_TYPE != P2P_TYPE_F32
    VF unpacked[2 * CHUNK];
    float *const weights = (float *)unpacked;
    __global const float *scale =
        WEIGHT_SCALES(w, (to.channels + BLOCK - 1) / BLOCK * plane * g.r * g.s, block);
#endif
#ifdef TURNED
    w += g.w_offset + (size_t)block * BLOCK * BLOCK;
#else
    w += g.w_offset + block * plane * g.r * g.s;
#endif
    for (int a = 0; a < rows.taps; a++)
        for (int b = 0; b < cols.taps; b++) {
            const int dy = rows.base + rows.walk * a, dx = cols.base + cols.walk * b;
            const int tap = (rows.tap0 + rows.tap_step * a) * g.s + cols.tap0 + cols.tap_step * b;
            const long shift = ((long)dy * from.width + dx) * from.stride;
            __global const Weight *tap_weights = w + tap * plane;
            const int last = b + 1 == cols.taps; /* column: then the next row's first follows */
            __global const Weight *next_tap =
                tap_weights + (last ? rows.tap_step * g.s - cols.tap_step * b : cols.tap_step) *
                                  (long)plane;

            int any = 0;
            for (int t = 0; t < used; t++) {
                live[t] = 0;
                for (int i = t * ROWS; i < (t + 1) * ROWS; i++) {
                    const int inside = (uint)(row[i] + dy) < (uint)from.height &&
                                       (uint)(col[i] + dx) < (uint)from.width;
                    source[i] = inside ? in + (long)origin[i] + shift : zeros;
                    live[t] |= inside;
                }
                any |= live[t];
            }
            for (int c = 0; any && c < from.channels; c += CHUNK) {
                const int run = min(CHUNK, from.channels - c);
                __global const Weight *some = tap_weights + c / BLOCK * square;
                __global const Weight *next =
                    c + CHUNK < from.channels ? some + CHUNK / BLOCK * square : next_tap;
#if W_TYPE != P2P_TYPE_F32
                unpack_weights(weights, some, scale, run);
#elif defined(TURNED)
                turn_weights(turned, some, square, min(BLOCK, to.channels - block * BLOCK), run);
#else
                __global const float *weights = some;
#endif
                for (int t = 0; t < used; t++)
                    if (live[t])
                        tile_tap(sums + t * ROWS * 2, source + t * ROWS, weights, next, square, c,
                                 run);
            }
        }

    const int channel = block * BLOCK, filled = min(BLOCK, to.channels - channel);
    for (int i = 0; i < count; i++) {
        const int pixel = first + i, line = pixel / cols.count;
        const int oy = line % rows.count * rows.step + rows.first;
        const int ox = pixel % cols.count * cols.step + cols.first;
        const size_t at = ((size_t)(line / rows.count) * to.height + oy) * to.width + ox;
        put_block(out + to.offset + at * to.stride + channel, sums[2 * i], sums[2 * i + 1],
                  bias ? bias + g.bias_offset + channel : 0, filled, g.accumulate, g.act, g.slope);
    }
}

/* ---- Weight gradient ------------------------------------------------------------------------- */

#define STREAM_AHEAD 2 /* tiles whose weights are asked for before they are needed */
#define GRAD_STEP(i) GRAD_ADD(i, p[i])
#define GRAD_STEP_LAST(i) GRAD_ADD(i, p[lane##i])
#define GRAD_ADD(i, value)                                                                         \
    {                                                                                              \
        const VF a = (VF)(value);                                                             \
        u##i = FMA(a, w0, u##i);                                                                   \
        v##i = FMA(a, w1, v##i);                                                                   \
    }
/* Lanes behind the last input channel repeat it; they are not stored. */
#define GRAD_LANE(i) const int lane##i = min(i, lanes - 1);

/* Lines of pixels of both sides: floats from pixel to pixel and from line to line. */
typedef struct Lines {
    int count, pixels, p_step, o_step;
    size_t p_pitch, o_pitch;
} Lines;

/* sums[input lane][outputs] += over some lines of pixels: p's channels times o's. */
SEPARATE void grad_lines(VF *sums, __global const float *p0, __global const float *o0, const Lines *l,
                int lanes, int filled)
{
    const int p_step = l->p_step, o_step = l->o_step, pixels = l->pixels;
    EACH_ROW(GRAD_LANE)
    EACH_ROW(TILE_BEGIN)

    for (int line = 0; line < l->count; line++) {
        __global const float *p = p0 + line * l->p_pitch, *o = o0 + line * l->o_pitch;

        if (filled == BLOCK && lanes >= ROWS) {
            for (int i = 0; i < pixels; i++, p += p_step, o += o_step) {
                const VF w0 = VF_LOAD(o), w1 = VF_LOAD(o + VW);
                EACH_ROW(GRAD_STEP)
            }
        } else if (filled == BLOCK) {
            for (int i = 0; i < pixels; i++, p += p_step, o += o_step) {
                const VF w0 = VF_LOAD(o), w1 = VF_LOAD(o + VW);
                EACH_ROW(GRAD_STEP_LAST)
            }
        } else {
            for (int i = 0; i < pixels; i++, p += p_step, o += o_step) {
                const VF w0 = load_part(o, filled), w1 = load_part(o + VW, filled - VW);
                EACH_ROW(GRAD_STEP_LAST)
            }
        }
    }
    EACH_ROW(TILE_END)
}

/* Smallest i >= 0 with i * stride + shift >= 0, and the first i whose value reaches limit. */
int range_first(int stride, int shift)
{
    return shift >= 0 ? 0 : (-shift + stride - 1) / stride;
}

int range_last(int stride, int shift, int limit, int count)
{
    const int reach = limit - shift; /* i * stride < reach */

    return reach <= 0 ? 0 : min(count, (reach + stride - 1) / stride);
}

/* Where the gradients of a tap of a block of outputs by one input begin. */
size_t gradient_at(const ConvGeom *g, int tap, int inputs, int block, int input)
{
    return (((size_t)block * g->r * g->s + tap) * inputs + input) * BLOCK;
}

/* Where tap (r, s) meets both sides: lines p0 .. p1 of the small side, from column q0 on; `at_once` lines
 * stay in the first cache. */
typedef struct Reach {
    Lines lines;
    int dy, dx, p0, p1, q0, at_once;
} Reach;

Reach reach(const ConvGeom *g, int tap)
{
    const int dy = tap / g->s - g->pad, dx = tap % g->s - g->pad;
    const int q0 = range_first(g->stride, dx), q1 = range_last(g->stride, dx, g->w, g->q);
    const size_t x_pitch = (size_t)g->stride * g->w * g->x_stride;
    const size_t y_pitch = (size_t)g->q * g->y_stride;
    const int x_step = g->stride * g->x_stride, y_step = g->y_stride;
    Reach to = {{0, q1 - q0, x_step, y_step, x_pitch, y_pitch}, dy, dx,
                range_first(g->stride, dy), range_last(g->stride, dy, g->h, g->p), q0,
                max(1, RUN / max(1, q1 - q0))};

    if (g->large_out) {
        to.lines.p_step = y_step;
        to.lines.o_step = x_step;
        to.lines.p_pitch = y_pitch;
        to.lines.o_pitch = x_pitch;
    }
    if (q0 >= q1)
        to.p1 = to.p0;
    return to;
}

/* Some lines' part of a tile's sums: inputs from `input` on, of which `lanes` exist, by outputs from
 * `channel` on, of which `filled` exist. */
void add_lines(VF *sums, __global const float *x, __global const float *y, const ConvGeom *g,
               Reach *to, int n, int p, int input, int lanes, int channel, int filled)
{
    const size_t small = ((size_t)n * g->p + p) * g->q + to->q0;
    const size_t large =
        ((size_t)n * g->h + p * g->stride + to->dy) * g->w + to->q0 * g->stride + to->dx;
    __global const float *ys = y + g->y_offset + small * g->y_stride;
    __global const float *xs = x + g->x_offset + large * g->x_stride;

    to->lines.count = min(to->at_once, to->p1 - p);
    grad_lines(sums, (g->large_out ? ys : xs) + input, (g->large_out ? xs : ys) + channel,
               &to->lines, lanes, filled);
}

ONE_ITEM
__kernel void conv2d_wgrad_simd(__global const float *restrict x, __global const float *restrict y,
                                UPDATE_ARGUMENTS, const ConvGeom g)
{
    UPDATE_BEGIN(g)
    const int tap = get_group_id(0);
    const int inputs = g.large_out ? g.k : g.c, outputs = g.large_out ? g.c : g.k;
    const int block = get_group_id(2) * SIMD_WIDTH;
    const int blocks = min(SIMD_WIDTH, (outputs - 1) / BLOCK + 1 - block);
    const int first = get_group_id(1) * SIMD_GROUP * ROWS, last = min(inputs, first + SIMD_GROUP * ROWS);
    Reach to = reach(&g, tap);
    VF sums[SIMD_WIDTH][SIMD_GROUP * ROWS * 2];

    for (int j = 0; j < blocks; j++)
        for (int i = 0; i < (last - first + ROWS - 1) / ROWS * ROWS * 2; i++)
            sums[j][i] = (VF)(0.0f);
    for (int n = 0; n < g.n; n++)
        for (int p = to.p0; p < to.p1; p += to.at_once)
            for (int j = 0; j < blocks; j++)
                for (int i = first; i < last; i += ROWS) {
                    const int channel = (block + j) * BLOCK;
                    if (n == 0 && p == to.p0)
                        update_prefetch(&update, gradient_at(&g, tap, inputs, block + j, i),
                                        ROWS * BLOCK);
                    add_lines(sums[j] + (i - first) * 2, x, y, &g, &to, n, p, i, last - i, channel,
                              min(BLOCK, outputs - channel));
                }

    for (int j = 0; j < blocks; j++) {
        size_t at = gradient_at(&g, tap, inputs, block + j, first);
        for (int i = 0; i < 2 * (last - first); i++, at += VW)
            update_weights(&update, &rule, at, sums[j][i]);
    }
}

/* Few pixels: weights and moments, far larger than both sides, are gone through once, in order. */
ONE_ITEM
__kernel void conv2d_wgrad_stream_simd(__global const float *restrict x,
                                       __global const float *restrict y, UPDATE_ARGUMENTS,
                                       const ConvGeom g, const int inputs_in_group)
{
    UPDATE_BEGIN(g)
    const int tap = get_group_id(1), block = get_group_id(2), channel = block * BLOCK;
    const int inputs = g.large_out ? g.k : g.c, outputs = g.large_out ? g.c : g.k;
    const int first = get_group_id(0) * inputs_in_group;
    const int last = min(inputs, first + inputs_in_group), filled = min(BLOCK, outputs - channel);
    Reach to = reach(&g, tap);
    VF sums[ROWS * 2];

    for (int i = first; i < last; i += ROWS) {
        const int count = min(ROWS, last - i);
        size_t at = gradient_at(&g, tap, inputs, block, i);

        if (i + STREAM_AHEAD * ROWS < last)
            update_prefetch(&update, at + STREAM_AHEAD * ROWS * BLOCK, ROWS * BLOCK);
        for (int k = 0; k < ROWS * 2; k++)
            sums[k] = (VF)(0.0f);
        for (int n = 0; n < g.n; n++)
            for (int p = to.p0; p < to.p1; p += to.at_once)
                add_lines(sums, x, y, &g, &to, n, p, i, count, channel, filled);
        for (int k = 0; k < 2 * count; k++, at += VW)
            update_weights(&update, &rule, at, sums[k]);
    }
}

#else
/* ---- Weights from one blocking to the other -------------------------------------------------- */

ONE_ITEM
__kernel void conv2d_turn_simd(__global const float *restrict from, __global float *restrict to,
                               const ConvGeom g)
{
    const int tap = get_group_id(0), taps = g.r * g.s, block = get_group_id(1);
    const int outputs = g.large_out ? g.c : g.k, inputs = g.large_out ? g.k : g.c;
    const int first = block * BLOCK, filled = min(BLOCK, inputs - first);

    to += ((size_t)block * taps + tap) * outputs * BLOCK;
    for (int o = 0; o < outputs; o += BLOCK) {
        __global const float *f =
            from + g.w_offset + (((size_t)(o / BLOCK) * taps + tap) * inputs + first) * BLOCK;
        const int rows = min(BLOCK, outputs - o);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < BLOCK; j++)
                to[(size_t)(o + i) * BLOCK + j] = j < filled ? f[j * BLOCK + i] : 0.0f;
    }
}
#endif
