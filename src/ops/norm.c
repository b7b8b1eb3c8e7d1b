/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums over pixels: channel_sum, norm_stats, norm_running. Kernels in cl/norm.cl and norm_joined.cl.
 * How pixels are divided into parts depends on the shape alone, so results do not depend on the
 * number of cores.
 */
#include "src/ops/norm.h"
#include "src/ops/ref.h"

enum { MOST_PARTS = 64, PART_PIXELS = 64, WHOLE_PIXELS = 1024 };

static const P2pKernel sum_parts = {"norm", "sum_parts", NULL, {FLAT_GROUP, 1}};
static const P2pKernel stats_mean = {"norm", "stats_mean", NULL, {FLAT_GROUP, 1}};
static const P2pKernel stats_final = {"norm", "stats_final", NULL, {FLAT_GROUP, 1}};

P2pParts p2p_parts(const P2pTensor *x, int groups)
{
    const int count = x->n / groups * x->h * x->w;
    int parts = p2p_min(count / PART_PIXELS, MOST_PARTS / p2p_min(groups, 8));
    P2pParts p = {.groups = groups, .count = count};

    parts = p2p_max(parts, 1);
    p.per_part = (int)p2p_round_up((size_t)p2p_ceil_div(count, parts), 8);
    p.parts = p2p_ceil_div(count, p.per_part);
    return p;
}

P2pParts p2p_parts_of(const P2pVariant *variant, const P2pTensor *x, int groups)
{
    P2pParts p = p2p_parts(x, groups);

    if (!variant->for_cpus && p.count <= WHOLE_PIXELS) {
        p.parts = 1;
        p.per_part = p.count;
    }
    return p;
}

int p2p_channel_blocks(const P2pParts *p, int channels, const P2pCaps *caps)
{
    const int least = 2 * caps->vector_width; /* channels, lest groups write into the same lines */
    const int wanted = p2p_ceil_div(4 * caps->compute_units, p->parts * p->groups);

    return p2p_max(p2p_min(wanted, channels / least), 1);
}

size_t p2p_parts_bytes(const P2pParts *p, int width)
{
    return (size_t)p->parts * (size_t)p->groups * (size_t)width * sizeof(float);
}

int p2p_emit_parts(P2pSequence *seq, const P2pWay *way, const P2pArgs *a, const P2pParts *p,
                   int channels)
{
    const size_t parts = (size_t)p->parts, groups = (size_t)p->groups;
    const size_t tiles = (size_t)p2p_ceil_div(channels, SUM_ACROSS);
    const P2pGrid grid = way->variant->for_cpus
                             ? (P2pGrid){parts, groups, (size_t)way->own[P2P_CHANNEL_BLOCKS]}
                             : (P2pGrid){tiles, parts, groups};

    return p2p_emit(seq, way, &way->variant->kernel, a->list, (size_t)a->count, grid);
}

/* Part sums of x - shift; shift's stride goes from group to group, 0: no shift. y: all is one part, and what
 * its sums are for; NULL: the workspace takes them. */
static int emit_part_sums(P2pSequence *seq, const P2pWay *way, const P2pTensor *x,
                          const P2pTensor *shift, int shift_stride, const P2pParts *p,
                          P2pBuffer *work, bool squares, const P2pTensor *y, bool accumulate)
{
    P2pArgs a = {0};

    p2p_args_tensor(&a, x);
    p2p_args_view(&a, shift, shift_stride);
    if (y) {
        p2p_args_tensor(&a, y);
    } else {
        p2p_args_buffer(&a, work);
        p2p_args_int(&a, 0);
        p2p_args_int(&a, squares ? 2 * x->c : x->c);
    }
    p2p_args_int(&a, p->count);
    p2p_args_int(&a, x->c);
    p2p_args_int(&a, p->per_part);
    p2p_args_int(&a, squares);
    p2p_args_int(&a, accumulate);
    return p2p_emit_parts(seq, way, &a, p, x->c);
}

/* ---- channel_sum ----------------------------------------------------------------------------- */

