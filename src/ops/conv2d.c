/* SPDX-License-Identifier: BSD-2-Clause */
/* The convolution passes: their tables of variants, and the naive variant. */
#include "src/ops/conv2d.h"

#include <stdio.h>
#include <string.h>

ConvGeom p2p_conv_geom(const P2pCall *call)
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];

    return (ConvGeom){.n = x->n,
                      .h = x->h,
                      .w = x->w,
                      .c = x->c,
                      .p = y->h,
                      .q = y->w,
                      .k = y->c,
                      .r = w->h,
                      .s = w->w,
                      .stride = call->attr.stride,
                      .pad = call->attr.pad,
                      .x_stride = x->stride,
                      .x_offset = x->offset,
                      .y_stride = y->stride,
                      .y_offset = y->offset,
                      .w_offset = w->offset,
                      .bias_offset = call->t[P2P_CONV_BIAS].offset,
                      .block = w->stride,
                      .large_out = call->attr.large_out,
                      .accumulate = call->attr.accumulate,
                      .act = call->attr.act1,
                      .slope = call->attr.slope};
}

int p2p_conv_emit_gather(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                         const P2pKernel *kernel, P2pGrid grid)
{
    const ConvGeom g = p2p_conv_geom(call);
    const int gradient = p2p_conv_is_dgrad(call);
    const P2pArg args[] = {P2P_ARG_BUFFER(p2p_conv_from(call)->buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(p2p_conv_to(call)->buffer),
                           P2P_ARG(g),
                           P2P_ARG(gradient)};

    return p2p_emit(seq, way, kernel, args, P2P_COUNT(args), grid);
}

void p2p_conv_update_args(const P2pCall *call, ConvUpdate *u, P2pArg args[P2P_UPDATE_ARGS])
{
    const P2pTensor *m = &call->t[P2P_CONV_M], *v = &call->t[P2P_CONV_V];
    const P2pTensor *hyper = &call->t[P2P_CONV_HYPER];
    const P2pArg list[P2P_UPDATE_ARGS] = {P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                                          P2P_ARG_BUFFER(m->buffer),
                                          P2P_ARG_BUFFER(v->buffer),
                                          P2P_ARG_BUFFER(hyper->buffer),
                                          P2P_ARG(u->at[0]),
                                          P2P_ARG(u->at[1]),
                                          P2P_ARG(u->at[2]),
                                          P2P_ARG(u->rule)};

    *u = (ConvUpdate){{m->offset, v->offset, hyper->offset}, p2p_adam_rule(&call->attr)};
    for (int i = 0; i < P2P_UPDATE_ARGS; i++)
        args[i] = list[i];
}

int p2p_conv_emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                        const P2pKernel *kernel, P2pGrid grid)
{
    const ConvGeom g = p2p_conv_geom(call);
    P2pArg args[2 + P2P_UPDATE_ARGS + 1] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                                            P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer)};
    ConvUpdate update;

    p2p_conv_update_args(call, &update, args + 2);
    args[2 + P2P_UPDATE_ARGS] = P2P_ARG(g);
    return p2p_emit(seq, way, kernel, args, P2P_COUNT(args), grid);
}

void p2p_conv_stored_options(const P2pCall *call, P2pWay *way)
{
    const P2pType in = p2p_conv_from(call)->type, out = p2p_conv_to(call)->type;
    const size_t used = strlen(way->options);

    if (in != P2P_TYPE_F32 || out != P2P_TYPE_F32)
        snprintf(way->options + used, sizeof(way->options) - used, " -D IN_TYPE=%d -D OUT_TYPE=%d",
                 in, out);
}

/* ---- The naive variant ----------------------------------------------------------------------- */

static bool plan_naive(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    (void)caps;
    p2p_conv_stored_options(call, way);
    return true;
}

static int emit_naive_gather(P2pSequence *seq, const P2pCall *call, const P2pWay *way)
{
    static const P2pKernel fwd = {"conv2d_naive", "conv2d_fwd_naive", NULL, {0}};
    static const P2pKernel dgrad = {"conv2d_naive", "conv2d_dgrad_naive", NULL, {0}};
    const ConvGeom g = p2p_conv_geom(call);
    const P2pTensor *to = p2p_conv_to(call);
    const P2pArg args[] = {
        P2P_ARG_BUFFER(p2p_conv_from(call)->buffer), P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
        P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer), P2P_ARG_BUFFER(to->buffer), P2P_ARG(g)};

    return p2p_emit(seq, way, p2p_conv_is_dgrad(call) ? &dgrad : &fwd, args, P2P_COUNT(args),
                    (P2pGrid){(size_t)to->c, (size_t)to->w, (size_t)to->n * (size_t)to->h});
}

static int emit_naive(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pKernel wgrad = {"conv2d_naive", "conv2d_wgrad_naive", NULL, {0}};
    const ConvGeom g = p2p_conv_geom(call);
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer), P2P_ARG(g)};
    const size_t outputs = (size_t)(g.large_out ? g.c : g.k);
    const size_t inputs = (size_t)(g.large_out ? g.k : g.c);

    (void)work;
    if (call->pass->direction != P2P_CONV_WGRAD)
        return emit_naive_gather(seq, call, way);
    return p2p_emit(seq, way, &wgrad, args, P2P_COUNT(args),
                    (P2pGrid){p2p_round_up(outputs, (size_t)g.block), inputs, (size_t)(g.r * g.s)});
}

