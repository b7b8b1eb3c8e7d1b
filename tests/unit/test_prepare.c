/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of pictures, edges, and whole folders of them. */
#include "tests/unit/data_helpers.h"

#include <math.h>

#include "p2p/prepare.h"

static char *in_folder(const char *name)
{
    return p2p_path_join(test_folder, name);
}

static void write_picture(const char *name, const P2pImage *image)
{
    char *path = in_folder(name);

    assert_int_equal(p2p_folder_make_for(path), P2P_OK);
    assert_int_equal(p2p_image_write(image, path, 0), P2P_OK);
    free(path);
}

static P2pImage read_picture(const char *name)
{
    P2pImage image;
    char *path = in_folder(name);

    if (p2p_image_read(&image, path, 0) != P2P_OK)
        fail_msg("%s", p2p_error());
    free(path);
    return image;
}

/* ---- One picture --------------------------------------------------------------------------- */

static void a_size_is_met_by_cutting_padding_or_stretching(void **state)
{
    P2pImage in, out;
    const uint8_t *p;

    (void)state;
    assert_int_equal(p2p_image_init(&in, 40, 20, 1, 8), P2P_OK);
    for (int i = 0; i < 800; i++) /* columns 0-9 and 30-39 white, the middle grey */
        ((uint8_t *)in.data)[i] = i % 40 < 10 || i % 40 >= 30 ? 255 : 100;
    assert_int_equal(p2p_image_fit(&in, 20, 20, P2P_FIT_CROP, P2P_FILTER_BICUBIC, &out), P2P_OK);
    assert_true(out.width == 20 && out.height == 20);
    for (int i = 0; i < 400; i++)
        assert_int_equal(((uint8_t *)out.data)[i], 100);
    p2p_image_finish(&out);
    assert_int_equal(p2p_image_fit(&in, 40, 40, P2P_FIT_PAD, P2P_FILTER_BICUBIC, &out), P2P_OK);
    p = out.data;
    assert_true(p[9 * 40 + 20] == 0 && p[10 * 40] == 255 && p[10 * 40 + 20] == 100);
    assert_true(p[29 * 40 + 39] == 255 && p[30 * 40 + 39] == 0);
    p2p_image_finish(&out);
    assert_int_equal(p2p_image_fit(&in, 7, 31, P2P_FIT_STRETCH, P2P_FILTER_BICUBIC, &out), P2P_OK);
    assert_true(out.width == 7 && out.height == 31);
    p2p_image_finish(&out);
    assert_int_equal(p2p_image_fit(&in, 1, 1000, P2P_FIT_PAD, P2P_FILTER_BICUBIC, &out), P2P_OK);
    assert_true(out.width == 1 && out.height == 1000);
    p2p_image_finish(&out);
    p2p_image_finish(&in);
}

/* As pix2pix-tensorflow's process.py: int(256 * .3) = 76 pixels from 128 - 38 on. */
static void a_hole_is_where_pix2pix_tensorflow_has_it(void **state)
{
    P2pImage in = test_picture(256, 256, 4, 16, 3), out;

    (void)state;
    assert_int_equal(p2p_image_blank(&in, .3, &out), P2P_OK);
    for (int y = 0; y < 256; y++) {
        for (int x = 0; x < 256; x++) {
            const bool hole = x >= 90 && x < 166 && y >= 90 && y < 166;
            for (int c = 0; c < 4; c++) {
                const int at = (y * 256 + x) * 4 + c;
                assert_int_equal(((uint16_t *)out.data)[at],
                                 hole && c < 3 ? 65535 : ((uint16_t *)in.data)[at]);
            }
        }
    }
    p2p_image_finish(&in);
    p2p_image_finish(&out);
}

static int count_black(const P2pImage *image, int from_x, int to_x)
{
    int count = 0;

    for (int i = 0; i < image->width * image->height; i++)
        count += i % image->width >= from_x && i % image->width < to_x &&
                 ((uint8_t *)image->data)[i] == 0;
    return count;
}

/* A step of a height: one line, one pixel wide, where it is; none where it is low. */
static void a_step_has_one_line_where_it_is_high_enough(void **state)
{
    P2pImage in, out;

    (void)state;
    assert_int_equal(p2p_image_init(&in, 60, 40, 3, 8), P2P_OK);
    for (int i = 0; i < 60 * 40 * 3; i++)
        ((uint8_t *)in.data)[i] = i / 3 % 60 < 20 ? 50 : i / 3 % 60 < 40 ? 150 : 155;
    assert_int_equal(p2p_image_edges(&in, NULL, &out), P2P_OK);
    assert_true(out.channels == 1 && out.bits == 8);
    assert_int_equal(count_black(&out, 18, 22), 40);
    assert_int_equal(count_black(&out, 0, 60), 40);
    p2p_image_finish(&out);
    assert_int_equal(p2p_image_edges(&in, &(P2pEdgeSettings){.low = .3, .high = .5}, &out), P2P_OK);
    assert_int_equal(count_black(&out, 38, 42), 40);
    p2p_image_finish(&out);
    p2p_image_finish(&in);
}

