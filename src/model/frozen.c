/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands in a frozen model. */
#include "src/model/frozen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/base/half.h"

enum { MAX_META = 40 };

typedef struct Freezing {
    const P2pSource *source;
    P2pDtype dtype;
    P2pTensorEntry *entries; /* for I8 two a weight: codes, scales */
    int *params;             /* of each entry */
    int count;
    float *values, *scales; /* of the last parameter that was fetched */
    int fetched;
    char *text[2 * MAX_META];
    P2pMeta meta[MAX_META];
    int meta_count;
} Freezing;

static void finish(Freezing *f)
{
    for (int i = 0; f->entries && i < f->count; i++)
        free((char *)(size_t)f->entries[i].name);
    for (int i = 0; i < 2 * f->meta_count; i++)
        free(f->text[i]);
    free(f->entries);
    free(f->params);
    free(f->values);
    free(f->scales);
}

/* ---- Metadata ------------------------------------------------------------------------------ */

/* value NULL: the digest's place. Takes value over. */
static int add_meta(Freezing *f, const char *key, char *value, bool digest)
{
    P2P_ASSERT(f->meta_count < MAX_META);
    char **text = &f->text[2 * f->meta_count];
    text[0] = p2p_strdup(key);
    text[1] = value;
    f->meta[f->meta_count++] = (P2pMeta){text[0], value};
    return text[0] && (value || digest) ? P2P_OK : P2P_ENOMEM;
}

static int add_options(Freezing *f)
{
    const P2pOptions *options = &f->source->options;
    char value[P2P_OPTION_TEXT], key[96];
    const P2pOptionInfo *o;
    int err = P2P_OK;

    for (int i = 0;
         !err && (o = p2p_options_stored(options, P2P_TRANSLATING, i, value, sizeof(value))); i++) {
        snprintf(key, sizeof(key), "opt.%s", o->name);
        err = add_meta(f, key, p2p_strdup(value), false);
    }
    return err;
}

/* The last part of the path of the data: its name. */
static char *dataset_name(const P2pSource *s)
{
    const char *stored = p2p_tensor_file_meta(s->file, "dataset");
    char root[P2P_OPTION_TEXT];

    if (stored)
        return p2p_strdup(stored);
    snprintf(root, sizeof(root), "%s", s->options.dataroot);
    for (size_t n = strlen(root); n && root[n - 1] == '/';)
        root[--n] = '\0';
    return p2p_strdup(strrchr(root, '/') ? strrchr(root, '/') + 1 : root);
}

static char *networks_text(const P2pSource *s)
{
    const P2pNetworks alone = {.at = {s->net}, .count = 1};

    return p2p_networks_text(&alone);
}

static int add_metadata(Freezing *f)
{
    static const char *const dtypes[] = {[P2P_F32] = "f32", [P2P_F16] = "f16", [P2P_I8] = "q8"};
    const P2pPosition *at = &f->source->position;
    const bool folded = f->source->options.folded;
    int err;

    if ((err = add_meta(f, P2P_META_FORMAT, p2p_strdup(P2P_FORMAT_FROZEN), false)) < 0 ||
        (err = add_meta(f, "format_version", p2p_strdup(P2P_FORMAT_VERSION), false)) < 0 ||
        (err = add_meta(f, "program_version", p2p_strdup(p2p_version()), false)) < 0 ||
        (err = add_meta(f, P2P_META_NETWORKS, networks_text(f->source), false)) < 0 ||
        (err = add_meta(f, "dtype", p2p_strdup(dtypes[f->dtype]), false)) < 0 ||
        (err = add_meta(f, "statistics", p2p_strdup(folded ? "folded" : "of each picture"),
                        false)) < 0 ||
        (err = add_meta(f, "range", p2p_strdup("-1 to 1"), false)) < 0 ||
        (err = add_meta(f, "dataset", dataset_name(f->source), false)) < 0 ||
        (err = add_meta(f, "step", p2p_format("%ld", at->step), false)) < 0 ||
        (err = add_meta(f, "epoch", p2p_format("%d", at->epoch), false)) < 0 ||
        (err = add_meta(f, "batch", p2p_format("%ld", at->batch), false)) < 0 ||
        (err = add_meta(f, "sha256", NULL, true)) < 0)
        return err;
    return add_options(f);
}

