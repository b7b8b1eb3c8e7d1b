/* SPDX-License-Identifier: BSD-2-Clause */
/* The learning rate's factors, against those of PyTorch's schedulers at the same epochs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "src/base/status.h"
#include "src/train/schedule.h"

typedef struct Case {
    const char *policy;
    int epoch;
    double factor;
} Case;

static P2pOptions options(const char *policy)
{
    P2pOptions o;

    p2p_options_init(&o);
    assert_int_equal(p2p_options_set(&o, "lr", "1"), 0);
    assert_int_equal(p2p_options_set(&o, "lr_policy", policy), 0);
    assert_int_equal(p2p_options_set(&o, "n_epochs", "2"), 0);
    assert_int_equal(p2p_options_set(&o, "n_epochs_decay", "2"), 0);
    assert_int_equal(p2p_options_set(&o, "lr_decay_iters", "3"), 0);
    return o;
}

static void each_policy_has_its_factors(void **state)
{
    static const Case cases[] = {{"linear", 0, 1},
                                 {"linear", 1, 1},
                                 {"linear", 2, 2.0 / 3},
                                 {"linear", 3, 1.0 / 3},
                                 {"constant", 0, 1},
                                 {"constant", 999, 1},
                                 {"step", 0, 1},
                                 {"step", 2, 1},
                                 {"step", 3, 0.1},
                                 {"step", 5, 0.1},
                                 {"step", 6, 0.01},
                                 {"cosine", 0, 1},
                                 {"cosine", 2, 0.5},
                                 {"cosine", 1, 0.8535533905932737},
                                 {"cosine", 3, 0.1464466094067262}};

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(cases); i++) {
        const P2pOptions o = options(cases[i].policy);
        const P2pPosition at = {.epoch = cases[i].epoch, .step = 100 * cases[i].epoch};
        const double rate = p2p_schedule_rate(&o, &at);
        if (fabs(rate - cases[i].factor) > 1e-15)
            fail_msg("%s, epoch %d: %.17g instead of %.17g", cases[i].policy, cases[i].epoch, rate,
                     cases[i].factor);
    }
}

static void warmup_rises_to_the_whole_rate(void **state)
{
    P2pOptions o = options("step");

    (void)state;
    assert_int_equal(p2p_options_set(&o, "warmup_steps", "4"), 0);
    for (long step = 0; step < 6; step++) {
        const P2pPosition at = {.step = step};
        assert_true(p2p_schedule_rate(&o, &at) == (step < 4 ? 0.25 * (double)(step + 1) : 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_has_its_factors),
        cmocka_unit_test(warmup_rises_to_the_whole_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
