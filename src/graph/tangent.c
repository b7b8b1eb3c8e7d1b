/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tangent of a network along a direction of its input, and the gradient of its sum by the
 * parameters. Convolutions are linear, activations masks that are constant where they are; a norm's
 * derivative is symmetric, so that its tangent is what its backward pass makes; what comes back from
 * a tangent through a norm also reaches the values, by its statistics, and goes on from there as an
 * ordinary gradient.
 */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/apply_parts.h"

/* T applied to `from`, in `to`: T is the norm's derivative, which is symmetric. Returns the sums. */
static int norm_derivative(P2pApply *a, int i, int from, int to, bool add)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const int x = a->lane[P2P_VALUES].value[n->in[0]], y = a->lane[P2P_VALUES].value[n->out[0]];
    const int gamma = p2p_apply_param(a, n->param[P2P_NODE_GAMMA], P2P_STATE_VALUE);
    const P2pTensor *mean = p2p_plan_get(a->plan, a->mean[i]);
    const P2pAttr attr = {.accumulate = add};
    char label[P2P_LABEL_BYTES];

    if (!mean)
        return -1; /* the plan failed before; p2p_plan_finish() says so */
    const int sums = p2p_plan_tensor(a->plan, p2p_tensor_nhwc(mean->n, 1, 1, 2 * mean->c));
    p2p_apply_label(a, i, label);
    P2P_PLAN_STEP(a->plan, label, &p2p_pass_norm_act_sums, NULL, x, a->mean[i], a->rstd[i], gamma,
                  -1, a->hyper, y, -1, from, -1, sums, -1);
    P2P_PLAN_STEP(a->plan, label, &p2p_pass_norm_act_bwd, &attr, x, a->mean[i], a->rstd[i], gamma,
                  -1, a->hyper, y, -1, from, -1, sums, to);
    return sums;
}

/* The mask of a node's activation on `from`, in `to`. */
static void mask(P2pApply *a, int i, int from, int to, bool add)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const P2pAttr attr = {.act1 = n->act[0], .slope = n->slope, .accumulate = add};
    char label[P2P_LABEL_BYTES];

    p2p_apply_label(a, i, label);
    if (n->act[0] != P2P_ACT_NONE || from != to)
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_act_bwd, &attr,
                      a->lane[P2P_VALUES].value[n->out[0]], from, to);
}

/* ---- Forward ------------------------------------------------------------------------------- */

static void tangent_conv(P2pApply *a, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const P2pLane *lane = &a->lane[P2P_TANGENTS];
    const int out = lane->value[n->out[0]];

    p2p_apply_conv(a, i, n->transposed ? &p2p_pass_conv2d_dgrad : &p2p_pass_conv2d_fwd,
                   (P2pAttr){0}, lane->value[n->in[0]], p2p_apply_weight(a, i), -1, out);
    mask(a, i, out, out, false);
}

static void tangent_norm_act(P2pApply *a, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const P2pLane *lane = &a->lane[P2P_TANGENTS];
    const int in = lane->value[n->in[0]], out = lane->value[n->out[0]];

    if (n->norm == P2P_NORM_NONE) {
        mask(a, i, in, out, false);
        return;
    }
    a->tangent_sums[i] = norm_derivative(a, i, in, out, false);
    mask(a, i, out, out, false);
}

int p2p_apply_tangent(P2pApply *a, int v)
{
    const P2pGraph *g = a->net->graph;
    P2pLane *lane = &a->lane[P2P_TANGENTS];

    P2P_ASSERT(!a->mode.dropout && !a->mode.running);
    lane->value[g->input] = v;
    for (int i = 0; i < g->node_count; i++) {
        const P2pNode *n = &g->nodes[i];
        P2P_ASSERT(n->out[1] < 0 && n->act[0] != P2P_ACT_TANH && n->kind != P2P_NODE_DEPTHWISE);
        if (p2p_apply_like(a, lane->value, n->out[0]) < 0)
            return P2P_OK; /* the plan failed before; p2p_plan_finish() says so */
        if (n->kind == P2P_NODE_CONV)
            tangent_conv(a, i);
        else if (n->kind == P2P_NODE_NORM_ACT)
            tangent_norm_act(a, i);
        else
            p2p_apply_forward_linear(a, lane, i);
    }
    return P2P_OK;
}

/* ---- Backward ------------------------------------------------------------------------------ */

/* What a norm's tangent leaves to its gamma and, through the statistics, to its input. */
static void through_statistics(P2pApply *a, int i, int du, int sums_u, P2pGrads *grads)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    P2pLane *values = &a->lane[P2P_VALUES];
    const int in = n->in[0], t = a->lane[P2P_TANGENTS].value[in], st = a->tangent_sums[i];
    const int gamma = n->param[P2P_NODE_GAMMA];
    const int gamma_value = p2p_apply_param(a, gamma, P2P_STATE_VALUE);
    const P2pTensor *mean = p2p_plan_get(a->plan, a->mean[i]);
    char label[P2P_LABEL_BYTES];

    if (!mean)
        return;
    const int q = p2p_plan_tensor(a->plan, p2p_tensor_nhwc(mean->n, 1, 1, mean->c));
    p2p_apply_label(a, i, label);
    P2P_PLAN_STEP(a->plan, label, &p2p_pass_norm_tangent_sums, NULL, -1, -1, a->rstd[i], -1, t, du,
                  st, sums_u, q, -1);
    if (p2p_apply_wants_grad(a, values, in)) {
        const int dx = p2p_apply_like(a, values->grad, in);
        const P2pAttr attr = {.accumulate = p2p_apply_mark(a, values, in)};
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_norm_tangent_bwd, &attr, values->value[in],
                      a->mean[i], a->rstd[i], gamma_value, t, du, st, sums_u, q, dx);
    }
    if (gamma >= 0) {
        P2pAttr attr = {0};
        const int dgamma = p2p_apply_param_grad(a, grads, gamma, &attr.accumulate);
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_channel_sum, &attr, q, dgamma);
    }
}

static void backward_norm_act(P2pApply *a, int i, P2pGrads *grads)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    P2pLane *lane = &a->lane[P2P_TANGENTS];
    const int in = n->in[0], du = p2p_apply_like(a, lane->grad, n->out[0]);
    const int dt = p2p_apply_like(a, lane->grad, in);
    const bool add = p2p_apply_mark(a, lane, in);

    if (n->norm == P2P_NORM_NONE) {
        mask(a, i, du, dt, add);
        return;
    }
    mask(a, i, du, du, false);
    through_statistics(a, i, du, norm_derivative(a, i, du, dt, add), grads);
}

int p2p_apply_tangent_backward(P2pApply *a, int dy, P2pGrads *grads)
{
    const P2pGraph *g = a->net->graph;
    P2pLane *values = &a->lane[P2P_VALUES], *lane = &a->lane[P2P_TANGENTS];

    p2p_apply_forget_grads(a);
    lane->grad[g->output] = dy;
    lane->grad_set[g->output] = true;
    for (int i = g->node_count - 1; i >= 0; i--) {
        const P2pNode *n = &g->nodes[i];
        if (n->kind == P2P_NODE_CONV)
            p2p_apply_backward_conv(a, lane, i, grads, NULL);
        else if (n->kind == P2P_NODE_NORM_ACT)
            backward_norm_act(a, i, grads);
        else
            p2p_apply_backward_linear(a, lane, i);
        if (values->grad_set[n->out[0]])
            p2p_apply_backward_node(a, i, grads, NULL);
    }
    return P2P_OK;
}
