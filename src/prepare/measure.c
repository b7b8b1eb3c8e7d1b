/* SPDX-License-Identifier: BSD-2-Clause */
/* Measures a folder of results against its targets. */
#include <math.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"
#include "src/data/folder.h"
#include "src/prepare/task.h"

typedef struct Pairs {
    const P2pMeasureSettings *settings;
    char **results, **targets, **names; /* paths, and what each is called */
    size_t count;
    P2pMetrics *metrics;
    uint64_t *counts; /* of labels, all pictures */
    size_t classes;
    pthread_mutex_t lock; /* over counts */
    P2pCounter counter;
} Pairs;

static void pairs_finish(Pairs *p)
{
    p2p_names_free(p->results, p->results ? p->count : 0);
    p2p_names_free(p->targets, p->targets ? p->count : 0);
    p2p_names_free(p->names, p->names ? p->count : 0);
    free(p->metrics);
    free(p->counts);
}

static int pairs_init(Pairs *p, size_t count)
{
    p->count = count;
    p->classes = p->settings->labels ? p2p_labels_count(p->settings->labels) : 0;
    p->results = p2p_alloc(count, sizeof(*p->results));
    p->targets = p2p_alloc(count, sizeof(*p->targets));
    p->names = p2p_alloc(count, sizeof(*p->names));
    p->metrics = p2p_alloc(count, sizeof(*p->metrics));
    p->counts = p2p_alloc(p->classes * p->classes + 1, sizeof(*p->counts));
    return p->results && p->targets && p->names && p->metrics && p->counts ? P2P_OK : P2P_ENOMEM;
}

static int set(Pairs *p, size_t i, const char *results, const char *result, const char *targets,
               const char *target, size_t length)
{
    p->results[i] = p2p_path_join(results, result);
    p->targets[i] = p2p_path_join(targets, target);
    p->names[i] = p2p_format("%.*s", (int)length, result);
    return p->results[i] && p->targets[i] && p->names[i] ? P2P_OK : P2P_ENOMEM;
}

/* ---- Two folders --------------------------------------------------------------------------- */

static int pair_folders(Pairs *p, const char *results, const char *targets)
{
    const P2pPrepareSettings how = {.log = p->settings->log};
    char **a = NULL, **b = NULL;
    size_t count_a = 0, count_b = 0;
    int err = p2p_task_list(results, NULL, &how, &a, &count_a);

    if (!err)
        err = p2p_task_list(targets, NULL, &how, &b, &count_b);
    if (!err)
        err = p2p_folder_match(results, a, count_a, targets, b, count_b);
    if (!err)
        err = pairs_init(p, count_a);
    for (size_t i = 0; !err && i < count_a; i++)
        err = set(p, i, results, a[i], targets, b[i], p2p_stem_length(a[i]));
    p2p_names_free(a, count_a);
    p2p_names_free(b, count_b);
    return err;
}

/* ---- One folder of results ----------------------------------------------------------------- */

/* Ends of names by which results and targets are told, those of each kind of test. */
static const struct {
    const char *fake, *real;
} kinds[] = {{"_fake_B", "_real_B"}, {"_fake_B_rgb", "_real_B_rgb"}, {"_output", "_target"}};

/* Length of a name in front of an end and the suffix; 0: it has none. */
static size_t before(const char *name, const char *end)
{
    const size_t stem = p2p_stem_length(name), n = strlen(end);

    return stem > n && strncmp(name + stem - n, end, n) == 0 ? stem - n : 0;
}

/* How many names end so. */
static size_t count_ends(char *const *names, size_t count, const char *end)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += before(names[i], end) > 0;
    return found;
}

/* The name of X_real_B where there is X_fake_B; count: none. */
static size_t find_real(char *const *names, size_t count, const char *fake_name, size_t n,
                        const char *real)
{

    for (size_t i = 0; i < count; i++)
        if (before(names[i], real) == n && strncmp(names[i], fake_name, n) == 0)
            return i;
    return count;
}

static int pair_results(Pairs *p, const char *folder)
{
    const P2pPrepareSettings how = {.log = p->settings->log};
    char **names = NULL;
    size_t count = 0, fakes = 0, at = 0, kind = 0;
    int err = p2p_task_list(folder, NULL, &how, &names, &count);

    while (!err && !(fakes = count_ends(names, count, kinds[kind].fake)) &&
           kind + 1 < P2P_COUNT(kinds))
        kind++;
    const char *fake = kinds[kind].fake, *real = kinds[kind].real;
    if (!err && !fakes)
        err = p2p_fail(
            P2P_EFORMAT,
            "%s: has no picture X_fake_B.png or X_output.png; name a folder of targets too",
            folder);
    if (!err)
        err = pairs_init(p, fakes);
    for (size_t i = 0; !err && i < count; i++) {
        const size_t n = before(names[i], fake);
        if (!n)
            continue;
        const size_t k = find_real(names, count, names[i], n, real);
        err = k < count ? set(p, at++, folder, names[i], folder, names[k], n)
                        : p2p_fail(P2P_EFORMAT, "%s/%s: has no partner %.*s%s.png", folder,
                                   names[i], (int)n, names[i], real);
    }
    p2p_names_free(names, count);
    return err;
}

