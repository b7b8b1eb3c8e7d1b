/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution on CPUs by Winograd's minimal filtering F(TILE, TAPS) in both dimensions (Lavin and Gray,
 * arXiv 1509.09308; the transforms: tools/winograd_lines.c).
 *
 * A convolution of stride t with t * TAPS taps is one of stride 1 with TAPS taps on "virtual" channels
 * d = (dy, dx), each with all channels c: pixel b of d is pixel t * b - pad + d of the large side. Its
 * data gradient writes virtual channels of the large side from the small one, with the taps reversed.
 * So all kernels know only such correlations of stride 1; virtual pixels are never stored as such.
 *
 * Transformed data, V or Z: [chunk of virtual channels][point][tile][channel of the chunk], where a
 * point is one of POINTS * POINTS products of a tile and tiles are padded to a multiple of ROWS. Chunks
 * are of CHUNK channels, or of BLOCK for the outputs of a weight gradient.
 *
 * Kernels
 *   winograd_data      V = B^T d B of what a gather reads.      global {tiles, t * t or 1}
 *   winograd_gather    forward or data gradient from V; the weights are transformed on the way.
 *                      global {groups of tiles, blocks of virtual outputs}
 *   winograd_spread    Z = A y A^T of the small side.           global {tiles}
 *   winograd_wgrad     weight gradient from V and Z.            global {chunks, blocks of outputs}
 *
 * Build options: see common.clh, and
 *   -D TILE=<m> -D TAPS=<r>  one of the algorithms in winograd_lines.clh
 *   -D CHUNK=<n>             channels whose weights are transformed at once; divides all channels
 *   -D W_TYPE=<n>            see weight.clh
 *   -D WGRAD                 the last two kernels instead of the second
 *
 * Reference: p2p_ref_conv2d_* in src/ops/ref_conv.c. Rounding at the networks' sizes, rms error over rms
 * and in brackets largest error over largest value, as clcheck --errors tells on vectors of 8:
 *   F(2,2), F(3,2)   4x4 with stride 2   2.5e-7 to 4.2e-7 (5.2e-7); direct sums: 1.6e-7 to 2.5e-7
 *   F(3,4)           4x4 with stride 1   1.1e-6 (2.2e-6);           direct sums: 2.3e-7
 *   F(2,3), F(4,3)   3x3                 1.1e-6 (2.2e-6);           direct sums: 2.3e-7
 */
#include "common.clh"
#include "conv2d.clh"
#include "adam.clh"
#include "conv2d_update.clh"
#include "conv2d_rows.clh"
#include "weight.clh"
#include "winograd_lines.clh"

#define POINTS (TILE + TAPS - 1)
#define ALL (POINTS * POINTS)
/* Tiles of a group: their sums of all points stay in the second cache. */
#define GROUP WINOGRAD_GROUP(ALL, VW)

/* What a tile reads: its first virtual pixel is pixel (y, x), the next `step` further. */
typedef struct Window {
    int picture, y, x, step;
} Window;

int padded_tiles(int tiles)
{
    return (tiles + ROWS - 1) / ROWS * ROWS;
}

/* Virtual pixels along a dimension of the large side. */
int virtual_size(int large, int stride, int pad)
{
    return (large + pad + stride - 1) / stride;
}

/* Tiles of outputs down and across. */
typedef struct Tiles {
    int down, across, count;
} Tiles;

Tiles gather_tiles(const ConvGeom *g, int gradient)
{
    const int rows = gradient ? virtual_size(g->h, g->stride, g->pad) : g->p;
    const int cols = gradient ? virtual_size(g->w, g->stride, g->pad) : g->q;
    Tiles t = {(rows + TILE - 1) / TILE, (cols + TILE - 1) / TILE, 0};

    t.count = g->n * t.down * t.across;
    return t;
}

Window window(int tile, Tiles t, int step, int y, int x)
{
    const int line = tile / t.across;
    const Window w = {line / t.down, line % t.down * TILE * step + y,
                      tile % t.across * TILE * step + x, step};

    return w;
}

/* to = L from L^T for one of the lines L above. */
#define TRANSFORM(line, to, out, from, in)                                                         \
    {                                                                                              \
        VF half_way[(out) * (in)];                                                                 \
        UNROLLED for (int i = 0; i < (in); i++)                                                    \
            line(half_way + i, in, (from) + i, in);                                                \
        UNROLLED for (int i = 0; i < (out); i++)                                                   \
            line((to) + i * (out), 1, half_way + i * (in), 1);                                     \
    }

