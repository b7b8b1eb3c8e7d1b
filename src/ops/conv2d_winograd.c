/* SPDX-License-Identifier: BSD-2-Clause */
/* The winograd variants of the convolution: launches of cl/conv2d_winograd.cl, for CPUs. */
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* As in tools/winograd_lines.c and the kernel. */
enum { RUN_BYTES = 64, MOST_SUMS = 73728, /* floats */ OPTIONS = 96 };
typedef struct Algorithm {
    int tile, taps; /* F(tile, taps) */
} Algorithm;
static const Algorithm algorithms[] = {{3, 2}, {2, 2}, {4, 3}, {2, 3}, {3, 4}};

/* What the kernel computes from the same geometry. */
typedef struct Plan {
    ConvGeom g;
    Algorithm algorithm;
    int chunk, points, tiles, padded;
    char options[OPTIONS];
} Plan;

typedef enum Direction { FORWARD, DGRAD, WGRAD } Direction;

/* Tiles along a dimension, of the small side's pixels or the large side's virtual ones. */
static int tiles_along(int large, int small, const ConvGeom *g, int tile, Direction direction)
{
    const int size = direction == DGRAD ? p2p_ceil_div(large + g->pad, g->stride) : small;

    return p2p_ceil_div(size, tile);
}

static int count_tiles(const ConvGeom *g, int tile, Direction direction)
{
    return g->n * tiles_along(g->h, g->p, g, tile, direction) *
           tiles_along(g->w, g->q, g, tile, direction);
}

static int rounded_tiles(const ConvGeom *g, int tile, Direction direction, const P2pCaps *caps)
{
    return (int)p2p_round_up((size_t)count_tiles(g, tile, direction),
                             (size_t)p2p_conv2d_rows(caps));
}

/*
 * Multiply-adds of an algorithm for each pair of a virtual input and an output, with what its transform
 * of the weights costs beside them: about two a point for each of the groups of tiles.
 */
static double cost(const ConvGeom *g, Algorithm a, Direction direction, const P2pCaps *caps)
{
    const int all = (a.tile + a.taps - 1) * (a.tile + a.taps - 1);
    const int tiles = rounded_tiles(g, a.tile, direction, caps);
    const int groups = p2p_ceil_div(tiles, MOST_SUMS / (all * g->block));

    return all * (tiles + 4.0 * groups);
}

/* The direct sum's, in the same unit. */
static double direct_cost(const ConvGeom *g, int taps)
{
    return (double)g->n * g->p * g->q * taps * taps;
}

static bool choose(const ConvGeom *g, Direction direction, const P2pCaps *caps, Algorithm *best)
{
    double least = 0;

    if (g->r != g->s || g->r % g->stride)
        return false;
    for (size_t i = 0; i < P2P_COUNT(algorithms); i++) {
        if (algorithms[i].taps != g->r / g->stride)
            continue;
        const double c = cost(g, algorithms[i], direction, caps);
        if (least == 0 || c < least) {
            least = c;
            *best = algorithms[i];
        }
    }
    return least > 0;
}

static bool fits(const P2pCall *call, const P2pCaps *caps, Direction direction)
{
    const ConvGeom g = p2p_conv_geom(call);
    Algorithm a;

    return caps->is_cpu && g.block == 2 * caps->vector_width && g.c % g.block == 0 &&
           g.k % g.block == 0 && g.c <= P2P_ZEROS && g.k <= P2P_ZEROS &&
           (!p2p_call_is_packed(call) || g.large_out == (direction == DGRAD)) &&
           choose(&g, direction, caps, &a);
}

static bool worth(const P2pCall *call, const P2pCaps *caps, Direction direction)
{
    const ConvGeom g = p2p_conv_geom(call);
    Algorithm a;

    return choose(&g, direction, caps, &a) &&
           1.25 * cost(&g, a, direction, caps) < direct_cost(&g, a.taps);
}

static Plan plan(const P2pCall *call, const P2pCaps *caps, Direction direction)
{
    Plan p = {.g = p2p_conv_geom(call)};
    const ConvGeom *g = &p.g;

    p.chunk = 64;
    while (g->c % p.chunk || g->k % p.chunk)
        p.chunk /= 2;
    choose(g, direction, caps, &p.algorithm);
    p.points = p.algorithm.tile + p.algorithm.taps - 1;
    p.tiles = count_tiles(g, p.algorithm.tile, direction);
    p.padded = rounded_tiles(g, p.algorithm.tile, direction, caps);
    snprintf(p.options, sizeof(p.options),
             "-D TILE=%d -D TAPS=%d -D CHUNK=%d -D ROWS=%d -D PACKING=%d%s", p.algorithm.tile,
             p.algorithm.taps, p.chunk, p2p_conv2d_rows(caps), call->t[P2P_CONV_W].packing,
             direction == WGRAD ? " -D WGRAD" : "");
    return p;
}

/* Bytes of the transformed data of one side; virtual channels of the large one. */
static size_t data_bytes(const Plan *p, int channels)
{
    const size_t floats =
        (size_t)p->points * (size_t)p->points * (size_t)p->padded * (size_t)channels;

    return p2p_round_up(floats * sizeof(float) + RUN_BYTES, 256);
}

static int large_channels(const Plan *p)
{
    return p->g.stride * p->g.stride * p->g.c;
}

static int add(P2pSequence *seq, const Plan *p, const char *kernel, const P2pArg *args, int count,
               int x, int y)
{
    return p2p_sequence_add(seq, &(P2pLaunch){.program = "conv2d_winograd",
                                              .kernel = kernel,
                                              .options = p->options,
                                              .global = {(size_t)x, (size_t)y, 1},
                                              .local = {1, 1, 1},
                                              .args = args,
                                              .arg_count = count});
}

