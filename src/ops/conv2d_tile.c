/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tile variants of the convolution: launches of cl/conv2d_tile.cl and cl/conv2d_tile_wgrad.cl, for
 * GPUs; `mma` has their products made by matrix units. What differs between layers is in the arguments, so
 * that few programs serve a whole network.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* The forms: results of a group and of a work-item, rows and columns. More registers are spilled on
 * Intel's GPUs with 128 of 32 bytes a thread. slow: of a tile against the fastest, as an H200 measured them. */
typedef struct Form {
    int rows, cols, each_rows, each_cols;
    double slow;
} Form;
static const Form forms[] = {{128, 128, 8, 8, 1.05}, {128, 64, 8, 8, 1.03}, {64, 64, 8, 8, 1.0},
                             {64, 64, 8, 4, 1.1},    {128, 16, 8, 4, 1.5},  {16, 128, 4, 8, 1.35},
                             {64, 16, 4, 4, 1.6},    {16, 64, 4, 4, 1.45}};

/* Bits of the forms: in registers for many and for few; and likewise for few outputs or pixels, of which wider
 * tiles would hold few results. */
enum {
    LARGE = 1 << 0 | 1 << 1 | 1 << 2,
    SLIM = 1 << 3,
    NARROW = 1 << 4 | 1 << 5,
    TIGHT = 1 << 6 | 1 << 7,
    SHORT = 1 << 7
};

/* What suits a vendor's compiler and registers, seen in the instructions that it makes: forms (bits), steps
 * of a slice written out (CPUs: none, see tile.clh), and how many of what it calls a unit share local
 * memory. Full unrolling spills on AMD; tiles of few rows pad no weight gradients of few channels there. */
typedef struct Taste {
    unsigned vendor, forms;
    int unroll, shared;
} Taste;
static const Taste tastes[] = {{P2P_NVIDIA, LARGE | NARROW | TIGHT, TILE_DEPTH, 1},
                               {P2P_INTEL, SLIM | TIGHT, TILE_DEPTH, 8},
                               {0, LARGE | NARROW | SHORT, 2, 1}};

/* The forms of `mma`: of 8 x 8 and 4 x 8 results a work-item, which are 64 x 32 and 32 x 32 a warp; of 16 x 16 and
 * 8 x 16 a sub-group of 8, of which more are spilled with many quadruples of a slice on their way; of 64 x 32 a wave of
 * 32, and 64 x 64 a wave of 64. */
static const Form mma_forms[] = {{128, 128, 8, 8, 1}, {128, 128, 4, 8, 1}, {128, 64, 4, 8, 1},
                                 {64, 128, 4, 8, 1},  {64, 64, 4, 8, 1},   {128, 32, 4, 8, 1},
                                 {32, 128, 4, 8, 1},  {32, 64, 4, 8, 1}};
static const Form dpas_forms[] = {{128, 128, 2, 16, 1}, {128, 64, 2, 16, 1}, {64, 128, 2, 16, 1},
                                  {64, 64, 1, 16, 1},   {64, 32, 1, 16, 1},  {32, 64, 1, 16, 1}};
static const Form wmma_forms[] = {{128, 128, 4, 16, 1}, {128, 64, 4, 16, 1}, {64, 128, 4, 16, 1},
                                  {64, 64, 4, 16, 1},   {128, 32, 4, 16, 1}, {64, 32, 4, 16, 1}};
static const Form mfma_forms[] = {
    {128, 128, 2, 32, 1}, {128, 64, 2, 32, 1}, {64, 128, 2, 32, 1}, {64, 64, 2, 32, 1}};

/* A variant's forms, of which those of `usual` (bits) are chosen among, on so many units, by what a division
 * of the product into parts costs there. */
typedef struct Product Product;
typedef struct Forms {
    const Form *list;
    int count, units, ahead; /* slices on their way at once */
    unsigned usual;
    double (*cost_of)(const Form *f, const Product *p, int parts, int part_slices, int units);
} Forms;

