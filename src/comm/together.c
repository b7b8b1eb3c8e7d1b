/* SPDX-License-Identifier: BSD-2-Clause */
/* What all ranks do at once with little data: sharing, gathering, agreeing, voting. */
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"
#include "src/comm/comm_parts.h"

enum { BUSY_TIMES = 10 };

/* Along a binary tree: a rank has it from the one without its lowest bit, and gives it to those with a lower
 * one more. */
static int share_piece(P2pComm *c, unsigned char *data, size_t bytes)
{
    const int rank = p2p_comm_rank(c), size = p2p_comm_size(c);
    int bit = 1, count = 0, err = P2P_OK;

    while (bit < size && !(rank & bit))
        bit <<= 1;
    if (rank) {
        err = p2p_comm_receive(c, c->messages, rank & ~bit, P2P_TAG_SHARE, data, bytes);
        if (!err)
            err = p2p_comm_wait(c, c->messages, 1, false);
    }
    for (bit >>= 1; !err && bit; bit >>= 1)
        if (rank + bit < size)
            err = p2p_comm_send(c, &c->messages[count++], rank + bit, P2P_TAG_SHARE, data, bytes);
    return err ? err : p2p_comm_wait(c, c->messages, count, false);
}

int p2p_comm_share(P2pComm *comm, void *data, size_t bytes)
{
    unsigned char *at = data;
    int err = P2P_OK;

    while (!err && bytes && !p2p_comm_is_alone(comm)) {
        const size_t piece = bytes < P2P_TRANSPORT_BYTES ? bytes : P2P_TRANSPORT_BYTES;
        err = share_piece(comm, at, piece);
        at += piece;
        bytes -= piece;
    }
    return err;
}

int p2p_comm_share_text(P2pComm *comm, char **text)
{
    size_t bytes = *text ? strlen(*text) + 1 : 0;

    if (p2p_comm_is_alone(comm))
        return P2P_OK;
    int err = p2p_comm_share(comm, &bytes, sizeof(bytes));
    if (!err && p2p_comm_rank(comm)) {
        free(*text);
        *text = bytes ? p2p_alloc(bytes, 1) : NULL;
        err = bytes && !*text ? P2P_ENOMEM : P2P_OK;
    }
    return err ? err : p2p_comm_share(comm, *text, bytes);
}

int p2p_comm_gather_parts(P2pComm *c, const void *mine, const size_t *ends, void *all, bool limited)
{
    const int rank = p2p_comm_rank(c), size = p2p_comm_size(c);
    const size_t begin = rank ? ends[rank - 1] : 0, own = ends[rank] - begin;
    unsigned char *to = all;
    int count = 0, err = P2P_OK;

    if (own && mine != to + begin)
        memcpy(to + begin, mine, own);
    for (int i = 0; !err && i < size; i++) {
        const size_t at = i ? ends[i - 1] : 0;
        if (i != rank && ends[i] > at)
            err =
                p2p_comm_receive(c, &c->messages[count++], i, P2P_TAG_SMALL, to + at, ends[i] - at);
    }
    for (int i = 0; !err && own && i < size; i++)
        if (i != rank)
            err = p2p_comm_send(c, &c->messages[count++], i, P2P_TAG_SMALL, to + begin, own);
    return err || !count ? err : p2p_comm_wait(c, c->messages, count, limited);
}

int p2p_comm_gather(P2pComm *c, const void *mine, size_t bytes, void *all, bool limited)
{
    if (!c) {
        memcpy(all, mine, bytes);
        return P2P_OK;
    }
    for (int i = 0; i < p2p_comm_size(c); i++)
        c->ends[i] = ((size_t)i + 1) * bytes;
    return p2p_comm_gather_parts(c, mine, c->ends, all, limited);
}

int p2p_comm_meet(P2pComm *comm)
{
    unsigned char all[P2P_MOST_RANKS];
    const unsigned char here = 1;

    return p2p_comm_gather(comm, &here, sizeof(here), all, true);
}

int p2p_comm_await(P2pComm *comm)
{
    if (p2p_comm_is_alone(comm))
        return P2P_OK;
    const double usual = comm->timeout_s;
    comm->timeout_s *= BUSY_TIMES;
    const int err = p2p_comm_meet(comm);
    comm->timeout_s = usual;
    return err;
}

int p2p_comm_wait_long(P2pComm *c, P2pMessage *t, int count)
{
    const double usual = c->timeout_s;

    c->timeout_s *= BUSY_TIMES;
    const int err = p2p_comm_wait(c, t, count, true);
    c->timeout_s = usual;
    return err;
}

/* ---- Agreeing -------------------------------------------------------------------------------- */

/* The message of the rank that failed comes to all by way of the first. */
static int take_failure(P2pComm *c, int status, int from)
{
    char text[1024];

    snprintf(text, sizeof(text), "%s", p2p_error());
    int err = P2P_OK;
    if (from && p2p_comm_rank(c) == from) {
        err = p2p_comm_send(c, c->messages, 0, P2P_TAG_SMALL, text, sizeof(text));
        err = err ? err : p2p_comm_wait(c, c->messages, 1, false);
    } else if (from && !p2p_comm_rank(c)) {
        err = p2p_comm_receive(c, c->messages, from, P2P_TAG_SMALL, text, sizeof(text));
        err = err ? err : p2p_comm_wait(c, c->messages, 1, false);
    }
    if (err || (err = p2p_comm_share(c, text, sizeof(text))) < 0)
        return err;
    c->agreed = true;
    return from ? p2p_fail((P2pStatus)status, "rank %d on %s: %s", from, p2p_comm_host(c, from),
                           text)
                : p2p_fail((P2pStatus)status, "%s", text);
}

int p2p_comm_agree(P2pComm *comm, int err)
{
    P2pFailure failure = {0};
    int from = 0;

    if (p2p_comm_is_alone(comm))
        return err;
    const int size = p2p_comm_size(comm);
    int *all = p2p_alloc((size_t)size, sizeof(*all));
    if (!all)
        return P2P_ENOMEM;
    p2p_failure_keep(&failure, err);
    err = p2p_comm_gather(comm, &failure.status, sizeof(*all), all, false);
    while (!err && from < size && !all[from])
        from++;
    if (!err && from < size) {
        p2p_failure_tell(&failure);
        err = take_failure(comm, all[from], from);
    }
    p2p_failure_finish(&failure);
    free(all);
    return err;
}

/* ---- Voting ---------------------------------------------------------------------------------- */

int p2p_comm_vote_begin(P2pComm *c, unsigned char wishes)
{
    const int rank = p2p_comm_rank(c), size = p2p_comm_size(c);
    int count = 0, err = P2P_OK;

    if (!c)
        return P2P_OK;
    c->ballots[rank] = wishes;
    for (int i = 0; !err && i < size; i++)
        if (i != rank)
            err = p2p_comm_receive(c, &c->votes[count++], i, P2P_TAG_VOTE, &c->ballots[i], 1);
    for (int i = 0; !err && i < size; i++)
        if (i != rank)
            err = p2p_comm_send(c, &c->votes[count++], i, P2P_TAG_VOTE, &c->ballots[rank], 1);
    return err;
}

int p2p_comm_vote_end(P2pComm *c, unsigned char *any)
{
    const int size = p2p_comm_size(c);
    const int err = c ? p2p_comm_wait(c, c->votes, 2 * (size - 1), true) : P2P_OK;

    *any = 0;
    for (int i = 0; c && !err && i < size; i++)
        *any |= c->ballots[i];
    return err;
}
