/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Impossible arguments at the front of the library: each public function refuses them with P2P_EINVAL
 * and one sentence that names function and argument, before it touches anything.
 * tests/lint/arguments.sh sees that no function that returns a status is missing here.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "p2p/p2p.h"

/* Objects that are not there to be used: whoever looks into them fails the sanitizers at least. */
static char nothing[1];
static P2pDevice *const device = (P2pDevice *)(void *)nothing;
static P2pModel *const model = (P2pModel *)(void *)nothing;
static P2pTrainer *const trainer = (P2pTrainer *)(void *)nothing;
static P2pOptions *const options = (P2pOptions *)(void *)nothing;

static P2pImage picture, empty, result;
static P2pDataset *pairs;
static P2pLoader *loader;
static float floats[12];

/* The message is "FUNCTION(): ..." and has the text. */
static void refused(const char *call, int status, const char *text)
{
    char function[64];
    const int n = (int)strcspn(call, "(");

    snprintf(function, sizeof(function), "%.*s(): ", n, call);
    if (status != P2P_EINVAL || strncmp(p2p_error(), function, strlen(function)) != 0 ||
        !strstr(p2p_error(), text) || strchr(p2p_error(), '\n'))
        fail_msg("%s gave %d: %s", call, status, p2p_error());
}
#define REFUSED(text, ...) refused(#__VA_ARGS__, (__VA_ARGS__), text)

static int setup(void **state)
{
    (void)state;
    return p2p_image_init(&picture, 2, 2, 3, 8);
}

static int teardown(void **state)
{
    (void)state;
    p2p_image_finish(&picture);
    return 0;
}

static void test_image_impossible_arguments_are_refused(void **state)
{
    P2pImage odd = picture, other = picture;
    P2pImageFormat format;
    P2pMetrics metrics;
    unsigned char *data;
    size_t bytes;

    (void)state;
    REFUSED("image", p2p_image_init(NULL, 1, 1, 1, 8));
    REFUSED("in is NULL", p2p_image_copy(NULL, &result));
    REFUSED("in is no picture", p2p_image_copy(&empty, &result));
    odd.bits = 7;
    REFUSED("in is no picture", p2p_image_copy(&odd, &result));
    REFUSED("out must not be NULL", p2p_image_copy(&picture, NULL));
    REFUSED("out must not be in", p2p_image_copy(&picture, &picture));
    REFUSED("image", p2p_image_upright(&empty));
    REFUSED("image", p2p_image_get_alpha(&empty, &result));
    REFUSED("alpha", p2p_image_get_alpha(&picture, NULL));
    REFUSED("image", p2p_image_set_alpha(&empty, &picture));
    REFUSED("alpha", p2p_image_set_alpha(&picture, &empty));
    REFUSED("path", p2p_image_read(&result, NULL, 0));
    REFUSED("image", p2p_image_read(NULL, "x.png", 0));
    REFUSED("data", p2p_image_read_memory(&result, NULL, 1, "x", 0));
    REFUSED("name", p2p_image_read_memory(&result, "x", 1, NULL, 0));
    REFUSED("path", p2p_image_format_of(NULL, &format));
    REFUSED("format", p2p_image_format_of("x.png", NULL));
    REFUSED("name", p2p_image_format_named(NULL, &format));
    REFUSED("format", p2p_image_format_named("png", NULL));
    REFUSED("format is 99", p2p_image_format_check((P2pImageFormat)99));
    REFUSED("image is no picture", p2p_image_write(&empty, "x.png", 0));
    REFUSED("path", p2p_image_write(&picture, NULL, 0));
    REFUSED("image is no picture", p2p_image_encode(&empty, P2P_IMAGE_PNG, 0, &data, &bytes));
    REFUSED("format is 9", p2p_image_encode(&picture, (P2pImageFormat)9, 0, &data, &bytes));
    REFUSED("out", p2p_image_encode(&picture, P2P_IMAGE_PNG, 0, NULL, &bytes));
    REFUSED("bytes", p2p_image_encode(&picture, P2P_IMAGE_PNG, 0, &data, NULL));
    REFUSED("in is NULL", p2p_image_convert_channels(NULL, 3, &result));
    REFUSED("out", p2p_image_convert_channels(&picture, 3, NULL));
    REFUSED("in is NULL", p2p_image_convert_bits(NULL, 8, &result));
    REFUSED("out must not be in", p2p_image_convert_bits(&picture, 16, &picture));
    REFUSED("in is no picture", p2p_image_resize(&empty, 1, 1, P2P_FILTER_BICUBIC, &result));
    REFUSED("filter is 5", p2p_image_resize(&picture, 1, 1, (P2pFilter)5, &result));
    REFUSED("out must not be in", p2p_image_resize(&picture, 1, 1, P2P_FILTER_BICUBIC, &picture));
    REFUSED("in is NULL", p2p_image_crop(NULL, 0, 0, 1, 1, &result));
    REFUSED("out must not be in", p2p_image_crop(&picture, 0, 0, 1, 1, &picture));
    REFUSED("pictures", p2p_image_stack(NULL, 1, &result));
    REFUSED("count", p2p_image_stack(&picture, 0, &result));
    REFUSED("in is NULL", p2p_image_show(NULL, &result));
    REFUSED("in is NULL", p2p_image_reflect(NULL, 0, 0, 1, 1, &result));
    REFUSED("out must not be in", p2p_image_reflect(&picture, 0, 0, 1, 1, &picture));
    REFUSED("pictures", p2p_image_join_all(NULL, 1, &result));
    REFUSED("count", p2p_image_join_all(&picture, 0, &result));
    REFUSED("left is NULL", p2p_image_join(NULL, &picture, &result));
    REFUSED("right is no picture", p2p_image_join(&picture, &empty, &result));
    REFUSED("out must not be left", p2p_image_join(&picture, &other, &picture));
    REFUSED("image", p2p_image_from_floats(NULL, floats, 2, 2, 3, 8));
    REFUSED("hwc", p2p_image_from_floats(&result, NULL, 2, 2, 3, 8));
    REFUSED("b is no picture", p2p_image_compare(&picture, &empty, &metrics));
    REFUSED("metrics", p2p_image_compare(&picture, &picture, NULL));
}

