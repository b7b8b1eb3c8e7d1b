/* SPDX-License-Identifier: BSD-2-Clause */
/* Files as a whole: mapping, reading, atomic writing, folders. Knows no format. */
#include "src/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/base/status.h"

/* A pipe or a device would let open() wait for its other end without O_NONBLOCK. */
static int open_regular(const char *path, int *fd, size_t *bytes)
{
    struct stat st;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0)
        return p2p_fail_errno(P2P_EIO, "%s: cannot be opened", path);
    if (fstat(*fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(*fd);
        return p2p_fail(P2P_EIO, "%s: is not a regular file", path);
    }
    *bytes = (size_t)st.st_size;
    return P2P_OK;
}

int p2p_mapping_init(P2pMapping *m, const char *path)
{
    int fd, err;

    *m = (P2pMapping){0};
    if ((err = open_regular(path, &fd, &m->bytes)) < 0)
        return err;
    if (m->bytes) {
        void *data = mmap(NULL, m->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            err = p2p_fail_errno(P2P_EIO, "%s: cannot be mapped", path);
        else
            m->data = data;
    }
    close(fd);
    return err;
}

void p2p_mapping_finish(P2pMapping *m)
{
    if (m->data)
        munmap((void *)(size_t)m->data, m->bytes);
    *m = (P2pMapping){0};
}

int p2p_file_read(const char *path, size_t limit, unsigned char **out, size_t *bytes)
{
    int fd, err;

    *out = NULL;
    if ((err = open_regular(path, &fd, bytes)) < 0)
        return err;
    if (*bytes > limit)
        err = p2p_fail(P2P_EFORMAT, "%s: has %zu bytes; at most %zu are read", path, *bytes, limit);
    else if (!(*out = p2p_alloc(*bytes + 1, 1)))
        err = P2P_ENOMEM;

    for (size_t at = 0; !err && at < *bytes;) {
        const ssize_t got = read(fd, *out + at, *bytes - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            err = p2p_fail_errno(P2P_EIO, "%s: cannot be read at byte %zu", path, at);
        else
            at += (size_t)got;
    }
    close(fd);
    if (err) {
        free(*out);
        *out = NULL;
    }
    return err;
}

/* A name too long for the ending is cut and told apart by a hash. */
char *p2p_temporary_name(const char *path)
{
    enum { LONGEST = 255, ENDING = 24, KEPT = 200 };
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const size_t bytes = strlen(name);

    if (bytes + ENDING <= LONGEST)
        return p2p_format("%s.tmp%ld", path, (long)getpid());
    return p2p_format("%.*s%016llx.tmp%ld", (int)(name - path) + KEPT, path,
                      p2p_fnv(P2P_FNV_START, name, bytes), (long)getpid());
}

int p2p_writer_open(P2pWriter *w, const char *path)
{
    *w = (P2pWriter){0};
    w->path = p2p_strdup(path);
    w->temporary = p2p_temporary_name(path);
    if (!w->path || !w->temporary) {
        p2p_writer_close(w);
        return P2P_ENOMEM;
    }
    w->file = fopen(w->temporary, "wb");
    if (!w->file) {
        const int err = p2p_fail_errno(P2P_EIO, "%s: cannot be written", path);
        free(w->temporary); /* not ours to remove */
        w->temporary = NULL;
        p2p_writer_close(w);
        return err;
    }
    return P2P_OK;
}

int p2p_writer_put(P2pWriter *w, const void *data, size_t bytes)
{
    if (bytes && fwrite(data, 1, bytes, w->file) != bytes)
        return p2p_fail_errno(P2P_EIO, "%s: cannot be written (the file before is untouched)",
                              w->path);
    return P2P_OK;
}

/* The folder that path lies in, in fresh memory, or NULL. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? p2p_format("%.*s", slash == path ? 1 : (int)(slash - path), path)
                 : p2p_strdup(".");
}

/* After a rename the entry itself must reach the disk. Not every file system allows it. */
static void flush_folder(const char *path)
{
    char *folder = folder_of(path);
    const int fd = folder ? open(folder, O_RDONLY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

int p2p_writer_flush(P2pWriter *w)
{
    int err = P2P_OK;

    if (fflush(w->file) != 0 || fsync(fileno(w->file)) != 0)
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be written (the file before is untouched)",
                             w->path);
    if (fclose(w->file) != 0 && !err)
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be closed", w->path);
    w->file = NULL;
    return err;
}

int p2p_writer_commit(P2pWriter *w)
{
    int err = p2p_writer_flush(w);

    if (!err && rename(w->temporary, w->path) != 0)
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be renamed to %s", w->temporary, w->path);
    if (!err) {
        flush_folder(w->path);
        free(w->temporary);
        w->temporary = NULL;
    }
    p2p_writer_close(w);
    return err;
}

void p2p_writer_close(P2pWriter *w)
{
    if (w->file)
        fclose(w->file);
    if (w->temporary)
        unlink(w->temporary);
    free(w->temporary);
    free(w->path);
    *w = (P2pWriter){0};
}

int p2p_file_write(const char *path, const void *data, size_t bytes)
{
    P2pWriter w;
    int err;

    if ((err = p2p_writer_open(&w, path)) < 0)
        return err;
    if ((err = p2p_writer_put(&w, data, bytes)) < 0) {
        p2p_writer_close(&w);
        return err;
    }
    return p2p_writer_commit(&w);
}

int p2p_file_install(const char *temporary, const char *path)
{
    const int fd = open(temporary, O_RDONLY | O_CLOEXEC);
    int err = P2P_OK;

    if (fd < 0 || fsync(fd) != 0 || rename(temporary, path) != 0) {
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be written (the file before is untouched)", path);
        unlink(temporary);
    }
    if (fd >= 0)
        close(fd);
    if (!err)
        flush_folder(path);
    return err;
}

int p2p_file_copy(const char *from, const char *to)
{
    unsigned char piece[1 << 14];
    P2pWriter w;
    size_t got;
    FILE *file = fopen(from, "rb");
    int err = file ? p2p_writer_open(&w, to) : p2p_fail_errno(P2P_EIO, "%s: cannot be read", from);

    if (err) {
        if (file)
            fclose(file);
        return err;
    }
    while (!err && (got = fread(piece, 1, sizeof(piece), file)) > 0)
        err = p2p_writer_put(&w, piece, got);
    if (!err && ferror(file))
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be read", from);
    fclose(file);
    if (!err)
        return p2p_writer_commit(&w);
    p2p_writer_close(&w);
    return err;
}

int p2p_file_check_space(const char *path, size_t bytes)
{
    char *folder = folder_of(path);
    struct statvfs fs;
    const bool known = folder && statvfs(folder, &fs) == 0 && fs.f_blocks > 0 && fs.f_frsize > 0;

    free(folder);
    if (!known || bytes / fs.f_frsize < fs.f_bavail)
        return P2P_OK;
    return p2p_fail(P2P_EIO,
                    "%s: needs %.1f MB, the disk has %.1f MB free; the file before is "
                    "untouched",
                    path, (double)bytes / 1e6, (double)fs.f_bavail * (double)fs.f_frsize / 1e6);
}

/* Ends in .tmp123. */
static bool is_temporary(const char *name)
{
    const char *end = name + strlen(name), *at = end;

    while (at > name && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return at < end && at - name >= 4 && !strncmp(at - 4, ".tmp", 4);
}

void p2p_temporaries_remove(const char *folder)
{
    DIR *dir = opendir(folder);

    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (is_temporary(entry->d_name))
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
}

int p2p_file_link(const char *from, const char *to)
{
    char *temporary = p2p_temporary_name(to);
    int err = temporary ? P2P_OK : P2P_ENOMEM;

    if (!err && (link(from, temporary) != 0 || rename(temporary, to) != 0))
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be linked to %s", to, from);
    if (temporary)
        unlink(temporary); /* renaming one name of a file to another of its names does nothing */
    free(temporary);
    return err;
}

int p2p_folder_make_for(const char *path)
{
    char *folder = folder_of(path);
    const int err = folder ? p2p_folder_make(folder) : P2P_ENOMEM;

    free(folder);
    return err;
}

int p2p_folder_make(const char *path)
{
    char *partial = p2p_strdup(path);
    int err = partial ? P2P_OK : P2P_ENOMEM;

    for (char *at = partial; !err && at && *at;) {
        char *slash = strchr(at + 1, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(partial, 0777) != 0 && errno != EEXIST)
            err = p2p_fail_errno(P2P_EIO, "%s: the folder cannot be made", partial);
        if (slash)
            *slash = '/';
        at = slash;
    }
    if (!err && !p2p_folder_exists(path))
        err = p2p_fail(P2P_EIO, "%s: is there, but is not a folder", path);
    free(partial);
    return err;
}

bool p2p_file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

bool p2p_folder_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *p2p_path_join(const char *folder, const char *name)
{
    const size_t n = strlen(folder);

    return p2p_format(n && folder[n - 1] == '/' ? "%s%s" : "%s/%s", folder, name);
}

unsigned p2p_crc32(unsigned crc, const void *data, size_t bytes)
{
    return libdeflate_crc32(crc, data, bytes);
}

void p2p_hex(char *out, const unsigned char *data, size_t bytes)
{
    out[0] = '\0';
    for (size_t i = 0; i < bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", data[i]);
}

unsigned long long p2p_fnv(unsigned long long hash, const void *data, size_t bytes)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ p[i]) * 1099511628211ull;
    return hash;
}
