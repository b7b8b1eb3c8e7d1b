/* SPDX-License-Identifier: BSD-2-Clause */
/* Folding norms into convolutions: what comes from where, and what becomes of the values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/graph/fold.h"
#include "src/nets/nets.h"

static P2pGraph *build(P2pNetSpec spec)
{
    P2pGraph *g;

    spec.input_nc = spec.output_nc = 3;
    spec.nf = 4;
    assert_int_equal(p2p_nets_build(&g, &spec), 0);
    return g;
}

/* A folded network has the parameters of the same one without norms and with all biases. */
static void expect_like_without_norm(const P2pGraph *folded, P2pNetSpec spec)
{
    spec.norm = P2P_NORM_NONE;
    spec.all_bias = true;
    P2pGraph *plain = build(spec);

    assert_int_equal(folded->param_count, plain->param_count);
    for (int i = 0; i < plain->param_count; i++)
        assert_memory_equal(&folded->params[i], &plain->params[i], sizeof(P2pParam));
    p2p_graph_destroy(&plain);
}

/* Each parameter comes from the convolution of its own name, through the norm that reads it. */
static void expect_origins(const P2pGraph *g, const P2pGraph *folded, const P2pOrigin *origin,
                           int norms)
{
    int used = 0;

    for (int i = 0; i < folded->param_count; i++) {
        const P2pParam *p = &folded->params[i];
        if (origin[i].param >= 0)
            assert_string_equal(g->params[origin[i].param].name, p->name);
        else
            assert_int_equal(p->kind, P2P_PARAM_BIAS);
        if (origin[i].norm < 0)
            continue;
        const P2pNode *norm = &g->nodes[origin[i].norm];
        used += p->kind == P2P_PARAM_WEIGHT;
        assert_int_equal(norm->norm, P2P_NORM_BATCH);
        for (int k = 0; k < g->node_count; k++)
            if (folded->nodes[k].param[0] == i || folded->nodes[k].param[1] == i)
                assert_int_equal(g->nodes[k].out[0], norm->in[0]);
    }
    assert_int_equal(used, norms);
}

static void networks_fold_to_those_without_norms(void **state)
{
    static const struct {
        P2pNetSpec spec;
        int norms;
    } cases[] = {
        {{.name = "unet_256", .norm = P2P_NORM_BATCH, .dropout = true}, 13},
        {{.name = "unet_256", .norm = P2P_NORM_BATCH, .innermost_norm = true, .all_bias = true},
         14},
        {{.name = "encoder_decoder", .norm = P2P_NORM_BATCH}, 13},
        {{.name = "resnet_6blocks", .norm = P2P_NORM_BATCH, .dropout = true}, 17},
        {{.name = "resnet_6blocks", .norm = P2P_NORM_BATCH, .relu_after_add = true}, 17},
        {{.name = "basic", .norm = P2P_NORM_BATCH}, 3},
        {{.name = "unet_128", .norm = P2P_NORM_NONE}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        P2pGraph *g = build(cases[i].spec), *folded;
        P2pOrigin *origin;
        assert_int_equal(p2p_graph_fold(&folded, &origin, g), 0);
        expect_like_without_norm(folded, cases[i].spec);
        expect_origins(g, folded, origin, cases[i].norms);
        free(origin);
        p2p_graph_destroy(&folded);
        p2p_graph_destroy(&g);
    }
}

static int conv(P2pGraph *g, int x, const char *name, P2pAct act)
{
    return p2p_graph_conv(
        g, x,
        &(P2pConvSpec){
            .out_channels = 2, .kernel = 3, .stride = 1, .pad = 1, .act = act, .name = name});
}

static int norm(P2pGraph *g, int x, P2pNorm kind, const char *name)
{
    return p2p_graph_norm_act(
        g, x,
        &(P2pNormActSpec){
            .norm = kind, .eps = 1e-5f, .momentum = .1f, .name = name, .act = P2P_ACT_RELU});
}

/* A convolution whose output another node reads, one with an activation, an instance norm. */
static void norms_that_cannot_fold_stay(void **state)
{
    P2pGraph *g, *folded;
    P2pOrigin *origin;

    (void)state;
    assert_int_equal(p2p_graph_create(&g, 2), 0);
    const int a = conv(g, g->input, "a", P2P_ACT_NONE);
    const int b = p2p_graph_add(g, a, norm(g, a, P2P_NORM_BATCH, "na"));
    const int c = norm(g, conv(g, b, "b", P2P_ACT_TANH), P2P_NORM_BATCH, "nb");
    norm(g, conv(g, c, "c", P2P_ACT_NONE), P2P_NORM_INSTANCE, "nc");
    assert_int_equal(g->err, 0);
    assert_int_equal(p2p_graph_fold(&folded, &origin, g), 0);
    assert_int_equal(folded->param_count, g->param_count + 3); /* three biases */
    for (int i = 0; i < folded->param_count; i++)
        assert_int_equal(origin[i].norm, -1);
    for (int i = 0; i < g->node_count; i++)
        assert_int_equal(folded->nodes[i].norm, g->nodes[i].norm);
    free(origin);
    p2p_graph_destroy(&folded);
    p2p_graph_destroy(&g);
}

/* norm(w x + b) of a channel, in double, against (w' x + b'). */
static void expect_values(bool transposed)
{
    enum { O = 3, I = 2, TAPS = 4, N = O * I * TAPS };
    const P2pParam weight = {
        .kind = P2P_PARAM_WEIGHT, .transposed = transposed, .o = O, .i = I, .r = 2, .s = 2};
    const P2pParam bias = {.kind = P2P_PARAM_BIAS, .o = O, .i = 1, .r = 1, .s = 1};
    const float eps = .25f, norms[4 * O] = {1, -2, .5f, 3, 4, 5, -1, 1, 2, 0, .75f, 3.75f};
    const float *gamma = norms, *beta = norms + O, *mean = beta + O, *var = mean + O;
    float w[N], b[O] = {.5f, -.5f, 2}, scratch[4 * O];
    const float before[O] = {.5f, -.5f, 2};

    for (int k = 0; k < N; k++)
        w[k] = (float)(k + 1);
    memcpy(scratch, norms, sizeof(norms));
    p2p_fold_values(&weight, eps, scratch, w);
    memcpy(scratch, norms, sizeof(norms));
    p2p_fold_values(&bias, eps, scratch, b);
    for (int o = 0; o < O; o++) {
        const double scale = gamma[o] / sqrt((double)var[o] + eps);
        assert_float_equal(b[o], (before[o] - mean[o]) * scale + beta[o], 1e-6);
        for (int i = 0; i < I; i++)
            for (int t = 0; t < TAPS; t++) {
                const int k = (transposed ? i * O + o : o * I + i) * TAPS + t;
                assert_float_equal(w[k], (k + 1) * scale, 1e-5);
            }
    }
}

static void values_go_through_the_norm(void **state)
{
    (void)state;
    expect_values(false);
    expect_values(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_fold_to_those_without_norms),
        cmocka_unit_test(norms_that_cannot_fold_stay),
        cmocka_unit_test(values_go_through_the_norm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
