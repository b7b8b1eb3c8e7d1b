/* SPDX-License-Identifier: BSD-2-Clause */
/* Which variant runs a call: forced, remembered or by the rule, on devices that are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cl/sizes.h"
#include "p2p/common.h"
#include "src/ops/choice.h"

static const P2pCaps cpu = {.name = "a CPU",
                            .is_cpu = true,
                            .compute_units = 2,
                            .vector_width = 8,
                            .max_group_size = 4096,
                            .max_buffer_bytes = (size_t)1 << 30,
                            .local_bytes = 32768};
static const P2pCaps gpu = {.name = "a GPU",
                            .is_gpu = true,
                            .compute_units = 20,
                            .vector_width = 1,
                            .max_group_size = 256,
                            .max_buffer_bytes = (size_t)1 << 30,
                            .local_bytes = 32768};

/* A convolution 4x4 with stride 2 as the networks have it, on a large side of size x size. */
static P2pCall convolution(const P2pCaps *caps, const P2pPass *pass, int size, int c, int k)
{
    const int block = caps->is_cpu ? CONV_BLOCK(caps->vector_width) : 16;
    P2pCall call = {.pass = pass, .attr = {.stride = 2, .pad = 1}};

    call.t[P2P_CONV_X] = p2p_tensor_nhwc(1, size, size, c);
    call.t[P2P_CONV_W] = p2p_tensor_weight(k, c, 4, 4, block);
    call.t[P2P_CONV_Y] = p2p_tensor_nhwc(1, size / 2, size / 2, k);
    return call;
}

/* Name of the variant chosen, or the status as text. */
static const char *chosen(const P2pCall *call, const P2pCaps *caps, const P2pChoice *choice,
                          bool *lost)
{
    P2pWay way;

    return p2p_way_choose(&way, call, NULL, caps, choice, lost) < 0 ? "none" : way.variant->name;
}

#define assert_chosen(call, caps, choice, expected, expected_lost)               \
    do {                                                                         \
        bool was_lost;                                                           \
        assert_string_equal(chosen(&(call), caps, choice, &was_lost), expected); \
        assert_int_equal(was_lost, expected_lost);                               \
    } while (0)

static void rule_takes_the_first_of_least_cost(void **state)
{
    const P2pCall wide = convolution(&cpu, &p2p_pass_conv2d_fwd, 128, 64, 128);
    const P2pCall inner = convolution(&cpu, &p2p_pass_conv2d_fwd, 4, 512, 512);
    const P2pCall thin = convolution(&cpu, &p2p_pass_conv2d_fwd, 256, 3, 64);
    const P2pCall on_gpu = convolution(&gpu, &p2p_pass_conv2d_fwd, 128, 64, 128);

    (void)state;
    assert_chosen(wide, &cpu, NULL, "winograd", false);
    assert_chosen(inner, &cpu, NULL, "simd", false); /* winograd can, but costs more */
    assert_chosen(thin, &cpu, NULL, "thin", false);
    assert_chosen(on_gpu, &gpu, NULL, "tile", false);
}

static void forced_wins_over_remembered(void **state)
{
    const P2pCall call = convolution(&cpu, &p2p_pass_conv2d_fwd, 4, 512, 512);
    char text[P2P_CALL_TEXT], lines[P2P_CALL_TEXT + 32];

    (void)state;
    p2p_call_text(&call, text);
    snprintf(lines, sizeof(lines), "%s: naive\n", text);
    const P2pChoice remembered = {.remembered = lines};
    const P2pChoice both = {.remembered = lines, .variants = "conv2d=winograd"};
    const P2pChoice left_out = {.remembered = lines, .variants = "-naive"};
    const P2pChoice wrong = {.remembered = lines, .variants = "conv2d_fwd=fast"};

    assert_chosen(call, &cpu, &remembered, "naive", false);
    assert_chosen(call, &cpu, &both, "winograd", false);
    assert_chosen(call, &cpu, &left_out, "simd", false);
    assert_chosen(call, &cpu, &wrong, "none", false);
    assert_non_null(strstr(p2p_error(), "fast"));
}

