/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * norm_act.cl's elementwise passes for GPUs: four channels of a pixel a work-item, all tensors' quadruples
 * aligned, positions in 32 bits and one division for all four.
 *
 * Kernels
 *   norm_act_fwd_quads, norm_act_bwd_quads   {quadruples of a group, groups}, local {64, 1}
 *
 * Build options: see common.clh; -D BACKWARD: the gradient. References: src/ops/ref_norm.c.
 */
#include "common.clh"
#include "tensor.clh"
#include "activation.clh"
#include "norm_act.clh"

ACTIVATIONS(float4, int4, bend_four, bend_gradient_four, activate_four, activate_gradient_four)

/* What dropout multiplies the four elements of random block i by. */
float4 dropout_four(const uint i, __global const float *hyper, const uint threshold, const float keep,
                    const uint stream)
{
    const uint4 r = philox(i, stream, as_uint(hyper[P2P_HYPER_STEP]), as_uint(hyper[P2P_HYPER_SEED]));

    return select((float4)(0.0f), (float4)(keep), r >> 8 >= (uint4)(threshold));
}

#define QUAD(t, at) (*(__global const float4 *)((t) + (uint)(t##_at + (at))))
#define PUT_QUAD(v, t, at) *(__global float4 *)((t) + (uint)(t##_at + (at))) = (v)

/* Pixel (of all groups) and first channel of this work-item; leave where there is none. */
#define QUAD_POSITION                                                                              \
    const uint fours = (uint)channels / 4, in_group = (uint)get_global_id(0) / fours;              \
    const int c = (int)((uint)get_global_id(0) % fours) * 4, group = (int)get_global_id(1);        \
    const int p = (int)in_group + group * count;                                                   \
    if (in_group >= (uint)count)                                                                   \
    return

/* Values at the pixel, of its group's statistics, of the channels'; `other` where there is no tensor. */
#define AT(t) QUAD(t, p *t##_stride + c)
#define STAT(t, other) (t##_stride ? QUAD(t, group *t##_stride + c) : (float4)(other))
#define OWN(t, other) (t##_stride ? QUAD(t, c) : (float4)(other))
#define MASK                                                                                       \
    (threshold ? dropout_four((uint)p * fours + (uint)c / 4, hyper + hyper_at, threshold, keep, stream) \
               : (float4)(1.0f))

#ifndef BACKWARD

FLAT_ITEMS
__kernel void norm_act_fwd_quads(NORM_ACT_ARGUMENTS)
{
    QUAD_POSITION;
    const float4 scale = OWN(gamma, 1.0f) * STAT(rstd, 1.0f);
    const float4 z = FMA(AT(x) - STAT(mean, 0.0f), scale, OWN(beta, 0.0f)) * MASK;

    PUT_QUAD(activate_four(z, act1, slope), y1, p *y1_stride + c);
    if (y2_stride)
        PUT_QUAD(activate_four(z, act2, slope), y2, p *y2_stride + c);
}

#else

FLAT_ITEMS
__kernel void norm_act_bwd_quads(NORM_ACT_ARGUMENTS)
{
    QUAD_POSITION;
    const float4 r = STAT(rstd, 1.0f);
    float4 d = (float4)(0.0f);

    if (dy1_stride)
        d = activate_gradient_four(AT(dy1), AT(y1), act1, slope);
    if (dy2_stride)
        d += activate_gradient_four(AT(dy2), AT(y2), act2, slope);
    d *= MASK;
    if (train) {
        const float4 s1 = QUAD(sums, group *sums_stride + c), s2 = QUAD(sums, group *sums_stride + channels + c);
        d -= FMA((AT(x) - STAT(mean, 0.0f)) * r, s2, s1) / (float)count;
    }
    d *= OWN(gamma, 1.0f) * r;
    PUT_QUAD(accumulate ? AT(dx) + d : d, dx, p *dx_stride + c);
}

#endif
