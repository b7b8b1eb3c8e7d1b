/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placing tensors of known lifetimes in one address space so that those alive at the same time do
 * not overlap. Pure arithmetic.
 */
#ifndef P2P_GRAPH_LIFETIME_H
#define P2P_GRAPH_LIFETIME_H

#include <stddef.h>

typedef struct P2pLifetime {
    size_t bytes;    /* in */
    int first, last; /* in: steps, inclusive; bytes 0: not placed */
    size_t offset;   /* out, a multiple of align */
} P2pLifetime;

/**
 * Greedy by size: each goes to the lowest gap among those placed before that live at the same time.
 *
 * @param  chunk  No tensor crosses a multiple of this (the largest buffer); a multiple of align.
 * @param  total  Bytes needed in all.
 * @return 0; P2P_ENOMEM; P2P_EDEVMEM: a tensor is larger than a chunk.
 */
int p2p_lifetime_place(P2pLifetime *items, int count, size_t align, size_t chunk, size_t *total);

#endif