/* Where the size x size pixels of a window begin; those outside the picture point to zeros. */
void window_sources(__global const float **source, int size, Window w,
                    __global const float *in, __global const float *zeros, Side from)
{
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++) {
            const int y = w.y + i * w.step, x = w.x + j * w.step;
            const size_t at = ((size_t)w.picture * from.height + y) * from.width + x;

            source[i * size + j] = (uint)y < (uint)from.height && (uint)x < (uint)from.width
                                       ? in + from.offset + at * from.stride : zeros;
        }
}

ONE_ITEM
__kernel void winograd_data(__global const float *restrict in, __global const float *zeros,
                            __global float *restrict v, const ConvGeom g, const int gradient,
                            const int chunk)
{
    const Side from = gather(&g, gradient, 0).from;
    const Tiles tiles = gather_tiles(&g, gradient);
    const int tile = get_group_id(0), d = get_group_id(1), padded = padded_tiles(tiles.count);
    const Window w = gradient ? window(tile, tiles, 1, 1 - TAPS, 1 - TAPS)
                              : window(tile, tiles, g.stride, d / g.stride - g.pad,
                                       d % g.stride - g.pad);
    __global const float *source[ALL];

    window_sources(source, POINTS, w, in, zeros, from);
    for (int c = 0; c < from.channels; c += VW) {
        const int channel = d * from.channels + c;
        __global float *to =
            v + ((size_t)(channel / chunk) * ALL * padded + tile) * chunk + channel % chunk;
        VF pixels[ALL], points[ALL];

        UNROLLED for (int i = 0; i < ALL; i++)
            pixels[i] = VF_LOAD(source[i] + c);
        TRANSFORM(data_line, points, POINTS, pixels, POINTS)
        UNROLLED for (int i = 0; i < ALL; i++)
            VF_STORE(points[i], to + (size_t)i * padded * chunk);
    }
}

/* Offsets of the taps of virtual channels d; each is a plane of `plane` floats. */
void tap_offsets(size_t *offset, const ConvGeom *g, int d, int reversed, size_t plane)
{
    for (int i = 0; i < TAPS; i++)
        for (int j = 0; j < TAPS; j++) {
            const int a = reversed ? TAPS - 1 - i : i, b = reversed ? TAPS - 1 - j : j;
            const int r = g->stride * a + d / g->stride, s = g->stride * b + d % g->stride;
            offset[i * TAPS + j] = (size_t)(r * g->s + s) * plane;
        }
}

#ifndef WGRAD
/* ---- Forward and data gradient --------------------------------------------------------------- */

/*
 * The weights of a block of virtual outputs: squares of BLOCK inputs by BLOCK outputs, one for each tap.
 * Tap k of inputs BLOCK * i .. stands at at + offset[k] + i * pitch; turned: its rows are outputs.
 */
typedef struct Weights {
    __global const Weight *at;
    __global const float *scale;
    size_t offset[TAPS * TAPS], plane, pitch; /* plane: from tap to tap in memory */
    int turned;
} Weights;

/* All but the offsets. Weights are [block][tap][other side][BLOCK]. */
Weights block_weights(const ConvGeom *g, const Gather *t, __global const Weight *w, int block,
                      int turned)
{
    const size_t plane = (size_t)(turned ? t->to.channels : t->from.channels) * BLOCK;
    const size_t whole = plane * g->r * g->s;
    Weights from;

    from.at = w + g->w_offset + (turned ? (size_t)block * BLOCK * BLOCK : block * whole);
    from.scale = WEIGHT_SCALES(w, t->to.channels / BLOCK * whole, block);
    from.plane = plane;
    from.pitch = turned ? whole : BLOCK * BLOCK;
    from.turned = turned;
    return from;
}

/* The taps of square i: taps[input][tap][2]. */
void load_taps(VF *taps, const Weights *w, int i)
{
    for (int k = 0; k < TAPS * TAPS; k++) {
        __global const Weight *from = w->at + w->offset[k] + i * w->pitch;
#if W_TYPE == P2P_TYPE_F32
        if (w->turned) {
            turn_block(taps + k * 2, TAPS * TAPS * 2, from, BLOCK);
            continue;
        }
#endif
        for (int c = 0; c < BLOCK; c++)
            for (int vec = 0; vec < 2; vec++)
                taps[(c * TAPS * TAPS + k) * 2 + vec] = WEIGHT_LOAD(c * 2 + vec, from, w->scale);
    }
}

/* Vectors from point to point of a chunk's weights: not a power of two, whose multiples would all fall
 * into one set of the cache. */
#define PITCH (CHUNK * 2 + 2)

