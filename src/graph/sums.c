/* SPDX-License-Identifier: BSD-2-Clause */
/* Which gradient lies where. Nothing runs here. */
#include "src/graph/sums.h"

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/exchange.h"

/* A bucket ends behind the gradient that makes it so large: large enough that a message's own time does not
 * count, small enough that most of a network is under way before its backward pass has ended. */
enum { BUCKET_BYTES = 16 << 20 };

static int allocate(P2pGradSums *s, const P2pGraph *g)
{
    const size_t count = (size_t)g->param_count;

    s->count = g->param_count;
    s->tensor = p2p_alloc(count, sizeof(*s->tensor));
    s->at = p2p_alloc(count, sizeof(*s->at));
    s->bucket = p2p_alloc(count, sizeof(*s->bucket));
    s->buckets = p2p_alloc(count + 1, sizeof(*s->buckets));
    for (int i = 0; s->bucket && i < s->count; i++)
        s->bucket[i] = -1;
    return s->tensor && s->at && s->bucket && s->buckets ? P2P_OK : P2P_ENOMEM;
}

/* A place in the last bucket, or in a new one where that is full. */
static size_t put(P2pGradSums *s, size_t bytes, size_t align)
{
    if (!s->bucket_count || s->buckets[s->bucket_count - 1].bytes >= BUCKET_BYTES)
        s->buckets[s->bucket_count++].node = -1;
    P2pGradBucket *b = &s->buckets[s->bucket_count - 1];
    const size_t at = b->bytes;
    b->bytes += p2p_round_up(bytes, align);
    return at;
}

/* As a backward pass goes through the nodes; what is joined is complete behind all of them. */
static void lay_out(P2pGradSums *s, const P2pNet *net, size_t align)
{
    const P2pGraph *g = net->graph;

    for (int n = g->node_count - 1; n >= 0; n--)
        for (size_t k = 0; k < P2P_COUNT(g->nodes[n].param); k++) {
            const int i = g->nodes[n].param[k];
            if (i < 0 || !p2p_param_is_trained(&g->params[i]) || net->joined_at[i] >= 0)
                continue;
            s->at[i] = put(s, p2p_tensor_bytes(&net->state[P2P_STATE_VALUE][i]), align);
            s->bucket[i] = s->bucket_count - 1;
            s->buckets[s->bucket_count - 1].node = n;
        }
    if (net->joined[P2P_STATE_VALUE].buffer) {
        s->joined_at = put(s, p2p_tensor_bytes(&net->joined[P2P_STATE_VALUE]), align);
        s->buckets[s->bucket_count - 1].node = -1;
    }
}

static int bind(P2pTensor *t, const P2pTensor *like, const P2pGradBucket *bucket, size_t at)
{
    *t = *like;
    t->buffer = NULL;
    t->offset = 0;
    return p2p_buffer_create_part(&t->buffer, bucket->buffer, at, p2p_tensor_bytes(t));
}

static int bind_all(P2pGradSums *s, P2pDevice *device, const P2pNet *net)
{
    const P2pTensor *joined = &net->joined[P2P_STATE_VALUE];
    int err = P2P_OK;

    for (int i = 0; !err && i < s->bucket_count; i++)
        err = p2p_buffer_create_zeroed(&s->buckets[i].buffer, device, s->buckets[i].bytes);
    for (int i = 0; !err && i < s->count; i++)
        if (s->bucket[i] >= 0)
            err = bind(&s->tensor[i], &net->state[P2P_STATE_VALUE][i], &s->buckets[s->bucket[i]],
                       s->at[i]);
    if (!err && joined->buffer)
        err = bind(&s->joined, joined, &s->buckets[s->bucket_count - 1], s->joined_at);
    return err;
}

int p2p_grad_sums_create(P2pGradSums **out, P2pDevice *device, const P2pNet *net)
{
    P2pGradSums *s = *out = p2p_alloc(1, sizeof(*s));
    int err = s ? allocate(s, net->graph) : P2P_ENOMEM;

    if (!err) {
        lay_out(s, net, p2p_param_align(device));
        err = bind_all(s, device, net);
    }
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
    for (int i = 0; i < s->bucket_count; i++)
        p2p_buffer_destroy(&s->buckets[i].buffer);
    free(s->tensor);
    free(s->at);
    free(s->bucket);
    free(s->buckets);
    free(s);
    *sums = NULL;
}

size_t p2p_grad_sums_bytes(const P2pGradSums *s)
{
    size_t bytes = 0;

    for (int i = 0; i < s->bucket_count; i++)
        bytes += s->buckets[i].bytes;
    return bytes;
}
