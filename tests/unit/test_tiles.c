/* SPDX-License-Identifier: BSD-2-Clause */
/* Where tiles lie and what part each has in a pixel; no device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "src/model/tiles.h"
#include "src/nets/nets.h"

static P2pGraph *graph_of(const char *name)
{
    const P2pNetSpec spec = {
        .name = name, .input_nc = 3, .output_nc = 3, .nf = 2, .norm = P2P_NORM_BATCH};
    P2pGraph *g;

    assert_int_equal(p2p_nets_build(&g, &spec), 0);
    return g;
}

static void check_axis(const P2pGraph *g, int size, int side, int overlap)
{
    P2pTileAxis a;

    p2p_tile_axis(&a, g, size, side, overlap);
    assert_int_equal(a.tile % g->multiple, 0);
    assert_true(a.tile <= side || a.count == 1);
    assert_true(a.before >= 0 && a.before + size <= a.canvas);
    assert_int_equal(p2p_tile_begin(&a, 0), 0);
    assert_int_equal(p2p_tile_begin(&a, a.count - 1) + a.tile, a.canvas);
    for (int i = 1; i < a.count; i++) {
        const int step = p2p_tile_begin(&a, i) - p2p_tile_begin(&a, i - 1);
        assert_true(step > 0 && step <= a.tile - overlap);
        assert_int_equal(step % a.align, 0);
    }
    for (int at = 0; at < a.canvas; at++) {
        double sum = 0;
        for (int i = 0; i < a.count; i++) {
            const float w = p2p_tile_weight(&a, i, at);
            const int within = at - p2p_tile_begin(&a, i);
            assert_true(w >= 0 && w <= 1);
            /* A tile counts for nothing outside of itself, and near its edge within the picture. */
            if (within < (i ? overlap / 4 : 0) ||
                within >= a.tile - (i < a.count - 1 ? overlap / 4 : 0))
                assert_true(w == 0);
            sum += w;
        }
        assert_true(fabs(sum - 1) < 1e-6);
    }
}

static void parts_of_all_tiles_are_one(void **state)
{
    P2pGraph *unet = graph_of("unet_256"), *resnet = graph_of("resnet_6blocks");

    (void)state;
    for (int size = 1; size < 1500; size += 37) {
        for (int overlap = 0; overlap <= 128; overlap += 32) {
            check_axis(unet, size, 256, overlap);
            check_axis(resnet, size, 256, overlap);
        }
        check_axis(unet, size, 512, 100);
        check_axis(resnet, size, 64, 30);
    }
    p2p_graph_destroy(&unet);
    p2p_graph_destroy(&resnet);
}

/* Between tiles that differ by 40 of 255 no pixel differs from its neighbour by 1. */
static void no_step_is_seen_between_tiles(void **state)
{
    P2pGraph *g = graph_of("unet_256");
    P2pTileAxis a;
    double before = 0, most = 0;

    (void)state;
    p2p_tile_axis(&a, g, 1000, 512, 128);
    for (int at = 0; at < a.canvas; at++) {
        double value = 0;
        for (int i = 0; i < a.count; i++)
            value += 40 * (i % 2) * (double)p2p_tile_weight(&a, i, at);
        most = at ? fmax(most, fabs(value - before)) : 0;
        before = value;
    }
    assert_true(most > 0 && most < 1);
    p2p_graph_destroy(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_all_tiles_are_one),
        cmocka_unit_test(no_step_is_seen_between_tiles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
