/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing ONNX: protobuf's bytes as its specification has them; weights behind the messages. */
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
#include "src/formats/onnx.h"
#include "src/formats/protobuf.h"

static char folder[] = "/tmp/p2p_onnx_XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/model.onnx", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails if a temporary file was left */
}

/* ---- Protobuf ------------------------------------------------------------------------------ */

/* The message has exactly these bytes; it is released. */
static void expect(P2pMessage *m, const char *bytes, size_t count)
{
    assert_int_equal(m->err, 0);
    assert_int_equal(m->used, count);
    assert_memory_equal(m->data, bytes, count);
    free(m->data);
    *m = (P2pMessage){0};
}
#define EXPECT(m, bytes) expect(m, bytes, sizeof(bytes) - 1)

static void integers_are_varints(void **state)
{
    P2pMessage m = {0};

    (void)state;
    p2p_message_int(&m, 1, 0);
    EXPECT(&m, "\x08\x00");
    p2p_message_int(&m, 1, 127);
    EXPECT(&m, "\x08\x7f");
    p2p_message_int(&m, 1, 128);
    EXPECT(&m, "\x08\x80\x01");
    p2p_message_int(&m, 1, 150);
    EXPECT(&m, "\x08\x96\x01");
    p2p_message_int(&m, 15, INT64_MAX);
    EXPECT(&m, "\x78\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
    p2p_message_int(&m, 16, -1); /* a tag of two bytes; ten of the value */
    EXPECT(&m, "\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

static void floats_are_little_endian(void **state)
{
    P2pMessage m = {0};

    (void)state;
    p2p_message_float(&m, 2, 1.0f);
    EXPECT(&m, "\x15\x00\x00\x80\x3f");
}

static void texts_and_messages_follow_their_length(void **state)
{
    P2pMessage m = {0}, inner = {0}, outer = {0};
    char text[301];

    (void)state;
    p2p_message_text(&m, 2, "testing");
    EXPECT(&m, "\x12\x07testing");
    p2p_message_text(&m, 2, "");
    EXPECT(&m, "\x12\x00");
    p2p_message_int(&inner, 1, 150);
    p2p_message_nest(&outer, 3, &inner);
    assert_null(inner.data);
    p2p_message_nest(&outer, 4, &inner); /* empty by now */
    EXPECT(&outer, "\x1a\x03\x08\x96\x01\x22\x00");
    memset(text, 'x', 300);
    text[300] = '\0';
    p2p_message_text(&m, 1, text);
    assert_int_equal(m.used, 303);
    assert_memory_equal(m.data, "\x0a\xac\x02xx", 5);
    free(m.data);
}

static void frame_has_the_bytes_it_tells(void **state)
{
    unsigned char head[P2P_FRAME_BYTES];

    (void)state;
    assert_int_equal(p2p_protobuf_frame(head, 5, 127), 2);
    assert_memory_equal(head, "\x2a\x7f", 2);
    assert_int_equal(p2p_protobuf_frame(head, 7, 217666122), 5);
    assert_memory_equal(head, "\x3a\xca\xa4\xe5\x67", 5);
    assert_int_equal(p2p_protobuf_frame(head, 1, UINT64_MAX), 11);
}

static void failure_of_an_inner_message_is_kept(void **state)
{
    P2pMessage m = {0}, inner = {.err = P2P_ENOMEM};

    (void)state;
    p2p_message_nest(&m, 1, &inner);
    assert_int_equal(m.err, P2P_ENOMEM);
    const size_t used = m.used;
    p2p_message_int(&m, 1, 1);
    assert_int_equal(m.used, used);
    free(m.data);
}

/* ---- Models -------------------------------------------------------------------------------- */

static int get(void *user, int number, void *data)
{
    const float values[2] = {1, 2};

    assert_int_equal(number, 7);
    if (user)
        return p2p_fail(P2P_EDEVICE, "as the test wants");
    memcpy(data, values, sizeof(values));
    return P2P_OK;
}

/* A graph "g" of one weight "w", two floats. */
static int write_model(void *user)
{
    const size_t shape[] = {2};
    P2pOnnx *onnx;

    assert_int_equal(p2p_onnx_create(&onnx, "g", "doc"), 0);
    p2p_onnx_weight(onnx, "w", P2P_ONNX_FLOAT, shape, 1, 7);
    const int err = p2p_onnx_write(onnx, path, get, user);
    p2p_onnx_destroy(&onnx);
    assert_null(onnx);
    return err;
}

static void weight_and_its_digest_end_the_file(void **state)
{
    static const char end[] = "\x3a\x16\x12\x01g"                         /* graph, its name */
                              "\x2a\x11\x08\x02\x10\x01\x42\x01w\x4a\x08" /* shape, type, name */
                              "\x00\x00\x80\x3f\x00\x00\x00\x40"
                              "\x72\x4a\x0a\x06sha256\x12\x40" /* metadata; by sha256sum */
                              "b9c80b5adeca450753a16950c3cc655d"
                              "271f7bef7a485bc83f112b72fef21d37";
    unsigned char *data;
    size_t bytes;

    (void)state;
    assert_int_equal(write_model(NULL), 0);
    assert_int_equal(p2p_file_read(path, 1 << 20, &data, &bytes), 0);
    assert_true(bytes > sizeof(end));
    assert_memory_equal(data, "\x08\x08\x12", 3);
    assert_memory_equal(data + bytes - (sizeof(end) - 1), end, sizeof(end) - 1);
    free(data);
}

static void failing_source_leaves_the_old_file(void **state)
{
    unsigned char *data;
    size_t bytes;
    int fails = 1;

    (void)state;
    assert_int_equal(p2p_file_write(path, "old", 3), 0);
    assert_int_equal(write_model(&fails), P2P_EDEVICE);
    assert_int_equal(p2p_file_read(path, 1 << 20, &data, &bytes), 0);
    assert_int_equal(bytes, 3);
    assert_memory_equal(data, "old", 3);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_varints),
        cmocka_unit_test(floats_are_little_endian),
        cmocka_unit_test(texts_and_messages_follow_their_length),
        cmocka_unit_test(frame_has_the_bytes_it_tells),
        cmocka_unit_test(failure_of_an_inner_message_is_kept),
        cmocka_unit_test(weight_and_its_digest_end_the_file),
        cmocka_unit_test(failing_source_leaves_the_old_file),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
