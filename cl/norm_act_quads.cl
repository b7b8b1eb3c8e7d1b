/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * norm_act.cl's elementwise passes for GPUs: four channels of a pixel a work-item, all tensors' quadruples
 * aligned, positions in 32 bits and one division for all four.
 *
 * Kernels
 *   norm_act_fwd_quads, norm_act_bwd_quads   {quadruples of a group, groups}, local {64, 1}
 *
 * Build options: see common.clh, stored.clh; -D BACKWARD: the gradient. References: src/ops/ref_norm.c.
 */
#include "common.clh"
#include "tensor.clh"
#include "norm_act.clh"
#include "norm_quads.clh"

/* Pixel (of all groups) and first channel of this work-item; leave where there is none. */
#define QUAD_POSITION                                                                              \
    const uint fours = (uint)channels / 4, in_group = (uint)get_global_id(0) / fours;              \
    const int c = (int)((uint)get_global_id(0) % fours) * 4, group = (int)get_global_id(1);        \
    const int p = (int)in_group + group * count;                                                   \
    if (in_group >= (uint)count)                                                                   \
    return

#ifndef BACKWARD

FLAT_ITEMS
__kernel void norm_act_fwd_quads(NORM_ACT_ARGUMENTS)
{
    QUAD_POSITION;
    const float4 scale = OWN(gamma, 1.0f) * STAT(rstd, 1.0f);
    const float4 z = FMA(AT(x) - STAT(mean, 0.0f), scale, OWN(beta, 0.0f)) * MASK;

    PUT_STORED(activate_four(z, act1, slope), y1, p *y1_stride + c);
    if (y2_stride)
        PUT_STORED(activate_four(z, act2, slope), y2, p *y2_stride + c);
}

#else

FLAT_ITEMS
__kernel void norm_act_bwd_quads(NORM_ACT_ARGUMENTS)
{
    QUAD_POSITION;
    const float4 r = STAT(rstd, 1.0f);
    float4 d = SLOPE_FOUR;

    if (train) {
        const float4 s1 = QUAD(sums, group *sums_stride + c), s2 = QUAD(sums, group *sums_stride + channels + c);
        d -= FMA((AT(x) - STAT(mean, 0.0f)) * r, s2, s1) / (float)count;
    }
    d *= OWN(gamma, 1.0f) * r;
    PUT_STORED(accumulate ? AT(dx) + d : d, dx, p *dx_stride + c);
}

#endif
