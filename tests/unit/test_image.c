/* SPDX-License-Identifier: BSD-2-Clause */
/* Pictures in memory: resizing against Pillow, cutting, channels, bits, floats. */
#include "tests/unit/data_helpers.h"

#include <math.h>

static P2pImage golden(const char *name, const char *what)
{
    char path[1024];
    P2pImage image;

    snprintf(path, sizeof(path), P2P_TEST_DATA "/resize_%s_%s.png", name, what);
    if (p2p_image_read(&image, path, 0) != P2P_OK)
        fail_msg("%s", p2p_error());
    return image;
}

static void resize_pillows_cases_are_equal(void **state)
{
    static const char *const cases[] = {"noise", "grey"};
    static const struct {
        const char *name;
        P2pFilter filter;
    } filters[] = {{"bicubic", P2P_FILTER_BICUBIC},
                   {"bilinear", P2P_FILTER_BILINEAR},
                   {"nearest", P2P_FILTER_NEAREST},
                   {"area", P2P_FILTER_AREA}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int f = 0; f < 4; f++) {
            P2pImage x = golden(cases[i], "x"), y = golden(cases[i], filters[f].name), out;
            assert_int_equal(p2p_image_resize(&x, y.width, y.height, filters[f].filter, &out),
                             P2P_OK);
            test_same(&out, &y);
            p2p_image_finish(&x);
            p2p_image_finish(&y);
            p2p_image_finish(&out);
        }
    }
}

/* A mask of two colours stays one, whatever the sizes. */
static void resize_nearest_makes_no_values(void **state)
{
    (void)state;
    for (int bits = 8; bits <= 16; bits += 8) {
        P2pImage x = test_picture(37, 21, 1, bits, 5), y;
        uint8_t *bytes = x.data;
        for (size_t i = 0; i < p2p_image_bytes(&x); i++)
            bytes[i] = bytes[bits == 8 ? i : i / 2 * 2] & 1 ? 0xff : 0;
        for (int side = 1; side < 90; side += 8) {
            assert_int_equal(p2p_image_resize(&x, side, 91 - side, P2P_FILTER_NEAREST, &y), P2P_OK);
            for (size_t i = 0; i < p2p_image_bytes(&y); i++)
                assert_true(((uint8_t *)y.data)[i] == 0 || ((uint8_t *)y.data)[i] == 0xff);
            p2p_image_finish(&y);
        }
        p2p_image_finish(&x);
    }
}

