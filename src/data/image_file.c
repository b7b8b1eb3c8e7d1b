/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Picture files, whole or by rows: which format, what of a picture it can hold, atomic writing. The formats
 * themselves are behind codec.h.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codec.h"
#include "src/data/picture.h"
#include "src/data/profile.h"
#include "src/data/rows.h"

enum { MAX_FILE_BYTES = 1 << 30 };

/* ---- Reading ------------------------------------------------------------------------------- */

static int read_all(P2pImage *image, P2pDecoder *d)
{
    const P2pImage *like = &d->image;
    int err = p2p_image_init(image, like->width, like->height, like->channels, like->bits);

    if (!err)
        err = p2p_decoder_next(d, like->height, image->data);
    if (err)
        p2p_image_finish(image);
    else
        image->orientation = like->orientation;
    if (!err && d->to_srgb) {
        image->profile = d->icc;
        image->profile_bytes = d->icc_bytes;
        d->icc = NULL;
    }
    return err;
}

int p2p_image_read_memory(P2pImage *image, const void *data, size_t bytes, const char *name,
                          size_t max_pixels)
{
    P2P_NEED(image);
    P2P_NEED(name);
    P2P_REQUIRE(data || !bytes, "data must not be NULL");

    P2pDecoder *decoder;

    *image = (P2pImage){0};
    int err = p2p_decoder_open(&decoder, &(P2pCodecInput){data, bytes, name, max_pixels});
    if (!err)
        err = read_all(image, decoder);
    p2p_decoder_close(decoder);
    return err;
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

struct P2pRowReader {
    P2pMapping file;
    char *name;
    P2pDecoder *decoder;
};

int p2p_row_reader_open(P2pRowReader **out, const char *path, size_t max_pixels)
{
    P2pRowReader *r = p2p_alloc(1, sizeof(*r));
    int err = P2P_ENOMEM;

    if (r && (r->name = p2p_strdup(path)))
        err = p2p_mapping_init(&r->file, path);
    if (!err)
        err = p2p_decoder_open(&r->decoder,
                               &(P2pCodecInput){r->file.data, r->file.bytes, r->name, max_pixels});
    if (err)
        p2p_row_reader_close(&r);
    *out = r;
    return err;
}

const P2pImage *p2p_row_reader_image(const P2pRowReader *reader)
{
    return &reader->decoder->image;
}

int p2p_row_reader_next(P2pRowReader *reader, int rows, void *samples)
{
    const P2pDecoder *d = reader->decoder;

    if (rows < 0 || rows > d->image.height - d->done)
        return p2p_fail(P2P_EINVAL, "%s: has %d more rows, not %d", reader->name,
                        d->image.height - d->done, rows);
    return rows ? p2p_decoder_next(reader->decoder, rows, samples) : P2P_OK;
}

void p2p_row_reader_close(P2pRowReader **reader)
{
    P2pRowReader *r = *reader;

    *reader = NULL;
    if (!r)
        return;
    p2p_decoder_close(r->decoder);
    p2p_mapping_finish(&r->file);
    free(r->name);
    free(r);
}

/* ---- Which format -------------------------------------------------------------------------- */

/* ".png, .jpg or .tif": of all formats. */
static void list_suffixes(char *text, size_t room)
{
    size_t at = 0;

    for (int i = 0; i < p2p_codec_count; i++)
        for (const char *const *suffix = p2p_codecs[i].suffixes; *suffix && at < room; suffix++) {
            const bool last = i == p2p_codec_count - 1 && !suffix[1];
            at += (size_t)snprintf(text + at, room - at, "%s%s",
                                   !at    ? ""
                                   : last ? " or "
                                          : ", ",
                                   *suffix);
        }
}

int p2p_image_format_of(const char *path, P2pImageFormat *format)
{
    P2P_NEED(path);
    P2P_NEED(format);

    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    char known[256];

    for (int i = 0; dot && i < p2p_codec_count; i++)
        for (const char *const *suffix = p2p_codecs[i].suffixes; *suffix; suffix++)
            if (strcasecmp(dot, *suffix) == 0) {
                *format = (P2pImageFormat)i;
                return P2P_OK;
            }
    list_suffixes(known, sizeof(known));
    return p2p_fail(P2P_EINVAL, "%s: the name of a picture ends in %s", path, known);
}

int p2p_image_format_check(P2pImageFormat format)
{
    P2P_NEED_RANGE("format", format, 0, (P2pImageFormat)(p2p_codec_count - 1));

    const P2pCodec *codec = &p2p_codecs[format];

    if (codec->encode)
        return P2P_OK;
    if (codec->decode)
        return p2p_fail(P2P_EINVAL, "a %s is read, but not written; write a PNG", codec->name);
    return p2p_fail(P2P_EINVAL, "a %s needs %s, but this build is without; write a PNG",
                    codec->name, codec->lacks);
}

int p2p_image_format_named(const char *name, P2pImageFormat *format)
{
    P2P_NEED(name);
    P2P_NEED(format);

    char file[32];

    snprintf(file, sizeof(file), "format .%.16s", name);
    const int err = p2p_image_format_of(file, format);
    return err ? err : p2p_image_format_check(*format);
}

/* ---- Writing ------------------------------------------------------------------------------- */

int p2p_sink_put(P2pSink *sink, const void *data, size_t bytes)
{
    int err;

    if (sink->writer) {
        err = p2p_writer_put(sink->writer, data, bytes);
    } else if ((err = p2p_grow(&sink->data, &sink->capacity, sink->at + bytes, 1)) == P2P_OK) {
        memcpy((char *)sink->data + sink->at, data, bytes);
    }
    sink->at += err ? 0 : bytes;
    sink->bytes = sink->at > sink->bytes ? sink->at : sink->bytes;
    return err;
}

void p2p_sink_seek(P2pSink *sink, size_t at)
{
    if (sink->writer && at != sink->at && fseeko(sink->writer->file, (off_t)at, SEEK_SET) != 0)
        return; /* the next bytes fail, too */
    sink->at = at;
}

/* An encoder, and what lies between it and the picture that is put. */
typedef struct Encoding {
    P2pEncoder *encoder;
    P2pImage like; /* what is put */
    int done;      /* rows */
    P2pProfile *back;
    void *srgb; /* profile that is embedded */
} Encoding;

/* The most bits of the format that the picture has, or else its least. */
static int choose_bits(const P2pCodec *codec, int bits)
{
    while (bits > 8 && !(codec->bits & bits))
        bits /= 2;
    return bits;
}

/* That of the picture, or that of sRGB. */
static void choose_profile(Encoding *e, const P2pCodec *codec, P2pEncoder *stored)
{
    const bool colours = stored->image.channels == 3 || stored->image.channels == 4;

    if (colours && codec->profiles && e->like.profile)
        e->back = p2p_profile_open_back(e->like.profile, e->like.profile_bytes, &stored->image);
    if (e->back) {
        stored->icc = e->like.profile;
        stored->icc_bytes = e->like.profile_bytes;
    } else if (colours && codec->srgb_profile) {
        stored->icc = e->srgb = p2p_profile_srgb(&stored->icc_bytes);
    }
}

static int encoding_open(Encoding *e, const P2pCodec *codec, const P2pImage *like, int quality,
                         P2pSink *sink)
{
    P2pEncoder stored = {.image = *like, .sink = sink, .quality = quality};

    *e = (Encoding){.like = *like};
    const int err = p2p_image_format_check((P2pImageFormat)(codec - p2p_codecs));
    if (err)
        return err;
    if (quality < 0 || quality > 100)
        return p2p_fail(P2P_EINVAL, "a picture's quality is 1 to 100, not %d", quality);
    if (like->channels > codec->most_channels)
        return p2p_fail(P2P_EINVAL, "a %s has 1 to %d channels, not %d; write a TIFF or NPY",
                        codec->name, codec->most_channels, like->channels);
    if (!codec->alpha && like->channels % 2 == 0)
        stored.image.channels--;
    if (codec->no_grey && like->channels < 3)
        stored.image.channels += 2;
    stored.image.bits = choose_bits(codec, like->bits);
    stored.image.data = NULL;
    choose_profile(e, codec, &stored);
    return codec->encode(&e->encoder, &stored);
}

static void convert_colours(const Encoding *e, const P2pImage *band)
{
    if (e->back)
        p2p_profile_apply(e->back, band->data, band->data,
                          (size_t)band->width * (size_t)band->height);
}

/* As the format has them. */
static int put_converted(const Encoding *e, const P2pImage *band)
{
    P2pImage plain = {0}, stored = {0};
    int err = p2p_image_convert_channels(band, e->encoder->image.channels, &plain);

    if (!err)
        err = p2p_image_convert_bits(&plain, e->encoder->image.bits, &stored);
    if (!err)
        convert_colours(e, &stored);
    if (!err)
        err = e->encoder->put(e->encoder, stored.height, stored.data);
    p2p_image_finish(&plain);
    p2p_image_finish(&stored);
    return err;
}

static int encoding_put(Encoding *e, int rows, const void *samples)
{
    const P2pImage *stored = &e->encoder->image;
    const bool same =
        stored->channels == e->like.channels && stored->bits == e->like.bits && !e->back;
    P2pImage band = e->like;

    band.height = rows;
    band.profile = NULL;
    band.data = (void *)(size_t)samples;
    e->done += rows;
    return same ? e->encoder->put(e->encoder, rows, samples) : put_converted(e, &band);
}

static void encoding_close(Encoding *e)
{
    if (e->encoder)
        e->encoder->close(e->encoder);
    p2p_profile_close(e->back);
    free(e->srgb);
    *e = (Encoding){0};
}

static int encode_all(const P2pImage *image, P2pImageFormat format, int quality, P2pSink *sink)
{
    Encoding e;
    int err = encoding_open(&e, &p2p_codecs[format], image, quality, sink);

    if (!err)
        err = encoding_put(&e, image->height, image->data);
    if (!err)
        err = e.encoder->end(e.encoder);
    encoding_close(&e);
    return err;
}

int p2p_image_encode(const P2pImage *image, P2pImageFormat format, int quality, unsigned char **out,
                     size_t *bytes)
{
    P2P_NEED_PICTURE(image);
    P2P_NEED_RANGE("format", format, 0, (P2pImageFormat)(p2p_codec_count - 1));
    P2P_NEED(out);
    P2P_NEED(bytes);

    P2pSink sink = {0};
    const int err = encode_all(image, format, quality, &sink);

    if (err) {
        free(sink.data);
        sink = (P2pSink){0};
    }
    *out = sink.data;
    *bytes = sink.bytes;
    return err;
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

struct P2pRowWriter {
    P2pWriter file;
    P2pSink sink;
    Encoding encoding;
    char *name;
};

int p2p_row_writer_open(P2pRowWriter **out, const char *path, const P2pImage *like, int quality)
{
    P2pImageFormat format = P2P_IMAGE_PNG;
    P2pRowWriter *w = NULL;
    int err;

    *out = NULL;
    if ((err = p2p_image_format_of(path, &format)) < 0)
        return err;
    if (!(w = p2p_alloc(1, sizeof(*w))) || !(w->name = p2p_strdup(path)))
        err = P2P_ENOMEM;
    if (!err)
        err = p2p_writer_open(&w->file, path);
    if (!err) {
        w->sink.writer = &w->file;
        err = encoding_open(&w->encoding, &p2p_codecs[format], like, quality, &w->sink);
        if (err)
            err = p2p_fail_prefix(err, "%s", path);
    }
    if (err)
        p2p_row_writer_close(&w);
    *out = w;
    return err;
}

int p2p_row_writer_put(P2pRowWriter *writer, int rows, const void *samples)
{
    const int left = writer->encoding.like.height - writer->encoding.done;

    if (rows < 0 || rows > left)
        return p2p_fail(P2P_EINVAL, "%s: takes %d more rows, not %d", writer->name, left, rows);
    return rows ? encoding_put(&writer->encoding, rows, samples) : P2P_OK;
}

int p2p_row_writer_commit(P2pRowWriter **writer)
{
    P2pRowWriter *w = *writer;
    const int left = w->encoding.like.height - w->encoding.done;
    int err = left ? p2p_fail(P2P_EINVAL, "%s: lacks %d rows", w->name, left) : P2P_OK;

    if (!err)
        err = w->encoding.encoder->end(w->encoding.encoder);
    if (!err)
        err = p2p_writer_commit(&w->file);
    p2p_row_writer_close(writer);
    return err;
}

void p2p_row_writer_close(P2pRowWriter **writer)
{
    P2pRowWriter *w = *writer;

    *writer = NULL;
    if (!w)
        return;
    encoding_close(&w->encoding);
    p2p_writer_close(&w->file);
    free(w->name);
    free(w);
}
