/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws the sizes of a folder's pictures: width and height by powers of two, a disc's area their number. */
#include <math.h>
#include <stdio.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/prepare/task.h"

enum {
    SIDE = 600, /* of the chart, units of the drawing */
    LEFT = 80,
    TOP = 60,
    MOST = 40, /* radius of the greatest disc */
};

typedef struct Chart {
    FILE *file;
    int least, most; /* powers of two that all sides lie between */
    size_t greatest;
} Chart;

static double place(const Chart *c, int pixels)
{
    return SIDE * (log2(pixels) - c->least) / (c->most - c->least);
}

static void put_grid(const Chart *c)
{
    for (int power = c->least; power <= c->most; power++) {
        const double at = SIDE * (double)(power - c->least) / (c->most - c->least);
        fprintf(c->file,
                "<path class=\"grid\" d=\"M%.1f %d v%d M%d %.1f h%d\"/>"
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n",
                LEFT + at, TOP, SIDE, LEFT, TOP + SIDE - at, SIDE, LEFT + at, TOP + SIDE + 22,
                1 << power, LEFT - 8, TOP + SIDE - at + 5, 1 << power);
    }
    fprintf(
        c->file,
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">width, pixels</text>"
        "<text x=\"22\" y=\"%d\" text-anchor=\"middle\" transform=\"rotate(-90 22 %d)\">height, "
        "pixels</text>\n",
        LEFT + SIDE / 2, TOP + SIDE + 46, TOP + SIDE / 2, TOP + SIDE / 2);
}

static void put_discs(const Chart *c, const P2pSurvey *s)
{
    for (size_t i = 0; i < s->kind_count; i++) {
        const P2pPictureKind *k = &s->kinds[i];
        const double radius = fmax(2, MOST * sqrt((double)k->count / (double)c->greatest));
        fprintf(c->file,
                "<circle class=\"disc\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>%d x %d, %d "
                "channel%s of %d bits: %zu</title></circle>\n",
                LEFT + place(c, k->width), TOP + SIDE - place(c, k->height), radius, k->width,
                k->height, k->channels, k->channels == 1 ? "" : "s", k->bits, k->count);
    }
}

static void find_range(Chart *c, const P2pSurvey *s)
{
    int least = P2P_IMAGE_MAX_SIDE, most = 1;

    for (size_t i = 0; i < s->kind_count; i++) {
        const P2pPictureKind *k = &s->kinds[i];
        least = p2p_min(least, p2p_min(k->width, k->height));
        most = p2p_max(most, p2p_max(k->width, k->height));
        c->greatest = k->count > c->greatest ? k->count : c->greatest;
    }
    c->least = (int)floor(log2(least));
    c->most = p2p_max((int)ceil(log2(most)), c->least + 1);
}

static void put_chart(const Chart *c, const P2pSurvey *s)
{
    fprintf(c->file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "font-family=\"sans-serif\" font-size=\"13\">\n"
            "<style>.grid{stroke:#ddd}.disc{fill:#2a6fb0;fill-opacity:.5;stroke:#17466f}</style>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
            "<text x=\"%d\" y=\"36\" font-size=\"18\">%zu pictures of %zu kind%s</text>\n",
            LEFT + SIDE + 50, TOP + SIDE + 66, LEFT + SIDE + 50, TOP + SIDE + 66, LEFT, s->usable,
            s->kind_count, s->kind_count == 1 ? "" : "s");
    put_grid(c);
    put_discs(c, s);
    fputs("</svg>\n", c->file);
}

int p2p_survey_draw(const P2pSurvey *survey, const char *path)
{
    P2P_NEED(survey);
    P2P_NEED(path);
    P2P_REQUIRE(survey->kind_count > 0, "survey has no pictures that can be used");

    Chart chart = {0};
    P2pWriter writer;
    int err = p2p_writer_open(&writer, path);

    if (err)
        return err;
    chart.file = writer.file;
    find_range(&chart, survey);
    put_chart(&chart, survey);
    if (!ferror(writer.file))
        return p2p_writer_commit(&writer);
    p2p_writer_close(&writer);
    return p2p_fail(P2P_EIO, "%s: cannot be written (the file before is untouched)", path);
}
