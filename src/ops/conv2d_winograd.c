/* SPDX-License-Identifier: BSD-2-Clause */
/* The winograd variants of the convolution: launches of cl/conv2d_winograd.cl, for CPUs. */
#include <stdio.h>

#include "cl/winograd_algorithms.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

enum { RUN_BYTES = 64 }; /* behind the data, which a vector may read */

/* own: channels of a chunk; products of a tile; tiles, those of a register tile, and those of a slice,
 * padded to whole register tiles; of a gather, tiles in a group, and whether the blocks of outputs of one such
 * group follow each other. */
enum { CHUNK, POINTS, TILES, ROWS, IN_SLICE, PADDED, IN_GROUP, BLOCKS_FIRST };

/* Tiles along a dimension, of the small side's pixels or the large side's virtual ones. */
static int tiles_along(int large, int small, const ConvGeom *g, int tile,
                       P2pConvDirection direction)
{
    const int size = direction == P2P_CONV_DGRAD ? p2p_ceil_div(large + g->pad, g->stride) : small;

    return p2p_ceil_div(size, tile);
}

static int count_tiles(const ConvGeom *g, int tile, P2pConvDirection direction)
{
    return g->n * tiles_along(g->h, g->p, g, tile, direction) *
           tiles_along(g->w, g->q, g, tile, direction);
}

static int rounded_tiles(const ConvGeom *g, int tile, P2pConvDirection direction,
                         const P2pCaps *caps)
{
    const int tiles = count_tiles(g, tile, direction), rows = p2p_conv_rows(tiles, caps);

    return p2p_ceil_div(tiles, rows) * rows;
}

/*
 * Multiply-adds of an algorithm for each pair of a virtual input and an output, with what its transform
 * of the weights costs beside them: about two a point for each of the groups of tiles.
 */
static double cost(const ConvGeom *g, WinogradAlgorithm a, P2pConvDirection direction,
                   const P2pCaps *caps)
{
    const int all = (a.tile + a.taps - 1) * (a.tile + a.taps - 1);
    const int tiles = rounded_tiles(g, a.tile, direction, caps);
    const int groups = p2p_ceil_div(tiles, WINOGRAD_SUMS / (all * g->block));

    return all * (tiles + 4.0 * groups);
}

/* The direct sum's, in the same unit. */
static double direct_cost(const ConvGeom *g, int taps)
{
    return (double)g->n * g->p * g->q * taps * taps;
}

/* The algorithm of the least cost, or F(form, taps); false: there is none with these taps. */
static bool choose(const ConvGeom *g, P2pConvDirection direction, int form, const P2pCaps *caps,
                   WinogradAlgorithm *best, double *least)
{
    *least = 0;
    if (g->r != g->s || g->r % g->stride)
        return false;
    for (size_t i = 0; i < P2P_COUNT(winograd_algorithms); i++) {
        if (winograd_algorithms[i].taps != g->r / g->stride ||
            (form && winograd_algorithms[i].tile != form))
            continue;
        const double c = cost(g, winograd_algorithms[i], direction, caps);
        if (*least == 0 || c < *least) {
            *least = c;
            *best = winograd_algorithms[i];
        }
    }
    return *least > 0;
}

static bool fits(const P2pCall *call, const ConvGeom *g, const P2pCaps *caps)
{
    const bool gather = call->pass->direction != P2P_CONV_WGRAD;

    return g->block == CONV_BLOCK(caps->vector_width) && g->c % g->block == 0 &&
           g->k % g->block == 0 && g->c <= P2P_ZEROS && g->k <= P2P_ZEROS &&
           (call->t[P2P_CONV_W].type == P2P_TYPE_F32 || (gather && !p2p_conv_is_turned(call)));
}

static int large_channels(const ConvGeom *g)
{
    return g->stride * g->stride * g->c;
}

/* Bytes of the transformed data of one side; virtual channels of the large one. */
static size_t data_bytes(const P2pWay *way, int channels)
{
    const size_t floats = (size_t)(way->own[POINTS] * way->own[PADDED]) * (size_t)channels;

    return p2p_round_up(floats * sizeof(float) + RUN_BYTES, 256);
}

/* Bytes of a weight gradient's sums between two slices. */
static size_t sums_bytes(const P2pWay *way, const ConvGeom *g, const P2pCaps *caps)
{
    const int chunk = way->own[CHUNK], inputs = WINOGRAD_INPUTS(caps->vector_width);
    const size_t pairs = (size_t)large_channels(g) * (size_t)g->k;

    if (way->own[IN_SLICE] == way->own[TILES])
        return 0;
    return sizeof(float) * (size_t)way->own[POINTS] * pairs / (size_t)chunk *
           p2p_round_up((size_t)chunk, (size_t)inputs);
}

/* How a gather is divided: register tiles of a slice and of a group. */
typedef struct Division {
    int in_slice, in_group;
} Division;

static double gather_cost(int all, const Division *d, int blocks, const P2pCaps *caps)
{
    const int rest = all % d->in_slice;
    const double slices = all / d->in_slice,
                 whole = p2p_conv_launch_cost(d->in_slice, d->in_group, blocks, caps);

    return slices * whole + (rest ? p2p_conv_launch_cost(rest, d->in_group, blocks, caps) : 0);
}

