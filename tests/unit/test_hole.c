/* SPDX-License-Identifier: BSD-2-Clause */
/* Holes in pictures of all bits: where they are, what is in them, how resizing leaves them. */
#include <math.h>

#include "src/data/hole.h"
#include "src/data/picture.h"
#include "tests/unit/data_helpers.h"

enum { WIDTH = 12, HEIGHT = 8 };

/* Light grey. */
static P2pImage picture(int bits)
{
    P2pImage eight, image;

    assert_int_equal(p2p_image_init(&eight, WIDTH, HEIGHT, 3, 8), 0);
    memset(eight.data, 200, p2p_image_bytes(&eight));
    assert_int_equal(p2p_image_convert_bits(&eight, bits, &image), 0);
    p2p_image_finish(&eight);
    return image;
}

static bool is_hole(const P2pImage *rgba, int x, int y)
{
    const size_t at = 4 * (size_t)(y * WIDTH + x);
    const bool hole = p2p_image_sample(rgba, at + 3) == 0;

    for (size_t k = 0; k < 3; k++)
        assert_true(fabs(p2p_image_sample(rgba, at + k) - (hole ? 127.8 : 200)) < 0.4);
    assert_true(hole || p2p_image_sample(rgba, at + 3) == 255);
    return hole;
}

static int hole_size(const P2pImage *rgba)
{
    int count = 0;

    for (int i = 0; i < WIDTH * HEIGHT; i++)
        count += is_hole(rgba, i % WIDTH, i / WIDTH);
    return count;
}

static void the_centre_is_half_of_both_sides(void **state)
{
    P2pHoles holes;

    (void)state;
    assert_int_equal(p2p_holes_open(&holes, "center", 1, 0), 0);
    for (int bits = 8; bits <= 32; bits *= 2) {
        P2pImage rgb = picture(bits), rgba;
        assert_int_equal(p2p_holes_cut(&holes, &rgb, 3, 4, &rgba), 0);
        assert_int_equal(rgba.bits, bits);
        for (int i = 0; i < WIDTH * HEIGHT; i++)
            assert_int_equal(is_hole(&rgba, i % WIDTH, i / WIDTH),
                             i % WIDTH >= 3 && i % WIDTH < 9 && i / WIDTH >= 2 && i / WIDTH < 6);
        p2p_image_finish(&rgb);
        p2p_image_finish(&rgba);
    }
    p2p_holes_finish(&holes);
}

static void boxes_depend_on_epoch_and_picture(void **state)
{
    P2pImage rgb = picture(8), first, again, other;
    P2pHoles holes;
    int differ = 0;

    (void)state;
    assert_int_equal(p2p_holes_open(&holes, "random", 1, 0), 0);
    for (uint32_t i = 0; i < 50; i++) {
        assert_int_equal(p2p_holes_cut(&holes, &rgb, i, 0, &first), 0);
        assert_int_equal(p2p_holes_cut(&holes, &rgb, i, 0, &again), 0);
        assert_int_equal(p2p_holes_cut(&holes, &rgb, i, 1, &other), 0);
        assert_memory_equal(first.data, again.data, p2p_image_bytes(&first));
        differ += memcmp(first.data, other.data, p2p_image_bytes(&first)) != 0;
        assert_in_range(hole_size(&first), WIDTH / 4 * (HEIGHT / 4), WIDTH * HEIGHT);
        p2p_image_finish(&first);
        p2p_image_finish(&again);
        p2p_image_finish(&other);
    }
    assert_true(differ > 40);
    p2p_image_finish(&rgb);
    p2p_holes_finish(&holes);
}

static void a_mask_is_cut_where_it_is_white(void **state)
{
    P2pImage rgb = picture(16), mask, rgba;
    P2pHoles holes;

    (void)state;
    assert_int_equal(p2p_image_init(&mask, WIDTH, HEIGHT, 1, 8), 0);
    memset((char *)mask.data + 5, 255, 2);
    assert_int_equal(p2p_image_write(&mask, test_path("masks/m.png"), 0), 0);
    char folder[sizeof(test_folder) + 8];
    snprintf(folder, sizeof(folder), "%s/masks", test_folder);
    assert_int_equal(p2p_holes_open(&holes, folder, 1, 0), 0);
    assert_int_equal(p2p_holes_cut(&holes, &rgb, 0, 0, &rgba), 0);
    assert_int_equal(hole_size(&rgba), 2);
    assert_true(is_hole(&rgba, 5, 0) && is_hole(&rgba, 6, 0));
    p2p_image_finish(&rgb);
    p2p_image_finish(&mask);
    p2p_image_finish(&rgba);
    p2p_holes_finish(&holes);
}

static void half_clear_is_a_hole(void **state)
{
    (void)state;
    for (int bits = 8; bits <= 32; bits *= 2) {
        P2pImage rgb = picture(8), eight, rgba;
        assert_int_equal(p2p_image_convert_channels(&rgb, 4, &eight), 0);
        ((uint8_t *)eight.data)[3] = 127;
        ((uint8_t *)eight.data)[7] = 128;
        assert_int_equal(p2p_image_convert_bits(&eight, bits, &rgba), 0);
        p2p_hole_clear(&rgba);
        assert_int_equal(hole_size(&rgba), 1);
        assert_true(is_hole(&rgba, 0, 0));
        p2p_image_finish(&rgb);
        p2p_image_finish(&eight);
        p2p_image_finish(&rgba);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_centre_is_half_of_both_sides),
        cmocka_unit_test(boxes_depend_on_epoch_and_picture),
        cmocka_unit_test(a_mask_is_cut_where_it_is_white),
        cmocka_unit_test(half_clear_is_a_hole),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
