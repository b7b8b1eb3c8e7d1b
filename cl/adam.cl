/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adam on one parameter, in place, elementwise over all that the tensors span.
 *
 * Tensors are rows of cols floats, the last row `last` floats long; strides go from row to row.
 *
 * Kernels
 *   adam_naive   {rows * cols}, local {64}
 *   adam_simd    {groups}, local {1}: per_group rows each
 *
 * Build options: see common.clh; -D NAIVE: the naive kernels. Reference: p2p_ref_adam.
 */
#include "common.clh"
#include "tensor.clh"
#include "adam.clh"

#define ARGUMENTS                                                                                  \
    TENSOR(p), CONST_TENSOR(g), TENSOR(m), TENSOR(v), CONST_TENSOR(hyper), CONST_TENSOR(squares),  \
        const int rows, const int cols, const int last, const int per_group, const AdamRule rule

/* What gradients are multiplied by; 1 where they are neither sums nor clipped. */
float gradient_factor(const AdamRule *rule, __global const float *squares, const int clipped)
{
    return clipped ? rule->factor *
                         fmin(1.0f, rule->clip / (rule->factor * sqrt(*squares) + 1e-6f))
                   : rule->factor;
}

#ifdef NAIVE
FLAT_ITEMS
__kernel void adam_naive(ARGUMENTS)
{
    const AdamStep s = adam_step(&rule, hyper + hyper_at);
    const float factor = gradient_factor(&rule, squares + squares_at, squares_stride);
    const uint row = (uint)get_global_id(0) / (uint)cols;
    const uint col = (uint)get_global_id(0) % (uint)cols;

    if (row >= (uint)rows || (row + 1 == (uint)rows && col >= (uint)last))
        return;
#define AT(t) t[t##_at + (size_t)row * t##_stride + col]
    const float d = factor * AT(g), m1 = rule.beta1 * AT(m) + rule.rest1 * d;
    const float v1 = rule.beta2 * AT(v) + rule.rest2 * d * d;

    AT(m) = m1;
    AT(v) = v1;
    AT(p) -= s.size * m1 / (sqrt(v1) * s.factor + rule.eps);
}
#endif

#if P2P_CPU && !defined(NAIVE)

INLINE void adam_block(__global float *p, __global const float *g, __global float *m,
                       __global float *v, const AdamRule *rule, const AdamStep s,
                       const float factor, const int n)
{
    VF m1 = load_part(m, n), v1 = load_part(v, n);
    const VF move = adam_move(factor * load_part(g, n), &m1, &v1, rule, s);

    store_part(m1, m, n);
    store_part(v1, v, n);
    store_part(load_part(p, n) - move, p, n);
}

ONE_ITEM
__kernel void adam_simd(ARGUMENTS)
{
    const AdamStep s = adam_step(&rule, hyper + hyper_at);
    const float factor = gradient_factor(&rule, squares + squares_at, squares_stride);
    const int first = (int)get_global_id(0) * per_group, end = min(first + per_group, rows);

#define ROW(t) t + t##_at + (size_t)row * t##_stride + c
    for (int row = first; row < end; row++) {
        const int width = row == rows - 1 ? last : cols;
        int c = 0;
        for (; c + VW <= width; c += VW)
            adam_block(ROW(p), ROW(g), ROW(m), ROW(v), &rule, s, factor, VW);
        if (c < width)
            adam_block(ROW(p), ROW(g), ROW(m), ROW(v), &rule, s, factor, width - c);
    }
}

#endif
