/* SPDX-License-Identifier: BSD-2-Clause */
/* Known answers of Philox4x32-10 (Random123's own) and of the values drawn from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/base/rng.h"

static void philox_random123_vectors_match(void **state)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t out[4];
        p2p_philox(cases[i].counter, cases[i].key, out);
        assert_memory_equal(out, cases[i].out, sizeof(out));
    }
}

static void stream_blocks_match_golden_readme(void **state)
{
    const uint32_t expected[4] = {0xdbdd9219, 0x7ca76700, 0x1de91fa3, 0xd69f845f};
    uint32_t out[4];

    (void)state;
    p2p_rng_block(1000, 2000, 0, out);
    assert_memory_equal(out, expected, sizeof(out));
    assert_true(p2p_rng_symmetric(out[0]) == 0.717699289f);
    assert_true(p2p_rng_symmetric(out[1]) == -0.0261412859f);
    assert_int_equal(p2p_rng_word(1000, 2000, 2), expected[2]);
}

static void below_stays_below_bound(void **state)
{
    (void)state;
    assert_int_equal(p2p_rng_below(0xffffffffu, 31), 30);
    assert_int_equal(p2p_rng_below(0, 31), 0);
    assert_int_equal(p2p_rng_below(0xffffffffu, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_random123_vectors_match),
        cmocka_unit_test(stream_blocks_match_golden_readme),
        cmocka_unit_test(below_stays_below_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
