/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads for one piece of work after the other, and the carrier of their failures. */
#include "src/base/parallel.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/base/status.h"

enum { MAX_THREADS = 256 };

int p2p_threads(int wanted)
{
    const long half = sysconf(_SC_NPROCESSORS_ONLN) / 2;

    return wanted >= 0 ? wanted : p2p_max(2, half > 8 ? 8 : (int)half);
}

void p2p_failure_keep(P2pFailure *f, int status)
{
    p2p_failure_finish(f);
    if (status)
        *f = (P2pFailure){status, p2p_strdup(p2p_error())};
}

int p2p_failure_tell(const P2pFailure *f)
{
    return f->status ? p2p_fail((P2pStatus)f->status, "%s", f->text ? f->text : "no memory")
                     : P2P_OK;
}

void p2p_failure_finish(P2pFailure *f)
{
    free(f->text);
    *f = (P2pFailure){0};
}

typedef struct Work {
    int (*work)(void *user, size_t i);
    void *user;
    size_t count;
    pthread_mutex_t lock; /* over all below */
    size_t next;
    size_t failed; /* which, when there is a failure */
    P2pFailure failure;
} Work;

/* The next piece, or false; err is what became of piece `done`. */
static bool take(Work *w, size_t done, int err, size_t *i)
{
    pthread_mutex_lock(&w->lock);
    if (err && (!w->failure.status || done < w->failed)) {
        p2p_failure_keep(&w->failure, err);
        w->failed = done;
    }
    const bool more = !w->failure.status && w->next < w->count;
    if (more)
        *i = w->next++;
    pthread_mutex_unlock(&w->lock);
    return more;
}

static void *run(void *user)
{
    Work *w = user;
    size_t i = 0;

    for (int err = 0; take(w, i, err, &i);)
        err = w->work(w->user, i);
    return NULL;
}

int p2p_parallel(int threads, size_t count, int (*work)(void *user, size_t i), void *user)
{
    return p2p_parallel_beside(threads, count, work, NULL, user);
}

int p2p_parallel_beside(int threads, size_t count, int (*work)(void *user, size_t i),
                        void (*beside)(void *user), void *user)
{
    Work w = {.work = work, .user = user, .count = count};
    pthread_t ids[MAX_THREADS];
    int started = 0;

    pthread_mutex_init(&w.lock, NULL);
    const size_t busy = beside ? 0 : 1; /* the calling thread has something else to do at first */
    while (started + 1 < p2p_min(threads, MAX_THREADS) && (size_t)started + busy < count &&
           pthread_create(&ids[started], NULL, run, &w) == 0)
        started++;
    if (beside)
        beside(user);
    run(&w); /* this thread too, alone if need be */
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    pthread_mutex_destroy(&w.lock);
    const int err = p2p_failure_tell(&w.failure);
    p2p_failure_finish(&w.failure);
    return err;
}
