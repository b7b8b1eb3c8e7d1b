/* SPDX-License-Identifier: BSD-2-Clause */
/* References of the gradient penalty's passes and of spectral norm, by central differences in double and by
 * what torch.nn.utils.spectral_norm makes in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/ops/ref.h"

enum { N = 2, H = 3, W = 3, C = 3, COUNT = N * H * W * C };

static const double step = 1e-5;

static void draw(double *data, size_t count, uint32_t stream)
{
    for (size_t k = 0; k < count; k++)
        data[k] = (double)p2p_rng_symmetric(p2p_rng_word(7, stream, k));
}

static void assert_close(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-6 * (1 + fabs(expected))))
        fail_msg("got %.12g, expected %.12g", got, expected);
}

static void test_penalty_gradient(void **state)
{
    double g[COUNT], v[COUNT], slope[COUNT], value[1];
    double *const host[P2P_MAX_OPERANDS] = {g, value, v};
    P2pCall call = {.attr = {.value = 1, .value_scale = 3, .grad_scale = 3}};

    (void)state;
    call.t[P2P_PENALTY_G] = call.t[P2P_PENALTY_V] = p2p_tensor_nhwc(N, H, W, C);
    draw(g, COUNT, 1);
    for (int i = 0; i < COUNT; i++) {
        const double old = g[i];
        g[i] = old + step;
        p2p_ref_penalty(&call, host, NULL);
        slope[i] = value[0];
        g[i] = old - step;
        p2p_ref_penalty(&call, host, NULL);
        slope[i] = (slope[i] - value[0]) / (2 * step);
        g[i] = old;
    }
    p2p_ref_penalty(&call, host, NULL);
    for (int i = 0; i < COUNT; i++)
        assert_close(v[i], slope[i]);
}

static void test_mix_between(void **state)
{
    double a[COUNT], b[COUNT], y[COUNT], share[N] = {0, 0.25};
    double *const host[P2P_MAX_OPERANDS] = {a, b, share, y};
    P2pCall call = {0};

    (void)state;
    call.t[P2P_MIX_Y] = p2p_tensor_nhwc(N, H, W, C);
    draw(a, COUNT, 1);
    draw(b, COUNT, 2);
    p2p_ref_mix(&call, host, NULL);
    assert_close(y[0], b[0]);
    assert_close(y[COUNT - 1], 0.25 * a[COUNT - 1] + 0.75 * b[COUNT - 1]);
}

/* u . T(x) t, by the norm's ordinary passes. */
typedef struct Second {
    int groups;
    double x[COUNT], t[COUNT], u[COUNT], made[COUNT], dx[COUNT];
    double mean[N * C], rstd[N * C], gamma[C], st[2 * N * C], su[2 * N * C], q[N * C];
} Second;

static void derivative(Second *s, double *from, double *sums, double *to)
{
    double *const host[P2P_MAX_OPERANDS] = {
        [P2P_NA_X] = s->x,         [P2P_NA_MEAN] = s->mean, [P2P_NA_RSTD] = s->rstd,
        [P2P_NA_GAMMA] = s->gamma, [P2P_NA_Y1] = s->x,      [P2P_NA_DY1] = from,
        [P2P_NA_SUMS] = sums,      [P2P_NA_DX] = to};
    P2pCall call = {0};

    call.t[P2P_NA_X] = p2p_tensor_nhwc(N, H, W, C);
    call.t[P2P_NA_MEAN] = p2p_tensor_nhwc(s->groups, 1, 1, C);
    call.t[P2P_NA_SUMS] = p2p_tensor_nhwc(s->groups, 1, 1, 2 * C);
    p2p_ref_norm_act_sums(&call, host, NULL);
    p2p_ref_norm_act_bwd(&call, host, NULL);
}

static double objective(Second *s)
{
    double *const host[P2P_MAX_OPERANDS] = {
        [P2P_STATS_X] = s->x, [P2P_STATS_MEAN] = s->mean, [P2P_STATS_RSTD] = s->rstd};
    P2pCall call = {.attr.eps = 0.1f};
    double sum = 0;

    call.t[P2P_STATS_X] = p2p_tensor_nhwc(N, H, W, C);
    call.t[P2P_STATS_MEAN] = p2p_tensor_nhwc(s->groups, 1, 1, C);
    p2p_ref_norm_stats(&call, host, NULL);
    derivative(s, s->t, s->st, s->made);
    for (int i = 0; i < COUNT; i++)
        sum += s->u[i] * s->made[i];
    return sum;
}

static double slope_of(Second *s, double *at)
{
    const double old = *at;

    *at = old + step;
    const double above = objective(s);
    *at = old - step;
    const double slope = (above - objective(s)) / (2 * step);
    *at = old;
    return slope;
}

