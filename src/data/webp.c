/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * WebP by libwebp: pictures whole, as the format wants it, behind rows. Without a quality it is written
 * without loss. EXIF and the profile by libwebpmux. Of animations nothing is read.
 */
#include "src/data/codecs.h"

#include "config.h"

#include <string.h>

bool p2p_webp_recognise(const unsigned char *data, size_t bytes)
{
    return bytes >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0;
}

#if P2P_HAVE_WEBP
#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/profile.h"

/* ---- Reading ------------------------------------------------------------------------------- */

static int failed(const char *name, VP8StatusCode status)
{
    if (status == VP8_STATUS_OUT_OF_MEMORY)
        return p2p_fail(P2P_ENOMEM, "%s: no memory for the WebP", name);
    return p2p_fail(P2P_EFORMAT, "%s: the WebP is truncated or damaged (status %d of libwebp)",
                    name, (int)status);
}

static int decode_samples(P2pImage *image, const P2pCodecInput *in)
{
    WebPDecoderConfig config;
    int err;

    if (!WebPInitDecoderConfig(&config))
        return p2p_fail(P2P_EFORMAT, "%s: libwebp is another than this was built with", in->name);
    VP8StatusCode status = WebPGetFeatures(in->data, in->bytes, &config.input);
    if (status != VP8_STATUS_OK)
        return failed(in->name, status);
    if (config.input.has_animation)
        return p2p_fail(P2P_EFORMAT, "%s: is an animated WebP; take its pictures out first",
                        in->name);
    if ((err = p2p_codec_check_size(in->name, config.input.width, config.input.height,
                                    in->max_pixels)) < 0 ||
        (err = p2p_image_init(image, config.input.width, config.input.height,
                              config.input.has_alpha ? 4 : 3, 8)) < 0)
        return err;
    config.output.colorspace = config.input.has_alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = (WebPRGBABuffer){.rgba = image->data,
                                            .stride = image->width * image->channels,
                                            .size = p2p_image_bytes(image)};
    status = WebPDecode(in->data, in->bytes, &config);
    return status == VP8_STATUS_OK ? P2P_OK : failed(in->name, status);
}

/* What is beside the samples does not matter where it is damaged. */
static void find_metadata(P2pDecoder *d, const P2pCodecInput *in)
{
    const WebPData file = {in->data, in->bytes};
    WebPMux *mux = WebPMuxCreate(&file, 0);
    WebPData chunk;

    if (!mux)
        return;
    if (WebPMuxGetChunk(mux, "EXIF", &chunk) == WEBP_MUX_OK)
        d->image.orientation = p2p_exif_orientation(chunk.bytes, chunk.size);
    if (WebPMuxGetChunk(mux, "ICCP", &chunk) == WEBP_MUX_OK && chunk.size &&
        chunk.size <= P2P_PROFILE_MOST && (d->icc = malloc(chunk.size))) {
        memcpy(d->icc, chunk.bytes, chunk.size);
        d->icc_bytes = chunk.size;
    }
    WebPMuxDelete(mux);
}

int p2p_webp_decode(P2pDecoder **out, const P2pCodecInput *input)
{
    P2pImage image = {0};
    int err = decode_samples(&image, input);

    if (!err)
        err = p2p_decoder_of_image(out, &image);
    p2p_image_finish(&image);
    if (!err)
        find_metadata(*out, input);
    return err;
}

/* ---- Writing ------------------------------------------------------------------------------- */

typedef struct Writer {
    P2pEncoder base;
    P2pImage whole;
    size_t filled; /* bytes of it */
} Writer;

static int put(P2pEncoder *base, int rows, const void *samples)
{
    Writer *w = (Writer *)base;
    const size_t bytes = p2p_image_bytes(&w->whole) / (size_t)w->whole.height * (size_t)rows;

    memcpy((char *)w->whole.data + w->filled, samples, bytes);
    w->filled += bytes;
    return P2P_OK;
}

/* Lossless pictures keep the colours of transparent pixels, too. */
static int encode(const Writer *w, WebPMemoryWriter *memory)
{
    const P2pImage *image = &w->whole;
    const int row = image->width * image->channels;
    WebPConfig config;
    WebPPicture picture;

    if (!WebPConfigInit(&config) || !WebPPictureInit(&picture))
        return p2p_fail(P2P_EINVAL, "libwebp is another than this was built with");
    config.lossless = config.exact = w->base.quality == 0;
    if (w->base.quality)
        config.quality = (float)w->base.quality;
    picture.use_argb = config.lossless;
    picture.width = image->width;
    picture.height = image->height;
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = memory;
    const int there = image->channels == 4 ? WebPPictureImportRGBA(&picture, image->data, row)
                                           : WebPPictureImportRGB(&picture, image->data, row);
    const int done = there && WebPEncode(&config, &picture);
    const int code = picture.error_code;
    WebPPictureFree(&picture);
    return done ? P2P_OK
                : p2p_fail(P2P_ENOMEM, "the WebP cannot be encoded (error %d of libwebp)", code);
}

/* The file without or with a profile in it. */
static int put_file(const Writer *w, const WebPData *file)
{
    const WebPData icc = {w->base.icc, w->base.icc_bytes};
    WebPData whole = {NULL, 0};

    if (!w->base.icc)
        return p2p_sink_put(w->base.sink, file->bytes, file->size);
    WebPMux *mux = WebPMuxCreate(file, 0);
    int err = mux && WebPMuxSetChunk(mux, "ICCP", &icc, 0) == WEBP_MUX_OK &&
                      WebPMuxAssemble(mux, &whole) == WEBP_MUX_OK
                  ? P2P_OK
                  : p2p_fail(P2P_ENOMEM, "no memory for a WebP with a profile");
    if (!err)
        err = p2p_sink_put(w->base.sink, whole.bytes, whole.size);
    WebPDataClear(&whole);
    WebPMuxDelete(mux);
    return err;
}

static int end(P2pEncoder *base)
{
    const Writer *w = (const Writer *)base;
    WebPMemoryWriter memory;

    WebPMemoryWriterInit(&memory);
    int err = encode(w, &memory);
    if (!err)
        err = put_file(w, &(WebPData){memory.mem, memory.size});
    WebPMemoryWriterClear(&memory);
    return err;
}

static void close_writer(P2pEncoder *base)
{
    Writer *w = (Writer *)base;

    p2p_image_finish(&w->whole);
    free(w);
}

int p2p_webp_encode(P2pEncoder **out, const P2pEncoder *like)
{
    const P2pImage *image = &like->image;

    if (image->width > WEBP_MAX_DIMENSION || image->height > WEBP_MAX_DIMENSION)
        return p2p_fail(P2P_EINVAL, "a WebP has at most %d x %d pixels, not %d x %d; write a PNG",
                        WEBP_MAX_DIMENSION, WEBP_MAX_DIMENSION, image->width, image->height);
    Writer *w = p2p_alloc(1, sizeof(*w));
    if (!w)
        return P2P_ENOMEM;
    w->base = *like;
    w->base.put = put;
    w->base.end = end;
    w->base.close = close_writer;
    *out = &w->base;
    return p2p_image_init(&w->whole, image->width, image->height, image->channels, image->bits);
}

#endif
