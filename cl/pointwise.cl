/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Elementwise passes: copy, add, fill, the gradient of an activation, a moving average.
 *
 * Kernels (each as _naive: {rows * cols} work-items, local {64}; and _simd: {groups}, local {1},
 * a group takes per_group rows)
 *   copy       y (+)= x
 *   add        y = a + b
 *   fill       x = value
 *   act_bwd    dx (+)= dy act'(y); dx may be dy
 *   ema        y += share (x - y)
 *
 * Tensors are rows of cols floats, the last row `last` floats long; a tensor's stride goes from
 * row to row.
 *
 * Build options: see common.clh, for copy, add and act_bwd stored.clh; -D NAIVE: the naive kernels.
 * References: src/ops/ref_pointwise.c.
 */
#include "common.clh"
#include "tensor.clh"
#include "activation.clh"
#include "stored.clh"

#define SHAPE const int rows, const int cols, const int last, const int per_group

/* Row and column of this work-item; leave where there is none. */
#define NAIVE_POSITION                                                                             \
    const uint row = (uint)get_global_id(0) / (uint)cols;                                          \
    const uint col = (uint)get_global_id(0) % (uint)cols;                                          \
    if (row >= (uint)rows || (row + 1 == (uint)rows && col >= (uint)last))                         \
    return
#define AT(t) t[t##_at + (size_t)row * t##_stride + col]
#define OF(t) GET(STORED, &AT(t))
#define SET(t, v) PUT(STORED, v, &AT(t))

#ifdef NAIVE
FLAT_ITEMS
__kernel void copy_naive(CONST_STORED(x), STORED_TENSOR(y), SHAPE, const int accumulate)
{
    NAIVE_POSITION;
    SET(y, accumulate ? OF(y) + OF(x) : OF(x));
}

FLAT_ITEMS
__kernel void add_naive(CONST_STORED(a), CONST_STORED(b), STORED_TENSOR(y), SHAPE)
{
    NAIVE_POSITION;
    SET(y, OF(a) + OF(b));
}

FLAT_ITEMS
__kernel void fill_naive(TENSOR(x), SHAPE, const float value)
{
    NAIVE_POSITION;
    AT(x) = value;
}

FLAT_ITEMS
__kernel void act_bwd_naive(CONST_STORED(y), CONST_STORED(dy), STORED_TENSOR(dx), SHAPE, const int act,
                            const float slope, const int accumulate)
{
    NAIVE_POSITION;
    const float d = activate_gradient(OF(dy), OF(y), act, slope);

    SET(dx, accumulate ? OF(dx) + d : d);
}

FLAT_ITEMS
__kernel void ema_naive(TENSOR(y), CONST_TENSOR(x), SHAPE, CONST_TENSOR(hyper))
{
    NAIVE_POSITION;
    AT(y) = FMA(hyper[hyper_at + P2P_HYPER_EMA], AT(x) - AT(y), AT(y));
}
#endif

/* The statement for each vector of this group's rows: `c` its column, `n` how many floats of it. */
#define SIMD_LOOP(statement)                                                                       \
    const int first = (int)get_global_id(0) * per_group;                                           \
    for (int row = first; row < min(first + per_group, rows); row++) {                             \
        const int width = row == rows - 1 ? last : cols;                                           \
        int c = 0;                                                                                 \
        for (; c + VW <= width; c += VW) {                                                         \
            const int n = VW;                                                                      \
            statement;                                                                             \
        }                                                                                          \
        if (c < width) {                                                                           \
            const int n = width - c;                                                               \
            statement;                                                                             \
        }                                                                                          \
    }
#define LOAD(t) load_part(t + t##_at + (size_t)row * t##_stride + c, n)
#define STORE(t, v) store_part((v), t + t##_at + (size_t)row * t##_stride + c, n)

ONE_ITEM
__kernel void copy_simd(CONST_TENSOR(x), TENSOR(y), SHAPE, const int accumulate)
{
    if (accumulate) {
        SIMD_LOOP(STORE(y, LOAD(y) + LOAD(x)))
    } else {
        SIMD_LOOP(STORE(y, LOAD(x)))
    }
}

ONE_ITEM
__kernel void add_simd(CONST_TENSOR(a), CONST_TENSOR(b), TENSOR(y), SHAPE)
{
    SIMD_LOOP(STORE(y, LOAD(a) + LOAD(b)))
}

ONE_ITEM
__kernel void fill_simd(TENSOR(x), SHAPE, const float value)
{
    SIMD_LOOP(STORE(x, (VF)(value)))
}

ONE_ITEM
__kernel void act_bwd_simd(CONST_TENSOR(y), CONST_TENSOR(dy), TENSOR(dx), SHAPE, const int act,
                           const float slope, const int accumulate)
{
    if (accumulate) {
        SIMD_LOOP(STORE(dx, LOAD(dx) + activate_gradient_vector(LOAD(dy), LOAD(y), act, slope)))
    } else {
        SIMD_LOOP(STORE(dx, activate_gradient_vector(LOAD(dy), LOAD(y), act, slope)))
    }
}

ONE_ITEM
__kernel void ema_simd(TENSOR(y), CONST_TENSOR(x), SHAPE, CONST_TENSOR(hyper))
{
    const VF share = (VF)(hyper[hyper_at + P2P_HYPER_EMA]);

    SIMD_LOOP(STORE(y, FMA(share, LOAD(x) - LOAD(y), LOAD(y))))
}
