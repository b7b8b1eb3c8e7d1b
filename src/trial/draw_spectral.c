/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of spectral normalisation. */
#include "src/trial/trial.h"

static void draw_shape(P2pDraw *r, P2pTrial *c, int block)
{
    static const int sides[] = {1, 3, 4};
    const int k = sides[p2p_draw_int(r, 0, 2)];
    const P2pTensor w =
        p2p_tensor_weight(p2p_draw_channels(r, 80), p2p_draw_channels(r, 40), k, k, block);

    c->call.t[P2P_SPECTRAL_Y] = w;
    c->call.t[P2P_SPECTRAL_U_USED] = p2p_tensor_vector(w.n);
    c->call.t[P2P_SPECTRAL_V_USED] = p2p_tensor_vector(w.c * k * k);
    c->call.t[P2P_SPECTRAL_SIGMA] = p2p_tensor_vector(1);
}

/* The norm of W v, a sum of positive terms, is as exact as those are; W v cancels in its terms. */
static void draw_fwd(P2pDraw *r, P2pTrial *c, int block)
{
    draw_shape(r, c, block);
    c->call.t[P2P_SPECTRAL_W] = c->call.t[P2P_SPECTRAL_Y];
    c->call.t[P2P_SPECTRAL_U] = c->call.t[P2P_SPECTRAL_U_USED];
    c->call.t[P2P_SPECTRAL_V] = c->call.t[P2P_SPECTRAL_V_USED];
    c->ulps = 64;
    c->scale[P2P_SPECTRAL_U] = c->scale[P2P_SPECTRAL_U_USED] = 1;
    c->scale[P2P_SPECTRAL_V] = c->scale[P2P_SPECTRAL_V_USED] = 1;
    c->ordinary = 0x3ff;
}

static void fill_bwd(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    (void)c, (void)integers;
    host[P2P_SPECTRAL_SIGMA][0] = 0.5f + 0.25f * (float)p2p_draw_int(r, 0, 8);
}

static void draw_bwd(P2pDraw *r, P2pTrial *c, int block)
{
    draw_shape(r, c, block);
    const P2pTensor w = c->call.t[P2P_SPECTRAL_Y];
    c->call.t[P2P_SPECTRAL_DY] = c->call.t[P2P_SPECTRAL_DW] = w;
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
    c->fill = fill_bwd;
    c->terms = (double)p2p_tensor_elements(&w) + 4;
    c->ordinary = 1u << P2P_SPECTRAL_SIGMA;
}

static bool size_fwd(int i, P2pTrial *c, int block)
{
    static const int sizes[][2] = {{64, 6}, {128, 64}, {256, 128}, {512, 256}, {1, 512}};

    if (i >= 5)
        return false;
    c->call.t[P2P_SPECTRAL_W] = c->call.t[P2P_SPECTRAL_Y] =
        p2p_tensor_weight(sizes[i][0], sizes[i][1], 4, 4, block);
    c->call.t[P2P_SPECTRAL_U] = c->call.t[P2P_SPECTRAL_U_USED] = p2p_tensor_vector(sizes[i][0]);
    c->call.t[P2P_SPECTRAL_V] = c->call.t[P2P_SPECTRAL_V_USED] =
        p2p_tensor_vector(sizes[i][1] * 16);
    c->call.t[P2P_SPECTRAL_SIGMA] = p2p_tensor_vector(1);
    return true;
}

const P2pTrialKind p2p_trial_spectral_kinds[] = {
    {&p2p_pass_spectral_fwd, draw_fwd, size_fwd},
    {&p2p_pass_spectral_bwd, draw_bwd, NULL},
    {0},
};
