/* SPDX-License-Identifier: BSD-2-Clause */
/* Which networks a file tells of, and what options say of a network in a role. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/status.h"
#include "src/model/networks.h"

static const P2pNetworks cycle = {.at = {{"D_A", {P2P_DISCRIMINATOR, false, 3}},
                                         {"G_B", {P2P_GENERATOR, true, 2}},
                                         {"G_A", {P2P_GENERATOR, false, 2}},
                                         {"D_B", {P2P_DISCRIMINATOR, true, 3}}},
                                  .count = 4};

/* A file with one tensor of that name, and the key where text is not NULL. */
static int read_back(P2pNetworks *out, const char *text, const char *tensor)
{
    char header[512], bytes[8 + sizeof(header) + 4] = {0}, meta[256] = "";
    P2pTensorFile *file;

    if (text)
        snprintf(meta, sizeof(meta), "\"__metadata__\":{\"networks\":\"%s\"},", text);
    const int n = snprintf(header, sizeof(header),
                           "{%s\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                           meta, tensor);
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)((uint64_t)n >> 8 * i);
    memcpy(bytes + 8, header, (size_t)n);
    assert_int_equal(p2p_safetensors_read_memory(&file, "test", bytes, (size_t)n + 12), 0);
    const int err = p2p_networks_read(out, file);
    p2p_tensor_file_close(&file);
    return err;
}

static void networks_survive_a_file(void **state)
{
    char *text = p2p_networks_text(&cycle);
    P2pNetworks found;

    (void)state;
    assert_int_equal(read_back(&found, text, "x"), 0);
    assert_int_equal(found.count, cycle.count);
    for (int i = 0; i < cycle.count; i++) {
        assert_string_equal(found.at[i].name, cycle.at[i].name);
        assert_int_equal(found.at[i].role.task, cycle.at[i].role.task);
        assert_int_equal(found.at[i].role.back, cycle.at[i].role.back);
        assert_int_equal(found.at[i].role.passes, cycle.at[i].role.passes);
    }
    free(text);
}

static void averaged_generators_survive_and_come_first(void **state)
{
    static const P2pNetworks with = {
        {{"G_A", {.task = P2P_GENERATOR, .passes = 1}},
         {"G_B", {.task = P2P_GENERATOR, .back = true, .passes = 1}},
         {"D_A", {.task = P2P_DISCRIMINATOR, .passes = 1}},
         {"G_A_ema", {.task = P2P_GENERATOR, .passes = 1, .averaged = true}},
         {"G_B_ema", {.task = P2P_GENERATOR, .back = true, .passes = 1, .averaged = true}}},
        5};
    char *text = p2p_networks_text(&with);
    P2pNetworks found;

    (void)state;
    assert_int_equal(read_back(&found, text, "x"), 0);
    assert_int_equal(found.count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(found.at[i].role.averaged, with.at[i].role.averaged);
        assert_int_equal(found.at[i].role.task, with.at[i].role.task);
    }
    assert_string_equal(p2p_networks_find(&found, NULL)->name, "G_A_ema");
    assert_string_equal(p2p_networks_find(&found, "G_A")->name, "G_A");
    assert_string_equal(p2p_networks_generator(&found, false)->name, "G_A_ema");
    assert_string_equal(p2p_networks_generator(&found, true)->name, "G_B_ema");
    free(text);
}

static void files_without_the_key_hold_g_and_perhaps_d(void **state)
{
    P2pNetworks found;

    (void)state;
    assert_int_equal(read_back(&found, NULL, "G.model.weight"), 0);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.at[0].role.task, P2P_GENERATOR);
    assert_int_equal(read_back(&found, NULL, "D.model.weight"), 0);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.at[1].name, "D");
    assert_int_equal(found.at[1].role.task, P2P_DISCRIMINATOR);
    assert_int_equal(found.at[1].role.passes, 3);
}

static void damaged_lists_refused(void **state)
{
    static const char *const texts[] = {
        "",
        ";",
        "G",
        "G generator AtoB",
        "G generator AtoB 1 D",
        "G generator AtoB 1D discriminator AtoB 3",
        "G painter AtoB 1",
        "G generator AtoC 1",
        "G/.. generator AtoB 1",
        "a_name_that_is_too_long generator AtoB 1",
        "A generator AtoB 1;B generator AtoB 1;C generator AtoB 1;D generator AtoB 1;"
        "E generator AtoB 1;F generator AtoB 1;G generator AtoB 1;H generator AtoB 1;"
        "I generator AtoB 1",
    };
    P2pNetworks found;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (read_back(&found, texts[i], "x") != P2P_EFORMAT)
            fail_msg("'%s' was taken", texts[i]);
}

static void generator_from_a_to_b_found_first(void **state)
{
    P2pNetworks back = cycle;

    (void)state;
    assert_string_equal(p2p_networks_find(&cycle, NULL)->name, "G_A");
    assert_string_equal(p2p_networks_find(&cycle, "D_B")->name, "D_B");
    assert_null(p2p_networks_find(&cycle, "G"));
    back.count = 2;
    assert_string_equal(p2p_networks_find(&back, NULL)->name, "G_B");
    back.count = 1;
    assert_string_equal(p2p_networks_find(&back, NULL)->name, "D_A");
}

static void roles_decide_channels(void **state)
{
    P2pOptions o;

    (void)state;
    p2p_options_init(&o);
    o.input_nc = 1;
    o.output_nc = 3;
    const P2pNetSpec g = p2p_network_spec(&o, cycle.at[2].role);
    assert_true(g.input_nc == 1 && g.output_nc == 3);
    const P2pNetSpec back = p2p_network_spec(&o, cycle.at[1].role);
    assert_true(back.input_nc == 3 && back.output_nc == 1);
    assert_int_equal(p2p_network_spec(&o, cycle.at[0].role).input_nc, 4);
    o.unconditional_D = true;
    assert_int_equal(p2p_network_spec(&o, cycle.at[0].role).input_nc, 3);
    assert_int_equal(p2p_network_spec(&o, cycle.at[3].role).input_nc, 1);
    assert_string_equal(p2p_network_spec(&o, cycle.at[3].role).name, "basic");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_survive_a_file),
        cmocka_unit_test(averaged_generators_survive_and_come_first),
        cmocka_unit_test(files_without_the_key_hold_g_and_perhaps_d),
        cmocka_unit_test(damaged_lists_refused),
        cmocka_unit_test(generator_from_a_to_b_found_first),
        cmocka_unit_test(roles_decide_channels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
