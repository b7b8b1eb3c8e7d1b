/* SPDX-License-Identifier: BSD-2-Clause */
/* Spectral normalisation of weights: spectral_fwd, spectral_bwd. Kernels in cl/spectral.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

enum { MOST_PARTS = 64, PART_ELEMENTS = 4096 };

static const P2pKernel rows = {"spectral", "spectral_rows", NULL, {FLAT_GROUP, 1}};
static const P2pKernel normalise = {"spectral", "spectral_normalise", NULL, {LOSS_GROUP, 1}};
static const P2pKernel scale = {"spectral", "spectral_scale", NULL, {FLAT_GROUP, 1}};
static const P2pKernel total = {"spectral", "spectral_total", NULL, {1, 1}};
static const P2pKernel backward = {"spectral", "spectral_bwd", NULL, {FLAT_GROUP, 1}};

/* A weight has no stride from pixel to pixel. */
static void add_weight(P2pArgs *a, const P2pTensor *t)
{
    p2p_args_buffer(a, t->buffer);
    p2p_args_int(a, t->offset);
}

static void add_shape(P2pArgs *a, const P2pTensor *t)
{
    p2p_args_int(a, t->n);
    p2p_args_int(a, t->c);
    p2p_args_int(a, t->h * t->w);
    p2p_args_int(a, t->stride);
}

/* One side of the matrix by the other. */
static int emit_product(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                        const P2pKernel *kernel, size_t count)
{
    P2pArgs a = {0};

    add_weight(&a, &call->t[P2P_SPECTRAL_W]);
    p2p_args_tensor(&a, &call->t[P2P_SPECTRAL_U]);
    p2p_args_tensor(&a, &call->t[P2P_SPECTRAL_V]);
    add_shape(&a, &call->t[P2P_SPECTRAL_W]);
    return p2p_emit_items(seq, way, kernel, &a, count);
}

static int emit_normalise(P2pSequence *seq, const P2pCall *call, const P2pWay *way, int x, int copy,
                          int sigma)
{
    static const P2pTensor none;
    P2pArgs a = {0};

    p2p_args_tensor(&a, &call->t[x]);
    p2p_args_tensor(&a, &call->t[copy]);
    p2p_args_tensor(&a, sigma < 0 ? &none : &call->t[sigma]);
    p2p_args_int(&a, call->t[x].c);
    return p2p_emit(seq, way, &normalise, a.list, (size_t)a.count, (P2pGrid){1});
}

static int emit_scale(P2pSequence *seq, const P2pCall *call, const P2pWay *way)
{
    const P2pTensor *w = &call->t[P2P_SPECTRAL_W];
    P2pArgs a = {0};

    add_weight(&a, w);
    p2p_args_tensor(&a, &call->t[P2P_SPECTRAL_SIGMA]);
    add_weight(&a, &call->t[P2P_SPECTRAL_Y]);
    p2p_args_int(&a, (int)p2p_tensor_span(w));
    return p2p_emit_items(seq, way, &scale, &a, p2p_tensor_span(w));
}

static int emit_fwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const size_t u = (size_t)call->t[P2P_SPECTRAL_U].c, v = (size_t)call->t[P2P_SPECTRAL_V].c;
    int err = emit_product(seq, call, way, &way->variant->kernel, v);

    (void)work;
    if (!err)
        err = emit_normalise(seq, call, way, P2P_SPECTRAL_V, P2P_SPECTRAL_V_USED, -1);
    if (!err)
        err = emit_product(seq, call, way, &rows, u);
    if (!err)
        err =
            emit_normalise(seq, call, way, P2P_SPECTRAL_U, P2P_SPECTRAL_U_USED, P2P_SPECTRAL_SIGMA);
    return err ? err : emit_scale(seq, call, way);
}

/* By the shape alone. */
static int part_count(const P2pTensor *t)
{
    return p2p_min((int)(p2p_tensor_elements(t) / PART_ELEMENTS) + 1, MOST_PARTS);
}

static bool plan_bwd(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    (void)caps;
    way->work_bytes = (size_t)(part_count(&call->t[P2P_SPECTRAL_Y]) + 1) * sizeof(float);
    return true;
}

static int emit_bwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *y = &call->t[P2P_SPECTRAL_Y];
    const int parts = part_count(y);
    P2pArgs a = {0};

    add_weight(&a, y);
    add_weight(&a, &call->t[P2P_SPECTRAL_DY]);
    p2p_args_tensor(&a, &call->t[P2P_SPECTRAL_U_USED]);
    p2p_args_tensor(&a, &call->t[P2P_SPECTRAL_V_USED]);
    p2p_args_tensor(&a, &call->t[P2P_SPECTRAL_SIGMA]);
    add_weight(&a, &call->t[P2P_SPECTRAL_DW]);
    add_shape(&a, y);
    p2p_args_int(&a, (int)p2p_tensor_span(y));
    p2p_args_int(&a, parts);
    p2p_args_int(&a, call->attr.accumulate);
    p2p_args_buffer(&a, work);
    int err = p2p_emit(seq, way, &way->variant->kernel, a.list, (size_t)a.count,
                       (P2pGrid){(size_t)parts});
    if (!err)
        err = p2p_emit_items(seq, way, &total, &a, 1);
    return err ? err : p2p_emit_items(seq, way, &backward, &a, p2p_tensor_span(y));
}

static const P2pVariant variants[][2] = {
    {{"naive", NULL, emit_fwd, {"spectral", "spectral_columns", NULL, {FLAT_GROUP, 1}}}, {0}},
    {{"naive", plan_bwd, emit_bwd, {"spectral", "spectral_dot", NULL, {LOSS_GROUP, 1}}}, {0}},
};

const P2pPass p2p_pass_spectral_fwd = {
    .name = "spectral_fwd",
    .variants = variants[0],
    .outputs = 1u << P2P_SPECTRAL_Y | 1u << P2P_SPECTRAL_SIGMA | 1u << P2P_SPECTRAL_U_USED |
               1u << P2P_SPECTRAL_V_USED,
    .updates = 1u << P2P_SPECTRAL_U | 1u << P2P_SPECTRAL_V,
    .ref = p2p_ref_spectral_fwd,
};
const P2pPass p2p_pass_spectral_bwd = {
    .name = "spectral_bwd",
    .variants = variants[1],
    .outputs = 1u << P2P_SPECTRAL_DW,
    .ref = p2p_ref_spectral_bwd,
};
