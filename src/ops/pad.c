/* SPDX-License-Identifier: BSD-2-Clause */
/* Reflection padding and its gradient: pad_fwd, pad_bwd. Kernels in cl/pad.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

enum { MOST_GROUPS = 64 };

/* Over `over`, the tensor that is written: its elements or its lines of pixels. */
static int emit_pad(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const P2pTensor *over)
{
    const P2pTensor *x = &call->t[P2P_PAD_X];
    const int lines = over->n * over->h, per_group = p2p_ceil_div(lines, MOST_GROUPS);
    P2pArgs a = {0};

    p2p_args_tensor(&a, x);
    p2p_args_tensor(&a, &call->t[P2P_PAD_Y]);
    p2p_args_int(&a, x->n);
    p2p_args_int(&a, x->h);
    p2p_args_int(&a, x->w);
    p2p_args_int(&a, x->c);
    p2p_args_int(&a, call->attr.pad);
    p2p_args_int(&a, per_group);
    p2p_args_int(&a, call->attr.accumulate);
    return p2p_emit_own(seq, way, &a, (P2pGrid){(size_t)p2p_ceil_div(lines, per_group)},
                        p2p_tensor_elements(over));
}

static int emit_fwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    (void)work;
    return emit_pad(seq, call, way, &call->t[P2P_PAD_Y]);
}

static int emit_bwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    (void)work;
    return emit_pad(seq, call, way, &call->t[P2P_PAD_X]);
}

static const P2pVariant variants[][3] = {
    {P2P_TWINS(NULL, emit_fwd, "pad", "pad_fwd", NULL, FLAT_GROUP, 1)},
    {P2P_TWINS(NULL, emit_bwd, "pad", "pad_bwd", NULL, FLAT_GROUP, 1)},
};

const P2pPass p2p_pass_pad_fwd = {
    .name = "pad_fwd",
    .variants = variants[0],
    .outputs = 1u << P2P_PAD_Y,
    .stored = 1u << P2P_PAD_X | 1u << P2P_PAD_Y,
    .halves = "naive",
    .ref = p2p_ref_pad_fwd,
};
const P2pPass p2p_pass_pad_bwd = {
    .name = "pad_bwd",
    .variants = variants[1],
    .outputs = 1u << P2P_PAD_X,
    .stored = 1u << P2P_PAD_X | 1u << P2P_PAD_Y,
    .halves = "naive",
    .ref = p2p_ref_pad_bwd,
};
