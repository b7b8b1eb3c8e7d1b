/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures as a discriminator sees them: other brightness, saturation and contrast; moved, with a hole.
 * A work-item makes one pixel.
 *
 * Kernels
 *   tint        {pictures * height * width}, local {64}
 *   move_fwd    the same
 *   move_bwd    the same; dx is the gradient of x
 *
 * Build options: see common.clh. References: src/ops/ref_augment.c; the meaning stands in src/ops/op.h.
 */
#include "common.clh"
#include "tensor.clh"
#include "rng.clh"

#define SHAPE const int pictures, const int height, const int width, const int channels

/* Block k of picture n's words, counted over the job's batch. */
uint4 words_of(__global const float *hyper, const uint stream, const uint n, const uint k)
{
    return philox(2 * (as_uint(hyper[P2P_HYPER_FIRST]) + n) + k, stream, as_uint(hyper[P2P_HYPER_STEP]),
                  as_uint(hyper[P2P_HYPER_SEED]));
}

float unit_of(const uint word)
{
    return (float)(word >> 8) * (1.0f / 16777216.0f);
}

FLAT_ITEMS
__kernel void tint(CONST_TENSOR(x), CONST_TENSOR(mean), CONST_TENSOR(hyper), TENSOR(y), SHAPE,
                   const uint stream, const int linear)
{
    const size_t pixel = get_global_id(0), pixels = (size_t)height * width;

    if (pixel >= pixels * pictures)
        return;
    const size_t n = pixel / pixels;
    const uint4 words = words_of(hyper + hyper_at, stream, (uint)n, 0);
    const float bright = linear ? 0.0f : unit_of(words.x) - 0.5f;
    const float saturation = 2.0f * unit_of(words.y), contrast = unit_of(words.z) + 0.5f;
    __global const float *from = x + x_at + pixel * x_stride;
    __global float *to = y + y_at + pixel * y_stride;
    float grey = 0.0f, whole = 0.0f;

    for (int c = 0; c < channels; c++) {
        grey += from[c];
        whole += mean[mean_at + n * mean_stride + c];
    }
    grey /= (float)channels;
    whole /= (float)channels;
    const float rest =
        contrast * (1.0f - saturation) * grey + (1.0f - contrast) * whole + bright;
    for (int c = 0; c < channels; c++)
        to[c] = FMA(contrast * saturation, from[c], rest);
}

/* Uniform in 0 .. bound - 1. */
int below(const uint word, const int bound)
{
    return (int)mul_hi(word, (uint)bound);
}

/* How far a side of a picture goes: an eighth of it at most. */
int shift_of(const uint word, const int side)
{
    const int most = (side + 4) / 8;

    return below(word, 2 * most + 1) - most;
}

/* Whether a line of a side lies in the hole, which is half as long. */
bool in_hole(const uint word, const int side, const int at)
{
    const int size = (side + 1) / 2, first = below(word, side + 1 - size % 2) - size / 2;

    return at >= first && at < first + size;
}

#define POSITION                                                                                   \
    const size_t pixel = get_global_id(0), pixels = (size_t)height * width;                        \
    if (pixel >= pixels * pictures)                                                                \
        return;                                                                                    \
    const uint n = (uint)(pixel / pixels);                                                         \
    const int row = (int)(pixel % pixels) / width, col = (int)(pixel % pixels) % width;            \
    const uint4 words = words_of(hyper + hyper_at, stream, n, 1);                                  \
    const int down = shifts ? shift_of(words.x, height) : 0;                                       \
    const int right = shifts ? shift_of(words.y, width) : 0

FLAT_ITEMS
__kernel void move_fwd(CONST_TENSOR(x), CONST_TENSOR(hyper), TENSOR(y), SHAPE, const uint stream,
                       const int shifts, const int hole)
{
    POSITION;
    const int r = row + down, q = col + right;
    const bool inside = r >= 0 && r < height && q >= 0 && q < width &&
                        !(hole && in_hole(words.z, height, row) && in_hole(words.w, width, col));
    __global const float *from = x + x_at + ((size_t)n * pixels + (size_t)(r * width + q)) * x_stride;
    __global float *to = y + y_at + pixel * y_stride;

    for (int c = 0; c < channels; c++)
        to[c] = inside ? from[c] : 0.0f;
}

FLAT_ITEMS
__kernel void move_bwd(CONST_TENSOR(dy), CONST_TENSOR(hyper), TENSOR(dx), SHAPE, const uint stream,
                       const int shifts, const int hole)
{
    POSITION;
    const int r = row - down, q = col - right;
    const bool inside = r >= 0 && r < height && q >= 0 && q < width &&
                        !(hole && in_hole(words.z, height, r) && in_hole(words.w, width, q));
    __global const float *from =
        dy + dy_at + ((size_t)n * pixels + (size_t)(r * width + q)) * dy_stride;
    __global float *to = dx + dx_at + pixel * dx_stride;

    for (int c = 0; c < channels; c++)
        to[c] = inside ? from[c] : 0.0f;
}
