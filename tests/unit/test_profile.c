/* SPDX-License-Identifier: BSD-2-Clause */
/* Pictures with colour profiles against what Pillow's ImageCms makes of them: tests/data/profiles. */
#include "tests/unit/data_helpers.h"

static const char folder[] = P2P_TEST_DATA "/profiles/";

static void read_picture(P2pImage *image, const char *name, const char *suffix)
{
    char path[512];

    snprintf(path, sizeof(path), "%s%s%s", folder, name, suffix);
    assert_int_equal(p2p_image_read(image, path, 0), P2P_OK);
}

/* The largest difference of two pictures of 8 bits. */
static int difference(const P2pImage *a, const P2pImage *b)
{
    int most = 0;

    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->channels, b->channels);
    for (size_t i = 0; i < p2p_image_bytes(a); i++) {
        const int d = abs(((const uint8_t *)a->data)[i] - ((const uint8_t *)b->data)[i]);
        most = d > most ? d : most;
    }
    return most;
}

static void profiles_become_srgb_as_in_pillow(void **state)
{
    static const char *const names[] = {"wide.jpg",         "wide.png", "wide_alpha.png",
                                        "wide_palette.png", "inks.jpg", "srgb.png"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        P2pImage ours, pillows;
        read_picture(&ours, names[i], "");
        read_picture(&pillows, names[i], ".srgb.png");
        const int d = difference(&ours, &pillows);
        if (d > 2)
            fail_msg("%s differs by %d", names[i], d);
        p2p_image_finish(&ours);
        p2p_image_finish(&pillows);
    }
}

static void a_profile_of_srgb_changes_no_sample(void **state)
{
    P2pImage with, without;

    (void)state;
    read_picture(&with, "srgb.png", "");
    read_picture(&without, "srgb.png", ".srgb.png");
    assert_int_equal(difference(&with, &without), 0);
    p2p_image_finish(&with);
    p2p_image_finish(&without);
}

static void sixteen_bits_become_srgb_too(void **state)
{
    P2pImage eight, sixteen, back;

    (void)state;
    read_picture(&eight, "wide.png.srgb.png", "");
    read_picture(&sixteen, "wide_16.png", "");
    assert_int_equal(sixteen.bits, 16);
    assert_int_equal(p2p_image_convert_bits(&sixteen, 8, &back), P2P_OK);
    assert_in_range(difference(&back, &eight), 0, 2);
    p2p_image_finish(&eight);
    p2p_image_finish(&sixteen);
    p2p_image_finish(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(profiles_become_srgb_as_in_pillow),
                                       cmocka_unit_test(a_profile_of_srgb_changes_no_sample),
                                       cmocka_unit_test(sixteen_bits_become_srgb_too)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