/* numpy.pad(mode="reflect") of [0, 1, 2, 3], [0, 1] and [0]. */
static void reflect_repeats_no_edge(void **state)
{
    static const struct {
        int n, x, width;
        uint8_t expected[14];
    } cases[] = {
        {4, -5, 14, {1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2}},
        {4, 1, 2, {1, 2}},
        {4, 6, 3, {0, 1, 2}},
        {4, -9, 3, {3, 2, 1}},
        {2, -3, 7, {1, 0, 1, 0, 1, 0, 1}},
        {1, -2, 5, {0, 0, 0, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        P2pImage row, column, out;
        assert_int_equal(p2p_image_init(&row, cases[i].n, 1, 1, 8), P2P_OK);
        assert_int_equal(p2p_image_init(&column, 1, cases[i].n, 1, 8), P2P_OK);
        for (int k = 0; k < cases[i].n; k++)
            ((uint8_t *)row.data)[k] = ((uint8_t *)column.data)[k] = (uint8_t)k;
        assert_int_equal(p2p_image_reflect(&row, cases[i].x, 0, cases[i].width, 1, &out), P2P_OK);
        assert_memory_equal(out.data, cases[i].expected, (size_t)cases[i].width);
        p2p_image_finish(&out);
        assert_int_equal(p2p_image_reflect(&column, 0, cases[i].x, 1, cases[i].width, &out),
                         P2P_OK);
        assert_memory_equal(out.data, cases[i].expected, (size_t)cases[i].width);
        p2p_image_finish(&out);
        p2p_image_finish(&row);
        p2p_image_finish(&column);
    }
}

static void join_all_lines_up_at_the_top(void **state)
{
    P2pImage x[2] = {test_picture(3, 5, 3, 8, 1), test_picture(4, 2, 3, 8, 2)}, all, cut;

    (void)state;
    assert_int_equal(p2p_image_join_all(x, 2, &all), P2P_OK);
    assert_int_equal(all.width, 7);
    assert_int_equal(all.height, 5);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(p2p_image_crop(&all, 3 * i, 0, x[i].width, x[i].height, &cut), P2P_OK);
        test_same(&cut, &x[i]);
        p2p_image_finish(&cut);
        p2p_image_finish(&x[i]);
    }
    for (int y = 2; y < 5; y++)
        for (int k = 0; k < 12; k++)
            assert_int_equal(((uint8_t *)all.data)[y * 21 + 9 + k], 0);
    p2p_image_finish(&all);
}

/* Within the picture it is a crop, whatever the channels and bits. */
static void reflect_within_crops(void **state)
{
    (void)state;
    for (int bits = 8; bits <= 16; bits += 8) {
        P2pImage x = test_picture(11, 9, 3, bits, 2), cut, out, back;
        assert_int_equal(p2p_image_crop(&x, 3, 2, 6, 5, &cut), P2P_OK);
        assert_int_equal(p2p_image_reflect(&x, 3, 2, 6, 5, &out), P2P_OK);
        test_same(&cut, &out);
        p2p_image_finish(&out);
        assert_int_equal(p2p_image_reflect(&x, -7, -20, 40, 50, &out), P2P_OK);
        assert_int_equal(p2p_image_crop(&out, 7, 20, 11, 9, &back), P2P_OK);
        test_same(&back, &x);
        p2p_image_finish(&out);
        p2p_image_finish(&back);
        p2p_image_finish(&cut);
        p2p_image_finish(&x);
    }
}

static void resize_same_size_copies(void **state)
{
    P2pImage x = test_picture(16, 9, 3, 8, 1), y;

    (void)state;
    assert_int_equal(p2p_image_resize(&x, 16, 9, P2P_FILTER_BICUBIC, &y), P2P_OK);
    test_same(&x, &y);
    p2p_image_finish(&x);
    p2p_image_finish(&y);
}

/* 257 v in 16 bits must agree with v in 8 to the rounding of the two passes. */
static void resize_16_bits_agrees_with_8(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 6; channels++) {
        P2pImage x = test_picture(37, 21, channels, 8, 5), wide, small, large;
        assert_int_equal(p2p_image_convert_bits(&x, 16, &wide), P2P_OK);
        assert_int_equal(p2p_image_resize(&x, 19, 40, P2P_FILTER_BICUBIC, &small), P2P_OK);
        assert_int_equal(p2p_image_resize(&wide, 19, 40, P2P_FILTER_BICUBIC, &large), P2P_OK);
        assert_int_equal(large.bits, 16);
        for (size_t i = 0; i < p2p_image_bytes(&small); i++)
            assert_true(fabs(((uint16_t *)large.data)[i] / 257.0 - ((uint8_t *)small.data)[i]) <
                        1.5);
        p2p_image_finish(&x);
        p2p_image_finish(&wide);
        p2p_image_finish(&small);
        p2p_image_finish(&large);
    }
}

static void resize_constant_stays_constant(void **state)
{
    P2pImage x, y;

    (void)state;
    for (int bits = 8; bits <= 16; bits += 8) {
        assert_int_equal(p2p_image_init(&x, 7, 5, 2, bits), P2P_OK);
        memset(x.data, 0xff, p2p_image_bytes(&x));
        assert_int_equal(p2p_image_resize(&x, 31, 1, P2P_FILTER_BICUBIC, &y), P2P_OK);
        for (size_t i = 0; i < p2p_image_bytes(&y); i++)
            assert_int_equal(((uint8_t *)y.data)[i], 0xff);
        p2p_image_finish(&x);
        p2p_image_finish(&y);
    }
}

