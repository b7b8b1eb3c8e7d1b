/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolutions of stride 1 on GPUs by Winograd's algorithm: launches of cl/conv2d_tile_winograd.cl, between
 * them one of the tile variant's for the products of all points.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cl/winograd_algorithms.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* own: behind what the tile variant's emit() reads, floats in a vector. */
enum { VECTOR = P2P_WAY_NUMBERS - 1 };

/* A transform's numbers are written and read: each costs like so many multiply-adds, as on the cards in
 * tests/gpulab/cards. */
enum { FLOAT_COSTS = 60 };

static bool is_wgrad(const P2pCall *call)
{
    return call->pass->direction == P2P_CONV_WGRAD;
}

/* The algorithm with the fewest products, as they all have as many points; NULL: none has these taps. */
static const WinogradAlgorithm *algorithm(const P2pCall *call)
{
    const P2pTensor *w = &call->t[P2P_CONV_W];
    const WinogradAlgorithm *best = NULL;

    for (size_t i = 0; i < P2P_COUNT(winograd_algorithms); i++) {
        const WinogradAlgorithm *a = &winograd_algorithms[i];
        if (a->taps == w->h && (!best || a->tile > best->tile))
            best = a;
    }
    return w->h == w->w && w->h > 2 && call->attr.stride == 1 ? best : NULL;
}

/* Planes of the workspace, for each point: data that are read, weights or the small side's data, sums. */
typedef struct Planes {
    int points, tiles;
    size_t data, other, sums; /* floats */
} Planes;

static Planes planes(const P2pCall *call, const WinogradAlgorithm *a)
{
    const P2pTensor *from = p2p_conv_from(call), *w = &call->t[P2P_CONV_W];
    const P2pTensor *to = p2p_conv_to(call); /* of a weight gradient: the small side */
    const size_t weights = p2p_tensor_span(w) / (size_t)(w->h * w->w);
    Planes p = {.points = (a->tile + a->taps - 1) * (a->tile + a->taps - 1),
                .tiles = to->n * p2p_ceil_div(to->h, a->tile) * p2p_ceil_div(to->w, a->tile)};

    p.data = (size_t)p.tiles * (size_t)from->c;
    p.other = is_wgrad(call) ? (size_t)p.tiles * (size_t)to->c : weights;
    p.sums = is_wgrad(call) ? weights : (size_t)p.tiles * (size_t)to->c;
    return p;
}

static size_t other_at(const Planes *p)
{
    return (size_t)p->points * p->data;
}

static size_t sums_at(const Planes *p)
{
    return other_at(p) + (size_t)p->points * p->other;
}

static size_t all_floats(const Planes *p)
{
    return sums_at(p) + (size_t)p->points * p->sums;
}

/* Whether it costs less than the direct sum: both by the multiply-adds, here with the transforms' memory. */
static bool pays(const P2pCall *call, const Planes *p)
{
    const P2pTensor *w = &call->t[P2P_CONV_W], *y = &call->t[P2P_CONV_Y];
    const double pairs = (double)w->n * w->c, pixels = (double)y->n * y->h * y->w;
    const double moved = 2.0 * p->points * (double)(p->data + p->other + p->sums);

    return pairs * p->points * p->tiles + FLOAT_COSTS * moved < pairs * pixels * w->h * w->w;
}

/* What is multiplied at a point, as a convolution of 1 x 1 in the workspace. */
static P2pCall product(const P2pCall *call, const Planes *p, P2pBuffer *work)
{
    const P2pTensor *w = &call->t[P2P_CONV_W], *from = p2p_conv_from(call), *to = p2p_conv_to(call);
    const bool wgrad = is_wgrad(call);
    P2pCall one = {.pass = wgrad ? &p2p_pass_conv2d_wgrad : &p2p_pass_conv2d_fwd,
                   .attr = {.stride = 1,
                            .large_out = wgrad ? call->attr.large_out : p2p_conv_is_turned(call)}};

    one.t[P2P_CONV_X] = p2p_tensor_nhwc(1, 1, p->tiles, from->c);
    one.t[P2P_CONV_Y] = p2p_tensor_nhwc(1, 1, p->tiles, to->c);
    one.t[P2P_CONV_W] = p2p_tensor_weight(w->n, w->c, 1, 1, w->stride);
    one.t[P2P_CONV_Y].offset = (int)(wgrad ? other_at(p) : sums_at(p));
    one.t[P2P_CONV_W].offset = (int)(wgrad ? sums_at(p) : other_at(p));
    one.t[P2P_CONV_X].buffer = one.t[P2P_CONV_Y].buffer = one.t[P2P_CONV_W].buffer = work;
    return one;
}

