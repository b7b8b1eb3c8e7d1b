/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameter counts and multiply-adds of full-size networks, as published for the peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "src/model/networks.h"

static void expect(P2pNetSpec spec, size_t parameters, double gmacs)
{
    P2pGraph *g;

    spec.nf = 64;
    spec.output_nc = 3;
    assert_int_equal(p2p_nets_build(&g, &spec), 0);
    assert_int_equal(p2p_graph_trained(g), parameters);
    if (gmacs > 0)
        assert_true(fabs(p2p_graph_macs(g, 256, 256) / 1e9 - gmacs) < 0.002 * gmacs);
    p2p_graph_destroy(&g);
}

#define G(net, n, ...) ((P2pNetSpec){.name = net, .input_nc = 3, .norm = n, __VA_ARGS__})
#define D(net, n, l) ((P2pNetSpec){.name = net, .input_nc = 6, .norm = n, .levels = l})

static void generators_have_published_sizes(void **state)
{
    (void)state;
    expect(G("unet_256", P2P_NORM_BATCH, 0), 54413955, 6.048);
    expect(G("unet_256", P2P_NORM_INSTANCE, 0), 54409603, 6.048);
    expect(G("unet_256", P2P_NORM_BATCH, .innermost_norm = true, .all_bias = true), 54420483, 0);
    expect(G("unet_256", P2P_NORM_BATCH, .all_bias = true), 54419459, 0);
    expect(G("unet_128", P2P_NORM_BATCH, 0), 41828995, 6.023);
    expect(G("encoder_decoder", P2P_NORM_BATCH, .all_bias = true), 39080963, 4.035);
    expect(G("resnet_9blocks", P2P_NORM_BATCH, 0), 11383427, 49.55);
    expect(G("resnet_9blocks", P2P_NORM_INSTANCE, 0), 11378179, 49.55);
    expect(G("resnet_6blocks", P2P_NORM_BATCH, 0), 7841411, 35.06);
    expect(G("resnet_6blocks", P2P_NORM_INSTANCE, 0), 7837699, 35.06);
    /* A block: two convolutions of 256 x 256 x 3 x 3 and gamma and beta of each norm. */
    expect(G("resnet_6blocks", P2P_NORM_BATCH, .levels = 1),
           7841411 - 5 * 2 * (256 * 256 * 9 + 2 * 256), 0);
    expect(G("resnet_9blocks", P2P_NORM_BATCH, .upsample = P2P_UPSAMPLE_BILINEAR), 11383427, 0);
}

/* ResNets mirror one pixel of what is four times smaller, which needs two. */
static void least_sides_leave_no_value_empty(void **state)
{
    static const struct {
        const char *name;
        int least;
    } cases[] = {{"unet_256", 256}, {"unet_128", 128}, {"resnet_6blocks", 8}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const P2pNetSpec spec = G(cases[i].name, P2P_NORM_BATCH, .nf = 4, .output_nc = 3);
        P2pGraph *g;
        assert_int_equal(p2p_nets_build(&g, &spec), 0);
        assert_int_equal(p2p_graph_least_side(g), cases[i].least);
        p2p_graph_destroy(&g);
    }
}

static void discriminators_have_published_sizes(void **state)
{
    (void)state;
    expect(D("pixel", P2P_NORM_BATCH, 0), 9024, 0.570);
    expect(D("n_layers", P2P_NORM_BATCH, 1), 139585, 2.247);
    expect(D("n_layers", P2P_NORM_BATCH, 2), 666433, 0);
    expect(D("basic", P2P_NORM_BATCH, 0), 2768705, 3.197);
    expect(D("n_layers", P2P_NORM_BATCH, 4), 6964033, 0);
    expect(D("n_layers", P2P_NORM_BATCH, 5), 11159361, 2.186);
    expect(D("n_layers", P2P_NORM_BATCH, 6), 15354689, 0);
}

static void expect_preset(P2pPreset preset, size_t g, size_t d)
{
    P2pOptions o;

    p2p_options_init(&o);
    o.preset = preset;
    p2p_options_apply_preset(&o);
    expect(p2p_network_spec(&o, (P2pNetRole){.task = P2P_GENERATOR}), g, 0);
    expect(p2p_network_spec(&o, (P2pNetRole){.task = P2P_DISCRIMINATOR}), d, 0);
}

