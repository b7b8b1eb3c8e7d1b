/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-data: make a demonstration set; change, join, split and look through folders of pictures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

const char cli_usage[] = "";

/* ---- What the commands share --------------------------------------------------------------- */

static bool show_progress(void *user, size_t done, size_t total)
{
    CliProgress *p = user;

    p->count = total;
    cli_progress_show(p, done);
    return false;
}

/* What folder commands need: settings by the choices, a log and a line of progress. */
typedef struct Work {
    P2pLog log;
    P2pPrepareSettings settings;
    P2pPrepareReport report;
    CliProgress progress;
} Work;

static void begin(Work *w, const DataChoices *c)
{
    *w = (Work){.log = cli_log(c->dry_run ? P2P_LOG_INFO
                               : c->quiet ? P2P_LOG_ERROR
                                          : P2P_LOG_WARN)};
    w->settings = (P2pPrepareSettings){.format = c->format,
                                       .quality = (int)c->quality,
                                       .max_pixels = (size_t)c->max_pixels,
                                       .threads = (int)c->threads,
                                       .no_exif = c->no_exif,
                                       .skip_bad = c->skip_bad,
                                       .dry_run = c->dry_run,
                                       .log = &w->log};
    cli_progress_init(&w->progress, "pictures", 0, c->quiet || c->dry_run);
}

/* The last line, and the exit code. */
static int end(Work *w, int err, const char *folder, const DataChoices *c)
{
    const size_t n = w->report.written;

    cli_progress_hide(&w->progress);
    if (!c->quiet && (n || w->report.bad))
        cli_say(stderr, "%zu picture%s %s %s", n, n == 1 ? "" : "s",
                c->dry_run ? "would be written to" : "in", folder);
    return err ? cli_fail(data_program, err) : CLI_OK;
}

static int usage(const char *text)
{
    cli_say(stderr, "%s: %s; see --help", data_program, text);
    return CLI_USAGE;
}

/* ---- Making and joining -------------------------------------------------------------------- */

static int demo(char **folders, const DataChoices *c)
{
    const size_t tenth = (size_t)(c->count + 9) / 10;
    const P2pDemoSettings settings = {.seed = (uint32_t)c->seed,
                                      .count_train = (size_t)c->count,
                                      .count_val = tenth,
                                      .count_test = tenth,
                                      .size = c->size ? (int)c->width : 256,
                                      .format = c->format};
    Work w;

    if (c->size && (c->width != c->height || c->width < 32 || c->width > 4096))
        return usage("demo: --size is a number of 32 to 4096");
    if (c->format != P2P_IMAGE_PNG && c->format != P2P_IMAGE_JPEG)
        return usage("demo: --format is png or jpg");
    begin(&w, c);
    const int err = p2p_demo_make(folders[0], &settings, show_progress, &w.progress);
    cli_progress_hide(&w.progress);
    if (err)
        return cli_fail(data_program, err);
    if (!c->quiet)
        cli_say(stderr, "%ld pairs for training in %s/train", c->count, folders[0]);
    return CLI_OK;
}

static int combine(char **folders, const DataChoices *c)
{
    Work w;

    begin(&w, c);
    const int err = p2p_data_combine(folders[0], folders[1], folders[2], &w.settings, show_progress,
                                     &w.progress, &w.report);
    return end(&w, err, folders[2], c);
}

static int cityscapes(char **folders, const DataChoices *c)
{
    const int size = c->size ? (int)c->width : 256;
    Work w;

    if (c->width != c->height)
        return usage("cityscapes: --size is one number");
    begin(&w, c);
    const int err = p2p_prepare_cityscapes(folders[0], folders[1], folders[2], size, &w.settings,
                                           show_progress, &w.progress, &w.report);
    return end(&w, err, folders[2], c);
}

static int split(char **folders, const DataChoices *c)
{
    const P2pSplitSettings how = {.seed = (uint32_t)c->seed, .val = c->val, .test = c->test};
    Work w;

    if (c->val + c->test >= 1)
        return usage("split: --val and --test leave none for training");
    begin(&w, c);
    const int err = p2p_prepare_split(folders[0], folders[1], &how, &w.settings, show_progress,
                                      &w.progress, &w.report);
    return end(&w, err, folders[1], c);
}

