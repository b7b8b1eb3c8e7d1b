/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clcheck: every variant of every pass against its reference in C.
 *
 * A family (cc_*.c) lists its passes as CcChecks: how to draw a random call and which sizes to
 * time. All else is the same for every pass and stands in clcheck.c (options, rounds, summary),
 * cc_data.c (random numbers, guarded operands), cc_compare.c (bounds) and cc_bench.c (times).
 */
#ifndef P2P_TESTS_CLCHECK_H
#define P2P_TESTS_CLCHECK_H

#include "src/ops/op.h"

/** Counter-based numbers of one case: the same for the same seed and pass. */
typedef struct CcRandom {
    uint32_t seed, stream;
    uint64_t next;
    int most; /* of sizes, a third of that of channels; 0: as asked */
} CcRandom;

/** Uniform in [lo, hi]. */
int cc_int(CcRandom *r, int lo, int hi);
/** True in about `percent` of the calls. */
bool cc_chance(CcRandom *r, int percent);
/** Uniform in [-1, 1). */
float cc_real(CcRandom *r);
/** A dimension in [1, most]: 1, primes, odd numbers, and powers of two with their neighbours. */
int cc_size(CcRandom *r, int most);
/** A dimension for channels: as cc_size, with the vector widths and their neighbours. */
int cc_channels(CcRandom *r, int most);

typedef struct CcCase CcCase;
struct CcCase {
    /** Pass, shapes and attributes, from the family. Strides, offsets and buffers come from clcheck;
     *  weights keep their block, which is their stride. */
    P2pCall call;
    /** alias[i] = j + 1: operand i is operand j's memory (in place). */
    int alias[P2P_MAX_OPERANDS];
    bool one_stride; /* all NHWC operands get the same pixel stride and layout */
    bool exact;      /* small integers in, exact numbers out */
    /** Bound of |got - ref| on real data: 4 sqrt(terms) FLT_EPSILON mag, with the reference's mag,
     *  for the first output and those in mag_also; plus ulps FLT_EPSILON max(|ref|, scale). */
    double terms, ulps;
    double ulps_of[P2P_MAX_OPERANDS]; /* instead of ulps where not 0 */
    unsigned mag_also;                /* bits; of the first output's shape */
    double scale[P2P_MAX_OPERANDS];
    /** Optional: change the data after all operands got integers in [-4, 4] or reals in [-1, 1);
     *  host[i] is dense [n,c,h,w]. */
    void (*fill)(CcRandom *r, const CcCase *c, bool integers, float *const host[]);
    double flops, bytes; /* of one run, for --bench; bytes 0: each operand once */
};

typedef struct CcCheck {
    const P2pPass *pass;
    /** Draw a random case (the pass is set, all else zero). block: outputs in a weight block. */
    void (*draw)(CcRandom *r, CcCase *c, int block);
    /** The i-th size to time; false: there are no more. NULL: not timed. */
    bool (*size)(int i, CcCase *c, int block);
} CcCheck;

/** Families, each ended by a check without pass. */
extern const CcCheck cc_conv2d_checks[], cc_norm_checks[], cc_pointwise_checks[], cc_loss_checks[],
    cc_adam_checks[];

typedef struct Cc {
    P2pDevice *device;
    const P2pCaps *caps;
    const char *op, *variant; /* NULL: all */
    uint32_t seed;
    int rounds;
    bool bench, errors, tiny;
    int passed, failed;
} Cc;

/* ---- cc_data.c ----------------------------------------------------------------------------- */

enum { CC_GUARD = 64 }; /* floats before and after each operand */

/** An operand: its dense data and its place between guard bands on the device. */
typedef struct CcOperand {
    float *dense;       /* as filled */
    double *ref;        /* the same; after the reference has run, what must come out */
    uint32_t *before;   /* the whole buffer as uploaded, bit by bit */
    uint32_t *after[2]; /* and after each run */
    size_t floats;      /* in the buffer */
    P2pBuffer *buffer;
} CcOperand;

typedef struct CcData {
    CcOperand o[P2P_MAX_OPERANDS];
    double *mag; /* of the first output, NULL: the reference gives none */
    int first;   /* first output */
} CcData;

bool cc_written(const P2pPass *pass, int i);
/** Choose strides and offsets of all operands (random or, for timing, the usual ones). */
void cc_place(CcRandom *r, CcCase *c, const P2pCaps *caps, bool timing);
int cc_data_create(CcData *d, CcCase *c, P2pDevice *device);
void cc_data_destroy(CcData *d);
/** New numbers in all operands, and what the reference makes of them. */
int cc_data_fill(CcData *d, const CcCase *c, CcRandom *r, bool integers);
int cc_data_upload(CcData *d, const CcCase *c);
int cc_data_download(CcData *d, const CcCase *c, int run);
/** "x[2,5,7,3+4@1] y[...] attributes" */
void cc_describe(const CcCase *c, char *text, size_t bytes);

/* ---- cc_compare.c, cc_bench.c --------------------------------------------------------------- */

/** Compare the first run's operands with the reference, and the two runs with each other.
 *  False: what is wrong stands in text. */
bool cc_compare(const CcData *d, const CcCase *c, const P2pWay *way, bool integers, char *text,
                size_t bytes);

/** Time all variants at the check's sizes and print a line each. */
int cc_bench(Cc *cc, const CcCheck *check);
/** Print the relative errors of all variants at the check's sizes. */
int cc_errors(Cc *cc, const CcCheck *check);

#endif
