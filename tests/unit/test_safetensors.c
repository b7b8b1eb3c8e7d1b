/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of tensors: what is written is read; nothing that lies is accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/status.h"
#include "src/formats/tensor_file.h"

static char folder[] = "/tmp/p2p_safetensors_XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/file.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

/* ---- Good files ---------------------------------------------------------------------------- */

static const P2pTensorEntry entries[] = {
    {.name = "b.weight", .dtype = P2P_F32, .rank = 4, .shape = {2, 3, 1, 5}},
    {.name = "a.bias", .dtype = P2P_F32, .rank = 1, .shape = {7}},
    {.name = "empty", .dtype = P2P_F32, .rank = 2, .shape = {0, 9}},
    {.name = "scalar", .dtype = P2P_U8, .rank = 0},
};
static const P2pMeta meta[] = {{"key", "a value with \"quotes\" and \xc3\xbc"}, {"none", ""}};

static int fill(void *user, int i, void *data)
{
    float *f = data;

    if (user && *(const int *)user == i)
        return p2p_fail(P2P_EDEVICE, "as the test wants");
    if (i == 3)
        memset(data, 200, 1);
    for (int k = 0; k < (i == 0 ? 30 : i == 1 ? 7 : 0); k++)
        f[k] = (float)(100 * i + k) / 8;
    return P2P_OK;
}

static void write_good(void)
{
    assert_int_equal(p2p_safetensors_write(path, entries, 4, meta, 2, fill, NULL), 0);
}

static void written_file_is_read_back(void **state)
{
    P2pTensorFile *f;
    float values[30];

    (void)state;
    write_good();
    assert_int_equal(p2p_safetensors_read(&f, path), 0);
    assert_int_equal(p2p_tensor_file_verify(f, NULL), 0);
    assert_int_equal(p2p_tensor_file_count(f), 4);
    assert_string_equal(p2p_tensor_file_meta(f, "key"), meta[0].value);
    assert_string_equal(p2p_tensor_file_meta(f, "none"), "");
    assert_null(p2p_tensor_file_meta(f, "missing"));
    assert_null(p2p_tensor_file_find(f, "missing"));
    for (int i = 0; i < 4; i++) {
        const P2pFileTensor *t = p2p_tensor_file_find(f, entries[i].name);
        assert_non_null(t);
        assert_int_equal(t->dtype, entries[i].dtype);
        assert_int_equal(t->rank, entries[i].rank);
        assert_memory_equal(t->shape, entries[i].shape, sizeof(t->shape));
    }
    p2p_file_tensor_to_f32(p2p_tensor_file_find(f, "b.weight"), values);
    for (int k = 0; k < 30; k++)
        assert_true(values[k] == (float)k / 8);
    p2p_file_tensor_to_f32(p2p_tensor_file_find(f, "scalar"), values);
    assert_true(values[0] == 200);
    p2p_tensor_file_close(&f);
    assert_null(f);
}

static void failing_source_leaves_the_old_file(void **state)
{
    const int third = 2;
    unsigned char *before, *after;
    size_t before_bytes, after_bytes;

    (void)state;
    write_good();
    assert_int_equal(p2p_file_read(path, 1 << 20, &before, &before_bytes), 0);
    assert_int_equal(p2p_safetensors_write(path, entries, 4, NULL, 0, fill, (void *)&third),
                     P2P_EDEVICE);
    assert_int_equal(p2p_file_read(path, 1 << 20, &after, &after_bytes), 0);
    assert_int_equal(before_bytes, after_bytes);
    assert_memory_equal(before, after, before_bytes);
    free(before);
    free(after);
}

/* ---- Damaged files ------------------------------------------------------------------------- */

/* Neither opened nor without a message that names the file. */
static void refused(const char *what)
{
    P2pTensorFile *f = NULL;
    const int err = p2p_safetensors_read(&f, path);

    if (err != P2P_EFORMAT || f || !strstr(p2p_error(), path))
        fail_msg("%s: status %d, %s", what, err, p2p_error());
}

static void file_truncated_anywhere_is_refused(void **state)
{
    unsigned char *data;
    size_t bytes;
    char what[64];

    (void)state;
    write_good();
    assert_int_equal(p2p_file_read(path, 1 << 20, &data, &bytes), 0);
    for (size_t n = 0; n < bytes; n++) {
        snprintf(what, sizeof(what), "the first %zu of %zu bytes", n, bytes);
        assert_int_equal(p2p_file_write(path, data, n), 0);
        refused(what);
    }
    free(data);
}

