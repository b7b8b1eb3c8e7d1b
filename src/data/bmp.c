/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BMP, for reading (Microsoft's BITMAPFILEHEADER with a BITMAPCOREHEADER, BITMAPINFOHEADER, V4 or V5): 1, 4
 * and 8 bits with a palette, 16, 24 and 32 bits, upwards and downwards; not run-length coded. Rows are taken
 * from where they lie in the file.
 */
#include <stdint.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codecs.h"

enum {
    FILE_HEAD = 14,
    CORE_HEAD = 12,
    INFO_HEAD = 40,
    RGB = 0, /* compressions */
    FIELDS = 3,
    ALPHA_FIELDS = 6,
    MASKS = FILE_HEAD + 40, /* where they are, in or behind the info header */
};

typedef struct Reader {
    P2pDecoder base;
    P2pCodecInput in;
    size_t pixels, stride; /* bytes: where rows begin, and from one to the next */
    size_t palette, colours, colour_bytes;
    unsigned bits;
    uint32_t masks[4]; /* red, green, blue, alpha */
    bool down;         /* the first row is the uppermost */
} Reader;

bool p2p_bmp_recognise(const unsigned char *data, size_t bytes)
{
    return bytes >= FILE_HEAD + CORE_HEAD && data[0] == 'B' && data[1] == 'M';
}

static uint32_t number(const Reader *r, size_t at, int bytes)
{
    uint32_t v = 0;

    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | (at + (size_t)i < r->in.bytes ? r->in.data[at + (size_t)i] : 0);
    return v;
}

static int not_read(const Reader *r, const char *what)
{
    return p2p_fail(P2P_EFORMAT, "%s: is a BMP of a kind that is not read (%s); convert it",
                    r->in.name, what);
}

/* Shift and size of a mask of neighbouring bits; size 0: it is none. */
static void measure(uint32_t mask, unsigned *shift, unsigned *size)
{
    *shift = *size = 0;
    while (mask && !(mask >> *shift & 1))
        ++*shift;
    while (*shift + *size < 32 && mask >> *shift >> *size & 1)
        ++*size;
    if (*size < 32 && mask >> *shift >> *size)
        *size = 0;
}

static int find_masks(Reader *r, uint32_t head, uint32_t compression)
{
    static const uint32_t five[4] = {0x7c00, 0x3e0, 0x1f, 0};
    static const uint32_t eight[4] = {0xff0000, 0xff00, 0xff, 0};

    memcpy(r->masks, r->bits == 16 ? five : eight, sizeof(r->masks));
    if (compression == RGB)
        return P2P_OK;
    for (size_t c = 0; c < 4; c++)
        r->masks[c] = c < 3 || head > INFO_HEAD + 12 || compression == ALPHA_FIELDS
                          ? number(r, MASKS + 4 * c, 4)
                          : 0;
    for (int c = 0; c < 3; c++) {
        unsigned shift, size;
        measure(r->masks[c], &shift, &size);
        if (!size || size > 8)
            return not_read(r, "odd masks of colours");
    }
    return P2P_OK;
}

static int find_layout(Reader *r, uint32_t head, uint32_t compression, uint32_t colours)
{
    P2pImage *image = &r->base.image;
    const bool indexed = r->bits <= 8;

    r->pixels = number(r, 10, 4);
    r->stride = ((size_t)image->width * r->bits + 31) / 32 * 4;
    r->palette = FILE_HEAD + head;
    r->colour_bytes = head == CORE_HEAD ? 3 : 4;
    r->colours = indexed && (!colours || colours > 1u << r->bits) ? 1u << r->bits : colours;
    if (!indexed && r->bits != 24) {
        const int err = find_masks(r, head, compression);
        if (err)
            return err;
    }
    image->channels = !indexed && r->bits == 32 && r->masks[3] ? 4 : 3;
    image->bits = 8;
    if (r->pixels > r->in.bytes || r->stride * (size_t)image->height > r->in.bytes - r->pixels ||
        (indexed && r->palette + r->colours * r->colour_bytes > r->in.bytes))
        return p2p_fail(P2P_EFORMAT, "%s: the BMP is truncated or damaged", r->in.name);
    return P2P_OK;
}

static int read_head(Reader *r)
{
    const uint32_t head = number(r, FILE_HEAD, 4);
    const bool core = head == CORE_HEAD;
    const int32_t height = core ? (int32_t)number(r, 20, 2) : (int32_t)number(r, 22, 4);
    const double width = core ? number(r, 18, 2) : number(r, 18, 4);
    const uint32_t compression = core ? RGB : number(r, 30, 4);
    int err;

    if (!core && head < INFO_HEAD)
        return not_read(r, "an unknown header");
    r->bits = number(r, core ? 24 : 28, 2);
    r->down = height < 0;
    if ((err = p2p_codec_check_size(r->in.name, width, r->down ? -(double)height : height,
                                    r->in.max_pixels)) < 0)
        return err;
    if (r->bits != 1 && r->bits != 4 && r->bits != 8 && r->bits != 16 && r->bits != 24 &&
        r->bits != 32)
        return not_read(r, "an odd number of bits");
    if (compression != RGB && !((compression == FIELDS || compression == ALPHA_FIELDS) &&
                                (r->bits == 16 || r->bits == 32)))
        return not_read(r, "compressed");
    r->base.image.width = (int)width;
    r->base.image.height = r->down ? -height : height;
    return find_layout(r, head, compression, core ? 0 : number(r, 46, 4));
}

static void indexed_pixel(const Reader *r, const unsigned char *row, size_t x, unsigned char *to)
{
    const unsigned per_byte = 8 / r->bits;
    const unsigned shift = 8 - r->bits * (unsigned)(x % per_byte + 1);
    const size_t index = row[x / per_byte] >> shift & ((1u << r->bits) - 1);
    const unsigned char *colour = r->in.data + r->palette + index * r->colour_bytes;

    for (int c = 0; c < 3; c++)
        to[c] = index < r->colours ? colour[2 - c] : 0;
}

static void masked_pixel(const Reader *r, const unsigned char *row, size_t x, unsigned char *to)
{
    const size_t at = (size_t)(row - r->in.data) + x * r->bits / 8;
    const uint32_t v = number(r, at, (int)r->bits / 8);

    for (int c = 0; c < r->base.image.channels; c++) {
        unsigned shift, size;
        measure(r->masks[c], &shift, &size);
        const uint32_t most = size ? (1u << (size < 8 ? size : 8)) - 1 : 1;
        to[c] = (unsigned char)((v >> shift & most) * 255 / most);
    }
}

static int next(P2pDecoder *base, int rows, void *samples)
{
    const Reader *r = (const Reader *)base;
    const size_t n = (size_t)base->image.channels;
    unsigned char *to = samples;

    for (int y = base->done; y < base->done + rows; y++) {
        const size_t line = (size_t)(r->down ? y : base->image.height - 1 - y);
        const unsigned char *row = r->in.data + r->pixels + line * r->stride;
        for (size_t x = 0; x < (size_t)base->image.width; x++, to += n)
            if (r->bits <= 8)
                indexed_pixel(r, row, x, to);
            else if (r->bits == 24)
                for (size_t c = 0; c < 3; c++)
                    to[c] = row[3 * x + 2 - c];
            else
                masked_pixel(r, row, x, to);
    }
    return P2P_OK;
}

static void close_reader(P2pDecoder *base)
{
    free(base);
}

int p2p_bmp_decode(P2pDecoder **out, const P2pCodecInput *input)
{
    Reader *r = p2p_alloc(1, sizeof(*r));

    if (!r)
        return P2P_ENOMEM;
    r->base = (P2pDecoder){.next = next, .close = close_reader};
    r->in = *input;
    *out = &r->base;
    return read_head(r);
}
