/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for a network's gradients that plans have in common: where they are summed over several runs,
 * or over ranks. In the order in which a backward pass completes them, cut into buckets.
 */
#ifndef P2P_GRAPH_SUMS_H
#define P2P_GRAPH_SUMS_H

#include "src/graph/net.h"

typedef struct P2pExchange P2pExchange;

typedef struct P2pGradSums {
    P2pTensor *tensor;  /* [count], of each parameter that is trained and not joined */
    P2pBuckets buckets; /* where they lie, with gaps of zeros ... */
    P2pBuffer **buffer; /* ... [buckets.count] */
    P2pTensor joined;   /* in the last bucket */
    size_t joined_at;
    int count;
    bool
        over_runs; /* a step's gradients are sums of several runs of a plan, begun anew by the first */
    P2pExchange *exchange; /* with other ranks; NULL: there are none. The sums' own */
} P2pGradSums;

int p2p_grad_sums_create(P2pGradSums **out, P2pDevice *device, const P2pNet *net);
void p2p_grad_sums_destroy(P2pGradSums **sums);
size_t p2p_grad_sums_bytes(const P2pGradSums *sums);

#endif
