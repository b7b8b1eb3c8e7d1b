/* SPDX-License-Identifier: BSD-2-Clause */
/* The pass join: pictures beside and behind each other. Kernels in cl/join.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

enum { GROUP_PIXELS = 1024, MOST_GROUPS = 64 };

static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *b = &call->t[P2P_JOIN_B], *y = &call->t[P2P_JOIN_Y];
    const int pixels = y->n * y->h * y->w;
    const int wanted = p2p_max(p2p_min(pixels / GROUP_PIXELS, MOST_GROUPS), 1);
    const int per_group = p2p_ceil_div(pixels, wanted);
    P2pArgs a = {0};

    (void)work;
    for (int i = P2P_JOIN_A; i <= P2P_JOIN_Y; i++)
        p2p_args_tensor(&a, &call->t[i]);
    p2p_args_int(&a, b->n * b->h * b->w);
    p2p_args_int(&a, pixels);
    p2p_args_int(&a, y->c - b->c);
    p2p_args_int(&a, y->c);
    p2p_args_int(&a, per_group);
    return p2p_emit_own(seq, way, &a, (P2pGrid){(size_t)p2p_ceil_div(pixels, per_group)},
                        p2p_tensor_elements(y));
}

static const P2pVariant variants[] = {P2P_TWINS(NULL, emit, "join", "join", NULL, FLAT_GROUP, 1)};

const P2pPass p2p_pass_join = {
    .name = "join",
    .variants = variants,
    .outputs = 1u << P2P_JOIN_Y,
    .ref = p2p_ref_join,
};
