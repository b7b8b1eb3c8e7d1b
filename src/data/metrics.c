/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How alike two pictures are: L1, PSNR, and SSIM after Wang, Bovik, Sheikh and Simoncelli 2004
 * (IEEE TIP 13(4)), Gaussian window 11x11 with sigma 1.5. All in double on the scale 0..255.
 */
#include <math.h>

#include "p2p/image.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"

enum {
    WINDOW = 11,
    MOMENTS = 5, /* a, b, aa, bb, ab */
};

static double sample(const P2pImage *image, size_t i)
{
    return image->bits == 8    ? ((const uint8_t *)image->data)[i]
           : image->bits == 16 ? ((const uint16_t *)image->data)[i] / 257.0
                               : (double)((const float *)image->data)[i] * 255;
}

static void make_window(double w[WINDOW])
{
    double sum = 0;

    for (int i = 0; i < WINDOW; i++) {
        const double x = i - WINDOW / 2;
        sum += w[i] = exp(-x * x / (2 * 1.5 * 1.5));
    }
    for (int i = 0; i < WINDOW; i++)
        w[i] /= sum;
}

static double ssim_of(const double m[MOMENTS])
{
    const double c1 = (.01 * 255) * (.01 * 255), c2 = (.03 * 255) * (.03 * 255);
    const double ab = m[0] * m[1], aa = m[0] * m[0], bb = m[1] * m[1];

    return (2 * ab + c1) * (2 * (m[4] - ab) + c2) /
           ((aa + bb + c1) * ((m[2] - aa) + (m[3] - bb) + c2));
}

/* Moments of one row, windowed along x: columns [MOMENTS, width - WINDOW + 1]. */
static void row_moments(const P2pImage *a, const P2pImage *b, int y, int channel,
                        const double w[WINDOW], double *out)
{
    const size_t columns = (size_t)(a->width - WINDOW + 1), channels = (size_t)a->channels;
    const size_t row = (size_t)y * (size_t)a->width * channels + (size_t)channel;

    for (size_t x = 0; x < columns; x++) {
        double m[MOMENTS] = {0};
        for (size_t i = 0; i < WINDOW; i++) {
            const double p = sample(a, row + (x + i) * channels);
            const double q = sample(b, row + (x + i) * channels);
            m[0] += w[i] * p;
            m[1] += w[i] * q;
            m[2] += w[i] * p * p;
            m[3] += w[i] * q * q;
            m[4] += w[i] * p * q;
        }
        for (size_t k = 0; k < MOMENTS; k++)
            out[k * columns + x] = m[k];
    }
}

/* Sum over the positions of one channel; rows holds the moments of the last WINDOW rows. */
static double channel_sum(const P2pImage *a, const P2pImage *b, int channel, const double w[WINDOW],
                          double *rows)
{
    const size_t columns = (size_t)(a->width - WINDOW + 1), stride = columns * MOMENTS;
    double sum = 0;

    for (int y = 0; y < a->height; y++) {
        row_moments(a, b, y, channel, w, rows + (size_t)(y % WINDOW) * stride);
        if (y < WINDOW - 1)
            continue;
        for (size_t x = 0; x < columns; x++) {
            double m[MOMENTS] = {0};
            for (int i = 0; i < WINDOW; i++) {
                const double *r = rows + (size_t)((y + 1 + i) % WINDOW) * stride + x;
                for (size_t k = 0; k < MOMENTS; k++)
                    m[k] += w[i] * r[k * columns];
            }
            sum += ssim_of(m);
        }
    }
    return sum;
}

static int ssim(const P2pImage *a, const P2pImage *b, double *out)
{
    double w[WINDOW], sum = 0;

    *out = (double)NAN;
    if (a->width < WINDOW || a->height < WINDOW)
        return P2P_OK;
    const size_t columns = (size_t)(a->width - WINDOW + 1);
    double *rows = p2p_alloc(columns * WINDOW, MOMENTS * sizeof(*rows));
    if (!rows)
        return P2P_ENOMEM;
    make_window(w);
    for (int c = 0; c < a->channels; c++)
        sum += channel_sum(a, b, c, w, rows);
    *out = sum / ((double)columns * (a->height - WINDOW + 1) * a->channels);
    free(rows);
    return P2P_OK;
}

int p2p_image_compare(const P2pImage *a, const P2pImage *b, P2pMetrics *metrics)
{
    P2P_NEED_PICTURE(a);
    P2P_NEED_PICTURE(b);
    P2P_NEED(metrics);

    const size_t n = (size_t)a->width * (size_t)a->height * (size_t)a->channels;
    double absolute = 0, square = 0;

    *metrics = (P2pMetrics){0};
    if (a->width != b->width || a->height != b->height || a->channels != b->channels)
        return p2p_fail(P2P_EINVAL,
                        "pictures of %d x %d x %d and %d x %d x %d (width, height, "
                        "channels) cannot be compared",
                        a->width, a->height, a->channels, b->width, b->height, b->channels);
    for (size_t i = 0; i < n; i++) {
        const double d = sample(a, i) - sample(b, i);
        absolute += fabs(d);
        square += d * d;
    }
    metrics->l1 = absolute / (double)n;
    metrics->psnr = square > 0 ? 10 * log10(255.0 * 255.0 * (double)n / square) : (double)INFINITY;
    return ssim(a, b, &metrics->ssim);
}
