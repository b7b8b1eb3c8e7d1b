/* SPDX-License-Identifier: BSD-2-Clause */
/* How far the convolutions of a network see. */
#ifndef P2P_REPORT_RECEPTIVE_H
#define P2P_REPORT_RECEPTIVE_H

#include "src/graph/graph.h"

/**
 * The side of the square of input pixels that one pixel of the output depends on by convolutions; of
 * those outputs that see most, where they do not all see as much. P2P_ENOMEM.
 */
int p2p_receptive_field(const P2pGraph *graph, int *side);

#endif
