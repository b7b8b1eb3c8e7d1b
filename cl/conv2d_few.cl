/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A gather with few channels out, on CPUs: the last layer of a generator, the first of a discriminator
 * backward. Every pixel read is multiplied by the weights of all its taps at once, a matrix product
 * [pixels][channels in] x [channels in][taps * channels out] in tiles of registers; then each pixel
 * written adds up what the pixels around it have for it. One work-item a group.
 *
 * Taps are ordered by where they write: tap (r, s) of pixel (y, x) writes to row y * step + base_y + r
 * and column x * step + base_x + s. In a data gradient that is their own order and step the stride;
 * forward (stride 1) it is reversed. Columns are written in hops of `step` pixels; hop i gets of pixel
 * i - j the taps s of part j, j * step <= s < (j + 1) * step.
 *
 * Products of a pixel: [r][part][column of a hop][channel out], `lanes` in all, a multiple of BLOCK;
 * taps that are no taps, and the rest, have weights 0. Weights: [channel in][lanes].
 *
 * Kernels
 *   conv2d_few           global {strips of `hops` hops, bands of `band` rows written, pictures}
 *   conv2d_few_weights   weights as above. global {channels in}
 *
 * Build options: see common.clh.
 *
 * Reference: p2p_ref_conv2d_fwd, p2p_ref_conv2d_dgrad in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "conv2d_rows.clh"

/* What does not change within a launch. */
typedef struct Few {
    Side from, to;
    int step, base_y, base_x;
    int tap_rows, parts, hop, lanes; /* hop: floats; parts: of a row of taps */
} Few;

Few few(const ConvGeom *g, int gradient)
{
    const Gather t = gather(g, gradient, 0);
    Few f = {t.from, t.to, gradient ? g->stride : 1, -g->pad, -g->pad, g->r, 0, 0, 0};

    if (!gradient) {
        f.base_y = g->pad - (g->r - 1);
        f.base_x = g->pad - (g->s - 1);
    }
    f.parts = (g->s + f.step - 1) / f.step;
    f.hop = f.step * t.to.channels;
    f.lanes = (g->r * f.parts * f.hop + BLOCK - 1) / BLOCK * BLOCK;
    return f;
}

/* Rounded down; b > 0. */
int floor_div(int a, int b)
{
    return (a - (a < 0 ? b - 1 : 0)) / b;
}

