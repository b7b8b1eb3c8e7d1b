/* SPDX-License-Identifier: BSD-2-Clause */
/* Normalisation, dropout and activations: norm_act_fwd, _sums, _bwd. Kernels in cl/norm_act.cl. */
#include <limits.h>
#include <math.h>

#include "src/ops/norm.h"
#include "src/ops/ref.h"

enum { GROUP_ELEMENTS = 4096, MOST_GROUPS = 64 };

static int groups_of(const P2pCall *call)
{
    return p2p_call_has(call, P2P_NA_MEAN) ? call->t[P2P_NA_MEAN].n : 1;
}

/* Pixels of each group among work-groups, for the passes without sums. */
static P2pParts elementwise_parts(const P2pCall *call)
{
    const P2pTensor *x = &call->t[P2P_NA_X];
    P2pParts p = {.groups = groups_of(call)};

    p.count = x->n / p.groups * x->h * x->w;
    const double wanted = (double)p.count * x->c / GROUP_ELEMENTS;
    const int parts = wanted < 1 ? 1 : wanted > MOST_GROUPS ? MOST_GROUPS : (int)wanted;
    p.per_part = p2p_ceil_div(p.count, parts);
    p.parts = p2p_ceil_div(p.count, p.per_part);
    return p;
}

void p2p_norm_args_attr(P2pArgs *a, const P2pCall *call)
{
    const P2pAttr *attr = &call->attr;
    const P2pTensor *x = &call->t[P2P_NA_X];
    const double dropped = (double)attr->dropout_p;

    p2p_args_int(a, attr->act1);
    p2p_args_int(a, attr->act2);
    p2p_args_float(a, attr->slope);
    /* bits / 2^24 >= p is bits >= ceil(p 2^24): the product is exact. */
    p2p_args_uint(a, dropped > 0 ? (uint32_t)ceil(dropped * 16777216.0) : 0);
    p2p_args_float(a, dropped > 0 && dropped < 1 ? (float)(1 / (1 - dropped)) : 1.0f);
    p2p_args_uint(a, attr->stream);
    p2p_args_uint(a, (uint32_t)(p2p_tensor_elements(x) / (size_t)x->n));
}

/* The argument list that all kernels share. */
static void add_arguments(P2pArgs *a, const P2pCall *call, const P2pParts *p)
{
    const P2pAttr *attr = &call->attr;

    for (int i = P2P_NA_X; i <= P2P_NA_DX; i++)
        p2p_args_tensor(a, &call->t[i]);
    p2p_args_int(a, p->groups);
    p2p_args_int(a, p->count);
    p2p_args_int(a, call->t[P2P_NA_X].c);
    p2p_args_int(a, p->per_part);
    p2p_norm_args_attr(a, call);
    p2p_args_int(a, p2p_call_has(call, P2P_NA_MEAN) && !attr->fixed_statistics);
    p2p_args_int(a, attr->accumulate);
}

/* On CPUs, without tanh: no network has one there, and it would double the code. */
static bool is_possible(const P2pCall *call, const P2pWay *way)
{
    return !way->variant->for_cpus ||
           (call->attr.act1 != P2P_ACT_TANH && call->attr.act2 != P2P_ACT_TANH);
}

static bool plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pParts p = elementwise_parts(call);

    way->own[P2P_CHANNEL_BLOCKS] = p2p_channel_blocks(&p, call->t[P2P_NA_X].c, caps);
    return is_possible(call, way);
}

static int emit_elementwise(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                            P2pBuffer *work)
{
    const P2pParts p = elementwise_parts(call);
    P2pArgs a = {0};

    (void)work;
    add_arguments(&a, call, &p);
    return p2p_emit_own(
        seq, way, &a,
        (P2pGrid){(size_t)p.parts, (size_t)p.groups, (size_t)way->own[P2P_CHANNEL_BLOCKS]},
        p2p_tensor_elements(&call->t[P2P_NA_X]));
}

bool p2p_norm_has_quads(const P2pCall *call)
{
    for (int i = P2P_NA_X; i <= P2P_NA_RUN_VAR; i++) {
        const P2pTensor *t = &call->t[i];
        if (p2p_call_has(call, i) && i != P2P_NA_HYPER &&
            (t->c % 4 || t->stride % 4 || t->offset % 4 ||
             p2p_tensor_span(t) + (size_t)t->offset > INT_MAX))
            return false;
    }
    return true;
}

static bool plan_quads(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    (void)caps;
    (void)way;
    return p2p_norm_has_quads(call);
}

static int emit_quads(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pParts p = elementwise_parts(call);
    const size_t quads = (size_t)p.count * (size_t)call->t[P2P_NA_X].c / 4;
    P2pArgs a = {0};

    (void)work;
    add_arguments(&a, call, &p);
    return p2p_emit(seq, way, &way->variant->kernel, a.list, (size_t)a.count,
                    (P2pGrid){(quads + FLAT_GROUP - 1) / FLAT_GROUP, (size_t)p.groups});
}

