/* SPDX-License-Identifier: BSD-2-Clause */
/* Losses and their gradients, the sum made in a fixed order. Kernels in cl/loss.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

enum { ITEMS = 256 };

static P2pRows rows_of(const P2pCall *call)
{
    static const int operands[] = {P2P_LOSS_X, P2P_LOSS_TARGET, P2P_LOSS_DX};

    return p2p_rows(call, operands, 3);
}

static size_t workspace(const P2pCall *call, const P2pCaps *caps)
{
    (void)caps;
    return (size_t)rows_of(call).groups * sizeof(float);
}

static int emit_final(P2pSequence *seq, const P2pCall *call, int groups, P2pBuffer *work)
{
    const double count = (double)p2p_tensor_elements(&call->t[P2P_LOSS_X]);
    P2pArgs a = {0};

    p2p_args_buffer(&a, work);
    p2p_args_tensor(&a, &call->t[P2P_LOSS_VALUE]);
    p2p_args_int(&a, groups);
    p2p_args_int(&a, call->attr.index);
    p2p_args_float(&a, (float)((double)call->attr.value_scale / count));
    return p2p_emit_groups(seq, "loss", "loss_final", &a, 1, 1, 1);
}

static int emit_loss(P2pSequence *seq, const P2pCall *call, P2pBuffer *work, bool simd)
{
    const P2pAttr *attr = &call->attr;
    const double count = (double)p2p_tensor_elements(&call->t[P2P_LOSS_X]);
    const P2pRows r = rows_of(call);
    P2pArgs a = {0};
    int err;

    p2p_args_rows(&a, &r, &call->t[P2P_LOSS_X]);
    p2p_args_rows(&a, &r, &call->t[P2P_LOSS_TARGET]);
    p2p_args_rows(&a, &r, &call->t[P2P_LOSS_DX]);
    p2p_args_int(&a, r.rows);
    p2p_args_int(&a, r.cols);
    p2p_args_int(&a, r.last);
    p2p_args_int(&a, r.per_group);
    p2p_args_int(&a, attr->loss);
    p2p_args_float(&a, attr->value);
    p2p_args_float(&a, (float)((double)attr->grad_scale / count));
    p2p_args_int(&a, attr->accumulate);
    p2p_args_buffer(&a, work);
    if (simd) {
        err = p2p_emit_groups(seq, "loss", "loss_simd", &a, r.groups, 1, 1);
    } else {
        const P2pLaunch launch = {.program = "loss",
                                  .kernel = "loss_naive",
                                  .options = p2p_part_options("loss_naive"),
                                  .global = {(size_t)r.groups * ITEMS},
                                  .local = {ITEMS},
                                  .args = a.list,
                                  .arg_count = a.count};
        err = p2p_sequence_add(seq, &launch);
    }
    return err ? err : emit_final(seq, call, r.groups, work);
}

static int loss_naive(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps;
    return emit_loss(seq, call, work, false);
}

static int loss_simd(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps;
    return emit_loss(seq, call, work, true);
}

static const P2pVariant variants[] = {
    {"simd", p2p_variant_cpu, workspace, loss_simd},
    {"naive", p2p_variant_always, workspace, loss_naive},
    {0},
};

/* value is updated, not overwritten: the other losses' places stay. */
const P2pPass p2p_pass_loss = {
    .name = "loss",
    .variants = variants,
    .outputs = 1u << P2P_LOSS_DX,
    .updates = 1u << P2P_LOSS_VALUE,
    .ref = p2p_ref_loss,
};
