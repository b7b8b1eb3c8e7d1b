/* SPDX-License-Identifier: BSD-2-Clause */
/* Status codes with one message per thread, set where a failure is detected. */
#ifndef P2P_BASE_STATUS_H
#define P2P_BASE_STATUS_H

#include "p2p/common.h"

/** Set this thread's message (printf format) and return status, so that `return p2p_fail(...)`. */
int p2p_fail(P2pStatus status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The same for failures of the C library: appends strerror(errno). */
int p2p_fail_errno(P2pStatus status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Put text (NULL: nothing) in front of the message; for callers that know the file or step. */
int p2p_fail_prefix(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Abort with a message; for our own mistakes only, never for input, files or devices. */
#define P2P_ASSERT(cond) ((cond) ? (void)0 : p2p_assert_failed(#cond, __FILE__, __LINE__))
void p2p_assert_failed(const char *cond, const char *file, int line) __attribute__((noreturn));

#define P2P_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
