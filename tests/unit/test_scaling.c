/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranks on paper: what is true of any model, and of dividing Adam's step beside not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "p2p/bench.h"

/* By picture 0.2 s, of which a third is behind the first gradients; Adam's step 0.1 s. */
static P2pScalingFacts facts(double batch)
{
    return (P2pScalingFacts){.step_s = 0.1 + 0.2 * batch,
                             .window_s = 0.06 * batch,
                             .batch = 1,
                             .bytes = 200000000,
                             .latency_s = 30e-6,
                             .adam_s = 0.1,
                             .weight_bytes = 200000000};
}

static void test_one_rank_is_as_fast_as_one(void **state)
{
    const P2pScalingFacts f = facts(1);

    (void)state;
    for (int way = 0; way < P2P_SCALING_WAYS; way++) {
        const P2pScalingPoint p = p2p_bench_scaling(&f, (P2pScalingWay)way, 1, 1);
        assert_true(p.comm_s == 0 && p.exposed_s == 0);
        assert_true(fabs(p.weak - 1) < 1e-12);
    }
}

static void test_half_batch_makes_half_the_efficiency(void **state)
{
    const P2pScalingFacts one = facts(1);

    (void)state;
    for (int way = 0; way < P2P_SCALING_WAYS; way++)
        for (double gbit_s = 1; gbit_s <= 10; gbit_s *= 10)
            for (int ranks = 2; ranks <= P2P_SCALING_RANKS; ranks *= 2) {
                const double half =
                    p2p_bench_scaling(&one, (P2pScalingWay)way, gbit_s, ranks).half_batch;
                const P2pScalingFacts f = facts(half);
                const P2pScalingPoint p = p2p_bench_scaling(&f, (P2pScalingWay)way, gbit_s, ranks);
                if (half > 0 && fabs(p.weak - 0.5) > 1e-9)
                    fail_msg("way %d, %g Gbit/s, %d ranks: %g pictures make %g", way, gbit_s, ranks,
                             half, p.weak);
            }
}

static void test_slices_hide_half_and_save_of_adam(void **state)
{
    const P2pScalingFacts large = facts(1000);
    P2pScalingFacts halves = facts(1);
    const P2pScalingPoint ring = p2p_bench_scaling(&large, P2P_SCALING_RING, 1, 4);
    const P2pScalingPoint slices = p2p_bench_scaling(&large, P2P_SCALING_SHARDED, 1, 4);

    (void)state;
    assert_true(fabs(ring.comm_s - slices.comm_s) < 1e-12);
    /* A sixteenth of the sums can never be hidden. */
    assert_true(fabs(slices.exposed_s - slices.comm_s / 2 * 17 / 16) < 1e-12);
    assert_true(fabs(large.step_s / slices.weak - (large.step_s - 0.075 + slices.exposed_s)) <
                1e-9);
    halves.bytes /= 2;
    assert_true(p2p_bench_scaling(&halves, P2P_SCALING_SHARDED, 1, 4).comm_s >
                1.49 * p2p_bench_scaling(&halves, P2P_SCALING_RING, 1, 4).comm_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_rank_is_as_fast_as_one),
        cmocka_unit_test(test_half_batch_makes_half_the_efficiency),
        cmocka_unit_test(test_slices_hide_half_and_save_of_adam),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