/* ---- Changes of each picture --------------------------------------------------------------- */

static int change(char **folders, const DataChoices *c, P2pChange how, const void *user)
{
    Work w;

    begin(&w, c);
    const int err = p2p_prepare_folder(folders[0], folders[1], how, (void *)(uintptr_t)user,
                                       &w.settings, show_progress, &w.progress, &w.report);
    return end(&w, err, folders[1], c);
}

static int to_size(void *user, const P2pImage *in, P2pImage *out)
{
    const DataChoices *c = user;
    const P2pFit fit = c->pad ? P2P_FIT_PAD : c->stretch ? P2P_FIT_STRETCH : P2P_FIT_CROP;

    return p2p_image_fit(in, (int)c->width, (int)c->height, fit, P2P_FILTER_BICUBIC, out);
}

static int resize(char **folders, const DataChoices *c)
{
    if (!c->size || (c->pad && c->stretch))
        return usage("resize needs --size, and one of --pad and --stretch at most");
    return change(folders, c, to_size, c);
}

static int to_middle(void *user, const P2pImage *in, P2pImage *out)
{
    const DataChoices *c = user;

    return p2p_image_crop(in, (in->width - (int)c->width) / 2, (in->height - (int)c->height) / 2,
                          (int)c->width, (int)c->height, out);
}

static int crop(char **folders, const DataChoices *c)
{
    return c->size ? change(folders, c, to_middle, c) : usage("crop needs --size");
}

static int to_gray(void *user, const P2pImage *in, P2pImage *out)
{
    (void)user;
    return p2p_image_convert_channels(in, 1, out);
}

static int gray(char **folders, const DataChoices *c)
{
    return change(folders, c, to_gray, NULL);
}

static int to_blank(void *user, const P2pImage *in, P2pImage *out)
{
    return p2p_image_blank(in, ((const DataChoices *)user)->share, out);
}

static int blank(char **folders, const DataChoices *c)
{
    return change(folders, c, to_blank, c);
}

static int to_edges(void *user, const P2pImage *in, P2pImage *out)
{
    const DataChoices *c = user;
    const P2pEdgeSettings settings = {
        .sigma = c->sigma, .low = c->low, .high = c->high, .hed = c->hed, .least = (int)c->least};

    return p2p_image_edges(in, &settings, out);
}

static int edges(char **folders, const DataChoices *c)
{
    return change(folders, c, to_edges, c);
}

/* ---- Label maps ---------------------------------------------------------------------------- */

static int to_index(void *user, const P2pImage *in, P2pImage *out)
{
    P2pImage rgb = {0};
    int err = p2p_image_convert_channels(in, 3, &rgb);

    if (!err)
        err = p2p_labels_to_index(user, &rgb, out, NULL);
    p2p_image_finish(&rgb);
    return err;
}

static int to_color(void *user, const P2pImage *in, P2pImage *out)
{
    return p2p_labels_to_color(user, in, out);
}

static int labels(char **folders, const DataChoices *c)
{
    P2pLabels *table;

    if (!c->table)
        return usage("labels needs --table");
    if (!c->back && c->format == P2P_IMAGE_JPEG)
        return usage("labels: JPEG does not keep indices; write png");
    const int err = p2p_labels_read(&table, c->table);
    if (err)
        return cli_fail(data_program, err);
    const int code = change(folders, c, c->back ? to_color : to_index, table);
    p2p_labels_destroy(&table);
    return code;
}

/* ---- Looking ------------------------------------------------------------------------------- */

static const char *const finding_names[] = {"unusable", "alone", "unlike", "duplicate"};

/* Before the first finding of a JSON object nothing separates. */
typedef struct Findings {
    bool json;
    size_t count;
} Findings;

static void print_finding(void *user, P2pFindingKind kind, const char *text)
{
    Findings *f = user;

    if (f->json) {
        printf("%s\n  {\"kind\": \"%s\", \"text\": ", f->count ? "," : "", finding_names[kind]);
        cli_put_json(stdout, text);
        putchar('}');
    } else {
        cli_say(stdout, "%s", text);
    }
    f->count++;
}

