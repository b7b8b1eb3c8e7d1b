/* SPDX-License-Identifier: BSD-2-Clause */
/* PNG and JPEG: round trips, odd kinds, damage of every sort. */
#include "tests/unit/data_helpers.h"

#include <png.h>

static void png_all_kinds_come_back(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        for (int bits = 8; bits <= 16; bits += 8) {
            P2pImage x = test_picture(13, 7, channels, bits, 3), y;
            assert_int_equal(p2p_image_write(&x, test_path("x.PNG"), 0), P2P_OK);
            assert_int_equal(p2p_image_read(&y, test_path("x.PNG"), 0), P2P_OK);
            test_same(&x, &y);
            p2p_image_finish(&x);
            p2p_image_finish(&y);
        }
    }
}

static void png_16_bits_are_big_endian_in_the_file(void **state)
{
    P2pImage x;
    unsigned char *data;
    size_t bytes;

    (void)state;
    assert_int_equal(p2p_image_init(&x, 1, 1, 1, 16), P2P_OK);
    *(uint16_t *)x.data = 0x1234;
    assert_int_equal(p2p_image_encode(&x, P2P_IMAGE_PNG, 0, &data, &bytes), P2P_OK);
    P2pImage y;
    assert_int_equal(p2p_image_read_memory(&y, data, bytes, "memory", 0), P2P_OK);
    assert_int_equal(*(uint16_t *)y.data, 0x1234);
    free(data);
    p2p_image_finish(&x);
    p2p_image_finish(&y);
}

/* A smooth picture survives JPEG nearly unchanged. */
static P2pImage smooth_picture(int channels)
{
    P2pImage x;

    assert_int_equal(p2p_image_init(&x, 48, 32, channels, 8), P2P_OK);
    for (int i = 0; i < 48 * 32; i++)
        for (int k = 0; k < channels; k++)
            ((uint8_t *)x.data)[i * channels + k] = (uint8_t)(40 + 3 * (i % 48) + 30 * (k % 3));
    return x;
}

static void jpeg_comes_back_nearly(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        P2pImage x = smooth_picture(channels), y, plain;
        P2pMetrics m;
        assert_int_equal(p2p_image_write(&x, test_path("x.jpeg"), 0), P2P_OK);
        assert_int_equal(p2p_image_read(&y, test_path("x.jpeg"), 0), P2P_OK);
        assert_int_equal(y.channels, channels < 3 ? 1 : 3);
        assert_int_equal(p2p_image_convert_channels(&x, y.channels, &plain), P2P_OK);
        assert_int_equal(p2p_image_compare(&plain, &y, &m), P2P_OK);
        assert_true(m.psnr > 40);
        p2p_image_finish(&x);
        p2p_image_finish(&y);
        p2p_image_finish(&plain);
    }
}

static void wrong_suffix_is_read_by_content(void **state)
{
    P2pImage x = test_picture(8, 8, 3, 8, 1), y;
    unsigned char *data;
    size_t bytes;

    (void)state;
    assert_int_equal(p2p_image_encode(&x, P2P_IMAGE_PNG, 0, &data, &bytes), P2P_OK);
    assert_int_equal(p2p_file_write(test_path("really_png.jpg"), data, bytes), P2P_OK);
    assert_int_equal(p2p_image_read(&y, test_path("really_png.jpg"), 0), P2P_OK);
    test_same(&x, &y);
    free(data);
    p2p_image_finish(&x);
    p2p_image_finish(&y);
}

/* Cut at every byte: refused, or whole but for what follows the picture: EOI, IEND. */
static void truncated_files_are_refused(void **state)
{
    (void)state;
    for (int format = P2P_IMAGE_PNG; format <= P2P_IMAGE_JPEG; format++) {
        P2pImage x = format == P2P_IMAGE_JPEG ? smooth_picture(3) : test_picture(9, 9, 3, 8, 2);
        unsigned char *data;
        size_t bytes, refused = 0;
        assert_int_equal(p2p_image_encode(&x, (P2pImageFormat)format, 0, &data, &bytes), P2P_OK);
        for (size_t cut = 0; cut < bytes; cut++) {
            unsigned char *part = malloc(cut + 1); /* exact, for the address sanitizer */
            P2pImage y;
            memcpy(part, data, cut);
            const int err = p2p_image_read_memory(&y, part, cut, "cut.file", 0);
            free(part);
            if (err) {
                test_error_names(err, P2P_EFORMAT, "cut.file");
                assert_null(y.data);
                refused++;
            }
            p2p_image_finish(&y);
        }
        assert_int_equal(refused, bytes - (format == P2P_IMAGE_JPEG ? 2 : 12));
        free(data);
        p2p_image_finish(&x);
    }
}

