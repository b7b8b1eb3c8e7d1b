/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of the convolution passes: random geometry, and the layers of the networks for timing. */
#include "cl/sizes.h"
#include "src/base/memory.h"
#include "src/trial/trial.h"

/* Small side of one dimension. */
static int small_size(int large, int kernel, int stride, int pad)
{
    return (large + 2 * pad - kernel) / stride + 1;
}

static void set_shapes(P2pTrial *c, int n, int h, int w, int channels, int k, int kernel, int block)
{
    const P2pAttr *a = &c->call.attr;
    P2pTensor *t = c->call.t;

    t[P2P_CONV_X] = p2p_tensor_nhwc(n, h, w, channels);
    t[P2P_CONV_Y] = p2p_tensor_nhwc(n, small_size(h, kernel, a->stride, a->pad),
                                    small_size(w, kernel, a->stride, a->pad), k);
    t[P2P_CONV_W] = a->large_out ? p2p_tensor_weight(channels, k, kernel, kernel, block)
                                 : p2p_tensor_weight(k, channels, kernel, kernel, block);
}

/* Often whole blocks on both sides, as some variants need; where all is small one, or as a tile's slice is
 * deep. */
static int draw_channels(P2pDraw *r, int block)
{
    if (!p2p_draw_chance(r, 60))
        return p2p_draw_channels(r, 40);
    if (r->most)
        return p2p_draw_chance(r, 50) ? block : p2p_max(block, TILE_DEPTH);
    return block * p2p_draw_int(r, 1, 4);
}

/* Sides of up to 20 pixels; some of up to 90 with one block of channels: many tiles; some with few
 * channels on one side, as at the ends of the networks. */
static void draw_sizes(P2pDraw *r, P2pTrial *c, int least, int kernel, int block)
{
    if (p2p_draw_chance(r, 15)) {
        const int few = p2p_draw_int(r, 1, 8), rest = block * p2p_draw_int(r, 1, 2);
        const bool small = p2p_draw_chance(r, 50);

        set_shapes(c, p2p_draw_int(r, 1, 2), p2p_max(least, p2p_draw_size(r, 40)),
                   p2p_max(least, p2p_draw_size(r, 40)), small ? rest : few, small ? few : rest,
                   kernel, block);
        return;
    }
    if (!r->most && p2p_draw_chance(r, 15))
        set_shapes(c, p2p_draw_int(r, 1, 2), p2p_draw_int(r, 30, 90), p2p_draw_int(r, 30, 90),
                   block, block, kernel, block);
    else
        set_shapes(c, p2p_draw_int(r, 1, 3), p2p_max(least, p2p_draw_size(r, 20)),
                   p2p_max(least, p2p_draw_size(r, 20)), draw_channels(r, block),
                   draw_channels(r, block), kernel, block);
}

/* Kernel 1 to 7, stride 1 to 3, padding below the kernel; often the networks' 4x4. */
static void draw_geometry(P2pDraw *r, P2pTrial *c, int block)
{
    P2pAttr *a = &c->call.attr;
    const int kernel = p2p_draw_chance(r, 50)   ? 4
                       : p2p_draw_chance(r, 30) ? 3
                                                : p2p_draw_int(r, 1, 7);

    a->stride = p2p_draw_chance(r, 30) ? 1 : p2p_draw_chance(r, 60) ? 2 : p2p_draw_int(r, 1, 3);
    a->pad = p2p_draw_chance(r, 60) ? p2p_min(1, kernel - 1) : p2p_draw_int(r, 0, kernel - 1);
    a->large_out = p2p_draw_chance(r, 50);
    if (p2p_draw_chance(r, 8)) { /* the last layer of a discriminator */
        a->stride = 1;
        a->large_out = false;
        set_shapes(c, p2p_draw_int(r, 1, 2), p2p_max(kernel, p2p_draw_size(r, 40)),
                   p2p_max(kernel, p2p_draw_size(r, 40)), draw_channels(r, block), 1, kernel,
                   block);
    } else {
        draw_sizes(r, c, p2p_max(1, kernel - 2 * a->pad), kernel, block);
    }
    a->precision = (P2pPrecision)p2p_draw_int(r, P2P_PRECISION_F32, P2P_PRECISION_F16);
}

static void draw_epilogue(P2pDraw *r, P2pTrial *c, int channels)
{
    P2pAttr *a = &c->call.attr;

    a->accumulate = p2p_draw_chance(r, 30);
    if (a->accumulate)
        return;
    if (p2p_draw_chance(r, 50))
        c->call.t[P2P_CONV_BIAS] = p2p_tensor_vector(channels);
    a->act1 = (P2pAct)p2p_draw_int(r, 0, 2);
    a->slope = 0.25f;
}

/* Weights of any type: bytes are exact for integers too. */
static void draw_type(P2pDraw *r, P2pTrial *c)
{
    static const P2pType types[] = {P2P_TYPE_F16, P2P_TYPE_BF16, P2P_TYPE_Q8};

    if (p2p_draw_chance(r, 40))
        c->call.t[P2P_CONV_W].type = types[p2p_draw_int(r, 0, 2)];
}

/* v is at least 1, so that the gradient's rounding reaches the weight hardly enlarged. */
static void fill_wgrad_adam(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    const size_t count = p2p_tensor_elements(&c->call.t[P2P_CONV_V]);
    float *hyper = host[P2P_CONV_HYPER];

    (void)r, (void)integers;
    for (size_t k = 0; k < count; k++)
        host[P2P_CONV_V][k] = 1 + host[P2P_CONV_V][k] * host[P2P_CONV_V][k];
    hyper[P2P_HYPER_LR] = 0.125f;
    hyper[P2P_HYPER_H1] = 2.0f;
    hyper[P2P_HYPER_H2] = 1.5f;
}

