/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adam on one parameter, in place, elementwise over all that the tensors span.
 *
 * Tensors are rows of cols floats, the last row `last` floats long; strides go from row to row.
 * hyper: 0 lr, 1 1/(1 - beta1^t), 2 1/sqrt(1 - beta2^t).
 *
 * Kernels
 *   adam_naive   {rows * cols}, local {64}
 *   adam_simd    {groups}, local {1}: per_group rows each
 *
 * Source: Kingma, Ba 2015 (arXiv:1412.6980), algorithm 1; with epsilon_hat the form at the end of
 * its section 2. Build options: see common.clh; -D NAIVE: the naive kernels. Reference: p2p_ref_adam.
 */
#include "common.clh"
#include "tensor.clh"

#define ARGUMENTS                                                                                  \
    TENSOR(p), CONST_TENSOR(g), TENSOR(m), TENSOR(v), CONST_TENSOR(hyper), const int rows,         \
        const int cols, const int last, const int per_group, const float beta1,                    \
        const float rest1, const float beta2, const float rest2, const float eps,                  \
        const int epsilon_hat

/* Step size and what sqrt(v) is multiplied by, for either form. */
#define START                                                                                      \
    const float lr = hyper[hyper_at], h1 = hyper[hyper_at + 1], h2 = hyper[hyper_at + 2];          \
    const float step = epsilon_hat ? lr * h1 / h2 : lr * h1;                                       \
    const float factor = epsilon_hat ? 1.0f : h2

#ifdef NAIVE
FLAT_ITEMS
__kernel void adam_naive(ARGUMENTS)
{
    START;
    const uint row = (uint)get_global_id(0) / (uint)cols;
    const uint col = (uint)get_global_id(0) % (uint)cols;

    if (row >= (uint)rows || (row + 1 == (uint)rows && col >= (uint)last))
        return;
#define AT(t) t[t##_at + (size_t)row * t##_stride + col]
    const float d = AT(g), m1 = beta1 * AT(m) + rest1 * d, v1 = beta2 * AT(v) + rest2 * d * d;

    AT(m) = m1;
    AT(v) = v1;
    AT(p) -= step * m1 / (sqrt(v1) * factor + eps);
}
#endif

#if P2P_CPU && !defined(NAIVE)

INLINE void adam_block(__global float *p, __global const float *g, __global float *m,
                       __global float *v, const float beta1, const float rest1,
                       const float beta2, const float rest2, const float step,
                       const float factor, const float eps, const int n)
{
    const VF d = load_part(g, n);
    const VF m1 = FMA((VF)(beta1), load_part(m, n), rest1 * d);
    const VF v1 = FMA((VF)(beta2), load_part(v, n), rest2 * d * d);

    store_part(m1, m, n);
    store_part(v1, v, n);
    store_part(load_part(p, n) - step * m1 / (sqrt(v1) * factor + eps), p, n);
}

ONE_ITEM
__kernel void adam_simd(ARGUMENTS)
{
    START;
    const int first = (int)get_global_id(0) * per_group, end = min(first + per_group, rows);

#define ROW(t) t + t##_at + (size_t)row * t##_stride + c
#define BLOCK(n)                                                                                   \
    adam_block(ROW(p), ROW(g), ROW(m), ROW(v), beta1, rest1, beta2, rest2, step, factor, eps, n)
    for (int row = first; row < end; row++) {
        const int width = row == rows - 1 ? last : cols;
        int c = 0;
        for (; c + VW <= width; c += VW)
            BLOCK(VW);
        if (c < width)
            BLOCK(width - c);
    }
}

#endif
