/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of the job's pictures are a rank's. */
#include <stdlib.h>

#include "src/base/status.h"
#include "src/comm/comm.h"

enum { MOST_SHARE = 1000000 };

/* The next of "2,1"; 0: there is none, or no such number. */
static long next_share(const char **text)
{
    char *end;
    const long n = strtol(*text, &end, 10);

    if (end == *text || n < 1 || n > MOST_SHARE || (*end && *end != ','))
        return 0;
    *text = *end ? end + 1 : end;
    return n;
}

int p2p_comm_divide(const P2pComm *comm, const char *shares, int of, int rank, P2pPart *part)
{
    const int size = p2p_comm_size(comm);
    long before = 0, mine = 0, sum = 0;
    const char *at = shares;

    for (int i = 0; i < size; i++) {
        const long n = *shares ? next_share(&at) : 1;
        if (!n)
            return p2p_fail(P2P_EINVAL,
                            "--shares '%.100s': %d ranks need as many numbers of 1 or more, as in "
                            "2,1,1",
                            shares, size);
        before += i < rank ? n : 0;
        mine = i == rank ? n : mine;
        sum += n;
    }
    if (*shares && (*at || at[-1] == ','))
        return p2p_fail(P2P_EINVAL, "--shares '%.100s' has more than a number for each of %d ranks",
                        shares, size);
    part->of = of;
    part->first = (int)((long long)of * before / sum);
    part->count = (int)((long long)of * (before + mine) / sum) - part->first;
    return P2P_OK;
}

int p2p_comm_part(const P2pComm *comm, const char *shares, int of, int rank, P2pPart *part)
{
    const int err = p2p_comm_divide(comm, shares, of, rank, part);

    return err || part->count
               ? err
               : p2p_fail(P2P_EINVAL,
                          "--batch_size %d has no picture for rank %d of %d%s%.100s: it is "
                          "the whole job's, so make it larger",
                          of, rank, p2p_comm_size(comm), *shares ? " by --shares " : "", shares);
}
