/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a number that is seen now and then becomes better. Its memory is part of a run's position. */
#ifndef P2P_TRAIN_WATCH_H
#define P2P_TRAIN_WATCH_H

#include "src/model/checkpoint.h"

/**
 * See a value after an epoch (from 1).
 *
 * @param larger  Larger ones are better.
 * @param margin  How much better it must be to count, relative to the best.
 * @return Whether it is the best so far; a NaN never is.
 */
bool p2p_watch_see(P2pWatch *watch, int epoch, double value, bool larger, double margin);

#endif
