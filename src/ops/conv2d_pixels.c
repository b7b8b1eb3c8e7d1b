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
 * its channels; channels at least. */
enum { OUTPUTS_MOST = 8, SUMS_MOST = 64, ITEMS_MOST = 256, SPLIT_MOST = 16, CHANNELS_LEAST = 16 };

/* Channels of a slice at least: Intel's compilers have not the registers for more on their way. And how many of what
 * is called a unit there share local memory. */
enum { DEPTH_LEAST = 16, INTEL_DEPTH_LEAST = 8, INTEL_SHARED = 8 };

/* own: tiles across and down, work-items of a group. */
enum { ACROSS, DOWN, ITEMS };

/* How a group divides its work: see cl/conv2d_pixels.cl. */
typedef struct Division {
    int hops, down, split, depth;
} Division;

static int step_of(const P2pCall *call)
{
    return p2p_conv_is_dgrad(call) ? call->attr.stride : 1;
}

static bool is_intel(const P2pCaps *caps)
{
    return !caps->is_cpu && caps->vendor_id == P2P_INTEL;
}

static int shift_of(const P2pCall *call)
{
    return p2p_conv_is_dgrad(call) ? call->attr.pad : call->t[P2P_CONV_W].w - 1 - call->attr.pad;
}

/* As in cl/conv2d_pixels.cl. */
static int jumps_of(const P2pCall *call)
{
    const int step = step_of(call), shift = shift_of(call);

    return p2p_ceil_div(shift, step) + 1 + (call->t[P2P_CONV_W].w - 1 - shift) / step;
}

static size_t local_bytes(const P2pCall *call, const Division *d)
{
    const int kernel = call->t[P2P_CONV_W].w, step = step_of(call), jumps = jumps_of(call);
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
    const P2pTensor *to = p2p_conv_to(call);
    const int step = step_of(call);
    const int least = is_intel(caps) ? INTEL_DEPTH_LEAST : DEPTH_LEAST;
    const int units = p2p_ceil_div(caps->compute_units, is_intel(caps) ? INTEL_SHARED : 1);
    Division d = {.hops = 4, .down = 8};

    while (d.hops > 1 && d.hops * step * step * to->c > SUMS_MOST)
        d.hops /= 2;
    const int across = p2p_ceil_div(to->w, step * PIXELS_ACROSS * d.hops);
    const int lines = p2p_ceil_div(to->h, step);
    while (d.down > 1 && to->n * across * p2p_ceil_div(lines, d.down) < units)
        d.down /= 2;
    d.split = p2p_min(p2p_min(ITEMS_MOST, (int)caps->max_group_size) / (PIXELS_ACROSS * d.down),
                      SPLIT_MOST);
    while (d.split & (d.split - 1))
        d.split &= d.split - 1;
    d.depth = p2p_max(least, 2 * d.split);
    while (d.depth > least && local_bytes(call, &d) > caps->local_bytes)
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

    if (to->c > OUTPUTS_MOST || to->c > w->stride || w->h != w->w ||
        step * step * to->c > SUMS_MOST || (!p2p_conv_is_dgrad(call) && call->attr.stride > 1) ||
        call->attr.pad >= w->w || caps->max_group_size < PIXELS_ACROSS ||
        p2p_tensor_span(from) + (size_t)from->offset > INT_MAX ||
        p2p_tensor_span(to) + (size_t)to->offset > INT_MAX)
        return false;
    const Division d = divide(call, caps);
    if (d.split < 1 || local_bytes(call, &d) > caps->local_bytes)
        return false;
    way->cost =
        caps->is_cpu || (is_intel(caps) && !p2p_conv_is_dgrad(call)) || from->c < CHANNELS_LEAST
            ? P2P_COST_HIGH
            : P2P_COST_USUAL;
    way->own[ACROSS] = p2p_ceil_div(to->w, step * PIXELS_ACROSS * d.hops);
    way->own[DOWN] = p2p_ceil_div(to->h, step * d.down);
    way->own[ITEMS] = PIXELS_ACROSS * d.down * d.split;
    snprintf(way->options, sizeof(way->options),
             "-D KERNEL=%d -D STEP=%d -D SHIFT=%d -D OUTPUTS=%d -D BLOCK=%d -D HOPS=%d -D DOWN=%d "
             "-D SPLIT=%d -D DEPTH=%d -D TURNED=%d -D ALIGNED=%d",
             w->w, step, shift_of(call), to->c, w->stride, d.hops, d.down, d.split, d.depth,
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
