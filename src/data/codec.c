/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of picture formats, and what holds for pictures of all. */
#include "src/data/codec.h"

#include <string.h>

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
                       .bits = 8 | 16},
    [P2P_IMAGE_JPEG] = {.name = "JPEG",
                        .suffixes = {".jpg", ".jpeg", ".jfif"},
                        .recognise = p2p_jpeg_recognise,
                        .decode = p2p_jpeg_decode,
                        .encode = p2p_jpeg_encode,
                        .most_channels = 4,
                        .bits = 8},
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
    if (d->icc && d->image.channels >= 3)
        d->to_srgb = p2p_profile_open(d->icc, d->icc_bytes, &d->image);
    *out = d;
    return P2P_OK;
}

int p2p_decoder_next(P2pDecoder *d, int rows, void *samples)
{
    const int err = d->next(d, rows, samples);

    if (err)
        return err;
    d->done += rows;
    if (d->to_srgb)
        p2p_profile_apply(d->to_srgb, samples, samples, (size_t)rows * (size_t)d->image.width);
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
