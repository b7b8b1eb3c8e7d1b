/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A penalty on the norm of each picture's gradient, and the mixture of two pictures where it is taken.
 *
 * Kernels; parts are per_part pixels of a picture
 *   mix_pictures     {elements}, local {64}
 *   penalty_squares  {parts, pictures}, local {64, 1}: work [pictures, parts] = sums of squares
 *   penalty_norms    {pictures}, local {64}: behind them, work [pictures] = norms
 *   penalty_value    {1}: their mean distance from the target, squared
 *   penalty_vector   {elements}, local {64}: the derivative by each element
 *
 * Build options: see common.clh. References: src/ops/ref_penalty.c.
 */
#include "common.clh"
#include "tensor.clh"

/* Picture, pixel over all pictures and channel of this work-item; leave where there is none. */
#define POSITION                                                                                   \
    const size_t i = get_global_id(0);                                                             \
    const size_t pixel = i / channels;                                                             \
    const int c = (int)(i % channels), n = (int)(pixel / pixels);                                  \
    if (n >= pictures)                                                                             \
    return
#define AT(t) t[t##_at + pixel * t##_stride + c]

FLAT_ITEMS
__kernel void mix_pictures(CONST_TENSOR(a), CONST_TENSOR(b), CONST_TENSOR(share), TENSOR(y),
                  const int pictures, const int pixels, const int channels)
{
    POSITION;
    const float part = share[share_at + n];

    AT(y) = FMA(part, AT(a), (1.0f - part) * AT(b));
}

#define TINY 1e-16f /* lest the norm of zeros has no derivative: P2P_PENALTY_TINY */

#define ARGUMENTS                                                                                  \
    CONST_TENSOR(g), TENSOR(value), TENSOR(v), const int pictures, const int pixels,               \
        const int channels, const int parts, const int per_part, const float target,               \
        const float value_factor, const float grad_factor, const int index, __global float *work

FLAT_ITEMS
__kernel void penalty_squares(ARGUMENTS)
{
    const int part = (int)get_global_id(0), n = (int)get_global_id(1);
    const int end = min((part + 1) * per_part, pixels);
    float sum = 0.0f;

    if (part >= parts)
        return;
    for (int p = part * per_part; p < end; p++) {
        __global const float *from = g + g_at + ((size_t)n * pixels + p) * g_stride;
        for (int c = 0; c < channels; c++)
            sum = FMA(from[c] + TINY, from[c] + TINY, sum);
    }
    work[(size_t)n * parts + part] = sum;
}

FLAT_ITEMS
__kernel void penalty_norms(ARGUMENTS)
{
    const int n = (int)get_global_id(0);
    float sum = 0.0f;

    if (n >= pictures)
        return;
    for (int part = 0; part < parts; part++)
        sum += work[(size_t)n * parts + part];
    work[(size_t)pictures * parts + n] = sqrt(sum);
}

ONE_ITEM
__kernel void penalty_value(ARGUMENTS)
{
    float sum = 0.0f;

    for (int n = 0; n < pictures; n++) {
        const float excess = work[(size_t)pictures * parts + n] - target;
        sum = FMA(excess, excess, sum);
    }
    value[value_at + index] = value_factor * sum;
}

FLAT_ITEMS
__kernel void penalty_vector(ARGUMENTS)
{
    POSITION;
    const float norm = work[(size_t)pictures * parts + n];

    AT(v) = grad_factor * (norm - target) / norm * (AT(g) + TINY);
}
