/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Discriminators: the PatchGAN with n layers (Isola et al. 2017, sec. 6.1.2; n = 3 sees 70x70
 * pixels) and the 1x1 "pixel" one. The output is a map of logits.
 */
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/nets/nets.h"

enum { MAX_LAYERS = 6 };

static int conv_norm_leaky(P2pGraph *g, const P2pNetSpec *spec, int x, const char *prefix,
                           int place, P2pConvSpec conv)
{
    char name[32];

    snprintf(name, sizeof(name), "%s.%d", prefix, place);
    conv.name = name;
    conv.bias = spec->all_bias || spec->spectral || spec->norm == P2P_NORM_INSTANCE;
    conv.spectral = spec->spectral;
    x = p2p_graph_conv(g, x, &conv);
    snprintf(name, sizeof(name), "%s.%d", prefix, place + 1);
    return p2p_graph_norm_act(g, x,
                              &(P2pNormActSpec){.norm = spec->spectral ? P2P_NORM_NONE : spec->norm,
                                                .name = name,
                                                .eps = P2P_NETS_NORM_EPS,
                                                .momentum = P2P_NETS_NORM_MOMENTUM,
                                                .act = P2P_ACT_LEAKY_RELU,
                                                .slope = P2P_NETS_LEAKY_SLOPE});
}

int p2p_build_patchgan(P2pGraph *g, const P2pNetSpec *spec, int layers)
{
    char name[32];
    int place = 2;

    if (layers < 1 || layers > MAX_LAYERS)
        return p2p_fail(P2P_EINVAL, "a PatchGAN has 1 to %d layers, not n_layers_D %d", MAX_LAYERS,
                        layers);
    int x = p2p_graph_conv(g, g->input,
                           &(P2pConvSpec){.out_channels = spec->nf,
                                          .kernel = 4,
                                          .stride = 2,
                                          .pad = 1,
                                          .bias = true,
                                          .spectral = spec->spectral,
                                          .act = P2P_ACT_LEAKY_RELU,
                                          .slope = P2P_NETS_LEAKY_SLOPE,
                                          .name = "model.0"});
    for (int k = 1; k <= layers; k++, place += 3)
        x = conv_norm_leaky(g, spec, x, "model", place,
                            (P2pConvSpec){.out_channels = spec->nf * p2p_min(1 << k, 8),
                                          .kernel = 4,
                                          .stride = k < layers ? 2 : 1,
                                          .pad = 1});
    snprintf(name, sizeof(name), "model.%d", place);
    p2p_graph_conv(g, x,
                   &(P2pConvSpec){.out_channels = 1,
                                  .kernel = 4,
                                  .stride = 1,
                                  .pad = 1,
                                  .bias = true,
                                  .spectral = spec->spectral,
                                  .name = name});
    return g->err;
}

int p2p_build_pixel(P2pGraph *g, const P2pNetSpec *spec)
{
    int x = p2p_graph_conv(g, g->input,
                           &(P2pConvSpec){.out_channels = spec->nf,
                                          .kernel = 1,
                                          .stride = 1,
                                          .bias = true,
                                          .spectral = spec->spectral,
                                          .act = P2P_ACT_LEAKY_RELU,
                                          .slope = P2P_NETS_LEAKY_SLOPE,
                                          .name = "net.0"});

    x = conv_norm_leaky(g, spec, x, "net", 2,
                        (P2pConvSpec){.out_channels = 2 * spec->nf, .kernel = 1, .stride = 1});
    p2p_graph_conv(
        g, x,
        &(P2pConvSpec){.out_channels = 1,
                       .kernel = 1,
                       .stride = 1,
                       .bias = spec->all_bias || spec->spectral || spec->norm == P2P_NORM_INSTANCE,
                       .spectral = spec->spectral,
                       .name = "net.5"});
    return g->err;
}