static void truncated_progressive_jpeg_is_refused(void **state)
{
    unsigned char *data;
    size_t bytes;
    P2pImage y;

    (void)state;
    assert_int_equal(
        p2p_file_read(P2P_TEST_DATA "/pictures/progressive_2x2.jpg", 1 << 20, &data, &bytes),
        P2P_OK);
    assert_int_equal(p2p_image_read_memory(&y, data, bytes, "whole", 0), P2P_OK);
    p2p_image_finish(&y);
    for (size_t cut = 0; cut < bytes; cut++)
        assert_int_equal(p2p_image_read_memory(&y, data, cut, "cut", 0), P2P_EFORMAT);
    free(data);
}

/* Whatever a flipped byte makes of a file: read or refused, nothing worse. */
static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    for (int format = P2P_IMAGE_PNG; format <= P2P_IMAGE_JPEG; format++) {
        P2pImage x = test_picture(12, 9, 3, 8, 2), y;
        unsigned char *data;
        size_t bytes;
        assert_int_equal(p2p_image_encode(&x, (P2pImageFormat)format, 60, &data, &bytes), P2P_OK);
        for (size_t i = 0; i < 3 * bytes; i++) {
            const unsigned char kept = data[i % bytes];
            data[i % bytes] ^= (unsigned char)(p2p_rng_word(9, 0, i) | 1);
            const int err = p2p_image_read_memory(&y, data, bytes, "bad", 1 << 20);
            assert_true(err == P2P_OK || err == P2P_EFORMAT);
            p2p_image_finish(&y);
            data[i % bytes] = kept;
        }
        free(data);
        p2p_image_finish(&x);
    }
}

static void not_pictures_are_refused(void **state)
{
    P2pImage y;

    (void)state;
    test_error_names(p2p_image_read(&y, test_path("missing.png"), 0), P2P_EIO, "missing.png");
    assert_int_equal(p2p_file_write(test_path("empty.png"), "", 0), P2P_OK);
    test_error_names(p2p_image_read(&y, test_path("empty.png"), 0), P2P_EFORMAT, "empty.png");
    assert_int_equal(p2p_file_write(test_path("text.png"), "GIF89a....", 10), P2P_OK);
    test_error_names(p2p_image_read(&y, test_path("text.png"), 0), P2P_EFORMAT, "text.png");
    test_error_names(p2p_image_read(&y, test_folder, 0), P2P_EIO, test_folder);
}

static void put32(unsigned char *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(v >> (24 - 8 * i));
}

static void bombs_are_refused_before_memory_is_taken(void **state)
{
    P2pImage x = test_picture(40, 30, 3, 8, 2), y;
    unsigned char *data;
    size_t bytes;

    (void)state;
    assert_int_equal(p2p_image_encode(&x, P2P_IMAGE_PNG, 0, &data, &bytes), P2P_OK);
    assert_int_equal(p2p_image_read_memory(&y, data, bytes, "b", 1199), P2P_EFORMAT);
    assert_int_equal(p2p_image_read_memory(&y, data, bytes, "b", 1200), P2P_OK);
    p2p_image_finish(&y);
    /* 13000 x 13000 is within the limit, but cannot be in so few bytes. */
    put32(data + 16, 13000);
    put32(data + 20, 13000);
    put32(data + 29, p2p_crc32(0, data + 12, 17));
    test_error_names(p2p_image_read_memory(&y, data, bytes, "b", 0), P2P_EFORMAT, "cannot hold");
    put32(data + 16, 100000);
    put32(data + 20, 100000);
    put32(data + 29, p2p_crc32(0, data + 12, 17));
    test_error_names(p2p_image_read_memory(&y, data, bytes, "b", 0), P2P_EFORMAT, "limit");
    free(data);
    assert_int_equal(p2p_image_encode(&x, P2P_IMAGE_JPEG, 0, &data, &bytes), P2P_OK);
    assert_int_equal(p2p_image_read_memory(&y, data, bytes, "b", 1199), P2P_EFORMAT);
    free(data);
    p2p_image_finish(&x);
}

static void write_palette(const char *path, int bits, int type, bool transparent)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    const png_color colours[2] = {{10, 20, 30}, {200, 100, 50}};
    const png_byte alpha[2] = {255, 99};
    FILE *f = fopen(path, "wb");
    png_byte row[8];

    png_init_io(png, f);
    png_set_IHDR(png, info, 8, 2, bits, type, PNG_INTERLACE_ADAM7, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, colours, 2);
    if (transparent)
        png_set_tRNS(png, info, alpha, 2, NULL);
    png_write_info(png, info);
    memset(row, bits == 1 ? 0x55 : bits == 2 ? 0x11 : 0x01, sizeof(row)); /* 0, 1, 0, 1, … */
    const int passes = png_set_interlace_handling(png);
    for (int i = 0; i < 2 * passes; i++)
        png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(f);
}

