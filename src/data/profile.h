/* SPDX-License-Identifier: BSD-2-Clause */
/* Colours of pictures whose files tell by an ICC profile what they are, to sRGB. */
#ifndef P2P_DATA_PROFILE_H
#define P2P_DATA_PROFILE_H

#include <stddef.h>

#include "p2p/image.h"

/* The longest that is applied, in bytes; those of printing have up to 3 MB. */
enum { P2P_PROFILE_MOST = 1 << 24 };

/**
 * Samples from a profile's colours to sRGB, in place; alpha stays. Nothing happens where the profile
 * is unusable, not of RGB, sRGB itself within 1 of 255, or the picture grey.
 */
void p2p_profile_to_srgb(P2pImage *image, const void *icc, size_t bytes);

/** The way from inks to sRGB: lcms2's transform. */
typedef void P2pInkProfile;

/** NULL where the profile is unusable, or not of CMYK. */
P2pInkProfile *p2p_ink_profile_open(const void *icc, size_t bytes);
/** NULL closes nothing. */
void p2p_ink_profile_close(P2pInkProfile *profile);

/**
 * @param cmyk  uint8 [width, 4], 255 for no ink.
 * @param rgb   uint8 [width, 3], overwritten.
 */
void p2p_ink_profile_apply(P2pInkProfile *profile, const unsigned char *cmyk, unsigned char *rgb,
                           int width);

#endif
