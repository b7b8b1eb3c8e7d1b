/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of the sums over pixels and of normalisation. */
#include <math.h>
#include "src/trial/trial.h"

static P2pTensor draw_picture(P2pDraw *r)
{
    const int side = p2p_draw_chance(r, 30) ? 36 : 10;

    return p2p_tensor_nhwc(p2p_draw_int(r, 1, 4), p2p_draw_size(r, side), p2p_draw_size(r, side),
                           p2p_draw_channels(r, p2p_draw_chance(r, 20) ? 200 : 40));
}

static double pixels(const P2pTensor *t)
{
    return (double)t->n * t->h * t->w;
}

static P2pTensor statistic(int groups, int channels)
{
    return p2p_tensor_nhwc(groups, 1, 1, channels);
}

/* The pictures as one group, in halves, or each by itself. */
static int draw_groups(P2pDraw *r, const P2pTensor *x)
{
    if (!p2p_draw_chance(r, 60))
        return 1;
    return x->n % 2 == 0 && p2p_draw_chance(r, 50) ? 2 : x->n;
}

static void draw_sum(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    c->call.t[P2P_SUM_X] = draw_picture(r);
    c->call.t[P2P_SUM_Y] = p2p_tensor_vector(c->call.t[P2P_SUM_X].c);
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
    c->exact = true;
    c->terms = pixels(&c->call.t[P2P_SUM_X]) + 1;
}

/* Squares of the operand's data, away from 0: variances and the like. */
static void make_positive(const P2pTrial *c, int i, float *const host[])
{
    const size_t count = p2p_tensor_elements(&c->call.t[i]);

    for (size_t k = 0; host[i] && k < count; k++)
        host[i][k] = host[i][k] * host[i][k] + 0.25f;
}

/* Channels of several kinds: plain, a large mean with a small spread, constant. */
static void vary_channels(P2pDraw *r, const P2pTensor *x, float *data)
{
    const size_t plane = (size_t)x->h * (size_t)x->w;

    for (int ch = 0; ch < x->c; ch++) {
        const int kind = p2p_draw_int(r, 0, 3);
        for (size_t n = 0; n < (size_t)x->n; n++)
            for (size_t i = 0; i < plane && kind < 2; i++) {
                float *v = &data[(n * (size_t)x->c + (size_t)ch) * plane + i];
                *v = kind == 0 ? 100.0f + *v * 0.01f : 3.7f;
            }
    }
}

static void fill_stats(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    (void)integers;
    make_positive(c, P2P_STATS_RUN_VAR, host);
    vary_channels(r, &c->call.t[P2P_STATS_X], host[P2P_STATS_X]);
}

static void draw_stats(P2pDraw *r, P2pTrial *c, int block)
{
    const P2pTensor x = draw_picture(r);
    const int groups = draw_groups(r, &x);

    (void)block;
    c->call.t[P2P_STATS_X] = x;
    c->call.t[P2P_STATS_MEAN] = c->call.t[P2P_STATS_RSTD] = statistic(groups, x.c);
    if (p2p_draw_chance(r, 70))
        c->call.t[P2P_STATS_RUN_MEAN] = c->call.t[P2P_STATS_RUN_VAR] = p2p_tensor_vector(x.c);
    c->call.attr.eps = 1e-5f;
    c->call.attr.momentum = 0.1f;
    c->fill = fill_stats;
    c->terms = pixels(&x) / groups;
    c->ulps_of[P2P_STATS_MEAN] = 1; /* even where the mean is large and the spread small */
    c->ulps = 8;
    c->scale[P2P_STATS_RUN_MEAN] = 1;
}

static void fill_running(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    (void)r, (void)integers;
    make_positive(c, P2P_STATS_RUN_VAR, host);
}

static void draw_running(P2pDraw *r, P2pTrial *c, int block)
{
    const P2pTensor t = p2p_tensor_vector(p2p_draw_channels(r, 300));

    (void)block;
    for (int i = P2P_STATS_MEAN; i <= P2P_STATS_RUN_VAR; i++)
        c->call.t[i] = t;
    c->call.attr.eps = 1e-5f;
    c->fill = fill_running;
    c->ulps = 8;
}

