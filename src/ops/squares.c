/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums of squares of gradients, in a fixed order. Kernels in cl/squares.cl. */
#include "src/ops/emit.h"
#include "src/ops/ref.h"

enum { GROUP_ELEMENTS = 4096, MOST_GROUPS = 64, MOST_GPU_GROUPS = 256 };

static const P2pKernel final = {"squares", "squares_final", NULL, {1, 1}};

/* Rows of one length: a weight's are its blocks' outputs, of which the last block has fewer. */
typedef struct Rows {
    int rows, cols, tail, last;
    int groups, per_group; /* by the variant alone, whose naive groups share all elements */
} Rows;

static Rows rows_of(const P2pTensor *x, const P2pVariant *variant)
{
    const int most = variant->for_cpus ? MOST_GROUPS : MOST_GPU_GROUPS;
    const bool weight = x->layout == P2P_WEIGHT;
    const int block = x->h * x->w * x->c;
    const int blocks = weight ? p2p_ceil_div(x->n, x->stride) : 0;
    Rows r = {.rows = weight ? blocks * block : x->n * x->h * x->w,
              .cols = weight ? x->stride : x->c,
              .tail = weight ? block : 0,
              .last = weight ? x->n - (blocks - 1) * x->stride : 0};
    const size_t groups = (size_t)r.rows * (size_t)r.cols / GROUP_ELEMENTS;

    r.groups = groups < 1 ? 1 : groups > (size_t)most ? most : (int)groups;
    if (variant->for_cpus) {
        r.per_group = p2p_ceil_div(r.rows, r.groups);
        r.groups = p2p_ceil_div(r.rows, r.per_group);
    }
    return r;
}

static bool plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    (void)caps;
    way->work_bytes = (size_t)rows_of(&call->t[P2P_SQUARES_X], way->variant).groups * sizeof(float);
    return true;
}

static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *x = &call->t[P2P_SQUARES_X];
    const Rows r = rows_of(x, way->variant);
    P2pArgs a = {0}, f = {0};

    p2p_args_tensor(&a, x);
    p2p_args_int(&a, r.rows);
    p2p_args_int(&a, r.cols);
    p2p_args_int(&a, r.tail);
    p2p_args_int(&a, r.last);
    p2p_args_int(&a, r.per_group);
    p2p_args_buffer(&a, work);
    const int err = p2p_emit(seq, way, &way->variant->kernel, a.list, (size_t)a.count,
                             (P2pGrid){(size_t)r.groups});
    if (err)
        return err;
    p2p_args_buffer(&f, work);
    p2p_args_tensor(&f, &call->t[P2P_SQUARES_SUM]);
    p2p_args_int(&f, r.groups);
    p2p_args_int(&f, call->attr.add_value);
    return p2p_emit_items(seq, way, &final, &f, 1);
}

/* Whether it is one run of whole quadruples at a multiple of 16 bytes, all of which count. */
static bool plan_quads(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    const P2pTensor *x = &call->t[P2P_SQUARES_X];
    const Rows r = rows_of(x, way->variant);

    return plan(call, caps, way) && x->offset % 4 == 0 && (r.rows == 1 || r.cols == x->stride) &&
           (!r.tail || r.last == r.cols) && (size_t)r.rows * (size_t)r.cols % 4 == 0;
}

static const P2pVariant variants[] = {
    {"simd", plan, emit, {"squares", "squares_simd", NULL, {1, 1}}, .for_cpus = true},
    {"quads", plan_quads, emit, {"squares", "squares_quads", "-D QUADS", {LOSS_GROUP, 1}}},
    {"naive", plan, emit, {"squares", "squares_naive", "-D NAIVE", {LOSS_GROUP, 1}}},
    {0},
};

const P2pPass p2p_pass_squares = {
    .name = "squares",
    .variants = variants,
    .updates = 1u << P2P_SQUARES_SUM,
    .ref = p2p_ref_squares,
};
