/* SPDX-License-Identifier: BSD-2-Clause */
/* A network from its input down to its output: a bar as wide as the pictures of each layer, its words, and
 * arcs for what skips layers. */
#include <math.h>
#include <string.h>

#include "p2p/report.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/source.h"
#include "src/report/svg.h"

/* Places in the drawing, in its own units. */
enum {
    WIDTH = 980,
    ROW = 22,
    TOP = 64,
    MIDDLE = 150,
    WORDS = 290,
    NAMES = 540,
    SHAPES = 720,
    COUNTS = 870
};
enum { NETWORKS = P2P_MOST_NETWORKS };

typedef struct Drawing {
    const P2pGraph *graphs[NETWORKS];
    char titles[NETWORKS][192];
    int count, size; /* size: of the input, pixels */
    const char *path;
} Drawing;

static const char *activation(P2pAct act)
{
    static const char *const names[] = {"", ", ReLU", ", LeakyReLU", ", tanh"};

    return names[act];
}

static void put_words(FILE *f, const P2pNode *n)
{
    static const char *const norms[] = {"", "batch norm", "instance norm"};

    switch (n->kind) {
    case P2P_NODE_CONV:
    case P2P_NODE_DEPTHWISE:
        fprintf(f, "%s %d x %d, stride %d%s",
                n->transposed                   ? "transposed"
                : n->kind == P2P_NODE_DEPTHWISE ? "depthwise"
                                                : "convolution",
                n->kernel, n->kernel, n->stride, activation(n->act[0]));
        break;
    case P2P_NODE_NORM_ACT: {
        const char *act = activation(n->act[0]);
        fprintf(f, "%s%s%s", norms[n->norm], n->dropout_p > 0 ? ", dropout" : "",
                n->norm || n->dropout_p > 0 || !*act ? act : act + 2);
        break;
    }
    case P2P_NODE_ADD:
        fputs("sum", f);
        break;
    case P2P_NODE_PAD:
        fprintf(f, "reflection by %d", n->pad);
        break;
    case P2P_NODE_UPSAMPLE:
        fprintf(f, "to twice the size, %s", n->bilinear ? "bilinear" : "nearest");
        break;
    }
}

static size_t trained(const P2pGraph *g, const P2pNode *n)
{
    size_t sum = 0;

    for (int i = 0; i < 4; i++)
        if (n->param[i] >= 0 && p2p_param_is_trained(&g->params[n->param[i]]))
            sum += p2p_param_elements(&g->params[n->param[i]]);
    return sum;
}

/* "model.model.1" of "model.model.1.weight" */
static void put_name(FILE *f, const P2pGraph *g, const P2pNode *n)
{
    char name[sizeof(g->params[0].name)];

    if (n->param[0] < 0)
        return;
    snprintf(name, sizeof(name), "%s", g->params[n->param[0]].name);
    char *dot = strrchr(name, '.');
    if (dot)
        *dot = '\0';
    const size_t length = strlen(name); /* of nested modules the end tells most */
    p2p_svg_text(f, length > 24 ? name + length - 24 : name);
}

static double bar_width(int size)
{
    return 12 + 24 * log2(size);
}

/* The side of each value, by the nodes that make it; a whole has that of its parts. */
static void find_sides(const P2pGraph *g, int size, int *sides)
{
    sides[g->input] = size;
    for (int i = 0; i < g->node_count; i++) {
        const P2pNode *n = &g->nodes[i];
        const int side = p2p_node_size(n, sides[n->in[0]]);
        for (int k = 0; k < 2; k++)
            for (int v = n->out[k]; v >= 0; v = g->values[v].parent)
                sides[v] = side;
    }
}

/* The row that made a value, or a part of it, first; -1: the input. */
static int row_of(const P2pGraph *g, int value)
{
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < 2; k++)
            for (int v = g->nodes[i].out[k]; v >= 0; v = g->values[v].parent)
                if (v == value)
                    return i;
    return -1;
}

/* From where what a node reads was made, if that is not the row before. */
static void put_skips(FILE *f, const P2pGraph *g, int row, double y)
{
    const P2pNode *n = &g->nodes[row];

    for (int k = 0; k < 2; k++) {
        const int from = n->in[k] < 0 ? row : row_of(g, n->in[k]);
        if (from >= row - 1 || from < 0)
            continue;
        const double y0 = y - ROW * (row - from), x = MIDDLE - 130;
        fprintf(f,
                "<path class=\"skip\" d=\"M%d %.0fC%.0f %.0f %.0f %.0f %d %.0f\" "
                "marker-end=\"url(#end)\"/>\n",
                MIDDLE, y0, x, y0, x, y, MIDDLE - 8, y);
    }
}

