/* SPDX-License-Identifier: BSD-2-Clause */
/* Independent pieces of work in threads, and failures that cross from one thread to another. */
#ifndef P2P_BASE_PARALLEL_H
#define P2P_BASE_PARALLEL_H

#include <stddef.h>

/**
 * A failure on its way to another thread (messages are per thread). Zeroed: none.
 */
typedef struct P2pFailure {
    int status;
    char *text; /* NULL: there was no memory for it */
} P2pFailure;

/** Keep this thread's last failure, which gave status, in place of what was kept; 0: none. */
void p2p_failure_keep(P2pFailure *failure, int status);
/** Make it the calling thread's own; returns its status, 0 when there is none. */
int p2p_failure_tell(const P2pFailure *failure);
void p2p_failure_finish(P2pFailure *failure);

/**
 * Call work(user, i) once for each i from 0 on below count, in up to `threads` threads, the calling
 * one among them. They are handed out in order, none after a failure.
 *
 * @return 0, or the failure of the least i that failed, which does not depend on the threads.
 */
int p2p_parallel(int threads, size_t count, int (*work)(void *user, size_t i), void *user);

/** The same; the calling thread begins with beside(user), while the others are at work. */
int p2p_parallel_beside(int threads, size_t count, int (*work)(void *user, size_t i),
                        void (*beside)(void *user), void *user);

#endif
