/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages, exit codes and start-up that all programs share. */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_log(void *user, P2pLogLevel level, const char *text)
{
    (void)user;
    cli_say(stderr, "%s%s",
            level == P2P_LOG_ERROR  ? "error: "
            : level == P2P_LOG_WARN ? "warning: "
                                    : "",
            text);
}

P2pLog cli_log(P2pLogLevel level)
{
    return (P2pLog){.write = write_log, .level = level};
}

void cli_log_init(P2pLog *log, const P2pOptions *options)
{
    const bool quiet = cli_flag(options, "quiet"), verbose = cli_flag(options, "verbose");

    *log = cli_log(quiet ? P2P_LOG_ERROR : verbose ? P2P_LOG_DEBUG : P2P_LOG_WARN);
}

int cli_fail(const char *program, int status)
{
    return cli_fail_at(program, NULL, status);
}

int cli_fail_at(const char *program, const char *subject, int status)
{
    cli_say(stderr, "%s: %s%s%s", program, subject ? subject : "", subject ? ": " : "",
            p2p_error());
    return cli_code(status);
}

int cli_code(int status)
{
    switch (status) {
    case P2P_EINVAL:
        return CLI_USAGE;
    case P2P_ENODEVICE:
    case P2P_EDEVICE:
    case P2P_EDEVMEM:
        return CLI_DEVICE;
    case P2P_ETIMEOUT:
        return CLI_TIMEOUT;
    default:
        return CLI_FAILED;
    }
}

bool cli_ends_all(int status)
{
    return status != P2P_EINVAL && status != P2P_EIO && status != P2P_EFORMAT &&
           status != P2P_EDEVMEM;
}

/* Writing beyond a limit of the file size fails like a full disk, with a message and without half-written
   files, instead of ending the program. */
static void ignore_size_signal(void)
{
#ifdef SIGXFSZ
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigemptyset(&ignore.sa_mask);
    sigaction(SIGXFSZ, &ignore, NULL);
#endif
}

/* "Usage: p2p-train ..." up to a free line is what the help begins with. */
static const char *running = "";
static P2pOptions *parsed;

/* At exit: what was printed must have arrived. A reader that closed its pipe wants no more. */
static void end(void)
{
    const int failed = ferror(stdout);

    p2p_options_destroy(&parsed);
    if ((fflush(stdout) == 0 && !failed) || errno == EPIPE)
        return;
    fprintf(stderr, "%s: standard output cannot be written: %s\n", running,
            errno ? strerror(errno) : "input/output error");
    _exit(CLI_FAILED);
}

void cli_begin(const char *name)
{
    ignore_size_signal();
    running = name;
    atexit(end);
}

int cli_parse(P2pOptions **options, unsigned program, const char *name, int argc, char **argv,
              P2pArguments *arguments)
{
    char asked;

    cli_begin(name);
    int err = p2p_options_create(&parsed);
    *options = parsed;
    if (err || (err = p2p_options_parse(parsed, program, argc, argv, arguments, &asked)) < 0)
        return cli_fail(name, err);
    if (asked == 'V') {
        printf("%s (pix2pix-cl) %s\n", name, p2p_version());
        return CLI_OK;
    }
    if (asked == 'h') {
        char *text = p2p_options_help(program, cli_usage);
        fputs(text ? text : "", stdout);
        free(text);
        return text ? CLI_OK : CLI_FAILED;
    }
    if (p2p_options_check(parsed, program) < 0)
        return cli_fail(name, P2P_EINVAL);
    if (p2p_options_ignored(parsed)[0] && !cli_flag(parsed, "quiet"))
        cli_say(stderr, "%s: without a meaning here: %s", name, p2p_options_ignored(parsed));
    return -1;
}

bool cli_number(const char *text, bool whole, double least, double most, double *out)
{
    char *end;

    *out = whole ? (double)strtol(text, &end, 10) : strtod(text, &end);
    return *text && !*end && *out >= least && *out <= most;
}

long cli_processors(void)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);

    return processors < 1 ? 1 : processors > 64 ? 64 : processors;
}

bool cli_flag(const P2pOptions *options, const char *name)
{
    return p2p_options_get_flag(options, name);
}

bool cli_progress_hidden(const P2pOptions *options)
{
    return cli_flag(options, "quiet") || cli_flag(options, "verbose");
}

int cli_int(const P2pOptions *options, const char *name)
{
    return (int)p2p_options_get_int(options, name);
}

size_t cli_size(const P2pOptions *options, const char *name)
{
    return (size_t)p2p_options_get_int(options, name);
}

