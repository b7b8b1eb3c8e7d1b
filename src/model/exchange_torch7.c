/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The networks of phillipi's pix2pix in Torch7. They have a bias at each convolution, pictures with
 * blue first, and skips behind what comes up; modules are known by their order alone.
 */
#include <stdio.h>
#include <string.h>

#include "src/base/status.h"
#include "src/model/exchange.h"
#include "src/options/options.h"

static const char convolution[] = "SpatialConvolution", transposed[] = "SpatialFullConvolution",
                  norm[] = "SpatialBatchNormalization";

/* ---- What network it is -------------------------------------------------------------------- */

static const P2pFileTensor *find(const P2pTensorFile *file, int module, const char *class)
{
    char name[P2P_EXCHANGE_NAME];

    snprintf(name, sizeof(name), "%d.%s.weight", module, class);
    return p2p_tensor_file_find(file, name);
}

static int axis(const P2pFileTensor *t, int i)
{
    return t->rank == 4 && t->shape[i] < 1 << 20 ? (int)t->shape[i] : 0;
}

/* Modules in order, counted. */
typedef struct Count {
    int down, up, norms;
    bool inner_norm; /* a norm between the last convolution and the first transposed one */
    const P2pFileTensor *first, *last;
} Count;

static Count count_modules(const P2pTensorFile *file)
{
    Count c = {0};

    for (int module = 1;; module++) {
        const P2pFileTensor *t;
        if ((t = find(file, module, convolution))) {
            c.inner_norm = false;
            c.first = c.first ? c.first : t;
            c.down++;
        } else if ((t = find(file, module, transposed))) {
            c.last = t;
            c.up++;
        } else if (find(file, module, norm)) {
            c.inner_norm |= !c.up;
            c.norms++;
        } else {
            return c;
        }
    }
}

static void infer_generator(const Count *c, P2pOptions *o)
{
    const bool skips = axis(c->last, 0) != axis(c->first, 0);

    p2p_exchange_tell_word(o, "netG",
                           !skips         ? "encoder_decoder"
                           : c->down == 7 ? "unet_128"
                                          : "unet_256");
    p2p_exchange_tell(o, "num_downs", c->down == (skips && c->down == 7 ? 7 : 8) ? 0 : c->down);
    p2p_exchange_tell_word(o, "dropout_levels", "innermost");
    p2p_exchange_tell(o, "innermost_norm", c->inner_norm);
    p2p_exchange_tell(o, "ngf", axis(c->first, 0));
    p2p_exchange_tell(o, "input_nc", axis(c->first, 1));
    p2p_exchange_tell(o, "output_nc", axis(c->last, 1));
}

static void infer_discriminator(const Count *c, P2pOptions *o)
{
    const bool pixel = axis(c->first, 2) == 1;

    p2p_exchange_tell_word(o, "netD", pixel ? "pixel" : c->down == 5 ? "basic" : "n_layers");
    if (!pixel)
        p2p_exchange_tell(o, "n_layers_D", c->down - 2);
    p2p_exchange_tell(o, "ndf", axis(c->first, 0));
    o->output_nc = axis(c->first, 1); /* of one picture or of two: the file does not tell */
    o->unconditional_D = true;
}

int p2p_exchange_infer_torch7(const P2pTensorFile *file, P2pOptions *o, P2pTask *task)
{
    const Count c = count_modules(file);

    if (!c.first || (c.up && c.up != c.down) || (!c.up && c.down < 3))
        return p2p_fail(P2P_EFORMAT,
                        "%s: holds no network of phillipi's pix2pix: %d convolutions and %d "
                        "transposed ones come before other modules",
                        p2p_tensor_file_path(file), c.down, c.up);
    *task = c.up ? P2P_GENERATOR : P2P_DISCRIMINATOR;
    p2p_exchange_tell(o, "all_bias", true);
    p2p_exchange_tell_word(o, "norm", c.norms ? "batch" : "none");
    if (c.up)
        infer_generator(&c, o);
    else
        infer_discriminator(&c, o);
    return P2P_OK;
}

/* ---- Names --------------------------------------------------------------------------------- */

/* The node that has parameter i, its place among those with weights (from 1), the parameter's slot. */
static const P2pNode *find_node(const P2pGraph *g, int i, int *ordinal, int *slot)
{
    *ordinal = 0;
    for (const P2pNode *n = g->nodes; n < g->nodes + g->node_count; n++) {
        if (n->kind != P2P_NODE_CONV && n->kind != P2P_NODE_NORM_ACT)
            continue;
        *ordinal += n->param[0] >= 0;
        for (*slot = 0; *slot < 4; ++*slot)
            if (n->param[*slot] == i)
                return n;
    }
    return NULL;
}

bool p2p_exchange_torch7_name(const P2pGraph *g, int i, char name[P2P_EXCHANGE_NAME])
{
    static const char *const fields[] = {"weight", "bias", "running_mean", "running_var"};
    int ordinal, slot;
    const P2pNode *n = find_node(g, i, &ordinal, &slot);

    if (!n)
        return false;
    snprintf(name, P2P_EXCHANGE_NAME, "%d.%s.%s", ordinal,
             n->kind == P2P_NODE_NORM_ACT ? norm
             : n->transposed              ? transposed
                                          : convolution,
             fields[slot]);
    return true;
}

/* ---- Values -------------------------------------------------------------------------------- */

/* Pictures of three channels, or two of them side by side, have blue first there. */
static int picture_channel(int c, int channels)
{
    return channels == 3 || channels == 6 ? c / 3 * 3 + 2 - c % 3 : c;
}

static bool is_joined(const P2pGraph *g, int value)
{
    for (int i = 0; i < g->value_count; i++)
        if (g->values[i].parent == value)
            return true;
    return false;
}

/* Where an input channel of ours is there: [skip, up] is [up, skip]. */
static int input_channel(const P2pGraph *g, const P2pNode *n, int c)
{
    const int channels = g->values[n->in[0]].c;

    if (n->in[0] == g->input)
        return picture_channel(c, channels);
    return n->transposed && is_joined(g, n->in[0]) ? (c + channels / 2) % channels : c;
}

static int output_channel(const P2pGraph *g, const P2pNode *n, int c)
{
    return n->out[0] == g->output ? picture_channel(c, g->values[g->output].c) : c;
}

void p2p_exchange_from_torch7(const P2pGraph *g, int i, const float *from, float *to)
{
    const P2pParam *p = &g->params[i];
    int ordinal, slot;
    const P2pNode *n = find_node(g, i, &ordinal, &slot);
    const int taps = p->kind == P2P_PARAM_WEIGHT ? p->r * p->s : 1;
    const int inputs = p->kind == P2P_PARAM_WEIGHT ? p->i : 1;

    P2P_ASSERT(n);
    for (int o = 0; o < p->o; o++)
        for (int c = 0; c < inputs; c++) {
            const int there_o = n->kind == P2P_NODE_CONV ? output_channel(g, n, o) : o;
            const int there_c = inputs > 1 ? input_channel(g, n, c) : c;
            const int here = p->transposed ? c * p->o + o : o * inputs + c;
            const int there = p->transposed ? there_c * p->o + there_o : there_o * inputs + there_c;
            memcpy(to + (size_t)here * (size_t)taps, from + (size_t)there * (size_t)taps,
                   (size_t)taps * sizeof(float));
        }
}