/* V from the large side, or from the small one for the data gradient. */
static int add_data(P2pSequence *seq, const Plan *p, const P2pCall *call, const P2pBuffer *v,
                    int gradient, int chunk)
{
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_Y : P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(p2p_sequence_zeros(seq)),
                           P2P_ARG_BUFFER(v),
                           P2P_ARG(p->g),
                           P2P_ARG(gradient),
                           P2P_ARG(chunk)};

    return add(seq, p, "winograd_data", args, (int)P2P_COUNT(args), p->tiles,
               gradient ? 1 : p->g.stride * p->g.stride);
}

/* Tiles in a group: as many as the sums allow, but groups for all cores; a multiple of the rows. */
static int tiles_in_group(const Plan *p, int blocks, const P2pCaps *caps)
{
    const int rows = p2p_conv2d_rows(caps),
              most = MOST_SUMS / (p->points * p->points * p->g.block) / rows;
    const int all = p->padded / rows;
    int groups = p2p_ceil_div(all, most);

    while (groups < all && groups * blocks < 4 * caps->compute_units)
        groups++;
    return p2p_ceil_div(all, groups) * rows;
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work,
                       Direction direction)
{
    const Plan p = plan(call, caps, direction);
    const int gradient = direction == DGRAD;
    const int blocks = (gradient ? large_channels(&p) : p.g.k) / p.g.block;
    const int tiles = tiles_in_group(&p, blocks, caps);
    const P2pArg args[] = {P2P_ARG_BUFFER(work),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_X : P2P_CONV_Y].buffer),
                           P2P_ARG(p.g),
                           P2P_ARG(gradient),
                           P2P_ARG(tiles)};
    int err;

    if (!p2p_sequence_zeros(seq))
        return P2P_EDEVMEM;
    if ((err = add_data(seq, &p, call, work, gradient, p.chunk)) < 0)
        return err;
    return add(seq, &p, "winograd_gather", args, (int)P2P_COUNT(args),
               p2p_ceil_div(p.padded, tiles), blocks);
}

bool p2p_conv2d_fwd_winograd_ok(const P2pCall *call, const P2pCaps *caps)
{
    return fits(call, caps, FORWARD);
}

bool p2p_conv2d_dgrad_winograd_ok(const P2pCall *call, const P2pCaps *caps)
{
    return fits(call, caps, DGRAD);
}

bool p2p_conv2d_wgrad_winograd_ok(const P2pCall *call, const P2pCaps *caps)
{
    return fits(call, caps, WGRAD);
}

bool p2p_conv2d_fwd_winograd_worth(const P2pCall *call, const P2pCaps *caps)
{
    return worth(call, caps, FORWARD);
}

bool p2p_conv2d_dgrad_winograd_worth(const P2pCall *call, const P2pCaps *caps)
{
    return worth(call, caps, DGRAD);
}

bool p2p_conv2d_wgrad_winograd_worth(const P2pCall *call, const P2pCaps *caps)
{
    return worth(call, caps, WGRAD);
}

size_t p2p_conv2d_fwd_winograd_work(const P2pCall *call, const P2pCaps *caps)
{
    const Plan p = plan(call, caps, FORWARD);

    return data_bytes(&p, large_channels(&p));
}

size_t p2p_conv2d_dgrad_winograd_work(const P2pCall *call, const P2pCaps *caps)
{
    const Plan p = plan(call, caps, DGRAD);

    return data_bytes(&p, p.g.k);
}

size_t p2p_conv2d_wgrad_winograd_work(const P2pCall *call, const P2pCaps *caps)
{
    const Plan p = plan(call, caps, WGRAD);

    return data_bytes(&p, large_channels(&p)) + data_bytes(&p, p.g.k);
}

int p2p_conv2d_fwd_winograd_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                                 P2pBuffer *work)
{
    return emit_gather(seq, call, caps, work, FORWARD);
}

int p2p_conv2d_dgrad_winograd_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                                   P2pBuffer *work)
{
    return emit_gather(seq, call, caps, work, DGRAD);
}

int p2p_conv2d_wgrad_winograd_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                                   P2pBuffer *work)
{
    const Plan p = plan(call, caps, WGRAD);
    const P2pBuffer *zeros = p2p_sequence_zeros(seq);
    /* V first, then Z. */
    const int behind = (int)(data_bytes(&p, large_channels(&p)) / sizeof(float));
    /* The outputs' side in blocks. */
    const int chunk = p.g.large_out ? p.chunk : p.g.block;
    const P2pArg spread[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer),
                             P2P_ARG_BUFFER(zeros),
                             P2P_ARG_BUFFER(work),
                             P2P_ARG(p.g),
                             P2P_ARG(chunk),
                             P2P_ARG(behind)};
    P2pArg product[1 + P2P_UPDATE_ARGS + 2] = {P2P_ARG_BUFFER(work)};
    ConvUpdate update;
    const int inputs = p.g.large_out ? p.g.k : large_channels(&p);
    const int outputs = p.g.large_out ? large_channels(&p) : p.g.k;
    int err;

    p2p_conv_update_args(call, &update, product + 1);
    product[1 + P2P_UPDATE_ARGS] = P2P_ARG(p.g);
    product[2 + P2P_UPDATE_ARGS] = P2P_ARG(behind);
    if (!zeros)
        return P2P_EDEVMEM;
    if ((err = add_data(seq, &p, call, work, 0, p.g.large_out ? p.g.block : p.chunk)) < 0 ||
        (err = add(seq, &p, "winograd_spread", spread, (int)P2P_COUNT(spread), p.tiles, 1)) < 0)
        return err;
    return add(seq, &p, "winograd_wgrad", product, (int)P2P_COUNT(product), inputs / p.chunk,
               outputs / p.g.block);
}
