/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders of pairs: both layouts, order, checking, and every error by name. */
#include "src/data/dataset.h"
#include "tests/unit/data_helpers.h"

static const char *folder(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", test_folder, name);
    return path;
}

static void expect_error(const char *name, const P2pDatasetSettings *s, int status,
                         const char *part)
{
    P2pDataset *d;

    test_error_names(p2p_dataset_create(&d, folder(name), s), status, part);
    assert_null(d);
}

static void joint_pictures_are_split_by_direction(void **state)
{
    P2pImage whole = test_picture(12, 5, 3, 8, 1), a, b, input, target;
    P2pDataset *d;

    (void)state;
    assert_int_equal(p2p_image_write(&whole, test_path("joint/train/x.png"), 0), P2P_OK);
    assert_int_equal(p2p_image_crop(&whole, 0, 0, 6, 5, &a), P2P_OK);
    assert_int_equal(p2p_image_crop(&whole, 6, 0, 6, 5, &b), P2P_OK);
    for (int back = 0; back < 2; back++) {
        const P2pDatasetSettings s = {.direction = back ? P2P_DIRECTION_BTOA : P2P_DIRECTION_ATOB};
        assert_int_equal(p2p_dataset_create(&d, folder("joint"), &s), P2P_OK);
        assert_int_equal(p2p_dataset_count(d), 1);
        assert_string_equal(p2p_dataset_name(d, 0), "x");
        assert_int_equal(p2p_dataset_read(d, 0, &input, &target), P2P_OK);
        test_same(&input, back ? &b : &a);
        test_same(&target, back ? &a : &b);
        p2p_image_finish(&input);
        p2p_image_finish(&target);
        p2p_dataset_destroy(&d);
        assert_null(d);
    }
    p2p_image_finish(&whole);
    p2p_image_finish(&a);
    p2p_image_finish(&b);
}

static void single_pictures_have_no_target(void **state)
{
    P2pImage whole = test_picture(7, 5, 3, 8, 1), input, target;
    const P2pDatasetSettings s = {.single = true, .direction = P2P_DIRECTION_BTOA};
    P2pDataset *d;

    (void)state;
    assert_int_equal(p2p_image_write(&whole, test_path("testB/x.png"), 0), P2P_OK);
    assert_int_equal(p2p_dataset_create(&d, folder("testB"), &s), P2P_OK);
    assert_int_equal(p2p_dataset_check(d, NULL, NULL), P2P_OK);
    assert_int_equal(p2p_dataset_count(d), 1);
    assert_int_equal(p2p_dataset_read(d, 0, &input, &target), P2P_OK);
    test_same(&input, &whole);
    assert_null(target.data);
    p2p_image_finish(&whole);
    p2p_image_finish(&input);
    p2p_dataset_destroy(&d);
    expect_error("nowhere", &s, P2P_EIO, "nowhere");
}

/* A picture of one value in all channels. */
static void write_flat(const char *name, int width, int channels, int value)
{
    P2pImage image;

    assert_int_equal(p2p_image_init(&image, width, 5, channels, 8), P2P_OK);
    memset(image.data, value, p2p_image_bytes(&image));
    assert_int_equal(p2p_image_write(&image, test_path(name), 0), P2P_OK);
    p2p_image_finish(&image);
}

static void numbered_folders_are_stacked(void **state)
{
    static const uint8_t wanted[] = {1, 1, 1, 2, 3};
    const P2pDatasetSettings back = {.direction = P2P_DIRECTION_BTOA};
    P2pImage input, target;
    P2pDataset *d;

    (void)state;
    for (int i = 1; i <= 2; i++) {
        char name[64];
        snprintf(name, sizeof(name), "stack/A1/train/%d.png", i);
        write_flat(name, 6, 3, 1);
        snprintf(name, sizeof(name), "stack/A2/train/%d.png", i);
        write_flat(name, 6, 1, 2);
        snprintf(name, sizeof(name), "stack/A3/train/%d.pgm", i);
        write_flat(name, 6, 1, 3);
        snprintf(name, sizeof(name), "stack/B/train/%d.png", i);
        write_flat(name, 6, 1, 9);
    }
    assert_int_equal(p2p_dataset_create(&d, folder("stack"), &back), P2P_OK);
    assert_int_equal(p2p_dataset_check(d, NULL, NULL), P2P_OK);
    assert_int_equal(p2p_dataset_read(d, 1, &input, &target), P2P_OK);
    assert_int_equal(target.channels, 5);
    assert_int_equal(input.channels, 1);
    assert_memory_equal((uint8_t *)target.data + 5 * 7, wanted, 5);
    p2p_image_finish(&input);
    p2p_image_finish(&target);
    const char *over[] = {test_path("stack/A3/train/2.pgm")};
    test_error_names(p2p_dataset_check_outputs(d, over, 1), P2P_EINVAL, "2.pgm");
    p2p_dataset_destroy(&d);
    write_flat("stack/A3/train/2.pgm", 7, 1, 3);
    assert_int_equal(p2p_dataset_create(&d, folder("stack"), NULL), P2P_OK);
    test_error_names(p2p_dataset_read(d, 1, &input, &target), P2P_EFORMAT, "2.png");
    p2p_dataset_destroy(&d);
    unlink(test_path("stack/A3/train/2.pgm"));
    expect_error("stack", NULL, P2P_EFORMAT, "has no partner");
}

