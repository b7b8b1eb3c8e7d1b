/* SPDX-License-Identifier: BSD-2-Clause */
/* Differentiable augmentation of pictures. Kernels in cl/augment.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

static int emit_pixels(P2pSequence *seq, const P2pWay *way, const P2pArgs *a, const P2pTensor *x)
{
    return p2p_emit_items(seq, way, &way->variant->kernel, a,
                          (size_t)x->n * (size_t)x->h * (size_t)x->w);
}

static void put_shape(P2pArgs *a, const P2pTensor *x, uint32_t stream)
{
    p2p_args_int(a, x->n);
    p2p_args_int(a, x->h);
    p2p_args_int(a, x->w);
    p2p_args_int(a, x->c);
    p2p_args_uint(a, stream);
}

static int emit_tint(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *x = &call->t[P2P_TINT_X];
    P2pArgs a = {0};

    (void)work;
    p2p_args_tensor(&a, x);
    p2p_args_tensor(&a, &call->t[P2P_TINT_MEAN]);
    p2p_args_tensor(&a, &call->t[P2P_TINT_HYPER]);
    p2p_args_tensor(&a, &call->t[P2P_TINT_Y]);
    put_shape(&a, x, call->attr.stream);
    p2p_args_int(&a, call->attr.linear);
    return emit_pixels(seq, way, &a, x);
}

static int emit_move(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *x = &call->t[P2P_MOVE_X];
    P2pArgs a = {0};

    (void)work;
    p2p_args_tensor(&a, x);
    p2p_args_tensor(&a, &call->t[P2P_MOVE_HYPER]);
    p2p_args_tensor(&a, &call->t[P2P_MOVE_Y]);
    put_shape(&a, x, call->attr.stream);
    p2p_args_int(&a, call->attr.shifts);
    p2p_args_int(&a, call->attr.hole);
    return emit_pixels(seq, way, &a, x);
}

static const P2pVariant variants[][2] = {
    {{"naive", NULL, emit_tint, {"augment", "tint", NULL, {FLAT_GROUP, 1}}}},
    {{"naive", NULL, emit_move, {"augment", "move_fwd", NULL, {FLAT_GROUP, 1}}}},
    {{"naive", NULL, emit_move, {"augment", "move_bwd", NULL, {FLAT_GROUP, 1}}}},
};

const P2pPass p2p_pass_tint = {
    .name = "tint",
    .variants = variants[0],
    .outputs = 1u << P2P_TINT_Y,
    .ref = p2p_ref_tint,
};
const P2pPass p2p_pass_move_fwd = {
    .name = "move_fwd",
    .variants = variants[1],
    .outputs = 1u << P2P_MOVE_Y,
    .ref = p2p_ref_move_fwd,
};
const P2pPass p2p_pass_move_bwd = {
    .name = "move_bwd",
    .variants = variants[2],
    .outputs = 1u << P2P_MOVE_Y,
    .ref = p2p_ref_move_bwd,
};
