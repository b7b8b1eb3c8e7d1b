/* SPDX-License-Identifier: BSD-2-Clause */
/* Half precision and bfloat16: all 65536 values there and back, and how others are rounded. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "src/base/half.h"

static void half_every_value_comes_back(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        const float f = p2p_half_to_float((uint16_t)h);
        if (isnan(f))
            assert_true(isnan(p2p_half_to_float(p2p_float_to_half(f))));
        else
            assert_int_equal(p2p_float_to_half(f), h);
    }
}

static void half_between_two_values_rounds_to_the_nearer_or_even(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7bff; h++) { /* both neighbours are finite and positive */
        const float low = p2p_half_to_float((uint16_t)h),
                    high = p2p_half_to_float((uint16_t)(h + 1));
        const float middle = 0.5f * (low + high); /* exact */
        assert_int_equal(p2p_float_to_half(nextafterf(middle, low)), h);
        assert_int_equal(p2p_float_to_half(nextafterf(middle, high)), h + 1);
        assert_int_equal(p2p_float_to_half(middle), h + h % 2);
        assert_int_equal(p2p_float_to_half(-middle), 0x8000u | (h + h % 2));
    }
}

static void half_too_large_becomes_infinite(void **state)
{
    (void)state;
    assert_int_equal(p2p_float_to_half(65504.0f), 0x7bff);
    assert_int_equal(p2p_float_to_half(nextafterf(P2P_HALF_LIMIT, 0.0f)), 0x7bff);
    assert_int_equal(p2p_float_to_half(P2P_HALF_LIMIT), 0x7c00);
    assert_int_equal(p2p_float_to_half(-1e30f), 0xfc00);
    assert_int_equal(p2p_float_to_half(INFINITY), 0x7c00);
}

static void bfloat_every_value_comes_back(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 65536; b++) {
        const float f = p2p_bfloat_to_float((uint16_t)b);
        if (isnan(f))
            assert_true(isnan(p2p_bfloat_to_float(p2p_float_to_bfloat(f))));
        else
            assert_int_equal(p2p_float_to_bfloat(f), b);
    }
}

static void bfloat_rounds_to_the_nearer_or_even(void **state)
{
    (void)state;
    assert_int_equal(p2p_float_to_bfloat(1.0f + 0x1p-8f), 0x3f80);            /* middle, to even */
    assert_int_equal(p2p_float_to_bfloat(1.0f + 0x3p-8f), 0x3f82);            /* middle, to even */
    assert_int_equal(p2p_float_to_bfloat(1.0f + 0x1p-8f + 0x1p-20f), 0x3f81); /* above */
    assert_int_equal(p2p_float_to_bfloat(-0x1.fep127f), 0xff7f);              /* the largest */
    assert_int_equal(p2p_float_to_bfloat(0x1.ffp127f), 0x7f80);               /* half a step more */
    assert_int_equal(p2p_float_to_bfloat(INFINITY), 0x7f80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_every_value_comes_back),
        cmocka_unit_test(half_between_two_values_rounds_to_the_nearer_or_even),
        cmocka_unit_test(half_too_large_becomes_infinite),
        cmocka_unit_test(bfloat_every_value_comes_back),
        cmocka_unit_test(bfloat_rounds_to_the_nearer_or_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
