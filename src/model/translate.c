/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many pictures through one model. A ring of slots: workers take pictures in order, read, translate
 * and encode them side by side, and whoever completes the oldest one hands it out, so that order is
 * kept. The device is taken in turns within p2p_model_translate().
 */
#include <pthread.h>

#include "p2p/model.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"

enum {
    MAX_THREADS = 256,
    SLOTS = 2, /* for each worker: one at work, one that waits for an older one */
};

typedef struct Slot {
    P2pTranslation picture;
    P2pFailure failure; /* to the worker that hands it out */
    bool ready;
} Slot;

typedef struct Stream {
    P2pModel *model;
    const P2pTranslateCalls *calls;
    void *user;
    Slot *slots;
    size_t slot_count;

    pthread_mutex_t lock; /* over all below and over slots[].ready */
    pthread_cond_t changed;
    size_t taken; /* pictures below it were begun */
    size_t given; /* below it: handed out */
    bool taking, giving;
    bool ended; /* there is no further picture */
} Stream;

static Slot *slot_of(const Stream *s, size_t index)
{
    return &s->slots[index % s->slot_count];
}

static void fail_at(Slot *slot, P2pTranslateStep step, int err)
{
    slot->picture.failed = step;
    slot->picture.status = err;
    p2p_failure_keep(&slot->failure, err);
}

/* Begin the next picture; called and returns locked. NULL: there is none. */
static Slot *take(Stream *s)
{
    while (!s->ended && (s->taking || s->taken - s->given >= s->slot_count))
        pthread_cond_wait(&s->changed, &s->lock);
    if (s->ended)
        return NULL;
    Slot *slot = slot_of(s, s->taken);
    slot->picture.index = s->taken;
    s->taking = true;
    pthread_mutex_unlock(&s->lock);

    const int more = s->calls->next(s->user, &slot->picture);
    if (more < 0)
        fail_at(slot, P2P_TRANSLATE_NEXT, more);

    pthread_mutex_lock(&s->lock);
    s->taking = false;
    s->taken += more != 0;
    s->ended |= more <= 0;
    pthread_cond_broadcast(&s->changed);
    return more ? slot : NULL;
}

/* All that needs no order. */
static void pass(Stream *s, Slot *slot)
{
    P2pTranslation *p = &slot->picture;
    P2pTranslateStep step = P2P_TRANSLATE_READ;
    int err = s->calls->read(s->user, p);

    const bool whole = !err && p->in.data;
    if (whole) {
        step = P2P_TRANSLATE_RUN;
        err = p2p_model_translate(s->model, &p->in, &p->out);
    }
    p2p_image_finish(&p->in);
    if (!err && whole) {
        step = P2P_TRANSLATE_WRITE;
        err = s->calls->write(s->user, p);
    }
    p2p_image_finish(&p->out);
    if (err)
        fail_at(slot, step, err);
}

static void clear(Slot *slot)
{
    free(slot->picture.data);
    p2p_failure_finish(&slot->failure);
    *slot = (Slot){0};
}

/* Hand out what is complete and in turn; called and returns locked. */
static int give(Stream *s)
{
    int err = P2P_OK;

    while (!err && !s->giving && s->given < s->taken && slot_of(s, s->given)->ready) {
        Slot *slot = slot_of(s, s->given);
        s->giving = true;
        pthread_mutex_unlock(&s->lock);
        p2p_failure_tell(&slot->failure);
        err = s->calls->done(s->user, &slot->picture);
        clear(slot);
        pthread_mutex_lock(&s->lock);
        s->giving = err != 0; /* after a failure nothing is handed out any more */
        s->given++;
        s->ended |= err != 0;
        pthread_cond_broadcast(&s->changed);
    }
    return err;
}

static int work(void *user, size_t i)
{
    Stream *s = user;
    Slot *slot;
    int err = P2P_OK;

    (void)i;
    pthread_mutex_lock(&s->lock);
    while (!err && (slot = take(s))) {
        pthread_mutex_unlock(&s->lock);
        if (!slot->picture.status)
            pass(s, slot);
        pthread_mutex_lock(&s->lock);
        slot->ready = true;
        err = give(s);
    }
    pthread_mutex_unlock(&s->lock);
    return err;
}

int p2p_model_translate_all(P2pModel *model, const P2pTranslateCalls *calls, int threads,
                            void *user)
{
    P2P_NEED(model);
    P2P_NEED(calls);
    P2P_REQUIRE(calls->next && calls->read && calls->write && calls->done,
                "calls must not be NULL");
    P2P_NEED_RANGE("threads", threads, 0, MAX_THREADS);

    const size_t workers = (size_t)threads + 1, count = workers * SLOTS;
    Stream s = {.model = model,
                .calls = calls,
                .user = user,
                .slot_count = count,
                .slots = p2p_alloc(count, sizeof(Slot))};
    if (!s.slots)
        return P2P_ENOMEM;
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.changed, NULL);
    const int err = p2p_parallel(threads + 1, workers, work, &s);
    for (size_t i = 0; i < s.slot_count; i++)
        clear(&s.slots[i]);
    pthread_cond_destroy(&s.changed);
    pthread_mutex_destroy(&s.lock);
    free(s.slots);
    return err;
}
