/* SPDX-License-Identifier: BSD-2-Clause */
/* What the layers above see of a trainer beyond p2p/train.h. */
#ifndef P2P_TRAIN_TRAINER_H
#define P2P_TRAIN_TRAINER_H

#include "p2p/train.h"
#include "src/graph/plan.h"

/** The plan of its step. */
P2pPlan *p2p_trainer_plan(const P2pTrainer *trainer);

#endif