const char *cli_text(const P2pOptions *options, const char *name)
{
    return p2p_options_get_string(options, name);
}

/* "tile:3", with a '*' where it was measured to be the fastest. */
static void name_variant(char name[40], const P2pBenchRow *r)
{
    char form[16] = "";

    if (r->form)
        snprintf(form, sizeof(form), ":%d", r->form);
    snprintf(name, 40, "%s%s%s", r->variant, form, r->measured ? "*" : "");
}

void cli_print_rows(FILE *out, const P2pBenchRow *rows, int count)
{
    double total = 0;

    for (int i = 0; i < count; i++)
        total += rows[i].seconds;
    fprintf(out, "%-28s %-16s %-9s %-18s %9s %9s %7s %6s\n", "step", "pass", "variant", "operand",
            "ms", "GFLOP/s", "GB/s", "share");
    for (int i = 0; i < count; i++) {
        const P2pBenchRow *r = &rows[i];
        const double per_second = r->seconds > 0 ? 1 / r->seconds : 0;
        char name[40];
        name_variant(name, r);
        fprintf(out, "%-28.28s %-16s %-9s %-18s %9.3f %9.1f %7.1f %5.1f%%\n", r->label, r->pass,
                name, r->shape, 1e3 * r->seconds, r->gflop * per_second, r->gb * per_second,
                total > 0 ? 100 * r->seconds / total : 0);
    }
    fprintf(out, "all: %.1f ms\n", 1e3 * total);
}

/* Of programs without the option: off. */
static P2pTune tune_of(const char *word)
{
    static const char *const words[] = {"off", "known", "quick", "full", "auto"};

    for (int i = P2P_TUNE_KNOWN; i <= P2P_TUNE_AUTO; i++)
        if (!strcmp(word, words[i]))
            return (P2pTune)i;
    return P2P_TUNE_OFF;
}

P2pDeviceSettings cli_device_settings(const P2pOptions *options, const P2pLog *log)
{
    const char *name = cli_text(options, "device");

    P2pDeviceSettings settings = {.device = name[0] ? name : NULL,
                                  .log = log,
                                  .vector_width = cli_int(options, "vector_width"),
                                  .memory_bytes = cli_size(options, "device_memory") << 20,
                                  .profile = cli_flag(options, "profile"),
                                  .tune = tune_of(cli_text(options, "tune")),
                                  .timeout_s = p2p_options_get_number(options, "device_timeout")};

    cli_compile_init(&settings, options);
    return settings;
}

int cli_open_device(P2pDevice **device, const P2pOptions *options, const P2pLog *log)
{
    const P2pDeviceSettings settings = cli_device_settings(options, log);

    return p2p_device_open(device, &settings);
}

void cli_epoch(char *text, size_t bytes, const P2pOptions *options)
{
    if (cli_int(options, "load_iter"))
        snprintf(text, bytes, "iter_%d", cli_int(options, "load_iter"));
    else
        snprintf(text, bytes, "%.32s", cli_text(options, "epoch"));
}

bool cli_run_model(char *path, size_t bytes, const char *folder, const P2pOptions *options,
                   const char *net)
{
    char epoch[40];

    cli_epoch(epoch, sizeof(epoch), options);
    snprintf(path, bytes, "%s/%s.safetensors", folder, epoch);
    if (access(path, R_OK) == 0)
        return true;
    snprintf(path, bytes, "%s/%s_net_%.40s.pth", folder, epoch, net);
    if (access(path, R_OK) == 0)
        return true;
    snprintf(path, bytes, "%s/%s.safetensors", folder, epoch);
    return false;
}

/* A folder with pix2pix-tensorflow's checkpoints, of which its list names the latest. */
static bool holds_list(const char *folder)
{
    char path[4096];

    snprintf(path, sizeof(path), "%.4000s/checkpoint", folder);
    return access(path, R_OK) == 0;
}

bool cli_find_model(char *path, size_t bytes, const char *program, const char *model,
                    const P2pOptions *options)
{
    struct stat st;
    const bool folder = stat(model, &st) == 0 && S_ISDIR(st.st_mode);
    if (folder && (cli_run_model(path, bytes, model, options, "G") || !holds_list(model)))
        return true;
    snprintf(path, bytes, "%s", model);
    if (!cli_int(options, "load_iter") && !strcmp(cli_text(options, "epoch"), "latest"))
        return true;
    cli_say(stderr, "%s: %s is a file; an epoch is chosen from a run's folder: give that", program,
            model);
    return false;
}
