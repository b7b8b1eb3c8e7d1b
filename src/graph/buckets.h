/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters one behind the other in the order in which a backward pass completes their gradients, cut into
 * pieces that go around the ranks of a job while the pass goes on.
 */
#ifndef P2P_GRAPH_BUCKETS_H
#define P2P_GRAPH_BUCKETS_H

#include "src/graph/graph.h"

typedef struct P2pBucket {
    size_t bytes;
    int node; /* behind whose backward pass all gradients of it are complete; -1: at the pass's end */
} P2pBucket;

typedef struct P2pBuckets {
    P2pBucket *bucket; /* [count] */
    int count;
    int *of;    /* [parameters], which one it lies in; -1: none */
    size_t *at; /* [parameters], where it begins: bytes from the start of its bucket */
} P2pBuckets;

/**
 * Overwrites all of it.
 *
 * @param bytes  [parameters], of those that are to lie there; 0: elsewhere.
 * @param align  Of their beginnings, bytes.
 */
int p2p_buckets_init(P2pBuckets *buckets, const P2pGraph *graph, const size_t *bytes, size_t align);
void p2p_buckets_finish(P2pBuckets *buckets);

/** Put what is complete at the pass's end behind all in the last bucket; where it begins there. */
size_t p2p_buckets_put_last(P2pBuckets *buckets, size_t bytes, size_t align);

#endif
