/* SPDX-License-Identifier: BSD-2-Clause */
/* Jitter: ranges, determinism, the sizes each kind of preprocessing gives. */
#include "tests/unit/data_helpers.h"

static void draw_depends_on_arguments_alone(void **state)
{
    const P2pJitterSettings s = {0};
    P2pJitter a, b, other;

    (void)state;
    assert_int_equal(p2p_jitter_draw(&a, &s, 256, 256, 1, 2, 3), P2P_OK);
    assert_int_equal(p2p_jitter_draw(&other, &s, 256, 256, 1, 3, 3), P2P_OK);
    assert_int_equal(p2p_jitter_draw(&b, &s, 256, 256, 1, 2, 3), P2P_OK);
    assert_memory_equal(&a, &b, sizeof(a));
    assert_true(a.x != other.x || a.y != other.y);
}

static void draw_covers_all_offsets_and_both_sides(void **state)
{
    const P2pJitterSettings s = {0};
    int seen_x[31] = {0}, seen_y[31] = {0}, flips = 0;

    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        P2pJitter j;
        assert_int_equal(p2p_jitter_draw(&j, &s, 100, 300, 5, 0, i), P2P_OK);
        assert_int_equal(j.resize_width, 286);
        assert_int_equal(j.resize_height, 286);
        assert_int_equal(j.width, 256);
        assert_int_equal(j.height, 256);
        assert_in_range(j.x, 0, 30);
        assert_in_range(j.y, 0, 30);
        seen_x[j.x]++;
        seen_y[j.y]++;
        flips += j.flip;
    }
    for (int i = 0; i < 31; i++)
        assert_true(seen_x[i] > 20 && seen_y[i] > 20);
    assert_in_range(flips, 900, 1100);
}

typedef struct Case {
    P2pPreprocess preprocess;
    int load, crop, width, height; /* given */
    int draw_width, draw_height, fix_width, fix_height;
} Case;

