/* SPDX-License-Identifier: BSD-2-Clause */
/* Gradients of the references by central differences in double; adjoint identities. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/ops/conv2d.h"
#include "src/ops/ref.h"

enum { MOST = 256, N = 2, H = 3, W = 3, C = 3, COUNT = N * H * W * C };

/* A call with host arrays of its own. */
typedef struct Host {
    P2pCall call;
    double data[P2P_MAX_OPERANDS][MOST];
    double *host[P2P_MAX_OPERANDS];
} Host;

static void add_operand(Host *h, int i, P2pTensor t, uint32_t stream)
{
    const size_t count = p2p_tensor_elements(&t);

    assert_true(count <= MOST);
    h->call.t[i] = t;
    h->host[i] = h->data[i];
    for (size_t k = 0; k < count; k++)
        h->data[i][k] = (double)p2p_rng_symmetric(p2p_rng_word(7, stream, k));
}

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

static void assert_close(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-6 * (1 + fabs(expected))))
        fail_msg("got %.12g, expected %.12g", got, expected);
}

/* Derivative of f(user) with respect to *x. */
static double difference(double (*f)(void *user), void *user, double *x)
{
    const double old = *x, step = 1e-5;

    *x = old + step;
    const double up = f(user);
    *x = old - step;
    const double down = f(user);
    *x = old;
    return (up - down) / (2 * step);
}

/* ---- norm_act -------------------------------------------------------------------------------- */

/* A norm_act call whose statistics follow x, and the sum of y1 dy1 + y2 dy2 as function of x. */
typedef struct Norm {
    Host h, stats;
    bool fixed;
} Norm;

static void norm_statistics(Norm *n)
{
    memcpy(n->stats.data[P2P_STATS_X], n->h.data[P2P_NA_X], sizeof(n->h.data[P2P_NA_X]));
    p2p_ref_norm_stats(&n->stats.call, n->stats.host, NULL);
    memcpy(n->h.data[P2P_NA_MEAN], n->stats.data[P2P_STATS_MEAN], sizeof(n->h.data[0]));
    memcpy(n->h.data[P2P_NA_RSTD], n->stats.data[P2P_STATS_RSTD], sizeof(n->h.data[0]));
}

static double norm_objective(void *user)
{
    Norm *n = user;

    if (n->h.host[P2P_NA_MEAN] && !n->fixed)
        norm_statistics(n);
    p2p_ref_norm_act_fwd(&n->h.call, n->h.host, NULL);
    return dot(n->h.data[P2P_NA_Y1], n->h.data[P2P_NA_DY1], COUNT) +
           (n->h.host[P2P_NA_Y2] ? dot(n->h.data[P2P_NA_Y2], n->h.data[P2P_NA_DY2], COUNT) : 0);
}

static void norm_start(Norm *n, int groups)
{
    const P2pTensor x = p2p_tensor_nhwc(N, H, W, C);

    memset(n, 0, sizeof(*n));
    add_operand(&n->h, P2P_NA_X, x, 1);
    add_operand(&n->h, P2P_NA_Y1, x, 2);
    add_operand(&n->h, P2P_NA_DY1, x, 3);
    add_operand(&n->h, P2P_NA_DX, x, 4);
    n->h.call.attr.slope = 0.2f;
    if (groups == 0)
        return;
    const P2pTensor statistic = p2p_tensor_nhwc(groups, 1, 1, C);
    add_operand(&n->h, P2P_NA_MEAN, statistic, 5);
    add_operand(&n->h, P2P_NA_RSTD, statistic, 6);
    add_operand(&n->h, P2P_NA_GAMMA, p2p_tensor_vector(C), 7);
    add_operand(&n->h, P2P_NA_BETA, p2p_tensor_vector(C), 8);
    add_operand(&n->h, P2P_NA_SUMS, p2p_tensor_nhwc(groups, 1, 1, 2 * C), 9);
    add_operand(&n->h, P2P_NA_DGAMMA, p2p_tensor_vector(C), 13);
    add_operand(&n->h, P2P_NA_DBETA, p2p_tensor_vector(C), 14);
    add_operand(&n->stats, P2P_STATS_X, x, 1);
    add_operand(&n->stats, P2P_STATS_MEAN, statistic, 5);
    add_operand(&n->stats, P2P_STATS_RSTD, statistic, 6);
    n->stats.call.attr.eps = 1e-5f;
}

