/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `one` variant of the convolution: launches of cl/conv2d_one.cl, for layers of stride 1 with one output and
 * many channels on GPUs.
 */
#include <limits.h>
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* Taps along a side, whose squares are sums or weights in registers; results of a work-item forward; lines of the
 * large side at a time, and work-items of a group forward, at most. */
enum {
    KERNEL_MOST = 4,
    ACROSS_MOST = 10,
    DOWN_MOST = 2,
    SPLIT_MOST = 32,
    ITEMS_LEAST = 2 * ONE_SEGMENT,
    ITEMS_MOST = 128
};
/* Fewer channels leave lanes idle. */
enum { CHANNELS_LEAST = 64 };

/* own: of a group's work forward results across and down; its work-items. */
enum { ACROSS, DOWN, ITEMS };

static bool is_forward(const P2pCall *call)
{
    return call->pass->direction == P2P_CONV_FORWARD;
}

/* The largest power of two up to both. */
static int power_of_two(int most, size_t limit)
{
    int n = 1;

    while (2 * n <= most && (size_t)(2 * n) <= limit)
        n *= 2;
    return n;
}

/* Bytes of local memory of the backward kernels: the small side with its edge, and what is added up. */
static size_t local_bytes(const P2pCall *call, int split)
{
    const P2pTensor *y = &call->t[P2P_CONV_Y];
    const int kernel = call->t[P2P_CONV_W].w, edge = 2 * (kernel - 1);
    const size_t small = (size_t)(y->h + edge) * (p2p_round_up((size_t)(y->w + edge / 2), 4) + 4);
    const size_t kept = call->pass->direction == P2P_CONV_WGRAD
                            ? (size_t)(4 * kernel * ONE_LANES) * (size_t)p2p_max(split / 2, kernel)
                            : 0;

    return sizeof(float) * (small + kept);
}

static bool suits(const P2pCall *call)
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];
    const int edge = 2 * call->attr.pad - w->w + 1;

    return y->c == 1 && !call->attr.large_out && call->attr.stride == 1 && w->h == w->w &&
           w->w <= KERNEL_MOST && call->attr.pad < w->w && y->h == x->h + edge &&
           y->w == x->w + edge && p2p_tensor_span(x) + (size_t)x->offset <= INT_MAX &&
           p2p_tensor_span(y) + (size_t)y->offset <= INT_MAX &&
           p2p_tensor_span(w) + (size_t)w->offset <= INT_MAX;
}

static bool is_plain(const P2pCall *call)
{
    return call->attr.act1 == P2P_ACT_NONE && !call->attr.accumulate &&
           !p2p_call_has(call, P2P_CONV_BIAS);
}

/* Two lines of results a group where that leaves no unit without one, and Intel's compilers have not the registers. */
static void divide_forward(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y];

    way->own[ACROSS] = p2p_min(ACROSS_MOST, y->w);
    way->own[DOWN] = DOWN_MOST;
    if (caps->vendor_id == P2P_INTEL ||
        y->n * p2p_ceil_div(y->w, ACROSS_MOST) * p2p_ceil_div(y->h, DOWN_MOST) <
            caps->compute_units)
        way->own[DOWN] = 1;
    way->own[ITEMS] =
        p2p_max(ITEMS_LEAST, power_of_two(p2p_min(ITEMS_MOST, x->c / 4), caps->max_group_size));
}

bool p2p_conv2d_one_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];
    const int aligned = x->c % 4 == 0 && x->stride % 4 == 0 && x->offset % 4 == 0;
    const int split = power_of_two(SPLIT_MOST, caps->max_group_size / ONE_LANES);

    if (!suits(call) || caps->max_group_size < ITEMS_LEAST ||
        (!is_forward(call) && local_bytes(call, split) > caps->local_bytes))
        return false;
    way->cost = caps->is_cpu || x->c < CHANNELS_LEAST ? P2P_COST_HIGH : P2P_COST_USUAL;
    const int used =
        snprintf(way->options, sizeof(way->options),
                 "-D KERNEL=%d -D BLOCK=%d -D ALIGNED=%d -D ACT_TANH=%d", w->w, w->stride,
                 aligned ? TILE_ALIGNED_IN | TILE_ALIGNED_OUT : 0, call->attr.act1 == P2P_ACT_TANH);
    char *more = way->options + used;
    const size_t room = sizeof(way->options) - (size_t)used;
    if (is_forward(call)) {
        divide_forward(call, caps, way);
        snprintf(more, room, " -D FWD -D ACROSS=%d -D DOWN=%d -D ITEMS=%d", way->own[ACROSS],
                 way->own[DOWN], way->own[ITEMS]);
    } else {
        way->own[ITEMS] = ONE_LANES * split;
        if (p2p_conv_is_dgrad(call))
            snprintf(more, room, " -D DGRAD -D PLAIN=%d -D SPLIT=%d -D HEIGHT=%d -D WIDTH=%d",
                     is_plain(call), split, y->h, y->w);
        else
            snprintf(more, room, " -D WGRAD -D SPLIT=%d -D HEIGHT=%d -D WIDTH=%d", split, y->h,
                     y->w);
    }
    return true;
}

int p2p_conv2d_one_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y];
    const P2pKernel forward = {"conv2d_one", "conv2d_one_fwd", NULL, {(size_t)way->own[ITEMS], 1}};
    const P2pKernel gradient = {
        "conv2d_one", "conv2d_one_dgrad", NULL, {(size_t)way->own[ITEMS], 1}};
    const P2pKernel weights = {
        "conv2d_one", "conv2d_one_wgrad", NULL, {(size_t)way->own[ITEMS], 1}};
    const size_t groups = (size_t)p2p_ceil_div(x->c, 4 * ONE_LANES);

    (void)work;
    if (is_forward(call))
        return p2p_conv_emit_gather(seq, call, way, &forward,
                                    (P2pGrid){(size_t)p2p_ceil_div(y->w, way->own[ACROSS]),
                                              (size_t)p2p_ceil_div(y->h, way->own[DOWN]),
                                              (size_t)y->n});
    if (p2p_conv_is_dgrad(call))
        return p2p_conv_emit_gather(seq, call, way, &gradient, (P2pGrid){groups, (size_t)y->n});
    return p2p_conv_emit_wgrad(seq, call, way, &weights, (P2pGrid){groups});
}
