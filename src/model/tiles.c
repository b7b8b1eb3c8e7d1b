/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tiles lie evenly, at least `overlap` over each other, and begin at multiples of the network's, so that
 * their pixels have the place in its grids that they would have in the whole. Between neighbours the one
 * becomes the other by a raised cosine in the middle of what both cover.
 */
#include "src/model/tiles.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/lab.h"
#include "src/model/statistics.h"

enum {
    MOST_ALIGN = 32, /* where the multiple is more: grids that wide hold no detail */
    SAMPLES = 16,    /* tiles whose statistics stand for all; so many are in memory */
};

/* ---- Where tiles lie ------------------------------------------------------------------------- */

static int round_up(int value, int multiple)
{
    return (int)p2p_round_up((size_t)value, (size_t)multiple);
}

void p2p_tile_axis(P2pTileAxis *a, const P2pGraph *graph, int size, int side, int overlap)
{
    const int least = p2p_max(round_up(size, graph->multiple), p2p_graph_least_side(graph));

    *a = (P2pTileAxis){.size = size, .align = p2p_min(graph->multiple, MOST_ALIGN), .count = 1};
    if (least <= side) {
        a->canvas = a->tile = least;
    } else {
        const int step = (side - overlap) / a->align * a->align;
        a->tile = side;
        a->canvas = round_up(size, a->align);
        a->count = 1 + p2p_ceil_div(a->canvas - side, step);
        a->blend = overlap / 2;
    }
    a->before = (a->canvas - size) / 2;
}

int p2p_tile_begin(const P2pTileAxis *a, int tile)
{
    const long long room = a->canvas - a->tile;

    return a->count == 1 ? 0 : (int)(room * tile / (a->count - 1)) / a->align * a->align;
}

/* Where tile `tile` begins to become the next one. */
static int blend_begin(const P2pTileAxis *a, int tile)
{
    return (p2p_tile_begin(a, tile + 1) + p2p_tile_begin(a, tile) + a->tile - a->blend) / 2;
}

/* 0 to 1 over the pixels of the blend behind `begin`. */
static float rise(const P2pTileAxis *a, int begin, int at)
{
    const double pi = 3.14159265358979323846;

    if (at < begin)
        return 0;
    return at >= begin + a->blend ? 1
                                  : (float)(0.5 - 0.5 * cos(pi * (at - begin + 0.5) / a->blend));
}

float p2p_tile_weight(const P2pTileAxis *a, int tile, int at)
{
    const float in = tile ? rise(a, blend_begin(a, tile - 1), at) : 1;
    const float out = tile < a->count - 1 ? rise(a, blend_begin(a, tile), at) : 0;

    return in - out;
}

/* ---- Rows of tiles --------------------------------------------------------------------------- */

typedef struct Tiling {
    const P2pTileCalls *calls;
    P2pTileAxis x, y;
    P2pImage strip; /* rows of the picture that a row of tiles sees; height: so many are there */
    int first;      /* of them */
    int room;       /* rows that the strip has memory for */
    int channels;   /* of the network's output */
    int bits;
    bool lab;
    float *sums;    /* [tile height, canvas width, channels], from row `top` of the canvas on */
    int top, put;   /* rows below put have gone out */
    float *weights; /* [tile width] */
} Tiling;

static void finish(Tiling *t)
{
    t->strip.height = t->room;
    p2p_image_finish(&t->strip);
    free(t->sums);
    free(t->weights);
}

static int init(Tiling *t, const P2pGraph *graph, const P2pImage *in, const P2pTileSettings *s)
{
    size_t pixels;

    p2p_tile_axis(&t->x, graph, in->width, s->side, s->overlap);
    p2p_tile_axis(&t->y, graph, in->height, s->side, s->overlap);
    t->channels = graph->values[graph->output].c;
    t->bits = s->bits;
    t->lab = s->lab;
    t->room = p2p_min(t->y.tile, in->height);
    if (!p2p_size_mul((size_t)t->y.tile, (size_t)t->x.canvas, &pixels))
        return p2p_fail(P2P_ENOMEM, "no memory for a row of tiles");
    const int err = p2p_image_init(&t->strip, in->width, t->room, in->channels, in->bits);
    t->sums = p2p_alloc(pixels, (size_t)t->channels * sizeof(*t->sums));
    t->weights = p2p_alloc((size_t)t->x.tile, sizeof(*t->weights));
    return err ? err : t->sums && t->weights ? P2P_OK : P2P_ENOMEM;
}

