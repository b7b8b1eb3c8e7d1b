/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Picture files: which format, size limits, reading and atomic writing. The formats themselves
 * are in png.c and jpeg.c.
 */
#include <string.h>
#include <strings.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codec.h"
#include "src/data/picture.h"

enum {
    MAX_FILE_BYTES = 1 << 30,
    DEFAULT_QUALITY = 95,
};

int p2p_image_read_memory(P2pImage *image, const void *data, size_t bytes, const char *name,
                          size_t max_pixels)
{
    P2P_NEED(image);
    P2P_NEED(name);
    P2P_REQUIRE(data || !bytes, "data must not be NULL");

    *image = (P2pImage){0};
    if (!bytes)
        return p2p_fail(P2P_EFORMAT, "%s: is empty, not a picture", name);
    if (p2p_png_recognise(data, bytes))
        return p2p_png_decode(image, data, bytes, name, max_pixels);
    if (p2p_jpeg_recognise(data, bytes))
        return p2p_jpeg_decode(image, data, bytes, name, max_pixels);
    return p2p_fail(P2P_EFORMAT, "%s: is neither a PNG nor a JPEG; convert it to one", name);
}

int p2p_image_read(P2pImage *image, const char *path, size_t max_pixels)
{
    P2P_NEED(image);
    P2P_NEED(path);

    unsigned char *data;
    size_t bytes;
    int err;

    *image = (P2pImage){0};
    if ((err = p2p_file_read(path, MAX_FILE_BYTES, &data, &bytes)) < 0)
        return err;
    err = p2p_image_read_memory(image, data, bytes, path, max_pixels);
    free(data);
    return err;
}

int p2p_image_format_of(const char *path, P2pImageFormat *format)
{
    P2P_NEED(path);
    P2P_NEED(format);

    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');

    if (dot && strcasecmp(dot, ".png") == 0)
        *format = P2P_IMAGE_PNG;
    else if (dot && (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0))
        *format = P2P_IMAGE_JPEG;
    else
        return p2p_fail(P2P_EINVAL, "%s: the name of a picture ends in .png, .jpg or .jpeg", path);
    return P2P_OK;
}

/* JPEG knows 8 bits of grey or RGB: convert what is not that. */
static int encode_jpeg(const P2pImage *image, int quality, unsigned char **out, size_t *bytes)
{
    P2pImage plain = {0}, eight = {0};
    int err;

    if (image->channels > 4)
        return p2p_fail(P2P_EINVAL, "a JPEG has 1 or 3 channels, not %d", image->channels);
    err = p2p_image_convert_channels(image, image->channels < 3 ? 1 : 3, &plain);
    if (!err)
        err = p2p_image_convert_bits(&plain, 8, &eight);
    if (!err)
        err = p2p_jpeg_encode(&eight, quality, out, bytes);
    p2p_image_finish(&plain);
    p2p_image_finish(&eight);
    return err;
}

int p2p_image_encode(const P2pImage *image, P2pImageFormat format, int quality, unsigned char **out,
                     size_t *bytes)
{
    P2P_NEED_PICTURE(image);
    P2P_NEED_RANGE("format", format, P2P_IMAGE_PNG, P2P_IMAGE_JPEG);
    P2P_NEED(out);
    P2P_NEED(bytes);

    *out = NULL;
    *bytes = 0;
    if (format == P2P_IMAGE_PNG)
        return p2p_png_encode(image, out, bytes);
    if (quality < 0 || quality > 100)
        return p2p_fail(P2P_EINVAL, "a JPEG's quality is 1 to 100, not %d", quality);
    return encode_jpeg(image, quality ? quality : DEFAULT_QUALITY, out, bytes);
}

int p2p_image_write(const P2pImage *image, const char *path, int quality)
{
    P2P_NEED_PICTURE(image);
    P2P_NEED(path);

    P2pImageFormat format = P2P_IMAGE_PNG;
    unsigned char *data = NULL;
    size_t bytes;
    int err;

    if ((err = p2p_image_format_of(path, &format)) < 0)
        return err;
    if ((err = p2p_image_encode(image, format, quality, &data, &bytes)) < 0)
        return p2p_fail_prefix(err, "%s", path);
    err = p2p_file_write(path, data, bytes);
    free(data);
    return err;
}
