/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures in memory: allocation, cutting, mirroring, channels, bits, and the way to and from
 * floats. Reads no files and does not resize.
 */
#include "p2p/image.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"

static bool possible_bits(int bits)
{
    return bits == 8 || bits == 16 || bits == 32;
}

int p2p_image_init(P2pImage *image, int width, int height, int channels, int bits)
{
    P2P_NEED(image);

    size_t samples;

    *image = (P2pImage){0};
    if (width < 1 || height < 1 || width > P2P_IMAGE_MAX_SIDE || height > P2P_IMAGE_MAX_SIDE ||
        channels < 1 || channels > P2P_IMAGE_MAX_CHANNELS || !possible_bits(bits))
        return p2p_fail(P2P_EINVAL,
                        "%d x %d pixels with %d channels of %d bits are no possible "
                        "picture",
                        width, height, channels, bits);
    if (!p2p_size_mul((size_t)width * (size_t)channels, (size_t)height, &samples) ||
        !(image->data = p2p_alloc(samples, (size_t)bits / 8)))
        return p2p_fail(P2P_ENOMEM, "no memory for a picture of %d x %d pixels with %d channels",
                        width, height, channels);
    image->width = width;
    image->height = height;
    image->channels = channels;
    image->bits = bits;
    return P2P_OK;
}

void p2p_image_finish(P2pImage *image)
{
    free(image->data);
    free(image->profile);
    *image = (P2pImage){0};
}

bool p2p_image_is_whole(const P2pImage *image)
{
    return image->data && image->width >= 1 && image->width <= P2P_IMAGE_MAX_SIDE &&
           image->height >= 1 && image->height <= P2P_IMAGE_MAX_SIDE && image->channels >= 1 &&
           image->channels <= P2P_IMAGE_MAX_CHANNELS && possible_bits(image->bits);
}

static size_t sample_count(const P2pImage *image)
{
    return (size_t)image->width * (size_t)image->height * (size_t)image->channels;
}

static size_t pixel_bytes(const P2pImage *image)
{
    return (size_t)image->channels * (size_t)image->bits / 8;
}

size_t p2p_image_bytes(const P2pImage *image)
{
    return sample_count(image) * (size_t)image->bits / 8;
}

int p2p_image_copy(const P2pImage *in, P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);

    const int err = p2p_image_init(out, in->width, in->height, in->channels, in->bits);

    if (!err)
        memcpy(out->data, in->data, p2p_image_bytes(in));
    out->orientation = err ? 0 : in->orientation;
    return err;
}

int p2p_image_crop(const P2pImage *in, int x, int y, int width, int height, P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);

    int err;

    *out = (P2pImage){0};
    if (x < 0 || y < 0 || width < 1 || height < 1 || x > in->width - width ||
        y > in->height - height)
        return p2p_fail(P2P_EINVAL,
                        "%d x %d pixels at (%d, %d) do not lie within a picture of "
                        "%d x %d",
                        width, height, x, y, in->width, in->height);
    if ((err = p2p_image_init(out, width, height, in->channels, in->bits)) < 0)
        return err;

    const size_t pixel = pixel_bytes(in), row = pixel * (size_t)width;
    for (int i = 0; i < height; i++)
        memcpy((char *)out->data + (size_t)i * row,
               (const char *)in->data + ((size_t)(y + i) * (size_t)in->width + (size_t)x) * pixel,
               row);
    return P2P_OK;
}

void p2p_image_flip(P2pImage *image)
{
    const size_t pixel = pixel_bytes(image), row = pixel * (size_t)image->width;
    unsigned char swap[4 * P2P_IMAGE_MAX_CHANNELS];

    for (int y = 0; y < image->height; y++) {
        unsigned char *left = (unsigned char *)image->data + (size_t)y * row;
        unsigned char *right = left + row - pixel;
        for (; left < right; left += pixel, right -= pixel) {
            memcpy(swap, left, pixel);
            memcpy(left, right, pixel);
            memcpy(right, swap, pixel);
        }
    }
}

static void pass_profile(P2pImage *from, P2pImage *to)
{
    to->profile = from->profile;
    to->profile_bytes = from->profile_bytes;
    from->profile = NULL;
}

/* The pixels of out in order, from those of in: a walk along its rows or columns. */
static void turn(const P2pImage *in, P2pImage *out)
{
    const int o = in->orientation;
    const bool from_right = o == 2 || o == 3 || o == 7 || o == 8,
               from_below = o >= 3 && o != 5 && o != 8;
    const ptrdiff_t pixel = (ptrdiff_t)pixel_bytes(in), row = pixel * in->width;
    const ptrdiff_t right = from_right ? -pixel : pixel, down = from_below ? -row : row;
    const ptrdiff_t step = o >= 5 ? down : right, next = o >= 5 ? right : down;
    const char *first = (const char *)in->data + (from_right ? row - pixel : 0) +
                        (from_below ? row * (in->height - 1) : 0);
    char *to = out->data;

    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++, to += pixel)
            memcpy(to, first + y * next + x * step, (size_t)pixel);
}

