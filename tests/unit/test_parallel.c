/* SPDX-License-Identifier: BSD-2-Clause */
/* Work in threads: everything is done once, the first failure by number is told to the caller. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/parallel.h"
#include "src/base/status.h"

enum { COUNT = 200 };

typedef struct Marks {
    unsigned char done[COUNT];
    size_t fails_from; /* this piece and all behind it */
    int beside;
} Marks;

static int mark(void *user, size_t i)
{
    Marks *m = user;

    m->done[i]++;
    return i >= m->fails_from ? p2p_fail(P2P_EFORMAT, "piece %zu is bad", i) : P2P_OK;
}

static void test_parallel_any_threads_does_each_piece_once(void **state)
{
    (void)state;
    for (int threads = -1; threads < 9; threads++) {
        Marks m = {.fails_from = COUNT};
        assert_int_equal(p2p_parallel(threads, COUNT, mark, &m), P2P_OK);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(m.done[i], 1);
    }
    assert_int_equal(p2p_parallel(4, 0, mark, NULL), P2P_OK);
}

static void test_parallel_several_failures_tells_the_first_by_number(void **state)
{
    (void)state;
    for (int threads = 1; threads < 9; threads++) {
        Marks m = {.fails_from = 57};
        assert_int_equal(p2p_parallel(threads, COUNT, mark, &m), P2P_EFORMAT);
        assert_string_equal(p2p_error(), "piece 57 is bad");
        for (int i = 0; i <= 57; i++)
            assert_int_equal(m.done[i], 1);
        assert_true(m.done[COUNT - 1] == 0);
    }
}

static void count_up(void *user)
{
    Marks *m = user;

    m->beside++;
}

static void test_parallel_beside_calls_it_once(void **state)
{
    (void)state;
    for (int threads = 0; threads < 9; threads++)
        for (size_t count = 0; count < 3; count++) {
            Marks m = {.fails_from = COUNT};
            assert_int_equal(p2p_parallel_beside(threads, count, mark, count_up, &m), P2P_OK);
            assert_int_equal(m.beside, 1);
            for (size_t i = 0; i < COUNT; i++)
                assert_int_equal(m.done[i], i < count);
        }
}

static void *fail_in_thread(void *user)
{
    p2p_failure_keep(user, p2p_fail(P2P_EIO, "of the thread"));
    return NULL;
}

static void test_failure_crosses_threads(void **state)
{
    P2pFailure failure = {0};
    pthread_t thread;

    (void)state;
    p2p_fail(P2P_EINVAL, "of the caller");
    assert_int_equal(p2p_failure_tell(&failure), P2P_OK);
    assert_string_equal(p2p_error(), "of the caller");
    assert_int_equal(pthread_create(&thread, NULL, fail_in_thread, &failure), 0);
    pthread_join(thread, NULL);
    assert_string_equal(p2p_error(), "of the caller");
    assert_int_equal(p2p_failure_tell(&failure), P2P_EIO);
    assert_string_equal(p2p_error(), "of the thread");
    p2p_failure_keep(&failure, P2P_OK);
    assert_int_equal(p2p_failure_tell(&failure), P2P_OK);
    p2p_failure_finish(&failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel_any_threads_does_each_piece_once),
        cmocka_unit_test(test_parallel_several_failures_tells_the_first_by_number),
        cmocka_unit_test(test_parallel_beside_calls_it_once),
        cmocka_unit_test(test_failure_crosses_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
