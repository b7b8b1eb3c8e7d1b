/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-train: train a run. Options in, messages and progress out; the library does the work. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char cli_usage[] =
    "Usage: p2p-train --dataroot DIR [--name NAME] [OPTION]...\n"
    "       p2p-train --name NAME --continue_train [OPTION]...\n"
    "Train pix2pix on pairs of pictures. Everything lands in CHECKPOINTS_DIR/NAME/.\n";

static P2pTrainer *_Atomic running; /* for the signal handler, which any thread may run */
static volatile sig_atomic_t signal_seen;

static void on_signal(int number)
{
    if (signal_seen)
        _exit(CLI_SIGNAL + number);
    signal_seen = number;
    if (running)
        p2p_trainer_stop(running);
}

static void catch_signals(P2pTrainer *trainer)
{
    struct sigaction stop = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    running = trainer;
    sigemptyset(&stop.sa_mask);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

typedef struct Show {
    bool terminal, quiet;
    int step_pictures;
} Show;

static void show_progress(void *user, const P2pTrainProgress *p)
{
    const Show *show = user;
    const double per_step = p->seconds_per_step > 0 ? p->seconds_per_step : 1;
    const long left = (long)p->seconds_left;

    if (show->quiet)
        return;
    fprintf(stderr, "%sepoch %d/%d  %ld/%ld  step %ld ", show->terminal ? "\r\033[K" : "", p->epoch,
            p->epochs, p->batch, p->batches, p->step);
    for (int i = 0; i < p->loss_count; i++)
        fprintf(stderr, " %s %.3f", p->loss_names[i], (double)p->losses[i]);
    fprintf(stderr, "  %.2f pictures/s  %ld:%02ld:%02ld left%s", show->step_pictures / per_step,
            left / 3600, left / 60 % 60, left % 60, show->terminal ? "" : "\n");
}

static void show_validated(void *user, const P2pTrainValidation *v)
{
    const Show *show = user;
    const P2pMetrics *m = &v->metrics;

    if (show->quiet)
        return;
    fputs(show->terminal ? "\r\033[K" : "", stderr);
    cli_say(stderr, "validated after epoch %d: L1 %.2f, PSNR %.2f dB, SSIM %.3f on %zu pairs%s",
            v->epoch, m->l1, m->psnr, m->ssim, v->pictures, v->best ? ", the best so far" : "");
}

static void show_saved(void *user, const char *path)
{
    const Show *show = user;

    if (show->quiet)
        return;
    fputs(show->terminal ? "\r\033[K" : "", stderr);
    cli_say(stderr, "saved %s", path);
}

static void print_profile(P2pTrainer *trainer)
{
    P2pBenchRow *rows = NULL;
    int count;

    if (p2p_trainer_profile(trainer, &rows, &count) == 0)
        cli_print_rows(stdout, rows, count);
    free(rows);
}

/* Of several ranks the first one speaks. */
static bool is_quiet(const P2pOptions *o, const P2pComm *comm)
{
    return cli_flag(o, "quiet") || p2p_comm_rank(comm) > 0;
}

static int run(P2pTrainer *trainer, const P2pOptions *o, const P2pComm *comm)
{
    Show show = {.terminal = isatty(STDERR_FILENO),
                 .quiet = is_quiet(o, comm),
                 .step_pictures = cli_int(o, "batch_size") * cli_int(o, "accumulate")};
    const P2pTrainEvents events = {
        .progress = show_progress, .validated = show_validated, .saved = show_saved, .user = &show};
    size_t networks, plan;

    p2p_trainer_memory(trainer, &networks, &plan);
    if (!show.quiet)
        cli_say(stderr, "%s: networks and Adam %zu MiB, step %zu MiB on the device",
                p2p_trainer_folder(trainer), networks >> 20, plan >> 20);
    catch_signals(trainer);
    const int err = p2p_trainer_run(trainer, &events);
    running = NULL;
    if (show.terminal && !show.quiet)
        fputc('\n', stderr);
    if (cli_flag(o, "profile") && p2p_comm_rank(comm) == 0 && (!err || err == P2P_ESTOPPED))
        print_profile(trainer);
    if (err == P2P_ESTOPPED) {
        if (p2p_comm_rank(comm) == 0)
            cli_say(stderr,
                    "p2p-train: %s; go on with: p2p-train --checkpoints_dir %s --name %s "
                    "--continue_train",
                    p2p_error(), cli_text(o, "checkpoints_dir"), cli_text(o, "name"));
        return CLI_SIGNAL + (signal_seen ? signal_seen : SIGTERM);
    }
    return err ? cli_job_fail(comm, "p2p-train", err) : CLI_OK;
}

static int train(P2pOptions *options, P2pComm *comm)
{
    P2pDevice *device = NULL;
    P2pTrainer *trainer = NULL;
    P2pLog log;

    cli_log_init(&log, options);
    if (log.level == P2P_LOG_WARN)
        log.level = P2P_LOG_INFO;
    if (p2p_comm_rank(comm) > 0)
        log.level = P2P_LOG_ERROR;
    int err = cli_job_open_device(&device, comm, options, &log);
    if (!err)
        err = p2p_trainer_join(&trainer, device, options, comm);
    const int code = err ? cli_job_fail(comm, "p2p-train", err) : run(trainer, options, comm);
    p2p_trainer_destroy(&trainer);
    p2p_device_close(&device);
    return code;
}

int main(int argc, char **argv)
{
    P2pOptions *options;
    P2pArguments rest;
    P2pComm *comm;
    int code = cli_parse(&options, P2P_PROGRAM_TRAIN, "p2p-train", argc, argv, &rest);

    if (code >= 0)
        return code;
    if (rest.argc) {
        cli_say(stderr, "p2p-train: takes no argument '%s'; pictures are named by --dataroot",
                rest.argv[0]);
        return CLI_USAGE;
    }
    if ((code = cli_job_begin(&comm, "p2p-train", options)) >= 0)
        return code;
    code = cli_job_end(&comm, train(options, comm));
    if (code == CLI_TIMEOUT)
        _exit(code); /* a driver that hangs would not let the process end */
    return code;
}
