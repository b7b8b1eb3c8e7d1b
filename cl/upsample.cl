/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures of twice the height and width, and the gradient (a gather: no two work-items write the same
 * element). Bilinear: pixel centres, borders repeated; an output takes 3/4 of the nearest input and 1/4
 * of the one beside it, in each direction.
 *
 * x is [N,H,W,C], y is [N,2H,2W,C]. A work-item walks one channel of a line of pixels.
 *
 * Kernels
 *   upsample_fwd   {64 * channel tiles, N * 2H}, local {64}
 *   upsample_bwd   {64 * channel tiles, N * H}, local {64}
 *
 * Build options: see common.clh, stored.clh. References: src/ops/ref_resample.c.
 */
#include "common.clh"
#include "tensor.clh"
#include "stored.clh"

#define SHAPE                                                                                      \
    const int pictures, const int height, const int width, const int channels, const int bilinear, \
        const int accumulate

#define OF(line, at) GET(STORED, (line) + (at))

FLAT_ITEMS
__kernel void upsample_fwd(CONST_STORED(x), STORED_TENSOR(y), SHAPE)
{
    const int c = (int)get_global_id(0), line = (int)get_global_id(1), row = line % (2 * height);
    const size_t picture = (size_t)(line / (2 * height)) * height * width;

    if (c >= channels)
        return;
    const int near = row / 2, far = max(min(near + (row & 1 ? 1 : -1), height - 1), 0);
    __global const ELEMENT(STORED) *near_line = x + x_at + (picture + (size_t)near * width) * x_stride + c;
    __global const ELEMENT(STORED) *far_line = x + x_at + (picture + (size_t)far * width) * x_stride + c;
    __global ELEMENT(STORED) *to = y + y_at + (size_t)line * 2 * width * y_stride + c;
    for (int col = 0; col < 2 * width; col++, to += y_stride) {
        const int here = col / 2 * x_stride;
        const int beside = max(min(col / 2 + (col & 1 ? 1 : -1), width - 1), 0) * x_stride;
        if (bilinear)
            PUT(STORED, 0.75f * (0.75f * OF(near_line, here) + 0.25f * OF(near_line, beside)) +
                            0.25f * (0.75f * OF(far_line, here) + 0.25f * OF(far_line, beside)),
                to);
        else
            PUT(STORED, OF(near_line, here), to);
    }
}

/* Outputs 2 i - 1 .. 2 i + 2 of a line, as far as there are any, and their weights for input i of n. */
int outputs_of(int i, int n, int bilinear, int *first, float *weight)
{
    const float edge[4] = {0.25f, i == 0 ? 1.0f : 0.75f, i == n - 1 ? 1.0f : 0.75f, 0.25f};
    const int begin = bilinear ? max(2 * i - 1, 0) : 2 * i;
    const int end = bilinear ? min(2 * i + 3, 2 * n) : 2 * i + 2;

    *first = begin;
    for (int k = begin; k < end; k++)
        weight[k - begin] = bilinear ? edge[k - 2 * i + 1] : 1.0f;
    return end - begin;
}

FLAT_ITEMS
__kernel void upsample_bwd(STORED_TENSOR(dx), CONST_STORED(dy), SHAPE)
{
    const int c = (int)get_global_id(0), line = (int)get_global_id(1);
    const size_t picture = (size_t)(line / height) * 4 * height * width;
    int row, col;
    float of_row[4], of_col[4];

    if (c >= channels)
        return;
    const int rows = outputs_of(line % height, height, bilinear, &row, of_row);
    __global ELEMENT(STORED) *to = dx + dx_at + (size_t)line * width * dx_stride + c;
    for (int w = 0; w < width; w++, to += dx_stride) {
        const int cols = outputs_of(w, width, bilinear, &col, of_col);
        float sum = 0.0f;
        for (int r = 0; r < rows; r++)
            for (int s = 0; s < cols; s++) {
                const size_t at = picture + (size_t)(row + r) * 2 * width + (size_t)(col + s);
                sum += of_row[r] * of_col[s] * OF(dy, dy_at + at * dy_stride + c);
            }
        PUT(STORED, accumulate ? GET(STORED, to) + sum : sum, to);
    }
}