static bool plan_sum(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pParts p = p2p_parts_of(way->variant, &call->t[P2P_SUM_X], 1);

    way->own[P2P_CHANNEL_BLOCKS] = p2p_channel_blocks(&p, call->t[P2P_SUM_X].c, caps);
    way->work_bytes = p2p_parts_bytes(&p, call->t[P2P_SUM_X].c);
    return true;
}

/* y (+)= the parts' sum. */
static int emit_sum_parts(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                          const P2pParts *p, P2pBuffer *work)
{
    const int channels = call->t[P2P_SUM_X].c;
    P2pArgs a = {0};

    p2p_args_buffer(&a, work);
    p2p_args_tensor(&a, &call->t[P2P_SUM_Y]);
    p2p_args_int(&a, p->parts);
    p2p_args_int(&a, channels);
    p2p_args_int(&a, call->attr.accumulate);
    return p2p_emit_items(seq, way, &sum_parts, &a, (size_t)channels);
}

static int emit_sum(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *x = &call->t[P2P_SUM_X];
    const P2pParts p = p2p_parts_of(way->variant, x, 1);
    const bool whole = !way->variant->for_cpus && p.parts == 1;
    const int err =
        emit_part_sums(seq, way, x, x, 0, &p, work, false, whole ? &call->t[P2P_SUM_Y] : NULL,
                       whole && call->attr.accumulate);

    return err || whole ? err : emit_sum_parts(seq, call, way, &p, work);
}

static const P2pVariant sum_variants[] = {P2P_TRIPLETS(plan_sum, emit_sum, "norm", "part_sums",
                                                       NULL, SUM_ACROSS, SUM_DOWN, SUM_ACROSS,
                                                       SUM_DOWN_SMALL)};

const P2pPass p2p_pass_channel_sum = {
    .name = "channel_sum",
    .variants = sum_variants,
    .outputs = 1u << P2P_SUM_Y,
    .stored = 1u << P2P_SUM_X,
    .halves = "naive small",
    .ref = p2p_ref_channel_sum,
};

/* ---- norm_stats ------------------------------------------------------------------------------ */

static P2pParts stats_parts(const P2pCall *call)
{
    return p2p_parts(&call->t[P2P_STATS_X], call->t[P2P_STATS_MEAN].n);
}

static bool plan_stats(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pParts p = stats_parts(call);

    way->own[P2P_CHANNEL_BLOCKS] = p2p_channel_blocks(&p, call->t[P2P_STATS_X].c, caps);
    way->work_bytes = p2p_parts_bytes(&p, 2 * call->t[P2P_STATS_X].c);
    return true;
}

static int emit_mean(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const P2pParts *p,
                     P2pBuffer *work)
{
    const P2pTensor *x = &call->t[P2P_STATS_X];
    P2pArgs a = {0};

    p2p_args_buffer(&a, work);
    p2p_args_tensor(&a, x);
    p2p_args_tensor(&a, &call->t[P2P_STATS_MEAN]);
    p2p_args_int(&a, p->parts);
    p2p_args_int(&a, p->groups);
    p2p_args_int(&a, x->c);
    p2p_args_int(&a, p->count);
    return p2p_emit_items(seq, way, &stats_mean, &a, (size_t)p->groups * (size_t)x->c);
}

/* The operands from `first` on, and what all have that turn parts into statistics. */
static void add_final(P2pArgs *a, const P2pCall *call, const P2pParts *p, P2pBuffer *work,
                      int first)
{
    p2p_args_buffer(a, work);
    for (int i = first; i <= P2P_STATS_RUN_VAR; i++)
        p2p_args_tensor(a, &call->t[i]);
    p2p_args_int(a, p->parts);
    p2p_args_int(a, p->groups);
    p2p_args_int(a, call->t[P2P_STATS_X].c);
    p2p_args_int(a, p->count);
    p2p_args_float(a, call->attr.eps);
    p2p_args_float(a, call->attr.momentum);
}

