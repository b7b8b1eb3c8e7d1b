/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weight gradient of a convolution on CPUs by Winograd's algorithm; see conv2d_winograd.clh for the
 * words.
 *
 * Kernels
 *   winograd_spread    Z = A y A^T of the small side.           global {tiles of a slice}
 *   winograd_wgrad     weight gradient from V and Z, with Adam's step where there are moments; sums
 *                      wait in memory for the next slice. global {chunks, blocks of outputs}, or with
 *                      more slices than one {blocks of outputs, chunks}
 *
 * Build options: those of conv2d_winograd.clh; weights are f32.
 */
#include "common.clh"
#include "conv2d.clh"
#include "adam.clh"
#include "conv2d_update.clh"
#include "conv2d_rows.clh"
#include "conv2d_winograd.clh"

#define INPUTS WINOGRAD_INPUTS(VW)
#define SLOTS ((CHUNK + INPUTS - 1) / INPUTS * INPUTS)

#if INPUTS == 6
#define EACH_INPUT(M) M(0) M(1) M(2) M(3) M(4) M(5)
#else
#define EACH_INPUT(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7)
#endif

ONE_ITEM
__kernel void winograd_spread(__global const float *restrict y, __global const float *zeros,
                              __global float *restrict z, const ConvGeom g, const int chunk,
                              const int behind, const ConvSlice slice)
{
    const Side from = gather(&g, 1, 0).from;
    const Tiles tiles = gather_tiles(&g, 0);
    const int tile = get_group_id(0), padded = padded_tiles(slice.tiles);
    __global const float *source[TILE * TILE];

    window_sources(source, TILE, window(slice.first + tile, tiles, 1, 0, 0), y, zeros, from);
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

/* Lines of a cache with data of a tile that a later call reads: `step` floats from tile to tile. */
typedef struct Ahead {
    __global const float *at;
    int step;
} Ahead;

/* Line `i` of those of a tile, inputs first, among tiles at p and o. */
Ahead line_of_tiles(__global const float *p, __global const float *o, int i)
{
    const int lines = (CHUNK + LINE - 1) / LINE;
    const Ahead inputs = {p + i * LINE, CHUNK}, outputs = {o + (i - lines) * LINE % BLOCK, BLOCK};

    return i < lines ? inputs : outputs;
}

/* sums[input][2] += over some tiles: INPUTS inputs times a block of outputs. What is ahead comes into the
 * second cache meanwhile. */
SEPARATE void outer_product(VF *sums, __global const float *p, __global const float *o, int tiles,
                            Ahead ahead)
{
    EACH_INPUT(TILE_BEGIN)

    for (int i = 0; i < tiles; i++, p += CHUNK, o += BLOCK, ahead.at += ahead.step) {
        const VF w0 = VF_LOAD(o), w1 = VF_LOAD(o + VW);
        PREFETCH_FAR(ahead.at);
        EACH_INPUT(GRAD_STEP)
    }
    EACH_INPUT(TILE_END)
}

ONE_ITEM
__kernel void winograd_wgrad(__global float *restrict v, UPDATE_ARGUMENTS, const ConvGeom g,
                             const int behind, const int sums_at, const ConvSlice slice)
{
    UPDATE_BEGIN(g)
    __global const float *z = v + behind;
    const int tiles = slice.tiles, padded = padded_tiles(tiles);
    const int begins = slice.first == 0, ends = slice.first + tiles == gather_tiles(&g, 0).count;
    /* Slices of many tiles are what is large, and read from the cache; else it is the weights. */
    const int order = begins && ends, blocks = get_num_groups(order);
    const int chunk = get_group_id(!order), out_block = get_group_id(order);
    const int output = out_block * BLOCK;
    const size_t p_panel = (size_t)padded * CHUNK, o_panel = (size_t)padded * BLOCK;
    __global const float *p = (g.large_out ? z : v) + chunk * ALL * p_panel;
    __global const float *o = (g.large_out ? v : z) + out_block * ALL * o_panel;
    __global float *kept = v + sums_at + ((size_t)chunk * blocks + out_block) * ALL * SLOTS * BLOCK;
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
        sums[i] = begins ? (VF)(0.0f) : VF_LOAD(kept + i * VW);
    for (int i = 0; i < ALL; i++, p += p_panel, o += o_panel)
        for (int first = 0; first < tiles; first += WINOGRAD_RUN) {
            const size_t run = first + WINOGRAD_RUN < tiles ? first + WINOGRAD_RUN : padded;

            for (int c = 0; c < CHUNK; c += INPUTS) {
                if (ends && first == 0 && i >= ALL - TAPS * TAPS)
                    update_prefetch(&update, at[i - (ALL - TAPS * TAPS)] + c * BLOCK, INPUTS * BLOCK);
                outer_product(sums + (i * SLOTS + c) * 2, p + (size_t)first * CHUNK + c,
                              o + (size_t)first * BLOCK, min(WINOGRAD_RUN, tiles - first),
                              line_of_tiles(p + run * CHUNK, o + run * BLOCK, c / INPUTS));
            }
        }
    if (!ends) {
        for (int i = 0; i < ALL * SLOTS * 2; i++)
            VF_STORE(sums[i], kept + i * VW);
        return;
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
