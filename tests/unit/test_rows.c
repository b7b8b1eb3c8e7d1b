/* SPDX-License-Identifier: BSD-2-Clause */
/* Picture files by rows: what comes and goes in bands is what does so whole. */
#include "src/base/status.h"
#include "src/data/codec.h"
#include "src/data/rows.h"
#include "tests/unit/data_helpers.h"

enum { WIDTH = 37, HEIGHT = 23 };

/* A file of each format that is written, by its first suffix. */
static const char *path_of(int format)
{
    char name[32];

    snprintf(name, sizeof(name), "rows%s", p2p_codecs[format].suffixes[0]);
    return test_path(name);
}

static void read_in_bands(const char *path, P2pImage *image)
{
    P2pRowReader *r;
    char *at;

    assert_int_equal(p2p_row_reader_open(&r, path, 0), P2P_OK);
    const P2pImage *like = p2p_row_reader_image(r);
    assert_null(like->data);
    assert_int_equal(p2p_image_init(image, like->width, like->height, like->channels, like->bits),
                     P2P_OK);
    const size_t row = p2p_image_bytes(image) / (size_t)image->height;
    at = image->data;
    for (int y = 0, rows = 0; y < image->height; y += rows, rows++) { /* 0, 1, 2, 3 ... */
        rows = rows < image->height - y ? rows : image->height - y;
        assert_int_equal(p2p_row_reader_next(r, rows, at), P2P_OK);
        at += (size_t)rows * row;
    }
    test_error_names(p2p_row_reader_next(r, 1, image->data), P2P_EINVAL, "0 more rows");
    p2p_row_reader_close(&r);
    assert_null(r);
}

static void bands_are_the_whole(void **state)
{
    P2pImage x = test_picture(WIDTH, HEIGHT, 3, 8, 7), whole, bands;

    (void)state;
    for (int format = 0; format < p2p_codec_count; format++) {
        if (!p2p_codecs[format].encode)
            continue;
        assert_int_equal(p2p_image_write(&x, path_of(format), 0), P2P_OK);
        assert_int_equal(p2p_image_read(&whole, path_of(format), 0), P2P_OK);
        read_in_bands(path_of(format), &bands);
        test_same(&whole, &bands);
        p2p_image_finish(&whole);
        p2p_image_finish(&bands);
    }
    p2p_image_finish(&x);
}

static void bands_of_stored_pictures_are_the_whole(void **state)
{
    static const char *const folders[] = {P2P_TEST_DATA "/pictures", P2P_TEST_DATA "/plain",
                                          P2P_TEST_DATA "/profiles", P2P_TEST_DATA "/tiff",
                                          P2P_TEST_DATA "/webp"};
    P2pImage whole, bands;
    size_t count, seen = 0;
    char **names;

    (void)state;
    for (size_t f = 0; f < P2P_COUNT(folders); f++) {
        assert_int_equal(p2p_folder_pictures(folders[f], NULL, &names, &count), P2P_OK);
        for (size_t i = 0; i < count; i++) {
            char *path = p2p_path_join(folders[f], names[i]);
            if (p2p_image_read(&whole, path, 0) == P2P_OK) { /* others: test_odd_pictures.c */
                read_in_bands(path, &bands);
                test_same(&whole, &bands);
                p2p_image_finish(&bands);
                seen++;
            }
            p2p_image_finish(&whole);
            free(path);
        }
        p2p_names_free(names, count);
    }
    assert_in_range(seen, 150, 1000);
}

static void put_in_bands(P2pRowWriter *w, const P2pImage *x, int height)
{
    const size_t row = p2p_image_bytes(x) / (size_t)x->height;

    for (int y = 0; y < height; y += 5)
        assert_int_equal(p2p_row_writer_put(w, height - y < 5 ? height - y : 5,
                                            (const char *)x->data + (size_t)y * row),
                         P2P_OK);
}

static void written_bands_are_the_whole_file(void **state)
{
    (void)state;
    for (int format = 0; format < p2p_codec_count; format++)
        for (int channels = 1; channels <= 4; channels++)
            for (int bits = 8; bits <= 16; bits += 8) {
                P2pImage x = test_picture(WIDTH, HEIGHT, channels, bits, 7);
                unsigned char *data, *file;
                size_t bytes, there;
                P2pRowWriter *w;
                if (p2p_codecs[format].encode) {
                    assert_int_equal(p2p_image_encode(&x, (P2pImageFormat)format, 0, &data, &bytes),
                                     P2P_OK);
                    assert_int_equal(p2p_row_writer_open(&w, path_of(format), &x, 0), P2P_OK);
                    put_in_bands(w, &x, HEIGHT);
                    test_error_names(p2p_row_writer_put(w, 1, x.data), P2P_EINVAL, "0 more rows");
                    assert_int_equal(p2p_row_writer_commit(&w), P2P_OK);
                    assert_null(w);
                    assert_int_equal(p2p_file_read(path_of(format), 1 << 20, &file, &there),
                                     P2P_OK);
                    assert_int_equal(there, bytes);
                    assert_memory_equal(file, data, bytes);
                    free(data);
                    free(file);
                }
                p2p_image_finish(&x);
            }
}

static void an_unfinished_file_does_not_appear(void **state)
{
    P2pImage x = test_picture(WIDTH, HEIGHT, 3, 8, 7);
    P2pRowWriter *w;

    (void)state;
    for (int format = 0; format < p2p_codec_count; format++) {
        if (!p2p_codecs[format].encode)
            continue;
        unlink(path_of(format));
        assert_int_equal(p2p_row_writer_open(&w, path_of(format), &x, 0), P2P_OK);
        put_in_bands(w, &x, HEIGHT - 1);
        test_error_names(p2p_row_writer_commit(&w), P2P_EINVAL, "lacks 1 row");
        assert_int_equal(p2p_row_writer_open(&w, path_of(format), &x, 0), P2P_OK);
        put_in_bands(w, &x, HEIGHT);
        p2p_row_writer_close(&w);
        assert_false(p2p_file_exists(path_of(format)));
    }
    p2p_image_finish(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_are_the_whole),
        cmocka_unit_test(bands_of_stored_pictures_are_the_whole),
        cmocka_unit_test(written_bands_are_the_whole_file),
        cmocka_unit_test(an_unfinished_file_does_not_appear),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
