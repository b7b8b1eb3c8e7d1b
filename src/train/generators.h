/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run's generators as p2p-test and p2p-translate would use them: those of averaged weights where there
 * are such, the statistics of each picture, dropout by the run's seed. For samples and validation.
 */
#ifndef P2P_TRAIN_GENERATORS_H
#define P2P_TRAIN_GENERATORS_H

#include "src/model/forward.h"
#include "src/train/gan.h"

typedef struct P2pGenerators P2pGenerators;

/** The gan and the strings of options must outlive it. */
int p2p_generators_create(P2pGenerators **out, const P2pGan *gan, const P2pOptions *options);
void p2p_generators_destroy(P2pGenerators **generators);

/** Plan for pictures of a size, so that what the device has no room for is known at the start. */
int p2p_generators_plan(P2pGenerators *generators, int width, int height);
/** Bytes on the device of all plans. */
size_t p2p_generators_bytes(const P2pGenerators *generators);

/** Whether there is one for the way back too. */
bool p2p_generators_have_back(const P2pGenerators *generators);

/**
 * Translate one picture (blocks).
 *
 * @param in   f32 [height, width, channels] in [-1, 1].
 * @param out  Its out and y hold the result until the next call for this direction.
 * @return 0; P2P_EINVAL: the size does not fit the network; P2P_ENOMEM, P2P_EDEVICE, P2P_EDEVMEM.
 */
int p2p_generators_run(P2pGenerators *generators, bool back, const float *in, int width, int height,
                       const P2pForward **out);

#endif
