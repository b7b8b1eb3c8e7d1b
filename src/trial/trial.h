/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trial: one call on its own, outside of any network. Its operands are drawn, filled and put into
 * memory between guard bands; a way through it is run, compared with the reference in C, and timed.
 *
 * clcheck makes many of them; whoever wants to know which way is right and fast on a device can
 * describe the call itself and leave out the drawing.
 */
#ifndef P2P_TRIAL_TRIAL_H
#define P2P_TRIAL_TRIAL_H

#include "src/ops/op.h"

/* ---- draw.c: what is random ------------------------------------------------------------------ */

/** Counter-based numbers of one trial: the same for the same seed and stream. */
typedef struct P2pDraw {
    uint32_t seed, stream;
    uint64_t next;
    int most; /* of sizes, a third of that of channels; 0: as asked */
} P2pDraw;

/** Uniform in [lo, hi]. */
int p2p_draw_int(P2pDraw *r, int lo, int hi);
/** True in about `percent` of the calls. */
bool p2p_draw_chance(P2pDraw *r, int percent);
/** Seed, step and the number of pictures before these: words of a hyper tensor. */
void p2p_draw_words(P2pDraw *r, float *hyper);
/** Uniform in [-1, 1). */
float p2p_draw_real(P2pDraw *r);
/** A dimension in [1, most]: 1, primes, odd numbers, and powers of two with their neighbours. */
int p2p_draw_size(P2pDraw *r, int most);
/** A dimension for channels: as p2p_draw_size, with the vector widths and their neighbours. */
int p2p_draw_channels(P2pDraw *r, int most);

/* ---- Trials and their kinds ------------------------------------------------------------------ */

/** What the operands hold: integers in [-4, 4]; reals in [-1, 1); such reals with a few NaNs or
 *  infinities in one operand and numbers too small for a whole mantissa in all. */
typedef enum P2pTrialNumbers {
    P2P_TRIAL_INTEGERS,
    P2P_TRIAL_REALS,
    P2P_TRIAL_SPECIALS,
    P2P_TRIAL_NUMBERS
} P2pTrialNumbers;

typedef struct P2pTrial P2pTrial;
struct P2pTrial {
    /** Pass, shapes and attributes. Strides, offsets and buffers may be left to p2p_trial_place();
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
    int mag_of; /* not 0: the reference's mag is of this output, not the first */
    double scale[P2P_MAX_OPERANDS];
    unsigned ordinary; /* bits: operands that get no special numbers */
    unsigned padded;   /* bits: their NaNs meet padding's zeros, which the reference leaves out */
    /** Optional: change the data after all operands got integers or reals; host[i] is dense
     *  [n,c,h,w]. */
    void (*fill)(P2pDraw *r, const P2pTrial *t, bool integers, float *const host[]);
    double flops, bytes; /* of one run, for times; bytes 0: each operand once */
};

/** How to draw trials of a pass. */
typedef struct P2pTrialKind {
    const P2pPass *pass;
    /** Draw a random trial (its pass is set, all else zero). block: outputs in a weight block. */
    void (*draw)(P2pDraw *r, P2pTrial *t, int block);
    /** The i-th size of the networks, to be timed; false: there are no more. NULL: not timed. */
    bool (*size)(int i, P2pTrial *t, int block);
} P2pTrialKind;

/** Families of passes, each ended by a kind without pass; and the list of them, NULL-terminated. */
extern const P2pTrialKind p2p_trial_conv2d_kinds[], p2p_trial_norm_kinds[];
extern const P2pTrialKind p2p_trial_pointwise_kinds[], p2p_trial_loss_kinds[];
extern const P2pTrialKind p2p_trial_adam_kinds[];
extern const P2pTrialKind p2p_trial_pool_kinds[], p2p_trial_penalty_kinds[];
extern const P2pTrialKind p2p_trial_augment_kinds[];
extern const P2pTrialKind p2p_trial_resample_kinds[];
extern const P2pTrialKind p2p_trial_resample_kinds[], p2p_trial_spectral_kinds[];
extern const P2pTrialKind *const p2p_trial_families[];

