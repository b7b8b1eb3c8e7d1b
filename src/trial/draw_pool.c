/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of the pool: empty, filling, full. */
#include <string.h>

#include "src/trial/trial.h"

static void fill_pool(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    const int slots = c->call.t[P2P_POOL_POOL].n;
    const uint32_t words[3] = {
        (uint32_t)p2p_draw_int(r, 0, 1 << 29), (uint32_t)p2p_draw_int(r, 0, 1 << 29),
        (uint32_t)p2p_draw_int(r, 0, p2p_draw_chance(r, 50) ? slots : 3 * slots)};

    (void)integers;
    memcpy(host[P2P_POOL_HYPER] + P2P_HYPER_SEED, words, sizeof(words));
}

static void draw_pool(P2pDraw *r, P2pTrial *c, int block)
{
    const P2pTensor x = p2p_tensor_nhwc(p2p_draw_int(r, 1, 5), p2p_draw_size(r, 20),
                                        p2p_draw_size(r, 20), p2p_draw_channels(r, 8));

    (void)block;
    c->call.t[P2P_POOL_X] = c->call.t[P2P_POOL_Y] = c->call.t[P2P_POOL_POOL] = x;
    c->call.t[P2P_POOL_POOL].n = p2p_draw_int(r, 1, 6);
    c->call.t[P2P_POOL_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    c->call.attr.stream = 0x7000000u + (uint32_t)p2p_draw_int(r, 0, 1);
    c->fill = fill_pool;
    c->ordinary = 1u << P2P_POOL_HYPER;
    c->exact = true;
}

static bool size_pool(int i, P2pTrial *c, int block)
{
    const P2pTensor x = p2p_tensor_nhwc(1, 256, 256, 3);

    (void)block;
    c->call.t[P2P_POOL_X] = c->call.t[P2P_POOL_Y] = c->call.t[P2P_POOL_POOL] = x;
    c->call.t[P2P_POOL_POOL].n = 50;
    c->call.t[P2P_POOL_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    return i < 1;
}

const P2pTrialKind p2p_trial_pool_kinds[] = {
    {&p2p_pass_pool, draw_pool, size_pool},
    {0},
};