static void palettes_and_small_greys_are_expanded(void **state)
{
    (void)state;
    for (int bits = 1; bits <= 4; bits *= 2) {
        const char *path = test_path("palette.png");
        P2pImage y;
        write_palette(path, bits, PNG_COLOR_TYPE_PALETTE, false);
        assert_int_equal(p2p_image_read(&y, path, 0), P2P_OK);
        assert_int_equal(y.channels, 3);
        assert_memory_equal(y.data, "\x0a\x14\x1e\xc8\x64\x32", 6);
        p2p_image_finish(&y);
        write_palette(path, bits, PNG_COLOR_TYPE_PALETTE, true);
        assert_int_equal(p2p_image_read(&y, path, 0), P2P_OK);
        assert_int_equal(y.channels, 4);
        assert_memory_equal((char *)y.data + 4, "\xc8\x64\x32\x63", 4);
        p2p_image_finish(&y);
        write_palette(path, bits, PNG_COLOR_TYPE_GRAY, false);
        assert_int_equal(p2p_image_read(&y, path, 0), P2P_OK);
        assert_int_equal(y.channels, 1);
        assert_int_equal(y.bits, 8);
        assert_int_equal(((uint8_t *)y.data)[1], 255 / ((1 << bits) - 1));
        p2p_image_finish(&y);
    }
}

/* Two bytes before a marker: at the picture's end (common in cameras' files), and in its header. */
static void jpeg_with_stray_bytes_is_read(void **state)
{
    P2pImage x = smooth_picture(3), y, plain;
    unsigned char *data, *stray;
    size_t bytes;

    (void)state;
    assert_int_equal(p2p_image_encode(&x, P2P_IMAGE_JPEG, 0, &data, &bytes), P2P_OK);
    assert_int_equal(p2p_image_read_memory(&plain, data, bytes, "plain", 0), P2P_OK);
    stray = malloc(bytes + 2);
    const size_t places[2] = {bytes - 2, 20}; /* 20: behind SOI and JFIF's APP0 */
    for (int i = 0; i < 2; i++) {
        const size_t at = places[i];
        memcpy(stray, data, at);
        memset(stray + at, 0x11, 2);
        memcpy(stray + at + 2, data + at, bytes - at);
        if (p2p_image_read_memory(&y, stray, bytes + 2, "stray", 0) != P2P_OK)
            fail_msg("%s", p2p_error());
        test_same(&plain, &y);
        p2p_image_finish(&y);
        assert_int_equal(p2p_image_read_memory(&y, stray, bytes - 20, "stray", 0), P2P_EFORMAT);
    }
    free(data);
    free(stray);
    p2p_image_finish(&x);
    p2p_image_finish(&plain);
}

static void impossible_writes_are_refused(void **state)
{
    P2pImage x = test_picture(4, 4, 5, 8, 1);

    (void)state;
    test_error_names(p2p_image_write(&x, test_path("a.gif"), 0), P2P_EINVAL, "a.gif");
    test_error_names(p2p_image_write(&x, test_path("a.png"), 0), P2P_EINVAL, "a.png");
    test_error_names(p2p_image_write(&x, test_path("a.jpg"), 0), P2P_EINVAL, "a.jpg");
    x.channels = 3;
    test_error_names(p2p_image_write(&x, test_path("a.jpg"), 101), P2P_EINVAL, "101");
    assert_false(p2p_file_exists(test_path("a.jpg")));
    p2p_image_finish(&x);
    test_error_names(p2p_image_write(&x, test_path("a.png"), 0), P2P_EINVAL, "empty");
}

static bool has(const unsigned char *data, size_t bytes, const char type[4])
{
    for (size_t i = 0; i + 4 <= bytes; i++)
        if (memcmp(data + i, type, 4) == 0)
            return true;
    return false;
}

static void colours_of_a_png_are_told_to_be_srgb(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        P2pImage x = test_picture(5, 4, channels, 8, 1);
        unsigned char *data;
        size_t bytes;
        assert_int_equal(p2p_image_encode(&x, P2P_IMAGE_PNG, 0, &data, &bytes), P2P_OK);
        assert_int_equal(has(data, bytes, "sRGB"), channels >= 3);
        free(data);
        p2p_image_finish(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_of_a_png_are_told_to_be_srgb),
        cmocka_unit_test(png_all_kinds_come_back),
        cmocka_unit_test(png_16_bits_are_big_endian_in_the_file),
        cmocka_unit_test(jpeg_comes_back_nearly),
        cmocka_unit_test(wrong_suffix_is_read_by_content),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(truncated_progressive_jpeg_is_refused),
        cmocka_unit_test(damaged_files_do_no_harm),
        cmocka_unit_test(not_pictures_are_refused),
        cmocka_unit_test(bombs_are_refused_before_memory_is_taken),
        cmocka_unit_test(palettes_and_small_greys_are_expanded),
        cmocka_unit_test(jpeg_with_stray_bytes_is_read),
        cmocka_unit_test(impossible_writes_are_refused),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