bool p2p_conv2d_tile_winograd_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const WinogradAlgorithm *a = algorithm(call);

    const int whole = p2p_max(4, caps->vector_width); /* channels that a work-item transforms */

    if (!a || call->t[P2P_CONV_X].c % whole || call->t[P2P_CONV_Y].c % whole)
        return false;
    const Planes p = planes(call, a);
    const P2pCall one = product(call, &p, NULL);
    if (all_floats(&p) > INT_MAX || !p2p_conv2d_tile_plan_batch(&one, p.points, caps, way))
        return false;
    way->cost = pays(call, &p) && !caps->is_cpu ? P2P_COST_USUAL : P2P_COST_HIGH;
    way->error = a->exact ? 1 : 4;
    way->inexact = !a->exact;
    way->own[VECTOR] = caps->vector_width;
    way->macs = (double)p.points * p.tiles * p2p_conv_from(call)->c * p2p_conv_to(call)->c;
    way->work_bytes = all_floats(&p) * sizeof(float);
    const size_t used = strlen(way->options);
    snprintf(way->options + used, sizeof(way->options) - used, " -D TILE=%d -D TAPS=%d", a->tile,
             a->taps);
    return true;
}

/* ---- Launching ------------------------------------------------------------------------------- */

/* Groups of work-items for so many floats. */
static int groups_of(size_t floats, int vector)
{
    const size_t group = (size_t)(FLAT_GROUP * vector);

    return (int)((floats + group - 1) / group);
}

static int emit_before(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const Planes *p,
                       P2pBuffer *work)
{
    static const P2pKernel before = {
        "conv2d_tile_winograd", "winograd_tile_before", NULL, {FLAT_GROUP, 1}};
    static const P2pKernel spread = {
        "conv2d_tile_winograd", "winograd_tile_spread", "-D WGRAD", {FLAT_GROUP, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    const int gradient = p2p_conv_is_dgrad(call), at = (int)other_at(p);
    const int data_groups = groups_of(p->data, way->own[VECTOR]);
    const P2pGrid grid = {(size_t)(data_groups + groups_of(p->other, way->own[VECTOR]))};
    const P2pArg gather_args[] = {P2P_ARG_BUFFER(p2p_conv_from(call)->buffer),
                                  P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                                  P2P_ARG_BUFFER(work),
                                  P2P_ARG(g),
                                  P2P_ARG(gradient),
                                  P2P_ARG(data_groups),
                                  P2P_ARG(at)};
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(work),
                           P2P_ARG(g),
                           P2P_ARG(data_groups),
                           P2P_ARG(at)};

    return is_wgrad(call) ? p2p_emit(seq, way, &spread, args, P2P_COUNT(args), grid)
                          : p2p_emit(seq, way, &before, gather_args, P2P_COUNT(gather_args), grid);
}

static int emit_behind(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const Planes *p,
                       P2pBuffer *work)
{
    static const P2pKernel kernel = {
        "conv2d_tile_winograd", "winograd_tile_behind", NULL, {FLAT_GROUP, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    const int gradient = p2p_conv_is_dgrad(call), at = (int)sums_at(p);
    const P2pArg args[] = {P2P_ARG_BUFFER(work),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(p2p_conv_to(call)->buffer),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(at)};

    return p2p_emit(seq, way, &kernel, args, P2P_COUNT(args),
                    (P2pGrid){(size_t)groups_of(p->sums, way->own[VECTOR])});
}

static int emit_update(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const Planes *p,
                       P2pBuffer *work)
{
    static const P2pKernel kernel = {
        "conv2d_tile_winograd", "winograd_tile_update", "-D WGRAD", {FLAT_GROUP, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    const int at = (int)sums_at(p);
    P2pArg args[1 + P2P_UPDATE_ARGS + 2] = {P2P_ARG_BUFFER(work)};
    ConvUpdate update;

    p2p_conv_update_args(call, &update, args + 1);
    args[1 + P2P_UPDATE_ARGS] = P2P_ARG(g);
    args[2 + P2P_UPDATE_ARGS] = P2P_ARG(at);
    return p2p_emit(seq, way, &kernel, args, P2P_COUNT(args),
                    (P2pGrid){(size_t)groups_of(p->sums, way->own[VECTOR])});
}

int p2p_conv2d_tile_winograd_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                                  P2pBuffer *work)
{
    const Planes p = planes(call, algorithm(call));
    const P2pCall one = product(call, &p, work);
    int err = emit_before(seq, call, way, &p, work);

    if (!err)
        err = p2p_conv2d_tile_emit(seq, &one, way, NULL);
    if (!err)
        err = (is_wgrad(call) ? emit_update : emit_behind)(seq, call, way, &p, work);
    return err;
}