static void two_folders_pair_by_name_and_sort(void **state)
{
    P2pDataset *d;
    P2pImage input, target;

    (void)state;
    test_write("two/A/test/b.png", 6, 5, 1);
    test_write("two/A/test/a.jpg", 6, 5, 2);
    test_write("two/A/test/a.b.png", 6, 5, 3);
    test_write("two/B/test/a.png", 6, 5, 4);
    test_write("two/B/test/b.jpeg", 6, 5, 5);
    test_write("two/B/test/a.b.png", 6, 5, 6);
    assert_int_equal(p2p_file_write(test_path("two/A/test/notes.txt"), "x", 1), P2P_OK);
    assert_int_equal(p2p_file_write(test_path("two/A/test/._b.png"), "x", 1), P2P_OK);
    P2pDatasetSettings s = {.phase = "test", .direction = P2P_DIRECTION_BTOA};
    assert_int_equal(p2p_dataset_create(&d, folder("two"), &s), P2P_OK);
    assert_int_equal(p2p_dataset_count(d), 3);
    assert_string_equal(p2p_dataset_name(d, 0), "a");
    assert_string_equal(p2p_dataset_name(d, 1), "a.b");
    assert_string_equal(p2p_dataset_name(d, 2), "b");
    assert_non_null(strstr(p2p_dataset_path(d, 2), "B/test/b.jpeg"));
    assert_int_equal(p2p_dataset_read(d, 2, &input, &target), P2P_OK);
    p2p_image_finish(&input);
    p2p_image_finish(&target);
    p2p_dataset_destroy(&d);

    s.max_dataset_size = 2;
    assert_int_equal(p2p_dataset_create(&d, folder("two"), &s), P2P_OK);
    assert_int_equal(p2p_dataset_count(d), 2);
    p2p_dataset_destroy(&d);
}

static void empty_phase_means_the_folder_itself(void **state)
{
    const P2pDatasetSettings s = {.phase = ""};
    P2pDataset *d;

    (void)state;
    test_write("flat/1.png", 6, 5, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("flat"), &s), P2P_OK);
    p2p_dataset_destroy(&d);
    test_write("flat2/A/1.png", 6, 5, 1);
    test_write("flat2/B/1.png", 6, 5, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("flat2"), &s), P2P_OK);
    assert_int_equal(p2p_dataset_count(d), 1);
    p2p_dataset_destroy(&d);
}

static void unusable_folders_are_named(void **state)
{
    (void)state;
    expect_error("missing", NULL, P2P_EIO, "missing");
    test_path("neither/other/x");
    expect_error("neither", NULL, P2P_EIO, "neither/A/train");
    test_path("nothing/train/x");
    expect_error("nothing", NULL, P2P_EFORMAT, "nothing/train: has no pictures");
    test_path("nothing2/A/train/x");
    test_path("nothing2/B/train/x");
    expect_error("nothing2", NULL, P2P_EFORMAT, "nothing2/A/train: has no pictures");
    test_write("alone/A/train/1.png", 4, 4, 1);
    test_write("alone/A/train/2.png", 4, 4, 1);
    test_write("alone/B/train/1.png", 4, 4, 1);
    expect_error("alone", NULL, P2P_EFORMAT, "A/train/2.png");
    test_write("alone2/A/train/2.png", 4, 4, 1);
    test_write("alone2/B/train/1.png", 4, 4, 1);
    test_write("alone2/B/train/2.png", 4, 4, 1);
    expect_error("alone2", NULL, P2P_EFORMAT, "B/train/1.png");
    test_write("twice/train/1.png", 4, 4, 1);
    test_write("twice/train/1.jpg", 4, 4, 1);
    expect_error("twice", NULL, P2P_EFORMAT, "have one name");
}

