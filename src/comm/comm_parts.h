/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of a P2pComm, for the files of this folder. */
#ifndef P2P_COMM_COMM_PARTS_H
#define P2P_COMM_COMM_PARTS_H

#include "src/comm/comm.h"

enum { P2P_HOST_BYTES = 64 };

struct P2pComm {
    const P2pTransport *transport;
    double timeout_s;
    char (*hosts)[P2P_HOST_BYTES]; /* [size] */
    P2pMessage *messages;          /* [2 * size], of one call at a time */
    P2pMessage *votes;             /* [2 * size], from vote_begin to vote_end */
    size_t *ends;                  /* [size], of what is gathered */
    unsigned char *alive;          /* [size], of ranks that say so */
    unsigned char *ballots;        /* [size] */
    bool agreed;                   /* all got the last failure */
    bool silent;                   /* another rank tells of it */
};

#endif
