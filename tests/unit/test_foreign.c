/* SPDX-License-Identifier: BSD-2-Clause */
/* Readers of other programs' files: hostile, truncated and damaged ones. Run it under a sanitizer. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/status.h"
#include "src/formats/pickle.h"
#include "src/formats/tensor_file.h"

#define HOSTILE P2P_TEST_DATA "/hostile/"
#define EXCHANGE P2P_TEST_DATA "/exchange/"

typedef int (*Reader)(P2pTensorFile **out, const char *path, const void *data, size_t bytes);

static void file_hostile_refused(void **state)
{
    static const char *const names[] = {"byteorder_middle.pth",
                                        "deflate_bomb.pth",
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
    static const struct {
        const char *file, *tensor;
    } files[] = {{"control_good.pth", "w"},
                 {"control_good_legacy.pth", "w"},
                 {"control_no_byteorder.pth", "w"},
                 {"control_big_endian.pth", "w"},
                 {"control_wrapped.pth", "state_dict.w"}};

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(files); i++) {
        P2pTensorFile *f;
        char path[512];
        float w[8];
        snprintf(path, sizeof(path), "%s%s", HOSTILE, files[i].file);
        assert_int_equal(p2p_tensor_file_open(&f, path), 0);
        const P2pFileTensor *t = p2p_tensor_file_find(f, files[i].tensor);
        assert_non_null(t);
        assert_int_equal(t->rank, 2);
        assert_int_equal(t->elements, 8);
        p2p_file_tensor_to_f32(t, w);
        for (int k = 0; k < 8; k++)
            assert_true(w[k] == (float)k);
        p2p_tensor_file_close(&f);
    }
}

/* Integers are turned as wide as they are. */
static void big_endian_integers_read(void **state)
{
    P2pTensorFile *f;
    int64_t steps[2];

    (void)state;
    assert_int_equal(p2p_tensor_file_open(&f, HOSTILE "control_big_endian.pth"), 0);
    const P2pFileTensor *t = p2p_tensor_file_find(f, "steps");
    assert_non_null(t);
    assert_int_equal(t->bytes, sizeof(steps));
    memcpy(steps, t->data, sizeof(steps));
    assert_true(steps[0] == (int64_t)1 << 40 && steps[1] == 7);
    p2p_tensor_file_close(&f);
}

/* Whatever a class is called, an object of it holds things and does nothing; nothing else can be had of it. */
static void objects_inert(void **state)
{
    static const struct {
        const char *pickle;
        size_t bytes;
        const char *words; /* NULL: accepted */
    } pickles[] = {
#define PICKLE(text) text, sizeof(text) - 1
        {PICKLE("\x80\2csubprocess\nPopen\n)\x81}b."), NULL},
        {PICKLE("\x80\2csubprocess\nPopen\n)R."), "asks for subprocess.Popen"},
        {PICKLE("\x80\2cos\nsystem\n)\x81}b."), "asks for os.system"},
        {PICKLE("\x80\2csubprocess\nPopen\n."), NULL},
        {PICKLE("\x80\2cm\nC\n}\x81."), "an object of no class"},
        {PICKLE("\x80\2})\x81."), "an object of no class"},
        {PICKLE("\x80\2)\x81."), "an object of no class"},
        {PICKLE("\x80\2}}b."), "BUILD"},
        {PICKLE("\x80\2cm\nC\n}b."), "BUILD"},
        {PICKLE("\x80\2X\6\0\0\0module}\x86Q."), "a module of no class"},
        {PICKLE("\x80\2X\6\0\0\0modulecm\nC\n\x86Q)\x81."), NULL},
#undef PICKLE
    };

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(pickles); i++) {
        P2pPickle p;
        const int err = p2p_pickle_read(&p, "objects", (const unsigned char *)pickles[i].pickle,
                                        pickles[i].bytes);
        const bool as_wanted = pickles[i].words
                                   ? err == P2P_EFORMAT && strstr(p2p_error(), pickles[i].words)
                                   : err == P2P_OK;
        if (!as_wanted)
            fail_msg("%zu: status %d, %s", i, err, p2p_error());
        if (!err)
            p2p_pickle_finish(&p);
    }
}

/* ---- Zip archives that lie ------------------------------------------------------------------ */