int p2p_image_upright(P2pImage *image)
{
    P2P_NEED_PICTURE(image);

    const bool lies = image->orientation >= 5;
    P2pImage out;

    if (image->orientation >= 2 && image->orientation <= 8) {
        const int err =
            p2p_image_init(&out, lies ? image->height : image->width,
                           lies ? image->width : image->height, image->channels, image->bits);
        if (err)
            return err;
        turn(image, &out);
        pass_profile(image, &out);
        p2p_image_finish(image);
        *image = out;
    }
    image->orientation = 0;
    return P2P_OK;
}

int p2p_image_join(const P2pImage *left, const P2pImage *right, P2pImage *out)
{
    P2P_NEED_PICTURE(left);
    P2P_NEED_PICTURE(right);
    P2P_NEED_OUT(left, out);
    P2P_NEED_OUT(right, out);

    int err;

    *out = (P2pImage){0};
    if (left->height != right->height || left->channels != right->channels ||
        left->bits != right->bits)
        return p2p_fail(P2P_EINVAL,
                        "pictures of height %d and %d, %d and %d channels, %d and %d "
                        "bits do not fit beside each other",
                        left->height, right->height, left->channels, right->channels, left->bits,
                        right->bits);
    err = p2p_image_init(out, left->width + right->width, left->height, left->channels, left->bits);
    if (err)
        return err;

    const size_t a = pixel_bytes(left) * (size_t)left->width;
    const size_t b = pixel_bytes(right) * (size_t)right->width;
    for (size_t y = 0; y < (size_t)out->height; y++) {
        char *row = (char *)out->data + y * (a + b);
        memcpy(row, (const char *)left->data + y * a, a);
        memcpy(row + a, (const char *)right->data + y * b, b);
    }
    return P2P_OK;
}

/* The channels of a picture to those of out from `first` on. */
static void copy_channels(const P2pImage *in, size_t taken, P2pImage *out, size_t first)
{
    const size_t sample = (size_t)in->bits / 8, pixels = (size_t)in->width * (size_t)in->height;
    const char *from = in->data;
    char *to = (char *)out->data + first * sample;

    for (size_t i = 0; i < pixels; i++, from += pixel_bytes(in), to += pixel_bytes(out))
        memcpy(to, from, taken * sample);
}

static int stack(const P2pImage *pictures, int count, P2pImage *out)
{
    int err = P2P_OK;

    for (int i = 0, first = 0; !err && i < count; first += pictures[i++].channels) {
        P2pImage same = {0};
        err = p2p_image_convert_bits(&pictures[i], out->bits, &same);
        if (!err)
            copy_channels(&same, (size_t)same.channels, out, (size_t)first);
        p2p_image_finish(&same);
    }
    return err;
}

int p2p_image_stack(const P2pImage *pictures, int count, P2pImage *out)
{
    P2P_NEED(pictures);
    P2P_NEED(out);
    P2P_NEED_RANGE("count", count, 1, P2P_IMAGE_MAX_CHANNELS);

    const P2pImage *first = &pictures[0];
    int channels = 0, bits = 8, err;

    *out = (P2pImage){0};
    for (int i = 0; i < count; i++) {
        channels += pictures[i].channels;
        bits = pictures[i].bits > bits ? pictures[i].bits : bits;
        if (pictures[i].width != first->width || pictures[i].height != first->height)
            return p2p_fail(P2P_EFORMAT,
                            "pictures of %d x %d and %d x %d pixels cannot be channels of one",
                            first->width, first->height, pictures[i].width, pictures[i].height);
    }
    if (channels > P2P_IMAGE_MAX_CHANNELS)
        return p2p_fail(P2P_EFORMAT, "%d pictures have %d channels together; at most %d are read",
                        count, channels, P2P_IMAGE_MAX_CHANNELS);
    if ((err = p2p_image_init(out, first->width, first->height, channels, bits)) < 0)
        return err;
    if ((err = stack(pictures, count, out)) < 0)
        p2p_image_finish(out);
    return err;
}

int p2p_image_show(const P2pImage *in, P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);

    int err;

    if (in->channels <= 4)
        return p2p_image_convert_channels(in, 3, out);
    if ((err = p2p_image_init(out, in->width, in->height, 3, in->bits)) == P2P_OK)
        copy_channels(in, 3, out, 0);
    return err;
}

