/* SPDX-License-Identifier: BSD-2-Clause */
/* The simd variants of the convolution: launches of cl/conv2d_simd.cl, for CPUs. */
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

enum { GROUP = 12, CHUNK = 128, RUN = 128, WIDTH = 4 }; /* see the kernel */
enum { OPTIONS = 112 };                                 /* characters */

int p2p_conv2d_rows(const P2pCaps *caps)
{
    return caps->vector_width == 16 ? 12 : 6;
}

/* Packed weights must be blocked over the gather's outputs already. */
static bool fits_packed(const P2pCall *call, bool gradient)
{
    return !p2p_call_is_packed(call) || call->attr.large_out == gradient;
}

static bool fits(const P2pCall *call, const P2pCaps *caps)
{
    return caps->is_cpu && call->t[P2P_CONV_W].stride == 2 * caps->vector_width &&
           call->t[P2P_CONV_X].c <= P2P_ZEROS && call->t[P2P_CONV_Y].c <= P2P_ZEROS;
}

size_t p2p_conv2d_turned_bytes(const P2pCall *call, bool gradient)
{
    const ConvGeom g = p2p_conv_geom(call);

    if (g.large_out == gradient)
        return 0;
    const size_t blocks = (size_t)p2p_ceil_div(gradient ? g.c : g.k, g.block);
    return blocks * (size_t)(g.r * g.s) * (size_t)(gradient ? g.k : g.c) * (size_t)g.block *
           sizeof(float);
}

static void options_text(const P2pCaps *caps, P2pPacking packing, const char *more,
                         char text[OPTIONS])
{
    snprintf(text, OPTIONS,
             "-D ROWS=%d -D GROUP=%d -D CHUNK=%d -D RUN=%d -D WIDTH=%d -D PACKING=%d%s",
             p2p_conv2d_rows(caps), GROUP, CHUNK, RUN, WIDTH, packing, more);
}

int p2p_conv2d_emit_turn(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                         P2pBuffer *work)
{
    const ConvGeom geom = p2p_conv_geom(call), *g = &geom;
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer), P2P_ARG_BUFFER(work),
                           P2P_ARG(*g)};
    char options[OPTIONS];

    options_text(caps, P2P_PACK_F32, " -D TURN", options);
    return p2p_sequence_add(
        seq, &(P2pLaunch){.program = "conv2d_simd",
                          .kernel = "conv2d_turn_simd",
                          .options = options,
                          .global = {(size_t)(g->r * g->s),
                                     (size_t)p2p_ceil_div(g->large_out ? g->k : g->c, g->block)},
                          .local = {1, 1, 1},
                          .args = args,
                          .arg_count = 3});
}

/* Tiles in a group: as many as fit, but enough groups for all cores several times over. */
static int tiles_in_group(int tiles, int other_groups, const P2pCaps *caps)
{
    const int wanted = 8 * caps->compute_units;
    int in_group = GROUP;

    while (in_group > 1 && p2p_ceil_div(tiles, in_group) * other_groups < wanted)
        in_group--;
    return in_group;
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, bool gradient)
{
    const ConvGeom g = p2p_conv_geom(call);
    const P2pBuffer *x = call->t[P2P_CONV_X].buffer, *y = call->t[P2P_CONV_Y].buffer;
    const P2pBuffer *w = call->t[P2P_CONV_W].buffer, *zeros = p2p_sequence_zeros(seq);
    const int is_gradient = gradient, step = gradient ? g.stride : 1;
    const int blocks = p2p_ceil_div(gradient ? g.c : g.k, g.block);
    const int pixels =
        g.n * p2p_ceil_div(gradient ? g.h : g.p, step) * p2p_ceil_div(gradient ? g.w : g.q, step);
    const int all_tiles = p2p_ceil_div(pixels, p2p_conv2d_rows(caps));
    const int tiles = tiles_in_group(all_tiles, blocks * step * step, caps);
    char options[OPTIONS];

    if (!zeros)
        return P2P_EDEVMEM;
    const P2pArg args[] = {P2P_ARG_BUFFER(gradient ? y : x),
                           P2P_ARG_BUFFER(w),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(gradient ? x : y),
                           P2P_ARG_BUFFER(zeros),
                           P2P_ARG(g),
                           P2P_ARG(is_gradient),
                           P2P_ARG(tiles)};
    options_text(caps, call->t[P2P_CONV_W].packing,
                 call->attr.large_out != gradient ? " -D TURNED" : "", options);
    return p2p_sequence_add(seq, &(P2pLaunch){.program = "conv2d_simd",
                                              .kernel = "conv2d_gather_simd",
                                              .options = options,
                                              .global = {(size_t)p2p_ceil_div(all_tiles, tiles),
                                                         (size_t)blocks, (size_t)(step * step)},
                                              .local = {1, 1, 1},
                                              .args = args,
                                              .arg_count = (int)P2P_COUNT(args)});
}

bool p2p_conv2d_fwd_simd_ok(const P2pCall *call, const P2pCaps *caps)
{
    return fits(call, caps) && fits_packed(call, false);
}

int p2p_conv2d_fwd_simd_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                             P2pBuffer *work)
{
    (void)work;
    return emit_gather(seq, call, caps, false);
}

bool p2p_conv2d_dgrad_simd_ok(const P2pCall *call, const P2pCaps *caps)
{
    return fits(call, caps) && fits_packed(call, true);
}

int p2p_conv2d_dgrad_simd_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                               P2pBuffer *work)
{
    (void)work;
    return emit_gather(seq, call, caps, true);
}

bool p2p_conv2d_wgrad_simd_ok(const P2pCall *call, const P2pCaps *caps)
{
    return fits(call, caps);
}

int p2p_conv2d_wgrad_simd_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                               P2pBuffer *work)
{
    const ConvGeom g = p2p_conv_geom(call);
    P2pArg args[2 + P2P_UPDATE_ARGS + 1] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                                            P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer)};
    ConvUpdate update;
    const int outputs = g.large_out ? g.c : g.k, inputs = g.large_out ? g.k : g.c;
    char options[OPTIONS];

    (void)work;
    p2p_conv_update_args(call, &update, args + 2);
    args[2 + P2P_UPDATE_ARGS] = P2P_ARG(g);
    options_text(caps, call->t[P2P_CONV_W].packing, "", options);
    return p2p_sequence_add(
        seq, &(P2pLaunch){.program = "conv2d_simd",
                          .kernel = "conv2d_wgrad_simd",
                          .options = options,
                          .global = {(size_t)(g.r * g.s),
                                     (size_t)p2p_ceil_div(inputs, GROUP * p2p_conv2d_rows(caps)),
                                     (size_t)p2p_ceil_div(outputs, WIDTH * g.block)},
                          .local = {1, 1, 1},
                          .args = args,
                          .arg_count = (int)P2P_COUNT(args)});
}
