/* SPDX-License-Identifier: BSD-2-Clause */
/* Adam on one parameter. Kernels in cl/adam.cl. */
#include "src/ops/adam.h"
#include "src/ops/emit.h"
#include "src/ops/ref.h"

static int emit_adam(P2pSequence *seq, const P2pCall *call, bool simd)
{
    static const int operands[] = {P2P_ADAM_P, P2P_ADAM_G, P2P_ADAM_M, P2P_ADAM_V};
    const AdamRule rule = p2p_adam_rule(&call->attr);
    const P2pRows r = p2p_rows(call, operands, 4);
    P2pArgs a = {0};

    for (int i = 0; i < 4; i++)
        p2p_args_rows(&a, &r, &call->t[operands[i]]);
    p2p_args_tensor(&a, &call->t[P2P_ADAM_HYPER]);
    p2p_args_int(&a, r.rows);
    p2p_args_int(&a, r.cols);
    p2p_args_int(&a, r.last);
    p2p_args_int(&a, r.per_group);
    a.list[a.count++] = P2P_ARG(rule);
    return simd ? p2p_emit_groups(seq, "adam", "adam_simd", &a, r.groups, 1, 1)
                : p2p_emit_items(seq, "adam", "adam_naive", &a, (size_t)r.rows * (size_t)r.cols);
}

static int adam_naive(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps, (void)work;
    return emit_adam(seq, call, false);
}

static int adam_simd(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps, (void)work;
    return emit_adam(seq, call, true);
}

static const P2pVariant variants[] = {
    {"simd", p2p_variant_cpu, NULL, adam_simd},
    {"naive", p2p_variant_always, NULL, adam_naive},
    {0},
};

const P2pPass p2p_pass_adam = {
    .name = "adam",
    .variants = variants,
    .updates = 1u << P2P_ADAM_P | 1u << P2P_ADAM_M | 1u << P2P_ADAM_V,
    .ref = p2p_ref_adam,
};
