/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adam divided among the ranks of a job: each has the moments of its slice of every bucket, and updates that
 * slice of the weights. In files moments are whole, so that any number of ranks goes on with them.
 */
#ifndef P2P_GRAPH_SHARD_H
#define P2P_GRAPH_SHARD_H

#include "src/graph/exchange.h"

/** This rank's slice of a bucket, as vectors; no buffer: it has none of it. */
typedef struct P2pSlice {
    P2pTensor state[P2P_STATES], gradient;
} P2pSlice;

struct P2pShard {
    const P2pNet *net;
    const P2pExchange *exchange;
    P2pSlice *slices; /* [net->buckets.count] */
    size_t bytes;     /* of the moments */
};

/** Give a P2P_NET_SHARDED network its moments, all 0; its sums' exchange is there, and both outlive them. */
int p2p_shard_create(P2pShard **out, P2pDevice *device, P2pNet *net, const P2pGradSums *sums);
void p2p_shard_destroy(P2pShard **shard);

/** Whether it is a moment of parameter i, which ranks have in slices. */
bool p2p_shard_has(const P2pNet *net, int i, P2pState state);

/**
 * A moment of parameter i from all ranks to the first one, or from that to all (blocks; all call it).
 *
 * @param raw  As it would lie on the device in one piece: [p2p_tensor_bytes() of its value]. NULL on others.
 */
int p2p_shard_gather(P2pShard *shard, int i, P2pState state, void *raw);
int p2p_shard_deal(P2pShard *shard, int i, P2pState state, const void *raw);

#endif
