/* SPDX-License-Identifier: BSD-2-Clause */
/* Pictures in CIE Lab, scaled as the networks of colorization see them. */
#ifndef P2P_DATA_LAB_H
#define P2P_DATA_LAB_H

#include "p2p/image.h"

/**
 * L / 50 - 1 and ab / 110 of a picture, as skimage's rgb2lab (D65, 2 degrees) of sRGB and the reference
 * implementation's colorization data set; computed in double, then rounded to f32.
 *
 * @param rgb  3 channels.
 * @param l    f32 [height, width], overwritten.
 * @param ab   f32 [height, width, 2], overwritten; NULL: not wanted.
 */
void p2p_lab_from_rgb(const P2pImage *rgb, float *l, float *ab);
/** L / 100 as a picture of 1 channel and 32 bits, whose floats are the same L; *out is overwritten. */
int p2p_lab_lightness(const P2pImage *rgb, P2pImage *out);

/** And back, as skimage's lab2rgb: sRGB in 0..1, clipped; rgb is double [pixels, 3], overwritten. */
void p2p_lab_to_rgb(const float *l, const float *ab, size_t pixels, double *rgb);

/** The same as a picture, rounded to nearest but with 32 bits; *out is overwritten. NaN becomes 0. */
int p2p_lab_to_image(P2pImage *out, const float *l, const float *ab, int width, int height,
                     int bits);

/** What a network's output looks like: with the lightness that it saw it is ab, with NULL it is
 *  p2p_image_from_floats()'s. *out is overwritten. */
int p2p_image_from_output(P2pImage *out, const float *floats, const float *lightness, int width,
                          int height, int channels, int bits);

#endif
