/* SPDX-License-Identifier: BSD-2-Clause */
/* Second order through a norm: norm_tangent_sums, norm_tangent_bwd. Kernels in cl/norm_tangent.cl. */
#include "src/ops/norm.h"
#include "src/ops/ref.h"

static const P2pKernel final = {"norm_tangent", "norm_tangent_final", NULL, {FLAT_GROUP, 1}};

static P2pParts parts_of(const P2pCall *call)
{
    return p2p_parts(&call->t[P2P_NT_T], call->t[P2P_NT_Q].n);
}

/* The argument list that all kernels share. */
static void add_arguments(P2pArgs *a, const P2pCall *call, const P2pParts *p, P2pBuffer *work)
{
    for (int i = P2P_NT_X; i <= P2P_NT_DX; i++)
        p2p_args_tensor(a, &call->t[i]);
    p2p_args_int(a, p->groups);
    p2p_args_int(a, p->count);
    p2p_args_int(a, call->t[P2P_NT_T].c);
    p2p_args_int(a, p->per_part);
    p2p_args_int(a, p->parts);
    p2p_args_int(a, call->attr.accumulate);
    p2p_args_buffer(a, work);
}

/* The variant's own kernel over the channels of each part and group. */
static int emit_parts(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pParts p = parts_of(call);
    P2pArgs a = {0};

    add_arguments(&a, call, &p, work);
    return p2p_emit(seq, way, &way->variant->kernel, a.list, (size_t)a.count,
                    (P2pGrid){(size_t)p2p_ceil_div(call->t[P2P_NT_T].c, FLAT_GROUP),
                              (size_t)p.parts, (size_t)p.groups});
}

static bool plan_sums(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pParts p = parts_of(call);

    (void)caps;
    way->work_bytes = p2p_parts_bytes(&p, call->t[P2P_NT_T].c);
    return true;
}

static int emit_sums(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pParts p = parts_of(call);
    P2pArgs a = {0};
    const int err = emit_parts(seq, call, way, work);

    add_arguments(&a, call, &p, work);
    return err ? err
               : p2p_emit_items(seq, way, &final, &a,
                                (size_t)p.groups * (size_t)call->t[P2P_NT_T].c);
}

static const P2pVariant variants[][2] = {
    {{"naive", plan_sums, emit_sums, {"norm_tangent", "norm_tangent_parts", NULL, {FLAT_GROUP, 1}}},
     {0}},
    {{"naive", NULL, emit_parts, {"norm_tangent", "norm_tangent_bwd", NULL, {FLAT_GROUP, 1}}}, {0}},
};

const P2pPass p2p_pass_norm_tangent_sums = {
    .name = "norm_tangent_sums",
    .variants = variants[0],
    .outputs = 1u << P2P_NT_Q,
    .ref = p2p_ref_norm_tangent_sums,
};
const P2pPass p2p_pass_norm_tangent_bwd = {
    .name = "norm_tangent_bwd",
    .variants = variants[1],
    .outputs = 1u << P2P_NT_DX,
    .ref = p2p_ref_norm_tangent_bwd,
};
