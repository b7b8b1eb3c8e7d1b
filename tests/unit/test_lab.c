/* SPDX-License-Identifier: BSD-2-Clause */
/* CIE Lab: known colours, there and back, and batches of a data set in Lab. */
#include <math.h>

#include "src/data/lab.h"
#include "src/data/picture.h"
#include "tests/unit/data_helpers.h"

enum { STEPS = 18, PIXELS = STEPS * STEPS * STEPS };

/* All colours of a grid. */
static P2pImage grid(int bits)
{
    P2pImage image;

    assert_int_equal(p2p_image_init(&image, STEPS * STEPS, STEPS, 3, bits), 0);
    for (int i = 0; i < PIXELS; i++)
        for (int k = 0; k < 3; k++) {
            const int step = i / (k == 0 ? 1 : k == 1 ? STEPS : STEPS * STEPS) % STEPS;
            if (bits == 8)
                ((uint8_t *)image.data)[3 * i + k] = (uint8_t)(step * 15);
            else if (bits == 16)
                ((uint16_t *)image.data)[3 * i + k] = (uint16_t)(step * 15 * 257);
            else
                ((float *)image.data)[3 * i + k] = (float)(step * 15) / 255;
        }
    return image;
}

static void known_colours(void **state)
{
    /* By skimage: L, a, b. */
    static const struct {
        uint8_t rgb[3];
        double lab[3];
    } known[] = {{{0, 0, 0}, {0, 0, 0}},
                 {{255, 0, 0}, {53.2406, 80.0923, 67.2028}},
                 {{0, 0, 255}, {32.2957, 79.1856, -107.8573}}};

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        P2pImage image = {.width = 1, .height = 1, .channels = 3, .bits = 8};
        float l, ab[2];
        image.data = (void *)(size_t)known[i].rgb;
        p2p_lab_from_rgb(&image, &l, ab);
        assert_true(fabs((l + 1) * 50 - known[i].lab[0]) < 1e-3);
        assert_true(fabs(ab[0] * 110 - known[i].lab[1]) < 1e-3);
        assert_true(fabs(ab[1] * 110 - known[i].lab[2]) < 1e-3);
    }
}

static void there_and_back(void **state)
{
    static float l[PIXELS], ab[2 * PIXELS];

    (void)state;
    for (int bits = 8; bits <= 32; bits *= 2) {
        P2pImage from = grid(bits), to;
        p2p_lab_from_rgb(&from, l, ab);
        assert_int_equal(p2p_lab_to_image(&to, l, ab, STEPS * STEPS, STEPS, bits), 0);
        for (size_t i = 0; i < 3 * PIXELS; i++)
            assert_true(fabs(p2p_image_sample(&to, i) - p2p_image_sample(&from, i)) <=
                        (bits == 8 ? 0 : 0.02));
        p2p_image_finish(&from);
        p2p_image_finish(&to);
    }
}

static void no_number_is_black(void **state)
{
    const float l = NAN, ab[2] = {NAN, INFINITY};
    P2pImage image;

    (void)state;
    assert_int_equal(p2p_lab_to_image(&image, &l, ab, 1, 1, 8), 0);
    assert_int_equal(((uint8_t *)image.data)[0], 0);
    p2p_image_finish(&image);
}

static void batches_are_in_lab(void **state)
{
    const P2pDatasetSettings set = {.lab = true};
    P2pLoaderSettings how = {.input_channels = 1,
                             .target_channels = 2,
                             .fixed = true,
                             .jitter = {.preprocess = P2P_PREPROCESS_NONE}};
    static float l[PIXELS], ab[2 * PIXELS];
    const char *path = test_path("train/a.png");
    P2pImage image, colours = grid(8);
    const P2pBatch *batch;
    P2pDataset *dataset;
    P2pLoader *loader;

    (void)state;
    assert_int_equal(p2p_image_crop(&colours, 0, 0, 16, 16, &image), 0);
    assert_int_equal(p2p_image_write(&image, path, 0), 0);
    assert_int_equal(p2p_dataset_create(&dataset, test_folder, &set), 0);
    assert_int_equal(p2p_loader_create(&loader, dataset, &how), 0);
    assert_int_equal(p2p_loader_next(loader, &batch), 0);
    p2p_lab_from_rgb(&image, l, ab);
    assert_memory_equal(batch->input, l, 256 * sizeof(*l));
    assert_memory_equal(batch->target, ab, 512 * sizeof(*ab));
    p2p_loader_destroy(&loader);
    how.target_channels = 3;
    assert_int_equal(p2p_loader_create(&loader, dataset, &how), P2P_EINVAL);
    p2p_dataset_destroy(&dataset);
    p2p_image_finish(&image);
    p2p_image_finish(&colours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_colours),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(no_number_is_black),
        cmocka_unit_test(batches_are_in_lab),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
