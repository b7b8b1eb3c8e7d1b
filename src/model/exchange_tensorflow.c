/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The networks of pix2pix-tensorflow: its names, of today and of before December 2017, the order of its
 * axes, and its skips behind what comes up.
 */
#include <stdio.h>
#include <string.h>

#include "src/base/status.h"
#include "src/model/exchange.h"

/* ---- What network it is -------------------------------------------------------------------- */

/* What stands behind a convolution's and a norm's scope; the earlier names have no biases. */
typedef struct Words {
    const char *convolution[2], *transposed[2], *norm[2];
} Words;

static const Words today = {{"conv2d/kernel", "conv2d/bias"},
                            {"conv2d_transpose/kernel", "conv2d_transpose/bias"},
                            {"batch_normalization/gamma", "batch_normalization/beta"}};
static const Words earlier = {{"conv/filter", "conv/bias"},
                              {"deconv/filter", "deconv/bias"},
                              {"batchnorm/scale", "batchnorm/offset"}};

static const P2pFileTensor *find(const P2pTensorFile *file, const char *scope, int level,
                                 const char *word)
{
    char name[P2P_EXCHANGE_NAME];

    snprintf(name, sizeof(name), "%s_%d/%s", scope, level, word);
    return p2p_tensor_file_find(file, name);
}

static int size_at(const P2pFileTensor *t, int axis)
{
    return t && t->rank == 4 && t->shape[axis] < 1 << 20 ? (int)t->shape[axis] : 0;
}

static int count_levels(const P2pTensorFile *file, const char *scope, const Words *words)
{
    int levels = 0;

    while (find(file, scope, levels + 1, words->convolution[0]))
        levels++;
    return levels;
}

static void infer_generator(const P2pTensorFile *file, const Words *words, P2pOptions *o)
{
    const P2pFileTensor *first = find(file, "generator/encoder", 1, words->convolution[0]);
    const P2pFileTensor *last = find(file, "generator/decoder", 1, words->transposed[0]);
    const int levels = count_levels(file, "generator/encoder", words);

    p2p_exchange_tell_word(o, "netG", levels == 7 ? "unet_128" : "unet_256");
    p2p_exchange_tell(o, "num_downs", levels == 7 || levels == 8 ? 0 : levels);
    p2p_exchange_tell_word(o, "dropout_levels", "innermost");
    p2p_exchange_tell(o, "innermost_norm", true);
    p2p_exchange_tell(o, "input_nc", size_at(first, 2));
    p2p_exchange_tell(o, "ngf", size_at(first, 3));
    p2p_exchange_tell(o, "output_nc", size_at(last, 2));
}

static void infer_discriminator(const P2pTensorFile *file, const Words *words, bool alone,
                                P2pOptions *o)
{
    const P2pFileTensor *first = find(file, "discriminator/layer", 1, words->convolution[0]);
    const int layers = count_levels(file, "discriminator/layer", words) - 2;

    p2p_exchange_tell_word(o, "netD", layers == 3 ? "basic" : "n_layers");
    p2p_exchange_tell(o, "n_layers_D", layers);
    p2p_exchange_tell(o, "ndf", size_at(first, 3));
    if (alone) { /* of one picture or of two: nothing tells */
        o->output_nc = size_at(first, 2);
        o->unconditional_D = true;
    }
}

int p2p_exchange_infer_tensorflow(const P2pTensorFile *file, P2pOptions *o,
                                  P2pExchangeTensorflow *found)
{
    const bool early = find(file, "generator/encoder", 1, earlier.convolution[0]) ||
                       find(file, "discriminator/layer", 1, earlier.convolution[0]);
    const Words *words = early ? &earlier : &today;

    *found = (P2pExchangeTensorflow){
        .early = early,
        .generator = find(file, "generator/encoder", 1, words->convolution[0]) &&
                     find(file, "generator/decoder", 1, words->transposed[0]),
        .discriminator = count_levels(file, "discriminator/layer", words) > 2,
    };
    if (!found->generator && !found->discriminator)
        return p2p_fail(P2P_EFORMAT, "%s: holds no network of pix2pix-tensorflow%s",
                        p2p_tensor_file_path(file),
                        find(file, "generator/encoder", 1, "separable_conv2d/depthwise_kernel")
                            ? " that is known: its convolutions are separable"
                            : ": no tensor generator/encoder_1/conv2d/kernel");
    p2p_exchange_tell(o, "all_bias", true);
    p2p_exchange_tell_word(o, "norm", "batch");
    if (found->generator)
        infer_generator(file, words, o);
    if (found->discriminator)
        infer_discriminator(file, words, !found->generator, o);
    return P2P_OK;
}

/* ---- Names --------------------------------------------------------------------------------- */

