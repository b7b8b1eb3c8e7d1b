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
#include "src/train/watch.h"

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

/* Rates after each value, by torch.optim.lr_scheduler.ReduceLROnPlateau(mode, factor=0.2,
 * threshold=0.01, patience=5) of PyTorch 2.15. */
static void plateau_cuts_as_pytorch(void **state)
{
    static const double less[] = {10,  9,    8.95, 8.93, 8.92, 8.915, 8.913, 8.9,
                                  8.7, 8.7,  8.7,  8.7,  8.7,  8.7,   8.7,   8.7,
                                  5,   4.96, 4.96, 4.96, 4.96, 4.96,  4.96,  4.949};
    static const double more[] = {10, 10.05, 10.09, 10.1,  10.1, 10.1, 10.11, 10.0, 10.05,
                                  10, 10.2,  10.2,  10.21, 10.3, 10.3, 10.3,  10.3};
    const P2pOptions o = options("plateau");
    P2pPosition at = {0};

    (void)state;
    for (int i = 0; i < (int)P2P_COUNT(less); i++) {
        assert_int_equal(p2p_schedule_see(&at.plateau, i + 1, less[i], false), i == 14 || i == 22);
        const double rate = i < 14 ? 1 : i < 22 ? 0.2 : 0.04;
        assert_true(fabs(p2p_schedule_rate(&o, &at) - rate) < 1e-15);
    }
    at.plateau = (P2pWatch){0};
    for (int i = 0; i < (int)P2P_COUNT(more); i++)
        assert_int_equal(p2p_schedule_see(&at.plateau, i + 1, more[i], true), i == 12);
}

static void nan_is_never_the_best(void **state)
{
    P2pWatch w = {0};

    (void)state;
    assert_false(p2p_watch_see(&w, 1, (double)NAN, false, 0));
    assert_int_equal(w.bad, 1);
    assert_true(p2p_watch_see(&w, 2, 3, false, 0));
    assert_false(p2p_watch_see(&w, 3, 3, false, 0));
    assert_false(p2p_watch_see(&w, 4, (double)NAN, false, 0));
    assert_true(p2p_watch_see(&w, 5, 2, false, 0));
    assert_true(w.best == 2 && w.epoch == 5 && w.bad == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_has_its_factors),
        cmocka_unit_test(warmup_rises_to_the_whole_rate),
        cmocka_unit_test(plateau_cuts_as_pytorch),
        cmocka_unit_test(nan_is_never_the_best),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
