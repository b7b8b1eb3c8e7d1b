/* SPDX-License-Identifier: BSD-2-Clause */
/* The demonstration set, and joining two folders into one. */
#include "tests/unit/data_helpers.h"

#include "p2p/prepare.h"

static const char *in_folder(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, 512, "%s/%s", test_folder, name);
    return path;
}

static void drawing_depends_on_seed_and_index(void **state)
{
    P2pImage a, b, c, la, lb, lc;

    (void)state;
    assert_int_equal(p2p_demo_draw(1, 2, 64, &a, &la), P2P_OK);
    assert_int_equal(p2p_demo_draw(1, 3, 64, &c, &lc), P2P_OK);
    assert_int_equal(p2p_demo_draw(1, 2, 64, &b, &lb), P2P_OK);
    test_same(&a, &b);
    test_same(&la, &lb);
    assert_memory_not_equal(a.data, c.data, p2p_image_bytes(&a));
    assert_memory_not_equal(la.data, lc.data, p2p_image_bytes(&a));
    p2p_image_finish(&a);
    p2p_image_finish(&b);
    p2p_image_finish(&c);
    p2p_image_finish(&la);
    p2p_image_finish(&lb);
    p2p_image_finish(&lc);
    assert_int_equal(p2p_demo_draw(1, 2, 31, &a, &la), P2P_EINVAL);
    assert_null(a.data);
}

/* Twenty façades of an odd size: every label is one of the twelve, and several occur. */
static void labels_are_flat(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20; i++) {
        uint32_t colours[12];
        int count = 0;
        P2pImage photo, labels;
        assert_int_equal(p2p_demo_draw(9, i, 101, &photo, &labels), P2P_OK);
        for (int p = 0; p < 101 * 101; p++) {
            const uint8_t *v = (uint8_t *)labels.data + 3 * p;
            const uint32_t colour = (uint32_t)v[0] << 16 | (uint32_t)v[1] << 8 | v[2];
            int k = 0;
            while (k < count && colours[k] != colour)
                k++;
            assert_true(k < 12);
            if (k == count)
                colours[count++] = colour;
        }
        assert_true(count >= 4);
        p2p_image_finish(&photo);
        p2p_image_finish(&labels);
    }
}

static bool stop_at(void *user, size_t done, size_t total)
{
    assert_true(done <= total);
    return done >= *(size_t *)user;
}

static void made_set_is_a_dataset(void **state)
{
    const P2pDemoSettings s = {
        .seed = 1, .count_train = 3, .count_val = 1, .count_test = 2, .size = 48};
    const P2pDatasetSettings test = {.phase = "test"};
    P2pDataset *d;
    P2pImage photo, labels, input, target;
    size_t never = 99, two = 2;

    (void)state;
    assert_int_equal(p2p_demo_make(in_folder("demo"), &s, stop_at, &never), P2P_OK);
    assert_int_equal(p2p_dataset_create(&d, in_folder("demo"), NULL), P2P_OK);
    assert_int_equal(p2p_dataset_count(d), 3);
    assert_int_equal(p2p_dataset_check(d, NULL, NULL), P2P_OK);
    p2p_dataset_destroy(&d);
    assert_int_equal(p2p_dataset_create(&d, in_folder("demo"), &test), P2P_OK);
    assert_int_equal(p2p_dataset_read(d, 0, &input, &target), P2P_OK);
    assert_int_equal(p2p_demo_draw(1, 4, 48, &photo, &labels), P2P_OK); /* after 3 + 1 */
    test_same(&input, &photo);
    test_same(&target, &labels);
    p2p_image_finish(&photo);
    p2p_image_finish(&labels);
    p2p_image_finish(&input);
    p2p_image_finish(&target);
    p2p_dataset_destroy(&d);
    assert_int_equal(p2p_demo_make(in_folder("demo2"), &s, stop_at, &two), P2P_ESTOPPED);
    assert_true(p2p_file_exists(in_folder("demo2/train/0002.png")));
    assert_false(p2p_file_exists(in_folder("demo2/train/0003.png")));
}

static void combine_joins_phases(void **state)
{
    P2pImage grey = test_picture(6, 5, 1, 16, 4), both, left;
    P2pPrepareReport report;

    (void)state;
    assert_int_equal(p2p_image_write(&grey, test_path("ok/A/train/1.png"), 0), P2P_OK);
    test_write("ok/B/train/1.jpg", 6, 5, 2);
    test_write("ok/A/test/x.png", 7, 5, 2);
    test_write("ok/B/test/x.png", 7, 5, 3);
    assert_int_equal(p2p_data_combine(in_folder("ok/A"), in_folder("ok/B"), in_folder("ok/AB"),
                                      NULL, NULL, NULL, &report),
                     P2P_OK);
    assert_int_equal(report.written, 2);
    assert_int_equal(p2p_image_read(&both, in_folder("ok/AB/train/1.png"), 0), P2P_OK);
    assert_int_equal(both.width, 12);
    assert_int_equal(both.channels, 3);
    assert_int_equal(both.bits, 16);
    assert_int_equal(p2p_image_crop(&both, 0, 0, 1, 1, &left), P2P_OK);
    assert_int_equal(((uint16_t *)left.data)[2], ((uint16_t *)grey.data)[0]);
    assert_true(p2p_file_exists(in_folder("ok/AB/test/x.png")));
    p2p_image_finish(&grey);
    p2p_image_finish(&both);
    p2p_image_finish(&left);
}

