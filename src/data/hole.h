/* SPDX-License-Identifier: BSD-2-Clause */
/* Pictures with a hole, to be filled: where alpha is 0, colours are grey; elsewhere it is opaque. */
#ifndef P2P_DATA_HOLE_H
#define P2P_DATA_HOLE_H

#include <stdint.h>

#include "p2p/image.h"

typedef enum P2pHoleKind {
    P2P_HOLE_NONE,
    P2P_HOLE_CENTER, /* the middle half of both sides */
    P2P_HOLE_RANDOM, /* one to four boxes */
    P2P_HOLE_FOLDER  /* white in the pictures of a folder */
} P2pHoleKind;

/** Where holes come from. Zeroed: nowhere. */
typedef struct P2pHoles {
    P2pHoleKind kind;
    char **paths; /* of masks */
    size_t count;
    uint32_t seed;
    size_t max_pixels;
} P2pHoles;

/**
 * @param mask  "center", "random", or a folder.
 * @return 0; P2P_EIO, P2P_EFORMAT: the folder cannot be read, or has no pictures; P2P_ENOMEM.
 */
int p2p_holes_open(P2pHoles *holes, const char *mask, uint32_t seed, size_t max_pixels);
/** The same once more; P2P_ENOMEM leaves *to empty. */
int p2p_holes_copy(P2pHoles *to, const P2pHoles *from);
void p2p_holes_finish(P2pHoles *holes);

/**
 * Make a hole. Depends on holes, epoch and index alone.
 *
 * @param rgb   3 channels.
 * @param rgba  4 channels of the same size, overwritten.
 * @return 0; P2P_EIO, P2P_EFORMAT: a mask cannot be read; P2P_ENOMEM.
 */
int p2p_holes_cut(const P2pHoles *holes, const P2pImage *rgb, uint32_t epoch, uint64_t index,
                  P2pImage *rgba);

/** Holes with clear borders, after resizing: less than half opaque is a hole. 4 channels. */
void p2p_hole_clear(P2pImage *rgba);

#endif
