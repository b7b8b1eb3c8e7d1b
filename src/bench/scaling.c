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

static double round_s(double bytes, double gbit_s, int ranks, double latency_s)
{
    return (ranks - 1) * (bytes / (gbit_s * 1e9 / 8) / ranks + latency_s);
}

/* Of a step: messages that the backward pass hides, those that it does not, and what Adam takes less. */
typedef struct Cost {
    double sums_s, weights_s, saved_s;
} Cost;

static Cost cost(const P2pScalingFacts *f, P2pScalingWay way, double gbit_s, int ranks)
{
    const double once = (double)f->bytes / (gbit_s * 1e9 / 8);
    const double round = round_s((double)f->bytes, gbit_s, ranks, f->latency_s);

    if (way == P2P_SCALING_RING)
        return (Cost){2 * round, 0, 0};
    if (way == P2P_SCALING_TREE)
        return (Cost){2 * ceil(log2(ranks)) * (once + f->latency_s), 0, 0};
    return (Cost){round, round_s((double)f->weight_bytes, gbit_s, ranks, f->latency_s),
                  f->adam_s * (ranks - 1) / ranks};
}

static double exposed(const Cost *c, double window_s)
{
    return fmax(c->sums_s - window_s, c->sums_s / BUCKETS) + c->weights_s;
}

/* A batch `part` of the measured one; Adam's step is none of its pictures'. */
static double efficiency(const P2pScalingFacts *f, const Cost *c, double part)
{
    const double alone = (f->step_s - f->adam_s) * part + f->adam_s;

    return alone / (alone - c->saved_s + exposed(c, f->window_s * part));
}

P2pScalingPoint p2p_bench_scaling(const P2pScalingFacts *f, P2pScalingWay way, double gbit_s,
                                  int ranks)
{
    const Cost c = cost(f, way, gbit_s, ranks);
    const double by_picture = f->step_s - f->adam_s, fixed = f->adam_s + c.saved_s - c.weights_s;

    /* A batch k times as large: k by_picture + fixed = sums - k window, or sums / BUCKETS. */
    return (P2pScalingPoint){
        .comm_s = c.sums_s + c.weights_s,
        .exposed_s = exposed(&c, f->window_s),
        .weak = efficiency(f, &c, 1),
        .strong = efficiency(f, &c, (double)P2P_SCALING_BATCH / f->batch / ranks),
        .half_batch = f->batch * fmax(0, fmax((c.sums_s - fixed) / (by_picture + f->window_s),
                                              (c.sums_s / BUCKETS - fixed) / by_picture))};
}

/* ---- Drawing --------------------------------------------------------------------------------- */

enum { PANEL = 360, SIDE = 300, TOP = 60, LEFT = 50 };

static const struct {
    double gbit_s;
    const char *color;
} links[] = {{1, "#c0392b"}, {10, "#2471a3"}, {100, "#1e8449"}};

static const char *const dashes[P2P_SCALING_WAYS] = {"", " stroke-dasharray=\"6 5\"",
                                                     " stroke-dasharray=\"2 3\""};

typedef struct Drawing {
    const P2pScalingFacts *facts;
    const char *title;
} Drawing;

static void put_line(FILE *file, const Drawing *d, int panel, P2pScalingWay way, size_t link)
{
    fprintf(file, "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\"%s points=\"",
            links[link].color, dashes[way]);
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
        for (int way = P2P_SCALING_RING; way < P2P_SCALING_WAYS; way++)
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
        "<text x=\"%d\" y=\"%d\">ranks; full: by slices or a ring, dashed: a tree, dotted: slices and Adam with "
        "them</text>\n</svg>\n",
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
