/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the ranks of a job do together, over a P2pTransport. All of these are called by all ranks in the
 * same order. A NULL P2pComm, or one of one rank, makes each of them do nothing and succeed.
 *
 * Sums are made in the order of the ranks, by one of them, and sent to the others as they are: the same
 * number of ranks gives the same bits, whichever message is first and whatever the transport does.
 *
 * A failure of one rank alone is its own: it returns it, tells of it and ends the job. p2p_comm_agree()
 * makes it everyone's.
 */
#ifndef P2P_COMM_COMM_H
#define P2P_COMM_COMM_H

#include "p2p/comm.h"

/** Whether there are no others. */
bool p2p_comm_is_alone(const P2pComm *comm);
const char *p2p_comm_host(const P2pComm *comm, int rank);

/* ---- Messages under way ---------------------------------------------------------------------- */

/** One message; zeroed: none. */
typedef struct P2pMessage {
    void *request;
    int peer;
    bool active, receives;
} P2pMessage;

int p2p_comm_send(P2pComm *comm, P2pMessage *t, int to, int tag, const void *data, size_t bytes);
int p2p_comm_receive(P2pComm *comm, P2pMessage *t, int from, int tag, void *data, size_t bytes);
/** See what has arrived of `count` messages; *left: how many are still under way. Does not wait. */
int p2p_comm_look(P2pComm *comm, P2pMessage *t, int count, int *left);
/** Wait for all of them, with or without the time limit. P2P_ETIMEOUT names the ranks that are missing. */
int p2p_comm_wait(P2pComm *comm, P2pMessage *t, int count, bool limited);
/** The same with ten times the limit, for what a rank does that may be busy with files. */
int p2p_comm_wait_long(P2pComm *comm, P2pMessage *t, int count);
/** A short nap between two looks; longer the more there were since *looks was 0. */
void p2p_comm_nap(int *looks);
/** When something has not come for so many seconds: which ranks are missing. 0 or less: there is no limit. */
double p2p_comm_limit(const P2pComm *comm);
/** Ask who is there, and tell of those that are not, within what is left of the time limit. The first of those
 *  that are returns at once, to end the job; the others wait for that. */
int p2p_comm_fail_missing(P2pComm *comm);

/** Tags: what a message is for. Reductions have two each from P2P_TAG_REDUCE on. */
enum {
    P2P_TAG_SMALL,
    P2P_TAG_VOTE,
    P2P_TAG_SHARE,
    P2P_TAG_ALIVE,
    P2P_TAG_MOMENT,
    P2P_TAG_REDUCE = 16
};

/* ---- Together -------------------------------------------------------------------------------- */

/** Fill data everywhere with the first rank's (waits for it without a limit: it may have been busy). */
int p2p_comm_share(P2pComm *comm, void *data, size_t bytes);
/** The same of text in memory of its own, which is replaced on others. */
int p2p_comm_share_text(P2pComm *comm, char **text);
/** Everyone's `bytes` one behind the other by rank, [size] of them. */
int p2p_comm_gather(P2pComm *comm, const void *mine, size_t bytes, void *all, bool limited);
/** The same of parts of any size: rank i's ends at byte ends[i] of all, where the next one's begins. mine may lie
 *  at its place there. */
int p2p_comm_gather_parts(P2pComm *comm, const void *mine, const size_t *ends, void *all,
                          bool limited);
/** Until all are there, within the time limit. */
int p2p_comm_meet(P2pComm *comm);
/** The same where one of them may have been busy with files: for ten times the time limit. */
int p2p_comm_await(P2pComm *comm);
/** Tell the others what this rank wants, a bit for each thing, and go on ... */
int p2p_comm_vote_begin(P2pComm *comm, unsigned char wishes);
/** ... until it has to be known what any of them wants. */
int p2p_comm_vote_end(P2pComm *comm, unsigned char *any);

/* ---- Shares ---------------------------------------------------------------------------------- */

/** The pictures of each of the job's batches that a rank takes. */
typedef struct P2pPart {
    int first, count, of;
} P2pPart;

/**
 * Divide `of` pictures by "2,1" (a number a rank; "": evenly).
 *
 * @return 0; P2P_EINVAL: other numbers than there are ranks, or a rank without a picture.
 */
int p2p_comm_part(const P2pComm *comm, const char *shares, int of, int rank, P2pPart *part);
/** The same of pictures that may be too few: a rank may have none. */
int p2p_comm_divide(const P2pComm *comm, const char *shares, int of, int rank, P2pPart *part);

#endif