static void sizes_follow_preprocessing(void **state)
{
    static const Case cases[] = {
        {P2P_PREPROCESS_RESIZE_AND_CROP, 70, 64, 300, 200, 64, 64, 64, 64},
        {P2P_PREPROCESS_CROP, 0, 64, 300, 200, 64, 64, 64, 64},
        {P2P_PREPROCESS_SCALE_WIDTH, 150, 64, 300, 201, 150, 100, 150, 100},
        {P2P_PREPROCESS_SCALE_WIDTH, 150, 128, 300, 200, 150, 128, 150, 128},
        {P2P_PREPROCESS_SCALE_WIDTH, 300, 128, 300, 200, 300, 200, 300, 200},
        {P2P_PREPROCESS_SCALE_WIDTH_AND_CROP, 150, 90, 300, 200, 90, 90, 90, 90},
        {P2P_PREPROCESS_NONE, 0, 0, 301, 198, 300, 200, 300, 200}, /* 49.5 to even 50 */
        {P2P_PREPROCESS_NONE, 0, 0, 1, 2, 4, 4, 4, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const Case *c = &cases[i];
        const P2pJitterSettings s = {
            .preprocess = c->preprocess, .load_size = c->load, .crop_size = c->crop};
        P2pImage in = test_picture(c->width, c->height, 3, 8, 1), out;
        P2pJitter j;
        assert_int_equal(p2p_jitter_draw(&j, &s, c->width, c->height, 1, 1, 1), P2P_OK);
        assert_int_equal(p2p_jitter_apply(&j, &in, &out), P2P_OK);
        assert_int_equal(out.width, c->draw_width);
        assert_int_equal(out.height, c->draw_height);
        p2p_image_finish(&out);
        assert_int_equal(p2p_jitter_fix(&j, &s, c->width, c->height), P2P_OK);
        assert_false(j.flip);
        assert_int_equal(p2p_jitter_apply(&j, &in, &out), P2P_OK);
        assert_int_equal(out.width, c->fix_width);
        assert_int_equal(out.height, c->fix_height);
        p2p_image_finish(&out);
        p2p_image_finish(&in);
    }
}

/* --max_size and --fit change the size, not the shape; the rest is continued around it. */
static void keep_keeps_the_shape(void **state)
{
    static const struct {
        int most, fit_width, fit_height, width, height; /* given */
        int to_width, to_height;
    } cases[] = {
        {0, 0, 0, 333, 217, 333, 217},      {400, 0, 0, 333, 217, 333, 217},
        {100, 0, 0, 333, 217, 100, 65},                                           /* 65.2 */
        {100, 0, 0, 217, 333, 65, 100},     {0, 1000, 1000, 333, 217, 1000, 652}, /* 651.7 */
        {0, 1000, 434, 333, 217, 666, 434}, {0, 10, 10, 1000, 3, 10, 1},          /* 0.03 */
        {50, 100, 100, 10, 20, 25, 50},     {0, 0, 0, 1, 1, 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int multiple = 1; multiple <= 256; multiple += 255) {
            const P2pJitterSettings s = {.preprocess = P2P_PREPROCESS_KEEP,
                                         .multiple = multiple,
                                         .max_size = cases[i].most,
                                         .fit_width = cases[i].fit_width,
                                         .fit_height = cases[i].fit_height};
            P2pJitter fixed, drawn;
            assert_int_equal(p2p_jitter_fix(&fixed, &s, cases[i].width, cases[i].height), P2P_OK);
            assert_int_equal(fixed.resize_width, cases[i].to_width);
            assert_int_equal(fixed.resize_height, cases[i].to_height);
            assert_int_equal(fixed.width % multiple, 0);
            assert_in_range(fixed.width, cases[i].to_width, cases[i].to_width + multiple - 1);
            assert_in_range(fixed.height, cases[i].to_height, cases[i].to_height + multiple - 1);
            assert_in_range(-fixed.x, 0, fixed.width - fixed.resize_width);
            assert_in_range(-fixed.y, 0, fixed.height - fixed.resize_height);
            assert_int_equal(p2p_jitter_draw(&drawn, &s, cases[i].width, cases[i].height, 1, 2, 3),
                             P2P_OK);
            fixed.flip = drawn.flip;
            assert_memory_equal(&fixed, &drawn, sizeof(fixed));
        }
    }
}

/* 300 x 200 for networks that take multiples of `multiple`, and `least` at least. */
static void sides_are_what_networks_take(void **state)
{
    static const struct {
        P2pPreprocess preprocess;
        int multiple, least;
        int resize_width, resize_height, width, height;
    } cases[] = {
        {P2P_PREPROCESS_NONE, 128, 0, 256, 256, 256, 256},
        {P2P_PREPROCESS_NONE, 512, 0, 512, 512, 512, 512},
        {P2P_PREPROCESS_NONE, 4, 210, 300, 212, 300, 212},
        {P2P_PREPROCESS_KEEP, 128, 0, 300, 200, 384, 256},
        {P2P_PREPROCESS_KEEP, 4, 210, 300, 200, 300, 212},
        {P2P_PREPROCESS_SCALE_WIDTH, 0, 0, 150, 100, 150, 100},
        {P2P_PREPROCESS_SCALE_WIDTH, 64, 0, 150, 100, 192, 128},
        {P2P_PREPROCESS_SCALE_WIDTH, 4, 110, 150, 100, 152, 112},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const P2pJitterSettings s = {.preprocess = cases[i].preprocess,
                                     .load_size = 150,
                                     .crop_size = 64,
                                     .multiple = cases[i].multiple,
                                     .least = cases[i].least};
        P2pJitter j;
        assert_int_equal(p2p_jitter_draw(&j, &s, 300, 200, 1, 2, 3), P2P_OK);
        assert_int_equal(j.resize_width, cases[i].resize_width);
        assert_int_equal(j.resize_height, cases[i].resize_height);
        assert_int_equal(j.width, cases[i].width);
        assert_int_equal(j.height, cases[i].height);
        assert_int_equal(j.x, -(j.width - j.resize_width) / 2);
        assert_int_equal(j.y, -(j.height - j.resize_height) / 2);
    }
}

static void fix_takes_the_middle_of_what_load_size_makes(void **state)
{
    static const struct {
        P2pPreprocess preprocess;
        int load, width, height, x, y; /* of a picture of 300 x 200, cropped to 64 */
    } cases[] = {
        {P2P_PREPROCESS_RESIZE_AND_CROP, 0, 64, 64, 0, 0},
        {P2P_PREPROCESS_RESIZE_AND_CROP, 96, 96, 96, 16, 16},
        {P2P_PREPROCESS_SCALE_WIDTH_AND_CROP, 0, 64, 64, 0, 0},
        {P2P_PREPROCESS_SCALE_WIDTH_AND_CROP, 150, 150, 100, 43, 18},
        {P2P_PREPROCESS_SCALE_WIDTH, 0, 286, 190, 0, 0},
        {P2P_PREPROCESS_CROP, 96, 300, 200, 118, 68},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const P2pJitterSettings s = {.preprocess = cases[i].preprocess,
                                     .load_size = cases[i].load,
                                     .crop_size = 64,
                                     .multiple = 1};
        P2pJitter j;
        assert_int_equal(p2p_jitter_fix(&j, &s, 300, 200), P2P_OK);
        assert_int_equal(j.resize_width, cases[i].width);
        assert_int_equal(j.resize_height, cases[i].height);
        assert_int_equal(j.x, cases[i].x);
        assert_int_equal(j.y, cases[i].y);
    }
}

static void apply_is_resize_crop_flip(void **state)
{
    P2pImage in = test_picture(40, 30, 3, 8, 1), resized, cut, out;
    const P2pJitter j = {.resize_width = 50,
                         .resize_height = 52,
                         .x = 3,
                         .y = 5,
                         .width = 20,
                         .height = 40,
                         .flip = true};

    (void)state;
    assert_int_equal(p2p_jitter_apply(&j, &in, &out), P2P_OK);
    assert_int_equal(p2p_image_resize(&in, 50, 52, P2P_FILTER_BICUBIC, &resized), P2P_OK);
    assert_int_equal(p2p_image_crop(&resized, 3, 5, 20, 40, &cut), P2P_OK);
    p2p_image_flip(&cut);
    test_same(&cut, &out);
    p2p_image_finish(&in);
    p2p_image_finish(&resized);
    p2p_image_finish(&cut);
    p2p_image_finish(&out);
}

static void impossible_settings_are_refused(void **state)
{
    const P2pJitterSettings small = {.load_size = 200}, crop = {.preprocess = P2P_PREPROCESS_CROP};
    const P2pJitterSettings negative = {.load_size = -1}, half = {.fit_width = 3};
    const P2pJitterSettings wide = {.preprocess = P2P_PREPROCESS_SCALE_WIDTH,
                                    .load_size = 300,
                                    .crop_size = 100,
                                    .max_pixels = 60000};
    P2pPreprocess p;
    P2pJitter j;

    (void)state;
    assert_int_equal(p2p_jitter_draw(&j, &small, 300, 300, 0, 0, 0), P2P_EINVAL);
    assert_int_equal(p2p_jitter_draw(&j, &crop, 300, 200, 0, 0, 0), P2P_EINVAL);
    assert_int_equal(p2p_jitter_fix(&j, &negative, 300, 200), P2P_EINVAL);
    assert_int_equal(p2p_jitter_fix(&j, &wide, 300, 200), P2P_OK);
    test_error_names(p2p_jitter_fix(&j, &wide, 300, 201), P2P_EINVAL, "is 60000");
    test_error_names(p2p_jitter_draw(&j, &wide, 300, 201, 0, 0, 0), P2P_EINVAL, "300 x 201");
    test_error_names(p2p_preprocess_parse("resize", &p), P2P_EINVAL, "resize_and_crop");
    test_error_names(p2p_jitter_fix(&j, &half, 300, 200), P2P_EINVAL, "3 x 0");
    for (int i = 0; i <= P2P_PREPROCESS_KEEP; i++) {
        assert_int_equal(p2p_preprocess_parse(p2p_preprocess_name((P2pPreprocess)i), &p), P2P_OK);
        assert_int_equal(p, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draw_depends_on_arguments_alone),
        cmocka_unit_test(draw_covers_all_offsets_and_both_sides),
        cmocka_unit_test(sizes_follow_preprocessing),
        cmocka_unit_test(keep_keeps_the_shape),
        cmocka_unit_test(sides_are_what_networks_take),
        cmocka_unit_test(fix_takes_the_middle_of_what_load_size_makes),
        cmocka_unit_test(apply_is_resize_crop_flip),
        cmocka_unit_test(impossible_settings_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
