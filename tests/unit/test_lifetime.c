/* SPDX-License-Identifier: BSD-2-Clause */
/* Placing by lifetime: no overlap in time and space, no chunk crossed, memory shared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "p2p/common.h"
#include "src/base/rng.h"
#include "src/graph/lifetime.h"

static void disjoint_lifetimes_share_memory(void **state)
{
    P2pLifetime items[] = {{.bytes = 512, .first = 0, .last = 1},
                           {.bytes = 512, .first = 2, .last = 3},
                           {.bytes = 256, .first = 4, .last = 4}};
    size_t total;

    (void)state;
    assert_int_equal(p2p_lifetime_place(items, 3, 256, 1 << 20, &total), 0);
    assert_int_equal(total, 512);
}

static void random_lifetimes_never_overlap(void **state)
{
    enum { COUNT = 200, CHUNK = 1 << 16 };
    P2pLifetime items[COUNT] = {{0}};
    size_t total;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        const uint32_t w = p2p_rng_word(7, p2p_stream(P2P_STREAM_TEST, 1), (uint64_t)i);
        items[i].bytes = w % 100 == 0 ? 0 : w % 20000;
        items[i].first = (int)(w >> 20) % 90;
        items[i].last = items[i].first + (int)(w >> 8) % 30;
    }
    assert_int_equal(p2p_lifetime_place(items, COUNT, 256, CHUNK, &total), 0);
    for (int i = 0; i < COUNT; i++) {
        const P2pLifetime *a = &items[i];
        if (!a->bytes)
            continue;
        assert_int_equal(a->offset % 256, 0);
        assert_int_equal(a->offset / CHUNK, (a->offset + a->bytes - 1) / CHUNK);
        assert_true(a->offset + a->bytes <= total);
        for (int k = 0; k < i; k++) {
            const P2pLifetime *b = &items[k];
            const int in_time = a->first <= b->last && b->first <= a->last;
            const int in_space =
                a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
            assert_false(b->bytes && in_time && in_space);
        }
    }
}

static void tensor_larger_than_a_chunk_is_refused(void **state)
{
    P2pLifetime item = {.bytes = 1024};
    size_t total;

    (void)state;
    assert_int_equal(p2p_lifetime_place(&item, 1, 256, 512, &total), P2P_EDEVMEM);
}

static void nothing_needs_no_memory(void **state)
{
    size_t total = 1;

    (void)state;
    assert_int_equal(p2p_lifetime_place(NULL, 0, 256, 512, &total), 0);
    assert_int_equal(total, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disjoint_lifetimes_share_memory),
        cmocka_unit_test(random_lifetimes_never_overlap),
        cmocka_unit_test(tensor_larger_than_a_chunk_is_refused),
        cmocka_unit_test(nothing_needs_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
