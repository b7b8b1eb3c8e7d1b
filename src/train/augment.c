/* SPDX-License-Identifier: BSD-2-Clause */
/* Passes of one drawing, forward and back. */
#include "src/train/augment.h"

#include "src/base/memory.h"
#include "src/base/rng.h"

uint32_t p2p_augment_draw(P2pGan *g)
{
    return p2p_stream(P2P_STREAM_AUGMENT, (uint32_t)g->drawings++);
}

/* The contrast turns around the mean of a picture, gradients around theirs. */
static int tint(P2pGan *g, uint32_t drawing, int x, bool linear)
{
    static const P2pAttr statistics = {.eps = 1};
    const P2pAttr attr = {.stream = drawing, .linear = linear};
    const P2pTensor *found = p2p_plan_get(g->plan, x);

    if (!found || !(g->update.augment & P2P_AUGMENT_COLOR))
        return x;
    const P2pTensor t = *found, each = p2p_tensor_nhwc(t.n, 1, 1, t.c);
    const int mean = p2p_plan_tensor(g->plan, each), rstd = p2p_plan_tensor(g->plan, each);
    const int y = p2p_plan_tensor(g->plan, p2p_tensor_nhwc(t.n, t.h, t.w, t.c));
    P2P_PLAN_STEP(g->plan, "augment", &p2p_pass_norm_stats, &statistics, x, mean, rstd, -1, -1);
    P2P_PLAN_STEP(g->plan, "augment", &p2p_pass_tint, &attr, x, mean, g->hyper, y);
    return y;
}

int p2p_augment_tint(P2pGan *g, uint32_t drawing, int x)
{
    return tint(g, drawing, x, false);
}

int p2p_augment_tint_back(P2pGan *g, uint32_t drawing, int dy)
{
    return tint(g, drawing, dy, true);
}

bool p2p_augment_moves(const P2pGan *g)
{
    return g->update.augment & (P2P_AUGMENT_TRANSLATION | P2P_AUGMENT_CUTOUT);
}

static int move(P2pGan *g, uint32_t drawing, int x, int y, const P2pPass *pass)
{
    const P2pAttr attr = {.stream = drawing,
                          .shifts = g->update.augment & P2P_AUGMENT_TRANSLATION,
                          .hole = g->update.augment & P2P_AUGMENT_CUTOUT};
    const P2pTensor *found = p2p_plan_get(g->plan, x);

    if (!found || !p2p_augment_moves(g))
        return x;
    const P2pTensor t = *found;
    if (y < 0)
        y = p2p_plan_tensor(g->plan, p2p_tensor_nhwc(t.n, t.h, t.w, t.c));
    P2P_PLAN_STEP(g->plan, "augment", pass, &attr, x, g->hyper, y);
    return y;
}

int p2p_augment_move(P2pGan *g, uint32_t drawing, int x, int y)
{
    return move(g, drawing, x, y, &p2p_pass_move_fwd);
}

int p2p_augment_move_back(P2pGan *g, uint32_t drawing, int dy)
{
    return move(g, drawing, dy, -1, &p2p_pass_move_bwd);
}
