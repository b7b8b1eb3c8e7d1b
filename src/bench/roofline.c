/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The roofline of a device (Williams et al. 2009) with a point for each convolution, as SVG:
 * arithmetic intensity and speed on logarithmic axes below the measured peaks.
 *
 * Operations are those of the direct algorithm, bytes those of all operands, each once: Winograd's
 * algorithm and what lies in caches may be above the roof.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "p2p/bench.h"
#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/report/svg.h"

/* Of the picture and of what the axes enclose, in SVG's units. */
enum { WIDTH = 1100, HEIGHT = 720, LEFT = 80, RIGHT = 1070, TOP = 70, BOTTOM = 640, FONT = 9 };

typedef struct Kind {
    const char *pass, *color, *shape; /* the shape around (0, 0) */
} Kind;

/* Colours that also differ for the colour-blind (Okabe and Ito), and shapes. */
static const Kind kinds[] = {
    {"conv2d_fwd", "#0072b2", "<circle r=\"4\"/>"},
    {"conv2d_dgrad", "#d55e00", "<rect x=\"-4\" y=\"-4\" width=\"8\" height=\"8\"/>"},
    {"conv2d_wgrad", "#009e73", "<path d=\"M0-5 5 4-5 4z\"/>"},
    {"conv2d_wgrad_adam", "#cc79a7", "<path d=\"M0 5 5-4-5-4z\"/>"},
};

typedef struct Box {
    double x, y, width, height;
} Box;

typedef struct Chart {
    FILE *file;
    double x_least, x_most, y_least, y_most; /* decades */
    Box *taken;                              /* by points and labels */
    int taken_count;
} Chart;

static const Kind *kind_of(const P2pBenchRow *row)
{
    for (size_t i = 0; i < P2P_COUNT(kinds); i++)
        if (row->gflop > 0 && row->seconds > 0 && row->gb > 0 && !strcmp(row->pass, kinds[i].pass))
            return &kinds[i];
    return NULL;
}

static double to_x(const Chart *c, double intensity)
{
    return LEFT + (RIGHT - LEFT) * (log10(intensity) - c->x_least) / (c->x_most - c->x_least);
}

static double to_y(const Chart *c, double gflops)
{
    return BOTTOM - (BOTTOM - TOP) * (log10(gflops) - c->y_least) / (c->y_most - c->y_least);
}

/* Whole decades around all points and the ridge, where the roofs meet. */
static void find_range(Chart *c, const P2pBenchRow *rows, int count, const P2pPeak *peak)
{
    const double ridge = log10(peak->gflops / peak->copy_gb_s);

    c->x_least = c->x_most = ridge;
    c->y_least = c->y_most = log10(peak->gflops);
    for (int i = 0; i < count; i++) {
        if (!kind_of(&rows[i]))
            continue;
        const double x = log10(rows[i].gflop / rows[i].gb);
        const double y = log10(rows[i].gflop / rows[i].seconds);
        c->x_least = fmin(c->x_least, x);
        c->x_most = fmax(c->x_most, x);
        c->y_least = fmin(c->y_least, y);
        c->y_most = fmax(c->y_most, y);
    }
    c->x_least = floor(c->x_least - 0.02);
    c->y_least = floor(c->y_least - 0.02);
    c->x_most = ceil(c->x_most + 0.02);
    c->y_most = ceil(c->y_most + 0.02);
}

static void put_axes(const Chart *c)
{
    for (double d = c->x_least; d <= c->x_most; d++) {
        const double x = to_x(c, pow(10, d));
        fprintf(c->file,
                "<path class=\"grid\" d=\"M%.1f %d V%d\"/><text x=\"%.1f\" y=\"%d\" "
                "text-anchor=\"middle\">%g</text>\n",
                x, TOP, BOTTOM, x, BOTTOM + 20, pow(10, d));
    }
    for (double d = c->y_least; d <= c->y_most; d++) {
        const double y = to_y(c, pow(10, d));
        fprintf(c->file,
                "<path class=\"grid\" d=\"M%d %.1f H%d\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%g</text>\n",
                LEFT, y, RIGHT, LEFT - 8, y + 4, pow(10, d));
    }
    fprintf(c->file, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", LEFT,
            TOP, RIGHT - LEFT, BOTTOM - TOP);
    fprintf(c->file,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">arithmetic intensity, FLOP/byte"
            "</text>\n",
            (LEFT + RIGHT) / 2, BOTTOM + 44);
    fprintf(c->file,
            "<text transform=\"translate(24 %d) rotate(-90)\" text-anchor=\"middle\">"
            "GFLOP/s</text>\n",
            (TOP + BOTTOM) / 2);
    fprintf(c->file,
            "<text class=\"small\" x=\"%d\" y=\"%d\">FLOP of the direct algorithm, bytes of "
            "all operands, each once: Winograd's algorithm and what lies in caches may be "
            "above the roof</text>\n",
            LEFT, HEIGHT - 8);
}

/* The slanted roof begins where it enters the chart. */
static void put_roofs(const Chart *c, const P2pPeak *peak)
{
    const double ridge = peak->gflops / peak->copy_gb_s;
    const double begin = fmax(pow(10, c->x_least), pow(10, c->y_least) / peak->copy_gb_s);
    const double x[] = {to_x(c, begin), to_x(c, ridge)};
    const double y[] = {to_y(c, begin * peak->copy_gb_s), to_y(c, peak->gflops)};
    const double angle = atan2(y[1] - y[0], x[1] - x[0]) * 180 / acos(-1);

    fprintf(c->file, "<path class=\"roof\" d=\"M%.1f %.1f L%.1f %.1f H%d\"/>\n", x[0], y[0], x[1],
            y[1], RIGHT);
    fprintf(c->file,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">multiply-adds: %.1f GFLOP/s"
            "</text>\n",
            x[1], y[1] - 6, peak->gflops);
    fprintf(c->file,
            "<text transform=\"translate(%.1f %.1f) rotate(%.2f)\">memory (copy): %.1f GB/s"
            "</text>\n",
            x[0] + 0.3 * (x[1] - x[0]), y[0] + 0.3 * (y[1] - y[0]) - 6, angle, peak->copy_gb_s);
}