static int check(char **folders, const DataChoices *c)
{
    Findings findings = {.json = c->json};
    P2pSurvey s;
    Work w;

    begin(&w, c);
    w.progress.on = false; /* findings go to the same terminal */
    if (c->json)
        printf("{\"findings\": [");
    const int err = p2p_survey(&s, folders[0], &w.settings, print_finding, &findings, NULL, NULL);
    if (err)
        return cli_fail(data_program, err);
    const bool good = !s.findings[P2P_FINDING_UNUSABLE] && !s.findings[P2P_FINDING_ALONE] &&
                      !s.findings[P2P_FINDING_UNLIKE];
    if (c->json)
        printf("],\n \"pictures\": %zu, \"usable\": %zu}\n", s.pictures, s.usable);
    else if (!c->quiet)
        printf("%zu pictures: %zu unusable, %zu without partner, %zu unlike their partner, %zu "
               "twice\n",
               s.pictures, s.findings[P2P_FINDING_UNUSABLE], s.findings[P2P_FINDING_ALONE],
               s.findings[P2P_FINDING_UNLIKE], s.findings[P2P_FINDING_DUPLICATE]);
    p2p_survey_finish(&s);
    return good ? CLI_OK : CLI_FAILED;
}

static void print_stats(const P2pSurvey *s)
{
    printf("%zu pictures, %zu unusable\n\n%10s %7s %7s %8s %5s\n", s->pictures,
           s->findings[P2P_FINDING_UNUSABLE], "pictures", "width", "height", "channels", "bits");
    for (size_t i = 0; i < s->kind_count; i++)
        printf("%10zu %7d %7d %8d %5d\n", s->kinds[i].count, s->kinds[i].width, s->kinds[i].height,
               s->kinds[i].channels, s->kinds[i].bits);
    printf("\n%10s %7s %7s\n", "channel", "mean", "spread");
    for (int i = 0; i < 4; i++)
        if (s->mean[i] == s->mean[i])
            printf("%10d %7.2f %7.2f\n", i + 1, s->mean[i], s->deviation[i]);
}

static void print_stats_json(const P2pSurvey *s)
{
    printf("{\"pictures\": %zu, \"unusable\": %zu, \"kinds\": [", s->pictures,
           s->findings[P2P_FINDING_UNUSABLE]);
    for (size_t i = 0; i < s->kind_count; i++)
        printf(
            "%s\n  {\"count\": %zu, \"width\": %d, \"height\": %d, \"channels\": %d, \"bits\": %d}",
            i ? "," : "", s->kinds[i].count, s->kinds[i].width, s->kinds[i].height,
            s->kinds[i].channels, s->kinds[i].bits);
    printf("],\n \"channels\": [");
    for (int i = 0; i < 4; i++)
        if (s->mean[i] == s->mean[i])
            printf("%s{\"mean\": %.4f, \"spread\": %.4f}", i ? ", " : "", s->mean[i],
                   s->deviation[i]);
    printf("]}\n");
}

static int stats(char **folders, const DataChoices *c)
{
    P2pSurvey s;
    Work w;

    begin(&w, c);
    int err = p2p_survey(&s, folders[0], &w.settings, NULL, NULL, show_progress, &w.progress);
    cli_progress_hide(&w.progress);
    if (!err && c->svg)
        err = p2p_survey_draw(&s, c->svg);
    if (err)
        return cli_fail(data_program, err);
    (c->json ? print_stats_json : print_stats)(&s);
    p2p_survey_finish(&s);
    return CLI_OK;
}

/* ---- The commands -------------------------------------------------------------------------- */

const DataCommand *data_command(const char *name)
{
    static const DataCommand commands[] = {
        {"demo", 1, demo},   {"combine", 3, combine}, {"resize", 2, resize},
        {"crop", 2, crop},   {"gray", 2, gray},       {"blank", 2, blank},
        {"edges", 2, edges}, {"labels", 2, labels},   {"cityscapes", 3, cityscapes},
        {"split", 2, split}, {"check", 1, check},     {"stats", 1, stats},
    };

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const DataCommand *command;
    DataChoices choices;
    char **folders;

    cli_begin(data_program);
    const int code = data_parse(argc, argv, &choices, &command, &folders);
    return code >= 0 ? code : command->run(folders, &choices);
}
