/* SPDX-License-Identifier: BSD-2-Clause */
/* Colours of pictures whose files tell by an ICC profile what they are, to sRGB and back. */
#ifndef P2P_DATA_PROFILE_H
#define P2P_DATA_PROFILE_H

#include <stddef.h>

#include "p2p/image.h"

/* The longest that is applied, in bytes; those of printing have up to 3 MB. */
enum { P2P_PROFILE_MOST = 1 << 24 };

/** A way between colours: lcms2's transform. */
typedef void P2pProfile;

/**
 * From a profile's RGB to sRGB; alpha stays. NULL where the profile is unusable, not of RGB, or sRGB
 * itself within 1 of 255.
 *
 * @param like  3 or 4 channels; its channels and bits are those of the samples.
 */
P2pProfile *p2p_profile_open(const void *icc, size_t bytes, const P2pImage *like);
/** The way back, from sRGB; NULL where p2p_profile_open() has none. */
P2pProfile *p2p_profile_open_back(const void *icc, size_t bytes, const P2pImage *like);
/** From inks, uint8 CMYK with 255 for no ink, to uint8 sRGB; NULL: unusable, or not of CMYK. */
P2pProfile *p2p_profile_open_inks(const void *icc, size_t bytes);
/** NULL closes nothing. */
void p2p_profile_close(P2pProfile *profile);

/** `pixels` of them; from and to may be one where both have as many channels. */
void p2p_profile_apply(P2pProfile *profile, const void *from, void *to, size_t pixels);

/** A profile of sRGB to be embedded, the same bytes each time, in fresh memory; NULL where there is none. */
void *p2p_profile_srgb(size_t *bytes);

#endif
