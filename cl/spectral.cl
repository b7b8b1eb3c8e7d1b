/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spectral normalisation of a weight [K,C,R,S], seen as a matrix of K rows and C R S columns: a step of
 * the power iteration, the weight over its largest singular value, and the gradient.
 *
 * Kernels
 *   spectral_columns    {columns}, local {64}: v = W^T u
 *   spectral_rows       {K}, local {64}: u = W v
 *   spectral_normalise  {256}, local {256}: x over its norm, with a copy; the norm to sigma, if there is one
 *   spectral_scale      {elements of the span}, local {64}: W / sigma
 *   spectral_dot        {256 * parts}, local {256}: work [parts] = sums of dy y over the span
 *   spectral_total      {1}: work [parts] behind them = their sum
 *   spectral_bwd        {elements of the span}, local {64}: (dy - sum u v^T) / sigma; padding gets 0
 *
 * Build options: see common.clh. References: src/ops/ref_spectral.c.
 */
#include "common.clh"
#include "tensor.clh"
#include "group.clh"

#define ITEMS LOSS_GROUP
#define TINY 1e-12f /* as torch.nn.functional.normalize */

/* A weight's shape: taps = R S; block outputs lie together. */
#define SHAPE const int outputs, const int inputs, const int taps, const int block
#define ELEMENT(o, i, tap) (((size_t)((o) / block * taps + (tap)) * inputs + (i)) * block + (o) % block)

FLAT_ITEMS
__kernel void spectral_columns(__global const float *w, const int w_at, TENSOR(u), TENSOR(v), SHAPE)
{
    const int j = (int)get_global_id(0), i = j / taps, tap = j % taps;
    float sum = 0.0f;

    if (i >= inputs)
        return;
    for (int o = 0; o < outputs; o++)
        sum = FMA(w[w_at + ELEMENT(o, i, tap)], u[u_at + o], sum);
    v[v_at + j] = sum;
}

FLAT_ITEMS
__kernel void spectral_rows(__global const float *w, const int w_at, TENSOR(u), TENSOR(v), SHAPE)
{
    const int o = (int)get_global_id(0);
    float sum = 0.0f;

    if (o >= outputs)
        return;
    for (int i = 0; i < inputs; i++) {
        float part = 0.0f;
        for (int tap = 0; tap < taps; tap++)
            part = FMA(w[w_at + ELEMENT(o, i, tap)], v[v_at + i * taps + tap], part);
        sum += part;
    }
    u[u_at + o] = sum;
}

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void spectral_normalise(TENSOR(x), TENSOR(copy), TENSOR(sigma), const int count)
{
    __local float sums[ITEMS];
    const int item = (int)get_local_id(0);
    float squares = 0.0f;

    for (int i = item; i < count; i += ITEMS)
        squares = FMA(x[x_at + i], x[x_at + i], squares);
    const float norm = sqrt(sum_items(squares, sums, ITEMS));
    const float divisor = norm < TINY ? TINY : norm; /* NaN passes */
    for (int i = item; i < count; i += ITEMS)
        copy[copy_at + i] = x[x_at + i] = x[x_at + i] / divisor;
    if (item == 0 && sigma_stride)
        sigma[sigma_at] = norm * (norm / divisor);
}

FLAT_ITEMS
__kernel void spectral_scale(__global const float *w, const int w_at, TENSOR(sigma),
                             __global float *y, const int y_at, const int span)
{
    const int i = (int)get_global_id(0);

    if (i < span)
        y[y_at + i] = w[w_at + i] / sigma[sigma_at];
}

#define BACKWARD                                                                                   \
    __global const float *y, const int y_at, __global const float *dy, const int dy_at,            \
        CONST_TENSOR(u), CONST_TENSOR(v), CONST_TENSOR(sigma), __global float *dw,                 \
        const int dw_at, SHAPE, const int span, const int parts, const int accumulate,             \
        __global float *work

/* Output of element i of the span; that of the padding is beyond the last. */
#define OUTPUT_OF(i) ((int)((i) / block / inputs / taps) * block + (int)((i) % block))

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void spectral_dot(BACKWARD)
{
    __local float sums[ITEMS];
    float sum = 0.0f;

    for (size_t i = get_global_id(0); i < (size_t)span; i += get_global_size(0)) {
        if (OUTPUT_OF(i) < outputs) /* padding may hold anything */
            sum = FMA(y[y_at + i], dy[dy_at + i], sum);
    }
    sum = sum_items(sum, sums, ITEMS);
    if (get_local_id(0) == 0)
        work[get_group_id(0)] = sum;
}

ONE_ITEM
__kernel void spectral_total(BACKWARD)
{
    float sum = 0.0f;

    for (int part = 0; part < parts; part++)
        sum += work[part];
    work[parts] = sum;
}

FLAT_ITEMS
__kernel void spectral_bwd(BACKWARD)
{
    const size_t i = get_global_id(0);
    float d = 0.0f;

    if (i >= (size_t)span)
        return;
    const int o = OUTPUT_OF(i), input = (int)(i / block % inputs);
    const int tap = (int)(i / block / inputs % taps);
    if (o < outputs)
        d = (dy[dy_at + i] - work[parts] * u[u_at + o] * v[v_at + input * taps + tap]) / sigma[sigma_at];
    dw[dw_at + i] = accumulate ? dw[dw_at + i] + d : d;
}
