/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tensors and metadata stand in a checkpoint, and how they come off the device. */
#include "src/model/checkpoint_write.h"

#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"
#include "src/graph/shard.h"
#include "src/model/networks.h"

/* Bytes that are turned into the file's order at a time, but for a block of outputs that has more. */
enum { PIECE_BYTES = 1 << 20, STAGES = 2 };

/* One tensor of the file. */
typedef struct Source {
    const P2pTensor
        *tensor;     /* of a moment that ranks have in slices: the parameter's, for its shape */
    bool turned;     /* the file has the axes of outputs and inputs swapped */
    P2pShard *shard; /* who has the slices; NULL: it is whole */
    int param;
    P2pState state;
} Source;

/* What is read from a device of its own memory: a tensor on its way while another is written. */
typedef struct Stage {
    unsigned char *raw;
    P2pMarker *marker;
} Stage;

struct P2pCheckpointWriter {
    P2pDevice *device;
    Source *sources;
    P2pTensorEntry *entries;
    P2pMeta *meta;
    int count, meta_count;
    size_t bytes;
    char *networks; /* as the metadata has them */
    float *piece;
    unsigned char *gathered; /* a moment from all ranks; NULL: there are none in slices */
    Stage stages[STAGES];    /* without memory where buffers are mapped */
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
    for (int i = 0; i < STAGES; i++) {
        free(s->stages[i].raw);
        p2p_marker_destroy(&s->stages[i].marker);
    }
    forget_metadata(s);
    free(s->networks);
    free(s->sources);
    free(s->entries);
    free(s->piece);
    free(s->gathered);
    free(s);
    *writer = NULL;
}

/* Takes the name over; the entry's shape is the caller's to set. */
static P2pTensorEntry *add_tensor(P2pCheckpointWriter *s, char *name, const P2pTensor *tensor,
                                  bool turned)
{
    P2pTensorEntry *e = &s->entries[s->count];

    if (!name)
        return NULL;
    e->name = name;
    e->dtype = P2P_F32;
    s->sources[s->count++] = (Source){.tensor = tensor, .turned = turned};
    s->bytes += p2p_tensor_elements(tensor) * sizeof(float);
    return e;
}

static int add_param(P2pCheckpointWriter *s, P2pNet *net, int i, P2pState state)
{
    const P2pParam *p = &net->graph->params[i];
    const bool sliced = p2p_shard_has(net, i, state);
    const P2pTensor *t = &net->state[sliced ? P2P_STATE_VALUE : state][i];

    if (!t->buffer)
        return P2P_OK;
    P2pTensorEntry *e = add_tensor(
        s, p2p_format("%s%s.%s", p2p_state_prefix[state], net->name, p->name), t, p->transposed);
    if (!e)
        return P2P_ENOMEM;
    e->rank = p2p_param_shape(p, e->shape);
    Source *source = &s->sources[s->count - 1];
    source->shard = sliced ? net->shard : NULL;
    source->param = i;
    source->state = state;
    return P2P_OK;
}

static int add_pictures(P2pCheckpointWriter *s, const P2pKeptPictures *kept)
{
    const P2pTensor *t = kept->tensor;
    const int shape[] = {t->n, t->c, t->h, t->w};
    P2pTensorEntry *e = add_tensor(s, p2p_strdup(kept->name), t, false);

    for (int i = 0; e && i < 4; i++)
        e->shape[i] = (size_t)shape[i];
    if (e)
        e->rank = 4;
    return e ? P2P_OK : P2P_ENOMEM;
}

