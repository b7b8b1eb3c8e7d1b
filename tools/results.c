/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a test: where they are, written under other names, and renamed when all is done. */
#include "results.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char program[] = "p2p-test";

enum { PATH_BYTES = RESULTS_PATH };

/* Those that are there when all is done; FILE.tmp before, overview.tmp.png as its suffix says what it is. */
static const char *const names[] = {"index.html", "index.js", "metrics.json", "overview.png"};
static const char *const temporaries[] = {"index.html.tmp", "index.js.tmp", "metrics.json.tmp",
                                          "overview.tmp.png"};
enum { PAGE, DATA, FIGURES, OVERVIEW, FILES };

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

void results_name(Results *r)
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

int results_check(const Results *r, const P2pDataset *set)
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

int results_folder(const Results *r)
{
    char images[PATH_BYTES];

    snprintf(images, sizeof(images), "%.3500s/images", r->folder);
    return make_folder(images);
}

int results_open(Results *r, size_t count)
{
    FILE **const files[] = {&r->page, &r->data, &r->figures};

    for (int i = PAGE; i <= FIGURES; i++)
        if (!(*files[i] = open_file(r, temporaries[i])))
            return CLI_FAILED;
    r->sheet.of = count;
    results_put_page(r);
    results_put_data_head(r);
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

static void put_metrics(FILE *out, const P2pMetrics *m)
{
    put_number(out, "L1", m->l1);
    fputs(", ", out);
    put_number(out, "PSNR", m->psnr);
    fputs(", ", out);
    put_number(out, "SSIM", m->ssim);
    fputs(", ", out);
    put_number(out, "MS_SSIM", m->ms_ssim);
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

int results_write(const Results *r, const char *name, const P2pImage *pictures)
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

/* From the picture of all side by side, if it is one of the sheet. */
static int add_to_sheet(Results *r, const char *path)
{
    P2pImage all = {0};

    if (!sheet_takes(&r->sheet, r->count))
        return P2P_OK;
    int err = p2p_image_read(&all, path, SIZE_MAX);
    if (!err)
        err = sheet_add(&r->sheet, r->kinds.shown, &all);
    p2p_image_finish(&all);
    return err;
}

int results_add(Results *r, const char *name, const P2pMetrics *m)
{
    char path[PATH_BYTES];

    picture_path(r, name, "all", path);
    if (access(path, R_OK) != 0) {
        cli_say(stderr,
                "%s: %s: is not there: another rank has written it elsewhere; give --results_dir a "
                "folder that all ranks share",
                program, path);
        return CLI_FAILED;
    }
    const int err = add_to_sheet(r, path);
    if (err)
        return cli_fail(program, err);
    results_put_row(r, name, m);
    fprintf(r->figures, "%s\n  {\"name\": ", r->count ? "," : "");
    cli_put_json(r->figures, name);
    fputs(", ", r->figures);
    put_metrics(r->figures, m);
    fputc('}', r->figures);
    r->sum.l1 += m->l1;
    r->sum.psnr += m->psnr;
    r->sum.ssim += m->ssim;
    r->sum.ms_ssim += m->ms_ssim;
    r->count++;
    return CLI_OK;
}

static P2pMetrics mean(const Results *r)
{
    const double n = r->count ? (double)r->count : 1;

    return (P2pMetrics){r->sum.l1 / n, r->sum.psnr / n, r->sum.ssim / n, r->sum.ms_ssim / n};
}

static int rename_in(const Results *r, const char *from, const char *to)
{
    char a[PATH_BYTES], b[PATH_BYTES];

    snprintf(a, sizeof(a), "%.3500s/%s", r->folder, from);
    snprintf(b, sizeof(b), "%.3500s/%s", r->folder, to);
    return rename(a, b);
}

void results_drop(Results *r)
{
    FILE *const files[] = {r->page, r->data, r->figures};
    char path[PATH_BYTES];

    for (int i = 0; i < FILES; i++) {
        if (i <= FIGURES && files[i])
            fclose(files[i]);
        snprintf(path, sizeof(path), "%.3500s/%s", r->folder, temporaries[i]);
        remove(path);
    }
    p2p_image_finish(&r->sheet.picture);
}

/* Not 0: something of it was not written. */
static int close_file(FILE *file)
{
    const int bad = ferror(file) != 0;

    return (fclose(file) != 0) | bad;
}

static int write_overview(const Results *r)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%.3500s/%s", r->folder, temporaries[OVERVIEW]);
    const int err = r->sheet.filled ? sheet_write(&r->sheet, path) : P2P_OK;
    return err ? cli_fail(program, err) : CLI_OK;
}

int results_close(Results *r)
{
    const P2pMetrics means = mean(r);

    fprintf(r->figures, "\n], \"count\": %zu, \"mean\": {", r->count);
    put_metrics(r->figures, &means);
    fputs("}}\n", r->figures);
    results_put_data_end(r);
    const int code = write_overview(r);
    int bad = close_file(r->page) | close_file(r->data) | close_file(r->figures);
    r->page = r->data = r->figures = NULL;
    for (int i = 0; !code && !bad && i < FILES; i++)
        if (i != OVERVIEW || r->sheet.filled)
            bad = rename_in(r, temporaries[i], names[i]);
    results_drop(r);
    if (bad)
        cli_say(stderr, "%s: %s: the results cannot be written", program, r->folder);
    return code ? code : bad ? CLI_FAILED : CLI_OK;
}

void results_tell(const Results *r)
{
    const P2pMetrics m = mean(r);
    char more[40] = "";

    if (isfinite(m.ms_ssim))
        snprintf(more, sizeof(more), ", MS-SSIM %.3f", m.ms_ssim);
    if (r->kinds.like < 0)
        cli_say(stdout, "%zu pictures: %s/index.html", r->count, r->folder);
    else
        cli_say(stdout, "%zu pictures: L1 %.2f, PSNR %.2f dB, SSIM %.3f%s; %s/index.html", r->count,
                m.l1, m.psnr, m.ssim, more, r->folder);
}
