/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PNG by libpng, row by row where it is not interlaced. Of ancillary chunks libpng gets only
 * transparency to see, so that no other can spoil a picture; what else is wanted is looked for here, in
 * no memory. libpng reports failures by longjmp: all that must survive one lives in a struct of the
 * caller's.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libdeflate.h>
#include <png.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codecs.h"
#include "src/data/profile.h"

enum { DEFLATE_MOST = 1032 }; /* bytes out of one byte of a deflate stream, at most */

/* What both directions share. */
typedef struct Png {
    png_structp png;
    png_infop info;
    char message[128];
} Png;

static void on_error(png_structp png, png_const_charp text)
{
    Png *p = png_get_error_ptr(png);

    snprintf(p->message, sizeof(p->message), "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static bool little_endian(void)
{
    const uint16_t one = 1;

    return *(const unsigned char *)&one == 1;
}

/* ---- Reading ------------------------------------------------------------------------------- */

typedef struct Reader {
    P2pDecoder base;
    Png png;
    P2pCodecInput in;
    size_t at;
    png_bytep *rows; /* of a whole picture, where it is interlaced */
} Reader;

bool p2p_png_recognise(const unsigned char *data, size_t bytes)
{
    return bytes >= 8 && png_sig_cmp(data, 0, 8) == 0;
}

static void read_bytes(png_structp png, png_bytep data, size_t bytes)
{
    Reader *r = png_get_io_ptr(png);

    if (bytes > r->in.bytes - r->at)
        png_error(png, "the file ends too early");
    memcpy(data, r->in.data + r->at, bytes);
    r->at += bytes;
}

static size_t stride(const P2pImage *image)
{
    return p2p_image_bytes(image) / (size_t)image->height;
}

static int damaged(const Reader *r)
{
    return p2p_fail(P2P_EFORMAT, "%s: the PNG is truncated or damaged (%s)", r->in.name,
                    r->png.message);
}

/* Everything to 8 or 16 bits of grey, grey and alpha, RGB or RGBA, in host byte order. */
static void set_transforms(Reader *r)
{
    png_set_expand(r->png.png);
    if (little_endian())
        png_set_swap(r->png.png);
    png_set_interlace_handling(r->png.png);
    png_read_update_info(r->png.png, r->png.info);
}

static int read_head(Reader *r)
{
    const png_structp png = r->png.png;
    const png_infop info = r->png.info;
    int err;

    if (setjmp(png_jmpbuf(png)))
        return damaged(r);
    png_set_read_fn(png, r, read_bytes);
    png_set_user_limits(png, P2P_IMAGE_MAX_SIDE, P2P_IMAGE_MAX_SIDE);
    png_set_chunk_malloc_max(png, 0); /* chunks of any size are skipped, in no memory */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, info);

    const double width = png_get_image_width(png, info);
    const double height = png_get_image_height(png, info);
    if ((err = p2p_codec_check_size(r->in.name, width, height, r->in.max_pixels)) < 0)
        return err;
    /* Before expansion: a header that promises more than its file can hold takes no memory. */
    if ((double)png_get_rowbytes(png, info) * height > (double)r->in.bytes * DEFLATE_MOST)
        return p2p_fail(P2P_EFORMAT,
                        "%s: the PNG is truncated: %zu bytes cannot hold %.0f x %.0f "
                        "pixels",
                        r->in.name, r->in.bytes, width, height);
    set_transforms(r);
    P2pImage *image = &r->base.image;
    image->width = (int)width;
    image->height = (int)height;
    image->channels = png_get_channels(png, info);
    image->bits = png_get_bit_depth(png, info);
    P2P_ASSERT(png_get_rowbytes(png, info) == stride(image));
    return P2P_OK;
}

/* An interlaced picture has its rows when all is read: they lie behind their pointers. */
static int read_interlaced(Reader *r)
{
    const size_t height = (size_t)r->base.image.height, row = stride(&r->base.image);

    r->rows = p2p_alloc(height, sizeof(*r->rows) + row);
    if (!r->rows)
        return P2P_ENOMEM;
    for (size_t y = 0; y < height; y++)
        r->rows[y] = (png_bytep)(r->rows + height) + y * row;
    if (setjmp(png_jmpbuf(r->png.png)))
        return damaged(r);
    png_read_image(r->png.png, r->rows);
    return P2P_OK;
}

static int next(P2pDecoder *base, int rows, void *samples)
{
    Reader *r = (Reader *)base;
    const size_t row = stride(&base->image);
    int err;

    if (png_get_interlace_type(r->png.png, r->png.info) != PNG_INTERLACE_NONE) {
        if (!r->rows && (err = read_interlaced(r)) < 0)
            return err;
        memcpy(samples, r->rows[base->done], (size_t)rows * row);
        return P2P_OK;
    }
    if (setjmp(png_jmpbuf(r->png.png)))
        return damaged(r);
    for (int y = 0; y < rows; y++)
        png_read_row(r->png.png, (png_bytep)samples + (size_t)y * row, NULL);
    return P2P_OK;
}

static size_t big_endian(const unsigned char *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

/* The first chunk of a type, wherever it is; NULL where there is none of a right checksum. */
static const unsigned char *find_chunk(const P2pCodecInput *in, const char type[4], size_t *length)
{
    for (size_t at = 8; in->bytes - at >= 12; at += 12 + *length) {
        const unsigned char *chunk = in->data + at; /* length, type, data, CRC */
        *length = big_endian(chunk);
        if (*length > in->bytes - at - 12)
            break;
        if (memcmp(chunk + 4, type, 4) == 0 &&
            p2p_crc32(0, chunk + 4, 4 + *length) == big_endian(chunk + 8 + *length))
            return chunk + 8;
    }
    return NULL;
}

static int find_orientation(const P2pCodecInput *in)
{
    size_t length;
    const unsigned char *exif = find_chunk(in, "eXIf", &length);

    return exif ? p2p_exif_orientation(exif, length) : 0;
}

/* iCCP: a name, a zero, the method (0), a zlib stream. Bounded; what does not fit is no profile. */
static int find_profile(Reader *r)
{
    size_t length = 0, bytes = 0;
    const unsigned char *iccp = find_chunk(&r->in, "iCCP", &length);
    const unsigned char *zero = iccp ? memchr(iccp, 0, length) : NULL;

    if (r->base.image.channels < 3 || !zero || zero + 2 > iccp + length || zero[1] != 0)
        return P2P_OK;
    struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
    void *icc = p2p_alloc(P2P_PROFILE_MOST, 1), *fits;
    const bool room = icc && inflate;
    if (!room ||
        libdeflate_zlib_decompress(inflate, zero + 2, (size_t)(iccp + length - (zero + 2)), icc,
                                   P2P_PROFILE_MOST, &bytes) != LIBDEFLATE_SUCCESS ||
        !bytes) {
        free(icc);
        icc = NULL;
    }
    libdeflate_free_decompressor(inflate);
    fits = icc ? realloc(icc, bytes) : NULL;
    r->base.icc = fits ? fits : icc;
    r->base.icc_bytes = bytes;
    return room ? P2P_OK : p2p_fail(P2P_ENOMEM, "no memory for a profile");
}

static void close_reader(P2pDecoder *base)
{
    Reader *r = (Reader *)base;

    png_destroy_read_struct(&r->png.png, &r->png.info, NULL);
    free(r->rows);
    free(r);
}

int p2p_png_decode(P2pDecoder **out, const P2pCodecInput *input)
{
    Reader *r = p2p_alloc(1, sizeof(*r));
    int err;

    if (!r)
        return P2P_ENOMEM;
    r->base = (P2pDecoder){.next = next, .close = close_reader};
    r->in = *input;
    r->png.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r->png, on_error, on_warning);
    r->png.info = r->png.png ? png_create_info_struct(r->png.png) : NULL;
    err = r->png.info ? read_head(r)
                      : p2p_fail(P2P_ENOMEM, "%s: no memory for a PNG decoder", input->name);
    if (!err)
        err = find_profile(r);
    r->base.image.orientation = err ? 0 : find_orientation(input);
    *out = &r->base;
    return err;
}

/* ---- Writing ------------------------------------------------------------------------------- */

typedef struct Writer {
    P2pEncoder base;
    Png png;
    int status; /* of the sink's failure, which sets the message */
} Writer;

static void write_bytes(png_structp png, png_bytep data, size_t bytes)
{
    Writer *w = png_get_io_ptr(png);

    if ((w->status = p2p_sink_put(w->base.sink, data, bytes)) < 0)
        png_error(png, "cannot be written");
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

static int failed(const Writer *w)
{
    return w->status ? w->status
                     : p2p_fail(P2P_ENOMEM, "the PNG cannot be encoded (%s)", w->png.message);
}

static int write_head(Writer *w)
{
    static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    const P2pImage *image = &w->base.image;
    const png_structp png = w->png.png;
    const png_infop info = w->png.info;

    if (setjmp(png_jmpbuf(png)))
        return failed(w);
    png_set_write_fn(png, w, write_bytes, flush_nothing);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, image->bits,
                 types[image->channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (w->base.icc)
        png_set_iCCP(png, info, "icc", PNG_COMPRESSION_TYPE_BASE, w->base.icc,
                     (png_uint_32)w->base.icc_bytes);
    else if (image->channels >= 3)
        png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_write_info(png, info);
    if (image->bits == 16 && little_endian())
        png_set_swap(png);
    return P2P_OK;
}

static int put(P2pEncoder *base, int rows, const void *samples)
{
    Writer *w = (Writer *)base;
    const size_t row = stride(&base->image);

    if (setjmp(png_jmpbuf(w->png.png)))
        return failed(w);
    for (int y = 0; y < rows; y++)
        png_write_row(w->png.png, (png_const_bytep)samples + (size_t)y * row);
    return P2P_OK;
}

static int end(P2pEncoder *base)
{
    Writer *w = (Writer *)base;

    if (setjmp(png_jmpbuf(w->png.png)))
        return failed(w);
    png_write_end(w->png.png, w->png.info);
    return P2P_OK;
}

static void close_writer(P2pEncoder *base)
{
    Writer *w = (Writer *)base;

    png_destroy_write_struct(&w->png.png, &w->png.info);
    free(w);
}

int p2p_png_encode(P2pEncoder **out, const P2pEncoder *like)
{
    Writer *w = p2p_alloc(1, sizeof(*w));

    if (!w)
        return P2P_ENOMEM;
    w->base = *like;
    w->base.put = put;
    w->base.end = end;
    w->base.close = close_writer;
    w->png.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w->png, on_error, on_warning);
    w->png.info = w->png.png ? png_create_info_struct(w->png.png) : NULL;
    *out = &w->base;
    return w->png.info ? write_head(w) : p2p_fail(P2P_ENOMEM, "no memory for a PNG encoder");
}
