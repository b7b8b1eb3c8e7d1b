/* SPDX-License-Identifier: BSD-2-Clause */
/* How a run's generators do on pictures that they are not trained on. */
#ifndef P2P_TRAIN_VALIDATE_H
#define P2P_TRAIN_VALIDATE_H

#include "p2p/data.h"
#include "src/train/generators.h"

/**
 * Translate every pair of the set as p2p-test does and compare; of unpaired pictures what comes back with
 * what went in (blocks).
 *
 * @param training  How pictures are loaded for training: cropped in the middle here, not mirrored.
 * @param mean      Over all pairs.
 * @return 0; P2P_EINVAL: unpaired pictures without a way back; or a failure to read a picture, or of the
 *         device.
 */
int p2p_validate(P2pGenerators *generators, const P2pDataset *dataset,
                 const P2pLoaderSettings *training, P2pMetrics *mean);

#endif
