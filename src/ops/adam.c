/* SPDX-License-Identifier: BSD-2-Clause */
/* Adam on one parameter, and the scale of losses. Kernels in cl/adam.cl and cl/loss_scale.cl. */
#include "src/ops/adam.h"
#include "src/ops/emit.h"
#include "src/ops/ref.h"

static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const int operands[] = {P2P_ADAM_P, P2P_ADAM_G, P2P_ADAM_M, P2P_ADAM_V};
    const AdamRule rule = p2p_adam_rule(&call->attr);
    const P2pRows r = p2p_rows(call, operands, 4);
    P2pArgs a = {0};

    (void)work;
    for (int i = 0; i < 4; i++)
        p2p_args_rows(&a, &r, &call->t[operands[i]]);
    p2p_args_tensor(&a, &call->t[P2P_ADAM_HYPER]);
    p2p_args_tensor(&a, &call->t[P2P_ADAM_SQUARES]);
    p2p_args_tensor(&a, &call->t[P2P_ADAM_SCALE]);
    p2p_args_shape(&a, &r);
    p2p_args_value(&a, &rule, sizeof(rule));
    return p2p_emit_rows(seq, way, &a, &r);
}

static const P2pVariant variants[] = {P2P_TWINS(NULL, emit, "adam", "adam", NULL, FLAT_GROUP, 1)};

const P2pPass p2p_pass_adam = {
    .name = "adam",
    .variants = variants,
    .updates = 1u << P2P_ADAM_P | 1u << P2P_ADAM_M | 1u << P2P_ADAM_V,
    .ref = p2p_ref_adam,
};

static int emit_scale(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    P2pArgs a = {0};

    (void)work;
    for (int i = 0; i < P2P_SCALE_SQUARES + P2P_SCALE_MOST; i++)
        p2p_args_tensor(&a, &call->t[i]);
    return p2p_emit_items(seq, way, &way->variant->kernel, &a, 1);
}

static const P2pVariant scale_variants[] = {
    {"naive", NULL, emit_scale, {"loss_scale", "loss_scale", NULL, {1, 1}}},
    {0},
};

const P2pPass p2p_pass_loss_scale = {
    .name = "loss_scale",
    .variants = scale_variants,
    .updates = 1u << P2P_SCALE_SCALE,
    .ref = p2p_ref_loss_scale,
};
