/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing protobuf messages: fields go into a buffer that grows. Knows the wire format, no schema.
 *
 * Source: https://protobuf.dev/programming-guides/encoding
 */
#ifndef P2P_FORMATS_PROTOBUF_H
#define P2P_FORMATS_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

/** Starts as {0}; a failure stays in err, and later calls do nothing. The owner frees data. */
typedef struct P2pMessage {
    unsigned char *data;
    size_t used, room;
    int err;
} P2pMessage;

enum { P2P_FRAME_BYTES = 20 };

/** Tag and length of a field of `length` bytes, which follow, into out: the bytes these take. */
size_t p2p_protobuf_frame(unsigned char out[P2P_FRAME_BYTES], int field, uint64_t length);

void p2p_message_int(P2pMessage *m, int field, int64_t value);
void p2p_message_float(P2pMessage *m, int field, float value);
void p2p_message_double(P2pMessage *m, int field, double value);
void p2p_message_bytes(P2pMessage *m, int field, const void *data, size_t bytes);
void p2p_message_text(P2pMessage *m, int field, const char *text);
/** A message within another; its memory is released, and it is {0} again. */
void p2p_message_nest(P2pMessage *m, int field, P2pMessage *inner);
/** The frame alone, of bytes that the caller writes behind the message. */
void p2p_message_frame(P2pMessage *m, int field, uint64_t length);

#endif
