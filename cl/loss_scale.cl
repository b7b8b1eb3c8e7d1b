/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What losses are multiplied by so that small gradients are not lost in f16: halved behind a step with a
 * gradient that is no number, doubled behind LOSS_SCALE_STEPS without one.
 *
 * Kernels
 *   loss_scale   {1}, local {1}: scale = [factor, steps since it changed, steps left out in all], by the sums of
 *                squares of up to four networks' gradients
 *
 * Build options: see common.clh. Reference: p2p_ref_loss_scale.
 * Source: Micikevicius et al. 2018 (arXiv:1710.03740), section 3.2.
 */
#include "common.clh"
#include "tensor.clh"
#include "finite.clh"

#define IS_BAD(t) (t##_stride && !is_finite(t[t##_at]))

ONE_ITEM
__kernel void loss_scale(TENSOR(scale), CONST_TENSOR(a), CONST_TENSOR(b), CONST_TENSOR(c), CONST_TENSOR(d))
{
    __global float *s = scale + scale_at;

    if (get_global_id(0) > 0)
        return;
    if (IS_BAD(a) || IS_BAD(b) || IS_BAD(c) || IS_BAD(d)) {
        s[0] = max(s[0] * 0.5f, LOSS_SCALE_LEAST);
        s[1] = 0.0f;
        s[2] += 1.0f;
    } else if (s[1] + 1.0f < LOSS_SCALE_STEPS) {
        s[1] += 1.0f;
    } else {
        s[0] = min(s[0] * 2.0f, LOSS_SCALE_MOST);
        s[1] = 0.0f;
    }
}
