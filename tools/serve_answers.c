/* SPDX-License-Identifier: BSD-2-Clause */
/* What p2p-serve answers of itself: the page, its models, numbers. */
#include <stdlib.h>
#include <string.h>

#include "serve.h"

/* The files of tools/page, by lines. */
extern const char *const serve_page_html[], *const serve_page_css[], *const serve_page_draw[],
                                                                         *const serve_page_serve[];

static char *join(const char *const *lines, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);

    if (!out)
        return NULL;
    for (; *lines; lines++)
        fputs(*lines, out);
    fclose(out);
    return text;
}

static char *write_html(const ServeSettings *s, size_t *bytes)
{
    (void)s;
    return join(serve_page_html, bytes);
}

static char *write_css(const ServeSettings *s, size_t *bytes)
{
    (void)s;
    return join(serve_page_css, bytes);
}

static char *write_draw(const ServeSettings *s, size_t *bytes)
{
    (void)s;
    return join(serve_page_draw, bytes);
}

static char *write_script(const ServeSettings *s, size_t *bytes)
{
    (void)s;
    return join(serve_page_serve, bytes);
}

static void write_model(const ServeModel *m, FILE *out)
{
    const P2pOptions *o = p2p_model_options(m->model);

    fputs("{\"name\":", out);
    cli_put_json(out, m->name);
    fprintf(out, ",\"input_nc\":%d,\"output_nc\":%d,\"size\":%d,\"labels\":%d,\"label_colours\":",
            cli_int(o, "input_nc"), cli_int(o, "output_nc"), cli_int(o, "crop_size"),
            cli_int(o, "labels"));
    cli_put_json(out, cli_text(o, "label_colours"));
    fprintf(out, ",\"samples\":%zu}", m->samples ? p2p_dataset_count(m->samples) : 0);
}

static char *write_models(const ServeSettings *s, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);

    if (!out)
        return NULL;
    fputs("{\"models\":[", out);
    for (size_t i = 0; i < s->model_count; i++) {
        fputs(i ? ",\n" : "\n", out);
        write_model(&s->models[i], out);
    }
    fprintf(out, "],\n\"max_body\":%zu,\"max_pixels\":%zu,\"version\":\"%s\"}\n",
            cli_size(s->options, "max_body") << 20, cli_size(s->options, "max_pixels"),
            p2p_version());
    fclose(out);
    return text;
}

static char *write_metrics(const ServeSettings *s, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);

    if (!out)
        return NULL;
    serve_metrics_write(s->metrics, out);
    fprintf(out,
            "# HELP p2p_queue_length Pictures that wait.\n# TYPE p2p_queue_length gauge\n"
            "p2p_queue_length %zu\n# HELP p2p_queue_limit Most that may wait.\n"
            "# TYPE p2p_queue_limit gauge\np2p_queue_limit %d\n",
            serve_queue_length(s->queue), cli_int(s->options, "queue"));
    fclose(out);
    return text;
}

const ServeText serve_texts[] = {
    {"/", "text/html; charset=utf-8", false, write_html},
    {"/page.css", "text/css; charset=utf-8", false, write_css},
    {"/draw.js", "text/javascript; charset=utf-8", false, write_draw},
    {"/serve.js", "text/javascript; charset=utf-8", false, write_script},
    {"/models", "application/json", true, write_models},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", true, write_metrics},
};
const size_t serve_text_count = sizeof(serve_texts) / sizeof(serve_texts[0]);
