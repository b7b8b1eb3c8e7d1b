/* SPDX-License-Identifier: BSD-2-Clause */
/* Building graphs. No device, no sizes, no memory plan. */
#include "src/graph/graph.h"

#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

static int add_value(P2pGraph *g, int c)
{
    if (!g->err)
        g->err = p2p_grow((void **)&g->values, &g->value_capacity, (size_t)g->value_count + 1,
                          sizeof(*g->values));
    if (g->err)
        return -1;
    g->values[g->value_count] = (P2pValue){.c = c, .parent = -1};
    return g->value_count++;
}

static P2pNode *add_node(P2pGraph *g, P2pNodeKind kind, int a, int b, int out_channels)
{
    const int out = add_value(g, out_channels);

    if (!g->err)
        g->err = p2p_grow((void **)&g->nodes, &g->node_capacity, (size_t)g->node_count + 1,
                          sizeof(*g->nodes));
    if (g->err)
        return NULL;
    P2pNode *node = &g->nodes[g->node_count++];
    *node = (P2pNode){.kind = kind, .in = {a, b}, .out = {out, -1}, .param = {-1, -1, -1, -1}};
    g->output = out;
    return node;
}

int p2p_graph_add_param(P2pGraph *g, const P2pParam *param)
{
    if (!g->err)
        g->err = p2p_grow((void **)&g->params, &g->param_capacity, (size_t)g->param_count + 1,
                          sizeof(*g->params));
    if (g->err)
        return -1;
    g->params[g->param_count] = *param;
    return g->param_count++;
}

static int add_param(P2pGraph *g, P2pParam shape, const char *name, const char *suffix)
{
    snprintf(shape.name, sizeof(shape.name), "%s.%s", name, suffix);
    return p2p_graph_add_param(g, &shape);
}

int p2p_graph_create(P2pGraph **out, int input_channels)
{
    P2pGraph *g = *out = p2p_alloc(1, sizeof(*g));

    if (!g)
        return P2P_ENOMEM;
    g->multiple = 1;
    g->input = add_value(g, input_channels);
    if (g->err)
        p2p_graph_destroy(out);
    return *out ? P2P_OK : P2P_ENOMEM;
}

static int copy_array(void **out, size_t *capacity, const void *from, int count, size_t size)
{
    const int err = p2p_grow(out, capacity, (size_t)count, size);

    if (!err && count)
        memcpy(*out, from, (size_t)count * size);
    return err;
}

int p2p_graph_copy(P2pGraph **out, const P2pGraph *graph)
{
    P2pGraph *g = *out = p2p_alloc(1, sizeof(*g));
    int err;

    if (!g)
        return P2P_ENOMEM;
    *g = *graph;
    g->nodes = NULL;
    g->values = NULL;
    g->params = NULL;
    g->node_capacity = g->value_capacity = g->param_capacity = 0;
    if ((err = copy_array((void **)&g->nodes, &g->node_capacity, graph->nodes, graph->node_count,
                          sizeof(*g->nodes))) < 0 ||
        (err = copy_array((void **)&g->values, &g->value_capacity, graph->values,
                          graph->value_count, sizeof(*g->values))) < 0 ||
        (err = copy_array((void **)&g->params, &g->param_capacity, graph->params,
                          graph->param_count, sizeof(*g->params))) < 0)
        p2p_graph_destroy(out);
    return err;
}

void p2p_graph_destroy(P2pGraph **graph)
{
    if (!*graph)
        return;
    free((*graph)->nodes);
    free((*graph)->values);
    free((*graph)->params);
    free(*graph);
    *graph = NULL;
}

static void add_singular_vectors(P2pGraph *g, P2pNode *node, const P2pParam *weight,
                                 const char *name)
{
    const P2pParam left = {.kind = P2P_PARAM_LEFT, .o = weight->o, .i = 1, .r = 1, .s = 1};
    const P2pParam right = {
        .kind = P2P_PARAM_RIGHT, .o = weight->i * weight->r * weight->s, .i = 1, .r = 1, .s = 1};

    P2P_ASSERT(!weight->transposed);
    node->param[P2P_NODE_LEFT] = add_param(g, left, name, "weight_u");
    node->param[P2P_NODE_RIGHT] = add_param(g, right, name, "weight_v");
}

