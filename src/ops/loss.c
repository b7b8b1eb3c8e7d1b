/* SPDX-License-Identifier: BSD-2-Clause */
/* Losses and their gradients, the sum made in a fixed order. Kernels in cl/loss.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

static const P2pKernel final = {"loss", "loss_final", NULL, {1, 1}};

static P2pRows rows_of(const P2pCall *call)
{
    static const int operands[] = {P2P_LOSS_X, P2P_LOSS_TARGET, P2P_LOSS_DX};

    return p2p_rows(call, operands, 3);
}

static bool plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    (void)caps;
    way->work_bytes = (size_t)rows_of(call).groups * sizeof(float);
    return true;
}

/* VALUE_ARGUMENTS of cl/loss.cl; absent: the mean goes nowhere yet. */
static void add_value(P2pArgs *a, const P2pCall *call, bool absent)
{
    const P2pTensor *value = &call->t[P2P_LOSS_VALUE];
    const double count = (double)p2p_tensor_elements(&call->t[P2P_LOSS_X]);

    p2p_args_view(a, value, absent ? 0 : value->stride);
    p2p_args_int(a, call->attr.index);
    p2p_args_float(a, (float)((double)call->attr.value_scale / count));
    p2p_args_int(a, call->attr.add_value);
}

static int emit_final(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    P2pArgs a = {0};

    p2p_args_buffer(&a, work);
    p2p_args_int(&a, rows_of(call).groups);
    add_value(&a, call, false);
    return p2p_emit_items(seq, way, &final, &a, 1);
}

static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pAttr *attr = &call->attr;
    const double count = (double)p2p_tensor_elements(&call->t[P2P_LOSS_X]);
    const P2pRows r = rows_of(call);
    const bool whole = !way->variant->for_cpus && r.groups == 1;
    P2pArgs a = {0};

    p2p_args_rows(&a, &r, &call->t[P2P_LOSS_X]);
    p2p_args_rows(&a, &r, &call->t[P2P_LOSS_TARGET]);
    p2p_args_rows(&a, &r, &call->t[P2P_LOSS_DX]);
    p2p_args_shape(&a, &r);
    p2p_args_int(&a, attr->loss);
    p2p_args_float(&a, attr->value);
    p2p_args_float(&a, (float)((double)attr->grad_scale / count));
    p2p_args_int(&a, attr->accumulate);
    p2p_args_tensor(&a, &call->t[P2P_LOSS_SCALE]);
    p2p_args_buffer(&a, work);
    if (!way->variant->for_cpus)
        add_value(&a, call, !whole);
    const int err = p2p_emit(seq, way, &way->variant->kernel, a.list, (size_t)a.count,
                             (P2pGrid){(size_t)r.groups});
    return err || whole ? err : emit_final(seq, call, way, work);
}

static const P2pVariant variants[] = {
    P2P_TRIPLETS(plan, emit, "loss", "loss", NULL, LOSS_GROUP, 1, LOSS_GROUP_SMALL, 1)};

/* value is updated, not overwritten: the other losses' places stay. */
const P2pPass p2p_pass_loss = {
    .name = "loss",
    .variants = variants,
    .outputs = 1u << P2P_LOSS_DX,
    .updates = 1u << P2P_LOSS_VALUE,
    .ref = p2p_ref_loss,
};
