/* SPDX-License-Identifier: BSD-2-Clause */
/* L1, PSNR, SSIM and MS-SSIM against answers known by formula and against a direct double sum. */
#include "tests/unit/data_helpers.h"

#include <math.h>

static P2pImage constant(int bits, unsigned value)
{
    P2pImage x;

    assert_int_equal(p2p_image_init(&x, 16, 12, 3, bits), P2P_OK);
    for (int i = 0; i < 16 * 12 * 3; i++)
        bits == 8 ? (void)(((uint8_t *)x.data)[i] = (uint8_t)value)
                  : (void)(((uint16_t *)x.data)[i] = (uint16_t)value);
    return x;
}

static void equal_pictures_are_perfect(void **state)
{
    P2pImage x = test_picture(20, 15, 3, 8, 1);
    P2pMetrics m;

    (void)state;
    assert_int_equal(p2p_image_compare(&x, &x, &m), P2P_OK);
    assert_true(m.l1 == 0 && isinf(m.psnr) && m.psnr > 0);
    assert_true(fabs(m.ssim - 1) < 1e-12);
    p2p_image_finish(&x);
}

static void constants_give_the_formulas(void **state)
{
    P2pImage a = constant(8, 100), b = constant(16, 150 * 257);
    P2pMetrics m;

    (void)state;
    assert_int_equal(p2p_image_compare(&a, &b, &m), P2P_OK);
    assert_true(fabs(m.l1 - 50) < 1e-12);
    assert_true(fabs(m.psnr - 14.1514035) < 1e-6);
    const double c1 = 2.55 * 2.55;
    assert_true(fabs(m.ssim - (2 * 100 * 150 + c1) / (100 * 100 + 150 * 150 + c1)) < 1e-9);
    p2p_image_finish(&a);
    p2p_image_finish(&b);
}

/* One position by the definition: weights, means, then squares of the differences from them. */
static double direct(const uint8_t *a, const uint8_t *b, int width, int channels, int x, int y)
{
    double sum = 0, ma = 0, mb = 0, va = 0, vb = 0, cov = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < 11; i++) {
            for (int j = 0; j < 11; j++) {
                const double w = exp(-((i - 5) * (i - 5) + (j - 5) * (j - 5)) / 4.5);
                const int at = ((y + i) * width + x + j) * channels;
                if (pass == 0) {
                    sum += w;
                    ma += w * a[at];
                    mb += w * b[at];
                } else {
                    va += w / sum * (a[at] - ma) * (a[at] - ma);
                    vb += w / sum * (b[at] - mb) * (b[at] - mb);
                    cov += w / sum * (a[at] - ma) * (b[at] - mb);
                }
            }
        }
        if (pass == 0) {
            ma /= sum;
            mb /= sum;
        }
    }
    return (2 * ma * mb + 6.5025) * (2 * cov + 58.5225) /
           ((ma * ma + mb * mb + 6.5025) * (va + vb + 58.5225));
}

static void ssim_agrees_with_its_definition(void **state)
{
    P2pImage a = test_picture(23, 17, 2, 8, 1), b = test_picture(23, 17, 2, 8, 2);
    P2pMetrics m;
    double sum = 0;

    (void)state;
    for (size_t i = 0; i < p2p_image_bytes(&a); i++) /* correlated */
        ((uint8_t *)b.data)[i] =
            (uint8_t)((3 * ((uint8_t *)a.data)[i] + ((uint8_t *)b.data)[i]) / 4);
    for (int k = 0; k < 2; k++)
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 13; x++)
                sum += direct((uint8_t *)a.data + k, (uint8_t *)b.data + k, 23, 2, x, y);
    assert_int_equal(p2p_image_compare(&a, &b, &m), P2P_OK);
    assert_true(m.ssim > 0.5 && m.ssim < 0.99);
    assert_true(fabs(m.ssim - sum / (2 * 7 * 13)) < 1e-10);
    p2p_image_finish(&a);
    p2p_image_finish(&b);
}

/* Sides of 165 and 170 are odd in some of the five scales. */
static P2pImage pattern(bool second)
{
    P2pImage x;

    assert_int_equal(p2p_image_init(&x, 170, 165, 1, 8), P2P_OK);
    for (int v = 0; v < 165; v++) {
        for (int u = 0; u < 170; u++) {
            const int first = ((u * u / 9 + v * 13) / 4 + u * v / 20) % 256;
            ((uint8_t *)x.data)[v * 170 + u] =
                (uint8_t)(second ? (3 * first + (u * 5 + v * 3) % 256) / 4 : first);
        }
    }
    return x;
}

/* The numbers are those of a program in float64 on PyTorch's conv2d and avg_pool2d, and of
   scikit-image's structural_similarity. */
static void ms_ssim_agrees_with_another_program(void **state)
{
    P2pImage a = pattern(false), b = pattern(true);
    P2pMetrics m;

    (void)state;
    assert_int_equal(p2p_image_compare(&a, &b, &m), P2P_OK);
    assert_true(fabs(m.ssim - 0.876453908992) < 1e-9);
    assert_true(fabs(m.ms_ssim - 0.897663225818) < 1e-9);
    p2p_image_finish(&b);
    assert_int_equal(p2p_image_crop(&a, 0, 0, 170, 160, &b), P2P_OK);
    assert_int_equal(p2p_image_compare(&b, &b, &m), P2P_OK);
    assert_true(isnan(m.ms_ssim) && fabs(m.ssim - 1) < 1e-12);
    p2p_image_finish(&b);
    assert_int_equal(p2p_image_crop(&a, 0, 0, 161, 165, &b), P2P_OK);
    assert_int_equal(p2p_image_compare(&b, &b, &m), P2P_OK);
    assert_true(fabs(m.ms_ssim - 1) < 1e-12);
    p2p_image_finish(&a);
    p2p_image_finish(&b);
}

static void unlike_shapes_are_refused_and_small_ones_have_no_ssim(void **state)
{
    P2pImage a = test_picture(10, 20, 3, 8, 1), b = test_picture(20, 10, 3, 8, 1);
    P2pMetrics m;

    (void)state;
    assert_int_equal(p2p_image_compare(&a, &b, &m), P2P_EINVAL);
    assert_int_equal(p2p_image_compare(&a, &a, &m), P2P_OK);
    assert_true(isnan(m.ssim));
    p2p_image_finish(&a);
    p2p_image_finish(&b);
    assert_int_equal(p2p_image_compare(&a, &b, &m), P2P_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_pictures_are_perfect),
        cmocka_unit_test(constants_give_the_formulas),
        cmocka_unit_test(ssim_agrees_with_its_definition),
        cmocka_unit_test(ms_ssim_agrees_with_another_program),
        cmocka_unit_test(unlike_shapes_are_refused_and_small_ones_have_no_ssim),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