static double overlap(const Chart *c, const Box *b)
{
    double area = 0;

    for (int i = 0; i < c->taken_count; i++) {
        const Box *t = &c->taken[i];
        const double w = fmin(t->x + t->width, b->x + b->width) - fmax(t->x, b->x);
        const double h = fmin(t->y + t->height, b->y + b->height) - fmax(t->y, b->y);
        area += w > 0 && h > 0 ? w * h : 0;
    }
    return area;
}

/* Beside, above or below its point, farther off where that is taken: where it hides least. */
static Box place_label(Chart *c, double x, double y, const char *text)
{
    enum { PLACES = 24 };
    Box best = {0};
    double least = INFINITY;

    for (int i = 0; i < PLACES && least > 0; i++) {
        const double turn = (i % 8) * acos(-1) / 4, far = 1 + i / 8;
        Box b = {.width = 0.6 * FONT * (double)strlen(text), .height = FONT};
        b.x = x + cos(turn) * (6 + 6 * far + b.width / 2) - b.width / 2;
        b.y = y + sin(turn) * (4 + 8 * far) - b.height / 2;
        const double hidden = overlap(c, &b);
        if (hidden < least) {
            least = hidden;
            best = b;
        }
    }
    c->taken[c->taken_count++] = best;
    return best;
}

static void put_points(Chart *c, const P2pBenchRow *rows, int count)
{
    for (int i = 0; i < count; i++) /* no label hides a point */
        if (kind_of(&rows[i]))
            c->taken[c->taken_count++] = (Box){to_x(c, rows[i].gflop / rows[i].gb) - 4,
                                               to_y(c, rows[i].gflop / rows[i].seconds) - 4, 8, 8};
    for (int i = 0; i < count; i++) {
        const P2pBenchRow *r = &rows[i];
        const Kind *kind = kind_of(r);
        if (!kind)
            continue;
        const double x = to_x(c, r->gflop / r->gb), y = to_y(c, r->gflop / r->seconds);
        const Box label = place_label(c, x, y, r->label);
        fprintf(c->file,
                "<g class=\"point\" fill=\"%s\"><g transform=\"translate(%.1f %.1f)\">%s"
                "<title>",
                kind->color, x, y, kind->shape);
        p2p_svg_text(c->file, r->label);
        fprintf(c->file,
                " %s %s %s: %.3f ms, %.1f GFLOP/s</title></g><text class=\"small\" "
                "x=\"%.1f\" y=\"%.1f\">",
                r->pass, r->variant, r->shape, 1e3 * r->seconds, r->gflop / r->seconds, label.x,
                label.y + FONT - 1);
        p2p_svg_text(c->file, r->label);
        fputs("</text></g>\n", c->file);
    }
}

static void put_legend(const Chart *c)
{
    for (size_t i = 0; i < P2P_COUNT(kinds); i++)
        fprintf(c->file,
                "<g transform=\"translate(%d %d)\"><g fill=\"%s\">%s</g><text x=\"12\" y=\"4\">"
                "%s</text></g>\n",
                LEFT + 20, TOP + 22 + 20 * (int)i, kinds[i].color, kinds[i].shape,
                strchr(kinds[i].pass, '_') + 1);
}

static void put_chart(Chart *c, const P2pBenchRow *rows, int count, const P2pPeak *peak,
                      const char *title)
{
    fprintf(c->file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "font-family=\"sans-serif\" font-size=\"13\">\n"
            "<style>.grid{stroke:#ddd}.frame{fill:none;stroke:#444}.small{font-size:%dpx}"
            ".roof{fill:none;stroke:#222;stroke-width:2}.point{fill-opacity:.85}</style>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
            "<text x=\"%d\" y=\"36\" font-size=\"18\">",
            WIDTH, HEIGHT, FONT, WIDTH, HEIGHT, LEFT);
    p2p_svg_text(c->file, title);
    fputs("</text>\n", c->file);
    put_axes(c);
    put_roofs(c, peak);
    put_points(c, rows, count);
    put_legend(c);
    fputs("</svg>\n", c->file);
}

int p2p_bench_roofline(const char *path, const P2pBenchRow *rows, int count, const P2pPeak *peak,
                       const char *title)
{
    P2P_NEED(path);
    P2P_NEED(peak);
    P2P_NEED(title);
    P2P_REQUIRE(rows || !count, "rows must not be NULL");
    P2P_REQUIRE(count >= 0, "count is %d, it must be 0 or more", count);

    Chart chart = {.taken = p2p_alloc(2 * (size_t)count + 1, sizeof(Box))};
    P2pWriter writer;
    int err = chart.taken ? P2P_OK : P2P_ENOMEM;

    if (!err && !(peak->gflops > 0 && peak->copy_gb_s > 0))
        err = p2p_fail(P2P_EINVAL, "%s: a roofline needs the device's peaks", path);
    if (!err && (err = p2p_writer_open(&writer, path)) == P2P_OK) {
        chart.file = writer.file;
        find_range(&chart, rows, count, peak);
        put_chart(&chart, rows, count, peak, title);
        if (ferror(writer.file)) {
            err = p2p_fail(P2P_EIO, "%s: cannot be written (the file before is untouched)", path);
            p2p_writer_close(&writer);
        } else {
            err = p2p_writer_commit(&writer);
        }
    }
    free(chart.taken);
    return err;
}