static P2pDataset *set_with_bad_ones(void)
{
    P2pDataset *d;

    test_write("bad/train/1.png", 8, 4, 1);
    test_write("bad/train/2.png", 7, 4, 1); /* odd */
    test_write("bad/train/3.png", 12, 6, 1);
    assert_int_equal(p2p_file_write(test_path("bad/train/4.png"), "no", 2), P2P_OK);
    test_write("bad/train/5.png", 12, 8, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("bad"), NULL), P2P_OK);
    return d;
}

static void check_names_the_first_bad_one(void **state)
{
    P2pImage input, target;
    P2pDataset *d = set_with_bad_ones();

    (void)state;
    for (int threads = 0; threads <= 4; threads++) {
        const P2pCheckSettings s = {.threads = threads};
        test_error_names(p2p_dataset_check(d, &s, NULL), P2P_EFORMAT, "bad/train/2.png");
        assert_int_equal(p2p_dataset_count(d), 5);
    }
    test_error_names(p2p_dataset_read(d, 1, &input, &target), P2P_EFORMAT, "7 pixels wide");
    assert_null(input.data);
    assert_null(target.data);
    p2p_dataset_destroy(&d);
}

static void count_line(void *user, P2pLogLevel level, const char *text)
{
    (void)level;
    (void)text;
    ++*(int *)user;
}

static void check_skips_bad_ones(void **state)
{
    (void)state;
    for (int threads = 0; threads <= 4; threads += 4) {
        int lines = 0;
        const P2pLog log = {count_line, &lines, P2P_LOG_INFO};
        const P2pCheckSettings s = {.threads = threads, .skip_bad = true, .log = &log};
        P2pCheckReport r;
        P2pDataset *d = set_with_bad_ones();
        assert_int_equal(p2p_dataset_check(d, &s, &r), P2P_OK);
        assert_int_equal(r.bad, 2);
        assert_int_equal(lines, 2);
        assert_int_equal(p2p_dataset_count(d), 3);
        assert_string_equal(p2p_dataset_name(d, 1), "3");
        assert_string_equal(p2p_dataset_name(d, 2), "5");
        assert_int_equal(r.min_width, 4);
        assert_int_equal(r.max_width, 6);
        assert_int_equal(r.min_height, 4);
        assert_int_equal(r.max_height, 8);
        p2p_dataset_destroy(&d);
    }
}

static void check_with_none_usable_fails(void **state)
{
    const P2pCheckSettings s = {.skip_bad = true};
    P2pDataset *d;

    (void)state;
    assert_int_equal(p2p_file_write(test_path("none/train/1.png"), "no", 2), P2P_OK);
    assert_int_equal(p2p_dataset_create(&d, folder("none"), NULL), P2P_OK);
    test_error_names(p2p_dataset_check(d, &s, NULL), P2P_EFORMAT, "1.png");
    p2p_dataset_destroy(&d);
}

static void keep_line(void *user, P2pLogLevel level, const char *text)
{
    (void)level;
    snprintf(user, 512, "%s", text);
}

static void pictures_that_are_no_pairs_are_told(void **state)
{
    char line[512] = "";
    const P2pLog log = {keep_line, line, P2P_LOG_WARN};
    const P2pCheckSettings s = {.log = &log};
    P2pDataset *d;

    (void)state;
    test_write("shape/train/1.png", 16, 8, 1);
    test_write("shape/train/2.png", 10, 8, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("shape"), NULL), P2P_OK);
    assert_int_equal(p2p_dataset_check(d, &s, NULL), P2P_OK);
    assert_string_equal(line, "");
    p2p_dataset_destroy(&d);
    test_write("shape/train/3.png", 8, 8, 1);
    test_write("shape/train/4.png", 8, 16, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("shape"), NULL), P2P_OK);
    assert_int_equal(p2p_dataset_check(d, &s, NULL), P2P_OK);
    assert_non_null(strstr(line, "3.png: is not wider than high (8 x 8 pixels, and others"));
    p2p_dataset_destroy(&d);
    /* Two folders of squares are as they should be. */
    line[0] = '\0';
    test_write("squares/A/train/1.png", 8, 8, 1);
    test_write("squares/B/train/1.png", 8, 8, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("squares"), NULL), P2P_OK);
    assert_int_equal(p2p_dataset_check(d, &s, NULL), P2P_OK);
    assert_string_equal(line, "");
    p2p_dataset_destroy(&d);
}

