/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures continued beyond their edges by mirroring, the edge itself not repeated: what surrounds
 * them where a network needs more pixels than they have.
 */
#include <string.h>

#include "p2p/image.h"
#include "src/base/memory.h"
#include "src/data/picture.h"

/* Where the continued row shows position i: 2 1 0 1 2 .. n-1 n-2 ... , again and again. */
static int mirrored(long long i, int n)
{
    const long long period = n > 1 ? 2LL * (n - 1) : 1;
    const long long at = (i % period + period) % period;

    return (int)(at < n ? at : period - at);
}

int p2p_image_reflect(const P2pImage *in, int x, int y, int width, int height, P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);

    const int err = p2p_image_init(out, width, height, in->channels, in->bits);
    if (err)
        return err;
    const size_t row_in = p2p_image_bytes(in) / (size_t)in->height;
    const size_t row_out = p2p_image_bytes(out) / (size_t)height;
    const size_t pixel = row_out / (size_t)width;
    /* What lies within is copied at once; left and right of it pixel by pixel. */
    const long long left = x < 0 ? -(long long)x : 0, end = (long long)in->width - x;
    const size_t first = left < width ? (size_t)left : (size_t)width;
    const size_t last = end < (long long)first ? first : end < width ? (size_t)end : (size_t)width;

    for (int i = 0; i < height; i++) {
        const char *from =
            (const char *)in->data + (size_t)mirrored((long long)y + i, in->height) * row_in;
        char *to = (char *)out->data + (size_t)i * row_out;
        for (size_t k = 0; k < first; k++)
            memcpy(to + k * pixel,
                   from + (size_t)mirrored((long long)x + (long long)k, in->width) * pixel, pixel);
        if (last > first)
            memcpy(to + first * pixel, from + ((size_t)((long long)x + (long long)first)) * pixel,
                   (last - first) * pixel);
        for (size_t k = last; k < (size_t)width; k++)
            memcpy(to + k * pixel,
                   from + (size_t)mirrored((long long)x + (long long)k, in->width) * pixel, pixel);
    }
    out->orientation = in->orientation;
    return P2P_OK;
}
