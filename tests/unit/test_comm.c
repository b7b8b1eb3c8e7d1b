/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranks as threads of one process, over mailboxes: sums over ranks and their order, sharing and agreeing, a
 * rank that does not answer, parts of batches and of work, floats as halves.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/comm/pack.h"
#include "src/comm/reduce.h"

enum { RANKS = 5, MOST_LETTERS = 4096 };

/* ---- A transport ----------------------------------------------------------------------------- */

typedef struct Letter {
    int from, to, tag;
    size_t bytes;
    void *data; /* NULL: it was received */
} Letter;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Letter letters[MOST_LETTERS];
static int letter_count;

typedef struct Waiting {
    int from, to, tag;
    size_t bytes;
    void *data;
} Waiting;

static int post(void *user, int to, int tag, const void *data, size_t bytes, void **request)
{
    const P2pTransport *t = user;

    pthread_mutex_lock(&lock);
    assert_true(letter_count < MOST_LETTERS);
    Letter *l = &letters[letter_count++];
    *l = (Letter){t->rank, to, tag, bytes, malloc(bytes + 1)};
    memcpy(l->data, data, bytes);
    pthread_mutex_unlock(&lock);
    *request = NULL;
    return 0;
}

static int await(void *user, int from, int tag, void *data, size_t bytes, void **request)
{
    const P2pTransport *t = user;
    Waiting *w = malloc(sizeof(*w));

    *w = (Waiting){from, t->rank, tag, bytes, data};
    *request = w;
    return 0;
}

static int look(void *user, void **request, bool *done)
{
    Waiting *w = *request;

    (void)user;
    *done = !w;
    pthread_mutex_lock(&lock);
    for (int i = 0; w && i < letter_count && !*done; i++) {
        Letter *l = &letters[i];
        if (!l->data || l->from != w->from || l->to != w->to || l->tag != w->tag)
            continue;
        *done = true;
        memcpy(w->data, l->data, w->bytes);
        free(l->data);
        l->data = NULL;
    }
    pthread_mutex_unlock(&lock);
    if (*done)
        free(w);
    return 0;
}

typedef struct Rank {
    P2pTransport transport;
    P2pComm *comm;
    double timeout_s;
    void (*work)(struct Rank *rank);
    int status;
    char text[512];
    float *data;
    size_t count;
    P2pWire wire;
    double squares;
} Rank;

static void *live(void *user)
{
    Rank *r = user;

    r->status = p2p_comm_create(&r->comm, &r->transport, r->timeout_s);
    if (!r->status)
        r->work(r);
    snprintf(r->text, sizeof(r->text), "%s", p2p_error());
    return NULL;
}

/* Let ranks do the work, each in its thread. */
static void together(Rank *ranks, int size, void (*work)(Rank *rank))
{
    pthread_t threads[RANKS];

    letter_count = 0;
    for (int i = 0; i < size; i++) {
        Rank *r = &ranks[i];
        r->transport = (P2pTransport){.rank = i,
                                      .size = size,
                                      .host = i % 2 ? "odd" : "even",
                                      .user = &r->transport,
                                      .send = post,
                                      .receive = await,
                                      .test = look};
        r->work = work;
        assert_int_equal(pthread_create(&threads[i], NULL, live, r), 0);
    }
    for (int i = 0; i < size; i++)
        pthread_join(threads[i], NULL);
}

static void leave(Rank *ranks, int size)
{
    for (int i = 0; i < size; i++) {
        p2p_comm_destroy(&ranks[i].comm);
        free(ranks[i].data);
        ranks[i].data = NULL;
    }
    for (int i = 0; i < letter_count; i++)
        free(letters[i].data);
    letter_count = 0;
}

/* ---- Sums ------------------------------------------------------------------------------------ */

static const float weights[RANKS] = {0.5f, 0.25f, 0.125f, 0.0625f, 0.0625f};

static float value(int rank, size_t i)
{
    return p2p_rng_symmetric(p2p_rng_word(1, p2p_stream(P2P_STREAM_TEST, (uint32_t)rank), i));
}

static void reduce(Rank *r)
{
    P2pReduction *reduction;
    bool done = false, moved;

    r->data = calloc(r->count, sizeof(float));
    for (size_t i = 0; i < r->count; i++)
        r->data[i] = value(r->transport.rank, i);
    r->status = p2p_reduction_create(&reduction, r->comm, r->count, weights, r->wire, 3);
    if (!r->status)
        r->status = p2p_reduction_begin(reduction, r->data, P2P_REDUCE_SUM | P2P_REDUCE_SPREAD);
    while (!r->status && !done)
        r->status = p2p_reduction_go_on(reduction, &done, &moved);
    p2p_reduction_destroy(&reduction);
}

