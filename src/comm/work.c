/* SPDX-License-Identifier: BSD-2-Clause */
/* Many things that are done one by one, divided among the ranks. */
#include <limits.h>
#include <stdlib.h>

#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/comm/comm.h"

typedef struct Division {
    P2pPart part; /* this rank's */
    int least;    /* things of the smallest part that has any */
    size_t *ends; /* [ranks], of the parts' results in bytes */
} Division;

/* All know of as many; where they do not, all see it. */
static int check_count(P2pComm *comm, int count)
{
    const int size = p2p_comm_size(comm);
    int *all = p2p_alloc((size_t)size, sizeof(*all)), other = 1;
    int err = all ? p2p_comm_gather(comm, &count, sizeof(count), all, true) : P2P_ENOMEM;

    while (!err && other < size && all[other] == all[0])
        other++;
    if (!err && other < size)
        err = p2p_comm_agree(
            comm, p2p_fail(P2P_EINVAL,
                           "there are %d pictures on %s (rank %d) and %d on %s (rank 0); copy them "
                           "anew, or share one folder",
                           all[other], p2p_comm_host(comm, other), other, all[0],
                           p2p_comm_host(comm, 0)));
    free(all);
    return err;
}

static int divide(P2pComm *comm, const P2pWork *work, Division *d)
{
    const int size = p2p_comm_size(comm);
    int err = P2P_OK;

    *d = (Division){.least = work->count, .ends = p2p_alloc((size_t)size, sizeof(*d->ends))};
    if (!d->ends)
        return P2P_ENOMEM;
    for (int i = 0; !err && i < size; i++) {
        P2pPart part;
        err = p2p_comm_divide(comm, work->shares ? work->shares : "", work->count, i, &part);
        if (err)
            break;
        d->ends[i] = (size_t)(part.first + part.count) * work->result_bytes;
        d->least = part.count ? p2p_min(d->least, part.count) : d->least;
        if (i == p2p_comm_rank(comm))
            d->part = part;
    }
    return err;
}

/* In rounds in which each rank does as much as its part is, so that who is missing is noticed soon and nobody
 * waits for long. */
static int do_part(P2pComm *comm, const P2pWork *work, const Division *d, unsigned char *results)
{
    const P2pPart *part = &d->part;
    int done = 0, err = P2P_OK;

    for (int round = 1; !err && round <= d->least; round++) {
        const int end = (int)((long long)part->count * round / d->least);
        for (; !err && done < end; done++) {
            const int i = part->first + done;
            err = work->one(work->user, i, results + (size_t)i * work->result_bytes);
        }
        if (!err)
            err = p2p_comm_meet(comm);
    }
    return err;
}

int p2p_comm_work(P2pComm *comm, const P2pWork *work, void *results)
{
    P2P_NEED(work);
    P2P_NEED_AS("one", work->one);
    P2P_NEED(results);
    P2P_NEED_RANGE("count", work->count, 1, INT_MAX);

    unsigned char *all = results;
    Division d = {.ends = NULL};
    int err = p2p_comm_is_alone(comm) ? P2P_OK : check_count(comm, work->count);

    if (!err)
        err = p2p_comm_agree(comm, divide(comm, work, &d));
    if (!err)
        err = do_part(comm, work, &d, all);
    if (!err)
        err = p2p_comm_gather_parts(comm, all + (size_t)d.part.first * work->result_bytes, d.ends,
                                    all, true);
    free(d.ends);
    return err;
}
