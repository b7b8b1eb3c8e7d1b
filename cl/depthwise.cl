/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution of each channel by itself, with its gradients; zero padding.
 *
 * x is [N,H,W,C], y is [N,P,Q,C], w is [1,R,S,C]: y(p,q) = sum x(p stride - pad + r, ...) w(r, s). A
 * work-item walks one channel of a line of pixels; of w's gradient, of one tap and a part's lines of y.
 *
 * Kernels
 *   depthwise_fwd     {64 * channel tiles, N * P}, local {64}
 *   depthwise_dgrad   {64 * channel tiles, N * H}, local {64}
 *   depthwise_parts   {64 * channel tiles, R * S, parts}, local {64}: work [parts, R * S, C]
 *   depthwise_final   {64 * channel tiles, R * S}, local {64}: w's gradient, the parts added in order
 *
 * Build options: see common.clh. References: src/ops/ref_depthwise.c.
 */
#include "common.clh"
#include "tensor.clh"

#define ARGUMENTS                                                                                  \
    TENSOR(x), TENSOR(w), TENSOR(y), const int height, const int width, const int out_height,      \
        const int out_width, const int channels, const int kernel_height, const int kernel_width,  \
        const int stride, const int pad, const int lines, const int per_part,                      \
        const int parts, const int accumulate, __global float *work

#define X(n, h, q) x[x_at + (((size_t)(n) * height + (h)) * width + (q)) * x_stride + c]
#define Y(n, p, q) y[y_at + (((size_t)(n) * out_height + (p)) * out_width + (q)) * y_stride + c]
#define W(r, s) w[w_at + ((r) * kernel_width + (s)) * w_stride + c]

FLAT_ITEMS
__kernel void depthwise_fwd(ARGUMENTS)
{
    const int c = (int)get_global_id(0), line = (int)get_global_id(1);
    const int n = line / out_height, p = line % out_height;

    if (c >= channels)
        return;
    for (int q = 0; q < out_width; q++) {
        float sum = 0.0f;
        for (int r = 0; r < kernel_height; r++)
            for (int s = 0; s < kernel_width; s++) {
                const int h = p * stride - pad + r, col = q * stride - pad + s;
                if (h >= 0 && h < height && col >= 0 && col < width)
                    sum = FMA(X(n, h, col), W(r, s), sum);
            }
        Y(n, p, q) = sum;
    }
}

FLAT_ITEMS
__kernel void depthwise_dgrad(ARGUMENTS)
{
    const int c = (int)get_global_id(0), line = (int)get_global_id(1);
    const int n = line / height, h = line % height;

    if (c >= channels)
        return;
    for (int col = 0; col < width; col++) {
        float sum = 0.0f;
        for (int r = 0; r < kernel_height; r++)
            for (int s = 0; s < kernel_width; s++) {
                const int down = h + pad - r, right = col + pad - s;
                const int p = down / stride, q = right / stride;
                if (down >= 0 && right >= 0 && down % stride == 0 && right % stride == 0 &&
                    p < out_height && q < out_width)
                    sum = FMA(Y(n, p, q), W(r, s), sum);
            }
        X(n, h, col) = accumulate ? X(n, h, col) + sum : sum;
    }
}

FLAT_ITEMS
__kernel void depthwise_parts(ARGUMENTS)
{
    const int c = (int)get_global_id(0), tap = (int)get_global_id(1), part = (int)get_global_id(2);
    const int r = tap / kernel_width, s = tap % kernel_width;
    const int end = min((part + 1) * per_part, lines);
    float sum = 0.0f;

    if (c >= channels)
        return;
    for (int line = part * per_part; line < end; line++) {
        const int n = line / out_height, h = line % out_height * stride - pad + r;
        float of_line = 0.0f;
        if (h < 0 || h >= height)
            continue;
        for (int q = 0; q < out_width; q++) {
            const int col = q * stride - pad + s;
            if (col >= 0 && col < width)
                of_line = FMA(X(n, h, col), Y(n, line % out_height, q), of_line);
        }
        sum += of_line;
    }
    work[((size_t)part * kernel_height * kernel_width + tap) * channels + c] = sum;
}

FLAT_ITEMS
__kernel void depthwise_final(ARGUMENTS)
{
    const int c = (int)get_global_id(0), tap = (int)get_global_id(1);
    float sum = 0.0f;

    if (c >= channels)
        return;
    for (int part = 0; part < parts; part++)
        sum += work[((size_t)part * kernel_height * kernel_width + tap) * channels + c];
    W(0, tap) = accumulate ? W(0, tap) + sum : sum;
}
