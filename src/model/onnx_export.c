/* SPDX-License-Identifier: BSD-2-Clause */
/* Our graph's nodes in ONNX's words. */
#include "src/model/onnx_export.h"

#include <stdio.h>
#include <string.h>

#include "src/base/half.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/onnx.h"

enum { NAME = 192 };
/* Numbers of weights that are no parameters: ones and zeros of C channels, paddings of p. */
enum { ONES = 1 << 24, ZEROS = 2 << 24, PADS = 3 << 24, SCALES = 4 << 24, KIND = 7 << 24 };

typedef struct Exporter {
    const P2pSource *source;
    const P2pGraph *g;
    P2pOnnx *onnx;
    bool half;
    bool *made; /* values that are joined of parts, once they are */
} Exporter;

static void value_name(const Exporter *e, int value, char name[NAME])
{
    if (value == e->g->input)
        snprintf(name, NAME, e->half ? "input_f16" : "input");
    else if (value == e->g->output)
        snprintf(name, NAME, e->half ? "output_f16" : "output");
    else
        snprintf(name, NAME, "value_%d", value);
}

/* The value as an input: joined of its parts first, where it is a concatenation. */
static void input_name(Exporter *e, int value, char name[NAME])
{
    char parts[2][NAME];
    int count = 0;

    value_name(e, value, name);
    for (int first = 0; first < e->g->values[value].c && count < 2;) {
        int v = 0;
        while (v < e->g->value_count &&
               (e->g->values[v].parent != value || e->g->values[v].part != first))
            v++;
        if (v == e->g->value_count)
            break;
        value_name(e, v, parts[count++]);
        first += e->g->values[v].c;
    }
    if (count && !e->made[value]) {
        e->made[value] = true;
        p2p_onnx_node(e->onnx, "Concat", (const char *const[]){parts[0], parts[1], NULL}, name,
                      (const P2pOnnxAttr[]){{.name = "axis", .kind = 'i', .ints = {1}}, {0}});
    }
}

static void activation(Exporter *e, P2pAct act, float slope, const char *from, const char *to)
{
    static const char *const ops[] = {[P2P_ACT_NONE] = "Identity",
                                      [P2P_ACT_RELU] = "Relu",
                                      [P2P_ACT_LEAKY_RELU] = "LeakyRelu",
                                      [P2P_ACT_TANH] = "Tanh"};
    const P2pOnnxAttr alpha[] = {{.name = "alpha", .kind = 'f', .real = slope}, {0}};

    p2p_onnx_node(e->onnx, ops[act], (const char *const[]){from, NULL}, to,
                  act == P2P_ACT_LEAKY_RELU ? alpha : NULL);
}

static void add_conv(Exporter *e, const P2pNode *n)
{
    const P2pParam *w = &e->g->params[n->param[P2P_NODE_WEIGHT]];
    const bool biased = n->param[P2P_NODE_BIAS] >= 0;
    const int64_t k = n->kernel, s = n->stride, p = n->pad;
    const P2pOnnxAttr attributes[] = {
        {.name = "kernel_shape", .kind = 'l', .ints = {k, k}, .count = 2},
        {.name = "strides", .kind = 'l', .ints = {s, s}, .count = 2},
        {.name = "pads", .kind = 'l', .ints = {p, p, p, p}, .count = 4},
        {.name = n->transposed ? "output_padding" : NULL,
         .kind = 'l',
         .ints = {n->output_pad, n->output_pad},
         .count = 2},
        {0}};
    char in[NAME], out[NAME], raw[NAME + 8];

    input_name(e, n->in[0], in);
    value_name(e, n->out[0], out);
    snprintf(raw, sizeof(raw), "%s%s", out, n->act[0] ? "_raw" : "");
    p2p_onnx_node(e->onnx, n->transposed ? "ConvTranspose" : "Conv",
                  (const char *const[]){in, w->name,
                                        biased ? e->g->params[n->param[P2P_NODE_BIAS]].name : NULL,
                                        NULL},
                  raw, attributes);
    if (n->act[0])
        activation(e, n->act[0], n->slope, raw, out);
}

/* Name of gamma or beta, or of ones or zeros where the norm has none. */
static void affine_name(Exporter *e, int param, int kind, int channels, char name[NAME])
{
    const size_t shape[] = {(size_t)channels};

    if (param >= 0) {
        snprintf(name, NAME, "%s", e->g->params[param].name);
        return;
    }
    snprintf(name, NAME, "%s_%d", kind == ONES ? "ones" : "zeros", channels);
    bool *made = &e->made[e->g->value_count + 2 * channels + (kind == ONES)];
    if (!*made)
        p2p_onnx_weight(e->onnx, name, e->half ? P2P_ONNX_FLOAT16 : P2P_ONNX_FLOAT, shape, 1,
                        kind | channels);
    *made = true;
}

