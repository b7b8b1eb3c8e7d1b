/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading TIFF by libtiff, a few rows at a time: strips or tiles, samples together or in planes, 1 to 32 bits and
 * floats, any number of channels. Colours that libtiff alone knows the way of (YCbCr, Lab, LogLuv) are left to
 * its own conversion to RGBA, which takes the picture whole. Sample formats that no picture of ours
 * can hold are refused. Nothing in the file is trusted.
 */
#include "src/data/codecs.h"

#include "config.h"

#include <string.h>

bool p2p_tiff_recognise(const unsigned char *data, size_t bytes)
{
    return bytes >= 8 && (memcmp(data, "II*\0", 4) == 0 || memcmp(data, "MM\0*", 4) == 0 ||
                          memcmp(data, "II+\0", 4) == 0 || memcmp(data, "MM\0+", 4) == 0);
}

#if P2P_HAVE_TIFF
#include <stdint.h>
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/profile.h"
#include "src/data/tiff_handle.h"

enum { INKS = 4 };

/* ---- libtiff over memory ------------------------------------------------- */

static void unmap_nothing(thandle_t user, void *data, toff_t bytes)
{
    (void)user;
    (void)data;
    (void)bytes;
}

typedef struct Reader {
    P2pDecoder base;
    P2pCodecInput in;
    char text[P2P_TIFF_TEXT];
    size_t at;
    TIFF *tiff;
    uint16_t bits, samples, format, photometric, planes, compression;
    bool tiled, premultiplied;
    int band_rows;              /* rows that are decoded together */
    int band_at;                /* the first of them that is there; -1: none */
    size_t plane_row;           /* bytes of a row of one plane */
    unsigned char *band, *tile; /* [planes, band_rows, plane_row] */
    void *line;                 /* a row's samples before their colours are converted */
    unsigned char colours[3][256];
    P2pProfile *inks;
} Reader;

static tmsize_t read_bytes(thandle_t user, void *to, tmsize_t bytes)
{
    Reader *r = user;
    const size_t left = r->at < r->in.bytes ? r->in.bytes - r->at : 0;
    const size_t take = (size_t)bytes < left ? (size_t)bytes : left;

    memcpy(to, r->in.data + (take ? r->at : 0), take);
    r->at += take;
    return (tmsize_t)take;
}

static tmsize_t write_nothing(thandle_t user, void *from, tmsize_t bytes)
{
    (void)user;
    (void)from;
    (void)bytes;
    return 0;
}

static toff_t seek(thandle_t user, toff_t to, int whence)
{
    Reader *r = user;

    r->at = (size_t)to + (whence == SEEK_CUR ? r->at : whence == SEEK_END ? r->in.bytes : 0);
    return r->at;
}

static toff_t size_of(thandle_t user)
{
    return ((const Reader *)user)->in.bytes;
}

static int map(thandle_t user, void **data, toff_t *bytes)
{
    const Reader *r = user;

    *data = (void *)(size_t)r->in.data;
    *bytes = r->in.bytes;
    return 1;
}

/* ---- What kind it is ----------------------------------------------------------------------- */

static int damaged(const Reader *r)
{
    return p2p_fail(P2P_EFORMAT, "%s: the TIFF is truncated or damaged (%s)", r->in.name,
                    r->text[0] ? r->text : "it ends too early");
}

static int not_read(const Reader *r, const char *what)
{
    return p2p_fail(P2P_EFORMAT, "%s: is a TIFF of a kind that is not read (%s); convert it",
                    r->in.name, what);
}

static uint16_t tag(const Reader *r, uint32_t name)
{
    uint16_t value = 0;

    TIFFGetFieldDefaulted(r->tiff, name, &value);
    return value;
}

static bool is_float(const Reader *r)
{
    return r->format == SAMPLEFORMAT_IEEEFP;
}

/* Colours that are read from the samples here; of all others libtiff makes RGBA. */
static bool is_plain(const Reader *r)
{
    switch (r->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_PALETTE:
    case PHOTOMETRIC_SEPARATED:
        return true;
    default:
        return false;
    }
}

