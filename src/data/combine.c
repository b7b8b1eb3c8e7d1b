/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins two folders of pictures into one of A|B pictures, with their subfolders. All names are
 * matched before anything is written; nothing is skipped silently.
 */
#include <string.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"
#include "src/data/folder.h"

typedef struct Plan {
    const P2pCombineSettings *settings;
    char **a, **b, **out; /* paths, [count] each; NULL where memory was lacking */
    size_t count;
    P2pFailure first; /* of the pairs that cannot be joined */
} Plan;

static void plan_finish(Plan *plan)
{
    p2p_names_free(plan->a, plan->a ? plan->count : 0);
    p2p_names_free(plan->b, plan->b ? plan->count : 0);
    p2p_names_free(plan->out, plan->out ? plan->count : 0);
    p2p_failure_finish(&plan->first);
}

/* Names to paths: the partners' own, and of both the result's. */
static int plan_paths(Plan *p, const char *folder_a, char *const *a, const char *folder_b,
                      char *const *b, const char *folder_out)
{
    const char *suffix = p->settings->format == P2P_IMAGE_JPEG ? ".jpg" : ".png";

    p->a = p2p_alloc(p->count, sizeof(*p->a));
    p->b = p2p_alloc(p->count, sizeof(*p->b));
    p->out = p2p_alloc(p->count, sizeof(*p->out));
    if (!p->a || !p->b || !p->out)
        return P2P_ENOMEM;
    for (size_t i = 0; i < p->count; i++) {
        char *name = p2p_format("%.*s%s", (int)p2p_stem_length(a[i]), a[i], suffix);
        p->a[i] = p2p_path_join(folder_a, a[i]);
        p->b[i] = p2p_path_join(folder_b, b[i]);
        p->out[i] = name ? p2p_path_join(folder_out, name) : NULL;
        free(name);
        if (!p->a[i] || !p->b[i] || !p->out[i])
            return P2P_ENOMEM;
    }
    return P2P_OK;
}

static int check_outputs(const Plan *p)
{
    int err;

    if ((err = p2p_outputs_check((const char *const *)p->out, p->count, (const char *const *)p->a,
                                 p->count)) < 0)
        return err;
    return p2p_outputs_check((const char *const *)p->out, p->count, (const char *const *)p->b,
                             p->count);
}

static int plan_init(Plan *p, const char *folder_a, const char *folder_b, const char *folder_out)
{
    const P2pWalkSettings how = {.except = folder_out, .log = p->settings->log};
    char **a = NULL, **b = NULL;
    size_t count_a = 0, count_b = 0;
    int err = p2p_folder_stems(folder_a, &how, &a, &count_a);

    if (!err)
        err = p2p_folder_stems(folder_b, &how, &b, &count_b);
    if (!err)
        err = p2p_folder_match(folder_a, a, count_a, folder_b, b, count_b);
    if (!err && !count_a)
        err = p2p_fail(P2P_EFORMAT,
                       "%s: has no pictures (.png, .jpg, .tif ...), nor have its subfolders",
                       folder_a);
    p->count = err ? 0 : count_a;
    if (!err)
        err = plan_paths(p, folder_a, a, folder_b, b, folder_out);
    if (!err)
        err = check_outputs(p);
    p2p_names_free(a, count_a);
    p2p_names_free(b, count_b);
    return err;
}

/* Both to the same channels and bits, then side by side. */
static int join(const P2pImage *a, const P2pImage *b, P2pImage *out)
{
    const P2pImage *in[2] = {a, b};
    const int channels = p2p_max(a->channels, b->channels), bits = p2p_max(a->bits, b->bits);
    P2pImage wide[2] = {{0}, {0}}, equal[2] = {{0}, {0}};
    int err = P2P_OK;

    for (int i = 0; i < 2 && !err; i++) {
        err = p2p_image_convert_channels(in[i], channels, &wide[i]);
        if (!err)
            err = p2p_image_convert_bits(&wide[i], bits, &equal[i]);
    }
    if (!err)
        err = p2p_image_join(&equal[0], &equal[1], out);
    for (int i = 0; i < 2; i++) {
        p2p_image_finish(&wide[i]);
        p2p_image_finish(&equal[i]);
    }
    return err;
}

static int read_one(const Plan *p, const char *path, P2pImage *image)
{
    const int err = p2p_image_read(image, path, p->settings->max_pixels);

    return err || p->settings->no_exif ? err : p2p_image_upright(image);
}

/* The pair i side by side. */
static int read_pair(const Plan *p, size_t i, P2pImage *both)
{
    P2pImage a = {0}, b = {0};
    int err = read_one(p, p->a[i], &a);

    if (!err)
        err = read_one(p, p->b[i], &b);
    if (!err && (a.width != b.width || a.height != b.height))
        err = p2p_fail(P2P_EFORMAT,
                       "%s: has %d x %d pixels, but its partner %s has %d x %d; "
                       "resize one of them",
                       p->a[i], a.width, a.height, p->b[i], b.width, b.height);
    if (!err)
        err = join(&a, &b, both);
    p2p_image_finish(&a);
    p2p_image_finish(&b);
    return err;
}

static int write_pair(const Plan *p, size_t i, const P2pImage *both)
{
    const int err = p2p_folder_make_for(p->out[i]);

    return err ? err : p2p_image_write(both, p->out[i], p->settings->quality);
}

/* What is wrong with a pair ends no more than the pair; lack of memory or of room ends all. */
static int combine_pair(Plan *p, size_t i, P2pCombineReport *report)
{
    P2pImage both = {0};
    int err = read_pair(p, i, &both);

    if (!err) {
        err = write_pair(p, i, &both);
        report->written += !err;
    } else if (err != P2P_ENOMEM) {
        p2p_log(p->settings->log, P2P_LOG_WARN, "left out: %s", p2p_error());
        if (!report->bad++)
            p2p_failure_keep(&p->first, err);
        err = P2P_OK;
    }
    p2p_image_finish(&both);
    return err;
}

static int combine_all(Plan *p, P2pProgress progress, void *user, P2pCombineReport *report)
{
    int err;

    for (size_t i = 0; i < p->count; i++) {
        if ((err = combine_pair(p, i, report)) < 0)
            return err;
        if (progress && progress(user, i + 1, p->count))
            return p2p_fail(P2P_ESTOPPED, "stopped after %zu of %zu pictures", i + 1, p->count);
    }
    if (report->bad && (!p->settings->skip_bad || !report->written))
        return p2p_fail(P2P_EFORMAT, "%zu of %zu pairs cannot be joined; the first: %s",
                        report->bad, p->count, p->first.text ? p->first.text : "?");
    return P2P_OK;
}

int p2p_data_combine(const char *folder_a, const char *folder_b, const char *folder_out,
                     const P2pCombineSettings *settings, P2pProgress progress, void *user,
                     P2pCombineReport *report)
{
    P2P_NEED(folder_a);
    P2P_NEED(folder_b);
    P2P_NEED(folder_out);

    static const P2pCombineSettings defaults;
    Plan plan = {.settings = settings ? settings : &defaults};
    P2pCombineReport r = {0};
    P2P_NEED_RANGE("format", plan.settings->format, P2P_IMAGE_PNG, P2P_IMAGE_JPEG);
    P2P_NEED_RANGE("quality", plan.settings->quality, 0, 100);
    int err = plan_init(&plan, folder_a, folder_b, folder_out);

    if (!err)
        err = combine_all(&plan, progress, user, &r);
    plan_finish(&plan);
    if (report)
        *report = r;
    return err;
}
