/* SPDX-License-Identifier: BSD-2-Clause */
/* Reflection padding and its gradient: pad_fwd, pad_bwd. Kernels in cl/pad.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

enum { MOST_GROUPS = 64 };

/* Launch over `over`, the tensor that is written: its elements or its lines of pixels. */
static int emit_pad(P2pSequence *seq, const P2pCall *call, const P2pTensor *over,
                    const char *kernel, bool bwd, bool simd)
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
    if (bwd)
        p2p_args_int(&a, call->attr.accumulate);
    if (simd)
        p2p_args_int(&a, per_group);
    return simd ? p2p_emit_groups(seq, "pad", kernel, &a, p2p_ceil_div(lines, per_group), 1, 1)
                : p2p_emit_items(seq, "pad", kernel, &a, p2p_tensor_elements(over));
}

static int fwd_naive(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps, (void)work;
    return emit_pad(seq, call, &call->t[P2P_PAD_Y], "pad_fwd_naive", false, false);
}

static int fwd_simd(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps, (void)work;
    return emit_pad(seq, call, &call->t[P2P_PAD_Y], "pad_fwd_simd", false, true);
}

static int bwd_naive(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps, (void)work;
    return emit_pad(seq, call, &call->t[P2P_PAD_X], "pad_bwd_naive", true, false);
}

static int bwd_simd(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, P2pBuffer *work)
{
    (void)caps, (void)work;
    return emit_pad(seq, call, &call->t[P2P_PAD_X], "pad_bwd_simd", true, true);
}

static const P2pVariant fwd_variants[] = {
    {"simd", p2p_variant_cpu, NULL, fwd_simd},
    {"naive", p2p_variant_always, NULL, fwd_naive},
    {0},
};

static const P2pVariant bwd_variants[] = {
    {"simd", p2p_variant_cpu, NULL, bwd_simd},
    {"naive", p2p_variant_always, NULL, bwd_naive},
    {0},
};

const P2pPass p2p_pass_pad_fwd = {
    .name = "pad_fwd",
    .variants = fwd_variants,
    .outputs = 1u << P2P_PAD_Y,
    .ref = p2p_ref_pad_fwd,
};
const P2pPass p2p_pass_pad_bwd = {
    .name = "pad_bwd",
    .variants = bwd_variants,
    .outputs = 1u << P2P_PAD_X,
    .ref = p2p_ref_pad_bwd,
};
