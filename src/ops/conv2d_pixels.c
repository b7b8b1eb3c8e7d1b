/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pixels variant of the convolution: launches of cl/conv2d_pixels.cl, for gathers with few outputs on
 * GPUs.
 */
#include <limits.h>
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* Most outputs, sums in a work-item's registers, and work-items of a group, and that share
 * its channels; channels of a slice at least. */
enum { OUTPUTS_MOST = 8, SUMS_MOST = 64, ITEMS_MOST = 256, SPLIT_MOST = 16, DEPTH_LEAST = 16 };

/* own: tiles across and down, work-items of a group. */
enum { ACROSS, DOWN, ITEMS };

/* How a group divides its work: see cl/conv2d_pixels.cl. */
typedef struct Division {
    int hops, down, split, depth, shift;
} Division;

static int step_of(const P2pCall *call)
{
    return p2p_conv_is_dgrad(call) ? call->attr.stride : 1;
}

/* Hops along a side of results. */
static int hops_along(int size, int shift, int step)
{
    return (size - 1 + shift) / step - shift / step + 1;
}

static size_t local_bytes(const P2pCall *call, const Division *d)
{
    const int kernel = call->t[P2P_CONV_W].w, step = step_of(call), jumps = kernel / step;
    const int outputs = p2p_conv_to(call)->c, places = PIXELS_ACROSS * d->down;
    const int vectors = p2p_ceil_div(d->hops + jumps - 1, d->hops);
    const int line = p2p_ceil_div(PIXELS_ACROSS * d->hops + vectors * d->hops, 4) * 4;
    const int row = p2p_ceil_div(kernel * outputs, 4) * 4;
    const int window = d->depth * ((d->down + jumps - 1) * line + kernel * row);
    const int sums = places * d->hops * step * step * outputs;

    return sizeof(float) * (size_t)p2p_max(window, p2p_max(8 * places * d->split, sums));
}

/* Few lines a group where there would be too few groups: then more work-items share its channels. */
static Division divide(const P2pCall *call, const P2pCaps *caps)
{
    const P2pTensor *to = p2p_conv_to(call), *w = &call->t[P2P_CONV_W];
    const int step = step_of(call);
    Division d = {.hops = 4, .down = 8};

    d.shift = p2p_conv_is_dgrad(call) ? call->attr.pad : w->w - 1 - call->attr.pad;
    while (d.hops > 1 && d.hops * step * step * to->c > SUMS_MOST)
        d.hops /= 2;
    const int across = p2p_ceil_div(hops_along(to->w, d.shift, step), PIXELS_ACROSS * d.hops);
    const int lines = hops_along(to->h, d.shift, step);
    while (d.down > 1 && to->n * across * p2p_ceil_div(lines, d.down) < (int)caps->compute_units)
        d.down /= 2;
    d.split = p2p_min(p2p_min(ITEMS_MOST, (int)caps->max_group_size) / (PIXELS_ACROSS * d.down),
                      SPLIT_MOST);
    while (d.split & (d.split - 1))
        d.split &= d.split - 1;
    d.depth = p2p_max(DEPTH_LEAST, 2 * d.split);
    while (d.depth > DEPTH_LEAST && local_bytes(call, &d) > caps->local_bytes)
        d.depth = 2 * (d.split /= 2);
    return d;
}

static bool is_aligned(const P2pTensor *t)
{
    return t->c % 4 == 0 && t->stride % 4 == 0 && t->offset % 4 == 0;
}

bool p2p_conv2d_pixels_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *from = p2p_conv_from(call), *to = p2p_conv_to(call), *w = &call->t[P2P_CONV_W];
    const int step = step_of(call);

    if (to->c > OUTPUTS_MOST || to->c > w->stride || w->h != w->w || w->w % step ||
        step * step * to->c > SUMS_MOST || (!p2p_conv_is_dgrad(call) && call->attr.stride > 1) ||
        call->attr.pad >= w->w || caps->max_group_size < PIXELS_ACROSS ||
        p2p_tensor_span(from) + (size_t)from->offset > INT_MAX ||
        p2p_tensor_span(to) + (size_t)to->offset > INT_MAX)
        return false;
    const Division d = divide(call, caps);
    if (d.split < 1 || local_bytes(call, &d) > caps->local_bytes)
        return false;
    /* Intel's compilers have not the registers for it: 0.6 KiB of a work-item's would lie in memory. */
    way->cost = caps->is_cpu || caps->vendor_id == P2P_INTEL || from->c < DEPTH_LEAST
                    ? P2P_COST_HIGH
                    : P2P_COST_USUAL;
    way->own[ACROSS] = p2p_ceil_div(hops_along(to->w, d.shift, step), PIXELS_ACROSS * d.hops);
    way->own[DOWN] = p2p_ceil_div(hops_along(to->h, d.shift, step), d.down);
    way->own[ITEMS] = PIXELS_ACROSS * d.down * d.split;
    snprintf(way->options, sizeof(way->options),
             "-D KERNEL=%d -D STEP=%d -D OUTPUTS=%d -D BLOCK=%d -D HOPS=%d -D DOWN=%d -D SPLIT=%d "
             "-D DEPTH=%d -D TURNED=%d -D ALIGNED=%d",
             w->w, step, to->c, w->stride, d.hops, d.down, d.split, d.depth,
             p2p_conv_is_turned(call), is_aligned(from) ? TILE_ALIGNED_IN : 0);
    return true;
}

int p2p_conv2d_pixels_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                           P2pBuffer *work)
{
    const P2pKernel kernel = {"conv2d_pixels", "conv2d_pixels", NULL, {(size_t)way->own[ITEMS], 1}};

    (void)work;
    return p2p_conv_emit_gather(
        seq, call, way, &kernel,
        (P2pGrid){(size_t)way->own[ACROSS], (size_t)way->own[DOWN], (size_t)p2p_conv_to(call)->n});
}
