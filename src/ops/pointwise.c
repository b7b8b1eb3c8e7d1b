/* SPDX-License-Identifier: BSD-2-Clause */
/* Elementwise passes: act_bwd, copy, add, fill, ema. Kernels in cl/pointwise.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

static const int all[] = {0, 1, 2}; /* operands; absent ones do not matter */

/* Rows narrower than a vector, pictures of 3 channels, are no faster by vectors. */
static bool plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    return !way->variant->for_cpus || p2p_rows(call, all, 3).cols >= caps->vector_width;
}

/* The operands that a pass here has, and their shape; its attributes follow. */
static P2pRows start(P2pArgs *a, const P2pCall *call, int operands)
{
    const P2pRows r = p2p_rows(call, all, operands);

    for (int i = 0; i < operands; i++)
        p2p_args_rows(a, &r, &call->t[i]);
    p2p_args_shape(a, &r);
    return r;
}

static int emit_copy(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    P2pArgs a = {0};
    const P2pRows r = start(&a, call, 2);

    (void)work;
    p2p_args_int(&a, call->attr.accumulate);
    return p2p_emit_rows(seq, way, &a, &r);
}

static int emit_add(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    P2pArgs a = {0};
    const P2pRows r = start(&a, call, 3);

    (void)work;
    return p2p_emit_rows(seq, way, &a, &r);
}

static int emit_fill(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    P2pArgs a = {0};
    const P2pRows r = start(&a, call, 1);

    (void)work;
    p2p_args_float(&a, call->attr.value);
    return p2p_emit_rows(seq, way, &a, &r);
}

static int emit_ema(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    P2pArgs a = {0};
    const P2pRows r = start(&a, call, 2);

    (void)work;
    p2p_args_tensor(&a, &call->t[P2P_EMA_HYPER]);
    return p2p_emit_rows(seq, way, &a, &r);
}

static int emit_act_bwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    P2pArgs a = {0};
    const P2pRows r = start(&a, call, 3);

    (void)work;
    p2p_args_int(&a, call->attr.act1);
    p2p_args_float(&a, call->attr.slope);
    p2p_args_int(&a, call->attr.accumulate);
    return p2p_emit_rows(seq, way, &a, &r);
}

static const P2pVariant variants[][3] = {
    {P2P_TWINS(plan, emit_copy, "pointwise", "copy", NULL, FLAT_GROUP, 1)},
    {P2P_TWINS(plan, emit_add, "pointwise", "add", NULL, FLAT_GROUP, 1)},
    {P2P_TWINS(plan, emit_fill, "pointwise", "fill", NULL, FLAT_GROUP, 1)},
    {P2P_TWINS(plan, emit_act_bwd, "pointwise", "act_bwd", NULL, FLAT_GROUP, 1)},
    {P2P_TWINS(plan, emit_ema, "pointwise", "ema", NULL, FLAT_GROUP, 1)},
};

const P2pPass p2p_pass_copy = {
    .name = "copy",
    .variants = variants[0],
    .outputs = 1u << P2P_COPY_Y,
    .stored = 1u << P2P_COPY_X | 1u << P2P_COPY_Y,
    .halves = "naive",
    .ref = p2p_ref_copy,
};
const P2pPass p2p_pass_add = {
    .name = "add",
    .variants = variants[1],
    .outputs = 1u << P2P_ADD_Y,
    .stored = 1u << P2P_ADD_A | 1u << P2P_ADD_B | 1u << P2P_ADD_Y,
    .halves = "naive",
    .ref = p2p_ref_add,
};
const P2pPass p2p_pass_fill = {
    .name = "fill",
    .variants = variants[2],
    .outputs = 1u << P2P_FILL_X,
    .ref = p2p_ref_fill,
};
const P2pPass p2p_pass_act_bwd = {
    .name = "act_bwd",
    .variants = variants[3],
    .outputs = 1u << P2P_ACTB_DX,
    .stored = 1u << P2P_ACTB_Y | 1u << P2P_ACTB_DY | 1u << P2P_ACTB_DX,
    .halves = "naive",
    .ref = p2p_ref_act_bwd,
};
const P2pPass p2p_pass_ema = {
    .name = "ema",
    .variants = variants[4],
    .updates = 1u << P2P_EMA_AVERAGE,
    .ref = p2p_ref_ema,
};
