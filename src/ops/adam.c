/* SPDX-License-Identifier: BSD-2-Clause */
/* Adam on one parameter, and the scale of losses. Kernels in cl/adam.cl and cl/loss_scale.cl. */
#include "src/ops/adam.h"
#include "src/ops/emit.h"
#include "src/ops/ref.h"

static const int operands[] = {P2P_ADAM_P, P2P_ADAM_G, P2P_ADAM_M, P2P_ADAM_V};

/* *rule must outlive them. */
static void add_arguments(P2pArgs *a, const P2pCall *call, const P2pRows *r, const AdamRule *rule)
{
    for (size_t i = 0; i < P2P_COUNT(operands); i++)
        p2p_args_rows(a, r, &call->t[operands[i]]);
    p2p_args_tensor(a, &call->t[P2P_ADAM_HYPER]);
    p2p_args_tensor(a, &call->t[P2P_ADAM_SQUARES]);
    p2p_args_tensor(a, &call->t[P2P_ADAM_SCALE]);
    p2p_args_shape(a, r);
    p2p_args_value(a, rule, sizeof(*rule));
}

static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const AdamRule rule = p2p_adam_rule(&call->attr);
    const P2pRows r = p2p_rows(call, operands, P2P_COUNT(operands));
    P2pArgs a = {0};

    (void)work;
    add_arguments(&a, call, &r, &rule);
    return p2p_emit_rows(seq, way, &a, &r);
}

/* Whether each tensor is one run of whole quadruples at a multiple of 16 bytes. */
static bool plan_quads(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pRows r = p2p_rows(call, operands, P2P_COUNT(operands));
    bool can = r.flat && ((size_t)(r.rows - 1) * (size_t)r.cols + (size_t)r.last) % 4 == 0;

    for (size_t i = 0; i < P2P_COUNT(operands); i++)
        can &= call->t[operands[i]].offset % 4 == 0;
    (void)caps, (void)way;
    return can;
}

static int emit_quads(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pRows r = p2p_rows(call, operands, P2P_COUNT(operands));
    const AdamRule rule = p2p_adam_rule(&call->attr);
    P2pArgs a = {0};

    (void)work;
    add_arguments(&a, call, &r, &rule);
    return p2p_emit_items(seq, way, &way->variant->kernel, &a,
                          ((size_t)(r.rows - 1) * (size_t)r.cols + (size_t)r.last) / 4);
}

static const P2pVariant variants[] = {
    {"simd", NULL, emit, {"adam", "adam_simd", NULL, {1, 1}}, .for_cpus = true},
    {"quads", plan_quads, emit_quads, {"adam", "adam_quads", "-D QUADS", {FLAT_GROUP, 1}}},
    {"naive", NULL, emit, {"adam", "adam_naive", "-D NAIVE", {FLAT_GROUP, 1}}},
    {0},
};

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
