/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-data: make a demonstration set; join two folders into A|B pictures. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char cli_usage[] = "";

static const char program[] = "p2p-data";
static const char help[] =
    "Usage: p2p-data demo DIR [--count N] [--seed N] [--size N] [--format png|jpg]\n"
    "       p2p-data combine FOLDER_A FOLDER_B FOLDER_AB [--format png|jpg] [--skip_bad]\n"
    "                                                    [--no_exif]\n"
    "       p2p-data combine --fold_A FOLDER_A --fold_B FOLDER_B --fold_AB FOLDER_AB [OPTION]...\n"
    "demo     draw pairs of facades and their label maps into DIR/train, DIR/val and DIR/test\n"
    "combine  join pictures of equal names side by side, through all subfolders\n\n"
    "      --count N      pairs for training (default 100); a tenth more for val and test each\n"
    "      --seed N       of the demonstration set (default 0)\n"
    "      --size N       pixels of a side, 32 to 4096 (default 256)\n"
    "      --format NAME  png or jpg (default png)\n"
    "      --no_exif      take pictures as they are stored, not turned as EXIF says\n"
    "      --skip_bad     pairs that cannot be joined are no failure\n"
    "      --fold_A FOLDER   pictures A: the folders as pytorch-CycleGAN-and-pix2pix has them\n"
    "      --fold_B FOLDER   pictures B\n"
    "      --fold_AB FOLDER  where to\n"
    "      --no_multiprocessing  changes nothing\n"
    "  -q, --quiet        errors only\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n\n"
    "Exit status: 0 done; 1 files or data; 2 usage.\n";

typedef struct Choices {
    long count, seed, size;
    P2pImageFormat format;
    bool quiet, skip_bad, no_exif;
    char *folders[3]; /* A, B and AB; NULL: not given by options */
} Choices;

static bool show_progress(void *user, size_t done, size_t total)
{
    const Choices *c = user;

    if (!c->quiet && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%zu of %zu%s", done, total, done == total ? "\n" : "");
    return false;
}

static int demo(const char *folder, Choices *c)
{
    const size_t tenth = (size_t)(c->count + 9) / 10;
    const P2pDemoSettings settings = {.seed = (uint32_t)c->seed,
                                      .count_train = (size_t)c->count,
                                      .count_val = tenth,
                                      .count_test = tenth,
                                      .size = (int)c->size,
                                      .format = c->format};
    const int err = p2p_demo_make(folder, &settings, show_progress, c);

    if (err)
        return cli_fail(program, err);
    if (!c->quiet)
        cli_say(stderr, "%ld pairs for training in %s/train", c->count, folder);
    return CLI_OK;
}

static int combine(char **folders, Choices *c)
{
    const P2pLog log = cli_log(c->quiet ? P2P_LOG_ERROR : P2P_LOG_WARN);
    const P2pCombineSettings settings = {
        .format = c->format, .skip_bad = c->skip_bad, .no_exif = c->no_exif, .log = &log};
    P2pCombineReport report;
    const int err =
        p2p_data_combine(folders[0], folders[1], folders[2], &settings, show_progress, c, &report);

    if (!c->quiet && (report.written || report.bad))
        cli_say(stderr, "%zu picture%s in %s", report.written, report.written == 1 ? "" : "s",
                folders[2]);
    return err ? cli_fail(program, err) : CLI_OK;
}

static bool parse_number(const char *text, long least, long most, long *out)
{
    char *end;

    *out = strtol(text, &end, 10);
    return *text && !*end && *out >= least && *out <= most;
}

enum { FOLD = 256 }; /* and two more: codes of the folders */

/* An option with its value. False: it is out of range. */
static bool take(int code, char *value, Choices *c)
{
    switch (code) {
    case 'c':
        return parse_number(value, 1, 1000000, &c->count);
    case 's':
        return parse_number(value, 0, 1073741823, &c->seed);
    case 'z':
        return parse_number(value, 32, 4096, &c->size);
    case 'f':
        c->format = strcmp(value, "jpg") ? P2P_IMAGE_PNG : P2P_IMAGE_JPEG;
        return !strcmp(value, "jpg") || !strcmp(value, "png");
    case 'b':
        return c->skip_bad = true;
    case 'x':
        return c->no_exif = true;
    case 'q':
        return c->quiet = true;
    case 'n': /* of no importance here */
        return true;
    default:
        c->folders[code - FOLD] = value;
        return *value;
    }
}

/* -1 to go on, or an exit code. */
static int parse(int argc, char **argv, Choices *c)
{
    static const struct option table[] = {{"count", required_argument, NULL, 'c'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"size", required_argument, NULL, 'z'},
                                          {"format", required_argument, NULL, 'f'},
                                          {"skip_bad", no_argument, NULL, 'b'},
                                          {"no_exif", no_argument, NULL, 'x'},
                                          {"fold_A", required_argument, NULL, FOLD},
                                          {"fold_B", required_argument, NULL, FOLD + 1},
                                          {"fold_AB", required_argument, NULL, FOLD + 2},
                                          {"no_multiprocessing", no_argument, NULL, 'n'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {0}};
    int code;

    opterr = 0; /* its messages would begin with the program's path */
    while ((code = getopt_long(argc, argv, ":qhV", table, NULL)) != -1) {
        switch (code) {
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        case 'V':
            printf("%s (pix2pix-cl) %s\n", program, p2p_version());
            return CLI_OK;
        case ':':
        case '?':
            cli_say(stderr, "%s: %s %s; see --help", program, argv[optind - (optind > 1)],
                    code == ':' ? "needs a value" : "is no option");
            return CLI_USAGE;
        default:
            if (take(code, optarg, c))
                break;
            cli_say(stderr, "%s: '%s' is out of range; see --help", program, optarg);
            return CLI_USAGE;
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    Choices c = {.count = 100, .size = 256};

    cli_ignore_size_signal();
    const int code = parse(argc, argv, &c);
    char **rest = argv + optind;
    if (code >= 0)
        return code;
    if (argc - optind == 2 && !strcmp(rest[0], "demo"))
        return demo(rest[1], &c);
    const bool folders = c.folders[0] && c.folders[1] && c.folders[2];
    const bool none = !c.folders[0] && !c.folders[1] && !c.folders[2];
    if (argc - optind == 4 && none && !strcmp(rest[0], "combine"))
        return combine(rest + 1, &c);
    if (argc - optind == 1 && folders && !strcmp(rest[0], "combine"))
        return combine(c.folders, &c);
    if (argc > optind && !strcmp(rest[0], "combine")) {
        cli_say(stderr,
                "%s: combine needs three folders: FOLDER_A FOLDER_B FOLDER_AB, or --fold_A, "
                "--fold_B and --fold_AB",
                program);
        return CLI_USAGE;
    }
    cli_say(stderr, "%s: see --help for the two commands, demo and combine", program);
    return CLI_USAGE;
}