/* ---- norm_act -------------------------------------------------------------------------------- */

/* Integers stay exact through (x - mean) rstd gamma + beta where rstd is a power of two. */
static void fill_norm_act(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    float *rstd = host[P2P_NA_RSTD];

    for (size_t k = 0; rstd && k < p2p_tensor_elements(&c->call.t[P2P_NA_RSTD]); k++)
        rstd[k] = integers ? 0.5f : rstd[k] * rstd[k] + 0.25f;
    if (host[P2P_NA_HYPER])
        p2p_draw_words(r, host[P2P_NA_HYPER]);
}

/* What the three passes have in common: x, statistics, affine, dropout, outputs. */
static void draw_norm_act(P2pDraw *r, P2pTrial *c)
{
    static const float rates[] = {0.5f, 0.25f, 0.1f};
    const P2pTensor x = draw_picture(r);
    P2pCall *call = &c->call;
    P2pAttr *a = &call->attr;

    call->t[P2P_NA_X] = call->t[P2P_NA_Y1] = x;
    if (p2p_draw_chance(r, 70))
        call->t[P2P_NA_MEAN] = call->t[P2P_NA_RSTD] = statistic(draw_groups(r, &x), x.c);
    if (p2p_call_has(call, P2P_NA_MEAN) && p2p_draw_chance(r, 60))
        call->t[P2P_NA_GAMMA] = call->t[P2P_NA_BETA] = p2p_tensor_vector(x.c);
    if (p2p_draw_chance(r, 50)) {
        a->dropout_p = rates[p2p_draw_int(r, 0, 2)];
        a->stream = 0x2000000u + (uint32_t)p2p_draw_int(r, 0, 20);
        call->t[P2P_NA_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
    }
    if (p2p_draw_chance(r, 50))
        call->t[P2P_NA_Y2] = x;
    a->act1 = (P2pAct)p2p_draw_int(r, 0, 3);
    a->act2 = (P2pAct)p2p_draw_int(r, 0, 3);
    a->slope = p2p_draw_chance(r, 50) ? 0.25f : 0.5f;
    a->eps = 1e-5f;
    c->fill = fill_norm_act;
    c->ordinary = 1u << P2P_NA_HYPER;
}

static bool is_tanh(const P2pTrial *c)
{
    return c->call.attr.act1 == P2P_ACT_TANH ||
           (p2p_call_has(&c->call, P2P_NA_Y2) && c->call.attr.act2 == P2P_ACT_TANH);
}

static bool power_of_two_rate(const P2pTrial *c)
{
    return c->call.attr.dropout_p <= 0 || c->call.attr.dropout_p == 0.5f;
}

static void draw_fwd(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    draw_norm_act(r, c);
    c->exact = !is_tanh(c) && power_of_two_rate(c);
    c->terms = 3;
    c->ulps = 8;
    c->mag_also = 1u << P2P_NA_Y2;
}

static void draw_gradients(P2pDraw *r, P2pTrial *c)
{
    draw_norm_act(r, c);
    c->call.t[P2P_NA_DY1] = c->call.t[P2P_NA_X];
    if (p2p_call_has(&c->call, P2P_NA_Y2))
        c->call.t[P2P_NA_DY2] = c->call.t[P2P_NA_X];
    c->call.attr.fixed_statistics = p2p_call_has(&c->call, P2P_NA_MEAN) &&
                                    c->call.t[P2P_NA_MEAN].n == 1 && p2p_draw_chance(r, 30);
}

static void draw_sums(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    draw_gradients(r, c);
    if (!p2p_call_has(&c->call, P2P_NA_MEAN))
        c->call.t[P2P_NA_MEAN] = c->call.t[P2P_NA_RSTD] = statistic(1, c->call.t[P2P_NA_X].c);
    c->call.t[P2P_NA_SUMS] = statistic(c->call.t[P2P_NA_MEAN].n, 2 * c->call.t[P2P_NA_X].c);
    for (int i = P2P_NA_DGAMMA; i <= P2P_NA_DBETA && p2p_draw_chance(r, 70); i++) {
        c->call.t[i] = p2p_tensor_vector(c->call.t[P2P_NA_X].c);
        c->ulps_of[i] = 4 * sqrt(pixels(&c->call.t[P2P_NA_X]) + 4);
        c->scale[i] = pixels(&c->call.t[P2P_NA_X]) + 4;
    }
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
    c->exact = power_of_two_rate(c);
    c->terms = pixels(&c->call.t[P2P_NA_X]) + 4;
}

static void draw_bwd(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    draw_gradients(r, c);
    const bool train = p2p_call_has(&c->call, P2P_NA_MEAN) && !c->call.attr.fixed_statistics;
    if (train)
        c->call.t[P2P_NA_SUMS] = statistic(c->call.t[P2P_NA_MEAN].n, 2 * c->call.t[P2P_NA_X].c);
    c->call.t[P2P_NA_DX] = c->call.t[P2P_NA_X];
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
    c->exact = !train && power_of_two_rate(c);
    c->terms = 6;
}

/* ---- Both passes at once ----------------------------------------------------------------------- */

static void fill_norm_fwd(P2pDraw *r, const P2pTrial *c, bool integers, float *const host[])
{
    fill_norm_act(r, c, integers, host);
    make_positive(c, P2P_NA_RUN_VAR, host);
    vary_channels(r, &c->call.t[P2P_NA_X], host[P2P_NA_X]);
}

/* A drawn norm's statistics, as it always has them. */
static void draw_statistics(P2pDraw *r, P2pTrial *c)
{
    const P2pTensor *x = &c->call.t[P2P_NA_X];

    c->call.t[P2P_NA_MEAN] = c->call.t[P2P_NA_RSTD] = statistic(draw_groups(r, x), x->c);
}

static void draw_norm_fwd(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    draw_norm_act(r, c);
    draw_statistics(r, c);
    const P2pTensor *x = &c->call.t[P2P_NA_X];
    if (p2p_draw_chance(r, 70))
        c->call.t[P2P_NA_RUN_MEAN] = c->call.t[P2P_NA_RUN_VAR] = p2p_tensor_vector(x->c);
    c->call.attr.momentum = 0.1f;
    c->fill = fill_norm_fwd;
    c->terms = pixels(x) + 3;
    c->ulps = 16; /* of 1 / sqrt, and products with it */
    c->ulps_of[P2P_NA_MEAN] = 4 * sqrt(c->terms);
    for (int i = P2P_NA_MEAN; i <= P2P_NA_RUN_MEAN; i++)
        c->scale[i] = 1;
    c->mag_of = P2P_NA_Y1;
    c->mag_also = 1u << P2P_NA_Y2;
}

static void draw_norm_bwd(P2pDraw *r, P2pTrial *c, int block)
{
    (void)block;
    draw_gradients(r, c);
    draw_statistics(r, c);
    const P2pTensor x = c->call.t[P2P_NA_X];
    const int groups = c->call.t[P2P_NA_MEAN].n;
    const double most = pixels(&x) + 4, term = is_tanh(c) ? 128 : 8; /* of a sum, or their mean */
    c->call.attr.fixed_statistics = false;
    c->call.t[P2P_NA_SUMS] = statistic(groups, 2 * x.c);
    c->call.t[P2P_NA_DX] = x;
    if (p2p_draw_chance(r, 70))
        c->call.t[P2P_NA_DGAMMA] = c->call.t[P2P_NA_DBETA] = p2p_tensor_vector(x.c);
    c->call.attr.accumulate = p2p_draw_chance(r, 50);
    c->call.attr.add_value = p2p_draw_chance(r, 50);
    for (int i = P2P_NA_SUMS; i <= P2P_NA_DBETA; i++) {
        c->ulps_of[i] = 4 * sqrt(most);
        c->scale[i] = i == P2P_NA_DX ? term : term * most;
    }
    c->terms = 6;
    c->mag_of = P2P_NA_DX;
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

static bool size_picture(int i, P2pTrial *c)
{
    static const int sizes[][2] = {{128, 64}, {64, 128}, {32, 256}, {16, 512}, {2, 512}};

    if (i >= 5)
        return false;
    c->call.t[0] = p2p_tensor_nhwc(1, sizes[i][0], sizes[i][0], sizes[i][1]);
    c->call.attr.eps = 1e-5f;
    return true;
}

static bool size_sum(int i, P2pTrial *c, int block)
{
    static const int sizes[][2] = {{256, 3}, {30, 1}, {128, 64}};

    (void)block;
    if (i >= 3)
        return false;
    c->call.t[P2P_SUM_X] = p2p_tensor_nhwc(1, sizes[i][0], sizes[i][0], sizes[i][1]);
    c->call.t[P2P_SUM_Y] = p2p_tensor_vector(sizes[i][1]);
    return true;
}

static bool size_stats(int i, P2pTrial *c, int block)
{
    (void)block;
    if (!size_picture(i, c))
        return false;
    c->call.t[P2P_STATS_MEAN] = c->call.t[P2P_STATS_RSTD] = statistic(1, c->call.t[0].c);
    c->bytes = 2 * 4 * (double)p2p_tensor_elements(&c->call.t[0]);
    return true;
}

/* Batch norm, LeakyReLU and ReLU outputs; the last size but one with dropout. */
static bool size_norm_act(int i, P2pTrial *c)
{
    P2pCall *call = &c->call;

    if (!size_picture(i, c))
        return false;
    const P2pTensor x = call->t[P2P_NA_X];
    call->t[P2P_NA_Y1] = call->t[P2P_NA_Y2] = x;
    call->t[P2P_NA_MEAN] = call->t[P2P_NA_RSTD] = statistic(1, x.c);
    call->t[P2P_NA_GAMMA] = call->t[P2P_NA_BETA] = p2p_tensor_vector(x.c);
    call->attr.act1 = P2P_ACT_LEAKY_RELU;
    call->attr.act2 = P2P_ACT_RELU;
    call->attr.slope = 0.2f;
    if (i == 3) {
        call->t[P2P_NA_HYPER] = p2p_tensor_vector(P2P_HYPER_WORDS);
        call->attr.dropout_p = 0.5f;
    }
    return true;
}

static bool size_fwd(int i, P2pTrial *c, int block)
{
    (void)block;
    return size_norm_act(i, c);
}

static bool size_sums(int i, P2pTrial *c, int block)
{
    (void)block;
    if (!size_norm_act(i, c))
        return false;
    c->call.t[P2P_NA_DY1] = c->call.t[P2P_NA_DY2] = c->call.t[P2P_NA_X];
    c->call.t[P2P_NA_SUMS] = statistic(1, 2 * c->call.t[P2P_NA_X].c);
    c->call.t[P2P_NA_DGAMMA] = c->call.t[P2P_NA_DBETA] = c->call.t[P2P_NA_GAMMA];
    return true;
}

static bool size_bwd(int i, P2pTrial *c, int block)
{
    if (!size_sums(i, c, block))
        return false;
    c->call.t[P2P_NA_DGAMMA] = c->call.t[P2P_NA_DBETA] = (P2pTensor){0};
    c->call.t[P2P_NA_DX] = c->call.t[P2P_NA_X];
    return true;
}

/* Sizes that one launch takes. */
static bool size_joint(int i, P2pTrial *c, int block)
{
    if (!size_bwd(i + 1, c, block))
        return false;
    c->call.t[P2P_NA_DGAMMA] = c->call.t[P2P_NA_DBETA] = c->call.t[P2P_NA_GAMMA];
    return true;
}

const P2pTrialKind p2p_trial_norm_kinds[] = {
    {&p2p_pass_channel_sum, draw_sum, size_sum},
    {&p2p_pass_norm_stats, draw_stats, size_stats},
    {&p2p_pass_norm_running, draw_running, NULL},
    {&p2p_pass_norm_act_fwd, draw_fwd, size_fwd},
    {&p2p_pass_norm_act_sums, draw_sums, size_sums},
    {&p2p_pass_norm_act_bwd, draw_bwd, size_bwd},
    {&p2p_pass_norm_fwd, draw_norm_fwd, size_joint},
    {&p2p_pass_norm_bwd, draw_norm_bwd, size_joint},
    {0},
};