/* A bar five pixels thick becomes a line, a spot of four pixels nothing, a faint one too. */
static void what_hed_is_sure_of_is_thinned(void **state)
{
    P2pImage in, out;

    (void)state;
    assert_int_equal(p2p_image_init(&in, 60, 30, 1, 8), P2P_OK);
    for (int y = 10; y < 15; y++)
        for (int x = 5; x < 55; x++)
            ((uint8_t *)in.data)[y * 60 + x] = 200;
    for (int i = 0; i < 4; i++)
        ((uint8_t *)in.data)[20 * 60 + 30 + i] = 255;
    for (int x = 5; x < 55; x++)
        ((uint8_t *)in.data)[25 * 60 + x] = 20;
    assert_int_equal(p2p_image_edges(&in, &(P2pEdgeSettings){.hed = true}, &out), P2P_OK);
    for (int x = 10; x < 50; x++)
        assert_int_equal(count_black(&out, x, x + 1), 1);
    p2p_image_finish(&out);
    const P2pEdgeSettings all = {.hed = true, .high = 10, .least = 1};
    assert_int_equal(p2p_image_edges(&in, &all, &out), P2P_OK);
    for (int x = 10; x < 29; x++)
        assert_int_equal(count_black(&out, x, x + 1), 2);
    assert_int_equal(count_black(&out, 31, 33), 2 * 3);
    p2p_image_finish(&out);
    p2p_image_finish(&in);
}

/* ---- Folders ------------------------------------------------------------------------------- */

static int half(void *user, const P2pImage *in, P2pImage *out)
{
    (void)user;
    return p2p_image_fit(in, 8, 8, P2P_FIT_STRETCH, P2P_FILTER_BICUBIC, out);
}

static void a_folder_is_changed_whatever_the_threads(void **state)
{
    P2pImage in = test_picture(16, 16, 3, 8, 1), results[2];
    char *from = in_folder("from");

    (void)state;
    for (int i = 0; i < 20; i++) {
        char name[64];
        snprintf(name, sizeof(name), "from/sub%d/%d.png", i % 3, i);
        write_picture(name, &in);
    }
    for (int t = 0; t < 2; t++) {
        char *to = in_folder(t ? "to1" : "to0");
        const P2pPrepareSettings s = {.threads = 4 * t};
        P2pPrepareReport report;
        assert_int_equal(p2p_prepare_folder(from, to, half, NULL, &s, NULL, NULL, &report), P2P_OK);
        assert_true(report.written == 20 && report.bad == 0);
        results[t] = read_picture(t ? "to1/sub1/19.png" : "to0/sub1/19.png");
        free(to);
    }
    assert_int_equal(results[0].width, 8);
    assert_memory_equal(results[0].data, results[1].data, p2p_image_bytes(&results[0]));
    p2p_image_finish(&results[0]);
    p2p_image_finish(&results[1]);
    p2p_image_finish(&in);
    free(from);
}

static bool stop_at_three(void *user, size_t done, size_t total)
{
    (void)user;
    assert_int_equal(total, 20);
    return done == 3;
}

static void a_dry_run_writes_nothing_and_a_caller_may_stop(void **state)
{
    char *from = in_folder("from"), *to = in_folder("nowhere");
    P2pPrepareReport report;

    (void)state;
    assert_int_equal(p2p_prepare_folder(from, to, half, NULL,
                                        &(P2pPrepareSettings){.dry_run = true}, NULL, NULL,
                                        &report),
                     P2P_OK);
    assert_int_equal(report.written, 20);
    assert_false(p2p_folder_exists(to));
    assert_int_equal(p2p_prepare_folder(from, to, half, NULL, NULL, stop_at_three, NULL, &report),
                     P2P_ESTOPPED);
    assert_int_equal(report.written, 3);
    free(from);
    free(to);
}

static size_t pictures_in(const char *name)
{
    char *path = in_folder(name), **names;
    size_t count;

    assert_int_equal(p2p_folder_pictures(path, NULL, &names, &count), P2P_OK);
    p2p_names_free(names, count);
    free(path);
    return count;
}

