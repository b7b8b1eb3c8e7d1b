/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PNG by libpng. Reads and writes memory, never files. Of ancillary chunks libpng gets only
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
#include "src/data/codec.h"
#include "src/data/profile.h"

enum { DEFLATE_MOST = 1032 }; /* bytes out of one byte of a deflate stream, at most */

typedef struct PngIo {
    const unsigned char *in;
    unsigned char *out;
    size_t at, bytes, capacity;
    char message[128];
    png_structp png;
    png_infop info;
    png_bytep *rows;
} PngIo;

bool p2p_png_recognise(const unsigned char *data, size_t bytes)
{
    return bytes >= 8 && png_sig_cmp(data, 0, 8) == 0;
}

static void on_error(png_structp png, png_const_charp text)
{
    PngIo *io = png_get_error_ptr(png);

    snprintf(io->message, sizeof(io->message), "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void read_bytes(png_structp png, png_bytep data, size_t bytes)
{
    PngIo *io = png_get_io_ptr(png);

    if (bytes > io->bytes - io->at)
        png_error(png, "the file ends too early");
    memcpy(data, io->in + io->at, bytes);
    io->at += bytes;
}

static void write_bytes(png_structp png, png_bytep data, size_t bytes)
{
    PngIo *io = png_get_io_ptr(png);
    void *out = io->out;

    if (p2p_grow(&out, &io->capacity, io->bytes + bytes, 1) < 0)
        png_error(png, "no memory");
    io->out = out;
    memcpy(io->out + io->bytes, data, bytes);
    io->bytes += bytes;
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

static bool little_endian(void)
{
    const uint16_t one = 1;

    return *(const unsigned char *)&one == 1;
}

/* Everything to 8 or 16 bits of grey, grey and alpha, RGB or RGBA, in host byte order. */
static void set_transforms(PngIo *io)
{
    png_set_expand(io->png);
    if (little_endian())
        png_set_swap(io->png);
    png_set_interlace_handling(io->png);
    png_read_update_info(io->png, io->info);
}

static int set_rows(PngIo *io, const P2pImage *image)
{
    const size_t stride = p2p_image_bytes(image) / (size_t)image->height;

    io->rows = p2p_alloc((size_t)image->height, sizeof(*io->rows));
    if (!io->rows)
        return P2P_ENOMEM;
    for (int y = 0; y < image->height; y++)
        io->rows[y] = (png_bytep)image->data + (size_t)y * stride;
    return P2P_OK;
}

static int read_guarded(PngIo *io, P2pImage *image, const char *name, size_t max_pixels)
{
    int err;

    if (setjmp(png_jmpbuf(io->png)))
        return p2p_fail(P2P_EFORMAT, "%s: the PNG is truncated or damaged (%s)", name, io->message);
    png_set_read_fn(io->png, io, read_bytes);
    png_set_user_limits(io->png, P2P_IMAGE_MAX_SIDE, P2P_IMAGE_MAX_SIDE);
    png_set_chunk_malloc_max(io->png, 0); /* chunks of any size are skipped, in no memory */
    png_set_keep_unknown_chunks(io->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(io->png, io->info);

    const double width = png_get_image_width(io->png, io->info);
    const double height = png_get_image_height(io->png, io->info);
    if ((err = p2p_codec_check_size(name, width, height, max_pixels)) < 0)
        return err;
    /* Before expansion: a header that promises more than its file can hold takes no memory. */
    if ((double)png_get_rowbytes(io->png, io->info) * height > (double)io->bytes * DEFLATE_MOST)
        return p2p_fail(P2P_EFORMAT,
                        "%s: the PNG is truncated: %zu bytes cannot hold %.0f x %.0f "
                        "pixels",
                        name, io->bytes, width, height);
    set_transforms(io);

    const int channels = png_get_channels(io->png, io->info);
    const int bits = png_get_bit_depth(io->png, io->info);
    if ((err = p2p_image_init(image, (int)width, (int)height, channels, bits)) < 0)
        return err;
    if ((err = set_rows(io, image)) < 0)
        return err;
    P2P_ASSERT(png_get_rowbytes(io->png, io->info) * (size_t)height == p2p_image_bytes(image));
    png_read_image(io->png, io->rows);
    return P2P_OK;
}

static size_t big_endian(const unsigned char *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

/* The first chunk of a type, wherever it is; NULL where there is none of a right checksum. */
static const unsigned char *find_chunk(const PngIo *io, const char type[4], size_t *length)
{
    for (size_t at = 8; io->bytes - at >= 12; at += 12 + *length) {
        const unsigned char *chunk = io->in + at; /* length, type, data, CRC */
        *length = big_endian(chunk);
        if (*length > io->bytes - at - 12)
            break;
        if (memcmp(chunk + 4, type, 4) == 0 &&
            p2p_crc32(0, chunk + 4, 4 + *length) == big_endian(chunk + 8 + *length))
            return chunk + 8;
    }
    return NULL;
}

static int find_orientation(const PngIo *io)
{
    size_t length;
    const unsigned char *exif = find_chunk(io, "eXIf", &length);

    return exif ? p2p_exif_orientation(exif, length) : 0;
}

/* iCCP: a name, a zero, the method (0), a zlib stream. Bounded; what does not fit is no profile. */
static int apply_profile(const PngIo *io, P2pImage *image)
{
    size_t length = 0, bytes = 0;
    const unsigned char *iccp = find_chunk(io, "iCCP", &length);
    const unsigned char *zero = iccp ? memchr(iccp, 0, length) : NULL;

    if (image->channels < 3 || !zero || zero + 2 > iccp + length || zero[1] != 0)
        return P2P_OK;
    struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
    void *icc = p2p_alloc(P2P_PROFILE_MOST, 1);
    if (icc && inflate &&
        libdeflate_zlib_decompress(inflate, zero + 2, (size_t)(iccp + length - (zero + 2)), icc,
                                   P2P_PROFILE_MOST, &bytes) == LIBDEFLATE_SUCCESS)
        p2p_profile_to_srgb(image, icc, bytes);
    const int err = icc && inflate ? P2P_OK : p2p_fail(P2P_ENOMEM, "no memory for a profile");
    free(icc);
    libdeflate_free_decompressor(inflate);
    return err;
}

int p2p_png_decode(P2pImage *image, const unsigned char *data, size_t bytes, const char *name,
                   size_t max_pixels)
{
    PngIo io = {.in = data, .bytes = bytes};
    int err;

    io.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &io, on_error, on_warning);
    io.info = io.png ? png_create_info_struct(io.png) : NULL;
    if (!io.info)
        err = p2p_fail(P2P_ENOMEM, "%s: no memory for a PNG decoder", name);
    else
        err = read_guarded(&io, image, name, max_pixels);
    png_destroy_read_struct(&io.png, &io.info, NULL);
    free(io.rows);
    if (!err)
        err = apply_profile(&io, image);
    if (err)
        p2p_image_finish(image);
    else
        image->orientation = find_orientation(&io);
    return err;
}

static int write_guarded(PngIo *io, const P2pImage *image)
{
    static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};

    if (setjmp(png_jmpbuf(io->png)))
        return p2p_fail(P2P_ENOMEM, "the PNG cannot be encoded (%s)", io->message);
    png_set_write_fn(io->png, io, write_bytes, flush_nothing);
    png_set_IHDR(io->png, io->info, (png_uint_32)image->width, (png_uint_32)image->height,
                 image->bits, types[image->channels - 1], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (image->channels >= 3)
        png_set_sRGB(io->png, io->info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_write_info(io->png, io->info);
    if (image->bits == 16 && little_endian())
        png_set_swap(io->png);
    png_write_image(io->png, io->rows);
    png_write_end(io->png, io->info);
    return P2P_OK;
}

int p2p_png_encode(const P2pImage *image, unsigned char **out, size_t *bytes)
{
    PngIo io = {0};
    int err;

    if (image->channels > 4)
        return p2p_fail(P2P_EINVAL, "a PNG has 1 to 4 channels, not %d", image->channels);
    io.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &io, on_error, on_warning);
    io.info = io.png ? png_create_info_struct(io.png) : NULL;
    if (!io.info)
        err = p2p_fail(P2P_ENOMEM, "no memory for a PNG encoder");
    else if ((err = set_rows(&io, image)) == P2P_OK)
        err = write_guarded(&io, image);
    png_destroy_write_struct(&io.png, &io.info);
    free(io.rows);
    if (err) {
        free(io.out);
        return err;
    }
    *out = io.out;
    *bytes = io.bytes;
    return P2P_OK;
}