/* Each way of making sizes, with what it makes of 16 x 12 and 16 x 24 (halves of 8 and 8). */
static void sizes_behind_the_jitter_are_kept(void **state)
{
    static const struct {
        P2pJitterSettings jitter;
        int status;
        const char *part;
        int widths[2], heights[2];
    } cases[] = {
        {{.preprocess = P2P_PREPROCESS_RESIZE_AND_CROP, .load_size = 9, .crop_size = 8},
         P2P_OK,
         "",
         {8, 8},
         {8, 8}},
        {{.preprocess = P2P_PREPROCESS_CROP, .crop_size = 8}, P2P_OK, "", {8, 8}, {8, 8}},
        {{.preprocess = P2P_PREPROCESS_CROP, .crop_size = 9},
         P2P_EINVAL,
         "fit/train/1.png: 8 x 12",
         {8, 8},
         {8, 8}}, /* as before */
        {{.preprocess = P2P_PREPROCESS_NONE}, P2P_OK, "", {8, 8}, {12, 24}},
        {{.preprocess = P2P_PREPROCESS_NONE, .multiple = 24}, P2P_OK, "", {24, 24}, {24, 24}},
        {{.preprocess = P2P_PREPROCESS_KEEP, .multiple = 16}, P2P_OK, "", {16, 16}, {16, 32}},
        {{.preprocess = P2P_PREPROCESS_SCALE_WIDTH, .load_size = 16, .crop_size = 4},
         P2P_OK,
         "",
         {16, 16},
         {24, 48}},
    };
    P2pDataset *d;

    (void)state;
    test_write("fit/train/1.png", 16, 12, 1);
    test_write("fit/train/2.png", 16, 24, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("fit"), NULL), P2P_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_error_names(
            p2p_dataset_check(d, &(P2pCheckSettings){.jitter = &cases[i].jitter}, NULL),
            cases[i].status, cases[i].part);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(d->pairs[k].width, cases[i].widths[k]);
            assert_int_equal(d->pairs[k].height, cases[i].heights[k]);
        }
    }
    p2p_dataset_destroy(&d);
}

static void pictures_of_subfolders_belong_to_the_set(void **state)
{
    const P2pDatasetSettings none = {.phase = ""};
    P2pDataset *d;

    (void)state;
    test_write("deep/train/b/1.png", 8, 4, 1);
    test_write("deep/train/a/x/1.png", 8, 4, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("deep"), NULL), P2P_OK);
    assert_int_equal(p2p_dataset_count(d), 2);
    assert_string_equal(p2p_dataset_name(d, 0), "a/x/1");
    assert_string_equal(p2p_dataset_name(d, 1), "b/1");
    p2p_dataset_destroy(&d);
    assert_int_equal(p2p_dataset_create(&d, folder("deep"), &none), P2P_OK);
    assert_string_equal(p2p_dataset_name(d, 0), "train/a/x/1");
    p2p_dataset_destroy(&d);
    test_write("deep2/A/train/s/1.png", 8, 4, 1);
    test_write("deep2/B/train/s/1.jpg", 8, 4, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("deep2"), NULL), P2P_OK);
    assert_string_equal(p2p_dataset_name(d, 0), "s/1");
    p2p_dataset_destroy(&d);
    test_write("deep2/B/train/t/1.jpg", 8, 4, 1);
    expect_error("deep2", NULL, P2P_EFORMAT, "B/train/t/1.jpg: has no partner");
}

static void unequal_partners_are_named(void **state)
{
    P2pImage input, target;
    P2pDataset *d;

    (void)state;
    test_write("sizes/A/train/1.png", 4, 4, 1);
    test_write("sizes/B/train/1.png", 4, 5, 1);
    assert_int_equal(p2p_dataset_create(&d, folder("sizes"), NULL), P2P_OK);
    test_error_names(p2p_dataset_read(d, 0, &input, &target), P2P_EFORMAT, "B/train/1.png");
    p2p_dataset_destroy(&d);
}

/* A link in the test's folder to a picture that lies on its side: 24 x 17 pixels as stored. */
static void link_turned(const char *name)
{
    assert_int_equal(symlink(P2P_TEST_DATA "/upright/o6.jpg", test_path(name)), 0);
}

static void expect_size(const char *name, bool no_exif, int width, int height)
{
    const P2pDatasetSettings settings = {.no_exif = no_exif};
    P2pDataset *d;
    P2pImage input, target;

    assert_int_equal(p2p_dataset_create(&d, folder(name), &settings), P2P_OK);
    assert_int_equal(p2p_dataset_read(d, 0, &input, &target), P2P_OK);
    assert_int_equal(input.width, width);
    assert_int_equal(input.height, height);
    assert_int_equal(target.width, width);
    assert_int_equal(target.height, height);
    p2p_image_finish(&input);
    p2p_image_finish(&target);
    p2p_dataset_destroy(&d);
}

