/* SPDX-License-Identifier: BSD-2-Clause */
/* The one list of networks. */
#include "src/nets/nets.h"

#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

static int build_unet(P2pGraph *g, const P2pNetSpec *spec, int levels)
{
    return p2p_build_unet(g, spec, spec->levels ? spec->levels : levels, true);
}

static int build_encoder_decoder(P2pGraph *g, const P2pNetSpec *spec, int levels)
{
    return p2p_build_unet(g, spec, spec->levels ? spec->levels : levels, false);
}

static int build_n_layers(P2pGraph *g, const P2pNetSpec *spec, int layers)
{
    return p2p_build_patchgan(g, spec, spec->levels ? spec->levels : layers);
}

static int build_basic(P2pGraph *g, const P2pNetSpec *spec, int layers)
{
    return p2p_build_patchgan(g, spec, layers);
}

static int build_pixel(P2pGraph *g, const P2pNetSpec *spec, int unused)
{
    (void)unused;
    return p2p_build_pixel(g, spec);
}

static int build_resnet(P2pGraph *g, const P2pNetSpec *spec, int blocks)
{
    return p2p_build_resnet(g, spec, spec->levels ? spec->levels : blocks);
}

static const struct {
    const char *name;
    int (*build)(P2pGraph *g, const P2pNetSpec *spec, int size);
    int size; /* levels, blocks or layers */
} nets[] = {
    {"unet_256", build_unet, 8},
    {"unet_128", build_unet, 7},
    {"encoder_decoder", build_encoder_decoder, 8},
    {"resnet_9blocks", build_resnet, 9},
    {"resnet_6blocks", build_resnet, 6},
    {"basic", build_basic, 3},
    {"n_layers", build_n_layers, 3},
    {"pixel", build_pixel, 0},
};

static int fail_unknown(const char *name)
{
    char known[256] = "";
    size_t used = 0;

    for (size_t i = 0; i < P2P_COUNT(nets) && used < sizeof(known); i++)
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
                                 nets[i].name);
    return p2p_fail(P2P_EINVAL, "there is no network '%s'; known are %s", name, known);
}

int p2p_nets_build(P2pGraph **out, const P2pNetSpec *spec)
{
    int err;

    *out = NULL;
    if (spec->nf < 1 || spec->input_nc < 1)
        return p2p_fail(P2P_EINVAL, "a network needs at least one channel and one filter");
    for (size_t i = 0; i < P2P_COUNT(nets); i++) {
        if (strcmp(nets[i].name, spec->name) != 0)
            continue;
        if ((err = p2p_graph_create(out, spec->input_nc)) < 0 ||
            (err = nets[i].build(*out, spec, nets[i].size)) < 0)
            p2p_graph_destroy(out);
        return err;
    }
    return fail_unknown(spec->name);
}
