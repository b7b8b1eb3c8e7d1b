/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a network put into the holes of pictures.
 *
 * Kernel: hole, {elements}, local {64}: y = x where the mask is below 0, elsewhere known, or 0 where that
 * is absent.
 *
 * Build options: see common.clh. Reference: src/ops/ref_pointwise.c.
 */
#include "common.clh"
#include "tensor.clh"

FLAT_ITEMS
__kernel void hole(CONST_TENSOR(x), CONST_TENSOR(mask), CONST_TENSOR(known), TENSOR(y),
                   const int pixels, const int channels)
{
    const size_t i = get_global_id(0), pixel = i / channels, c = i % channels;

    if (pixel >= (size_t)pixels)
        return;
    if (mask[mask_at + pixel * mask_stride] < 0.0f)
        y[y_at + pixel * y_stride + c] = x[x_at + pixel * x_stride + c];
    else
        y[y_at + pixel * y_stride + c] =
            known_stride ? known[known_at + pixel * known_stride + c] : 0.0f;
}
