/* SPDX-License-Identifier: BSD-2-Clause */
/* norm(conv(x)) with fixed statistics is a convolution. Knows no file and no device. */
#include "src/graph/fold.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

typedef struct Fold {
    const P2pGraph *from;
    P2pGraph *to;
    P2pOrigin *origin;
} Fold;

/* Node of the batch norm that alone reads what convolution i makes, or -1. */
static int norm_behind(const P2pGraph *g, int i)
{
    const int value = g->nodes[i].out[0];
    int norm = -1;

    if (g->nodes[i].act[0] != P2P_ACT_NONE || value == g->output || g->values[value].parent >= 0)
        return -1;
    for (int k = 0; k < 2 * g->node_count; k++) {
        if (g->nodes[k / 2].in[k % 2] != value)
            continue;
        if (norm >= 0 || g->nodes[k / 2].norm != P2P_NORM_BATCH)
            return -1;
        norm = k / 2;
    }
    return norm;
}

static int keep(Fold *f, const P2pParam *param, int origin, int norm)
{
    const int i = p2p_graph_add_param(f->to, param);

    if (i >= 0)
        f->origin[i] = (P2pOrigin){origin, norm};
    return i;
}

static void fold_conv(Fold *f, int i)
{
    static const char suffix[] = "weight";
    const P2pNode *from = &f->from->nodes[i];
    const P2pParam *weight = &f->from->params[from->param[P2P_NODE_WEIGHT]];
    const int norm = norm_behind(f->from, i);
    P2pParam bias = {.kind = P2P_PARAM_BIAS, .o = weight->o, .i = 1, .r = 1, .s = 1};

    snprintf(bias.name, sizeof(bias.name), "%.*sbias", (int)(strlen(weight->name) - strlen(suffix)),
             weight->name);
    f->to->nodes[i].param[P2P_NODE_WEIGHT] = keep(f, weight, from->param[P2P_NODE_WEIGHT], norm);
    f->to->nodes[i].param[P2P_NODE_BIAS] = keep(f, &bias, from->param[P2P_NODE_BIAS], norm);
    if (norm >= 0)
        f->to->nodes[norm].norm = P2P_NORM_NONE;
}

static void keep_depthwise(Fold *f, int i)
{
    const int weight = f->from->nodes[i].param[P2P_NODE_WEIGHT];

    f->to->nodes[i].param[P2P_NODE_WEIGHT] = keep(f, &f->from->params[weight], weight, -1);
}

/* Its convolution stands before it and has said whether it goes. */
static void fold_norm(Fold *f, int i)
{
    const P2pNode *from = &f->from->nodes[i];
    P2pNode *to = &f->to->nodes[i];

    for (int k = 0; k < 4; k++)
        to->param[k] = to->norm == P2P_NORM_NONE || from->param[k] < 0
                           ? -1
                           : keep(f, &f->from->params[from->param[k]], from->param[k], -1);
}

int p2p_graph_fold(P2pGraph **out, P2pOrigin **origin, const P2pGraph *graph)
{
    Fold f = {.from = graph};
    int err = p2p_graph_copy(out, graph);

    if (err)
        return err;
    f.to = *out;
    f.to->param_count = 0;
    f.origin = p2p_alloc((size_t)graph->param_count + (size_t)graph->node_count, sizeof(*f.origin));
    if (!f.origin)
        f.to->err = P2P_ENOMEM;
    for (int i = 0; !f.to->err && i < graph->node_count; i++)
        if (graph->nodes[i].kind == P2P_NODE_CONV)
            fold_conv(&f, i);
        else if (graph->nodes[i].kind == P2P_NODE_DEPTHWISE)
            keep_depthwise(&f, i);
        else
            fold_norm(&f, i);
    if ((err = f.to->err) < 0)
        p2p_graph_destroy(out);
    if (err || !origin)
        free(f.origin);
    else
        *origin = f.origin;
    return err;
}

void p2p_fold_values(const P2pParam *p, float eps, float *norm, float *values)
{
    const size_t o = (size_t)p->o;
    float *scale = norm, *shift = norm + o;
    const float *mean = shift + o, *var = mean + o;

    for (size_t c = 0; c < o; c++) {
        scale[c] = (float)(scale[c] / sqrt((double)var[c] + eps));
        shift[c] -= mean[c] * scale[c];
    }
    for (size_t k = 0; k < p2p_param_elements(p); k++) {
        const size_t c = p2p_param_channel(p, k);
        values[k] = values[k] * scale[c] + (p->kind == P2P_PARAM_BIAS ? shift[c] : 0.0f);
    }
}
