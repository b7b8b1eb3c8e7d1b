/* SPDX-License-Identifier: BSD-2-Clause */
/* State dicts behind prefixes and in dictionaries: which network is found, and that it is its values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/status.h"
#include "src/model/source.h"

static char folder[] = "/tmp/p2p_state_dict_XXXXXX";
static char pth[64], safetensors[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(pth, sizeof(pth), "%s/net.pth", folder);
    snprintf(safetensors, sizeof(safetensors), "%s/net.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(pth);
    unlink(safetensors);
    return rmdir(folder);
}

/* ---- Files --------------------------------------------------------------------------------- */

static const P2pNetSpec unet = {.name = "unet_256",
                                .input_nc = 3,
                                .output_nc = 3,
                                .nf = 2,
                                .levels = 5,
                                .norm = P2P_NORM_BATCH},
                        straight = {.name = "encoder_decoder",
                                    .input_nc = 3,
                                    .output_nc = 3,
                                    .nf = 2,
                                    .levels = 5,
                                    .norm = P2P_NORM_BATCH},
                        resnet = {.name = "resnet_6blocks",
                                  .input_nc = 3,
                                  .output_nc = 3,
                                  .nf = 2,
                                  .norm = P2P_NORM_INSTANCE},
                        batch = {.name = "resnet_6blocks",
                                 .input_nc = 3,
                                 .output_nc = 3,
                                 .nf = 2,
                                 .dropout = true,
                                 .norm = P2P_NORM_BATCH},
                        no_dropout = {.name = "resnet_6blocks",
                                      .input_nc = 3,
                                      .output_nc = 3,
                                      .nf = 2,
                                      .norm = P2P_NORM_BATCH},
                        zero = {.name = "resnet_9blocks",
                                .input_nc = 3,
                                .output_nc = 3,
                                .nf = 2,
                                .zero_padding = true,
                                .all_bias = true,
                                .norm = P2P_NORM_BATCH},
                        zero_dropout = {.name = "resnet_9blocks",
                                        .input_nc = 3,
                                        .output_nc = 3,
                                        .nf = 2,
                                        .zero_padding = true,
                                        .dropout = true,
                                        .norm = P2P_NORM_INSTANCE},
                        patchgan = {.name = "basic",
                                    .input_nc = 6,
                                    .nf = 2,
                                    .norm = P2P_NORM_BATCH},
                        pixel = {.name = "pixel", .input_nc = 6, .nf = 2, .norm = P2P_NORM_BATCH};

enum { MOST = 512 };

/* The tensors of several networks, each behind a prefix. */
typedef struct Content {
    P2pTensorEntry entries[MOST];
    int nets[MOST], params[MOST]; /* of each entry */
    int count, net_count;
    int bad; /* an entry that gets a NaN; -1: none */
} Content;

/* Element k of parameter i of the network n. */
static float value_of(int n, int i, size_t k)
{
    return (float)(100 * n + i) + (float)(k % 1000) / 1024;
}

static void add_net(Content *c, const char *prefix, const P2pNetSpec *spec)
{
    P2pGraph *g;

    assert_int_equal(p2p_nets_build(&g, spec), 0);
    for (int i = 0; i < g->param_count; i++) {
        char *name = malloc(P2P_EXCHANGE_NAME);
        P2pTensorEntry *e = &c->entries[c->count];
        assert_true(c->count < MOST);
        snprintf(name, P2P_EXCHANGE_NAME, "%s%s", prefix, g->params[i].name);
        *e = (P2pTensorEntry){.name = name, .dtype = P2P_F32};
        e->rank = p2p_param_shape(&g->params[i], e->shape);
        c->nets[c->count] = c->net_count;
        c->params[c->count++] = i;
    }
    c->net_count++;
    p2p_graph_destroy(&g);
}

static int fill(void *user, int i, void *data)
{
    const Content *c = user;
    float *values = data;
    size_t n = 1;

    for (int k = 0; k < c->entries[i].rank; k++)
        n *= c->entries[i].shape[k];
    for (size_t k = 0; k < n; k++)
        values[k] = value_of(c->nets[i], c->params[i], k);
    if (c->bad == i)
        values[n - 1] = NAN;
    return P2P_OK;
}

static void write_files(Content *c)
{
    assert_int_equal(p2p_pth_write(pth, c->entries, c->count, fill, c), 0);
    assert_int_equal(p2p_safetensors_write(safetensors, c->entries, c->count, NULL, 0, fill, c), 0);
}

static void finish(Content *c)
{
    for (int i = 0; i < c->count; i++)
        free((char *)(size_t)c->entries[i].name);
    free(c);
}

