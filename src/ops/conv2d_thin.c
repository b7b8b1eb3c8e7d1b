/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thin variants of the convolution: launches of cl/conv2d_thin.cl, for CPUs and layers with few
 * channels on one side, where the other variant's tiles would mostly be empty.
 */
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

enum { THIN = 8, DOT_ROWS = 4, DOT_OUT = 3, PATCH = 6144, PART_PIXELS = 64 };

/* A gather's sides: channels read and written, steps, taps. */
typedef struct Sides {
    int in, out, step, lanes, pixels;
} Sides;

static Sides sides(const ConvGeom *g, bool gradient)
{
    const int step = gradient ? g->stride : 1, in = gradient ? g->k : g->c;

    return (Sides){.in = in,
                   .out = gradient ? g->c : g->k,
                   .step = step,
                   .lanes = g->r * g->s * in,
                   .pixels = g->n * p2p_ceil_div(gradient ? g->h : g->p, step) *
                             p2p_ceil_div(gradient ? g->w : g->q, step)};
}

static bool blocks_fit(const P2pCall *call, const P2pCaps *caps)
{
    return caps->is_cpu && call->t[P2P_CONV_W].stride == 2 * caps->vector_width;
}

/* Few channels in: lines of all taps. */
static bool is_patch(const Sides *s, const P2pCaps *caps)
{
    return s->in <= THIN && s->step == 1 && s->lanes <= PATCH / p2p_conv2d_rows(caps);
}

/* Few channels out: dot products. */
static bool is_dot(const Sides *s, const P2pCaps *caps)
{
    return s->out <= DOT_OUT && s->in >= 2 * caps->vector_width && s->in <= P2P_ZEROS;
}

static bool gather_ok(const P2pCall *call, const P2pCaps *caps, bool gradient)
{
    const ConvGeom g = p2p_conv_geom(call);
    const Sides s = sides(&g, gradient);

    return blocks_fit(call, caps) && (is_patch(&s, caps) || is_dot(&s, caps));
}

static size_t gather_work(const P2pCall *call, const P2pCaps *caps, bool gradient)
{
    const ConvGeom g = p2p_conv_geom(call);
    const Sides s = sides(&g, gradient);

    if (is_patch(&s, caps))
        return p2p_conv2d_turned_bytes(call, gradient);
    return (size_t)(g.r * g.s * DOT_OUT) * p2p_round_up((size_t)s.in, (size_t)caps->vector_width) *
           sizeof(float);
}

static int emit(P2pSequence *seq, const P2pCaps *caps, const char *kernel, const P2pArg *args,
                size_t arg_count, const int global[3])
{
    char options[96];

    snprintf(options, sizeof(options), "-D ROWS=%d -D PATCH=%d -D DOT_OUT=%d%s",
             p2p_conv2d_rows(caps), PATCH, DOT_OUT, strstr(kernel, "wgrad") ? " -D WGRAD" : "");
    return p2p_sequence_add(
        seq, &(P2pLaunch){.program = "conv2d_thin",
                          .kernel = kernel,
                          .options = options,
                          .global = {(size_t)global[0], (size_t)global[1], (size_t)global[2]},
                          .local = {1, 1, 1},
                          .args = args,
                          .arg_count = (int)arg_count});
}

/* Tiles in a group, so that there are some groups for each core. */
static int tiles_in_group(int tiles, const P2pCaps *caps)
{
    return p2p_ceil_div(tiles, p2p_min(tiles, 64 * caps->compute_units));
}

static int emit_patch(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work,
                      bool gradient)
{
    ConvGeom g = p2p_conv_geom(call);
    const Sides s = sides(&g, gradient);
    const int is_gradient = gradient, all = p2p_ceil_div(s.pixels, p2p_conv2d_rows(caps));
    const int tiles = tiles_in_group(all, caps);
    const P2pBuffer *w = call->t[P2P_CONV_W].buffer;
    int err;

    if (p2p_conv2d_turned_bytes(call, gradient)) {
        if ((err = p2p_conv2d_emit_turn(seq, call, caps, work)) < 0)
            return err;
        w = work;
        g.w_offset = 0;
    }
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_Y : P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(w),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_X : P2P_CONV_Y].buffer),
                           P2P_ARG(g),
                           P2P_ARG(is_gradient),
                           P2P_ARG(tiles)};
    return emit(seq, caps, "conv2d_patch_thin", args, P2P_COUNT(args),
                (int[]){p2p_ceil_div(all, tiles), 1, 1});
}

