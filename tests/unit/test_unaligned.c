/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpaired pictures: listing, reading, checking, and which B an epoch shows beside each A. */
#include "tests/unit/data_helpers.h"

enum { COUNT_A = 3, COUNT_B = 5, EPOCHS = 40 };

static const P2pDatasetSettings unaligned = {.unaligned = true};

/* A picture all of one value, which tells it from the others. */
static void write_plain(const char *name, int size, int value)
{
    P2pImage image;

    assert_int_equal(p2p_image_init(&image, size, size, 3, 8), P2P_OK);
    memset(image.data, value, (size_t)size * (size_t)size * 3);
    assert_int_equal(p2p_image_write(&image, test_path(name), 0), P2P_OK);
    p2p_image_finish(&image);
}

static P2pDataset *make_set(void)
{
    char name[64], folder[128];
    P2pDataset *d;

    for (int i = 0; i < COUNT_A; i++) {
        snprintf(name, sizeof(name), "set/trainA/a%d.png", i);
        write_plain(name, 8, 10 * i);
    }
    for (int i = 0; i < COUNT_B; i++) {
        snprintf(name, sizeof(name), "set/trainB/b%d.png", i);
        write_plain(name, 12, 100 + 10 * i);
    }
    snprintf(folder, sizeof(folder), "%s/set", test_folder);
    assert_int_equal(p2p_dataset_create(&d, folder, &unaligned), P2P_OK);
    return d;
}

static void sides_differ_in_number_and_size(void **state)
{
    P2pDataset *d = make_set();
    P2pImage input, target;

    (void)state;
    assert_int_equal(p2p_dataset_count(d), COUNT_B);
    assert_string_equal(p2p_dataset_name(d, 4), "b4");
    assert_int_equal(p2p_dataset_read(d, 4, &input, &target), P2P_OK);
    assert_int_equal(*(const uint8_t *)input.data, 10); /* the fifth is the second again */
    assert_int_equal(input.width, 8);
    assert_int_equal(*(const uint8_t *)target.data, 140);
    assert_int_equal(target.width, 12);
    p2p_image_finish(&input);
    p2p_image_finish(&target);
    p2p_dataset_destroy(&d);
}

static void folders_that_lack_are_named(void **state)
{
    char folder[128];
    P2pDataset *d;

    (void)state;
    write_plain("half/trainA/a.png", 8, 1);
    snprintf(folder, sizeof(folder), "%s/half", test_folder);
    test_error_names(p2p_dataset_create(&d, folder, &unaligned), P2P_EIO, "half/trainB");
    assert_null(d);
}

/* What the loader gives for a number of epochs: 10 times A's value and B's, from -1 .. 1. */
static void load(const P2pDataset *d, const P2pLoaderSettings *settings, uint32_t epoch, int count,
                 int (*seen)[2])
{
    P2pLoader *loader;
    const P2pBatch *batch;

    assert_int_equal(p2p_loader_create(&loader, d, settings), P2P_OK);
    assert_int_equal(p2p_loader_seek(loader, epoch, 0), P2P_OK);
    for (int i = 0; i < count; i++) {
        assert_int_equal(p2p_loader_next(loader, &batch), P2P_OK);
        seen[i][0] = (int)((batch->input[0] + 1) * 127.5f + .5f);
        seen[i][1] = (int)((batch->target[0] + 1) * 127.5f + .5f);
    }
    p2p_loader_destroy(&loader);
}

static const P2pLoaderSettings small = {.seed = 5, .jitter = {.load_size = 6, .crop_size = 4}};

static void each_epoch_draws_its_b(void **state)
{
    static int seen[EPOCHS * COUNT_B][2], again[COUNT_B][2];
    int counts[COUNT_A][COUNT_B] = {{0}};
    P2pLoaderSettings threads = small;
    P2pDataset *d = make_set();

    (void)state;
    load(d, &small, 0, EPOCHS * COUNT_B, seen);
    for (int i = 0; i < EPOCHS * COUNT_B; i++)
        counts[seen[i][0] / 10][(seen[i][1] - 100) / 10]++;
    for (int a = 0; a < COUNT_A; a++)
        for (int b = 0; b < COUNT_B; b++)
            assert_true(counts[a][b] >= 2); /* 8 or 16 are expected */
    threads.threads = 3;
    load(d, &threads, EPOCHS - 1, COUNT_B, again);
    assert_memory_equal(again, seen[(EPOCHS - 1) * COUNT_B], sizeof(again));
    p2p_dataset_destroy(&d);
}

static void serial_batches_go_by_name(void **state)
{
    P2pLoaderSettings serial = small;
    P2pDataset *d = make_set();
    int seen[COUNT_B][2];

    (void)state;
    serial.serial_batches = true;
    load(d, &serial, 3, COUNT_B, seen);
    for (int i = 0; i < COUNT_B; i++) {
        assert_int_equal(seen[i][0], 10 * (i % COUNT_A));
        assert_int_equal(seen[i][1], 100 + 10 * i);
    }
    p2p_dataset_destroy(&d);
}

static void what_is_skipped_is_never_drawn(void **state)
{
    static int seen[EPOCHS * (COUNT_B - 1)][2];
    const P2pCheckSettings check = {.skip_bad = true};
    P2pCheckReport report;
    P2pDataset *d = make_set();

    (void)state;
    assert_int_equal(truncate(test_path("set/trainB/b2.png"), 20), 0);
    assert_int_equal(p2p_dataset_check(d, &check, &report), P2P_OK);
    assert_int_equal(report.bad, 1);
    load(d, &small, 0, EPOCHS * (COUNT_B - 1), seen);
    for (int i = 0; i < EPOCHS * (COUNT_B - 1); i++)
        assert_int_not_equal(seen[i][1], 120);
    p2p_dataset_destroy(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_differ_in_number_and_size),
        cmocka_unit_test(folders_that_lack_are_named),
        cmocka_unit_test(each_epoch_draws_its_b),
        cmocka_unit_test(serial_batches_go_by_name),
        cmocka_unit_test(what_is_skipped_is_never_drawn),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