static void test_labels_impossible_arguments_are_refused(void **state)
{
    static const unsigned char rgb[6] = {1, 1, 1, 1, 1, 1};
    P2pLabels *labels, *one;
    P2pImage grey = {0}, wide = {0};
    uint64_t counts[1];

    (void)state;
    assert_int_equal(p2p_labels_create(&one, rgb, 1), P2P_OK);
    assert_int_equal(p2p_image_init(&grey, 2, 2, 1, 8), P2P_OK);
    assert_int_equal(p2p_image_init(&wide, 3, 2, 3, 8), P2P_OK);
    REFUSED("path", p2p_labels_read(&labels, NULL));
    REFUSED("out", p2p_labels_read(NULL, "x"));
    REFUSED("count is 0", p2p_labels_create(&labels, rgb, 0));
    REFUSED("rgb", p2p_labels_create(&labels, NULL, 1));
    REFUSED("class 1 and another", p2p_labels_create(&labels, rgb, 2));
    REFUSED("labels", p2p_labels_to_index(NULL, &picture, &result, NULL));
    REFUSED("channels is 1", p2p_labels_to_index(one, &grey, &result, NULL));
    REFUSED("channels is 3", p2p_labels_to_color(one, &picture, &result));
    REFUSED("out must not be", p2p_labels_to_color(one, &grey, &grey));
    REFUSED("target 3 x 2", p2p_labels_compare(one, &picture, &wide, counts));
    REFUSED("counts", p2p_labels_compare(one, &picture, &picture, NULL));
    p2p_image_finish(&grey);
    p2p_image_finish(&wide);
    p2p_labels_destroy(&one);
}

static int no_change(void *user, const P2pImage *in, P2pImage *out)
{
    (void)user;
    return p2p_image_copy(in, out);
}

