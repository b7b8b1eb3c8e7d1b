/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arrays of NumPy, format versions 1 to 3 (numpy.lib.format): [height, width] or [height, width, channels] in
 * C order, of unsigned 8 or 16 bits, or floats of 16, 32 or 64 bits, 0 black and 1 white.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "src/base/half.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codecs.h"

static const char magic[] = "\x93NUMPY";

enum {
    MAGIC = 6,
    MOST_HEAD = 4096,
    MOST_AXES = 3,
    ALIGNED = 64, /* bytes before the samples are a multiple of it */
};

typedef struct Reader {
    P2pDecoder base;
    P2pCodecInput in;
    size_t samples; /* byte where they begin */
    char kind;      /* 'u' or 'f' */
    size_t each;    /* bytes of a sample */
    bool big;
} Reader;

bool p2p_npy_recognise(const unsigned char *data, size_t bytes)
{
    return bytes >= MAGIC + 4 && memcmp(data, magic, MAGIC) == 0;
}

static int not_read(const Reader *r, const char *what)
{
    return p2p_fail(P2P_EFORMAT, "%s: %s", r->in.name, what);
}

/* The text behind "'key':" in the head; NULL: it is not there. */
static const char *value_of(const char *head, const char *key)
{
    char quoted[32];

    snprintf(quoted, sizeof(quoted), "'%s':", key);
    const char *at = strstr(head, quoted);
    if (!at)
        return NULL;
    at += strlen(quoted);
    while (*at == ' ')
        at++;
    return at;
}

static int read_type(Reader *r, const char *head)
{
    const char *descr = value_of(head, "descr");
    char order, kind, end;
    unsigned bytes;

    if (!descr || sscanf(descr, "'%c%c%1u%c", &order, &kind, &bytes, &end) != 4 || end != '\'' ||
        (kind == 'f' ? bytes != 2 && bytes != 4 && bytes != 8
                     : kind != 'u' || (bytes != 1 && bytes != 2)))
        return not_read(r, "its samples are none of uint8, uint16, float16, float32 and float64; "
                           "convert them with astype()");
    r->kind = kind;
    r->each = bytes;
    r->big = order == '>';
    return P2P_OK;
}

static int read_shape(Reader *r, const char *head)
{
    const char *order = value_of(head, "fortran_order"), *at = value_of(head, "shape");
    long axes[MOST_AXES] = {0, 0, 1};
    int count = 0, used = 0;
    P2pImage *image = &r->base.image;
    int err;

    if (!order || strncmp(order, "False", 5) != 0)
        return not_read(r, "its axes are in Fortran's order; save numpy.ascontiguousarray()");
    for (at = at && *at == '(' ? at + 1 : "";
         count < MOST_AXES && sscanf(at, "%9ld%n", &axes[count], &used) == 1; count++) {
        at += used;
        at += strspn(at, ", ");
    }
    if (count < 2 || *at != ')')
        return not_read(r, "its shape is neither [height, width] nor [height, width, channels]");
    if (axes[2] < 1 || axes[2] > P2P_IMAGE_MAX_CHANNELS)
        return p2p_fail(
            P2P_EFORMAT,
            "%s: has the shape (%ld, %ld, %ld), whose last axis is no 1 to %d channels; "
            "the order is [height, width, channels]",
            r->in.name, axes[0], axes[1], axes[2], P2P_IMAGE_MAX_CHANNELS);
    if ((err = p2p_codec_check_size(r->in.name, (double)axes[1], (double)axes[0],
                                    r->in.max_pixels)) < 0)
        return err;
    image->height = (int)axes[0];
    image->width = (int)axes[1];
    image->channels = (int)axes[2];
    image->bits = r->kind == 'f' ? 32 : (int)(8 * r->each);
    return p2p_codec_check_bytes(r->in.name, image, r->in.max_pixels);
}

