/* SPDX-License-Identifier: BSD-2-Clause */
/* Readers of other programs' files: hostile, truncated and damaged ones. Run it under a sanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/formats/tensor_file.h"

#define HOSTILE P2P_TEST_DATA "/hostile/"
#define EXCHANGE P2P_TEST_DATA "/exchange/"

typedef int (*Reader)(P2pTensorFile **out, const char *path, const void *data, size_t bytes);

static void file_hostile_refused(void **state)
{
    static const char *const names[] = {"deflate_bomb.pth",
                                        "empty.pth",
                                        "eval.pth",
                                        "hidden_in_value.pth",
                                        "legacy_os_system.pth",
                                        "legacy_truncated.pth",
                                        "os_system.pth",
                                        "shape_lie.pict",
                                        "size_overflow.pth",
                                        "storage_longer_than_file.pth",
                                        "string_lie.pth",
                                        "text.pth",
                                        "truncated.pict",
                                        "truncated.pth",
                                        "view_beyond_storage.pth"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        P2pTensorFile *f;
        char path[512];
        snprintf(path, sizeof(path), "%s%s", HOSTILE, names[i]);
        assert_int_equal(p2p_tensor_file_open(&f, path), P2P_EFORMAT);
        assert_null(f);
        assert_null(strchr(p2p_error(), '\n'));
        assert_non_null(strstr(p2p_error(), names[i]));
    }
}

static void message_names_what_was_refused(void **state)
{
    P2pTensorFile *f;

    (void)state;
    assert_int_equal(p2p_tensor_file_open(&f, HOSTILE "os_system.pth"), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "os.system"));
    assert_int_equal(p2p_tensor_file_open(&f, HOSTILE "eval.pth"), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "builtins.eval"));
}

static void file_good_read(void **state)
{
    static const char *const names[] = {"control_good.pth", "control_good_legacy.pth"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        P2pTensorFile *f;
        char path[512];
        float w[8];
        snprintf(path, sizeof(path), "%s%s", HOSTILE, names[i]);
        assert_int_equal(p2p_tensor_file_open(&f, path), 0);
        const P2pFileTensor *t = p2p_tensor_file_find(f, "w");
        assert_non_null(t);
        assert_int_equal(t->rank, 2);
        assert_int_equal(t->elements, 8);
        p2p_file_tensor_to_f32(t, w);
        for (int k = 0; k < 8; k++)
            assert_true(w[k] == (float)k);
        p2p_tensor_file_close(&f);
    }
}

/* Read from a block of just these bytes, so that a sanitizer sees each byte too many. */
static int read_copy(Reader read, const unsigned char *data, size_t bytes)
{
    unsigned char *copy = malloc(bytes ? bytes : 1);
    P2pTensorFile *f;

    memcpy(copy, data, bytes);
    const int err = read(&f, "copy", copy, bytes);
    for (int i = 0; !err && i < p2p_tensor_file_count(f); i++) {
        const P2pFileTensor *t = p2p_tensor_file_at(f, i);
        float *values = malloc((t->elements + 1) * sizeof(*values));
        p2p_file_tensor_to_f32(t, values);
        free(values);
    }
    p2p_tensor_file_close(&f);
    free(copy);
    return err;
}

static const struct {
    const char *path;
    Reader read;
} whole[] = {
    {HOSTILE "control_good.pth", p2p_pth_read},
    {HOSTILE "control_good_legacy.pth", p2p_pth_read},
    {EXCHANGE "views.pth", p2p_pth_read},
    {EXCHANGE "views_legacy.pth", p2p_pth_read},
    {EXCHANGE "views.io.safetensors", p2p_safetensors_read_memory},
};

static void file_truncated_anywhere_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        unsigned char *data;
        size_t bytes;
        assert_int_equal(p2p_file_read(whole[i].path, 1 << 20, &data, &bytes), 0);
        assert_int_equal(read_copy(whole[i].read, data, bytes), 0);
        for (size_t n = 0; n < bytes; n++)
            assert_int_equal(read_copy(whole[i].read, data, n), P2P_EFORMAT);
        free(data);
    }
}

static void file_with_any_byte_changed_survived(void **state)
{
    static const unsigned char changes[] = {0x01, 0x80, 0xff};

    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        unsigned char *data;
        size_t bytes;
        assert_int_equal(p2p_file_read(whole[i].path, 1 << 20, &data, &bytes), 0);
        for (size_t n = 0; n < bytes; n++)
            for (size_t k = 0; k < sizeof(changes); k++) {
                data[n] ^= changes[k];
                read_copy(whole[i].read, data, bytes);
                data[n] ^= changes[k];
            }
        free(data);
    }
}

/* The front of a .pict up to its codes. */
static void pict_truncated_anywhere_refused(void **state)
{
    unsigned char *data;
    size_t bytes;

    (void)state;
    assert_int_equal(p2p_file_read(EXCHANGE "unet256_ngf4_even.pict", 1 << 20, &data, &bytes), 0);
    assert_int_equal(read_copy(p2p_pict_read, data, bytes), 0);
    for (size_t n = 0; n < 8000; n++)
        assert_int_equal(read_copy(p2p_pict_read, data, n), P2P_EFORMAT);
    for (size_t n = 8000; n < bytes; n += 997)
        assert_int_equal(read_copy(p2p_pict_read, data, n), P2P_EFORMAT);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_hostile_refused),
        cmocka_unit_test(message_names_what_was_refused),
        cmocka_unit_test(file_good_read),
        cmocka_unit_test(file_truncated_anywhere_refused),
        cmocka_unit_test(file_with_any_byte_changed_survived),
        cmocka_unit_test(pict_truncated_anywhere_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