static void test_prepare_impossible_arguments_are_refused(void **state)
{
    const P2pPrepareSettings odd = {.threads = -1};
    const P2pSplitSettings all = {.val = .5, .test = .5};
    const P2pEdgeSettings thick = {.sigma = 31}, crossed = {.low = 50, .high = 20};
    P2pSurvey survey = {0};
    P2pMeasured measured;

    (void)state;
    REFUSED("change", p2p_prepare_folder("x", "y", NULL, NULL, NULL, NULL, NULL, NULL));
    REFUSED("threads is -1", p2p_prepare_folder("x", "y", no_change, NULL, &odd, NULL, NULL, NULL));
    REFUSED("size is 0", p2p_prepare_cityscapes("x", "y", "z", 0, NULL, NULL, NULL, NULL));
    REFUSED("leave none", p2p_prepare_split("x", "y", &all, NULL, NULL, NULL, NULL));
    REFUSED("split", p2p_prepare_split("x", "y", NULL, NULL, NULL, NULL, NULL));
    REFUSED("width is 0", p2p_image_fit(&picture, 0, 1, P2P_FIT_CROP, P2P_FILTER_BICUBIC, &result));
    REFUSED("fit is 9", p2p_image_fit(&picture, 1, 1, (P2pFit)9, P2P_FILTER_BICUBIC, &result));
    REFUSED("share is 1.5", p2p_image_blank(&picture, 1.5, &result));
    REFUSED("out must not be", p2p_image_blank(&picture, .5, &picture));
    REFUSED("sigma is 31", p2p_image_edges(&picture, &thick, &result));
    REFUSED("low is 50", p2p_image_edges(&picture, &crossed, &result));
    REFUSED("folder", p2p_survey(&survey, NULL, NULL, NULL, NULL, NULL, NULL));
    REFUSED("no pictures", p2p_survey_draw(&survey, "x"));
    REFUSED("results", p2p_measure_folder(&measured, NULL, "x", NULL, NULL, NULL, NULL, NULL));
}

static void test_data_impossible_arguments_are_refused(void **state)
{
    P2pPreprocess preprocess;
    P2pJitterSettings jitter = {.crop_size = 1};
    P2pJitter drawn;
    P2pOutputs outputs;
    char **names;
    size_t count;

    (void)state;
    REFUSED("name", p2p_preprocess_parse(NULL, &preprocess));
    REFUSED("preprocess", p2p_preprocess_parse("none", NULL));
    REFUSED("jitter", p2p_jitter_draw(NULL, &jitter, 2, 2, 1, 0, 0));
    REFUSED("settings", p2p_jitter_draw(&drawn, NULL, 2, 2, 1, 0, 0));
    REFUSED("settings", p2p_jitter_fix(&drawn, NULL, 2, 2));
    REFUSED("jitter", p2p_jitter_apply(NULL, &picture, &result));
    REFUSED("out must not be in", p2p_jitter_apply(&drawn, &picture, &picture));
    REFUSED("out", p2p_dataset_create(NULL, "x", NULL));
    REFUSED("folder", p2p_dataset_create(&pairs, NULL, NULL));
    REFUSED("direction is 4",
            p2p_dataset_create(&pairs, "x", &(P2pDatasetSettings){.direction = (P2pDirection)4}));
    REFUSED("dataset", p2p_dataset_read(NULL, 0, &result, &empty));
    REFUSED("dataset", p2p_dataset_check(NULL, NULL, NULL));
    REFUSED("dataset", p2p_dataset_check_outputs(NULL, NULL, 0));
    REFUSED("folder", p2p_folder_pictures(NULL, NULL, &names, &count));
    REFUSED("names", p2p_folder_pictures(".", NULL, NULL, &count));
    REFUSED("outputs", p2p_outputs_init(NULL, NULL));
    REFUSED("inputs", p2p_outputs_init(&outputs, &(P2pOutputSettings){.output = "x"}));
    REFUSED("outputs", p2p_outputs_check(NULL, 1, NULL, 0));
    REFUSED("outputs", p2p_output_read(NULL, 0, &(P2pReadSettings){0}, &result));
    REFUSED("settings", p2p_output_read(&outputs, 0, NULL, &result));
    REFUSED("no picture 0", p2p_output_read(&(P2pOutputs){0}, 0, &(P2pReadSettings){0}, &result));
    REFUSED("output", p2p_output_make_folder(NULL));
    REFUSED("out", p2p_loader_create(NULL, pairs, NULL));
    REFUSED("dataset", p2p_loader_create(&loader, NULL, NULL));
    REFUSED("loader", p2p_loader_next(NULL, NULL));
    REFUSED("loader", p2p_loader_seek(NULL, 0, 0));
    REFUSED("labels", p2p_demo_draw(1, 1, 64, &result, NULL));
    REFUSED("must be two", p2p_demo_draw(1, 1, 64, &result, &result));
    REFUSED("folder", p2p_demo_make(NULL, NULL, NULL, NULL));
    REFUSED("format is 9",
            p2p_demo_make("x", &(P2pDemoSettings){.format = (P2pImageFormat)9}, NULL, NULL));
    REFUSED("folder_out", p2p_data_combine("a", "b", NULL, NULL, NULL, NULL, NULL));
    REFUSED("quality is 101", p2p_data_combine("a", "b", "c", &(P2pPrepareSettings){.quality = 101},
                                               NULL, NULL, NULL));
}