int p2p_graph_conv(P2pGraph *g, int x, const P2pConvSpec *spec)
{
    P2pNode *node = add_node(g, P2P_NODE_CONV, x, -1, spec->out_channels);

    if (!node)
        return -1;
    node->kernel = spec->kernel;
    node->stride = spec->stride;
    node->pad = spec->pad;
    node->output_pad = spec->output_pad;
    node->transposed = spec->transposed;
    node->act[0] = spec->act;
    node->slope = spec->slope;

    const P2pParam weight = {.kind = P2P_PARAM_WEIGHT,
                             .transposed = spec->transposed,
                             .o = spec->out_channels,
                             .i = g->values[x].c,
                             .r = spec->kernel,
                             .s = spec->kernel};
    const P2pParam bias = {.kind = P2P_PARAM_BIAS, .o = spec->out_channels, .i = 1, .r = 1, .s = 1};
    node->param[P2P_NODE_WEIGHT] =
        add_param(g, weight, spec->name, spec->spectral ? "weight_orig" : "weight");
    if (spec->spectral)
        add_singular_vectors(g, node, &weight, spec->name);
    if (spec->bias)
        node->param[P2P_NODE_BIAS] = add_param(g, bias, spec->name, "bias");
    return g->err ? -1 : node->out[0];
}

int p2p_graph_norm_act(P2pGraph *g, int x, const P2pNormActSpec *spec)
{
    static const struct {
        P2pParamKind kind;
        const char *suffix;
    } parts[] = {{P2P_PARAM_GAMMA, "weight"},
                 {P2P_PARAM_BETA, "bias"},
                 {P2P_PARAM_MEAN, "running_mean"},
                 {P2P_PARAM_VAR, "running_var"}};
    P2pNode *node = g->err ? NULL : add_node(g, P2P_NODE_NORM_ACT, x, -1, g->values[x].c);

    if (!node)
        return -1;
    P2P_ASSERT(spec->norm == P2P_NORM_NONE || spec->eps > 0);
    node->norm = spec->norm;
    node->eps = spec->eps;
    node->momentum = spec->momentum;
    node->dropout_p = spec->dropout_p;
    node->act[0] = spec->act;
    node->slope = spec->slope;
    for (int i = 0; spec->norm == P2P_NORM_BATCH && i < 4; i++) {
        const P2pParam p = {.kind = parts[i].kind, .o = g->values[x].c, .i = 1, .r = 1, .s = 1};
        node->param[i] = add_param(g, p, spec->name, parts[i].suffix);
    }
    return g->err ? -1 : node->out[0];
}

int p2p_graph_also(P2pGraph *g, int norm_act_value, P2pAct act)
{
    for (int i = 0; !g->err && i < g->node_count; i++) {
        if (g->nodes[i].out[0] != norm_act_value)
            continue;
        P2P_ASSERT(g->nodes[i].kind == P2P_NODE_NORM_ACT && g->nodes[i].out[1] < 0);
        const int out = add_value(g, g->values[norm_act_value].c);
        if (out >= 0) {
            g->nodes[i].out[1] = out;
            g->nodes[i].act[1] = act;
        }
        return out;
    }
    P2P_ASSERT(g->err);
    return -1;
}

int p2p_graph_add(P2pGraph *g, int a, int b)
{
    const P2pNode *node = g->err ? NULL : add_node(g, P2P_NODE_ADD, a, b, g->values[a].c);

    return node ? node->out[0] : -1;
}

int p2p_graph_pad(P2pGraph *g, int x, int pad)
{
    P2pNode *node = g->err ? NULL : add_node(g, P2P_NODE_PAD, x, -1, g->values[x].c);

    if (!node)
        return -1;
    node->pad = pad;
    return node->out[0];
}

int p2p_graph_upsample(P2pGraph *g, int x, bool bilinear)
{
    P2pNode *node = g->err ? NULL : add_node(g, P2P_NODE_UPSAMPLE, x, -1, g->values[x].c);

    if (!node)
        return -1;
    node->bilinear = bilinear;
    return node->out[0];
}

