/* SPDX-License-Identifier: BSD-2-Clause */
/* Philox4x32-10 and the distributions drawn from it. Has no state. */
#include "src/base/rng.h"

#include <math.h>

#include "cl/philox.h"

void p2p_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int i = 0; i < PHILOX_ROUNDS; i++) {
        const uint64_t p0 = (uint64_t)PHILOX_M0 * c0;
        const uint64_t p1 = (uint64_t)PHILOX_M1 * c2;

        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void p2p_rng_block(uint32_t seed, uint32_t stream, uint64_t index, uint32_t out[4])
{
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), stream, 0};
    const uint32_t key[2] = {seed, PHILOX_KEY};

    p2p_philox(counter, key, out);
}

uint32_t p2p_rng_word(uint32_t seed, uint32_t stream, uint64_t index)
{
    uint32_t block[4];

    p2p_rng_block(seed, stream, index / 4, block);
    return block[index % 4];
}

float p2p_rng_symmetric(uint32_t word)
{
    return (float)((int32_t)(word >> 8) - 8388608) * 0x1p-23f;
}

float p2p_rng_unit(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}

uint32_t p2p_rng_below(uint32_t word, uint32_t bound)
{
    return (uint32_t)((uint64_t)word * bound >> 32);
}

void p2p_rng_normal(uint32_t w0, uint32_t w1, float out[2])
{
    const double u = ((double)w0 + 1.0) * 0x1p-32; /* (0, 1]: the logarithm is finite */
    const double angle = 6.283185307179586 * ((double)w1 * 0x1p-32);
    const double radius = sqrt(-2.0 * log(u));

    out[0] = (float)(radius * cos(angle));
    out[1] = (float)(radius * sin(angle));
}