/* What matrix units multiply, MATRIX_* of codes.h, and the least factor that has all its digits; in which forms, with
 * so many slices on their way. */
typedef struct Matrix {
    P2pMatrixUnits units;
    P2pPrecision precision;
    int code;
    double least;
    const Form *forms;
    int count, ahead;
    int columns; /* fewer are left to others: Intel's compiler spills registers for their tanh */
} Matrix;
#define FORMS(list) list, P2P_COUNT(list)
static const Matrix matrices[] = {
    {P2P_MATRIX_AMPERE, P2P_PRECISION_TF32, MATRIX_TF32, 0x1p-126, FORMS(mma_forms), 2, 0},
    {P2P_MATRIX_AMPERE, P2P_PRECISION_F16, MATRIX_F16, 0x1p-14, FORMS(mma_forms), 2, 0},
    {P2P_MATRIX_TURING, P2P_PRECISION_F16, MATRIX_F16_HALF, 0x1p-14, FORMS(mma_forms), 2, 0},
    {P2P_MATRIX_WMMA, P2P_PRECISION_F16, MATRIX_WMMA, 0x1p-14, FORMS(wmma_forms), 1, 0},
    {P2P_MATRIX_XMX, P2P_PRECISION_F16, MATRIX_DPAS, 0x1p-14, FORMS(dpas_forms), 1, 16},
    {P2P_MATRIX_MFMA, P2P_PRECISION_F16, MATRIX_MFMA, 0x1p-14, FORMS(mfma_forms), 1, 0},
};

/* Of a product, relative, where both factors have 10 bits of mantissa. */
static const double TEN_BITS = 0x1.002p-10;

enum { PARTS_MOST = 32, SLICES_LEAST = 4, FLAT_CHANNELS = 32, FEW_ITEMS = 64 };
enum { INNER_WGRAD_PIXELS = 16, INNER_GATHER_PIXELS = 1 };

/* own: tiles down and across the results, classes of pixels or taps, parts of the sum and slices in each;
 * work-items of a group. */
enum { DOWN, ACROSS, CLASSES, PARTS, PART_SLICES, ITEMS };

static bool is_wgrad(const P2pCall *call)
{
    return call->pass->direction == P2P_CONV_WGRAD;
}

static int items_of(const Form *f)
{
    return f->rows / f->each_rows * (f->cols / f->each_cols);
}

static size_t local_bytes(const Form *f, int buffers)
{
    return (size_t)buffers * TILE_DEPTH * (size_t)(f->rows + f->cols + 2 * TILE_GAP) *
           sizeof(float);
}

/* Few sums leave registers for more steps. */
static int unroll_of(const Form *f, const Taste *taste)
{
    enum { FEW_SUMS = 16, STEPS = 8 };

    return f->each_rows * f->each_cols <= FEW_SUMS ? p2p_max(taste->unroll, STEPS) : taste->unroll;
}

static const Taste *taste_of(const P2pCaps *caps)
{
    const Taste *t = tastes;

    while (t->vendor && (caps->is_cpu || t->vendor != caps->vendor_id))
        t++;
    return t;
}

/* ---- The problem as a matrix product --------------------------------------------------------- */

/* Rows, columns and depth of a product, how many there are, into how many parts the depth may be divided,
 * and floats of a part of the results. */
struct Product {
    int rows, cols, depth, classes, most_parts;
    size_t results;
};

static Product gather_product(const P2pCall *call)
{
    const P2pTensor *from = p2p_conv_from(call), *to = p2p_conv_to(call);
    const P2pTensor *w = &call->t[P2P_CONV_W];
    const int step = p2p_conv_is_dgrad(call) ? call->attr.stride : 1;

    return (Product){.rows = to->n * p2p_ceil_div(to->h, step) * p2p_ceil_div(to->w, step),
                     .cols = to->c,
                     .depth = p2p_ceil_div(w->h, step) * p2p_ceil_div(w->w, step) * from->c,
                     .classes = step * step,
                     .most_parts = PARTS_MOST,
                     .results = (size_t)to->n * (size_t)to->h * (size_t)to->w *
                                p2p_round_up((size_t)to->c, 4)};
}