static void expect_combine(const char *name, int status, const char *part)
{
    char a[256], b[256], out[256];
    P2pPrepareReport report;

    snprintf(a, sizeof(a), "%s/%s/A", test_folder, name);
    snprintf(b, sizeof(b), "%s/%s/B", test_folder, name);
    snprintf(out, sizeof(out), "%s/%s/AB", test_folder, name);
    test_error_names(p2p_data_combine(a, b, out, NULL, NULL, NULL, &report), status, part);
    assert_int_equal(report.written, 0);
    assert_false(p2p_folder_exists(out));
}

static void combine_names_what_is_wrong(void **state)
{
    (void)state;
    expect_combine("absent", P2P_EIO, "absent/A");
    test_write("partner/A/train/1.png", 4, 4, 1);
    test_write("partner/A/train/2.png", 4, 4, 1);
    test_write("partner/B/train/1.png", 4, 4, 1);
    expect_combine("partner", P2P_EFORMAT, "A/train/2.png");
    test_write("phase/A/train/1.png", 4, 4, 1);
    test_write("phase/B/train/1.png", 4, 4, 1);
    test_write("phase/B/val/1.png", 4, 4, 1);
    expect_combine("phase", P2P_EFORMAT, "B/val");
    test_write("size/A/1.png", 4, 4, 1);
    test_write("size/B/1.png", 5, 4, 1);
    expect_combine("size", P2P_EFORMAT, "size/B/1.png has 5 x 4");
    test_path("nothing/A/train/x");
    test_path("nothing/B/train/x");
    expect_combine("nothing", P2P_EFORMAT, "no pictures");
    assert_int_equal(p2p_file_write(test_path("broken/A/1.png"), "x", 1), P2P_OK);
    test_write("broken/B/1.png", 5, 4, 1);
    expect_combine("broken", P2P_EFORMAT, "1 of 1 pairs cannot be joined; the first: ");
}

static void combine_joins_the_others(void **state)
{
    P2pPrepareSettings s = {0};
    P2pPrepareReport r;

    (void)state;
    test_write("some/A/1.png", 4, 4, 1);
    assert_int_equal(p2p_file_write(test_path("some/A/2.png"), "x", 1), P2P_OK);
    test_write("some/A/3.png", 4, 4, 1);
    for (int i = 1; i <= 3; i++) {
        char name[32];
        snprintf(name, sizeof(name), "some/B/%d.png", i);
        test_write(name, 4, 4, 2);
    }
    for (int skip = 0; skip < 2; skip++) {
        s.skip_bad = skip;
        assert_int_equal(p2p_data_combine(in_folder("some/A"), in_folder("some/B"),
                                          in_folder(skip ? "some/1" : "some/2"), &s, NULL, NULL,
                                          &r),
                         skip ? P2P_OK : P2P_EFORMAT);
        assert_int_equal(r.written, 2);
        assert_int_equal(r.bad, 1);
    }
    assert_true(p2p_file_exists(in_folder("some/1/3.png")));
    assert_true(p2p_file_exists(in_folder("some/2/3.png")));
    s.skip_bad = true;
    assert_int_equal(unlink(in_folder("some/A/1.png")) | unlink(in_folder("some/A/3.png")) |
                         unlink(in_folder("some/B/1.png")) | unlink(in_folder("some/B/3.png")),
                     0);
    test_error_names(p2p_data_combine(in_folder("some/A"), in_folder("some/B"), in_folder("some/1"),
                                      &s, NULL, NULL, NULL),
                     P2P_EFORMAT, "some/A/2.png");
}

static void combine_never_overwrites_its_inputs(void **state)
{
    P2pImage before, after;

    (void)state;
    test_write("same/A/1.png", 4, 4, 1);
    test_write("same/B/1.png", 4, 4, 2);
    assert_int_equal(p2p_image_read(&before, in_folder("same/A/1.png"), 0), P2P_OK);
    assert_int_equal(symlink("B", in_folder("same/link")), 0);
    static const char *const outs[] = {"same/A", "same/A/../A", "same/B", "same/link"};
    for (size_t i = 0; i < 4; i++)
        test_error_names(p2p_data_combine(in_folder("same/A"), in_folder("same/B"),
                                          in_folder(outs[i]), NULL, NULL, NULL, NULL),
                         P2P_EINVAL, "would overwrite the input");
    assert_int_equal(p2p_image_read(&after, in_folder("same/A/1.png"), 0), P2P_OK);
    test_same(&before, &after);
    p2p_image_finish(&before);
    p2p_image_finish(&after);
    /* A folder of results within one of the inputs is none of them, also the second time. */
    for (int i = 0; i < 2; i++)
        assert_int_equal(p2p_data_combine(in_folder("same/A"), in_folder("same/B"),
                                          in_folder("same/A/AB"), NULL, NULL, NULL, NULL),
                         P2P_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawing_depends_on_seed_and_index),
        cmocka_unit_test(labels_are_flat),
        cmocka_unit_test(made_set_is_a_dataset),
        cmocka_unit_test(combine_joins_phases),
        cmocka_unit_test(combine_names_what_is_wrong),
        cmocka_unit_test(combine_joins_the_others),
        cmocka_unit_test(combine_never_overwrites_its_inputs),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
