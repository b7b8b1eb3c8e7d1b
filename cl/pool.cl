/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pool of earlier pictures: each picture of x in turn is kept, or passed through, or changes places
 * with one of the pool. A work-item does this for one pixel of all of them.
 *
 * Kernels
 *   pool   {height * width}, local {64}
 *
 * Build options: see common.clh. Reference: p2p_ref_pool; the meaning stands in src/ops/op.h.
 */
#include "common.clh"
#include "tensor.clh"
#include "rng.clh"

FLAT_ITEMS
__kernel void pool(CONST_TENSOR(x), TENSOR(pool), CONST_TENSOR(hyper), TENSOR(y),
                   const int pictures, const int slots, const int pixels, const int channels,
                   const uint stream)
{
    const size_t pixel = get_global_id(0);
    const uint seed = as_uint(hyper[hyper_at + P2P_HYPER_SEED]);
    const uint step = as_uint(hyper[hyper_at + P2P_HYPER_STEP]);
    const uint before = as_uint(hyper[hyper_at + P2P_HYPER_POOLED]);

    if (pixel >= (size_t)pixels)
        return;
    for (int n = 0; n < pictures; n++) {
        const uint4 words = philox((uint)n, stream, step, seed);
        const bool filling = before + (uint)n < (uint)slots;
        const uint slot = filling ? before + (uint)n : mul_hi(words.y, (uint)slots);
        const bool taken = filling || words.x >> 31;
        const size_t at = (size_t)n * pixels + pixel;
        __global const float *from = x + x_at + at * x_stride;
        __global float *kept = pool + pool_at + ((size_t)slot * pixels + pixel) * pool_stride;
        __global float *to = y + y_at + at * y_stride;

        for (int c = 0; c < channels; c++) {
            const float fresh = from[c];
            to[c] = taken && !filling ? kept[c] : fresh;
            if (taken)
                kept[c] = fresh;
        }
    }
}
