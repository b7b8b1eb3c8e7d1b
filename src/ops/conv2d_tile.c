/* SPDX-License-Identifier: BSD-2-Clause */
/* The tile variants of the convolution: launches of cl/conv2d_tile.cl, for GPUs. */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

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

static int emit_gather(P2pSequence *seq, const P2pCall *call, bool is_gradient)
{
    const ConvGeom g = p2p_conv_geom(call);
    const P2pBuffer *x = call->t[P2P_CONV_X].buffer, *y = call->t[P2P_CONV_Y].buffer;
    const int gradient = is_gradient, step = gradient ? g.stride : 1;
    const int pixels = g.n * p2p_ceil_div(gradient ? g.h : g.p, step) *
                       p2p_ceil_div(gradient ? g.w : g.q, step);
    const P2pArg args[] = {P2P_ARG_BUFFER(gradient ? y : x),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(gradient ? x : y), P2P_ARG(g), P2P_ARG(gradient)};

    return p2p_sequence_add(
        seq, &(P2pLaunch){.program = "conv2d_tile", .kernel = "conv2d_gather_tile",
                          .global = {items(pixels), items(gradient ? g.c : g.k),
                                     (size_t)(step * step)},
                          .local = {SIDE, SIDE, 1}, .args = args,
                          .arg_count = (int)P2P_COUNT(args)});
}

int p2p_conv2d_fwd_tile_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                             P2pBuffer *work)
{
    (void)caps;
    (void)work;
    return emit_gather(seq, call, false);
}

int p2p_conv2d_dgrad_tile_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                               P2pBuffer *work)
{
    (void)caps;
    (void)work;
    return emit_gather(seq, call, true);
}

int p2p_conv2d_wgrad_tile_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                               P2pBuffer *work)
{
    const ConvGeom g = p2p_conv_geom(call);
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer), P2P_ARG(g)};

    (void)caps;
    (void)work;
    return p2p_sequence_add(
        seq, &(P2pLaunch){.program = "conv2d_tile", .kernel = "conv2d_wgrad_tile",
                          .global = {items(g.c), items(g.k), (size_t)(g.r * g.s)},
                          .local = {SIDE, SIDE, 1}, .args = args,
                          .arg_count = (int)P2P_COUNT(args)});
}
