/* SPDX-License-Identifier: BSD-2-Clause */
/* The tile variants of the convolution: launches of cl/conv2d_tile.cl, for GPUs. */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

enum { PARTS_MOST = 32, GROUPS_LEAST = 64, GROUPS_PER_UNIT = 4, SLICES_LEAST = 4, SUM_ITEMS = 64 };
enum { TILE = 64, SIDE = 16, DEPTH = 16, LOCAL_BYTES = 2 * DEPTH * (TILE + 1) * 4 };

bool p2p_conv2d_tile_ok(const P2pCall *call, const P2pCaps *caps)
{
    (void)call;
    return caps->local_bytes >= LOCAL_BYTES && caps->max_group_size >= SIDE * SIDE;
}

static size_t items(int count)
{
    return (size_t)p2p_ceil_div(count, TILE) * SIDE;
}

/* Parts of the sum, so that there are enough groups for the device. */
static int parts_of(int tiles, int slices, const P2pCaps *caps)
{
    const int groups = p2p_max(GROUPS_LEAST, GROUPS_PER_UNIT * caps->compute_units);
    const int wanted = p2p_ceil_div(groups, tiles);
    const int parts = p2p_min(p2p_min(wanted, slices / SLICES_LEAST), PARTS_MOST);

    return parts > 1 ? parts : 1;
}

/* A launch's division: pixels of a class, classes, parts. */
typedef struct Grid {
    int pixels, outputs, classes, parts;
    size_t results;
} Grid;

static Grid gather_grid(const P2pCall *call, const P2pCaps *caps, bool gradient)
{
    const ConvGeom g = p2p_conv_geom(call);
    const int step = gradient ? g.stride : 1;
    const P2pTensor *out = &call->t[gradient ? P2P_CONV_X : P2P_CONV_Y];
    Grid d = {.outputs = out->c, .classes = step * step, .results = p2p_tensor_elements(out)};

    d.pixels = g.n * p2p_ceil_div(out->h, step) * p2p_ceil_div(out->w, step);
    d.parts = parts_of(p2p_ceil_div(d.pixels, TILE) * p2p_ceil_div(d.outputs, TILE) * d.classes,
                       g.r * g.s * p2p_ceil_div(gradient ? g.k : g.c, DEPTH) / d.classes, caps);
    return d;
}

static Grid wgrad_grid(const P2pCall *call, const P2pCaps *caps)
{
    const ConvGeom g = p2p_conv_geom(call);
    Grid d = {.pixels = g.c,
              .outputs = g.k,
              .classes = g.r * g.s,
              .results = p2p_tensor_elements(&call->t[P2P_CONV_W])};

    d.parts = parts_of(p2p_ceil_div(g.c, TILE) * p2p_ceil_div(g.k, TILE) * d.classes,
                       p2p_ceil_div(g.n * g.p * g.q, DEPTH), caps);
    return d;
}

static size_t partial_bytes(const Grid *d)
{
    return d->parts > 1 ? (size_t)d->parts * d->results * sizeof(float) : 0;
}

static int emit_tiles(P2pSequence *seq, const char *kernel, const Grid *d, const P2pArg *args,
                      size_t count)
{
    return p2p_sequence_add(seq, &(P2pLaunch){.program = "conv2d_tile",
                                              .kernel = kernel,
                                              .global = {items(d->pixels), items(d->outputs),
                                                         (size_t)(d->classes * d->parts)},
                                              .local = {SIDE, SIDE, 1},
                                              .args = args,
                                              .arg_count = (int)count});
}

static int emit_sum(P2pSequence *seq, const char *kernel, const Grid *d, const P2pArg *args,
                    size_t count)
{
    return p2p_sequence_add(seq, &(P2pLaunch){.program = "conv2d_tile",
                                              .kernel = kernel,
                                              .global = {p2p_round_up(d->results, SUM_ITEMS)},
                                              .local = {SUM_ITEMS},
                                              .args = args,
                                              .arg_count = (int)count});
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work,
                       bool is_gradient)
{
    const ConvGeom g = p2p_conv_geom(call);
    const Grid d = gather_grid(call, caps, is_gradient);
    const int gradient = is_gradient, parts = d.parts;
    const P2pBuffer *bias = call->t[P2P_CONV_BIAS].buffer, *partial = parts > 1 ? work : NULL;
    const P2pBuffer *in = call->t[gradient ? P2P_CONV_Y : P2P_CONV_X].buffer;
    const P2pBuffer *out = call->t[gradient ? P2P_CONV_X : P2P_CONV_Y].buffer;
    const P2pArg args[] = {P2P_ARG_BUFFER(in),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                           P2P_ARG_BUFFER(bias),
                           P2P_ARG_BUFFER(out),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG_BUFFER(partial),
                           P2P_ARG(parts)};
    const P2pArg sum_args[] = {P2P_ARG_BUFFER(partial), P2P_ARG_BUFFER(bias),
                               P2P_ARG_BUFFER(out),     P2P_ARG(g),
                               P2P_ARG(gradient),       P2P_ARG(parts)};
    const int err = emit_tiles(seq, "conv2d_gather_tile", &d, args, P2P_COUNT(args));

    if (err < 0 || parts == 1)
        return err;
    return emit_sum(seq, "conv2d_gather_sum_tile", &d, sum_args, P2P_COUNT(sum_args));
}

size_t p2p_conv2d_fwd_tile_work(const P2pCall *call, const P2pCaps *caps)
{
    const Grid d = gather_grid(call, caps, false);

    return partial_bytes(&d);
}

int p2p_conv2d_fwd_tile_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                             P2pBuffer *work)
{
    return emit_gather(seq, call, caps, work, false);
}

size_t p2p_conv2d_dgrad_tile_work(const P2pCall *call, const P2pCaps *caps)
{
    const Grid d = gather_grid(call, caps, true);

    return partial_bytes(&d);
}

int p2p_conv2d_dgrad_tile_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                               P2pBuffer *work)
{
    return emit_gather(seq, call, caps, work, true);
}

size_t p2p_conv2d_wgrad_tile_work(const P2pCall *call, const P2pCaps *caps)
{
    const Grid d = wgrad_grid(call, caps);

    return partial_bytes(&d);
}

int p2p_conv2d_wgrad_tile_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                               P2pBuffer *work)
{
    const ConvGeom g = p2p_conv_geom(call);
    const Grid d = wgrad_grid(call, caps);
    const int parts = d.parts;
    const P2pBuffer *w = call->t[P2P_CONV_W].buffer, *partial = parts > 1 ? work : NULL;
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(w),
                           P2P_ARG(g),
                           P2P_ARG_BUFFER(partial),
                           P2P_ARG(parts)};
    const P2pArg sum_args[] = {P2P_ARG_BUFFER(partial), P2P_ARG_BUFFER(w), P2P_ARG(g),
                               P2P_ARG(parts)};
    const int err = emit_tiles(seq, "conv2d_wgrad_tile", &d, args, P2P_COUNT(args));

    if (err < 0 || parts == 1)
        return err;
    return emit_sum(seq, "conv2d_wgrad_sum_tile", &d, sum_args, P2P_COUNT(sum_args));
}
