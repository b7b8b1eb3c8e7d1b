/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-test: run a folder of pairs through a checkpoint; pictures, a page and figures out. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

const char cli_usage[] =
    "Usage: p2p-test --name NAME [--dataroot DIR] [OPTION]...\n"
    "       p2p-test -m MODEL [--name NAME] --dataroot DIR [OPTION]...\n"
    "Translate the test pictures of a data set with a run's checkpoint or another model.\n"
    "RESULTS_DIR/NAME/PHASE_EPOCH/ (with -m, PHASE_MODEL/) gets images/, index.html (input, output,\n"
    "target) and metrics.json (L1, PSNR, SSIM).\n";

static const char program[] = "p2p-test";

enum { PATH_BYTES = 4096, MOST_SHOWN = 6 };

/* What is shown of each of the set, from left to right, and which two pictures are compared. */
typedef struct Kinds {
    int shown;
    const char *names[MOST_SHOWN + 1]; /* behind those shown "all", in which they are joined */
    int ours, like;
} Kinds;

static const Kinds one_way = {3, {"input", "output", "target", "all"}, 1, 2};
static const Kinds no_target = {2, {"input", "output", "all"}, 1, -1}; /* nothing is compared */
/* Models with a way back, by direction. */
static const Kinds both_ways[] = {
    {6, {"real_A", "fake_B", "rec_A", "real_B", "fake_A", "rec_B", "all"}, 2, 0},
    {6, {"real_B", "fake_A", "rec_B", "real_A", "fake_B", "rec_A", "all"}, 2, 0}};

typedef struct Results {
    const P2pOptions *options;
    const P2pOptions *model; /* what the model file stores, with those given replaced */
    const char *phase, *root;
    Kinds kinds;
    char folder[PATH_BYTES];
    FILE *page, *figures;
    double l1, psnr, ssim;
    size_t count;
} Results;

/* FOLDER/images/STEM_KIND.png */
static void picture_path(const Results *r, const char *name, const char *kind, char *path)
{
    char stem[CLI_STEM_BYTES];

    cli_file_stem(stem, name);
    snprintf(path, PATH_BYTES, "%.3500s/images/%s_%s.png", r->folder, stem, kind);
}

static int make_folder(const char *path)
{
    char part[PATH_BYTES];

    snprintf(part, sizeof(part), "%s", path);
    for (char *at = part + 1;; at++) {
        if (*at && *at != '/')
            continue;
        const char end = *at;
        *at = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            cli_say(stderr, "%s: %s: the folder cannot be made: %s", program, part,
                    strerror(errno));
            return CLI_FAILED;
        }
        *at = end;
        if (!end)
            return CLI_OK;
    }
}

static FILE *open_file(const Results *r, const char *name)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%.3500s/%s", r->folder, name);
    FILE *file = fopen(path, "w");
    if (!file)
        cli_say(stderr, "%s: %s: cannot be written: %s", program, path, strerror(errno));
    return file;
}

/* The option's value as on a command line, in fresh memory; NULL for a flag that is not set. */
static char *option_text(const P2pOptions *o, const P2pOptionInfo *info)
{
    char number[64];

    if (info->type == P2P_OPTION_FLAG)
        return cli_flag(o, info->name) ? strdup("") : NULL;
    if (info->choices && !p2p_options_get_string(o, info->name))
        return strdup(info->choices[cli_int(o, info->name)]);
    if (info->type == P2P_OPTION_STRING)
        return strdup(cli_text(o, info->name));
    snprintf(number, sizeof(number), "%.12g", p2p_options_get_number(o, info->name));
    return strdup(number);
}

static bool is_default(const P2pOptions *o, const P2pOptionInfo *info, const char *text)
{
    if (info->type == P2P_OPTION_INT || info->type == P2P_OPTION_NUMBER)
        return p2p_options_get_number(o, info->name) == strtod(info->initial, NULL);
    return strcmp(text, info->initial) == 0;
}

/* Those that the model file or the user sets: all else has its default. */
static void put_options(const Results *r)
{
    const P2pOptionInfo *info;

    for (int i = 0; (info = p2p_options_info(i)); i++) {
        const bool given = p2p_options_given(r->options, info->name);
        const P2pOptions *o = given ? r->options : r->model;
        char *text = option_text(o, info);

        if (text && (given || !is_default(o, info, text))) {
            fprintf(r->page, "\n--%s ", info->name);
            cli_put_html(r->page, text);
        }
        free(text);
    }
}

