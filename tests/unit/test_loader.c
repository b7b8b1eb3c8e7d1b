/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader delivers the same bytes with any number of threads, from any place. */
#include "tests/unit/data_helpers.h"

enum {
    COUNT = 11,
    BATCH = 2,
    PER_EPOCH = COUNT / BATCH,
    CROP = 12,
};

static P2pDataset *set;

static int setup(void **state)
{
    char name[64];

    if (test_folder_make(state) != 0)
        return -1;
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "train/%02d.png", i);
        test_write(name, 2 * (16 + i), 20, (uint32_t)i);
    }
    return p2p_dataset_create(&set, test_folder, NULL);
}

static int teardown(void **state)
{
    p2p_dataset_destroy(&set);
    return test_folder_remove(state);
}

static P2pLoaderSettings settings_for(int threads)
{
    return (P2pLoaderSettings){
        .batch_size = BATCH,
        .target_channels = 1,
        .threads = threads,
        .seed = 5,
        .jitter = {.load_size = 15, .crop_size = CROP},
    };
}

static unsigned long long hash_batch(const P2pBatch *b)
{
    const size_t pixels = (size_t)b->count * (size_t)b->height * (size_t)b->width;
    unsigned long long h = P2P_FNV_START;

    h = p2p_fnv(h, b->input, pixels * (size_t)b->input_channels * sizeof(float));
    h = p2p_fnv(h, b->target, pixels * (size_t)b->target_channels * sizeof(float));
    h = p2p_fnv(h, b->indices, (size_t)b->count * sizeof(*b->indices));
    for (int i = 0; i < b->count; i++)
        h = p2p_fnv(h, b->names[i], strlen(b->names[i]));
    h = p2p_fnv(h, &b->epoch, sizeof(b->epoch));
    return p2p_fnv(h, &b->position, sizeof(b->position));
}

static unsigned long long next_hash(P2pLoader *l)
{
    const P2pBatch *b;

    if (p2p_loader_next(l, &b) != P2P_OK)
        fail_msg("%s", p2p_error());
    assert_non_null(b);
    return hash_batch(b);
}

static P2pLoader *loader_for(const P2pLoaderSettings *s)
{
    P2pLoader *l;

    if (p2p_loader_create(&l, set, s) != P2P_OK)
        fail_msg("%s", p2p_error());
    return l;
}

static void batches_have_shapes_and_places(void **state)
{
    const P2pLoaderSettings s = settings_for(2);
    P2pLoader *l = loader_for(&s);
    const P2pBatch *b;
    int seen[COUNT] = {0};

    (void)state;
    assert_int_equal(p2p_loader_batches(l), PER_EPOCH);
    for (int i = 0; i < 2 * PER_EPOCH; i++) {
        assert_int_equal(p2p_loader_next(l, &b), P2P_OK);
        assert_int_equal(b->count, BATCH);
        assert_int_equal(b->width, CROP);
        assert_int_equal(b->height, CROP);
        assert_int_equal(b->input_channels, 3);
        assert_int_equal(b->target_channels, 1);
        assert_int_equal(b->epoch, i / PER_EPOCH);
        assert_int_equal(b->position, i % PER_EPOCH);
        for (int k = 0; k < BATCH; k++) {
            assert_string_equal(b->names[k], p2p_dataset_name(set, b->indices[k]));
            if (b->epoch == 0)
                assert_int_equal(seen[b->indices[k]]++, 0);
        }
        for (int k = 0; k < CROP * CROP * BATCH; k++)
            assert_true(b->target[k] >= -1 && b->target[k] <= 1);
    }
    p2p_loader_destroy(&l);
    assert_null(l);
}

static void any_number_of_threads_gives_the_same_bytes(void **state)
{
    unsigned long long expected[17];

    (void)state;
    for (int threads = 0; threads <= 4; threads++) {
        for (int queue = 0; queue <= 1; queue++) {
            P2pLoaderSettings s = settings_for(threads);
            s.queue = queue;
            P2pLoader *l = loader_for(&s);
            for (int i = 0; i < 17; i++) {
                const unsigned long long h = next_hash(l);
                if (threads == 0)
                    expected[i] = h;
                assert_true(h == expected[i]);
            }
            p2p_loader_destroy(&l);
        }
    }
}

