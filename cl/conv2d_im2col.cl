/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Around a matrix product: pixels' patches as rows of a matrix and back, weights as a plain matrix
 * and back.
 *
 * Kernels (patch column = (r * S + s) * C + c)
 *   im2col          global {C, R * S, N * P * Q}: x -> patches [N*P*Q][R*S*C]
 *   col2im          global {C, W, N * H}: patches -> x, each pixel sums what refers to it; epilogue
 *   unpack_weights  global {K, C, R * S}: blocked -> matrix [R*S*C][K]
 *   pack_weights    global {K, C, R * S}: matrix -> blocked, added to it or not
 *   pixels_matrix   global {K, N * P * Q}: y -> dense [N*P*Q][K]
 *   matrix_pixels   global {K, N * P * Q}: dense -> y; epilogue
 *
 * `at`, in every kernel: where the matrix begins in its buffer, in floats.
 * Build options: see common.clh.
 */
#include "common.clh"
#include "conv2d.clh"
#include "activation.clh"

__kernel void im2col(__global const float *restrict x, __global float *restrict patches,
                     const ConvGeom g, const ulong matrix_at)
{
    const int c = get_global_id(0), tap = get_global_id(1), pixel = get_global_id(2);
    const int line = pixel / g.q;
    const int row = line % g.p * g.stride - g.pad + tap / g.s;
    const int col = pixel % g.q * g.stride - g.pad + tap % g.s;
    const size_t at = ((size_t)(line / g.p) * g.h + row) * g.w + col;
    const int inside = (uint)row < (uint)g.h && (uint)col < (uint)g.w;

    patches[matrix_at + ((size_t)pixel * g.r * g.s + tap) * g.c + c] =
        inside ? x[g.x_offset + at * g.x_stride + c] : 0.0f;
}

void put(__global float *out, float sum, const ConvGeom *g, __global const float *bias, int channel)
{
    if (bias)
        sum += bias[g->bias_offset + channel];
    *out = g->accumulate ? *out + sum : activate(sum, g->act, g->slope);
}

__kernel void col2im(__global const float *restrict patches, __global const float *restrict bias,
                     __global float *restrict x, const ConvGeom g, const ulong at)
{
    const int c = get_global_id(0), col = get_global_id(1), row = get_global_id(2) % g.h;
    const int n = get_global_id(2) / g.h;
    float sum = 0.0f;

    for (int r = 0; r < g.r; r++)
        for (int s = 0; s < g.s; s++) {
            const int p = row + g.pad - r, q = col + g.pad - s;
            if (p < 0 || p % g.stride || p / g.stride >= g.p || q < 0 || q % g.stride ||
                q / g.stride >= g.q)
                continue;
            const size_t pixel = ((size_t)n * g.p + p / g.stride) * g.q + q / g.stride;
            sum += patches[at + ((pixel * g.r + r) * g.s + s) * g.c + c];
        }
    put(x + g.x_offset + (((size_t)n * g.h + row) * g.w + col) * g.x_stride + c, sum, &g, bias, c);
}

__kernel void unpack_weights(__global const float *restrict w, __global float *restrict matrix,
                             const ConvGeom g, const ulong at)
{
    const int k = get_global_id(0), c = get_global_id(1), tap = get_global_id(2);

    matrix[at + ((size_t)tap * g.c + c) * g.k + k] = w[weight_index(&g, k, c, tap / g.s, tap % g.s)];
}

__kernel void pack_weights(__global const float *restrict matrix, __global float *restrict w,
                           const ConvGeom g, const ulong at)
{
    const int k = get_global_id(0), c = get_global_id(1), tap = get_global_id(2);
    __global float *p = w + weight_index(&g, k, c, tap / g.s, tap % g.s);
    const float value = matrix[at + ((size_t)tap * g.c + c) * g.k + k];

    *p = g.accumulate ? *p + value : value;
}

__kernel void pixels_matrix(__global const float *restrict y, __global float *restrict matrix,
                            const ConvGeom g, const ulong at)
{
    const int k = get_global_id(0);
    const size_t pixel = get_global_id(1);

    matrix[at + pixel * g.k + k] = y[g.y_offset + pixel * g.y_stride + k];
}

__kernel void matrix_pixels(__global const float *restrict matrix,
                            __global const float *restrict bias, __global float *restrict y,
                            const ConvGeom g, const ulong at)
{
    const int k = get_global_id(0);
    const size_t pixel = get_global_id(1);

    put(y + g.y_offset + pixel * g.y_stride + k, matrix[at + pixel * g.k + k], &g, bias, k);
}
