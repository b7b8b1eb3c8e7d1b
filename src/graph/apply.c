/* SPDX-License-Identifier: BSD-2-Clause */
/* Forward and backward steps of every kind of node. The one place that knows both. */
#include "src/graph/apply.h"

#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/apply_parts.h"
#include "src/graph/exchange.h"
#include "src/graph/update.h"

void p2p_apply_destroy(P2pApply **apply)
{
    P2pApply *a = *apply;

    if (!a)
        return;
    for (int lane = 0; lane < P2P_LANES; lane++) {
        free(a->lane[lane].value);
        free(a->lane[lane].grad);
        free(a->lane[lane].grad_set);
    }
    free(a->kept);
    free(a->mean);
    free(a->rstd);
    free(a->tangent_sums);
    for (int i = 0; i < P2P_SCALED_PARTS; i++)
        free(a->scaled[i]);
    free(a->stream);
    for (int s = 0; s < P2P_STATES; s++)
        free(a->state[s]);
    free(a);
    *apply = NULL;
}

static int *ids(int count)
{
    int *p = p2p_alloc((size_t)count, sizeof(*p));

    for (int i = 0; p && i < count; i++)
        p[i] = -1;
    return p;
}

static int create(P2pApply **out, P2pPlan *plan, P2pNet *net, const P2pMode *mode, int hyper)
{
    const P2pGraph *g = net->graph;
    P2pApply *a = *out = p2p_alloc(1, sizeof(*a));

    if (!a)
        return P2P_ENOMEM;
    *a = (P2pApply){.plan = plan, .net = net, .mode = *mode, .hyper = hyper};
    bool complete = true;
    for (int i = 0; i < P2P_LANES; i++) {
        P2pLane *lane = &a->lane[i];
        lane->value = ids(g->value_count);
        lane->grad = ids(g->value_count);
        lane->grad_set = p2p_alloc((size_t)g->value_count, sizeof(bool));
        complete = complete && lane->value && lane->grad && lane->grad_set;
    }
    for (int i = 0; i < P2P_SCALED_PARTS; i++) {
        a->scaled[i] = ids(g->node_count);
        complete = complete && a->scaled[i];
    }
    a->mean = ids(g->node_count);
    a->rstd = ids(g->node_count);
    a->tangent_sums = ids(g->node_count);
    a->kept = ids(g->node_count);
    a->stream = p2p_alloc((size_t)g->node_count, sizeof(uint32_t));
    for (int s = 0; s < P2P_STATES; s++)
        a->state[s] = ids(g->param_count);
    if (!complete || !a->kept || !a->mean || !a->rstd || !a->tangent_sums || !a->stream ||
        !a->state[0] || !a->state[1] || !a->state[2]) {
        p2p_apply_destroy(out);
        return P2P_ENOMEM;
    }
    return P2P_OK;
}

/* The plan's tensor of a parameter's value or moment; -1 for an absent one. */
int p2p_apply_param(P2pApply *a, int i, P2pState which)
{
    if (i < 0)
        return -1;
    if (a->state[which][i] < 0)
        a->state[which][i] = p2p_plan_external(a->plan, &a->net->state[which][i]);
    return a->state[which][i];
}

void p2p_apply_label(const P2pApply *a, int node, char text[P2P_LABEL_BYTES])
{
    snprintf(text, P2P_LABEL_BYTES, "%s.%d", a->net->name, node);
}

/* ---- Forward ------------------------------------------------------------------------------- */

/* Operands of a convolution in the roles of its passes: x is the large side, y the small one. */
void p2p_apply_conv(P2pApply *a, int node, const P2pPass *pass, P2pAttr attr, int in, int w,
                    int bias, int out)
{
    const P2pNode *n = &a->net->graph->nodes[node];
    char label[P2P_LABEL_BYTES];

    p2p_apply_label(a, node, label);
    attr.stride = n->stride;
    attr.pad = n->pad;
    attr.slope = n->slope;
    attr.large_out = n->transposed;
    P2P_PLAN_STEP(a->plan, label, pass, &attr, n->transposed ? out : in, w, bias,
                  n->transposed ? in : out);
}

static void forward_conv(P2pApply *a, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];

    p2p_apply_scale_weight(a, i);
    p2p_apply_conv(a, i, n->transposed ? &p2p_pass_conv2d_dgrad : &p2p_pass_conv2d_fwd,
                   (P2pAttr){.act1 = n->act[0]}, a->lane[P2P_VALUES].value[n->in[0]],
                   p2p_apply_weight(a, i),
                   p2p_apply_param(a, n->param[P2P_NODE_BIAS], P2P_STATE_VALUE),
                   a->lane[P2P_VALUES].value[n->out[0]]);
}

void p2p_apply_forward_linear(P2pApply *a, P2pLane *lane, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const P2pAttr pad = {.pad = n->pad, .bilinear = n->bilinear};
    const int x = lane->value[n->in[0]], y = lane->value[n->out[0]];
    char label[P2P_LABEL_BYTES];

    p2p_apply_label(a, i, label);
    if (n->kind == P2P_NODE_ADD)
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_add, NULL, x, lane->value[n->in[1]], y);
    else if (n->kind == P2P_NODE_UPSAMPLE)
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_upsample_fwd, &pad, x, y);
    else
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_pad_fwd, &pad, x, y);
}

