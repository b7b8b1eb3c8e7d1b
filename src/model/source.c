/* SPDX-License-Identifier: BSD-2-Clause */
/* Model files of all kinds as one network on the host. */
#include "src/model/source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/half.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/exchange.h"

static const float batch_norm_eps = 1e-5f;

/* ---- Names --------------------------------------------------------------------------------- */

/* What parameter i of the stored graph is called in the file. */
static void stored_name(const P2pSource *s, int i, char name[P2P_EXCHANGE_NAME])
{
    const char *ours = s->stored->params[i].name;

    name[0] = '\0';
    switch (s->kind) {
    case P2P_SOURCE_STATE_DICT:
        snprintf(name, P2P_EXCHANGE_NAME, "%s%s", s->prefixed ? "module." : "", ours);
        break;
    case P2P_SOURCE_PICT:
        p2p_exchange_tensorflow_name(s->stored, i, name);
        break;
    default:
        snprintf(name, P2P_EXCHANGE_NAME, "%s.%s", s->net, ours);
    }
}

static const P2pFileTensor *stored_tensor(const P2pSource *s, int i)
{
    char name[P2P_EXCHANGE_NAME];

    stored_name(s, i, name);
    return p2p_tensor_file_find(s->file, name);
}

/* Running statistics are no part of a .pict, and of a .pth only with batch norm. */
static bool may_be_missing(const P2pSource *s, const P2pParam *p)
{
    return s->kind == P2P_SOURCE_PICT && !p2p_param_is_trained(p);
}

static int check_tensor(const P2pSource *s, int i)
{
    const P2pParam *p = &s->stored->params[i];
    const P2pFileTensor *t = stored_tensor(s, i);
    char name[P2P_EXCHANGE_NAME];
    size_t shape[4], elements = 1;
    const int rank = p2p_param_shape(p, shape);
    bool same = t && t->rank == rank;

    stored_name(s, i, name);
    if (!t && may_be_missing(s, p))
        return P2P_OK;
    if (!t)
        return p2p_fail(P2P_EFORMAT, "%s: has no tensor %s; it is of another network than %s",
                        p2p_tensor_file_path(s->file), name,
                        s->net[0] == 'D' ? s->options.netD : s->options.netG);
    for (int k = 0; k < rank; k++) {
        elements *= shape[k];
        same = same && (s->kind == P2P_SOURCE_PICT || t->shape[k] == shape[k]);
    }
    if (!same || t->elements != elements)
        return p2p_fail(P2P_EFORMAT,
                        "%s: tensor %s has another shape than the network's; it is of "
                        "another network",
                        p2p_tensor_file_path(s->file), name);
    return P2P_OK;
}

/* ---- Opening ------------------------------------------------------------------------------- */

static int replace_options(P2pOptions *options, const P2pOptions *asked)
{
    char value[P2P_OPTION_TEXT];
    const char *name;
    int err = P2P_OK;

    for (int i = 0; asked && !err && p2p_options_stored(asked, i, &name, value, sizeof(value)); i++)
        if (p2p_options_given(asked, name) && strcmp(name, "no_dropout") != 0)
            err = p2p_options_set(options, name, value);
    return err;
}

static int infer(P2pSource *s)
{
    if (p2p_tensor_file_format(s->file) == P2P_FILE_PICT) {
        s->kind = P2P_SOURCE_PICT;
        return p2p_exchange_infer_tensorflow(s->file, &s->options);
    }
    s->kind = P2P_SOURCE_STATE_DICT;
    for (int i = 0; i < p2p_tensor_file_count(s->file); i++)
        s->prefixed |= !strncmp(p2p_tensor_file_at(s->file, i)->name, "module.", 7);
    return p2p_exchange_infer_pytorch(s->file, s->prefixed ? "module." : "", &s->options, s->net);
}

