/* SPDX-License-Identifier: BSD-2-Clause */
/* Pairs by their size. Draws nothing: an epoch's order comes from dataset.c. */
#include "src/data/sizes.h"

#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

/* While sorting: a pair and its size. */
typedef struct Sized {
    int width, height;
    uint32_t pair;
} Sized;

static int by_size(const void *a, const void *b)
{
    const Sized *p = a, *q = b;

    return p->width != q->width ? (p->width > q->width) - (p->width < q->width)
                                : (p->height > q->height) - (p->height < q->height);
}

int p2p_sizes_init(P2pSizes *s, const P2pDataset *dataset)
{
    const size_t count = dataset->count;
    Sized *sorted = p2p_alloc(count, sizeof(*sorted));

    *s = (P2pSizes){.sizes = p2p_alloc(count, sizeof(*s->sizes)),
                    .of = p2p_alloc(count, sizeof(*s->of)),
                    .pairs = count};
    if (!sorted || !s->sizes || !s->of) {
        free(sorted);
        p2p_sizes_finish(s);
        return P2P_ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        sorted[i] = (Sized){dataset->pairs[i].width, dataset->pairs[i].height, (uint32_t)i};
    qsort(sorted, count, sizeof(*sorted), by_size);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || by_size(&sorted[i - 1], &sorted[i]) != 0)
            s->sizes[s->count++] = (P2pSize){sorted[i].width, sorted[i].height, 0};
        s->sizes[s->count - 1].pairs++;
        s->of[sorted[i].pair] = (uint32_t)(s->count - 1);
    }
    free(sorted);
    return P2P_OK;
}

void p2p_sizes_finish(P2pSizes *s)
{
    free(s->sizes);
    free(s->of);
    *s = (P2pSizes){0};
}

size_t p2p_sizes_batches(const P2pSizes *s, size_t batch_size, bool partial)
{
    size_t batches = 0;

    for (size_t i = 0; i < s->count; i++)
        batches += (s->sizes[i].pairs + (partial ? batch_size - 1 : 0)) / batch_size;
    return batches;
}

/* While arranging: pairs of a size that wait for their batch to be whole lie in its part of `waiting`. */
typedef struct Bucket {
    size_t first; /* of its part */
    size_t count;
} Bucket;

/* Move what waits in a bucket to the end of order. */
static size_t take(Bucket *b, const uint32_t *waiting, uint32_t *order, size_t end)
{
    memcpy(order + end, waiting + b->first, b->count * sizeof(*order));
    end += b->count;
    b->count = 0;
    return end;
}

int p2p_sizes_arrange(const P2pSizes *s, size_t batch_size, uint32_t *order, uint32_t *begin)
{
    uint32_t *waiting = p2p_alloc(s->pairs, sizeof(*waiting));
    Bucket *buckets = p2p_alloc(s->count, sizeof(*buckets));
    size_t first = 0, end = 0, batch = 0;

    if (!waiting || !buckets) {
        free(waiting);
        free(buckets);
        return P2P_ENOMEM;
    }
    for (size_t i = 0; i < s->count; i++) {
        buckets[i].first = first;
        first += s->sizes[i].pairs;
    }
    for (size_t i = 0; i < s->pairs; i++) { /* end <= i: what is overwritten has been read */
        const uint32_t pair = order[i];
        Bucket *b = &buckets[s->of[pair]];
        waiting[b->first + b->count++] = pair;
        if (b->count == batch_size) {
            begin[batch++] = (uint32_t)end;
            end = take(b, waiting, order, end);
        }
    }
    for (size_t i = 0; i < s->count; i++)
        if (buckets[i].count) {
            begin[batch++] = (uint32_t)end;
            end = take(&buckets[i], waiting, order, end);
        }
    begin[batch] = (uint32_t)end;
    free(waiting);
    free(buckets);
    return P2P_OK;
}