/* Few channels on the large side: with the taps they make a side of the product. */
static bool is_flat_wgrad(const P2pCall *call)
{
    const P2pTensor *w = &call->t[P2P_CONV_W];

    return call->t[P2P_CONV_X].c <= FLAT_CHANNELS && w->h * w->w > 1;
}

static Product wgrad_product(const P2pCall *call)
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];
    const int taps = w->h * w->w;
    Product p = {.rows = call->attr.large_out ? y->c : x->c,
                 .cols = call->attr.large_out ? x->c : y->c,
                 .depth = y->n * y->h * y->w,
                 .classes = taps,
                 .most_parts = PARTS_MOST,
                 .results = p2p_tensor_span(w)};

    if (is_flat_wgrad(call)) {
        p.rows = taps * x->c;
        p.cols = y->c;
        p.classes = 1;
    }
    return p;
}

/* ---- Planning -------------------------------------------------------------------------------- */

/* What a division takes, in multiply-adds of one unit: rounds of groups, too few work-items to hide what
 * memory takes, and sums of parts written and read, each float like so many multiply-adds of the device;
 * their launch. */
static double cost_of(const Form *f, const Product *p, int parts, int part_slices, int units)
{
    enum { FLOAT_COSTS = 40, LAUNCH_COSTS = 120000000, HIDING = 256 };
    const double groups = (double)p2p_ceil_div(p->rows, f->rows) * p2p_ceil_div(p->cols, f->cols) *
                          p->classes * parts;
    const double rounds = (double)p2p_ceil_div((int)groups, units);
    const double resident = groups / units * items_of(f);
    const double work = rounds * f->rows * f->cols * f->slow * part_slices * TILE_DEPTH *
                        (resident < HIDING ? HIDING / (resident > 64 ? resident : 64) : 1);

    return parts == 1
               ? work
               : work + (2.0 * parts * (double)p->results * FLOAT_COSTS + LAUNCH_COSTS) / units;
}

/* The same of matrix units, in cycles: a slice takes as long as the products or the data from the second cache
 * of all groups that share a unit, or, where these are few, half of the way that data come and are multiplied, two
 * slices being under way. Groups begin and end, parts are written, read and added by a launch. The constants
 * follow from an H200's times with one slice under way. */
static double mma_cost_of(const Form *f, const Product *p, int parts, int part_slices, int units)
{
    enum { MACS = 512, BYTES = 24, WAY = 1200, BARRIERS = 300, ENDS = 2500, LAUNCH = 8000 };
    const double groups = (double)p2p_ceil_div(p->rows, f->rows) * p2p_ceil_div(p->cols, f->cols) *
                          p->classes * parts;
    const int most = p2p_max(1, (f->each_rows * f->each_cols > 32 ? 256 : 512) / items_of(f));
    const double held = groups < units ? 1 : groups > most * units ? most : groups / units;
    const double products = (double)f->rows * f->cols * TILE_DEPTH / MACS;
    const double data = (double)(f->rows + f->cols) * TILE_DEPTH * sizeof(float) / BYTES;
    const double own = products > data ? products : data;
    const double alone = own + BARRIERS > (own + WAY) / 2 ? own + BARRIERS : (own + WAY) / 2;
    const double slice = held * own > alone ? held * own : alone;
    const double work =
        p2p_ceil_div((int)groups, (int)(units * held)) * (part_slices * slice + ENDS);

    return parts == 1
               ? work
               : work + LAUNCH + 2.0 * parts * (double)p->results * sizeof(float) / BYTES / units;
}

