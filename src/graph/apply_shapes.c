/* SPDX-License-Identifier: BSD-2-Clause */
/* The tensors of a network's values and of their gradients, for apply.c. */
#include "src/base/status.h"
#include "src/graph/apply_parts.h"

/* Whether value v is the input, or made of it by nothing that is trained. */
static bool is_input(const P2pApply *a, int v)
{
    const P2pGraph *g = a->net->graph;

    for (int i = 0; v != g->input && i < g->node_count; i++)
        if (g->nodes[i].kind == P2P_NODE_PAD && g->nodes[i].out[0] == v)
            return is_input(a, g->nodes[i].in[0]);
    return v == g->input;
}

/* What comes in and goes out are f32. */
static P2pType stored_type(const P2pApply *a, int v)
{
    return is_input(a, v) || v == a->net->graph->output ? P2P_TYPE_F32
                                                        : p2p_plan_stored_type(a->plan);
}

/* Give every value its tensor: a part of a concatenation is a slice of the whole. */
static int shape_value(P2pApply *a, int v, int n, int h, int w, bool kept)
{
    const P2pValue *value = &a->net->graph->values[v];

    if (a->lane[P2P_VALUES].value[v] >= 0)
        return P2P_OK;
    if (value->parent >= 0) {
        const int err = shape_value(a, value->parent, n, h, w, false);
        if (!err)
            a->lane[P2P_VALUES].value[v] = p2p_plan_slice(
                a->plan, a->lane[P2P_VALUES].value[value->parent], value->part, value->c);
        return err;
    }
    P2pTensor shape = p2p_tensor_nhwc(n, h, w, value->c);
    shape.type = stored_type(a, v);
    a->lane[P2P_VALUES].value[v] =
        kept ? p2p_plan_keep(a->plan, shape) : p2p_plan_tensor(a->plan, shape);
    return P2P_OK;
}

int p2p_apply_shape(P2pApply *a, int input, bool kept)
{
    const P2pGraph *g = a->net->graph;
    int err = P2P_OK;

    if (input < 0)
        return P2P_OK; /* the plan failed before; p2p_plan_finish() says so */
    const P2pTensor x = *p2p_plan_get(a->plan, input);
    if (x.c != g->values[g->input].c)
        return p2p_fail(P2P_EINVAL, "network %s takes %d channels, not %d", a->net->name,
                        g->values[g->input].c, x.c);
    if (x.h % g->multiple || x.w % g->multiple)
        return p2p_fail(P2P_EINVAL,
                        "network %s needs a height and width that are multiples of %d, "
                        "not %d x %d (height x width)",
                        a->net->name, g->multiple, x.h, x.w);
    a->lane[P2P_VALUES].value[g->input] = input;
    for (int i = 0; !err && i < g->node_count; i++) {
        const P2pNode *node = &g->nodes[i];
        if (a->lane[P2P_VALUES].value[node->in[0]] < 0)
            return P2P_OK;
        const P2pTensor in = *p2p_plan_get(a->plan, a->lane[P2P_VALUES].value[node->in[0]]);
        const int h = p2p_node_size(node, in.h), w = p2p_node_size(node, in.w);
        if (h < 1 || w < 1)
            return p2p_fail(P2P_EINVAL, "a picture of %d x %d is too small for network %s", x.h,
                            x.w, a->net->name);
        for (int k = 0; !err && k < 2 && node->out[k] >= 0; k++)
            err = shape_value(a, node->out[k], in.n, h, w, kept && node->out[k] == g->output);
    }
    return err;
}

int p2p_apply_like(P2pApply *a, int *tensors, int v)
{
    const P2pValue *value = &a->net->graph->values[v];
    const P2pTensor *t = p2p_plan_get(a->plan, a->lane[P2P_VALUES].value[v]);

    if (tensors[v] >= 0 || !t)
        return tensors[v];
    if (value->parent >= 0) {
        const int whole = p2p_apply_like(a, tensors, value->parent);
        tensors[v] = whole < 0 ? -1 : p2p_plan_slice(a->plan, whole, value->part, value->c);
    } else {
        P2pTensor shape = p2p_tensor_nhwc(t->n, t->h, t->w, t->c);
        shape.type = t->type;
        tensors[v] = p2p_plan_tensor(a->plan, shape);
    }
    return tensors[v];
}

bool p2p_apply_wants_grad(const P2pApply *a, const P2pLane *lane, int v)
{
    return !is_input(a, v) || lane->grad[a->net->graph->input] >= 0;
}
