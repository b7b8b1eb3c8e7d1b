/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of the augmentation of pictures. */
#include "src/trial/trial.h"

static void fill_tint(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    (void)c;
    (void)integers;
    p2p_draw_words(r, host[P2P_TINT_HYPER]);
}

static void fill_move(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    (void)c;
    (void)integers;
    p2p_draw_words(r, host[P2P_MOVE_HYPER]);
}

static P2pTensor draw_picture(P2pDraw *r)
{
    return p2p_tensor_nhwc(p2p_draw_int(r, 1, 4), p2p_draw_size(r, 40), p2p_draw_size(r, 40),
                           p2p_draw_channels(r, 8));
}

static void shape_tint(P2pTrial *c, P2pTensor x)
{
    c->call.t[P2P_TINT_X] = c->call.t[P2P_TINT_Y] = x;
    c->call.t[P2P_TINT_MEAN] = p2p_tensor_nhwc(x.n, 1, 1, x.c);
    c->call.t[P2P_TINT_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    c->call.attr.stream = 0xa000001u;
}

static void draw_tint(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    shape_tint(c, draw_picture(r));
    c->call.attr.linear = p2p_draw_chance(r, 50);
    c->fill = fill_tint;
    c->ordinary = 1u << P2P_TINT_HYPER | 1u << P2P_TINT_MEAN;
    c->ulps = 16;
    c->scale[P2P_TINT_Y] = 4;
}

static bool size_tint(int i, P2pTrial *c, int block)
{
    (void)block;
    shape_tint(c, p2p_tensor_nhwc(1, 256, 256, 3));
    return i < 1;
}

static void shape_move(P2pTrial *c, P2pTensor x)
{
    c->call.t[P2P_MOVE_X] = c->call.t[P2P_MOVE_Y] = x;
    c->call.t[P2P_MOVE_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    c->call.attr.stream = 0xa000002u;
}

static void draw_move(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    shape_move(c, draw_picture(r));
    c->call.attr.shifts = p2p_draw_chance(r, 70);
    c->call.attr.hole = p2p_draw_chance(r, 70);
    c->fill = fill_move;
    c->ordinary = 1u << P2P_MOVE_HYPER;
    c->exact = true;
}

static bool size_move(int i, P2pTrial *c, int block)
{
    (void)block;
    shape_move(c, p2p_tensor_nhwc(1, 256, 256, 6));
    c->call.attr.shifts = c->call.attr.hole = true;
    return i < 1;
}

const P2pTrialKind p2p_trial_augment_kinds[] = {
    {&p2p_pass_tint, draw_tint, size_tint},
    {&p2p_pass_move_fwd, draw_move, size_move},
    {&p2p_pass_move_bwd, draw_move, size_move},
    {0},
};
