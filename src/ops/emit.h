/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building launches: argument lists and grids. Kernels take a tensor as three arguments (buffer,
 * offset, stride; see cl/tensor.clh); an absent one has stride 0.
 */
#ifndef P2P_OPS_EMIT_H
#define P2P_OPS_EMIT_H

#include <string.h>

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

/**
 * Programs are built in parts, so that a start compiles little that is not used: kernels called
 * *_naive are in the part with this option, gradients of norm_act in another.
 */
static inline const char *p2p_part_options(const char *kernel)
{
    return strstr(kernel, "_naive")                                            ? "-D NAIVE"
           : strstr(kernel, "norm_act_bwd") || strstr(kernel, "norm_act_sums") ? "-D BACKWARD"
                                                                               : NULL;
}

/** Append a launch of x * y * z work-groups of one work-item each: CPU kernels. */
static inline int p2p_emit_groups(P2pSequence *seq, const char *program, const char *kernel,
                                  const P2pArgs *args, int x, int y, int z)
{
    const P2pLaunch launch = {.program = program,
                              .kernel = kernel,
                              .options = p2p_part_options(kernel),
                              .global = {(size_t)x, (size_t)y, (size_t)z},
                              .local = {1, 1, 1},
                              .args = args->list,
                              .arg_count = args->count};

    return p2p_sequence_add(seq, &launch);
}

/** Append a launch of at least count work-items in groups of 64; the kernel checks its bound. */
static inline int p2p_emit_items(P2pSequence *seq, const char *program, const char *kernel,
                                 const P2pArgs *args, size_t count)
{
    const P2pLaunch launch = {.program = program,
                              .kernel = kernel,
                              .options = p2p_part_options(kernel),
                              .global = {p2p_round_up(count, 64)},
                              .local = {64},
                              .args = args->list,
                              .arg_count = args->count};

    return p2p_sequence_add(seq, &launch);
}

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

/** `applicable` of every portable variant, and of the ones for CPUs. */
bool p2p_variant_always(const P2pCall *call, const P2pCaps *caps);
bool p2p_variant_cpu(const P2pCall *call, const P2pCaps *caps);

#endif
