/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ResNet generators of any number of blocks (Johnson et al. 2016; as in the reference implementation):
 * reflection padding, 7x7, two strided convolutions down, the blocks, two up, 7x7, tanh. Padding by
 * reflection is a module of its own, which counts in the names; by zeros it is the convolution's.
 */
#include <stdio.h>

#include "src/base/status.h"
#include "src/nets/nets.h"

typedef struct Resnet {
    P2pGraph *g;
    const P2pNetSpec *spec;
    bool bias;
    int pads; /* modules of padding before a convolution: 1 or 0 */
} Resnet;

static int norm_act(const Resnet *r, int x, const char *prefix, int place, P2pAct act,
                    float dropout)
{
    char name[64];

    snprintf(name, sizeof(name), "%s%d", prefix, place);
    return p2p_graph_norm_act(r->g, x,
                              &(P2pNormActSpec){.norm = r->spec->norm,
                                                .name = name,
                                                .eps = P2P_NETS_NORM_EPS,
                                                .momentum = P2P_NETS_NORM_MOMENTUM,
                                                .act = act,
                                                .dropout_p = dropout});
}

static int conv(const Resnet *r, int x, const char *prefix, int place, P2pConvSpec spec)
{
    char name[64];

    snprintf(name, sizeof(name), "%s%d", prefix, place);
    spec.name = name;
    spec.bias |= r->bias;
    return p2p_graph_conv(r->g, x, &spec);
}

/* The same with stride 1, of a picture that keeps its size. */
static int same_conv(const Resnet *r, int x, const char *prefix, int place, P2pConvSpec spec)
{
    spec.stride = 1;
    if (r->pads)
        x = p2p_graph_pad(r->g, x, spec.kernel / 2);
    else
        spec.pad = spec.kernel / 2;
    return conv(r, x, prefix, place, spec);
}

/* x + norm(conv(pad([dropout] relu(norm(conv(pad(x))))))). */
static int block(const Resnet *r, int x, int place, int channels)
{
    const P2pConvSpec spec = {.out_channels = channels, .kernel = 3};
    const int first = r->pads, second = 2 * r->pads + 3 + r->spec->dropout;
    char prefix[48];

    snprintf(prefix, sizeof(prefix), "model.%d.conv_block.", place);
    int y = same_conv(r, x, prefix, first, spec);
    y = norm_act(r, y, prefix, first + 1, P2P_ACT_RELU, r->spec->dropout ? 0.5f : 0.0f);
    y = same_conv(r, y, prefix, second, spec);
    y = norm_act(r, y, prefix, second + 1, P2P_ACT_NONE, 0.0f);
    y = p2p_graph_add(r->g, x, y);
    if (r->spec->relu_after_add)
        y = p2p_graph_norm_act(r->g, y, &(P2pNormActSpec){.act = P2P_ACT_RELU});
    return y;
}

/* Twice the size: a transposed convolution, or resizing and a convolution; names as in a state_dict,
 * where resizing and padding count as modules. Returns the new value; *place is behind its ReLU. */
static int up(const Resnet *r, int x, int *place, int channels)
{
    const bool bilinear = r->spec->upsample == P2P_UPSAMPLE_BILINEAR;

    if (r->spec->upsample == P2P_UPSAMPLE_TRANSPOSED) {
        x = conv(r, x, "model.", *place,
                 (P2pConvSpec){.out_channels = channels,
                               .kernel = 3,
                               .stride = 2,
                               .pad = 1,
                               .output_pad = 1,
                               .transposed = true});
    } else {
        *place += 1 + r->pads;
        x = same_conv(r, p2p_graph_upsample(r->g, x, bilinear), "model.", *place,
                      (P2pConvSpec){.out_channels = channels, .kernel = 3});
    }
    x = norm_act(r, x, "model.", *place + 1, P2P_ACT_RELU, 0.0f);
    *place += 3;
    return x;
}

int p2p_build_resnet(P2pGraph *g, const P2pNetSpec *spec, int blocks)
{
    const Resnet r = {.g = g,
                      .spec = spec,
                      .bias = spec->all_bias || spec->norm == P2P_NORM_INSTANCE,
                      .pads = spec->zero_padding ? 0 : 1};
    const char *const p = "model.";
    int place = r.pads, x;

    if (spec->separable)
        return p2p_fail(P2P_EINVAL, "separable_conv is for U-Nets, not for ResNets");
    g->multiple = 4;
    x = same_conv(&r, g->input, p, place, (P2pConvSpec){.out_channels = spec->nf, .kernel = 7});
    x = norm_act(&r, x, p, place + 1, P2P_ACT_RELU, 0.0f);
    for (int i = 1; i <= 2; i++) {
        place += 3;
        x = conv(&r, x, p, place,
                 (P2pConvSpec){.out_channels = spec->nf << i, .kernel = 3, .stride = 2, .pad = 1});
        x = norm_act(&r, x, p, place + 1, P2P_ACT_RELU, 0.0f);
    }
    place += 3;
    for (int i = 0; i < blocks; i++)
        x = block(&r, x, place++, 4 * spec->nf);
    for (int i = 1; i >= 0; i--)
        x = up(&r, x, &place, spec->nf << i);
    same_conv(&r, x, p, place + r.pads,
              (P2pConvSpec){
                  .out_channels = spec->output_nc, .kernel = 7, .bias = true, .act = P2P_ACT_TANH});
    return g->err;
}
