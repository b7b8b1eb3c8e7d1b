/* SPDX-License-Identifier: BSD-2-Clause */
/* The two picture formats behind p2p_image_read_memory() and p2p_image_encode(). */
#ifndef P2P_DATA_CODEC_H
#define P2P_DATA_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "p2p/image.h"

/** Refuse impossible or too large sizes: P2P_EFORMAT naming the file. */
int p2p_codec_check_size(const char *name, double width, double height, size_t max_pixels);

/**
 * The orientation that EXIF data tells: a TIFF header and directory, behind "Exif" and two zeros or not.
 * 1..8, or 0 where it tells none or is damaged.
 */
int p2p_exif_orientation(const unsigned char *data, size_t bytes);

bool p2p_png_recognise(const unsigned char *data, size_t bytes);
/** *image is empty before and after a failure. */
int p2p_png_decode(P2pImage *image, const unsigned char *data, size_t bytes, const char *name,
                   size_t max_pixels);
/** *out is for free(). */
int p2p_png_encode(const P2pImage *image, unsigned char **out, size_t *bytes);

bool p2p_jpeg_recognise(const unsigned char *data, size_t bytes);
int p2p_jpeg_decode(P2pImage *image, const unsigned char *data, size_t bytes, const char *name,
                    size_t max_pixels);
/** image has 8 bits and 1 or 3 channels. */
int p2p_jpeg_encode(const P2pImage *image, int quality, unsigned char **out, size_t *bytes);

#endif