/*
 * Place of a parameter: its node's scope, encoder_1.., decoder_N.. or a discriminator's layer_1..,
 * counted by convolutions.
 */
typedef struct Place {
    int level; /* from 1, the outermost */
    bool decoder;
    const P2pNode *node;
    int slot; /* of node->param */
} Place;

static int count_transposed(const P2pGraph *g)
{
    int count = 0;

    for (int i = 0; i < g->node_count; i++)
        count += g->nodes[i].kind == P2P_NODE_CONV && g->nodes[i].transposed;
    return count;
}

static bool find_place(const P2pGraph *g, int param, Place *p)
{
    const int levels = count_transposed(g);
    int down = 0, up = 0;

    for (int i = 0; i < g->node_count; i++) {
        const P2pNode *node = &g->nodes[i];
        if (node->kind == P2P_NODE_CONV)
            *(node->transposed ? &up : &down) += 1;
        for (int slot = 0; slot < 4; slot++)
            if (node->param[slot] == param) {
                *p = (Place){up ? levels + 1 - up : down, up > 0, node, slot};
                return true;
            }
    }
    return false;
}

bool p2p_exchange_tensorflow_name(const P2pGraph *g, int i, bool early,
                                  char name[P2P_EXCHANGE_NAME])
{
    const Words *words = early ? &earlier : &today;
    Place p;

    if (!find_place(g, i, &p) || p.slot > 1)
        return false;
    snprintf(name, P2P_EXCHANGE_NAME, "%s_%d/%s",
             p.decoder             ? "generator/decoder"
             : count_transposed(g) ? "generator/encoder"
                                   : "discriminator/layer",
             p.level,
             p.node->kind == P2P_NODE_NORM_ACT ? words->norm[p.slot]
             : p.decoder                       ? words->transposed[p.slot]
                                               : words->convolution[p.slot]);
    return true;
}

bool p2p_exchange_fits_tensorflow(const P2pGraph *g)
{
    int down = 0, up = 0, norms = 0;

    for (int i = 0; i < g->node_count; i++) {
        const P2pNode *n = &g->nodes[i];
        if (n->kind == P2P_NODE_CONV &&
            (n->kernel != 4 || n->stride != 2 || n->param[P2P_NODE_BIAS] < 0))
            return false;
        if (n->kind != P2P_NODE_CONV && n->kind != P2P_NODE_NORM_ACT)
            return false;
        down += n->kind == P2P_NODE_CONV && !n->transposed;
        up += n->kind == P2P_NODE_CONV && n->transposed;
        norms += n->kind == P2P_NODE_NORM_ACT && n->param[P2P_NODE_GAMMA] >= 0;
    }
    return down == up && norms == down + up - 2;
}

/* ---- Values -------------------------------------------------------------------------------- */

/* Place in pix2pix-tensorflow's input channels of our channel c: a decoder's skip comes last there. */
static int tensorflow_channel(const Place *p, const P2pGraph *g, int c)
{
    const int channels = g->values[p->node->in[0]].c;

    return p->decoder && p->level < count_transposed(g) ? (c + channels / 2) % channels : c;
}

/*
 * Walk a kernel in both orders. [B, A, taps] in files of ours, [taps, A, B] there; the input
 * channels, whose order differs, are A of a convolution and B of a transposed one.
 */
static void turn(const P2pGraph *g, int i, const float *from, float *to, bool to_tensorflow)
{
    const P2pParam *q = &g->params[i];
    Place p = {0};

    if (q->kind != P2P_PARAM_WEIGHT || !find_place(g, i, &p)) {
        memcpy(to, from, p2p_param_elements(q) * sizeof(float));
        return;
    }
    const int a = q->transposed ? q->o : q->i, b = q->transposed ? q->i : q->o, taps = q->r * q->s;
    for (int y = 0; y < b; y++) {
        const int there_b = q->transposed ? tensorflow_channel(&p, g, y) : y;
        for (int x = 0; x < a; x++) {
            const size_t ours = ((size_t)y * (size_t)a + (size_t)x) * (size_t)taps;
            for (int t = 0; t < taps; t++) {
                const size_t there =
                    ((size_t)t * (size_t)a + (size_t)x) * (size_t)b + (size_t)there_b;
                if (to_tensorflow)
                    to[there] = from[ours + (size_t)t];
                else
                    to[ours + (size_t)t] = from[there];
            }
        }
    }
}

void p2p_exchange_from_tensorflow(const P2pGraph *graph, int i, const float *from, float *to)
{
    turn(graph, i, from, to, false);
}

void p2p_exchange_to_tensorflow(const P2pGraph *graph, int i, const float *from, float *to)
{
    turn(graph, i, from, to, true);
}
