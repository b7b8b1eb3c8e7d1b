/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranks on paper: a step takes what it takes alone, and what is left of the messages when the backward pass,
 * behind which they begin, has ended. Rings and slices: Thakur et al. 2005, section 4 (2 (n - 1) / n of the
 * bytes, 2 (n - 1) messages one after the other); trees: 2 log2 n times all of them. Links are full-duplex and
 * each rank has its own.
 */
#include <math.h>

#include "p2p/bench.h"
#include "src/base/front.h"
#include "src/report/svg.h"

/* The last bucket cannot begin before the backward pass has ended; it is one of about so many. */
enum { BUCKETS = 16 };

static double messages(const P2pScalingFacts *f, P2pScalingWay way, double gbit_s, int ranks)
{
    const double once = (double)f->bytes / (gbit_s * 1e9 / 8);

    if (ranks == 1)
        return 0;
    return way == P2P_SCALING_RING ? 2.0 * (ranks - 1) * (once / ranks + f->latency_s)
                                   : 2 * ceil(log2(ranks)) * (once + f->latency_s);
}

static double exposed(double comm_s, double window_s)
{
    return fmax(comm_s - window_s, comm_s / BUCKETS);
}

P2pScalingPoint p2p_bench_scaling(const P2pScalingFacts *f, P2pScalingWay way, double gbit_s,
                                  int ranks)
{
    P2pScalingPoint p = {.comm_s = messages(f, way, gbit_s, ranks)};
    const double part = (double)P2P_SCALING_BATCH / f->batch / ranks; /* of the measured batch */

    p.exposed_s = exposed(p.comm_s, f->window_s);
    p.weak = f->step_s / (f->step_s + p.exposed_s);
    p.strong = f->step_s * part / (f->step_s * part + exposed(p.comm_s, f->window_s * part));
    /* A batch k times as large: k step = comm - k window. */
    p.half_batch =
        f->batch * fmax(p.comm_s / (f->step_s + f->window_s), p.comm_s / BUCKETS / f->step_s);
    return p;
}

/* ---- Drawing --------------------------------------------------------------------------------- */

enum { PANEL = 360, SIDE = 300, TOP = 60, LEFT = 50 };

static const struct {
    double gbit_s;
    const char *color;
} links[] = {{1, "#c0392b"}, {10, "#2471a3"}, {100, "#1e8449"}};

typedef struct Drawing {
    const P2pScalingFacts *facts;
    const char *title;
} Drawing;

static void put_line(FILE *file, const Drawing *d, int panel, P2pScalingWay way, size_t link)
{
    fprintf(file, "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\"%s points=\"",
            links[link].color, way == P2P_SCALING_TREE ? " stroke-dasharray=\"5 4\"" : "");
    for (int ranks = 1, i = 0; ranks <= P2P_SCALING_RANKS; ranks *= 2, i++) {
        const P2pScalingPoint p = p2p_bench_scaling(d->facts, way, links[link].gbit_s, ranks);
        fprintf(file, "%s%.1f,%.1f", i ? " " : "", LEFT + panel * PANEL + i * SIDE / 6.0,
                TOP + SIDE * (1 - (panel ? p.strong : p.weak)));
    }
    fputs("\"/>\n", file);
}

static void put_panel(FILE *file, const Drawing *d, int panel)
{
    const int x = LEFT + panel * PANEL;

    fprintf(file, "<text x=\"%d\" y=\"%d\">%s</text>\n", x, TOP - 10,
            panel ? "a batch of 64 divided" : "each rank keeps its batch");
    for (int i = 0; i <= 4; i++)
        fprintf(file,
                "<path class=\"grid\" d=\"M%d %dh%d\"/><text x=\"%d\" y=\"%d\" "
                "text-anchor=\"end\">%d %%</text>\n",
                x, TOP + SIDE * (4 - i) / 4, SIDE, x - 6, TOP + SIDE * (4 - i) / 4 + 4, 25 * i);
    for (int i = 0; i <= 6; i++)
        fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d</text>\n",
                x + i * SIDE / 6, TOP + SIDE + 18, 1 << i);
    for (size_t link = 0; link < sizeof(links) / sizeof(links[0]); link++)
        for (int way = P2P_SCALING_RING; way <= P2P_SCALING_TREE; way++)
            put_line(file, d, panel, (P2pScalingWay)way, link);
}

static void draw(FILE *file, const void *user)
{
    const Drawing *d = user;

    fprintf(
        file,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
        "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<style>.grid{stroke:#ddd}</style><rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
        "<text x=\"%d\" y=\"26\" font-size=\"15\">",
        2 * PANEL + LEFT, TOP + SIDE + 70, LEFT);
    p2p_svg_text(file, d->title);
    fputs("</text>\n", file);
    for (int panel = 0; panel < 2; panel++)
        put_panel(file, d, panel);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        fprintf(file, "<text x=\"%d\" y=\"%d\" fill=\"%s\">%g Gbit/s</text>\n", LEFT + 100 * (int)i,
                TOP + SIDE + 45, links[i].color, links[i].gbit_s);
    fprintf(
        file,
        "<text x=\"%d\" y=\"%d\">ranks; full: by slices or a ring, dashed: a tree</text>\n</svg>\n",
        LEFT + 320, TOP + SIDE + 45);
}

int p2p_bench_scaling_draw(const char *path, const P2pScalingFacts *facts, const char *title)
{
    P2P_NEED(path);
    P2P_NEED(facts);
    P2P_NEED(title);
    P2P_REQUIRE(facts->step_s > 0 && facts->batch > 0, "step_s and batch must be more than 0");
    return p2p_svg_write(path, draw, &(Drawing){facts, title});
}
