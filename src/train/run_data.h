/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run trains on, as options that its checkpoints keep, and whether it is still the same. */
#ifndef P2P_TRAIN_RUN_DATA_H
#define P2P_TRAIN_RUN_DATA_H

#include "p2p/data.h"
#include "src/options/options.h"

enum { P2P_RUN_DATA_CHANGES = 1024 };

/** Set data_digest: how many pictures there are, and a hash of their names in order. */
void p2p_run_data_describe(P2pOptions *options, const P2pDataset *dataset);

/**
 * What differs between the data that a checkpoint tells of and those of now. Another folder alone is
 * no difference; where the checkpoint has no digest, other pictures go unnoticed.
 *
 * @param changes  "--load_size 70 instead of 64, ..."; empty: nothing.
 */
void p2p_run_data_compare(const P2pOptions *told, const P2pOptions *now,
                          char changes[P2P_RUN_DATA_CHANGES]);

#endif
