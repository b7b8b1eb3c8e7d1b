/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floats as halves with one power of two for all of them, by the largest: gradients have a range of their own
 * in each layer, and what is 2^-30 of the largest is lost in sums of f32 soon anyway.
 */
#ifndef P2P_COMM_PACK_H
#define P2P_COMM_PACK_H

#include <stddef.h>

/** Bytes of so many floats, packed: a multiple of 8. */
size_t p2p_pack_bytes(size_t count);

/** to [p2p_pack_bytes(count)], aligned to 4. What is no number stays none. */
void p2p_pack(const float *from, size_t count, void *to);
void p2p_unpack(const void *from, size_t count, float *to);
/** Elements from `first` on. */
void p2p_unpack_part(const void *from, size_t first, size_t count, float *to);

#endif
