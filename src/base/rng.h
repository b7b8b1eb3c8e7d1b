/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counter-based randomness: Philox4x32-10 (Salmon et al. 2011, Random123), the same words as
 * cl/rng.clh. A number depends on (seed, stream, index) alone, never on what was drawn before.
 */
#ifndef P2P_BASE_RNG_H
#define P2P_BASE_RNG_H

#include <stdint.h>

/** Purposes: the high byte of a stream, so that no two uses share numbers. */
enum {
    P2P_STREAM_GOLDEN = 0x00, /* streams of the golden data and of plain p2p_rng_block() */
    P2P_STREAM_INIT = 0x01,
    P2P_STREAM_DROPOUT = 0x02,
    P2P_STREAM_ORDER = 0x03,
    P2P_STREAM_JITTER = 0x04,
    P2P_STREAM_DEMO = 0x05,
    P2P_STREAM_TEST = 0x06,
    P2P_STREAM_POOL = 0x07,
    P2P_STREAM_PARTNER = 0x08,
    P2P_STREAM_MIX = 0x09,
    P2P_STREAM_AUGMENT = 0x0a,
    P2P_STREAM_HOLE = 0x0b,
};

static inline uint32_t p2p_stream(uint32_t purpose, uint32_t which)
{
    return purpose << 24 | (which & 0xffffffu);
}

/** The ten rounds on an arbitrary counter and key. */
void p2p_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/** Block `index` (four words) of a stream: counter (index lo, hi, stream, 0), key (seed, "p2p2"). */
void p2p_rng_block(uint32_t seed, uint32_t stream, uint64_t index, uint32_t out[4]);

/** Word `index` of a stream. */
uint32_t p2p_rng_word(uint32_t seed, uint32_t stream, uint64_t index);

/** Uniform in [-1, 1), exact: (int)(word >> 8) - 2^23 over 2^23. */
float p2p_rng_symmetric(uint32_t word);

/** Uniform in [0, 1), 24 bits. */
float p2p_rng_unit(uint32_t word);

/** Uniform integer in [0, bound), bound >= 1, from one word (multiply-shift). */
uint32_t p2p_rng_below(uint32_t word, uint32_t bound);

/** Two independent N(0, 1) numbers from two words (Box-Muller, in double). */
void p2p_rng_normal(uint32_t w0, uint32_t w1, float out[2]);

#endif