int p2p_graph_depthwise(P2pGraph *g, int x, const P2pConvSpec *spec)
{
    const int channels = g->err ? 0 : g->values[x].c;
    P2pNode *node = g->err ? NULL : add_node(g, P2P_NODE_DEPTHWISE, x, -1, channels);

    if (!node)
        return -1;
    node->kernel = spec->kernel;
    node->stride = spec->stride;
    node->pad = spec->pad;
    node->output_pad = spec->output_pad;
    const P2pParam weight = {.kind = P2P_PARAM_WEIGHT,
                             .depthwise = true,
                             .o = channels,
                             .i = 1,
                             .r = spec->kernel,
                             .s = spec->kernel};
    node->param[P2P_NODE_WEIGHT] = add_param(g, weight, spec->name, "weight");
    return g->err ? -1 : node->out[0];
}

int p2p_graph_concat(P2pGraph *g, int a, int b)
{
    const int whole = g->err ? -1 : add_value(g, g->values[a].c + g->values[b].c);

    if (whole < 0)
        return -1;
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < 2; k++)
            P2P_ASSERT(g->nodes[i].in[k] != a && g->nodes[i].in[k] != b);
    P2P_ASSERT(g->values[a].parent < 0 && g->values[b].parent < 0);
    g->values[a].parent = g->values[b].parent = whole;
    g->values[b].part = g->values[a].c;
    return whole;
}

size_t p2p_param_elements(const P2pParam *p)
{
    return (size_t)p->o * (size_t)p->i * (size_t)p->r * (size_t)p->s;
}

size_t p2p_param_channel(const P2pParam *p, size_t k)
{
    const size_t taps = (size_t)p->r * (size_t)p->s;

    return p->transposed ? k / taps % (size_t)p->o : k / taps / (size_t)p->i;
}

size_t p2p_graph_trained(const P2pGraph *g)
{
    size_t sum = 0;

    for (int i = 0; i < g->param_count; i++)
        if (p2p_param_is_trained(&g->params[i]))
            sum += p2p_param_elements(&g->params[i]);
    return sum;
}

int p2p_node_size(const P2pNode *n, int size)
{
    switch (n->kind) {
    case P2P_NODE_CONV:
        if (n->transposed)
            return (size - 1) * n->stride - 2 * n->pad + n->kernel + n->output_pad;
        return size + 2 * n->pad < n->kernel ? 0 : (size + 2 * n->pad - n->kernel) / n->stride + 1;
    case P2P_NODE_DEPTHWISE:
        return size + 2 * n->pad < n->kernel
                   ? 0
                   : (size + 2 * n->pad - n->kernel) / n->stride + 1 + n->output_pad;
    case P2P_NODE_UPSAMPLE:
        return 2 * size;
    case P2P_NODE_PAD:
        return size > n->pad ? size + 2 * n->pad : 0;
    default:
        return size;
    }
}

/* Of every value, for an input of `side`. False: some would have none. */
static bool value_sizes(const P2pGraph *g, int side, int *size)
{
    bool fits = true;

    size[g->input] = side;
    for (int i = 0; i < g->node_count; i++) {
        const P2pNode *n = &g->nodes[i];
        for (int k = 0; k < 2 && n->out[k] >= 0; k++) {
            const int out = n->out[k], parent = g->values[out].parent;
            size[out] = p2p_node_size(n, size[n->in[0]]);
            if (parent >= 0)
                size[parent] = size[out];
            fits &= size[out] > 0;
        }
    }
    return fits;
}

int p2p_graph_least_side(const P2pGraph *g)
{
    enum { MOST = 16 }; /* multiples; ours need two */
    int *size = p2p_alloc((size_t)g->value_count, sizeof(int)), times = 1;

    while (size && times < MOST && !value_sizes(g, times * g->multiple, size))
        times++;
    free(size);
    return times * g->multiple;
}

double p2p_graph_macs(const P2pGraph *g, int h, int w)
{
    double sum = 0;
    int *height = p2p_alloc((size_t)g->value_count, sizeof(int));
    int *width = p2p_alloc((size_t)g->value_count, sizeof(int));

    if (height && width) {
        value_sizes(g, h, height);
        value_sizes(g, w, width);
    }
    for (int i = 0; height && width && i < g->node_count; i++) {
        const P2pNode *n = &g->nodes[i];
        if (n->kind == P2P_NODE_CONV || n->kind == P2P_NODE_DEPTHWISE) {
            const int at = n->transposed ? n->in[0] : n->out[0]; /* the small side */
            sum += (double)height[at] * width[at] *
                   (double)p2p_param_elements(&g->params[n->param[P2P_NODE_WEIGHT]]);
        }
    }
    free(height);
    free(width);
    return sum;
}
