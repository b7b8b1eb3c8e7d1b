/* SPDX-License-Identifier: BSD-2-Clause */
/* A norm's nodes with their activations, forward and backward. */
#include "src/graph/apply_parts.h"
#include "src/graph/sync.h"

static bool is_batch(const P2pNode *n)
{
    return n->norm == P2P_NORM_BATCH;
}

/* The ranks whose pictures are normalised together with these; NULL: there are none. */
static P2pSync *sync_of(const P2pApply *a, int i)
{
    const bool whole = is_batch(&a->net->graph->nodes[i]) && !a->mode.alone;

    return whole && !a->mode.running ? p2p_plan_sync(a->plan) : NULL;
}

static void statistics_of(P2pApply *a, int i, const char *label, int x, int run_mean, int run_var)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const P2pAttr attr = {.eps = n->eps, .momentum = n->momentum};
    P2pSync *sync = sync_of(a, i);
    const P2pTensor *t = p2p_plan_get(a->plan, x);
    const P2pSyncNorm norm = {.mean = a->mean[i],
                              .rstd = a->rstd[i],
                              .run_mean = run_mean,
                              .run_var = run_var,
                              .eps = n->eps,
                              .momentum = n->momentum,
                              .pixels = t->h * t->w};

    P2P_PLAN_STEP(a->plan, label, &p2p_pass_norm_stats, &attr, x, a->mean[i], a->rstd[i],
                  sync ? -1 : run_mean, sync ? -1 : run_var);
    p2p_sync_statistics(sync, a->plan, &norm);
}

static void forward_statistics(P2pApply *a, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const P2pAttr attr = {.eps = n->eps, .momentum = n->momentum};
    const int in = a->lane[P2P_VALUES].value[n->in[0]];
    const bool running = is_batch(n) && a->mode.running;
    const bool update = is_batch(n) && a->mode.update_running;
    char label[P2P_LABEL_BYTES];

    if (in < 0)
        return;
    const P2pTensor x = *p2p_plan_get(a->plan, in);
    const int alone = !is_batch(n) ? 1 : running || !a->mode.alone ? x.n : a->mode.alone;
    const int groups = x.n / alone;
    const int run_mean = p2p_apply_param(a, n->param[P2P_NODE_MEAN], P2P_STATE_VALUE);
    const int run_var = p2p_apply_param(a, n->param[P2P_NODE_VAR], P2P_STATE_VALUE);
    const bool kept = !running && a->mode.keep_statistics;
    const P2pTensor shape = p2p_tensor_nhwc(groups, 1, 1, x.c);
    a->mean[i] = kept ? p2p_plan_keep(a->plan, shape) : p2p_plan_tensor(a->plan, shape);
    a->rstd[i] = kept ? p2p_plan_keep(a->plan, shape) : p2p_plan_tensor(a->plan, shape);
    if (kept)
        a->kept[i] = p2p_plan_step_count(a->plan);
    p2p_apply_label(a, i, label);
    if (running)
        P2P_PLAN_STEP(a->plan, label, &p2p_pass_norm_running, &attr, -1, a->mean[i], a->rstd[i],
                      run_mean, run_var);
    else
        statistics_of(a, i, label, in, update ? run_mean : -1, update ? run_var : -1);
}

static P2pAttr norm_act_attr(const P2pApply *a, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];

    return (P2pAttr){.act1 = n->act[0],
                     .act2 = n->act[1],
                     .slope = n->slope,
                     .fixed_statistics = a->mode.running && is_batch(n),
                     .dropout_p = a->mode.dropout ? n->dropout_p : 0.0f,
                     .stream = a->stream[i]};
}

/* What the backward passes of norm_act have beside the forward one. */
typedef struct NormActGrads {
    int dy1, dy2, sums, dx, dgamma, dbeta;
} NormActGrads;
static const NormActGrads no_grads = {-1, -1, -1, -1, -1, -1};

/* All operands of the norm_act passes. */
static void norm_act_step(P2pApply *a, int i, const P2pPass *pass, const P2pAttr *attr,
                          const NormActGrads *g)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    char label[P2P_LABEL_BYTES];

    p2p_apply_label(a, i, label);
    P2P_PLAN_STEP(a->plan, label, pass, attr, a->lane[P2P_VALUES].value[n->in[0]], a->mean[i],
                  a->rstd[i], p2p_apply_param(a, n->param[P2P_NODE_GAMMA], P2P_STATE_VALUE),
                  p2p_apply_param(a, n->param[P2P_NODE_BETA], P2P_STATE_VALUE), a->hyper,
                  a->lane[P2P_VALUES].value[n->out[0]],
                  n->out[1] >= 0 ? a->lane[P2P_VALUES].value[n->out[1]] : -1, g->dy1, g->dy2,
                  g->sums, g->dx, g->dgamma, g->dbeta);
}

void p2p_apply_forward_norm(P2pApply *a, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];

    if (n->norm != P2P_NORM_NONE)
        forward_statistics(a, i);
    if (a->mode.dropout && n->dropout_p > 0)
        a->stream[i] = p2p_plan_dropout_stream(a->plan);
    const P2pAttr attr = norm_act_attr(a, i);
    norm_act_step(a, i, &p2p_pass_norm_act_fwd, &attr, &no_grads);
}

/* Where a norm's parameters take their gradients; whether both are added to what is there. Behind a tangent
 * pass, which knows no beta, beta's begins at 0. */
static bool norm_param_grads(P2pApply *a, int i, P2pGrads *grads, NormActGrads *g)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    bool add = false, add_beta = false;

    if (!grads || n->param[P2P_NODE_GAMMA] < 0)
        return false;
    g->dgamma = p2p_apply_param_grad(a, grads, n->param[P2P_NODE_GAMMA], &add);
    g->dbeta = p2p_apply_param_grad(a, grads, n->param[P2P_NODE_BETA], &add_beta);
    if (add && !add_beta)
        P2P_PLAN_STEP(a->plan, "beta", &p2p_pass_fill, NULL, g->dbeta);
    return add;
}

void p2p_apply_backward_norm(P2pApply *a, int i, P2pGrads *grads)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    P2pLane *lane = &a->lane[P2P_VALUES];
    NormActGrads g = no_grads;
    P2pAttr attr = norm_act_attr(a, i);

    g.dy1 = p2p_apply_like(a, lane->grad, n->out[0]);
    if (n->out[1] >= 0)
        g.dy2 = p2p_apply_like(a, lane->grad, n->out[1]);
    if (a->mean[i] >= 0) {
        const P2pTensor *m = p2p_plan_get(a->plan, a->mean[i]);
        g.sums = p2p_plan_tensor(a->plan, p2p_tensor_nhwc(m->n, 1, 1, 2 * m->c));
        attr.accumulate = norm_param_grads(a, i, grads, &g);
        norm_act_step(a, i, &p2p_pass_norm_act_sums, &attr, &g);
        p2p_sync_sums(sync_of(a, i), a->plan, g.sums);
        g.dgamma = g.dbeta = -1;
    }
    if (p2p_apply_wants_grad(a, lane, n->in[0])) {
        g.dx = p2p_apply_like(a, lane->grad, n->in[0]);
        attr.accumulate = p2p_apply_mark(a, lane, n->in[0]);
        norm_act_step(a, i, &p2p_pass_norm_act_bwd, &attr, &g);
    }
}