static void impossible_sizes_are_refused(void **state)
{
    P2pImage x = test_picture(4, 4, 3, 8, 1), y;

    (void)state;
    assert_int_equal(p2p_image_init(&y, 0, 1, 1, 8), P2P_EINVAL);
    assert_int_equal(p2p_image_init(&y, 1, -1, 1, 8), P2P_EINVAL);
    assert_int_equal(p2p_image_init(&y, 1, 1, 0, 8), P2P_EINVAL);
    assert_int_equal(p2p_image_init(&y, 1, 1, 1, 12), P2P_EINVAL);
    assert_int_equal(p2p_image_resize(&x, 0, 4, P2P_FILTER_BICUBIC, &y), P2P_EINVAL);
    assert_int_equal(p2p_image_reflect(&x, 0, 0, 0, 4, &y), P2P_EINVAL);
    assert_int_equal(p2p_image_crop(&x, 1, 0, 4, 4, &y), P2P_EINVAL);
    assert_int_equal(p2p_image_crop(&x, -1, 0, 2, 2, &y), P2P_EINVAL);
    assert_int_equal(p2p_image_convert_channels(&x, 5, &y), P2P_EINVAL);
    assert_null(y.data);
    p2p_image_finish(&x);
}

static void crop_flip_join_move_pixels(void **state)
{
    P2pImage x = test_picture(5, 4, 3, 16, 1), left, right, joined, again;
    const uint16_t *in = x.data;

    (void)state;
    assert_int_equal(p2p_image_crop(&x, 2, 1, 2, 3, &left), P2P_OK);
    assert_memory_equal(left.data, in + (1 * 5 + 2) * 3, 2 * 3 * 2);
    p2p_image_finish(&left);

    assert_int_equal(p2p_image_crop(&x, 0, 0, 2, 4, &left), P2P_OK);
    assert_int_equal(p2p_image_crop(&x, 2, 0, 3, 4, &right), P2P_OK);
    assert_int_equal(p2p_image_join(&left, &right, &joined), P2P_OK);
    test_same(&joined, &x);

    p2p_image_flip(&joined);
    assert_memory_equal(joined.data, in + 4 * 3, 3 * 2);
    assert_memory_equal((uint16_t *)joined.data + 2 * 3, in + 2 * 3, 3 * 2);
    p2p_image_flip(&joined);
    test_same(&joined, &x);

    right.height = 3;
    assert_int_equal(p2p_image_join(&left, &right, &again), P2P_EINVAL);
    p2p_image_finish(&x);
    p2p_image_finish(&left);
    p2p_image_finish(&right);
    p2p_image_finish(&joined);
}

static void channels_convert_as_pillow(void **state)
{
    const uint8_t rgba[] = {255, 255, 255, 7, 10, 200, 30, 8};
    P2pImage x, grey, rgb, back;

    (void)state;
    assert_int_equal(p2p_image_init(&x, 2, 1, 4, 8), P2P_OK);
    memcpy(x.data, rgba, sizeof(rgba));
    assert_int_equal(p2p_image_convert_channels(&x, 1, &grey), P2P_OK);
    assert_int_equal(((uint8_t *)grey.data)[0], 255);
    assert_int_equal(((uint8_t *)grey.data)[1],
                     (10 * 19595 + 200 * 38470 + 30 * 7471 + 0x8000) >> 16);
    assert_int_equal(p2p_image_convert_channels(&x, 3, &rgb), P2P_OK);
    assert_memory_equal(rgb.data, "\xff\xff\xff\x0a\xc8\x1e", 6);
    assert_int_equal(p2p_image_convert_channels(&rgb, 4, &back), P2P_OK);
    assert_memory_equal(back.data, "\xff\xff\xff\xff\x0a\xc8\x1e\xff", 8);
    p2p_image_finish(&back);
    assert_int_equal(p2p_image_convert_channels(&grey, 3, &back), P2P_OK);
    assert_int_equal(((uint8_t *)back.data)[5], ((uint8_t *)grey.data)[1]);
    p2p_image_finish(&back);
    assert_int_equal(p2p_image_convert_channels(&x, 2, &back), P2P_OK);
    assert_int_equal(((uint8_t *)back.data)[3], 8);
    p2p_image_finish(&back);
    p2p_image_finish(&x);
    p2p_image_finish(&grey);
    p2p_image_finish(&rgb);
}

