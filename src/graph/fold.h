/* SPDX-License-Identifier: BSD-2-Clause */
/* A graph for use alone: batch norms by their running statistics become part of convolutions. */
#ifndef P2P_GRAPH_FOLD_H
#define P2P_GRAPH_FOLD_H

#include "src/graph/graph.h"

/** Where a parameter of a folded graph comes from. */
typedef struct P2pOrigin {
    int param; /* of the graph before; -1: a bias that was not there, 0 */
    int norm;  /* node of the graph before whose scale and shift go into it; -1: none */
} P2pOrigin;

/**
 * The same network with each batch norm that alone reads a convolution folded into it. What is left
 * of the norm's node is its activation. Every convolution gets a bias: all are then alike, and a
 * file tells by `folded` alone which there are. Other norms stay. The nodes keep their places.
 *
 * @param origin  Fresh memory, one a parameter of *out; NULL: not wanted.
 * @return 0; P2P_ENOMEM.
 */
int p2p_graph_fold(P2pGraph **out, P2pOrigin **origin, const P2pGraph *graph);

/**
 * Values of one folded parameter: a weight times gamma / sqrt(var + eps) of its output channel, a
 * bias through the norm.
 *
 * @param values  In exchange order; in: those of the origin (0 where it has none), out: folded.
 * @param norm    The norm's own: [4][O] gamma, beta, mean, variance; used as scratch.
 */
void p2p_fold_values(const P2pParam *param, float eps, float *norm, float *values);

#endif
