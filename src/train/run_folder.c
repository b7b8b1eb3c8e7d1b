/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of a run: which name is which, and what may be where at each moment. */
#include "src/train/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/checkpoint.h"

enum { MAX_LOG_BYTES = 1 << 30 };

static const char lock_name[] = "lock", samples_name[] = "samples";

int p2p_run_folder_init(P2pRunFolder *f, const char *checkpoints_dir, const char *name)
{
    *f = (P2pRunFolder){.lock = -1};
    f->path = p2p_path_join(checkpoints_dir, name);
    if (!f->path)
        return P2P_ENOMEM;
    f->latest = p2p_path_join(f->path, P2P_LATEST_NAME);
    f->previous = p2p_path_join(f->path, P2P_PREVIOUS_NAME);
    f->log = p2p_path_join(f->path, "loss_log.jsonl");
    f->samples = p2p_path_join(f->path, samples_name);
    return f->latest && f->previous && f->log && f->samples ? P2P_OK : P2P_ENOMEM;
}

static bool is_at(int fd, const char *path)
{
    struct stat opened, there;

    return fstat(fd, &opened) == 0 && stat(path, &there) == 0 && opened.st_dev == there.st_dev &&
           opened.st_ino == there.st_ino;
}

/* Again where another process has moved the folder with the file away before it was locked. */
static int take_lock(P2pRunFolder *f, const char *path)
{
    struct flock lock;

    do {
        if (f->lock >= 0)
            close(f->lock);
        f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (f->lock < 0)
            return p2p_fail_errno(P2P_EIO, "%s: cannot be written", path);
        lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(f->lock, F_SETLK, &lock) < 0) {
            fcntl(f->lock, F_GETLK, &lock);
            return p2p_fail(P2P_EBUSY,
                            "%s: process %ld is training this run already; stop it or choose "
                            "another --name",
                            f->path, (long)lock.l_pid);
        }
    } while (!is_at(f->lock, path));
    return P2P_OK;
}

int p2p_run_folder_claim(P2pRunFolder *f)
{
    int err = p2p_folder_make(f->samples);
    char *path = err ? NULL : p2p_path_join(f->path, lock_name);

    if (!path)
        return err ? err : P2P_ENOMEM;
    if ((err = take_lock(f, path)) == P2P_OK) {
        p2p_temporaries_remove(f->path); /* whoever made them has no lock any more */
        p2p_temporaries_remove(f->samples);
    }
    free(path);
    return err;
}

int p2p_run_folder_check_new(const P2pRunFolder *f, bool overwrite)
{
    if (overwrite || !p2p_run_folder_has_run(f))
        return P2P_OK;
    return p2p_fail(P2P_EEXIST,
                    "%s: this run exists; go on with --continue_train, replace it with "
                    "--overwrite, or choose another --name",
                    f->path);
}

/* Whether there is more than what claiming it makes. */
static bool holds_anything(const P2pRunFolder *f)
{
    static const char *const own[] = {".", "..", lock_name, samples_name};
    DIR *dir = opendir(f->path);
    bool found = false;

    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        found = true;
        for (size_t i = 0; i < P2P_COUNT(own); i++)
            found &= strcmp(entry->d_name, own[i]) != 0;
    }
    if (dir)
        closedir(dir);
    return found;
}

/* To the first free NAME.old-N. */
static int move_away(const P2pRunFolder *f, char **moved)
{
    char *to = NULL;

    for (int i = 1; i == 1 || (to && p2p_file_exists(to)); i++) {
        free(to);
        to = p2p_format("%s.old-%d", f->path, i);
    }
    if (!to)
        return P2P_ENOMEM;
    if (rename(f->path, to) != 0) {
        const int err = p2p_fail_errno(P2P_EIO, "%s: cannot be renamed to %s", f->path, to);
        free(to);
        return err;
    }
    *moved = to;
    return P2P_OK;
}

