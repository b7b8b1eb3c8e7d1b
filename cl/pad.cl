/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reflection padding and its gradient (a gather: no two work-items write the same element).
 *
 * x is [N,H,W,C], y is [N,H+2p,W+2p,C], p < H, W. Lines are rows of pixels: N * (H + 2p) in y.
 *
 * Kernels
 *   pad_fwd_naive   {elements of y}, local {64}
 *   pad_fwd_simd    {groups}, local {1}: per_group lines of y each
 *   pad_bwd_naive   {elements of x}, local {64}
 *   pad_bwd_simd    {groups}, local {1}: per_group lines of x each
 *
 * Build options: see common.clh, for the naive kernels stored.clh; -D NAIVE: the naive kernels. References: src/ops/ref_pointwise.c.
 */
#include "common.clh"
#include "tensor.clh"
#include "stored.clh"

#define SHAPE                                                                                      \
    const int pictures, const int height, const int width, const int channels, const int pad,      \
        const int per_group, const int accumulate

/* Index i of a line of n elements, reflected without repeating the border. */
int reflect(int i, int n)
{
    i = i < 0 ? -i : i;
    return i >= n ? 2 * (n - 1) - i : i;
}

/* The padded line's elements that show element i of n: one to three, their number returned. */
int shown_at(int i, int n, int pad, int *at)
{
    int count = 1;

    at[0] = i + pad;
    if (i >= 1 && i <= pad)
        at[count++] = pad - i;
    if (i <= n - 2 && i >= n - 1 - pad)
        at[count++] = 2 * (n - 1) - i + pad;
    return count;
}

#define PADDED(size) ((size) + 2 * pad)

#ifdef NAIVE
FLAT_ITEMS
__kernel void pad_fwd_naive(CONST_STORED(x), STORED_TENSOR(y), SHAPE)
{
    const size_t i = get_global_id(0), pixel = i / channels;
    const int c = (int)(i % channels), col = (int)(pixel % PADDED(width));
    const int line = (int)(pixel / PADDED(width));
    const int n = line / PADDED(height), row = line % PADDED(height);

    if (n >= pictures)
        return;
    const size_t from = ((size_t)n * height + reflect(row - pad, height)) * width +
                        reflect(col - pad, width);
    PUT(STORED, GET(STORED, x + x_at + from * x_stride + c), y + y_at + pixel * y_stride + c);
}

FLAT_ITEMS
__kernel void pad_bwd_naive(STORED_TENSOR(dx), CONST_STORED(dy), SHAPE)
{
    const size_t i = get_global_id(0), pixel = i / channels;
    const int c = (int)(i % channels), col = (int)(pixel % width);
    const int line = (int)(pixel / width), n = line / height;
    int rows[3], cols[3];
    float sum = 0.0f;

    if (n >= pictures)
        return;
    const int row_count = shown_at(line % height, height, pad, rows);
    const int col_count = shown_at(col, width, pad, cols);
    for (int r = 0; r < row_count; r++)
        for (int s = 0; s < col_count; s++) {
            const size_t from = ((size_t)n * PADDED(height) + rows[r]) * PADDED(width) + cols[s];
            sum += GET(STORED, dy + dy_at + from * dy_stride + c);
        }
    dx += dx_at + pixel * dx_stride + c;
    PUT(STORED, accumulate ? GET(STORED, dx) + sum : sum, dx);
}
#endif

#if P2P_CPU && !defined(NAIVE)

ONE_ITEM
__kernel void pad_fwd_simd(CONST_TENSOR(x), TENSOR(y), SHAPE)
{
    const int first = (int)get_global_id(0) * per_group;
    const int end = min(first + per_group, pictures * PADDED(height));

    for (int line = first; line < end; line++) {
        const int n = line / PADDED(height), row = reflect(line % PADDED(height) - pad, height);
        __global const float *from = x + x_at + ((size_t)n * height + row) * width * x_stride;
        __global float *to = y + y_at + (size_t)line * PADDED(width) * y_stride;

        for (int col = 0; col < PADDED(width); col++, to += y_stride) {
            __global const float *pixel = from + (size_t)reflect(col - pad, width) * x_stride;
            int c = 0;
            for (; c + VW <= channels; c += VW)
                VF_STORE(VF_LOAD(pixel + c), to + c);
            for (; c < channels; c++)
                to[c] = pixel[c];
        }
    }
}

ONE_ITEM
__kernel void pad_bwd_simd(TENSOR(dx), CONST_TENSOR(dy), SHAPE)
{
    const int first = (int)get_global_id(0) * per_group;
    const int end = min(first + per_group, pictures * height);
    int rows[3], cols[3];

    for (int line = first; line < end; line++) {
        const int row_count = shown_at(line % height, height, pad, rows);
        __global const float *picture = dy + dy_at + (size_t)(line / height) * PADDED(height) *
                                                         PADDED(width) * dy_stride;
        __global float *to = dx + dx_at + (size_t)line * width * dx_stride;

        for (int col = 0; col < width; col++, to += dx_stride) {
            const int col_count = shown_at(col, width, pad, cols);
            for (int c = 0; c < channels; c += VW) {
                const int n = min(VW, channels - c);
                VF sum = accumulate ? load_part(to + c, n) : (VF)(0.0f);
                for (int r = 0; r < row_count; r++)
                    for (int s = 0; s < col_count; s++)
                        sum += load_part(picture + ((size_t)rows[r] * PADDED(width) + cols[s]) *
                                                       dy_stride + c, n);
                store_part(sum, to + c, n);
            }
        }
    }
}

#endif
