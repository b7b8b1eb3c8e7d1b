/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from outside made fit for a terminal: names of files, metadata, tensors. Prints nothing. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "p2p/common.h"
#include "src/base/show.h"

enum { SHOWN_BYTES = 5 }; /* the longest escape, and its end */

/* Bytes of the UTF-8 character at s and what it is; 0 where s does not begin one. */
static int decode(const unsigned char *s, unsigned *code)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const int bytes = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;

    if (bytes < 2) {
        *code = *s;
        return bytes;
    }
    *code = *s & (0x7fu >> bytes);
    for (int i = 1; i < bytes; i++) {
        if (s[i] >> 6 != 2)
            return 0; /* also the end of the text */
        *code = *code << 6 | (s[i] & 0x3fu);
    }
    return *code < least[bytes] || *code > 0x10ffff || *code >> 11 == 27 ? 0 : bytes;
}

bool p2p_is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned code;
    int bytes = 1;

    for (; *at && bytes; at += bytes)
        bytes = decode(at, &code);
    return bytes > 0;
}

/* No control, no change of direction, nothing invisible that makes two names look alike. */
static bool is_plain(unsigned code)
{
    static const unsigned bad[][2] = {{0x0, 0x1f},      {0x7f, 0x9f},     {0x61c, 0x61c},
                                      {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                                      {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (code >= bad[i][0] && code <= bad[i][1])
            return false;
    return true;
}

static void escape(unsigned char c, char out[SHOWN_BYTES])
{
    const char *letter = c ? strchr("\nn\tt\rr", c) : NULL;

    if (letter)
        snprintf(out, SHOWN_BYTES, "\\%c", letter[1]);
    else
        snprintf(out, SHOWN_BYTES, "\\x%02x", c);
}

char *p2p_show(char *out, size_t bytes, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t used = 0;
    unsigned code;

    while (*s) {
        const int length = decode(s, &code);
        char escaped[SHOWN_BYTES];
        const char *piece = (const char *)s;
        size_t count = (size_t)length;
        if (!length || !is_plain(code)) {
            escape(*s, escaped);
            piece = escaped;
            count = strlen(escaped);
        }
        if (used + count >= bytes)
            break;
        memcpy(out + used, piece, count);
        used += count;
        s += piece == escaped ? 1 : length;
    }
    out[used] = '\0';
    return out;
}
