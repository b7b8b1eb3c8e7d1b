/* SPDX-License-Identifier: BSD-2-Clause */
/* The first start on a device: where the program that compiles is, and a line that tells how long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { PATH_BYTES = 4096 };

/* "FOLDER OF THIS PROGRAM/rest" if that can be run. */
static bool find_near(char path[PATH_BYTES], const char *rest)
{
    const ssize_t n = readlink("/proc/self/exe", path, PATH_BYTES - 64);
    char *end = n > 0 ? (path[n] = '\0', strrchr(path, '/')) : NULL;

    if (!end)
        return false;
    snprintf(end + 1, 64, "%s", rest);
    return access(path, X_OK) == 0;
}

static const char *find_compiler(void)
{
    static char path[PATH_BYTES];
    const char *own = getenv("P2P_COMPILE");

    if (own)
        return *own ? own : NULL;
    if (find_near(path, "p2p-compile") || find_near(path, "../libexec/pix2pix-cl/p2p-compile"))
        return path;
    return P2P_LIBEXEC "/p2p-compile";
}

static void show(void *user, int done, int count)
{
    static CliProgress progress;

    if (done == 0 && !progress.count) {
        cli_say(stderr, "compiling %d kernels, once for this device", count);
        cli_progress_init(&progress, "kernels", (size_t)count, user);
    }
    cli_progress_show(&progress, (size_t)done);
    if (done == count) {
        cli_progress_hide(&progress);
        progress = (CliProgress){0};
    }
}

void cli_compile_init(P2pDeviceSettings *settings, const P2pOptions *options)
{
    settings->compiler = find_compiler();
    settings->compiling = cli_flag(options, "quiet") ? NULL : show;
    settings->compiling_user = (void *)(size_t)options;
}
