/* SPDX-License-Identifier: BSD-2-Clause */
/* The convolution passes: their tables of variants, and the naive variant. */
#include "src/ops/conv2d.h"

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

static bool always(const P2pCall *call, const P2pCaps *caps)
{
    (void)call;
    (void)caps;
    return true;
}

/* Forward and data gradient differ in name and in which side is written. */
static int emit_naive(P2pSequence *seq, const P2pCall *call, bool gradient)
{
    const ConvGeom g = p2p_conv_geom(call);
    const P2pBuffer *x = call->t[P2P_CONV_X].buffer, *y = call->t[P2P_CONV_Y].buffer;
    const P2pArg args[] = {P2P_ARG_BUFFER(gradient ? y : x),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer),
                           P2P_ARG_BUFFER(gradient ? x : y), P2P_ARG(g)};
    const size_t n = (size_t)g.n;

    return p2p_sequence_add(
        seq, &(P2pLaunch){.program = "conv2d_naive",
                          .kernel = gradient ? "conv2d_dgrad_naive" : "conv2d_fwd_naive",
                          .global = {(size_t)(gradient ? g.c : g.k), (size_t)(gradient ? g.w : g.q),
                                     n * (size_t)(gradient ? g.h : g.p)},
                          .args = args,
                          .arg_count = (int)(sizeof(args) / sizeof(args[0]))});
}

static int emit_fwd(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps;
    (void)work;
    return emit_naive(seq, call, false);
}

static int emit_dgrad(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps;
    (void)work;
    return emit_naive(seq, call, true);
}

static int emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    const ConvGeom g = p2p_conv_geom(call);
    const P2pArg args[] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer), P2P_ARG(g)};
    const int outputs = g.large_out ? g.c : g.k, inputs = g.large_out ? g.k : g.c;

    (void)caps;
    (void)work;
    return p2p_sequence_add(
        seq, &(P2pLaunch){.program = "conv2d_naive",
                          .kernel = "conv2d_wgrad_naive",
                          .global = {(size_t)((outputs + g.block - 1) / g.block * g.block),
                                     (size_t)inputs, (size_t)(g.r * g.s)},
                          .args = args,
                          .arg_count = (int)(sizeof(args) / sizeof(args[0]))});
}

static const P2pVariant fwd_variants[] = {
    {"thin", p2p_conv2d_fwd_thin_ok, p2p_conv2d_fwd_thin_work, p2p_conv2d_fwd_thin_emit},
    {"winograd", p2p_conv2d_fwd_winograd_ok, p2p_conv2d_fwd_winograd_work,
     p2p_conv2d_fwd_winograd_emit, p2p_conv2d_fwd_winograd_worth, .error = 16, .packed = true},
    {"simd", p2p_conv2d_fwd_simd_ok, NULL, p2p_conv2d_fwd_simd_emit, .packed = true},
    {"tile", p2p_conv2d_tile_ok, p2p_conv2d_fwd_tile_work, p2p_conv2d_fwd_tile_emit},
    {"clblast", p2p_conv2d_clblast_ok, p2p_conv2d_clblast_work, p2p_conv2d_fwd_clblast_emit},
    {"naive", always, NULL, emit_fwd},
    {0},
};

static const P2pVariant dgrad_variants[] = {
    {"thin", p2p_conv2d_dgrad_thin_ok, p2p_conv2d_dgrad_thin_work, p2p_conv2d_dgrad_thin_emit},
    {"winograd", p2p_conv2d_dgrad_winograd_ok, p2p_conv2d_dgrad_winograd_work,
     p2p_conv2d_dgrad_winograd_emit, p2p_conv2d_dgrad_winograd_worth, .error = 16, .packed = true},
    {"simd", p2p_conv2d_dgrad_simd_ok, NULL, p2p_conv2d_dgrad_simd_emit, .packed = true},
    {"tile", p2p_conv2d_tile_ok, p2p_conv2d_dgrad_tile_work, p2p_conv2d_dgrad_tile_emit},
    {"clblast", p2p_conv2d_clblast_ok, p2p_conv2d_clblast_work, p2p_conv2d_dgrad_clblast_emit},
    {"naive", always, NULL, emit_dgrad},
    {0},
};

/* Those whose whole gradient of a weight is made in one place; the same names as below. */
static const P2pVariant wgrad_adam_variants[] = {
    {"winograd", p2p_conv2d_wgrad_winograd_ok, p2p_conv2d_wgrad_winograd_work,
     p2p_conv2d_wgrad_winograd_emit, p2p_conv2d_wgrad_winograd_worth, .error = 16},
    {"simd", p2p_conv2d_wgrad_simd_ok, NULL, p2p_conv2d_wgrad_simd_emit},
    {0},
};

static const P2pVariant wgrad_variants[] = {
    {"thin", p2p_conv2d_wgrad_thin_ok, p2p_conv2d_wgrad_thin_work, p2p_conv2d_wgrad_thin_emit},
    {"winograd", p2p_conv2d_wgrad_winograd_ok, p2p_conv2d_wgrad_winograd_work,
     p2p_conv2d_wgrad_winograd_emit, p2p_conv2d_wgrad_winograd_worth, .error = 16},
    {"simd", p2p_conv2d_wgrad_simd_ok, NULL, p2p_conv2d_wgrad_simd_emit},
    {"tile", p2p_conv2d_tile_ok, p2p_conv2d_wgrad_tile_work, p2p_conv2d_wgrad_tile_emit},
    {"clblast", p2p_conv2d_clblast_ok, p2p_conv2d_clblast_work, p2p_conv2d_wgrad_clblast_emit},
    {"naive", always, NULL, emit_wgrad},
    {0},
};

const P2pPass p2p_pass_conv2d_fwd = {
    .name = "conv2d_fwd",
    .variants = fwd_variants,
    .outputs = 1u << P2P_CONV_Y,
    .ref = p2p_ref_conv2d_fwd,
};
const P2pPass p2p_pass_conv2d_dgrad = {
    .name = "conv2d_dgrad",
    .variants = dgrad_variants,
    .outputs = 1u << P2P_CONV_X,
    .ref = p2p_ref_conv2d_dgrad,
};
const P2pPass p2p_pass_conv2d_wgrad = {
    .name = "conv2d_wgrad",
    .variants = wgrad_variants,
    .outputs = 1u << P2P_CONV_W,
    .ref = p2p_ref_conv2d_wgrad,
};
const P2pPass p2p_pass_conv2d_wgrad_adam = {
    .name = "conv2d_wgrad_adam",
    .variants = wgrad_adam_variants,
    .updates = 1u << P2P_CONV_W | 1u << P2P_CONV_M | 1u << P2P_CONV_V,
    .ref = p2p_ref_conv2d_wgrad_adam,
};
