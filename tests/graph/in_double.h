/* SPDX-License-Identifier: BSD-2-Clause */
/* A plan computed on the host by the references of its passes, with every tensor in double. */
#ifndef P2P_TESTS_IN_DOUBLE_H
#define P2P_TESTS_IN_DOUBLE_H

#include "src/graph/plan.h"

enum { IN_DOUBLE_BUFFERS = 2048 };

typedef struct InDouble {
    P2pPlan *plan;
    struct {
        const P2pBuffer *buffer;
        double *data;
    } copy[IN_DOUBLE_BUFFERS];
    int count;
} InDouble;

/** Copies of all buffers of a finished plan, as they are on the device; ends the program on failure. */
void in_double_init(InDouble *d, P2pPlan *plan);
void in_double_finish(InDouble *d);
void in_double_run(InDouble *d);
/** Element i in the order of dense [n, c, h, w]. */
double *in_double_at(InDouble *d, const P2pTensor *t, size_t i);

#endif
