/* SPDX-License-Identifier: BSD-2-Clause */
/* Measuring which variant is the fastest for a convolution on this device, of those that are right. */
#ifndef P2P_TRIAL_TUNE_H
#define P2P_TRIAL_TUNE_H

#include "src/ops/choice.h"

/** A convolution of a plan: shapes, strides and offsets as there, without buffers. */
typedef struct P2pTuneJob {
    P2pCall call;
    /** Of a weight gradient that Adam alone reads: the two in one, and Adam's part. Else their pass is NULL. */
    P2pCall fused, adam;
} P2pTuneJob;

/** The call under which a job is measured. */
const P2pCall *p2p_tune_key(const P2pTuneJob *job);

/**
 * Measure the jobs that are not known yet, those with most work first, while the device's time for it lasts;
 * then keep what was found. What is wrong, or does not build, is left out on the device and told.
 *
 * @param choice  What is forced or left out there is not measured.
 * @return 0; P2P_ENOMEM; P2P_EDEVICE: the device is lost.
 */
int p2p_tune(P2pDevice *device, const P2pTuneJob *jobs, int count, const P2pChoice *choice);

#endif
