/* SPDX-License-Identifier: BSD-2-Clause */
/* The first start on a device: where the program that compiles is, and lines that tell how long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { PATH_BYTES = 4096 };

/* "FOLDER OF THIS PROGRAM/rest" if that is there. */
static bool find_near(char *path, size_t bytes, const char *folder, const char *name)
{
    char own[PATH_BYTES];
    const ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
    char *end = n > 0 ? (own[n] = '\0', strrchr(own, '/')) : NULL;

    if (!end)
        return false;
    *end = '\0';
    const int length = snprintf(path, bytes, "%s/%s%s", own, folder, name);
    return length > 0 && (size_t)length < bytes && access(path, R_OK) == 0;
}

bool cli_find_helper(char *path, size_t bytes, const char *name)
{
    if (find_near(path, bytes, "", name) || find_near(path, bytes, "../libexec/pix2pix-cl/", name))
        return true;
    snprintf(path, bytes, P2P_LIBEXEC "/%s", name);
    return access(path, R_OK) == 0;
}

static const char *find_compiler(void)
{
    static char path[PATH_BYTES];
    const char *own = getenv("P2P_COMPILE");

    if (own)
        return *own ? own : NULL;
    cli_find_helper(path, sizeof(path), "p2p-compile");
    return path;
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

static void show_tuning(void *user, int done, int count)
{
    static CliProgress progress;

    if (done == 0) {
        cli_say(stderr, "measuring kernels for %d convolutions, once for this device", count);
        cli_progress_init(&progress, "convolutions", (size_t)count, cli_progress_hidden(user));
    }
    cli_progress_show(&progress, (size_t)done);
    if (done == count)
        cli_progress_hide(&progress);
}

void cli_compile_init(P2pDeviceSettings *settings, const P2pOptions *options)
{
    settings->compiler = find_compiler();
    settings->compiling = cli_flag(options, "quiet") ? NULL : show;
    settings->compiling_user = (void *)(size_t)options;
    settings->tuning = cli_flag(options, "quiet") ? NULL : show_tuning;
    settings->tuning_user = (void *)(size_t)options;
}
