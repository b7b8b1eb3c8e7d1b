/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of picture formats, and what holds for pictures of all. */
#include "src/data/codec.h"

#include <math.h>
#include <string.h>

#include "config.h"

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codecs.h"
#include "src/data/profile.h"

const P2pCodec p2p_codecs[] = {
    [P2P_IMAGE_PNG] = {.name = "PNG",
                       .suffixes = {".png"},
                       .recognise = p2p_png_recognise,
                       .decode = p2p_png_decode,
                       .encode = p2p_png_encode,
                       .most_channels = 4,
                       .alpha = true,
                       .profiles = true,
                       .bits = 8 | 16},
    [P2P_IMAGE_JPEG] = {.name = "JPEG",
                        .suffixes = {".jpg", ".jpeg", ".jfif"},
                        .recognise = p2p_jpeg_recognise,
                        .decode = p2p_jpeg_decode,
                        .encode = p2p_jpeg_encode,
                        .most_channels = 4,
                        .profiles = true,
                        .srgb_profile = true,
                        .bits = 8},
    [P2P_IMAGE_TIFF] = {.name = "TIFF",
                        .suffixes = {".tif", ".tiff"},
                        .recognise = p2p_tiff_recognise,
                        .lacks = "libtiff",
#if P2P_HAVE_TIFF
                        .decode = p2p_tiff_decode,
                        .encode = p2p_tiff_encode,
#endif
                        .most_channels = P2P_IMAGE_MAX_CHANNELS,
                        .alpha = true,
                        .profiles = true,
                        .srgb_profile = true,
                        .bits = 8 | 16 | 32},
    [P2P_IMAGE_WEBP] = {.name = "WebP",
                        .suffixes = {".webp"},
                        .recognise = p2p_webp_recognise,
                        .lacks = "libwebp",
#if P2P_HAVE_WEBP
                        .decode = p2p_webp_decode,
                        .encode = p2p_webp_encode,
#endif
                        .most_channels = 4,
                        .alpha = true,
                        .no_grey = true,
                        .profiles = true,
                        .srgb_profile = true,
                        .bits = 8},
    [P2P_IMAGE_PNM] = {.name = "PNM",
                       .suffixes = {".ppm", ".pgm", ".pbm", ".pnm", ".pam"},
                       .recognise = p2p_pnm_recognise,
                       .decode = p2p_pnm_decode,
                       .encode = p2p_pnm_encode,
                       .most_channels = 4,
                       .bits = 8 | 16},
    [P2P_IMAGE_NPY] = {.name = "NPY",
                       .suffixes = {".npy"},
                       .recognise = p2p_npy_recognise,
                       .decode = p2p_npy_decode,
                       .encode = p2p_npy_encode,
                       .most_channels = P2P_IMAGE_MAX_CHANNELS,
                       .alpha = true,
                       .bits = 8 | 16 | 32},
    [P2P_IMAGE_BMP] = {.name = "BMP",
                       .suffixes = {".bmp", ".dib"},
                       .recognise = p2p_bmp_recognise,
                       .decode = p2p_bmp_decode},
};

const int p2p_codec_count = (int)P2P_COUNT(p2p_codecs);

const P2pCodec *p2p_codec_of(const unsigned char *data, size_t bytes)
{
    for (int i = 0; i < p2p_codec_count; i++)
        if (p2p_codecs[i].recognise(data, bytes))
            return &p2p_codecs[i];
    return NULL;
}

int p2p_codec_check_size(const char *name, double width, double height, size_t max_pixels)
{
    const size_t most = max_pixels ? max_pixels : P2P_IMAGE_MAX_PIXELS;

    if (width < 1 || height < 1 || width > P2P_IMAGE_MAX_SIDE || height > P2P_IMAGE_MAX_SIDE)
        return p2p_fail(P2P_EFORMAT, "%s: %.0f x %.0f pixels are no possible picture", name, width,
                        height);
    if (width * height > (double)most)
        return p2p_fail(P2P_EFORMAT,
                        "%s: %.0f x %.0f pixels are more than the limit of %zu; "
                        "make it smaller first",
                        name, width, height, most);
    return P2P_OK;
}