static void norm_two_outputs(Norm *n)
{
    add_operand(&n->h, P2P_NA_Y2, n->h.call.t[P2P_NA_X], 10);
    add_operand(&n->h, P2P_NA_DY2, n->h.call.t[P2P_NA_X], 11);
    n->h.call.attr.act1 = P2P_ACT_LEAKY_RELU;
    n->h.call.attr.act2 = P2P_ACT_RELU;
}

static void norm_dropout(Norm *n)
{
    const uint32_t words[3] = {1234, 7, 2};
    float bits[3];

    add_operand(&n->h, P2P_NA_HYPER, p2p_tensor_vector(P2P_HYPER_WORDS), 12);
    memcpy(bits, words, sizeof(bits));
    n->h.data[P2P_NA_HYPER][P2P_HYPER_SEED] = (double)bits[0];
    n->h.data[P2P_NA_HYPER][P2P_HYPER_STEP] = (double)bits[1];
    n->h.data[P2P_NA_HYPER][P2P_HYPER_FIRST] = (double)bits[2];
    n->h.call.attr.dropout_p = 0.5f;
    n->h.call.attr.stream = p2p_stream(P2P_STREAM_DROPOUT, 3);
}

/* dx, dgamma and dbeta against differences of the objective. */
static void norm_check(Norm *n)
{
    Host *h = &n->h;

    norm_objective(n);
    if (h->host[P2P_NA_SUMS])
        p2p_ref_norm_act_sums(&h->call, h->host, NULL);
    p2p_ref_norm_act_bwd(&h->call, h->host, NULL);
    for (int i = 0; i < COUNT; i++)
        assert_close(h->data[P2P_NA_DX][i], difference(norm_objective, n, &h->data[P2P_NA_X][i]));
    if (!h->host[P2P_NA_SUMS])
        return;
    for (int c = 0; c < C; c++) {
        assert_close(h->data[P2P_NA_DGAMMA][c],
                     difference(norm_objective, n, &h->data[P2P_NA_GAMMA][c]));
        assert_close(h->data[P2P_NA_DBETA][c],
                     difference(norm_objective, n, &h->data[P2P_NA_BETA][c]));
    }
}

static void batch_norm_two_outputs_gradient_matches_differences(void **state)
{
    Norm n;

    (void)state;
    norm_start(&n, 1);
    norm_two_outputs(&n);
    norm_check(&n);
}

static void instance_norm_tanh_gradient_matches_differences(void **state)
{
    Norm n;

    (void)state;
    norm_start(&n, N);
    n.h.call.attr.act1 = P2P_ACT_TANH;
    norm_check(&n);
}

static void batch_norm_with_dropout_gradient_matches_differences(void **state)
{
    Norm n;
    int zeros = 0;

    (void)state;
    norm_start(&n, 1);
    norm_two_outputs(&n);
    norm_dropout(&n);
    norm_check(&n);
    for (int i = 0; i < COUNT; i++)
        zeros += n.h.data[P2P_NA_Y1][i] == 0;
    assert_true(zeros > COUNT / 4 && zeros < 3 * COUNT / 4);
}

static void fixed_norm_gradient_matches_differences(void **state)
{
    Norm n;

    (void)state;
    norm_start(&n, 1);
    norm_two_outputs(&n);
    n.fixed = n.h.call.attr.fixed_statistics = true;
    norm_check(&n);
}

static void activation_without_norm_gradient_matches_differences(void **state)
{
    Norm n;

    (void)state;
    norm_start(&n, 0);
    norm_two_outputs(&n);
    norm_dropout(&n);
    norm_check(&n);
}

/* The mask must be the words of the generator in channels-last order. */
static void dropout_mask_follows_nhwc_elements(void **state)
{
    Norm n;
    uint32_t out[4];

    (void)state;
    norm_start(&n, 0);
    norm_dropout(&n);
    p2p_ref_norm_act_fwd(&n.h.call, n.h.host, NULL);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t place = 2 * H * W * C + i; /* behind two pictures of other ranks */
        const uint32_t counter[4] = {place / 4, 0, n.h.call.attr.stream, 7};
        const uint32_t key[2] = {1234, 0x70327032};
        const uint32_t c = i % C, w = i / C % W, h = i / C / W % H, p = i / C / W / H;
        const size_t at = ((p * C + c) * H + h) * W + w;

        p2p_philox(counter, key, out);
        assert_close(n.h.data[P2P_NA_Y1][at],
                     p2p_rng_unit(out[place % 4]) >= 0.5f ? 2 * n.h.data[P2P_NA_X][at] : 0);
    }
}