static void a_split_is_drawn_by_the_seed_and_keeps_partners_together(void **state)
{
    P2pImage in = test_picture(4, 4, 3, 8, 1);
    char *from = in_folder("pairs"), *to = in_folder("split"), *again = in_folder("again");
    const P2pSplitSettings how = {.seed = 5, .val = .25, .test = .125};
    P2pDataset *set, *other;

    (void)state;
    for (int i = 0; i < 16; i++) {
        char name[64];
        snprintf(name, sizeof(name), "pairs/A/%02d.png", i);
        write_picture(name, &in);
        snprintf(name, sizeof(name), "pairs/B/%02d.png", i);
        write_picture(name, &in);
    }
    assert_int_equal(p2p_prepare_split(from, to, &how, NULL, NULL, NULL, NULL), P2P_OK);
    assert_int_equal(p2p_prepare_split(from, again, &how, NULL, NULL, NULL, NULL), P2P_OK);
    assert_int_equal(pictures_in("split/A/train"), 10);
    assert_int_equal(pictures_in("split/B/val"), 4);
    assert_int_equal(pictures_in("split/A/test"), 2);
    /* As a data set: each has its partner, and both are the same. */
    assert_int_equal(p2p_dataset_create(&set, to, NULL), P2P_OK);
    assert_int_equal(p2p_dataset_create(&other, again, NULL), P2P_OK);
    for (size_t i = 0; i < 10; i++)
        assert_string_equal(p2p_dataset_name(set, i), p2p_dataset_name(other, i));
    p2p_dataset_destroy(&set);
    p2p_dataset_destroy(&other);
    const P2pSplitSettings most = {.val = .5, .test = .49};
    assert_int_equal(p2p_prepare_split(from, to, &most, NULL, NULL, NULL, NULL), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "leave none for training"));
    p2p_image_finish(&in);
    free(from);
    free(to);
    free(again);
}

static int found[4];
static char last[4][256];

static void take_finding(void *user, P2pFindingKind kind, const char *text)
{
    (void)user;
    found[kind]++;
    snprintf(last[kind], sizeof(last[kind]), "%s", text);
}

static void a_survey_finds_what_is_wrong(void **state)
{
    P2pImage one = test_picture(6, 4, 3, 8, 1), two = test_picture(6, 4, 3, 8, 2),
             grey = test_picture(5, 5, 1, 16, 3);
    char *folder = in_folder("survey"), *bad = in_folder("survey/B/4.png"),
         *svg = in_folder("survey.svg");
    P2pSurvey s;

    (void)state;
    write_picture("survey/A/1.png", &one);
    write_picture("survey/B/1.png", &two);
    write_picture("survey/A/2.png", &two); /* B/1 again */
    write_picture("survey/A/3.png", &grey);
    write_picture("survey/B/3.png", &one); /* another size; A/1 again */
    write_picture("survey/A/4.png", &one); /* A/1 again */
    assert_int_equal(p2p_file_write(bad, "no picture", 10), P2P_OK);
    assert_int_equal(
        p2p_survey(&s, folder, &(P2pPrepareSettings){.threads = 3}, take_finding, NULL, NULL, NULL),
        P2P_OK);
    assert_true(s.pictures == 7 && s.usable == 6);
    assert_int_equal(found[P2P_FINDING_UNUSABLE], 1);
    assert_non_null(strstr(last[P2P_FINDING_UNUSABLE], "survey/B/4.png"));
    assert_int_equal(found[P2P_FINDING_ALONE], 1);
    assert_non_null(strstr(last[P2P_FINDING_ALONE], "survey/A/2.png: has no partner in B"));
    assert_int_equal(found[P2P_FINDING_UNLIKE], 1);
    assert_non_null(
        strstr(last[P2P_FINDING_UNLIKE], "A/3.png: has 5 x 5 pixels, its partner in B 6 x 4"));
    assert_int_equal(found[P2P_FINDING_DUPLICATE], 3);
    assert_non_null(strstr(last[P2P_FINDING_DUPLICATE], "B/3.png: is the same picture as A/1.png"));
    assert_int_equal(s.kind_count, 2);
    assert_true(s.kinds[0].width == 6 && s.kinds[0].count == 5 && s.kinds[1].bits == 16);
    double mean = 0;
    for (int i = 0; i < 24; i++) /* channel 2: A/1, B/3, A/4 are one, B/1, A/2 two */
        mean +=
            (3. * ((uint8_t *)one.data)[3 * i + 1] + 2. * ((uint8_t *)two.data)[3 * i + 1]) / 120;
    assert_true(fabs(s.mean[1] - mean) < 1e-9 && s.deviation[1] > 0 && isnan(s.mean[3]));
    assert_int_equal(p2p_survey_draw(&s, svg), P2P_OK);
    p2p_survey_finish(&s);
    p2p_image_finish(&one);
    p2p_image_finish(&two);
    p2p_image_finish(&grey);
    free(folder);
    free(bad);
    free(svg);
}

