/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tensors and metadata stand in a checkpoint, and the copy of them. Knows no training loop. */
#include "src/model/checkpoint_write.h"

#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

/* One tensor of the file: parameter i of a network in one of its states. */
typedef struct Source {
    P2pNet *net;
    int i;
    P2pState state;
    unsigned char *raw; /* the copy of its buffer */
} Source;

struct P2pCheckpointWriter {
    Source *sources;
    P2pTensorEntry *entries;
    P2pMeta *meta;
    int count, meta_count;
    size_t bytes, raw_bytes;
    const char *variants;
    unsigned char *copy; /* kept once it was asked for */
    bool copied;
};

static void forget_metadata(P2pCheckpointWriter *s)
{
    for (int i = 0; s->meta && i < s->meta_count; i++) {
        free((char *)(size_t)s->meta[i].key);
        free((char *)(size_t)s->meta[i].value);
    }
    free(s->meta);
    s->meta = NULL;
    s->meta_count = 0;
}

void p2p_checkpoint_writer_destroy(P2pCheckpointWriter **writer)
{
    P2pCheckpointWriter *s = *writer;

    if (!s)
        return;
    for (int i = 0; s->entries && i < s->count; i++)
        free((char *)(size_t)s->entries[i].name);
    forget_metadata(s);
    free(s->sources);
    free(s->entries);
    free(s->copy);
    free(s);
    *writer = NULL;
}

static const P2pTensor *tensor_of(const Source *source)
{
    return &source->net->state[source->state][source->i];
}

static int add_tensor(P2pCheckpointWriter *s, P2pNet *net, int i, P2pState state)
{
    const P2pParam *p = &net->graph->params[i];
    P2pTensorEntry *e = &s->entries[s->count];

    e->name = p2p_format("%s%s.%s", p2p_state_prefix[state], net->name, p->name);
    if (!e->name)
        return P2P_ENOMEM;
    e->dtype = P2P_F32;
    e->rank = p2p_param_shape(p, e->shape);
    s->sources[s->count] = (Source){.net = net, .i = i, .state = state};
    s->bytes += p2p_param_elements(p) * sizeof(float);
    s->raw_bytes += p2p_buffer_bytes(tensor_of(&s->sources[s->count])->buffer);
    s->count++;
    return P2P_OK;
}

static int add_tensors(P2pCheckpointWriter *s, P2pNet *const nets[], int count)
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

static int add_meta(P2pCheckpointWriter *s, const char *key, const char *value)
{
    P2pMeta *m = &s->meta[s->meta_count];

    m->key = p2p_strdup(key);
    m->value = p2p_strdup(value);
    s->meta_count++;
    return m->key && m->value ? P2P_OK : P2P_ENOMEM;
}

static int add_metadata(P2pCheckpointWriter *s, const P2pOptions *options,
                        const P2pPosition *position)
{
    const struct {
        const char *key;
        long value;
    } numbers[] = {
        {"step", position->step}, {"epoch", position->epoch}, {"batch", position->batch}};
    char value[P2P_OPTION_TEXT], key[96];
    const char *name;
    int err;

    forget_metadata(s);
    s->meta = p2p_alloc(P2P_OPTION_COUNT_MAX + 8, sizeof(*s->meta));
    if (!s->meta)
        return P2P_ENOMEM;
    if ((err = add_meta(s, P2P_META_FORMAT, P2P_FORMAT_CHECKPOINT)) < 0 ||
        (err = add_meta(s, "format_version", P2P_FORMAT_VERSION)) < 0 ||
        (err = add_meta(s, "program_version", p2p_version())) < 0 ||
        (err = add_meta(s, P2P_META_VARIANTS, s->variants)) < 0)
        return err;
    for (size_t i = 0; !err && i < P2P_COUNT(numbers); i++) {
        snprintf(value, sizeof(value), "%ld", numbers[i].value);
        err = add_meta(s, numbers[i].key, value);
    }
    for (int i = 0;
         !err && p2p_options_stored(options, P2P_ROLE_ANY, i, &name, value, sizeof(value)); i++) {
        snprintf(key, sizeof(key), "opt.%s", name);
        err = add_meta(s, key, value);
    }
    return err;
}

int p2p_checkpoint_writer_create(P2pCheckpointWriter **out, P2pNet *const nets[], int count,
                                 const char *variants)
{
    *out = p2p_alloc(1, sizeof(**out));
    const int err = *out ? add_tensors(*out, nets, count) : P2P_ENOMEM;

    if (err)
        p2p_checkpoint_writer_destroy(out);
    else
        (*out)->variants = variants;
    return err;
}

size_t p2p_checkpoint_writer_bytes(const P2pCheckpointWriter *s)
{
    return s->bytes;
}

static int copy_tensors(P2pCheckpointWriter *s)
{
    unsigned char *at = s->copy ? s->copy : p2p_alloc(s->raw_bytes, 1);
    int err = P2P_OK;

    if (!(s->copy = at))
        return P2P_ENOMEM;
    for (int i = 0; !err && i < s->count; i++) {
        P2pBuffer *buffer = tensor_of(&s->sources[i])->buffer;
        s->sources[i].raw = at;
        err = p2p_buffer_read(buffer, 0, p2p_buffer_bytes(buffer), at);
        at += p2p_buffer_bytes(buffer);
    }
    return err;
}

int p2p_checkpoint_writer_take(P2pCheckpointWriter *s, const P2pOptions *options,
                               const P2pPosition *position, bool copy)
{
    int err = add_metadata(s, options, position);

    if (!err && copy)
        err = copy_tensors(s);
    s->copied = copy;
    return err;
}

static int get_tensor(void *user, int i, void *data)
{
    const P2pCheckpointWriter *s = user;
    const Source *source = &s->sources[i];
    const P2pParam *p = &source->net->graph->params[source->i];
    int err = P2P_OK;

    if (s->copied)
        p2p_tensor_arrange(tensor_of(source), source->raw, data, p->transposed);
    else
        err = p2p_net_download(source->net, source->i, source->state, data);
    if (!err && !p2p_floats_finite(data, p2p_param_elements(p)))
        err = p2p_fail(P2P_ENUMBER,
                       "%s has a NaN or an infinity and is not saved; the checkpoint "
                       "before is whole. Try a smaller --lr, or --norm instance",
                       s->entries[i].name);
    return err;
}

int p2p_checkpoint_write(P2pCheckpointWriter *s, const char *path)
{
    return p2p_safetensors_write(path, s->entries, s->count, s->meta, s->meta_count, get_tensor, s);
}
