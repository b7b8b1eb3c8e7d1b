/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the golden test share: the file under test, reports, memory of a case.
 *
 * Deviations are from the float64 reference. Failures of the engine are sticky within a case
 * (err): later calls do nothing and the case is reported as failed once, by golden_end().
 */
#ifndef P2P_TESTS_GOLDEN_H
#define P2P_TESTS_GOLDEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/formats/tensor_file.h"
#include "src/graph/net.h"
#include "src/graph/plan.h"
#include "src/nets/nets.h"

enum { GOLDEN_MAX_USED = 128, GOLDEN_MAX_SCRATCH = 1024 };

typedef struct Golden {
    P2pDevice *device;
    P2pChoice choice;
    bool skip_unsupported;
    unsigned perturb; /* not 0: seed of one-ulp changes to the pictures of trajectories */
    int tries;        /* runs of a trajectory until one holds */
    bool excusable;   /* what fails now may be chaos */
    bool final;       /* a failure of this file was not */

    const char *path;
    P2pTensorFile *file;
    int passed, failed; /* of this file */
    double worst;       /* largest deviation over tolerance of this file */
    char worst_name[200];

    const char *name; /* of the case under test: the prefix of its tensors and reports */
    int err;          /* the first failure in it */
    void *memory[GOLDEN_MAX_SCRATCH];
    P2pBuffer *buffers[GOLDEN_MAX_SCRATCH];
    int memory_count, buffer_count;

    char used[GOLDEN_MAX_USED][64]; /* "pass=variant" of everything that ran */
    int used_count;
} Golden;

/* ---- Reports ------------------------------------------------------------------------------- */

/** Count and print a quantity; NaN fails. The name is printed behind the case's. */
void golden_compare(Golden *g, const char *quantity, double deviation, double tolerance);
/** Print that a quantity is left out, and why. Counts as nothing. */
void golden_leave_out(Golden *g, const char *quantity, const char *why);
/** Count a failure with a reason. */
void golden_fail(Golden *g, const char *quantity, const char *why);
/** Something the engine does not have: a failure unless --skip-unsupported. */
void golden_unsupported(Golden *g, const char *what);
/** Note which variant of a pass runs; NULL: the reference. */
void golden_used(Golden *g, const char *pass, const char *variant);
/** The same for all steps of a finished plan. */
void golden_used_plan(Golden *g, P2pPlan *plan);

/* ---- Cases and their memory ---------------------------------------------------------------- */

void golden_begin(Golden *g, const char *name);
/** Report a failure of the engine, free the case's memory. */
void golden_end(Golden *g);
/** Zeroed memory until golden_end(); the program ends when there is none. */
void *golden_alloc(Golden *g, size_t count, size_t size);
float *golden_floats(Golden *g, size_t count);

/* ---- The file ------------------------------------------------------------------------------ */

typedef struct GoldenArray {
    float *data; /* until golden_end(); NULL: the file has no such tensor */
    size_t count;
    int rank, dim[4];
} GoldenArray;

/** CASE/NAME of the file under test, or NAME where the case is "" or NULL. */
GoldenArray golden_array(Golden *g, const char *prefix, const char *name);
/** A tensor that must be there: without it err is set. */
GoldenArray golden_need(Golden *g, const char *prefix, const char *name);
/** Any tensor of an open file. */
GoldenArray golden_read(Golden *g, const P2pTensorFile *file, const char *name);
/** Metadata: text (NULL: none), a whole number, or JSON (NULL: none; json_decref() it). */
const char *golden_text(const Golden *g, const char *key);
int golden_int(const Golden *g, const char *key);
json_t *golden_json(const Golden *g, const char *key);

/** Values of a stream: uniform in [-a, a), plus 1 where `around_one`. */
void golden_draw(float *out, size_t count, uint32_t seed, uint32_t stream, float a,
                 bool around_one);

/** Draw all trained parameters of a network: streams base, base + 1 ... in order. */
void golden_draw_net(Golden *g, P2pNet *net, uint32_t seed, uint32_t base);
P2pNorm golden_norm(const char *name);
/** Whether parameter i is a bias whose effect the following norm removes: its gradient is 0. */
bool golden_is_null_bias(const P2pGraph *graph, int i);

/* ---- Deviations ---------------------------------------------------------------------------- */

/** max|d| / max|ref| (max|d| where the reference is 0). */
double golden_max_deviation(const float *ours, const float *ref, size_t count);
/** The L2 norm of d over that of the reference. */
double golden_l2_deviation(const float *ours, const float *ref, size_t count);
/** The L2 norm. */
double golden_l2(const float *x, size_t count);

/* ---- Kinds of file ------------------------------------------------------------------------- */

/** Whether it was an op's file: known by its name, "conv2d.safetensors". */
bool golden_ops(Golden *g);
void golden_nets(Golden *g);
/** A case of gradient_penalty.safetensors. */
void golden_penalty(Golden *g, const json_t *info);
/** A case of lab.safetensors. */
void golden_lab(Golden *g, const json_t *info);
void golden_trajectory(Golden *g);

#endif