/* Each one's own slice first, which is doubled then and sent to all as it is. */
static void reduce_in_two(Rank *r)
{
    const unsigned what[] = {P2P_REDUCE_SUM | P2P_REDUCE_SQUARES,
                             P2P_REDUCE_SPREAD | P2P_REDUCE_EXACT};
    P2pReduction *reduction;
    size_t first, count;

    r->data = calloc(r->count, sizeof(float));
    for (size_t i = 0; i < r->count; i++)
        r->data[i] = value(r->transport.rank, i);
    r->status = p2p_reduction_create(&reduction, r->comm, r->count, weights, r->wire, 3);
    p2p_reduction_slice(reduction, r->transport.rank, &first, &count);
    for (int k = 0; !r->status && k < 2; k++) {
        bool done = false, moved;
        r->status = p2p_reduction_begin(reduction, r->data, what[k]);
        while (!r->status && !done)
            r->status = p2p_reduction_go_on(reduction, &done, &moved);
        r->squares = p2p_reduction_squares(reduction);
        for (size_t i = first; k == 0 && i < first + count; i++)
            r->data[i] *= 2;
    }
    p2p_reduction_destroy(&reduction);
}

static void check_sums(size_t count, int size, P2pWire wire, double leeway)
{
    Rank ranks[RANKS] = {{.status = 0}};

    for (int i = 0; i < size; i++) {
        ranks[i].count = count;
        ranks[i].wire = wire;
    }
    together(ranks, size, reduce);
    for (size_t i = 0; i < count; i++) {
        float sum = 0;
        for (int k = 0; k < size; k++)
            sum += weights[k] * value(k, i);
        if (fabs((double)(ranks[0].data[i] - sum)) > leeway)
            fail_msg("%zu of %zu, %d ranks: %g, not %g", i, count, size, (double)ranks[0].data[i],
                     (double)sum);
    }
    for (int k = 0; k < size; k++) {
        assert_int_equal(ranks[k].status, 0);
        assert_memory_equal(ranks[k].data, ranks[0].data, count * sizeof(float));
    }
    leave(ranks, size);
}

static void test_sums_are_in_the_order_of_ranks(void **state)
{
    static const size_t counts[] = {1, 63, 64, 65, 1000, 5000};

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(counts); i++)
        for (int size = 2; size <= RANKS; size++)
            check_sums(counts[i], size, P2P_WIRE_F32, 0);
}

static void check_two(size_t count, int size, P2pWire wire)
{
    Rank ranks[RANKS] = {{.status = 0}};
    double squares = 0, all = 0;

    for (int i = 0; i < size; i++) {
        ranks[i].count = count;
        ranks[i].wire = wire;
    }
    together(ranks, size, reduce_in_two);
    for (size_t i = 0; i < count; i++) {
        float sum = 0;
        for (int k = 0; k < size; k++)
            sum += weights[k] * value(k, i);
        all += pow((double)ranks[0].data[i] / 2, 2);
        if (wire == P2P_WIRE_F32 && (double)(ranks[0].data[i] - 2 * sum) != 0)
            fail_msg("%zu of %zu, %d ranks: %g, not %g", i, count, size, (double)ranks[0].data[i],
                     2 * (double)sum);
    }
    for (int k = 0; k < size; k++) {
        squares += ranks[k].squares;
        assert_int_equal(ranks[k].status, 0);
        assert_memory_equal(ranks[k].data, ranks[0].data, count * sizeof(float));
    }
    assert_true(fabs(squares - all) <= 1e-12 * all);
    leave(ranks, size);
}

static void test_slices_may_change_between_the_rounds(void **state)
{
    static const size_t counts[] = {1, 64, 65, 1000, 5000};

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(counts); i++)
        for (int size = 2; size <= RANKS; size++) {
            check_two(counts[i], size, P2P_WIRE_F32);
            check_two(counts[i], size, P2P_WIRE_F16);
        }
}

/* Each addend is rounded to 11 bits, and the sum. */
static void test_sums_of_halves_are_the_same_everywhere(void **state)
{
    (void)state;
    for (int size = 2; size <= RANKS; size++)
        check_sums(1000, size, P2P_WIRE_F16, 2.0 / 2048);
}

