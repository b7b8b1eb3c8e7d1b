/* SPDX-License-Identifier: BSD-2-Clause */
/* Checkpoints: which tensors and metadata stand in the file. Knows no training loop. */
#include "src/model/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

static const char format_key[] = P2P_META_FORMAT, format_name[] = "pix2pix-cl checkpoint";
static const char format_version[] = P2P_FORMAT_VERSION;
static const char *const state_prefix[P2P_STATES] = {"", "adam_m.", "adam_v."};

P2pNetSpec p2p_generator_spec(const P2pOptions *o)
{
    static const P2pNorm norms[] = {P2P_NORM_BATCH, P2P_NORM_INSTANCE, P2P_NORM_NONE};
    const bool tensorflow = o->preset == P2P_PRESET_TENSORFLOW;

    return (P2pNetSpec){.name = o->netG, .input_nc = o->input_nc, .output_nc = o->output_nc,
                        .nf = o->ngf, .levels = o->num_downs, .norm = norms[o->norm],
                        .dropout = !o->no_dropout,
                        .innermost_norm = tensorflow,
                        .all_bias = tensorflow || o->folded,
                        .paper_dropout = tensorflow || o->preset == P2P_PRESET_PAPER ||
                                         o->preset == P2P_PRESET_TORCH,
                        .relu_after_add = o->preset == P2P_PRESET_MRZHU};
}

P2pNetSpec p2p_discriminator_spec(const P2pOptions *o)
{
    P2pNetSpec spec = p2p_generator_spec(o);

    spec.name = o->netD;
    spec.input_nc = o->output_nc + (o->unconditional_D ? 0 : o->input_nc);
    spec.nf = o->ndf;
    spec.levels = o->n_layers_D;
    return spec;
}

/* ---- Saving -------------------------------------------------------------------------------- */

/* One tensor of the file: parameter i of a network in one of its states. */
typedef struct Source {
    P2pNet *net;
    int i;
    P2pState state;
} Source;

typedef struct Saving {
    Source *sources;
    P2pTensorEntry *entries;
    P2pMeta *meta;
    int count, meta_count;
} Saving;

static void saving_finish(Saving *s)
{
    for (int i = 0; s->entries && i < s->count; i++)
        free((char *)(size_t)s->entries[i].name);
    for (int i = 0; s->meta && i < s->meta_count; i++) {
        free((char *)(size_t)s->meta[i].key);
        free((char *)(size_t)s->meta[i].value);
    }
    free(s->sources);
    free(s->entries);
    free(s->meta);
}

static int add_tensor(Saving *s, P2pNet *net, int i, P2pState state)
{
    const P2pParam *p = &net->graph->params[i];
    P2pTensorEntry *e = &s->entries[s->count];

    e->name = p2p_format("%s%s.%s", state_prefix[state], net->name, p->name);
    if (!e->name)
        return P2P_ENOMEM;
    e->dtype = P2P_F32;
    e->rank = p2p_param_shape(p, e->shape);
    s->sources[s->count++] = (Source){net, i, state};
    return P2P_OK;
}

static int add_tensors(Saving *s, P2pNet *const nets[], int count)
{
    size_t most = 0;
    int err = P2P_OK;

    for (int n = 0; n < count; n++)
        most += (size_t)nets[n]->graph->param_count * P2P_STATES;
    s->sources = p2p_alloc(most, sizeof(*s->sources));
    s->entries = p2p_alloc(most, sizeof(*s->entries));
    if (!s->sources || !s->entries)
        return P2P_ENOMEM;
    for (int state = 0; state < P2P_STATES; state++)
        for (int n = 0; n < count; n++)
            for (int i = 0; !err && i < nets[n]->graph->param_count; i++)
                if (nets[n]->state[state][i].buffer)
                    err = add_tensor(s, nets[n], i, (P2pState)state);
    return err;
}

static int add_meta(Saving *s, const char *key, const char *value)
{
    P2pMeta *m = &s->meta[s->meta_count];

    m->key = p2p_strdup(key);
    m->value = p2p_strdup(value);
    s->meta_count++;
    return m->key && m->value ? P2P_OK : P2P_ENOMEM;
}

static int add_metadata(Saving *s, const P2pOptions *options, const P2pPosition *position)
{
    const struct {
        const char *key;
        long value;
    } numbers[] = {{"step", position->step}, {"epoch", position->epoch}, {"batch", position->batch}};
    char value[P2P_OPTION_TEXT], key[96];
    const char *name;
    int err;

    s->meta = p2p_alloc(P2P_OPTION_COUNT_MAX + 8, sizeof(*s->meta));
    if (!s->meta)
        return P2P_ENOMEM;
    if ((err = add_meta(s, format_key, format_name)) < 0 ||
        (err = add_meta(s, "format_version", format_version)) < 0 ||
        (err = add_meta(s, "program_version", p2p_version())) < 0)
        return err;
    for (size_t i = 0; !err && i < P2P_COUNT(numbers); i++) {
        snprintf(value, sizeof(value), "%ld", numbers[i].value);
        err = add_meta(s, numbers[i].key, value);
    }
    for (int i = 0; !err && p2p_options_stored(options, i, &name, value, sizeof(value)); i++) {
        snprintf(key, sizeof(key), "opt.%s", name);
        err = add_meta(s, key, value);
    }
    return err;
}

