/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Second order through a normalisation: what a gradient penalty needs beyond ordinary gradients.
 *
 * Kernels; a work-item of the first and the last walks one channel of a part's per_part pixels
 *   norm_tangent_parts   {64 * channel tiles, parts, groups}, local {64}: work [parts, groups, C] =
 *                        sums of t u
 *   norm_tangent_final   {groups * C}, local {64}: q from the parts' sums
 *   norm_tangent_bwd     {64 * channel tiles, parts, groups}, local {64}: dx
 *
 * All take the operands of the passes in the order of their roles, then the shape: count pixels a group.
 * Build options: see common.clh. References: src/ops/ref_penalty.c.
 */
#include "common.clh"
#include "tensor.clh"

#define ARGUMENTS                                                                                  \
    CONST_TENSOR(x), CONST_TENSOR(mean), CONST_TENSOR(rstd), CONST_TENSOR(gamma), CONST_TENSOR(t), \
        CONST_TENSOR(u), CONST_TENSOR(sums_t), CONST_TENSOR(sums_u), TENSOR(q), TENSOR(dx),        \
        const int groups, const int count, const int channels, const int per_part, const int parts, \
        const int accumulate, __global float *work

#define AT(t) t[t##_at + ((size_t)group * count + p) * t##_stride + c]
#define STAT(t) t[t##_at + (size_t)group * t##_stride + c]

FLAT_ITEMS
__kernel void norm_tangent_parts(ARGUMENTS)
{
    const int c = (int)get_global_id(0), part = (int)get_global_id(1), group = (int)get_global_id(2);
    const int end = min((part + 1) * per_part, count);
    float sum = 0.0f;

    if (c >= channels)
        return;
    for (int p = part * per_part; p < end; p++)
        sum = FMA(AT(t), AT(u), sum);
    work[((size_t)part * groups + group) * channels + c] = sum;
}

FLAT_ITEMS
__kernel void norm_tangent_final(ARGUMENTS)
{
    const int i = (int)get_global_id(0), group = i / channels, c = i % channels;
    float sum = 0.0f;

    if (group >= groups)
        return;
    for (int part = 0; part < parts; part++)
        sum += work[((size_t)part * groups + group) * channels + c];
    __global const float *st = &STAT(sums_t), *su = &STAT(sums_u);
    STAT(q) = STAT(rstd) * (sum - (st[0] * su[0] + st[channels] * su[channels]) / (float)count);
}

FLAT_ITEMS
__kernel void norm_tangent_bwd(ARGUMENTS)
{
    const int c = (int)get_global_id(0), part = (int)get_global_id(1), group = (int)get_global_id(2);
    const int end = min((part + 1) * per_part, count);

    if (c >= channels)
        return;
    const float share = 1.0f / (float)count, m = STAT(mean), r = STAT(rstd);
    const float scale = -(gamma_stride ? gamma[gamma_at + c] : 1.0f) * r * share;
    __global const float *st = &STAT(sums_t), *su = &STAT(sums_u);
    const float tx = st[channels] * r, ux = su[channels] * r;
    const float of_x = r * (STAT(q) - 2.0f * tx * su[channels] * share);
    const float t_mean = st[0] * share, u_mean = su[0] * share;
    for (int p = part * per_part; p < end; p++) {
        const float d =
            scale * (ux * (AT(t) - t_mean) + tx * (AT(u) - u_mean) + of_x * (AT(x) - m));
        AT(dx) = accumulate ? AT(dx) + d : d;
    }
}
