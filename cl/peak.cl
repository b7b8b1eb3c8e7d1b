/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device can do at most, measured: multiply-adds in registers and memory bandwidth.
 *
 * Kernels
 *   peak_fma    {items}, on CPUs groups of 1, else FLAT_GROUP: PEAK_CHAINS independent chains of VF
 *               multiply-adds, `rounds` times. Each begins with memory of its own: compilers make
 *               one of chains that they see to be equal, over items too
 *   peak_copy   {n / VW}, on GPUs {n / 4}: y = x
 *
 * Build options: see common.clh.
 */
#include "common.clh"

#if P2P_CPU
ONE_ITEM
#else
FLAT_ITEMS
#endif
__kernel void peak_fma(__global float *restrict x, const int rounds, const float factor)
{
    __global float *own = x + get_global_id(0) * PEAK_CHAINS * VW;
    const VF a = (VF)(factor), b = (VF)(1.0f - factor);
    VF s[PEAK_CHAINS];

    UNROLLED for (int k = 0; k < PEAK_CHAINS; k++) s[k] = VF_LOAD(own + k * VW);
    for (int i = 0; i < rounds; i++)
        UNROLLED for (int k = 0; k < PEAK_CHAINS; k++) s[k] = FMA(s[k], a, b);
    UNROLLED for (int k = 0; k < PEAK_CHAINS; k++) VF_STORE(s[k], own + k * VW);
}

__kernel void peak_copy(__global const float *restrict x, __global float *restrict y)
{
    const size_t i = get_global_id(0);

#if P2P_CPU
    VF_STORE(VF_LOAD(x + i * VW), y + i * VW);
#else
    ((__global float4 *)y)[i] = ((__global const float4 *)x)[i];
#endif
}