static Content *begin(void)
{
    Content *c = calloc(1, sizeof(*c));

    c->bad = -1;
    return c;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* That network n of the file is found when `wanted` is asked for, behind the prefix, whole. */
static void expect(const char *path, const char *wanted, const P2pNetSpec *spec, int n,
                   const char *prefix)
{
    P2pSource s;

    if (p2p_source_open(&s, path, wanted, NULL) < 0)
        fail_msg("%s behind '%s': %s", spec->name, prefix, p2p_error());
    const bool d = s.net.role.task == P2P_DISCRIMINATOR;
    assert_string_equal(d ? s.options.netD : s.options.netG, spec->name);
    assert_int_equal(d, !strcmp(spec->name, "basic") || !strcmp(spec->name, "pixel"));
    assert_string_equal(s.prefix, prefix);
    if (!d && !strncmp(spec->name, "resnet", 6)) {
        assert_int_equal(s.options.no_dropout, !spec->dropout);
        assert_int_equal(s.options.padding_type == P2P_PADDING_ZERO, spec->zero_padding);
        assert_int_equal(s.options.all_bias, spec->all_bias);
    }
    for (int i = 0; i < s.graph->param_count; i++) {
        const size_t count = p2p_param_elements(&s.graph->params[i]);
        float *values = malloc(count * sizeof(*values));
        assert_int_equal(p2p_source_get(&s, i, values), 0);
        for (size_t k = 0; k < count; k++)
            if (values[k] != value_of(n, i, k))
                fail_msg("%s behind '%s': %s[%zu]", spec->name, prefix, s.graph->params[i].name, k);
        free(values);
    }
    p2p_source_finish(&s);
}

static void network_behind_any_prefix_found(void **state)
{
    static const char *const prefixes[] = {"",
                                           "module.",
                                           "netG.",
                                           "model.",
                                           "model.model.",
                                           "net.",
                                           "state_dict.",
                                           "params.",
                                           "state_dict.generator.",
                                           "model.module.",
                                           "_orig_mod.",
                                           "model.0.",
                                           "model.1."};
    static const P2pNetSpec *const specs[] = {&unet, &straight,     &resnet,   &batch, &no_dropout,
                                              &zero, &zero_dropout, &patchgan, &pixel};

    (void)state;
    for (size_t p = 0; p < P2P_COUNT(prefixes); p++)
        for (size_t i = 0; i < P2P_COUNT(specs); i++) {
            Content *c = begin();
            add_net(c, prefixes[p], specs[i]);
            write_files(c);
            expect(pth, NULL, specs[i], 0, prefixes[p]);
            expect(safetensors, NULL, specs[i], 0, prefixes[p]);
            finish(c);
        }
}

static void both_networks_of_a_checkpoint_found(void **state)
{
    static const P2pNetSpec *const generators[] = {&unet, &straight, &resnet};
    static const P2pNetSpec *const discriminators[] = {&patchgan, &pixel};

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(generators) * P2P_COUNT(discriminators); i++) {
        const P2pNetSpec *g = generators[i % P2P_COUNT(generators)];
        const P2pNetSpec *d = discriminators[i / P2P_COUNT(generators)];
        for (int g_first = 0; g_first < 2; g_first++) {
            Content *c = begin();
            if (g_first)
                add_net(c, "generator.", g);
            add_net(c, "model.", d);
            if (!g_first)
                add_net(c, "generator.", g);
            write_files(c);
            expect(pth, NULL, g, !g_first, "generator.");
            expect(pth, "G", g, !g_first, "generator.");
            expect(pth, "D", d, g_first, "model.");
            finish(c);
        }
    }
}

static void first_of_two_generators_taken_and_said(void **state)
{
    Content *c = begin();
    P2pSource s;

    (void)state;
    add_net(c, "netG_A.", &resnet);
    add_net(c, "netG_B.", &resnet);
    write_files(c);
    expect(pth, NULL, &resnet, 0, "netG_A.");
    assert_int_equal(p2p_source_open(&s, pth, NULL, NULL), 0);
    assert_non_null(s.warning);
    assert_non_null(strstr(s.warning, "netG_A."));
    assert_non_null(strstr(s.warning, "netG_B."));
    assert_int_equal(s.held.count, 1);
    p2p_source_finish(&s);
    finish(c);
}

static void wanted_network_that_is_absent_refused(void **state)
{
    Content *c = begin();
    P2pSource s;

    (void)state;
    add_net(c, "model.", &patchgan);
    write_files(c);
    assert_int_equal(p2p_source_open(&s, pth, "G", NULL), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "holds network D, not G"));
    finish(c);
}

static void names_of_no_network_refused(void **state)
{
    Content *c = begin();
    P2pSource s;

    (void)state;
    add_net(c, "x", &unet); /* xmodel.model.0.weight: no dot between */
    write_files(c);
    assert_int_equal(p2p_source_open(&s, pth, NULL, NULL), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "xmodel.model."));
    assert_int_equal(p2p_source_open(&s, safetensors, NULL, NULL), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "xmodel.model."));
    finish(c);
}

static void weight_that_is_no_number_refused(void **state)
{
    Content *c = begin();
    P2pSource s;

    (void)state;
    add_net(c, "module.", &unet);
    for (c->bad = 0; c->bad < c->count; c->bad++) {
        write_files(c);
        assert_int_equal(p2p_source_open(&s, pth, NULL, NULL), P2P_EFORMAT);
        assert_non_null(strstr(p2p_error(), "NaN"));
        assert_non_null(strstr(p2p_error(), c->entries[c->bad].name));
    }
    finish(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_behind_any_prefix_found),
        cmocka_unit_test(both_networks_of_a_checkpoint_found),
        cmocka_unit_test(first_of_two_generators_taken_and_said),
        cmocka_unit_test(wanted_network_that_is_absent_refused),
        cmocka_unit_test(names_of_no_network_refused),
        cmocka_unit_test(weight_that_is_no_number_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