static int check_kind(const Reader *r)
{
    const bool palette = r->photometric == PHOTOMETRIC_PALETTE;
    const bool inks = r->photometric == PHOTOMETRIC_SEPARATED;
    const uint16_t b = r->bits;

    if (is_float(r) ? b != 32 && b != 64
                    : r->format != SAMPLEFORMAT_UINT && r->format != SAMPLEFORMAT_VOID)
        return not_read(r, "samples that are neither unsigned nor floats of 32 or 64 bits");
    if (!is_float(r) && b != 1 && b != 2 && b != 4 && b != 8 && b != 16 && b != 32)
        return not_read(r, "samples of an odd number of bits");
    if (r->samples < 1 || r->samples > P2P_IMAGE_MAX_CHANNELS)
        return p2p_fail(P2P_EFORMAT, "%s: has %d channels; at most %d are read", r->in.name,
                        r->samples, P2P_IMAGE_MAX_CHANNELS);
    if (palette && (r->samples != 1 || b > 8 || is_float(r)))
        return not_read(r, "a palette with channels beside it, or of more than 8 bits");
    if (inks && (r->samples != INKS || (b != 8 && b != 16) || is_float(r)))
        return not_read(r, "inks other than CMYK of 8 or 16 bits");
    return P2P_OK;
}

static void find_kind(Reader *r)
{
    uint16_t count = 0, *extra = NULL;

    r->compression = tag(r, TIFFTAG_COMPRESSION);
    r->photometric = tag(r, TIFFTAG_PHOTOMETRIC);
    if (r->compression == COMPRESSION_JPEG && r->photometric == PHOTOMETRIC_YCBCR &&
        TIFFSetField(r->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB))
        r->photometric = PHOTOMETRIC_RGB;
    r->bits = tag(r, TIFFTAG_BITSPERSAMPLE);
    r->samples = tag(r, TIFFTAG_SAMPLESPERPIXEL);
    r->format = tag(r, TIFFTAG_SAMPLEFORMAT);
    r->planes = tag(r, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE ? r->samples : 1;
    r->tiled = TIFFIsTiled(r->tiff) != 0;
    TIFFGetFieldDefaulted(r->tiff, TIFFTAG_EXTRASAMPLES, &count, &extra);
    r->premultiplied = count == 1 && extra[0] == EXTRASAMPLE_ASSOCALPHA && r->samples % 2 == 0 &&
                       r->samples <= 4 && !is_float(r);
}

static int find_palette(Reader *r)
{
    uint16_t *table[3], most = 0;
    const int count = 1 << r->bits;

    if (!TIFFGetField(r->tiff, TIFFTAG_COLORMAP, &table[0], &table[1], &table[2]))
        return damaged(r);
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            most = table[c][i] > most ? table[c][i] : most;
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) /* some have 8 bits where 16 are due */
            r->colours[c][i] = (unsigned char)(most < 256 ? table[c][i] : table[c][i] >> 8);
    return P2P_OK;
}

static void find_profile(Reader *r)
{
    uint32_t bytes = 0;
    void *icc = NULL;

    if (!TIFFGetField(r->tiff, TIFFTAG_ICCPROFILE, &bytes, &icc) || !bytes ||
        bytes > P2P_PROFILE_MOST)
        return;
    if (r->photometric == PHOTOMETRIC_SEPARATED) {
        r->inks = p2p_profile_open_inks(icc, bytes);
    } else if (r->photometric == PHOTOMETRIC_RGB && (r->base.icc = malloc(bytes))) {
        memcpy(r->base.icc, icc, bytes);
        r->base.icc_bytes = bytes;
    }
}

/* ---- Bands of rows as they are stored ------------------------------------------------------ */

