/* SPDX-License-Identifier: BSD-2-Clause */
/* The tile variants of the convolution: launches of cl/conv2d_tile.cl, for GPUs. */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

enum { PARTS_MOST = 32, GROUPS_LEAST = 64, GROUPS_PER_UNIT = 4, SLICES_LEAST = 4 };

/* own: tiles down and across the results, classes of pixels or taps, parts of the sum. */
enum { DOWN, ACROSS, CLASSES, PARTS };

/* Parts of the sum, so that there are enough groups for the device. */
static int parts_of(int tiles, int slices, const P2pCaps *caps)
{
    const int groups = p2p_max(GROUPS_LEAST, GROUPS_PER_UNIT * caps->compute_units);
    const int wanted = p2p_ceil_div(groups, tiles);
    const int parts = p2p_min(p2p_min(wanted, slices / SLICES_LEAST), PARTS_MOST);

    return parts > 1 ? parts : 1;
}

static size_t results(const P2pCall *call)
{
    return p2p_tensor_elements(call->pass->direction == P2P_CONV_WGRAD ? &call->t[P2P_CONV_W]
                                                                       : p2p_conv_to(call));
}

/* The division of the results; the slices of the sum behind each are returned. */
static int divide_gather(const P2pCall *call, int own[])
{
    const P2pTensor *from = p2p_conv_from(call), *to = p2p_conv_to(call);
    const P2pTensor *w = &call->t[P2P_CONV_W];
    const int step = p2p_conv_is_dgrad(call) ? call->attr.stride : 1;
    const int pixels = to->n * p2p_ceil_div(to->h, step) * p2p_ceil_div(to->w, step);

    own[DOWN] = p2p_ceil_div(pixels, TILE_SIZE);
    own[ACROSS] = p2p_ceil_div(to->c, TILE_SIZE);
    own[CLASSES] = step * step;
    return w->h * w->w * p2p_ceil_div(from->c, TILE_DEPTH) / own[CLASSES];
}

static int divide_wgrad(const P2pCall *call, int own[])
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];

    own[DOWN] = p2p_ceil_div(x->c, TILE_SIZE);
    own[ACROSS] = p2p_ceil_div(y->c, TILE_SIZE);
    own[CLASSES] = w->h * w->w;
    return p2p_ceil_div(y->n * y->h * y->w, TILE_DEPTH);
}

bool p2p_conv2d_tile_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    int *own = way->own;
    const int slices =
        (call->pass->direction == P2P_CONV_WGRAD ? divide_wgrad : divide_gather)(call, own);

    own[PARTS] = parts_of(own[DOWN] * own[ACROSS] * own[CLASSES], slices, caps);
    if (own[PARTS] > 1)
        way->work_bytes = (size_t)own[PARTS] * results(call) * sizeof(float);
    return caps->local_bytes >= TILE_LOCAL_BYTES && caps->max_group_size >= TILE_SIDE * TILE_SIDE;
}

/* The tiles, then the sum of their parts where there are several. */
static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                const P2pKernel kernels[2], const P2pArg *args, size_t count,
                const P2pArg *sum_args, size_t sum_count)
{
    const int *own = way->own;
    const P2pGrid tiles = {(size_t)own[DOWN], (size_t)own[ACROSS],
                           (size_t)(own[CLASSES] * own[PARTS])};
    const int err = p2p_emit(seq, way, &kernels[0], args, count, tiles);

    if (err < 0 || own[PARTS] == 1)
        return err;
    return p2p_emit(seq, way, &kernels[1], sum_args, sum_count,
                    (P2pGrid){(results(call) + FLAT_GROUP - 1) / FLAT_GROUP});
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pKernel kernels[] = {
        {"conv2d_tile", "conv2d_gather_tile", NULL, {TILE_SIDE, TILE_SIDE}},
        {"conv2d_tile", "conv2d_gather_sum_tile", NULL, {FLAT_GROUP, 1}}};
    const ConvGeom g = p2p_conv_geom(call);
    const int gradient = p2p_conv_is_dgrad(call), parts = way->own[PARTS];
    const P2pBuffer *bias = call->t[P2P_CONV_BIAS].buffer, *partial = parts > 1 ? work : NULL;
    const P2pBuffer *out = p2p_conv_to(call)->buffer;
    const P2pArg args[] = {P2P_ARG_BUFFER(p2p_conv_from(call)->buffer),
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

    return emit(seq, call, way, kernels, args, P2P_COUNT(args), sum_args, P2P_COUNT(sum_args));
}

static int emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pKernel kernels[] = {
        {"conv2d_tile", "conv2d_wgrad_tile", NULL, {TILE_SIDE, TILE_SIDE}},
        {"conv2d_tile", "conv2d_wgrad_sum_tile", NULL, {FLAT_GROUP, 1}}};
    const ConvGeom g = p2p_conv_geom(call);
    const int parts = way->own[PARTS];
    const P2pBuffer *w = call->t[P2P_CONV_W].buffer, *partial = parts > 1 ? work : NULL;
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(w),
                           P2P_ARG(g),
                           P2P_ARG_BUFFER(partial),
                           P2P_ARG(parts)};
    const P2pArg sum_args[] = {P2P_ARG_BUFFER(partial), P2P_ARG_BUFFER(w), P2P_ARG(g),
                               P2P_ARG(parts)};

    return emit(seq, call, way, kernels, args, P2P_COUNT(args), sum_args, P2P_COUNT(sum_args));
}

int p2p_conv2d_tile_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    return (call->pass->direction == P2P_CONV_WGRAD ? emit_wgrad : emit_gather)(seq, call, way,
                                                                                work);
}
