/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of the elementwise passes. */
#include "src/trial/trial.h"

/* A shape of at most some ten thousand elements; sometimes with enough rows for several groups. */
static P2pTensor draw_shape(P2pDraw *r)
{
    const int side = p2p_draw_chance(r, 20) ? 40 : 12;

    return p2p_tensor_nhwc(p2p_draw_int(r, 1, 3), p2p_draw_size(r, side), p2p_draw_size(r, side),
                           p2p_draw_channels(r, p2p_draw_chance(r, 20) ? 300 : 40));
}

static void draw_shapes(P2pDraw *r, P2pTrial *c, int operands)
{
    const P2pTensor t = draw_shape(r);

    for (int i = 0; i < operands; i++)
        c->call.t[i] = t;
    c->exact = true;
    c->terms = 2;
}

static void draw_copy(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    draw_shapes(r, c, 2);
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
}

static void draw_add(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    draw_shapes(r, c, 3);
}

static void draw_fill(P2pDraw *r, P2pTrial *c, int block)
{
    draw_shapes(r, c, 1);
    c->call.attr.value = p2p_draw_real(r);
    if (p2p_draw_chance(r, 30))
        c->call.t[0] = p2p_tensor_weight(p2p_draw_size(r, 70), p2p_draw_size(r, 20), 3, 4, block);
}

static void draw_join(P2pDraw *r, P2pTrial *c, int block)
{
    P2pTensor *t = c->call.t;

    (void)block;
    draw_shapes(r, c, P2P_JOIN_Y + 1);
    const bool front = p2p_draw_chance(r, 70), both = p2p_draw_chance(r, 70);
    t[P2P_JOIN_A].c = t[P2P_JOIN_A].stride = front ? p2p_draw_channels(r, 20) : 0;
    t[P2P_JOIN_Y].c = t[P2P_JOIN_Y].stride = t[P2P_JOIN_A].c + t[P2P_JOIN_B].c;
    t[P2P_JOIN_Y].n = both ? 2 * t[P2P_JOIN_B].n : t[P2P_JOIN_B].n;
    if (!front)
        t[P2P_JOIN_A] = (P2pTensor){0};
    if (!both)
        t[P2P_JOIN_C] = (P2pTensor){0};
}

static void draw_hole(P2pDraw *r, P2pTrial *c, int block)
{
    P2pTensor *t = c->call.t;

    (void)block;
    draw_shapes(r, c, 4);
    t[P2P_HOLE_MASK] = p2p_tensor_nhwc(t->n, t->h, t->w, 1);
    if (p2p_draw_chance(r, 50))
        t[P2P_HOLE_KNOWN] = (P2pTensor){0};
}

static void draw_act_bwd(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    draw_shapes(r, c, 3);
    c->call.attr.act1 = (P2pAct)p2p_draw_int(r, 0, 3);
    c->call.attr.slope = p2p_draw_chance(r, 50) ? 0.25f : 0.5f;
    if (p2p_draw_chance(r, 40))
        c->alias[P2P_ACTB_DX] = P2P_ACTB_DY + 1;
    else
        c->call.attr.accumulate = p2p_draw_chance(r, 50);
}

static void draw_pad(P2pDraw *r, P2pTrial *c, int block)
{
    const P2pTensor x = p2p_tensor_nhwc(p2p_draw_int(r, 1, 3), p2p_draw_size(r, 20),
                                        p2p_draw_size(r, 20), p2p_draw_channels(r, 40));
    const int least = x.h < x.w ? x.h : x.w, pad = p2p_draw_int(r, 0, least > 4 ? 3 : least - 1);

    (void)block;
    c->call.t[P2P_PAD_X] = x;
    c->call.t[P2P_PAD_Y] = p2p_tensor_nhwc(x.n, x.h + 2 * pad, x.w + 2 * pad, x.c);
    c->call.attr.pad = pad;
    c->exact = true;
    c->terms = 9;
}

static void draw_pad_bwd(P2pDraw *r, P2pTrial *c, int block)
{
    draw_pad(r, c, block);
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
}

static bool size_of(int i, P2pTrial *c, int operands)
{
    static const int sizes[][2] = {{128, 64}, {32, 256}, {4, 512}, {256, 3}};

    if (i >= 4)
        return false;
    for (int k = 0; k < operands; k++)
        c->call.t[k] = p2p_tensor_nhwc(1, sizes[i][0], sizes[i][0], sizes[i][1]);
    c->call.attr.act1 = P2P_ACT_LEAKY_RELU;
    c->call.attr.slope = 0.2f;
    return true;
}

static bool size_copy(int i, P2pTrial *c, int block)
{
    (void)block;
    return size_of(i, c, 2);
}

static bool size_three(int i, P2pTrial *c, int block)
{
    (void)block;
    return size_of(i, c, 3);
}

static bool size_fill(int i, P2pTrial *c, int block)
{
    (void)block;
    return size_of(i, c, 1);
}

static bool size_pad(int i, P2pTrial *c, int block)
{
    static const int sizes[][3] = {{256, 3, 3}, {64, 256, 1}};

    (void)block;
    if (i >= 2)
        return false;
    const int padded = sizes[i][0] + 2 * sizes[i][2];
    c->call.t[P2P_PAD_X] = p2p_tensor_nhwc(1, sizes[i][0], sizes[i][0], sizes[i][1]);
    c->call.t[P2P_PAD_Y] = p2p_tensor_nhwc(1, padded, padded, sizes[i][1]);
    c->call.attr.pad = sizes[i][2];
    return true;
}

const P2pTrialKind p2p_trial_pointwise_kinds[] = {
    {&p2p_pass_copy, draw_copy, size_copy},
    {&p2p_pass_add, draw_add, size_three},
    {&p2p_pass_fill, draw_fill, size_fill},
    {&p2p_pass_hole, draw_hole, NULL},
    {&p2p_pass_join, draw_join, NULL},
    {&p2p_pass_act_bwd, draw_act_bwd, size_three},
    {&p2p_pass_pad_fwd, draw_pad, size_pad},
    {&p2p_pass_pad_bwd, draw_pad_bwd, size_pad},
    {0},
};