static int get_tensor(void *user, int i, void *data)
{
    const Source *source = &((const Saving *)user)->sources[i];

    return p2p_net_download(source->net, source->i, source->state, data);
}

int p2p_checkpoint_save(const char *path, P2pNet *const nets[], int count,
                        const P2pOptions *options, const P2pPosition *position)
{
    Saving s = {0};
    int err = add_tensors(&s, nets, count);

    if (!err)
        err = add_metadata(&s, options, position);
    if (!err)
        err = p2p_safetensors_write(path, s.entries, s.count, s.meta, s.meta_count, get_tensor, &s);
    saving_finish(&s);
    return err;
}

/* ---- Loading ------------------------------------------------------------------------------- */

static int read_number(const P2pTensorFile *f, const char *key, long *out)
{
    const char *text = p2p_tensor_file_meta(f, key);
    char *end = NULL;

    *out = text ? strtol(text, &end, 10) : -1;
    if (!text || *end || *out < 0)
        return p2p_fail(P2P_EFORMAT, "%s: damaged: its metadata has no valid %s",
                        p2p_tensor_file_path(f), key);
    return P2P_OK;
}

int p2p_checkpoint_metadata(const P2pTensorFile *f, P2pOptions *options, P2pPosition *position,
                            bool *frozen)
{
    const char *path = p2p_tensor_file_path(f), *format = p2p_tensor_file_meta(f, format_key);
    const char *version = p2p_tensor_file_meta(f, "format_version"), *name;
    char value[P2P_OPTION_TEXT], key[96];
    long epoch = 0;
    int err = P2P_OK;

    *frozen = format && !strcmp(format, P2P_FORMAT_FROZEN);
    if (!format || (!*frozen && strcmp(format, format_name) != 0))
        return p2p_fail(P2P_EFORMAT, "%s: is no model of pix2pix-cl", path);
    if (!version || strcmp(version, format_version) != 0)
        return p2p_fail(P2P_EFORMAT, "%s: has format version %.20s, this program reads %s; use the "
                                     "version that wrote it", path, version ? version : "none",
                        format_version);
    const P2pOptions defaults = *options;
    for (int i = 0; !err && p2p_options_stored(&defaults, i, &name, value, sizeof(value)); i++) {
        snprintf(key, sizeof(key), "opt.%s", name);
        const char *stored = p2p_tensor_file_meta(f, key);
        if (stored && (err = p2p_options_set(options, name, stored)) < 0)
            p2p_fail_prefix(err, "%s", path);
    }
    if (err || !position)
        return err;
    if ((err = read_number(f, "step", &position->step)) < 0 ||
        (err = read_number(f, "epoch", &epoch)) < 0 ||
        (err = read_number(f, "batch", &position->batch)) < 0)
        return err;
    position->epoch = (int)epoch;
    return P2P_OK;
}

int p2p_checkpoint_open(P2pTensorFile **out, const char *path, P2pOptions *options,
                        P2pPosition *position, bool verify)
{
    bool frozen = false;
    int err = p2p_safetensors_read(out, path);

    if (!err && verify)
        err = p2p_tensor_file_verify(*out);
    if (!err)
        err = p2p_checkpoint_metadata(*out, options, position, &frozen);
    if (!err && frozen)
        err = p2p_fail(P2P_EFORMAT, "%s: is a frozen model, no checkpoint of a run; begin a new run "
                                    "from it with --init_from", path);
    if (err)
        p2p_tensor_file_close(out);
    return err;
}

static int load_tensor(const P2pTensorFile *file, P2pNet *net, int i, P2pState state)
{
    const P2pParam *p = &net->graph->params[i];
    char name[256];
    size_t shape[4];

    snprintf(name, sizeof(name), "%s%s.%s", state_prefix[state], net->name, p->name);
    const P2pFileTensor *t = p2p_tensor_file_find(file, name);
    const int rank = p2p_param_shape(p, shape);
    if (!t)
        return p2p_fail(P2P_EFORMAT, "%s: has no tensor %s; it is of another network",
                        p2p_tensor_file_path(file), name);
    if (t->rank != rank || memcmp(t->shape, shape, (size_t)rank * sizeof(*shape)) != 0)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %s has another shape than the network's; it is of "
                                     "another network", p2p_tensor_file_path(file), name);
    float *host = p2p_alloc(t->elements, sizeof(*host));
    if (!host)
        return P2P_ENOMEM;
    p2p_file_tensor_to_f32(t, host);
    const int err = p2p_net_upload(net, i, state, host);
    free(host);
    return err;
}

int p2p_checkpoint_load(const P2pTensorFile *file, P2pNet *net)
{
    int err = P2P_OK;

    for (int state = 0; state < P2P_STATES; state++)
        for (int i = 0; !err && i < net->graph->param_count; i++)
            if (net->state[state][i].buffer)
                err = load_tensor(file, net, i, (P2pState)state);
    return err;
}