/* What is decoded together: a row of tiles, the strips of all planes, or else one row. */
static int make_band(Reader *r)
{
    uint32_t rows = 0, width = 0;
    size_t band;

    TIFFGetFieldDefaulted(r->tiff, r->tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, &rows);
    if (r->tiled)
        TIFFGetField(r->tiff, TIFFTAG_TILEWIDTH, &width);
    else if (r->planes == 1)
        rows = 1;
    else if (rows > (uint32_t)r->base.image.height)
        rows = (uint32_t)r->base.image.height;
    if (r->tiled && p2p_codec_check_size(r->in.name, width, rows, r->in.max_pixels) < 0)
        return P2P_EFORMAT;
    r->band_rows = rows ? (int)rows : 1;
    r->band_at = -1;
    r->plane_row = (size_t)TIFFScanlineSize64(r->tiff);
    if (r->tiled) { /* whole tiles, also where they stand out */
        const size_t across = ((size_t)r->base.image.width + width - 1) / width;
        r->plane_row = across * (size_t)TIFFTileRowSize64(r->tiff);
        r->tile = p2p_alloc((size_t)TIFFTileSize64(r->tiff), 1);
    }
    if (!r->plane_row || !p2p_size_mul(r->plane_row, (size_t)r->band_rows, &band))
        return damaged(r);
    r->band = p2p_alloc(band, r->planes);
    r->line = p2p_alloc((size_t)r->base.image.width * r->samples, sizeof(float));
    return r->band && r->line && (r->tile || !r->tiled) ? P2P_OK : P2P_ENOMEM;
}

static int read_tiles(Reader *r, int y)
{
    const size_t row = (size_t)TIFFTileRowSize64(r->tiff);
    const tmsize_t bytes = TIFFTileSize(r->tiff);
    uint32_t width = 0;

    TIFFGetField(r->tiff, TIFFTAG_TILEWIDTH, &width);
    for (uint16_t p = 0; p < r->planes; p++)
        for (uint32_t x = 0; x < (uint32_t)r->base.image.width; x += width) {
            const uint32_t tile = TIFFComputeTile(r->tiff, x, (uint32_t)y, 0, p);
            unsigned char *to = r->band + (size_t)p * r->plane_row * (size_t)r->band_rows +
                                (size_t)(x / width) * row;
            if (TIFFReadEncodedTile(r->tiff, tile, r->tile, bytes) != bytes)
                return damaged(r);
            for (size_t i = 0; i < (size_t)r->band_rows; i++)
                memcpy(to + i * r->plane_row, r->tile + i * row, row);
        }
    return P2P_OK;
}

static int read_planes(Reader *r, int y)
{
    const int left = r->base.image.height - y;
    const tmsize_t bytes =
        (tmsize_t)(r->plane_row * (size_t)(left < r->band_rows ? left : r->band_rows));

    for (uint16_t p = 0; p < r->planes; p++)
        if (TIFFReadEncodedStrip(r->tiff, TIFFComputeStrip(r->tiff, (uint32_t)y, p),
                                 r->band + (size_t)p * r->plane_row * (size_t)r->band_rows,
                                 bytes) != bytes)
            return damaged(r);
    return P2P_OK;
}

/* Make sure that row y is in the band. */
static int load(Reader *r, int y)
{
    const int first = y / r->band_rows * r->band_rows;

    if (first == r->band_at)
        return P2P_OK;
    r->band_at = first;
    if (r->tiled)
        return read_tiles(r, first);
    if (r->planes > 1)
        return read_planes(r, first);
    return TIFFReadScanline(r->tiff, r->band, (uint32_t)y, 0) == 1 ? P2P_OK : damaged(r);
}

/* ---- Stored samples to ours ---------------------------------------------------------------- */

/* Sample i of a packed row, of less than 8 bits scaled to 8 unless it is an index. */
static unsigned char small_sample(const Reader *r, const unsigned char *row, size_t i)
{
    const unsigned most = (1u << r->bits) - 1, per_byte = 8u / r->bits;
    const unsigned shift = 8u - r->bits * (unsigned)(i % per_byte + 1);
    const unsigned v = row[i / per_byte] >> shift & most;

    return (unsigned char)(r->photometric == PHOTOMETRIC_PALETTE ? v : v * 255 / most);
}

