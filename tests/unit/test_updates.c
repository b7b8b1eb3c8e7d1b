/* SPDX-License-Identifier: BSD-2-Clause */
/* References of what is done with gradients: means over batches, clipping, averages of weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "src/ops/ref.h"

/*
 * Two steps of the mean of two batches' gradients, clipped to length 1: in float64 by PyTorch 2.15
 * (loss (p . x) / 2 of each batch x, backward, clip_grad_norm_([p], 1.0), Adam([p], 0.01, (0.5, 0.999))).
 * The first gradient has the length 1.75, the second 0.1397.
 */
static void adam_of_batches_clipped_is_pytorchs(void **state)
{
    static const double p_after[2][3] = {
        {0.49000000023333345, -0.2599999996499998, 0.9900000001166668},
        {0.4839733132655424, -0.268099139002286, 0.9852847754431523}};
    static const double m_after[2][3] = {
        {0.21428559183680468, 0.14285706122453645, 0.42857118367360936},
        {0.13839279591840234, 0.13392853061226823, 0.21428559183680468}};
    double sums[2][3] = {{1.5, 1, 3}, {0.125, 0.25, 0}};
    double p[3] = {0.5, -0.25, 1}, m[3] = {0}, v[3] = {0}, hyper[P2P_HYPER_WORDS] = {0}, squares;
    P2pCall call = {
        .attr = {.beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8f, .batches = 2, .clip = 1.0f}};

    (void)state;
    hyper[P2P_HYPER_LR] = 0.01;
    _Static_assert((int)P2P_ADAM_P == (int)P2P_SQUARES_X, "one call serves both");
    call.t[P2P_ADAM_P] = p2p_tensor_vector(3);
    for (int t = 0; t < 2; t++) {
        hyper[P2P_HYPER_H1] = 1 / (1 - pow(0.5, t + 1));
        hyper[P2P_HYPER_H2] = 1 / sqrt(1 - pow(0.999, t + 1));
        p2p_ref_squares(&call, (double *const[P2P_MAX_OPERANDS]){sums[t], &squares}, NULL);
        p2p_ref_adam(&call, (double *const[P2P_MAX_OPERANDS]){p, sums[t], m, v, hyper, &squares},
                     NULL);
        for (int i = 0; i < 3; i++) {
            assert_true(fabs(p[i] - p_after[t][i]) < 1e-12);
            assert_true(fabs(m[i] - m_after[t][i]) < 1e-12);
        }
    }
}

/* By PyTorch's get_ema_multi_avg_fn(0.75). */
static void averages_are_pytorchs(void **state)
{
    double average[2] = {0.5, -0.25}, p[2] = {1.5, 0.75}, hyper[P2P_HYPER_WORDS] = {0};
    const P2pCall call = {.t[P2P_EMA_AVERAGE] = p2p_tensor_vector(2)};

    (void)state;
    hyper[P2P_HYPER_EMA] = 0.25;
    p2p_ref_ema(&call, (double *const[P2P_MAX_OPERANDS]){average, p, hyper}, NULL);
    assert_true(average[0] == 0.75 && average[1] == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_of_batches_clipped_is_pytorchs),
        cmocka_unit_test(averages_are_pytorchs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
