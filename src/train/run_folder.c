/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of a run: which name is which, and what may be where at each moment. */
#include "src/train/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/checkpoint.h"

enum { MAX_LOG_BYTES = 1 << 30 };

int p2p_run_folder_init(P2pRunFolder *f, const char *checkpoints_dir, const char *name)
{
    *f = (P2pRunFolder){.lock = -1};
    f->path = p2p_path_join(checkpoints_dir, name);
    if (!f->path)
        return P2P_ENOMEM;
    f->latest = p2p_path_join(f->path, P2P_LATEST_NAME);
    f->previous = p2p_path_join(f->path, P2P_PREVIOUS_NAME);
    f->log = p2p_path_join(f->path, "loss_log.jsonl");
    f->samples = p2p_path_join(f->path, "samples");
    return f->latest && f->previous && f->log && f->samples ? P2P_OK : P2P_ENOMEM;
}

int p2p_run_folder_claim(P2pRunFolder *f)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int err = p2p_folder_make(f->samples);
    char *path = err ? NULL : p2p_path_join(f->path, "lock");

    if (!path)
        return err ? err : P2P_ENOMEM;
    f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (f->lock < 0)
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be written", path);
    else if (fcntl(f->lock, F_SETLK, &lock) < 0) {
        lock.l_type = F_WRLCK;
        fcntl(f->lock, F_GETLK, &lock);
        err = p2p_fail(P2P_EBUSY,
                       "%s: process %ld is training this run already; stop it or choose "
                       "another --name",
                       f->path, (long)lock.l_pid);
    } else {
        p2p_temporaries_remove(f->path); /* whoever made them has no lock any more */
        p2p_temporaries_remove(f->samples);
    }
    free(path);
    return err;
}

void p2p_run_folder_finish(P2pRunFolder *f)
{
    if (f->lock >= 0)
        close(f->lock);
    free(f->path);
    free(f->latest);
    free(f->previous);
    free(f->log);
    free(f->samples);
    *f = (P2pRunFolder){.lock = -1};
}

bool p2p_run_folder_has_run(const P2pRunFolder *f)
{
    return p2p_file_exists(f->latest) || p2p_file_exists(f->previous);
}

int p2p_run_folder_install(const P2pRunFolder *f, const char *temporary, bool begins)
{
    /* A link leaves the latest in its place; without links there is a moment without a latest. */
    if (!begins && p2p_file_exists(f->latest) && p2p_file_link(f->latest, f->previous) < 0 &&
        rename(f->latest, f->previous) != 0) {
        const int err =
            p2p_fail_errno(P2P_EIO, "%s: cannot be renamed to %s", f->latest, f->previous);
        remove(temporary);
        return err;
    }
    const int err = p2p_file_install(temporary, f->latest);
    if (!err && begins)
        remove(f->previous);
    return err;
}

int p2p_run_folder_restore(const P2pRunFolder *f)
{
    if (p2p_file_link(f->previous, f->latest) < 0 && rename(f->previous, f->latest) != 0)
        return p2p_fail_errno(P2P_EIO, "%s: cannot be renamed to %s", f->previous, f->latest);
    return P2P_OK;
}

/* The step of a line of the log, or -1 for a broken one. */
static long line_step(const char *line, size_t bytes)
{
    json_t *object = json_loadb(line, bytes, 0, NULL);
    json_t *step = json_object_get(object, "step");
    const long value = json_is_integer(step) ? (long)json_integer_value(step) : -1;

    json_decref(object);
    return value;
}

int p2p_run_folder_cut_log(const P2pRunFolder *f, long step)
{
    unsigned char *text;
    size_t bytes, kept = 0;
    int err;

    if (!p2p_file_exists(f->log))
        return P2P_OK;
    if ((err = p2p_file_read(f->log, MAX_LOG_BYTES, &text, &bytes)) < 0)
        return err;
    while (kept < bytes) {
        const unsigned char *end = memchr(text + kept, '\n', bytes - kept);
        const size_t length = end ? (size_t)(end - text) - kept : 0;
        const long at = end ? line_step((const char *)text + kept, length) : -1;
        if (at < 0 || at > step)
            break;
        kept += length + 1;
    }
    if (kept < bytes)
        err = p2p_file_write(f->log, text, kept);
    free(text);
    return err;
}

int p2p_run_folder_log(const P2pRunFolder *f, const P2pTrainProgress *p)
{
    json_t *object = json_pack("{s:i, s:I}", "epoch", p->epoch, "step", (json_int_t)p->step);
    bool whole = object != NULL;
    int err = P2P_OK;

    for (int i = 0; i < p->loss_count; i++)
        whole &= json_object_set_new(object, p->loss_names[i], json_real(p->losses[i])) == 0;
    whole &= json_object_set_new(object, "lr", json_real(p->lr)) == 0;
    whole &= json_object_set_new(object, "seconds_per_step", json_real(p->seconds_per_step)) == 0;
    char *text = whole ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(object);
    FILE *file = text ? fopen(f->log, "ab") : NULL;
    if (!text)
        err = p2p_fail(P2P_ENOMEM, "no memory for a line of the log");
    else if (!file || fprintf(file, "%s\n", text) < 0)
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be written", f->log);
    if (file && fclose(file) != 0 && !err)
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be written", f->log);
    free(text);
    return err;
}

int p2p_run_folder_sample(const P2pRunFolder *f, int epoch, const P2pImage pictures[3])
{
    P2pImage rgb[3] = {{0}}, two = {0}, all = {0};
    char *path = p2p_format("%s/epoch_%03d.png", f->samples, epoch);
    int err = path ? P2P_OK : P2P_ENOMEM;

    for (int i = 0; !err && i < 3; i++)
        err = p2p_image_convert_channels(&pictures[i], 3, &rgb[i]);
    if (!err)
        err = p2p_image_join(&rgb[0], &rgb[1], &two);
    if (!err)
        err = p2p_image_join(&two, &rgb[2], &all);
    if (!err)
        err = p2p_image_write(&all, path, 0);
    for (int i = 0; i < 3; i++)
        p2p_image_finish(&rgb[i]);
    p2p_image_finish(&two);
    p2p_image_finish(&all);
    free(path);
    return err;
}
