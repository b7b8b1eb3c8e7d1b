/* SPDX-License-Identifier: BSD-2-Clause */
/* The time of each pass of a plan, for tables. */
#ifndef P2P_BENCH_PROFILE_H
#define P2P_BENCH_PROFILE_H

#include "p2p/bench.h"
#include "src/graph/plan.h"

/** Rows of a plan that has run on a device opened with profile, in fresh memory (free() it). */
int p2p_profile_rows(P2pPlan *plan, P2pBenchRow **rows, int *count);
/** Its launches, in fresh memory; row is the number of the step. */
int p2p_profile_launches(P2pPlan *plan, P2pBenchLaunch **launches, int *count);

#endif