/* ---- Others ---------------------------------------------------------------------------------- */

static double loss_objective(void *user)
{
    Host *h = user;

    p2p_ref_loss(&h->call, h->host, NULL);
    return h->data[P2P_LOSS_VALUE][h->call.attr.index];
}

static void loss_gradients_match_differences(void **state)
{
    const P2pTensor x = p2p_tensor_nhwc(1, 3, 5, 2);
    double dx[MOST];

    (void)state;
    for (int kind = P2P_LOSS_L1; kind <= P2P_LOSS_HINGE; kind++) {
        Host h = {0};
        add_operand(&h, P2P_LOSS_X, x, 20);
        if (kind == P2P_LOSS_L1)
            add_operand(&h, P2P_LOSS_TARGET, x, 21);
        add_operand(&h, P2P_LOSS_VALUE, p2p_tensor_vector(4), 22);
        add_operand(&h, P2P_LOSS_DX, x, 23);
        h.call.attr.loss = (P2pLossKind)kind;
        h.call.attr.value = 1;
        h.call.attr.value_scale = h.call.attr.grad_scale = 3;
        h.call.attr.index = 2;
        loss_objective(&h);
        memcpy(dx, h.data[P2P_LOSS_DX], sizeof(dx));
        for (size_t i = 0; i < p2p_tensor_elements(&x); i++)
            assert_close(dx[i], difference(loss_objective, &h, &h.data[P2P_LOSS_X][i]));
    }
}

static void bce_of_large_logits_is_finite(void **state)
{
    Host h = {0};

    (void)state;
    add_operand(&h, P2P_LOSS_X, p2p_tensor_vector(1), 20);
    add_operand(&h, P2P_LOSS_VALUE, p2p_tensor_vector(1), 22);
    h.call.attr.loss = P2P_LOSS_BCE;
    h.call.attr.value_scale = 1;
    h.data[P2P_LOSS_X][0] = 1000;
    assert_close(loss_objective(&h), 1000);
    h.data[P2P_LOSS_X][0] = -1000;
    assert_close(loss_objective(&h), 0);
}

static void act_bwd_of_tanh_matches_differences(void **state)
{
    const double step = 1e-5;
    Host h = {0};

    (void)state;
    for (int i = P2P_ACTB_Y; i <= P2P_ACTB_DX; i++)
        add_operand(&h, i, p2p_tensor_vector(9), 30 + (uint32_t)i);
    h.call.attr.act1 = P2P_ACT_TANH;
    for (int i = 0; i < 9; i++)
        h.data[P2P_ACTB_Y][i] = tanh(0.3 * i - 1);
    p2p_ref_act_bwd(&h.call, h.host, NULL);
    for (int i = 0; i < 9; i++) {
        const double slope = (tanh(0.3 * i - 1 + step) - tanh(0.3 * i - 1 - step)) / (2 * step);
        assert_close(h.data[P2P_ACTB_DX][i], slope * h.data[P2P_ACTB_DY][i]);
    }
}

/* <pad(x), y> = <x, pad_bwd(y)>, also where both borders reflect into one pixel. */
static void pad_bwd_is_adjoint_of_pad_fwd(void **state)
{
    (void)state;
    for (int pad = 0; pad <= 3; pad++) {
        const P2pTensor x = p2p_tensor_nhwc(1, 4, 5, 2);
        const P2pTensor y = p2p_tensor_nhwc(1, 4 + 2 * pad, 5 + 2 * pad, 2);
        Host fwd = {0}, bwd = {0};

        add_operand(&fwd, P2P_PAD_X, x, 40);
        add_operand(&fwd, P2P_PAD_Y, y, 41);
        add_operand(&bwd, P2P_PAD_X, x, 42);
        add_operand(&bwd, P2P_PAD_Y, y, 43);
        fwd.call.attr.pad = bwd.call.attr.pad = pad;
        p2p_ref_pad_fwd(&fwd.call, fwd.host, NULL);
        p2p_ref_pad_bwd(&bwd.call, bwd.host, NULL);
        assert_close(dot(fwd.data[P2P_PAD_Y], bwd.data[P2P_PAD_Y], p2p_tensor_elements(&y)),
                     dot(fwd.data[P2P_PAD_X], bwd.data[P2P_PAD_X], p2p_tensor_elements(&x)));
    }
}