static void test_threads_fit_any_wish(void **state)
{
    (void)state;
    assert_int_equal(p2p_threads(0), 0);
    assert_int_equal(p2p_threads(200), 200);
    assert_in_range(p2p_threads(-1), 2, 8);
    assert_in_range(p2p_threads(-1000), 2, 8);
}

static void test_pairs_out_of_range_are_refused(void **state)
{
    char folder[] = "/tmp/p2p-arguments-XXXXXX", path[64];
    P2pImage input, target;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/1.png", folder);
    assert_int_equal(p2p_image_write(&picture, path, 0), P2P_OK);
    assert_int_equal(p2p_dataset_create(&pairs, folder, &(P2pDatasetSettings){.phase = ""}),
                     P2P_OK);
    REFUSED("no pair 1", p2p_dataset_read(pairs, 1, &input, &target));
    REFUSED("must be two", p2p_dataset_read(pairs, 0, &input, &input));
    REFUSED("threads is -1", p2p_dataset_check(pairs, &(P2pCheckSettings){.threads = -1}, NULL));
    assert_int_equal(p2p_loader_create(&loader, pairs, NULL), P2P_OK);
    REFUSED("batch", p2p_loader_next(loader, NULL));
    p2p_loader_destroy(&loader);
    assert_null(p2p_dataset_name(pairs, 1));
    assert_null(p2p_dataset_path(pairs, 1));
    p2p_dataset_destroy(&pairs);
    remove(path);
    remove(folder);
}

static void test_device_impossible_arguments_are_refused(void **state)
{
    P2pDevice *opened = device;
    P2pCaps *list;
    char *text;

    (void)state;
    REFUSED("list", p2p_device_list(NULL, NULL, NULL, NULL));
    REFUSED("count", p2p_device_list(&list, NULL, NULL, NULL));
    REFUSED("out", p2p_device_open(NULL, NULL));
    for (int width = -1; width < 40; width++)
        if (width != 0 && width != 4 && width != 8 && width != 16)
            REFUSED("vector_width is",
                    p2p_device_open(&opened, &(P2pDeviceSettings){.vector_width = width}));
    assert_null(opened);
    REFUSED("compute_units is",
            p2p_device_open(&opened, &(P2pDeviceSettings){.compute_units = -1}));
    REFUSED("timeout_s", p2p_device_open(&opened, &(P2pDeviceSettings){.timeout_s = -1}));
    REFUSED("timeout_s", p2p_device_open(&opened, &(P2pDeviceSettings){.timeout_s = NAN}));
    REFUSED("tune is", p2p_device_open(&opened, &(P2pDeviceSettings){.tune = (P2pTune)9}));
    REFUSED("device", p2p_device_tuning(NULL, &text));
    REFUSED("text", p2p_device_tuning(device, NULL));
    REFUSED("cache", p2p_kernel_cache(NULL));
    REFUSED("fd", p2p_compiler_serve(-1, NULL));
}

