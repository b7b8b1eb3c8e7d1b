/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forward pass and data gradient of a convolution on CPUs by Winograd's algorithm; see
 * conv2d_winograd.clh for the words.
 *
 * Kernel
 *   winograd_gather    forward or data gradient from V; the weights are transformed on the way.
 *                      global {groups of tiles, blocks of virtual outputs}, exchanged with
 *                      blocks_first: then not weights but V is read once
 *
 * Build options: those of conv2d_winograd.clh, and -D W_TYPE=<n>, see weight.clh.
 */
#include "common.clh"
#include "conv2d.clh"
#include "conv2d_rows.clh"
#include "weight.clh"
#include "conv2d_winograd.clh"

/* Tiles of a group: their sums of all points stay in the second cache. */
#define GROUP WINOGRAD_GROUP(ALL, VW, ROWS)
/* Vectors from point to point of the sums: as PITCH below, not a power of two. */
#define SUMS_PITCH (GROUP * 2 + 2)

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

/* Square i of a tap. */
__global const Weight *square_at(const Weights *w, int tap, int i)
{
    return w->at + w->offset[tap] + i * w->pitch;
}

/* Vectors from tap to tap, and from point to point of a chunk's weights: not a power of two, whose
 * multiples would all fall into one set of the cache. */
#define TAP_PITCH (BLOCK * 2 + 2)
#define PITCH (CHUNK * 2 + 2)

/* The taps of square i: taps[tap][input][2]. */
void load_taps(VF *taps, const Weights *w, int i)
{
    for (int k = 0; k < TAPS * TAPS; k++) {
        __global const Weight *from = square_at(w, k, i);
#if W_TYPE == P2P_TYPE_F32
        if (w->turned) {
            turn_block(taps + k * TAP_PITCH, 2, from, BLOCK);
            continue;
        }
#endif
        for (int c = 0; c < BLOCK; c++)
            for (int vec = 0; vec < 2; vec++)
                taps[k * TAP_PITCH + c * 2 + vec] = WEIGHT_LOAD(c * 2 + vec, from, w->scale);
    }
}

/* weights[point][channel][2] of one channel from its taps[tap][2], both halves of the block. */
SEPARATE void transform_taps(VF *weights, const VF *taps)
{
    VF one[TAPS * TAPS], points[ALL];

    for (int vec = 0; vec < 2; vec++) {
        UNROLLED for (int i = 0; i < TAPS * TAPS; i++)
            one[i] = taps[i * TAP_PITCH + vec];
        TRANSFORM(weight_line, points, POINTS, one, TAPS)
        UNROLLED for (int i = 0; i < ALL; i++)
            weights[i * PITCH + vec] = points[i];
    }
}

#define TILE_SOURCE(i) __global const float *const a##i = v + i * CHUNK;

/* sums[tile][2] += V's rows times the weights of one point. What is at `next`, as large as a square of
 * weights, comes nearer meanwhile. */
SEPARATE void multiply(VF *sums, __global const float *v, const VF *w, __global const Weight *next)
{
    EACH_ROW(TILE_SOURCE)
    EACH_ROW(TILE_BEGIN)

    for (int c = 0; c < CHUNK; c++) {
        const VF w0 = w[2 * c], w1 = w[2 * c + 1];
        PREFETCH(next + c * (BLOCK * BLOCK / CHUNK));
        EACH_ROW(TILE_STEP)
    }
    EACH_ROW(TILE_END)
}

/* Squares of weights of a chunk, and how many of them the tiles of a point ask for. */
#define SQUARES (TAPS * TAPS * (CHUNK / BLOCK))
#define SQUARES_AT_ONCE ((SQUARES + ALL - 1) / ALL)

/* What is asked for beside the k-th product of a point: a square of the next chunk, whose first is `square`;
 * else the next rows of V. */
__global const Weight *asked(const Weights *w, int square, int point, int k, __global const float *rows)
{
    const int n = point * SQUARES_AT_ONCE + k;

    return k < SQUARES_AT_ONCE && n < SQUARES
               ? square_at(w, n % (TAPS * TAPS), square + n / (TAPS * TAPS))
               : (__global const Weight *)rows;
}