static int emit_final(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const P2pParts *p,
                      P2pBuffer *work)
{
    P2pArgs a = {0};

    add_final(&a, call, p, work, P2P_STATS_MEAN);
    return p2p_emit_items(seq, way, &stats_final, &a,
                          (size_t)p->groups * (size_t)call->t[P2P_STATS_X].c);
}

static int emit_stats(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *x = &call->t[P2P_STATS_X], *mean = &call->t[P2P_STATS_MEAN];
    const P2pParts p = stats_parts(call);
    int err;

    /* The shift of the first pass is each group's first pixel. */
    const size_t group_stride = p.groups > 1 ? (size_t)p.count * (size_t)x->stride : 1;
    P2P_ASSERT(group_stride <= INT32_MAX);
    err = emit_part_sums(seq, way, x, x, (int)group_stride, &p, work, false, NULL, false);
    if (!err)
        err = emit_mean(seq, call, way, &p, work);
    if (!err)
        err = emit_part_sums(seq, way, x, mean, mean->stride, &p, work, true, NULL, false);
    return err ? err : emit_final(seq, call, way, &p, work);
}

static bool plan_joined(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    /* CPUs take one launch after the other without a gap, and have vectors. */
    way->cost = caps->is_cpu ? P2P_COST_HIGH : P2P_COST_USUAL;
    return plan_stats(call, caps, way);
}

static int emit_joined(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    static const P2pKernel stats_joined = {"norm_joined", "stats_joined", NULL, {FLAT_GROUP, 1}};
    const P2pTensor *x = &call->t[P2P_STATS_X];
    const P2pParts p = p2p_parts_of(way->variant, x, call->t[P2P_STATS_MEAN].n);
    P2pArgs a = {0};

    add_final(&a, call, &p, work, P2P_STATS_X);
    p2p_args_int(&a, p.per_part);
    const int err = p2p_emit_parts(seq, way, &a, &p, x->c);

    return err || p.parts == 1
               ? err
               : p2p_emit_items(seq, way, &stats_joined, &a, (size_t)p.groups * (size_t)x->c);
}

static const P2pVariant stats_variants[] = {
    {"joined",
     plan_joined,
     emit_joined,
     {"norm_joined", "part_stats_joined", NULL, {SUM_ACROSS, SUM_DOWN}}},
    P2P_TRIPLETS(plan_stats, emit_stats, "norm", "part_sums", NULL, SUM_ACROSS, SUM_DOWN,
                 SUM_ACROSS, SUM_DOWN_SMALL)};

const P2pPass p2p_pass_norm_stats = {
    .name = "norm_stats",
    .variants = stats_variants,
    .outputs = 1u << P2P_STATS_MEAN | 1u << P2P_STATS_RSTD,
    .updates = 1u << P2P_STATS_RUN_MEAN | 1u << P2P_STATS_RUN_VAR,
    .stored = 1u << P2P_STATS_X,
    .halves = "joined",
    .ref = p2p_ref_norm_stats,
};

/* ---- norm_running: a channel a work-item ----------------------------------------------------- */

static int emit_running(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const int channels = call->t[P2P_STATS_MEAN].c;
    P2pArgs a = {0};

    (void)work;
    p2p_args_tensor(&a, &call->t[P2P_STATS_RUN_MEAN]);
    p2p_args_tensor(&a, &call->t[P2P_STATS_RUN_VAR]);
    p2p_args_tensor(&a, &call->t[P2P_STATS_MEAN]);
    p2p_args_tensor(&a, &call->t[P2P_STATS_RSTD]);
    p2p_args_int(&a, channels);
    p2p_args_float(&a, call->attr.eps);
    return p2p_emit_items(seq, way, &way->variant->kernel, &a, (size_t)channels);
}

static const P2pVariant running_variants[] = {
    {"naive", NULL, emit_running, {"norm", "norm_running", NULL, {FLAT_GROUP, 1}}},
    {0},
};

const P2pPass p2p_pass_norm_running = {
    .name = "norm_running",
    .variants = running_variants,
    .outputs = 1u << P2P_STATS_MEAN | 1u << P2P_STATS_RSTD,
    .ref = p2p_ref_norm_running,
};
