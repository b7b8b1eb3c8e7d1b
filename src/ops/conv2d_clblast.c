/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clblast variants of the convolution: patches as a matrix (cl/conv2d_im2col.cl), then a matrix
 * product of CLBlast. With M = pixels, N = K and T = R S C:
 *   fwd    y [M,N] = patches [M,T] weights [T,N]
 *   dgrad  patches [M,T] = y [M,N] weights^T, then summed into x
 *   wgrad  weights [T,N] = patches^T y
 */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* The three matrices one after the other in the workspace, in floats. */
typedef struct Matrices {
    size_t patches, weights, pixels; /* offsets */
    size_t floats;
    int m, n, t;
} Matrices;

static Matrices matrices(const P2pCall *call)
{
    const ConvGeom g = p2p_conv_geom(call);
    Matrices x = {.m = g.n * g.p * g.q, .n = g.k, .t = g.r * g.s * g.c};

    x.weights = (size_t)x.m * (size_t)x.t;
    x.pixels = x.weights + (size_t)x.t * (size_t)x.n;
    x.floats = x.pixels + (size_t)x.m * (size_t)x.n;
    return x;
}

/* What CLBlast's kernels for matrix products need whatever their parameters. */
enum { CLBLAST_GROUP = 128, CLBLAST_LOCAL_BYTES = 16384 };

bool p2p_conv2d_clblast_plan(const P2pCall *call, const P2pCaps *caps, P2pWay *way)
{
    way->work_bytes = matrices(call).floats * sizeof(float);
    return p2p_gemm_available() && caps->max_group_size >= CLBLAST_GROUP &&
           caps->local_bytes >= CLBLAST_LOCAL_BYTES &&
           way->work_bytes <= caps->max_buffer_bytes / 2;
}

/* A kernel between a tensor and the matrix at float `at` of the workspace. */
static int emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way, const char *name,
                const P2pBuffer *from, const P2pBuffer *to, bool epilogue, size_t at, P2pGrid grid)
{
    const P2pKernel kernel = {"conv2d_im2col", name, NULL, {0}};
    const ConvGeom g = p2p_conv_geom(call);
    const uint64_t matrix_at = at;
    P2pArg args[5];
    size_t n = 0;

    args[n++] = P2P_ARG_BUFFER(from);
    if (epilogue)
        args[n++] = P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer);
    args[n++] = P2P_ARG_BUFFER(to);
    args[n++] = P2P_ARG(g);
    args[n++] = P2P_ARG(matrix_at);
    return p2p_emit(seq, way, &kernel, args, n, grid);
}

/* The launches that make a matrix of an operand, or an operand of a matrix. */
static int emit_patches(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const Matrices x = matrices(call);
    const P2pTensor *w = &call->t[P2P_CONV_W], *large = &call->t[P2P_CONV_X];
    const size_t taps = (size_t)(w->h * w->w), channels = (size_t)large->c;

    if (p2p_conv_is_dgrad(call))
        return emit(seq, call, way, "col2im", work, large->buffer, true, x.patches,
                    (P2pGrid){channels, (size_t)large->w, (size_t)(large->n * large->h)});
    return emit(seq, call, way, "im2col", large->buffer, work, false, x.patches,
                (P2pGrid){channels, taps, (size_t)x.m});
}

static int emit_weights(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const P2pTensor *w = &call->t[P2P_CONV_W];
    const size_t at = matrices(call).weights;
    const P2pGrid grid = {(size_t)call->t[P2P_CONV_Y].c, (size_t)call->t[P2P_CONV_X].c,
                          (size_t)(w->h * w->w)};

    return call->pass->direction == P2P_CONV_WGRAD
               ? emit(seq, call, way, "pack_weights", work, w->buffer, false, at, grid)
               : emit(seq, call, way, "unpack_weights", w->buffer, work, false, at, grid);
}

static int emit_pixels(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work)
{
    const Matrices x = matrices(call);
    P2pBuffer *small = call->t[P2P_CONV_Y].buffer;
    const P2pGrid grid = {(size_t)x.n, (size_t)x.m, 1};

    return call->pass->direction == P2P_CONV_FORWARD
               ? emit(seq, call, way, "matrix_pixels", work, small, true, x.pixels, grid)
               : emit(seq, call, way, "pixels_matrix", small, work, false, x.pixels, grid);
}

static P2pGemm product(const P2pCall *call, const P2pBuffer *work)
{
    const Matrices x = matrices(call);
    const P2pGemm gemms[] = {
        [P2P_CONV_FORWARD] = {.m = x.m,
                              .n = x.n,
                              .k = x.t,
                              .a_offset = x.patches,
                              .b_offset = x.weights,
                              .c_offset = x.pixels,
                              .a_stride = x.t,
                              .b_stride = x.n,
                              .c_stride = x.n},
        [P2P_CONV_DGRAD] = {.m = x.m,
                            .n = x.t,
                            .k = x.n,
                            .b_transposed = true,
                            .a_offset = x.pixels,
                            .b_offset = x.weights,
                            .c_offset = x.patches,
                            .a_stride = x.n,
                            .b_stride = x.n,
                            .c_stride = x.t},
        [P2P_CONV_WGRAD] = {.m = x.t,
                            .n = x.n,
                            .k = x.m,
                            .a_transposed = true,
                            .a_offset = x.patches,
                            .b_offset = x.pixels,
                            .c_offset = x.weights,
                            .a_stride = x.t,
                            .b_stride = x.n,
                            .c_stride = x.n},
    };
    P2pGemm gemm = gemms[call->pass->direction];

    gemm.a = gemm.b = gemm.c = work;
    return gemm;
}

/* Two matrices from operands, their product, and the operand from that. */
int p2p_conv2d_clblast_emit(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                            P2pBuffer *work)
{
    static P2pEmitWay *const around[][3] = {
        [P2P_CONV_FORWARD] = {emit_patches, emit_weights, emit_pixels},
        [P2P_CONV_DGRAD] = {emit_pixels, emit_weights, emit_patches},
        [P2P_CONV_WGRAD] = {emit_patches, emit_pixels, emit_weights},
    };
    P2pEmitWay *const *step = around[call->pass->direction];
    const P2pGemm gemm = product(call, work);
    int err;

    if ((err = step[0](seq, call, way, work)) < 0 || (err = step[1](seq, call, way, work)) < 0 ||
        (err = p2p_sequence_add_gemm(seq, &gemm)) < 0)
        return err;
    return step[2](seq, call, way, work);
}
