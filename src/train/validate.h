/* SPDX-License-Identifier: BSD-2-Clause */
/* How a run's generators do on pictures that they are not trained on. */
#ifndef P2P_TRAIN_VALIDATE_H
#define P2P_TRAIN_VALIDATE_H

#include "p2p/data.h"
#include "src/comm/comm.h"
#include "src/train/generators.h"

/** By whom: of several ranks each takes a part of the set. */
typedef struct P2pValidators {
    P2pComm *comm;      /* NULL: there are no others */
    const char *shares; /* see p2p_comm_part() */
    P2pGenerators *generators;
} P2pValidators;

/**
 * Translate every pair of the set as p2p-test does and compare; of unpaired pictures what comes back with
 * what went in (blocks). All ranks get the same bits, whatever their number.
 *
 * @param training  How pictures are loaded for training: cropped in the middle here, not mirrored.
 * @param mean      Over all pairs.
 * @return 0; P2P_EINVAL: unpaired pictures without a way back; or a failure to read a picture, or of the
 *         device.
 */
int p2p_validate(const P2pValidators *validators, const P2pDataset *dataset,
                 const P2pLoaderSettings *training, P2pMetrics *mean);

#endif
