/* SPDX-License-Identifier: BSD-2-Clause */
/* Label maps to classes and back, and the colours of a data set's. */
#include "src/data/classes.h"
#include "tests/unit/data_helpers.h"

enum { WIDTH = 6, HEIGHT = 4, PIXELS = WIDTH * HEIGHT };

/* Classes 0, 1, 2, 0, 1, ... in these colours, or as grey samples. */
static P2pImage label_map(const unsigned colours[3])
{
    P2pImage image;

    assert_int_equal(p2p_image_init(&image, WIDTH, HEIGHT, colours ? 3 : 1, 8), P2P_OK);
    for (size_t i = 0; i < PIXELS; i++)
        for (size_t c = 0; c < (colours ? 3 : 1); c++)
            ((uint8_t *)image.data)[colours ? 3 * i + c : i] =
                (uint8_t)(colours ? colours[i % 3] >> (16 - 8 * c) : i % 3);
    return image;
}

static void check_classes(const P2pClasses *classes, const P2pImage *map)
{
    P2pImage hot;

    assert_int_equal(p2p_classes_encode(classes, map, &hot), P2P_OK);
    assert_int_equal(hot.channels, classes->count);
    for (size_t i = 0; i < PIXELS; i++)
        for (size_t k = 0; k < (size_t)classes->count; k++)
            assert_int_equal(((uint8_t *)hot.data)[i * (size_t)classes->count + k],
                             k == i % 3 ? 255 : 0);
    p2p_image_finish(&hot);
}

static void colours_become_classes_and_come_back(void **state)
{
    static const unsigned colours[] = {0x0000ff, 0x00aa10, 0xff0000};
    P2pImage map = label_map(colours), hot, shown;
    P2pClasses c;

    (void)state;
    assert_int_equal(p2p_classes_init(&c, 4, "0000ff,00aa10,ff0000"), P2P_OK);
    check_classes(&c, &map);
    assert_int_equal(p2p_classes_encode(&c, &map, &hot), P2P_OK);
    assert_int_equal(p2p_classes_show(&c, &hot, &shown), P2P_OK);
    test_same(&shown, &map);
    ((uint8_t *)map.data)[0] = 9; /* near enough */
    check_classes(&c, &map);
    memset(map.data, 127, p2p_image_bytes(&map));
    p2p_image_finish(&hot);
    test_error_names(p2p_classes_encode(&c, &map, &hot), P2P_EFORMAT, "no label map");
    p2p_image_finish(&shown);
    p2p_image_finish(&map);
    p2p_classes_finish(&c);
}

static void grey_samples_are_classes(void **state)
{
    P2pImage map = label_map(NULL), colour = test_picture(3, 3, 3, 8, 1), hot;
    P2pClasses c;

    (void)state;
    assert_int_equal(p2p_classes_init(&c, 3, "index"), P2P_OK);
    check_classes(&c, &map);
    ((uint8_t *)map.data)[5] = 3;
    test_error_names(p2p_classes_encode(&c, &map, &hot), P2P_EFORMAT, "class 3");
    test_error_names(p2p_classes_encode(&c, &colour, &hot), P2P_EFORMAT, "3 channels");
    p2p_image_finish(&map);
    p2p_image_finish(&colour);
    p2p_classes_finish(&c);
}

static void impossible_colours_are_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "ff00",
                                        "0000ff,",
                                        "0000ff;00ff00",
                                        "red",
                                        "0000ff,00ff00,ff0000,ffffff",
                                        "0000ff,0000ff"};
    P2pClasses c;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        if (p2p_classes_init(&c, 3, wrong[i]) != P2P_EINVAL)
            fail_msg("'%s' is taken", wrong[i]);
    assert_int_equal(p2p_classes_init(&c, 65, "index"), P2P_EINVAL);
    assert_int_equal(p2p_classes_init(&c, 0, "nonsense"), P2P_OK);
    assert_int_equal(c.count, 0);
}

static void write_pair(const char *folder, const P2pImage *map)
{
    char name[64];

    for (int side = 0; side < 2; side++) {
        snprintf(name, sizeof(name), "%s/%c/train/x.png", folder, "AB"[side]);
        assert_int_equal(p2p_image_write(map, test_path(name), 0), P2P_OK);
    }
}

static void find(const char *folder, int count, int status, const char *wanted)
{
    char path[512], colours[256] = "";
    P2pDataset *d;

    snprintf(path, sizeof(path), "%s/%s", test_folder, folder);
    assert_int_equal(p2p_dataset_create(&d, path, NULL), P2P_OK);
    assert_int_equal(p2p_classes_find(d, count, colours, sizeof(colours)), status);
    if (status)
        assert_non_null(strstr(p2p_error(), wanted));
    else
        assert_string_equal(colours, wanted);
    p2p_dataset_destroy(&d);
}

static void the_colours_of_a_data_set_are_found(void **state)
{
    static const unsigned colours[] = {0xff0000, 0x00aa10, 0x0000ff};
    P2pImage coloured = label_map(colours), grey = label_map(NULL);

    (void)state;
    write_pair("coloured", &coloured);
    find("coloured", 3, P2P_OK, "0000ff,00aa10,ff0000");
    find("coloured", 2, P2P_EFORMAT, "more than 2 colours");
    write_pair("grey", &grey);
    find("grey", 3, P2P_OK, "index");
    find("grey", 2, P2P_EFORMAT, "more than 2 colours");
    ((uint8_t *)grey.data)[0] = 255;
    write_pair("grey", &grey);
    find("grey", 4, P2P_OK, "000000,010101,020202,ffffff");
    p2p_image_finish(&coloured);
    p2p_image_finish(&grey);
}

static void a_table_of_colours_is_read(void **state)
{
    static const char table[] = "255 0 0 wall\n0 0 255 sky\n";
    char colours[256];

    (void)state;
    assert_int_equal(p2p_file_write(test_path("table"), table, sizeof(table) - 1), P2P_OK);
    assert_int_equal(p2p_classes_read(test_path("table"), 2, colours, sizeof(colours)), P2P_OK);
    assert_string_equal(colours, "ff0000,0000ff");
    test_error_names(p2p_classes_read(test_path("table"), 1, colours, sizeof(colours)), P2P_EFORMAT,
                     "--labels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_become_classes_and_come_back),
        cmocka_unit_test(grey_samples_are_classes),
        cmocka_unit_test(impossible_colours_are_refused),
        cmocka_unit_test(the_colours_of_a_data_set_are_found),
        cmocka_unit_test(a_table_of_colours_is_read),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
