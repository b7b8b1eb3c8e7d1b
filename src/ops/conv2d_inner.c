/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inner variant of the convolution: launches of cl/conv2d_inner.cl and cl/conv2d_inner_wgrad.cl, for
 * layers of few pixels on GPUs, whose time is that of reading their weights.
 */
#include <limits.h>
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* Most pixels of the small side, which a gather's work-items keep sums of; groups a unit that keep the
 * memory busy; bytes of inputs that a group keeps. */
enum { GATHER_PIXELS = 16, WGRAD_PIXELS = 64, GROUPS_A_UNIT = 8, KEPT_BYTES = 16384 };

/* Quadruples that a work-item of a weight gradient has on their way. */
enum { WGRAD_UNROLL = 4 };

/* own: pixels rounded up to fours, inputs of a group. */
enum { PIXELS, CHUNK };

static bool is_wgrad(const P2pCall *call)
{
    return call->pass->direction == P2P_CONV_WGRAD;
}

static int small_pixels(const P2pCall *call)
{
    const P2pTensor *y = &call->t[P2P_CONV_Y];

    return y->n * y->h * y->w;
}

/* Of an axis, the taps that meet a pixel are from *first on; taps between them that meet none are no harm. */
static int live_taps(int large, int small, int taps, const P2pAttr *attr, int *first)
{
    int last = -1;

    *first = taps;
    for (int i = 0; i < small; i++)
        for (int r = 0; r < taps; r++) {
            const int at = i * attr->stride - attr->pad + r;
            if (at < 0 || at >= large)
                continue;
            *first = p2p_min(*first, r);
            last = p2p_max(last, r);
        }
    return p2p_max(0, last - *first + 1);
}

static ConvTaps live(const P2pCall *call)
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];
    ConvTaps t;

    t.rows = live_taps(x->h, y->h, w->h, &call->attr, &t.r);
    t.cols = live_taps(x->w, y->w, w->w, &call->attr, &t.s);
    return t;
}

/* Work-items side by side in a group: quadruples of a block, and lanes that share it. */
static int lanes(const P2pCall *call)
{
    return FLAT_GROUP / (call->t[P2P_CONV_W].stride / 4);
}

/* Quadruples that a gather's work-item has on their way, in the registers that its sums leave. */
static int gather_unroll(int pixels)
{
    return pixels > 8 ? 2 : 4;
}

/* Groups across the outputs. */
static int groups_across(const P2pCall *call)
{
    const P2pTensor *w = &call->t[P2P_CONV_W];

    return p2p_conv_is_turned(call) ? p2p_ceil_div(p2p_conv_to(call)->c, lanes(call))
                                    : p2p_ceil_div(p2p_conv_to(call)->c, w->stride);
}

static int chunks(const P2pCall *call, const P2pWay *way)
{
    return p2p_ceil_div(p2p_conv_from(call)->c, way->own[CHUNK]);
}

/* As many inputs a group as it may keep, fewer where there would be too few groups. */
static int chunk(const P2pCall *call, const P2pCaps *caps, int pixels)
{
    const ConvTaps t = live(call);
    const int step = gather_unroll(pixels) * p2p_max(lanes(call), call->t[P2P_CONV_W].stride);
    const int groups = groups_across(call) * t.rows * t.cols;
    int each = step;

    while (2 * each * pixels * (int)sizeof(float) <= KEPT_BYTES &&
           groups * p2p_ceil_div(p2p_conv_from(call)->c, 2 * each) >=
               GROUPS_A_UNIT * caps->compute_units)
        each *= 2;
    return each;
}

static bool is_aligned(const P2pTensor *t)
{
    return t->c % 4 == 0 && t->stride % 4 == 0 && t->offset % 4 == 0;
}

/* Of local memory: what the kernels keep of pixels for a chunk, or for a block and the inputs beside it. */
static bool fits_local(const P2pCall *call, const P2pCaps *caps, const P2pWay *way, int unroll)
{
    const int block = call->t[P2P_CONV_W].stride, inputs = 4 * FLAT_GROUP / block * unroll;
    const int each =
        is_wgrad(call) ? inputs + block + 2 : p2p_max(way->own[CHUNK], 4 * FLAT_GROUP) + 1;

    return sizeof(float) * (size_t)way->own[PIXELS] * (size_t)each <= caps->local_bytes;
}

