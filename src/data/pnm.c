/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The portable any-map family of Netpbm (pbm(5), pgm(5), ppm(5), pam(5)): P1 to P6, as text and binary, and
 * P7 of any depth. Samples of another maximum than 255 and 65535 are scaled. Of a file of several
 * pictures the first is read. Written are P5 and P6.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codecs.h"

enum { MOST_DIGITS = 7, MOST = 65535 };

typedef struct Reader {
    P2pDecoder base;
    P2pCodecInput in;
    size_t at;
    int kind; /* the digit behind P */
    unsigned most;
} Reader;

static bool is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool p2p_pnm_recognise(const unsigned char *data, size_t bytes)
{
    return bytes >= 3 && data[0] == 'P' && data[1] >= '1' && data[1] <= '7' &&
           (is_space(data[2]) || data[2] == '#');
}

static int damaged(const Reader *r)
{
    return p2p_fail(P2P_EFORMAT, "%s: the PNM is truncated or damaged at byte %zu", r->in.name,
                    r->at);
}

static void skip_space(Reader *r)
{
    for (; r->at < r->in.bytes; r->at++) {
        if (r->in.data[r->at] == '#') /* up to the end of the line */
            while (r->at < r->in.bytes && r->in.data[r->at] != '\n')
                r->at++;
        if (r->at == r->in.bytes || !is_space(r->in.data[r->at]))
            return;
    }
}

/* The next number, 0 to 9999999; false: there is none. */
static bool number(Reader *r, int *value)
{
    int digits = 0;

    skip_space(r);
    for (*value = 0; r->at < r->in.bytes && digits <= MOST_DIGITS; r->at++, digits++) {
        const unsigned char c = r->in.data[r->at];
        if (c < '0' || c > '9')
            break;
        *value = *value * 10 + (c - '0');
    }
    return digits > 0 && digits <= MOST_DIGITS;
}

/* The next word of P7's head. */
static void word(Reader *r, char text[16])
{
    size_t n = 0;

    skip_space(r);
    for (; r->at < r->in.bytes && !is_space(r->in.data[r->at]); r->at++)
        if (n < 15)
            text[n++] = (char)r->in.data[r->at];
    text[n] = '\0';
}

static bool read_pam_head(Reader *r, int *width, int *height, int *channels, int *most)
{
    char key[16], ignored[16];

    for (;;) {
        word(r, key);
        int *value = !strcmp(key, "WIDTH")    ? width
                     : !strcmp(key, "HEIGHT") ? height
                     : !strcmp(key, "DEPTH")  ? channels
                     : !strcmp(key, "MAXVAL") ? most
                                              : NULL;
        if (!strcmp(key, "ENDHDR"))
            return true;
        if (value ? !number(r, value) : strcmp(key, "TUPLTYPE") != 0)
            return false;
        if (!value)
            word(r, ignored);
    }
}

static int read_head(Reader *r)
{
    P2pImage *image = &r->base.image;
    int width = 0, height = 0, channels = r->kind % 3 == 0 ? 3 : 1, most = 1;
    bool good;
    int err;

    if (r->kind == 7)
        good = read_pam_head(r, &width, &height, &channels, &most);
    else
        good = number(r, &width) && number(r, &height) && (r->kind % 3 == 1 || number(r, &most));
    if (!good || most < 1 || most > MOST)
        return damaged(r);
    r->at += r->at < r->in.bytes; /* one blank lies before binary samples */
    if ((err = p2p_codec_check_size(r->in.name, width, height, r->in.max_pixels)) < 0)
        return err;
    if (channels < 1 || channels > P2P_IMAGE_MAX_CHANNELS)
        return p2p_fail(P2P_EFORMAT, "%s: has %d channels; 1 to %d are read", r->in.name, channels,
                        P2P_IMAGE_MAX_CHANNELS);
    image->width = width;
    image->height = height;
    image->channels = channels;
    image->bits = most < 256 ? 8 : 16;
    r->most = (unsigned)most;
    return p2p_codec_check_bytes(r->in.name, image, r->in.max_pixels);
}

/* Rounded as Pillow does, halves to even. */
static unsigned scaled(const Reader *r, unsigned v)
{
    const unsigned full = r->base.image.bits == 8 ? 255 : MOST;

    if (v > r->most)
        v = r->most;
    return r->most == full ? v : (unsigned)lrint((double)v / r->most * full);
}

