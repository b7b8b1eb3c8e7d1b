/* SPDX-License-Identifier: BSD-2-Clause */
/* The pool of earlier pictures. Kernel in cl/pool.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *x = &call->t[P2P_POOL_X];
    const int pixels = x->h * x->w;
    P2pArgs a = {0};

    (void)work;
    p2p_args_tensor(&a, x);
    p2p_args_tensor(&a, &call->t[P2P_POOL_POOL]);
    p2p_args_tensor(&a, &call->t[P2P_POOL_HYPER]);
    p2p_args_tensor(&a, &call->t[P2P_POOL_Y]);
    p2p_args_int(&a, x->n);
    p2p_args_int(&a, call->t[P2P_POOL_POOL].n);
    p2p_args_int(&a, pixels);
    p2p_args_int(&a, x->c);
    p2p_args_uint(&a, call->attr.stream);
    return p2p_emit_items(seq, way, &way->variant->kernel, &a, (size_t)pixels);
}

static const P2pVariant variants[] = {
    {"naive", NULL, emit, {"pool", "pool", NULL, {FLAT_GROUP, 1}}},
    {0},
};

const P2pPass p2p_pass_pool = {
    .name = "pool",
    .variants = variants,
    .outputs = 1u << P2P_POOL_Y,
    .updates = 1u << P2P_POOL_POOL,
    .ref = p2p_ref_pool,
};
