/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done with a network's gradients when all of them are there: Adam behind their clipping, once
 * after several runs of a plan, or with those of other ranks; and averages of weights. Where none of this is asked for, apply.c lets
 * Adam follow each gradient at once, which the plan then may make one step of.
 */
#ifndef P2P_GRAPH_UPDATE_H
#define P2P_GRAPH_UPDATE_H

#include "src/graph/apply.h"

/** Whether Adam has to wait for all gradients of a network. */
bool p2p_update_waits(const P2pAdam *adam, const P2pGrads *grads);

/** Attributes of Adam's pass. */
P2pAttr p2p_update_attr(const P2pAdam *adam);

/** Append Adam's step of all parameters of a network that have gradients. */
void p2p_update_append(P2pPlan *plan, P2pNet *net, P2pGrads *grads, const P2pAdam *adam, int hyper);

/** Append Adam's step of the parameters that the network has joined. */
void p2p_update_joined(P2pPlan *plan, P2pNet *net, const P2pGrads *grads, const P2pAdam *adam,
                       int hyper);

/** Append moving `average`, a network like `net`, by a share of the way towards it: hyper word EMA. */
void p2p_update_average(P2pPlan *plan, P2pNet *average, P2pNet *net, int hyper);

#endif