/* What sums of each direction have: terms, and the padded operand of a thin pair. */
void p2p_trial_conv2d_bounds(P2pTrial *c)
{
    const P2pPass *pass = c->call.pass;
    const P2pTensor *t = c->call.t, *y = &t[P2P_CONV_Y];
    const double weights = (double)p2p_tensor_elements(&t[P2P_CONV_W]);

    c->exact = !pass->with_adam;
    c->padded = 1u << P2P_CONV_W;
    if (pass->direction == P2P_CONV_WGRAD) {
        c->terms = (double)y->n * y->h * y->w + 2;
        c->padded = 1u << P2P_CONV_X | 1u << P2P_CONV_Y;
    } else {
        c->terms = weights / (pass->direction == P2P_CONV_DGRAD ? t[P2P_CONV_X].c : y->c) + 2;
    }
    if (!pass->with_adam)
        return;
    c->fill = fill_wgrad_adam;
    c->ordinary = 1u << P2P_CONV_HYPER | 1u << P2P_CONV_V;
    c->ulps = 8;
    c->mag_also = 1u << P2P_CONV_M | 1u << P2P_CONV_V;
    c->scale[P2P_CONV_W] = c->scale[P2P_CONV_M] = 4;
}

static void draw_gather(P2pDraw *r, P2pTrial *c, int block)
{
    draw_geometry(r, c, block);
    draw_epilogue(r, c,
                  c->call.t[c->call.pass->direction == P2P_CONV_DGRAD ? P2P_CONV_X : P2P_CONV_Y].c);
    draw_type(r, c);
    p2p_trial_conv2d_bounds(c);
}

static void draw_wgrad(P2pDraw *r, P2pTrial *c, int block)
{
    draw_geometry(r, c, block);
    c->call.attr.accumulate = p2p_draw_chance(r, 40);
    p2p_trial_conv2d_bounds(c);
}

static void draw_wgrad_adam(P2pDraw *r, P2pTrial *c, int block)
{
    P2pTensor *t = c->call.t;
    P2pAttr *a = &c->call.attr;

    draw_wgrad(r, c, block);
    a->accumulate = false;
    t[P2P_CONV_M] = t[P2P_CONV_V] = t[P2P_CONV_W];
    t[P2P_CONV_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    a->beta1 = 0.5;
    a->beta2 = 0.999;
    a->eps = p2p_draw_chance(r, 50) ? 1e-8f : 1e-2f;
    a->epsilon_hat = p2p_draw_chance(r, 50);
    p2p_trial_conv2d_bounds(c);
}

/* The layers of unet_256, the PatchGAN and the ResNet: size of the large side, channels there, the
 * small side's, kernel, stride. */
static bool size_layer(int i, P2pTrial *c, int block, bool up)
{
    static const int layers[][5] = {
        {256, 3, 64, 4, 2},   {256, 6, 64, 4, 2},   {128, 64, 128, 4, 2},  {64, 128, 256, 4, 2},
        {32, 256, 512, 4, 2}, {16, 512, 512, 4, 2}, {8, 512, 512, 4, 2},   {4, 512, 512, 4, 2},
        {2, 512, 512, 4, 2},  {32, 256, 512, 4, 1}, {31, 512, 1, 4, 1},    {256, 3, 128, 4, 2},
        {128, 64, 256, 4, 2}, {64, 128, 512, 4, 2}, {32, 256, 1024, 4, 2}, {16, 512, 1024, 4, 2},
        {64, 256, 256, 3, 1},
    };

    if (i >= (int)(sizeof(layers) / sizeof(layers[0])))
        return false;
    const int *l = layers[i];
    c->call.attr.stride = l[4];
    c->call.attr.pad = 1;
    c->call.attr.large_out = up;
    c->call.attr.precision = P2P_PRECISION_TF32;
    set_shapes(c, 1, l[0], l[0], l[1], l[2], l[3], block);
    const P2pTensor *y = &c->call.t[P2P_CONV_Y];
    c->flops = 2.0 * y->h * y->w * (double)p2p_tensor_elements(&c->call.t[P2P_CONV_W]);
    return true;
}

static bool size_fwd(int i, P2pTrial *c, int block)
{
    return size_layer(i, c, block, false);
}

static bool size_wgrad_adam(int i, P2pTrial *c, int block)
{
    P2pTensor *t = c->call.t;

    if (!size_layer(i, c, block, false))
        return false;
    t[P2P_CONV_M] = t[P2P_CONV_V] = t[P2P_CONV_W];
    t[P2P_CONV_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    c->call.attr.eps = 1e-8f;
    return true;
}

static bool size_dgrad(int i, P2pTrial *c, int block)
{
    return size_layer(i, c, block, true);
}

const P2pTrialKind p2p_trial_conv2d_kinds[] = {
    {&p2p_pass_conv2d_fwd, draw_gather, size_fwd},
    {&p2p_pass_conv2d_dgrad, draw_gather, size_dgrad},
    {&p2p_pass_conv2d_wgrad, draw_wgrad, size_fwd},
    {&p2p_pass_conv2d_wgrad_adam, draw_wgrad_adam, size_wgrad_adam},
    {0},
};
