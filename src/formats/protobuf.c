/* SPDX-License-Identifier: BSD-2-Clause */
/* Protobuf's wire format: varints, little-endian floats, and bytes behind their length. */
#include "src/formats/protobuf.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/memory.h"

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5, VARINT_BYTES = 10 }; /* wire types */

static void put(P2pMessage *m, const void *data, size_t bytes)
{
    if (!m->err && bytes && !(m->err = p2p_grow((void **)&m->data, &m->room, m->used + bytes, 1))) {
        memcpy(m->data + m->used, data, bytes);
        m->used += bytes;
    }
}

static size_t varint(unsigned char *out, uint64_t value)
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        out[n++] = (unsigned char)(value | 0x80);
    out[n++] = (unsigned char)value;
    return n;
}

static uint64_t tag(int field, int wire)
{
    return (uint64_t)field << 3 | (uint64_t)wire;
}

static void put_varint(P2pMessage *m, uint64_t value)
{
    unsigned char bytes[VARINT_BYTES];

    put(m, bytes, varint(bytes, value));
}

size_t p2p_protobuf_frame(unsigned char out[P2P_FRAME_BYTES], int field, uint64_t length)
{
    const size_t n = varint(out, tag(field, BYTES));

    return n + varint(out + n, length);
}

void p2p_message_frame(P2pMessage *m, int field, uint64_t length)
{
    unsigned char head[P2P_FRAME_BYTES];

    put(m, head, p2p_protobuf_frame(head, field, length));
}

void p2p_message_int(P2pMessage *m, int field, int64_t value)
{
    put_varint(m, tag(field, VARINT));
    put_varint(m, (uint64_t)value);
}

void p2p_message_float(P2pMessage *m, int field, float value)
{
    put_varint(m, tag(field, FIXED32));
    put(m, &value, sizeof(value));
}

void p2p_message_double(P2pMessage *m, int field, double value)
{
    put_varint(m, tag(field, FIXED64));
    put(m, &value, sizeof(value));
}

void p2p_message_bytes(P2pMessage *m, int field, const void *data, size_t bytes)
{
    p2p_message_frame(m, field, bytes);
    put(m, data, bytes);
}

void p2p_message_text(P2pMessage *m, int field, const char *text)
{
    p2p_message_bytes(m, field, text, strlen(text));
}

void p2p_message_nest(P2pMessage *m, int field, P2pMessage *inner)
{
    p2p_message_frame(m, field, inner->used);
    put(m, inner->data, inner->used);
    m->err = m->err ? m->err : inner->err;
    free(inner->data);
    *inner = (P2pMessage){0};
}