/* Let the strip hold what row of tiles `row` sees: rows that it shares with the one before stay. */
static int advance(Tiling *t, int row)
{
    const int begin = p2p_tile_begin(&t->y, row) - t->y.before;
    const int first = p2p_max(begin, 0), end = p2p_min(begin + t->y.tile, t->y.size);
    const int have = row ? t->first + t->strip.height : 0;
    const size_t bytes =
        (size_t)t->strip.width * (size_t)t->strip.channels * (size_t)t->strip.bits / 8;
    char *data = t->strip.data;

    if (row && have > first)
        memmove(data, data + (size_t)(first - t->first) * bytes, (size_t)(have - first) * bytes);
    const int kept = row ? have - first : 0;
    t->first = first;
    t->strip.height = end - first;
    return t->calls->next(t->calls->user, end - first - kept, data + (size_t)kept * bytes);
}

static int cut_tile(const Tiling *t, int row, int column, P2pImage *out)
{
    const int x = p2p_tile_begin(&t->x, column) - t->x.before;
    const int y = p2p_tile_begin(&t->y, row) - t->y.before - t->first;

    return p2p_image_reflect(&t->strip, x, y, t->x.tile, t->y.tile, out);
}

/* One tile through the network. */
static int run_tile(Tiling *t, P2pForward *f, int row, int column)
{
    P2pImage tile;
    const int err = cut_tile(t, row, column, &tile);

    if (err)
        return err;
    p2p_image_to_floats(&tile, f->in);
    p2p_image_finish(&tile);
    return f->kept ? p2p_forward_run_part(f, INT_MAX, -1) : p2p_forward_run(f);
}

/* Its result into the sums. */
static void add_tile(Tiling *t, const P2pForward *f, int row, int column)
{
    const int x = p2p_tile_begin(&t->x, column), y = p2p_tile_begin(&t->y, row);
    const size_t c = (size_t)t->channels;

    for (int i = 0; i < t->x.tile; i++)
        t->weights[i] = p2p_tile_weight(&t->x, column, x + i);
    for (int k = 0; k < t->y.tile; k++) {
        const float w = p2p_tile_weight(&t->y, row, y + k);
        const float *from = f->out + (size_t)k * (size_t)t->x.tile * c;
        float *to = t->sums + ((size_t)(y + k - t->top) * (size_t)t->x.canvas + (size_t)x) * c;
        for (size_t i = 0; w > 0 && i < (size_t)t->x.tile; i++)
            for (size_t n = 0; n < c; n++)
                to[i * c + n] += w * t->weights[i] * from[i * c + n];
    }
}

/* Rows of the canvas from `from` on as a picture; where it is Lab, with the lightness of the strip. */
static int show_rows(const Tiling *t, int from, int rows, P2pImage *out)
{
    const size_t row = (size_t)t->x.canvas * (size_t)t->channels;
    P2pImage seen = {0};
    float *lightness = NULL;
    int err = P2P_OK;

    if (t->lab) {
        lightness = p2p_alloc((size_t)t->x.canvas * (size_t)rows, sizeof(*lightness));
        err = lightness ? p2p_image_reflect(&t->strip, -t->x.before, from - t->y.before - t->first,
                                            t->x.canvas, rows, &seen)
                        : P2P_ENOMEM;
    }
    if (!err && lightness)
        p2p_image_to_floats(&seen, lightness);
    if (!err)
        err = p2p_image_from_output(out, t->sums + (size_t)(from - t->top) * row, lightness,
                                    t->x.canvas, rows, t->channels, t->bits);
    p2p_image_finish(&seen);
    free(lightness);
    return err;
}

/* Rows of the canvas below `end` that have not gone out yet, as far as they are the picture's. */
static int put_rows(Tiling *t, int end)
{
    const int from = p2p_max(t->put, t->y.before);
    const int to = p2p_min(end, t->y.before + t->y.size);
    P2pImage whole = {0}, rows = {0};
    int err = P2P_OK;

    t->put = end;
    if (from >= to)
        return P2P_OK;
    err = show_rows(t, from, to - from, &whole);
    if (!err)
        err = p2p_image_crop(&whole, t->x.before, 0, t->x.size, to - from, &rows);
    if (!err)
        err = t->calls->put(t->calls->user, &rows);
    p2p_image_finish(&whole);
    p2p_image_finish(&rows);
    return err;
}

/* What the next row of tiles is added to moves up. */
static void move_up(Tiling *t, int top)
{
    const size_t row = (size_t)t->x.canvas * (size_t)t->channels;
    const size_t kept = (size_t)(t->top + t->y.tile - top) * row;

    memmove(t->sums, t->sums + (size_t)(top - t->top) * row, kept * sizeof(*t->sums));
    memset(t->sums + kept, 0, ((size_t)t->y.tile * row - kept) * sizeof(*t->sums));
    t->top = top;
}

