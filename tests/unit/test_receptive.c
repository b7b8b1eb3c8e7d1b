/* SPDX-License-Identifier: BSD-2-Clause */
/* Receptive fields: those that phillipi's pix2pix tells of its discriminators, and by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/nets/nets.h"
#include "src/report/receptive.h"

static int field_of(P2pNetSpec spec)
{
    P2pGraph *g;
    int side;

    spec.input_nc = spec.output_nc = 3;
    spec.nf = 4;
    spec.norm = P2P_NORM_INSTANCE;
    assert_int_equal(p2p_nets_build(&g, &spec), 0);
    assert_int_equal(p2p_receptive_field(g, &side), 0);
    p2p_graph_destroy(&g);
    return side;
}

static void discriminators_see_patches(void **state)
{
    static const int sides[] = {16, 34, 70, 142, 286};

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(field_of((P2pNetSpec){.name = "n_layers", .levels = i + 1}), sides[i]);
    assert_int_equal(field_of((P2pNetSpec){.name = "basic"}), 70);
    assert_int_equal(field_of((P2pNetSpec){.name = "pixel"}), 1);
}

/* A step to half the size adds 3 times the jump before it, a step back the jump of its input (two of four taps
 * meet an output); with D levels these are 1 + 3 (2^D - 1) + (2^(D+1) - 2). */
static void unets_see_through_their_innermost_level(void **state)
{
    (void)state;
    for (int levels = 5; levels <= 8; levels++)
        assert_int_equal(field_of((P2pNetSpec){.name = "unet_256", .levels = levels}),
                         1 + 3 * ((1 << levels) - 1) + (2 << levels) - 2);
}

/* 7, two of 3 at stride 2, two of 3 in each block at jump 4, two transposed of 3 (two taps), 7. */
static void resnets_see_by_their_blocks(void **state)
{
    (void)state;
    assert_int_equal(field_of((P2pNetSpec){.name = "resnet_6blocks"}),
                     1 + 6 + 2 + 4 + 6 * 16 + 4 + 2 + 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(discriminators_see_patches),
        cmocka_unit_test(unets_see_through_their_innermost_level),
        cmocka_unit_test(resnets_see_by_their_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
