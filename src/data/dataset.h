/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of a P2pDataset, for the files of this layer that work on one. */
#ifndef P2P_DATA_DATASET_H
#define P2P_DATA_DATASET_H

#include "p2p/data.h"

typedef struct P2pDatasetPair {
    char *name;   /* without folder and suffix */
    char *path_a; /* A, or the picture that holds both */
    char *path_b; /* NULL where path_a holds both */
} P2pDatasetPair;

struct P2pDataset {
    P2pDatasetPair *pairs;
    size_t count;
    bool unaligned, single;
    size_t partners; /* unaligned: the first so many pairs hold each picture of B once */
    P2pDirection direction;
    size_t max_pixels;
    bool no_exif;
};

/** p2p_dataset_read() with the B of another pair. */
int p2p_dataset_read_with(const P2pDataset *dataset, size_t index, size_t partner, P2pImage *input,
                          P2pImage *target);

/**
 * Take a share of the pairs, at least one, out of the set into one of their own: by seed alone. Both
 * keep the order by name.
 *
 * @return 0; P2P_EINVAL: unpaired pictures, or too few to leave one; P2P_ENOMEM: nothing was taken.
 */
int p2p_dataset_split(P2pDataset *dataset, double share, uint32_t seed, P2pDataset **out);

void p2p_dataset_pair_finish(P2pDatasetPair *pair);

#endif