/* ---- Convolution ------------------------------------------------------------------------------ */

/* One geometry: the forward pass, its gradients, and the objective sum(y dy) that they belong to. */
typedef struct Conv {
    Host fwd, dgrad, wgrad, bias;
    double dy[MOST];
    size_t y_count;
} Conv;

typedef struct ConvSizes {
    int h, w, c, k, kernel, stride, pad;
    bool large_out;
} ConvSizes;

static void conv_start(Conv *v, const ConvSizes *z)
{
    const P2pTensor x = p2p_tensor_nhwc(2, z->h, z->w, z->c);
    const P2pTensor y = p2p_tensor_nhwc(2, (z->h + 2 * z->pad - z->kernel) / z->stride + 1,
                                        (z->w + 2 * z->pad - z->kernel) / z->stride + 1, z->k);
    const P2pTensor w = z->large_out ? p2p_tensor_weight(z->c, z->k, z->kernel, z->kernel, 4)
                                     : p2p_tensor_weight(z->k, z->c, z->kernel, z->kernel, 4);
    Host *const hosts[] = {&v->fwd, &v->dgrad, &v->wgrad};

    memset(v, 0, sizeof(*v));
    v->y_count = p2p_tensor_elements(&y);
    for (int i = 0; i < 3; i++) {
        add_operand(hosts[i], P2P_CONV_X, x, 50);
        add_operand(hosts[i], P2P_CONV_W, w, 51);
        add_operand(hosts[i], P2P_CONV_Y, y, 52);
        hosts[i]->call.attr =
            (P2pAttr){.stride = z->stride, .pad = z->pad, .large_out = z->large_out, .slope = 0.2f};
    }
    memcpy(v->dy, v->dgrad.data[P2P_CONV_Y], sizeof(v->dy));
    add_operand(&v->fwd, P2P_CONV_BIAS, p2p_tensor_vector(z->k), 53);
    add_operand(&v->bias, P2P_SUM_X, y, 52);
    add_operand(&v->bias, P2P_SUM_Y, p2p_tensor_vector(z->k), 54);
}

static double conv_objective(void *user)
{
    Conv *v = user;

    p2p_ref_conv2d_fwd(&v->fwd.call, v->fwd.host, NULL);
    return dot(v->fwd.data[P2P_CONV_Y], v->dy, v->y_count);
}

/* Each element of an operand's gradient against differences of the objective. */
static void conv_check(Conv *v, int operand, const double *gradient)
{
    const size_t count = p2p_tensor_elements(&v->fwd.call.t[operand]);

    for (size_t i = 0; i < count; i++)
        assert_close(gradient[i], difference(conv_objective, v, &v->fwd.data[operand][i]));
}