static int emit_dot(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work,
                    bool gradient)
{
    const ConvGeom g = p2p_conv_geom(call);
    const Sides s = sides(&g, gradient);
    const int is_gradient = gradient, all = p2p_ceil_div(s.pixels, DOT_ROWS);
    const int tiles = tiles_in_group(all, caps);
    const P2pBuffer *zeros = p2p_sequence_zeros(seq);
    const P2pArg weight_args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer), P2P_ARG_BUFFER(work),
                                  P2P_ARG(g), P2P_ARG(is_gradient)};
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_Y : P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(work),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_X : P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(zeros),
                           P2P_ARG(g),
                           P2P_ARG(is_gradient),
                           P2P_ARG(tiles)};
    int err;

    if (!zeros)
        return P2P_EDEVMEM;
    if ((err = emit(seq, caps, "conv2d_dot_weights_thin", weight_args, P2P_COUNT(weight_args),
                    (int[]){g.r * g.s, 1, 1})) < 0)
        return err;
    return emit(seq, caps, "conv2d_dot_thin", args, P2P_COUNT(args),
                (int[]){s.step * s.step, p2p_ceil_div(all, tiles), 1});
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work,
                       bool gradient)
{
    const ConvGeom g = p2p_conv_geom(call);
    const Sides s = sides(&g, gradient);

    return is_patch(&s, caps) ? emit_patch(seq, call, caps, work, gradient)
                              : emit_dot(seq, call, caps, work, gradient);
}

bool p2p_conv2d_fwd_thin_ok(const P2pCall *call, const P2pCaps *caps)
{
    return gather_ok(call, caps, false);
}

size_t p2p_conv2d_fwd_thin_work(const P2pCall *call, const P2pCaps *caps)
{
    return gather_work(call, caps, false);
}

int p2p_conv2d_fwd_thin_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                             P2pBuffer *work)
{
    return emit_gather(seq, call, caps, work, false);
}

bool p2p_conv2d_dgrad_thin_ok(const P2pCall *call, const P2pCaps *caps)
{
    return gather_ok(call, caps, true);
}

size_t p2p_conv2d_dgrad_thin_work(const P2pCall *call, const P2pCaps *caps)
{
    return gather_work(call, caps, true);
}

int p2p_conv2d_dgrad_thin_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                               P2pBuffer *work)
{
    return emit_gather(seq, call, caps, work, true);
}

/* The weight gradient: which side is the thin one, and the parts of the pixels of the other. */
typedef struct Outer {
    bool ok, gradient;
    int blocks, taps, part_pixels, parts;
    size_t floats;
} Outer;

static Outer outer(const P2pCall *call, const P2pCaps *caps)
{
    const ConvGeom g = p2p_conv_geom(call);
    Sides s = sides(&g, false);
    Outer o = {.ok = blocks_fit(call, caps), .taps = g.r * g.s};

    if (!is_patch(&s, caps)) {
        s = sides(&g, true);
        o.gradient = true;
        o.ok &= is_patch(&s, caps);
    }
    const int rows = p2p_conv2d_rows(caps), lanes = p2p_ceil_div(s.lanes, rows) * rows;
    const int most = p2p_min(p2p_ceil_div(s.pixels, PART_PIXELS), 8 * caps->compute_units);
    o.blocks = p2p_ceil_div(s.out, g.block);
    o.part_pixels = p2p_ceil_div(s.pixels, most);
    o.parts = p2p_ceil_div(s.pixels, o.part_pixels);
    o.floats = (size_t)o.parts * (size_t)o.blocks * (size_t)(lanes * g.block);
    return o;
}

bool p2p_conv2d_wgrad_thin_ok(const P2pCall *call, const P2pCaps *caps)
{
    return outer(call, caps).ok;
}

size_t p2p_conv2d_wgrad_thin_work(const P2pCall *call, const P2pCaps *caps)
{
    return outer(call, caps).floats * sizeof(float);
}

int p2p_conv2d_wgrad_thin_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                               P2pBuffer *work)
{
    const ConvGeom g = p2p_conv_geom(call);
    const Outer o = outer(call, caps);
    const int gradient = o.gradient;
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_Y : P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(call->t[gradient ? P2P_CONV_X : P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(work),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG(o.part_pixels)};
    const P2pArg sum_args[] = {P2P_ARG_BUFFER(work), P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                               P2P_ARG(g), P2P_ARG(gradient), P2P_ARG(o.parts)};
    int err;

    if ((err = emit(seq, caps, "conv2d_wgrad_thin", args, P2P_COUNT(args),
                    (int[]){o.parts, 1, 1})) < 0)
        return err;
    return emit(seq, caps, "conv2d_wgrad_sum_thin", sum_args, P2P_COUNT(sum_args),
                (int[]){o.taps, o.blocks, 1});
}
