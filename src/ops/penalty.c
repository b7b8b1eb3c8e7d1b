/* SPDX-License-Identifier: BSD-2-Clause */
/* The penalty on a gradient's norm, and mixtures of pictures: penalty, mix. Kernels in cl/penalty.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

enum { MOST_PARTS = 1024, PART_PIXELS = 64 };

static const P2pKernel norms = {"penalty", "penalty_norms", NULL, {FLAT_GROUP, 1}};
static const P2pKernel value = {"penalty", "penalty_value", NULL, {1, 1}};
static const P2pKernel vector = {"penalty", "penalty_vector", NULL, {FLAT_GROUP, 1}};

static void add_shape(P2pArgs *a, const P2pTensor *t)
{
    p2p_args_int(a, t->n);
    p2p_args_int(a, t->h * t->w);
    p2p_args_int(a, t->c);
}

static int emit_mix(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    P2pArgs a = {0};

    (void)work;
    for (int i = P2P_MIX_A; i <= P2P_MIX_Y; i++)
        p2p_args_tensor(&a, &call->t[i]);
    add_shape(&a, &call->t[P2P_MIX_Y]);
    return p2p_emit_items(seq, way, &way->variant->kernel, &a,
                          p2p_tensor_elements(&call->t[P2P_MIX_Y]));
}

/* Pixels of each picture in parts; by the shape alone, so that results depend on nothing else. */
static int per_part(const P2pTensor *g)
{
    return p2p_max(p2p_ceil_div(g->h * g->w, MOST_PARTS), PART_PIXELS);
}

static int part_count(const P2pTensor *g)
{
    return p2p_ceil_div(g->h * g->w, per_part(g));
}

static bool plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *g = &call->t[P2P_PENALTY_G];

    (void)caps;
    way->work_bytes = (size_t)g->n * (size_t)(part_count(g) + 1) * sizeof(float);
    return true;
}

static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *g = &call->t[P2P_PENALTY_G];
    const P2pAttr *attr = &call->attr;
    P2pArgs a = {0};
    int err;

    for (int i = P2P_PENALTY_G; i <= P2P_PENALTY_V; i++)
        p2p_args_tensor(&a, &call->t[i]);
    add_shape(&a, g);
    p2p_args_int(&a, part_count(g));
    p2p_args_int(&a, per_part(g));
    p2p_args_float(&a, attr->value);
    p2p_args_float(&a, (float)((double)attr->value_scale / g->n));
    p2p_args_float(&a, (float)(2 * (double)attr->grad_scale / g->n));
    p2p_args_int(&a, attr->index);
    p2p_args_buffer(&a, work);
    err = p2p_emit(seq, way, &way->variant->kernel, a.list, (size_t)a.count,
                   (P2pGrid){(size_t)p2p_ceil_div(part_count(g), FLAT_GROUP), (size_t)g->n});
    if (!err)
        err = p2p_emit_items(seq, way, &norms, &a, (size_t)g->n);
    if (!err)
        err = p2p_emit_items(seq, way, &value, &a, 1);
    return err ? err : p2p_emit_items(seq, way, &vector, &a, p2p_tensor_elements(g));
}

static const P2pVariant mix_variants[] = {
    {"naive", NULL, emit_mix, {"penalty", "mix_pictures", NULL, {FLAT_GROUP, 1}}},
    {0},
};
static const P2pVariant penalty_variants[] = {
    {"naive", plan, emit, {"penalty", "penalty_squares", NULL, {FLAT_GROUP, 1}}},
    {0},
};

const P2pPass p2p_pass_mix = {
    .name = "mix",
    .variants = mix_variants,
    .outputs = 1u << P2P_MIX_Y,
    .ref = p2p_ref_mix,
};
/* value is updated, not overwritten: the losses' places stay. */
const P2pPass p2p_pass_penalty = {
    .name = "penalty",
    .variants = penalty_variants,
    .outputs = 1u << P2P_PENALTY_V,
    .updates = 1u << P2P_PENALTY_VALUE,
    .ref = p2p_ref_penalty,
};