#define FEW_SOURCE(i) __global const float *const a##i = source[i];
#define FEW_PUT(i)                                                                                 \
    VF_STORE(u##i, to + (i) * lanes);                                                              \
    VF_STORE(v##i, to + (i) * lanes + VW);

/* to[pixel][BLOCK] = source[pixel][c] * w[c][BLOCK], c < count; rows of w and to are `lanes` long. */
SEPARATE void products(float *to, __global const float *const *source, __global const float *w,
                       int count, int lanes)
{
    EACH_ROW(FEW_SOURCE)
    EACH_ROW(TILE_BEGIN)

    for (int c = 0; c < count; c++, w += lanes) {
        const VF w0 = VF_LOAD(w), w1 = VF_LOAD(w + VW);
        EACH_ROW(TILE_STEP)
    }
    EACH_ROW(FEW_PUT)
}

/* Products of `pixels` pixels of a row from column x on; those outside the picture are 0. */
void row_products(float *to, __global const float *row, __global const float *zeros,
                  __global const float *w, const Few *f, int x, int pixels)
{
    for (int i = 0; i < pixels; i += ROWS) {
        __global const float *source[ROWS];

        for (int k = 0; k < ROWS; k++)
            source[k] = (uint)(x + i + k) < (uint)f->from.width
                            ? row + (size_t)(x + i + k) * f->from.stride : zeros;
        for (int lane = 0; lane < f->lanes; lane += BLOCK)
            products(to + (size_t)i * f->lanes + lane, source, w + lane, f->from.channels,
                     f->lanes);
    }
}

/* What is added to a row written: products of a row of taps, in the order of the hops. */
typedef struct Added {
    const float *at[FEW_TAPS];
    int count;
} Added;

/* line[hops][hop] = bias + products; writes up to 3 floats more. */
SEPARATE void add_hops(float *line, const float *bias, const Added *added, const Few *f, int hops)
{
    const int parts = f->parts, hop = f->hop, lanes = f->lanes;

    for (int i = 0; i < hops; i++, line += hop)
        for (int k = 0; k < hop; k += 4) {
            float4 sum = vload4(0, bias + k);
            for (int a = 0; a < added->count; a++) {
                const float *p = added->at[a] + (size_t)(i + parts - 1) * lanes + k;
                for (int j = 0; j < parts; j++, p += hop - lanes)
                    sum += vload4(0, p);
            }
            vstore4(sum, 0, line + k);
        }
}

/* Activate a line and write its pixels that are in the picture. */
void put_line(__global float *row, float *line, const Few *f, const ConvGeom *g, int x, int pixels)
{
    const int channels = f->to.channels, skip = max(0, -x);

    for (int i = 0; !g->accumulate && i < pixels * channels; i += VW)
        VF_STORE(activate_vector(VF_LOAD(line + i), g->act, g->slope), line + i);
    pixels = min(pixels, f->to.width - x);
    for (int i = skip; i < pixels; i++)
        for (int o = 0; o < channels; o++) {
            __global float *p = row + (size_t)(x + i) * f->to.stride + o;
            *p = line[i * channels + o] + (g->accumulate ? *p : 0.0f);
        }
}

ONE_ITEM
__kernel void conv2d_few(__global const float *restrict in, __global const float *restrict w,
                         __global const float *restrict bias, __global float *restrict out,
                         __global const float *zeros, const ConvGeom g, const int gradient,
                         const int hops, const int band)
{
    const Few f = few(&g, gradient);
    const int image = get_group_id(2), ring = (f.tap_rows + f.step - 1) / f.step;
    /* Hops of the strip, and the pixels read for them from column `first - parts + 1` on. */
    const int all = floor_div(f.to.width - 1 - f.base_x, f.step) + 1;
    const int begin = floor_div(-f.base_x, f.step), first = begin + get_group_id(0) * hops;
    const int used = min(hops, all - first), wide = used + f.parts - 1;
    const int padded = (hops + f.parts - 1 + ROWS - 1) / ROWS * ROWS;
    const int top = get_group_id(1) * band, bottom = min(f.to.height, top + band);
    float made[FEW_FLOATS + 4], line[FEW_LINE + VW], biases[FEW_HOP + 4];
    int next = floor_div(top - f.base_y, f.step) - ring + 1; /* the first row not made */

    if (used <= 0) /* the host counts a hop too many for some paddings */
        return;
    for (int i = 0; i < FEW_HOP + 4; i++)
        biases[i] = bias && i < f.hop ? bias[g.bias_offset + i % f.to.channels] : 0.0f;
    in += f.from.offset + (size_t)image * f.from.height * f.from.width * f.from.stride;
    out += f.to.offset + (size_t)image * f.to.height * f.to.width * f.to.stride;
    for (int y = top; y < bottom; y++) {
        const int newest = floor_div(y - f.base_y, f.step), tap = y - f.base_y - newest * f.step;
        Added added;

        for (; next <= newest; next++)
            if ((uint)next < (uint)f.from.height)
                row_products(made + (size_t)(next % ring) * padded * f.lanes,
                             in + (size_t)next * f.from.width * f.from.stride, zeros, w, &f,
                             first - f.parts + 1, wide);
        added.count = 0;
        for (int a = 0; a < ring && tap + a * f.step < f.tap_rows; a++)
            if ((uint)(newest - a) < (uint)f.from.height)
                added.at[added.count++] = made + (size_t)((newest - a) % ring) * padded * f.lanes +
                                          (tap + a * f.step) * f.parts * f.hop;
        add_hops(line, biases, &added, &f, used);
        put_line(out + (size_t)y * f.to.width * f.to.stride, line, &f, &g,
                 first * f.step + f.base_x, used * f.step);
    }
}

ONE_ITEM
__kernel void conv2d_few_weights(__global const float *restrict w, __global float *restrict to,
                                 const ConvGeom g, const int gradient)
{
    const Few f = few(&g, gradient);
    const int c = get_group_id(0), outputs = f.to.channels;

    to += (size_t)c * f.lanes;
    for (int i = 0; i < f.lanes; i++)
        to[i] = 0.0f;
    for (int r = 0; r < g.r; r++)
        for (int s = 0; s < g.s; s++)
            for (int o = 0; o < outputs; o++) {
                const int in_r = gradient ? r : g.r - 1 - r, in_s = gradient ? s : g.s - 1 - s;
                to[r * f.parts * f.hop + s * outputs + o] =
                    w[weight_index(&g, gradient ? c : o, gradient ? o : c, in_r, in_s)];
            }
}