bool p2p_conv2d_inner_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *t = call->t, *w = &t[P2P_CONV_W];
    const bool wgrad = is_wgrad(call);
    const int pixels = p2p_ceil_div(small_pixels(call), 4) * 4;
    const ConvTaps taps = live(call);
    const int aligned =
        ((w->offset | t[P2P_CONV_M].offset | t[P2P_CONV_V].offset) % 4 ? 0 : TILE_ALIGNED_W) |
        (is_aligned(p2p_conv_to(call)) ? TILE_ALIGNED_OUT : 0);

    if (pixels > (wgrad ? WGRAD_PIXELS : GATHER_PIXELS) || FLAT_GROUP % (w->stride / 4) ||
        taps.rows * taps.cols == 0 || p2p_tensor_span(w) + (size_t)w->offset > INT_MAX)
        return false;
    way->cost = caps->is_cpu ? P2P_COST_HIGH : P2P_COST_USUAL;
    way->own[PIXELS] = pixels;
    if (!wgrad) {
        way->unread_bytes =
            (1 - (double)(taps.rows * taps.cols) / (w->h * w->w)) * (double)p2p_tensor_bytes(w);
        way->own[CHUNK] = chunk(call, caps, pixels);
        way->work_bytes = sizeof(float) * (size_t)(taps.rows * taps.cols * chunks(call, way)) *
                          (size_t)small_pixels(call) *
                          p2p_round_up((size_t)p2p_conv_to(call)->c, 4);
    }
    snprintf(way->options, sizeof(way->options),
             "-D BLOCK=%d -D PIXELS=%d -D ALIGNED=%d -D UNROLL=%d -D CHUNK=%d -D ACT_TANH=%d",
             w->stride, pixels, aligned, wgrad ? WGRAD_UNROLL : gather_unroll(pixels),
             way->own[CHUNK], call->attr.act1 == P2P_ACT_TANH);
    return fits_local(call, caps, way, WGRAD_UNROLL);
}

static int emit_sum(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pKernel sum = {"conv2d_inner", "conv2d_inner_sum", "-D SUM", {FLAT_GROUP, 1}};
    const P2pTensor *to = p2p_conv_to(call);
    const ConvGeom g = p2p_conv_geom(call);
    const ConvTaps taps = live(call);
    const int gradient = p2p_conv_is_dgrad(call), parts = chunks(call, way);
    const P2pArg args[] = {P2P_ARG_BUFFER(work),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(to->buffer),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(taps),
                           P2P_ARG(parts)};
    const int fours = to->n * to->h * to->w * p2p_ceil_div(to->c, 4);

    return p2p_emit(seq, way, &sum, args, P2P_COUNT(args),
                    (P2pGrid){(size_t)p2p_ceil_div(fours, FLAT_GROUP)});
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pKernel kernels[] = {
        {"conv2d_inner", "conv2d_inner_along", NULL, {FLAT_GROUP, 1}},
        {"conv2d_inner", "conv2d_inner_across", "-D ACROSS", {FLAT_GROUP, 1}}};
    const ConvGeom g = p2p_conv_geom(call);
    const ConvTaps taps = live(call);
    const int gradient = p2p_conv_is_dgrad(call);
    const P2pArg args[] = {P2P_ARG_BUFFER(p2p_conv_from(call)->buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                           P2P_ARG_BUFFER(work),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(taps)};
    const int err = p2p_emit(seq, way, &kernels[p2p_conv_is_turned(call)], args, P2P_COUNT(args),
                             (P2pGrid){(size_t)groups_across(call), (size_t)chunks(call, way),
                                       (size_t)(taps.rows * taps.cols)});

    return err ? err : emit_sum(seq, call, way, work);
}

static int emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way)
{
    static const P2pKernel kernel = {
        "conv2d_inner_wgrad", "conv2d_wgrad_inner", NULL, {FLAT_GROUP, 1}};
    const P2pTensor *w = &call->t[P2P_CONV_W];

    return p2p_conv_emit_wgrad(seq, call, way, &kernel,
                               (P2pGrid){(size_t)p2p_ceil_div(w->c, lanes(call) * WGRAD_UNROLL),
                                         (size_t)p2p_ceil_div(w->n, w->stride),
                                         (size_t)(w->h * w->w)});
}

int p2p_conv2d_inner_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    return is_wgrad(call) ? emit_wgrad(seq, call, way) : emit_gather(seq, call, way, work);
}
