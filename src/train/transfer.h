/* SPDX-License-Identifier: BSD-2-Clause */
/* Beginning a run with the weights of other models: --init_from FILE[,FILE]. */
#ifndef P2P_TRAIN_TRANSFER_H
#define P2P_TRAIN_TRANSFER_H

#include "src/graph/net.h"
#include "src/model/source.h"

enum { P2P_TRANSFER_FILES = P2P_MOST_NETWORKS };

typedef struct P2pTransfer {
    P2pSource sources[P2P_TRANSFER_FILES]; /* one a network */
    int count;
} P2pTransfer;

/**
 * Open the files that options->init_from names, separated by commas. A checkpoint gives all its
 * networks. What the files say of their networks becomes the run's options where none was given.
 *
 * @return 0; P2P_EINVAL: too many files; a failure of p2p_source_open().
 */
int p2p_transfer_open(P2pTransfer *transfer, P2pOptions *options);
void p2p_transfer_close(P2pTransfer *transfer);

/**
 * Set the parameters that a file has under the same name and in the same shape; the others stay.
 * Tells the log how many came, and which are new.
 */
int p2p_transfer_weights(const P2pTransfer *transfer, P2pNet *net, const P2pLog *log);

#endif
