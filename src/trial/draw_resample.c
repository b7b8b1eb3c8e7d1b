/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of upsampling and of depthwise convolution. */
#include "src/base/memory.h"
#include "src/trial/trial.h"

static void draw_upsample(P2pDraw *r, P2pTrial *c, int block)
{
    const P2pTensor x = p2p_tensor_nhwc(p2p_draw_int(r, 1, 3), p2p_draw_size(r, 12),
                                        p2p_draw_size(r, 12), p2p_draw_channels(r, 80));

    (void)block;
    c->call.t[P2P_UPSAMPLE_X] = x;
    c->call.t[P2P_UPSAMPLE_Y] = p2p_tensor_nhwc(x.n, 2 * x.h, 2 * x.w, x.c);
    c->call.attr.bilinear = p2p_draw_chance(r, 60);
    c->exact = true;
    c->terms = 16;
}

static void draw_upsample_bwd(P2pDraw *r, P2pTrial *c, int block)
{
    draw_upsample(r, c, block);
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
}

static void draw_depthwise(P2pDraw *r, P2pTrial *c, int block)
{
    static const int sides[] = {1, 3, 4, 5};
    const int k = sides[p2p_draw_int(r, 0, 3)], stride = p2p_draw_int(r, 1, 2);
    const int pad = p2p_draw_int(r, 0, k / 2), more = p2p_draw_int(r, 0, 1);
    const int h = p2p_max(p2p_draw_size(r, 14), k), w = p2p_max(p2p_draw_size(r, 14), k);
    const int n = p2p_draw_int(r, 1, 3), channels = p2p_draw_channels(r, 80);

    (void)block;
    c->call.t[P2P_DEPTHWISE_X] = p2p_tensor_nhwc(n, h, w, channels);
    c->call.t[P2P_DEPTHWISE_W] = p2p_tensor_nhwc(1, k, k, channels);
    c->call.t[P2P_DEPTHWISE_Y] = p2p_tensor_nhwc(n, (h + 2 * pad - k) / stride + 1 + more,
                                                 (w + 2 * pad - k) / stride + 1 + more, channels);
    c->call.attr.stride = stride;
    c->call.attr.pad = pad;
    c->exact = true;
    c->terms = (double)(k * k) + 1;
}

static void draw_dgrad(P2pDraw *r, P2pTrial *c, int block)
{
    draw_depthwise(r, c, block);
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
}

static void draw_wgrad(P2pDraw *r, P2pTrial *c, int block)
{
    draw_dgrad(r, c, block);
    const P2pTensor *y = &c->call.t[P2P_DEPTHWISE_Y];
    c->terms = (double)(y->n * y->h * y->w) + 1;
}

static bool size_upsample(int i, P2pTrial *c, int block)
{
    static const int sizes[][2] = {{1, 512}, {16, 512}, {128, 128}};

    (void)block;
    if (i >= 3)
        return false;
    c->call.t[P2P_UPSAMPLE_X] = p2p_tensor_nhwc(1, sizes[i][0], sizes[i][0], sizes[i][1]);
    c->call.t[P2P_UPSAMPLE_Y] = p2p_tensor_nhwc(1, 2 * sizes[i][0], 2 * sizes[i][0], sizes[i][1]);
    c->call.attr.bilinear = true;
    return true;
}

/* pix2pix-tensorflow's down and up. */
static bool size_depthwise(int i, P2pTrial *c, int block)
{
    static const int sizes[][3] = {{128, 64, 2}, {32, 256, 2}, {2, 512, 2}, {256, 128, 1}};

    (void)block;
    if (i >= 4)
        return false;
    const int size = sizes[i][0], channels = sizes[i][1], stride = sizes[i][2];
    c->call.t[P2P_DEPTHWISE_X] = p2p_tensor_nhwc(1, size, size, channels);
    c->call.t[P2P_DEPTHWISE_W] = p2p_tensor_nhwc(1, 4, 4, channels);
    c->call.t[P2P_DEPTHWISE_Y] = p2p_tensor_nhwc(1, size / stride, size / stride, channels);
    c->call.attr.stride = stride;
    c->call.attr.pad = 1;
    return true;
}

const P2pTrialKind p2p_trial_resample_kinds[] = {
    {&p2p_pass_upsample_fwd, draw_upsample, size_upsample},
    {&p2p_pass_upsample_bwd, draw_upsample_bwd, size_upsample},
    {&p2p_pass_depthwise_fwd, draw_depthwise, size_depthwise},
    {&p2p_pass_depthwise_dgrad, draw_dgrad, size_depthwise},
    {&p2p_pass_depthwise_wgrad, draw_wgrad, size_depthwise},
    {0},
};
