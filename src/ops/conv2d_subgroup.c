/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sub-group variant of the convolution: launches of cl/conv2d_subgroup.cl and cl/conv2d_subgroup_wgrad.cl,
 * for Intel's GPUs. Their local memory gives a multiply-add less than it takes, while a register is broadcast
 * for nothing.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "src/ops/conv2d.h"

/* Most sub-groups of a group, and of those that share a side's data; so many a unit hide what memory takes. */
enum { MOST_SUBGROUPS = 16, MOST_SHARING = 4, HIDING = 4 };

/* Lanes of a sub-group, by form: with 8 the sums of one fill Xe's registers and older ones. */
static const int lanes_of[] = {0, 8, 16};

/* own: groups down and across the results, classes of pixels or taps; work-items of a group. */
enum { DOWN, ACROSS, CLASSES, ITEMS };

/* What sub-groups make, in all: down and across the results; how many there are; the most parts of a sum. */
typedef struct Work {
    int down, across, classes, parts;
} Work;

static bool is_wgrad(const P2pCall *call)
{
    return call->pass->direction == P2P_CONV_WGRAD;
}

static Work gather_work(const P2pCall *call)
{
    const P2pTensor *from = p2p_conv_from(call), *to = p2p_conv_to(call);
    const int step = p2p_conv_is_dgrad(call) ? call->attr.stride : 1;
    const int pixels = to->n * p2p_ceil_div(to->h, step) * p2p_ceil_div(to->w, step);

    return (Work){p2p_ceil_div(pixels, SUBGROUP_PIXELS), p2p_ceil_div(to->c, SUBGROUP_OUTPUTS),
                  step * step, from->c / SUBGROUP_DEPTH};
}

static Work wgrad_work(const P2pCall *call)
{
    enum { LINES_LEAST = 2 }; /* of a part */
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];

    return (Work){p2p_ceil_div(call->attr.large_out ? y->c : x->c, SUBGROUP_INPUTS),
                  p2p_ceil_div(call->attr.large_out ? x->c : y->c, SUBGROUP_OUTPUTS), w->h * w->w,
                  y->n * y->h / LINES_LEAST};
}

/* Whole blocks of weights; channels that are whole rounds (gathers), or fill a sub-group; bytes that are counted
 * in 32 bits. */
static bool suits(const P2pCall *call)
{
    const P2pTensor *w = &call->t[P2P_CONV_W], *from = p2p_conv_from(call), *to = p2p_conv_to(call);

    for (int i = P2P_CONV_X; i <= P2P_CONV_V; i++)
        if (p2p_call_has(call, i) &&
            p2p_tensor_span(&call->t[i]) + (size_t)call->t[i].offset > UINT32_MAX / sizeof(float))
            return false;
    if (w->stride != SUBGROUP_OUTPUTS)
        return false;
    if (is_wgrad(call))
        return w->n >= SUBGROUP_OUTPUTS && w->c >= SUBGROUP_INPUTS;
    return from->c % SUBGROUP_DEPTH == 0 && to->c >= SUBGROUP_OUTPUTS;
}

/* The largest power of two up to `most` by which so many can be divided with an eighth to spare. */
static int share(int count, int most)
{
    int n = 1;

    while (2 * n <= most && p2p_ceil_div(count, 2 * n) * 2 * n <= count + count / 8)
        n *= 2;
    return n;
}

/* Parts of sums until there are enough sub-groups; then such that share data. */
static void arrange(const Work *work, const P2pCaps *caps, int lanes, size_t sums, P2pWay *way)
{
    const int most = p2p_min(MOST_SUBGROUPS, (int)(caps->max_group_size / (size_t)lanes));
    const double all = (double)work->down * work->across * work->classes;
    const bool can_split = (size_t)most / 2 * sums * sizeof(float) <= caps->local_bytes;
    int split = 1;

    while (can_split && 2 * split <= p2p_min(most, work->parts) &&
           all * split < (double)HIDING * caps->compute_units)
        split *= 2;
    const int across = share(work->across, p2p_min(MOST_SHARING, most / split));
    const int down = share(work->down, p2p_min(MOST_SHARING, most / split / across));
    way->own[DOWN] = p2p_ceil_div(work->down, down);
    way->own[ACROSS] = p2p_ceil_div(work->across, across);
    way->own[CLASSES] = work->classes;
    way->own[ITEMS] = lanes * down * across * split;
    snprintf(way->options, sizeof(way->options), "-D LANES=%d -D ACROSS=%d -D DOWN=%d -D SPLIT=%d",
             lanes, across, down, split);
}

/* The form asked for, or the first whose lanes the device has; 0: none. */
static int choose_form(const P2pCaps *caps, int wanted)
{
    for (int form = 1; form < (int)P2P_COUNT(lanes_of); form++)
        if ((!wanted || form == wanted) && caps->subgroup_sizes & (unsigned)lanes_of[form] &&
            (size_t)lanes_of[form] <= caps->max_group_size)
            return form;
    return 0;
}

bool p2p_conv2d_subgroup_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const int form = choose_form(caps, way->form);
    const Work work = (is_wgrad(call) ? wgrad_work : gather_work)(call);

    if (!form || !suits(call))
        return false;
    way->form = form;
    arrange(&work, caps, lanes_of[form],
            SUBGROUP_OUTPUTS * (is_wgrad(call) ? SUBGROUP_INPUTS : SUBGROUP_PIXELS), way);
    const size_t used = strlen(way->options);
    if (is_wgrad(call))
        snprintf(way->options + used, sizeof(way->options) - used, " -D LARGE_OUT=%d",
                 call->attr.large_out);
    else
        snprintf(way->options + used, sizeof(way->options) - used, " -D TURNED=%d -D ACT_TANH=%d",
                 p2p_conv_is_turned(call), call->attr.act1 == P2P_ACT_TANH);
    return true;
}

static P2pGrid groups(const P2pWay *way)
{
    return (P2pGrid){(size_t)way->own[DOWN], (size_t)way->own[ACROSS], (size_t)way->own[CLASSES]};
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pWay *way)
{
    const P2pKernel kernel = {
        "conv2d_subgroup", "conv2d_gather_subgroup", NULL, {(size_t)way->own[ITEMS], 1}};

    return p2p_conv_emit_gather(seq, call, way, &kernel, groups(way));
}

static int emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way)
{
    const P2pKernel kernel = {
        "conv2d_subgroup_wgrad", "conv2d_wgrad_subgroup", NULL, {(size_t)way->own[ITEMS], 1}};

    return p2p_conv_emit_wgrad(seq, call, way, &kernel, groups(way));
}

int p2p_conv2d_subgroup_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                             P2pBuffer *work)
{
    (void)work;
    return (is_wgrad(call) ? emit_wgrad : emit_gather)(seq, call, way);
}
