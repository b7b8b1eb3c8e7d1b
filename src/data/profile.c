/* SPDX-License-Identifier: BSD-2-Clause */
/* ICC profiles by lcms2. Without it pictures keep the samples that they have. */
#include "src/data/profile.h"

#include "config.h"

#if P2P_HAVE_LCMS
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lcms2.h>

enum {
    LEVELS = 6, /* of each channel, where a profile is looked at */
    COLOURS = LEVELS * LEVELS * LEVELS,
    DATE = 24, /* where a profile's header has it (ICC.1:2010, 7.2) */
    DATE_BYTES = 12,
};

/* The layout of samples. */
static cmsUInt32Number layout(const P2pImage *like)
{
    return COLORSPACE_SH(PT_RGB) | CHANNELS_SH(3) | FLOAT_SH(like->bits == 32) |
           BYTES_SH((cmsUInt32Number)like->bits / 8) |
           EXTRA_SH((cmsUInt32Number)like->channels - 3);
}

/*
 * To sRGB by the perceptual intent, as Pillow has it, or back; NULL where that cannot be. Of 16 bits lcms2
 * would make a table of 33 levels, which is off by up to 19 of 255 in dark colours; of 8 bits it is exact.
 */
static cmsHTRANSFORM transform_open(const void *icc, size_t bytes, cmsColorSpaceSignature space,
                                    cmsUInt32Number from, cmsUInt32Number to, bool back)
{
    if (bytes > P2P_PROFILE_MOST)
        return NULL;
    const cmsHPROFILE file = cmsOpenProfileFromMem(icc, (cmsUInt32Number)bytes);
    const cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    cmsHTRANSFORM transform = NULL;

    if (file && srgb && cmsGetColorSpace(file) == space)
        transform =
            cmsCreateTransform(back ? srgb : file, from, back ? file : srgb, to, INTENT_PERCEPTUAL,
                               T_BYTES(from) == 2 ? cmsFLAGS_NOOPTIMIZE : 0);
    if (file)
        cmsCloseProfile(file);
    if (srgb)
        cmsCloseProfile(srgb);
    return transform;
}

/* Whether colours all over the cube stay, so that pictures in sRGB keep each sample. */
static bool changes_nothing(const void *icc, size_t bytes)
{
    uint8_t in[COLOURS * 3], out[COLOURS * 3];
    const cmsHTRANSFORM t =
        transform_open(icc, bytes, cmsSigRgbData, TYPE_RGB_8, TYPE_RGB_8, false);
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

static P2pProfile *open_rgb(const void *icc, size_t bytes, const P2pImage *like, bool back)
{
    if ((like->channels != 3 && like->channels != 4) || changes_nothing(icc, bytes))
        return NULL;
    return transform_open(icc, bytes, cmsSigRgbData, layout(like), layout(like), back);
}

P2pProfile *p2p_profile_open(const void *icc, size_t bytes, const P2pImage *like)
{
    return open_rgb(icc, bytes, like, false);
}

P2pProfile *p2p_profile_open_back(const void *icc, size_t bytes, const P2pImage *like)
{
    return open_rgb(icc, bytes, like, true);
}

P2pProfile *p2p_profile_open_inks(const void *icc, size_t bytes)
{
    return transform_open(icc, bytes, cmsSigCmykData, TYPE_CMYK_8_REV, TYPE_RGB_8, false);
}

void p2p_profile_close(P2pProfile *profile)
{
    if (profile)
        cmsDeleteTransform(profile);
}

void p2p_profile_apply(P2pProfile *profile, const void *from, void *to, size_t pixels)
{
    cmsDoTransform(profile, from, to, (cmsUInt32Number)pixels);
}

void *p2p_profile_srgb(size_t *bytes)
{
    const cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    cmsUInt32Number room = 0;
    unsigned char *icc = NULL;

    if (srgb && cmsSaveProfileToMem(srgb, NULL, &room) && (icc = malloc(room)) &&
        !cmsSaveProfileToMem(srgb, icc, &room)) {
        free(icc);
        icc = NULL;
    }
    if (srgb)
        cmsCloseProfile(srgb);
    if (icc)
        memset(icc + DATE, 0, DATE_BYTES);
    *bytes = icc ? room : 0;
    return icc;
}

#else

P2pProfile *p2p_profile_open(const void *icc, size_t bytes, const P2pImage *like)
{
    (void)icc;
    (void)bytes;
    (void)like;
    return NULL;
}

P2pProfile *p2p_profile_open_back(const void *icc, size_t bytes, const P2pImage *like)
{
    return p2p_profile_open(icc, bytes, like);
}

P2pProfile *p2p_profile_open_inks(const void *icc, size_t bytes)
{
    return p2p_profile_open(icc, bytes, NULL);
}

void p2p_profile_close(P2pProfile *profile)
{
    (void)profile;
}

void p2p_profile_apply(P2pProfile *profile, const void *from, void *to, size_t pixels)
{
    (void)profile;
    (void)from;
    (void)to;
    (void)pixels;
}

void *p2p_profile_srgb(size_t *bytes)
{
    *bytes = 0;
    return NULL;
}

#endif