static void put_title(const Results *r)
{
    const bool from_file = cli_text(r->options, "model_file")[0];
    char epoch[40];

    cli_epoch(epoch, sizeof(epoch), r->options);
    cli_put_html(r->page, cli_text(r->options, "name"));
    fputs(", ", r->page);
    cli_put_html(r->page, r->phase);
    fputs(from_file ? ", model " : ", epoch ", r->page);
    cli_put_html(r->page, from_file ? cli_text(r->options, "model_file") : epoch);
}

static void put_head(const Results *r)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", r->page);
    put_title(r);
    fputs("</title>\n"
          "<style>body{font:16px sans-serif;background:#f4f4f4;margin:2em}"
          "td{padding:4px;text-align:center}img{width:256px;image-rendering:auto}</style></head>\n"
          "<body><h1>",
          r->page);
    put_title(r);
    fputs("</h1>\n<p>Data set ", r->page);
    cli_put_html(r->page, r->root);
    fputs("</p>\n<details><summary>Options</summary><pre>", r->page);
    put_options(r);
    fputs("</pre></details>\n<table><tr>", r->page);
    for (int i = 0; i < r->kinds.shown; i++)
        fprintf(r->page, "<th>%s", r->kinds.names[i]);
    if (r->kinds.like >= 0)
        fprintf(r->page, "<th title=\"%s against %s\">L1<th>PSNR<th>SSIM",
                r->kinds.names[r->kinds.ours], r->kinds.names[r->kinds.like]);
    fputs("</tr>\n", r->page);
}

/* PHASE_EPOCH, or PHASE_MODEL with the model file's name. */
static void name_folder(Results *r)
{
    const char *file = cli_text(r->options, "model_file");
    const char *slash = strrchr(file, '/'), *last = slash ? slash + 1 : file;
    const char *dot = strrchr(last, '.');
    char name[PATH_BYTES], part[CLI_STEM_BYTES], epoch[40];

    cli_epoch(epoch, sizeof(epoch), r->options);
    snprintf(name, sizeof(name), "%.64s_%.*s", r->phase,
             *file ? (int)(dot > last ? (size_t)(dot - last) : strlen(last)) : PATH_BYTES,
             *file ? last : epoch);
    cli_file_stem(part, name);
    snprintf(r->folder, sizeof(r->folder), "%.1500s/%.200s/%s", cli_text(r->options, "results_dir"),
             cli_text(r->options, "name"), part);
}

/* No picture of the results is one of the set. */
static int check_outputs(const Results *r, const P2pDataset *set)
{
    const size_t each = (size_t)r->kinds.shown + 1, count = each * p2p_dataset_count(set);
    char **paths = calloc(count, sizeof(*paths)), path[PATH_BYTES];
    int code = paths ? CLI_OK : CLI_FAILED;

    for (size_t i = 0; !code && i < count; i++) {
        picture_path(r, p2p_dataset_name(set, i / each), r->kinds.names[i % each], path);
        code = (paths[i] = strdup(path)) ? CLI_OK : CLI_FAILED;
    }
    if (code)
        cli_say(stderr, "%s: no memory for the names of the results", program);
    else if (p2p_dataset_check_outputs(set, (const char *const *)paths, count) < 0)
        code = cli_fail(program, P2P_EINVAL);
    for (size_t i = 0; paths && i < count; i++)
        free(paths[i]);
    free(paths);
    return code;
}

static int results_open(Results *r)
{
    char images[PATH_BYTES];

    snprintf(images, sizeof(images), "%.3500s/images", r->folder);
    if (make_folder(images) != CLI_OK)
        return CLI_FAILED;
    r->page = open_file(r, "index.html.tmp");
    r->figures = open_file(r, "metrics.json.tmp");
    if (!r->page || !r->figures)
        return CLI_FAILED;
    put_head(r);
    fprintf(r->figures, "{\"pictures\": [");
    return CLI_OK;
}

static void put_number(FILE *out, const char *key, double value)
{
    if (isfinite(value))
        fprintf(out, "\"%s\": %.6g", key, value);
    else
        fprintf(out, "\"%s\": null", key);
}

static void put_metrics(FILE *out, double l1, double psnr, double ssim)
{
    put_number(out, "L1", l1);
    fputs(", ", out);
    put_number(out, "PSNR", psnr);
    fputs(", ", out);
    put_number(out, "SSIM", ssim);
}