/* Copy a picture of the same channels and bits to the top of out, x pixels from its left. */
static void place(const P2pImage *picture, P2pImage *out, int x)
{
    const size_t pixel = pixel_bytes(out), row = pixel * (size_t)picture->width;

    for (size_t y = 0; y < (size_t)picture->height; y++)
        memcpy((char *)out->data + (y * (size_t)out->width + (size_t)x) * pixel,
               (const char *)picture->data + y * row, row);
}

int p2p_image_join_all(const P2pImage *pictures, int count, P2pImage *out)
{
    P2P_NEED(pictures);
    P2P_NEED(out);
    P2P_NEED_RANGE("count", count, 1, INT_MAX);

    long long width = 0;
    int height = 0;

    *out = (P2pImage){0};
    for (int i = 0; i < count; i++) {
        width += pictures[i].width;
        height = p2p_max(height, pictures[i].height);
    }
    int err = p2p_image_init(out, (int)p2p_min(width, INT_MAX), height, 3, pictures[0].bits);
    for (int i = 0, x = 0; !err && i < count; x += pictures[i++].width) {
        P2pImage rgb = {0};
        err = p2p_image_show(&pictures[i], &rgb);
        if (!err && rgb.bits != out->bits)
            err = p2p_fail(P2P_EINVAL, "pictures of %d and %d bits do not fit beside each other",
                           out->bits, rgb.bits);
        if (!err)
            place(&rgb, out, x);
        p2p_image_finish(&rgb);
    }
    if (err)
        p2p_image_finish(out);
    return err;
}

/* Sample i of in becomes sample o of out, of the same bits. */
static void sample_copy(const P2pImage *in, size_t i, P2pImage *out, size_t o)
{
    const size_t bytes = (size_t)in->bits / 8;

    memcpy((char *)out->data + o * bytes, (const char *)in->data + i * bytes, bytes);
}

static uint32_t luma(uint32_t r, uint32_t g, uint32_t b)
{
    return (r * 19595u + g * 38470u + b * 7471u + 0x8000u) >> 16;
}

/* Sample o of out: the luma of in's three samples from i on. */
static void sample_mix(const P2pImage *in, size_t i, P2pImage *out, size_t o)
{
    const uint8_t *eight = (const uint8_t *)in->data + i;
    const uint16_t *sixteen = (const uint16_t *)in->data + i;
    const float *real = (const float *)in->data + i;

    if (in->bits == 8)
        ((uint8_t *)out->data)[o] = (uint8_t)luma(eight[0], eight[1], eight[2]);
    else if (in->bits == 16)
        ((uint16_t *)out->data)[o] = (uint16_t)luma(sixteen[0], sixteen[1], sixteen[2]);
    else
        ((float *)out->data)[o] =
            (real[0] * 19595.0f + real[1] * 38470.0f + real[2] * 7471.0f) / 65536.0f;
}

static void sample_fill(P2pImage *out, size_t o)
{
    if (out->bits == 32)
        ((float *)out->data)[o] = 1;
    else
        memset((char *)out->data + o * (size_t)out->bits / 8, 255, (size_t)out->bits / 8);
}

/* One pixel of in (at sample i) to one of out (at sample o); 1 to 4 channels each. */
static void convert_pixel(const P2pImage *in, size_t i, P2pImage *out, size_t o)
{
    const bool grey = in->channels < 3, alpha = in->channels % 2 == 0;

    if (out->channels >= 3)
        for (size_t c = 0; c < 3; c++)
            sample_copy(in, i + (grey ? 0 : c), out, o++);
    else if (grey)
        sample_copy(in, i, out, o++);
    else
        sample_mix(in, i, out, o++);
    if (out->channels % 2 == 0 && alpha)
        sample_copy(in, i + (size_t)in->channels - 1, out, o);
    else if (out->channels % 2 == 0)
        sample_fill(out, o);
}

int p2p_image_convert_channels(const P2pImage *in, int channels, P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);

    int err;

    *out = (P2pImage){0};
    if (channels == in->channels)
        return p2p_image_copy(in, out);
    if (channels < 1 || channels > 4 || in->channels > 4)
        return p2p_fail(P2P_EINVAL, "a picture of %d channels cannot become one of %d",
                        in->channels, channels);
    if ((err = p2p_image_init(out, in->width, in->height, channels, in->bits)) < 0)
        return err;

    const size_t pixels = (size_t)in->width * (size_t)in->height;
    out->orientation = in->orientation;
    for (size_t i = 0; i < pixels; i++)
        convert_pixel(in, i * (size_t)in->channels, out, i * (size_t)channels);
    return P2P_OK;
}

