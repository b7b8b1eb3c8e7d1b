/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling people what a model file holds. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "p2p/model.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/source.h"

enum { BYTES = 16384, LINE = 4096 };

static void describe_graph(const P2pGraph *g, const char *title, const char *name, char *text)
{
    const size_t used = strlen(text);

    snprintf(text + used, BYTES - used, "%s: %s, %d -> %d channels, %zu parameters in %d tensors\n",
             title, name, g->values[g->input].c, g->values[g->output].c, p2p_graph_trained(g),
             g->param_count);
}

/* What stands in the first line, behind the path. */
static void describe_kind(const P2pSource *s, char *text)
{
    const char *dataset = p2p_tensor_file_meta(s->file, "dataset");
    const char *dtype = p2p_tensor_file_meta(s->file, "dtype");
    char path[LINE / 2], data[256], weights[9], warning[LINE / 2];

    p2p_show(path, sizeof(path), p2p_tensor_file_path(s->file));
    p2p_show(data, sizeof(data), dataset ? dataset : "unknown data");
    p2p_show(weights, sizeof(weights), dtype ? dtype : "f32");
    if (s->warning) {
        snprintf(text, LINE, "warning: %s\n", p2p_show(warning, sizeof(warning), s->warning));
        text += strlen(text);
    }
    switch (s->kind) {
    case P2P_SOURCE_CHECKPOINT:
        snprintf(text, LINE, "%s: checkpoint of pix2pix-cl after %ld steps (epoch %d, batch %ld)\n",
                 path, s->position.step, s->position.epoch + 1, s->position.batch);
        break;
    case P2P_SOURCE_FROZEN:
        snprintf(text, LINE,
                 "%s: frozen model of pix2pix-cl, weights as %s, after %ld steps "
                 "(epoch %d) on %s\n",
                 path, weights, s->position.step, s->position.epoch + 1, data);
        break;
    case P2P_SOURCE_STATE_DICT:
        p2p_show(data, sizeof(data), s->prefix);
        snprintf(text, LINE, "%s: state_dict of pytorch-CycleGAN-and-pix2pix%s%s\n", path,
                 s->prefix[0] ? ", its names behind " : "", data);
        break;
    case P2P_SOURCE_MRZHU:
        snprintf(text, LINE, "%s: network of pix2pix-pytorch\n", path);
        break;
    case P2P_SOURCE_TENSORFLOW:
        snprintf(text, LINE, "%s: %s of pix2pix-tensorflow\n", path,
                 p2p_tensor_file_format(s->file) == P2P_FILE_PICT ? "export"
                                                                  : "checkpoint or graph");
        break;
    case P2P_SOURCE_TORCH7:
        snprintf(text, LINE, "%s: network of phillipi's pix2pix (Torch7)\n", path);
        break;
    }
}

static void describe_options(const P2pSource *s, char *text)
{
    const unsigned roles = s->kind == P2P_SOURCE_CHECKPOINT        ? P2P_ROLE_ANY
                           : s->net.role.task == P2P_DISCRIMINATOR ? P2P_ROLE_DISCRIMINATOR
                                                                   : P2P_TRANSLATING;
    char value[P2P_OPTION_TEXT], shown[P2P_OPTION_TEXT];
    const P2pOptionInfo *o;

    for (int i = 0; (o = p2p_options_stored(&s->options, roles, i, value, sizeof(value))); i++) {
        const size_t used = strlen(text);
        snprintf(text + used, BYTES - used, "  %s%s %s\n", o->programs ? "--" : "", o->name,
                 p2p_show(shown, sizeof(shown), value));
    }
}

/* The best validation of a run. */
static void describe_best(const P2pSource *s, char *text)
{
    const P2pWatch *w = &s->position.metric;
    const size_t used = strlen(text);

    if (s->kind == P2P_SOURCE_CHECKPOINT && w->epoch)
        snprintf(text + used, BYTES - used, "best validation: %s %.5g after epoch %d\n",
                 p2p_options_get_string(&s->options, "val_metric"), w->best, w->epoch);
}

/* The other networks of a checkpoint. */
static int describe_others(const P2pSource *s, char *text)
{
    int err = P2P_OK;

    for (int i = 0; !err && s->kind == P2P_SOURCE_CHECKPOINT && i < s->held.count; i++) {
        const P2pNetwork *n = &s->held.at[i];
        const P2pNetSpec spec = p2p_network_spec(&s->options, n->role);
        P2pGraph *g;
        if (strcmp(n->name, s->net.name) != 0 && (err = p2p_nets_build(&g, &spec)) == P2P_OK) {
            describe_graph(g, n->name, spec.name, text);
            p2p_graph_destroy(&g);
        }
    }
    return err;
}

int p2p_model_describe(const char *path, char **text)
{
    P2P_NEED(path);
    P2P_NEED(text);

    P2pSource s;
    int err;

    *text = NULL;
    if ((err = p2p_source_open(&s, path, NULL, NULL)) < 0)
        return err;
    err = p2p_tensor_file_verify(s.file, NULL);
    if (!err && !(*text = p2p_alloc(BYTES, 1)))
        err = P2P_ENOMEM;
    if (!err) {
        describe_kind(&s, *text);
        describe_graph(s.graph, s.net.name, p2p_network_spec(&s.options, s.net.role).name, *text);
        err = describe_others(&s, *text);
    }
    if (!err) {
        describe_best(&s, *text);
        describe_options(&s, *text);
    }
    if (err) {
        free(*text);
        *text = NULL;
    }
    p2p_source_finish(&s);
    return err;
}

/* ---- Tensors ------------------------------------------------------------------------------- */

/* Numbers that JSON has no word for become null. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static char *tensor_line(const P2pFileTensor *t)
{
    float *values = p2p_alloc(t->elements, sizeof(*values));
    double least = INFINITY, greatest = -INFINITY, sum = 0;
    json_t *shape = json_array();
    bool whole = values != NULL;

    for (int i = 0; i < t->rank; i++)
        whole &= json_array_append_new(shape, json_integer((json_int_t)t->shape[i])) == 0;
    if (values)
        p2p_file_tensor_to_f32(t, values);
    for (size_t i = 0; values && i < t->elements; i++) {
        least = fmin(least, values[i]);
        greatest = fmax(greatest, values[i]);
        sum += values[i];
    }
    json_t *line = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", t->name, "dtype",
                             p2p_dtype_name(t->dtype), "shape", shape, "min", number(least), "max",
                             number(greatest), "sum", number(sum));
    /* ASCII: a name may hold what a terminal obeys */
    const size_t flags = JSON_REAL_PRECISION(9) | JSON_ENSURE_ASCII;
    char *text = whole && line ? json_dumps(line, flags) : NULL;
    json_decref(line);
    free(values);
    return text;
}

int p2p_model_list_tensors(const char *path, void (*line)(void *user, const char *text), void *user)
{
    P2P_NEED(path);
    P2P_NEED(line);

    P2pTensorFile *file;
    int err = p2p_tensor_file_open(&file, path);

    for (int i = 0; !err && i < p2p_tensor_file_count(file); i++) {
        char *text = tensor_line(p2p_tensor_file_at(file, i));
        if (text)
            line(user, text);
        else
            err = p2p_fail(P2P_ENOMEM, "%s: tensor %d: no memory, or a name that is no UTF-8", path,
                           i);
        free(text);
    }
    p2p_tensor_file_close(&file);
    return err;
}
