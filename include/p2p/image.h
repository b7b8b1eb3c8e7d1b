/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Pictures on the host: reading and writing JPEG and PNG, resizing as Pillow does, conversion to
 * and from the networks' range [-1, 1], and the quality measures L1, PSNR and SSIM.
 *
 * Knows nothing of devices. Every function may be called from several threads at once as long as
 * no two of them work on the same picture.
 */
#ifndef P2P_IMAGE_H
#define P2P_IMAGE_H

#include <stddef.h>

#include "p2p/common.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Pictures with more pixels are refused by default, as in Pillow: 1 GiB of 16-bit RGB. */
#define P2P_IMAGE_MAX_PIXELS ((size_t)178956970)
/** Longest side of a picture, and the most channels. */
#define P2P_IMAGE_MAX_SIDE 1000000
#define P2P_IMAGE_MAX_CHANNELS 64

/**
 * A host picture. Samples are interleaved, [height, width, channels] in C order without padding:
 * uint8_t where bits is 8, uint16_t in host byte order (0..65535) where bits is 16, float where bits is 32, 0
 * for black and 1 for white, with values beyond. Files give
 * 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha; not premultiplied) channels, or as many as they hold.
 * The owner of the struct owns data, which is memory of malloc(). A zeroed struct is an empty picture.
 */
typedef struct P2pImage {
    int width, height, channels;
    int bits; /**< 8, 16, or 32 for floats */
    void *data;
    int orientation; /**< 1 to 8: how the samples lie, by the file's EXIF; 0: it tells nothing.
                          Copies and conversions keep it. See p2p_image_upright */
    void *
        profile; /**< ICC profile in memory of malloc() of the colours that the file had; samples are
                        sRGB. Writing puts them back into it. Copies and conversions are without */
    size_t profile_bytes;
} P2pImage;

typedef enum P2pImageFormat {
    P2P_IMAGE_PNG,
    P2P_IMAGE_JPEG,
    P2P_IMAGE_TIFF,
    P2P_IMAGE_WEBP,
    P2P_IMAGE_PNM,
    P2P_IMAGE_NPY,
    P2P_IMAGE_BMP, /**< is read alone */
} P2pImageFormat;

typedef enum P2pFilter {
    P2P_FILTER_BICUBIC,  /**< a = -0.5 */
    P2P_FILTER_BILINEAR, /**< triangle */
    P2P_FILTER_NEAREST,  /**< the sample at the middle: no new values, for label maps */
    P2P_FILTER_AREA,     /**< the mean of the area that a sample covers (Pillow's BOX) */
} P2pFilter;

/**
 * Allocate a black picture.
 *
 * @param image     Overwritten (not freed first); empty after a failure. Release by finish.
 * @param width     Pixels, 1..P2P_IMAGE_MAX_SIDE; height likewise.
 * @param channels  1..P2P_IMAGE_MAX_CHANNELS.
 * @param bits      8, 16 or 32.
 *
 * @return P2P_OK, P2P_EINVAL (impossible sizes) or P2P_ENOMEM.
 */
P2P_API int p2p_image_init(P2pImage *image, int width, int height, int channels, int bits);

/** Free the samples; the struct becomes an empty picture. Accepts an empty one. */
P2P_API void p2p_image_finish(P2pImage *image);

/** Bytes of the samples. */
P2P_API size_t p2p_image_bytes(const P2pImage *image);

/** Deep copy of in to *out (overwritten). P2P_ENOMEM leaves *out empty. */
P2P_API int p2p_image_copy(const P2pImage *in, P2pImage *out);

/**
 * Read a picture file of any P2pImageFormat, told apart by content and not by the name.
 *
 * JPEG: grey gives 1 channel, colour 3; CMYK and YCCK become RGB by the file's profile, without one as in
 * Pillow by inks alone. All
 * that libjpeg decodes is read: progressive, arithmetic, any sampling; not 12 bits, not lossless.
 * PNG: all kinds; palettes and 1, 2 and 4 bit greys become 8 bit, transparency becomes an alpha
 * channel, 16 bit stay 16 bit. Gamma is not applied.
 * TIFF (the first picture of a file): strips and tiles, 1 to 16 bits and floats of 32 and 64, up to 64
 * channels, all colours that libtiff knows. WebP: not animated. PNM: P1 to P7. NPY: [height, width] or
 * [height, width, channels] of uint8, uint16 and floats, 0 to 1. BMP: not run-length coded.
 * RGB with a colour profile (ICC) becomes sRGB, by the perceptual intent, where the library was built with
 * lcms2; grey stays. EXIF orientation is told but
 * not applied: p2p_image_upright. Mistakes in a file that change no sample (in metadata, behind the
 * picture) do not matter.
 *
 * @param image       Overwritten (not freed first); empty after a failure.
 * @param max_pixels  Larger pictures are refused before memory is taken; 0 means
 *                    P2P_IMAGE_MAX_PIXELS.
 *
 * @return P2P_OK.
 *         P2P_EIO: the file is missing or unreadable.
 *         P2P_EFORMAT: empty, truncated, damaged, too large, of no known format or of one that this
 *         library was built without, with floats that are no numbers.
 *         P2P_ENOMEM. The message names the file.
 */
