/* SPDX-License-Identifier: BSD-2-Clause */
/* IEEE 754 half precision, and bfloat16, to and from single, in portable C. */
#ifndef P2P_BASE_HALF_H
#define P2P_BASE_HALF_H

#include <stdint.h>
#include <string.h>

static inline float p2p_half_to_float(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = h >> 10 & 31u;
    const uint32_t fraction = h & 0x3ffu;
    uint32_t bits;
    float f;

    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24, exact */
        f = (float)fraction * 0x1p-24f;
        return sign ? -f : f;
    }
    bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

/** From this magnitude on a float has no finite half. */
#define P2P_HALF_LIMIT 65520.0f

/** Rounded to nearest, ties to even; too large becomes infinite. */
static inline uint16_t p2p_float_to_half(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, sizeof(bits));
    const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u); /* NaN */
    if (magnitude >= 0x47800000u)
        return (uint16_t)(sign | 0x7c00u); /* 65536 and above; 65520.. rounds up below */
    if (magnitude <
        0x38800000u) { /* below 2^-14: adding 2^9 leaves the subnormal's bits, rounded */
        float small;
        memcpy(&small, &magnitude, sizeof(small));
        small += 0.5f;
        memcpy(&bits, &small, sizeof(bits));
        return (uint16_t)(sign | (bits - 0x3f000000u));
    }
    const uint32_t odd = magnitude >> 13 & 1u;
    return (uint16_t)(sign | ((magnitude + 0xfffu + odd - (112u << 23)) >> 13));
}

/* A bfloat16 is a float's upper half. */
static inline float p2p_bfloat_to_float(uint16_t b)
{
    const uint32_t bits = (uint32_t)b << 16;
    float f;

    memcpy(&f, &bits, sizeof(f));
    return f;
}

/** Rounded to nearest, ties to even. */
static inline uint16_t p2p_float_to_bfloat(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, sizeof(bits));
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(bits >> 16 | 0x40u); /* NaN */
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

#endif