static void seek_continues_exactly(void **state)
{
    (void)state;
    for (int threads = 0; threads <= 4; threads += 2) {
        const P2pLoaderSettings s = settings_for(threads);
        unsigned long long expected[20];
        P2pLoader *l = loader_for(&s);
        for (int i = 0; i < 20; i++)
            expected[i] = next_hash(l);
        for (int i = 19; i >= 0; i -= 3) {
            assert_int_equal(p2p_loader_seek(l, (uint32_t)(i / PER_EPOCH), (size_t)i % PER_EPOCH),
                             P2P_OK);
            for (int k = i; k < 20 && k < i + 4; k++)
                assert_true(next_hash(l) == expected[k]);
        }
        assert_int_equal(p2p_loader_seek(l, 1, PER_EPOCH), P2P_OK);
        assert_true(next_hash(l) == expected[2 * PER_EPOCH]);
        assert_int_equal(p2p_loader_seek(l, 0, PER_EPOCH + 1), P2P_EINVAL);
        p2p_loader_destroy(&l);
    }
}

static void seed_changes_order(void **state)
{
    P2pLoaderSettings s = settings_for(0);
    P2pLoader *a = loader_for(&s);

    (void)state;
    s.seed = 6;
    P2pLoader *b = loader_for(&s);
    assert_true(next_hash(a) != next_hash(b));
    p2p_loader_destroy(&a);
    p2p_loader_destroy(&b);
}

static void destroy_at_any_moment_joins(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        const P2pLoaderSettings s = settings_for(1 + i % 4);
        P2pLoader *l = loader_for(&s);
        for (int k = 0; k < i % 7; k++)
            next_hash(l);
        if (i % 3 == 0)
            assert_int_equal(p2p_loader_seek(l, 2, 1), P2P_OK);
        p2p_loader_destroy(&l);
    }
}

static void testing_goes_once_through_all_by_name(void **state)
{
    P2pLoaderSettings s = settings_for(3);
    const P2pBatch *b;
    uint32_t next = 0;

    (void)state;
    s.epochs = 1;
    s.serial_batches = s.fixed = s.keep_partial = true;
    P2pLoader *l = loader_for(&s);
    assert_int_equal(p2p_loader_batches(l), PER_EPOCH + 1);
    for (int i = 0; i <= PER_EPOCH; i++) {
        assert_int_equal(p2p_loader_next(l, &b), P2P_OK);
        assert_int_equal(b->count, i == PER_EPOCH ? COUNT % BATCH : BATCH);
        for (int k = 0; k < b->count; k++)
            assert_int_equal(b->indices[k], next++);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(p2p_loader_next(l, &b), P2P_OK);
        assert_null(b);
    }
    assert_int_equal(p2p_loader_seek(l, 0, 0), P2P_OK);
    assert_int_equal(p2p_loader_next(l, &b), P2P_OK);
    assert_int_equal(b->indices[0], 0);
    p2p_loader_destroy(&l);
}

static void failure_comes_at_its_place(void **state)
{
    char name[64];
    P2pDataset *d;

    (void)state;
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof(name), "fails/train/%d.png", i);
        test_write(name, 32, 16, (uint32_t)i);
    }
    assert_int_equal(p2p_file_write(test_path("fails/train/5.png"), "bad", 3), P2P_OK);
    char folder[256];
    snprintf(folder, sizeof(folder), "%s/fails", test_folder);
    assert_int_equal(p2p_dataset_create(&d, folder, NULL), P2P_OK);
    for (int threads = 0; threads <= 4; threads += 2) {
        P2pLoaderSettings s = settings_for(threads);
        P2pLoader *l;
        const P2pBatch *b;
        s.batch_size = 1;
        s.serial_batches = true;
        assert_int_equal(p2p_loader_create(&l, d, &s), P2P_OK);
        for (int i = 0; i < 16; i++) {
            const int err = p2p_loader_next(l, &b);
            if (i % 8 == 5) {
                test_error_names(err, P2P_EFORMAT, "fails/train/5.png");
                assert_null(b);
            } else {
                assert_int_equal(err, P2P_OK);
                assert_int_equal(b->indices[0], i % 8);
            }
        }
        p2p_loader_destroy(&l);
    }
    p2p_dataset_destroy(&d);
}

