/* SPDX-License-Identifier: BSD-2-Clause */
/* Checkpoints: reading their metadata and tensors. Writing them is checkpoint_write.c's. */
#include "src/model/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/shard.h"
#include "src/model/networks.h"

const char *const p2p_state_prefix[P2P_STATES] = {"", "adam_m.", "adam_v."};

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

bool p2p_checkpoint_is_ours(const P2pTensorFile *f)
{
    const char *format = p2p_tensor_file_meta(f, P2P_META_FORMAT);

    return format && (!strcmp(format, P2P_FORMAT_CHECKPOINT) || !strcmp(format, P2P_FORMAT_FROZEN));
}

/* Files of version 1 name a preset and leave to us what it stood for; with it they tell everything. Resizing
   was bicubic in all of them. */
static int apply_old_preset(P2pOptions *options, const char *preset)
{
    const P2pOptionInfo *info;
    int err = p2p_options_set(options, "preset", preset);

    if (!err)
        err = p2p_options_set(options, "resize_filter_A", "bicubic");
    if (!err)
        err = p2p_options_set(options, "resize_filter_B", "bicubic");
    if (err)
        return err;
    p2p_options_apply_preset(options);
    for (int i = 0; (info = p2p_options_info(i)); i++)
        options->given[i] |= info->roles != 0;
    return P2P_OK;
}

static int read_options(const P2pTensorFile *f, P2pOptions *options)
{
    const char *old_preset = p2p_tensor_file_meta(f, "opt.preset");
    const P2pOptionInfo *info;
    char key[96];
    int err = P2P_OK;

    for (int i = 0; !err && (info = p2p_options_info(i)); i++) {
        snprintf(key, sizeof(key), "opt.%s", info->name);
        const char *stored = info->roles ? p2p_tensor_file_meta(f, key) : NULL;
        if (stored)
            err = p2p_options_set(options, info->name, stored);
    }
    if (!err && old_preset)
        err = apply_old_preset(options, old_preset);
    return err ? p2p_fail_prefix(err, "%s", p2p_tensor_file_path(f)) : P2P_OK;
}

/* Files of before have none. */
static int read_watch(const P2pTensorFile *f, const char *key, P2pWatch *w)
{
    const char *text = p2p_tensor_file_meta(f, key);
    int end = 0;

    *w = (P2pWatch){0};
    if (!text ||
        (sscanf(text, "%lf %9d %9d %9d%n", &w->best, &w->epoch, &w->bad, &w->cuts, &end) == 4 &&
         !text[end] && w->epoch >= 0 && w->bad >= 0 && w->cuts >= 0))
        return P2P_OK;
    return p2p_fail(P2P_EFORMAT, "%s: damaged: its metadata has no valid %s",
                    p2p_tensor_file_path(f), key);
}

static int read_optional(const P2pTensorFile *f, const char *key, long *out)
{
    *out = 0;
    return p2p_tensor_file_meta(f, key) ? read_number(f, key, out) : P2P_OK;
}

static int check_version(const P2pTensorFile *f)
{
    const char *version = p2p_tensor_file_meta(f, "format_version");

    if (version && (!strcmp(version, "1") || !strcmp(version, P2P_FORMAT_VERSION)))
        return P2P_OK;
    return p2p_fail(
        P2P_EFORMAT,
        "%s: has format version %.20s, this program reads 1 to %s; use the version that "
        "wrote it",
        p2p_tensor_file_path(f), version ? version : "none", P2P_FORMAT_VERSION);
}

