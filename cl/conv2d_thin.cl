/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution on CPUs where one side has few channels: the ends of the networks. One work-item a
 * group. A gather with few channels out is conv2d_few.cl's.
 *
 * Kernels
 *   conv2d_patch_thin      few channels in, step 1: the inputs under a pixel's taps are copied to
 *                          one line (lane = tap * channels + c), then all taps are one sum.
 *                          w blocked over the outputs. global {groups of tiles}
 *   conv2d_wgrad_thin      weight gradient, lines as above times the other side's vectors; a group
 *                          sums a range of pixels to its part [block][lane][BLOCK].
 *                          global {parts}
 *   conv2d_wgrad_sum_thin  parts in their order -> w, blocked over either side.
 *                          global {taps, blocks of the wide side}
 *
 * Build options: see common.clh, and
 *   -D WGRAD               the weight gradient, else all others
 *
 * Reference: p2p_ref_conv2d_* in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "conv2d_rows.clh"

#define SLACK THIN_CHANNELS /* floats that a copy may write too many */

/* Where an output pixel is in its class, and the picture. */
typedef struct Place {
    int x, y, image;
} Place;

Place place(const Gather *t, int pixel)
{
    const int line = pixel / t->cols.count;
    const Place p = {pixel % t->cols.count, line % t->rows.count, line / t->rows.count};

    return p;
}

/* The next pixel; divisions cost more than a tap. */
void advance(Place *p, const Gather *t)
{
    if (++p->x < t->cols.count)
        return;
    p->x = 0;
    if (++p->y < t->rows.count)
        return;
    p->y = 0;
    p->image++;
}

/* The inputs under all taps of an output pixel (steps are 1: tap a is the a-th of its axis). Writes
 * up to SLACK floats too many. */
void fill_line(float *line, __global const float *in, const Gather *t, const Place *at, int images)
{
    const Side from = t->from;
    const int y = at->y * t->rows.pitch + t->rows.base, x = at->x * t->cols.pitch + t->cols.base;
    const int y1 = y + t->rows.walk * (t->rows.taps - 1);
    const int x1 = x + t->cols.walk * (t->cols.taps - 1);
    const size_t image = (size_t)at->image * from.height;
    const size_t span =
        ((size_t)images * from.height * from.width - 1) * from.stride + from.channels;
    const size_t end = ((image + max(y, y1)) * from.width + max(x, x1)) * from.stride + SLACK;
    const int step = t->cols.walk * from.stride;

    in += from.offset;
    if (min(y, y1) >= 0 && max(y, y1) < from.height && min(x, x1) >= 0 && max(x, x1) < from.width &&
        end <= span) { /* reads beyond a pixel are overwritten by the next tap */
        for (int a = 0; a < t->rows.taps; a++) {
            __global const float *p =
                in + ((image + y + t->rows.walk * a) * from.width + x) * from.stride;
            if (from.channels <= 4)
                for (int b = 0; b < t->cols.taps; b++, p += step, line += from.channels)
                    vstore4(vload4(0, p), 0, line);
            else
                for (int b = 0; b < t->cols.taps; b++, p += step, line += from.channels) {
                    vstore4(vload4(0, p), 0, line); /* not 8: not every CPU has such vectors */
                    vstore4(vload4(1, p), 1, line);
                }
        }
        return;
    }
    for (int a = 0; a < t->rows.taps; a++)
        for (int b = 0; b < t->cols.taps; b++, line += from.channels) {
            const int sy = y + t->rows.walk * a, sx = x + t->cols.walk * b;
            const int inside = (uint)sy < (uint)from.height && (uint)sx < (uint)from.width;
            for (int c = 0; c < from.channels; c++)
                line[c] = inside ? in[((image + sy) * from.width + sx) * from.stride + c] : 0.0f;
        }
}

#ifndef WGRAD

#define LINE_SOURCE(i) const float *const a##i = lines + (i) * count;
#define LINE_PUT(i)                                                                                \
    sums[2 * (i)] = u##i;                                                                          \
    sums[2 * (i) + 1] = v##i;

/* sums[row] = lines[row][c] * w[c][outputs], for c < count. */
SEPARATE void tile_lines(VF *sums, const float *lines, __global const float *w, int count)
{
    EACH_ROW(LINE_SOURCE)
    EACH_ROW(TILE_BEGIN)

    for (int c = 0; c < count; c++) {
        const VF w0 = VF_LOAD(w), w1 = VF_LOAD(w + VW);
        w += BLOCK;
        EACH_ROW(TILE_STEP)
    }
    EACH_ROW(LINE_PUT)
}

ONE_ITEM
__kernel void conv2d_patch_thin(__global const float *restrict in, __global const float *restrict w,
                                __global const float *restrict bias, __global float *restrict out,
                                const ConvGeom g, const int gradient, const int tiles)
{
    const Gather t = gather(&g, gradient, 0);
    const int pixels = g.n * t.to.height * t.to.width, lanes = g.r * g.s * t.from.channels;
    const int first = get_group_id(0) * tiles * ROWS, last = min(pixels, first + tiles * ROWS);
    float lines[THIN_LINES + SLACK];
    VF sums[2 * ROWS];
    Place at = place(&t, first);

    w += g.w_offset;
    for (int pixel = first; pixel < last; pixel += ROWS) {
        const int count = min(ROWS, last - pixel);
        for (int i = 0; i < count; i++, advance(&at, &t))
            fill_line(lines + i * lanes, in, &t, &at, g.n);
        for (int i = count * lanes; i < ROWS * lanes; i++)
            lines[i] = 0.0f;
        for (int channel = 0; channel < t.to.channels; channel += BLOCK) {
            tile_lines(sums, lines, w + (size_t)channel * lanes, lanes);
            for (int i = 0; i < count; i++)
                put_block(out + t.to.offset + (size_t)(pixel + i) * t.to.stride + channel,
                          sums[2 * i], sums[2 * i + 1],
                          bias ? bias + g.bias_offset + channel : 0,
                          min(BLOCK, t.to.channels - channel), g.accumulate, g.act, g.slope);
        }
    }
}

