/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ResNet generators with 6 or 9 blocks (Johnson et al. 2016; as in the reference implementation):
 * reflection padding, 7x7, two strided convolutions down, the blocks, two up, 7x7, tanh.
 */
#include <stdio.h>

#include "src/base/status.h"
#include "src/nets/nets.h"

typedef struct Resnet {
    P2pGraph *g;
    const P2pNetSpec *spec;
    bool bias;
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

/* x + norm(conv(pad([dropout] relu(norm(conv(pad(x))))))). */
static int block(const Resnet *r, int x, int place, int channels)
{
    const P2pConvSpec spec = {.out_channels = channels, .kernel = 3, .stride = 1};
    const int second = r->spec->dropout ? 6 : 5;
    char prefix[48];

    snprintf(prefix, sizeof(prefix), "model.%d.conv_block.", place);
    int y = conv(r, p2p_graph_pad(r->g, x, 1), prefix, 1, spec);
    y = norm_act(r, y, prefix, 2, P2P_ACT_RELU, r->spec->dropout ? 0.5f : 0.0f);
    y = conv(r, p2p_graph_pad(r->g, y, 1), prefix, second, spec);
    y = norm_act(r, y, prefix, second + 1, P2P_ACT_NONE, 0.0f);
    y = p2p_graph_add(r->g, x, y);
    if (r->spec->relu_after_add)
        y = p2p_graph_norm_act(r->g, y, &(P2pNormActSpec){.act = P2P_ACT_RELU});
    return y;
}

int p2p_build_resnet(P2pGraph *g, const P2pNetSpec *spec, int blocks)
{
    const Resnet r = {g, spec, spec->all_bias || spec->norm == P2P_NORM_INSTANCE};
    const char *const p = "model.";
    int place = 10, x = p2p_graph_pad(g, g->input, 3);

    g->multiple = 4;
    x = conv(&r, x, p, 1, (P2pConvSpec){.out_channels = spec->nf, .kernel = 7, .stride = 1});
    x = norm_act(&r, x, p, 2, P2P_ACT_RELU, 0.0f);
    for (int i = 1; i <= 2; i++) {
        x = conv(&r, x, p, 1 + 3 * i,
                 (P2pConvSpec){.out_channels = spec->nf << i, .kernel = 3, .stride = 2, .pad = 1});
        x = norm_act(&r, x, p, 2 + 3 * i, P2P_ACT_RELU, 0.0f);
    }
    for (int i = 0; i < blocks; i++)
        x = block(&r, x, place++, 4 * spec->nf);
    for (int i = 1; i >= 0; i--, place += 3) {
        x = conv(&r, x, p, place,
                 (P2pConvSpec){.out_channels = spec->nf << i,
                               .kernel = 3,
                               .stride = 2,
                               .pad = 1,
                               .output_pad = 1,
                               .transposed = true});
        x = norm_act(&r, x, p, place + 1, P2P_ACT_RELU, 0.0f);
    }
    conv(&r, p2p_graph_pad(g, x, 3), p, place + 1,
         (P2pConvSpec){.out_channels = spec->output_nc,
                       .kernel = 7,
                       .stride = 1,
                       .bias = true,
                       .act = P2P_ACT_TANH});
    return g->err;
}