int p2p_checkpoint_metadata(const P2pTensorFile *f, P2pOptions *options, P2pPosition *position,
                            bool *frozen)
{
    long epoch = 0;
    int err;

    *frozen = false;
    if (!p2p_checkpoint_is_ours(f))
        return p2p_fail(P2P_EFORMAT, "%s: is no model of pix2pix-cl", p2p_tensor_file_path(f));
    *frozen = !strcmp(p2p_tensor_file_meta(f, P2P_META_FORMAT), P2P_FORMAT_FROZEN);
    if ((err = check_version(f)) < 0 || (err = read_options(f, options)) < 0 || !position)
        return err;
    if ((err = read_number(f, "step", &position->step)) < 0 ||
        (err = read_number(f, "epoch", &epoch)) < 0 ||
        (err = read_number(f, "batch", &position->batch)) < 0)
        return err;
    position->epoch = (int)epoch;
    if ((err = read_optional(f, "pooled", &position->pooled)) < 0 ||
        (err = read_optional(f, "summed", &position->summed)) < 0 ||
        (err = read_optional(f, "loss_scale", &position->scale.factor)) < 0 ||
        (err = read_optional(f, "loss_scale_good", &position->scale.good)) < 0 ||
        (err = read_optional(f, "loss_scale_skipped", &position->scale.skipped)) < 0 ||
        (err = read_watch(f, P2P_META_METRIC, &position->metric)) < 0)
        return err;
    return read_watch(f, P2P_META_PLATEAU, &position->plateau);
}

/* A network's tensors in one of our files; others have no checksums of each. */
static int verify_network(const P2pTensorFile *f, const char *name)
{
    P2pNetworks held;
    char front[sizeof(held.at[0].name) + 1] = "";
    const P2pNetwork *n;
    int err;

    if (!p2p_checkpoint_is_ours(f))
        return p2p_tensor_file_verify(f, NULL);
    if ((err = p2p_networks_read(&held, f)) < 0)
        return err;
    if ((n = p2p_networks_find(&held, name)))
        snprintf(front, sizeof(front), "%s.", n->name);
    return p2p_tensor_file_verify(f, front);
}

static int open_verified(P2pTensorFile **out, const char *path, bool whole, const char *net)
{
    int err = p2p_tensor_file_open(out, path);

    if (!err)
        err = whole ? p2p_tensor_file_verify(*out, NULL) : verify_network(*out, net);
    if (err)
        p2p_tensor_file_close(out);
    return err;
}

/* Name of the checkpoint before, in fresh memory; NULL where path is no run's latest one. */
static char *previous_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *previous = strcmp(name, P2P_LATEST_NAME) != 0
                         ? NULL
                         : p2p_format("%.*s" P2P_PREVIOUS_NAME, (int)(name - path), path);

    if (previous && !p2p_file_exists(previous)) {
        free(previous);
        previous = NULL;
    }
    return previous;
}

int p2p_checkpoint_file(P2pTensorFile **out, const char *path, bool whole, const char *net,
                        char **warning)
{
    char *previous = previous_name(path), *first = NULL;
    int err = open_verified(out, path, whole, net);

    *warning = NULL;
    if (err && previous && (first = p2p_strdup(p2p_error()))) {
        if (open_verified(out, previous, whole, net) == P2P_OK) {
            err = P2P_OK;
            *warning = p2p_format("%s; %s is taken in its place", first, previous);
        } else {
            err = p2p_fail(P2P_EFORMAT, "%.400s; the one before does not help: %.400s", first,
                           p2p_error());
        }
    }
    free(first);
    free(previous);
    return err;
}

int p2p_checkpoint_open(P2pTensorFile **out, const char *path, P2pOptions *options,
                        P2pPosition *position, char **warning)
{
    bool frozen = false;
    int err = p2p_checkpoint_file(out, path, true, NULL, warning);

    if (!err)
        err = p2p_checkpoint_metadata(*out, options, position, &frozen);
    if (!err && frozen)
        err = p2p_fail(P2P_EFORMAT,
                       "%s: is a frozen model, no checkpoint of a run; begin a new run "
                       "from it with --init_from",
                       path);
    if (err)
        p2p_tensor_file_close(out);
    return err;
}

int p2p_checkpoint_find(const P2pTensorFile *file, const char *name, const P2pParam *p, bool turned,
                        const P2pFileTensor **out)
{
    const P2pFileTensor *t = *out = p2p_tensor_file_find(file, name);
    size_t shape[4];
    const int rank = p2p_param_shape(p, shape);
    bool same = t && t->rank == rank && t->elements == p2p_param_elements(p);

    if (!t)
        return p2p_fail(P2P_EFORMAT, "%s: has no tensor %s; it is of another network",
                        p2p_tensor_file_path(file), name);
    for (int k = 0; k < rank; k++)
        same = same && (turned || t->shape[k] == shape[k]);
    return same ? P2P_OK
                : p2p_fail(P2P_EFORMAT,
                           "%s: tensor %s has another shape than the network's; it is of "
                           "another network",
                           p2p_tensor_file_path(file), name);
}