static int read_options(P2pSource *s, const char *net)
{
    bool frozen;
    int err;

    snprintf(s->net, sizeof(s->net), "%s", net ? net : "G");
    if (p2p_tensor_file_format(s->file) != P2P_FILE_SAFETENSORS) {
        if ((err = infer(s)) < 0 || !net || !strcmp(net, s->net))
            return err;
        return p2p_fail(P2P_EFORMAT, "%s: holds network %s, not %s", p2p_tensor_file_path(s->file),
                        s->net, net);
    }
    if ((err = p2p_checkpoint_metadata(s->file, &s->options, &s->position, &frozen)) < 0)
        return err;
    s->kind = frozen ? P2P_SOURCE_FROZEN : P2P_SOURCE_CHECKPOINT;
    return s->kind == P2P_SOURCE_FROZEN && net && strcmp(net, "G") != 0
               ? p2p_fail(P2P_EFORMAT, "%s: a frozen model holds the generator alone",
                          p2p_tensor_file_path(s->file))
               : P2P_OK;
}

static P2pNetSpec spec_of(const P2pSource *s)
{
    return s->net[0] == 'D' ? p2p_discriminator_spec(&s->options) : p2p_generator_spec(&s->options);
}

/* s->file is open; the rest is found. */
static int open_network(P2pSource *s, const char *net, const P2pOptions *asked)
{
    int err;

    p2p_options_init(&s->options);
    if ((err = read_options(s, net)) < 0 || (err = replace_options(&s->options, asked)) < 0)
        return err;
    const P2pNetSpec spec = spec_of(s);
    if ((err = p2p_nets_build(&s->stored, &spec)) < 0)
        return p2p_fail_prefix(err, "%s", p2p_tensor_file_path(s->file));
    s->graph = s->stored;
    for (int i = 0; !err && i < s->stored->param_count; i++)
        err = check_tensor(s, i);
    return err;
}

int p2p_source_open(P2pSource *s, const char *path, const char *net, const P2pOptions *asked)
{
    *s = (P2pSource){0};
    int err = p2p_checkpoint_file(&s->file, path, &s->warning);

    if (!err && (err = open_network(s, net, asked)) < 0)
        p2p_source_finish(s);
    return err;
}

int p2p_source_open_memory(P2pSource *s, const void *data, size_t bytes, const P2pOptions *asked)
{
    *s = (P2pSource){0};
    int err = p2p_safetensors_read_memory(&s->file, "embedded model", data, bytes);

    if (!err && (err = open_network(s, NULL, asked)) < 0)
        p2p_source_finish(s);
    return err;
}

void p2p_source_finish(P2pSource *s)
{
    if (s->graph != s->stored)
        p2p_graph_destroy(&s->graph);
    p2p_graph_destroy(&s->stored);
    p2p_tensor_file_close(&s->file);
    free(s->warning);
    *s = (P2pSource){0};
}

/* ---- Another graph than the stored one ----------------------------------------------------- */

/* The k-th convolution or norm of both graphs is the same; this finds the node of a parameter. */
static const P2pNode *counterpart(const P2pGraph *graph, int param, const P2pGraph *stored,
                                  int *slot)
{
    int ordinal[2] = {0}, kind = -1, nth = 0;

    for (int i = 0; kind < 0 && i < graph->node_count; i++) {
        const int k = graph->nodes[i].kind == P2P_NODE_CONV       ? 0
                      : graph->nodes[i].kind == P2P_NODE_NORM_ACT ? 1
                                                                  : -1;
        if (k < 0)
            continue;
        for (int j = 0; j < 4; j++)
            if (graph->nodes[i].param[j] == param) {
                *slot = j;
                kind = k;
                nth = ordinal[k];
            }
        ordinal[k]++;
    }
    for (int i = 0; i < stored->node_count; i++) {
        const P2pNodeKind wanted = kind ? P2P_NODE_NORM_ACT : P2P_NODE_CONV;
        if (stored->nodes[i].kind == wanted && nth-- == 0)
            return &stored->nodes[i];
    }
    return NULL;
}

/* The batch norm that reads a convolution's output, or NULL. */
static const P2pNode *norm_behind(const P2pGraph *g, const P2pNode *conv)
{
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i].kind == P2P_NODE_NORM_ACT && g->nodes[i].in[0] == conv->out[0] &&
            g->nodes[i].param[P2P_NODE_GAMMA] >= 0)
            return &g->nodes[i];
    return NULL;
}

