/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A convolution at its real size and layout, of which the reference would take minutes: boxes of what comes
 * out are compared with the reference of just these, each as a trial of its own.
 */
#ifndef P2P_TRIAL_SAMPLE_H
#define P2P_TRIAL_SAMPLE_H

#include "src/trial/trial.h"

/** An operand as it lies on the device, with a guard on both sides; its elements as floats. */
typedef struct P2pSampleOperand {
    float *before, *after[2]; /* of outputs, after each run */
    size_t elements;
    P2pBuffer *buffer;
} P2pSampleOperand;

/** A part of the result as a trial of its own, with what the reference makes of it. */
typedef struct P2pSampleBox {
    P2pTrial t;
    int from[P2P_MAX_OPERANDS][4]; /* where its operands begin in the whole's: n, c, h, w */
    P2pTrialData d;
} P2pSampleBox;
enum { P2P_SAMPLE_BOXES = 4 };

typedef struct P2pSample {
    P2pDevice *device;
    P2pTrial t; /* its call has buffers */
    P2pSampleOperand o[P2P_MAX_OPERANDS];
    P2pSampleBox *boxes; /* made when first compared */
} P2pSample;

/** Whether there can be one of a call: a convolution of f32 and f16. */
bool p2p_sample_takes(const P2pCall *call);
/** Memory for the call's operands with numbers in them. *s is for p2p_sample_destroy() even after a failure. */
int p2p_sample_create(P2pSample *s, P2pDevice *device, const P2pCall *call);
void p2p_sample_destroy(P2pSample *s);
/**
 * Run twice and compare boxes at the corners and in between with the reference, guards and gaps with what was
 * there, and one run with the other.
 *
 * @param right  Whether all is right; if not, text says what is wrong.
 * @return 0; P2P_ENOMEM; P2P_EDEVICE, P2P_ETIMEOUT: it could not be run.
 */
int p2p_sample_check(P2pSample *s, P2pTrialRun *run, bool *right, char *text, size_t bytes);

#endif