static uint32_t get_u32(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Where the central directory speaks of an entry, and where the entry begins. */
static size_t find_central(const unsigned char *data, size_t bytes, const char *name)
{
    const size_t n = strlen(name);

    for (size_t at = 0; at + 46 + n <= bytes; at++)
        if (!memcmp(data + at, "PK\1\2", 4) && !memcmp(data + at + 46, name, n))
            return at;
    fail_msg("no entry %s", name);
    return 0;
}

/* Change one number by one, open, change it back. */
static void open_changed(unsigned char *data, size_t bytes, const size_t places[], int count,
                         int by, const char *what)
{
    P2pTensorFile *f = NULL;

    for (int i = 0; i < count; i++)
        data[places[i]] = (unsigned char)(data[places[i]] + by);
    const int err = p2p_tensor_file_open_memory(&f, "lie.pth", data, bytes);
    if (err != P2P_EFORMAT || f || strchr(p2p_error(), '\n') || !strstr(p2p_error(), "lie.pth"))
        fail_msg("%s %+d: status %d, %s", what, by, err, p2p_error());
    for (int i = 0; i < count; i++)
        data[places[i]] = (unsigned char)(data[places[i]] - by);
}

static void zip_that_lies_refused(void **state)
{
    static const char *const entries[] = {"net/data.pkl", "net/byteorder", "net/data/0"};
    enum { CRC = 16, COMPRESSED = 20, SIZE = 24, OFFSET = 42, LOCAL_CRC = 14, LOCAL_SIZE = 22 };
    unsigned char *data;
    size_t bytes;

    (void)state;
    assert_int_equal(p2p_file_read(HOSTILE "control_good.pth", 1 << 20, &data, &bytes), 0);
    for (size_t i = 0; i < P2P_COUNT(entries); i++) {
        const size_t central = find_central(data, bytes, entries[i]);
        const size_t local = get_u32(data + central + OFFSET);
        const size_t first = local + 30 + strlen(entries[i]);
        for (int by = -1; by <= 1; by += 2) {
            open_changed(data, bytes, (size_t[]){central + CRC}, 1, by, "CRC");
            open_changed(data, bytes, (size_t[]){central + SIZE}, 1, by, "size");
            open_changed(data, bytes, (size_t[]){central + COMPRESSED}, 1, by, "compressed size");
            open_changed(data, bytes, (size_t[]){central + SIZE, central + COMPRESSED}, 2, by,
                         "sizes");
            open_changed(data, bytes, (size_t[]){central + OFFSET}, 1, by, "offset");
            open_changed(data, bytes, (size_t[]){local + LOCAL_CRC}, 1, by, "CRC at the entry");
            open_changed(data, bytes, (size_t[]){local + LOCAL_SIZE}, 1, by, "size at the entry");
            open_changed(data, bytes, (size_t[]){first}, 1, by, "the first byte");
        }
    }
    free(data);
}

/* ---- Other programs' formats ---------------------------------------------------------------- */

/* One line that says what it is, and what to do. */
static void foreign_kind_named(void **state)
{
    static const struct {
        const char *file, *what, *advice;
    } files[] = {
        {"net.t7", "Torch7", "without weights"},
        {"net_ascii.t7", "Torch7", "state_dict"},
        {"table.t7", "Torch7", "state_dict"},
        {"tanh.onnx", "ONNX", "made from"},
        {"frozen.pb", "graph of TensorFlow", ".index"},
        {"model.meta", "graph of TensorFlow", ".index"},
        {"saved_model.pb", "SavedModel", ".pict"},
        {"export.zip", "SavedModel", ".pict"},
        {"", "SavedModel", ".pict"},
        {"model-200.index", "damaged", "table of tensors"},
        {"model-2016", "before 2017", ".pict"},
        {"model.tflite", "TensorFlow Lite", ".pict"},
        {"weights.h5", "HDF5", ".pth"},
        {"model.keras", "Keras", ".pth"},
        {"weights.npz", "NumPy", "state_dict"},
        {"array.npy", "NumPy", "state_dict"},
        {"arrays_protocol0.pkl", "Python pickle", "state_dict"},
        {"arrays_protocol2.pkl", "Python pickle", "state_dict"},
        {"arrays_protocol4.pkl", "Python pickle", "state_dict"},
        {"arrays_protocol5.pkl", "Python pickle", "state_dict"},
        {"module.pth", "no tensors", "state_dict"},
        {"namespace.pth", "argparse.Namespace", "state_dict"},
        {"script.pt", "TorchScript", "state_dict"},
        {"other.zip", "zip archive", "not PyTorch's"},
        {"old.tar", "tar archive", "unpack"},
        {"net.pth.gz", "gzip", "unpack"},
        {"model.json", "JSON", ".pth"},
        {"pointer.pth", "Git LFS", "fetch"},
        {"page.html", "web page", "fetch"},
        {"../resize_grey_x.png", "picture", ".pth"},
    };

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(files); i++) {
        P2pTensorFile *f;
        char path[512];
        snprintf(path, sizeof(path), "%s%s", P2P_TEST_DATA "/foreign/", files[i].file);
        const int err = p2p_tensor_file_open(&f, path);
        if (err != P2P_EFORMAT || f || strchr(p2p_error(), '\n') ||
            !strstr(p2p_error(), files[i].what) || !strstr(p2p_error(), files[i].advice) ||
            !strstr(p2p_error(), path))
            fail_msg("%s: status %d, %s", files[i].file, err, p2p_error());
    }
}

