/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How alike two pictures are: L1, PSNR, and SSIM after Wang, Bovik, Sheikh and Simoncelli 2004
 * (IEEE TIP 13(4)), Gaussian window 11x11 with sigma 1.5; MS-SSIM after Wang, Simoncelli and Bovik 2003
 * (Asilomar). All in double on the scale 0..255.
 */
#include <math.h>
#include <string.h>

#include "p2p/image.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"

enum {
    WINDOW = 11,
    MOMENTS = 5, /* a, b, aa, bb, ab */
    SCALES = 5,
};

/* One channel of both pictures. */
typedef struct Planes {
    int width, height;
    double *a, *b; /* [height, width]; one allocation, which begins at a */
} Planes;

/* Means over the positions where the window fits. */
typedef struct Similarity {
    double ssim;
    double structure; /* contrast and structure alone, without luminance */
} Similarity;

static int planes_init(Planes *p, const P2pImage *a, const P2pImage *b, int channel)
{
    const size_t n = (size_t)a->width * (size_t)a->height, channels = (size_t)a->channels;

    *p = (Planes){a->width, a->height, p2p_alloc(2 * n, sizeof(double)), NULL};
    if (!p->a)
        return P2P_ENOMEM;
    p->b = p->a + n;
    for (size_t i = 0; i < n; i++) {
        p->a[i] = p2p_image_sample(a, i * channels + (size_t)channel);
        p->b[i] = p2p_image_sample(b, i * channels + (size_t)channel);
    }
    return P2P_OK;
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

static void add_position(const double m[MOMENTS], Similarity *sum)
{
    const double c1 = (.01 * 255) * (.01 * 255), c2 = (.03 * 255) * (.03 * 255);
    const double ab = m[0] * m[1], aa = m[0] * m[0], bb = m[1] * m[1];
    const double structure = (2 * (m[4] - ab) + c2) / ((m[2] - aa) + (m[3] - bb) + c2);

    sum->structure += structure;
    sum->ssim += (2 * ab + c1) / (aa + bb + c1) * structure;
}

/* Moments of one row, windowed along x: columns [MOMENTS, width - WINDOW + 1]. */
static void row_moments(const Planes *planes, int y, const double w[WINDOW], double *out)
{
    const size_t columns = (size_t)(planes->width - WINDOW + 1);
    const size_t row = (size_t)y * (size_t)planes->width;

    for (size_t x = 0; x < columns; x++) {
        double m[MOMENTS] = {0};
        for (size_t i = 0; i < WINDOW; i++) {
            const double p = planes->a[row + x + i], q = planes->b[row + x + i];
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

/* rows: room for the moments of WINDOW rows. */
static Similarity similarity(const Planes *planes, const double w[WINDOW], double *rows)
{
    const size_t columns = (size_t)(planes->width - WINDOW + 1), stride = columns * MOMENTS;
    const double positions = (double)columns * (planes->height - WINDOW + 1);
    Similarity sum = {0};

    for (int y = 0; y < planes->height; y++) {
        row_moments(planes, y, w, rows + (size_t)(y % WINDOW) * stride);
        if (y < WINDOW - 1)
            continue;
        for (size_t x = 0; x < columns; x++) {
            double m[MOMENTS] = {0};
            for (int i = 0; i < WINDOW; i++) {
                const double *r = rows + (size_t)((y + 1 + i) % WINDOW) * stride + x;
                for (size_t k = 0; k < MOMENTS; k++)
                    m[k] += w[i] * r[k * columns];
            }
            add_position(m, &sum);
        }
    }
    return (Similarity){sum.ssim / positions, sum.structure / positions};
}

/* Half the size, in place: means of 2 x 2; a last odd column or row counts twice. */
static void halve(Planes *p)
{
    const int width = (p->width + 1) / 2, height = (p->height + 1) / 2;

    for (int k = 0; k < 2; k++) {
        double *plane = k ? p->b : p->a;
        for (int y = 0; y < height; y++) {
            const double *up = plane + (size_t)(2 * y) * (size_t)p->width;
            const double *down = 2 * y + 1 < p->height ? up + p->width : up;
            for (int x = 0; x < width; x++) {
                const int left = 2 * x, right = p2p_min(2 * x + 1, p->width - 1);
                plane[(size_t)y * (size_t)width + (size_t)x] =
                    (up[left] + up[right] + down[left] + down[right]) / 4;
            }
        }
    }
    p->width = width;
    p->height = height;
}

/* The weights of Wang et al. 2003, section 3.2; negative means count as 0. */
static double over_scales(Planes *planes, Similarity first, const double w[WINDOW], double *rows)
{
    static const double weights[SCALES] = {.0448, .2856, .3001, .2363, .1333};
    Similarity s = first;
    double product = 1;

    for (int i = 0; i < SCALES; i++) {
        if (i) {
            halve(planes);
            s = similarity(planes, w, rows);
        }
        product *= pow(fmax(0, i == SCALES - 1 ? s.ssim : s.structure), weights[i]);
    }
    return product;
}

static int measure_channels(const P2pImage *a, const P2pImage *b, bool scales, double *rows,
                            P2pMetrics *metrics)
{
    double w[WINDOW], ssim = 0, ms_ssim = 0;

    make_window(w);
    for (int c = 0; c < a->channels; c++) {
        Planes planes;
        if (planes_init(&planes, a, b, c) < 0)
            return P2P_ENOMEM;
        const Similarity s = similarity(&planes, w, rows);
        ssim += s.ssim;
        if (scales)
            ms_ssim += over_scales(&planes, s, w, rows);
        free(planes.a);
    }
    metrics->ssim = ssim / a->channels;
    metrics->ms_ssim = scales ? ms_ssim / a->channels : (double)NAN;
    return P2P_OK;
}

static int compare_structure(const P2pImage *a, const P2pImage *b, P2pMetrics *metrics)
{
    const int least = p2p_min(a->width, a->height);
    const bool scales = (least - 1) >> (SCALES - 1) >= WINDOW - 1; /* the smallest holds a window */

    metrics->ssim = metrics->ms_ssim = (double)NAN;
    if (least < WINDOW)
        return P2P_OK;
    double *rows = p2p_alloc((size_t)(a->width - WINDOW + 1) * WINDOW, MOMENTS * sizeof(*rows));
    const int err = rows ? measure_channels(a, b, scales, rows, metrics) : P2P_ENOMEM;
    free(rows);
    return err;
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
        const double d = p2p_image_sample(a, i) - p2p_image_sample(b, i);
        absolute += fabs(d);
        square += d * d;
    }
    metrics->l1 = absolute / (double)n;
    metrics->psnr = square > 0 ? 10 * log10(255.0 * 255.0 * (double)n / square) : (double)INFINITY;
    return compare_structure(a, b, metrics);
}
