/* SPDX-License-Identifier: BSD-2-Clause */
/* The course of the learning rate. */
#ifndef P2P_TRAIN_SCHEDULE_H
#define P2P_TRAIN_SCHEDULE_H

#include "src/model/checkpoint.h"

/** Learning rate of the step that comes next. */
double p2p_schedule_rate(const P2pOptions *options, const P2pPosition *at);

#endif
