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
    int width, height;             /* of a half */
    int shown_width, shown_height; /* behind the jitter */
} Verdict;

typedef struct Check {
    const P2pDataset *dataset;
    const P2pCheckSettings *settings;
    Verdict *verdicts;
} Check;

/* What is drawn moves the crop, but does not change sizes. */
static int fit(const Check *c, size_t i, const P2pImage *picture, Verdict *v)
{
    P2pJitter jitter;
    const int err =
        p2p_jitter_draw(&jitter, c->settings->jitter, picture->width, picture->height, 0, 0, i);

    if (err)
        return p2p_fail_prefix(err, "%s", c->dataset->pairs[i].path_a);
    v->shown_width = jitter.width;
    v->shown_height = jitter.height;
    return P2P_OK;
}

/* Input and target, which have one size before but for unaligned ones. */
static int fit_both(const Check *c, size_t i, const P2pImage *input, const P2pImage *target,
                    Verdict *v)
{
    Verdict other;
    int err = fit(c, i, input, v);

    if (err || !c->dataset->unaligned || (err = fit(c, i, target, &other)) < 0)
        return err;
    if (other.shown_width == v->shown_width && other.shown_height == v->shown_height)
        return P2P_OK;
    return p2p_fail(
        P2P_EFORMAT,
        "%s and %s have %d x %d and %d x %d pixels (after preprocessing by %s, in the "
        "direction's order); unpaired pictures take one size: use resize_and_crop, or resize "
        "them",
        c->dataset->pairs[i].path_a, c->dataset->pairs[i].path_b, v->shown_width, v->shown_height,
        other.shown_width, other.shown_height,
        p2p_preprocess_name(c->settings->jitter->preprocess));
}

static int check_pair(void *user, size_t i)
{
    const Check *c = user;
    Verdict *v = &c->verdicts[i];
    P2pImage input, target;
    int err = p2p_dataset_read(c->dataset, i, &input, &target);

    v->width = input.width;
    v->height = input.height;
    if (!err && c->settings->jitter)
        err = fit_both(c, i, &input, &target, v);
    p2p_failure_keep(&v->failure, err);
    p2p_image_finish(&input);
    p2p_image_finish(&target);
    return c->settings->skip_bad && err != P2P_ENOMEM ? P2P_OK : err;
}

static void add_size(P2pCheckReport *r, const Verdict *v)
{
    const bool first = r->max_width == 0;

    r->min_width = first ? v->width : p2p_min(r->min_width, v->width);
    r->max_width = p2p_max(r->max_width, v->width);
    r->min_height = first ? v->height : p2p_min(r->min_height, v->height);
    r->max_height = p2p_max(r->max_height, v->height);
}

/* Each A may meet each B. */
static int check_sizes(const Check *c)
{
    const Verdict *first = NULL;

    for (size_t i = 0; i < c->dataset->count; i++) {
        const Verdict *v = &c->verdicts[i];
        if (v->failure.status)
            continue;
        if (!first)
            first = v;
        if (v->shown_width != first->shown_width || v->shown_height != first->shown_height)
            return p2p_fail(P2P_EFORMAT,
                            "%s: has %d x %d pixels where %s has %d x %d (after --preprocess %s); "
                            "unpaired pictures take one size: use resize_and_crop, or resize "
                            "them",
                            c->dataset->pairs[i].path_a, v->shown_width, v->shown_height,
                            c->dataset->pairs[first - c->verdicts].path_a, first->shown_width,
                            first->shown_height,
                            p2p_preprocess_name(c->settings->jitter->preprocess));
    }
    return P2P_OK;
}

static bool is_joint(const P2pDataset *d)
{
    return !d->single && !d->lab && !d->holes.kind;
}

/* An A|B picture is as a rule twice as wide as high: two of something else are easily taken for it. */
static void tell_shapes(const Check *c)
{
    size_t count = 0, first = 0;

    for (size_t i = 0; i < c->dataset->count && is_joint(c->dataset); i++)
        if (!c->dataset->pairs[i].path_b && !c->verdicts[i].failure.status &&
            2 * c->verdicts[i].width <= c->verdicts[i].height && !count++)
            first = i;
    if (count)
        p2p_log(
            c->settings->log, P2P_LOG_WARN,
            "%s: is not wider than high (%d x %d pixels%s), but its left half is taken for A and "
            "its right half for B",
            c->dataset->pairs[first].path_a, 2 * c->verdicts[first].width,
            c->verdicts[first].height, count > 1 ? ", and others are like it" : "");
}

/* For loaders. */
static void keep_sizes(P2pDataset *d, const Check *c)
{
    for (size_t i = 0; i < d->count; i++) {
        d->pairs[i].width = c->verdicts[i].shown_width;
        d->pairs[i].height = c->verdicts[i].shown_height;
    }
}

static void drop_bad(P2pDataset *d, const Check *c)
{
    size_t kept = 0;

    for (size_t i = 0, partners = d->partners; i < d->count; i++) {
        if (c->verdicts[i].failure.status) {
            d->partners -= i < partners && d->partners > 1;
            const char *why = c->verdicts[i].failure.text;
            p2p_log(c->settings->log, P2P_LOG_WARN, "skipped: %s", why ? why : d->pairs[i].name);
            p2p_dataset_pair_finish(d, &d->pairs[i]);
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
    Check c = {.dataset = dataset, .settings = s};
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
    if (!err && s->jitter && dataset->unaligned)
        err = check_sizes(&c);
    if (!err)
        tell_shapes(&c);
    if (!err)
        keep_sizes(dataset, &c);
    if (!err && r.bad)
        drop_bad(dataset, &c);
    for (size_t i = 0; i < count; i++)
        p2p_failure_finish(&c.verdicts[i].failure);
    free(c.verdicts);
    if (report)
        *report = r;
    return err;
}