static void test_model_impossible_arguments_are_refused(void **state)
{
    P2pModel *opened = model;
    P2pTrainer *made;
    const void *data;
    char *text;
    bool done;

    (void)state;
    REFUSED("out", p2p_model_open(NULL, device, "x", NULL));
    REFUSED("device", p2p_model_open(&opened, NULL, "x", NULL));
    assert_null(opened);
    REFUSED("path", p2p_model_open(&opened, device, NULL, NULL));
    REFUSED("data", p2p_model_open_memory(&opened, device, NULL, 1, NULL));
    REFUSED("model", p2p_model_prepare(NULL, &picture, P2P_MODEL_INPUT, &result));
    REFUSED("model", p2p_model_translate_rows(NULL, "a.png", "b.png", NULL, &done));
    REFUSED("from", p2p_model_translate_rows(model, NULL, "b.png", NULL, &done));
    REFUSED("to", p2p_model_translate_rows(model, "a.png", NULL, NULL, &done));
    REFUSED("done", p2p_model_translate_rows(model, "a.png", "b.png", NULL, NULL));
    REFUSED("in is no picture", p2p_model_prepare(model, &empty, P2P_MODEL_INPUT, &result));
    REFUSED("model", p2p_model_show(NULL, &picture, &result));
    REFUSED("seen is no picture", p2p_model_show(model, &empty, &result));
    REFUSED("model", p2p_model_translate(NULL, &picture, &result));
    REFUSED("in is NULL", p2p_model_translate(model, NULL, &result));
    REFUSED("out must not be in", p2p_model_translate(model, &picture, &picture));
    REFUSED("model", p2p_model_translate_all(NULL, &(P2pTranslateCalls){0}, 0, NULL));
    REFUSED("calls", p2p_model_translate_all(model, NULL, 0, NULL));
    REFUSED("calls", p2p_model_translate_all(model, &(P2pTranslateCalls){0}, 0, NULL));
    REFUSED("model", p2p_report_networks(NULL, "x"));
    REFUSED("svg", p2p_report_networks("x", NULL));
    REFUSED("model", p2p_report_receptive_fields(NULL, &text));
    REFUSED("text", p2p_report_receptive_fields("x", NULL));
    REFUSED("run", p2p_report_losses(NULL, "x"));
    REFUSED("svg", p2p_report_losses("x", NULL));
    REFUSED("path", p2p_model_describe(NULL, &text));
    REFUSED("text", p2p_model_describe("x", NULL));
    REFUSED("line", p2p_model_list_tensors("x", NULL, NULL));
    REFUSED("model", p2p_export(NULL, "x.onnx", NULL));
    REFUSED("output", p2p_export("x", NULL, NULL));
    REFUSED("bytes", p2p_embedded_model(&data, NULL));
    REFUSED("out", p2p_trainer_create(NULL, device, options));
    REFUSED("device", p2p_trainer_create(&made, NULL, options));
    REFUSED("options", p2p_trainer_create(&made, device, NULL));
    REFUSED("out", p2p_trainer_join(NULL, device, options, NULL));
    REFUSED("device", p2p_trainer_join(&made, NULL, options, NULL));
    REFUSED("options", p2p_trainer_join(&made, device, NULL, NULL));
    REFUSED("trainer", p2p_trainer_run(NULL, NULL));
}

static int do_nothing(void *user, int i, void *room)
{
    (void)user;
    (void)i;
    (void)room;
    return 0;
}

static void test_comm_impossible_arguments_are_refused(void **state)
{
    const P2pTransport alone = {.size = 1};
    P2pComm *comm;

    (void)state;
    REFUSED("out", p2p_comm_create(NULL, &alone, 0));
    REFUSED("transport", p2p_comm_create(&comm, NULL, 0));
    REFUSED("size", p2p_comm_create(&comm, &(P2pTransport){.size = 0}, 0));
    REFUSED("rank", p2p_comm_create(&comm, &(P2pTransport){.size = 2, .rank = 2}, 0));
    REFUSED("timeout_s", p2p_comm_create(&comm, &alone, -1));
    REFUSED("timeout_s", p2p_comm_create(&comm, &alone, NAN));
    assert_null(comm);
    REFUSED("work", p2p_comm_work(NULL, NULL, &comm));
    REFUSED("one", p2p_comm_work(NULL, &(P2pWork){.count = 1}, &comm));
    REFUSED("results", p2p_comm_work(NULL, &(P2pWork){.count = 1, .one = do_nothing}, NULL));
    REFUSED("count", p2p_comm_work(NULL, &(P2pWork){.one = do_nothing}, &comm));
    assert_int_equal(p2p_comm_agree(NULL, P2P_EIO), P2P_EIO);
    assert_int_equal(p2p_comm_rank(NULL), 0);
    assert_int_equal(p2p_comm_size(NULL), 1);
}

