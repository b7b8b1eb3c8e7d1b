/* SPDX-License-Identifier: BSD-2-Clause */
/* Levelled messages to the caller's P2pLog; time, and waiting for something. */
#ifndef P2P_BASE_LOG_H
#define P2P_BASE_LOG_H

#include <stdbool.h>

#include "p2p/common.h"

/** Write a message; log may be NULL. */
void p2p_log(const P2pLog *log, P2pLogLevel level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Seconds of a monotonic clock. */
double p2p_seconds(void);

/**
 * Waiting that has a limit, looked at again and again. A process that was stopped meanwhile, which a long time between
 * two looks tells, begins to wait anew: nobody could be heard.
 */
typedef struct P2pPatience {
    double since, looked;
} P2pPatience;
void p2p_patience_begin(P2pPatience *p);
/** Whether it has been waited for longer than limit_s since it began. */
bool p2p_patience_is_over(P2pPatience *p, double limit_s);

#endif