static int read_head(Reader *r)
{
    const unsigned char *d = r->in.data;
    const size_t start = d[6] == 1 ? MAGIC + 4 : MAGIC + 6;
    size_t bytes = (size_t)d[8] | (size_t)d[9] << 8;
    char head[MOST_HEAD + 1];
    int err;

    if (d[6] > 1 && r->in.bytes >= start)
        bytes |= (size_t)d[10] << 16 | (size_t)d[11] << 24;
    if (d[6] < 1 || d[6] > 3 || bytes > MOST_HEAD || start + bytes > r->in.bytes)
        return not_read(r, "the NPY's head is truncated or damaged");
    memcpy(head, d + start, bytes);
    head[bytes] = '\0';
    r->samples = start + bytes;
    if ((err = read_type(r, head)) < 0 || (err = read_shape(r, head)) < 0)
        return err;
    const P2pImage *image = &r->base.image;
    if ((size_t)image->width * (size_t)image->height * (size_t)image->channels * r->each >
        r->in.bytes - r->samples)
        return not_read(r, "the NPY is truncated");
    return P2P_OK;
}

static uint64_t bits_of(const Reader *r, const unsigned char *at)
{
    uint64_t v = 0;

    for (size_t i = 0; i < r->each; i++)
        v = v << 8 | at[r->big ? i : r->each - 1 - i];
    return v;
}

static float real_of(const Reader *r, uint64_t bits)
{
    const uint32_t word = (uint32_t)bits;
    double wide;
    float real;

    if (r->each == 2)
        return p2p_half_to_float((uint16_t)bits);
    memcpy(&real, &word, sizeof(real));
    memcpy(&wide, &bits, sizeof(wide));
    return r->each == 4 ? real : (float)wide;
}

static int next(P2pDecoder *base, int rows, void *samples)
{
    const Reader *r = (const Reader *)base;
    const size_t row = (size_t)base->image.width * (size_t)base->image.channels;
    const unsigned char *at = r->in.data + r->samples + (size_t)base->done * row * r->each;

    for (size_t i = 0; i < (size_t)rows * row; i++, at += r->each)
        if (r->kind == 'f')
            ((float *)samples)[i] = real_of(r, bits_of(r, at));
        else if (r->each == 2)
            ((uint16_t *)samples)[i] = (uint16_t)bits_of(r, at);
        else
            ((uint8_t *)samples)[i] = *at;
    return P2P_OK;
}

static void close_reader(P2pDecoder *base)
{
    free(base);
}

int p2p_npy_decode(P2pDecoder **out, const P2pCodecInput *input)
{
    Reader *r = p2p_alloc(1, sizeof(*r));

    if (!r)
        return P2P_ENOMEM;
    r->base = (P2pDecoder){.next = next, .close = close_reader};
    r->in = *input;
    *out = &r->base;
    return read_head(r);
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* In the host's order of bytes. */
static int put(P2pEncoder *e, int rows, const void *samples)
{
    return p2p_sink_put(e->sink, samples,
                        p2p_image_bytes(&e->image) / (size_t)e->image.height * (size_t)rows);
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

int p2p_npy_encode(P2pEncoder **out, const P2pEncoder *like)
{
    const P2pImage *image = &like->image;
    const uint16_t one = 1;
    const char order = image->bits == 8 ? '|' : *(const unsigned char *)&one ? '<' : '>';
    char head[MOST_HEAD], channels[16] = "";
    P2pEncoder *e = p2p_alloc(1, sizeof(*e));

    if (!e)
        return P2P_ENOMEM;
    *e = *like;
    e->put = put;
    e->end = end;
    e->close = close_writer;
    *out = e;
    if (image->channels > 1)
        snprintf(channels, sizeof(channels), ", %d", image->channels);
    const int n = snprintf(head + MAGIC + 4, sizeof(head) - MAGIC - 4,
                           "{'descr': '%c%c%d', 'fortran_order': False, 'shape': (%d, %d%s), }",
                           order, image->bits == 32 ? 'f' : 'u', image->bits / 8, image->height,
                           image->width, channels);
    size_t bytes = MAGIC + 4 + (size_t)n;
    do
        head[bytes++] = ' ';
    while (bytes % ALIGNED);
    head[bytes - 1] = '\n';
    memcpy(head, magic, MAGIC);
    head[6] = 1;
    head[7] = 0;
    head[8] = (char)((bytes - MAGIC - 4) & 255);
    head[9] = (char)((bytes - MAGIC - 4) >> 8);
    return p2p_sink_put(e->sink, head, bytes);
}
