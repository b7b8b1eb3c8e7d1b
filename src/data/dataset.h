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
    P2pDirection direction;
    size_t max_pixels;
    bool no_exif;
};

void p2p_dataset_pair_finish(P2pDatasetPair *pair);

#endif