/* weights[point][channel][2] of one channel from its taps[tap][2], both halves of the block. */
SEPARATE void transform_taps(VF *weights, const VF *taps)
{
    VF one[TAPS * TAPS], points[ALL];

    for (int vec = 0; vec < 2; vec++) {
        UNROLLED for (int i = 0; i < TAPS * TAPS; i++)
            one[i] = taps[2 * i + vec];
        TRANSFORM(weight_line, points, POINTS, one, TAPS)
        UNROLLED for (int i = 0; i < ALL; i++)
            weights[i * PITCH + vec] = points[i];
    }
}

#define TILE_SOURCE(i) __global const float *const a##i = v + i * CHUNK;

/* sums[tile][2] += V's rows times the weights of one point. */
SEPARATE void multiply(VF *sums, __global const float *v, const VF *w)
{
    EACH_ROW(TILE_SOURCE)
    EACH_ROW(TILE_BEGIN)

    for (int c = 0; c < CHUNK; c++) {
        const VF w0 = w[2 * c], w1 = w[2 * c + 1];
        EACH_ROW(TILE_STEP)
    }
    EACH_ROW(TILE_END)
}

/* Write a tile's TILE x TILE pixels of a block; those outside the picture are dropped. */
SEPARATE void put_tile(__global float *out, __global const float *bias, const VF *sums, Window w,
                       Side to, const ConvGeom *g)
{
    VF points[ALL], pixels[2][TILE * TILE];

    for (int vec = 0; vec < 2; vec++) {
        UNROLLED for (int i = 0; i < ALL; i++)
            points[i] = sums[i * GROUP * 2 + vec];
        TRANSFORM(output_line, pixels[vec], TILE, points, POINTS)
    }
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++) {
            const int y = w.y + i * w.step, x = w.x + j * w.step;
            const size_t at = ((size_t)w.picture * to.height + y) * to.width + x;

            if ((uint)y < (uint)to.height && (uint)x < (uint)to.width)
                put_block(out + at * to.stride, pixels[0][i * TILE + j], pixels[1][i * TILE + j],
                          bias, BLOCK, g->accumulate, g->act, g->slope);
        }
}

ONE_ITEM
__kernel void winograd_gather(__global const float *restrict v, __global const Weight *restrict w,
                              __global const float *restrict bias, __global float *restrict out,
                              const ConvGeom g, const int gradient, const int tiles_in_group)
{
    const Gather t = gather(&g, gradient, 0);
    const Tiles tiles = gather_tiles(&g, gradient);
    const int padded = padded_tiles(tiles.count), first = get_group_id(0) * tiles_in_group;
    const int used = min(tiles_in_group, padded - first);
    const int blocks = t.to.channels / BLOCK; /* of one d */
    const int d_out = get_group_id(1) / blocks, block = get_group_id(1) % blocks;
    const int inputs = t.from.channels * (gradient ? 1 : g.stride * g.stride);
    Weights from = block_weights(&g, &t, w, block, g.large_out != gradient);
    VF sums[ALL * GROUP * 2], weights[ALL * PITCH], taps[BLOCK * TAPS * TAPS * 2];

    for (int i = 0; i < ALL; i++)
        for (int k = 0; k < used * 2; k++)
            sums[i * GROUP * 2 + k] = (VF)(0.0f);
    for (int chunk = 0; chunk < inputs / CHUNK; chunk++) {
        const int square = chunk * CHUNK % t.from.channels / BLOCK;
        const int d = gradient ? d_out : chunk * CHUNK / t.from.channels;

        tap_offsets(from.offset, &g, d, gradient, from.plane);
        for (int c = 0; c < CHUNK; c += BLOCK) {
            load_taps(taps, &from, square + c / BLOCK);
            for (int i = 0; i < BLOCK; i++)
                transform_taps(weights + (c + i) * 2, taps + i * TAPS * TAPS * 2);
        }
        for (int i = 0; i < ALL; i++) {
            __global const float *points =
                v + (((size_t)chunk * ALL + i) * padded + first) * CHUNK;
            for (int k = 0; k < used; k += ROWS)
                multiply(sums + (i * GROUP + k) * 2, points + k * CHUNK, weights + i * PITCH);
        }
    }

    const int channel = block * BLOCK;
    for (int i = 0; i < used && first + i < tiles.count; i++) {
        const Window at = gradient ? window(first + i, tiles, g.stride, d_out / g.stride - g.pad,
                                            d_out % g.stride - g.pad)
                                   : window(first + i, tiles, 1, 0, 0);
        put_tile(out + t.to.offset + channel, bias ? bias + g.bias_offset + channel : 0,
                 sums + i * 2, at, t.to, &g);
    }
}

#else
/* ---- Weight gradient ------------------------------------------------------------------------- */

