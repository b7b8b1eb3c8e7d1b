/* SPDX-License-Identifier: BSD-2-Clause */
/* What a step would take on more compute units. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "p2p/bench.h"

static void assert_close(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-12)
        fail_msg("%.17g instead of %.17g", value, wanted);
}

static void test_forecast_counts_turns_of_groups(void **state)
{
    P2pBenchLaunch launches[] = {
        {0, 5, 3.0},   /* three turns of two units */
        {0, 64, 32.0}, /* thirty-two */
        {1, 1, 0.25},
        {2, 0, 7.0}, /* the host's */
    };
    const P2pBenchResult result = {.launches = launches, .row_count = 3, .launch_count = 4};
    P2pForecast *rows;

    (void)state;
    assert_int_equal(p2p_bench_forecast(&result, 2, 4, 0.5, &rows), P2P_OK);
    assert_close(rows[0].here_s, 35);
    assert_close(rows[0].seconds, 2 + 16 + 2 * 0.5);
    assert_close(rows[0].longest_s, 32);
    assert_int_equal(rows[0].groups, 64);
    assert_close(rows[1].seconds, 0.25 + 0.5); /* one group gains nothing */
    assert_close(rows[2].seconds, 7 + 0.5);
    free(rows);

    assert_int_equal(p2p_bench_forecast(&result, 2, 2, 0, &rows), P2P_OK);
    for (int i = 0; i < result.row_count; i++)
        assert_close(rows[i].seconds, rows[i].here_s);
    free(rows);
}

static void test_forecast_more_units_than_groups_is_one_turn(void **state)
{
    P2pBenchLaunch launch = {0, 100, 50.0};
    const P2pBenchResult result = {.launches = &launch, .row_count = 1, .launch_count = 1};
    P2pForecast *rows;

    (void)state;
    assert_int_equal(p2p_bench_forecast(&result, 2, 1000, 0, &rows), P2P_OK);
    assert_close(rows[0].seconds, 1);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forecast_counts_turns_of_groups),
        cmocka_unit_test(test_forecast_more_units_than_groups_is_one_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