static bool plan_sums(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pParts p = p2p_parts_of(way->variant, &call->t[P2P_NA_X], groups_of(call));

    way->own[P2P_CHANNEL_BLOCKS] = p2p_channel_blocks(&p, call->t[P2P_NA_X].c, caps);
    way->work_bytes = p2p_parts_bytes(&p, 2 * call->t[P2P_NA_X].c);
    return is_possible(call, way);
}

/* The parts' sums, and the gradients of the parameters. */
static int emit_final(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const P2pParts *p,
                      P2pBuffer *work)
{
    static const P2pKernel norm_sums = {"norm", "norm_sums", NULL, {FLAT_GROUP, 1}};
    const int channels = call->t[P2P_NA_X].c;
    P2pArgs a = {0};

    p2p_args_buffer(&a, work);
    p2p_args_tensor(&a, &call->t[P2P_NA_SUMS]);
    p2p_args_tensor(&a, &call->t[P2P_NA_DGAMMA]);
    p2p_args_tensor(&a, &call->t[P2P_NA_DBETA]);
    p2p_args_int(&a, p->parts);
    p2p_args_int(&a, p->groups);
    p2p_args_int(&a, channels);
    p2p_args_int(&a, call->attr.accumulate);
    return p2p_emit_items(seq, way, &norm_sums, &a, (size_t)channels);
}

static int emit_sums(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pTensor none;
    const P2pTensor *x = &call->t[P2P_NA_X];
    const P2pParts p = p2p_parts_of(way->variant, x, groups_of(call));
    const bool whole = !way->variant->for_cpus && p.parts == 1 && p.groups == 1;
    P2pArgs a = {0};

    add_arguments(&a, call, &p);
    if (whole) {
        p2p_args_tensor(&a, &call->t[P2P_NA_SUMS]);
    } else {
        p2p_args_buffer(&a, work);
        p2p_args_int(&a, 0);
        p2p_args_int(&a, 2 * x->c);
    }
    p2p_args_tensor(&a, whole ? &call->t[P2P_NA_DGAMMA] : &none);
    p2p_args_tensor(&a, whole ? &call->t[P2P_NA_DBETA] : &none);
    const int err = p2p_emit_parts(seq, way, &a, &p, x->c);

    return err || whole ? err : emit_final(seq, call, way, &p, work);
}

#define BACKWARD "-D BACKWARD" /* apart, so that translating compiles less */
#define ELEMENTWISE(kernel, part)                                         \
    {                                                                     \
        {"simd",                                                          \
         plan,                                                            \
         emit_elementwise,                                                \
         {"norm_act", kernel "_simd", part, {1, 1}},                      \
         .for_cpus = true},                                               \
            {"quads",                                                     \
             plan_quads,                                                  \
             emit_quads,                                                  \
             {"norm_act_quads", kernel "_quads", part, {FLAT_GROUP, 1}}}, \
            {"naive",                                                     \
             NULL,                                                        \
             emit_elementwise,                                            \
             {"norm_act", kernel "_naive", "-D NAIVE", {FLAT_GROUP, 1}}}, \
        {                                                                 \
            0                                                             \
        }                                                                 \
    }
static const P2pVariant variants[][4] = {
    ELEMENTWISE("norm_act_fwd", NULL),
    {P2P_TRIPLETS(plan_sums, emit_sums, "norm_act", "norm_act_sums", BACKWARD, SUM_ACROSS, SUM_DOWN,
                  SUM_ACROSS, SUM_DOWN_SMALL)},
    ELEMENTWISE("norm_act_bwd", BACKWARD),
};

const P2pPass p2p_pass_norm_act_fwd = {
    .name = "norm_act_fwd",
    .variants = variants[0],
    .outputs = 1u << P2P_NA_Y1 | 1u << P2P_NA_Y2,
    .stored = P2P_NORM_STORED,
    .halves = "quads naive",
    .ref = p2p_ref_norm_act_fwd,
};
const P2pPass p2p_pass_norm_act_sums = {
    .name = "norm_act_sums",
    .variants = variants[1],
    .outputs = 1u << P2P_NA_SUMS | 1u << P2P_NA_DGAMMA | 1u << P2P_NA_DBETA,
    .stored = P2P_NORM_STORED,
    .halves = "naive small",
    .ref = p2p_ref_norm_act_sums,
};
const P2pPass p2p_pass_norm_act_bwd = {
    .name = "norm_act_bwd",
    .variants = variants[2],
    .outputs = 1u << P2P_NA_DX,
    .stored = P2P_NORM_STORED,
    .halves = "quads naive",
    .ref = p2p_ref_norm_act_bwd,
};
