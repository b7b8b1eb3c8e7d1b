/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thin variants of the convolution: launches of cl/conv2d_thin.cl and cl/conv2d_few.cl, for CPUs and
 * layers with few channels on one side, where the other variants' tiles would mostly be empty.
 */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* A weight gradient's parts are by the shape alone, so that its bits do not depend on the cores. */
enum { PART_PIXELS = 64, MOST_PARTS = 32 };

/* own: whether a patch's lines do it, work-groups and tiles (pixels of a weight gradient) in each; of
 * a weight gradient whether the small side is the thin one. Of few outputs: hops of a strip, rows of a
 * band, and how many there are. */
enum { IS_PATCH, GROUPS, IN_GROUP, SMALL, HOPS = IN_GROUP, BAND, STRIPS, BANDS };

/* A gather's sides: channels read and written, steps, taps. */
typedef struct Sides {
    int in, out, step, lanes, pixels;
} Sides;

static Sides sides(const P2pCall *call, bool gradient)
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];
    const P2pTensor *from = gradient ? y : x, *to = gradient ? x : y;
    const int step = gradient ? call->attr.stride : 1;

    return (Sides){.in = from->c,
                   .out = to->c,
                   .step = step,
                   .lanes = w->h * w->w * from->c,
                   .pixels = to->n * p2p_ceil_div(to->h, step) * p2p_ceil_div(to->w, step)};
}

/* Few channels in: lines of all taps. */
static bool is_patch(const Sides *s, int rows)
{
    return s->in <= THIN_CHANNELS && s->step == 1 && s->lanes <= THIN_LINES / rows;
}

/* As in cl/conv2d_few.cl. */
typedef struct Few {
    int step, ring, parts, hop, lanes;
} Few;

static Few few(const P2pCall *call)
{
    const P2pTensor *w = &call->t[P2P_CONV_W];
    const int step = p2p_conv_is_dgrad(call) ? call->attr.stride : 1;
    const int parts = p2p_ceil_div(w->w, step), hop = step * p2p_conv_to(call)->c;

    return (Few){.step = step,
                 .ring = p2p_ceil_div(w->h, step),
                 .parts = parts,
                 .hop = hop,
                 .lanes = p2p_ceil_div(w->h * parts * hop, w->stride) * w->stride};
}

/* Few channels out: products of all taps. Taps that fill whole hops, so that no pixel meets a weight
 * that is none; strips as wide as fit, bands for all cores but high enough to share rows. */
static bool plan_few(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *w = &call->t[P2P_CONV_W], *from = p2p_conv_from(call), *to = p2p_conv_to(call);
    const Few f = few(call);
    const int rows = CONV_ROWS(caps->vector_width);
    const int wide = FEW_FLOATS / (f.ring * f.lanes) / rows * rows - f.parts + 1;

    if (to->c > FEW_CHANNELS || from->c < w->stride || from->c > P2P_ZEROS || f.ring > FEW_TAPS ||
        f.hop > FEW_HOP || w->w % f.step || wide < 1 ||
        (!p2p_conv_is_dgrad(call) && call->attr.stride > 1))
        return false;
    const int hops = p2p_ceil_div(to->w + w->w - 1, f.step);
    const int bands = p2p_ceil_div(4 * caps->compute_units, to->n);
    way->own[BAND] = p2p_max(p2p_ceil_div(to->h, bands), 8 * f.step);
    way->own[BANDS] = p2p_ceil_div(to->h, way->own[BAND]);
    /* Narrower where bands are fewer than cores. */
    const int strips = p2p_ceil_div(caps->compute_units, way->own[BANDS] * to->n);
    const int narrow = p2p_ceil_div(p2p_ceil_div(hops, strips) + f.parts - 1, rows) * rows;
    way->own[HOPS] = p2p_min(p2p_min(hops, narrow - f.parts + 1), p2p_min(wide, FEW_LINE / f.hop));
    way->own[STRIPS] = p2p_ceil_div(hops, way->own[HOPS]);
    way->work_bytes = (size_t)from->c * (size_t)f.lanes * sizeof(float);
    return true;
}

static bool plan_gather(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const Sides s = sides(call, p2p_conv_is_dgrad(call));
    const int rows = CONV_ROWS(caps->vector_width);

    if (!is_patch(&s, rows))
        return plan_few(call, caps, way);
    const int tiles = p2p_ceil_div(s.pixels, rows);
    way->work_bytes = p2p_conv_is_turned(call) ? p2p_conv2d_turned_bytes(call) : 0;
    way->own[IS_PATCH] = true;
    /* Some groups for each core. */
    way->own[IN_GROUP] = p2p_ceil_div(tiles, p2p_min(tiles, 64 * caps->compute_units));
    way->own[GROUPS] = p2p_ceil_div(tiles, way->own[IN_GROUP]);
    return true;
}