int p2p_source_rebuild(P2pSource *s, bool no_dropout, bool fold)
{
    bool running = false;
    int err;

    for (int i = 0; i < s->stored->param_count; i++)
        running |= s->stored->params[i].kind == P2P_PARAM_MEAN && stored_tensor(s, i);
    if (fold && s->options.norm == P2P_OPT_NORM_BATCH && !running)
        return p2p_fail(P2P_EINVAL, "%s: has no running statistics that --eval could use",
                        p2p_tensor_file_path(s->file));
    s->folded = fold && running;
    s->options.no_dropout |= no_dropout || fold;
    if (s->folded) {
        s->options.norm = P2P_OPT_NORM_NONE;
        s->options.folded = true;
    }
    const P2pNetSpec spec = spec_of(s);
    if ((err = p2p_nets_build(&s->graph, &spec)) < 0)
        s->graph = s->stored;
    return err;
}

/* ---- Values -------------------------------------------------------------------------------- */

static void scale_codes(const P2pParam *p, const P2pFileTensor *scales, float *values)
{
    const size_t inner = (size_t)p->r * (size_t)p->s, o_count = (size_t)p->o;
    const size_t outer = p->transposed ? (size_t)p->i : 1, per = p->transposed ? 1 : (size_t)p->i;
    float *scale = values + p2p_param_elements(p); /* room for them is behind the values */

    p2p_file_tensor_to_f32(scales, scale);
    for (size_t a = 0; a < outer; a++)
        for (size_t o = 0; o < o_count; o++)
            for (size_t k = 0; k < per * inner; k++)
                values[(a * o_count + o) * per * inner + k] *= scale[o];
}

static const P2pFileTensor *scales_of(const P2pSource *s, int i)
{
    char name[P2P_EXCHANGE_NAME + 8];

    stored_name(s, i, name);
    memcpy(name + strlen(name), ".scale", 7);
    const P2pFileTensor *t = p2p_tensor_file_find(s->file, name);
    return t && t->dtype == P2P_F32 && t->elements == (size_t)s->stored->params[i].o ? t : NULL;
}

/* Parameter i of the stored graph. */
static int get_stored(const P2pSource *s, int i, float *out)
{
    const P2pFileTensor *t = stored_tensor(s, i), *scales = scales_of(s, i);
    const P2pParam *p = &s->stored->params[i];
    const size_t n = p2p_param_elements(p);
    float *values;

    if (!t) { /* running statistics that nobody kept */
        for (size_t k = 0; k < n; k++)
            out[k] = p->kind == P2P_PARAM_VAR ? 1.0f : 0.0f;
        return P2P_OK;
    }
    if (t->dtype == P2P_I8 && !scales)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %s has no scales", p2p_tensor_file_path(s->file),
                        t->name);
    if (!scales && s->kind != P2P_SOURCE_PICT) {
        p2p_file_tensor_to_f32(t, out);
        return P2P_OK;
    }
    if (!(values = p2p_alloc(n + (size_t)p->o, sizeof(*values))))
        return P2P_ENOMEM;
    p2p_file_tensor_to_f32(t, values);
    if (scales)
        scale_codes(p, scales, values);
    if (s->kind == P2P_SOURCE_PICT)
        p2p_exchange_from_tensorflow(s->stored, i, values, out);
    else
        memcpy(out, values, n * sizeof(*out));
    free(values);
    return P2P_OK;
}

