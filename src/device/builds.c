/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What became of programs that other processes have built first: a text file beside the compiled kernels, a line each,
 *
 *   HASH VERDICT: PROGRAM on DEVICE, DRIVER
 *
 * whose hash is of program, options, device and driver. A line that cannot be read counts for nothing, and a
 * file that has grown too long begins anew: then programs are tried again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/cache.h"
#include "src/device/internal.h"

enum { MOST_BYTES = 1 << 20, HASH_DIGITS = 16 };

static char *file_path(const P2pDevice *d)
{
    return d->cache_bytes ? p2p_cache_file("builds.txt") : NULL;
}

static void read_file(P2pDevice *d)
{
    char *path = file_path(d);

    d->builds = p2p_cache_text(path, MOST_BYTES);
    free(path);
}

bool p2p_builds_find(P2pDevice *d, unsigned long long hash, char *verdict, size_t bytes)
{
    char wanted[HASH_DIGITS + 2];

    if (!d->builds)
        read_file(d);
    snprintf(wanted, sizeof(wanted), "%016llx ", hash);
    for (const char *line = d->builds; line && *line;) {
        const size_t n = strcspn(line, "\n");
        const char *words = line + HASH_DIGITS + 1;
        if (n > HASH_DIGITS && !strncmp(line, wanted, HASH_DIGITS + 1)) {
            snprintf(verdict, bytes, "%.*s", (int)strcspn(words, ":\n"), words);
            return true;
        }
        line += n + (line[n] == '\n');
    }
    return false;
}

/* Several processes may do so at once: a line is one write. */
static void append(const char *path, const char *line)
{
    const int fd = p2p_folder_make_for(path) < 0
                       ? -1
                       : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

    if (fd < 0)
        return;
    if (write(fd, line, strlen(line)) < 0)
        (void)0; /* it is tried again then */
    close(fd);
}

void p2p_builds_note(P2pDevice *d, unsigned long long hash, const char *program,
                     const char *verdict)
{
    char *path = file_path(d);
    char *line = p2p_format("%016llx %s: %s on %s, %s\n", hash, verdict, program, d->caps.name,
                            d->caps.driver);
    char *all = line ? p2p_format("%s%s", d->builds ? d->builds : "", line) : NULL;

    if (path && line)
        append(path, line);
    if (all) {
        free(d->builds);
        d->builds = all;
    }
    free(line);
    free(path);
}

int p2p_builds_check(P2pDevice *d, const char *program, const char *options)
{
    unsigned long long hash;
    char verdict[128];
    const int err = p2p_program_hash(d, program, options, &hash);

    if (err || p2p_programs_are_overridden() ||
        !p2p_builds_find(d, hash, verdict, sizeof(verdict)) || !strcmp(verdict, P2P_BUILT))
        return err;
    return p2p_fail(P2P_EDEVICE, "kernel program %s: the compiler for %s (driver %s) %s", program,
                    d->caps.name, d->caps.driver, verdict);
}