/* Lines of the thin side times the other's vectors, in parts of the pixels. */
static bool plan_wgrad(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const int rows = CONV_ROWS(caps->vector_width), block = call->t[P2P_CONV_W].stride;
    Sides s = sides(call, false);

    if (!is_patch(&s, rows)) {
        s = sides(call, true);
        way->own[SMALL] = true;
    }
    if (!is_patch(&s, rows))
        return false;
    const int lanes = p2p_ceil_div(s.lanes, rows) * rows;
    const int most = p2p_min(p2p_ceil_div(s.pixels, PART_PIXELS), MOST_PARTS);
    way->own[IN_GROUP] = p2p_ceil_div(s.pixels, most);
    way->own[GROUPS] = p2p_ceil_div(s.pixels, way->own[IN_GROUP]);
    way->work_bytes = (size_t)way->own[GROUPS] * (size_t)p2p_ceil_div(s.out, block) *
                      (size_t)(lanes * block) * sizeof(float);
    return true;
}

bool p2p_conv2d_thin_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    return call->t[P2P_CONV_W].stride == CONV_BLOCK(caps->vector_width) &&
           (call->pass->direction == P2P_CONV_WGRAD ? plan_wgrad : plan_gather)(call, caps, way);
}

static int emit_patch(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pKernel kernel = {"conv2d_thin", "conv2d_patch_thin", NULL, {1, 1}};
    ConvGeom g = p2p_conv_geom(call);
    const int gradient = p2p_conv_is_dgrad(call), tiles = way->own[IN_GROUP];
    const P2pBuffer *w = call->t[P2P_CONV_W].buffer;
    int err;

    if (p2p_conv_is_turned(call)) {
        if ((err = p2p_conv2d_emit_turn(seq, call, work)) < 0)
            return err;
        w = work;
        g.w_offset = 0;
    }
    const P2pArg args[] = {P2P_ARG_BUFFER(p2p_conv_from(call)->buffer),
                           P2P_ARG_BUFFER(w),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(p2p_conv_to(call)->buffer),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(tiles)};
    return p2p_emit(seq, way, &kernel, args, P2P_COUNT(args), (P2pGrid){(size_t)way->own[GROUPS]});
}

static int emit_few(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pKernel turn = {"conv2d_few", "conv2d_few_weights", NULL, {1, 1}};
    static const P2pKernel kernel = {"conv2d_few", "conv2d_few", NULL, {1, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    const int gradient = p2p_conv_is_dgrad(call), hops = way->own[HOPS], band = way->own[BAND];
    const P2pBuffer *zeros = p2p_sequence_zeros(seq);
    const P2pArg weight_args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer), P2P_ARG_BUFFER(work),
                                  P2P_ARG(g), P2P_ARG(gradient)};
    const P2pArg args[] = {P2P_ARG_BUFFER(p2p_conv_from(call)->buffer),
                           P2P_ARG_BUFFER(work),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(p2p_conv_to(call)->buffer),
                           P2P_ARG_BUFFER(zeros),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(hops),
                           P2P_ARG(band)};
    int err;

    if (!zeros)
        return P2P_EDEVMEM;
    if ((err = p2p_emit(seq, way, &turn, weight_args, P2P_COUNT(weight_args),
                        (P2pGrid){(size_t)p2p_conv_from(call)->c})) < 0)
        return err;
    return p2p_emit(
        seq, way, &kernel, args, P2P_COUNT(args),
        (P2pGrid){(size_t)way->own[STRIPS], (size_t)way->own[BANDS], (size_t)p2p_conv_to(call)->n});
}

static int emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pKernel parts = {"conv2d_thin", "conv2d_wgrad_thin", "-D WGRAD", {1, 1}};
    static const P2pKernel sum = {"conv2d_thin", "conv2d_wgrad_sum_thin", "-D WGRAD", {1, 1}};
    const ConvGeom g = p2p_conv_geom(call);
    const int gradient = way->own[SMALL], pixels = way->own[IN_GROUP], count = way->own[GROUPS];
    const int blocks = p2p_ceil_div(gradient ? g.c : g.k, g.block);
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_Y : P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_X : P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(work),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(pixels)};
    const P2pArg sum_args[] = {P2P_ARG_BUFFER(work), P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                               P2P_ARG(g), P2P_ARG(gradient), P2P_ARG(count)};
    int err;

    if ((err = p2p_emit(seq, way, &parts, args, P2P_COUNT(args), (P2pGrid){(size_t)count})) < 0)
        return err;
    return p2p_emit(seq, way, &sum, sum_args, P2P_COUNT(sum_args),
                    (P2pGrid){(size_t)(g.r * g.s), (size_t)blocks});
}

int p2p_conv2d_thin_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    if (call->pass->direction == P2P_CONV_WGRAD)
        return emit_wgrad(seq, call, way, work);
    return (way->own[IS_PATCH] ? emit_patch : emit_few)(seq, call, way, work);
}
