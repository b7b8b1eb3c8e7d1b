/* SPDX-License-Identifier: BSD-2-Clause */
/* Which pairs of a set have one size, and the batches of an epoch that are made of such. */
#ifndef P2P_DATA_SIZES_H
#define P2P_DATA_SIZES_H

#include "src/data/dataset.h"

/** A size that pairs have behind preprocessing. */
typedef struct P2pSize {
    int width, height; /* 0: not known, p2p_dataset_check() had no jitter */
    size_t pairs;
} P2pSize;

/** The sizes of a set, by width, then height. */
typedef struct P2pSizes {
    P2pSize *sizes;
    size_t count;
    uint32_t *of; /* of each pair: which it has */
    size_t pairs;
} P2pSizes;

/** P2P_ENOMEM: *sizes is empty then. */
int p2p_sizes_init(P2pSizes *sizes, const P2pDataset *dataset);
void p2p_sizes_finish(P2pSizes *sizes);

/** Batches of an epoch: whole ones of pairs of one size; with partial also what is left of each size. */
size_t p2p_sizes_batches(const P2pSizes *sizes, size_t batch_size, bool partial);

/**
 * Bring an epoch's pairs in the order of its batches: a whole batch stands where its last pair did; behind
 * all of them the rests, by size.
 *
 * @param order  uint32 [pairs]: in: an order of all pairs; out: the same where there is one size.
 * @param begin  uint32 [batches + 1] with the rests: where each begins in order.
 * @return 0; P2P_ENOMEM.
 */
int p2p_sizes_arrange(const P2pSizes *sizes, size_t batch_size, uint32_t *order, uint32_t *begin);

#endif
