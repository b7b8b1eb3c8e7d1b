/* SPDX-License-Identifier: BSD-2-Clause */
/* The curves of a log below each other, on the same steps: values faint, their smoothed course over them. */
#include <math.h>
#include <string.h>

#include "p2p/report.h"
#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/report/run_log.h"
#include "src/report/svg.h"

enum { WIDTH = 900, LEFT = 80, RIGHT = 880, HIGH = 150, GAP = 46, TOP = 56 };

/* Of the value before in the smoothed one. */
static const double keep = 0.6;

typedef struct Drawing {
    const P2pRunLog *log;
    const char *path;
} Drawing;

typedef struct Range {
    double low, high, last; /* of the values; the last step */
} Range;

static Range find_range(const P2pLogCurve *c, double last)
{
    Range r = {INFINITY, -INFINITY, last};

    for (size_t i = 0; i < c->count; i++) {
        r.low = fmin(r.low, c->points[i].value);
        r.high = fmax(r.high, c->points[i].value);
    }
    const double margin = r.high > r.low ? 0.05 * (r.high - r.low) : fmax(0.1 * fabs(r.high), 1e-9);
    r.low -= margin;
    r.high += margin;
    return r;
}

static void put_line(FILE *f, const P2pLogCurve *c, const Range *r, double y, bool smooth)
{
    double sum = 0, weight = 0;

    fprintf(f, "<path class=\"%s\" d=\"", smooth ? "smooth" : "raw");
    for (size_t i = 0; i < c->count; i++) {
        const P2pLogPoint *p = &c->points[i];
        sum = keep * sum + p->value;
        weight = keep * weight + 1;
        const double value = smooth ? sum / weight : p->value;
        fprintf(f, "%c%.1f %.1f", i ? 'L' : 'M', LEFT + (RIGHT - LEFT) * p->step / r->last,
                y + HIGH * (r->high - value) / (r->high - r->low));
    }
    fputs("\"/>\n", f);
}

static void put_curve(FILE *f, const P2pLogCurve *c, double last, double y)
{
    const Range r = find_range(c, last);

    fprintf(f, "<text class=\"title\" x=\"%d\" y=\"%.0f\">", LEFT, y - 8);
    p2p_svg_text(f, c->name);
    fprintf(f, "</text><text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">last %.5g</text>\n", RIGHT,
            y - 8, c->last);
    for (int i = 0; i <= 4; i++) {
        const double at = y + HIGH * i / 4.0;
        fprintf(f,
                "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%.4g</text>\n",
                LEFT, at, RIGHT, LEFT - 8, at + 4, r.high + (r.low - r.high) * i / 4);
    }
    put_line(f, c, &r, y, false);
    put_line(f, c, &r, y, true);
}

static void draw(FILE *f, const void *user)
{
    const Drawing *d = user;
    const double last = d->log->step > 0 ? (double)d->log->step : 1;
    const int height = TOP + (int)d->log->count * (HIGH + GAP) + 24;

    fprintf(
        f,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "font-family=\"sans-serif\" font-size=\"11\">\n"
        "<style>.title{font-size:14px;font-weight:bold}.grid{stroke:#ddd}.raw{fill:none;stroke:#0072b2;"
        "opacity:.3}.smooth{fill:none;stroke:#0072b2;stroke-width:1.8}</style>\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text class=\"title\" x=\"%d\" y=\"24\">",
        WIDTH, height, WIDTH, LEFT);
    p2p_svg_text(f, d->path);
    fputs("</text>\n", f);
    for (size_t i = 0; i < d->log->count; i++)
        put_curve(f, d->log->curves[i], last, TOP + (double)i * (HIGH + GAP) + 12);
    for (int i = 0; i <= 8; i++)
        fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n",
                LEFT + (RIGHT - LEFT) * i / 8, height - 10, last * i / 8);
    fputs("</svg>\n", f);
}

int p2p_report_losses(const char *run, const char *svg)
{
    P2P_NEED(run);
    P2P_NEED(svg);

    P2pRunLog log = {0};
    const Drawing d = {&log, run};
    char *path = p2p_folder_exists(run) ? p2p_path_join(run, "loss_log.jsonl") : p2p_strdup(run);
    int err = path ? p2p_run_log_read(&log, path) : P2P_ENOMEM;

    if (!err && !log.count)
        err = p2p_fail(P2P_EFORMAT, "%s: has no line of a run's log", path);
    if (!err)
        err = p2p_svg_write(svg, draw, &d);
    p2p_run_log_finish(&log);
    free(path);
    return err;
}
