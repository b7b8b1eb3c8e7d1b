/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC-32C (Castagnoli), eight bytes at a time by tables: weights are hundreds of megabytes.
 *
 * Source: RFC 3720, appendix B.4; the mask: LevelDB's util/crc32c.h.
 */
#include "src/base/crc32c.h"

enum { LANES = 8 };

typedef uint32_t Tables[LANES][256];

static void fill(Tables t)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
        t[0][i] = crc;
    }
    for (int lane = 1; lane < LANES; lane++)
        for (int i = 0; i < 256; i++)
            t[lane][i] = t[lane - 1][i] >> 8 ^ t[0][t[lane - 1][i] & 0xff];
}

uint32_t p2p_crc32c_masked(const void *data, size_t bytes)
{
    const unsigned char *p = data;
    uint32_t crc = UINT32_MAX;
    Tables t;

    fill(t);
    for (; bytes >= LANES; p += LANES, bytes -= LANES) {
        uint32_t next = 0;
        for (int i = 0; i < LANES; i++)
            next ^= t[LANES - 1 - i][p[i] ^ (i < 4 ? crc >> 8 * i & 0xff : 0)];
        crc = next;
    }
    for (; bytes; p++, bytes--)
        crc = crc >> 8 ^ t[0][(crc ^ *p) & 0xff];
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}