static int add_tensors(P2pCheckpointWriter *s, const P2pCheckpointContent *content)
{
    P2pNet *const *nets = content->nets;
    const int count = content->count;
    size_t most = (size_t)content->kept_count;
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
                err = add_param(s, nets[n], i, (P2pState)state);
    for (int i = 0; !err && i < content->kept_count; i++)
        err = add_pictures(s, &content->kept[i]);
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
                        const P2pPosition *position, const char *variants)
{
    const struct {
        const char *key;
        long value;
    } numbers[] = {{"step", position->step},
                   {"epoch", position->epoch},
                   {"batch", position->batch},
                   {"pooled", position->pooled},
                   {"summed", position->summed},
                   {"loss_scale", position->scale.factor},
                   {"loss_scale_good", position->scale.good},
                   {"loss_scale_skipped", position->scale.skipped}};
    const struct {
        const char *key;
        const P2pWatch *watch;
    } watches[] = {{P2P_META_METRIC, &position->metric}, {P2P_META_PLATEAU, &position->plateau}};
    char value[P2P_OPTION_TEXT], key[96];
    const P2pOptionInfo *o;
    int err;

    forget_metadata(s);
    s->meta = p2p_alloc(P2P_OPTION_COUNT_MAX + 16, sizeof(*s->meta));
    if (!s->meta)
        return P2P_ENOMEM;
    if ((err = add_meta(s, P2P_META_FORMAT, P2P_FORMAT_CHECKPOINT)) < 0 ||
        (err = add_meta(s, "format_version", P2P_FORMAT_VERSION)) < 0 ||
        (err = add_meta(s, "program_version", p2p_version())) < 0 ||
        (err = add_meta(s, P2P_META_NETWORKS, s->networks)) < 0 ||
        (err = add_meta(s, P2P_META_VARIANTS, variants)) < 0)
        return err;
    for (size_t i = 0; !err && i < P2P_COUNT(numbers); i++) {
        snprintf(value, sizeof(value), "%ld", numbers[i].value);
        err = add_meta(s, numbers[i].key, value);
    }
    for (size_t i = 0; !err && i < P2P_COUNT(watches); i++) {
        const P2pWatch *w = watches[i].watch;
        snprintf(value, sizeof(value), "%.17g %d %d %d", w->best, w->epoch, w->bad, w->cuts);
        if (w->epoch || w->bad || w->cuts)
            err = add_meta(s, watches[i].key, value);
    }
    for (int i = 0;
         !err && (o = p2p_options_stored(options, P2P_ROLE_ANY, i, value, sizeof(value))); i++) {
        snprintf(key, sizeof(key), "opt.%s", o->name);
        err = add_meta(s, key, value);
    }
    return err;
}

/* Rows of a tensor that make a piece: whole blocks of outputs, as p2p_tensor_arrange() wants them. */
static int piece_rows(const Source *source)
{
    const P2pTensor *t = source->tensor;
    const int rows = p2p_tensor_rows(t, source->turned), block = rows > 1 ? t->stride : 1;
    const size_t row_bytes = p2p_tensor_elements(t) / (size_t)rows * sizeof(float);
    const int blocks = (int)(PIECE_BYTES / row_bytes) / block;

    return p2p_min(rows, p2p_max(blocks, 1) * block);
}

static int allocate(P2pCheckpointWriter *s, bool mapped)
{
    size_t piece = 0, raw = 0, gathered = 0;

    for (int i = 0; i < s->count; i++) {
        const P2pTensor *t = s->sources[i].tensor;
        const size_t row =
            p2p_tensor_elements(t) / (size_t)p2p_tensor_rows(t, s->sources[i].turned);
        const size_t floats = row * (size_t)piece_rows(&s->sources[i]);
        piece = floats > piece ? floats : piece;
        raw = p2p_buffer_bytes(t->buffer) > raw ? p2p_buffer_bytes(t->buffer) : raw;
        if (s->sources[i].shard && p2p_tensor_bytes(t) > gathered)
            gathered = p2p_tensor_bytes(t);
    }
    if (gathered && !(s->gathered = p2p_alloc(gathered, 1)))
        return P2P_ENOMEM;
    if (!(s->piece = p2p_alloc(piece, sizeof(*s->piece))))
        return P2P_ENOMEM;
    for (int i = 0; !mapped && i < STAGES; i++)
        if (!(s->stages[i].raw = p2p_alloc(raw, 1)))
            return P2P_ENOMEM;
    return P2P_OK;
}

static char *networks_text(const P2pCheckpointContent *content)
{
    P2pNetworks networks = {.count = content->count};

    P2P_ASSERT(content->count <= P2P_MOST_NETWORKS);
    for (int i = 0; i < content->count; i++) {
        P2pNetwork *n = &networks.at[i];
        n->role = content->nets[i]->role;
        snprintf(n->name, sizeof(n->name), "%s", content->nets[i]->name);
    }
    return p2p_networks_text(&networks);
}

int p2p_checkpoint_writer_create(P2pCheckpointWriter **out, const P2pCheckpointContent *content)
{
    P2pCheckpointWriter *s = *out = p2p_alloc(1, sizeof(*s));
    int err = s ? add_tensors(s, content) : P2P_ENOMEM;

    if (!err) {
        s->device = content->device;
        s->networks = networks_text(content);
        err = s->networks ? allocate(s, content->mapped) : P2P_ENOMEM;
    }
    if (err)
        p2p_checkpoint_writer_destroy(out);
    return err;
}