static void measured_wins_over_the_rule_alone(void **state)
{
    const P2pCall call = convolution(&cpu, &p2p_pass_conv2d_fwd, 4, 512, 512);
    char text[P2P_CALL_TEXT], measured[P2P_CALL_TEXT + 64], remembered[P2P_CALL_TEXT + 32];

    (void)state;
    p2p_call_text(&call, text);
    snprintf(measured, sizeof(measured), "%s: naive 12.5 us, by the rule simd 13.0 us\n", text);
    snprintf(remembered, sizeof(remembered), "%s: tile\n", text);
    const P2pChoice known = {.measured = measured};
    const P2pChoice run = {.measured = measured, .remembered = remembered};
    const P2pChoice forced = {.measured = measured, .variants = "conv2d=winograd"};
    const P2pChoice left_out = {.measured = measured, .variants = "-naive"};
    const P2pChoice broken = {.measured = measured, .broken = "conv2d_fwd=naive"};

    assert_chosen(call, &cpu, &known, "naive", false);
    assert_chosen(call, &cpu, &run, "tile", false);
    assert_chosen(call, &cpu, &forced, "winograd", false);
    assert_chosen(call, &cpu, &left_out, "simd", false);
    assert_chosen(call, &cpu, &broken, "simd", false);
    assert_false(p2p_choice_is_given(&known, &call));
    assert_true(p2p_choice_is_given(&run, &call));
    assert_true(p2p_choice_is_given(&forced, &call));
}

static void a_form_alone_is_left_out(void **state)
{
    const P2pCall call = convolution(&gpu, &p2p_pass_conv2d_fwd, 128, 64, 128);
    char text[P2P_CALL_TEXT], measured[P2P_CALL_TEXT + 32], broken[64];
    P2pWay way, other;
    bool lost;

    (void)state;
    assert_int_equal(p2p_way_choose(&way, &call, NULL, &gpu, NULL, &lost), P2P_OK);
    assert_true(way.form > 0);
    snprintf(broken, sizeof(broken), "conv2d_fwd=%s:%d", way.variant->name, way.form);
    p2p_call_text(&call, text);
    snprintf(measured, sizeof(measured), "%s: tile:%d 1.0 us\n", text, way.form);
    const P2pChoice choice = {.broken = broken, .measured = measured};

    assert_int_equal(p2p_way_choose(&other, &call, NULL, &gpu, &choice, &lost), P2P_OK);
    assert_string_equal(other.variant->name, way.variant->name);
    assert_int_not_equal(other.form, way.form);
    assert_true(p2p_choice_leaves_out(&choice, call.pass, "tile", way.form));
    assert_false(p2p_choice_leaves_out(&choice, call.pass, "tile", other.form));
    assert_false(p2p_choice_leaves_out(&choice, &p2p_pass_conv2d_dgrad, "tile", way.form));
}

static void first_line_of_a_call_counts(void **state)
{
    const P2pCall call = convolution(&cpu, &p2p_pass_conv2d_wgrad, 4, 512, 512);
    const P2pCall other = convolution(&cpu, &p2p_pass_conv2d_wgrad, 64, 128, 256);
    char text[P2P_CALL_TEXT], lines[4 * P2P_CALL_TEXT];

    (void)state;
    p2p_call_text(&call, text);
    /* A longer name, a run's record before what was measured, and no end of line. */
    snprintf(lines, sizeof(lines), "%s0: thin\n%s: tile\n%s: naive", text, text, text);
    const P2pChoice choice = {.remembered = lines};

    assert_chosen(call, &cpu, &choice, "tile", false);
    assert_chosen(other, &cpu, &choice, "winograd", false);
}

static void what_cannot_run_any_more_yields_to_the_rule(void **state)
{
    static const char *const names[] = {"gone", "thin"};
    const P2pCall call = convolution(&cpu, &p2p_pass_conv2d_fwd, 4, 512, 512);
    P2pCall moved = convolution(&gpu, &p2p_pass_conv2d_fwd, 4, 512, 512);
    char text[P2P_CALL_TEXT], lines[P2P_CALL_TEXT + 32];

    (void)state;
    p2p_call_text(&call, text);
    for (size_t i = 0; i < 2; i++) {
        snprintf(lines, sizeof(lines), "%s: %s\n", text, names[i]);
        const P2pChoice choice = {.remembered = lines};
        assert_chosen(call, &cpu, &choice, "simd", true);
    }
    snprintf(lines, sizeof(lines), "%s: simd\n", text);
    const P2pChoice choice = {.remembered = lines};
    assert_chosen(moved, &gpu, &choice, "inner", true);
}

