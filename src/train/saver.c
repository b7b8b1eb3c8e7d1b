/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread for each save; the trainer's thread joins it before the next one. */
#include "src/train/saver.h"

#include <pthread.h>
#include <stdatomic.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"

struct P2pSaver {
    P2pSaverSettings settings;
    P2pCheckpointWriter *writer;
    P2pWriter file; /* of the running save, beside its final name */
    pthread_t thread;
    bool running;     /* the thread is to be joined */
    bool fresh;       /* a save has ended that was not told yet */
    atomic_bool done; /* by the thread: it needs no waiting */
    int epoch;
    long step;
    bool iter, best;
    double writing;     /* seconds that the steps waited */
    P2pFailure failure; /* to the trainer */
};

int p2p_saver_create(P2pSaver **out, const P2pSaverSettings *settings)
{
    P2pSaver *s = *out = p2p_alloc(1, sizeof(*s));
    int err = s ? p2p_checkpoint_writer_create(&s->writer, &settings->content) : P2P_ENOMEM;

    if (!err) {
        s->settings = *settings;
    } else {
        p2p_saver_destroy(out);
    }
    return err;
}

void p2p_saver_destroy(P2pSaver **saver)
{
    if (!*saver)
        return;
    if ((*saver)->running)
        pthread_join((*saver)->thread, NULL);
    p2p_checkpoint_writer_destroy(&(*saver)->writer);
    p2p_failure_finish(&(*saver)->failure);
    free(*saver);
    *saver = NULL;
}

/* What the disk holds, or the system for it, is what was written. */
static int read_back(const char *path)
{
    P2pTensorFile *file = NULL;
    int err = p2p_safetensors_read(&file, path);

    if (!err)
        err = p2p_tensor_file_verify(file, NULL);
    p2p_tensor_file_close(&file);
    return err;
}

/* Keep the checkpoint under another name too, which is freed: a link, or a copy where links fail. */
static int keep(P2pSaver *s, const char *temporary, char *name)
{
    char *path = name ? p2p_path_join(s->settings.folder->path, name) : NULL;
    const size_t bytes = p2p_checkpoint_writer_bytes(s->writer);
    int err = path ? p2p_file_link(temporary, path) : P2P_ENOMEM;

    if (err && path && (err = p2p_file_check_space(path, bytes)) == P2P_OK)
        err = p2p_file_copy(temporary, path);
    free(path);
    free(name);
    return err;
}

/* The other names come first: a run that goes on from the latest would not make it any more. */
static int complete(P2pSaver *s)
{
    int err = p2p_writer_flush(&s->file);

    if (!err)
        err = read_back(s->file.temporary);
    if (!err && s->epoch)
        err = keep(s, s->file.temporary, p2p_format("%d.safetensors", s->epoch));
    if (!err && s->iter)
        err = keep(s, s->file.temporary, p2p_format("iter_%ld.safetensors", s->step));
    if (!err && s->best)
        err = keep(s, s->file.temporary, p2p_strdup("best.safetensors"));
    if (!err)
        err = p2p_run_folder_install(s->settings.folder, s->file.temporary);
    p2p_writer_close(&s->file); /* removes what was not installed */
    return err;
}

static int fail_save(const P2pSaver *s, int err)
{
    return err ? p2p_fail_prefix(err, "saving after step %ld", s->step) : P2P_OK;
}

static void *work(void *user)
{
    P2pSaver *s = user;
    const double start = p2p_seconds();

    p2p_failure_keep(&s->failure, fail_save(s, complete(s)));
    p2p_log(s->settings.log, P2P_LOG_DEBUG,
            "saving: steps waited for %.3f s, flushed and verified in %.2f s%s", s->writing,
            p2p_seconds() - start, s->running ? " beside them" : "");
    atomic_store(&s->done, true);
    return NULL;
}

/* Into a file beside the latest; there is room for it before the first byte. */
static int write_file(P2pSaver *s, const P2pSave *save)
{
    const char *latest = s->settings.folder->latest;
    int err = p2p_file_check_space(latest, p2p_checkpoint_writer_bytes(s->writer));

    if (!err && (err = p2p_writer_open(&s->file, latest)) == P2P_OK &&
        (err = p2p_checkpoint_write(s->writer, &s->file, save->options, save->position,
                                    save->variants)) < 0)
        p2p_writer_close(&s->file);
    return err;
}

int p2p_saver_save(P2pSaver *s, const P2pSave *save)
{
    bool saved;
    int err = p2p_saver_poll(s, true, &saved);
    const double start = p2p_seconds();

    if (err)
        return err;
    s->epoch = save->epoch;
    s->iter = save->iter;
    s->best = save->best;
    s->step = save->position->step;
    if ((err = write_file(s, save)) < 0)
        return fail_save(s, err);
    s->writing = p2p_seconds() - start;
    s->fresh = s->running = true;
    atomic_store(&s->done, false);
    if (pthread_create(&s->thread, NULL, work, s) != 0) {
        s->running = false;
        work(s);
    }
    return P2P_OK;
}

int p2p_saver_poll(P2pSaver *s, bool wait, bool *saved)
{
    *saved = false;
    if (!s->fresh || (!wait && !atomic_load(&s->done)))
        return P2P_OK;
    if (s->running)
        pthread_join(s->thread, NULL);
    s->running = s->fresh = false;
    *saved = !s->failure.status;
    return p2p_failure_tell(&s->failure);
}