static void add_norm_act(Exporter *e, const P2pNode *n)
{
    const P2pOnnxAttr eps[] = {{.name = "epsilon", .kind = 'f', .real = n->eps}, {0}};
    char in[NAME], out[NAME], scale[NAME], shift[NAME], normed[NAME + 8];

    input_name(e, n->in[0], in);
    value_name(e, n->out[0], out);
    snprintf(normed, sizeof(normed), "%s_norm", out);
    if (n->norm != P2P_NORM_NONE) {
        const int c = e->g->values[n->in[0]].c;
        affine_name(e, n->param[P2P_NODE_GAMMA], ONES, c, scale);
        affine_name(e, n->param[P2P_NODE_BETA], ZEROS, c, shift);
        p2p_onnx_node(e->onnx, "InstanceNormalization",
                      (const char *const[]){in, scale, shift, NULL}, normed, eps);
    }
    for (int k = 0; k < 2 && n->out[k] >= 0; k++) {
        value_name(e, n->out[k], out);
        activation(e, n->act[k], n->slope, n->norm != P2P_NORM_NONE ? normed : in, out);
    }
}

static void add_pad(Exporter *e, const P2pNode *n)
{
    char in[NAME], out[NAME], pads[NAME + 8];
    const size_t shape[] = {8};

    input_name(e, n->in[0], in);
    value_name(e, n->out[0], out);
    snprintf(pads, sizeof(pads), "%s_pads", out);
    p2p_onnx_weight(e->onnx, pads, P2P_ONNX_INT64, shape, 1, PADS | n->pad);
    p2p_onnx_node(e->onnx, "Pad", (const char *const[]){in, pads, NULL}, out,
                  (const P2pOnnxAttr[]){{.name = "mode", .kind = 's', .text = "reflect"}, {0}});
}

static void add_upsample(Exporter *e, const P2pNode *n)
{
    static const size_t shape[] = {4};
    const P2pOnnxAttr nearest[] = {
        {.name = "mode", .kind = 's', .text = "nearest"},
        {.name = "coordinate_transformation_mode", .kind = 's', .text = "asymmetric"},
        {.name = "nearest_mode", .kind = 's', .text = "floor"},
        {0}};
    const P2pOnnxAttr linear[] = {
        {.name = "mode", .kind = 's', .text = "linear"},
        {.name = "coordinate_transformation_mode", .kind = 's', .text = "half_pixel"},
        {0}};
    char in[NAME], out[NAME], scales[NAME + 8];

    input_name(e, n->in[0], in);
    value_name(e, n->out[0], out);
    snprintf(scales, sizeof(scales), "%s_scales", out);
    p2p_onnx_weight(e->onnx, scales, P2P_ONNX_FLOAT, shape, 1, SCALES);
    p2p_onnx_node(e->onnx, "Resize", (const char *const[]){in, "", scales, NULL}, out,
                  n->bilinear ? linear : nearest);
}

static void add_depthwise(Exporter *e, const P2pNode *n)
{
    const P2pParam *w = &e->g->params[n->param[P2P_NODE_WEIGHT]];
    const int64_t k = n->kernel, s = n->stride, p = n->pad, end = p + s * n->output_pad;
    const P2pOnnxAttr attributes[] = {
        {.name = "kernel_shape", .kind = 'l', .ints = {k, k}, .count = 2},
        {.name = "strides", .kind = 'l', .ints = {s, s}, .count = 2},
        {.name = "pads", .kind = 'l', .ints = {p, p, end, end}, .count = 4},
        {.name = "group", .kind = 'i', .ints = {w->o}},
        {0}};
    char in[NAME], out[NAME];

    input_name(e, n->in[0], in);
    value_name(e, n->out[0], out);
    p2p_onnx_node(e->onnx, "Conv", (const char *const[]){in, w->name, NULL}, out, attributes);
}

static void add_node(Exporter *e, const P2pNode *n)
{
    char a[NAME], b[NAME], out[NAME];

    switch (n->kind) {
    case P2P_NODE_CONV:
        add_conv(e, n);
        break;
    case P2P_NODE_NORM_ACT:
        add_norm_act(e, n);
        break;
    case P2P_NODE_PAD:
        add_pad(e, n);
        break;
    case P2P_NODE_UPSAMPLE:
        add_upsample(e, n);
        break;
    case P2P_NODE_DEPTHWISE:
        add_depthwise(e, n);
        break;
    case P2P_NODE_ADD:
        input_name(e, n->in[0], a);
        input_name(e, n->in[1], b);
        value_name(e, n->out[0], out);
        p2p_onnx_node(e->onnx, "Add", (const char *const[]){a, b, NULL}, out, NULL);
    }
}