static void results_add(Results *r, const char *name, const P2pMetrics *m)
{
    char stem[CLI_STEM_BYTES];

    cli_file_stem(stem, name);
    fputs("<tr>", r->page);
    for (int i = 0; i < r->kinds.shown; i++) {
        fputs("<td><img loading=\"lazy\" alt=\"\" src=\"images/", r->page);
        cli_put_url(r->page, stem);
        fprintf(r->page, "_%s.png\">", r->kinds.names[i]);
    }
    if (r->kinds.like >= 0)
        fprintf(r->page, "<td>%.2f<td>%.2f<td>%.3f", m->l1, m->psnr, m->ssim);
    fprintf(r->page, "</tr><tr><td colspan=\"%d\">", r->kinds.shown + 3);
    cli_put_html(r->page, name);
    fputs("</tr>\n", r->page);
    fprintf(r->figures, "%s\n  {\"name\": ", r->count ? "," : "");
    cli_put_json(r->figures, name);
    fputs(", ", r->figures);
    put_metrics(r->figures, m->l1, m->psnr, m->ssim);
    fputc('}', r->figures);
    r->l1 += m->l1;
    r->psnr += m->psnr;
    r->ssim += m->ssim;
    r->count++;
}

static int rename_in(const Results *r, const char *from, const char *to)
{
    char a[PATH_BYTES], b[PATH_BYTES];

    snprintf(a, sizeof(a), "%.3500s/%s", r->folder, from);
    snprintf(b, sizeof(b), "%.3500s/%s", r->folder, to);
    return rename(a, b);
}

/* Pages of a run that failed are not kept: they would look whole. */
static void results_drop(Results *r)
{
    static const char *const names[] = {"index.html.tmp", "metrics.json.tmp"};
    char path[PATH_BYTES];

    if (r->page)
        fclose(r->page);
    if (r->figures)
        fclose(r->figures);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%.3500s/%s", r->folder, names[i]);
        remove(path);
    }
}

/* Not 0: something of it was not written. */
static int close_file(FILE *file)
{
    const int bad = ferror(file) != 0;

    return (fclose(file) != 0) | bad;
}

static int results_close(Results *r)
{
    const double n = r->count ? (double)r->count : 1;

    fprintf(r->figures, "\n], \"count\": %zu, \"mean\": {", r->count);
    put_metrics(r->figures, r->l1 / n, r->psnr / n, r->ssim / n);
    fputs("}}\n", r->figures);
    fputs("</table></body></html>\n", r->page);
    int bad = close_file(r->page) | close_file(r->figures);
    r->page = r->figures = NULL;
    if (!bad)
        bad = rename_in(r, "index.html.tmp", "index.html") |
              rename_in(r, "metrics.json.tmp", "metrics.json");
    if (bad) {
        results_drop(r);
        cli_say(stderr, "%s: %s: the results cannot be written", program, r->folder);
    }
    return bad ? CLI_FAILED : CLI_OK;
}

/* A PNG has 4 channels at most. */
static int write_shown(const P2pImage *picture, const char *path)
{
    P2pImage shown = {0};
    int err;

    if (picture->channels <= 4)
        return p2p_image_write(picture, path, 0);
    if ((err = p2p_image_show(picture, &shown)) == P2P_OK)
        err = p2p_image_write(&shown, path, 0);
    p2p_image_finish(&shown);
    return err;
}

/* Those that are shown, side by side in one picture beside the single ones. */
static int write_all(const Results *r, const char *name, const P2pImage *pictures)
{
    P2pImage all = {0};
    char path[PATH_BYTES];
    int err = P2P_OK;

    for (int i = 0; !err && i < r->kinds.shown; i++) {
        picture_path(r, name, r->kinds.names[i], path);
        err = write_shown(&pictures[i], path);
    }
    picture_path(r, name, "all", path);
    if (!err)
        err = p2p_image_join_all(pictures, r->kinds.shown, &all);
    if (!err)
        err = p2p_image_write(&all, path, 0);
    p2p_image_finish(&all);
    return err;
}

static int convert(const P2pModel *model, const P2pImage *in, P2pModelSide side, P2pImage *out)
{
    P2pImage prepared = {0};
    int err = p2p_model_prepare(model, in, side, &prepared);

    if (!err)
        err = p2p_image_convert_bits(&prepared, 8, out);
    p2p_image_finish(&prepared);
    return err;
}

/* Of a model, and of that of the way back, or NULL. */
typedef struct Models {
    P2pModel *there, *back;
} Models;

/* The picture as the model sees it, and its translation. */
static int translate(P2pModel *model, const P2pImage *raw, P2pImage *seen, P2pImage *out)
{
    P2pImage prepared = {0};
    int err = convert(model, raw, P2P_MODEL_INPUT, &prepared);

    if (!err)
        err = p2p_model_show(model, &prepared, seen);
    p2p_image_finish(&prepared);

    return err ? err : p2p_model_translate(model, raw, out);
}