static void check_norm(int groups)
{
    static Second s;
    double *const host[P2P_MAX_OPERANDS] = {s.x, s.mean, s.rstd, s.gamma, s.t,
                                            s.u, s.st,   s.su,   s.q,     s.dx};
    double slope[COUNT], of_gamma[C];
    P2pCall call = {0};

    s.groups = groups;
    draw(s.x, COUNT, 1);
    draw(s.t, COUNT, 2);
    draw(s.u, COUNT, 3);
    draw(s.gamma, C, 4);
    for (int i = 0; i < COUNT; i++)
        slope[i] = slope_of(&s, &s.x[i]);
    for (int c = 0; c < C; c++)
        of_gamma[c] = slope_of(&s, &s.gamma[c]);
    objective(&s);
    derivative(&s, s.u, s.su, s.made);
    call.t[P2P_NT_X] = call.t[P2P_NT_T] = p2p_tensor_nhwc(N, H, W, C);
    call.t[P2P_NT_Q] = p2p_tensor_nhwc(groups, 1, 1, C);
    p2p_ref_norm_tangent_sums(&call, host, NULL);
    p2p_ref_norm_tangent_bwd(&call, host, NULL);
    for (int i = 0; i < COUNT; i++)
        assert_close(s.dx[i], slope[i]);
    for (int c = 0; c < C; c++)
        assert_close(groups == 1 ? s.q[c] : s.q[c] + s.q[C + c], of_gamma[c]);
}

static void test_batch_norm_second_order(void **state)
{
    (void)state;
    check_norm(1);
}

static void test_instance_norm_second_order(void **state)
{
    (void)state;
    check_norm(N);
}

/* ---- Spectral norm ------------------------------------------------------------------------- */

enum { ROWS = 3, COLUMNS = 4 };

typedef struct Spectral {
    double w[ROWS * COLUMNS], u[ROWS], v[COLUMNS], sigma, u_used[ROWS], v_used[COLUMNS];
    double y[ROWS * COLUMNS], dy[ROWS * COLUMNS], dw[ROWS * COLUMNS];
    double *host[P2P_MAX_OPERANDS];
    P2pCall call;
} Spectral;

static void spectral_start(Spectral *s)
{
    static const double w[] = {1, -2, 3, .5, 0, 1.5, -1, 2, -.25, .75, 2, -3};
    static const double u[] = {.6, 0, .8}, v[] = {.5, .5, -.5, .5};

    *s = (Spectral){{0}};
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        s->w[i] = w[i];
        s->dy[i] = i + 1;
    }
    for (int i = 0; i < ROWS; i++)
        s->u[i] = u[i];
    for (int i = 0; i < COLUMNS; i++)
        s->v[i] = v[i];
    double *const host[P2P_MAX_OPERANDS] = {s->w,      s->u, s->v,  &s->sigma, s->u_used,
                                            s->v_used, s->y, s->dy, s->dw};
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        s->host[i] = host[i];
    s->call.t[P2P_SPECTRAL_W] = s->call.t[P2P_SPECTRAL_Y] =
        p2p_tensor_weight(ROWS, COLUMNS / 2, 1, 2, 4);
}

static void test_spectral_norm_is_torchs(void **state)
{
    static const double u[] = {0.578496508736, -0.457415844117, 0.675361040431};
    static const double v[] = {0.098503046716, -0.147754570073, 0.837275897082, -0.517140995257};
    static const double y[] = {0.218525743168, -0.437051486336, 0.655577229504, 0.109262871584};
    static const double dw[] = {0.171585566809, 0.507461750875, 0.256585730451, 1.120538898558,
                                1.129744204124, 1.255481226582, 1.845161852591, 1.553349631853,
                                1.911931761693, 2.267457321910, 1.937983796884, 2.910008533818};
    Spectral s;

    (void)state;
    spectral_start(&s);
    p2p_ref_spectral_fwd(&s.call, s.host, NULL);
    p2p_ref_spectral_bwd(&s.call, s.host, NULL);
    for (int i = 0; i < ROWS; i++)
        assert_close(s.u[i], u[i]);
    for (int i = 0; i < COLUMNS; i++) {
        assert_close(s.v[i], v[i]);
        assert_close(s.y[i], y[i]);
    }
    for (int i = 0; i < ROWS * COLUMNS; i++)
        assert_close(s.dw[i], dw[i]);
}

/* The sum of w dy over u . W v, where u and v stay. */
static double spectral_objective(const Spectral *s)
{
    double sum = 0, sigma = 0;

    for (int i = 0; i < ROWS * COLUMNS; i++) {
        sum += s->w[i] * s->dy[i];
        sigma += s->w[i] * s->u_used[i / COLUMNS] * s->v_used[i % COLUMNS];
    }
    return sum / sigma;
}

static void test_spectral_norm_gradient(void **state)
{
    Spectral s;

    (void)state;
    spectral_start(&s);
    p2p_ref_spectral_fwd(&s.call, s.host, NULL);
    p2p_ref_spectral_bwd(&s.call, s.host, NULL);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        const double old = s.w[i];
        s.w[i] = old + step;
        const double above = spectral_objective(&s);
        s.w[i] = old - step;
        assert_close(s.dw[i], (above - spectral_objective(&s)) / (2 * step));
        s.w[i] = old;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_penalty_gradient),
        cmocka_unit_test(test_mix_between),
        cmocka_unit_test(test_batch_norm_second_order),
        cmocka_unit_test(test_instance_norm_second_order),
        cmocka_unit_test(test_spectral_norm_is_torchs),
        cmocka_unit_test(test_spectral_norm_gradient),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