/* Weights and vectors that some node reads: not the running statistics. */
static void add_params(Exporter *e)
{
    for (int i = 0; i < e->g->param_count; i++) {
        const P2pParam *p = &e->g->params[i];
        size_t shape[4] = {(size_t)p->o};
        const int rank = p2p_param_shape(p, shape);
        if (rank == 1)
            shape[0] = (size_t)p->o;
        if (p2p_param_is_trained(p))
            p2p_onnx_weight(e->onnx, p->name, e->half ? P2P_ONNX_FLOAT16 : P2P_ONNX_FLOAT, shape,
                            rank, i);
    }
}

static void add_ports(Exporter *e)
{
    const P2pGraph *g = e->g;

    p2p_onnx_port(e->onnx, false, "input", g->values[g->input].c);
    p2p_onnx_port(e->onnx, true, "output", g->values[g->output].c);
    if (e->half)
        p2p_onnx_node(
            e->onnx, "Cast", (const char *const[]){"input", NULL}, "input_f16",
            (const P2pOnnxAttr[]){{.name = "to", .kind = 'i', .ints = {P2P_ONNX_FLOAT16}}, {0}});
}

static void add_meta(Exporter *e)
{
    const P2pOptions *options = &e->source->options;
    char value[P2P_OPTION_TEXT];
    const P2pOptionInfo *o;

    for (int i = 0; (o = p2p_options_stored(options, P2P_TRANSLATING, i, value, sizeof(value)));
         i++)
        p2p_onnx_meta(e->onnx, o->name, value);
    if (e->source->kind != P2P_SOURCE_CHECKPOINT && e->source->kind != P2P_SOURCE_FROZEN)
        return; /* others do not tell */
    snprintf(value, sizeof(value), "%ld", e->source->position.step);
    p2p_onnx_meta(e->onnx, "step", value);
    snprintf(value, sizeof(value), "%d", e->source->position.epoch);
    p2p_onnx_meta(e->onnx, "epoch", value);
}

/* ---- Values -------------------------------------------------------------------------------- */

static size_t elements(const Exporter *e, int number)
{
    return number & KIND ? (size_t)(number & ~KIND) : p2p_param_elements(&e->g->params[number]);
}

static int get(void *user, int number, void *data)
{
    const Exporter *e = user;
    const size_t n = elements(e, number);
    int err = P2P_OK;

    if ((number & KIND) == PADS) {
        const int64_t p = number & ~KIND, pads[] = {0, 0, p, p, 0, 0, p, p};
        memcpy(data, pads, sizeof(pads));
        return P2P_OK;
    }
    if ((number & KIND) == SCALES) {
        const float scales[] = {1, 1, 2, 2};
        memcpy(data, scales, sizeof(scales));
        return P2P_OK;
    }
    float *values = e->half ? p2p_alloc(n, sizeof(*values)) : data;
    if (!values)
        return P2P_ENOMEM;
    if (number & KIND)
        for (size_t i = 0; i < n; i++)
            values[i] = (number & KIND) == ONES ? 1.0f : 0.0f;
    else
        err = p2p_source_get(e->source, number, values);
    if (!e->half)
        return err;
    if (!err && !(number & KIND))
        err = p2p_source_check_half(e->source, number, values);
    uint16_t *half = data;
    for (size_t i = 0; !err && i < n; i++)
        half[i] = p2p_float_to_half(values[i]);
    free(values);
    return err;
}

int p2p_onnx_export(const P2pSource *source, const char *path, bool half)
{
    enum { MOST_CHANNELS = 1 << 14 };
    const P2pGraph *g = source->graph;
    Exporter e = {.source = source, .g = g, .half = half};
    char doc[256];
    int err;

    for (int i = 0; i < g->value_count; i++)
        if (g->values[i].c >= MOST_CHANNELS)
            return p2p_fail(P2P_EINVAL, "networks of %d channels cannot be written as ONNX",
                            g->values[i].c);
    snprintf(doc, sizeof(doc),
             "pix2pix %s, %s; input and output in [-1, 1], height and width "
             "multiples of %d",
             source->net.name, source->options.netG, g->multiple);
    e.made = p2p_alloc((size_t)g->value_count + 2 * MOST_CHANNELS, sizeof(*e.made));
    err = e.made ? p2p_onnx_create(&e.onnx, "pix2pix", doc) : P2P_ENOMEM;
    if (!err) {
        add_ports(&e);
        add_params(&e);
        for (int i = 0; i < g->node_count; i++)
            add_node(&e, &g->nodes[i]);
        if (half)
            p2p_onnx_node(
                e.onnx, "Cast", (const char *const[]){"output_f16", NULL}, "output",
                (const P2pOnnxAttr[]){{.name = "to", .kind = 'i', .ints = {P2P_ONNX_FLOAT}}, {0}});
        add_meta(&e);
        err = p2p_onnx_write(e.onnx, path, get, &e);
    }
    p2p_onnx_destroy(&e.onnx);
    free(e.made);
    return err;
}
