/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The orientation that EXIF data tells (EXIF 2.32, 4.6.4 A; TIFF 6.0, section 2): the tag 0x0112 of
 * the first directory, and nothing else. Nothing in the data is trusted.
 */
#include <stdint.h>
#include <string.h>

#include "src/data/codec.h"

enum {
    HEADER = 8, /* "II" or "MM", 42, where the first directory is */
    ENTRY = 12, /* tag, type, count, value */
    ORIENTATION = 0x0112,
    SHORT = 3,
};

static uint32_t number(const unsigned char *at, int bytes, bool little)
{
    uint32_t v = 0;

    for (int i = 0; i < bytes; i++)
        v = v << 8 | at[little ? bytes - 1 - i : i];
    return v;
}

int p2p_exif_orientation(const unsigned char *data, size_t bytes)
{
    static const char mark[] = "Exif\0"; /* and another zero; in JPEG always, in PNG of some */

    if (bytes >= sizeof(mark) && memcmp(data, mark, sizeof(mark)) == 0) {
        data += sizeof(mark);
        bytes -= sizeof(mark);
    }
    if (bytes < HEADER || (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0))
        return 0;
    const bool little = data[0] == 'I';
    const size_t directory = number(data + 4, 4, little);
    if (directory > bytes - 2)
        return 0;
    const size_t count = number(data + directory, 2, little);
    for (size_t i = 0, at = directory + 2; i < count && bytes - at >= ENTRY; i++, at += ENTRY) {
        const uint32_t value = number(data + at + 8, 2, little);
        if (number(data + at, 2, little) == ORIENTATION)
            return number(data + at + 2, 2, little) == SHORT && value <= 8 ? (int)value : 0;
    }
    return 0;
}
