/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of the losses. */
#include "src/trial/trial.h"

enum { PLACES = 8 };

/* Logits up to +-100, and some elements equal to their target. */
static void fill_loss(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    const size_t count = p2p_tensor_elements(&c->call.t[P2P_LOSS_X]);

    for (size_t k = 0; k < count && !integers; k++) {
        if (c->call.attr.loss == P2P_LOSS_BCE && p2p_draw_chance(r, 20))
            host[P2P_LOSS_X][k] *= 100.0f;
        if (host[P2P_LOSS_TARGET] && p2p_draw_chance(r, 10))
            host[P2P_LOSS_TARGET][k] = host[P2P_LOSS_X][k];
    }
}

static void draw_loss(P2pDraw *r, P2pTrial *c, int block)
{
    static const float values[] = {0.0f, 1.0f, -1.0f};
    const P2pTensor x = p2p_tensor_nhwc(p2p_draw_int(r, 1, 3), p2p_draw_size(r, 60),
                                        p2p_draw_size(r, 20), p2p_draw_channels(r, 20));
    P2pAttr *a = &c->call.attr;

    (void)block;
    a->loss = (P2pLossKind)p2p_draw_int(r, P2P_LOSS_L1, P2P_LOSS_HINGE);
    a->value = values[p2p_draw_int(r, 0, a->loss >= P2P_LOSS_MEAN ? 2 : 1)];
    a->value_scale = p2p_draw_chance(r, 50) ? 1.0f : 0.5f;
    a->grad_scale = p2p_draw_chance(r, 50) ? 1.0f : 100.0f;
    a->index = p2p_draw_int(r, 0, PLACES - 1);
    a->accumulate = p2p_draw_chance(r, 50);
    a->add_value = p2p_draw_chance(r, 50);
    c->call.t[P2P_LOSS_X] = x;
    if (a->loss == P2P_LOSS_L1)
        c->call.t[P2P_LOSS_TARGET] = x;
    c->call.t[P2P_LOSS_VALUE] = p2p_tensor_vector(PLACES);
    if (p2p_draw_chance(r, 80))
        c->call.t[P2P_LOSS_DX] = x;
    if (p2p_draw_chance(r, 30))
        c->call.t[P2P_LOSS_SCALE] = p2p_tensor_vector(3);
    c->fill = fill_loss;
    c->ulps = 8;
    c->ulps_of[P2P_LOSS_VALUE] = 16; /* a sum of thousands */
    c->scale[P2P_LOSS_VALUE] = a->add_value ? 4 : 1;
    c->scale[P2P_LOSS_DX] =
        (double)a->grad_scale / (double)p2p_tensor_elements(&x) + (a->accumulate ? 4 : 0);
}

static bool size_loss(int i, P2pTrial *c, int block)
{
    (void)block;
    if (i >= 2)
        return false;
    c->call.t[P2P_LOSS_X] = i ? p2p_tensor_nhwc(1, 30, 30, 1) : p2p_tensor_nhwc(1, 256, 256, 3);
    c->call.t[P2P_LOSS_DX] = c->call.t[P2P_LOSS_X];
    if (i == 0)
        c->call.t[P2P_LOSS_TARGET] = c->call.t[P2P_LOSS_X];
    c->call.t[P2P_LOSS_VALUE] = p2p_tensor_vector(PLACES);
    c->call.attr.loss = i ? P2P_LOSS_BCE : P2P_LOSS_L1;
    return true;
}

const P2pTrialKind p2p_trial_loss_kinds[] = {
    {&p2p_pass_loss, draw_loss, size_loss},
    {0},
};
