/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading golden files, drawing what they do not store, and measures of deviation. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/rng.h"
#include "src/base/status.h"
#include "tests/golden/golden.h"

/* ---- Tensors and metadata ------------------------------------------------------------------ */

GoldenArray golden_read(Golden *g, const P2pTensorFile *file, const char *name)
{
    const P2pFileTensor *t = p2p_tensor_file_find(file, name);
    GoldenArray a = {.count = 1};

    if (!t || g->err)
        return a;
    a.rank = t->rank;
    for (int i = 0; i < t->rank; i++) {
        a.count *= t->shape[i];
        if (i < 4)
            a.dim[i] = (int)t->shape[i];
    }
    a.data = golden_floats(g, a.count);
    p2p_file_tensor_to_f32(t, a.data);
    return a;
}

GoldenArray golden_array(Golden *g, const char *prefix, const char *name)
{
    char full[256];

    snprintf(full, sizeof(full), "%s%s%s", prefix ? prefix : "", prefix && *prefix ? "/" : "",
             name);
    return golden_read(g, g->file, full);
}

GoldenArray golden_need(Golden *g, const char *prefix, const char *name)
{
    const GoldenArray a = golden_array(g, prefix, name);

    if (!a.data && !g->err)
        g->err =
            p2p_fail(P2P_EFORMAT, "%s has no tensor %s/%s", g->path, prefix ? prefix : "", name);
    return a;
}

const char *golden_text(const Golden *g, const char *key)
{
    return p2p_tensor_file_meta(g->file, key);
}

int golden_int(const Golden *g, const char *key)
{
    const char *text = golden_text(g, key);

    return text ? (int)strtol(text, NULL, 10) : 0;
}

json_t *golden_json(const Golden *g, const char *key)
{
    const char *text = golden_text(g, key);

    return text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
}

/* ---- Drawn values -------------------------------------------------------------------------- */

void golden_draw(float *out, size_t count, uint32_t seed, uint32_t stream, float a, bool around_one)
{
    for (size_t i = 0; i < count; i += 4) {
        uint32_t words[4];
        p2p_rng_block(seed, stream, i / 4, words);
        for (size_t k = 0; k < 4 && i + k < count; k++) {
            const float value = p2p_rng_symmetric(words[k]) * a;
            out[i + k] = around_one ? 1.0f + value : value;
        }
    }
}

void golden_draw_net(Golden *g, P2pNet *net, uint32_t seed, uint32_t base)
{
    const float wide = 0x1.1bc77ap-5f, narrow = 0.01f; /* 0.02 sqrt(3) as f32: 0x3d0de3bd */
    uint32_t stream = base;

    for (int i = 0; !g->err && i < net->graph->param_count; i++) {
        const P2pParam *p = &net->graph->params[i];
        if (!p2p_param_is_trained(p))
            continue;
        const bool gamma = p->kind == P2P_PARAM_GAMMA;
        const bool small = p->kind == P2P_PARAM_BIAS || p->kind == P2P_PARAM_BETA;
        const size_t count = p2p_param_elements(p);
        float *host = golden_floats(g, count);
        golden_draw(host, count, seed, stream++, small ? narrow : wide, gamma);
        g->err = p2p_net_upload(net, i, P2P_STATE_VALUE, host);
        free(g->memory[--g->memory_count]);
    }
}

P2pNorm golden_norm(const char *name)
{
    return !strcmp(name, "batch")      ? P2P_NORM_BATCH
           : !strcmp(name, "instance") ? P2P_NORM_INSTANCE
                                       : P2P_NORM_NONE;
}

bool golden_is_null_bias(const P2pGraph *graph, int i)
{
    for (int a = 0; a < graph->node_count; a++) {
        const P2pNode *conv = &graph->nodes[a];
        if (conv->kind != P2P_NODE_CONV || conv->param[P2P_NODE_BIAS] != i)
            continue;
        for (int b = 0; b < graph->node_count; b++)
            if (graph->nodes[b].kind == P2P_NODE_NORM_ACT && graph->nodes[b].in[0] == conv->out[0])
                return graph->nodes[b].norm != P2P_NORM_NONE;
    }
    return false;
}

/* ---- Deviations ---------------------------------------------------------------------------- */

double golden_max_deviation(const float *ours, const float *ref, size_t count)
{
    double most = 0, scale = 0;

    for (size_t i = 0; i < count; i++) {
        const double d = fabs((double)ours[i] - ref[i]);
        if (isnan(d))
            return NAN;
        most = fmax(most, d);
        scale = fmax(scale, fabs(ref[i]));
    }
    return scale > 0 ? most / scale : most;
}

double golden_l2_deviation(const float *ours, const float *ref, size_t count)
{
    double d2 = 0, ref2 = 0;

    for (size_t i = 0; i < count; i++) {
        const double d = (double)ours[i] - ref[i];
        d2 += d * d;
        ref2 += (double)ref[i] * ref[i];
    }
    return ref2 > 0 ? sqrt(d2 / ref2) : sqrt(d2);
}

double golden_l2(const float *x, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}