static void form_of_a_variant_is_kept(void **state)
{
    const P2pCall call = convolution(&cpu, &p2p_pass_conv2d_fwd, 128, 64, 128);
    const P2pChoice forced = {.variants = "conv2d=winograd:2"};
    const P2pChoice formless = {.variants = "conv2d=simd:2"};
    const P2pChoice absent = {.variants = "conv2d=winograd:7"};
    char text[P2P_CALL_TEXT], lines[P2P_CALL_TEXT + 32];
    bool lost;
    P2pWay way;

    (void)state;
    assert_int_equal(p2p_way_choose(&way, &call, NULL, &cpu, NULL, &lost), P2P_OK);
    assert_int_equal(way.form, 3); /* F(3,2), by the rule */
    assert_int_equal(p2p_way_choose(&way, &call, NULL, &cpu, &forced, &lost), P2P_OK);
    assert_int_equal(way.form, 2);
    assert_chosen(call, &cpu, &formless, "none", false);
    assert_chosen(call, &cpu, &absent, "none", false);

    p2p_call_text(&call, text);
    snprintf(lines, sizeof(lines), "%s: winograd:2\n", text);
    const P2pChoice remembered = {.remembered = lines};
    const P2pChoice left_out = {.remembered = lines, .variants = "-winograd"};
    assert_int_equal(p2p_way_choose(&way, &call, NULL, &cpu, &remembered, &lost), P2P_OK);
    assert_string_equal(way.variant->name, "winograd");
    assert_int_equal(way.form, 2);
    assert_chosen(call, &cpu, &left_out, "simd", false);
    snprintf(lines, sizeof(lines), "%s: winograd:7\n", text);
    assert_chosen(call, &cpu, &remembered, "winograd", true);
}

static void text_tells_apart_what_variants_depend_on(void **state)
{
    const P2pCall call = convolution(&cpu, &p2p_pass_conv2d_fwd, 128, 64, 128);
    const P2pCall elsewhere = convolution(&gpu, &p2p_pass_conv2d_fwd, 128, 64, 128);
    char text[P2P_CALL_TEXT], other[P2P_CALL_TEXT];
    P2pCall changed[] = {call, call, call, call, call, call};

    (void)state;
    p2p_call_text(&call, text);
    assert_string_equal(text,
                        "conv2d_fwd 0:1,128,128,64 1:128,64,4,4 3:1,64,64,128 stride 2 pad 1");
    p2p_call_text(&elsewhere, other);
    assert_string_equal(text, other);
    changed[0].pass = &p2p_pass_conv2d_dgrad;
    changed[1].t[P2P_CONV_X].stride += 16;
    changed[2].attr.act1 = P2P_ACT_TANH;
    changed[3].attr.large_out = true;
    changed[4].t[P2P_CONV_BIAS] = p2p_tensor_vector(128);
    changed[5].attr.accumulate = true;
    for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
        p2p_call_text(&changed[i], other);
        assert_string_not_equal(text, other);
    }
}

static void only_some_gradients_make_adams_step(void **state)
{
    const P2pCall call = convolution(&cpu, &p2p_pass_conv2d_wgrad_adam, 256, 16, 64);
    int planned = 0;

    (void)state;
    for (const P2pVariant *v = call.pass->variants; v->name; v++) {
        P2pWay way;
        if (!p2p_way_plan(&way, v, &call, &cpu))
            continue;
        assert_true(v->with_adam && p2p_variant_suits(v, &cpu));
        planned++;
    }
    assert_int_equal(planned, 3); /* winograd, simd, tile */
}

static void weight_gradients_are_divided_alike_for_any_number_of_cores(void **state)
{
    static const int layers[][3] = {{256, 3, 64}, {256, 64, 3}, {128, 64, 128}, {8, 512, 512}};
    P2pCaps many = cpu;
    int planned = 0;

    (void)state;
    many.compute_units = 64;
    for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
        const int *l = layers[i];
        const P2pCall call = convolution(&cpu, &p2p_pass_conv2d_wgrad, l[0], l[1], l[2]);
        for (const P2pVariant *v = call.pass->variants; v->name; v++) {
            P2pWay few_way, many_way;
            if (!v->for_cpus || !p2p_way_plan(&few_way, v, &call, &cpu))
                continue;
            planned++;
            assert_true(p2p_way_plan(&many_way, v, &call, &many));
            assert_memory_equal(few_way.own, many_way.own, sizeof(few_way.own));
            assert_string_equal(few_way.options, many_way.options);
        }
    }
    assert_true(planned >= 6);
}

static void lanes_lie_over_pixels_where_outputs_are_few(void **state)
{
    const P2pCall last = convolution(&gpu, &p2p_pass_conv2d_dgrad, 256, 3, 128);
    const P2pCall first = convolution(&gpu, &p2p_pass_conv2d_fwd, 256, 3, 64);
    const P2pCall gradient = convolution(&gpu, &p2p_pass_conv2d_wgrad, 256, 3, 128);

    (void)state;
    assert_chosen(last, &gpu, NULL, "pixels", false);
    assert_chosen(first, &gpu, NULL, "tile", false);
    assert_chosen(gradient, &gpu, NULL, "tile", false);
}