/* Files of ours are never taken for another's: the length of a safetensors' header may read so. */
static void header_like_a_magic_read(void **state)
{
    static const char head[] = "{\"__metadata__\":{}";
    enum { LENGTH = 0x088b1f }; /* as gzip begins */
    unsigned char *data = malloc(8 + LENGTH);
    P2pTensorFile *f;

    (void)state;
    memset(data, ' ', 8 + LENGTH);
    memcpy(data, "\x1f\x8b\x08\0\0\0\0\0", 8);
    memcpy(data + 8, head, sizeof(head) - 1);
    data[8 + LENGTH - 1] = '}';
    assert_int_equal(p2p_tensor_file_open_memory(&f, "odd.safetensors", data, 8 + LENGTH), 0);
    p2p_tensor_file_close(&f);
    free(data);
}

/* ---- Truncated and damaged ------------------------------------------------------------------ */

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
    {HOSTILE "control_big_endian.pth", p2p_pth_read},
    {HOSTILE "control_wrapped.pth", p2p_pth_read},
    {EXCHANGE "views.pth", p2p_pth_read},
    {EXCHANGE "views_legacy.pth", p2p_pth_read},
    {EXCHANGE "module.pth", p2p_pth_read},
    {EXCHANGE "module_old_legacy.pth", p2p_pth_read},
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

static void pict_with_nan_in_its_table_refused(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    static const int codes[] = {0, 1, 128, 255};
    unsigned char *data;
    size_t bytes;

    (void)state;
    assert_int_equal(p2p_file_read(EXCHANGE "unet256_ngf4_even.pict", 1 << 20, &data, &bytes), 0);
    const size_t table = 4 + ((size_t)data[2] << 8 | data[3]) + 4; /* behind the names */
    for (size_t i = 0; i < P2P_COUNT(bad) * P2P_COUNT(codes); i++) {
        unsigned char *at = data + table + sizeof(float) * (size_t)codes[i / P2P_COUNT(bad)];
        float old;
        memcpy(&old, at, sizeof(old));
        memcpy(at, &bad[i % P2P_COUNT(bad)], sizeof(old));
        assert_int_equal(read_copy(p2p_pict_read, data, bytes), P2P_EFORMAT);
        assert_non_null(strstr(p2p_error(), "table"));
        memcpy(at, &old, sizeof(old));
    }
    assert_int_equal(read_copy(p2p_pict_read, data, bytes), 0);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_hostile_refused),
        cmocka_unit_test(message_names_what_was_refused),
        cmocka_unit_test(file_good_read),
        cmocka_unit_test(big_endian_integers_read),
        cmocka_unit_test(objects_inert),
        cmocka_unit_test(zip_that_lies_refused),
        cmocka_unit_test(foreign_kind_named),
        cmocka_unit_test(header_like_a_magic_read),
        cmocka_unit_test(file_truncated_anywhere_refused),
        cmocka_unit_test(file_with_any_byte_changed_survived),
        cmocka_unit_test(pict_truncated_anywhere_refused),
        cmocka_unit_test(pict_with_nan_in_its_table_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
