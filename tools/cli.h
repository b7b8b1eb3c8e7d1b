/* SPDX-License-Identifier: BSD-2-Clause */
/* What all programs share: messages, exit codes, the standard options. */
#ifndef P2P_TOOLS_CLI_H
#define P2P_TOOLS_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "p2p/p2p.h"

/** Exit codes, the same for all programs (documented in --help). */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,   /* files, data, numbers */
    CLI_USAGE = 2,    /* options and arguments */
    CLI_DEVICE = 3,   /* no device, driver trouble, device memory */
    CLI_TIMEOUT = 4,  /* the device did not answer within --device_timeout */
    CLI_SIGNAL = 128, /* plus the signal's number: stopped on request, state saved */
};

/** First lines of --help; each program defines its own. */
extern const char cli_usage[];

/**
 * What each program begins with (cli_parse does it): a limit of the file size is met like a full disk, and
 * what was printed must have arrived when it ends.
 */
void cli_begin(const char *name);

/** A log that prints to standard error, up to a level. */
P2pLog cli_log(P2pLogLevel level);

/** The same by the options: warnings always but for --quiet, more with --verbose. */
void cli_log_init(P2pLog *log, const P2pOptions *options);

/** Print "PROGRAM: message" for a failed call and return the exit code that fits. */
int cli_fail(const char *program, int status);

/** The same with the file or thing that it happened with: "PROGRAM: SUBJECT: message". */
int cli_fail_at(const char *program, const char *subject, int status);

/** The exit code alone. */
int cli_code(int status);

/** Whether a failure is no picture's own, so that there is no use in trying the next one. */
bool cli_ends_all(int status);

/**
 * Parse the command line. Returns -1 to go on, or an exit code: after --help and --version
 * (printed), or after a mistake (reported). *options are freed when the program ends.
 */
int cli_parse(P2pOptions **options, unsigned program, const char *name, int argc, char **argv,
              P2pArguments *arguments);

/** For programs with options of their own: a number with nothing behind it, from least to most. */
bool cli_number(const char *text, bool whole, double least, double most, double *out);

/** Threads where nobody says how many: as many as processors, 64 at most. */
long cli_processors(void);

/* Values of options by name; a string that was not given and has no default is empty. */
bool cli_flag(const P2pOptions *options, const char *name);
int cli_int(const P2pOptions *options, const char *name);
size_t cli_size(const P2pOptions *options, const char *name);
const char *cli_text(const P2pOptions *options, const char *name);

/** Print a table of passes: variant, time, GFLOP/s of the direct algorithm, GB/s, share. */
void cli_print_rows(FILE *out, const P2pBenchRow *rows, int count);

/** What the options say of the device. */
P2pDeviceSettings cli_device_settings(const P2pOptions *options, const P2pLog *log);

/**
 * A line of progress with rate and time left on standard error, where that is a terminal. To be hidden before something else is printed.
 */
typedef struct CliProgress {
    const char *what;
    size_t count;
    double start, shown; /* seconds of a clock; shown: when it was last renewed */
    bool on, visible;
} CliProgress;

/** count: of all pieces, 0: not known. */
void cli_progress_init(CliProgress *progress, const char *what, size_t count, bool hidden);
/** Whether --quiet or --verbose hide it. */
bool cli_progress_hidden(const P2pOptions *options);
/** done pieces so far; renews the line a few times a second. */
void cli_progress_show(CliProgress *progress, size_t done);
void cli_progress_hide(CliProgress *progress);

/** Let p2p-compile compile the kernels of a first start, and tell of that and of tuning but for --quiet: on a
 *  terminal with the time that is left. Environment P2P_COMPILE: another path of it, or empty: nothing of this. */
void cli_compile_init(P2pDeviceSettings *settings, const P2pOptions *options);

/** Where a helper of that name is: beside this program, in its libexec or in the installed one (which path is
 *  when it is in none). */
bool cli_find_helper(char *path, size_t bytes, const char *name);

/**
 * Meet the other ranks where a launcher has started this program as one of them; *comm stays NULL where
 * none has. Returns -1 to go on, or an exit code (reported). Before a device is opened.
 */
int cli_job_begin(P2pComm **comm, const char *program, const P2pOptions *options);
/** For programs that work alone: -1 to go on, or an exit code (reported) where a launcher has started several. */
int cli_job_refuse(const char *program);
/** As cli_fail(), by the rank that is to tell of it. */
int cli_job_fail(const P2pComm *comm, const char *program, int status);
/** At the end, with nothing of the job left: returns code, or ends all ranks where only this one has it. */
int cli_job_end(P2pComm **comm, int code);
/** Open the device that the options name for this rank: of "A,B" the next for each of a machine's ranks,
 *  without one its best devices in turn. */
int cli_job_open_device(P2pDevice **device, const P2pComm *comm, const P2pOptions *options,
                        const P2pLog *log);

/** Open the device that the options name. */
int cli_open_device(P2pDevice **device, const P2pOptions *options, const P2pLog *log);

/** Which of a run's checkpoints the options name, as in its file's name: "latest", "5", "iter_100". */
void cli_epoch(char *text, size_t bytes, const P2pOptions *options);

/**
 * The model in a run's folder: EPOCH.safetensors, or what pytorch-CycleGAN-and-pix2pix keeps there of
 * the network where that is all there is. False: neither; path is the first.
 */
bool cli_run_model(char *path, size_t bytes, const char *folder, const P2pOptions *options,
                   const char *net);

/**
 * A model file, or that of a run's folder; false: --epoch or --load_iter were given with a file, which
 * was reported.
 */
bool cli_find_model(char *path, size_t bytes, const char *program, const char *model,
                    const P2pOptions *options);

/*
 * Names, metadata and device names come from outside: a program prints them by these only. Each
 * shows text as p2p_show() does.
 */

/** Print one line; format is printf's, without the line's end. */
void cli_say(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Print text that has lines of its own. */
void cli_say_lines(FILE *out, const char *text);
/** Text of a page, or an attribute's value. */
void cli_put_html(FILE *out, const char *text);
/** A relative address, in UTF-8 or whatever bytes the files' names have. */
void cli_put_url(FILE *out, const char *path);
/** A string with its quotes. */
void cli_put_json(FILE *out, const char *text);

/**
 * A name to write files under that pages, shells and other systems take, of at most 210 bytes: name
 * as it is if it is harmless, else cleaned and with a hash, so that two names stay two.
 */
enum { CLI_STEM_BYTES = 240 };
void cli_file_stem(char out[CLI_STEM_BYTES], const char *name);

#endif
