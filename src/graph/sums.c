/* SPDX-License-Identifier: BSD-2-Clause */
/* Which gradient lies where. Nothing runs here. */
#include "src/graph/sums.h"

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/exchange.h"

static int lay_out(P2pGradSums *s, const P2pNet *net, size_t align)
{
    const P2pGraph *g = net->graph;
    const P2pTensor *joined = &net->joined[P2P_STATE_VALUE];
    size_t *bytes = p2p_alloc((size_t)g->param_count, sizeof(*bytes));

    for (int i = 0; bytes && i < g->param_count; i++)
        if (p2p_param_is_trained(&g->params[i]) && net->joined_at[i] < 0)
            bytes[i] = p2p_tensor_bytes(&net->state[P2P_STATE_VALUE][i]);
    const int err = bytes ? p2p_buckets_init(&s->buckets, g, bytes, align) : P2P_ENOMEM;
    free(bytes);
    if (!err && joined->buffer)
        s->joined_at = p2p_buckets_put_last(&s->buckets, p2p_tensor_bytes(joined), align);
    return err;
}

static int bind(P2pTensor *t, const P2pTensor *like, P2pBuffer *bucket, size_t at)
{
    *t = *like;
    t->buffer = NULL;
    t->offset = 0;
    return p2p_buffer_create_part(&t->buffer, bucket, at, p2p_tensor_bytes(t));
}

static int bind_all(P2pGradSums *s, P2pDevice *device, const P2pNet *net)
{
    const P2pBuckets *b = &s->buckets;
    const P2pTensor *joined = &net->joined[P2P_STATE_VALUE];
    int err = P2P_OK;

    s->count = net->graph->param_count;
    s->tensor = p2p_alloc((size_t)s->count, sizeof(*s->tensor));
    s->buffer = p2p_alloc((size_t)b->count, sizeof(*s->buffer));
    if (!s->tensor || !s->buffer)
        return P2P_ENOMEM;
    for (int i = 0; !err && i < b->count; i++)
        err = p2p_buffer_create_zeroed(&s->buffer[i], device, b->bucket[i].bytes);
    for (int i = 0; !err && i < s->count; i++)
        if (b->of[i] >= 0)
            err =
                bind(&s->tensor[i], &net->state[P2P_STATE_VALUE][i], s->buffer[b->of[i]], b->at[i]);
    if (!err && joined->buffer)
        err = bind(&s->joined, joined, s->buffer[b->count - 1], s->joined_at);
    return err;
}

int p2p_grad_sums_create(P2pGradSums **out, P2pDevice *device, const P2pNet *net)
{
    P2pGradSums *s = *out = p2p_alloc(1, sizeof(*s));
    int err = s ? lay_out(s, net, p2p_param_align(device)) : P2P_ENOMEM;

    if (!err)
        err = bind_all(s, device, net);
    if (err)
        p2p_grad_sums_destroy(out);
    return err;
}

void p2p_grad_sums_destroy(P2pGradSums **sums)
{
    P2pGradSums *s = *sums;

    if (!s)
        return;
    p2p_exchange_destroy(&s->exchange);
    for (int i = 0; s->tensor && i < s->count; i++)
        p2p_buffer_destroy(&s->tensor[i].buffer);
    p2p_buffer_destroy(&s->joined.buffer);
    for (int i = 0; s->buffer && i < s->buckets.count; i++)
        p2p_buffer_destroy(&s->buffer[i]);
    free(s->tensor);
    free(s->buffer);
    p2p_buckets_finish(&s->buckets);
    free(s);
    *sums = NULL;
}

size_t p2p_grad_sums_bytes(const P2pGradSums *s)
{
    size_t bytes = 0;

    for (int i = 0; i < s->buckets.count; i++)
        bytes += s->buckets.bucket[i].bytes;
    return bytes;
}
