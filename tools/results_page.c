/* SPDX-License-Identifier: BSD-2-Clause */
/* index.html: results.html with what heads it; index.js: a line of names and figures for each picture. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"

extern const char *const results_html[];

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

static void put_root(const Results *r)
{
    cli_put_html(r->page, r->root);
}

/* A line of the page; of @NAME@ in it that is written. */
static void put_line(const Results *r, const char *line)
{
    static const struct {
        const char *mark;
        void (*put)(const Results *r);
    } parts[] = {{"@title@", put_title}, {"@root@", put_root}, {"@options@", put_options}};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *at = strstr(line, parts[i].mark);
        if (!at)
            continue;
        fwrite(line, 1, (size_t)(at - line), r->page);
        parts[i].put(r);
        line = at + strlen(parts[i].mark);
    }
    fputs(line, r->page);
}

void results_put_page(const Results *r)
{
    for (int i = 0; results_html[i]; i++)
        put_line(r, results_html[i]);
}

void results_put_data_head(const Results *r)
{
    fputs("p2pResults({\"kinds\": [", r->data);
    for (int i = 0; i < r->kinds.shown; i++)
        fprintf(r->data, "%s\"%s\"", i ? ", " : "", r->kinds.names[i]);
    fprintf(r->data, "], \"ours\": %d, \"like\": %d, \"winsize\": %d, \"pictures\": [",
            r->kinds.ours, r->kinds.like, cli_int(r->options, "display_winsize"));
}

static void put_figure(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, ", %.5g", value);
    else
        fputs(", null", out);
}

/* [name, begin of the files' names, L1, PSNR, SSIM, MS-SSIM] */
void results_put_row(const Results *r, const char *name, const P2pMetrics *m)
{
    char stem[CLI_STEM_BYTES];

    cli_file_stem(stem, name);
    fputs(r->count ? ",\n[" : "\n[", r->data);
    cli_put_json(r->data, name);
    fputs(", ", r->data);
    cli_put_json(r->data, stem);
    put_figure(r->data, m->l1);
    put_figure(r->data, m->psnr);
    put_figure(r->data, m->ssim);
    put_figure(r->data, m->ms_ssim);
    fputc(']', r->data);
}

void results_put_data_end(const Results *r)
{
    fputs("\n]});\n", r->data);
}
