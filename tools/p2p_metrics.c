/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-metrics: measure a folder of results against its targets. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char cli_usage[] = "";

static const char program[] = "p2p-metrics";
static const char help[] =
    "Usage: p2p-metrics RESULTS TARGETS [OPTION]...\n"
    "       p2p-metrics RESULTS [OPTION]...\n"
    "Compare the pictures of two folders, paired by name; or those of a folder of p2p-test or of\n"
    "pytorch-CycleGAN-and-pix2pix, X_fake_B with X_real_B. Prints a line for each and the means: L1 and\n"
    "PSNR for values of 0 to 255, SSIM, MS-SSIM (from 161 pixels on); equal pictures count as 99 dB.\n\n"
    "      --table FILE     the pictures are label maps: a text of RED GREEN BLUE [NAME] lines, or a GIMP\n"
    "                       palette. Pixel accuracy, class accuracy and class IoU over all, each pixel\n"
    "                       by the nearest colour\n"
    "      --json           print one JSON object\n"
    "      --summary        only the means\n"
    "      --max_pixels N   refuse larger pictures (default 178956970)\n"
    "      --num_threads N  (default: as many as processors)\n"
    "  -q, --quiet          no progress\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n\n"
    "Exit status: 0 done; 1 files or data; 2 usage.\n";

typedef struct Choices {
    const char *table;
    bool json, summary, quiet;
    long max_pixels, threads;
} Choices;

typedef struct Output {
    const Choices *choices;
    CliProgress progress;
    size_t count;
} Output;

static bool show_progress(void *user, size_t done, size_t total)
{
    CliProgress *p = user;

    p->count = total;
    cli_progress_show(p, done);
    return false;
}

/* JSON has no NaN and no infinity. */
static void put_number(const char *name, double value, const char *end)
{
    if (isfinite(value))
        printf("\"%s\": %.6g%s", name, value, end);
    else
        printf("\"%s\": null%s", name, end);
}

static void put_metrics_json(const P2pMetrics *m)
{
    put_number("L1", m->l1, ", ");
    put_number("PSNR", m->psnr, ", ");
    put_number("SSIM", m->ssim, ", ");
    put_number("MS_SSIM", m->ms_ssim, "");
}

static void put_metrics(const char *name, const P2pMetrics *m)
{
    char text[128];

    snprintf(text, sizeof(text), "%8.3f %8.3f %8.4f %8.4f  ", m->l1, m->psnr, m->ssim, m->ms_ssim);
    cli_say(stdout, "%s%s", text, name);
}

static void print_one(void *user, const char *name, const P2pMetrics *m)
{
    Output *out = user;

    cli_progress_hide(&out->progress);
    if (out->choices->summary)
        return;
    if (out->choices->json) {
        printf("%s\n  {\"name\": ", out->count++ ? "," : "{\"pictures\": [");
        cli_put_json(stdout, name);
        printf(", ");
        put_metrics_json(m);
        putchar('}');
    } else {
        if (!out->count++)
            printf("%8s %8s %8s %8s\n", "L1", "PSNR", "SSIM", "MS-SSIM");
        put_metrics(name, m);
    }
}

static void print_means(const P2pMeasured *m, const Choices *c)
{
    char name[64];

    if (c->json) {
        printf("%s\"count\": %zu, ", c->summary ? "{" : "],\n ", m->count);
        put_metrics_json(&m->mean);
        if (c->table) {
            printf(", ");
            put_number("pixel_accuracy", m->scores.pixel_accuracy, ", ");
            put_number("class_accuracy", m->scores.class_accuracy, ", ");
            put_number("class_IoU", m->scores.class_iou, "");
        }
        puts("}");
        return;
    }
    snprintf(name, sizeof(name), "mean of %zu", m->count);
    put_metrics(name, &m->mean);
    if (c->table)
        printf("pixel accuracy %.4f, class accuracy %.4f, class IoU %.4f\n",
               m->scores.pixel_accuracy, m->scores.class_accuracy, m->scores.class_iou);
}

static int measure(const char *results, const char *targets, const Choices *c)
{
    const P2pLog log = cli_log(c->quiet ? P2P_LOG_ERROR : P2P_LOG_WARN);
    P2pMeasureSettings settings = {
        .max_pixels = (size_t)c->max_pixels, .threads = (int)c->threads, .log = &log};
    P2pLabels *labels = NULL;
    Output out = {.choices = c};
    P2pMeasured measured;
    int err = c->table ? p2p_labels_read(&labels, c->table) : P2P_OK;

    settings.labels = labels;
    cli_progress_init(&out.progress, "pictures", 0, c->quiet);
    if (!err)
        err = p2p_measure_folder(&measured, results, targets, &settings, print_one, &out,
                                 show_progress, &out.progress);
    cli_progress_hide(&out.progress);
    p2p_labels_destroy(&labels);
    if (err)
        return cli_fail(program, err);
    print_means(&measured, c);
    return CLI_OK;
}

static bool take_whole(const char *text, double least, double most, long *out)
{
    double number;
    const bool ok = cli_number(text, true, least, most, &number);

    *out = ok ? (long)number : 0;
    return ok;
}

/* False: the value is out of range. */
static bool take(int code, const char *value, Choices *c)
{
    switch (code) {
    case 't':
        c->table = value;
        return *value;
    case 'j':
        return c->json = true;
    case 's':
        return c->summary = true;
    case 'q':
        return c->quiet = true;
    case 'p':
        return take_whole(value, 1, 1e12, &c->max_pixels);
    default:
        return take_whole(value, 0, 256, &c->threads);
    }
}

/* -1 to go on, or an exit code. */
static int parse(int argc, char **argv, Choices *c)
{
    static const struct option table[] = {{"table", required_argument, NULL, 't'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"summary", no_argument, NULL, 's'},
                                          {"max_pixels", required_argument, NULL, 'p'},
                                          {"num_threads", required_argument, NULL, 'n'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {0}};
    int code;

    opterr = 0; /* its messages would begin with the program's path */
    while ((code = getopt_long(argc, argv, ":qhV", table, NULL)) != -1) {
        if (code == 'h' || code == 'V') {
            if (code == 'h')
                fputs(help, stdout);
            else
                printf("%s (pix2pix-cl) %s\n", program, p2p_version());
            return CLI_OK;
        }
        if (code == ':' || code == '?') {
            cli_say(stderr, "%s: %s %s; see --help", program, argv[optind - (optind > 1)],
                    code == ':' ? "needs a value" : "is no option");
            return CLI_USAGE;
        }
        if (!take(code, optarg, c)) {
            cli_say(stderr, "%s: '%s' is out of range; see --help", program, optarg);
            return CLI_USAGE;
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    Choices c = {.threads = cli_processors()};

    cli_begin(program);
    int code = parse(argc, argv, &c);
    if (code < 0)
        code = cli_job_refuse(program);
    if (code >= 0)
        return code;
    if (argc - optind < 1 || argc - optind > 2) {
        cli_say(stderr, "%s: name a folder of results, and one of targets; see --help", program);
        return CLI_USAGE;
    }
    return measure(argv[optind], argc - optind == 2 ? argv[optind + 1] : NULL, &c);
}
