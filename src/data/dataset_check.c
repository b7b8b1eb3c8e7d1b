/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodes every pair of a set once, in several threads, and reports or takes out the unusable.
 * The result does not depend on the number of threads: the first failure by name counts.
 */
#include <pthread.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/dataset.h"

enum { MAX_THREADS = 256 };

typedef struct Verdict {
    int status;
    int width, height;
    char *message; /* of a failure */
} Verdict;

typedef struct Check {
    const P2pDataset *dataset;
    Verdict *verdicts;
    bool skip_bad;
    pthread_mutex_t lock; /* over next and stop */
    size_t next;
    bool stop;
} Check;

static void check_pair(const P2pDataset *dataset, size_t i, Verdict *v)
{
    P2pImage input, target;

    v->status = p2p_dataset_read(dataset, i, &input, &target);
    v->width = input.width;
    v->height = input.height;
    if (v->status)
        v->message = p2p_strdup(p2p_error());
    p2p_image_finish(&input);
    p2p_image_finish(&target);
}

/* Indices are handed out in order, so whatever stands before a failure is looked at too. */
static void *work(void *user)
{
    Check *c = user;

    for (;;) {
        pthread_mutex_lock(&c->lock);
        const size_t i = c->stop ? c->dataset->count : c->next;
        c->next += i < c->dataset->count;
        pthread_mutex_unlock(&c->lock);
        if (i >= c->dataset->count)
            return NULL;
        check_pair(c->dataset, i, &c->verdicts[i]);
        if (c->verdicts[i].status && (!c->skip_bad || c->verdicts[i].status == P2P_ENOMEM)) {
            pthread_mutex_lock(&c->lock);
            c->stop = true;
            pthread_mutex_unlock(&c->lock);
        }
    }
}

static void run(Check *c, int threads)
{
    pthread_t ids[MAX_THREADS];
    int started = 0;

    pthread_mutex_init(&c->lock, NULL);
    while (started < threads && pthread_create(&ids[started], NULL, work, c) == 0)
        started++;
    if (!started)
        work(c);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    pthread_mutex_destroy(&c->lock);
}

static int first_failure(const Check *c)
{
    for (size_t i = 0; i < c->dataset->count; i++) {
        const Verdict *v = &c->verdicts[i];
        if (v->status && (!c->skip_bad || v->status == P2P_ENOMEM))
            return p2p_fail(v->status, "%s", v->message ? v->message : "no memory");
    }
    return P2P_OK;
}

static void add_size(P2pCheckReport *r, const Verdict *v)
{
    const bool first = r->max_width == 0;

    r->min_width = first ? v->width : p2p_min(r->min_width, v->width);
    r->max_width = p2p_max(r->max_width, v->width);
    r->min_height = first ? v->height : p2p_min(r->min_height, v->height);
    r->max_height = p2p_max(r->max_height, v->height);
}

static void drop_bad(P2pDataset *d, const Check *c, const P2pLog *log)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->count; i++) {
        if (c->verdicts[i].status) {
            const char *why = c->verdicts[i].message;
            p2p_log(log, P2P_LOG_WARN, "skipped: %s", why ? why : d->pairs[i].name);
            p2p_dataset_pair_finish(&d->pairs[i]);
        } else {
            d->pairs[kept++] = d->pairs[i];
        }
    }
    d->count = kept;
}

int p2p_dataset_check(P2pDataset *dataset, const P2pCheckSettings *settings, P2pCheckReport *report)
{
    static const P2pCheckSettings defaults;
    const P2pCheckSettings *s = settings ? settings : &defaults;
    const size_t count = dataset->count;
    Check c = {.dataset = dataset, .skip_bad = s->skip_bad};
    P2pCheckReport r = {0};
    int err;

    if (!(c.verdicts = p2p_alloc(count, sizeof(*c.verdicts))))
        return P2P_ENOMEM;
    run(&c, p2p_min(s->threads, MAX_THREADS));
    err = first_failure(&c);
    for (size_t i = 0; i < count; i++) {
        if (c.verdicts[i].status)
            r.bad++;
        else if (c.verdicts[i].width)
            add_size(&r, &c.verdicts[i]);
    }
    if (!err && r.bad == count)
        err = p2p_fail(P2P_EFORMAT, "none of %zu pictures is usable; the first: %s", count,
                       count && c.verdicts[0].message ? c.verdicts[0].message : "?");
    if (!err && r.bad)
        drop_bad(dataset, &c, s->log);
    for (size_t i = 0; i < count; i++)
        free(c.verdicts[i].message);
    free(c.verdicts);
    if (report)
        *report = r;
    return err;
}