static void luma_of_16_bit_white_is_white(void **state)
{
    P2pImage x, y;

    (void)state;
    assert_int_equal(p2p_image_init(&x, 1, 1, 3, 16), P2P_OK);
    memset(x.data, 0xff, 6);
    assert_int_equal(p2p_image_convert_channels(&x, 1, &y), P2P_OK);
    assert_int_equal(*(uint16_t *)y.data, 65535);
    p2p_image_finish(&x);
    p2p_image_finish(&y);
}

static void floats_come_back_exactly(void **state)
{
    (void)state;
    for (int bits = 8; bits <= 16; bits += 8) {
        P2pImage x, y;
        float *f = malloc(65536 * sizeof(float));
        assert_int_equal(p2p_image_init(&x, 256, bits == 8 ? 1 : 256, 1, bits), P2P_OK);
        const int n = bits == 8 ? 256 : 65536;
        for (int i = 0; i < n; i++)
            bits == 8 ? (void)(((uint8_t *)x.data)[i] = (uint8_t)i)
                      : (void)(((uint16_t *)x.data)[i] = (uint16_t)i);
        p2p_image_to_floats(&x, f);
        assert_true(f[0] == -1 && f[n - 1] == 1);
        assert_true(f[100] == (100.0f / (float)(n - 1) - 0.5f) / 0.5f);
        assert_int_equal(p2p_image_from_floats(&y, f, x.width, x.height, 1, bits), P2P_OK);
        test_same(&x, &y);
        free(f);
        p2p_image_finish(&x);
        p2p_image_finish(&y);
    }
}

static void floats_out_of_range_are_clamped(void **state)
{
    const float f[] = {-1e9f, 1e9f, NAN, -INFINITY, INFINITY, 0.0f, -1.001f, 1.001f};
    const uint8_t expected[] = {0, 255, 0, 0, 255, 128, 0, 255};
    P2pImage x;

    (void)state;
    assert_int_equal(p2p_image_from_floats(&x, f, 8, 1, 1, 8), P2P_OK);
    assert_memory_equal(x.data, expected, 8);
    p2p_image_finish(&x);
}

static void alpha_is_taken_and_put_back(void **state)
{
    (void)state;
    for (int channels = 2; channels <= 4; channels += 2)
        for (int bits = 8; bits <= 16; bits += 8) {
            P2pImage x = test_picture(7, 5, channels, bits, 3), alpha, y;
            assert_int_equal(p2p_image_get_alpha(&x, &alpha), P2P_OK);
            assert_int_equal(p2p_image_convert_channels(&x, channels - 1, &y), P2P_OK);
            assert_int_equal(p2p_image_set_alpha(&y, &alpha), P2P_OK);
            test_same(&y, &x);
            p2p_image_finish(&x);
            p2p_image_finish(&alpha);
            p2p_image_finish(&y);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resize_pillows_cases_are_equal),
        cmocka_unit_test(resize_nearest_makes_no_values),
        cmocka_unit_test(reflect_repeats_no_edge),
        cmocka_unit_test(reflect_within_crops),
        cmocka_unit_test(join_all_lines_up_at_the_top),
        cmocka_unit_test(resize_same_size_copies),
        cmocka_unit_test(resize_16_bits_agrees_with_8),
        cmocka_unit_test(resize_constant_stays_constant),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(crop_flip_join_move_pixels),
        cmocka_unit_test(channels_convert_as_pillow),
        cmocka_unit_test(luma_of_16_bit_white_is_white),
        cmocka_unit_test(floats_come_back_exactly),
        cmocka_unit_test(alpha_is_taken_and_put_back),
        cmocka_unit_test(floats_out_of_range_are_clamped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
