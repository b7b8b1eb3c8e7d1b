/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The job's pictures out of the ranks' parts of them, where a step needs them all: by way of the host, which
 * waits for the other ranks.
 */
#ifndef P2P_GRAPH_GATHER_H
#define P2P_GRAPH_GATHER_H

#include "src/comm/comm.h"
#include "src/graph/plan.h"

typedef struct P2pGather P2pGather;

/**
 * Append it to a plan.
 *
 * @param out    For the caller to destroy behind the plan.
 * @param parts  [ranks], of the job's pictures; must outlive it.
 * @param x      f32 [parts[rank].count, H, W, C], dense: this rank's.
 * @return the tensor [parts[rank].of, H, W, C], dense; -1: the plan has failed.
 */
int p2p_gather_append(P2pGather **out, P2pPlan *plan, P2pComm *comm, const P2pPart *parts, int x);
void p2p_gather_destroy(P2pGather **gather);

#endif