static void test_packing_keeps_eleven_bits(void **state)
{
    static const float scales[] = {1e-38f, 1e-20f, 1, 1e20f, 1e38f};
    float x[100], y[100];
    unsigned char packed[256];

    (void)state;
    for (size_t s = 0; s < P2P_COUNT(scales); s++) {
        for (int i = 0; i < 100; i++)
            x[i] = scales[s] * value(0, (size_t)i);
        p2p_pack(x, 100, packed);
        p2p_unpack(packed, 100, y);
        for (int i = 0; i < 100; i++)
            assert_true(fabsf(y[i] - x[i]) <= fabsf(x[i]) / 2048 + scales[s] * 1e-7f);
    }
    x[7] = NAN;
    p2p_pack(x, 100, packed);
    p2p_unpack(packed, 100, y);
    assert_true(isnan(y[7]));
    memset(x, 0, sizeof(x));
    p2p_pack(x, 100, packed);
    p2p_unpack(packed, 100, y);
    assert_memory_equal(x, y, sizeof(x));
}

/* ---- Together -------------------------------------------------------------------------------- */

static void share(Rank *r)
{
    const char *text = r->transport.rank ? "other" : "the first rank's";
    char *own = strdup(text);

    r->status = p2p_comm_share_text(r->comm, &own);
    if (strcmp(own, "the first rank's") != 0)
        r->status = 1;
    free(own);
}

static void fail_third(Rank *r)
{
    r->status = p2p_comm_agree(
        r->comm, r->transport.rank == 3 ? p2p_fail(P2P_EFORMAT, "this file is damaged") : P2P_OK);
}

static void vote(Rank *r)
{
    unsigned char any = 0;

    r->status = p2p_comm_vote_begin(r->comm, r->transport.rank == 2 ? 4 : 1);
    if (!r->status)
        r->status = p2p_comm_vote_end(r->comm, &any);
    if (any != 5)
        r->status = 1;
}

/* Rank r has r numbers. */
static void gather_parts(Rank *r)
{
    const int size = r->transport.size, me = r->transport.rank;
    unsigned char mine[RANKS], all[RANKS * RANKS] = {0};
    size_t ends[RANKS] = {0}, at = 0;

    memset(mine, me, sizeof(mine));
    for (int i = 0; i < size; i++)
        ends[i] = at += (size_t)i;
    r->status = p2p_comm_gather_parts(r->comm, mine, ends, all, true);
    for (int i = 0; i < size; i++)
        for (size_t k = ends[i] - (size_t)i; k < ends[i]; k++)
            if (all[k] != i)
                r->status = 1;
    if (all[at])
        r->status = 2;
}

static void test_ranks_gather_parts_of_any_size(void **state)
{
    Rank ranks[RANKS] = {{.status = 0}};

    (void)state;
    for (int size = 2; size <= RANKS; size++) {
        together(ranks, size, gather_parts);
        for (int i = 0; i < size; i++)
            assert_int_equal(ranks[i].status, 0);
        leave(ranks, size);
    }
}

static void test_ranks_share_and_vote(void **state)
{
    Rank ranks[RANKS] = {{.status = 0}};

    (void)state;
    for (int size = 2; size <= RANKS; size++) {
        together(ranks, size, share);
        for (int i = 0; i < size; i++)
            assert_int_equal(ranks[i].status, 0);
        leave(ranks, size);
    }
    together(ranks, RANKS, vote);
    for (int i = 0; i < RANKS; i++)
        assert_int_equal(ranks[i].status, 0);
    leave(ranks, RANKS);
}

static void test_failure_of_one_becomes_that_of_all(void **state)
{
    Rank ranks[RANKS] = {{.status = 0}};

    (void)state;
    together(ranks, RANKS, fail_third);
    for (int i = 0; i < RANKS; i++) {
        assert_int_equal(ranks[i].status, P2P_EFORMAT);
        assert_string_equal(ranks[i].text, "rank 3 on odd: this file is damaged");
        assert_true(p2p_comm_agreed(ranks[i].comm));
        assert_int_equal(p2p_comm_tells(ranks[i].comm), i == 0);
    }
    leave(ranks, RANKS);
}

/* Rank 0 has died behind the meeting. */
static void vote_but_first(Rank *r)
{
    unsigned char any;

    if (r->transport.rank == 0)
        return;
    r->status = p2p_comm_vote_begin(r->comm, 0);
    if (!r->status)
        r->status = p2p_comm_vote_end(r->comm, &any);
}