/* The pictures of width 16 to 20 become 16 x 16, those to 26 24 x 16 (20 / 8 = 2.5, to even 2). */
static P2pDataset *of_two_sizes(P2pLoaderSettings *s)
{
    P2pDataset *d;

    s->jitter = (P2pJitterSettings){.preprocess = P2P_PREPROCESS_NONE, .multiple = 8};
    assert_int_equal(p2p_dataset_create(&d, test_folder, NULL), P2P_OK);
    assert_int_equal(p2p_dataset_check(d, &(P2pCheckSettings){.jitter = &s->jitter}, NULL), P2P_OK);
    return d;
}

static void batches_hold_one_size(void **state)
{
    enum { SMALL = 5, LARGE = 6, BATCHES = SMALL / 3 + LARGE / 3, EPOCHS = 8 };
    unsigned long long expected[EPOCHS * BATCHES];
    bool seen[COUNT] = {false}, mixed = false;

    (void)state;
    for (int threads = 0; threads <= 4; threads += 2) {
        P2pLoaderSettings s = settings_for(threads);
        const P2pBatch *b;
        P2pLoader *l;
        s.batch_size = 3;
        P2pDataset *d = of_two_sizes(&s);
        assert_int_equal(p2p_loader_create(&l, d, &s), P2P_OK);
        assert_int_equal(p2p_loader_batches(l), BATCHES);
        for (int i = 0; i < EPOCHS * BATCHES; i++) {
            uint32_t order[COUNT];
            assert_int_equal(p2p_loader_next(l, &b), P2P_OK);
            assert_int_equal(b->count, 3);
            assert_int_equal(b->height, 16);
            const bool small = b->width == 16;
            assert_int_equal(b->width, small ? 16 : 24);
            mixed = mixed || (i % BATCHES == 0 && small) || (i % BATCHES == BATCHES - 1 && small);
            for (int k = 0; k < 3; k++) { /* in the order of the epoch */
                assert_true((b->indices[k] < SMALL) == small);
                p2p_dataset_order(COUNT, false, s.seed, b->epoch, order);
                size_t at[2] = {0, 0};
                for (size_t n = 0; k && n < COUNT; n++)
                    for (int m = 0; m < 2; m++)
                        at[m] = order[n] == b->indices[k - 1 + m] ? n : at[m];
                assert_true(!k || at[0] < at[1]);
                seen[b->indices[k]] = true;
            }
            const unsigned long long h = hash_batch(b);
            expected[i] = threads ? expected[i] : h;
            assert_true(h == expected[i]);
        }
        assert_int_equal(p2p_loader_seek(l, 1, 2), P2P_OK);
        assert_true(next_hash(l) == expected[BATCHES + 2]);
        p2p_loader_destroy(&l);
        p2p_dataset_destroy(&d);
    }
    assert_true(mixed);
    for (int i = 0; i < COUNT; i++)
        assert_true(seen[i]); /* in some epoch each is there */
}

static void rests_of_each_size_are_kept_in_testing(void **state)
{
    static const int counts[] = {4, 4, 1, 2};
    P2pLoaderSettings s = settings_for(0);
    int seen[COUNT] = {0};
    const P2pBatch *b;
    P2pLoader *l;

    (void)state;
    P2pDataset *d = of_two_sizes(&s);
    s.batch_size = 4;
    s.keep_partial = s.fixed = s.serial_batches = true;
    assert_int_equal(p2p_loader_create(&l, d, &s), P2P_OK);
    assert_int_equal(p2p_loader_batches(l), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(p2p_loader_next(l, &b), P2P_OK);
        assert_int_equal(b->count, counts[i]);
        for (int k = 0; k < b->count; k++)
            assert_int_equal(seen[b->indices[k]]++, 0);
    }
    p2p_loader_destroy(&l);
    s.keep_partial = false;
    s.batch_size = 7;
    test_error_names(p2p_loader_create(&l, d, &s), P2P_EINVAL, "11 pairs of 2 sizes");
    p2p_dataset_destroy(&d);
}

