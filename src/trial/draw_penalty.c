/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of the gradient penalty's own passes. */
#include <math.h>

#include "src/trial/trial.h"

enum { PLACES = 8 };

static P2pTensor draw_picture(P2pDraw *r)
{
    return p2p_tensor_nhwc(p2p_draw_int(r, 1, 3), p2p_draw_size(r, 20), p2p_draw_size(r, 20),
                           p2p_draw_channels(r, p2p_draw_chance(r, 20) ? 200 : 40));
}

static void draw_mix(P2pDraw *r, P2pTrial *c, int block)
{
    const P2pTensor x = draw_picture(r);

    (void)block;
    c->call.t[P2P_MIX_A] = c->call.t[P2P_MIX_B] = c->call.t[P2P_MIX_Y] = x;
    c->call.t[P2P_MIX_SHARE] = p2p_tensor_vector(x.n);
    c->exact = true;
    c->terms = 2;
}

static void draw_penalty(P2pDraw *r, P2pTrial *c, int block)
{
    const P2pTensor x = draw_picture(r);
    P2pAttr *a = &c->call.attr;

    (void)block;
    c->call.t[P2P_PENALTY_G] = c->call.t[P2P_PENALTY_V] = x;
    c->call.t[P2P_PENALTY_VALUE] = p2p_tensor_vector(PLACES);
    a->value = 1.0f;
    a->value_scale = a->grad_scale = p2p_draw_chance(r, 50) ? 10.0f : 1.0f;
    a->index = p2p_draw_int(r, 0, PLACES - 1);
    /* The norm less 1 may cancel; in what it is multiplied by nothing does. */
    c->ulps = 64;
    c->scale[P2P_PENALTY_VALUE] =
        (double)a->value_scale * (double)p2p_tensor_elements(&x) / x.n * 16;
    c->scale[P2P_PENALTY_V] = (double)a->grad_scale * 8;
}

static void fill_tangent(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    const size_t count = p2p_tensor_elements(&c->call.t[P2P_NT_RSTD]);

    (void)r;
    for (size_t k = 0; k < count; k++)
        host[P2P_NT_RSTD][k] =
            integers ? 0.5f : host[P2P_NT_RSTD][k] * host[P2P_NT_RSTD][k] + 0.25f;
}

static void draw_tangent_sums(P2pDraw *r, P2pTrial *c, int block)
{
    const P2pTensor x = draw_picture(r);
    const int groups = p2p_draw_chance(r, 50) ? x.n : 1;

    (void)block;
    c->call.t[P2P_NT_T] = c->call.t[P2P_NT_U] = x;
    c->call.t[P2P_NT_RSTD] = c->call.t[P2P_NT_Q] = p2p_tensor_nhwc(groups, 1, 1, x.c);
    c->call.t[P2P_NT_SUMS_T] = c->call.t[P2P_NT_SUMS_U] = p2p_tensor_nhwc(groups, 1, 1, 2 * x.c);
    c->fill = fill_tangent;
    c->terms = (double)x.n / groups * x.h * x.w + 4;
}

static void draw_tangent_bwd(P2pDraw *r, P2pTrial *c, int block)
{
    draw_tangent_sums(r, c, block);
    c->call.t[P2P_NT_X] = c->call.t[P2P_NT_DX] = c->call.t[P2P_NT_T];
    c->call.t[P2P_NT_MEAN] = c->call.t[P2P_NT_RSTD];
    if (p2p_draw_chance(r, 60))
        c->call.t[P2P_NT_GAMMA] = p2p_tensor_vector(c->call.t[P2P_NT_X].c);
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
    c->terms = 10;
}

const P2pTrialKind p2p_trial_penalty_kinds[] = {
    {&p2p_pass_mix, draw_mix, NULL},
    {&p2p_pass_penalty, draw_penalty, NULL},
    {&p2p_pass_norm_tangent_sums, draw_tangent_sums, NULL},
    {&p2p_pass_norm_tangent_bwd, draw_tangent_bwd, NULL},
    {0},
};