static void any_flipped_bit_of_the_data_is_found(void **state)
{
    P2pTensorFile *f;
    unsigned char *data;
    size_t bytes;

    (void)state;
    write_good();
    assert_int_equal(p2p_file_read(path, 1 << 20, &data, &bytes), 0);
    for (size_t at = bytes - 149; at < bytes; at++) { /* 4 * (30 + 7) + 1 bytes of data */
        data[at] ^= (unsigned char)(1u << at % 8);
        assert_int_equal(p2p_file_write(path, data, bytes), 0);
        assert_int_equal(p2p_safetensors_read(&f, path), 0);
        assert_int_equal(p2p_tensor_file_verify(f, NULL), P2P_EFORMAT);
        assert_non_null(strstr(p2p_error(), "damaged"));
        p2p_tensor_file_close(&f);
        data[at] ^= (unsigned char)(1u << at % 8);
    }
    free(data);
}

/* Who needs some tensors alone is told of damage in these alone. */
static void damage_is_found_where_it_is(void **state)
{
    static const char *const names[] = {"b.weight", "a.bias", "scalar"};
    static const size_t places[] = {149, 29, 1}; /* from the end */
    P2pTensorFile *f;
    unsigned char *data;
    size_t bytes;

    (void)state;
    write_good();
    assert_int_equal(p2p_file_read(path, 1 << 20, &data, &bytes), 0);
    for (size_t bad = 0; bad < P2P_COUNT(names); bad++) {
        data[bytes - places[bad]] ^= 4;
        assert_int_equal(p2p_safetensors_read_memory(&f, path, data, bytes), 0);
        for (size_t k = 0; k < P2P_COUNT(names); k++)
            assert_int_equal(p2p_tensor_file_verify(f, names[k]), k == bad ? P2P_EFORMAT : P2P_OK);
        assert_int_equal(p2p_tensor_file_verify(f, "nothing"), P2P_OK);
        assert_int_equal(p2p_tensor_file_verify(f, NULL), P2P_EFORMAT);
        assert_non_null(strstr(p2p_error(), names[bad]));
        p2p_tensor_file_close(&f);
        data[bytes - places[bad]] ^= 4;
    }
    free(data);
}

/* Whatever the pieces: also of more than one tensor, and the empty one between. */
static void pieces_of_any_size_give_the_same_file(void **state)
{
    unsigned char all[149], *wanted, *got;
    size_t wanted_bytes, got_bytes, at = 0;

    (void)state;
    write_good();
    assert_int_equal(p2p_file_read(path, 1 << 20, &wanted, &wanted_bytes), 0);
    for (int i = 0; i < 4; i++) {
        float values[30];
        fill(NULL, i, values);
        const size_t n = i == 0 ? 120 : i == 1 ? 28 : i == 3 ? 1 : 0;
        memcpy(all + at, values, n);
        at += n;
    }
    for (size_t piece = 1; piece <= sizeof(all); piece++) {
        P2pSafetensors *s;
        P2pWriter w;
        assert_int_equal(p2p_writer_open(&w, path), 0);
        assert_int_equal(p2p_safetensors_begin(&s, &w, entries, 4, meta, 2), 0);
        for (size_t k = 0; k < sizeof(all); k += piece)
            assert_int_equal(
                p2p_safetensors_put(s, all + k, piece < sizeof(all) - k ? piece : sizeof(all) - k),
                0);
        assert_int_equal(p2p_safetensors_end(s), 0);
        p2p_safetensors_destroy(&s);
        assert_int_equal(p2p_writer_flush(&w), 0);
        assert_int_equal(p2p_file_read(w.temporary, 1 << 20, &got, &got_bytes), 0);
        assert_int_equal(got_bytes, wanted_bytes);
        assert_memory_equal(got, wanted, got_bytes);
        free(got);
        p2p_writer_close(&w);
    }
    free(wanted);
}

/* A header as text, then `room` zero bytes of data; length as told, or the header's for 0. */
static void write_raw(const char *header, uint64_t length, size_t room)
{
    unsigned char data[1024] = {0};
    const size_t n = strlen(header);

    assert_true(8 + n + room <= sizeof(data));
    if (!length)
        length = n;
    for (int i = 0; i < 8; i++)
        data[i] = (unsigned char)(length >> 8 * i);
    memcpy(data + 8, header, n);
    assert_int_equal(p2p_file_write(path, data, 8 + n + room), 0);
}

#define TENSOR(name, dtype, shape, begin, end)                                                     \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" begin "," end \
    "]}"

