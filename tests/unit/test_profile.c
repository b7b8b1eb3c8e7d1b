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

/*
 * Colours are the same where they are written with their profile, and read so again. With 16 bits: 8 are too
 * coarse for dark samples beside bright ones.
 */
static void profiles_are_put_back(void **state)
{
    static const char *const names[] = {"x.png", "x.tif", "x.npy"}; /* the last cannot */
    P2pImage wide, back, eight[2];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        read_picture(&wide, "wide_16.png", "");
        assert_non_null(wide.profile);
        if (p2p_image_write(&wide, test_path(names[i]), 0) == P2P_OK) {
            assert_int_equal(p2p_image_read(&back, test_path(names[i]), 0), P2P_OK);
            assert_int_equal(p2p_image_convert_bits(&wide, 8, &eight[0]), P2P_OK);
            assert_int_equal(p2p_image_convert_bits(&back, 8, &eight[1]), P2P_OK);
            assert_in_range(difference(&eight[0], &eight[1]), 0, 2);
            p2p_image_finish(&eight[0]);
            p2p_image_finish(&eight[1]);
            assert_int_equal(back.profile_bytes, i < 2 ? wide.profile_bytes : 0);
            if (back.profile)
                assert_memory_equal(back.profile, wide.profile, wide.profile_bytes);
            p2p_image_finish(&back);
        }
        p2p_image_finish(&wide);
    }
}

static bool has(const unsigned char *data, size_t bytes, const char *text)
{
    for (size_t i = 0; i + strlen(text) <= bytes; i++)
        if (memcmp(data + i, text, strlen(text)) == 0)
            return true;
    return false;
}

static void other_files_than_png_have_a_profile_of_srgb(void **state)
{
    static const P2pImageFormat formats[] = {P2P_IMAGE_JPEG, P2P_IMAGE_TIFF, P2P_IMAGE_WEBP};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (int channels = 1; channels <= 3; channels += 2) {
            P2pImage x = test_picture(5, 4, channels, 8, 1), y;
            unsigned char *data;
            size_t bytes;
            if (p2p_image_format_check(formats[i]) == P2P_OK) {
                assert_int_equal(p2p_image_encode(&x, formats[i], 0, &data, &bytes), P2P_OK);
                assert_int_equal(has(data, bytes, "acsp"),
                                 channels == 3 || formats[i] == P2P_IMAGE_WEBP);
                assert_int_equal(p2p_image_read_memory(&y, data, bytes, "x", 0), P2P_OK);
                assert_null(y.profile); /* it changes nothing */
                if (formats[i] != P2P_IMAGE_JPEG && channels == 3)
                    test_same(&x, &y);
                p2p_image_finish(&y);
                free(data);
            }
            p2p_image_finish(&x);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_become_srgb_as_in_pillow),
        cmocka_unit_test(a_profile_of_srgb_changes_no_sample),
        cmocka_unit_test(profiles_are_put_back),
        cmocka_unit_test(other_files_than_png_have_a_profile_of_srgb),
        cmocka_unit_test(sixteen_bits_become_srgb_too)};

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
