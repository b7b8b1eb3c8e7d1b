/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of Adam, and of the passes around it. */
#include <math.h>

#include "cl/sizes.h"
#include "src/trial/trial.h"

static void fill_adam(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    const size_t count = p2p_tensor_elements(&c->call.t[P2P_ADAM_V]);
    float *hyper = host[P2P_ADAM_HYPER];

    (void)integers;
    for (size_t k = 0; k < count; k++)
        host[P2P_ADAM_V][k] *= host[P2P_ADAM_V][k];
    /* Gradients of every size, and none. */
    for (size_t k = 0; k < count; k += 7) {
        static const float sizes[] = {0.0f, 1e-20f, 1e-9f, 1e3f};
        host[P2P_ADAM_G][k] = sizes[p2p_draw_int(r, 0, 3)];
    }
    if (host[P2P_ADAM_SQUARES])
        *host[P2P_ADAM_SQUARES] = p2p_draw_chance(r, 20) ? 0.0f : 400.0f * fabsf(p2p_draw_real(r));
    if (host[P2P_ADAM_SCALE]) {
        *host[P2P_ADAM_SCALE] = p2p_draw_chance(r, 50) ? 0.5f : 1024.0f;
        if (p2p_draw_chance(r, 30))
            *host[P2P_ADAM_SQUARES] = p2p_draw_chance(r, 50) ? NAN : INFINITY;
    }
    hyper[P2P_HYPER_LR] = 0.125f;
    hyper[P2P_HYPER_H1] = 2.0f;
    hyper[P2P_HYPER_H2] = 1.5f;
}

/* A parameter: a weight, or any other tensor. */
static P2pTensor draw_parameter(P2pDraw *r, int block)
{
    P2pTensor t = p2p_draw_chance(r, 50)
                      ? p2p_tensor_vector(p2p_draw_channels(r, 3000))
                      : p2p_tensor_nhwc(p2p_draw_int(r, 1, 3), p2p_draw_size(r, 9),
                                        p2p_draw_size(r, 9), p2p_draw_channels(r, 60));

    if (p2p_draw_chance(r, 50))
        t = p2p_tensor_weight(p2p_draw_channels(r, 40), p2p_draw_channels(r, 40),
                              p2p_draw_int(r, 1, 4), p2p_draw_int(r, 1, 4), block);
    return t;
}

static void draw_adam(P2pDraw *r, P2pTrial *c, int block)
{
    const P2pTensor t = draw_parameter(r, block);

    for (int i = 0; i < P2P_ADAM_HYPER; i++)
        c->call.t[i] = t;
    c->call.t[P2P_ADAM_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    c->one_stride = true;
    c->call.attr.beta1 = 0.5;
    c->call.attr.beta2 = 0.999;
    c->call.attr.eps = p2p_draw_chance(r, 50) ? 1e-8f : 1e-2f;
    c->call.attr.epsilon_hat = p2p_draw_chance(r, 50);
    if (p2p_draw_chance(r, 50)) {
        c->call.t[P2P_ADAM_SQUARES] = p2p_tensor_vector(1);
        c->call.attr.clip = p2p_draw_chance(r, 50) ? 1.0f : 100.0f;
        if (p2p_draw_chance(r, 50)) {
            c->call.t[P2P_ADAM_SCALE] = p2p_tensor_vector(3);
            c->call.attr.clip = p2p_draw_chance(r, 50) ? 0.0f : 1.0f;
        }
    }
    c->call.attr.batches = p2p_draw_int(r, 0, 3);
    c->fill = fill_adam;
    c->ordinary = 1u << P2P_ADAM_HYPER | 1u << P2P_ADAM_SQUARES | 1u << P2P_ADAM_SCALE;
    c->ulps = 4;
    c->scale[P2P_ADAM_P] = c->scale[P2P_ADAM_M] = 4;
}

static bool size_adam(int i, P2pTrial *c, int block)
{
    static const int sizes[][4] = {{512, 1024, 4, 4}, {256, 128, 4, 4}, {3, 64, 4, 4}};

    if (i >= 3)
        return false;
    for (int k = 0; k < P2P_ADAM_HYPER; k++)
        c->call.t[k] = p2p_tensor_weight(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], block);
    c->call.t[P2P_ADAM_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    c->call.attr.eps = 1e-8f;
    return true;
}

static void draw_squares(P2pDraw *r, P2pTrial *c, int block)
{
    c->call.t[P2P_SQUARES_X] = draw_parameter(r, block);
    c->call.t[P2P_SQUARES_SUM] = p2p_tensor_vector(1);
    c->call.attr.add_value = p2p_draw_chance(r, 50);
    c->exact = true;
    c->ulps = 16; /* a sum of thousands */
    c->scale[P2P_SQUARES_SUM] = 1;
}

static bool size_squares(int i, P2pTrial *c, int block)
{
    c->call.t[P2P_SQUARES_X] = p2p_tensor_weight(512, 1024, 4, 4, block);
    c->call.t[P2P_SQUARES_SUM] = p2p_tensor_vector(1);
    return i < 1;
}

static void fill_ema(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    (void)c;
    (void)integers;
    host[P2P_EMA_HYPER][P2P_HYPER_EMA] = p2p_draw_chance(r, 50) ? 0.5f : 0.125f;
}

static void draw_ema(P2pDraw *r, P2pTrial *c, int block)
{
    c->call.t[P2P_EMA_AVERAGE] = c->call.t[P2P_EMA_P] = draw_parameter(r, block);
    c->call.t[P2P_EMA_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    c->one_stride = true;
    c->fill = fill_ema;
    c->ordinary = 1u << P2P_EMA_HYPER;
    c->ulps = 4;
    c->scale[P2P_EMA_AVERAGE] = 1;
}

static bool size_ema(int i, P2pTrial *c, int block)
{
    c->call.t[P2P_EMA_AVERAGE] = c->call.t[P2P_EMA_P] = p2p_tensor_weight(512, 1024, 4, 4, block);
    c->call.t[P2P_EMA_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    return i < 1;
}

static void fill_scale(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    static const float steps[] = {0.0f, 7.0f, LOSS_SCALE_STEPS - 1};
    static const float factors[] = {LOSS_SCALE_LEAST, LOSS_SCALE_FIRST, LOSS_SCALE_MOST};

    (void)c;
    (void)integers;
    host[P2P_SCALE_SCALE][0] = factors[p2p_draw_int(r, 0, 2)];
    host[P2P_SCALE_SCALE][1] = steps[p2p_draw_int(r, 0, 2)];
    host[P2P_SCALE_SCALE][2] = 3.0f;
}

static void draw_scale(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    c->call.t[P2P_SCALE_SCALE] = p2p_tensor_vector(3);
    for (int i = 0, count = p2p_draw_int(r, 1, P2P_SCALE_MOST); i < count; i++)
        c->call.t[P2P_SCALE_SQUARES + i] = p2p_tensor_vector(1);
    c->fill = fill_scale;
    c->ordinary = 1u << P2P_SCALE_SCALE;
    c->exact = true;
}

const P2pTrialKind p2p_trial_adam_kinds[] = {
    {&p2p_pass_adam, draw_adam, size_adam},
    {&p2p_pass_squares, draw_squares, size_squares},
    {&p2p_pass_ema, draw_ema, size_ema},
    {&p2p_pass_loss_scale, draw_scale, NULL},
    {0},
};
