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
    pthread_t thread;
    bool running;     /* the thread is to be joined */
    bool fresh;       /* a save has ended that was not told yet */
    atomic_bool done; /* by the thread: it needs no waiting */
    int epoch;
    long step;
    bool beside;        /* in the thread */
    double copying;     /* seconds */
    P2pFailure failure; /* to the trainer */
};

int p2p_saver_create(P2pSaver **out, const P2pSaverSettings *settings, P2pNet *const nets[],
                     int count)
{
    P2pSaver *s = *out = p2p_alloc(1, sizeof(*s));
    int err =
        s ? p2p_checkpoint_writer_create(&s->writer, nets, count, settings->variants) : P2P_ENOMEM;

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

/* Beside its final name, flushed and read back; there is room for it before the first byte. */
static int write_temporary(P2pSaver *s, const char *temporary)
{
    P2pTensorFile *file = NULL;
    int err =
        p2p_file_check_space(s->settings.folder->latest, p2p_checkpoint_writer_bytes(s->writer));

    if (!err)
        err = p2p_checkpoint_write(s->writer, temporary);
    if (!err && (err = p2p_safetensors_read(&file, temporary)) == P2P_OK)
        err = p2p_tensor_file_verify(file, NULL);
    p2p_tensor_file_close(&file);
    return err;
}

/* Keep the checkpoint under its epoch's name too: a link, or a copy where links fail. */
static int keep_epoch(P2pSaver *s, const char *temporary)
{
    char *path = p2p_format("%s/%d.safetensors", s->settings.folder->path, s->epoch);
    const size_t bytes = p2p_checkpoint_writer_bytes(s->writer);
    int err = path ? p2p_file_link(temporary, path) : P2P_ENOMEM;

    if (err && path && (err = p2p_file_check_space(path, bytes)) == P2P_OK)
        err = p2p_checkpoint_write(s->writer, path);
    free(path);
    return err;
}

/* The epoch's name comes first: a run that goes on from the latest would not make it any more. */
static int save_all(P2pSaver *s)
{
    char *temporary = p2p_temporary_name(s->settings.folder->latest);
    int err = temporary ? write_temporary(s, temporary) : P2P_ENOMEM;

    if (!err && s->epoch)
        err = keep_epoch(s, temporary);
    if (!err)
        err = p2p_run_folder_install(s->settings.folder, temporary);
    else if (temporary)
        remove(temporary);
    free(temporary);
    return err;
}

static void *work(void *user)
{
    P2pSaver *s = user;
    const double start = p2p_seconds();

    const int err = save_all(s);
    if (err)
        p2p_fail_prefix(err, "saving after step %ld", s->step);
    p2p_failure_keep(&s->failure, err);
    p2p_log(s->settings.log, P2P_LOG_DEBUG, "saving: copied in %.3f s, written in %.2f s%s",
            s->copying, p2p_seconds() - start, s->beside ? " beside the steps" : "");
    atomic_store(&s->done, true);
    return NULL;
}

int p2p_saver_save(P2pSaver *s, const P2pSave *save)
{
    bool saved, copy = !save->now;
    int err = p2p_saver_poll(s, true, &saved);
    const double start = p2p_seconds();

    if (err)
        return err;
    err = p2p_checkpoint_writer_take(s->writer, save->options, save->position, copy);
    if (err == P2P_ENOMEM && copy) {
        p2p_log(s->settings.log, P2P_LOG_DEBUG, "%s; saving at once instead", p2p_error());
        copy = false;
        err = p2p_checkpoint_writer_take(s->writer, save->options, save->position, copy);
    }
    if (err)
        return err;
    s->copying = p2p_seconds() - start;
    s->epoch = save->epoch;
    s->step = save->position->step;
    s->fresh = true;
    atomic_store(&s->done, false);
    s->beside = copy;
    s->running = copy && pthread_create(&s->thread, NULL, work, s) == 0;
    if (!s->running) {
        s->beside = false;
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
