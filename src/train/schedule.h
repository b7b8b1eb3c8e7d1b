/* SPDX-License-Identifier: BSD-2-Clause */
/* The course of the learning rate. */
#ifndef P2P_TRAIN_SCHEDULE_H
#define P2P_TRAIN_SCHEDULE_H

#include "src/model/checkpoint.h"

/** Learning rate of the step that comes next. */
double p2p_schedule_rate(const P2pOptions *options, const P2pPosition *at);

/**
 * Let a plateau see a value after an epoch: of --lr_policy plateau, as PyTorch's ReduceLROnPlateau with
 * the reference implementation's numbers (a fifth, a margin of 1%, more than 5 without a better one).
 *
 * @param larger  Larger values are better.
 * @return Whether the learning rate was cut.
 */
bool p2p_schedule_see(P2pWatch *plateau, int epoch, double value, bool larger);

#endif