int p2p_image_get_alpha(const P2pImage *image, P2pImage *alpha)
{
    P2P_NEED_PICTURE(image);
    P2P_NEED_OUT(image, alpha);

    const size_t channels = (size_t)image->channels;
    int err;

    *alpha = (P2pImage){0};
    if (channels != 2 && channels != 4)
        return p2p_fail(P2P_EINVAL, "a picture of %zu channels has no alpha", channels);
    if ((err = p2p_image_init(alpha, image->width, image->height, 1, image->bits)) < 0)
        return err;
    alpha->orientation = image->orientation;
    for (size_t i = 0, n = sample_count(alpha); i < n; i++)
        sample_copy(image, i * channels + channels - 1, alpha, i);
    return P2P_OK;
}

int p2p_image_set_alpha(P2pImage *image, const P2pImage *alpha)
{
    P2P_NEED_PICTURE(image);
    P2P_NEED_PICTURE(alpha);

    const int channels = image->channels < 3 ? 2 : 4;
    P2pImage out;
    int err;

    if (alpha->channels != 1 || alpha->width != image->width || alpha->height != image->height ||
        alpha->bits != image->bits)
        return p2p_fail(P2P_EINVAL,
                        "alpha of %d x %d pixels with %d channels of %d bits does not fit a "
                        "picture of %d x %d with %d bits",
                        alpha->width, alpha->height, alpha->channels, alpha->bits, image->width,
                        image->height, image->bits);
    if ((err = p2p_image_convert_channels(image, channels, &out)) < 0)
        return err;
    for (size_t i = 0, n = sample_count(alpha); i < n; i++)
        sample_copy(alpha, i, &out, (i + 1) * (size_t)channels - 1);
    pass_profile(image, &out);
    p2p_image_finish(image);
    *image = out;
    return P2P_OK;
}

/* From 0 to most, which is no float; NaN becomes 0. */
static uint32_t rounded(float v, float most)
{
    return v > 0 ? v < most ? (uint32_t)lrintf(v) : (uint32_t)most : 0;
}

static void sample_set(P2pImage *image, size_t i, uint32_t value)
{
    if (image->bits == 8)
        ((uint8_t *)image->data)[i] = (uint8_t)value;
    else
        ((uint16_t *)image->data)[i] = (uint16_t)value;
}

static void convert_bits(const P2pImage *in, size_t i, P2pImage *out)
{
    const float most = out->bits == 8 ? 255 : 65535;

    if (in->bits == 32)
        sample_set(out, i, rounded(((const float *)in->data)[i] * most, most));
    else if (out->bits == 32)
        ((float *)out->data)[i] = in->bits == 8 ? (float)((const uint8_t *)in->data)[i] / 255
                                                : (float)((const uint16_t *)in->data)[i] / 65535;
    else if (out->bits == 8)
        ((uint8_t *)out->data)[i] = (uint8_t)((((const uint16_t *)in->data)[i] + 128) / 257);
    else
        ((uint16_t *)out->data)[i] = (uint16_t)(((const uint8_t *)in->data)[i] * 257);
}

int p2p_image_convert_bits(const P2pImage *in, int bits, P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);

    int err;

    *out = (P2pImage){0};
    if (bits == in->bits)
        return p2p_image_copy(in, out);
    if ((err = p2p_image_init(out, in->width, in->height, in->channels, bits)) < 0)
        return err;
    out->orientation = in->orientation;
    for (size_t i = 0, n = sample_count(in); i < n; i++)
        convert_bits(in, i, out);
    return P2P_OK;
}

void p2p_image_to_floats(const P2pImage *image, float *hwc)
{
    const size_t n = sample_count(image);

    if (image->bits == 8) {
        const uint8_t *v = image->data;
        for (size_t i = 0; i < n; i++)
            hwc[i] = ((float)v[i] / 255.0f - 0.5f) / 0.5f;
    } else if (image->bits == 32) {
        const float *v = image->data;
        for (size_t i = 0; i < n; i++)
            hwc[i] = (v[i] - 0.5f) / 0.5f;
    } else {
        const uint16_t *v = image->data;
        for (size_t i = 0; i < n; i++)
            hwc[i] = ((float)v[i] / 65535.0f - 0.5f) / 0.5f;
    }
}

int p2p_image_from_floats(P2pImage *image, const float *hwc, int width, int height, int channels,
                          int bits)
{
    P2P_NEED(image);
    P2P_NEED(hwc);

    const int err = p2p_image_init(image, width, height, channels, bits);

    if (err)
        return err;
    const float most = bits == 8 ? 255.0f : 65535.0f;
    for (size_t i = 0, n = sample_count(image); i < n; i++)
        if (bits == 32)
            ((float *)image->data)[i] = (hwc[i] + 1.0f) / 2;
        else
            sample_set(image, i, rounded((hwc[i] + 1.0f) * (most / 2), most));
    return P2P_OK;
}
