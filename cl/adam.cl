/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adam on one parameter, in place, elementwise over all that the tensors span.
 *
 * Tensors are rows of cols floats, the last row `last` floats long; strides go from row to row.
 *
 * Kernels
 *   adam_naive   {rows * cols}, local {64}
 *   adam_simd    {groups}, local {1}: per_group rows each
 *   adam_quads   {quadruples}, local {64}: of tensors that are one aligned run each, on GPUs
 *
 * Build options: see common.clh; -D NAIVE, -D QUADS: those kernels. Reference: p2p_ref_adam.
 */
#include "common.clh"
#include "tensor.clh"
#include "adam.clh"
#include "finite.clh"

#define ARGUMENTS                                                                                  \
    TENSOR(p), CONST_TENSOR(g), TENSOR(m), TENSOR(v), CONST_TENSOR(hyper), CONST_TENSOR(squares),  \
        CONST_TENSOR(scale), const int rows, const int cols, const int last, const int per_group, const AdamRule rule

/* What gradients are multiplied by; 1 where they are neither sums nor scaled nor clipped. */
#define GRADIENT_FACTOR                                                                            \
    gradient_factor(&rule, squares_stride ? squares[squares_at] : 0.0f,                            \
                    scale_stride ? scale[scale_at] : 1.0f)

float gradient_factor(const AdamRule *rule, const float squares, const float scale)
{
    const float factor = rule->factor / scale;

    return rule->clip > 0.0f ? factor * fmin(1.0f, rule->clip / (factor * sqrt(squares) + 1e-6f)) : factor;
}

/* With scaled gradients of which one is no number nothing is done. */
#define IS_LEFT_OUT (scale_stride && !is_finite(squares[squares_at]))

#ifdef NAIVE
FLAT_ITEMS
__kernel void adam_naive(ARGUMENTS)
{
    const AdamStep s = adam_step(&rule, hyper + hyper_at);
    const float factor = GRADIENT_FACTOR;
    const uint row = (uint)get_global_id(0) / (uint)cols;
    const uint col = (uint)get_global_id(0) % (uint)cols;

    if (row >= (uint)rows || (row + 1 == (uint)rows && col >= (uint)last) || IS_LEFT_OUT)
        return;
#define AT(t) t[t##_at + (size_t)row * t##_stride + col]
    const float d = factor * AT(g), m1 = rule.beta1 * AT(m) + rule.rest1 * d;
    const float v1 = rule.beta2 * AT(v) + rule.rest2 * d * d;

    AT(m) = m1;
    AT(v) = v1;
    AT(p) -= s.size * m1 / (sqrt(v1) * s.factor + rule.eps);
}
#endif

#ifdef QUADS
FLAT_ITEMS
__kernel void adam_quads(ARGUMENTS)
{
    const AdamStep s = adam_step(&rule, hyper + hyper_at);
    const float factor = GRADIENT_FACTOR;
    const size_t i = get_global_id(0), count = (size_t)(rows - 1) * cols + last;

    if (i * 4 >= count || IS_LEFT_OUT)
        return;
#define QUAD(t) (((__global float4 *)(t + t##_at))[i])
    const float4 gradient = ((__global const float4 *)(g + g_at))[i], old = QUAD(p);
    float4 m4 = QUAD(m), v4 = QUAD(v);
    const float4 move = adam_move_four(factor * gradient, &m4, &v4, &rule, s);

    QUAD(m) = m4;
    QUAD(v) = v4;
    QUAD(p) = old - move;
}
#endif

#if P2P_CPU && !defined(NAIVE) && !defined(QUADS)

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
    const float factor = GRADIENT_FACTOR;
    const int first = (int)get_global_id(0) * per_group, end = min(first + per_group, rows);

    if (IS_LEFT_OUT)
        return;
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