/* All tiles, with the statistics that stand in f where that keeps them; results go out. */
static int run_all(Tiling *t, P2pForward *f)
{
    int err = t->calls->again(t->calls->user);

    for (int row = 0; !err && row < t->y.count; row++) {
        const bool last = row == t->y.count - 1;
        err = advance(t, row);
        for (int column = 0; !err && column < t->x.count; column++)
            if ((err = run_tile(t, f, row, column)) == P2P_OK)
                add_tile(t, f, row, column);
        if (!err)
            err = put_rows(t, last ? t->y.canvas : blend_begin(&t->y, row));
        if (!err && !last)
            move_up(t, p2p_tile_begin(&t->y, row + 1));
    }
    return err;
}

/* ---- Statistics of the whole in place of each tile's ----------------------------------------- */

/* Whether a tile is one of the `wanted` out of `all`: as far from each other as the golden ratio lets. */
static bool is_sample(int tile, int all, int wanted)
{
    const double ratio = 0.61803398874989485;
    bool found = all <= wanted;

    for (int i = 1; !found && i <= wanted; i++)
        found = (int)(fmod(i * ratio, 1) * all) == tile;
    return found;
}

static int take_samples(Tiling *t, P2pImage *samples, int *count)
{
    const int all = t->x.count * t->y.count;
    int err = t->calls->again(t->calls->user);

    for (int row = 0; !err && row < t->y.count; row++) {
        err = advance(t, row);
        for (int column = 0; !err && column < t->x.count; column++)
            if (is_sample(row * t->x.count + column, all, SAMPLES))
                err = cut_tile(t, row, column, &samples[(*count)++]);
    }
    return err;
}

static int measure(const Tiling *tiling, P2pForward *f, const P2pGraph *graph)
{
    Tiling t = *tiling; /* side by side: no pixel counts twice that need not */
    P2pImage samples[SAMPLES] = {{0}};
    int count = 0;

    p2p_tile_axis(&t.x, graph, t.x.size, t.x.tile, 0);
    p2p_tile_axis(&t.y, graph, t.y.size, t.y.tile, 0);
    int err = take_samples(&t, samples, &count);

    if (!err)
        err = p2p_statistics_measure(f, graph, samples, count);
    for (int i = 0; i < count; i++)
        p2p_image_finish(&samples[i]);
    return err;
}

int p2p_tiles_run(P2pForwards *forwards, const P2pGraph *graph, const P2pImage *in,
                  const P2pTileSettings *settings, const P2pTileCalls *calls)
{
    Tiling t = {.calls = calls};
    P2pForward *f;
    int err = init(&t, graph, in, settings);

    if (!err)
        err = p2p_forwards_get(forwards, t.x.tile, t.y.tile, settings->measure, &f);
    if (!err && settings->measure)
        err = measure(&t, f, graph);
    if (!err)
        err = run_all(&t, f);
    finish(&t);
    return err;
}

/* ---- Pictures in memory --------------------------------------------------------------------- */

typedef struct Held {
    const P2pImage *in;
    P2pImage *out;
    int read, written;
} Held;

static int held_again(void *user)
{
    ((Held *)user)->read = 0;
    return P2P_OK;
}

static size_t row_bytes(const P2pImage *image)
{
    return p2p_image_bytes(image) / (size_t)image->height;
}

static int held_next(void *user, int rows, void *samples)
{
    Held *h = user;
    const size_t row = row_bytes(h->in);

    memcpy(samples, (const char *)h->in->data + (size_t)h->read * row, (size_t)rows * row);
    h->read += rows;
    return P2P_OK;
}

static int held_put(void *user, const P2pImage *rows)
{
    Held *h = user;
    int err = P2P_OK;

    if (!h->out->data)
        err = p2p_image_init(h->out, rows->width, h->in->height, rows->channels, rows->bits);
    if (!err)
        memcpy((char *)h->out->data + (size_t)h->written * row_bytes(h->out), rows->data,
               p2p_image_bytes(rows));
    h->written += rows->height;
    return err;
}

int p2p_tiles_run_image(P2pForwards *forwards, const P2pGraph *graph, const P2pImage *in,
                        const P2pTileSettings *settings, P2pImage *out)
{
    Held h = {.in = in, .out = out};
    const P2pTileCalls calls = {&h, held_again, held_next, held_put};

    *out = (P2pImage){0};
    const int err = p2p_tiles_run(forwards, graph, in, settings, &calls);
    if (err)
        p2p_image_finish(out);
    return err;
}
