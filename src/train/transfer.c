/* SPDX-License-Identifier: BSD-2-Clause */
/* Weights from other models, by name and shape. */
#include "src/train/transfer.h"

#include <stdio.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"

/*
 * What the file tells of its network. Options that were asked for stay, and those that both networks
 * share are the generator's to tell. What is taken counts as given: no preset replaces it.
 */
static void take_options(P2pOptions *options, const P2pOptions *asked, const P2pSource *source)
{
    const bool d = source->net.role.task == P2P_DISCRIMINATOR;
    const bool layers = !strcmp(source->options.netD, "n_layers");
    P2pOptions told = source->options;
    const P2pOptionInfo *info;

    for (int i = 0; (info = p2p_options_info(i)); i++)
        if (asked->given[i] || (d && info->roles & P2P_ROLE_GENERATOR) ||
            (!layers && !strcmp(info->name, "n_layers_D")))
            told.given[i] = false;
    p2p_options_take(options, &told, d ? P2P_ROLE_DISCRIMINATOR : P2P_ROLE_GENERATOR);
}

static int open_one(P2pTransfer *t, const char *path, const char *net)
{
    if (t->count == P2P_TRANSFER_FILES)
        return p2p_fail(P2P_EINVAL, "--init_from takes at most %d networks", P2P_TRANSFER_FILES);
    const int err = p2p_source_open(&t->sources[t->count], path, net, NULL);
    if (!err)
        t->count++;
    return err;
}

static int open_path(P2pTransfer *t, const char *path)
{
    int err = open_one(t, path, NULL);

    if (err)
        return err;
    const P2pSource *s = &t->sources[t->count - 1];
    for (int i = 0; !err && i < s->held.count; i++)
        if (strcmp(s->held.at[i].name, s->net.name) != 0)
            err = open_one(t, path, s->held.at[i].name);
    return err;
}

int p2p_transfer_open(P2pTransfer *t, P2pOptions *options)
{
    const P2pOptions asked = *options;
    char list[P2P_OPTION_TEXT];
    int err = P2P_OK;

    *t = (P2pTransfer){0};
    snprintf(list, sizeof(list), "%s", options->init_from);
    for (char *at = list; !err && *at;) {
        char *end = at + strcspn(at, ",");
        const bool last = !*end;
        *end = '\0';
        err = open_path(t, at);
        at = end + !last;
    }
    for (int i = 0; !err && i < t->count; i++)
        take_options(options, &asked, &t->sources[i]);
    if (err)
        p2p_transfer_close(t);
    return err;
}

void p2p_transfer_close(P2pTransfer *t)
{
    for (int i = 0; i < t->count; i++)
        p2p_source_finish(&t->sources[i]);
    t->count = 0;
}

/* Parameter of the source that is called so and has that shape, or -1. */
static int find(const P2pSource *s, const P2pParam *wanted)
{
    for (int i = 0; i < s->graph->param_count; i++) {
        const P2pParam *p = &s->graph->params[i];
        if (!strcmp(p->name, wanted->name) && p->kind == wanted->kind && p->o == wanted->o &&
            p->i == wanted->i && p->r == wanted->r && p->s == wanted->s)
            return i;
    }
    return -1;
}

static int move(const P2pSource *s, int from, P2pNet *net, int to)
{
    float *host = p2p_alloc(p2p_param_elements(&net->graph->params[to]), sizeof(*host));
    int err = host ? p2p_source_get(s, from, host) : P2P_ENOMEM;

    if (!err)
        err = p2p_net_upload(net, to, P2P_STATE_VALUE, host);
    free(host);
    return err;
}

int p2p_transfer_weights(const P2pTransfer *t, P2pNet *net, const P2pLog *log)
{
    const P2pSource *s = NULL;
    int came = 0, err = P2P_OK;

    for (int i = 0; i < t->count; i++)
        if (t->sources[i].net.role.task == net->role.task &&
            t->sources[i].net.role.back == net->role.back &&
            (!s || !s->net.role.averaged || t->sources[i].net.role.averaged))
            s = &t->sources[i];
    if (s && s->warning)
        p2p_log(log, P2P_LOG_WARN, "%s", s->warning);
    if (!s) {
        p2p_log(log, P2P_LOG_INFO, "%s: all new, --init_from names no file with it", net->name);
        return P2P_OK;
    }
    for (int i = 0; !err && i < net->graph->param_count; i++) {
        const int from = find(s, &net->graph->params[i]);
        if (from < 0) {
            p2p_log(log, P2P_LOG_WARN, "%s: %s is new: %s has none of its shape", net->name,
                    net->graph->params[i].name, p2p_tensor_file_path(s->file));
            continue;
        }
        err = move(s, from, net, i);
        came++;
    }
    if (!err)
        p2p_log(log, P2P_LOG_INFO, "%s: %d of %d tensors from %s", net->name, came,
                net->graph->param_count, p2p_tensor_file_path(s->file));
    return err;
}