/* gamma / sqrt(var + eps) of each channel in scale; beta - mean * scale in shift. */
static int get_affine(const P2pSource *s, const P2pNode *norm, int channels, float *scale,
                      float *shift)
{
    float *mean = p2p_alloc((size_t)channels, 2 * sizeof(float)), *var = mean + channels;
    int err = mean ? P2P_OK : P2P_ENOMEM;

    if (!err && (err = get_stored(s, norm->param[P2P_NODE_GAMMA], scale)) == 0 &&
        (err = get_stored(s, norm->param[P2P_NODE_BETA], shift)) == 0 &&
        (err = get_stored(s, norm->param[P2P_NODE_MEAN], mean)) == 0 &&
        (err = get_stored(s, norm->param[P2P_NODE_VAR], var)) == 0)
        for (int c = 0; c < channels; c++) {
            scale[c] = (float)(scale[c] / sqrt((double)var[c] + batch_norm_eps));
            shift[c] -= mean[c] * scale[c];
        }
    free(mean);
    return err;
}

/* y = norm(conv(x)) as one convolution: weights times the norm's scale, bias through the norm. */
static int get_folded(const P2pSource *s, int i, float *out)
{
    const P2pParam *p = &s->graph->params[i];
    int slot = 0, err = P2P_OK;
    const P2pNode *conv = counterpart(s->graph, i, s->stored, &slot);
    const P2pNode *norm = norm_behind(s->stored, conv);
    const size_t o = (size_t)p->o, taps = (size_t)p->r * (size_t)p->s;
    float *scale = p2p_alloc(o, 2 * sizeof(float)), *shift = scale + o;

    if (!scale)
        return P2P_ENOMEM;
    for (size_t c = 0; c < o; c++)
        scale[c] = 1.0f;
    if (norm)
        err = get_affine(s, norm, p->o, scale, shift);
    if (!err && conv->param[slot] >= 0)
        err = get_stored(s, conv->param[slot], out);
    else
        memset(out, 0, p2p_param_elements(p) * sizeof(*out));
    for (size_t k = 0; !err && k < p2p_param_elements(p); k++) {
        const size_t c = p->kind == P2P_PARAM_BIAS ? k
                         : p->transposed           ? k / taps % o
                                                   : k / taps / (size_t)p->i;
        out[k] = out[k] * scale[c] + (p->kind == P2P_PARAM_BIAS ? shift[c] : 0.0f);
    }
    free(scale);
    return err;
}

static int stored_place(const P2pSource *s, int i)
{
    int slot = 0;

    if (s->graph == s->stored)
        return i;
    return counterpart(s->graph, i, s->stored, &slot)->param[slot];
}

int p2p_source_get(const P2pSource *s, int i, float *out)
{
    return s->folded ? get_folded(s, i, out) : get_stored(s, stored_place(s, i), out);
}

const P2pFileTensor *p2p_source_tensor(const P2pSource *s, int i)
{
    return s->folded || s->kind == P2P_SOURCE_PICT ? NULL : stored_tensor(s, stored_place(s, i));
}

const P2pFileTensor *p2p_source_scales(const P2pSource *s, int i)
{
    return s->folded ? NULL : scales_of(s, stored_place(s, i));
}

int p2p_source_check_half(const P2pSource *s, int i, const float *values)
{
    const P2pParam *p = &s->graph->params[i];

    for (size_t k = 0; k < p2p_param_elements(p); k++)
        if (!(fabsf(values[k]) < P2P_HALF_LIMIT))
            return p2p_fail(P2P_EINVAL, "%s: %s holds %g, which f16 cannot; use --dtype f32",
                            p2p_tensor_file_path(s->file), p->name, (double)values[k]);
    return P2P_OK;
}

char *p2p_source_summary(const P2pSource *s)
{
    static const char *const kinds[] = {"checkpoint", "frozen model", "PyTorch state_dict",
                                        "pix2pix-tensorflow model"};
    const P2pOptions *o = &s->options;
    const bool d = s->net[0] == 'D';

    return p2p_format("%s: %s: %s %s, %d filters, norm %s, %d -> %d channels, %zu parameters",
                      p2p_tensor_file_path(s->file), kinds[s->kind],
                      d ? "discriminator" : "generator", d ? o->netD : o->netG, d ? o->ndf : o->ngf,
                      p2p_options_choice("norm", o->norm), s->graph->values[s->graph->input].c,
                      s->graph->values[s->graph->output].c, p2p_graph_trained(s->graph));
}