static void unequal_sizes_in_a_batch_are_named(void **state)
{
    P2pLoaderSettings s = settings_for(1);
    const P2pBatch *b;

    (void)state;
    s.jitter.preprocess = P2P_PREPROCESS_NONE;
    s.serial_batches = true;
    s.batch_size = 4; /* widths 16, 16 (17), 20 (18 / 4 = 4.5, to even 16), 20 */
    P2pLoader *l = loader_for(&s);
    test_error_names(p2p_loader_next(l, &b), P2P_EINVAL, "after preprocessing");
    p2p_loader_destroy(&l);
    s.batch_size = 1;
    l = loader_for(&s);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(p2p_loader_next(l, &b), P2P_OK);
        assert_int_equal(b->width % 4, 0);
    }
    p2p_loader_destroy(&l);
}

static void impossible_settings_are_refused(void **state)
{
    P2pLoaderSettings s = settings_for(0);
    P2pLoader *l;

    (void)state;
    s.batch_size = COUNT + 1;
    test_error_names(p2p_loader_create(&l, set, &s), P2P_EINVAL, "11 pairs");
    assert_null(l);
    s.batch_size = 1;
    s.input_channels = 65;
    assert_int_equal(p2p_loader_create(&l, set, &s), P2P_EINVAL);
    s.input_channels = 3;
    s.threads = -1;
    assert_int_equal(p2p_loader_create(&l, set, &s), P2P_EINVAL);
}

/* Values of targets that are neither of the two that a mask has. */
static int between(P2pFilter target_filter)
{
    P2pLoaderSettings s = settings_for(0);
    P2pDataset *masks;
    P2pLoader *l;
    const P2pBatch *b;
    int count = 0;

    s.batch_size = 1;
    s.target_filter = target_filter;
    assert_int_equal(p2p_dataset_create(&masks, test_path("masks"), NULL), P2P_OK);
    assert_int_equal(p2p_loader_create(&l, masks, &s), P2P_OK);
    for (int k = 0; k < 5; k++) {
        assert_int_equal(p2p_loader_next(l, &b), P2P_OK);
        for (int i = 0; i < b->height * b->width; i++)
            count += b->target[i] != -1.0f && b->target[i] != 1.0f;
    }
    p2p_loader_destroy(&l);
    p2p_dataset_destroy(&masks);
    return count;
}

static void a_mask_of_two_colours_stays_one(void **state)
{
    P2pImage x = test_picture(40, 20, 1, 8, 3);

    (void)state;
    for (size_t i = 0; i < p2p_image_bytes(&x); i++)
        ((uint8_t *)x.data)[i] = ((uint8_t *)x.data)[i] & 1 ? 255 : 0;
    assert_int_equal(p2p_image_write(&x, test_path("masks/train/0.png"), 0), P2P_OK);
    p2p_image_finish(&x);
    assert_int_equal(between(P2P_FILTER_NEAREST), 0);
    assert_true(between(P2P_FILTER_BICUBIC) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_have_shapes_and_places),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(seek_continues_exactly),
        cmocka_unit_test(seed_changes_order),
        cmocka_unit_test(destroy_at_any_moment_joins),
        cmocka_unit_test(testing_goes_once_through_all_by_name),
        cmocka_unit_test(failure_comes_at_its_place),
        cmocka_unit_test(batches_hold_one_size),
        cmocka_unit_test(rests_of_each_size_are_kept_in_testing),
        cmocka_unit_test(unequal_sizes_in_a_batch_are_named),
        cmocka_unit_test(impossible_settings_are_refused),
        cmocka_unit_test(a_mask_of_two_colours_stays_one),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