static int find(const P2pTensorFile *file, const P2pNet *net, int i, P2pState state,
                const P2pFileTensor **t)
{
    const P2pParam *p = &net->graph->params[i];
    char name[256];

    snprintf(name, sizeof(name), "%s%s.%s", p2p_state_prefix[state], net->name, p->name);
    return p2p_checkpoint_find(file, name, p, false, t);
}

/* In fresh memory. */
static int read_tensor(const P2pTensorFile *file, const P2pNet *net, int i, P2pState state,
                       float **host)
{
    const P2pFileTensor *t;
    const int err = find(file, net, i, state, &t);

    if (err || !(*host = p2p_alloc(t->elements, sizeof(**host))))
        return err ? err : P2P_ENOMEM;
    p2p_file_tensor_to_f32(t, *host);
    p2p_file_tensor_forget(file, t);
    return P2P_OK;
}

static int load_tensor(const P2pTensorFile *file, P2pNet *net, int i, P2pState state)
{
    const P2pFileTensor *t;
    float *host = NULL;

    if (p2p_shard_has(net, i, state))
        return find(file, net, i, state, &t);
    if (!net->state[state][i].buffer)
        return P2P_OK;
    int err = read_tensor(file, net, i, state, &host);
    if (!err)
        err = p2p_net_upload(net, i, state, host);
    free(host);
    return err;
}

int p2p_checkpoint_load(const P2pTensorFile *file, P2pNet *net)
{
    int err = P2P_OK;

    for (int state = 0; state < P2P_STATES; state++)
        for (int i = 0; !err && i < net->graph->param_count; i++)
            err = load_tensor(file, net, i, (P2pState)state);
    return err;
}

/* By way of the whole moment as it would lie on the device. */
static int deal_tensor(const P2pTensorFile *file, P2pNet *net, int i, P2pState state)
{
    const P2pTensor *like = &net->state[P2P_STATE_VALUE][i];
    float *host = NULL;
    void *raw = NULL;

    if (!file)
        return p2p_shard_deal(net->shard, i, state, NULL);
    int err = read_tensor(file, net, i, state, &host);
    if (!err && !(raw = p2p_alloc(p2p_tensor_bytes(like), 1)))
        err = P2P_ENOMEM;
    if (!err) {
        p2p_tensor_fill(like, raw, host, net->graph->params[i].transposed, NULL);
        err = p2p_shard_deal(net->shard, i, state, raw);
    }
    free(raw);
    free(host);
    return err;
}

int p2p_checkpoint_deal_moments(const P2pTensorFile *file, P2pNet *net)
{
    int err = P2P_OK;

    for (int state = P2P_STATE_ADAM_M; state < P2P_STATES; state++)
        for (int i = 0; !err && i < net->graph->param_count; i++)
            if (p2p_shard_has(net, i, (P2pState)state))
                err = deal_tensor(file, net, i, (P2pState)state);
    return err;
}

int p2p_checkpoint_load_pictures(const P2pTensorFile *file, const char *name,
                                 const P2pTensor *pictures, bool *there)
{
    const P2pFileTensor *t = p2p_tensor_file_find(file, name);
    const int shape[] = {pictures->n, pictures->c, pictures->h, pictures->w};

    *there = t && t->rank == 4;
    for (int i = 0; i < 4 && *there; i++)
        *there = t->shape[i] == (size_t)shape[i];
    if (!*there)
        return P2P_OK;
    float *host = p2p_alloc(t->elements, sizeof(*host));
    if (!host)
        return P2P_ENOMEM;
    p2p_file_tensor_to_f32(t, host);
    const int err = p2p_tensor_upload(pictures, host, false);
    free(host);
    return err;
}