static void pictures_of_two_folders_are_turned_joint_ones_never(void **state)
{
    (void)state;
    link_turned("turned/A/train/x.jpg");
    link_turned("turned/B/train/x.jpg");
    expect_size("turned", false, 17, 24);
    expect_size("turned", true, 24, 17);
    link_turned("turned_joint/train/x.jpg");
    expect_size("turned_joint", false, 12, 17);
    expect_size("turned_joint", true, 12, 17);
}

static void order_is_a_permutation_of_seed_and_epoch(void **state)
{
    uint32_t a[100], b[100], c[100];
    int seen[100] = {0}, moved = 0;

    (void)state;
    p2p_dataset_order(100, false, 7, 3, a);
    p2p_dataset_order(100, false, 7, 4, b);
    p2p_dataset_order(100, false, 7, 3, c);
    assert_memory_equal(a, c, sizeof(a));
    assert_memory_not_equal(a, b, sizeof(a));
    for (int i = 0; i < 100; i++) {
        assert_in_range(a[i], 0, 99);
        seen[a[i]]++;
        moved += a[i] != (uint32_t)i;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 80);
    p2p_dataset_order(100, true, 7, 3, a);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(a[i], i);
}

/* Names of a set, "a b c ". */
static void names_of(const P2pDataset *d, char text[256])
{
    text[0] = '\0';
    for (size_t i = 0; i < p2p_dataset_count(d); i++)
        snprintf(text + strlen(text), 256 - strlen(text), "%s ", p2p_dataset_name(d, i));
}

static void split_is_by_seed_and_keeps_order(void **state)
{
    char left[3][256], taken[3][256], name[64];
    P2pImage picture = test_picture(4, 2, 3, 8, 1);
    P2pDataset *d, *val;

    (void)state;
    for (char c = 'a'; c < 'a' + 20; c++) {
        snprintf(name, sizeof(name), "split/train/%c.png", c);
        assert_int_equal(p2p_image_write(&picture, test_path(name), 0), P2P_OK);
    }
    for (int k = 0; k < 3; k++) {
        assert_int_equal(p2p_dataset_create(&d, folder("split"), NULL), P2P_OK);
        assert_int_equal(p2p_dataset_split(d, 0.25, k == 2 ? 8 : 7, &val), P2P_OK);
        assert_int_equal(p2p_dataset_count(d), 15);
        assert_int_equal(p2p_dataset_count(val), 5);
        names_of(d, left[k]);
        names_of(val, taken[k]);
        for (size_t i = 1; i < 5; i++)
            assert_true(strcmp(p2p_dataset_name(val, i - 1), p2p_dataset_name(val, i)) < 0);
        for (size_t i = 0; i < 5; i++)
            assert_null(strstr(left[k], p2p_dataset_name(val, i)));
        p2p_dataset_destroy(&d);
        p2p_dataset_destroy(&val);
    }
    assert_string_equal(left[0], left[1]);
    assert_string_equal(taken[0], taken[1]);
    assert_string_not_equal(taken[0], taken[2]);
    assert_int_equal(p2p_dataset_create(&d, folder("split"), NULL), P2P_OK);
    test_error_names(p2p_dataset_split(d, 0.99, 7, &val), P2P_EINVAL, "20 pairs");
    assert_int_equal(p2p_dataset_count(d), 20);
    assert_int_equal(p2p_dataset_split(d, 0.001, 7, &val), P2P_OK);
    assert_int_equal(p2p_dataset_count(val), 1);
    p2p_dataset_destroy(&d);
    p2p_dataset_destroy(&val);
    p2p_image_finish(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbered_folders_are_stacked),
        cmocka_unit_test(joint_pictures_are_split_by_direction),
        cmocka_unit_test(single_pictures_have_no_target),
        cmocka_unit_test(two_folders_pair_by_name_and_sort),
        cmocka_unit_test(empty_phase_means_the_folder_itself),
        cmocka_unit_test(unusable_folders_are_named),
        cmocka_unit_test(check_names_the_first_bad_one),
        cmocka_unit_test(check_skips_bad_ones),
        cmocka_unit_test(check_with_none_usable_fails),
        cmocka_unit_test(pictures_that_are_no_pairs_are_told),
        cmocka_unit_test(sizes_behind_the_jitter_are_kept),
        cmocka_unit_test(pictures_of_subfolders_belong_to_the_set),
        cmocka_unit_test(unequal_partners_are_named),
        cmocka_unit_test(pictures_of_two_folders_are_turned_joint_ones_never),
        cmocka_unit_test(order_is_a_permutation_of_seed_and_epoch),
        cmocka_unit_test(split_is_by_seed_and_keeps_order),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
