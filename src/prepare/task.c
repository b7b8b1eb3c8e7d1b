/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries out tasks: nothing is written before all names are known to be harmless; what is wrong with a
 * picture ends no more than the picture; lack of memory or of room ends all.
 */
#include "src/prepare/task.h"

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"
#include "src/data/codec.h"
#include "src/data/folder.h"

const P2pPrepareSettings p2p_prepare_defaults;

void p2p_counter_init(P2pCounter *c, size_t total, P2pProgress progress, void *user)
{
    *c = (P2pCounter){.progress = progress, .user = user, .total = total};
    pthread_mutex_init(&c->lock, NULL);
}

int p2p_counter_add(P2pCounter *c)
{
    pthread_mutex_lock(&c->lock);
    const size_t done = ++c->done;
    if (!c->stopped && c->progress)
        c->stopped = c->progress(c->user, done, c->total);
    const bool stopped = c->stopped;
    pthread_mutex_unlock(&c->lock);
    return stopped ? p2p_fail(P2P_ESTOPPED, "stopped after %zu of %zu pictures", done, c->total)
                   : P2P_OK;
}

void p2p_counter_finish(P2pCounter *c)
{
    pthread_mutex_destroy(&c->lock);
}

int p2p_task_init(P2pTask *task, size_t count, bool two, const P2pPrepareSettings *settings)
{
    *task = (P2pTask){.settings = settings, .count = count};
    task->out = p2p_alloc(count, sizeof(*task->out));
    task->from[0] = p2p_alloc(count, sizeof(*task->from[0]));
    task->from[1] = two ? p2p_alloc(count, sizeof(*task->from[1])) : NULL;
    return task->out && task->from[0] && (!two || task->from[1]) ? P2P_OK : P2P_ENOMEM;
}

void p2p_task_finish(P2pTask *task)
{
    p2p_names_free(task->out, task->out ? task->count : 0);
    for (int i = 0; i < 2; i++)
        p2p_names_free(task->from[i], task->from[i] ? task->count : 0);
    *task = (P2pTask){0};
}

int p2p_task_set(P2pTask *task, size_t i, const char *folder, const char *name,
                 const char *folder_out, const char *sub)
{
    const char *suffix = p2p_codecs[task->settings->format].suffixes[0];
    char *result = task->make ? p2p_format("%s%s%.*s%s", sub, *sub ? "/" : "",
                                           (int)p2p_stem_length(name), name, suffix)
                              : p2p_format("%s%s%s", sub, *sub ? "/" : "", name);

    task->from[0][i] = p2p_path_join(folder, name);
    task->out[i] = result ? p2p_path_join(folder_out, result) : NULL;
    free(result);
    return task->from[0][i] && task->out[i] ? P2P_OK : P2P_ENOMEM;
}

static int check(const P2pTask *task)
{
    int err = P2P_OK;

    for (int i = 0; !err && i < 2 && task->from[i]; i++)
        err = p2p_outputs_check((const char *const *)task->out, task->count,
                                (const char *const *)task->from[i], task->count);
    return err;
}

int p2p_task_read(const P2pPrepareSettings *settings, const char *path, P2pImage *image)
{
    const int err = p2p_image_read(image, path, settings->max_pixels);

    return err || settings->no_exif ? err : p2p_image_upright(image);
}

int p2p_task_list(const char *folder, const char *folder_out, const P2pPrepareSettings *settings,
                  char ***names, size_t *count)
{
    const P2pWalkSettings how = {.except = folder_out, .log = settings->log};
    const int err = p2p_folder_stems(folder, &how, names, count);

    return err || *count ? err
                         : p2p_fail(P2P_EFORMAT,
                                    "%s: has no pictures (.png, .jpg, .tif ...), nor have its "
                                    "subfolders",
                                    folder);
}

/* ---- Running ------------------------------------------------------------------------------- */

typedef struct Run {
    const P2pTask *task;
    P2pCounter counter;
    pthread_mutex_t lock; /* over all below */
    P2pPrepareReport report;
    size_t first;       /* of the bad ones */
    P2pFailure failure; /* its own */
} Run;

static void note_bad(Run *r, size_t i, int err)
{
    p2p_log(r->task->settings->log, P2P_LOG_WARN, "left out: %s", p2p_error());
    pthread_mutex_lock(&r->lock);
    if (!r->report.bad++ || i < r->first) {
        p2p_failure_keep(&r->failure, err);
        r->first = i;
    }
    pthread_mutex_unlock(&r->lock);
}

static void note_written(Run *r)
{
    pthread_mutex_lock(&r->lock);
    r->report.written++;
    pthread_mutex_unlock(&r->lock);
}

static int write_result(const P2pTask *t, size_t i, const P2pImage *picture)
{
    if (t->settings->dry_run) {
        p2p_log(t->settings->log, P2P_LOG_INFO, "%s -> %s", t->from[0][i], t->out[i]);
        return P2P_OK;
    }
    const int err = p2p_folder_make_for(t->out[i]);
    if (err)
        return err;
    return t->make ? p2p_image_write(picture, t->out[i], t->settings->quality)
                   : p2p_file_copy(t->from[0][i], t->out[i]);
}

static int do_one(void *user, size_t i)
{
    Run *r = user;
    const P2pTask *t = r->task;
    P2pImage picture = {0};
    int err = t->make ? t->make(t, i, &picture) : P2P_OK;

    if (err && err != P2P_ENOMEM) {
        note_bad(r, i, err);
        err = P2P_OK;
    } else if (!err && !(err = write_result(t, i, &picture))) {
        note_written(r);
    }
    p2p_image_finish(&picture);
    return err ? err : p2p_counter_add(&r->counter);
}

static int run_all(Run *r)
{
    const P2pTask *t = r->task;
    const P2pPrepareSettings *s = t->settings;

    pthread_mutex_init(&r->lock, NULL);
    int err = p2p_parallel(s->threads, t->count, do_one, r);
    pthread_mutex_destroy(&r->lock);
    p2p_counter_finish(&r->counter);
    if (!err && r->report.bad && (!s->skip_bad || !r->report.written))
        err = p2p_fail(P2P_EFORMAT, "%zu of %zu %s; the first: %s", r->report.bad, t->count, t->bad,
                       r->failure.text ? r->failure.text : "?");
    p2p_failure_finish(&r->failure);
    return err;
}

int p2p_task_run(P2pTask *task, int err, P2pProgress progress, void *user, P2pPrepareReport *report)
{
    Run r = {.task = task};

    if (!err)
        err = check(task);
    if (!err) {
        p2p_counter_init(&r.counter, task->count, progress, user);
        err = run_all(&r);
    }
    p2p_task_finish(task);
    if (report)
        *report = r.report;
    return err;
}
