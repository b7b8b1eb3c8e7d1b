/* SPDX-License-Identifier: BSD-2-Clause */
/* Gradients of parameters, and passes over all parameters of a network. */
#include "src/graph/update.h"

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/apply_parts.h"
#include "src/graph/shard.h"

/* The gradient of all that is joined, its gaps zero for good; begun anew where it is a sum over runs. */
static int joined_grad(P2pApply *a, P2pGrads *grads)
{
    P2pTensor shape = a->net->joined[P2P_STATE_VALUE];

    if (grads->joined >= 0)
        return grads->joined;
    shape.buffer = NULL;
    grads->joined = grads->sums ? p2p_plan_external(a->plan, &grads->sums->joined)
                                : p2p_plan_keep(a->plan, shape);
    if (grads->sums && grads->sums->over_runs) {
        p2p_plan_when(a->plan, P2P_WHEN_FIRST);
        P2P_PLAN_STEP(a->plan, "joined", &p2p_pass_fill, NULL, grads->joined);
        p2p_plan_when(a->plan, P2P_WHEN_ALWAYS);
    }
    return grads->joined;
}

static int own_grad(P2pApply *a, const P2pGrads *grads, int i)
{
    P2pTensor shape = a->net->state[P2P_STATE_VALUE][i];

    /* What lay there before may be no number in f16, and Adam goes over the padding of the last block. */
    const bool has_gap = grads->scale >= 0 && shape.layout == P2P_WEIGHT && shape.n % shape.stride;

    shape.buffer = NULL;
    const int t = grads->sums              ? p2p_plan_external(a->plan, &grads->sums->tensor[i])
                  : grads->keep || has_gap ? p2p_plan_keep(a->plan, shape)
                                           : p2p_plan_tensor(a->plan, shape);
    if (grads->sums && grads->sums->over_runs) {
        p2p_plan_when(a->plan, P2P_WHEN_FIRST);
        P2P_PLAN_STEP(a->plan, a->net->graph->params[i].name, &p2p_pass_fill, NULL, t);
        p2p_plan_when(a->plan, P2P_WHEN_ALWAYS);
    }
    return t;
}

/* Where a joined parameter's gradient lies among the others. */
static int joined_part(P2pApply *a, P2pGrads *grads, int i)
{
    P2pTensor shape = a->net->state[P2P_STATE_VALUE][i];
    const int all = joined_grad(a, grads);

    shape.buffer = NULL;
    return p2p_plan_view(a->plan, all, a->net->joined_at[i], shape);
}

int p2p_apply_param_grad(P2pApply *a, P2pGrads *grads, int i, bool *add)
{
    *add = grads->tensor[i] >= 0 || (grads->sums && grads->sums->over_runs);
    if (grads->tensor[i] < 0)
        grads->tensor[i] =
            a->net->joined_at[i] < 0 ? own_grad(a, grads, i) : joined_part(a, grads, i);
    return grads->tensor[i];
}

bool p2p_update_waits(const P2pAdam *adam, const P2pGrads *grads)
{
    return adam->clip > 0 || grads->scale >= 0 || grads->sums;
}

P2pAttr p2p_update_attr(const P2pAdam *adam)
{
    return (P2pAttr){.beta1 = adam->beta1,
                     .beta2 = adam->beta2,
                     .eps = adam->eps,
                     .epsilon_hat = adam->epsilon_hat,
                     .batches = adam->batches,
                     .clip = adam->clip};
}