/** Let activations be f16, all or in convolutions some of them, where a variant takes them so. */
void p2p_trial_halve(P2pDraw *r, P2pTrial *t);
/** How near a convolution's results must be: exact, terms, ulps and what else bounds them, and Adam's numbers. */
void p2p_trial_conv2d_bounds(P2pTrial *t);
/** Choose strides and offsets of all operands: random, or the usual ones where `usual`. */
void p2p_trial_place(P2pDraw *r, P2pTrial *t, const P2pCaps *caps, bool usual);
/** "0:[2,5,7,3]/4@1 1:w[...] attributes", cut at `bytes`. */
void p2p_trial_describe(const P2pTrial *t, char *text, size_t bytes);

/* ---- operands.c: memory ---------------------------------------------------------------------- */

enum { P2P_TRIAL_GUARD = 64 }; /* words before (not of types but f32) and after each operand */

/** An operand: its dense data and its place between guard bands on the device. */
typedef struct P2pTrialOperand {
    float *dense;       /* as filled */
    double *ref;        /* the same; after the reference has run, what must come out */
    uint32_t *before;   /* the whole buffer as uploaded, bit by bit */
    uint32_t *after[2]; /* and after each run */
    size_t words;       /* in the buffer */
    P2pBuffer *buffer;
} P2pTrialOperand;

typedef struct P2pTrialData {
    P2pTrialOperand o[P2P_MAX_OPERANDS];
    P2pTrialNumbers numbers;
    int special; /* the operand with NaNs or infinities; -1: none */
    double *mag; /* of the first output, NULL: the reference gives none */
    int first;   /* output of mag */
} P2pTrialData;

/** Memory for the operands; t's tensors get its buffers. *d is for p2p_trial_data_destroy() even after
 *  a failure. */
int p2p_trial_data_create(P2pTrialData *d, P2pTrial *t, P2pDevice *device);
void p2p_trial_data_destroy(P2pTrialData *d);
/** Dense numbers to their places as elements of the type; dense becomes what they hold. */
int p2p_trial_put(const P2pTensor *t, float *dense, void *raw, bool integers);
/** New numbers in all operands, and what the reference makes of them. */
int p2p_trial_data_fill(P2pTrialData *d, const P2pTrial *t, P2pDraw *r, P2pTrialNumbers numbers);
/** The same of dense numbers that are there: marks in the place of what the pass overwrites. */
int p2p_trial_data_take(P2pTrialData *d, const P2pTrial *t);
int p2p_trial_data_upload(P2pTrialData *d, const P2pTrial *t);
/** run: 0 or 1. */
int p2p_trial_data_download(P2pTrialData *d, const P2pTrial *t, int run);

/* ---- run.c, compare.c ------------------------------------------------------------------------ */

/** A way's launches and its scratch memory. */
typedef struct P2pTrialRun {
    P2pDevice *device;
    const P2pWay *way;
    P2pSequence *seq;
    P2pBuffer *work; /* NULL: none */
} P2pTrialRun;

/** The trial's tensors need buffers; *run is for p2p_trial_run_destroy() even after a failure. */
int p2p_trial_run_create(P2pTrialRun *run, P2pDevice *device, const P2pTrial *t, const P2pWay *way);
void p2p_trial_run_destroy(P2pTrialRun *run);

/**
 * Run twice on what the operands hold and compare: with the reference, with each other, and all that
 * must not change.
 *
 * @return Whether all is right; if not, text says what is wrong.
 */
bool p2p_trial_check(P2pTrialRun *run, P2pTrial *t, P2pTrialData *d, char *text, size_t bytes);
/** The comparison alone, after p2p_trial_data_download() of both runs. */
bool p2p_trial_compare(const P2pTrialData *d, const P2pTrial *t, const P2pWay *way, char *text,
                       size_t bytes);

typedef struct P2pSeconds {
    double median, least;
} P2pSeconds;

/** Seconds of one run, of many after a warm-up; blocks for up to about half a second. */
int p2p_trial_time(P2pTrialRun *run, P2pSeconds *seconds);

#endif