static void conv2d_gradients_match_differences(void **state)
{
    static const ConvSizes sizes[] = {
        {5, 4, 2, 3, 4, 2, 1, false}, {4, 6, 3, 2, 4, 2, 1, true},  {4, 3, 2, 2, 3, 1, 1, false},
        {5, 5, 1, 3, 4, 1, 1, true},  {5, 4, 2, 2, 3, 2, 0, false}, {2, 3, 2, 2, 1, 1, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(sizes); i++) {
        Conv v;
        conv_start(&v, &sizes[i]);
        p2p_ref_conv2d_dgrad(&v.dgrad.call, v.dgrad.host, NULL);
        p2p_ref_conv2d_wgrad(&v.wgrad.call, v.wgrad.host, NULL);
        p2p_ref_channel_sum(&v.bias.call, v.bias.host, NULL);
        conv_check(&v, P2P_CONV_X, v.dgrad.data[P2P_CONV_X]);
        conv_check(&v, P2P_CONV_W, v.wgrad.data[P2P_CONV_W]);
        conv_check(&v, P2P_CONV_BIAS, v.bias.data[P2P_SUM_Y]);
    }
}

/* What is accumulated is the same added to what was there; with an activation, act(sum + bias). */
static void conv2d_epilogues_follow_their_definition(void **state)
{
    static const ConvSizes size = {5, 4, 2, 3, 4, 2, 1, false};
    Conv plain, more;

    (void)state;
    conv_start(&plain, &size);
    conv_start(&more, &size);
    more.fwd.host[P2P_CONV_BIAS] = plain.fwd.host[P2P_CONV_BIAS] = NULL;
    p2p_ref_conv2d_fwd(&plain.fwd.call, plain.fwd.host, NULL);
    more.fwd.call.attr.accumulate = true;
    p2p_ref_conv2d_fwd(&more.fwd.call, more.fwd.host, NULL);
    for (size_t i = 0; i < plain.y_count; i++)
        assert_close(more.fwd.data[P2P_CONV_Y][i], plain.fwd.data[P2P_CONV_Y][i] + plain.dy[i]);
    conv_start(&more, &size);
    more.fwd.call.attr.act1 = P2P_ACT_LEAKY_RELU;
    p2p_ref_conv2d_fwd(&more.fwd.call, more.fwd.host, NULL);
    for (size_t i = 0; i < plain.y_count; i++) {
        const size_t k = i / (plain.y_count / 6) % 3; /* two pictures of three channels */
        const double sum = plain.fwd.data[P2P_CONV_Y][i] + more.fwd.data[P2P_CONV_BIAS][k];
        assert_close(more.fwd.data[P2P_CONV_Y][i], sum < 0 ? sum * (double)0.2f : sum);
    }
}

/* ---- Adam, running statistics ------------------------------------------------------------------ */

typedef struct Adam {
    Host before, after;
} Adam;

static void adam_start(Adam *a, bool epsilon_hat, double eps)
{
    memset(a, 0, sizeof(*a));
    for (int i = P2P_ADAM_P; i < P2P_ADAM_HYPER; i++)
        add_operand(&a->before, i, p2p_tensor_vector(7), 60 + (uint32_t)i);
    add_operand(&a->before, P2P_ADAM_HYPER, p2p_tensor_vector(P2P_HYPER_WORDS), 65);
    a->before.call.attr =
        (P2pAttr){.beta1 = 0.5, .beta2 = 0.75, .eps = (float)eps, .epsilon_hat = epsilon_hat};
    for (int i = 0; i < 7; i++)
        a->before.data[P2P_ADAM_V][i] = fabs(a->before.data[P2P_ADAM_V][i]);
    a->before.data[P2P_ADAM_HYPER][P2P_HYPER_LR] = 0.1;
    a->before.data[P2P_ADAM_HYPER][P2P_HYPER_H1] = 1 / (1 - 0.5);
    a->before.data[P2P_ADAM_HYPER][P2P_HYPER_H2] = 1 / sqrt(1 - 0.75);
}

static void adam_step(Adam *a)
{
    a->after = a->before;
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        a->after.host[i] = a->before.host[i] ? a->after.data[i] : NULL;
    p2p_ref_adam(&a->after.call, a->after.host, NULL);
}

/* Of 1000 m + 100 v + p: one number that tells the three apart. */
static double adam_objective(void *user)
{
    Adam *a = user;
    double sum = 0;

    adam_step(a);
    for (int i = 0; i < 7; i++)
        sum += 1000 * a->after.data[P2P_ADAM_M][i] + 100 * a->after.data[P2P_ADAM_V][i] +
               a->after.data[P2P_ADAM_P][i];
    return sum;
}

/* The objective's derivative, by what one operand's element does to m and v. */
static void adam_check(Adam *a, int operand, int i, double dm, double dv, bool hat)
{
    adam_step(a);
    const double m = a->after.data[P2P_ADAM_M][i], v = a->after.data[P2P_ADAM_V][i];
    const double factor = hat ? 1 : 2, size = hat ? 0.1 : 0.2; /* both corrections are 2 */
    const double root = factor * sqrt(v) + 0.5, droot = factor * dv / (2 * sqrt(v));
    const double dp = -size * (dm / root - m * droot / (root * root));

    assert_close(difference(adam_objective, a, &a->before.data[operand][i]),
                 1000 * dm + 100 * dv + dp);
}

static void adam_gradient_matches_differences(void **state)
{
    Adam a;

    (void)state;
    for (int hat = 0; hat < 2; hat++) {
        adam_start(&a, hat, 0.5);
        for (int i = 0; i < 7; i++) {
            adam_check(&a, P2P_ADAM_G, i, 0.5, 0.25 * 2 * a.before.data[P2P_ADAM_G][i], hat);
            adam_check(&a, P2P_ADAM_M, i, 0.5, 0, hat);
            adam_check(&a, P2P_ADAM_V, i, 0, 0.75, hat);
        }
    }
}

/* From nothing, with the corrections of step 1, every weight moves by the learning rate. */
static void adam_first_step_moves_by_the_learning_rate(void **state)
{
    Adam a;

    (void)state;
    for (int hat = 0; hat < 2; hat++) {
        adam_start(&a, hat, 0);
        memset(a.before.data[P2P_ADAM_M], 0, sizeof(a.before.data[0]));
        memset(a.before.data[P2P_ADAM_V], 0, sizeof(a.before.data[0]));
        adam_step(&a);
        for (int i = 0; i < 7; i++)
            assert_close(a.after.data[P2P_ADAM_P][i] - a.before.data[P2P_ADAM_P][i],
                         a.before.data[P2P_ADAM_G][i] > 0 ? -0.1 : 0.1);
    }
}

/* The sum of the running statistics as mean and rstd. */
static double running_objective(void *user)
{
    Host *h = user;

    p2p_ref_norm_running(&h->call, h->host, NULL);
    return h->data[P2P_STATS_MEAN][0] + 10 * h->data[P2P_STATS_RSTD][0];
}

static void norm_running_matches_its_differences(void **state)
{
    Host h = {0};

    (void)state;
    for (int i = P2P_STATS_MEAN; i <= P2P_STATS_RUN_VAR; i++)
        add_operand(&h, i, p2p_tensor_vector(1), 70 + (uint32_t)i);
    h.call.attr.eps = 0.125f;
    h.data[P2P_STATS_RUN_VAR][0] = 0.7;
    const double var = 0.7 + 0.125;
    assert_close(running_objective(&h), h.data[P2P_STATS_RUN_MEAN][0] + 10 / sqrt(var));
    assert_close(difference(running_objective, &h, &h.data[P2P_STATS_RUN_MEAN][0]), 1);
    assert_close(difference(running_objective, &h, &h.data[P2P_STATS_RUN_VAR][0]),
                 -5 / (var * sqrt(var)));
}

/* Running statistics that follow one batch entirely normalise it like the batch's own, but for the
 * unbiased variance. */
static void norm_running_follows_norm_stats(void **state)
{
    Host stats = {0}, running = {0};
    const double count = N * H * W;

    (void)state;
    add_operand(&stats, P2P_STATS_X, p2p_tensor_nhwc(N, H, W, C), 1);
    for (int i = P2P_STATS_MEAN; i <= P2P_STATS_RUN_VAR; i++) {
        add_operand(&stats, i, p2p_tensor_vector(C), 70 + (uint32_t)i);
        add_operand(&running, i, p2p_tensor_vector(C), 70 + (uint32_t)i);
    }
    stats.call.attr.momentum = 1;
    p2p_ref_norm_stats(&stats.call, stats.host, NULL);
    running.host[P2P_STATS_RUN_MEAN] = stats.data[P2P_STATS_RUN_MEAN];
    running.host[P2P_STATS_RUN_VAR] = stats.data[P2P_STATS_RUN_VAR];
    p2p_ref_norm_running(&running.call, running.host, NULL);
    for (int c = 0; c < C; c++) {
        assert_close(running.data[P2P_STATS_MEAN][c], stats.data[P2P_STATS_MEAN][c]);
        assert_close(running.data[P2P_STATS_RSTD][c],
                     stats.data[P2P_STATS_RSTD][c] * sqrt((count - 1) / count));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_norm_two_outputs_gradient_matches_differences),
        cmocka_unit_test(instance_norm_tanh_gradient_matches_differences),
        cmocka_unit_test(batch_norm_with_dropout_gradient_matches_differences),
        cmocka_unit_test(fixed_norm_gradient_matches_differences),
        cmocka_unit_test(activation_without_norm_gradient_matches_differences),
        cmocka_unit_test(dropout_mask_follows_nhwc_elements),
        cmocka_unit_test(loss_gradients_match_differences),
        cmocka_unit_test(bce_of_large_logits_is_finite),
        cmocka_unit_test(act_bwd_of_tanh_matches_differences),
        cmocka_unit_test(pad_bwd_is_adjoint_of_pad_fwd),
        cmocka_unit_test(conv2d_gradients_match_differences),
        cmocka_unit_test(conv2d_epilogues_follow_their_definition),
        cmocka_unit_test(adam_gradient_matches_differences),
        cmocka_unit_test(adam_first_step_moves_by_the_learning_rate),
        cmocka_unit_test(norm_running_matches_its_differences),
        cmocka_unit_test(norm_running_follows_norm_stats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