int p2p_run_folder_begin(P2pRunFolder *f, bool overwrite, char **moved)
{
    int err;

    *moved = NULL;
    if ((err = p2p_run_folder_claim(f)) < 0 || (err = p2p_run_folder_check_new(f, overwrite)) < 0)
        return err;
    if (!overwrite || !holds_anything(f))
        return P2P_OK;
    if ((err = move_away(f, moved)) == P2P_OK && (err = p2p_run_folder_claim(f)) < 0)
        p2p_fail_prefix(err, "the run before is now %s", *moved);
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

char *p2p_run_folder_foreign(const P2pRunFolder *f)
{
    static const char *const nets[] = {"G", "D", "G_A", "G_B", "D_A", "D_B"};
    char *list = NULL;

    for (size_t i = 0; i < P2P_COUNT(nets); i++) {
        char *path = p2p_format("%s/latest_net_%s.pth", f->path, nets[i]);
        if (path && p2p_file_exists(path)) {
            char *before = list;
            list = p2p_format("%s%s%s", before ? before : "", before ? "," : "", path);
            free(before);
        }
        free(path);
    }
    return list;
}

int p2p_run_folder_install(const P2pRunFolder *f, const char *temporary)
{
    /* A link leaves the latest in its place; without links there is a moment without a latest. */
    if (p2p_file_exists(f->latest) && p2p_file_link(f->latest, f->previous) < 0 &&
        rename(f->latest, f->previous) != 0) {
        const int err =
            p2p_fail_errno(P2P_EIO, "%s: cannot be renamed to %s", f->latest, f->previous);
        remove(temporary);
        return err;
    }
    return p2p_file_install(temporary, f->latest);
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

/* Takes the object over; NULL, or an entry that it lacks: no memory. */
static int append_line(const P2pRunFolder *f, json_t *object, bool whole)
{
    char *text = whole ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    FILE *file = text ? fopen(f->log, "ab") : NULL;
    int err = P2P_OK;

    json_decref(object);
    if (!text)
        err = p2p_fail(P2P_ENOMEM, "no memory for a line of the log");
    else if (!file || fprintf(file, "%s\n", text) < 0)
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be written", f->log);
    if (file && fclose(file) != 0 && !err)
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be written", f->log);
    free(text);
    return err;
}

int p2p_run_folder_log(const P2pRunFolder *f, const P2pTrainProgress *p)
{
    json_t *object = json_pack("{s:i, s:I}", "epoch", p->epoch, "step", (json_int_t)p->step);
    bool whole = object != NULL;

    for (int i = 0; i < p->loss_count; i++)
        whole &= json_object_set_new(object, p->loss_names[i], json_real(p->losses[i])) == 0;
    whole &= json_object_set_new(object, "lr", json_real(p->lr)) == 0;
    whole &= json_object_set_new(object, "seconds_per_step", json_real(p->seconds_per_step)) == 0;
    return append_line(f, object, whole);
}

/* JSON has no infinite numbers: the PSNR of equal pictures. */
static json_t *finite_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

int p2p_run_folder_log_validation(const P2pRunFolder *f, const P2pTrainValidation *v)
{
    const P2pMetrics *m = &v->metrics;
    json_t *object = json_pack("{s:i, s:I, s:I, s:o, s:o, s:o, s:b}", "epoch", v->epoch, "step",
                               (json_int_t)v->step, "val_pictures", (json_int_t)v->pictures,
                               "val_L1", finite_or_null(m->l1), "val_PSNR", finite_or_null(m->psnr),
                               "val_SSIM", finite_or_null(m->ssim), "best", v->best);

    return append_line(f, object, object != NULL);
}

int p2p_run_folder_sample(const P2pRunFolder *f, int epoch, long step, const P2pImage *pictures,
                          int count)
{
    char *path = epoch ? p2p_format("%s/epoch_%03d.png", f->samples, epoch)
                       : p2p_format("%s/step_%07ld.jpg", f->samples, step);
    P2pImage all = {0};
    int err = path ? P2P_OK : P2P_ENOMEM;

    if (!err)
        err = p2p_image_join_all(pictures, count, &all);
    if (!err)
        err = p2p_image_write(&all, path, 0);
    p2p_image_finish(&all);
    free(path);
    return err;
}