static P2pAttr depthwise_attr(const P2pNode *n, bool accumulate)
{
    return (P2pAttr){.stride = n->stride, .pad = n->pad, .accumulate = accumulate};
}

static void forward_depthwise(P2pApply *a, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const P2pAttr attr = depthwise_attr(n, false);
    char label[P2P_LABEL_BYTES];

    p2p_apply_label(a, i, label);
    P2P_PLAN_STEP(a->plan, label, &p2p_pass_depthwise_fwd, &attr,
                  a->lane[P2P_VALUES].value[n->in[0]],
                  p2p_apply_param(a, n->param[P2P_NODE_WEIGHT], P2P_STATE_VALUE),
                  a->lane[P2P_VALUES].value[n->out[0]]);
}

static void forward_node(P2pApply *a, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];

    switch (n->kind) {
    case P2P_NODE_CONV:
        forward_conv(a, i);
        break;
    case P2P_NODE_NORM_ACT:
        p2p_apply_forward_norm(a, i);
        break;
    case P2P_NODE_ADD:
    case P2P_NODE_PAD:
    case P2P_NODE_UPSAMPLE:
        p2p_apply_forward_linear(a, &a->lane[P2P_VALUES], i);
        break;
    case P2P_NODE_DEPTHWISE:
        forward_depthwise(a, i);
        break;
    }
}

int p2p_apply_forward(P2pApply **out, P2pPlan *plan, P2pNet *net, int input, int hyper,
                      const P2pMode *mode, bool kept)
{
    int err = create(out, plan, net, mode, hyper);

    if (!err)
        err = p2p_apply_shape(*out, input, kept);
    for (int i = 0; !err && i < net->graph->node_count; i++)
        forward_node(*out, i);
    if (err)
        p2p_apply_destroy(out);
    return err;
}

bool p2p_apply_norm(const P2pApply *apply, int node, P2pNormTensors *norm)
{
    *norm = (P2pNormTensors){apply->kept[node], apply->mean[node], apply->rstd[node]};
    return norm->step >= 0;
}

int p2p_apply_output(const P2pApply *apply)
{
    return apply->lane[P2P_VALUES].value[apply->net->graph->output];
}

/* ---- Backward ------------------------------------------------------------------------------ */

int p2p_grads_init(P2pGrads *grads, const P2pNet *net)
{
    *grads = (P2pGrads){
        .tensor = ids(net->graph->param_count), .joined = -1, .scale = -1, .squares = -1};
    return grads->tensor ? P2P_OK : P2P_ENOMEM;
}

void p2p_grads_finish(P2pGrads *grads)
{
    free(grads->tensor);
    grads->tensor = NULL;
}

bool p2p_apply_mark(P2pApply *a, P2pLane *lane, int v)
{
    const bool before = lane->grad_set[v];

    lane->grad_set[v] = true;
    for (int i = 0; i < a->net->graph->value_count; i++)
        if (a->net->graph->values[i].parent == v)
            lane->grad_set[i] = true;
    return before;
}

static void update(P2pApply *a, const P2pGrads *grads, int i, const P2pAdam *adam)
{
    if (!adam || i < 0 || p2p_update_waits(adam, grads) || a->net->joined_at[i] >= 0)
        return;
    const P2pAttr attr = p2p_update_attr(adam);
    P2P_PLAN_STEP(a->plan, a->net->graph->params[i].name, &p2p_pass_adam, &attr,
                  p2p_apply_param(a, i, P2P_STATE_VALUE), grads->tensor[i],
                  p2p_apply_param(a, i, P2P_STATE_ADAM_M), p2p_apply_param(a, i, P2P_STATE_ADAM_V),
                  a->hyper);
}

void p2p_apply_backward_conv(P2pApply *a, P2pLane *lane, int i, P2pGrads *grads,
                             const P2pAdam *adam)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const int in = n->in[0], out = n->out[0], w = n->param[P2P_NODE_WEIGHT];
    const int bias = lane == &a->lane[P2P_VALUES] ? n->param[P2P_NODE_BIAS] : -1;
    const int dy = p2p_apply_like(a, lane->grad, out);
    const P2pAttr act = {.act1 = n->act[0], .slope = n->slope};
    char label[P2P_LABEL_BYTES];
    bool add;

    p2p_apply_label(a, i, label);
    if (n->act[0] != P2P_ACT_NONE)
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_act_bwd, &act, a->lane[P2P_VALUES].value[out], dy,
                      dy);
    if (p2p_apply_wants_grad(a, lane, in)) {
        const int dx = p2p_apply_like(a, lane->grad, in);
        add = p2p_apply_mark(a, lane, in);
        p2p_apply_conv(a, i, n->transposed ? &p2p_pass_conv2d_fwd : &p2p_pass_conv2d_dgrad,
                       (P2pAttr){.accumulate = add}, dx, p2p_apply_weight(a, i), -1, dy);
    }
    if (!grads)
        return;
    p2p_apply_backward_weight(a, i, lane->value[in], dy, grads);
    update(a, grads, w, adam);
    if (bias >= 0) {
        const int db = p2p_apply_param_grad(a, grads, bias, &add);
        const P2pAttr attr = {.accumulate = add};
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_channel_sum, &attr, dy, db);
        update(a, grads, bias, adam);
    }
}

