/* SPDX-License-Identifier: BSD-2-Clause */
/* A norm's statistics or sums and what is made with them in one launch: norm_fwd, norm_bwd. Kernels in
 * cl/norm_whole.cl. */
#include <limits.h>
#include <stdio.h>

#include "src/ops/norm.h"
#include "src/ops/ref.h"

/* way->own: pixels down a group. */
enum { DOWN };

/* Divisions of a group: pixels down, and what each work-item has of them. Forward it may be more than registers
 * hold; backward, where more is read, two launches over more groups are faster then (H200: 24 us against 34). */
typedef struct Division {
    int down, each;
} Division;
static const Division divisions[] = {{32, 1}, {128, WHOLE_KEPT}, {256, 16}, {128, 32}};

static P2pParts whole(const P2pCall *call)
{
    const P2pTensor *x = &call->t[P2P_NA_X];
    const int groups = call->t[P2P_NA_MEAN].n, count = x->n / groups * x->h * x->w;

    return (P2pParts){groups, count, 1, count};
}

/* Forward there is no tanh: no network has one behind a norm, and written out it would be most of the code. */
static bool has_tanh(const P2pCall *call)
{
    return call->pass == &p2p_pass_norm_fwd &&
           (call->attr.act1 == P2P_ACT_TANH || call->attr.act2 == P2P_ACT_TANH);
}

/* The first that has so many pixels and fits the device, or NULL. */
static const Division *choose_division(const P2pCall *call, int count, const P2pCaps *caps)
{
    const int most = call->pass == &p2p_pass_norm_bwd ? WHOLE_KEPT : INT_MAX;

    for (size_t i = 0; i < P2P_COUNT(divisions); i++) {
        const Division *d = &divisions[i];
        const size_t items = (size_t)(WHOLE_ACROSS * d->down);
        if (d->each <= most && count <= d->down * d->each && items <= caps->max_group_size &&
            items * 4 * sizeof(float) <= caps->local_bytes)
            return d;
    }
    return NULL;
}

static bool plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pParts p = whole(call);
    const Division *d = choose_division(call, p.count, caps);

    if (!d || has_tanh(call) || !p2p_norm_has_quads(call))
        return false;
    way->own[DOWN] = d->down;
    snprintf(way->options, sizeof(way->options), "-D WHOLE_DOWN=%d -D EACH=%d", d->down, d->each);
    way->cost = caps->is_cpu ? P2P_COST_HIGH : P2P_COST_USUAL; /* CPUs have vectors, and no gaps */
    return true;
}

static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const P2pArgs *a)
{
    P2pKernel kernel = way->variant->kernel;

    kernel.group[0] = (size_t)(WHOLE_ACROSS * way->own[DOWN]);
    kernel.group[1] = 1;
    return p2p_emit(seq, way, &kernel, a->list, (size_t)a->count,
                    (P2pGrid){(size_t)p2p_ceil_div(call->t[P2P_NA_X].c, 4 * WHOLE_ACROSS),
                              (size_t)call->t[P2P_NA_MEAN].n});
}

static void add_operands(P2pArgs *a, const P2pCall *call, const int *operands, size_t count)
{
    for (size_t i = 0; i < count; i++)
        p2p_args_tensor(a, &call->t[operands[i]]);
    p2p_args_int(a, whole(call).count);
    p2p_args_int(a, call->t[P2P_NA_X].c);
    p2p_norm_args_attr(a, call);
}

static int emit_fwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const int operands[] = {P2P_NA_X,        P2P_NA_MEAN,   P2P_NA_RSTD, P2P_NA_GAMMA,
                                   P2P_NA_BETA,     P2P_NA_HYPER,  P2P_NA_Y1,   P2P_NA_Y2,
                                   P2P_NA_RUN_MEAN, P2P_NA_RUN_VAR};
    P2pArgs a = {0};

    (void)work;
    add_operands(&a, call, operands, P2P_COUNT(operands));
    p2p_args_float(&a, call->attr.eps);
    p2p_args_float(&a, call->attr.momentum);
    return emit(seq, call, way, &a);
}

static int emit_bwd(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const int operands[] = {
        P2P_NA_X,   P2P_NA_MEAN, P2P_NA_RSTD, P2P_NA_GAMMA, P2P_NA_HYPER,  P2P_NA_Y1,   P2P_NA_Y2,
        P2P_NA_DY1, P2P_NA_DY2,  P2P_NA_SUMS, P2P_NA_DX,    P2P_NA_DGAMMA, P2P_NA_DBETA};
    P2pArgs a = {0};

    (void)work;
    add_operands(&a, call, operands, P2P_COUNT(operands));
    p2p_args_int(&a, call->attr.accumulate);
    p2p_args_int(&a, call->attr.add_value);
    return emit(seq, call, way, &a);
}

static const P2pVariant variants[][2] = {
    {{"whole", plan, emit_fwd, {"norm_whole", "norm_fwd_whole", NULL, {0}}}, {0}},
    {{"whole", plan, emit_bwd, {"norm_whole", "norm_bwd_whole", "-D BACKWARD", {0}}}, {0}},
};

const P2pPass p2p_pass_norm_fwd = {
    .name = "norm_fwd",
    .variants = variants[0],
    .is_joint = true,
    .stored = P2P_NORM_STORED,
    .halves = "whole",
    .outputs = 1u << P2P_NA_MEAN | 1u << P2P_NA_RSTD | 1u << P2P_NA_Y1 | 1u << P2P_NA_Y2,
    .updates = 1u << P2P_NA_RUN_MEAN | 1u << P2P_NA_RUN_VAR,
    .ref = p2p_ref_norm_fwd,
};
const P2pPass p2p_pass_norm_bwd = {
    .name = "norm_bwd",
    .variants = variants[1],
    .is_joint = true,
    .stored = P2P_NORM_STORED,
    .halves = "whole",
    .outputs = 1u << P2P_NA_SUMS | 1u << P2P_NA_DX | 1u << P2P_NA_DGAMMA | 1u << P2P_NA_DBETA,
    .ref = p2p_ref_norm_bwd,
};
