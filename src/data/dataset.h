/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of a P2pDataset, for the files of this layer that work on one. */
#ifndef P2P_DATA_DATASET_H
#define P2P_DATA_DATASET_H

#include "p2p/data.h"
#include "src/data/hole.h"

typedef struct P2pDatasetPair {
    char *name;     /* without folder and suffix */
    char *path_a;   /* A, or the picture that holds both */
    char *path_b;   /* NULL where path_a holds both */
    char **more[2]; /* of A and of B: pictures that are channels behind these, layers - 1 of each */
    int width, height; /* behind the jitter that the set was checked with; 0: not known */
} P2pDatasetPair;

struct P2pDataset {
    P2pDatasetPair *pairs;
    size_t count;
    bool unaligned, single, lab;
    P2pHoles holes;  /* kind none: pictures are as they are */
    size_t partners; /* unaligned: the first so many pairs hold each picture of B once */
    P2pDirection direction;
    size_t max_pixels;
    bool no_exif;
    int layers[2]; /* folders whose pictures are A, and B: 1 but for stacks */
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

void p2p_dataset_pair_finish(const P2pDataset *dataset, P2pDatasetPair *pair);

/**
 * Take A1, A2 ... for A where the latter is not there, and likewise B: the paths of the first folders, in
 * fresh memory, NULL where there is none.
 *
 * @param phase  "" for none.
 */
int p2p_dataset_find_sides(const char *folder, const char *phase, char *paths[2]);
/** Add the pictures of A2, A3 ..., B2, B3 ... to the pairs of a set whose sides are stacks. */
int p2p_dataset_add_layers(P2pDataset *dataset, const char *folder, const P2pDatasetSettings *s);
/** Put the pictures of the further folders behind a pair's own picture of a side (0: A), which is read. */
int p2p_dataset_read_layers(const P2pDataset *dataset, const P2pDatasetPair *pair, int side,
                            P2pImage *image);
/** Read a picture, upright unless the set's settings say otherwise. */
int p2p_dataset_read_picture(const P2pDataset *dataset, const char *path, P2pImage *image);

#endif