/* `count` samples of a plane's row into line, `step` apart. */
static void unpack(const Reader *r, const unsigned char *row, size_t first, size_t step,
                   size_t count)
{
    uint8_t *eight = (uint8_t *)r->line + first;
    uint16_t *sixteen = (uint16_t *)r->line + first;
    float *real = (float *)r->line + first;

    for (size_t i = 0, o = 0; i < count; i++, o += step)
        if (r->bits < 8)
            eight[o] = small_sample(r, row, i);
        else if (r->bits == 8)
            eight[o] = row[i];
        else if (r->bits == 16)
            sixteen[o] = ((const uint16_t *)(const void *)row)[i];
        else if (!is_float(r))
            sixteen[o] = (uint16_t)(((const uint32_t *)(const void *)row)[i] >> 16);
        else if (r->bits == 32)
            real[o] = ((const float *)(const void *)row)[i];
        else
            real[o] = (float)((const double *)(const void *)row)[i];
}

/* White and black change places. */
static void invert(const Reader *r)
{
    const size_t samples = (size_t)r->base.image.width * r->samples;
    const int bits = r->base.image.bits;

    for (size_t i = 0; i < samples; i += r->samples)
        if (bits == 8)
            ((uint8_t *)r->line)[i] = (uint8_t)(255 - ((uint8_t *)r->line)[i]);
        else if (bits == 16)
            ((uint16_t *)r->line)[i] = (uint16_t)(65535 - ((uint16_t *)r->line)[i]);
        else
            ((float *)r->line)[i] = 1 - ((float *)r->line)[i];
}

/* Colours that were multiplied by their alpha, back as Pillow does. */
static void divide_by_alpha(const Reader *r)
{
    const size_t pixels = (size_t)r->base.image.width, n = r->samples;
    const unsigned most = r->base.image.bits == 8 ? 255 : 65535;

    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < n - 1; c++) {
            uint8_t *eight = (uint8_t *)r->line + i * n;
            uint16_t *sixteen = (uint16_t *)r->line + i * n;
            const unsigned alpha = most == 255 ? eight[n - 1] : sixteen[n - 1];
            const unsigned v = most == 255 ? eight[c] : sixteen[c];
            const unsigned long long whole = alpha ? (unsigned long long)v * most / alpha : v;
            const unsigned fits = whole > most ? most : (unsigned)whole;
            if (most == 255)
                eight[c] = (uint8_t)fits;
            else
                sixteen[c] = (uint16_t)fits;
        }
}

/* As JPEG has them, 255 for no ink, of 8 bits. */
static void convert_inks(const Reader *r, unsigned char *rgb)
{
    const size_t samples = (size_t)r->base.image.width * INKS;
    uint8_t *inks = r->line;

    for (size_t i = 0; i < samples; i++)
        inks[i] = (uint8_t)(255 - (r->bits == 8 ? inks[i] : ((uint16_t *)r->line)[i] >> 8));
    if (r->inks)
        p2p_profile_apply(r->inks, inks, rgb, (size_t)r->base.image.width);
    else
        p2p_inks_to_rgb(rgb, inks, r->base.image.width);
}

static void convert_line(const Reader *r, unsigned char *out, size_t bytes)
{
    const uint8_t *index = r->line;

    if (r->photometric == PHOTOMETRIC_SEPARATED) {
        convert_inks(r, out);
    } else if (r->photometric == PHOTOMETRIC_PALETTE) {
        for (size_t i = 0; i < (size_t)r->base.image.width; i++)
            for (size_t c = 0; c < 3; c++)
                out[3 * i + c] = r->colours[c][index[i]];
    } else {
        if (r->photometric == PHOTOMETRIC_MINISWHITE)
            invert(r);
        if (r->premultiplied)
            divide_by_alpha(r);
        memcpy(out, r->line, bytes);
    }
}

static int next(P2pDecoder *base, int rows, void *samples)
{
    Reader *r = (Reader *)base;
    const size_t row = p2p_image_bytes(&base->image) / (size_t)base->image.height;
    const size_t each = r->planes > 1 ? 1 : r->samples; /* samples of a pixel in a plane */

    for (int y = base->done; y < base->done + rows; y++) {
        const int err = load(r, y);
        if (err)
            return err;
        for (size_t p = 0; p < r->planes; p++)
            unpack(r,
                   r->band + (p * (size_t)r->band_rows + (size_t)(y - r->band_at)) * r->plane_row,
                   p, r->planes > 1 ? r->planes : 1, (size_t)base->image.width * each);
        convert_line(r, (unsigned char *)samples + (size_t)(y - base->done) * row, row);
    }
    return P2P_OK;
}

