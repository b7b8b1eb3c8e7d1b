/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device can do at most, measured: multiply-adds in registers and memory bandwidth.
 *
 * Kernels
 *   peak_fma    {groups}, local {1}: 12 independent chains of VF multiply-adds, `rounds` times
 *   peak_copy   {n / VW}: y = x
 *
 * Build options: see common.clh.
 */
#include "common.clh"

__kernel void peak_fma(__global float *restrict out, const int rounds, const float factor)
{
    const VF a = (VF)(factor), b = (VF)(1.0f - factor);
    VF s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a;
    VF s6 = b, s7 = b, s8 = b, s9 = b, s10 = b, s11 = b;

    for (int i = 0; i < rounds; i++) {
        s0 = FMA(s0, a, b);
        s1 = FMA(s1, a, b);
        s2 = FMA(s2, a, b);
        s3 = FMA(s3, a, b);
        s4 = FMA(s4, a, b);
        s5 = FMA(s5, a, b);
        s6 = FMA(s6, a, b);
        s7 = FMA(s7, a, b);
        s8 = FMA(s8, a, b);
        s9 = FMA(s9, a, b);
        s10 = FMA(s10, a, b);
        s11 = FMA(s11, a, b);
    }
    VF_STORE(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11,
             out + (size_t)get_global_id(0) * VW);
}

__kernel void peak_copy(__global const float *restrict x, __global float *restrict y)
{
    const size_t i = get_global_id(0);

    VF_STORE(VF_LOAD(x + i * VW), y + i * VW);
}
