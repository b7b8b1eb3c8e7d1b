/* SPDX-License-Identifier: BSD-2-Clause */
/* Gradients of the references by central differences in double; adjoint identities. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/rng.h"
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
    const uint32_t words[2] = {1234, 7};
    float bits[2];

    add_operand(&n->h, P2P_NA_HYPER, p2p_tensor_vector(P2P_HYPER_WORDS), 12);
    memcpy(bits, words, sizeof(bits));
    n->h.data[P2P_NA_HYPER][P2P_HYPER_SEED] = (double)bits[0];
    n->h.data[P2P_NA_HYPER][P2P_HYPER_STEP] = (double)bits[1];
    n->h.call.attr.dropout_p = 0.5f;
    n->h.call.attr.stream = p2p_stream(P2P_STREAM_DROPOUT, 3);
}

/* dx, dgamma and dbeta against differences of the objective. */
static void norm_check(Norm *n)
{
    Host *h = &n->h;
    Host grad = {0};

    norm_objective(n);
    if (h->host[P2P_NA_SUMS])
        p2p_ref_norm_act_sums(&h->call, h->host, NULL);
    p2p_ref_norm_act_bwd(&h->call, h->host, NULL);
    for (int i = 0; i < COUNT; i++)
        assert_close(h->data[P2P_NA_DX][i], difference(norm_objective, n, &h->data[P2P_NA_X][i]));
    if (!h->host[P2P_NA_SUMS])
        return;
    add_operand(&grad, P2P_NPG_SUMS, h->call.t[P2P_NA_SUMS], 0);
    add_operand(&grad, P2P_NPG_DGAMMA, p2p_tensor_vector(C), 0);
    add_operand(&grad, P2P_NPG_DBETA, p2p_tensor_vector(C), 0);
    grad.host[P2P_NPG_SUMS] = h->data[P2P_NA_SUMS];
    p2p_ref_norm_param_grad(&grad.call, grad.host, NULL);
    for (int c = 0; c < C; c++) {
        assert_close(grad.data[P2P_NPG_DGAMMA][c],
                     difference(norm_objective, n, &h->data[P2P_NA_GAMMA][c]));
        assert_close(grad.data[P2P_NPG_DBETA][c],
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
        const uint32_t counter[4] = {i / 4, 0, n.h.call.attr.stream, 7};
        const uint32_t key[2] = {1234, 0x70327032};
        const uint32_t c = i % C, w = i / C % W, h = i / C / W % H, p = i / C / W / H;
        const size_t at = ((p * C + c) * H + h) * W + w;

        p2p_philox(counter, key, out);
        assert_close(n.h.data[P2P_NA_Y1][at],
                     p2p_rng_unit(out[i % 4]) >= 0.5f ? 2 * n.h.data[P2P_NA_X][at] : 0);
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
    for (int kind = P2P_LOSS_L1; kind <= P2P_LOSS_MEAN; kind++) {
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
