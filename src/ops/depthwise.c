/* SPDX-License-Identifier: BSD-2-Clause */
/* Convolution of each channel by itself: depthwise_fwd, _dgrad, _wgrad. Kernels in cl/depthwise.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

enum { MOST_PARTS = 32 };

static const P2pKernel final = {"depthwise", "depthwise_final", NULL, {FLAT_GROUP, 1}};

static int lines_of(const P2pTensor *t)
{
    return t->n * t->h;
}

/* Lines of y in a part of the sums over pixels; by the shape alone. */
static int per_part(const P2pTensor *y)
{
    return p2p_ceil_div(lines_of(y), MOST_PARTS);
}

static int part_count(const P2pTensor *y)
{
    return p2p_ceil_div(lines_of(y), per_part(y));
}

static int emit_kernel(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                       const P2pKernel *kernel, P2pBuffer *work, size_t rows, size_t parts)
{
    const P2pTensor *x = &call->t[P2P_DEPTHWISE_X], *y = &call->t[P2P_DEPTHWISE_Y];
    const P2pTensor *w = &call->t[P2P_DEPTHWISE_W];
    const int numbers[] = {x->h,
                           x->w,
                           y->h,
                           y->w,
                           y->c,
                           w->h,
                           w->w,
                           call->attr.stride,
                           call->attr.pad,
                           lines_of(y),
                           per_part(y),
                           part_count(y),
                           call->attr.accumulate};
    P2pArgs a = {0};

    for (int i = P2P_DEPTHWISE_X; i <= P2P_DEPTHWISE_Y; i++)
        p2p_args_tensor(&a, &call->t[i]);
    for (size_t i = 0; i < P2P_COUNT(numbers); i++)
        p2p_args_int(&a, numbers[i]);
    p2p_args_buffer(&a, work);
    return p2p_emit(seq, way, kernel, a.list, (size_t)a.count,
                    (P2pGrid){(size_t)p2p_ceil_div(y->c, FLAT_GROUP), rows, parts});
}

static int emit_fwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    return emit_kernel(seq, call, way, &way->variant->kernel, work,
                       (size_t)lines_of(&call->t[P2P_DEPTHWISE_Y]), 1);
}

static int emit_dgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    return emit_kernel(seq, call, way, &way->variant->kernel, work,
                       (size_t)lines_of(&call->t[P2P_DEPTHWISE_X]), 1);
}

static size_t taps(const P2pCall *call)
{
    return (size_t)call->t[P2P_DEPTHWISE_W].h * (size_t)call->t[P2P_DEPTHWISE_W].w;
}

static bool plan_wgrad(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *y = &call->t[P2P_DEPTHWISE_Y];

    (void)caps;
    way->work_bytes = (size_t)part_count(y) * taps(call) * (size_t)y->c * sizeof(float);
    return true;
}

static int emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const int err = emit_kernel(seq, call, way, &way->variant->kernel, work, taps(call),
                                (size_t)part_count(&call->t[P2P_DEPTHWISE_Y]));

    return err ? err : emit_kernel(seq, call, way, &final, work, taps(call), 1);
}

static double macs(const P2pCall *call)
{
    return (double)p2p_tensor_elements(&call->t[P2P_DEPTHWISE_Y]) * (double)taps(call);
}

static const P2pVariant variants[][2] = {
    {{"naive", NULL, emit_fwd, {"depthwise", "depthwise_fwd", NULL, {FLAT_GROUP, 1}}}, {0}},
    {{"naive", NULL, emit_dgrad, {"depthwise", "depthwise_dgrad", NULL, {FLAT_GROUP, 1}}}, {0}},
    {{"naive", plan_wgrad, emit_wgrad, {"depthwise", "depthwise_parts", NULL, {FLAT_GROUP, 1}}},
     {0}},
};

const P2pPass p2p_pass_depthwise_fwd = {
    .name = "depthwise_fwd",
    .variants = variants[0],
    .outputs = 1u << P2P_DEPTHWISE_Y,
    .ref = p2p_ref_depthwise_fwd,
    .macs = macs,
};
const P2pPass p2p_pass_depthwise_dgrad = {
    .name = "depthwise_dgrad",
    .variants = variants[1],
    .outputs = 1u << P2P_DEPTHWISE_X,
    .ref = p2p_ref_depthwise_dgrad,
    .macs = macs,
};
const P2pPass p2p_pass_depthwise_wgrad = {
    .name = "depthwise_wgrad",
    .variants = variants[2],
    .outputs = 1u << P2P_DEPTHWISE_W,
    .ref = p2p_ref_depthwise_wgrad,
    .macs = macs,
};
