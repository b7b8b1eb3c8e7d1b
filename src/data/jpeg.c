/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JPEG by libjpeg-turbo's TurboJPEG 2 interface. Grey and colour only; what TurboJPEG calls a
 * warning (a file cut short above all) is an error here. Reads and writes memory, never files.
 */
#include <string.h>

#include <turbojpeg.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codec.h"

enum { MAX_SIDE = 65500 };

bool p2p_jpeg_recognise(const unsigned char *data, size_t bytes)
{
    return bytes >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff;
}

/* Ends in an end-of-image marker, fill bytes aside. */
static bool has_end(const unsigned char *data, size_t bytes)
{
    while (bytes && data[bytes - 1] == 0)
        bytes--;
    return bytes >= 2 && data[bytes - 2] == 0xff && data[bytes - 1] == 0xd9;
}

/*
 * Some cameras leave bytes between markers: harmless, and the one warning let through. TurboJPEG
 * keeps only the first warning, so the end of such a file is looked at here.
 */
static bool is_harmless(tjhandle tj, const unsigned char *data, size_t bytes)
{
    return tjGetErrorCode(tj) == TJERR_WARNING && strstr(tjGetErrorStr2(tj), "extraneous") &&
           has_end(data, bytes);
}

static int decode_pixels(tjhandle tj, P2pImage *image, const unsigned char *data, size_t bytes,
                         const char *name)
{
    const int format = image->channels == 1 ? TJPF_GRAY : TJPF_RGB;
    int flags = TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING | TJFLAG_ACCURATEDCT;
    int err = tjDecompress2(tj, data, (unsigned long)bytes, image->data, image->width, 0,
                            image->height, format, flags);

    if (err && is_harmless(tj, data, bytes)) {
        flags &= ~TJFLAG_STOPONWARNING;
        err = tjDecompress2(tj, data, (unsigned long)bytes, image->data, image->width, 0,
                            image->height, format, flags);
        if (err && is_harmless(tj, data, bytes))
            err = 0;
    }
    if (err)
        return p2p_fail(P2P_EFORMAT, "%s: the JPEG is truncated or damaged (%s)", name,
                        tjGetErrorStr2(tj));
    return P2P_OK;
}

int p2p_jpeg_decode(P2pImage *image, const unsigned char *data, size_t bytes, const char *name,
                    size_t max_pixels)
{
    int width = 0, height = 0, sampling = 0, colours = -1, err;
    tjhandle tj = tjInitDecompress();

    if (!tj)
        return p2p_fail(P2P_ENOMEM, "%s: no memory for a JPEG decoder", name);
    err = tjDecompressHeader3(tj, data, (unsigned long)bytes, &width, &height, &sampling, &colours);
    if (err && !(colours >= 0 && is_harmless(tj, data, bytes)))
        err = p2p_fail(P2P_EFORMAT, "%s: the JPEG's header is truncated or damaged (%s)", name,
                       tjGetErrorStr2(tj));
    else if (colours == TJCS_CMYK || colours == TJCS_YCCK)
        err = p2p_fail(P2P_EFORMAT, "%s: is a CMYK JPEG; convert it to RGB first", name);
    else
        err = p2p_codec_check_size(name, width, height, max_pixels);
    if (!err)
        err = p2p_image_init(image, width, height, colours == TJCS_GRAY ? 1 : 3, 8);
    if (!err)
        err = decode_pixels(tj, image, data, bytes, name);
    if (err)
        p2p_image_finish(image);
    tjDestroy(tj);
    return err;
}

int p2p_jpeg_encode(const P2pImage *image, int quality, unsigned char **out, size_t *bytes)
{
    const bool grey = image->channels == 1;
    const int sampling = grey ? TJSAMP_GRAY : quality >= 90 ? TJSAMP_444 : TJSAMP_420;
    unsigned char *jpeg = NULL;
    unsigned long size = 0;
    int err = P2P_OK;

    if (image->width > MAX_SIDE || image->height > MAX_SIDE)
        return p2p_fail(P2P_EINVAL, "a JPEG has at most %d x %d pixels, not %d x %d; write a PNG",
                        MAX_SIDE, MAX_SIDE, image->width, image->height);
    tjhandle tj = tjInitCompress();
    if (!tj)
        return p2p_fail(P2P_ENOMEM, "no memory for a JPEG encoder");
    if (tjCompress2(tj, image->data, image->width, 0, image->height, grey ? TJPF_GRAY : TJPF_RGB,
                    &jpeg, &size, sampling, quality, TJFLAG_ACCURATEDCT) != 0)
        err = p2p_fail(P2P_ENOMEM, "the JPEG cannot be encoded (%s)", tjGetErrorStr2(tj));
    else if ((*out = p2p_alloc(size, 1)) == NULL)
        err = P2P_ENOMEM;
    else
        memcpy(*out, jpeg, *bytes = size);
    tjFree(jpeg);
    tjDestroy(tj);
    return err;
}
