/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of colours, colours to indices and back, and measures with answers counted by hand. */
#include "tests/unit/data_helpers.h"

#include <math.h>

#include "p2p/labels.h"

static char *in_folder(const char *text)
{
    char *path = p2p_path_join(test_folder, "table.txt");

    assert_int_equal(p2p_file_write(path, text, strlen(text)), P2P_OK);
    return path;
}

static void a_table_and_a_palette_are_read(void **state)
{
    static const char *const texts[] = {
        "# classes\r\n0 0 255 wall of a house\n\n 255\t0 0\n",
        "GIMP Palette\nName: facade\nColumns: 2\n#\n  0   0 255\twall of a house\n255   0   0",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *path = in_folder(texts[i]);
        P2pLabels *labels;
        assert_int_equal(p2p_labels_read(&labels, path), P2P_OK);
        assert_int_equal(p2p_labels_count(labels), 2);
        assert_memory_equal(p2p_labels_colors(labels), "\0\0\377\377\0\0", 6);
        assert_string_equal(p2p_labels_name(labels, 0), "wall of a house");
        assert_string_equal(p2p_labels_name(labels, 1), "");
        assert_null(p2p_labels_name(labels, 2));
        p2p_labels_destroy(&labels);
        free(path);
    }
}

static void tables_that_are_none_are_refused_by_their_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "has no line RED GREEN BLUE"},
        {"# nothing\n", "has no line RED GREEN BLUE"},
        {"0 0 0\n1 2\n", "line 2: is not RED GREEN BLUE"},
        {"1 2 3x\n", "line 1: is not"},
        {"0 0 256\n", "line 1: 256 is no colour"},
        {"0 0 -1\n", "line 1: -1 is no colour"},
        {"0 0 99999999999999999999\n", "is no colour"},
        {"1 1 1\n2 2 2\n1 1 1\n", "line 3: the colour 1 1 1 is there already"},
        {"\377\376PNG", "line 1: is not"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *path = in_folder(cases[i].text);
        P2pLabels *labels;
        assert_int_equal(p2p_labels_read(&labels, path), P2P_EFORMAT);
        assert_null(labels);
        if (!strstr(p2p_error(), cases[i].message))
            fail_msg("%s: %s", cases[i].text, p2p_error());
        free(path);
    }
}

static void more_classes_than_indices_are_refused(void **state)
{
    char text[300 * 16];
    size_t at = 0;
    P2pLabels *labels;

    (void)state;
    for (int i = 0; i < 257; i++)
        at += (size_t)sprintf(text + at, "%d %d 7\n", i % 256, i / 256);
    char *path = in_folder(text);
    assert_int_equal(p2p_labels_read(&labels, path), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "line 257: more than 256 classes"));
    free(path);
}

static const unsigned char three[9] = {0, 0, 0, 200, 0, 0, 0, 0, 200};

static P2pImage picture(int channels, int bits, const int *samples, int count)
{
    P2pImage image;

    assert_int_equal(p2p_image_init(&image, count / channels, 1, channels, bits), P2P_OK);
    for (int i = 0; i < count; i++)
        if (bits == 8)
            ((uint8_t *)image.data)[i] = (uint8_t)samples[i];
        else
            ((uint16_t *)image.data)[i] = (uint16_t)(257 * samples[i]);
    return image;
}

static void the_nearest_colour_is_taken_and_far_ones_are_counted(void **state)
{
    static const int rgba[] = {20, 30, 0, 9, 190, 10, 5, 9, 10, 10, 240, 9, 0, 100, 0, 9};
    static const int rgb[] = {20, 30, 0, 190, 10, 5, 10, 10, 240, 0, 100, 0};
    P2pImage in[3] = {picture(4, 8, rgba, 16), picture(3, 8, rgb, 12), picture(3, 16, rgb, 12)};
    P2pLabels *labels;

    (void)state;
    assert_int_equal(p2p_labels_create(&labels, three, 3), P2P_OK);
    for (int i = 0; i < 3; i++) {
        P2pImage index, back;
        size_t far = 99;
        assert_int_equal(p2p_labels_to_index(labels, &in[i], &index, &far), P2P_OK);
        assert_memory_equal(index.data, "\0\1\2\0", 4);
        assert_int_equal(far, 1);
        assert_int_equal(p2p_labels_to_color(labels, &index, &back), P2P_OK);
        assert_memory_equal(back.data, "\0\0\0\310\0\0\0\0\310\0\0\0", 12);
        ((uint8_t *)index.data)[2] = 3;
        p2p_image_finish(&back);
        assert_int_equal(p2p_labels_to_color(labels, &index, &back), P2P_EFORMAT);
        assert_non_null(strstr(p2p_error(), "at 2, 0 has the index 3"));
        p2p_image_finish(&index);
        p2p_image_finish(&in[i]);
    }
    p2p_labels_destroy(&labels);
}

/* Targets 0 0 0 0 1 1, results 0 0 0 1 1 2: of class 0 three of four, of 1 one of two. */
static void measures_are_those_counted_by_hand(void **state)
{
    static const int target[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 200, 0, 0};
    static const int result[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 200, 0, 0, 0, 0, 200};
    P2pImage should = picture(3, 8, target, 18), is = picture(3, 8, result, 18);
    uint64_t counts[9] = {0};
    P2pLabelScores s;
    P2pLabels *labels;

    (void)state;
    assert_int_equal(p2p_labels_create(&labels, three, 3), P2P_OK);
    assert_int_equal(p2p_labels_compare(labels, &is, &should, counts), P2P_OK);
    p2p_labels_score(&s, counts, 3);
    assert_true(fabs(s.pixel_accuracy - 4. / 6) < 1e-15);
    assert_true(fabs(s.class_accuracy - (3. / 4 + 1. / 2) / 2) < 1e-15);
    assert_true(fabs(s.class_iou - (3. / 4 + 1. / 3) / 2) < 1e-15);
    memset(counts, 0, sizeof(counts));
    p2p_labels_score(&s, counts, 3);
    assert_true(isnan(s.pixel_accuracy) && isnan(s.class_accuracy) && isnan(s.class_iou));
    p2p_image_finish(&should);
    p2p_image_finish(&is);
    p2p_labels_destroy(&labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_and_a_palette_are_read),
        cmocka_unit_test(tables_that_are_none_are_refused_by_their_line),
        cmocka_unit_test(more_classes_than_indices_are_refused),
        cmocka_unit_test(the_nearest_colour_is_taken_and_far_ones_are_counted),
        cmocka_unit_test(measures_are_those_counted_by_hand),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
