/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution, its data gradient and its weight gradient on any device: one work-item an element of
 * the output, which loops over its sum in a fixed order. The device-side reference.
 *
 * Kernels (x: large side NHWC, y: small side NHWC, w: blocked weights; see src/ops/op.h)
 *   conv2d_fwd_naive     global {K, Q, N * P}
 *   conv2d_dgrad_naive   global {C, W, N * H}
 *   conv2d_wgrad_naive   global {outputs of a block * blocks, inputs, R * S}
 *
 * Build options: see common.clh, stored.clh. References: p2p_ref_conv2d_fwd, _dgrad, _wgrad in ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "activation.clh"
#include "stored.clh"

void put(__global ELEMENT(OUT_TYPE) *out, float sum, const ConvGeom *g, __global const float *bias, int channel)
{
    if (bias)
        sum += bias[g->bias_offset + channel];
    PUT(OUT_TYPE, g->accumulate ? GET(OUT_TYPE, out) + sum : activate(sum, g->act, g->slope), out);
}

__kernel void conv2d_fwd_naive(__global const ELEMENT(IN_TYPE) *restrict x, __global const float *restrict w,
                               __global const float *restrict bias, __global ELEMENT(OUT_TYPE) *restrict y,
                               const ConvGeom g)
{
    const int k = get_global_id(0), q = get_global_id(1), p = get_global_id(2) % g.p;
    const int n = get_global_id(2) / g.p;
    float sum = 0.0f;

    for (int r = 0; r < g.r; r++) {
        const int row = p * g.stride - g.pad + r;
        if (row < 0 || row >= g.h)
            continue;
        for (int s = 0; s < g.s; s++) {
            const int col = q * g.stride - g.pad + s;
            if (col < 0 || col >= g.w)
                continue;
            __global const ELEMENT(IN_TYPE) *a =
                x + g.x_offset + (((size_t)n * g.h + row) * g.w + col) * g.x_stride;
            for (int c = 0; c < g.c; c++)
                sum += GET(IN_TYPE, a + c) * w[weight_index(&g, k, c, r, s)];
        }
    }
    put(y + g.y_offset + (((size_t)n * g.p + p) * g.q + q) * g.y_stride + k, sum, &g, bias, k);
}

__kernel void conv2d_dgrad_naive(__global const ELEMENT(IN_TYPE) *restrict y, __global const float *restrict w,
                                 __global const float *restrict bias, __global ELEMENT(OUT_TYPE) *restrict x,
                                 const ConvGeom g)
{
    const int c = get_global_id(0), col = get_global_id(1), row = get_global_id(2) % g.h;
    const int n = get_global_id(2) / g.h;
    float sum = 0.0f;

    for (int r = 0; r < g.r; r++) {
        const int p = row + g.pad - r;
        if (p < 0 || p % g.stride || p / g.stride >= g.p)
            continue;
        for (int s = 0; s < g.s; s++) {
            const int q = col + g.pad - s;
            if (q < 0 || q % g.stride || q / g.stride >= g.q)
                continue;
            __global const ELEMENT(IN_TYPE) *a =
                y + g.y_offset + (((size_t)n * g.p + p / g.stride) * g.q + q / g.stride) * g.y_stride;
            for (int k = 0; k < g.k; k++)
                sum += GET(IN_TYPE, a + k) * w[weight_index(&g, k, c, r, s)];
        }
    }
    put(x + g.x_offset + (((size_t)n * g.h + row) * g.w + col) * g.x_stride + c, sum, &g, bias, c);
}

__kernel void conv2d_wgrad_naive(__global const ELEMENT(IN_TYPE) *restrict x,
                                 __global const ELEMENT(OUT_TYPE) *restrict y,
                                 __global float *restrict w, const ConvGeom g)
{
    const int o = get_global_id(0), i = get_global_id(1);
    const int r = get_global_id(2) / g.s, s = get_global_id(2) % g.s;
    const int k = g.large_out ? i : o, c = g.large_out ? o : i;
    float sum = 0.0f;

    if (k < g.k && c < g.c)
        for (int n = 0; n < g.n; n++)
            for (int p = 0; p < g.p; p++) {
                const int row = p * g.stride - g.pad + r;
                if (row < 0 || row >= g.h)
                    continue;
                float line = 0.0f; /* by rows: shorter sums round less */
                for (int q = 0; q < g.q; q++) {
                    const int col = q * g.stride - g.pad + s;
                    if (col < 0 || col >= g.w)
                        continue;
                    line += GET(IN_TYPE, x + g.x_offset + (((size_t)n * g.h + row) * g.w + col) * g.x_stride + c) *
                            GET(OUT_TYPE, y + g.y_offset + (((size_t)n * g.p + p) * g.q + q) * g.y_stride + k);
                }
                sum += line;
            }
    __global float *out = w + weight_index(&g, k, c, r, s);
    *out = g.accumulate ? *out + sum : sum;
}
