/* SPDX-License-Identifier: BSD-2-Clause */
/* Twice the height and width: upsample_fwd, upsample_bwd. Kernels in cl/upsample.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

/* Over the channels of each line of `over`, the tensor that is written. */
static int emit_lines(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                      const P2pTensor *over)
{
    const P2pTensor *x = &call->t[P2P_UPSAMPLE_X];
    P2pArgs a = {0};

    p2p_args_tensor(&a, x);
    p2p_args_tensor(&a, &call->t[P2P_UPSAMPLE_Y]);
    p2p_args_int(&a, x->n);
    p2p_args_int(&a, x->h);
    p2p_args_int(&a, x->w);
    p2p_args_int(&a, x->c);
    p2p_args_int(&a, call->attr.bilinear);
    p2p_args_int(&a, call->attr.accumulate);
    return p2p_emit(
        seq, way, &way->variant->kernel, a.list, (size_t)a.count,
        (P2pGrid){(size_t)p2p_ceil_div(x->c, FLAT_GROUP), (size_t)over->n * (size_t)over->h});
}

static int emit_fwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    (void)work;
    return emit_lines(seq, call, way, &call->t[P2P_UPSAMPLE_Y]);
}

static int emit_bwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    (void)work;
    return emit_lines(seq, call, way, &call->t[P2P_UPSAMPLE_X]);
}

static const P2pVariant variants[][2] = {
    {{"naive", NULL, emit_fwd, {"upsample", "upsample_fwd", NULL, {FLAT_GROUP, 1}}}, {0}},
    {{"naive", NULL, emit_bwd, {"upsample", "upsample_bwd", NULL, {FLAT_GROUP, 1}}}, {0}},
};

const P2pPass p2p_pass_upsample_fwd = {
    .name = "upsample_fwd",
    .variants = variants[0],
    .outputs = 1u << P2P_UPSAMPLE_Y,
    .stored = 1u << P2P_UPSAMPLE_X | 1u << P2P_UPSAMPLE_Y,
    .halves = "naive",
    .ref = p2p_ref_upsample_fwd,
};
const P2pPass p2p_pass_upsample_bwd = {
    .name = "upsample_bwd",
    .variants = variants[1],
    .outputs = 1u << P2P_UPSAMPLE_X,
    .stored = 1u << P2P_UPSAMPLE_X | 1u << P2P_UPSAMPLE_Y,
    .halves = "naive",
    .ref = p2p_ref_upsample_bwd,
};
