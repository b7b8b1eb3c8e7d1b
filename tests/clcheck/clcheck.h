/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clcheck: every variant of every pass against its reference in C. What a trial is and how it is drawn,
 * run, compared and timed stands in src/trial; here are the rounds and what is printed.
 */
#ifndef P2P_TESTS_CLCHECK_H
#define P2P_TESTS_CLCHECK_H

#include "src/trial/trial.h"

typedef struct Cc {
    P2pDevice *device;
    const P2pCaps *caps;
    const char *op, *variant; /* NULL: all */
    uint32_t seed;
    int rounds;
    int draws; /* of the pass so far */
    bool bench, errors, tiny;
    int passed, failed;
} Cc;

/** Time all variants at the networks' sizes and print a line each. */
int cc_bench(Cc *cc, const P2pTrialKind *kind);
/** Print the relative errors of all variants at the same sizes. */
int cc_errors(Cc *cc, const P2pTrialKind *kind);

#endif
