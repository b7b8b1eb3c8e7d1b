/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where compiled kernels are kept: $XDG_CACHE_HOME/pix2pix-cl or ~/.cache/pix2pix-cl. Each file's time
 * is that of its last use; the oldest go when all together pass the limit. Several processes may do
 * so at once: a file that is gone is compiled again.
 */
#include "src/device/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "p2p/device.h"
#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"

enum { DEFAULT_MB = 256, MOST_MB = 1000000, MB = 1000000 };

typedef struct Entry {
    char *name;
    size_t bytes;
    struct timespec used;
} Entry;

typedef struct Entries {
    Entry *list;
    size_t count, capacity;
} Entries;

char *p2p_cache_folder(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (xdg && *xdg)
        return p2p_format("%s/pix2pix-cl", xdg);
    return home && *home ? p2p_format("%s/.cache/pix2pix-cl", home) : NULL;
}

char *p2p_cache_file(const char *name)
{
    char *folder = p2p_cache_folder();
    char *path = folder ? p2p_path_join(folder, name) : NULL;

    free(folder);
    return path;
}

char *p2p_cache_text(const char *path, size_t most_bytes)
{
    unsigned char *data = NULL;
    size_t bytes = 0;

    if (path && p2p_file_exists(path) && p2p_file_read(path, most_bytes, &data, &bytes) < 0)
        remove(path);
    char *text = p2p_alloc(bytes + 1, 1);
    if (text && data)
        memcpy(text, data, bytes);
    free(data);
    return text;
}

size_t p2p_cache_limit(const P2pLog *log)
{
    const char *text = getenv("P2P_CACHE_MB");
    char *end;

    if (!text || !*text)
        return (size_t)DEFAULT_MB * MB;
    const long mb = strtol(text, &end, 10);
    if (!*end && mb >= 0 && mb <= MOST_MB)
        return (size_t)mb * MB;
    p2p_log(log, P2P_LOG_WARN, "P2P_CACHE_MB=%s: is no number of megabytes from 0 to %d; %d it is",
            text, MOST_MB, DEFAULT_MB);
    return (size_t)DEFAULT_MB * MB;
}

void p2p_cache_touch(const char *path)
{
    utimensat(AT_FDCWD, path, NULL, 0);
}

static bool is_kept(DIR *dir, const char *name, struct stat *st)
{
    const size_t n = strlen(name);

    return n > 4 && !strcmp(name + n - 4, ".bin") &&
           fstatat(dirfd(dir), name, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode);
}

static void add(Entries *e, DIR *dir, const char *name)
{
    struct stat st;

    if (!is_kept(dir, name, &st) ||
        p2p_grow((void **)&e->list, &e->capacity, e->count + 1, sizeof(*e->list)) < 0)
        return;
    Entry *entry = &e->list[e->count];
    *entry = (Entry){p2p_strdup(name), (size_t)st.st_size, st.st_mtim};
    e->count += entry->name != NULL;
}

static size_t read_entries(Entries *e, DIR *dir)
{
    size_t bytes = 0;

    for (const struct dirent *entry; (entry = readdir(dir));)
        add(e, dir, entry->d_name);
    for (size_t i = 0; i < e->count; i++)
        bytes += e->list[i].bytes;
    return bytes;
}

static void finish_entries(Entries *e)
{
    for (size_t i = 0; i < e->count; i++)
        free(e->list[i].name);
    free(e->list);
}

int p2p_cache_measure(const char *folder, size_t *files, size_t *bytes)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    struct stat st;
    int err = P2P_OK;

    *files = *bytes = 0;
    if (!dir && errno == ENOENT)
        return P2P_OK;
    while (dir && (errno = 0, entry = readdir(dir)))
        if (is_kept(dir, entry->d_name, &st)) {
            ++*files;
            *bytes += (size_t)st.st_size;
        }
    if (errno)
        err = p2p_fail_errno(P2P_EIO, "%s: the kernel cache cannot be read", folder);
    if (dir)
        closedir(dir);
    return err;
}

static int compare_used(const void *a, const void *b)
{
    const struct timespec x = ((const Entry *)a)->used, y = ((const Entry *)b)->used;

    if (x.tv_sec != y.tv_sec)
        return x.tv_sec < y.tv_sec ? -1 : 1;
    return (x.tv_nsec > y.tv_nsec) - (x.tv_nsec < y.tv_nsec);
}

void p2p_cache_trim(const char *folder, size_t limit_bytes)
{
    DIR *dir = opendir(folder);
    Entries e = {0};

    if (!dir)
        return;
    size_t bytes = read_entries(&e, dir);
    if (e.count)
        qsort(e.list, e.count, sizeof(*e.list), compare_used);
    for (size_t i = 0; i < e.count && bytes > limit_bytes; i++) {
        unlinkat(dirfd(dir), e.list[i].name, 0);
        bytes -= e.list[i].bytes;
    }
    finish_entries(&e);
    closedir(dir);
}

int p2p_kernel_cache(P2pKernelCache *cache)
{
    P2P_NEED(cache);
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    *cache = (P2pKernelCache){.limit_bytes = p2p_cache_limit(NULL)};
    if ((!xdg || !*xdg) && (!home || !*home))
        return P2P_OK;
    char *folder = p2p_cache_folder();
    if (!folder)
        return P2P_ENOMEM;
    snprintf(cache->folder, sizeof(cache->folder), "%s", folder);
    const int err = p2p_cache_measure(folder, &cache->files, &cache->bytes);
    free(folder);
    return err;
}