static void lying_header_is_refused(void **state)
{
    static const struct {
        const char *what, *header;
    } cases[] = {
        /* each with 16 bytes of data */
        {"no JSON", "xyz"},
        {"an array", "[]"},
        {"half an object", "{\"a\":"},
        {"text behind it", "{} {}"},
        {"data but no tensor", "{}"},
        {"a number for a tensor", "{\"a\":1}"},
        {"no dtype", "{\"a\":{\"shape\":[4],\"data_offsets\":[0,16]}}"},
        {"no shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,16]}}"},
        {"no offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}"},
        {"an unknown dtype", "{" TENSOR("a", "F33", "4", "0", "16") "}"},
        {"another dtype's size", "{" TENSOR("a", "F64", "4", "0", "16") "}"},
        {"a larger shape", "{" TENSOR("a", "F32", "5", "0", "16") "}"},
        {"a smaller shape", "{" TENSOR("a", "F32", "3", "0", "16") "}"},
        {"a negative size", "{" TENSOR("a", "F32", "-4", "0", "16") "}"},
        {"a fraction", "{" TENSOR("a", "F32", "4.0", "0", "16") "}"},
        {"nine dimensions", "{" TENSOR("a", "F32", "4,1,1,1,1,1,1,1,1", "0", "16") "}"},
        {"a product of 2^64 + 4", "{" TENSOR("a", "F32", "4294967296,4294967296", "0", "16") "}"},
        {"bytes of 2^64", "{" TENSOR("a", "F32", "4611686018427387904", "0",
                                     "0") "," TENSOR("b", "F32", "4", "0", "16") "}"},
        {"a size of 2^63", "{" TENSOR("a", "U8", "9223372036854775808", "0", "16") "}"},
        {"an end of 2^63 - 1",
         "{" TENSOR("a", "U8", "9223372036854775807", "0", "9223372036854775807") "}"},
        {"an end of 2^63", "{" TENSOR("a", "F32", "4", "0", "9223372036854775808") "}"},
        {"an end behind the file", "{" TENSOR("a", "F32", "5", "0", "20") "}"},
        {"an end before the begin", "{" TENSOR("a", "F32", "4", "16", "0") "}"},
        {"a negative begin", "{" TENSOR("a", "F32", "4", "-16", "0") "}"},
        {"three offsets", "{" TENSOR("a", "F32", "4", "0", "16,16") "}"},
        {"an overlap",
         "{" TENSOR("a", "F32", "3", "0", "12") "," TENSOR("b", "F32", "2", "8", "16") "}"},
        {"the same data twice",
         "{" TENSOR("a", "F32", "4", "0", "16") "," TENSOR("b", "F32", "4", "0", "16") "}"},
        {"a hole",
         "{" TENSOR("a", "F32", "1", "0", "4") "," TENSOR("b", "F32", "2", "8", "16") "}"},
        {"a hole at the begin", "{" TENSOR("a", "F32", "3", "4", "16") "}"},
        {"bytes behind the last", "{" TENSOR("a", "F32", "3", "0", "12") "}"},
        {"a name twice",
         "{" TENSOR("a", "F32", "2", "0", "8") "," TENSOR("a", "F32", "2", "8", "16") "}"},
        {"metadata that is a list", "{\"__metadata__\":[]," TENSOR("a", "F32", "4", "0", "16") "}"},
        {"metadata with a number",
         "{\"__metadata__\":{\"k\":1}," TENSOR("a", "F32", "4", "0", "16") "}"},
        {"a byte that is no UTF-8", "{" TENSOR("\xff", "F32", "4", "0", "16") "}"},
        {"an escaped zero in a name", "{" TENSOR("a\\u0000", "F32", "4", "0", "16") "}"},
    };

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(cases); i++) {
        write_raw(cases[i].header, 0, 16);
        refused(cases[i].what);
    }
}

static void lying_header_length_is_refused(void **state)
{
    static const char header[] = "{" TENSOR("a", "F32", "4", "0", "16") "}";
    static const uint64_t lengths[] = {1,
                                       sizeof(header) - 2,
                                       sizeof(header),
                                       sizeof(header) + 16,
                                       100u << 20,
                                       (100u << 20) + 1,
                                       INT32_MAX,
                                       UINT32_MAX,
                                       (uint64_t)1 << 63,
                                       UINT64_MAX - 7,
                                       UINT64_MAX};
    P2pTensorFile *f;

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(lengths); i++) {
        write_raw(header, lengths[i], 16);
        refused("a header length that lies");
    }
    write_raw(header, 0, 16); /* the honest one */
    assert_int_equal(p2p_safetensors_read(&f, path), 0);
    assert_int_equal(p2p_tensor_file_verify(f, NULL), 0); /* no checksum */
    p2p_tensor_file_close(&f);
}

