/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution of stride 1 on GPUs by Winograd's algorithm (winograd.clh). Data and weights are transformed
 * to POINTS x POINTS numbers for each tile of TILE x TILE results; what is multiplied at one point is a
 * convolution of 1 x 1 over the tiles as its pixels, ALL of which conv2d_tile.cl or conv2d_tile_wgrad.cl
 * makes at once (-D BATCHED); this file transforms before and behind. A work-item has VW channels.
 *
 * In the workspace, each a plane for every point: V [tile][channel] of what is read, U like the weights of
 * one tap, or of a weight gradient's small side Z [tile][channel]; M [tile][output] or like the weights.
 *
 * Kernels
 *   winograd_tile_before   V = B^T d B, and in the groups behind `data_groups` U = G w G^T
 *   winograd_tile_behind   out = A^T M A.                          {tiles * outputs / VW}, local {64}
 * or with -D WGRAD
 *   winograd_tile_spread   V, and in the groups behind Z = A y A^T
 *   winograd_tile_update   gradient G^T M G, or Adam's step of it.  {weights of a tap / VW}, local {64}
 *
 * Build options: see common.clh, winograd.clh, and -D BLOCK=<n>, outputs in a block of weights.
 * Reference: p2p_ref_conv2d_* in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "vector.clh"
#include "activation.clh"
#include "winograd.clh"

/* The large side or the small one; gather() takes a stack where it is not known which. Structs are not
 * returned: oclgrind has no notion of what clang makes of that. */
INLINE void set_side(Side *s, const ConvGeom *g, int small)
{
    const Side set = {small ? g->p : g->h, small ? g->q : g->w, small ? g->y_stride : g->x_stride,
                      small ? g->y_offset : g->x_offset, small ? g->k : g->c};

    *s = set;
}

/* A work-item's place among all tiles and channels: results of tiles begin at pixel (y, x). */
typedef struct Place {
    int picture, y, x, channel;
    uint tiles; /* in all */
} Place;

/* Of item VW * i among the channels of tiles over pictures of rows x cols results. */
INLINE void set_place(Place *p, uint at, int channels, int pictures, int rows, int cols)
{
    const uint down = (uint)(rows + TILE - 1) / TILE, across = (uint)(cols + TILE - 1) / TILE;
    const uint tile = at / channels, line = tile / across;
    const Place set = {line / down, line % down * TILE, tile % across * TILE, at % channels,
                       pictures * down * across};

    *p = set;
}

/* pixels = the size x size ones of a side from (top, left) of the place on, 0 outside of the picture. */
#define LOAD_WINDOW(pixels, size, in, side, p, top, left)                                          \
    UNROLLED for (int i = 0; i < (size) * (size); i++)                                             \
    {                                                                                              \
        const int row = (p).y + (top) + i / (size), col = (p).x + (left) + i % (size);             \
        const int inside = (uint)row < (uint)(side).height && (uint)col < (uint)(side).width;      \
        const int pixel = ((p).picture * (side).height + row) * (side).width + col;                \
        (pixels)[i] = inside ? VF_LOAD((in) + (side).offset + pixel * (side).stride + (p).channel) \
                             : (VF)(0.0f);                                                         \
    }

#define STORE_POINTS(to, plane, points) \
    UNROLLED for (int i = 0; i < ALL; i++) VF_STORE((points)[i], (to) + (size_t)i * (plane));

#define LOAD_POINTS(points, from, plane) \
    UNROLLED for (int i = 0; i < ALL; i++) (points)[i] = VF_LOAD((from) + (size_t)i * (plane));

/* V of what a gather reads for results of rows x cols pixels; a weight gradient reads as its forward pass. */
INLINE void transform_data(__global const float *in, __global float *v, const ConvGeom *g, int gradient, uint at)
{
    const int first = gradient ? g->pad - (TAPS - 1) : -g->pad;
    VF pixels[ALL], points[ALL];
    Side from, to;
    Place p;

    set_side(&from, g, gradient);
    set_side(&to, g, !gradient);
    set_place(&p, at, from.channels, g->n, to.height, to.width);

    if (at >= p.tiles * from.channels)
        return;
    LOAD_WINDOW(pixels, POINTS, in, from, p, first, first)
    TRANSFORM(data_line, points, POINTS, pixels, POINTS)
    STORE_POINTS(v + at, p.tiles * from.channels, points)
}

/* Floats of a tap's weights: their blocks, each [input][BLOCK]. */
INLINE uint tap_floats(const ConvGeom *g)
{
    const int outputs = g->large_out ? g->c : g->k, inputs = g->large_out ? g->k : g->c;

    return (outputs + BLOCK - 1) / BLOCK * BLOCK * inputs;
}