/* The best division into parts for a form; its cost. */
static double divide(const Form *f, const Product *p, const Forms *all, int own[])
{
    const int slices = p2p_ceil_div(p->depth, TILE_DEPTH);
    double best = 0;

    for (int parts = 1; parts <= p->most_parts; parts *= 2) {
        const int part_slices = p2p_max(1, p2p_ceil_div(slices, parts));
        const double cost = all->cost_of(f, p, parts, part_slices, all->units);
        if (parts > 1 && (part_slices < SLICES_LEAST || cost >= best))
            continue;
        best = cost;
        own[PARTS] = parts;
        own[PART_SLICES] = part_slices;
    }
    own[DOWN] = p2p_ceil_div(p->rows, f->rows);
    own[ACROSS] = p2p_ceil_div(p->cols, f->cols);
    own[CLASSES] = p->classes;
    own[ITEMS] = items_of(f);
    return best;
}

static bool form_fits(const Form *f, const P2pCaps *caps, int buffers)
{
    return local_bytes(f, buffers) <= caps->local_bytes &&
           (size_t)items_of(f) <= caps->max_group_size;
}

/* The form asked for, or the best of the usual ones. NULL: none fits. */
static const Form *choose_form(const Product *p, const P2pCaps *caps, const Forms *all, P2pWay *way)
{
    const Form *chosen = NULL;
    const int wanted = way->form;
    double best = 0;

    for (int form = 1; form <= all->count; form++) {
        const Form *f = &all->list[form - 1];
        int own[P2P_WAY_NUMBERS];
        if (!form_fits(f, caps, all->ahead) ||
            (wanted ? form != wanted : !(all->usual >> (form - 1) & 1)))
            continue;
        const double cost = divide(f, p, all, own);
        if (chosen && cost >= best)
            continue;
        best = cost;
        chosen = f;
        way->form = form;
        memcpy(way->own, own, sizeof(own));
    }
    return chosen;
}

/* Whether quadruples of channels start at multiples of 16 bytes. */
static bool is_aligned(const P2pTensor *t)
{
    return t->c % 4 == 0 && t->stride % 4 == 0 && t->offset % 4 == 0;
}

static int alignment(const P2pCall *call)
{
    const P2pTensor *t = call->t, *w = &t[P2P_CONV_W];
    const bool weights =
        !is_wgrad(call)
            ? w->offset % 4 == 0
            : w->n % 4 == 0 && (w->offset | t[P2P_CONV_M].offset | t[P2P_CONV_V].offset) % 4 == 0;

    return (is_aligned(p2p_conv_from(call)) ? TILE_ALIGNED_IN : 0) |
           (weights ? TILE_ALIGNED_W : 0) | (is_aligned(p2p_conv_to(call)) ? TILE_ALIGNED_OUT : 0);
}

/* The options of cl/tile.clh, and the parts' own. */
static void write_options(const P2pCall *call, const P2pCaps *caps, const Form *f, int ahead,
                          P2pWay *way)
{
    const P2pTensor *w = &call->t[P2P_CONV_W], *from = p2p_conv_from(call);
    /* Of small groups, whose barriers cost little, as many as possible. */
    const bool many = items_of(f) > FEW_ITEMS && local_bytes(f, 2) <= caps->local_bytes;
    const int buffers = many ? 2 : ahead;
    const int step = p2p_conv_is_dgrad(call) ? call->attr.stride : 1;
    const bool flat = is_wgrad(call) ? is_flat_wgrad(call) : from->c % TILE_DEPTH != 0;
    int used =
        snprintf(way->options, sizeof(way->options),
                 "-D TILE_ROWS=%d -D TILE_COLS=%d -D EACH_ROWS=%d -D EACH_COLS=%d "
                 "-D UNROLL=%d -D AHEAD=%d -D BUFFERS=%d -D BLOCK=%d -D ALIGNED=%d -D FLAT=%d",
                 f->rows, f->cols, f->each_rows, f->each_cols,
                 caps->is_cpu ? 1 : unroll_of(f, taste_of(caps)), ahead, buffers, w->stride,
                 alignment(call), flat);

    if (flat)
        used += snprintf(way->options + used, sizeof(way->options) - (size_t)used,
                         " -D CHANNELS=%d", from->c);
    if (is_wgrad(call))
        snprintf(way->options + used, sizeof(way->options) - (size_t)used,
                 " -D LARGE_OUT=%d -D LINES=%d", call->attr.large_out,
                 call->t[P2P_CONV_Y].w % TILE_DEPTH == 0);
    else
        snprintf(way->options + used, sizeof(way->options) - (size_t)used,
                 " -D TURNED=%d -D TAPS_ACROSS=%d -D ACT_TANH=%d", p2p_conv_is_turned(call),
                 flat && w->w % step == 0 ? w->w / step : 0, call->attr.act1 == P2P_ACT_TANH);
}