/* One checksum of all data, as older files have it, and checksums that cannot be right. */
static void checksums_of_all_kinds_are_used(void **state)
{
    static const struct {
        const char *meta;
        int whole, part;
    } cases[] = {
        {"\"crc32\":\"ecbb4b55\"", P2P_OK, P2P_OK}, /* of 16 zeros */
        {"\"crc32\":\"ecbb4b54\"", P2P_EFORMAT, P2P_EFORMAT},
        {"\"crc32\":\"\"", P2P_EFORMAT, P2P_EFORMAT},
        {"\"crc32_of_tensors\":\"6522df6900000000\"", P2P_EFORMAT, P2P_OK},
        {"\"crc32_of_tensors\":\"6522df696522df69\"", P2P_OK, P2P_OK}, /* of 8 zeros each */
        {"\"crc32_of_tensors\":\"6522df696522df6\"", P2P_EFORMAT, P2P_EFORMAT},
        {"\"crc32_of_tensors\":\"\"", P2P_EFORMAT, P2P_EFORMAT},
        {"\"crc32_of_tensors\":\"6522df696522df69\",\"crc32\":\"00000000\"", P2P_OK, P2P_OK},
    };
    char header[512];
    P2pTensorFile *f;

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(cases); i++) {
        snprintf(header, sizeof(header), "{\"__metadata__\":{%s},%s,%s}", cases[i].meta,
                 TENSOR("a", "F32", "2", "0", "8"), TENSOR("b", "F32", "2", "8", "16"));
        write_raw(header, 0, 16);
        assert_int_equal(p2p_safetensors_read(&f, path), 0);
        if (p2p_tensor_file_verify(f, NULL) != cases[i].whole ||
            p2p_tensor_file_verify(f, "a") != cases[i].part)
            fail_msg("%s: %s", cases[i].meta, p2p_error());
        p2p_tensor_file_close(&f);
    }
}

static void file_without_tensors_is_read(void **state)
{
    P2pTensorFile *f;

    (void)state;
    write_raw("{}", 0, 0);
    assert_int_equal(p2p_safetensors_read(&f, path), 0);
    assert_int_equal(p2p_tensor_file_count(f), 0);
    p2p_tensor_file_close(&f);
}

static void missing_file_and_folder_are_refused(void **state)
{
    P2pTensorFile *f;

    (void)state;
    unlink(path);
    assert_int_equal(p2p_safetensors_read(&f, path), P2P_EIO);
    assert_int_equal(p2p_safetensors_read(&f, folder), P2P_EIO);
    assert_null(f);
}

/* ---- Types --------------------------------------------------------------------------------- */

static void half_types_are_exact(void **state)
{
    static const struct {
        P2pDtype dtype;
        uint16_t bits;
        float value;
    } cases[] = {
        {P2P_F16, 0x3c00, 1},        {P2P_F16, 0xc000, -2},          {P2P_F16, 0x7bff, 65504},
        {P2P_F16, 0x0001, 0x1p-24f}, {P2P_F16, 0x83ff, -0x3ffp-24f}, {P2P_F16, 0x0400, 0x1p-14f},
        {P2P_BF16, 0x3f80, 1},       {P2P_BF16, 0xc000, -2},
    };

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(cases); i++) {
        const P2pFileTensor t = {
            .dtype = cases[i].dtype, .elements = 1, .bytes = 2, .data = &cases[i].bits};
        float value;
        p2p_file_tensor_to_f32(&t, &value);
        assert_true(value == cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_file_is_read_back),
        cmocka_unit_test(failing_source_leaves_the_old_file),
        cmocka_unit_test(file_truncated_anywhere_is_refused),
        cmocka_unit_test(any_flipped_bit_of_the_data_is_found),
        cmocka_unit_test(damage_is_found_where_it_is),
        cmocka_unit_test(pieces_of_any_size_give_the_same_file),
        cmocka_unit_test(checksums_of_all_kinds_are_used),
        cmocka_unit_test(lying_header_is_refused),
        cmocka_unit_test(lying_header_length_is_refused),
        cmocka_unit_test(file_without_tensors_is_read),
        cmocka_unit_test(missing_file_and_folder_are_refused),
        cmocka_unit_test(half_types_are_exact),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
