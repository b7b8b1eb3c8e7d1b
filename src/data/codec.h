/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats of picture files behind p2p_image_read(), p2p_image_write() and rows.h: one table of them, of
 * which each opens decoders and encoders that take rows from the top down.
 */
#ifndef P2P_DATA_CODEC_H
#define P2P_DATA_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "p2p/image.h"
#include "src/base/file.h"

/* ---- Reading ------------------------------------------------------------------------------- */

/** A file's bytes, which stay while it is decoded. */
typedef struct P2pCodecInput {
    const unsigned char *data;
    size_t bytes;
    const char *name; /* for messages */
    size_t max_pixels;
} P2pCodecInput;

/** A picture being decoded; formats put it in front of their own state, which close() frees with it. */
typedef struct P2pDecoder P2pDecoder;
struct P2pDecoder {
    P2pImage image; /* sizes and orientation, without samples */
    void *icc;      /* profile of its colours in memory of malloc(), or NULL; not yet applied */
    size_t icc_bytes;
    const char *name; /* of the input */
    void *to_srgb;    /* P2pProfile of icc where that changes anything; set by p2p_decoder_open() */
    int done;         /* rows, counted by p2p_decoder_next() */
    /** The next rows into [rows, width, channels]; there are so many. */
    int (*next)(P2pDecoder *decoder, int rows, void *samples);
    void (*close)(P2pDecoder *decoder);
};

/** A decoder that gives the rows of a picture, which it takes over (*image is empty afterwards). */
int p2p_decoder_of_image(P2pDecoder **out, P2pImage *image);

/* ---- Writing ------------------------------------------------------------------------------- */

/** Where an encoder's bytes go: into a file, or (writer is NULL) into growing memory. */
typedef struct P2pSink {
    P2pWriter *writer;
    void *data; /* of malloc(), the caller's */
    size_t bytes, capacity, at;
} P2pSink;

/** Bytes at sink->at, which goes on behind them. */
int p2p_sink_put(P2pSink *sink, const void *data, size_t bytes);

/** Let the next bytes go to a place within those that are there. */
void p2p_sink_seek(P2pSink *sink, size_t at);

typedef struct P2pEncoder P2pEncoder;
struct P2pEncoder {
    P2pImage image; /* sizes, without samples, as the format takes them */
    P2pSink *sink;
    int quality;     /* 1..100, 0: the format's default */
    const void *icc; /* to be embedded, the caller's; NULL: colours are sRGB, grey is grey */
    size_t icc_bytes;
    /** Encode the next rows [rows, width, channels]. */
    int (*put)(P2pEncoder *encoder, int rows, const void *samples);
    /** All rows are there: write the end. */
    int (*end)(P2pEncoder *encoder);
    void (*close)(P2pEncoder *encoder);
};

/* ---- The table ----------------------------------------------------------------------------- */

typedef struct P2pCodec {
    const char *name;
    const char *suffixes[6]; /* lower case; outputs get the first */
    bool (*recognise)(const unsigned char *data, size_t bytes);
    /** NULL: built without a library, which lacks names. */
    int (*decode)(P2pDecoder **out, const P2pCodecInput *input);
    /** *like has what of channels and bits the format takes. NULL: is not written. */
    int (*encode)(P2pEncoder **out, const P2pEncoder *like);
    const char *lacks;
    int most_channels; /* that are written */
    bool alpha;        /* 2 and 4 channels are written as such, else without the last */
    bool no_grey;      /* grey is written as colours */
    bool profiles;     /* it holds a profile */
    bool srgb_profile; /* that of sRGB, too, which is not told otherwise */
    int bits;          /* that are written: the sum of 8, 16 and 32 */
} P2pCodec;

/** By P2pImageFormat. */
extern const P2pCodec p2p_codecs[];
extern const int p2p_codec_count;

/** The format of a file's bytes, or NULL. */
const P2pCodec *p2p_codec_of(const unsigned char *data, size_t bytes);

/** Open a decoder for a file of any known format: P2P_EFORMAT where it is none. */
int p2p_decoder_open(P2pDecoder **out, const P2pCodecInput *input);
/** Rows in sRGB, where the file tells what its colours are. */
int p2p_decoder_next(P2pDecoder *decoder, int rows, void *samples);
void p2p_decoder_close(P2pDecoder *decoder);

/* ---- What holds for all -------------------------------------------------------------------- */

/** Refuse impossible or too large sizes: P2P_EFORMAT naming the file. */
int p2p_codec_check_size(const char *name, double width, double height, size_t max_pixels);

/** The same by the bytes of image's samples, where they are more than 8 a pixel (RGBA of 16 bits). */
int p2p_codec_check_bytes(const char *name, const P2pImage *image, size_t max_pixels);

/**
 * Inks to RGB as Pillow has it where no profile is applied.
 *
 * @param rgb   uint8 [width, 3], overwritten.
 * @param cmyk  uint8 [width, 4], 255 for no ink as Adobe has it.
 */
void p2p_inks_to_rgb(unsigned char *rgb, const unsigned char *cmyk, int width);

/**
 * The orientation that EXIF data tells: a TIFF header and directory, behind "Exif" and two zeros or not.
 * 1..8, or 0 where it tells none or is damaged.
 */
int p2p_exif_orientation(const unsigned char *data, size_t bytes);

#endif
