/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network's gradients over the ranks of a job: each bucket is read as soon as the backward pass has
 * completed it, summed over ranks while the rest goes on, and written back before Adam. The host waits
 * for the last one; nothing else of a step does. Where each rank updates a slice alone, it gets that slice's
 * sum, and the new weights go around behind Adam; for these the host waits once more.
 */
#ifndef P2P_GRAPH_EXCHANGE_H
#define P2P_GRAPH_EXCHANGE_H

#include "src/comm/reduce.h"
#include "src/graph/plan.h"
#include "src/graph/sums.h"

typedef struct P2pExchangeSettings {
    P2pComm *comm;
    const float *weights; /* [size], what each rank's gradients count; must outlive it */
    P2pWire wire;         /* of gradients; weights travel as they are */
    int tag;              /* of its first bucket; each has one of its own */
    bool squares;         /* add up those of all gradients */
    P2pBuffer *const *
        weights_in; /* each bucket's weights, where a rank updates its slice; NULL: it updates all */
} P2pExchangeSettings;

/**
 * Let the sums be those of all ranks from now on. All call it.
 *
 * @return 0; P2P_EINVAL: the ranks' devices lay weights out differently (the message says what to do).
 */
int p2p_exchange_create(P2pGradSums *sums, P2pDevice *device, const P2pExchangeSettings *settings);
void p2p_exchange_destroy(P2pExchange **exchange);

/** Append what begins behind a node's backward pass, and what ends the exchange; NULL: nothing. */
void p2p_exchange_append(P2pExchange *exchange, P2pPlan *plan, int node);
void p2p_exchange_append_end(P2pExchange *exchange, P2pPlan *plan);
/** Append what begins behind Adam on a bucket's slice, and what ends that for all: ranks have all weights then. */
void p2p_exchange_append_weights(P2pExchange *exchange, P2pPlan *plan, int bucket);
void p2p_exchange_append_weights_end(P2pExchange *exchange, P2pPlan *plan);

/** The sum of squares of all gradients, f32 [1], at the exchange's end; no buffer where it was not asked for. */
const P2pTensor *p2p_exchange_squares(const P2pExchange *exchange);
/** A rank's slice of a bucket: its first element and how many. */
void p2p_exchange_slice(const P2pExchange *exchange, int bucket, int rank, size_t *first,
                        size_t *count);
P2pComm *p2p_exchange_comm(const P2pExchange *exchange);

/** Of all steps since it was made, seconds. */
typedef struct P2pExchangeTimes {
    double busy_s;    /* from a step's first bucket to its last, of gradients and of weights */
    double exposed_s; /* of these, when the device had nothing else left to do */
    size_t bytes;     /* that this rank sends in a step */
} P2pExchangeTimes;
P2pExchangeTimes p2p_exchange_times(const P2pExchange *exchange);

#endif
