/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receptive fields (Araujo, Norris and Sim 2019, Distill), through skips too: a value's own is the
 * largest of all ways to it.
 */
#include "src/report/receptive.h"

#include <stdio.h>
#include <string.h>

#include "p2p/report.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/source.h"

/* Of a value: what one pixel sees, and how far apart two neighbours are, in pixels of the input. */
typedef struct Reach {
    double side, jump;
} Reach;

/* A value that is put together from others sees what they see. */
static Reach reach_of(const P2pGraph *g, const Reach *of, int value)
{
    Reach most = of[value];

    for (int i = 0; i < g->value_count; i++)
        if (g->values[i].parent == value) {
            const Reach part = reach_of(g, of, i);
            if (part.side > most.side)
                most = part;
        }
    return most;
}

/* A window of `kernel` pixels; transposed, an output meets every stride-th of its weights. */
static Reach through_conv(const P2pNode *n, Reach x)
{
    const int taps = n->transposed ? p2p_ceil_div(n->kernel, n->stride) : n->kernel;

    return (Reach){x.side + (taps - 1) * x.jump,
                   n->transposed ? x.jump / n->stride : x.jump * n->stride};
}

static Reach through(const P2pGraph *g, const Reach *of, const P2pNode *n)
{
    Reach x = reach_of(g, of, n->in[0]), other;

    switch (n->kind) {
    case P2P_NODE_CONV:
    case P2P_NODE_DEPTHWISE:
        return through_conv(n, x);
    case P2P_NODE_ADD:
        other = reach_of(g, of, n->in[1]);
        return other.side > x.side ? other : x;
    case P2P_NODE_UPSAMPLE:
        return (Reach){x.side + (n->bilinear ? x.jump : 0), x.jump / 2};
    case P2P_NODE_PAD:
    case P2P_NODE_NORM_ACT:
        break;
    }
    return x;
}

int p2p_receptive_field(const P2pGraph *g, int *side)
{
    Reach *of = p2p_alloc((size_t)g->value_count, sizeof(*of));

    if (!of)
        return P2P_ENOMEM;
    of[g->input] = (Reach){1, 1};
    for (int i = 0; i < g->node_count; i++) {
        const P2pNode *n = &g->nodes[i];
        const Reach y = through(g, of, n);
        for (int k = 0; k < 2; k++)
            if (n->out[k] >= 0)
                of[n->out[k]] = y;
    }
    *side = (int)reach_of(g, of, g->output).side;
    free(of);
    return P2P_OK;
}

/* ---- Of a model ---------------------------------------------------------------------------- */

enum { BYTES = 4096 };

static int tell(const P2pGraph *g, const char *name, const char *what, char *text)
{
    const size_t used = strlen(text);
    int side;
    const int err = p2p_receptive_field(g, &side);

    if (!err)
        snprintf(text + used, BYTES - used, "%s: %s, %d x %d pixels\n", name, what, side, side);
    return err;
}

int p2p_report_receptive_fields(const char *model, char **text)
{
    P2P_NEED(model);
    P2P_NEED(text);

    P2pSource s;
    P2pGraph *g;
    int err;

    *text = NULL;
    if ((err = p2p_source_open(&s, model, NULL, NULL)) < 0)
        return err;
    if (!(*text = p2p_alloc(BYTES, 1)))
        err = P2P_ENOMEM;
    if (!err)
        err = tell(s.graph, s.net.name, p2p_network_spec(&s.options, s.net.role).name, *text);
    for (int i = 0; !err && i < s.held.count; i++) {
        const P2pNetwork *n = &s.held.at[i];
        const P2pNetSpec spec = p2p_network_spec(&s.options, n->role);
        if (!strcmp(n->name, s.net.name) || (err = p2p_nets_build(&g, &spec)) < 0)
            continue;
        err = tell(g, n->name, spec.name, *text);
        p2p_graph_destroy(&g);
    }
    if (err) {
        free(*text);
        *text = NULL;
    }
    p2p_source_finish(&s);
    return err;
}
