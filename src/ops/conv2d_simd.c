/* SPDX-License-Identifier: BSD-2-Clause */
/* The simd variants of the convolution: launches of cl/conv2d_simd.cl, for CPUs. */
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* own: of a gather, groups of register tiles, tiles of a group, and whether the blocks of outputs of one
 * group of tiles follow each other; of a weight gradient, inputs of a group, and whether it streams. */
enum { GROUPS, TILES, BLOCKS_FIRST, INPUTS, STREAMS };
enum { STREAM_PIXELS = 256, STREAM_TILES = 43 };
enum { FEW_GROUPS = 4 }; /* of tiles, for each of which all weights may be read from memory */

size_t p2p_conv2d_turned_bytes(const P2pCall *call)
{
    const P2pTensor *w = &call->t[P2P_CONV_W], *from = p2p_conv_from(call), *to = p2p_conv_to(call);

    return p2p_round_up((size_t)to->c, (size_t)w->stride) * (size_t)(w->h * w->w) *
           (size_t)from->c * sizeof(float);
}

int p2p_conv2d_emit_turn(P2pSequence *seq, const P2pCall *call, P2pBuffer *work)
{
    static const P2pKernel turn = {"conv2d_simd", "conv2d_turn_simd", "-D TURN", {1, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer), P2P_ARG_BUFFER(work),
                           P2P_ARG(g)};
    const P2pWay way = {0};

    return p2p_emit(
        seq, &way, &turn, args, P2P_COUNT(args),
        (P2pGrid){(size_t)(g.r * g.s), (size_t)p2p_ceil_div(g.large_out ? g.k : g.c, g.block)});
}

/* Tiles of a group at least cost; with many, all weights are read fewer times. */
static int tiles_in_group(int tiles, int other_groups, const P2pCaps *caps)
{
    int best = p2p_min(tiles, SIMD_GROUP);

    for (int i = best - 1; i > 0; i--)
        if (p2p_conv_launch_cost(tiles, i, other_groups, caps) <
            p2p_conv_launch_cost(tiles, best, other_groups, caps))
            best = i;
    return best;
}

/* Classes of pixels of a gather, and blocks of its outputs. */
static int classes(const P2pCall *call)
{
    return p2p_conv_is_dgrad(call) ? call->attr.stride * call->attr.stride : 1;
}

static int blocks(const P2pCall *call)
{
    return p2p_ceil_div(p2p_conv_to(call)->c, call->t[P2P_CONV_W].stride);
}

static void plan_gather(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *to = p2p_conv_to(call);
    const int step = p2p_conv_is_dgrad(call) ? call->attr.stride : 1;
    const int pixels = to->n * p2p_ceil_div(to->h, step) * p2p_ceil_div(to->w, step);
    const int rows = p2p_conv_rows(pixels, caps), all = p2p_ceil_div(pixels, rows);

    snprintf(way->options, sizeof(way->options), "-D ROWS=%d", rows);
    way->own[TILES] = tiles_in_group(all, blocks(call) * classes(call), caps);
    way->own[GROUPS] = p2p_ceil_div(all, way->own[TILES]);
    way->own[BLOCKS_FIRST] =
        way->own[GROUPS] > FEW_GROUPS &&
        p2p_tensor_elements(p2p_conv_from(call)) > p2p_tensor_elements(&call->t[P2P_CONV_W]);
}

/* Weights that are read from memory once: with few pixels in the order in which they lie there. */
static void plan_wgrad(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *y = &call->t[P2P_CONV_Y];
    const int rows = CONV_ROWS(caps->vector_width);

    way->own[STREAMS] = y->n * y->h * y->w <= STREAM_PIXELS;
    way->own[INPUTS] = (way->own[STREAMS] ? STREAM_TILES : SIMD_GROUP) * rows;
}

bool p2p_conv2d_simd_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *w = &call->t[P2P_CONV_W];
    const bool gather = call->pass->direction != P2P_CONV_WGRAD;

    /* Weights that are no floats must be blocked over a gather's outputs already. */
    if (w->stride != CONV_BLOCK(caps->vector_width) || call->t[P2P_CONV_X].c > P2P_ZEROS ||
        call->t[P2P_CONV_Y].c > P2P_ZEROS ||
        (w->type != P2P_TYPE_F32 && (!gather || p2p_conv_is_turned(call))))
        return false;
    if (gather)
        plan_gather(call, caps, way);
    else
        plan_wgrad(call, caps, way);
    return true;
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pWay *way)
{
    static const P2pKernel kernels[] = {{"conv2d_simd", "conv2d_gather_simd", NULL, {1, 1}},
                                        {"conv2d_simd", "conv2d_gather_simd", "-D TURNED", {1, 1}}};
    const ConvGeom g = p2p_conv_geom(call);
    const P2pBuffer *zeros = p2p_sequence_zeros(seq);
    const int gradient = p2p_conv_is_dgrad(call), tiles = way->own[TILES];
    const int blocks_first = way->own[BLOCKS_FIRST];
    const size_t groups[] = {(size_t)way->own[GROUPS], (size_t)blocks(call)};
    const P2pArg args[] = {P2P_ARG_BUFFER(p2p_conv_from(call)->buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(p2p_conv_to(call)->buffer),
                           P2P_ARG_BUFFER(zeros),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(tiles),
                           P2P_ARG(blocks_first)};

    if (!zeros)
        return P2P_EDEVMEM;
    return p2p_emit(seq, way, &kernels[p2p_conv_is_turned(call)], args, P2P_COUNT(args),
                    (P2pGrid){groups[blocks_first], groups[!blocks_first], (size_t)classes(call)});
}

static int emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way)
{
    static const P2pKernel kernel = {"conv2d_simd", "conv2d_wgrad_simd", NULL, {1, 1}};
    static const P2pKernel stream = {"conv2d_simd", "conv2d_wgrad_stream_simd", NULL, {1, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    P2pArg args[2 + P2P_UPDATE_ARGS + 2] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                                            P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer)};
    const int outputs = g.large_out ? g.c : g.k, inputs = g.large_out ? g.k : g.c;
    const int in_group = way->own[INPUTS];
    const size_t taps = (size_t)(g.r * g.s), groups = (size_t)p2p_ceil_div(inputs, in_group);
    ConvUpdate update;

    p2p_conv_update_args(call, &update, args + 2);
    args[2 + P2P_UPDATE_ARGS] = P2P_ARG(g);
    args[3 + P2P_UPDATE_ARGS] = P2P_ARG(in_group);
    if (way->own[STREAMS])
        return p2p_emit(seq, way, &stream, args, P2P_COUNT(args),
                        (P2pGrid){groups, taps, (size_t)p2p_ceil_div(outputs, g.block)});
    return p2p_emit(seq, way, &kernel, args, P2P_COUNT(args) - 1,
                    (P2pGrid){taps, groups, (size_t)p2p_ceil_div(outputs, SIMD_WIDTH * g.block)});
}

int p2p_conv2d_simd_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    (void)work;
    return call->pass->direction == P2P_CONV_WGRAD ? emit_wgrad(seq, call, way)
                                                   : emit_gather(seq, call, way);
}
