/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pictures of a folder and its subfolders, by their suffix, and a word on all that is left out.
 * Opens no file; links that lead back and folders without end come to an end.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/folder.h"

enum {
    MAX_DEPTH = 32,
    MAX_FOLDERS = 100000,
    MAX_KINDS = 24,
    KIND_BYTES = 32,
};

/* Files of one kind that are left out. */
typedef struct Kind {
    char name[KIND_BYTES];
    size_t count;
} Kind;

typedef struct Walk {
    const P2pWalkSettings *settings;
    const char *root;
    struct stat except; /* no folder where st_ino is 0 */
    void *names;
    size_t count, capacity, folders;
    Kind kinds[MAX_KINDS]; /* the last one takes what finds no room */
    int kind_count;
} Walk;

/* A folder on the way from the root to where the walk is. */
typedef struct Level {
    const struct Level *above;
    const char *path; /* from the root on, "" for itself */
    struct stat st;
    int depth;
} Level;

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* ---- What is left out ---------------------------------------------------------------------- */

static void leave_out(Walk *w, const char *kind)
{
    int i = 0;

    while (i < w->kind_count && i < MAX_KINDS - 1 && strcmp(w->kinds[i].name, kind) != 0)
        i++;
    if (i == MAX_KINDS - 1)
        kind = "others";
    if (i == w->kind_count) {
        snprintf(w->kinds[i].name, KIND_BYTES, "%s", kind);
        w->kind_count++;
    }
    w->kinds[i].count++;
}

static void leave_out_file(Walk *w, const char *name)
{
    const char *dot = strrchr(name, '.');
    char kind[KIND_BYTES] = "";

    for (size_t i = 0; dot && i < strlen(dot) && i < KIND_BYTES - 1; i++)
        kind[i] = (char)tolower((unsigned char)dot[i]);
    leave_out(w, name[0] == '.' ? "hidden" : dot ? kind : "without suffix");
}

static int compare_kinds(const void *a, const void *b)
{
    const Kind *x = a, *y = b;

    return x->count != y->count ? (x->count < y->count) - (x->count > y->count)
                                : strcmp(x->name, y->name);
}

static void tell(Walk *w)
{
    char text[MAX_KINDS * (KIND_BYTES + 24)];
    size_t total = 0, at = 0;

    qsort(w->kinds, (size_t)w->kind_count, sizeof(w->kinds[0]), compare_kinds);
    for (int i = 0; i < w->kind_count; i++) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s %zu", i ? ", " : "",
                               w->kinds[i].name, w->kinds[i].count);
        total += w->kinds[i].count;
    }
    if (total)
        p2p_log(w->settings->log, P2P_LOG_WARN, "%s: %zu file%s ignored: %s", w->root, total,
                total == 1 ? "" : "s", text);
}

/* ---- Walking ------------------------------------------------------------------------------- */

static int enter(Walk *w, Level *level);

static int add(Walk *w, const char *path)
{
    int err = p2p_grow(&w->names, &w->capacity, w->count + 1, sizeof(char *));

    if (!err && !(((char **)w->names)[w->count] = p2p_strdup(path)))
        err = P2P_ENOMEM;
    w->count += !err;
    return err;
}

static bool leads_back(const Level *level)
{
    for (const Level *above = level->above; above; above = above->above)
        if (same(&above->st, &level->st))
            return true;
    return false;
}

static int visit_folder(Walk *w, Level *level)
{
    if (w->settings->flat || (w->except.st_ino && same(&w->except, &level->st)))
        return P2P_OK; /* what was asked for is no news */
    if (leads_back(level)) {
        leave_out(w, "links to a folder above");
        return P2P_OK;
    }
    return enter(w, level);
}

/* What cannot be looked at is taken for a file: if it has a picture's name, reading it fails. */
static int visit(Walk *w, const Level *above, const char *name)
{
    P2pImageFormat format;

    if (name[0] == '.') {
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            leave_out_file(w, name);
        return P2P_OK;
    }
    char *path = *above->path ? p2p_path_join(above->path, name) : p2p_strdup(name);
    char *full = path ? p2p_path_join(w->root, path) : NULL;
    Level level = {.above = above, .path = path, .depth = above->depth + 1};
    int err = P2P_OK;
    if (!full)
        err = P2P_ENOMEM;
    else if (stat(full, &level.st) == 0 && S_ISDIR(level.st.st_mode))
        err = visit_folder(w, &level);
    else if (p2p_image_format_of(name, &format) == P2P_OK)
        err = add(w, path);
    else
        leave_out_file(w, name);
    free(full);
    free(path);
    return err;
}

static int read_entries(Walk *w, const Level *level, DIR *dir, const char *full)
{
    int err = P2P_OK;

    while (!err) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry)
            err = visit(w, level, entry->d_name);
        else if (errno)
            err = p2p_fail_errno(P2P_EIO, "%s: the folder cannot be read", full);
        else
            break;
    }
    return err;
}

static int enter(Walk *w, Level *level)
{
    char *full = *level->path ? p2p_path_join(w->root, level->path) : p2p_strdup(w->root);
    DIR *dir = full ? opendir(full) : NULL;
    int err;

    if (!full)
        err = P2P_ENOMEM;
    else if (!dir)
        err = p2p_fail_errno(P2P_EIO, "%s: the folder cannot be read", full);
    else if (level->depth > MAX_DEPTH || ++w->folders > MAX_FOLDERS)
        err = p2p_fail(P2P_EFORMAT, "%s: there are more than %d folders, or %d within each other",
                       full, MAX_FOLDERS, MAX_DEPTH);
    else
        err = read_entries(w, level, dir, full);
    if (dir)
        closedir(dir);
    free(full);
    return err;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int p2p_folder_walk(const char *folder, const P2pWalkSettings *settings, char ***names,
                    size_t *count)
{
    static const P2pWalkSettings defaults;
    Walk w = {.settings = settings ? settings : &defaults, .root = folder};
    Level root = {.path = ""};

    *names = NULL;
    *count = 0;
    if (stat(folder, &root.st) != 0)
        return p2p_fail_errno(P2P_EIO, "%s: the folder cannot be read", folder);
    if (!w.settings->except || stat(w.settings->except, &w.except) != 0)
        w.except.st_ino = 0;
    const int err = enter(&w, &root);
    if (err) {
        p2p_names_free(w.names, w.count);
        return err;
    }
    tell(&w);
    if (w.count)
        qsort(w.names, w.count, sizeof(char *), compare_names);
    *names = w.names;
    *count = w.count;
    return P2P_OK;
}

int p2p_folder_pictures(const char *folder, const P2pLog *log, char ***names, size_t *count)
{
    P2P_NEED(folder);
    P2P_NEED(names);
    P2P_NEED(count);

    return p2p_folder_walk(folder, &(P2pWalkSettings){.log = log}, names, count);
}

void p2p_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}
