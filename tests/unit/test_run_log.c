/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of a run as curves: long ones, damaged ones, growing ones. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "p2p/common.h"
#include "src/report/run_log.h"

static const char path[] = "test_run_log.jsonl";

static void put(const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void numbers_of_lines_are_curves(void **state)
{
    P2pRunLog log = {0};

    (void)state;
    put("w",
        "{\"epoch\":1,\"step\":5,\"G\":2.5,\"lr\":1e-4}\n{\"epoch\":1,\"step\":10,\"G\":1.5,\"lr\":1e-4}\n"
        "{\"epoch\":1,\"step\":10,\"val_pictures\":3,\"val_PSNR\":null,\"val_L1\":7,\"best\":true}\n");
    assert_int_equal(p2p_run_log_read(&log, path), P2P_OK);
    const P2pLogCurve *g = p2p_run_log_find(&log, "G"), *l1 = p2p_run_log_find(&log, "val_L1");
    assert_true(log.count == 3 && log.step == 10 && !log.damaged);
    assert_true(g && g->count == 2 && g->points[1].step == 10 && g->points[1].value == 1.5);
    assert_true(l1 && l1->count == 1 && l1->last == 7);
    assert_null(p2p_run_log_find(&log, "step"));
    assert_null(p2p_run_log_find(&log, "val_PSNR"));
    p2p_run_log_finish(&log);
}

/* Whole lines count; the half one counts when its rest has come. */
static void log_that_grows_is_read_on(void **state)
{
    P2pRunLog log = {0};

    (void)state;
    put("w", "{\"step\":1,\"G\":1}\n{\"step\":2,");
    assert_int_equal(p2p_run_log_read(&log, path), P2P_OK);
    assert_int_equal(log.step, 1);
    put("a", "\"G\":3}\n");
    assert_int_equal(p2p_run_log_read(&log, path), P2P_OK);
    assert_int_equal(log.step, 2);
    assert_true(!log.damaged && p2p_run_log_find(&log, "G")->count == 2);
    put("w", "{\"step\":1,\"G\":9}\n");
    assert_int_equal(p2p_run_log_read(&log, path), P2P_OK);
    assert_true(p2p_run_log_find(&log, "G")->count == 1 && p2p_run_log_find(&log, "G")->last == 9);
    p2p_run_log_finish(&log);
}

static void damaged_lines_are_counted_and_left_out(void **state)
{
    P2pRunLog log = {0};
    char *line = malloc(100002);

    (void)state;
    assert_non_null(line);
    memset(line, 'x', 100000);
    memcpy(line + 100000, "\n", 2);
    put("w",
        "{\"step\":1,\"G\":1}\n\n[1]\n{\"G\":4}\n{\"step\":-3,\"G\":4}\n{\"step\":\"2\"}\n\xff\xfe\n");
    put("a", line);
    put("a",
        "{\"step\":2,\"G\":1e999}\n{\"step\":3,\"G\":2,\"G\":\"text\",\"\":{}}\n{\"step\":4,\"G\":5}\n");
    assert_int_equal(p2p_run_log_read(&log, path), P2P_OK);
    assert_true(log.step == 4 && log.damaged >= 7);
    assert_true(p2p_run_log_find(&log, "G")->count == 2 && p2p_run_log_find(&log, "G")->last == 5);
    free(line);
    p2p_run_log_finish(&log);
}

static void many_names_are_cut(void **state)
{
    P2pRunLog log = {0};
    char line[200];

    (void)state;
    put("w", "");
    for (int i = 0; i < 3 * P2P_LOG_CURVES; i++) {
        snprintf(line, sizeof(line), "{\"step\":%d,\"name_%d\":%d,\"%060d\":1}\n", i, i, i, i);
        put("a", line);
    }
    assert_int_equal(p2p_run_log_read(&log, path), P2P_OK);
    assert_int_equal(log.count, P2P_LOG_CURVES);
    p2p_run_log_finish(&log);
}

/* Means over equal numbers of lines, so that the mean of all is kept. */
static void long_logs_are_thinned_by_means(void **state)
{
    enum { LINES = 50001 };
    P2pRunLog log = {0};
    FILE *file = fopen(path, "w");
    double sum = 0, steps = 0, lines = 0;

    (void)state;
    assert_non_null(file);
    for (int i = 1; i <= LINES; i++)
        fprintf(file, "{\"step\":%d,\"G\":%d}\n", 10 * i, i % 100);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(p2p_run_log_read(&log, path), P2P_OK);
    const P2pLogCurve *g = p2p_run_log_find(&log, "G");
    assert_true(g->count > P2P_LOG_POINTS / 2 && g->count <= P2P_LOG_POINTS && g->each == 32);
    for (size_t i = 0; i < g->count; i++) {
        assert_true(i + 1 == g->count || g->points[i].count == g->each);
        assert_true(!i || g->points[i].step > g->points[i - 1].step);
        sum += g->points[i].value * (double)g->points[i].count;
        steps += g->points[i].step * (double)g->points[i].count;
        lines += (double)g->points[i].count;
    }
    assert_true(lines == LINES && g->last == LINES % 100);
    assert_true(fabs(sum / lines - (500 * 4950 + 1) / (double)LINES) < 1e-9);
    assert_true(fabs(steps / lines - 10 * (LINES + 1) / 2.0) < 1e-6);
    p2p_run_log_finish(&log);
}

static void no_log_is_an_empty_one(void **state)
{
    P2pRunLog log = {0};

    (void)state;
    remove(path);
    assert_int_equal(p2p_run_log_read(&log, path), P2P_OK);
    assert_int_equal(log.count, 0);
    assert_int_equal(p2p_run_log_read(&log, "."), P2P_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_lines_are_curves),
        cmocka_unit_test(log_that_grows_is_read_on),
        cmocka_unit_test(damaged_lines_are_counted_and_left_out),
        cmocka_unit_test(many_names_are_cut),
        cmocka_unit_test(long_logs_are_thinned_by_means),
        cmocka_unit_test(no_log_is_an_empty_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
