/* SPDX-License-Identifier: BSD-2-Clause */
/* A forward plan for each direction. */
#include "src/train/generators.h"

#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

struct P2pGenerators {
    P2pNet *net[2];
    P2pForwards *ways[2]; /* there, back; NULL: there is none */
};

static P2pNet *find(const P2pGan *gan, bool back)
{
    P2pNet *best = NULL;

    for (int i = 0; i < gan->net_count; i++) {
        const P2pNetRole *role = &gan->nets[i]->role;
        if (role->task == P2P_GENERATOR && role->back == back && (!best || role->averaged))
            best = gan->nets[i];
    }
    return best;
}

int p2p_generators_create(P2pGenerators **out, const P2pGan *gan, const P2pOptions *o)
{
    P2pForwardSettings settings = {
        .device = gan->device,
        .mode = {.alone = 1, .dropout = !o->no_dropout},
        .choice = {.variants = o->variant, .precision = o->precision, .refs = o->ref},
        .seed = (uint32_t)o->seed,
        .fill = o->mask_loss == P2P_MASK_LOSS_HOLE};
    P2pGenerators *g = *out = p2p_alloc(1, sizeof(*g));
    int err = g ? P2P_OK : P2P_ENOMEM;

    for (int back = 0; !err && back < 2; back++)
        if ((settings.net = g->net[back] = find(gan, back)))
            err = p2p_forwards_create(&g->ways[back], &settings);
    if (err)
        p2p_generators_destroy(out);
    return err;
}

void p2p_generators_destroy(P2pGenerators **generators)
{
    if (!*generators)
        return;
    for (int back = 0; back < 2; back++)
        p2p_forwards_destroy(&(*generators)->ways[back]);
    free(*generators);
    *generators = NULL;
}

int p2p_generators_plan(P2pGenerators *g, int width, int height)
{
    P2pForward *f;
    int err = P2P_OK;

    for (int back = 0; !err && back < 2; back++)
        if (g->ways[back])
            err = p2p_forwards_get(g->ways[back], width, height, false, &f);
    return err;
}

size_t p2p_generators_bytes(const P2pGenerators *g)
{
    size_t bytes = 0;

    for (int back = 0; back < 2; back++)
        bytes += g->ways[back] ? p2p_forwards_bytes(g->ways[back]) : 0;
    return bytes;
}

bool p2p_generators_have_back(const P2pGenerators *g)
{
    return g->net[1] != NULL;
}

int p2p_generators_run(P2pGenerators *g, bool back, const float *in, int width, int height,
                       const P2pForward **out)
{
    const P2pGraph *graph = g->net[back]->graph;
    P2pForward *f;
    int err = p2p_forwards_get(g->ways[back], width, height, false, &f);

    *out = f;
    if (err)
        return err;
    memcpy(f->in, in,
           (size_t)width * (size_t)height * (size_t)graph->values[graph->input].c * sizeof(*in));
    return p2p_forward_run(f);
}
