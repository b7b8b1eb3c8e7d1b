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

bool p2p_conv2d_clblast_ok(const P2pCall *call, const P2pCaps *caps)
{
    return p2p_gemm_available() &&
           matrices(call).floats * sizeof(float) <= caps->max_buffer_bytes / 2;
}

size_t p2p_conv2d_clblast_work(const P2pCall *call, const P2pCaps *caps)
{
    (void)caps;
    return matrices(call).floats * sizeof(float);
}

/* A kernel between a tensor and a matrix at offset `at` of the workspace. */
static int emit(P2pSequence *seq, const P2pCall *call, const char *kernel, const P2pBuffer *from,
                const P2pBuffer *to, bool epilogue, size_t at, const int global[3])
{
    const ConvGeom g = p2p_conv_geom(call);
    const uint64_t matrix_at = at;
    P2pArg args[5];
    int n = 0;

    args[n++] = P2P_ARG_BUFFER(from);
    if (epilogue)
        args[n++] = P2P_ARG_BUFFER(call->t[P2P_CONV_BIAS].buffer);
    args[n++] = P2P_ARG_BUFFER(to);
    args[n++] = P2P_ARG(g);
    args[n++] = P2P_ARG(matrix_at);
    return p2p_sequence_add(
        seq, &(P2pLaunch){.program = "conv2d_im2col",
                          .kernel = kernel,
                          .global = {(size_t)global[0], (size_t)global[1], (size_t)global[2]},
                          .args = args,
                          .arg_count = n});
}

static int emit_patches(P2pSequence *seq, const P2pCall *call, P2pBuffer *work)
{
    const ConvGeom g = p2p_conv_geom(call);

    return emit(seq, call, "im2col", call->t[P2P_CONV_X].buffer, work, false,
                matrices(call).patches, (int[]){g.c, g.r * g.s, g.n * g.p * g.q});
}

static int emit_weights(P2pSequence *seq, const P2pCall *call, P2pBuffer *work)
{
    const ConvGeom g = p2p_conv_geom(call);

    return emit(seq, call, "unpack_weights", call->t[P2P_CONV_W].buffer, work, false,
                matrices(call).weights, (int[]){g.k, g.c, g.r * g.s});
}

static int emit_pixels(P2pSequence *seq, const P2pCall *call, P2pBuffer *work)
{
    const Matrices x = matrices(call);

    return emit(seq, call, "pixels_matrix", call->t[P2P_CONV_Y].buffer, work, false, x.pixels,
                (int[]){x.n, x.m, 1});
}

int p2p_conv2d_fwd_clblast_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                                P2pBuffer *work)
{
    const Matrices x = matrices(call);
    const P2pGemm gemm = {.m = x.m,
                          .n = x.n,
                          .k = x.t,
                          .a = work,
                          .b = work,
                          .c = work,
                          .a_offset = x.patches,
                          .b_offset = x.weights,
                          .c_offset = x.pixels,
                          .a_stride = x.t,
                          .b_stride = x.n,
                          .c_stride = x.n};
    int err;

    (void)caps;
    if ((err = emit_patches(seq, call, work)) < 0 || (err = emit_weights(seq, call, work)) < 0 ||
        (err = p2p_sequence_add_gemm(seq, &gemm)) < 0)
        return err;
    return emit(seq, call, "matrix_pixels", work, call->t[P2P_CONV_Y].buffer, true, x.pixels,
                (int[]){x.n, x.m, 1});
}

int p2p_conv2d_dgrad_clblast_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                                  P2pBuffer *work)
{
    const ConvGeom g = p2p_conv_geom(call);
    const Matrices x = matrices(call);
    const P2pGemm gemm = {.m = x.m,
                          .n = x.t,
                          .k = x.n,
                          .b_transposed = true,
                          .a = work,
                          .b = work,
                          .c = work,
                          .a_offset = x.pixels,
                          .b_offset = x.weights,
                          .c_offset = x.patches,
                          .a_stride = x.n,
                          .b_stride = x.n,
                          .c_stride = x.t};
    int err;

    (void)caps;
    if ((err = emit_pixels(seq, call, work)) < 0 || (err = emit_weights(seq, call, work)) < 0 ||
        (err = p2p_sequence_add_gemm(seq, &gemm)) < 0)
        return err;
    return emit(seq, call, "col2im", work, call->t[P2P_CONV_X].buffer, true, x.patches,
                (int[]){g.c, g.w, g.n * g.h});
}

int p2p_conv2d_wgrad_clblast_emit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                                  P2pBuffer *work)
{
    const ConvGeom g = p2p_conv_geom(call);
    const Matrices x = matrices(call);
    const P2pGemm gemm = {.m = x.t,
                          .n = x.n,
                          .k = x.m,
                          .a_transposed = true,
                          .a = work,
                          .b = work,
                          .c = work,
                          .a_offset = x.patches,
                          .b_offset = x.pixels,
                          .c_offset = x.weights,
                          .a_stride = x.t,
                          .b_stride = x.n,
                          .c_stride = x.n};
    int err;

    (void)caps;
    if ((err = emit_patches(seq, call, work)) < 0 || (err = emit_pixels(seq, call, work)) < 0 ||
        (err = p2p_sequence_add_gemm(seq, &gemm)) < 0)
        return err;
    return emit(seq, call, "pack_weights", work, call->t[P2P_CONV_W].buffer, false, x.weights,
                (int[]){g.k, g.c, g.r * g.s});
}
