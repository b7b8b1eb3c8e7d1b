/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of one picture: to a size, with a hole. */
#include <math.h>
#include <string.h>

#include "p2p/prepare.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"

/* Sides of the resized picture: covers the size, or lies within it. */
static void scaled(const P2pImage *in, int width, int height, P2pFit fit, int *w, int *h)
{
    const double by_width = (double)width / in->width, by_height = (double)height / in->height;
    const double scale =
        fit == P2P_FIT_CROP ? fmax(by_width, by_height) : fmin(by_width, by_height);

    *w = fit == P2P_FIT_STRETCH || scale == by_width ? width : (int)lround(in->width * scale);
    *h = fit == P2P_FIT_STRETCH || scale == by_height ? height : (int)lround(in->height * scale);
    *w = p2p_max(*w, 1);
    *h = p2p_max(*h, 1);
}

/* In the middle of a black picture. */
static int pad(const P2pImage *in, int width, int height, P2pImage *out)
{
    const size_t pixel = (size_t)in->channels * (size_t)in->bits / 8;
    const size_t row = (size_t)in->width * pixel;
    const size_t x = (size_t)(width - in->width) / 2, y = (size_t)(height - in->height) / 2;
    const int err = p2p_image_init(out, width, height, in->channels, in->bits);

    for (size_t i = 0; !err && i < (size_t)in->height; i++)
        memcpy((char *)out->data + ((y + i) * (size_t)width + x) * pixel,
               (const char *)in->data + i * row, row);
    return err;
}

int p2p_image_fit(const P2pImage *in, int width, int height, P2pFit fit, P2pFilter filter,
                  P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);
    P2P_NEED_RANGE("width", width, 1, P2P_IMAGE_MAX_SIDE);
    P2P_NEED_RANGE("height", height, 1, P2P_IMAGE_MAX_SIDE);
    P2P_NEED_RANGE("fit", fit, P2P_FIT_CROP, P2P_FIT_STRETCH);

    P2pImage resized = {0};
    int w, h, err;

    scaled(in, width, height, fit, &w, &h);
    if ((err = p2p_image_resize(in, w, h, filter, &resized)) < 0)
        return err;
    if (fit == P2P_FIT_STRETCH) {
        *out = resized;
        return P2P_OK;
    }
    err = fit == P2P_FIT_CROP
              ? p2p_image_crop(&resized, (w - width) / 2, (h - height) / 2, width, height, out)
              : pad(&resized, width, height, out);
    p2p_image_finish(&resized);
    return err;
}

/* The colours of a pixel; alpha stays. */
static void whiten(P2pImage *image, size_t pixel)
{
    const size_t channels = (size_t)image->channels, first = pixel * channels;
    const size_t colors = channels == 2 || channels == 4 ? channels - 1 : channels;

    for (size_t c = 0; c < colors; c++) {
        if (image->bits == 8)
            ((uint8_t *)image->data)[first + c] = 255;
        else if (image->bits == 16)
            ((uint16_t *)image->data)[first + c] = 65535;
        else
            ((float *)image->data)[first + c] = 1;
    }
}

int p2p_image_blank(const P2pImage *in, double share, P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);
    P2P_REQUIRE(share > 0 && share <= 1, "share is %g, it must be above 0 and at most 1", share);

    const int w = (int)(in->width * share), h = (int)(in->height * share);
    const int x = in->width / 2 - w / 2, y = in->height / 2 - h / 2;
    const size_t width = (size_t)in->width;
    const int err = p2p_image_copy(in, out);

    for (int i = 0; !err && i < h; i++)
        for (int k = 0; k < w; k++)
            whiten(out, (size_t)(y + i) * width + (size_t)(x + k));
    return err;
}
