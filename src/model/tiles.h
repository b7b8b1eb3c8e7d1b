/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A picture through a network in tiles that overlap, by rows of tiles from the top down: memory is
 * bounded by its width, whatever its height. Knows no files.
 */
#ifndef P2P_MODEL_TILES_H
#define P2P_MODEL_TILES_H

#include "src/model/forward.h"
#include "p2p/image.h"

/** How tiles lie along one side of a picture. */
typedef struct P2pTileAxis {
    int size;   /* of the picture */
    int before; /* pixels that it is continued by before its beginning */
    int canvas; /* with these and those behind its end */
    int tile;   /* pixels of a tile */
    int count;  /* of tiles */
    int align;  /* tiles begin at multiples of it */
    int blend;  /* pixels over which one tile becomes the next */
} P2pTileAxis;

/**
 * @param side     Of a tile: a multiple of the network's multiple; less where the picture is smaller.
 * @param overlap  Of neighbours, at least; at most half a side. A quarter at each end is not used, as
 *                 the network sees too little around it; the half between is blended.
 */
void p2p_tile_axis(P2pTileAxis *axis, const P2pGraph *graph, int size, int side, int overlap);
/** Where a tile begins in the canvas. */
int p2p_tile_begin(const P2pTileAxis *axis, int tile);
/** The part that a tile has in pixel `at` of the canvas; all tiles' parts together are 1. */
float p2p_tile_weight(const P2pTileAxis *axis, int tile, int at);

/** Rows of a picture that come and go in order. */
typedef struct P2pTileCalls {
    void *user;
    int (*again)(void *user); /* from the first row on, once more */
    int (*next)(void *user, int rows, void *samples);
    int (*put)(void *user, const P2pImage *rows); /* the next ones of the result */
} P2pTileCalls;

typedef struct P2pTileSettings {
    int side, overlap;
    bool
        measure; /* norms have statistics of the picture: these are measured over the tiles first */
    int bits;    /* of the result */
    bool lab;    /* pictures are a lightness, the network makes ab of it, results are RGB */
} P2pTileSettings;

/**
 * @param in  Size, channels and bits of what next() gives.
 */
int p2p_tiles_run(P2pForwards *forwards, const P2pGraph *graph, const P2pImage *in,
                  const P2pTileSettings *settings, const P2pTileCalls *calls);

/** The same of a picture in memory. */
int p2p_tiles_run_image(P2pForwards *forwards, const P2pGraph *graph, const P2pImage *in,
                        const P2pTileSettings *settings, P2pImage *out);

#endif
