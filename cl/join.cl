/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures joined: channels behind each other, then batches.
 *
 * Kernels
 *   join_naive   {elements of y}, local {64}
 *   join_simd    {groups}, local {1}: per_group pixels each
 *
 * Build options: see common.clh; -D NAIVE: the naive kernel. Reference: src/ops/ref_pointwise.c.
 */
#include "common.clh"
#include "tensor.clh"

/* pixels: of a and of b; channels of a come first. */
#define ARGUMENTS                                                                              \
    CONST_TENSOR(a), CONST_TENSOR(b), CONST_TENSOR(c), TENSOR(y), const int pixels,            \
        const int all_pixels, const int first_channels, const int channels, const int per_group

#ifdef NAIVE
FLAT_ITEMS
__kernel void join_naive(ARGUMENTS)
{
    const uint p = (uint)get_global_id(0) / (uint)channels, k = (uint)get_global_id(0) % (uint)channels;
    const uint own = p < (uint)pixels ? p : p - (uint)pixels;

    if (p >= (uint)all_pixels)
        return;
    y[y_at + (size_t)p * y_stride + k] =
        k < (uint)first_channels ? a[a_at + (size_t)own * a_stride + k]
        : p < (uint)pixels       ? b[b_at + (size_t)own * b_stride + k - first_channels]
                                 : c[c_at + (size_t)own * c_stride + k - first_channels];
}
#else

ONE_ITEM
__kernel void join_simd(ARGUMENTS)
{
    const int begin = (int)get_global_id(0) * per_group, end = min(begin + per_group, all_pixels);

    for (int p = begin; p < end; p++) {
        const int own = p < pixels ? p : p - pixels;
        __global const float *front = a + a_at + (size_t)own * a_stride;
        __global const float *back = p < pixels ? b + b_at + (size_t)own * b_stride
                                                : c + c_at + (size_t)own * c_stride;
        __global float *to = y + y_at + (size_t)p * y_stride;

        for (int k = 0; k < first_channels; k++)
            to[k] = front[k];
        for (int k = first_channels; k < channels; k++)
            to[k] = back[k - first_channels];
    }
}
#endif
