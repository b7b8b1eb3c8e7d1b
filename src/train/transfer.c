/* SPDX-License-Identifier: BSD-2-Clause */
/* Weights from other models, by name and shape. */
#include "src/train/transfer.h"

#include <stdio.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"

/* What a network is, by the option's name, and which network it belongs to. */
static const struct {
    const char *name, *net;
} network_options[] = {{"preset", "G"},    {"netG", "G"},      {"ngf", "G"},
                       {"num_downs", "G"}, {"norm", "G"},      {"no_dropout", "G"},
                       {"input_nc", "G"},  {"output_nc", "G"}, {"direction", "G"},
                       {"netD", "D"},      {"ndf", "D"},       {"n_layers_D", "D"}};

static int take_option(P2pOptions *options, const P2pOptions *from, const char *wanted)
{
    char value[P2P_OPTION_TEXT];
    const char *name;

    for (int i = 0; p2p_options_stored(from, i, &name, value, sizeof(value)); i++)
        if (!strcmp(name, wanted))
            return p2p_options_set(options, name, value);
    return P2P_OK;
}

/* Those that were given stay; what is taken counts as given, so that no preset replaces it. */
static int take_options(P2pOptions *options, const P2pOptions *asked, const P2pSource *source)
{
    const bool layers = !strcmp(source->options.netD, "n_layers");
    int err = P2P_OK;

    for (size_t i = 0; !err && i < P2P_COUNT(network_options); i++) {
        const char *name = network_options[i].name;
        if (!strcmp(network_options[i].net, source->net) && !p2p_options_given(asked, name) &&
            (layers || strcmp(name, "n_layers_D") != 0))
            err = take_option(options, &source->options, name);
    }
    return err;
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

    if (!err && t->sources[t->count - 1].partner && t->sources[t->count - 1].net[0] == 'G')
        err = open_one(t, path, "D");
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
        err = take_options(options, &asked, &t->sources[i]);
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
        if (!strcmp(t->sources[i].net, net->name))
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
