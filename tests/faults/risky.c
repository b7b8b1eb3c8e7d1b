/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Risky programs: another process builds them first, and what it died of is kept. Also where that process
 * is missing, or dies before its device is open, which says nothing of the program.
 *
 * Usage: risky FOLDER_OF_PROGRAMS LYING_DEVICE, both absolute
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/status.h"
#include "src/device/internal.h"

static int failures;
static char folder[] = "/tmp/p2p-risky-XXXXXX";
static const char *tools, *library;
static double patience_s = 100; /* with compilers on a loaded machine */

static void check(bool right, const char *what)
{
    printf("%s: %s\n", right ? "ok" : "FAILED", what);
    failures += !right;
}

static void must(int err)
{
    if (!err)
        return;
    fprintf(stderr, "%s\n", p2p_error());
    exit(1);
}

/* A script in the place of p2p-compile: some words before it, or other words instead. */
static const char *compiler(const char *before, bool then_compile)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/compiler.sh", folder);
    FILE *out = fopen(path, "w");
    if (!out)
        exit(1);
    fprintf(out, "#!/bin/sh\n%s\n", before);
    if (then_compile)
        fprintf(out, "export LD_PRELOAD='%s'; exec '%s/p2p-compile' \"$@\"\n", library, tools);
    fclose(out);
    chmod(path, 0755);
    return path;
}

/* Builds and runs a risky program for each of the words, a build option of it, in one sequence on a device
 * opened for it. */
static int build(const char *path, const char *const words[], int count)
{
    const P2pDeviceSettings settings = {.device = "cpu", .compiler = path};
    P2pDevice *device;
    P2pBuffer *a, *b;
    P2pSequence *sequence;

    must(p2p_device_open(&device, &settings));
    device->patience_s = patience_s;
    must(p2p_buffer_create_zeroed(&a, device, 4096));
    must(p2p_buffer_create_zeroed(&b, device, 4096));
    must(p2p_sequence_create(&sequence, device));
    for (int i = 0; i < count; i++) {
        char options[64];
        const P2pArg args[] = {P2P_ARG_BUFFER(a), P2P_ARG_BUFFER(b)};
        snprintf(options, sizeof(options), "-D %s", words[i]);
        must(p2p_sequence_add(sequence, &(P2pLaunch){.program = "peak",
                                                     .kernel = "peak_copy",
                                                     .options = options,
                                                     .global = {16},
                                                     .local = {1},
                                                     .args = args,
                                                     .arg_count = 2,
                                                     .risky = true}));
    }
    int err = p2p_sequence_build(sequence, NULL);
    if (!err)
        err = p2p_sequence_run(sequence, 0, count);
    p2p_sequence_destroy(&sequence);
    p2p_buffer_destroy(&a);
    p2p_buffer_destroy(&b);
    p2p_device_close(&device);
    return err;
}

static int build_one(const char *path, const char *word)
{
    return build(path, &word, 1);
}

static bool says(const char *words)
{
    return strstr(p2p_error(), words) != NULL;
}

/* How many lines of what is kept have the words. */
static int kept(const char *words)
{
    char path[PATH_MAX], line[1024];
    int count = 0;

    snprintf(path, sizeof(path), "%s/pix2pix-cl/builds.txt", folder);
    FILE *in = fopen(path, "r");
    while (in && fgets(line, sizeof(line), in))
        count += strstr(line, words) != NULL;
    if (in)
        fclose(in);
    return count;
}

static void what_is_built_is_kept(void)
{
    check(build_one(compiler("", true), "FINE") == P2P_OK, "a sound program is built");
    check(kept(" built: peak on ") == 1, "that is kept");
    check(build_one(compiler("kill -9 $$", false), "FINE") == P2P_OK && kept("") == 1,
          "and not tried again");
}

static void what_it_died_of_is_kept(void)
{
    check(build_one(compiler("export LIE_CRASH=DEADLY", true), "DEADLY") == P2P_EDEVICE &&
              says("died of signal 6 (Aborted)"),
          "one that the compiler dies of is not");
    puts(p2p_error());
    check(kept(" died of signal 6 (Aborted): peak on ") == 1, "that is kept");
    check(build_one(compiler("", true), "DEADLY") == P2P_EDEVICE && says("died of signal 6"),
          "and not tried again");
    check(build_one(NULL, "DEADLY") == P2P_EDEVICE, "nor without other processes");
    patience_s = 3;
    check(build_one(compiler("export LIE_HANG=ENDLESS", true), "ENDLESS") == P2P_EDEVICE &&
              says("has not answered for"),
          "one that the compiler hangs in is not");
    patience_s = 100;
    puts(p2p_error());
}

static void others_are_built(void)
{
    static const char *const words[] = {"FIRST", "SECOND", "FATAL", "THIRD", "FOURTH"};

    check(build(compiler("export LIE_CRASH=FATAL", true), words, 5) == P2P_EDEVICE &&
              kept("built") == 5 && kept("died") == 2,
          "those beside it are tried, too");
}

static void what_says_nothing_is_not_kept(void)
{
    const int before = kept("");

    check(build_one("/nowhere", "MISSING") == P2P_OK, "without the other program: built here");
    check(build_one(NULL, "NONE") == P2P_OK, "where there shall be none: built here");
    check(build_one(compiler("kill -9 $$", false), "KILLED") == P2P_OK,
          "where it dies before its device is open: built here");
    check(build_one(compiler("export LIE_BUILD=FAULTY", true), "FAULTY") == P2P_OK,
          "what does not compile there: built here");
    check(kept("") == before, "nothing of these is kept");
}

int main(int argc, char **argv)
{
    char command[64];

    if (argc != 3 || !mkdtemp(folder))
        return 2;
    tools = argv[1];
    library = argv[2];
    setenv("XDG_CACHE_HOME", folder, 1);
    setenv("POCL_CACHE_DIR", folder, 1);
    unsetenv("P2P_CL_DIR");
    what_is_built_is_kept();
    what_it_died_of_is_kept();
    others_are_built();
    what_says_nothing_is_not_kept();
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command) || failures;
}