/* The kernels count elements in 32 bits. */
static bool is_countable(const P2pCall *call)
{
    for (int i = P2P_CONV_X; i <= P2P_CONV_V; i++)
        if (p2p_call_has(call, i) &&
            p2p_tensor_span(&call->t[i]) + (size_t)call->t[i].offset > INT_MAX)
            return false;
    return true;
}

static Product product_of(const P2pCall *call)
{
    return (is_wgrad(call) ? wgrad_product : gather_product)(call);
}

static void append_option(P2pWay *way, const char *option)
{
    const size_t used = strlen(way->options);

    snprintf(way->options + used, sizeof(way->options) - used, " %s", option);
}

static bool plan(const P2pCall *call, const Product *p, const P2pCaps *caps, const Forms *all,
                 P2pWay *way)
{
    const Form *form = is_countable(call) ? choose_form(p, caps, all, way) : NULL;

    if (!form)
        return false;
    write_options(call, caps, form, all->ahead, way);
    p2p_conv_stored_options(call, way);
    if (way->own[PARTS] > 1)
        way->work_bytes = (size_t)way->own[PARTS] * p->results * sizeof(float);
    return true;
}

static bool plan_tiles(const P2pCall *call, const Product *p, const P2pCaps *caps, P2pWay *way)
{
    const Taste *taste = taste_of(caps);
    const Forms all = {forms, P2P_COUNT(forms), p2p_ceil_div(caps->compute_units, taste->shared),
                       1,     taste->forms,     cost_of};

    return plan(call, p, caps, &all, way);
}

bool p2p_conv2d_tile_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const Product p = product_of(call);

    return plan_tiles(call, &p, caps, way);
}

bool p2p_conv2d_tile_plan_batch(const P2pCall *call, int count, const P2pCaps *caps, P2pWay *way)
{
    Product p = product_of(call);

    p.classes = count;
    p.most_parts = 1;
    if (!plan_tiles(call, &p, caps, way))
        return false;
    append_option(way, "-D BATCHED");
    return true;
}

/* So few pixels that weights are most of what is read, which conv2d_inner.c does faster. */
static bool is_inner(const P2pCall *call)
{
    const P2pTensor *y = &call->t[P2P_CONV_Y];

    return y->n * y->h * y->w <= (is_wgrad(call) ? INNER_WGRAD_PIXELS : INNER_GATHER_PIXELS);
}

/* What the device's matrix units multiply with factors rounded so; NULL: nothing. */
static const Matrix *matrix_of(const P2pCall *call, const P2pCaps *caps)
{
    for (size_t i = 0; i < P2P_COUNT(matrices); i++)
        if (matrices[i].units == caps->matrix_units &&
            matrices[i].precision == call->attr.precision)
            return &matrices[i];
    return NULL;
}

bool p2p_conv2d_mma_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const Product p = product_of(call);
    const Matrix *m = matrix_of(call, caps);
    char option[32];

    if (!m)
        return false;
    const int units = p2p_ceil_div(caps->compute_units, taste_of(caps)->shared);
    const Forms all = {m->forms, m->count, units, m->ahead, ~0u, mma_cost_of};
    if (!plan(call, &p, caps, &all, way))
        return false;
    snprintf(option, sizeof(option), "-D MATRIX=%d", m->code);
    append_option(way, option);
    way->cost = is_inner(call) || p.cols < m->columns ? P2P_COST_HIGH : P2P_COST_USUAL;
    way->rounding = TEN_BITS;
    way->least = m->least;
    return true;
}

