/* SPDX-License-Identifier: BSD-2-Clause */
/* A header of 8 bytes, of which 4 are the exponent, then halves. */
#include "src/comm/pack.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "src/base/half.h"
#include "src/base/memory.h"

/* The largest becomes 2^14 to 2^15, so that it is finite with any rounding. */
enum { HEADER_BYTES = 8, TOP = 15, MOST_SHIFT = 126 };

size_t p2p_pack_bytes(size_t count)
{
    return p2p_round_up(HEADER_BYTES + count * sizeof(uint16_t), 8);
}

/* By what power of two they are multiplied; 0 where one is no number, which then comes through as it is. */
static int32_t shift_of(const float *from, size_t count)
{
    uint32_t most = 0;
    float largest;
    int exponent;

    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &from[i], sizeof(bits));
        bits &= 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    memcpy(&largest, &most, sizeof(largest));
    if (most == 0 || most >= 0x7f800000u)
        return 0;
    frexpf(largest, &exponent);
    return p2p_min(TOP - exponent, MOST_SHIFT);
}

void p2p_pack(const float *from, size_t count, void *to)
{
    const int32_t shift = shift_of(from, count);
    const float scale = ldexpf(1.0f, shift);
    unsigned char *at = to;

    memset(at, 0, HEADER_BYTES);
    memcpy(at, &shift, sizeof(shift));
    at += HEADER_BYTES;
    for (size_t i = 0; i < count; i++, at += sizeof(uint16_t)) {
        const uint16_t half = p2p_float_to_half(from[i] * scale);
        memcpy(at, &half, sizeof(half));
    }
}

void p2p_unpack_part(const void *from, size_t first, size_t count, float *to)
{
    const unsigned char *at = from;
    int32_t shift;

    memcpy(&shift, at, sizeof(shift));
    const float scale = ldexpf(1.0f, -shift);
    at += HEADER_BYTES + first * sizeof(uint16_t);
    for (size_t i = 0; i < count; i++, at += sizeof(uint16_t)) {
        uint16_t half;
        memcpy(&half, at, sizeof(half));
        to[i] = p2p_half_to_float(half) * scale;
    }
}

void p2p_unpack(const void *from, size_t count, float *to)
{
    p2p_unpack_part(from, 0, count, to);
}