#define RUN 64 /* tiles whose data stay in the first cache */
#define SLOTS ((CHUNK + ROWS - 1) / ROWS * ROWS)

ONE_ITEM
__kernel void winograd_spread(__global const float *restrict y, __global const float *zeros,
                              __global float *restrict z, const ConvGeom g, const int chunk,
                              const int behind)
{
    const Side from = gather(&g, 1, 0).from;
    const Tiles tiles = gather_tiles(&g, 0);
    const int tile = get_group_id(0), padded = padded_tiles(tiles.count);
    __global const float *source[TILE * TILE];

    window_sources(source, TILE, window(tile, tiles, 1, 0, 0), y, zeros, from);
    for (int c = 0; c < from.channels; c += VW) {
        __global float *to =
            z + behind + ((size_t)(c / chunk) * ALL * padded + tile) * chunk + c % chunk;
        VF pixels[TILE * TILE], points[ALL];

        UNROLLED for (int i = 0; i < TILE * TILE; i++)
            pixels[i] = VF_LOAD(source[i] + c);
        TRANSFORM(spread_line, points, POINTS, pixels, TILE)
        UNROLLED for (int i = 0; i < ALL; i++)
            VF_STORE(points[i], to + (size_t)i * padded * chunk);
    }
}

#define GRAD_STEP(i)                                                                               \
    {                                                                                              \
        const VF a = (VF)(p[i]);                                                                   \
        u##i = FMA(a, w0, u##i);                                                                   \
        v##i = FMA(a, w1, v##i);                                                                   \
    }

/* sums[input][2] += over some tiles: ROWS inputs times a block of outputs. */
SEPARATE void outer_product(VF *sums, __global const float *p, __global const float *o, int tiles)
{
    EACH_ROW(TILE_BEGIN)

    for (int i = 0; i < tiles; i++, p += CHUNK, o += BLOCK) {
        const VF w0 = VF_LOAD(o), w1 = VF_LOAD(o + VW);
        EACH_ROW(GRAD_STEP)
    }
    EACH_ROW(TILE_END)
}

ONE_ITEM
__kernel void winograd_wgrad(__global const float *restrict v, UPDATE_ARGUMENTS, const ConvGeom g,
                             const int behind)
{
    UPDATE_BEGIN(g)
    __global const float *z = v + behind;
    const int tiles = gather_tiles(&g, 0).count, padded = padded_tiles(tiles);
    const int chunk = get_group_id(0), output = get_group_id(1) * BLOCK;
    const size_t p_panel = (size_t)padded * CHUNK, o_panel = (size_t)padded * BLOCK;
    __global const float *p = (g.large_out ? z : v) + chunk * ALL * p_panel;
    __global const float *o = (g.large_out ? v : z) + get_group_id(1) * ALL * o_panel;
    /* The large side's channels are virtual: (d, c). */
    const int in = chunk * CHUNK, inputs = g.large_out ? g.k : g.c;
    const int d = (g.large_out ? output : in) / g.c;
    const size_t block = (g.large_out ? output % g.c : output) / BLOCK;
    size_t at[TAPS * TAPS];
    VF sums[ALL * SLOTS * 2], points[ALL], taps[TAPS * TAPS];

    tap_offsets(at, &g, d, 0, (size_t)inputs * BLOCK);
    for (int i = 0; i < TAPS * TAPS; i++)
        at[i] += (block * g.r * g.s * inputs + in % inputs) * BLOCK;

    for (int i = 0; i < ALL * SLOTS * 2; i++)
        sums[i] = (VF)(0.0f);
    for (int i = 0; i < ALL; i++, p += p_panel, o += o_panel)
        for (int first = 0; first < tiles; first += RUN)
            for (int c = 0; c < CHUNK; c += ROWS) {
                if (first == 0 && i >= ALL - TAPS * TAPS)
                    update_prefetch(&update, at[i - (ALL - TAPS * TAPS)] + c * BLOCK, ROWS * BLOCK);
                outer_product(sums + (i * SLOTS + c) * 2, p + (size_t)first * CHUNK + c,
                              o + (size_t)first * BLOCK, min(RUN, tiles - first));
            }
    for (int c = 0; c < CHUNK; c++)
        for (int vec = 0; vec < 2; vec++) {
            UNROLLED for (int i = 0; i < ALL; i++)
                points[i] = sums[(i * SLOTS + c) * 2 + vec];
            TRANSFORM(gradient_line, taps, TAPS, points, POINTS)
            UNROLLED for (int i = 0; i < TAPS * TAPS; i++)
                update_weights(&update, &rule, at[i] + c * BLOCK + vec * VW, taps[i]);
        }
}
#endif
