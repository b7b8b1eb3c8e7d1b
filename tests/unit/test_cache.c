/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of compiled kernels: where it is, what goes first, what is never touched. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "p2p/device.h"
#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/device/cache.h"

static char folder[64];

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/p2p-cache-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
    static const char *const names[] = {"a.bin", "b.bin", "c.bin", "notes.txt", "d.bin.tmp1"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        char *path = p2p_path_join(folder, names[i]);
        unlink(path);
        free(path);
    }
    return rmdir(folder);
}

static char *put(const char *name, size_t bytes, long age_s)
{
    char *path = p2p_path_join(folder, name), *data = p2p_alloc(bytes, 1);
    const struct timespec times[2] = {{1700000000 - age_s, 0}, {1700000000 - age_s, 0}};

    assert_int_equal(p2p_file_write(path, data, bytes), P2P_OK);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    free(data);
    return path;
}

static void test_trim_over_the_limit_removes_what_was_used_longest_ago(void **state)
{
    char *a = put("a.bin", 1000, 30), *b = put("b.bin", 1000, 50), *c = put("c.bin", 1000, 10);
    char *other = put("notes.txt", 5000, 99), *temporary = put("d.bin.tmp1", 5000, 99);
    size_t files, bytes;

    (void)state;
    assert_int_equal(p2p_cache_measure(folder, &files, &bytes), P2P_OK);
    assert_int_equal(files, 3);
    assert_int_equal(bytes, 3000);
    p2p_cache_trim(folder, 3000);
    assert_true(p2p_file_exists(a) && p2p_file_exists(b) && p2p_file_exists(c));
    p2p_cache_touch(b);
    p2p_cache_trim(folder, 2999);
    assert_true(!p2p_file_exists(a) && p2p_file_exists(b) && p2p_file_exists(c));
    p2p_cache_trim(folder, 0);
    assert_true(!p2p_file_exists(b) && !p2p_file_exists(c));
    assert_true(p2p_file_exists(other) && p2p_file_exists(temporary));
    free(a), free(b), free(c), free(other), free(temporary);
}

static void test_trim_missing_folder_does_nothing(void **state)
{
    size_t files = 7, bytes = 7;

    (void)state;
    p2p_cache_trim("/nonexistent/p2p", 0);
    assert_int_equal(p2p_cache_measure("/nonexistent/p2p", &files, &bytes), P2P_OK);
    assert_int_equal(files, 0);
    assert_int_equal(bytes, 0);
}

static void test_measure_what_is_no_folder_fails(void **state)
{
    size_t files, bytes;

    (void)state;
    assert_int_equal(p2p_cache_measure(P2P_TEST_DATA "/README.md", &files, &bytes), P2P_EIO);
    assert_non_null(strstr(p2p_error(), "README.md"));
}

static void test_cache_environment_decides_place_and_limit(void **state)
{
    static const struct {
        const char *text;
        size_t bytes;
    } limits[] = {{"", 256000000}, {"0", 0}, {"10", 10000000}, {"-1", 256000000}, {"x", 256000000}};
    P2pKernelCache cache;

    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        setenv("P2P_CACHE_MB", limits[i].text, 1);
        assert_int_equal(p2p_cache_limit(NULL), limits[i].bytes);
    }
    unsetenv("P2P_CACHE_MB");
    setenv("XDG_CACHE_HOME", "/x", 1);
    assert_int_equal(p2p_kernel_cache(&cache), P2P_OK);
    assert_string_equal(cache.folder, "/x/pix2pix-cl");
    assert_int_equal(cache.limit_bytes, 256000000);
    setenv("XDG_CACHE_HOME", "", 1);
    setenv("HOME", "/h", 1);
    assert_int_equal(p2p_kernel_cache(&cache), P2P_OK);
    assert_string_equal(cache.folder, "/h/.cache/pix2pix-cl");
    unsetenv("HOME");
    assert_int_equal(p2p_kernel_cache(&cache), P2P_OK);
    assert_string_equal(cache.folder, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trim_over_the_limit_removes_what_was_used_longest_ago,
                                        setup, teardown),
        cmocka_unit_test(test_trim_missing_folder_does_nothing),
        cmocka_unit_test(test_measure_what_is_no_folder_fails),
        cmocka_unit_test(test_cache_environment_decides_place_and_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