static int make_pictures(const Models *m, const P2pImage raw[2], P2pImage *pictures)
{
    int err = translate(m->there, &raw[0], &pictures[0], &pictures[1]);

    if (!err && !raw[1].data)
        return P2P_OK;
    if (!err && !m->back)
        return convert(m->there, &raw[1], P2P_MODEL_OUTPUT, &pictures[2]);
    if (!err)
        err = p2p_model_translate(m->back, &pictures[1], &pictures[2]);
    if (!err)
        err = translate(m->back, &raw[1], &pictures[3], &pictures[4]);
    return err ? err : p2p_model_translate(m->there, &pictures[4], &pictures[5]);
}

static int test_pair(const Models *models, const P2pDataset *set, size_t i, Results *r)
{
    P2pImage raw[2] = {{0}}, pictures[MOST_SHOWN] = {{0}};
    P2pMetrics metrics = {.l1 = NAN, .psnr = NAN, .ssim = NAN};
    int err = p2p_dataset_read(set, i, &raw[0], &raw[1]);

    if (!err)
        err = make_pictures(models, raw, pictures);
    if (!err && r->kinds.like >= 0)
        err = p2p_image_compare(&pictures[r->kinds.ours], &pictures[r->kinds.like], &metrics);
    if (!err)
        err = write_all(r, p2p_dataset_name(set, i), pictures);
    if (!err)
        results_add(r, p2p_dataset_name(set, i), &metrics);
    for (int k = 0; k < 2; k++)
        p2p_image_finish(&raw[k]);
    for (int k = 0; k < MOST_SHOWN; k++)
        p2p_image_finish(&pictures[k]);
    return err;
}

static int test_pairs(const Models *models, const P2pDataset *set, Results *r)
{
    const bool skip = cli_flag(r->options, "skip_bad");
    int code = results_open(r), err;

    for (size_t i = 0; !code && i < p2p_dataset_count(set); i++) {
        if ((err = test_pair(models, set, i, r)) == P2P_OK)
            continue;
        const int failed = cli_fail_at(program, p2p_dataset_path(set, i), err);
        /* All could be read before: now it is room that lacks, not for this pair alone. */
        code = !skip || err == P2P_EIO || cli_ends_all(err) ? failed : CLI_OK;
    }
    if (code)
        results_drop(r);
    else
        code = results_close(r);
    return code;
}

static bool has_mode(const P2pOptions *stored, const char *mode)
{
    return !strcmp(cli_text(stored, "dataset_mode"), mode);
}

/* Pairs are compared, of unpaired pictures what came back. */
static Kinds choose_kinds(const Models *models, const P2pOptions *stored)
{
    Kinds kinds = one_way;

    if (has_mode(stored, "single"))
        return no_target;
    if (models->back)
        kinds = both_ways[!strcmp(cli_text(stored, "direction"), "BtoA")];
    if (models->back && !has_mode(stored, "unaligned")) {
        kinds.ours = 1;
        kinds.like = 3;
    }
    return kinds;
}

static int test_all(const Models *models, const P2pOptions *o, const P2pLog *log)
{
    const P2pOptions *stored = p2p_model_options(models->there);
    const char *root = cli_text(cli_text(o, "dataroot")[0] ? o : stored, "dataroot");
    const char *phase = cli_text(o, "phase");
    const char *count = cli_int(o, "num_test") ? "num_test" : "max_dataset_size";
    const P2pDatasetSettings settings = {
        .phase = phase[0] ? phase : "test",
        .direction =
            strcmp(cli_text(stored, "direction"), "BtoA") ? P2P_DIRECTION_ATOB : P2P_DIRECTION_BTOA,
        .unaligned = has_mode(stored, "unaligned"),
        .single = has_mode(stored, "single"),
        .max_dataset_size = cli_size(o, count),
        .max_pixels = cli_size(o, "max_pixels"),
        .no_exif = cli_flag(stored, "no_exif") || cli_flag(o, "no_exif"),
        .log = log};
    const P2pCheckSettings check = {
        .threads = cli_int(o, "num_threads"), .skip_bad = cli_flag(o, "skip_bad"), .log = log};
    Results r = {.options = o,
                 .model = stored,
                 .phase = settings.phase,
                 .root = root,
                 .kinds = choose_kinds(models, stored)};
    P2pDataset *set;
    int err = p2p_dataset_create(&set, root, &settings), code;

    if (!err)
        err = p2p_dataset_check(set, &check, NULL);
    name_folder(&r);
    code = err ? cli_fail(program, err) : check_outputs(&r, set);
    if (!code)
        code = test_pairs(models, set, &r);
    p2p_dataset_destroy(&set);
    if (code || cli_flag(o, "quiet"))
        return code;
    if (r.kinds.like < 0)
        cli_say(stdout, "%zu pictures: %s/index.html", r.count, r.folder);
    else
        cli_say(stdout, "%zu pictures: L1 %.2f, PSNR %.2f dB, SSIM %.3f; %s/index.html", r.count,
                r.l1 / (double)r.count, r.psnr / (double)r.count, r.ssim / (double)r.count,
                r.folder);
    return code;
}

