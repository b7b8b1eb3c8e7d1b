/* SPDX-License-Identifier: BSD-2-Clause */
/* How elementwise passes see their tensors, and predicates that many variants share. */
#include "src/ops/emit.h"

enum { FLAT_COLUMNS = 1024, GROUP_ELEMENTS = 4096, MOST_GROUPS = 64 };

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

bool p2p_variant_always(const P2pCall *call, const P2pCaps *caps)
{
    (void)call;
    (void)caps;
    return true;
}

bool p2p_variant_cpu(const P2pCall *call, const P2pCaps *caps)
{
    (void)call;
    return caps->is_cpu;
}
