/* SPDX-License-Identifier: BSD-2-Clause */
/* The best value so far, and for how long there was none. */
#include "src/train/watch.h"

bool p2p_watch_see(P2pWatch *w, int epoch, double value, bool larger, double margin)
{
    const double needed = larger ? w->best * (1 + margin) : w->best * (1 - margin);
    const bool first = w->epoch == 0 && value == value;

    if (!first && (w->epoch == 0 || !(larger ? value > needed : value < needed))) {
        w->bad++;
        return false;
    }
    w->best = value;
    w->epoch = epoch;
    w->bad = 0;
    return true;
}