int p2p_codec_check_bytes(const char *name, const P2pImage *image, size_t max_pixels)
{
    const double most = 8.0 * (double)(max_pixels ? max_pixels : P2P_IMAGE_MAX_PIXELS);
    const double bytes = (double)image->width * image->height * image->channels * image->bits / 8;

    if (bytes <= most)
        return P2P_OK;
    return p2p_fail(
        P2P_EFORMAT,
        "%s: %d x %d pixels with %d channels of %d bits are %.0f bytes, more than the 8 "
        "for each pixel of the limit; make it smaller first",
        name, image->width, image->height, image->channels, image->bits, bytes);
}

void p2p_inks_to_rgb(unsigned char *rgb, const unsigned char *cmyk, int width)
{
    for (int x = 0; x < width; x++)
        for (int k = 0; k < 3; k++) {
            const int ink = 255 - cmyk[4 * x + k], light = cmyk[4 * x + 3];
            rgb[3 * x + k] = (unsigned char)(light - (2 * ink * light + 255) / 510);
        }
}

/* ---- Decoders ------------------------------------------------------------------------------ */

int p2p_decoder_open(P2pDecoder **out, const P2pCodecInput *input)
{
    P2pDecoder *d = NULL;

    *out = NULL;
    if (!input->bytes)
        return p2p_fail(P2P_EFORMAT, "%s: is empty, not a picture", input->name);
    const P2pCodec *codec = p2p_codec_of(input->data, input->bytes);
    if (!codec)
        return p2p_fail(P2P_EFORMAT, "%s: is no picture of a known format; convert it to PNG",
                        input->name);
    if (!codec->decode)
        return p2p_fail(P2P_EFORMAT,
                        "%s: is a %s, which needs %s, but this build is without; convert it to PNG",
                        input->name, codec->name, codec->lacks);
    const int err = codec->decode(&d, input);
    if (err) {
        p2p_decoder_close(d);
        return err;
    }
    d->name = input->name;
    if (d->icc && d->image.channels >= 3)
        d->to_srgb = p2p_profile_open(d->icc, d->icc_bytes, &d->image);
    *out = d;
    return P2P_OK;
}

static bool all_numbers(const float *v, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

int p2p_decoder_next(P2pDecoder *d, int rows, void *samples)
{
    const size_t pixels = (size_t)rows * (size_t)d->image.width;
    const int err = d->next(d, rows, samples);

    if (err)
        return err;
    if (d->image.bits == 32 && !all_numbers(samples, pixels * (size_t)d->image.channels))
        return p2p_fail(P2P_EFORMAT, "%s: has samples that are no numbers or infinite", d->name);
    d->done += rows;
    if (d->to_srgb)
        p2p_profile_apply(d->to_srgb, samples, samples, pixels);
    return P2P_OK;
}

void p2p_decoder_close(P2pDecoder *d)
{
    if (!d)
        return;
    p2p_profile_close(d->to_srgb);
    free(d->icc);
    d->close(d);
}

/* ---- Rows of a picture in memory ----------------------------------------------------------- */

typedef struct Held {
    P2pDecoder base;
    P2pImage whole;
} Held;

static int held_next(P2pDecoder *base, int rows, void *samples)
{
    const Held *h = (const Held *)base;
    const size_t row = p2p_image_bytes(&h->whole) / (size_t)h->whole.height;

    memcpy(samples, (const char *)h->whole.data + (size_t)base->done * row, (size_t)rows * row);
    return P2P_OK;
}

static void held_close(P2pDecoder *base)
{
    Held *h = (Held *)base;

    p2p_image_finish(&h->whole);
    free(h);
}

int p2p_decoder_of_image(P2pDecoder **out, P2pImage *image)
{
    Held *h = p2p_alloc(1, sizeof(*h));

    if (!h) {
        p2p_image_finish(image);
        return P2P_ENOMEM;
    }
    h->base = (P2pDecoder){.image = *image, .next = held_next, .close = held_close};
    h->base.image.data = NULL;
    h->whole = *image;
    *image = (P2pImage){0};
    *out = &h->base;
    return P2P_OK;
}
