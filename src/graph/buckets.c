/* SPDX-License-Identifier: BSD-2-Clause */
/* Which parameter lies where. */
#include "src/graph/buckets.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/base/status.h"

/* A bucket ends behind the gradient that makes it so large: large enough that a message's own time does not
 * count, small enough that most of a network is under way before its backward pass has ended. */
enum { BUCKET_BYTES = 16 << 20 };

/* A place in the last bucket, or in a new one where that is full. */
static size_t put(P2pBuckets *b, size_t bytes, size_t align, int node)
{
    if (!b->count || b->bucket[b->count - 1].bytes >= BUCKET_BYTES)
        b->count++;
    P2pBucket *last = &b->bucket[b->count - 1];
    const size_t at = last->bytes;
    last->bytes += p2p_round_up(bytes, align);
    last->node = node;
    return at;
}

int p2p_buckets_init(P2pBuckets *b, const P2pGraph *g, const size_t *bytes, size_t align)
{
    const size_t count = (size_t)g->param_count;

    *b = (P2pBuckets){.bucket = p2p_alloc(count + 1, sizeof(*b->bucket)),
                      .of = p2p_alloc(count, sizeof(*b->of)),
                      .at = p2p_alloc(count, sizeof(*b->at))};
    if (!b->bucket || !b->of || !b->at) {
        p2p_buckets_finish(b);
        return P2P_ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        b->of[i] = -1;
    for (int n = g->node_count - 1; n >= 0; n--)
        for (size_t k = 0; k < P2P_COUNT(g->nodes[n].param); k++) {
            const int i = g->nodes[n].param[k];
            if (i < 0 || !bytes[i])
                continue;
            b->at[i] = put(b, bytes[i], align, n);
            b->of[i] = b->count - 1;
        }
    return P2P_OK;
}

void p2p_buckets_finish(P2pBuckets *b)
{
    free(b->bucket);
    free(b->of);
    free(b->at);
    *b = (P2pBuckets){NULL};
}

size_t p2p_buckets_put_last(P2pBuckets *b, size_t bytes, size_t align)
{
    return put(b, bytes, align, -1);
}