#else /* WGRAD */

/* ---- Weight gradient ------------------------------------------------------------------------- */

#define LANE_STEP(i)                                                                               \
    {                                                                                              \
        const VF a = (VF)(lines[i]);                                                               \
        u##i = FMA(a, w0, u##i);                                                                   \
        v##i = FMA(a, w1, v##i);                                                                   \
    }
#define LANE_END(i)                                                                                \
    VF_STORE(VF_LOAD(sums + (i) * BLOCK) + u##i, sums + (i) * BLOCK);                              \
    VF_STORE(VF_LOAD(sums + (i) * BLOCK + VW) + v##i, sums + (i) * BLOCK + VW);

/* sums[lane][outputs] += lines[pixel][lane] * wide[pixel][outputs] over some pixels. */
SEPARATE void add_outer(__global float *sums, const float *lines, int lanes, __global const float *wide,
               int wide_stride, int count, int filled)
{
    EACH_ROW(TILE_BEGIN)

    if (filled == BLOCK) {
        for (int i = 0; i < count; i++, lines += lanes, wide += wide_stride) {
            const VF w0 = VF_LOAD(wide), w1 = VF_LOAD(wide + VW);
            EACH_ROW(LANE_STEP)
        }
    } else {
        for (int i = 0; i < count; i++, lines += lanes, wide += wide_stride) {
            const VF w0 = load_part(wide, filled), w1 = load_part(wide + VW, filled - VW);
            EACH_ROW(LANE_STEP)
        }
    }
    EACH_ROW(LANE_END)
}

/* gradient: the thin side is the small one (stride 1 only). */
ONE_ITEM
__kernel void conv2d_wgrad_thin(__global const float *restrict thin,
                                __global const float *restrict wide, __global float *restrict parts,
                                const ConvGeom g, const int gradient, const int part_pixels)
{
    const Gather t = gather(&g, gradient, 0);
    const int pixels = g.n * t.to.height * t.to.width;
    const int used = g.r * g.s * t.from.channels, lanes = (used + ROWS - 1) / ROWS * ROWS;
    const int blocks = (t.to.channels + BLOCK - 1) / BLOCK, chunk = min(32, THIN_LINES / lanes);
    const int first = get_group_id(0) * part_pixels, last = min(pixels, first + part_pixels);
    float lines[THIN_LINES + SLACK];
    Place at = place(&t, first);

    parts += (size_t)get_group_id(0) * blocks * lanes * BLOCK;
    for (int i = 0; i < blocks * lanes * 2; i++)
        VF_STORE((VF)(0.0f), parts + i * VW);
    for (int pixel = first; pixel < last; pixel += chunk) {
        const int count = min(chunk, last - pixel);
        for (int i = 0; i < count; i++, advance(&at, &t)) {
            fill_line(lines + i * lanes, thin, &t, &at, g.n);
            for (int lane = used; lane < lanes; lane++)
                lines[i * lanes + lane] = 0.0f;
        }
        for (int block = 0; block < blocks; block++)
            for (int lane = 0; lane < lanes; lane += ROWS)
                add_outer(parts + ((size_t)block * lanes + lane) * BLOCK, lines + lane, lanes,
                          wide + t.to.offset + (size_t)pixel * t.to.stride + block * BLOCK,
                          t.to.stride, count, min(BLOCK, t.to.channels - block * BLOCK));
    }
}

ONE_ITEM
__kernel void conv2d_wgrad_sum_thin(__global const float *restrict parts, __global float *restrict w,
                                    const ConvGeom g, const int gradient, const int count)
{
    const int tap = get_group_id(0), taps = g.r * g.s, block = get_group_id(1);
    const int thin = gradient ? g.k : g.c, wide = gradient ? g.c : g.k;
    const int lanes = (taps * thin + ROWS - 1) / ROWS * ROWS;
    const size_t part_floats = (size_t)get_num_groups(1) * lanes * BLOCK;
    const int filled = min(BLOCK, wide - block * BLOCK), wide_blocked = gradient == g.large_out;

    w += g.w_offset;
    parts += ((size_t)block * lanes + tap * thin) * BLOCK;
    for (int c = 0; c < (wide_blocked ? thin : BLOCK); c++) {
        float sums[BLOCK];
        for (int j = 0; j < BLOCK; j++)
            sums[j] = 0.0f;
        for (int part = 0; part < count && c < thin; part++)
            for (int j = 0; j < BLOCK; j++)
                sums[j] += parts[part * part_floats + c * BLOCK + j];
        for (int j = 0; j < (wide_blocked ? BLOCK : filled); j++) {
            __global float *p =
                wide_blocked ? w + (((size_t)block * taps + tap) * thin + c) * BLOCK + j
                             : w + ((size_t)tap * wide + block * BLOCK + j) * BLOCK + c;
            *p = g.accumulate ? *p + sums[j] : sums[j];
        }
    }
}

#endif
