/* SPDX-License-Identifier: BSD-2-Clause */
/* The pass hole: what is in the holes of pictures alone. Kernel in cl/hole.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *y = &call->t[P2P_HOLE_Y];
    P2pArgs a = {0};

    (void)work;
    for (int i = P2P_HOLE_X; i <= P2P_HOLE_Y; i++)
        p2p_args_tensor(&a, &call->t[i]);
    p2p_args_int(&a, y->n * y->h * y->w);
    p2p_args_int(&a, y->c);
    return p2p_emit_items(seq, way, &way->variant->kernel, &a, p2p_tensor_elements(y));
}

static const P2pVariant variants[] = {
    {"naive", NULL, emit, {"hole", "hole", NULL, {FLAT_GROUP, 1}}},
    {0},
};

const P2pPass p2p_pass_hole = {
    .name = "hole",
    .variants = variants,
    .outputs = 1u << P2P_HOLE_Y,
    .ref = p2p_ref_hole,
};