/* ---- Tensors ------------------------------------------------------------------------------- */

static int add_entry(Freezing *f, int param, P2pDtype dtype, bool scale)
{
    const P2pParam *p = &f->source->graph->params[param];
    P2pTensorEntry *e = &f->entries[f->count];

    f->params[f->count++] = param;
    e->name = p2p_format("%s.%s%s", f->source->net.name, p->name, scale ? ".scale" : "");
    e->dtype = dtype;
    e->rank = 1;
    e->shape[0] = (size_t)p->o;
    if (!scale)
        e->rank = p2p_param_shape(p, e->shape);
    return e->name ? P2P_OK : P2P_ENOMEM;
}

static int add_entries(Freezing *f)
{
    const P2pGraph *g = f->source->graph;
    size_t most = 1;
    int err = P2P_OK;

    f->entries = p2p_alloc(2 * (size_t)g->param_count, sizeof(*f->entries));
    f->params = p2p_alloc(2 * (size_t)g->param_count, sizeof(*f->params));
    if (!f->entries || !f->params)
        return P2P_ENOMEM;
    for (int i = 0; !err && i < g->param_count; i++) {
        const bool weight = g->params[i].kind == P2P_PARAM_WEIGHT;
        err = add_entry(f, i, weight ? f->dtype : P2P_F32, false);
        if (!err && weight && f->dtype == P2P_I8)
            err = add_entry(f, i, P2P_F32, true);
        most = p2p_param_elements(&g->params[i]) > most ? p2p_param_elements(&g->params[i]) : most;
    }
    f->values = p2p_alloc(most, sizeof(float));
    f->scales = p2p_alloc(most, sizeof(float));
    f->fetched = -1;
    return err ? err : f->values && f->scales ? P2P_OK : P2P_ENOMEM;
}

/* Values of a parameter, and the scales that bring each output channel to -127 .. 127. */
static int fetch(Freezing *f, int param)
{
    const P2pParam *p = &f->source->graph->params[param];
    int err;

    if (f->fetched == param)
        return P2P_OK;
    if ((err = p2p_source_get(f->source, param, f->values)) < 0 ||
        (f->dtype == P2P_F16 && (err = p2p_source_check_half(f->source, param, f->values)) < 0))
        return err;
    f->fetched = param;
    if (p->kind != P2P_PARAM_WEIGHT || f->dtype != P2P_I8)
        return P2P_OK;
    memset(f->scales, 0, (size_t)p->o * sizeof(float));
    for (size_t k = 0; k < p2p_param_elements(p); k++) {
        float *scale = &f->scales[p2p_param_channel(p, k)];
        *scale = fmaxf(*scale, fabsf(f->values[k]));
    }
    for (int o = 0; o < p->o; o++)
        f->scales[o] /= 127.0f;
    return P2P_OK;
}

static int get(void *user, int i, void *data)
{
    Freezing *f = user;
    const P2pTensorEntry *e = &f->entries[i];
    const P2pParam *p = &f->source->graph->params[f->params[i]];
    const bool scale = i > 0 && f->params[i] == f->params[i - 1];
    const int err = fetch(f, f->params[i]);
    const size_t n = p2p_param_elements(p);
    uint16_t *half = data;
    int8_t *code = data;

    if (err)
        return err;
    if (scale)
        memcpy(data, f->scales, (size_t)p->o * sizeof(float));
    else if (e->dtype == P2P_F32)
        memcpy(data, f->values, n * sizeof(float));
    else
        for (size_t k = 0; k < n; k++) {
            const float s = e->dtype == P2P_I8 ? f->scales[p2p_param_channel(p, k)] : 0.0f;
            if (e->dtype == P2P_F16)
                half[k] = p2p_float_to_half(f->values[k]);
            else
                code[k] = (int8_t)(s > 0 ? lrintf(f->values[k] / s) : 0);
        }
    return P2P_OK;
}

int p2p_frozen_write(const P2pSource *source, const char *path, P2pDtype dtype)
{
    Freezing f = {.source = source, .dtype = dtype};
    int err = add_entries(&f);

    if (!err)
        err = add_metadata(&f);
    if (!err)
        err = p2p_safetensors_write(path, f.entries, f.count, f.meta, f.meta_count, get, &f);
    finish(&f);
    return err;
}