size_t p2p_checkpoint_writer_bytes(const P2pCheckpointWriter *s)
{
    return s->bytes;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* A tensor's buffer as it is on the device, to the file piece by piece. */
static int put_tensor(P2pCheckpointWriter *s, P2pSafetensors *file, int i, const void *raw)
{
    const Source *source = &s->sources[i];
    const P2pTensor *t = source->tensor;
    const bool turned = source->turned;
    const int rows = p2p_tensor_rows(t, turned), step = piece_rows(source);
    const size_t row = p2p_tensor_elements(t) / (size_t)rows;
    int err = P2P_OK;

    for (int first = 0; !err && first < rows; first += step) {
        const int n = p2p_min(step, rows - first);
        const size_t floats = row * (size_t)n;
        p2p_tensor_arrange(t, raw, s->piece, turned, first, n);
        if (!p2p_floats_finite(s->piece, floats))
            return p2p_fail(P2P_ENUMBER,
                            "%s has a NaN or an infinity and is not saved; the checkpoint "
                            "before is whole. Try a smaller --lr, or --norm instance",
                            s->entries[i].name);
        err = p2p_safetensors_put(file, s->piece, floats * sizeof(float));
    }
    return err;
}

static int put_gathered(P2pCheckpointWriter *s, P2pSafetensors *file, int i)
{
    const Source *source = &s->sources[i];
    const int err = p2p_shard_gather(source->shard, source->param, source->state, s->gathered);

    return err ? err : put_tensor(s, file, i, s->gathered);
}

static int put_mapped(P2pCheckpointWriter *s, P2pSafetensors *file, int i)
{
    P2pBuffer *buffer = s->sources[i].tensor->buffer;
    void *raw;

    if (s->sources[i].shard)
        return put_gathered(s, file, i);
    int err = p2p_buffer_map(buffer, false, &raw);

    if (err)
        return err;
    err = put_tensor(s, file, i, raw);
    const int unmapped = p2p_buffer_unmap(buffer, raw);
    return err ? err : unmapped;
}

/* Begin to read tensor i, if there is one on the device. */
static int fetch(P2pCheckpointWriter *s, int i)
{
    Stage *stage = &s->stages[i % STAGES];

    if (i >= s->count || s->sources[i].shard)
        return P2P_OK;
    P2pBuffer *buffer = s->sources[i].tensor->buffer;
    const int err = p2p_buffer_read_async(buffer, 0, p2p_buffer_bytes(buffer), stage->raw);
    return err ? err : p2p_marker_set(&stage->marker, s->device);
}

/* While a tensor is turned and written, the next is on its way. */
static int put_fetched(P2pCheckpointWriter *s, P2pSafetensors *file)
{
    int err = fetch(s, 0);

    for (int i = 0; !err && i < s->count; i++) {
        Stage *stage = &s->stages[i % STAGES];
        err = fetch(s, i + 1);
        if (!err && s->sources[i].shard)
            err = put_gathered(s, file, i);
        else if (!err && (err = p2p_marker_wait(stage->marker)) == P2P_OK)
            err = put_tensor(s, file, i, stage->raw);
    }
    if (!err)
        return P2P_OK;
    P2pFailure failure = {0};
    p2p_failure_keep(&failure, err);
    if (p2p_device_finish(s->device) < 0) /* it may write there still: no memory to give back */
        for (int i = 0; i < STAGES; i++)
            s->stages[i].raw = NULL;
    err = p2p_failure_tell(&failure);
    p2p_failure_finish(&failure);
    return err;
}

int p2p_checkpoint_write(P2pCheckpointWriter *s, P2pWriter *to, const P2pOptions *options,
                         const P2pPosition *position, const char *variants)
{
    P2pSafetensors *file = NULL;
    int err = add_metadata(s, options, position, variants);

    if (!err)
        err = p2p_safetensors_begin(&file, to, s->entries, s->count, s->meta, s->meta_count);
    if (!err && s->stages[0].raw)
        err = put_fetched(s, file);
    for (int i = 0; !err && !s->stages[0].raw && i < s->count; i++)
        err = put_mapped(s, file, i);
    if (!err)
        err = p2p_safetensors_end(file);
    p2p_safetensors_destroy(&file);
    return err;
}

int p2p_checkpoint_give_moments(P2pNet *const *nets, int count)
{
    int err = P2P_OK;

    for (int state = P2P_STATE_ADAM_M; state < P2P_STATES; state++)
        for (int n = 0; n < count; n++)
            for (int i = 0; !err && i < nets[n]->graph->param_count; i++)
                if (p2p_shard_has(nets[n], i, (P2pState)state))
                    err = p2p_shard_gather(nets[n]->shard, i, (P2pState)state, NULL);
    return err;
}