static void test_missing_rank_is_told_once(void **state)
{
    Rank ranks[3] = {{.timeout_s = 0.4}, {.timeout_s = 0.4}, {.timeout_s = 0.4}};

    (void)state;
    together(ranks, 3, vote_but_first);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(ranks[i].status, P2P_ETIMEOUT);
        assert_non_null(strstr(ranks[i].text, "rank 0 on even did not answer for 0.4 s"));
        assert_false(p2p_comm_agreed(ranks[i].comm));
        assert_int_equal(p2p_comm_tells(ranks[i].comm), i == 1);
    }
    leave(ranks, 3);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static void part(Rank *r)
{
    static const struct {
        const char *shares;
        int of, first[3], count[3];
    } cases[] = {{"", 6, {0, 2, 4}, {2, 2, 2}},
                 {"", 8, {0, 2, 5}, {2, 3, 3}},
                 {"2,1,1", 8, {0, 4, 6}, {4, 2, 2}}};
    static const char *const bad[] = {"1,1",  "1,1,1,1", "1,0,1", "1,a,1",
                                      "1,,1", "1,1,1,",  "-1,1,1"};
    const int me = r->transport.rank;
    P2pPart p;

    for (size_t i = 0; i < P2P_COUNT(cases); i++)
        if (p2p_comm_part(r->comm, cases[i].shares, cases[i].of, me, &p) != 0 ||
            p.first != cases[i].first[me] || p.count != cases[i].count[me])
            r->status = 1;
    for (size_t i = 0; i < P2P_COUNT(bad); i++)
        if (p2p_comm_part(r->comm, bad[i], 8, me, &p) != P2P_EINVAL)
            r->status = 2;
    if (me == 0 && p2p_comm_part(r->comm, "1,9,9", 4, me, &p) != P2P_EINVAL)
        r->status = 3;
    if (p2p_comm_divide(r->comm, "1,9,9", 4, me, &p) != 0 || p.count != 2 * (me > 0))
        r->status = 4;
}

/* ---- Work ------------------------------------------------------------------------------------ */

enum { THINGS = 7 };

/* Which rank has done what. */
static int do_thing(void *user, int i, void *result)
{
    const Rank *r = user;

    *(int *)result = 100 * i + r->transport.rank;
    return 0;
}

static void work_all(Rank *r)
{
    const P2pWork work = {.count = THINGS, .one = do_thing, .user = r, .result_bytes = sizeof(int)};
    int results[THINGS] = {0};

    r->status = p2p_comm_work(r->comm, &work, results);
    for (int i = 0; i < THINGS; i++) {
        P2pPart p;
        const int by = results[i] % 100;
        if (results[i] / 100 != i || p2p_comm_divide(r->comm, "", THINGS, by, &p) != 0 ||
            i < p.first || i >= p.first + p.count)
            r->status = 1;
    }
}

static void work_on_different_sets(Rank *r)
{
    const P2pWork work = {.count = r->transport.rank == 2 ? THINGS - 1 : THINGS,
                          .one = do_thing,
                          .user = r,
                          .result_bytes = sizeof(int)};
    int results[THINGS];

    r->status = p2p_comm_work(r->comm, &work, results);
}

/* The last rank hangs in its work, as the others see it. */
static void work_but_last(Rank *r)
{
    if (r->transport.rank < r->transport.size - 1)
        work_all(r);
}

static void test_work_is_divided_and_known_to_all(void **state)
{
    Rank ranks[RANKS] = {{.status = 0}};

    (void)state;
    for (int size = 1; size <= RANKS; size++) {
        together(ranks, size, work_all);
        for (int i = 0; i < size; i++)
            assert_int_equal(ranks[i].status, 0);
        leave(ranks, size);
    }
    together(ranks, 3, work_on_different_sets);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ranks[i].status, P2P_EINVAL);
        assert_true(p2p_comm_agreed(ranks[i].comm));
        assert_non_null(strstr(ranks[i].text, "6 pictures on even (rank 2) and 7 on even"));
    }
    leave(ranks, 3);
}

static void test_rank_that_hangs_in_its_work_is_missed(void **state)
{
    Rank ranks[3] = {{.timeout_s = 0.4}, {.timeout_s = 0.4}, {.timeout_s = 0.4}};

    (void)state;
    together(ranks, 3, work_but_last);
    assert_non_null(strstr(ranks[0].text, "rank 2 on even did not answer"));
    leave(ranks, 3);
}

static void test_parts_are_all_of_a_batch(void **state)
{
    Rank ranks[3] = {{.status = 0}};

    (void)state;
    together(ranks, 3, part);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ranks[i].status, 0);
    leave(ranks, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_are_in_the_order_of_ranks),
        cmocka_unit_test(test_slices_may_change_between_the_rounds),
        cmocka_unit_test(test_sums_of_halves_are_the_same_everywhere),
        cmocka_unit_test(test_packing_keeps_eleven_bits),
        cmocka_unit_test(test_ranks_gather_parts_of_any_size),
        cmocka_unit_test(test_ranks_share_and_vote),
        cmocka_unit_test(test_failure_of_one_becomes_that_of_all),
        cmocka_unit_test(test_missing_rank_is_told_once),
        cmocka_unit_test(test_parts_are_all_of_a_batch),
        cmocka_unit_test(test_work_is_divided_and_known_to_all),
        cmocka_unit_test(test_rank_that_hangs_in_its_work_is_missed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
