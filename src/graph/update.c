/* SPDX-License-Identifier: BSD-2-Clause */
/* Gradients of parameters, and passes over all parameters of a network. */
#include "src/graph/update.h"

#include "src/graph/apply_parts.h"

int p2p_apply_param_grad(P2pApply *a, P2pGrads *grads, int i, bool *add)
{
    *add = grads->tensor[i] >= 0;
    if (!*add) {
        P2pTensor shape = a->net->state[P2P_STATE_VALUE][i];
        shape.buffer = NULL;
        grads->tensor[i] = grads->keep || grads->summed ? p2p_plan_keep(a->plan, shape)
                                                        : p2p_plan_tensor(a->plan, shape);
    }
    if (!*add && grads->summed) {
        p2p_plan_when(a->plan, P2P_WHEN_FIRST);
        P2P_PLAN_STEP(a->plan, a->net->graph->params[i].name, &p2p_pass_fill, NULL,
                      grads->tensor[i]);
        p2p_plan_when(a->plan, P2P_WHEN_ALWAYS);
        *add = true;
    }
    return grads->tensor[i];
}

bool p2p_update_waits(const P2pAdam *adam)
{
    return adam->clip > 0 || adam->batches > 1;
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

/* The sum of squares over all gradients; -1 where nothing is clipped. */
static int squares(P2pPlan *plan, P2pNet *net, const P2pGrads *grads, const P2pAdam *adam)
{
    P2pAttr attr = {0};

    if (adam->clip <= 0)
        return -1;
    const int sum = p2p_plan_tensor(plan, p2p_tensor_vector(1));
    for (int i = 0; i < net->graph->param_count; i++) {
        if (grads->tensor[i] < 0)
            continue;
        P2P_PLAN_STEP(plan, net->graph->params[i].name, &p2p_pass_squares, &attr, grads->tensor[i],
                      sum);
        attr.add_value = true;
    }
    return sum;
}

void p2p_update_append(P2pPlan *plan, P2pNet *net, const P2pGrads *grads, const P2pAdam *adam,
                       int hyper)
{
    const P2pAttr attr = p2p_update_attr(adam);

    p2p_plan_when(plan, P2P_WHEN_LAST);
    const int sum = squares(plan, net, grads, adam);
    for (int i = 0; i < net->graph->param_count; i++)
        if (grads->tensor[i] >= 0)
            P2P_PLAN_STEP(plan, net->graph->params[i].name, &p2p_pass_adam, &attr,
                          p2p_plan_external(plan, &net->state[P2P_STATE_VALUE][i]),
                          grads->tensor[i],
                          p2p_plan_external(plan, &net->state[P2P_STATE_ADAM_M][i]),
                          p2p_plan_external(plan, &net->state[P2P_STATE_ADAM_V][i]), hyper, sum);
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
