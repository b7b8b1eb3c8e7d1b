/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of a P2pModel, for the files that open one and translate with it. */
#ifndef P2P_MODEL_MODEL_PARTS_H
#define P2P_MODEL_MODEL_PARTS_H

#include "p2p/data.h"
#include "p2p/model.h"
#include "src/data/classes.h"
#include "src/model/tiles.h"
#include "src/options/options.h"

/** What was asked for. */
typedef struct P2pTileChoice {
    int side;     /* -1: where the device's memory asks for it; 0: never */
    int overlap;  /* pixels */
    bool measure; /* see P2pTileSettings */
} P2pTileChoice;

struct P2pModel {
    P2pDevice *device;
    P2pOptions options;         /* as its generator sees them: input_nc is what that takes */
    P2pJitterSettings sizes[2]; /* of inputs, and of what outputs are compared with */
    int channels[2];            /* likewise, of pictures: of a colorization of RGB */
    bool keep_alpha, keep_profile;
    int bits;           /* of results */
    P2pClasses classes; /* of inputs that are label maps */
    bool has_back;      /* its file holds a generator for the other direction */
    char *variants, *refs;
    P2pTileChoice tiles;
    P2pNet *net;
    P2pForwards *forwards;
};

/** A picture of its size and channels becomes what the network sees: of a colorization its lightness, of an
 *  inpainting one with clear holes. */
int p2p_model_see(const P2pModel *model, P2pImage *picture);

/** Tiles for a picture of a size; side 0: it goes through as a whole. May build a plan. */
int p2p_model_choose_tiles(P2pModel *model, int width, int height, P2pTileSettings *tiles);

/** Whether the network does not see the alpha of a picture with so many channels, but results get it. */
bool p2p_model_carries_alpha(const P2pModel *model, int channels);

#endif