/* A row as text; of P1 the digits may stand together, and 1 is black. */
static bool text_row(Reader *r, uint32_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int v;
        if (r->kind != 1) {
            if (!number(r, &v))
                return false;
        } else {
            skip_space(r);
            if (r->at == r->in.bytes || (r->in.data[r->at] != '0' && r->in.data[r->at] != '1'))
                return false;
            v = r->in.data[r->at++] == '0';
        }
        samples[i] = (uint32_t)v;
    }
    return true;
}

static bool binary_row(Reader *r, uint32_t *samples, size_t count)
{
    const unsigned char *row = r->in.data + r->at;
    const size_t each = r->most < 256 ? 1 : 2;
    const size_t bytes = r->kind == 4 ? (count + 7) / 8 : count * each;

    if (bytes > r->in.bytes - r->at)
        return false;
    for (size_t i = 0; i < count; i++)
        samples[i] = r->kind == 4 ? !(row[i / 8] >> (7 - i % 8) & 1)
                     : each == 1  ? row[i]
                                  : (uint32_t)row[2 * i] << 8 | row[2 * i + 1];
    r->at += bytes;
    return true;
}

static int next(P2pDecoder *base, int rows, void *samples)
{
    Reader *r = (Reader *)base;
    const size_t count = (size_t)base->image.width * (size_t)base->image.channels;
    uint32_t *line = p2p_alloc(count, sizeof(*line));
    int err = line ? P2P_OK : P2P_ENOMEM;

    for (size_t y = 0; !err && y < (size_t)rows; y++) {
        if (!(r->kind <= 3 ? text_row(r, line, count) : binary_row(r, line, count)))
            err = damaged(r);
        for (size_t i = 0; !err && i < count; i++)
            if (base->image.bits == 8)
                ((uint8_t *)samples)[y * count + i] = (uint8_t)scaled(r, line[i]);
            else
                ((uint16_t *)samples)[y * count + i] = (uint16_t)scaled(r, line[i]);
    }
    free(line);
    return err;
}

static void close_reader(P2pDecoder *base)
{
    free(base);
}

int p2p_pnm_decode(P2pDecoder **out, const P2pCodecInput *input)
{
    Reader *r = p2p_alloc(1, sizeof(*r));

    if (!r)
        return P2P_ENOMEM;
    r->base = (P2pDecoder){.next = next, .close = close_reader};
    r->in = *input;
    r->kind = input->data[1] - '0';
    r->at = 2;
    *out = &r->base;
    return read_head(r);
}

/* ---- Writing ------------------------------------------------------------------------------- */

static int put(P2pEncoder *e, int rows, const void *samples)
{
    const size_t count = p2p_image_bytes(&e->image) / (size_t)e->image.height * (size_t)rows;
    const uint16_t *from = samples;
    unsigned char piece[4096];
    int err = P2P_OK;

    if (e->image.bits == 8)
        return p2p_sink_put(e->sink, samples, count);
    for (size_t i = 0, n = 0; !err && i < count / 2; i++) {
        piece[n++] = (unsigned char)(from[i] >> 8);
        piece[n++] = (unsigned char)from[i];
        if (n == sizeof(piece) || i + 1 == count / 2) {
            err = p2p_sink_put(e->sink, piece, n);
            n = 0;
        }
    }
    return err;
}

static int end(P2pEncoder *e)
{
    (void)e;
    return P2P_OK;
}

static void close_writer(P2pEncoder *e)
{
    free(e);
}

int p2p_pnm_encode(P2pEncoder **out, const P2pEncoder *like)
{
    P2pEncoder *e = p2p_alloc(1, sizeof(*e));
    char head[64];

    if (!e)
        return P2P_ENOMEM;
    *e = *like;
    e->put = put;
    e->end = end;
    e->close = close_writer;
    *out = e;
    const int n = snprintf(head, sizeof(head), "P%d\n%d %d\n%d\n", e->image.channels == 1 ? 5 : 6,
                           e->image.width, e->image.height, e->image.bits == 8 ? 255 : MOST);
    return p2p_sink_put(e->sink, head, (size_t)n);
}
