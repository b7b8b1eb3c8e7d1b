/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan's steps over double copies of its buffers. */
#include "tests/graph/in_double.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/base/status.h"

static void *need(void *memory)
{
    if (memory)
        return memory;
    fprintf(stderr, "no memory\n");
    exit(1);
}

static double *copy_of(const InDouble *d, const P2pBuffer *buffer)
{
    for (int i = 0; i < d->count; i++)
        if (d->copy[i].buffer == buffer)
            return d->copy[i].data;
    return NULL;
}

static void add_copy(InDouble *d, P2pBuffer *buffer)
{
    const size_t bytes = p2p_buffer_bytes(buffer), count = bytes / sizeof(float);
    float *host = need(p2p_alloc(count, sizeof(*host)));
    double *data = need(p2p_alloc(count, sizeof(*data)));

    if (p2p_buffer_read(buffer, 0, bytes, host) < 0) {
        fprintf(stderr, "%s\n", p2p_error());
        exit(1);
    }
    for (size_t i = 0; i < count; i++)
        data[i] = host[i];
    free(host);
    P2P_ASSERT(d->count < IN_DOUBLE_BUFFERS);
    d->copy[d->count].buffer = buffer;
    d->copy[d->count++].data = data;
}

void in_double_init(InDouble *d, P2pPlan *plan)
{
    d->plan = plan;
    d->count = 0;
    for (int i = 0; i < p2p_plan_step_count(plan); i++) {
        const P2pCall *call = p2p_plan_step_call(plan, i);
        for (int k = 0; k < P2P_MAX_OPERANDS; k++)
            if (p2p_call_has(call, k) && !copy_of(d, call->t[k].buffer))
                add_copy(d, call->t[k].buffer);
    }
}

void in_double_finish(InDouble *d)
{
    for (int i = 0; i < d->count; i++)
        free(d->copy[i].data);
    d->count = 0;
}

double *in_double_at(InDouble *d, const P2pTensor *t, size_t i)
{
    const size_t plane = (size_t)t->h * (size_t)t->w, image = plane * (size_t)t->c;

    return copy_of(d, t->buffer) + p2p_tensor_index(t, (int)(i / image), (int)(i % image / plane),
                                                    (int)(i % plane / (size_t)t->w),
                                                    (int)(i % (size_t)t->w));
}

static void run_step(InDouble *d, const P2pCall *call)
{
    double *host[P2P_MAX_OPERANDS] = {NULL};

    for (int k = 0; k < P2P_MAX_OPERANDS; k++) {
        const size_t count = p2p_call_has(call, k) ? p2p_tensor_elements(&call->t[k]) : 0;
        if (count)
            host[k] = need(p2p_alloc(count, sizeof(double)));
        for (size_t i = 0; i < count; i++)
            host[k][i] = *in_double_at(d, &call->t[k], i);
    }
    call->pass->ref(call, host, NULL);
    for (int k = 0; k < P2P_MAX_OPERANDS; k++) {
        for (size_t i = 0; host[k] && (call->pass->outputs | call->pass->updates) >> k & 1 &&
                           i < p2p_tensor_elements(&call->t[k]);
             i++)
            *in_double_at(d, &call->t[k], i) = host[k][i];
        free(host[k]);
    }
}

void in_double_run(InDouble *d)
{
    for (int i = 0; i < p2p_plan_step_count(d->plan); i++)
        run_step(d, p2p_plan_step_call(d->plan, i));
}
