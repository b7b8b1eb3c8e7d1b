/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing TIFF by libtiff, row by row: deflated, with BigTIFF's offsets where they are needed. */
#include "src/data/codecs.h"

#include <stdint.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/tiff_handle.h"

enum { BIG = 2000000000 }; /* bytes from which on offsets have 64 bits */

typedef struct Writer {
    P2pEncoder base;
    char text[P2P_TIFF_TEXT];
    TIFF *tiff;
    int row;
    int status; /* of the sink's failure, which sets the message */
} Writer;

static tmsize_t read_nothing(thandle_t user, void *to, tmsize_t bytes)
{
    (void)user;
    (void)to;
    (void)bytes;
    return 0;
}

static tmsize_t write_bytes(thandle_t user, void *from, tmsize_t bytes)
{
    Writer *w = user;

    if ((w->status = p2p_sink_put(w->base.sink, from, (size_t)bytes)) < 0)
        return 0;
    return bytes;
}

static toff_t seek_sink(thandle_t user, toff_t to, int whence)
{
    const Writer *w = user;
    P2pSink *s = w->base.sink;

    p2p_sink_seek(s, (size_t)to + (whence == SEEK_CUR ? s->at : whence == SEEK_END ? s->bytes : 0));
    return s->at;
}

static toff_t size_of_sink(thandle_t user)
{
    return ((const Writer *)user)->base.sink->bytes;
}

static int failed(const Writer *w)
{
    return w->status ? w->status : p2p_fail(P2P_ENOMEM, "the TIFF cannot be encoded (%s)", w->text);
}

static void set_kind(const Writer *w)
{
    const P2pImage *image = &w->base.image;
    const bool real = image->bits == 32, alpha = image->channels == 2 || image->channels == 4;
    const int colours = image->channels == 3 || image->channels == 4 ? 3 : 1;
    uint16_t extra[P2P_IMAGE_MAX_CHANNELS] = {0};
    TIFF *t = w->tiff;

    extra[0] = alpha ? EXTRASAMPLE_UNASSALPHA : EXTRASAMPLE_UNSPECIFIED;
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, (uint32_t)image->width);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, (uint32_t)image->height);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, image->channels);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, image->bits);
    TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, real ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, colours == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    if (image->channels > colours)
        TIFFSetField(t, TIFFTAG_EXTRASAMPLES, image->channels - colours, extra);
    TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
    TIFFSetField(t, TIFFTAG_PREDICTOR, real ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
    TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(t, 0));
    if (w->base.icc)
        TIFFSetField(t, TIFFTAG_ICCPROFILE, (uint32_t)w->base.icc_bytes, w->base.icc);
}

static int put(P2pEncoder *base, int rows, const void *samples)
{
    Writer *w = (Writer *)base;
    const size_t bytes = p2p_image_bytes(&base->image) / (size_t)base->image.height;
    unsigned char *line = p2p_alloc(bytes, 1); /* libtiff may change what it is given */
    int err = line ? P2P_OK : P2P_ENOMEM;

    for (int y = 0; !err && y < rows; y++) {
        memcpy(line, (const unsigned char *)samples + (size_t)y * bytes, bytes);
        if (TIFFWriteScanline(w->tiff, line, (uint32_t)w->row++, 0) != 1)
            err = failed(w);
    }
    free(line);
    return err;
}

static int end(P2pEncoder *base)
{
    Writer *w = (Writer *)base;

    return TIFFFlush(w->tiff) == 1 && !w->status ? P2P_OK : failed(w);
}

/* Without TIFFClose(), which would write what is left. */
static void close_writer(P2pEncoder *base)
{
    Writer *w = (Writer *)base;

    if (w->tiff)
        TIFFCleanup(w->tiff);
    free(w);
}

int p2p_tiff_encode(P2pEncoder **out, const P2pEncoder *like)
{
    Writer *w = p2p_alloc(1, sizeof(*w));

    if (!w)
        return P2P_ENOMEM;
    w->base = *like;
    w->base.put = put;
    w->base.end = end;
    w->base.close = close_writer;
    *out = &w->base;
    TIFFOpenOptions *o = p2p_tiff_options(w->text);
    if (!o)
        return p2p_fail(P2P_ENOMEM, "no memory for a TIFF encoder");
    w->tiff = TIFFClientOpenExt("output", p2p_image_bytes(&like->image) > BIG ? "w8" : "w", w,
                                read_nothing, write_bytes, seek_sink, p2p_tiff_close_nothing,
                                size_of_sink, NULL, NULL, o);
    TIFFOpenOptionsFree(o);
    if (!w->tiff)
        return failed(w);
    set_kind(w);
    return P2P_OK;
}
