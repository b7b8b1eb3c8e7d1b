/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Several processes, the ranks of one job, that train one run together: each with a device of its own,
 * on one machine or on several. How messages travel is the caller's: the programs bring MPI.
 *
 * A P2pComm is used by one thread, the one that trains.
 */
#ifndef P2P_COMM_H
#define P2P_COMM_H

#include <stdbool.h>

#include "p2p/common.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Messages between ranks: those from one rank to another with one tag arrive in order, and none waits
 * for another. Functions return 0 or a negative number.
 */
typedef struct P2pTransport {
    int rank, size; /**< this one, from 0; in all */
    int local_rank; /**< this one among those of its machine */
    int local_size; /**< how many these are */
    const char *host;
    void *user;
    /** Begin to send or receive exactly so many bytes (up to P2P_TRANSPORT_BYTES), which stay in place until
     *  test() says that it is done. */
    int (*send)(void *user, int to, int tag, const void *data, size_t bytes, void **request);
    int (*receive)(void *user, int from, int tag, void *data, size_t bytes, void **request);
    /** Never waits; behind *done the request is gone. */
    int (*test)(void *user, void **request, bool *done);
    /** End the processes of all ranks, this one last, with this exit code. */
    void (*abort)(void *user, int code);
} P2pTransport;

enum { P2P_TRANSPORT_BYTES = 1 << 30, P2P_MOST_RANKS = 1024 };

typedef struct P2pComm P2pComm;

/**
 * Meet the other ranks: all call it, with ranks of one build.
 *
 * @param transport  Must outlive it.
 * @param timeout_s  Longest time to wait for another rank within a step of training, seconds; 0: for ever.
 * @return 0; P2P_EINVAL: impossible numbers, or another rank's build differs (the message names it);
 *         P2P_ENOMEM; P2P_ETIMEOUT: a rank does not answer; P2P_EIO: the transport failed.
 */
P2P_API int p2p_comm_create(P2pComm **out, const P2pTransport *transport, double timeout_s);
P2P_API void p2p_comm_destroy(P2pComm **comm);

/** Rank and number of ranks; of NULL 0 and 1. */
P2P_API int p2p_comm_rank(const P2pComm *comm);
P2P_API int p2p_comm_size(const P2pComm *comm);

/**
 * Whether this rank is to tell of the failure that the last call on this job's trainer returned: one that all
 * ranks got is told by the first, one that is this rank's own by itself.
 */
P2P_API bool p2p_comm_tells(const P2pComm *comm);
/** Whether all ranks got that failure; else the others wait for this one until the transport's abort(). */
P2P_API bool p2p_comm_agreed(const P2pComm *comm);

/**
 * All have come so far, or failed: the failure of the first rank that has one, for all, with its rank and host
 * before the message; err is this one's, 0: none. Waits without a limit.
 */
P2P_API int p2p_comm_agree(P2pComm *comm, int err);

/** Many things to be done, of which each rank takes a part. */
typedef struct P2pWork {
    int count;          /**< of the things, 1 or more */
    const char *shares; /**< "2,1": what each rank takes of them; "" or NULL: all the same */
    /** Do thing i; *result: room for what all ranks are to know of it. */
    int (*one)(void *user, int i, void *result);
    void *user;
    size_t result_bytes; /**< of one */
} P2pWork;

/**
 * Do it, with all ranks; comm NULL: alone. This one does its part, in order, and then has everyone's results.
 * The time limit (see p2p_comm_create()) is for what each does while the one with the smallest part does one thing.
 *
 * @param results  [count][result_bytes], by the things' numbers.
 * @return 0; P2P_EINVAL: other shares than there are ranks, or another count on one of them; P2P_ETIMEOUT,
 *         P2P_EIO, P2P_ENOMEM; or what one() returned, which this rank alone has: it is to end the job.
 */
P2P_API int p2p_comm_work(P2pComm *comm, const P2pWork *work, void *results);

#ifdef __cplusplus
}
#endif
#endif
