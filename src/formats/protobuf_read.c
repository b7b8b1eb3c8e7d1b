/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of protobuf messages, as they come. */
#include "src/formats/protobuf_read.h"

#include <string.h>

enum { MOST_NUMBER = 1 << 29 };

bool p2p_wire_varint(P2pWire *w, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; w->at < w->bytes && shift < 64; shift += 7) {
        const unsigned char byte = w->data[w->at++];
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* Little-endian. */
static bool take_fixed(P2pWire *w, size_t bytes, uint64_t *value)
{
    *value = 0;
    if (w->bytes - w->at < bytes)
        return false;
    for (size_t i = bytes; i-- > 0;)
        *value = *value << 8 | w->data[w->at + i];
    w->at += bytes;
    return true;
}

static bool take_bytes(P2pWire *w, P2pWire *within)
{
    uint64_t length;

    if (!p2p_wire_varint(w, &length) || length > w->bytes - w->at)
        return false;
    *within = (P2pWire){.data = w->data + w->at, .bytes = (size_t)length};
    w->at += (size_t)length;
    return true;
}

bool p2p_wire_field(P2pWire *w, P2pField *f)
{
    const size_t from = w->at;
    uint64_t tag;
    bool good = p2p_wire_varint(w, &tag) && tag >> 3 && tag >> 3 < MOST_NUMBER;

    *f = (P2pField){0};
    if (good) {
        f->number = (int)(tag >> 3);
        f->type = (P2pWireType)(tag & 7);
        good = f->type == P2P_WIRE_VARINT    ? p2p_wire_varint(w, &f->value)
               : f->type == P2P_WIRE_FIXED64 ? take_fixed(w, 8, &f->value)
               : f->type == P2P_WIRE_FIXED32
                   ? take_fixed(w, 4, &f->value)
                   : f->type == P2P_WIRE_BYTES && take_bytes(w, &f->within);
    }
    if (!good)
        w->at = from;
    return good;
}

bool p2p_wire_ended(const P2pWire *w)
{
    return w->at == w->bytes;
}

bool p2p_wire_is(const P2pWire *w, const char *text)
{
    return w->bytes == strlen(text) && !memcmp(w->data, text, w->bytes);
}