/* ---- Measuring ----------------------------------------------------------------------------- */

/* Alpha is no colour: both to grey or RGB, whichever has more. */
static int to_equal_channels(P2pImage *image, int channels)
{
    P2pImage out = {0};
    const int err = p2p_image_convert_channels(image, channels, &out);

    p2p_image_finish(image);
    *image = out;
    return err;
}

static int compare(Pairs *p, size_t i, P2pImage *is, P2pImage *should)
{
    const int channels = p2p_max(is->channels, should->channels) < 3 ? 1 : 3;
    int err = to_equal_channels(is, channels);

    if (!err)
        err = to_equal_channels(should, channels);
    if (!err)
        err = p2p_image_compare(is, should, &p->metrics[i]);
    if (!err && p->classes) {
        pthread_mutex_lock(&p->lock);
        err = p2p_labels_compare(p->settings->labels, is, should, p->counts);
        pthread_mutex_unlock(&p->lock);
    }
    return err;
}

static int measure(void *user, size_t i)
{
    Pairs *p = user;
    P2pImage is = {0}, should = {0};
    int err = p2p_image_read(&is, p->results[i], p->settings->max_pixels);

    if (!err)
        err = p2p_image_read(&should, p->targets[i], p->settings->max_pixels);
    if (!err && (is.width != should.width || is.height != should.height))
        err = p2p_fail(P2P_EFORMAT, "%s: has %d x %d pixels, its target %s %d x %d", p->results[i],
                       is.width, is.height, p->targets[i], should.width, should.height);
    else if (!err && (err = compare(p, i, &is, &should)) == P2P_EINVAL)
        err = p2p_fail_prefix(err, "%s", p->results[i]);
    p2p_image_finish(&is);
    p2p_image_finish(&should);
    return err ? err : p2p_counter_add(&p->counter);
}

/* Mean of those that are numbers. */
typedef struct Mean {
    double sum;
    size_t count;
} Mean;

static void mean_add(Mean *m, double value)
{
    if (!isnan(value)) {
        m->sum += value;
        m->count++;
    }
}

static double mean_of(const Mean *m)
{
    return m->count ? m->sum / (double)m->count : (double)NAN;
}

static void sum_up(const Pairs *p, P2pMeasured *out, P2pMeasure each, void *user)
{
    Mean l1 = {0}, psnr = {0}, ssim = {0}, ms_ssim = {0};

    for (size_t i = 0; i < p->count; i++) {
        const P2pMetrics *m = &p->metrics[i];
        mean_add(&l1, m->l1);
        mean_add(&psnr, fmin(m->psnr, 99));
        mean_add(&ssim, m->ssim);
        mean_add(&ms_ssim, m->ms_ssim);
        if (each)
            each(user, p->names[i], m);
    }
    out->count = p->count;
    out->mean = (P2pMetrics){mean_of(&l1), mean_of(&psnr), mean_of(&ssim), mean_of(&ms_ssim)};
    p2p_labels_score(&out->scores, p->counts, p->classes);
}

int p2p_measure_folder(P2pMeasured *out, const char *results, const char *targets,
                       const P2pMeasureSettings *settings, P2pMeasure each, void *each_user,
                       P2pProgress progress, void *user)
{
    static const P2pMeasureSettings defaults;

    P2P_NEED(out);
    *out = (P2pMeasured){0};
    P2P_NEED(results);
    Pairs pairs = {.settings = settings ? settings : &defaults};
    P2P_NEED_RANGE("threads", pairs.settings->threads, 0, 256);

    int err = targets ? pair_folders(&pairs, results, targets) : pair_results(&pairs, results);
    pthread_mutex_init(&pairs.lock, NULL);
    p2p_counter_init(&pairs.counter, pairs.count, progress, user);
    if (!err)
        err = p2p_parallel(pairs.settings->threads, pairs.count, measure, &pairs);
    p2p_counter_finish(&pairs.counter);
    pthread_mutex_destroy(&pairs.lock);
    if (!err)
        sum_up(&pairs, out, each, each_user);
    pairs_finish(&pairs);
    return err;
}
