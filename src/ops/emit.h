/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building launches: argument lists and grids. Kernels take a tensor as three arguments (buffer,
 * offset, stride; see cl/tensor.clh); an absent one has stride 0.
 */
#ifndef P2P_OPS_EMIT_H
#define P2P_OPS_EMIT_H

#include "cl/sizes.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/op.h"

enum { P2P_MAX_ARGS = 64 };

typedef union P2pWord {
    int i;
    uint32_t u;
    float f;
} P2pWord;

/** Arguments of one launch; start from {0}. Must not be moved once filled. */
typedef struct P2pArgs {
    P2pArg list[P2P_MAX_ARGS];
    P2pWord words[P2P_MAX_ARGS];
    int count;
} P2pArgs;

static inline void p2p_args_word(P2pArgs *a, P2pWord word)
{
    P2P_ASSERT(a->count < P2P_MAX_ARGS);
    a->words[a->count] = word;
    a->list[a->count] = P2P_ARG(a->words[a->count]);
    a->count++;
}

static inline void p2p_args_int(P2pArgs *a, int value)
{
    p2p_args_word(a, (P2pWord){.i = value});
}

static inline void p2p_args_uint(P2pArgs *a, uint32_t value)
{
    p2p_args_word(a, (P2pWord){.u = value});
}

static inline void p2p_args_float(P2pArgs *a, float value)
{
    p2p_args_word(a, (P2pWord){.f = value});
}

static inline void p2p_args_buffer(P2pArgs *a, const P2pBuffer *buffer)
{
    P2P_ASSERT(a->count < P2P_MAX_ARGS);
    a->list[a->count++] = P2P_ARG_BUFFER(buffer);
}

/** Buffer, offset and a stride of the caller's (0: the tensor is absent). */
static inline void p2p_args_view(P2pArgs *a, const P2pTensor *t, int stride)
{
    p2p_args_buffer(a, t->n > 0 ? t->buffer : NULL);
    p2p_args_int(a, t->offset);
    p2p_args_int(a, t->n > 0 ? stride : 0);
}

static inline void p2p_args_tensor(P2pArgs *a, const P2pTensor *t)
{
    p2p_args_view(a, t, t->stride);
}

/** Anything else by value; it must outlive the arguments. */
static inline void p2p_args_value(P2pArgs *a, const void *value, size_t bytes)
{
    P2P_ASSERT(a->count < P2P_MAX_ARGS);
    a->list[a->count++] = (P2pArg){bytes, value, NULL};
}

/** Work-groups in each dimension, 0 as 1; work-items where the driver chooses the groups. */
typedef struct P2pGrid {
    size_t x, y, z;
} P2pGrid;

/**
 * The two variants of most passes, as a whole table: `simd`, for CPUs, a kernel with one work-item a
 * group, in the part of its program that `part` selects (NULL: the whole); `naive`, for all devices,
 * in groups of x * y.
 */
#define P2P_TWINS(plan, emit, program, kernel, part, x, y)                           \
    {"simd", plan, emit, {program, kernel "_simd", part, {1, 1}}, .for_cpus = true}, \
        {"naive", plan, emit, {program, kernel "_naive", "-D NAIVE", {x, y}}},       \
    {                                                                                \
        0                                                                            \
    }

/** The same with a third, `small`: as `naive` in groups of few, for devices that take no larger ones. */
#define P2P_TRIPLETS(plan, emit, program, kernel, part, x, y, few_x, few_y)          \
    {"simd", plan, emit, {program, kernel "_simd", part, {1, 1}}, .for_cpus = true}, \
        {"naive", plan, emit, {program, kernel "_naive", "-D NAIVE", {x, y}}},       \
        {"small",                                                                    \
         plan,                                                                       \
         emit,                                                                       \
         {program, kernel "_naive", "-D NAIVE -D SMALL_GROUPS", {few_x, few_y}}},    \
    {                                                                                \
        0                                                                            \
    }

/** Append a launch; the build options are the way's and the kernel's. */
int p2p_emit(P2pSequence *seq, const P2pWay *way, const P2pKernel *kernel, const P2pArg *args,
             size_t count, P2pGrid grid);
/** The same for at least `items` work-items; the kernel checks its bound. */
int p2p_emit_items(P2pSequence *seq, const P2pWay *way, const P2pKernel *kernel, const P2pArgs *a,
                   size_t items);
/** The variant's own kernel: on CPUs over groups with loops inside, else an element a work-item. */
int p2p_emit_own(P2pSequence *seq, const P2pWay *way, const P2pArgs *a, P2pGrid groups,
                 size_t elements);

/* ---- Elementwise passes ------------------------------------------------------------------- */

/**
 * Tensors of one shape as rows of columns, whatever their layout: the pixels and channels, or
 * where all are dense one long run cut into pieces. The last row may be shorter.
 */
typedef struct P2pRows {
    int rows, cols, last;  /* last: columns of the last row */
    bool flat;             /* the row stride of every tensor is cols, else the tensor's own */
    int groups, per_group; /* rows divided among work-groups; independent of the device */
} P2pRows;

/** Rows of the given operands (those that are present) of one shape. */
P2pRows p2p_rows(const P2pCall *call, const int *operands, int count);
/** Operand as buffer, offset and row stride. */
void p2p_args_rows(P2pArgs *a, const P2pRows *rows, const P2pTensor *t);
/** rows, cols, last, per_group. */
void p2p_args_shape(P2pArgs *a, const P2pRows *rows);
/** The variant's own kernel over all rows. */
int p2p_emit_rows(P2pSequence *seq, const P2pWay *way, const P2pArgs *a, const P2pRows *rows);

#endif
