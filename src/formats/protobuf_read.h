/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading protobuf messages: one field after the other. Knows the wire format, no schema, and trusts
 * no length.
 *
 * Source: https://protobuf.dev/programming-guides/encoding
 */
#ifndef P2P_FORMATS_PROTOBUF_READ_H
#define P2P_FORMATS_PROTOBUF_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes in memory, and how many of them were read. */
typedef struct P2pWire {
    const unsigned char *data;
    size_t bytes, at;
} P2pWire;

typedef enum P2pWireType {
    P2P_WIRE_VARINT = 0,
    P2P_WIRE_FIXED64 = 1,
    P2P_WIRE_BYTES = 2,
    P2P_WIRE_FIXED32 = 5
} P2pWireType;

typedef struct P2pField {
    int number;
    P2pWireType type;
    uint64_t value; /* of numbers */
    P2pWire within; /* P2P_WIRE_BYTES: a text or a message, not read yet */
} P2pField;

/** A number of 7 bits a byte; false where there is none. */
bool p2p_wire_varint(P2pWire *wire, uint64_t *value);

/** The next field; false at the end, and where the bytes are no field: then *at is not *bytes. */
bool p2p_wire_field(P2pWire *wire, P2pField *field);

/** Whether the wire was read to its end: the fields were fields. */
bool p2p_wire_ended(const P2pWire *wire);

/** Whether bytes are this text. */
bool p2p_wire_is(const P2pWire *wire, const char *text);

#endif