/* Floats from tap to tap of a block. */
INLINE uint tap_step(const ConvGeom *g)
{
    return (g->large_out ? g->k : g->c) * BLOCK;
}

/* Where the weights at place `at` of tap 0 begin. */
INLINE uint first_tap(uint at, uint step)
{
    return at / step * step * TAPS * TAPS + at % step;
}

#ifndef WGRAD

INLINE void transform_weights(__global const float *w, __global float *u, const ConvGeom *g, int gradient, uint at)
{
    const uint plane = tap_floats(g), step = tap_step(g), first = g->w_offset + first_tap(at, step);
    VF taps[TAPS * TAPS], points[ALL];

    if (at >= plane)
        return;
    UNROLLED for (int i = 0; i < TAPS * TAPS; i++)
        taps[i] = VF_LOAD(w + first + (gradient ? TAPS * TAPS - 1 - i : i) * step);
    TRANSFORM(weight_line, points, POINTS, taps, TAPS)
    STORE_POINTS(u + at, plane, points)
}

FLAT_ITEMS
__kernel void winograd_tile_before(__global const float *restrict in, __global const float *restrict w,
                                   __global float *restrict work, const ConvGeom g, const int gradient,
                                   const int data_groups, const int weights_at)
{
    const int group = get_group_id(0);
    const uint at = ((group < data_groups ? group : group - data_groups) * FLAT_GROUP + get_local_id(0)) * VW;

    if (group < data_groups)
        transform_data(in, work, &g, gradient, at);
    else
        transform_weights(w, work + weights_at, &g, gradient, at);
}

FLAT_ITEMS
__kernel void winograd_tile_behind(__global const float *restrict work, __global const float *restrict bias,
                                   __global float *restrict out, const ConvGeom g, const int gradient,
                                   const int sums_at)
{
    const uint at = (uint)get_global_id(0) * VW;
    VF points[ALL], pixels[TILE * TILE];
    Side to;
    Place p;

    set_side(&to, &g, !gradient);
    set_place(&p, at, to.channels, g.n, to.height, to.width);
    if (at >= p.tiles * to.channels)
        return;
    LOAD_POINTS(points, work + sums_at + at, p.tiles * to.channels)
    TRANSFORM(output_line, pixels, TILE, points, POINTS)
    const VF more = bias ? VF_LOAD(bias + g.bias_offset + p.channel) : (VF)(0.0f);
    UNROLLED for (int i = 0; i < TILE * TILE; i++)
    {
        const int y = p.y + i / TILE, x = p.x + i % TILE;
        __global float *pixel =
            out + to.offset + ((p.picture * to.height + y) * to.width + x) * to.stride + p.channel;
        const VF v = pixels[i] + more;
        if (y < to.height && x < to.width)
            VF_STORE(g.accumulate ? v + VF_LOAD(pixel) : activate_vector(v, g.act, g.slope), pixel);
    }
}

#else

#include "adam.clh"
#include "conv2d_update.clh"

INLINE void spread(__global const float *y, __global float *z, const ConvGeom *g, uint at)
{
    VF pixels[TILE * TILE], points[ALL];
    Side from;
    Place p;

    set_side(&from, g, 1);
    set_place(&p, at, from.channels, g->n, from.height, from.width);
    if (at >= p.tiles * from.channels)
        return;
    LOAD_WINDOW(pixels, TILE, y, from, p, 0, 0)
    TRANSFORM(spread_line, points, POINTS, pixels, TILE)
    STORE_POINTS(z + at, p.tiles * from.channels, points)
}

FLAT_ITEMS
__kernel void winograd_tile_spread(__global const float *restrict x, __global const float *restrict y,
                                   __global float *restrict work, const ConvGeom g, const int data_groups,
                                   const int small_at)
{
    const int group = get_group_id(0);
    const uint at = ((group < data_groups ? group : group - data_groups) * FLAT_GROUP + get_local_id(0)) * VW;

    if (group < data_groups)
        transform_data(x, work, &g, 0, at);
    else
        spread(y, work + small_at, &g, at);
}

FLAT_ITEMS
__kernel void winograd_tile_update(__global const float *restrict work, UPDATE_ARGUMENTS, const ConvGeom g,
                                   const int sums_at)
{
    UPDATE_BEGIN(g)
    const uint plane = tap_floats(&g), at = (uint)get_global_id(0) * VW;
    const uint step = tap_step(&g), first = first_tap(at, step);
    VF points[ALL], taps[TAPS * TAPS];

    if (at >= plane)
        return;
    LOAD_POINTS(points, work + sums_at + at, plane)
    TRANSFORM(gradient_line, taps, TAPS, points, POINTS)
    for (int i = 0; i < TAPS * TAPS; i++)
        update_weights(&update, &rule, first + i * step, taps[i]);
}

#endif