/* What is to be tested: a model file and its generator, and perhaps another file for the way back. */
typedef struct Files {
    char there[PATH_BYTES], back[PATH_BYTES]; /* back: empty, if it is in the same */
    char net[16];                             /* the generator's name; empty: by direction */
} Files;

/*
 * -m, or the run's. A cycle_gan of pytorch-CycleGAN-and-pix2pix has a file for each generator: without a
 * suffix both are taken.
 */
static bool find_model(const P2pOptions *o, Files *f)
{
    const char *file = cli_text(o, "model_file"), *suffix = cli_text(o, "model_suffix");
    const bool turned = !strcmp(cli_text(o, "direction"), "BtoA");
    char folder[PATH_BYTES];

    *f = (Files){.there = ""};
    if (*suffix)
        snprintf(f->net, sizeof(f->net), "G%.10s", suffix);
    if (*file)
        return cli_find_model(f->there, sizeof(f->there), program, file, o);
    snprintf(folder, sizeof(folder), "%.2000s/%.200s", cli_text(o, "checkpoints_dir"),
             cli_text(o, "name"));
    if (cli_run_model(f->there, sizeof(f->there), folder, o, *suffix ? f->net : "G") || *suffix)
        return true;
    char there[PATH_BYTES];
    if (cli_run_model(there, sizeof(there), folder, o, turned ? "G_B" : "G_A") &&
        cli_run_model(f->back, sizeof(f->back), folder, o, turned ? "G_A" : "G_B"))
        snprintf(f->there, sizeof(f->there), "%s", there);
    else
        f->back[0] = '\0';
    return true;
}

static int open_models(Models *models, P2pDevice *device, P2pOptions *o, const Files *f)
{
    P2pModelSettings settings = {.eval = cli_flag(o, "eval"),
                                 .no_dropout = cli_flag(o, "no_dropout"),
                                 .net = f->net[0] ? f->net : NULL,
                                 .options = o,
                                 .variants = cli_text(o, "variant"),
                                 .refs = cli_text(o, "ref")};
    int err = P2P_OK;

    if (f->back[0] && !p2p_options_given(o, "dataset_mode"))
        err = p2p_options_set(o, "dataset_mode", "unaligned");
    if (!err)
        err = p2p_model_open(&models->there, device, f->there, &settings);
    if (err || f->net[0])
        return err;
    if (f->back[0])
        return p2p_model_open(&models->back, device, f->back, &settings);
    settings.back = true;
    return p2p_model_has_back(models->there)
               ? p2p_model_open(&models->back, device, f->there, &settings)
               : P2P_OK;
}

int main(int argc, char **argv)
{
    P2pOptions *o;
    P2pArguments rest;
    P2pLog log;
    P2pDevice *device = NULL;
    Models models = {NULL, NULL};
    Files files;
    int code = cli_parse(&o, P2P_PROGRAM_TEST, program, argc, argv, &rest);

    if (code >= 0)
        return code;
    if (rest.argc) {
        cli_say(stderr, "%s: takes no argument '%s'; see --help", program, rest.argv[0]);
        return CLI_USAGE;
    }
    if (cli_text(o, "model_suffix")[0] && strcmp(cli_text(o, "dataset_mode"), "single") != 0) {
        cli_say(stderr, "%s: --model_suffix is for --model test; cycle_gan is tested in both ways",
                program);
        return CLI_USAGE;
    }
    cli_log_init(&log, o);
    if (!find_model(o, &files))
        return CLI_USAGE;
    int err = cli_open_device(&device, o, &log);
    if (!err)
        err = open_models(&models, device, o, &files);
    code = err ? cli_fail(program, err) : test_all(&models, o, &log);
    p2p_model_close(&models.back);
    p2p_model_close(&models.there);
    p2p_device_close(&device);
    return code;
}