static void cityscapes_becomes_pairs(void **state)
{
    P2pImage photo = test_picture(20, 10, 3, 8, 1), labels = test_picture(20, 10, 3, 8, 2), out;
    char *fine = in_folder("gtFine"), *left = in_folder("leftImg8bit"), *to = in_folder("cities");
    P2pPrepareReport report;

    (void)state;
    write_picture("leftImg8bit/train/aachen/aachen_000001_000019_leftImg8bit.png", &photo);
    write_picture("gtFine/train/aachen/aachen_000001_000019_gtFine_color.png", &labels);
    write_picture("gtFine/train/aachen/aachen_000001_000019_gtFine_labelIds.png", &labels);
    write_picture("leftImg8bit/val/ulm/ulm_000000_000019_leftImg8bit.png", &photo);
    write_picture("gtFine/val/ulm/ulm_000000_000019_gtFine_color.png", &labels);
    assert_int_equal(p2p_prepare_cityscapes(fine, left, to, 8, NULL, NULL, NULL, &report), P2P_OK);
    assert_int_equal(report.written, 2);
    out = read_picture("cities/val/ulm_000000_000019.png");
    assert_true(out.width == 16 && out.height == 8);
    p2p_image_finish(&out);
    out = read_picture("cities/train/aachen_000001_000019.png");
    P2pImage small, left_half;
    assert_int_equal(p2p_image_resize(&photo, 8, 8, P2P_FILTER_BICUBIC, &small), P2P_OK);
    assert_int_equal(p2p_image_crop(&out, 0, 0, 8, 8, &left_half), P2P_OK);
    assert_memory_equal(small.data, left_half.data, 192);
    assert_int_equal(p2p_prepare_cityscapes(to, left, to, 8, NULL, NULL, NULL, &report),
                     P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "Cityscapes' gtFine"));
    p2p_image_finish(&small);
    p2p_image_finish(&left_half);
    p2p_image_finish(&out);
    p2p_image_finish(&photo);
    p2p_image_finish(&labels);
    free(fine);
    free(left);
    free(to);
}

static void results_are_measured_by_name_and_by_ending(void **state)
{
    P2pImage a = test_picture(12, 12, 3, 8, 1), b = test_picture(12, 12, 3, 8, 2);
    char *results = in_folder("results"), *targets = in_folder("targets"),
         *page = in_folder("page");
    P2pMeasured two, one;
    P2pMetrics m;

    (void)state;
    write_picture("results/1.png", &a);
    write_picture("results/2.png", &a);
    write_picture("targets/1.png", &a);
    write_picture("targets/2.png", &b);
    write_picture("page/x_fake_B.png", &a);
    write_picture("page/x_real_B.png", &b);
    write_picture("page/x_real_A.png", &b);
    assert_int_equal(p2p_image_compare(&a, &b, &m), P2P_OK);
    assert_int_equal(p2p_measure_folder(&two, results, targets, &(P2pMeasureSettings){.threads = 2},
                                        NULL, NULL, NULL, NULL),
                     P2P_OK);
    assert_int_equal(two.count, 2);
    assert_true(fabs(two.mean.l1 - m.l1 / 2) < 1e-9 &&
                fabs(two.mean.psnr - (99 + m.psnr) / 2) < 1e-9);
    assert_true(fabs(two.mean.ssim - (1 + m.ssim) / 2) < 1e-9 && isnan(two.mean.ms_ssim));
    assert_int_equal(p2p_measure_folder(&one, page, NULL, NULL, NULL, NULL, NULL, NULL), P2P_OK);
    assert_true(one.count == 1 && fabs(one.mean.l1 - m.l1) < 1e-12);
    assert_int_equal(p2p_measure_folder(&one, results, NULL, NULL, NULL, NULL, NULL, NULL),
                     P2P_EFORMAT);
    write_picture("results/3.png", &a);
    assert_int_equal(p2p_measure_folder(&one, results, targets, NULL, NULL, NULL, NULL, NULL),
                     P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "results/3.png: has no partner"));
    p2p_image_finish(&a);
    p2p_image_finish(&b);
    free(results);
    free(targets);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_is_met_by_cutting_padding_or_stretching),
        cmocka_unit_test(a_hole_is_where_pix2pix_tensorflow_has_it),
        cmocka_unit_test(a_step_has_one_line_where_it_is_high_enough),
        cmocka_unit_test(what_hed_is_sure_of_is_thinned),
        cmocka_unit_test(a_folder_is_changed_whatever_the_threads),
        cmocka_unit_test(a_dry_run_writes_nothing_and_a_caller_may_stop),
        cmocka_unit_test(a_split_is_drawn_by_the_seed_and_keeps_partners_together),
        cmocka_unit_test(a_survey_finds_what_is_wrong),
        cmocka_unit_test(cityscapes_becomes_pairs),
        cmocka_unit_test(results_are_measured_by_name_and_by_ending),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