/* ---- Launching ------------------------------------------------------------------------------- */

/* The tiles, then the sum of their parts where there are several: a quadruple of results a work-item. */
static int emit(P2pSequence *seq, const P2pWay *way, const char *program,
                const char *const names[2], const P2pArg *args, size_t count,
                const P2pArg *sum_args, size_t sum_count, size_t results)
{
    const int *own = way->own;
    const P2pKernel tile = {program, names[0], NULL, {(size_t)own[ITEMS], 1}};
    const P2pKernel sum = {program, names[1], "-D SUM", {FLAT_GROUP, 1}};
    const int err = p2p_emit(
        seq, way, &tile, args, count,
        (P2pGrid){(size_t)own[DOWN], (size_t)own[ACROSS], (size_t)(own[CLASSES] * own[PARTS])});

    if (err < 0 || own[PARTS] == 1)
        return err;
    return p2p_emit(seq, way, &sum, sum_args, sum_count,
                    (P2pGrid){(results / 4 + FLAT_GROUP - 1) / FLAT_GROUP});
}

static int emit_gather(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const char *const names[] = {"conv2d_gather_tile", "conv2d_gather_sum_tile"};
    const ConvGeom g = p2p_conv_geom(call);
    const int gradient = p2p_conv_is_dgrad(call), parts = way->own[PARTS];
    const P2pBuffer *bias = call->t[P2P_CONV_BIAS].buffer, *partial = parts > 1 ? work : NULL;
    const P2pBuffer *out = p2p_conv_to(call)->buffer;
    const P2pArg args[] = {P2P_ARG_BUFFER(p2p_conv_from(call)->buffer),
                           P2P_ARG_BUFFER(call->t[P2P_CONV_W].buffer),
                           P2P_ARG_BUFFER(bias),
                           P2P_ARG_BUFFER(out),
                           P2P_ARG(g),
                           P2P_ARG(gradient),
                           P2P_ARG_BUFFER(partial),
                           P2P_ARG(parts),
                           P2P_ARG(way->own[PART_SLICES])};
    const P2pArg sum_args[] = {P2P_ARG_BUFFER(partial), P2P_ARG_BUFFER(bias),
                               P2P_ARG_BUFFER(out),     P2P_ARG(g),
                               P2P_ARG(gradient),       P2P_ARG(parts)};

    return emit(seq, way, "conv2d_tile", names, args, P2P_COUNT(args), sum_args,
                P2P_COUNT(sum_args), gather_product(call).results);
}

static int emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const char *const names[] = {"conv2d_wgrad_tile", "conv2d_wgrad_sum_tile"};
    enum { U = P2P_UPDATE_ARGS };
    const ConvGeom g = p2p_conv_geom(call);
    const int parts = way->own[PARTS];
    const P2pBuffer *partial = parts > 1 ? work : NULL;
    P2pArg args[2 + U + 4] = {P2P_ARG_BUFFER(call->t[P2P_CONV_X].buffer),
                              P2P_ARG_BUFFER(call->t[P2P_CONV_Y].buffer)};
    P2pArg sum_args[U + 3];
    ConvUpdate update;

    p2p_conv_update_args(call, &update, args + 2);
    memcpy(sum_args, args + 2, U * sizeof(*args));
    args[U + 2] = sum_args[U] = P2P_ARG(g);
    args[U + 3] = sum_args[U + 1] = P2P_ARG_BUFFER(partial);
    args[U + 4] = sum_args[U + 2] = P2P_ARG(parts);
    args[U + 5] = P2P_ARG(way->own[PART_SLICES]);
    return emit(seq, way, "conv2d_tile_wgrad", names, args, P2P_COUNT(args), sum_args,
                P2P_COUNT(sum_args), wgrad_product(call).results);
}

int p2p_conv2d_tile_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    return (is_wgrad(call) ? emit_wgrad : emit_gather)(seq, call, way, work);
}