P2P_API int p2p_image_read(P2pImage *image, const char *path, size_t max_pixels);

/** p2p_image_read from memory; name stands for the file in messages. */
P2P_API int p2p_image_read_memory(P2pImage *image, const void *data, size_t bytes, const char *name,
                                  size_t max_pixels);

/**
 * Format by the name's suffix (.png, .jpg, .tif ...; any case).
 * P2P_EINVAL for any other suffix; *format is then unchanged.
 */
P2P_API int p2p_image_format_of(const char *path, P2pImageFormat *format);

/** Format by the name of its suffix, "png", "jpg", "tif" ...; P2P_EINVAL for another, or one not written. */
P2P_API int p2p_image_format_named(const char *name, P2pImageFormat *format);

/** Whether this build writes a format: P2P_OK, or P2P_EINVAL with what to do. */
P2P_API int p2p_image_format_check(P2pImageFormat format);

/**
 * Write a picture; the format is that of the suffix. The file appears whole or not at all.
 *
 * Files say of colours that they are sRGB (but PNM and NPY), or have the picture's profile.
 * PNG takes 1..4 channels and 8 or 16 bits; WebP 8 bits of RGB with
 * or without alpha; TIFF and NPY any channels and bits; PNM grey or RGB of 8 or 16 bits. JPEG holds 8 bits of
 * grey or RGB only. What a format cannot hold of alpha is dropped, of bits rounded.
 *
 * @param quality  1..100 of JPEG, where 0 means 95 (chroma is not subsampled from 90 on), and of WebP, where 0
 *                 means without loss.
 *
 * @return P2P_OK, P2P_EINVAL (suffix, channels, quality, size), P2P_EIO or P2P_ENOMEM.
 */
P2P_API int p2p_image_write(const P2pImage *image, const char *path, int quality);

/**
 * Encode into fresh memory, for pipes and archives.
 *
 * @param out    The file's bytes, released by free(); NULL after a failure.
 * @param bytes  Their number.
 */
P2P_API int p2p_image_encode(const P2pImage *image, P2pImageFormat format, int quality,
                             unsigned char **out, size_t *bytes);

/**
 * Change the number of channels, samples keep their bits.
 *
 * RGB to grey is ITU-R 601-2 luma as in Pillow: (19595 R + 38470 G + 7471 B + 32768) >> 16. Grey
 * to RGB repeats. Alpha is dropped where the result has none (no blending) and is opaque where
 * the source has none. An equal number copies.
 *
 * @param channels  1, 2, 3 or 4, or the picture's own number.
 *
 * @return P2P_OK; P2P_EINVAL for other numbers, P2P_ENOMEM. *out (overwritten) is then empty.
 */
P2P_API int p2p_image_convert_channels(const P2pImage *in, int channels, P2pImage *out);

/**
 * Put alpha behind the channels of a picture, in place of its own if it has any.
 *
 * @param image  1 to 4 channels; 2 or 4 afterwards. Unchanged after a failure.
 * @param alpha  1 channel of the same width, height and bits.
 *
 * @return P2P_OK; P2P_EINVAL: they do not fit together; P2P_ENOMEM.
 */
P2P_API int p2p_image_set_alpha(P2pImage *image, const P2pImage *alpha);

/** The alpha of a picture with 2 or 4 channels as a picture of 1. P2P_EINVAL for others, P2P_ENOMEM. */
P2P_API int p2p_image_get_alpha(const P2pImage *image, P2pImage *alpha);

/** Change to 8 bits (v / 257 rounded) or 16 (v * 257, exact), or from and to floats (v / 255, v / 65535).
    *out is overwritten. */
