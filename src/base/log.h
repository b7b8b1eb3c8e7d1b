/* SPDX-License-Identifier: BSD-2-Clause */
/* Levelled messages to the caller's P2pLog. */
#ifndef P2P_BASE_LOG_H
#define P2P_BASE_LOG_H

#include "p2p/common.h"

/** Write a message; log may be NULL. */
void p2p_log(const P2pLog *log, P2pLogLevel level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Seconds of a monotonic clock. */
double p2p_seconds(void);

#endif
