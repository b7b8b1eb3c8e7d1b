/* SPDX-License-Identifier: BSD-2-Clause */
/* Launches of a way's kernels, and how elementwise passes see their tensors. */
#include "src/ops/emit.h"

#include <stdio.h>

enum { FLAT_COLUMNS = 1024, GROUP_ELEMENTS = 4096, MOST_GROUPS = 64 };

int p2p_emit(P2pSequence *seq, const P2pWay *way, const P2pKernel *kernel, const P2pArg *args,
             size_t count, P2pGrid grid)
{
    const bool fixed = kernel->group[0] > 0;
    const size_t across = fixed ? kernel->group[0] : 1, down = kernel->group[1];
    char options[2 * P2P_WAY_OPTIONS];
    const P2pLaunch launch = {.program = kernel->program,
                              .kernel = kernel->name,
                              .options = options,
                              .global = {grid.x * across, down ? grid.y * down : grid.y, grid.z},
                              .local = {kernel->group[0], down, fixed},
                              .args = args,
                              .arg_count = (int)count,
                              .risky = way->risky};

    snprintf(options, sizeof(options), "%s %s", way->options,
             kernel->options ? kernel->options : "");
    return p2p_sequence_add(seq, &launch);
}

int p2p_emit_items(P2pSequence *seq, const P2pWay *way, const P2pKernel *kernel, const P2pArgs *a,
                   size_t items)
{
    const size_t group = kernel->group[0];

    return p2p_emit(seq, way, kernel, a->list, (size_t)a->count,
                    (P2pGrid){(items + group - 1) / group});
}

int p2p_emit_own(P2pSequence *seq, const P2pWay *way, const P2pArgs *a, P2pGrid groups,
                 size_t elements)
{
    const P2pVariant *v = way->variant;

    return v->for_cpus ? p2p_emit(seq, way, &v->kernel, a->list, (size_t)a->count, groups)
                       : p2p_emit_items(seq, way, &v->kernel, a, elements);
}

P2pRows p2p_rows(const P2pCall *call, const int *operands, int count)
{
    const P2pTensor *first = &call->t[operands[0]];
    const bool weight = first->layout == P2P_WEIGHT;
    size_t total = weight ? p2p_tensor_span(first) : p2p_tensor_elements(first);
    P2pRows r = {.flat = true};

    for (int i = 0; i < count; i++) {
        const P2pTensor *t = &call->t[operands[i]];
        if (p2p_call_has(call, operands[i]) && !weight)
            r.flat &= t->stride == t->c || t->n * t->h * t->w == 1;
    }
    if (r.flat) {
        r.cols = total < FLAT_COLUMNS ? (int)total : FLAT_COLUMNS;
        r.rows = (int)((total + (size_t)r.cols - 1) / (size_t)r.cols);
        r.last = (int)(total - (size_t)(r.rows - 1) * (size_t)r.cols);
    } else {
        r.cols = r.last = first->c;
        r.rows = (int)(total / (size_t)first->c);
    }
    total = (size_t)r.rows * (size_t)r.cols / GROUP_ELEMENTS;
    r.groups = total < 1 ? 1 : total > MOST_GROUPS ? MOST_GROUPS : (int)total;
    r.per_group = p2p_ceil_div(r.rows, r.groups);
    r.groups = p2p_ceil_div(r.rows, r.per_group);
    return r;
}

void p2p_args_rows(P2pArgs *a, const P2pRows *rows, const P2pTensor *t)
{
    p2p_args_view(a, t, rows->flat ? rows->cols : t->stride);
}

void p2p_args_shape(P2pArgs *a, const P2pRows *rows)
{
    p2p_args_int(a, rows->rows);
    p2p_args_int(a, rows->cols);
    p2p_args_int(a, rows->last);
    p2p_args_int(a, rows->per_group);
}

int p2p_emit_rows(P2pSequence *seq, const P2pWay *way, const P2pArgs *a, const P2pRows *rows)
{
    return p2p_emit_own(seq, way, a, (P2pGrid){(size_t)rows->groups},
                        (size_t)rows->rows * (size_t)rows->cols);
}