/* The sum of squares over all gradients; -1 where they are neither clipped nor scaled. */
static int squares(P2pPlan *plan, P2pNet *net, const P2pGrads *grads, const P2pAdam *adam)
{
    P2pAttr attr = {0};

    if (adam->clip <= 0 && grads->scale < 0)
        return -1;
    if (grads->sums && grads->sums->exchange) /* has added them up */
        return p2p_plan_external(plan, p2p_exchange_squares(grads->sums->exchange));
    const int sum = p2p_plan_tensor(plan, p2p_tensor_vector(1));
    const bool at_once = grads->scale >= 0 && grads->joined >= 0;
    if (at_once) {
        P2P_PLAN_STEP(plan, "joined", &p2p_pass_squares, &attr, grads->joined, sum);
        attr.add_value = true;
    }
    for (int i = 0; i < net->graph->param_count; i++) {
        if (grads->tensor[i] < 0 || (at_once && net->joined_at[i] >= 0))
            continue;
        P2P_PLAN_STEP(plan, net->graph->params[i].name, &p2p_pass_squares, &attr, grads->tensor[i],
                      sum);
        attr.add_value = true;
    }
    return sum;
}

static void adam_step(P2pPlan *plan, const char *label, const P2pAttr *attr,
                      const P2pTensor *const state[P2P_STATES], int gradient, int hyper,
                      const P2pGrads *grads)
{
    P2P_PLAN_STEP(
        plan, label, &p2p_pass_adam, attr, p2p_plan_external(plan, state[P2P_STATE_VALUE]),
        gradient, p2p_plan_external(plan, state[P2P_STATE_ADAM_M]),
        p2p_plan_external(plan, state[P2P_STATE_ADAM_V]), hyper, grads->squares, grads->scale);
}

void p2p_update_joined(P2pPlan *plan, P2pNet *net, const P2pGrads *grads, const P2pAdam *adam,
                       int hyper)
{
    const P2pTensor *const state[P2P_STATES] = {&net->joined[0], &net->joined[1], &net->joined[2]};
    const P2pAttr attr = p2p_update_attr(adam);

    if (grads->joined >= 0)
        adam_step(plan, "joined", &attr, state, grads->joined, hyper, grads);
}

/* This rank's slices; each goes to the others while the next one is made. */
static void update_slices(P2pPlan *plan, const P2pNet *net, const P2pGrads *grads,
                          const P2pAttr *attr, int hyper)
{
    for (int i = 0; i < net->buckets.count; i++) {
        const P2pSlice *slice = &net->shard->slices[i];
        const P2pTensor *const state[P2P_STATES] = {&slice->state[0], &slice->state[1],
                                                    &slice->state[2]};
        if (slice->gradient.buffer)
            adam_step(plan, "slice", attr, state, p2p_plan_external(plan, &slice->gradient), hyper,
                      grads);
        p2p_exchange_append_weights(grads->sums->exchange, plan, i);
    }
    p2p_exchange_append_weights_end(grads->sums->exchange, plan);
}

void p2p_update_append(P2pPlan *plan, P2pNet *net, P2pGrads *grads, const P2pAdam *adam, int hyper)
{
    const P2pAttr attr = p2p_update_attr(adam);

    p2p_plan_when(plan, P2P_WHEN_LAST);
    grads->squares = squares(plan, net, grads, adam);
    if (net->shard)
        update_slices(plan, net, grads, &attr, hyper);
    for (int i = 0; !net->shard && i < net->graph->param_count; i++) {
        const P2pTensor *const state[P2P_STATES] = {&net->state[0][i], &net->state[1][i],
                                                    &net->state[2][i]};
        if (grads->tensor[i] >= 0 && net->joined_at[i] < 0)
            adam_step(plan, net->graph->params[i].name, &attr, state, grads->tensor[i], hyper,
                      grads);
    }
    p2p_update_joined(plan, net, grads, adam, hyper);
    p2p_plan_when(plan, P2P_WHEN_ALWAYS);
}

void p2p_update_average(P2pPlan *plan, P2pNet *average, P2pNet *net, int hyper)
{
    p2p_plan_when(plan, P2P_WHEN_LAST);
    for (int i = 0; i < net->graph->param_count; i++)
        P2P_PLAN_STEP(plan, net->graph->params[i].name, &p2p_pass_ema, NULL,
                      p2p_plan_external(plan, &average->state[P2P_STATE_VALUE][i]),
                      p2p_plan_external(plan, &net->state[P2P_STATE_VALUE][i]), hyper);
    p2p_plan_when(plan, P2P_WHEN_ALWAYS);
}