static void put_row(FILE *f, const P2pGraph *g, int row, const int *sides, double y)
{
    static const char *const colours[] = {"#0072b2", "#009e73", "#cc79a7",
                                          "#999999", "#e69f00", "#56b4e9"};
    const P2pNode *n = &g->nodes[row];
    const double wide = bar_width(sides[n->out[0]]);
    const size_t count = trained(g, n);

    fprintf(f,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"3\" fill=\"%s\"/>\n"
            "<text x=\"%d\" y=\"%.1f\">",
            MIDDLE - wide / 2, y - 6, wide, 12, colours[n->kind], WORDS, y + 4);
    put_words(f, n);
    fprintf(f, "</text><text class=\"dim\" x=\"%d\" y=\"%.1f\">", NAMES, y + 4);
    put_name(f, g, n);
    fprintf(f, "</text><text x=\"%d\" y=\"%.1f\">%d x %d x %d</text>\n", SHAPES, y + 4,
            g->values[n->out[0]].c, sides[n->out[0]], sides[n->out[0]]);
    if (count)
        fprintf(f, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%zu</text>\n", COUNTS + 80, y + 4,
                count);
}

static double put_graph(FILE *f, const P2pGraph *g, const char *title, int size, double y)
{
    int *sides = p2p_alloc((size_t)g->value_count, sizeof(*sides));

    fprintf(f, "<text class=\"title\" x=\"24\" y=\"%.0f\">", y);
    p2p_svg_text(f, title);
    fputs("</text>\n", f);
    y += 14;
    if (sides)
        find_sides(g, size, sides);
    for (int i = 0; sides && i < g->node_count; i++)
        put_row(f, g, i, sides, y + ROW * (i + 0.5));
    for (int i = 0; sides && i < g->node_count; i++)
        put_skips(f, g, i, y + ROW * (i + 0.5));
    free(sides);
    return y + ROW * g->node_count + 48;
}

static void draw(FILE *f, const void *user)
{
    const Drawing *d = user;
    int height = TOP;

    for (int i = 0; i < d->count; i++)
        height += ROW * d->graphs[i]->node_count + 62;
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"12\">\n<title>",
            WIDTH, height, WIDTH);
    p2p_svg_text(f, d->path);
    fputs("</title>\n<style>.title{font-size:15px;font-weight:bold}.dim{fill:#666}"
          ".skip{fill:none;stroke:#d55e00;stroke-width:1.5}</style>\n"
          "<defs><marker id=\"end\" markerWidth=\"6\" markerHeight=\"6\" refX=\"5\" refY=\"3\" "
          "orient=\"auto\"><path d=\"M0 0 6 3 0 6z\" fill=\"#d55e00\"/></marker></defs>\n"
          "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
          f);
    fprintf(f,
            "<text class=\"dim\" x=\"%d\" y=\"24\">layer</text><text class=\"dim\" x=\"%d\" "
            "y=\"24\">parameters' names</text><text class=\"dim\" x=\"%d\" y=\"24\">channels x "
            "pixels</text><text class=\"dim\" x=\"%d\" y=\"24\" text-anchor=\"end\">trained "
            "values</text>\n",
            WORDS, NAMES, SHAPES, COUNTS + 80);
    double y = TOP;
    for (int i = 0; i < d->count; i++)
        y = put_graph(f, d->graphs[i], d->titles[i], d->size, y);
    fputs("</svg>\n", f);
}

static void add(Drawing *d, const P2pGraph *g, const char *name, const char *what)
{
    d->graphs[d->count] = g;
    snprintf(d->titles[d->count++], sizeof(d->titles[0]),
             "%s: %s, %d to %d channels, %zu trained values", name, what, g->values[g->input].c,
             g->values[g->output].c, p2p_graph_trained(g));
}

int p2p_report_networks(const char *model, const char *svg)
{
    P2P_NEED(model);
    P2P_NEED(svg);

    P2pSource s;
    P2pGraph *built[NETWORKS] = {NULL};
    Drawing d = {.path = model};
    int err = p2p_source_open(&s, model, NULL, NULL);

    if (err)
        return err;
    d.size = p2p_max(p2p_graph_least_side(s.graph),
                     (int)p2p_round_up((size_t)s.options.crop_size, (size_t)s.graph->multiple));
    add(&d, s.graph, s.net.name, p2p_network_spec(&s.options, s.net.role).name);
    for (int i = 0; !err && i < s.held.count; i++) {
        const P2pNetwork *n = &s.held.at[i];
        const P2pNetSpec spec = p2p_network_spec(&s.options, n->role);
        if (strcmp(n->name, s.net.name) != 0 && !n->role.averaged && d.count < NETWORKS &&
            (err = p2p_nets_build(&built[i], &spec)) == P2P_OK)
            add(&d, built[i], n->name, spec.name);
    }
    if (!err)
        err = p2p_svg_write(svg, draw, &d);
    for (int i = 0; i < NETWORKS; i++)
        p2p_graph_destroy(&built[i]);
    p2p_source_finish(&s);
    return err;
}