static void presets_have_published_sizes(void **state)
{
    (void)state;
    expect_preset(P2P_PRESET_PYTORCH, 54413955, 2768705);
    expect_preset(P2P_PRESET_PAPER, 54413955, 2768705);
    expect_preset(P2P_PRESET_TORCH, 54419459 - 5504, 2768705); /* 5504 biases that it keeps at 0 */
    expect_preset(P2P_PRESET_TENSORFLOW, 54420483, 2768705 + 128 + 256 + 512); /* all biases */
    expect_preset(P2P_PRESET_MRZHU, 11383427, 2768705);
}

static void unet_names_follow_the_state_dict(void **state)
{
    P2pGraph *g;

    (void)state;
    assert_int_equal(p2p_nets_build(&g, &G("unet_256", P2P_NORM_BATCH, .nf = 64, .output_nc = 3)),
                     0);
    assert_string_equal(g->params[0].name, "model.model.0.weight");
    assert_string_equal(g->params[1].name, "model.model.1.model.1.weight");
    assert_string_equal(g->params[4].name, "model.model.1.model.2.running_mean");
    assert_string_equal(g->params[6].name, "model.model.1.model.3.model.1.weight");
    assert_string_equal(g->params[g->param_count - 2].name, "model.model.3.weight");
    assert_int_equal(g->param_count, 82 - 13); /* num_batches_tracked of 13 norms is not kept */
    p2p_graph_destroy(&g);
}

static void resizing_counts_as_modules(void **state)
{
    P2pGraph *g;

    (void)state;
    assert_int_equal(p2p_nets_build(&g, &G("resnet_9blocks", P2P_NORM_BATCH, .nf = 4,
                                           .output_nc = 3, .upsample = P2P_UPSAMPLE_NEAREST)),
                     0);
    assert_string_equal(g->params[g->param_count - 2].name, "model.30.weight");
    assert_string_equal(g->params[g->param_count - 7].name, "model.26.weight");
    p2p_graph_destroy(&g);
}

/* pix2pix-tensorflow: a depthwise kernel [4,4,in,1], a pointwise one [1,1,in,out] and a bias. */
static void separable_unet_has_two_weights_for_one(void **state)
{
    P2pGraph *g;
    size_t trained = 0, in = 3;

    (void)state;
    assert_int_equal(p2p_nets_build(&g, &G("unet_256", P2P_NORM_NONE, .nf = 2, .output_nc = 3,
                                           .levels = 5, .separable = true, .all_bias = true)),
                     0);
    static const size_t outs[] = {2, 4, 8, 16, 16, 16, 8, 4, 2, 3};
    static const size_t joined[] = {0, 0, 0, 0, 0, 0, 16, 8, 4, 2};
    for (size_t i = 0; i < sizeof(outs) / sizeof(*outs); i++) {
        in += joined[i];
        trained += 16 * in + in * outs[i] + outs[i];
        in = outs[i];
    }
    assert_int_equal(p2p_graph_trained(g), trained);
    assert_string_equal(g->params[0].name, "model.model.0.depthwise.weight");
    assert_string_equal(g->params[1].name, "model.model.0.pointwise.weight");
    p2p_graph_destroy(&g);
}

static void unknown_network_is_refused(void **state)
{
    P2pGraph *g;

    (void)state;
    assert_int_equal(p2p_nets_build(&g, &G("unet_512", P2P_NORM_BATCH, .nf = 64)), P2P_EINVAL);
    assert_int_equal(
        p2p_nets_build(&g, &(P2pNetSpec){.name = "n_layers", .input_nc = 6, .nf = 64, .levels = 7}),
        P2P_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generators_have_published_sizes),
        cmocka_unit_test(least_sides_leave_no_value_empty),
        cmocka_unit_test(discriminators_have_published_sizes),
        cmocka_unit_test(presets_have_published_sizes),
        cmocka_unit_test(unet_names_follow_the_state_dict),
        cmocka_unit_test(resizing_counts_as_modules),
        cmocka_unit_test(separable_unet_has_two_weights_for_one),
        cmocka_unit_test(unknown_network_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
