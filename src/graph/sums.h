/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for a network's gradients that plans have in common: where they are summed over several runs,
 * or over ranks. In the order in which a backward pass completes them, cut into buckets.
 */
#ifndef P2P_GRAPH_SUMS_H
#define P2P_GRAPH_SUMS_H

#include "src/graph/net.h"

typedef struct P2pExchange P2pExchange;

/** Gradients that lie one behind the other in a buffer, and gaps of zeros. */
typedef struct P2pGradBucket {
    P2pBuffer *buffer;
    size_t bytes;
    int node; /* behind whose backward pass all of them are complete; -1: at the pass's end */
} P2pGradBucket;

typedef struct P2pGradSums {
    P2pTensor *tensor; /* [count], of each parameter that is trained and not joined */
    size_t *at;        /* [count], where it begins: bytes from the start of its bucket */
    int *bucket;       /* [count], which that is; -1: none */
    P2pTensor joined;
    size_t joined_at; /* in the last bucket */
    int count;
    bool
        over_runs; /* a step's gradients are sums of several runs of a plan, begun anew by the first */
    P2pGradBucket *buckets;
    int bucket_count;
    P2pExchange *exchange; /* with other ranks; NULL: there are none. The sums' own */
} P2pGradSums;

int p2p_grad_sums_create(P2pGradSums **out, P2pDevice *device, const P2pNet *net);
void p2p_grad_sums_destroy(P2pGradSums **sums);
size_t p2p_grad_sums_bytes(const P2pGradSums *sums);

#endif