/* Write a tile's TILE x TILE pixels of a block; those outside the picture are dropped. (A Side by value would
 * be read back from the stack as soon as it is written, which waits until all earlier stores are done.) */
SEPARATE void put_tile(__global float *out, __global const float *bias, const VF *sums, Window w,
                       const Side *to, const ConvGeom *g)
{
    VF points[ALL], pixels[2][TILE * TILE];

    for (int vec = 0; vec < 2; vec++) {
        UNROLLED for (int i = 0; i < ALL; i++)
            points[i] = sums[i * SUMS_PITCH + vec];
        TRANSFORM(output_line, pixels[vec], TILE, points, POINTS)
    }
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++) {
            const int y = w.y + i * w.step, x = w.x + j * w.step;
            const size_t at = ((size_t)w.picture * to->height + y) * to->width + x;

            if ((uint)y < (uint)to->height && (uint)x < (uint)to->width)
                put_block(out + at * to->stride, pixels[0][i * TILE + j], pixels[1][i * TILE + j],
                          bias, BLOCK, g->accumulate, g->act, g->slope);
        }
}

ONE_ITEM
__kernel void winograd_gather(__global const float *restrict v, __global const Weight *restrict w,
                              __global const float *restrict bias, __global float *restrict out,
                              const ConvGeom g, const int gradient, const int tiles_in_group,
                              const int blocks_first, const ConvSlice slice)
{
    const Gather t = gather(&g, gradient, 0);
    const Tiles tiles = gather_tiles(&g, gradient);
    const int padded = padded_tiles(slice.tiles), first = get_group_id(!!blocks_first) * tiles_in_group;
    const int used = min(tiles_in_group, padded - first);
    const int blocks = t.to.channels / BLOCK; /* of one d */
    const int out_block = get_group_id(!blocks_first);
    const int d_out = out_block / blocks, block = out_block % blocks;
    const int inputs = t.from.channels * (gradient ? 1 : g.stride * g.stride);
    Weights from = block_weights(&g, &t, w, block, g.large_out != gradient);
    VF sums[ALL * SUMS_PITCH], weights[ALL * PITCH], taps[TAPS * TAPS * TAP_PITCH];

    for (int i = 0; i < ALL; i++)
        for (int k = 0; k < used * 2; k++)
            sums[i * SUMS_PITCH + k] = (VF)(0.0f);
    tap_offsets(from.offset, &g, gradient ? d_out : 0, gradient, from.plane);
    for (int chunk = 0; chunk < inputs / CHUNK; chunk++) {
        const int then = min((chunk + 1) * CHUNK, inputs - CHUNK), channels = t.from.channels;
        const int square = chunk * CHUNK % channels / BLOCK, next = then % channels / BLOCK;

        for (int c = 0; c < CHUNK; c += BLOCK) {
            load_taps(taps, &from, square + c / BLOCK);
            for (int i = 0; i < BLOCK; i++)
                transform_taps(weights + (c + i) * 2, taps + i * 2);
        }
        if (!gradient)
            tap_offsets(from.offset, &g, then / channels, 0, from.plane);
        for (int i = 0; i < ALL; i++) {
            __global const float *points =
                v + (((size_t)chunk * ALL + i) * padded + first) * CHUNK;

            for (int k = 0; k < used; k += ROWS, points += ROWS * CHUNK)
                multiply(sums + i * SUMS_PITCH + k * 2, points, weights + i * PITCH,
                         asked(&from, next, i, k / ROWS, points + ROWS * CHUNK));
        }
    }

    const int channel = block * BLOCK;
    for (int i = 0; i < used && first + i < slice.tiles; i++) {
        const int tile = slice.first + first + i;
        const Window at = gradient ? window(tile, tiles, g.stride, d_out / g.stride - g.pad,
                                            d_out % g.stride - g.pad)
                                   : window(tile, tiles, 1, 0, 0);
        put_tile(out + t.to.offset + channel, bias ? bias + g.bias_offset + channel : 0,
                 sums + i * 2, at, &t.to, &g);
    }
}