static void test_bench_impossible_arguments_are_refused(void **state)
{
    const P2pPeak peak = {1, 1};
    P2pBenchResult measured;
    P2pForecast *forecast;
    P2pBenchFolder folder;
    P2pBenchRow *rows;

    (void)state;
    REFUSED("rows", p2p_trainer_profile(trainer, NULL, NULL));
    REFUSED("count", p2p_trainer_profile(trainer, &rows, NULL));
    REFUSED("device", p2p_bench_train(NULL, NULL, &measured));
    REFUSED("batch_size",
            p2p_bench_train(device, &(P2pBenchSettings){.batch_size = -1}, &measured));
    REFUSED("norm is x", p2p_bench_train(device, &(P2pBenchSettings){.norm = "x"}, &measured));
    REFUSED("path", p2p_bench_scaling_draw(NULL, &(P2pScalingFacts){1, 1, 1, 1, 1}, "x"));
    REFUSED("facts", p2p_bench_scaling_draw("x", NULL, "x"));
    REFUSED("title", p2p_bench_scaling_draw("x", &(P2pScalingFacts){1, 1, 1, 1, 1}, NULL));
    REFUSED("step_s", p2p_bench_scaling_draw("x", &(P2pScalingFacts){0, 1, 1, 1, 1}, "x"));
    REFUSED("result", p2p_bench_translate(device, NULL, NULL));
    REFUSED("dtype is f8",
            p2p_bench_translate(device, &(P2pBenchSettings){.dtype = "f8"}, &measured));
    REFUSED("size is",
            p2p_bench_translate(device, &(P2pBenchSettings){.size = 1 << 30}, &measured));
    REFUSED("folder", p2p_bench_folder(device, "x", NULL, NULL, &folder));
    REFUSED("peak", p2p_bench_peak(device, NULL));
    REFUSED("result", p2p_bench_forecast(NULL, 2, 4, 0, &forecast));
    REFUSED("rows", p2p_bench_forecast(&measured, 2, 4, 0, NULL));
    REFUSED("here and units", p2p_bench_forecast(&measured, 0, 4, 0, &forecast));
    REFUSED("here and units", p2p_bench_forecast(&measured, 2, 0, 0, &forecast));
    REFUSED("path", p2p_bench_roofline(NULL, NULL, 0, &peak, "x"));
    REFUSED("rows", p2p_bench_roofline("x.svg", NULL, 1, &peak, "x"));
    REFUSED("peak", p2p_bench_roofline("x.svg", NULL, 0, NULL, "x"));
}

static void test_options_impossible_arguments_are_refused(void **state)
{
    P2pOptions *made = options;
    P2pArguments rest;
    char *argv[] = {"x", NULL}, asked;
    int width, height;

    (void)state;
    REFUSED("out", p2p_options_create(NULL));
    REFUSED("out", p2p_options_copy(NULL, options));
    REFUSED("from", p2p_options_copy(&made, NULL));
    assert_null(made);
    REFUSED("options", p2p_options_set(NULL, "ngf", "1"));
    REFUSED("name", p2p_options_set(options, NULL, "1"));
    REFUSED("value", p2p_options_set(options, "ngf", NULL));
    REFUSED("name", p2p_options_set_flag(options, NULL, true));
    REFUSED("options", p2p_options_set_int(NULL, "ngf", 1));
    REFUSED("name", p2p_options_set_number(options, NULL, 1));
    REFUSED("text", p2p_size_parse(NULL, 9, &width, &height));
    REFUSED("width", p2p_size_parse("1x1", 9, NULL, &height));
    REFUSED("height", p2p_size_parse("1x1", 9, &width, NULL));
    REFUSED("argv", p2p_options_parse(options, P2P_PROGRAM_TRAIN, 1, NULL, &rest, &asked));
    REFUSED("rest", p2p_options_parse(options, P2P_PROGRAM_TRAIN, 1, argv, NULL, &asked));
    REFUSED("asked", p2p_options_parse(options, P2P_PROGRAM_TRAIN, 1, argv, &rest, NULL));
    REFUSED("options", p2p_options_check(NULL, P2P_PROGRAM_TRAIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_fit_any_wish),
        cmocka_unit_test(test_image_impossible_arguments_are_refused),
        cmocka_unit_test(test_labels_impossible_arguments_are_refused),
        cmocka_unit_test(test_prepare_impossible_arguments_are_refused),
        cmocka_unit_test(test_data_impossible_arguments_are_refused),
        cmocka_unit_test(test_pairs_out_of_range_are_refused),
        cmocka_unit_test(test_device_impossible_arguments_are_refused),
        cmocka_unit_test(test_model_impossible_arguments_are_refused),
        cmocka_unit_test(test_comm_impossible_arguments_are_refused),
        cmocka_unit_test(test_bench_impossible_arguments_are_refused),
        cmocka_unit_test(test_options_impossible_arguments_are_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