P2P_API int p2p_image_convert_bits(const P2pImage *in, int bits, P2pImage *out);

/**
 * Resize with antialiasing, bit for bit as Pillow: horizontal pass, then vertical, each rounded to
 * the sample type; a pass that keeps the size is skipped. 16-bit samples and floats are summed in double.
 *
 * @param out  Picture [height, width, in->channels], overwritten; must not be in.
 *
 * @return P2P_OK, P2P_EINVAL (impossible size) or P2P_ENOMEM.
 */
P2P_API int p2p_image_resize(const P2pImage *in, int width, int height, P2pFilter filter,
                             P2pImage *out);

/** Cut the rectangle (x, y, width, height) out. P2P_EINVAL unless it lies within the picture. */
P2P_API int p2p_image_crop(const P2pImage *in, int x, int y, int width, int height, P2pImage *out);

/**
 * The same of a picture continued by reflection, without repeating the edge: the rectangle may reach
 * beyond it by any number of pixels. P2P_EINVAL for impossible sizes, P2P_ENOMEM.
 */
P2P_API int p2p_image_reflect(const P2pImage *in, int x, int y, int width, int height,
                              P2pImage *out);

/** Mirror left and right, in place. */
P2P_API void p2p_image_flip(P2pImage *image);

/**
 * Turn and mirror a picture as its orientation says, in place, so that it lies as it was taken;
 * orientation is 0 then. Sides change places for 5 to 8. Without an orientation nothing happens.
 *
 * @return P2P_OK; P2P_ENOMEM: the picture is unchanged.
 */
P2P_API int p2p_image_upright(P2pImage *image);

/** Put two pictures of equal height, channels and bits beside each other: [left | right]. */
P2P_API int p2p_image_join(const P2pImage *left, const P2pImage *right, P2pImage *out);

/**
 * The channels of pictures of equal width and height behind each other, all with the bits of the one that has
 * most. P2P_EFORMAT: sizes differ, or there are more than P2P_IMAGE_MAX_CHANNELS; P2P_ENOMEM.
 */
P2P_API int p2p_image_stack(const P2pImage *pictures, int count, P2pImage *out);

/**
 * A picture as it can be looked at: RGB, of more than 4 channels the first three. Samples keep their bits.
 */
P2P_API int p2p_image_show(const P2pImage *in, P2pImage *out);

/** Put pictures of equal bits beside each other in a row, as RGB by p2p_image_show(), black below lower ones; out
    is none of them. */
P2P_API int p2p_image_join_all(const P2pImage *pictures, int count, P2pImage *out);

/**
 * Samples to [-1, 1]: (v / 255 - 0.5) / 0.5 in f32, 16 bits by 65535, floats as they are.
 *
 * @param hwc  f32 [height, width, channels], overwritten.
 */
P2P_API void p2p_image_to_floats(const P2pImage *image, float *hwc);

/**
 * Picture of floats in [-1, 1]: (v + 1) * 127.5 rounded to nearest and clamped, 16 bits by
 * 32767.5; 32 bits: (v + 1) / 2, not clamped. NaN becomes 0.
 *
 * @param hwc  f32 [height, width, channels].
 */
P2P_API int p2p_image_from_floats(P2pImage *image, const float *hwc, int width, int height,
                                  int channels, int bits);

/** How alike two pictures are. */
typedef struct P2pMetrics {
    double l1;      /**< mean absolute difference, 0..255 */
    double psnr;    /**< dB for a peak of 255; infinite for equal pictures */
    double ssim;    /**< structural similarity, at most 1; NaN where a side is below 11 pixels */
    double ms_ssim; /**< the same over five scales; NaN where a side is below 161 pixels */
} P2pMetrics;

/**
 * Compare two pictures of equal size and channels (bits may differ; 16 bits count as v / 257).
 *
 * SSIM: Wang et al. 2004: Gaussian window 11x11, sigma 1.5, K1 = .01, K2 = .03, L = 255, mean
 * over the positions where the window fits and over the channels. MS-SSIM: Wang et al. 2003, five scales,
 * each the mean of 2 x 2 of the one before, per channel.
 *
 * @return P2P_OK; P2P_EINVAL for different shapes, P2P_ENOMEM.
 */
P2P_API int p2p_image_compare(const P2pImage *a, const P2pImage *b, P2pMetrics *metrics);

#ifdef __cplusplus
}
#endif
#endif
