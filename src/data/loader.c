/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches loaded ahead by threads. A ring of slots: workers take batch numbers in order and fill
 * them in any order; the consumer takes them in order. Content depends on the batch's number
 * alone (sample.c makes it), so that threads change the time and nothing else.
 */
#include <pthread.h>

#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"
#include "src/data/sample.h"

enum {
    MAX_THREADS = 256,
    MAX_QUEUE = 1024,
};

typedef struct Slot {
    P2pSample sample;
    bool ready;
    P2pFailure failure; /* to the consumer */
} Slot;

struct P2pLoader {
    P2pSampler sampler;
    uint32_t epochs;
    Slot *slots;
    int slot_count;
    P2pOrder order; /* of the consumer, where there are no threads */
    pthread_t *threads;
    int thread_count;
    bool made_sync;

    pthread_mutex_t lock; /* over all below and over slots[].ready */
    pthread_cond_t changed;
    uint64_t first;    /* number of the batch that sequence 0 stands for */
    uint64_t taken;    /* sequence numbers below it are given to workers */
    uint64_t consumed; /* below it: done with by the consumer */
    int busy;          /* workers filling a slot */
    bool holding;      /* the consumer holds sequence `consumed` */
    bool pausing, stopping;
};

static uint64_t end_batch(const P2pLoader *l)
{
    return l->epochs ? (uint64_t)l->epochs * l->sampler.batches : UINT64_MAX;
}

static void fill(P2pLoader *l, uint64_t sequence, uint64_t batch, P2pOrder *order)
{
    Slot *slot = &l->slots[sequence % (uint64_t)l->slot_count];

    p2p_failure_keep(&slot->failure, p2p_sample_make(&l->sampler, batch, order, &slot->sample));
}

static bool may_take(const P2pLoader *l)
{
    return !l->pausing && l->taken < l->consumed + (uint64_t)l->slot_count &&
           l->first + l->taken < end_batch(l);
}

static void *work(void *user)
{
    P2pLoader *l = user;
    P2pOrder order = {0};

    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (!l->stopping && !may_take(l))
            pthread_cond_wait(&l->changed, &l->lock);
        if (l->stopping)
            break;
        const uint64_t sequence = l->taken++, batch = l->first + sequence;
        l->busy++;
        pthread_mutex_unlock(&l->lock);

        fill(l, sequence, batch, &order);

        pthread_mutex_lock(&l->lock);
        l->slots[sequence % (uint64_t)l->slot_count].ready = true;
        l->busy--;
        pthread_cond_broadcast(&l->changed);
    }
    pthread_mutex_unlock(&l->lock);
    p2p_order_finish(&order);
    return NULL;
}

static int start(P2pLoader *l, int threads)
{
    if (pthread_mutex_init(&l->lock, NULL) != 0)
        return p2p_fail(P2P_ENOMEM, "no room for the loader's lock");
    if (pthread_cond_init(&l->changed, NULL) != 0) {
        pthread_mutex_destroy(&l->lock);
        return p2p_fail(P2P_ENOMEM, "no room for the loader's condition");
    }
    l->made_sync = true;
    if (!(l->threads = p2p_alloc((size_t)threads, sizeof(*l->threads))))
        return P2P_ENOMEM;
    while (l->thread_count < threads &&
           pthread_create(&l->threads[l->thread_count], NULL, work, l) == 0)
        l->thread_count++;
    return P2P_OK;
}

int p2p_loader_create(P2pLoader **out, const P2pDataset *dataset, const P2pLoaderSettings *settings)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(dataset);

    static const P2pLoaderSettings defaults;
    const P2pLoaderSettings *s = settings ? settings : &defaults;
    int err;

    if (s->threads < 0 || s->threads > MAX_THREADS || s->queue < 0 || s->queue > MAX_QUEUE)
        return p2p_fail(P2P_EINVAL,
                        "a loader has 0 to %d threads and a queue of at most %d, not "
                        "%d and %d",
                        MAX_THREADS, MAX_QUEUE, s->threads, s->queue);
    P2pLoader *l = p2p_alloc(1, sizeof(*l));
    if (!l)
        return P2P_ENOMEM;
    l->epochs = s->epochs;
    l->slot_count = s->threads ? (s->queue ? s->queue : s->threads + 2) : 1;
    err = p2p_sampler_init(&l->sampler, dataset, s);
    if (!err && !(l->slots = p2p_alloc((size_t)l->slot_count, sizeof(*l->slots))))
        err = P2P_ENOMEM;
    if (!err)
        err = start(l, s->threads);
    if (err)
        p2p_loader_destroy(&l);
    *out = l;
    return err;
}

void p2p_loader_destroy(P2pLoader **loader)
{
    P2pLoader *l = *loader;

    *loader = NULL;
    if (!l)
        return;
    if (l->made_sync) {
        pthread_mutex_lock(&l->lock);
        l->stopping = true;
        pthread_cond_broadcast(&l->changed);
        pthread_mutex_unlock(&l->lock);
        for (int i = 0; i < l->thread_count; i++)
            pthread_join(l->threads[i], NULL);
        pthread_cond_destroy(&l->changed);
        pthread_mutex_destroy(&l->lock);
    }
    for (int i = 0; l->slots && i < l->slot_count; i++) {
        p2p_sample_finish(&l->slots[i].sample);
        p2p_failure_finish(&l->slots[i].failure);
    }
    p2p_order_finish(&l->order);
    p2p_sampler_finish(&l->sampler);
    free(l->slots);
    free(l->threads);
    free(l);
}

size_t p2p_loader_batches(const P2pLoader *loader)
{
    return loader->sampler.batches;
}

/* Give the slot of the last batch back to the workers. */
static void release(P2pLoader *l)
{
    if (!l->holding)
        return;
    l->slots[l->consumed % (uint64_t)l->slot_count].ready = false;
    l->consumed++;
    l->holding = false;
    pthread_cond_broadcast(&l->changed);
}

int p2p_loader_next(P2pLoader *l, const P2pBatch **batch)
{
    P2P_NEED_AS("loader", l);
    P2P_NEED(batch);

    *batch = NULL;
    pthread_mutex_lock(&l->lock);
    release(l);
    const uint64_t sequence = l->consumed;
    if (l->first + sequence >= end_batch(l)) {
        pthread_mutex_unlock(&l->lock);
        return P2P_OK;
    }
    Slot *slot = &l->slots[sequence % (uint64_t)l->slot_count];
    while (l->thread_count && !slot->ready)
        pthread_cond_wait(&l->changed, &l->lock);
    l->holding = true;
    pthread_mutex_unlock(&l->lock);

    if (!l->thread_count)
        fill(l, sequence, l->first + sequence, &l->order);
    const int err = p2p_failure_tell(&slot->failure);
    if (!err)
        *batch = &slot->sample.batch;
    return err;
}

int p2p_loader_seek(P2pLoader *l, uint32_t epoch, size_t position)
{
    P2P_NEED_AS("loader", l);
    if (position > l->sampler.batches)
        return p2p_fail(P2P_EINVAL, "an epoch has %zu batches; there is no batch %zu to go on from",
                        l->sampler.batches, position);
    pthread_mutex_lock(&l->lock);
    l->pausing = true;
    while (l->busy)
        pthread_cond_wait(&l->changed, &l->lock);
    for (int i = 0; i < l->slot_count; i++)
        l->slots[i].ready = false;
    l->first = (uint64_t)epoch * l->sampler.batches + position;
    l->taken = l->consumed = 0;
    l->holding = l->pausing = false;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    return P2P_OK;
}