/*
 * The division of least cost whose slices stay in the cache: few transforms of weights, groups for all
 * cores. No sum depends on it.
 */
static Division divide_gather(const P2pWay *way, int channels, int blocks, const P2pCaps *caps)
{
    const int rows = way->own[ROWS], all = p2p_ceil_div(way->own[TILES], rows);
    const size_t bytes = sizeof(float) * (size_t)(way->own[POINTS] * rows) * (size_t)channels;
    const int most = p2p_min(p2p_max((int)(caps->keep_bytes / bytes), 1), all);
    const int most_in_group = WINOGRAD_GROUP(way->own[POINTS], caps->vector_width, rows) / rows;
    Division best = {0};
    double least = 0;

    for (int slice = most; slice > 0; slice--)
        for (int group = p2p_min(slice, most_in_group); group > 0; group--) {
            const Division d = {slice, group};
            const double cost = gather_cost(all, &d, blocks, caps);
            if (least == 0 || cost < least) {
                least = cost;
                best = d;
            }
        }
    return best;
}

static void plan_gather(P2pWay *way, const P2pCall *call, const ConvGeom *g, const P2pCaps *caps)
{
    const bool dgrad = p2p_conv_is_dgrad(call);
    const int rows = way->own[ROWS], large = large_channels(g);
    const int channels = dgrad ? g->k : large, outputs = dgrad ? large : g->k;
    const Division d = divide_gather(way, channels, outputs / g->block, caps);

    way->own[PADDED] = d.in_slice * rows;
    way->own[IN_SLICE] = p2p_min(way->own[PADDED], way->own[TILES]);
    way->own[IN_GROUP] = d.in_group * rows;
    way->work_bytes = data_bytes(way, channels);
    way->own[BLOCKS_FIRST] = way->work_bytes > p2p_tensor_bytes(&call->t[P2P_CONV_W]);
}

/* Slices of equal size, whole runs, whose data stay in the cache; padded to whole rows. */
static void divide_wgrad(P2pWay *way, int channels, const P2pCaps *caps)
{
    const size_t bytes =
        sizeof(float) * (size_t)(way->own[POINTS] * WINOGRAD_RUN) * (size_t)channels;
    const int all = p2p_ceil_div(way->own[TILES], WINOGRAD_RUN);
    const int slices = p2p_ceil_div(all, p2p_max((int)(caps->keep_bytes / bytes), 1));

    way->own[IN_SLICE] = p2p_min(p2p_ceil_div(all, slices) * WINOGRAD_RUN, way->own[TILES]);
    way->own[PADDED] = p2p_ceil_div(way->own[IN_SLICE], way->own[ROWS]) * way->own[ROWS];
}

/*
 * Slices are whole runs, so that sums are made in the same order whatever their number. Only where
 * keeping the sums between them moves less memory than the data of all tiles: not with many weights.
 */
static void plan_wgrad(P2pWay *way, const ConvGeom *g, const P2pCaps *caps)
{
    const int rows = way->own[ROWS], large = large_channels(g);
    size_t sums, data;

    divide_wgrad(way, large + g->k, caps);
    sums = sums_bytes(way, g, caps);
    data = data_bytes(way, large) + data_bytes(way, g->k);
    if (2 * sums > data) {
        way->own[IN_SLICE] = way->own[TILES];
        way->own[PADDED] = p2p_ceil_div(way->own[TILES], rows) * rows;
        sums = 0;
        data = data_bytes(way, large) + data_bytes(way, g->k);
    }
    way->work_bytes = data + sums;
}

bool p2p_conv2d_winograd_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const ConvGeom g = p2p_conv_geom(call);
    const P2pConvDirection direction = call->pass->direction;
    int *own = way->own;
    WinogradAlgorithm a = {0};
    double least;

    if (!fits(call, &g, caps) || !choose(&g, direction, way->form, caps, &a, &least))
        return false;
    way->form = a.tile;
    way->cost = 1.25 * least < direct_cost(&g, a.taps) ? P2P_COST_USUAL : P2P_COST_HIGH;
    way->error = a.exact ? 1 : 4;
    way->inexact = !a.exact;
    own[CHUNK] = 64;
    while (g.c % own[CHUNK] || g.k % own[CHUNK])
        own[CHUNK] /= 2;
    own[POINTS] = (a.tile + a.taps - 1) * (a.tile + a.taps - 1);
    own[TILES] = count_tiles(&g, a.tile, direction);
    own[ROWS] = direction == P2P_CONV_WGRAD ? CONV_ROWS(caps->vector_width)
                                            : p2p_conv_rows(own[TILES], caps);
    if (direction == P2P_CONV_WGRAD)
        plan_wgrad(way, &g, caps);
    else
        plan_gather(way, call, &g, caps);
    snprintf(way->options, sizeof(way->options), "-D TILE=%d -D TAPS=%d -D CHUNK=%d -D ROWS=%d",
             a.tile, a.taps, own[CHUNK], own[ROWS]);
    return true;
}

