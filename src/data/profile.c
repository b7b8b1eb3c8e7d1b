/* SPDX-License-Identifier: BSD-2-Clause */
/* ICC profiles by lcms2. Without it pictures keep the samples that they have. */
#include "src/data/profile.h"

#include "config.h"

#if P2P_HAVE_LCMS
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <lcms2.h>

enum {
    LEVELS = 6, /* of each channel, where a profile is looked at */
    COLOURS = LEVELS * LEVELS * LEVELS,
};

/*
 * To sRGB by the perceptual intent, as Pillow has it; NULL where that cannot be. Of 16 bits lcms2 would
 * make a table of 33 levels, which is off by up to 19 of 255 in dark colours; of 8 bits it is exact.
 */
static cmsHTRANSFORM transform_open(const void *icc, size_t bytes, cmsColorSpaceSignature space,
                                    cmsUInt32Number from, cmsUInt32Number to)
{
    if (bytes > P2P_PROFILE_MOST)
        return NULL;
    const cmsHPROFILE in = cmsOpenProfileFromMem(icc, (cmsUInt32Number)bytes);
    const cmsHPROFILE out = cmsCreate_sRGBProfile();
    cmsHTRANSFORM transform = NULL;

    if (in && out && cmsGetColorSpace(in) == space)
        transform = cmsCreateTransform(in, from, out, to, INTENT_PERCEPTUAL,
                                       T_BYTES(from) == 2 ? cmsFLAGS_NOOPTIMIZE : 0);
    if (in)
        cmsCloseProfile(in);
    if (out)
        cmsCloseProfile(out);
    return transform;
}

/* Whether colours all over the cube stay, so that pictures in sRGB keep each sample. */
static bool changes_nothing(const void *icc, size_t bytes)
{
    uint8_t in[COLOURS * 3], out[COLOURS * 3];
    const cmsHTRANSFORM t = transform_open(icc, bytes, cmsSigRgbData, TYPE_RGB_8, TYPE_RGB_8);
    bool same = true;

    if (!t)
        return true;
    for (int i = 0; i < COLOURS; i++) {
        const int at[3] = {i % LEVELS, i / LEVELS % LEVELS, i / LEVELS / LEVELS};
        for (int k = 0; k < 3; k++)
            in[3 * i + k] = (uint8_t)(at[k] * 255 / (LEVELS - 1));
    }
    cmsDoTransform(t, in, out, COLOURS);
    cmsDeleteTransform(t);
    for (int i = 0; i < COLOURS * 3; i++)
        same = same && abs(in[i] - out[i]) <= 1;
    return same;
}

void p2p_profile_to_srgb(P2pImage *image, const void *icc, size_t bytes)
{
    const cmsUInt32Number type = COLORSPACE_SH(PT_RGB) | CHANNELS_SH(3) |
                                 BYTES_SH((cmsUInt32Number)image->bits / 8) |
                                 EXTRA_SH((cmsUInt32Number)image->channels - 3);
    const size_t row = p2p_image_bytes(image) / (size_t)image->height;

    if (image->channels < 3 || changes_nothing(icc, bytes))
        return;
    const cmsHTRANSFORM t = transform_open(icc, bytes, cmsSigRgbData, type, type);
    for (size_t y = 0; t && y < (size_t)image->height; y++) {
        unsigned char *samples = (unsigned char *)image->data + y * row;
        cmsDoTransform(t, samples, samples, (cmsUInt32Number)image->width);
    }
    if (t)
        cmsDeleteTransform(t);
}

P2pInkProfile *p2p_ink_profile_open(const void *icc, size_t bytes)
{
    return transform_open(icc, bytes, cmsSigCmykData, TYPE_CMYK_8_REV, TYPE_RGB_8);
}

void p2p_ink_profile_close(P2pInkProfile *profile)
{
    if (profile)
        cmsDeleteTransform(profile);
}

void p2p_ink_profile_apply(P2pInkProfile *profile, const unsigned char *cmyk, unsigned char *rgb,
                           int width)
{
    cmsDoTransform(profile, cmyk, rgb, (cmsUInt32Number)width);
}

#else

void p2p_profile_to_srgb(P2pImage *image, const void *icc, size_t bytes)
{
    (void)image;
    (void)icc;
    (void)bytes;
}

P2pInkProfile *p2p_ink_profile_open(const void *icc, size_t bytes)
{
    (void)icc;
    (void)bytes;
    return NULL;
}

void p2p_ink_profile_close(P2pInkProfile *profile)
{
    (void)profile;
}

void p2p_ink_profile_apply(P2pInkProfile *profile, const unsigned char *cmyk, unsigned char *rgb,
                           int width)
{
    (void)profile;
    (void)cmyk;
    (void)rgb;
    (void)width;
}

#endif