static void close_reader(P2pDecoder *base)
{
    Reader *r = (Reader *)base;

    if (r->tiff)
        TIFFClose(r->tiff);
    p2p_profile_close(r->inks);
    free(r->band);
    free(r->tile);
    free(r->line);
    free(r);
}

/* ---- By libtiff's own way to RGBA ---------------------------------------------------------- */

static int next_rgba(P2pDecoder *base, int rows, void *samples)
{
    const Reader *r = (const Reader *)base;
    const size_t width = (size_t)base->image.width, n = (size_t)base->image.channels;
    const uint32_t *from = (const uint32_t *)(const void *)r->band + (size_t)base->done * width;
    unsigned char *to = samples;

    for (size_t i = 0; i < (size_t)rows * width; i++, to += n) {
        const uint32_t v = from[i];
        const unsigned char rgba[] = {TIFFGetR(v), TIFFGetG(v), TIFFGetB(v), TIFFGetA(v)};
        memcpy(to, rgba, n);
    }
    return P2P_OK;
}

static int read_rgba(Reader *r)
{
    P2pImage *image = &r->base.image;
    char why[1024];

    if (!TIFFRGBAImageOK(r->tiff, why))
        return not_read(r, why);
    image->channels = 3;
    image->bits = 8;
    r->base.next = next_rgba;
    r->band = p2p_alloc((size_t)image->width * (size_t)image->height, sizeof(uint32_t));
    if (!r->band)
        return P2P_ENOMEM;
    return TIFFReadRGBAImageOriented(r->tiff, (uint32_t)image->width, (uint32_t)image->height,
                                     (uint32_t *)(void *)r->band, tag(r, TIFFTAG_ORIENTATION), 1)
               ? P2P_OK
               : damaged(r);
}

/* ---- Opening ------------------------------------------------------------------------------- */

static int read_head(Reader *r)
{
    P2pImage *image = &r->base.image;
    uint32_t width = 0, height = 0;
    const uint16_t turned = tag(r, TIFFTAG_ORIENTATION);
    int err;

    TIFFGetField(r->tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(r->tiff, TIFFTAG_IMAGELENGTH, &height);
    if ((err = p2p_codec_check_size(r->in.name, width, height, r->in.max_pixels)) < 0)
        return err;
    image->width = (int)width;
    image->height = (int)height;
    image->orientation = turned <= 8 ? turned : 0;
    find_kind(r);
    if (!is_plain(r))
        return read_rgba(r);
    if ((err = check_kind(r)) < 0)
        return err;
    const bool rgb =
        r->photometric == PHOTOMETRIC_PALETTE || r->photometric == PHOTOMETRIC_SEPARATED;
    image->channels = rgb ? 3 : r->samples;
    image->bits = is_float(r) ? 32 : rgb || r->bits <= 8 ? 8 : 16;
    if ((err = p2p_codec_check_bytes(r->in.name, image, r->in.max_pixels)) < 0)
        return err;
    if (r->photometric == PHOTOMETRIC_PALETTE && (err = find_palette(r)) < 0)
        return err;
    find_profile(r);
    return make_band(r);
}

int p2p_tiff_decode(P2pDecoder **out, const P2pCodecInput *input)
{
    Reader *r = p2p_alloc(1, sizeof(*r));

    if (!r)
        return P2P_ENOMEM;
    r->base = (P2pDecoder){.next = next, .close = close_reader};
    r->in = *input;
    *out = &r->base;
    TIFFOpenOptions *o = p2p_tiff_options(r->text);
    if (!o)
        return p2p_fail(P2P_ENOMEM, "%s: no memory for a TIFF decoder", input->name);
    r->tiff = TIFFClientOpenExt(input->name, "r", r, read_bytes, write_nothing, seek,
                                p2p_tiff_close_nothing, size_of, map, unmap_nothing, o);
    TIFFOpenOptionsFree(o);
    return r->tiff ? read_head(r) : damaged(r);
}

#endif