/* V from the large side, or from the small one for the data gradient. */
static int emit_data(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const P2pBuffer *v,
                     int chunk, ConvSlice slice)
{
    static const P2pKernel kernels[] = {{"conv2d_winograd", "winograd_data", NULL, {1, 1}},
                                        {"conv2d_winograd_wgrad", "winograd_data", NULL, {1, 1}}};
    const ConvGeom g = p2p_conv_geom(call);
    const int gradient = p2p_conv_is_dgrad(call);
    const bool wgrad = call->pass->direction == P2P_CONV_WGRAD;
    const P2pArg args[] = {P2P_ARG_BUFFER(p2p_conv_from(call)->buffer),
                           P2P_ARG_BUFFER(p2p_sequence_zeros(seq)),
                           P2P_ARG_BUFFER(v),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(chunk),
                           P2P_ARG(slice)};

    return p2p_emit(seq, way, &kernels[wgrad], args, P2P_COUNT(args),
                    (P2pGrid){(size_t)slice.tiles, gradient ? 1 : (size_t)(g.stride * g.stride)});
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work,
                       ConvSlice slice)
{
    static const P2pKernel kernel = {"conv2d_winograd", "winograd_gather", NULL, {1, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    const int gradient = p2p_conv_is_dgrad(call), tiles = way->own[IN_GROUP];
    const int blocks_first = way->own[BLOCKS_FIRST];
    const int blocks = (gradient ? large_channels(&g) : g.k) / g.block;
    const P2pArg args[] = {P2P_ARG_BUFFER(work),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(p2p_conv_to(call)->buffer),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(tiles),
                           P2P_ARG(blocks_first),
                           P2P_ARG(slice)};
    const size_t groups[] = {(size_t)p2p_ceil_div(slice.tiles, tiles), (size_t)blocks};
    const int err = emit_data(seq, call, way, work, way->own[CHUNK], slice);

    return err ? err
               : p2p_emit(seq, way, &kernel, args, P2P_COUNT(args),
                          (P2pGrid){groups[blocks_first], groups[!blocks_first]});
}

/* Z from the small side, float `behind` of the workspace on. */
static int emit_spread(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work,
                       int chunk, int behind, ConvSlice slice)
{
    static const P2pKernel kernel = {"conv2d_winograd_wgrad", "winograd_spread", NULL, {1, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(p2p_sequence_zeros(seq)),
                           P2P_ARG_BUFFER(work),
                           P2P_ARG(g),
                           P2P_ARG(chunk),
                           P2P_ARG(behind),
                           P2P_ARG(slice)};

    return p2p_emit(seq, way, &kernel, args, P2P_COUNT(args), (P2pGrid){(size_t)slice.tiles});
}

static int emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work,
                      ConvSlice slice)
{
    static const P2pKernel kernel = {"conv2d_winograd_wgrad", "winograd_wgrad", NULL, {1, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    /* V first, then Z, then the sums; the outputs' side in blocks. */
    const int behind = (int)(data_bytes(way, large_channels(&g)) / sizeof(float));
    const int sums_at = behind + (int)(data_bytes(way, g.k) / sizeof(float));
    const int chunk = way->own[CHUNK];
    P2pArg args[1 + P2P_UPDATE_ARGS + 4] = {P2P_ARG_BUFFER(work)};
    ConvUpdate update;
    const int inputs = g.large_out ? g.k : large_channels(&g);
    const int outputs = g.large_out ? large_channels(&g) : g.k;
    int err;

    p2p_conv_update_args(call, &update, args + 1);
    args[1 + P2P_UPDATE_ARGS] = P2P_ARG(g);
    args[2 + P2P_UPDATE_ARGS] = P2P_ARG(behind);
    args[3 + P2P_UPDATE_ARGS] = P2P_ARG(sums_at);
    args[4 + P2P_UPDATE_ARGS] = P2P_ARG(slice);
    if ((err = emit_data(seq, call, way, work, g.large_out ? g.block : chunk, slice)) < 0 ||
        (err = emit_spread(seq, call, way, work, g.large_out ? chunk : g.block, behind, slice)) < 0)
        return err;
    const size_t groups[] = {(size_t)(inputs / chunk), (size_t)(outputs / g.block)};
    const bool sliced = slice.tiles < way->own[TILES];
    return p2p_emit(seq, way, &kernel, args, P2P_COUNT(args),
                    (P2pGrid){groups[sliced], groups[!sliced]});
}

int p2p_conv2d_winograd_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                             P2pBuffer *work)
{
    const bool wgrad = call->pass->direction == P2P_CONV_WGRAD;
    const int all = way->own[TILES];
    int err = p2p_sequence_zeros(seq) ? P2P_OK : P2P_EDEVMEM;

    for (ConvSlice slice = {0}; !err && slice.first < all; slice.first += way->own[IN_SLICE]) {
        slice.tiles = p2p_min(way->own[IN_SLICE], all - slice.first);
        err = (wgrad ? emit_wgrad : emit_gather)(seq, call, way, work, slice);
    }
    return err;
}