/* ---- The passes ------------------------------------------------------------------------------ */

#define STORED_OF_ANY_TYPE                                                                     \
    {                                                                                          \
        [P2P_CONV_X] = {1u << P2P_TYPE_F16, NULL}, [P2P_CONV_Y] = { 1u << P2P_TYPE_F16, NULL } \
    }
#define WEIGHTS_OF_ANY_TYPE                                                                      \
    {                                                                                            \
        [P2P_CONV_W] = {1u << P2P_TYPE_F16 | 1u << P2P_TYPE_BF16 | 1u << P2P_TYPE_Q8, "W_TYPE"}, \
    }

static const P2pVariant variants[] = {
    {"thin", p2p_conv2d_thin_plan, p2p_conv2d_thin_emit, .for_cpus = true},
    {"winograd", p2p_conv2d_winograd_plan, p2p_conv2d_winograd_emit, .for_cpus = true,
     .with_adam = true, .has_forms = true, .takes = WEIGHTS_OF_ANY_TYPE},
    {"simd", p2p_conv2d_simd_plan, p2p_conv2d_simd_emit, .for_cpus = true, .with_adam = true,
     .takes = WEIGHTS_OF_ANY_TYPE},
    {"one", p2p_conv2d_one_plan, p2p_conv2d_one_emit, .with_adam = true},
    {"pixels", p2p_conv2d_pixels_plan, p2p_conv2d_pixels_emit, .gathers = true},
    {"mma", p2p_conv2d_mma_plan, p2p_conv2d_tile_emit, .with_adam = true, .has_forms = true,
     .matrix = true, .risky = true, .takes = STORED_OF_ANY_TYPE},
    {"inner", p2p_conv2d_inner_plan, p2p_conv2d_inner_emit, .with_adam = true},
    {"tile_winograd", p2p_conv2d_tile_winograd_plan, p2p_conv2d_tile_winograd_emit,
     .with_adam = true, .has_forms = true},
    {"subgroup", p2p_conv2d_subgroup_plan, p2p_conv2d_subgroup_emit, .with_adam = true,
     .has_forms = true, .subgroups = true, .risky = true},
    {"tile", p2p_conv2d_tile_plan, p2p_conv2d_tile_emit, .with_adam = true, .has_forms = true,
     .takes = STORED_OF_ANY_TYPE},
    {"clblast", p2p_conv2d_clblast_plan, p2p_conv2d_clblast_emit, .foreign = true},
    {"naive", plan_naive, emit_naive, .takes = STORED_OF_ANY_TYPE},
    {0},
};

/* Time of so many register tiles, of which each takes half a row's beside that of its rows. */
static int rows_cost(int pixels, int rows)
{
    return p2p_ceil_div(pixels, rows) * (2 * rows + 1);
}

int p2p_conv_rows(int pixels, const P2pCaps *caps)
{
    static const int narrower[] = {11, 8};
    const int most = CONV_ROWS(caps->vector_width);
    int best = most;

    for (size_t i = 0; most > narrower[0] && i < P2P_COUNT(narrower); i++)
        if (rows_cost(pixels, narrower[i]) < rows_cost(pixels, best))
            best = narrower[i];
    return best;
}

double p2p_conv_launch_cost(int tiles, int in_group, int blocks, const P2pCaps *caps)
{
    enum { WEIGHTS = 2 }; /* tiles' time in which a group reads, turns or transforms its weights */
    const int groups = p2p_ceil_div(tiles, in_group) * blocks;

    return (double)p2p_ceil_div(groups, caps->compute_units) * (in_group + WEIGHTS);
}

/* Every pixel of the small side meets every weight. */
static double macs(const P2pCall *call)
{
    const P2pTensor *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];

    return (double)y->n * y->h * y->w * (double)p2p_tensor_elements(w);
}

const P2pPass p2p_pass_conv2d_fwd = {
    .name = "conv2d_fwd",
    .variants = variants,
    .direction = P2P_CONV_FORWARD,
    .outputs = 1u << P2P_CONV_Y,
    .ref = p2p_ref_conv2d_fwd,
    .macs = macs,
};
const P2pPass p2p_pass_conv2d_dgrad = {
    .name = "conv2d_dgrad",
    .variants = variants,
    .direction = P2P_CONV_DGRAD,
    .outputs = 1u << P2P_CONV_X,
    .ref = p2p_ref_conv2d_dgrad,
    .macs = macs,
};
const P2pPass p2p_pass_conv2d_wgrad = {
    .name = "conv2d_wgrad",
    .variants = variants,
    .direction = P2P_CONV_WGRAD,
    .outputs = 1u << P2P_CONV_W,
    .ref = p2p_ref_conv2d_wgrad,
    .macs = macs,
};
const P2pPass p2p_pass_conv2d_wgrad_adam = {
    .name = "conv2d_wgrad_adam",
    .variants = variants,
    .direction = P2P_CONV_WGRAD,
    .with_adam = true,
    .updates = 1u << P2P_CONV_W | 1u << P2P_CONV_M | 1u << P2P_CONV_V,
    .ref = p2p_ref_conv2d_wgrad_adam,
    .macs = macs,
};
