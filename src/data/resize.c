/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Antialiased resizing, bit for bit as Pillow's (8 bits: 22-bit fixed point; 16 bits and floats: double).
 * Two passes, horizontal first, each rounded to the sample type; a pass that keeps the size is
 * skipped. No linear light, no premultiplied alpha.
 */
#include <math.h>
#include <string.h>

#include "p2p/image.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"

enum {
    FIXED_BITS = 22,
    CHUNK = 256, /* samples */
};

/* Weights of every output position: taps[i] of them from source position first[i] on. */
typedef struct Kernel {
    int *first, *taps;
    double *exact; /* [out, most] */
    int32_t *fixed;
    int most;
} Kernel;

static double bicubic(double x)
{
    const double a = -0.5;

    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double bilinear(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Half open: where two samples are as near, the later one counts. */
static double area(double x)
{
    return x > -0.5 && x <= 0.5;
}

static double weight_of(P2pFilter filter, double x)
{
    return filter == P2P_FILTER_BICUBIC    ? bicubic(x)
           : filter == P2P_FILTER_BILINEAR ? bilinear(x)
                                           : area(x);
}

/* How far a filter reaches to each side, in samples of the coarser picture. */
static double reach_of(P2pFilter filter)
{
    return filter == P2P_FILTER_BICUBIC ? 2 : filter == P2P_FILTER_BILINEAR ? 1 : 0.5;
}

static void kernel_finish(Kernel *k)
{
    free(k->first);
    free(k->taps);
    free(k->exact);
    free(k->fixed);
}

static void weigh(Kernel *k, int i, int in, double scale, P2pFilter filter)
{
    const double stretch = scale > 1 ? scale : 1;
    const double support = stretch * reach_of(filter);
    const double centre = (i + 0.5) * scale;
    const int lo = p2p_max((int)(centre - support + 0.5), 0);
    const int hi = p2p_min((int)(centre + support + 0.5), in);
    double *exact = k->exact + (size_t)i * (size_t)k->most, sum = 0;
    int32_t *fixed = k->fixed + (size_t)i * (size_t)k->most;

    for (int j = lo; j < hi; j++) {
        /* Times the reciprocal, not divided: the bits depend on it. */
        const double x = (j - centre + 0.5) * (1 / stretch);
        sum += exact[j - lo] = weight_of(filter, x);
    }
    for (int j = 0; j < hi - lo; j++) {
        if (sum != 0)
            exact[j] /= sum;
        fixed[j] = (int32_t)(exact[j] * (1 << FIXED_BITS) + (exact[j] < 0 ? -0.5 : 0.5));
    }
    k->first[i] = lo;
    k->taps[i] = hi - lo;
}

static int kernel_init(Kernel *k, int in, int out, P2pFilter filter)
{
    const double scale = (double)in / out;

    *k = (Kernel){.most = (int)ceil((scale > 1 ? scale : 1) * 2) * 2 + 1};
    k->first = p2p_alloc((size_t)out, sizeof(*k->first));
    k->taps = p2p_alloc((size_t)out, sizeof(*k->taps));
    k->exact = p2p_alloc((size_t)out * (size_t)k->most, sizeof(*k->exact));
    k->fixed = p2p_alloc((size_t)out * (size_t)k->most, sizeof(*k->fixed));
    if (!k->first || !k->taps || !k->exact || !k->fixed) {
        kernel_finish(k);
        return P2P_ENOMEM;
    }
    for (int i = 0; i < out; i++)
        weigh(k, i, in, scale, filter);
    return P2P_OK;
}

static uint8_t clip(int32_t v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static uint16_t round_exact(double sum)
{
    const double v = floor(sum + 0.5);

    return (uint16_t)(v < 0 ? 0 : v > 65535 ? 65535 : v);
}

/*
 * Output position i of `count` samples that lie side by side: a pixel's channels, or a row. Their
 * taps are `step` samples apart. Sums of CHUNK samples are built together, for the vector units.
 */
static void blend8(const uint8_t *in, uint8_t *out, const Kernel *k, int i, size_t step,
                   size_t count)
{
    const int32_t *w = k->fixed + (size_t)i * (size_t)k->most;
    int32_t sum[CHUNK];

    in += (size_t)k->first[i] * step;
    for (size_t at = 0; at < count; at += CHUNK) {
        const size_t n = count - at < CHUNK ? count - at : CHUNK;
        for (size_t c = 0; c < n; c++)
            sum[c] = 1 << (FIXED_BITS - 1);
        for (int j = 0; j < k->taps[i]; j++) {
            const uint8_t *row = in + (size_t)j * step + at;
            for (size_t c = 0; c < n; c++)
                sum[c] += w[j] * row[c];
        }
        for (size_t c = 0; c < n; c++)
            out[at + c] = clip(sum[c] >> FIXED_BITS);
    }
}

/* blend8 for one RGB pixel, where its chunks would be too short: resizing takes half the time. */
static void blend_rgb(const uint8_t *in, uint8_t *out, const Kernel *k, int i)
{
    const int32_t *w = k->fixed + (size_t)i * (size_t)k->most;
    int32_t r = 1 << (FIXED_BITS - 1), g = r, b = r;

    in += (size_t)k->first[i] * 3;
    for (int j = 0; j < k->taps[i]; j++, in += 3) {
        r += w[j] * in[0];
        g += w[j] * in[1];
        b += w[j] * in[2];
    }
    out[0] = clip(r >> FIXED_BITS);
    out[1] = clip(g >> FIXED_BITS);
    out[2] = clip(b >> FIXED_BITS);
}

static void blend16(const uint16_t *in, uint16_t *out, const Kernel *k, int i, size_t step,
                    size_t count)
{
    const double *w = k->exact + (size_t)i * (size_t)k->most;

    in += (size_t)k->first[i] * step;
    for (size_t c = 0; c < count; c++) {
        double sum = 0;
        for (int j = 0; j < k->taps[i]; j++)
            sum += w[j] * in[(size_t)j * step + c];
        out[c] = round_exact(sum);
    }
}

static void blend_floats(const float *in, float *out, const Kernel *k, int i, size_t step,
                         size_t count)
{
    const double *w = k->exact + (size_t)i * (size_t)k->most;

    in += (size_t)k->first[i] * step;
    for (size_t c = 0; c < count; c++) {
        double sum = 0;
        for (int j = 0; j < k->taps[i]; j++)
            sum += w[j] * (double)in[(size_t)j * step + c];
        out[c] = (float)sum;
    }
}

static void blend(const P2pImage *in, size_t at_in, P2pImage *out, size_t at_out, const Kernel *k,
                  int i, size_t step, size_t count)
{
    if (in->bits == 8 && count == 3)
        blend_rgb((const uint8_t *)in->data + at_in, (uint8_t *)out->data + at_out, k, i);
    else if (in->bits == 8)
        blend8((const uint8_t *)in->data + at_in, (uint8_t *)out->data + at_out, k, i, step, count);
    else if (in->bits == 32)
        blend_floats((const float *)in->data + at_in, (float *)out->data + at_out, k, i, step,
                     count);
    else
        blend16((const uint16_t *)in->data + at_in, (uint16_t *)out->data + at_out, k, i, step,
                count);
}

static int resize_width(const P2pImage *in, int width, P2pFilter filter, P2pImage *out)
{
    const size_t channels = (size_t)in->channels;
    Kernel k;
    int err;

    if ((err = p2p_image_init(out, width, in->height, in->channels, in->bits)) < 0)
        return err;
    if ((err = kernel_init(&k, in->width, width, filter)) < 0)
        return err;
    for (size_t y = 0; y < (size_t)in->height; y++)
        for (int i = 0; i < width; i++)
            blend(in, y * (size_t)in->width * channels, out,
                  (y * (size_t)width + (size_t)i) * channels, &k, i, channels, channels);
    kernel_finish(&k);
    return P2P_OK;
}

static int resize_height(const P2pImage *in, int height, P2pFilter filter, P2pImage *out)
{
    const size_t row = (size_t)in->width * (size_t)in->channels;
    Kernel k;
    int err;

    if ((err = p2p_image_init(out, in->width, height, in->channels, in->bits)) < 0)
        return err;
    if ((err = kernel_init(&k, in->height, height, filter)) < 0)
        return err;
    for (int i = 0; i < height; i++)
        blend(in, 0, out, (size_t)i * row, &k, i, row, row);
    kernel_finish(&k);
    return P2P_OK;
}

/* Positions are added up as Pillow does, so that roundings agree. */
static int resize_nearest(const P2pImage *in, int width, int height, P2pImage *out)
{
    const size_t pixel = p2p_image_bytes(in) / ((size_t)in->width * (size_t)in->height);
    const double step_x = (double)in->width / width, step_y = (double)in->height / height;
    const int err = p2p_image_init(out, width, height, in->channels, in->bits);
    double at_y = step_y / 2;

    for (int y = 0; !err && y < height; y++, at_y += step_y) {
        const size_t row = (size_t)p2p_min((int)at_y, in->height - 1) * (size_t)in->width;
        const char *from = (const char *)in->data + row * pixel;
        char *to = (char *)out->data + (size_t)y * (size_t)width * pixel;
        double at_x = step_x / 2;
        for (int x = 0; x < width; x++, at_x += step_x)
            memcpy(to + (size_t)x * pixel, from + (size_t)p2p_min((int)at_x, in->width - 1) * pixel,
                   pixel);
    }
    return err;
}

int p2p_image_resize(const P2pImage *in, int width, int height, P2pFilter filter, P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);
    P2P_NEED_RANGE("filter", filter, P2P_FILTER_BICUBIC, P2P_FILTER_AREA);

    P2pImage wide = {0};
    int err = P2P_OK;

    *out = (P2pImage){0};
    if (width < 1 || height < 1 || width > P2P_IMAGE_MAX_SIDE || height > P2P_IMAGE_MAX_SIDE)
        return p2p_fail(P2P_EINVAL, "a picture cannot be resized to %d x %d pixels", width, height);
    if (width == in->width && height == in->height)
        return p2p_image_copy(in, out);
    if (filter == P2P_FILTER_NEAREST)
        return resize_nearest(in, width, height, out);
    if (width == in->width)
        err = resize_height(in, height, filter, out);
    else if (height == in->height)
        err = resize_width(in, width, filter, out);
    else if ((err = resize_width(in, width, filter, &wide)) == P2P_OK)
        err = resize_height(&wide, height, filter, out);
    p2p_image_finish(&wide);
    if (err)
        p2p_image_finish(out);
    return err;
}
