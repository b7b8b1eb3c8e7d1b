/* SPDX-License-Identifier: BSD-2-Clause */
/* What batch number b of a run holds: a pure function of the settings, the set and b. */
#ifndef P2P_DATA_SAMPLE_H
#define P2P_DATA_SAMPLE_H

#include "src/data/classes.h"
#include "src/data/sizes.h"

typedef struct P2pSampler {
    const P2pDataset *dataset;  /* borrowed */
    P2pLoaderSettings settings; /* with defaults filled in */
    size_t batches;             /* per epoch */
    P2pClasses classes;         /* of inputs that are label maps */
    P2pSizes sizes;
} P2pSampler;

/** The order of the epoch last asked for; one per thread. Zeroed to begin. */
typedef struct P2pOrder {
    uint32_t *order; /* NULL: none yet */
    uint32_t *begin; /* where each batch begins in it */
    uint32_t epoch;
} P2pOrder;

/** Memory of one batch, used again and again. Zeroed to begin. */
typedef struct P2pSample {
    P2pBatch batch;
    float *input, *target;
    size_t input_capacity, target_capacity;
    const char **names;
    uint32_t *indices;
} P2pSample;

/** P2P_EINVAL: impossible settings, or fewer pairs than a batch. */
int p2p_sampler_init(P2pSampler *sampler, const P2pDataset *dataset,
                     const P2pLoaderSettings *settings);

void p2p_sampler_finish(P2pSampler *sampler);

/** Fill *sample with batch number `batch`, counted from the first of epoch 0. */
int p2p_sample_make(const P2pSampler *sampler, uint64_t batch, P2pOrder *order, P2pSample *sample);

void p2p_order_finish(P2pOrder *order);
void p2p_sample_finish(P2pSample *sample);

#endif