static void gpus_stream_the_weights_of_inner_layers(void **state)
{
    const P2pCall inner = convolution(&gpu, &p2p_pass_conv2d_fwd, 8, 512, 512);
    const P2pCall larger = convolution(&gpu, &p2p_pass_conv2d_fwd, 16, 512, 512);
    const P2pCall gradient = convolution(&gpu, &p2p_pass_conv2d_wgrad_adam, 16, 512, 512);

    (void)state;
    assert_chosen(inner, &gpu, NULL, "inner", false);
    assert_chosen(larger, &gpu, NULL, "tile", false);
    assert_chosen(gradient, &gpu, NULL, "inner", false);
}

static void winograd_pays_on_gpus_where_both_sides_have_many_channels(void **state)
{
    const P2pChoice left_out = {.variants = "-winograd"};
    P2pCall call = convolution(&gpu, &p2p_pass_conv2d_fwd, 32, 256, 512);

    (void)state;
    assert_chosen(call, &gpu, NULL, "tile", false);
    call.attr.stride = 1;
    call.t[P2P_CONV_Y] = p2p_tensor_nhwc(1, 31, 31, 512);
    assert_chosen(call, &gpu, NULL, "tile_winograd", false);
    assert_chosen(call, &gpu, &left_out, "tile", false);
    call.t[P2P_CONV_X].c = call.t[P2P_CONV_W].c = 32;
    assert_chosen(call, &gpu, NULL, "tile", false);
}

static void matrix_units_are_asked_for(void **state)
{
    P2pCaps ampere = gpu, turing = gpu, cdna = gpu, xe = gpu;
    P2pCall call = convolution(&gpu, &p2p_pass_conv2d_fwd, 128, 64, 128);
    char exact[P2P_CALL_TEXT], rounded[P2P_CALL_TEXT];

    (void)state;
    ampere.matrix_units = P2P_MATRIX_AMPERE;
    turing.matrix_units = P2P_MATRIX_TURING;
    cdna.matrix_units = P2P_MATRIX_MFMA;
    xe.matrix_units = P2P_MATRIX_XMX;
    assert_chosen(call, &ampere, NULL, "tile", false);
    p2p_call_text(&call, exact);
    call.attr.precision = P2P_PRECISION_TF32;
    assert_chosen(call, &ampere, NULL, "mma", false);
    assert_chosen(call, &turing, NULL, "tile", false);
    assert_chosen(call, &cdna, NULL, "tile", false);
    assert_chosen(call, &gpu, NULL, "tile", false);
    call.attr.precision = P2P_PRECISION_F16;
    assert_chosen(call, &ampere, NULL, "mma", false);
    assert_chosen(call, &turing, NULL, "mma", false);
    assert_chosen(call, &cdna, NULL, "mma", false);
    assert_chosen(call, &xe, NULL, "mma", false);
    assert_chosen(call, &gpu, NULL, "tile", false);
    P2pCall inner = convolution(&gpu, &p2p_pass_conv2d_wgrad_adam, 4, 512, 512);
    inner.t[P2P_CONV_M] = inner.t[P2P_CONV_V] = inner.t[P2P_CONV_W];
    inner.attr.precision = P2P_PRECISION_TF32;
    assert_chosen(inner, &ampere, NULL, "inner", false); /* bound by its weights */
    p2p_call_text(&call, rounded);
    assert_string_not_equal(exact, rounded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_takes_the_first_of_least_cost),
        cmocka_unit_test(lanes_lie_over_pixels_where_outputs_are_few),
        cmocka_unit_test(gpus_stream_the_weights_of_inner_layers),
        cmocka_unit_test(winograd_pays_on_gpus_where_both_sides_have_many_channels),
        cmocka_unit_test(matrix_units_are_asked_for),
        cmocka_unit_test(forced_wins_over_remembered),
        cmocka_unit_test(measured_wins_over_the_rule_alone),
        cmocka_unit_test(a_form_alone_is_left_out),
        cmocka_unit_test(first_line_of_a_call_counts),
        cmocka_unit_test(what_cannot_run_any_more_yields_to_the_rule),
        cmocka_unit_test(form_of_a_variant_is_kept),
        cmocka_unit_test(text_tells_apart_what_variants_depend_on),
        cmocka_unit_test(only_some_gradients_make_adams_step),
        cmocka_unit_test(weight_gradients_are_divided_alike_for_any_number_of_cores),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