static void backward_pointwise(P2pApply *a, P2pLane *lane, int i, const P2pPass *pass, int in)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    char label[P2P_LABEL_BYTES];

    if (!p2p_apply_wants_grad(a, lane, in))
        return;
    p2p_apply_label(a, i, label);
    const int dx = p2p_apply_like(a, lane->grad, in), dy = p2p_apply_like(a, lane->grad, n->out[0]);
    const P2pAttr attr = {
        .accumulate = p2p_apply_mark(a, lane, in), .pad = n->pad, .bilinear = n->bilinear};
    if (pass == &p2p_pass_copy)
        P2P_PLAN_STEP(a->plan, label, pass, &attr, dy, dx);
    else
        P2P_PLAN_STEP(a->plan, label, pass, &attr, dx, dy);
}

void p2p_apply_backward_linear(P2pApply *a, P2pLane *lane, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];

    if (n->kind == P2P_NODE_ADD) {
        backward_pointwise(a, lane, i, &p2p_pass_copy, n->in[0]);
        backward_pointwise(a, lane, i, &p2p_pass_copy, n->in[1]);
    } else {
        backward_pointwise(
            a, lane, i, n->kind == P2P_NODE_UPSAMPLE ? &p2p_pass_upsample_bwd : &p2p_pass_pad_bwd,
            n->in[0]);
    }
}

static void backward_depthwise(P2pApply *a, int i, P2pGrads *grads, const P2pAdam *adam)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    P2pLane *lane = &a->lane[P2P_VALUES];
    const int in = n->in[0], w = n->param[P2P_NODE_WEIGHT];
    const int dy = p2p_apply_like(a, lane->grad, n->out[0]);
    P2pAttr attr;
    char label[P2P_LABEL_BYTES];
    bool add;

    p2p_apply_label(a, i, label);
    if (p2p_apply_wants_grad(a, lane, in)) {
        const int dx = p2p_apply_like(a, lane->grad, in);
        attr = depthwise_attr(n, p2p_apply_mark(a, lane, in));
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_depthwise_dgrad, &attr, dx,
                      p2p_apply_param(a, w, P2P_STATE_VALUE), dy);
    }
    if (!grads)
        return;
    const int dw = p2p_apply_param_grad(a, grads, w, &add);
    attr = depthwise_attr(n, add);
    P2P_PLAN_STEP(a->plan, label, &p2p_pass_depthwise_wgrad, &attr, lane->value[in], dw, dy);
    update(a, grads, w, adam);
}

void p2p_apply_backward_node(P2pApply *a, int i, P2pGrads *grads, const P2pAdam *adam)
{
    P2pLane *lane = &a->lane[P2P_VALUES];

    switch (a->net->graph->nodes[i].kind) {
    case P2P_NODE_CONV:
        p2p_apply_backward_conv(a, lane, i, grads, adam);
        break;
    case P2P_NODE_NORM_ACT:
        p2p_apply_backward_norm(a, i, grads);
        break;
    case P2P_NODE_ADD:
    case P2P_NODE_PAD:
    case P2P_NODE_UPSAMPLE:
        p2p_apply_backward_linear(a, lane, i);
        break;
    case P2P_NODE_DEPTHWISE:
        backward_depthwise(a, i, grads, adam);
        break;
    }
}

void p2p_apply_forget_grads(P2pApply *a)
{
    for (int i = 0; i < P2P_LANES; i++)
        for (int v = 0; v < a->net->graph->value_count; v++) {
            a->lane[i].grad[v] = -1;
            a->lane[i].grad_set[v] = false;
        }
}

int p2p_apply_backward(P2pApply *a, const P2pBackward *b)
{
    const P2pGraph *g = a->net->graph;
    P2pLane *lane = &a->lane[P2P_VALUES];

    p2p_apply_forget_grads(a);
    lane->grad[g->output] = b->dy;
    lane->grad_set[g->output] = true;
    lane->grad[g->input] = b->dx;
    lane->grad_set[g->input] = b->add;
    P2pExchange *exchange = b->adam && b->grads->sums ? b->grads->sums->exchange : NULL;
    for (int i = g->node_count - 1; i >= 0; i--) {
        p2p_apply_backward_node(a, i, b->grads, b->adam);
        p2p_exchange_append(exchange, a->plan, i);
    }
    p2p_exchange_append_end(exchange, a->plan);
    if (b->adam && p2p_update_waits(b->adam, b->grads))
        p2p_update_append(a->plan, a->net, b->grads, b->adam, a->hyper);
    else if (b->adam)
        p2p_update_joined(a->plan, a->net, b->grads, b->adam, a->hyper);
    return P2P_OK;
}
