/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics of all norms of a network over several pictures, as if these were one: found layer by layer,
 * since what a norm sees depends on what those before it did.
 */
#ifndef P2P_MODEL_STATISTICS_H
#define P2P_MODEL_STATISTICS_H

#include "p2p/image.h"
#include "src/model/forward.h"

/**
 * Measure them, and leave them in the forward for p2p_forward_run_part(). For each norm the pictures go
 * through the layers before it: about half a run of all pictures for each norm (blocks).
 *
 * @param forward   Of kept statistics.
 * @param pictures  Of its size and channels.
 */
int p2p_statistics_measure(P2pForward *forward, const P2pGraph *graph, const P2pImage *pictures,
                           int count);

#endif
