/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * U-Net and encoder-decoder generators of any depth (Isola et al. 2017, sec. 6.1.1).
 *
 * Level 1 is the outermost. Going down: convolution 4x4/2, norm, LeakyReLU; going up: transposed
 * convolution 4x4/2, norm, dropout, ReLU; each level's normalised encoder output is also the skip
 * (through ReLU) into the decoder of the same size. Parameters are named as in the reference
 * implementation, where levels are nested modules; of a separable convolution behind its name
 * .depthwise and .pointwise.
 */
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/nets/nets.h"

enum { MAX_LEVELS = 12, NAME_BYTES = 160 };

typedef struct Unet {
    P2pGraph *g;
    const P2pNetSpec *spec;
    int levels;
    bool skips, bias;
} Unet;

static int channels(const Unet *u, int level)
{
    return u->spec->nf * (level > 3 ? 8 : 1 << (level - 1));
}

/* "model" .model.1 once .model.3 again and again, then .model.<place in the module>. */
static void module_name(char name[NAME_BYTES], int level, int place)
{
    size_t used = (size_t)snprintf(name, NAME_BYTES, "model");

    for (int i = 2; i <= level; i++)
        used += (size_t)snprintf(name + used, NAME_BYTES - used, ".model.%d", i == 2 ? 1 : 3);
    snprintf(name + used, NAME_BYTES - used, ".model.%d", place);
}

/* pix2pix-tensorflow's separable convolution: each channel by itself, then each pixel. */
static int separable_conv(const Unet *u, int x, P2pConvSpec spec)
{
    char name[NAME_BYTES + 16];

    snprintf(name, sizeof(name), "%s.depthwise", spec.name);
    x = p2p_graph_depthwise(u->g, x,
                            &(P2pConvSpec){.kernel = spec.kernel,
                                           .stride = spec.stride,
                                           .pad = spec.pad,
                                           .output_pad = spec.stride == 1,
                                           .name = name});
    snprintf(name, sizeof(name), "%s.pointwise", spec.name);
    spec.kernel = spec.stride = 1;
    spec.pad = 0;
    spec.name = name;
    return p2p_graph_conv(u->g, x, &spec);
}

/* A decoder's convolution to twice the size, of 4x4 where it is transposed or separable. */
static int up_conv(const Unet *u, int x, P2pConvSpec spec)
{
    const bool bilinear = u->spec->upsample == P2P_UPSAMPLE_BILINEAR;

    if (u->spec->upsample == P2P_UPSAMPLE_TRANSPOSED && !u->spec->separable)
        return p2p_graph_conv(u->g, x, &spec);
    spec.transposed = false;
    spec.stride = 1;
    x = p2p_graph_upsample(u->g, x, bilinear);
    if (u->spec->separable)
        return separable_conv(u, x, spec);
    spec.kernel = 3;
    spec.pad = 0;
    return p2p_graph_conv(u->g, p2p_graph_pad(u->g, x, 1), &spec);
}

/* Encoder of a level: what goes further down (*next) and what the decoder gets (*skip). */
static void build_down(const Unet *u, int level, int x, int *next, int *skip)
{
    const bool outermost = level == 1, innermost = level == u->levels;
    char name[NAME_BYTES];

    module_name(name, level, outermost ? 0 : 1);
    const P2pConvSpec spec = {.out_channels = channels(u, level),
                              .kernel = 4,
                              .stride = 2,
                              .pad = 1,
                              .bias = u->bias,
                              .name = name};
    const int y = u->spec->separable ? separable_conv(u, x, spec) : p2p_graph_conv(u->g, x, &spec);

    module_name(name, level, 2);
    P2pNormActSpec norm = {.name = name,
                           .eps = P2P_NETS_NORM_EPS,
                           .momentum = P2P_NETS_NORM_MOMENTUM,
                           .slope = P2P_NETS_LEAKY_SLOPE};
    if (!outermost && (!innermost || u->spec->innermost_norm))
        norm.norm = u->spec->norm;
    norm.act = innermost ? P2P_ACT_RELU : P2P_ACT_LEAKY_RELU;
    *next = p2p_graph_norm_act(u->g, y, &norm);
    *skip = u->skips && !innermost ? p2p_graph_also(u->g, *next, P2P_ACT_RELU) : -1;
}

static bool has_dropout(const Unet *u, int level)
{
    const int depth = u->levels - level; /* 0: innermost */

    if (!u->spec->dropout)
        return false;
    if (u->spec->paper_dropout)
        return depth < 3;
    return depth >= 1 && depth < u->levels - 4; /* the reference: its middle blocks of 8 ngf */
}

static int build_up(const Unet *u, int level, int x)
{
    const bool outermost = level == 1, innermost = level == u->levels;
    char name[NAME_BYTES];

    module_name(name, level, outermost || innermost ? 3 : 5);
    const int y = up_conv(
        u, x,
        (P2pConvSpec){.out_channels = outermost ? u->spec->output_nc : channels(u, level - 1),
                      .kernel = 4,
                      .stride = 2,
                      .pad = 1,
                      .transposed = true,
                      .bias = outermost || u->bias,
                      .act = outermost ? P2P_ACT_TANH : P2P_ACT_NONE,
                      .name = name});
    if (outermost)
        return y;
    module_name(name, level, innermost ? 4 : 6);
    return p2p_graph_norm_act(u->g, y,
                              &(P2pNormActSpec){.norm = u->spec->norm,
                                                .name = name,
                                                .eps = P2P_NETS_NORM_EPS,
                                                .momentum = P2P_NETS_NORM_MOMENTUM,
                                                .act = P2P_ACT_RELU,
                                                .dropout_p = has_dropout(u, level) ? 0.5f : 0.0f});
}

int p2p_build_unet(P2pGraph *g, const P2pNetSpec *spec, int levels, bool skips)
{
    const Unet u = {.g = g,
                    .spec = spec,
                    .levels = levels,
                    .skips = skips,
                    .bias = spec->all_bias || spec->norm == P2P_NORM_INSTANCE};
    int skip[MAX_LEVELS + 1], x = g->input;

    if (levels < 5 || levels > MAX_LEVELS)
        return p2p_fail(P2P_EINVAL, "a U-Net has 5 to %d levels, not num_downs %d", MAX_LEVELS,
                        levels);
    g->multiple = 1 << levels;
    for (int i = 1; i <= levels; i++)
        build_down(&u, i, x, &x, &skip[i]);
    for (int i = levels; i >= 1; i--) {
        x = build_up(&u, i, x);
        if (i > 1 && skips)
            x = p2p_graph_concat(g, skip[i - 1], x);
    }
    return g->err;
}
