/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodes every pair of a set once, in several threads, and reports or takes out the unusable.
 * The result does not depend on the number of threads: the first failure by name counts.
 */
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"
#include "src/data/dataset.h"

typedef struct Verdict {
    P2pFailure failure;
    int width, height;
} Verdict;

typedef struct Check {
    const P2pDataset *dataset;
    Verdict *verdicts;
    bool skip_bad;
} Check;

static int check_pair(void *user, size_t i)
{
    const Check *c = user;
    Verdict *v = &c->verdicts[i];
    P2pImage input, target;
    const int err = p2p_dataset_read(c->dataset, i, &input, &target);

    v->width = input.width;
    v->height = input.height;
    p2p_failure_keep(&v->failure, err);
    p2p_image_finish(&input);
    p2p_image_finish(&target);
    return c->skip_bad && err != P2P_ENOMEM ? P2P_OK : err;
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
        if (c->verdicts[i].failure.status) {
            const char *why = c->verdicts[i].failure.text;
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
    P2P_NEED(dataset);

    static const P2pCheckSettings defaults;
    const P2pCheckSettings *s = settings ? settings : &defaults;
    P2P_REQUIRE(s->threads >= 0, "threads is %d, it must be 0 or more", s->threads);
    const size_t count = dataset->count;
    Check c = {.dataset = dataset, .skip_bad = s->skip_bad};
    P2pCheckReport r = {0};
    int err;

    if (!(c.verdicts = p2p_alloc(count, sizeof(*c.verdicts))))
        return P2P_ENOMEM;
    err = p2p_parallel(s->threads, count, check_pair, &c);
    for (size_t i = 0; i < count; i++) {
        if (c.verdicts[i].failure.status)
            r.bad++;
        else if (c.verdicts[i].width)
            add_size(&r, &c.verdicts[i]);
    }
    if (!err && r.bad == count)
        err = p2p_fail(P2P_EFORMAT, "none of %zu pictures is usable; the first: %s", count,
                       count && c.verdicts[0].failure.text ? c.verdicts[0].failure.text : "?");
    if (!err && r.bad)
        drop_bad(dataset, &c, s->log);
    for (size_t i = 0; i < count; i++)
        p2p_failure_finish(&c.verdicts[i].failure);
    free(c.verdicts);
    if (report)
        *report = r;
    return err;
}
