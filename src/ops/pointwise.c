/* SPDX-License-Identifier: BSD-2-Clause */
/* Elementwise passes: act_bwd, copy, add, fill. Kernels in cl/pointwise.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

static void add_shape(P2pArgs *a, const P2pRows *r, bool simd)
{
    p2p_args_int(a, r->rows);
    p2p_args_int(a, r->cols);
    p2p_args_int(a, r->last);
    if (simd)
        p2p_args_int(a, r->per_group);
}

static int emit_rows(P2pSequence *seq, const char *kernel, const P2pArgs *a, const P2pRows *r,
                     bool simd)
{
    return simd ? p2p_emit_groups(seq, "pointwise", kernel, a, r->groups, 1, 1)
                : p2p_emit_items(seq, "pointwise", kernel, a, (size_t)r->rows * (size_t)r->cols);
}

/* Arguments that every pass here has: its first `operands` operands and their shape. */
static void start(P2pArgs *a, P2pRows *r, const P2pCall *call, int operands, bool simd)
{
    static const int all[] = {0, 1, 2};

    *r = p2p_rows(call, all, operands);
    for (int i = 0; i < operands; i++)
        p2p_args_rows(a, r, &call->t[i]);
    add_shape(a, r, simd);
}

static int emit_copy(P2pSequence *seq, const P2pCall *call, bool simd)
{
    P2pArgs a = {0};
    P2pRows r;

    start(&a, &r, call, 2, simd);
    p2p_args_int(&a, call->attr.accumulate);
    return emit_rows(seq, simd ? "copy_simd" : "copy_naive", &a, &r, simd);
}

static int emit_add(P2pSequence *seq, const P2pCall *call, bool simd)
{
    P2pArgs a = {0};
    P2pRows r;

    start(&a, &r, call, 3, simd);
    return emit_rows(seq, simd ? "add_simd" : "add_naive", &a, &r, simd);
}

static int emit_fill(P2pSequence *seq, const P2pCall *call, bool simd)
{
    P2pArgs a = {0};
    P2pRows r;

    start(&a, &r, call, 1, simd);
    p2p_args_float(&a, call->attr.value);
    return emit_rows(seq, simd ? "fill_simd" : "fill_naive", &a, &r, simd);
}

static int emit_act_bwd(P2pSequence *seq, const P2pCall *call, bool simd)
{
    P2pArgs a = {0};
    P2pRows r;

    start(&a, &r, call, 3, simd);
    p2p_args_int(&a, call->attr.act1);
    p2p_args_float(&a, call->attr.slope);
    p2p_args_int(&a, call->attr.accumulate);
    return emit_rows(seq, simd ? "act_bwd_simd" : "act_bwd_naive", &a, &r, simd);
}

/* Rows narrower than a vector, pictures of 3 channels, are no faster by vectors. */
static bool simd_applicable(const P2pCall *call, const P2pCaps *caps)
{
    static const int all[] = {0, 1, 2};

    return caps->is_cpu && p2p_rows(call, all, 3).cols >= caps->vector_width;
}

/* Both variants of a pass from its emit_ function. */
#define VARIANTS(pass)                                                                  \
    static int pass##_naive(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps, \
                            P2pBuffer *work)                                            \
    {                                                                                   \
        (void)caps, (void)work;                                                         \
        return emit_##pass(seq, call, false);                                           \
    }                                                                                   \
    static int pass##_simd(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,  \
                           P2pBuffer *work)                                             \
    {                                                                                   \
        (void)caps, (void)work;                                                         \
        return emit_##pass(seq, call, true);                                            \
    }                                                                                   \
    static const P2pVariant pass##_variants[] = {                                       \
        {"simd", simd_applicable, NULL, pass##_simd},                                   \
        {"naive", p2p_variant_always, NULL, pass##_naive},                              \
        {0},                                                                            \
    }

VARIANTS(copy);
VARIANTS(add);
VARIANTS(fill);
VARIANTS(act_bwd);

const P2pPass p2p_pass_copy = {
    .name = "copy",
    .variants = copy_variants,
    .outputs = 1u << P2P_COPY_Y,
    .ref = p2p_ref_copy,
};
const P2pPass p2p_pass_add = {
    .name = "add",
    .variants = add_variants,
    .outputs = 1u << P2P_ADD_Y,
    .ref = p2p_ref_add,
};
const P2pPass p2p_pass_fill = {
    .name = "fill",
    .variants = fill_variants,
    .outputs = 1u << P2P_FILL_X,
    .ref = p2p_ref_fill,
};
const P2pPass p2p_pass_act_bwd = {
    .name = "act_bwd",
    .variants = act_bwd_variants,
    .outputs = 1u << P2P_ACTB_DX,
    .ref = p2p_ref_act_bwd,
};
