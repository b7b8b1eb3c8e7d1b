/* SPDX-License-Identifier: BSD-2-Clause */
/* sRGB to CIE Lab and back. Constants as skimage has them: they define what networks have learned. */
#include "src/data/lab.h"

#include <math.h>
#include <stdint.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"

static const double to_xyz[3][3] = {
    {0.412453, 0.357580, 0.180423}, {0.212671, 0.715160, 0.072169}, {0.019334, 0.119193, 0.950227}};
static const double white[3] = {0.95047, 1.0, 1.08883};
static const double l_scale = 50, ab_scale = 110;

/* ---- To Lab -------------------------------------------------------------------------------- */

static double linear(double v)
{
    return v > 0.04045 ? pow((v + 0.055) / 1.055, 2.4) : v / 12.92;
}

static double response(double t)
{
    return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116.0;
}

static void to_lab(const double rgb[3], float *l, float *ab)
{
    double f[3];

    for (int i = 0; i < 3; i++)
        f[i] = response((to_xyz[i][0] * rgb[0] + to_xyz[i][1] * rgb[1] + to_xyz[i][2] * rgb[2]) /
                        white[i]);
    *l = (float)(116 * f[1] - 16) / (float)l_scale - 1;
    if (!ab)
        return;
    ab[0] = (float)(500 * (f[0] - f[1])) / (float)ab_scale;
    ab[1] = (float)(200 * (f[1] - f[2])) / (float)ab_scale;
}

void p2p_lab_from_rgb(const P2pImage *rgb, float *l, float *ab)
{
    const size_t pixels = (size_t)rgb->width * (size_t)rgb->height;
    const uint8_t *bytes = rgb->data;
    double table[256];

    P2P_ASSERT(rgb->channels == 3);
    for (int i = 0; i < 256; i++)
        table[i] = linear(i / 255.0);
    for (size_t i = 0; i < pixels; i++) {
        double v[3];
        for (size_t k = 0; k < 3; k++)
            v[k] = rgb->bits == 8 ? table[bytes[3 * i + k]]
                                  : linear(p2p_image_sample(rgb, 3 * i + k) / 255);
        to_lab(v, &l[i], ab ? &ab[2 * i] : NULL);
    }
}

int p2p_lab_lightness(const P2pImage *rgb, P2pImage *out)
{
    const int err = p2p_image_init(out, rgb->width, rgb->height, 1, 32);
    float *l = err ? NULL : out->data;

    if (err)
        return err;
    p2p_lab_from_rgb(rgb, l, NULL);
    for (size_t i = 0; i < (size_t)rgb->width * (size_t)rgb->height; i++)
        l[i] = (l[i] + 1) / 2;
    return P2P_OK;
}

/* ---- To RGB -------------------------------------------------------------------------------- */

/* By Cramer's rule. */
static void invert(const double m[3][3], double out[3][3])
{
    double det = 0;

    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            const int r = (k + 1) % 3, s = (k + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
            out[i][k] = m[r][c] * m[s][d] - m[r][d] * m[s][c];
        }
    for (int k = 0; k < 3; k++)
        det += m[0][k] * out[k][0];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            out[i][k] /= det;
}

static double from_response(double f)
{
    return f > 0.2068966 ? f * f * f : (f - 16.0 / 116.0) / 7.787;
}

static double clip(double v)
{
    return v > 0 ? (v < 1 ? v : 1) : 0; /* NaN: 0 */
}

void p2p_lab_to_rgb(const float *l, const float *ab, size_t pixels, double *rgb)
{
    double to_linear[3][3];

    invert(to_xyz, to_linear);
    for (size_t i = 0; i < pixels; i++) {
        const double y = (((double)l[i] + 1) * l_scale + 16) / 116;
        const double x = (double)ab[2 * i] * ab_scale / 500 + y;
        const double z = fmax(y - (double)ab[2 * i + 1] * ab_scale / 200, 0);
        const double xyz[3] = {from_response(x) * white[0], from_response(y) * white[1],
                               from_response(z) * white[2]};
        for (int k = 0; k < 3; k++) {
            const double v =
                to_linear[k][0] * xyz[0] + to_linear[k][1] * xyz[1] + to_linear[k][2] * xyz[2];
            rgb[3 * i + (size_t)k] =
                clip(v > 0.0031308 ? 1.055 * pow(v, 1 / 2.4) - 0.055 : v * 12.92);
        }
    }
}

static void set_sample(P2pImage *image, size_t i, double v)
{
    if (image->bits == 8)
        ((uint8_t *)image->data)[i] = (uint8_t)(v * 255 + 0.5);
    else if (image->bits == 16)
        ((uint16_t *)image->data)[i] = (uint16_t)(v * 65535 + 0.5);
    else
        ((float *)image->data)[i] = (float)v;
}

int p2p_lab_to_image(P2pImage *out, const float *l, const float *ab, int width, int height,
                     int bits)
{
    const size_t row = (size_t)width;
    double *line = p2p_alloc(row * 3, sizeof(*line));
    const int err = line ? p2p_image_init(out, width, height, 3, bits) : P2P_ENOMEM;

    for (size_t y = 0; !err && y < (size_t)height; y++) {
        p2p_lab_to_rgb(l + y * row, ab + 2 * y * row, row, line);
        for (size_t k = 0; k < 3 * row; k++)
            set_sample(out, 3 * y * row + k, line[k]);
    }
    free(line);
    return err;
}

int p2p_image_from_output(P2pImage *out, const float *floats, const float *lightness, int width,
                          int height, int channels, int bits)
{
    return lightness ? p2p_lab_to_image(out, lightness, floats, width, height, bits)
                     : p2p_image_from_floats(out, floats, width, height, channels, bits);
}
