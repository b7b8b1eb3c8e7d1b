/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batch norm by the statistics of all ranks' pictures: behind each pass that makes statistics or the sums
 * of a norm's gradient the host exchanges them, which it waits for. What stays a rank's own are the
 * gradients of gamma and beta, which are summed over ranks as all others.
 *
 * With weights w that add up to 1, means m and variances v of each rank's pictures the job has
 *   mean = sum w m,   variance = sum w (v + (m - mean)^2);
 * and as a rank's gradients are those of its own mean loss, which counts w in the job's, the sums S of the norm's
 * gradient (its share of dx is S / pixels) become sum w S.
 */
#ifndef P2P_GRAPH_SYNC_H
#define P2P_GRAPH_SYNC_H

#include "src/comm/comm.h"
#include "src/graph/plan.h"

/**
 * @param weights   [ranks], must outlive it.
 * @param pictures  Of the job's batch.
 */
int p2p_sync_create(P2pSync **out, P2pComm *comm, const float *weights, int pictures);
/** Behind the plan that it was used in. */
void p2p_sync_destroy(P2pSync **sync);

/** A norm's statistics as the plan's tensors [1, 1, 1, C]; run_*: -1, they are not updated. */
typedef struct P2pSyncNorm {
    int mean, rstd, run_mean, run_var;
    float eps, momentum;
    int pixels; /* of a picture */
} P2pSyncNorm;

/** Append making the job's of them; the running ones are updated here alone. NULL: nothing. */
void p2p_sync_statistics(P2pSync *sync, P2pPlan *plan, const P2pSyncNorm *norm);
/** The same of the sums [1, 1, 1, 2 C]. */
void p2p_sync_sums(P2pSync *sync, P2pPlan *plan, int sums);

#endif
