/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the convolution share: its geometry as the kernels read it. */
#ifndef P2P_OPS_CONV2D_H
#define P2P_OPS_CONV2D_H

#include "src/ops/adam.h"
#include "src/ops/op.h"

/** Passed to kernels by value; the same struct as in cl/conv2d.clh. All but slope are ints. */
typedef struct ConvGeom {
    int n, h, w, c; /* large side x [n, h, w, c] */
    int p, q, k;    /* small side y [n, p, q, k] */
    int r, s, stride, pad;
    int x_stride, x_offset, y_stride, y_offset, w_offset, bias_offset; /* floats */
    int block, large_out; /* weights: outputs in a block, which side is blocked */
    int accumulate, act;
    float slope;
} ConvGeom;

ConvGeom p2p_conv_geom(const P2pCall *call);

/** The arguments of UPDATE_ARGUMENTS in cl/conv2d_update.clh; without moments mostly absent. */
typedef struct ConvUpdate {
    int at[3];
    AdamRule rule;
} ConvUpdate;
enum { P2P_UPDATE_ARGS = 8 };
/** *u must outlive the arguments. */
void p2p_conv_update_args(const P2pCall *call, ConvUpdate *u, P2pArg args[P2P_UPDATE_ARGS]);

/* The variants' functions, as in P2pVariant. */
bool p2p_conv2d_fwd_simd_ok(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_dgrad_simd_ok(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_wgrad_simd_ok(const P2pCall *call, const P2pCaps *caps);

bool p2p_conv2d_fwd_winograd_ok(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_fwd_winograd_worth(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_fwd_winograd_work(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_dgrad_winograd_ok(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_dgrad_winograd_worth(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_dgrad_winograd_work(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_wgrad_winograd_ok(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_wgrad_winograd_worth(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_wgrad_winograd_work(const P2pCall *call, const P2pCaps *caps);

bool p2p_conv2d_fwd_thin_ok(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_fwd_thin_work(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_dgrad_thin_ok(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_dgrad_thin_work(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_wgrad_thin_ok(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_wgrad_thin_work(const P2pCall *call, const P2pCaps *caps);

bool p2p_conv2d_tile_ok(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_fwd_tile_work(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_dgrad_tile_work(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_wgrad_tile_work(const P2pCall *call, const P2pCaps *caps);
bool p2p_conv2d_clblast_ok(const P2pCall *call, const P2pCaps *caps);
size_t p2p_conv2d_clblast_work(const P2pCall *call, const P2pCaps *caps);

/** A variant's emit(), as in P2pVariant. */
typedef int P2pConvEmit(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                        P2pBuffer *work);
P2pConvEmit p2p_conv2d_fwd_simd_emit, p2p_conv2d_dgrad_simd_emit, p2p_conv2d_wgrad_simd_emit;
P2pConvEmit p2p_conv2d_fwd_winograd_emit, p2p_conv2d_dgrad_winograd_emit;
P2pConvEmit p2p_conv2d_wgrad_winograd_emit;
P2pConvEmit p2p_conv2d_fwd_thin_emit, p2p_conv2d_dgrad_thin_emit, p2p_conv2d_wgrad_thin_emit;
P2pConvEmit p2p_conv2d_fwd_tile_emit, p2p_conv2d_dgrad_tile_emit, p2p_conv2d_wgrad_tile_emit;
P2pConvEmit p2p_conv2d_fwd_clblast_emit, p2p_conv2d_dgrad_clblast_emit;
P2pConvEmit p2p_conv2d_wgrad_clblast_emit;

/** Pixels in a register tile of CPUs: two vectors each, beside two of weights and one broadcast. */
int p2p_conv2d_rows(const P2pCaps *caps);
/** Bytes of the weights blocked over a gather's outputs; 0 where they already are. */
size_t p2p_conv2d_turned_bytes(const P2pCall *call, bool gradient);
/** Append a launch that writes the weights blocked over the other side to the start of work. */
int p2p_conv2d_emit_turn(P2pSequence *seq, const P2pCall *call, const P2pCaps *caps,
                         P2pBuffer *work);

void p2p_ref_conv2d_fwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_conv2d_dgrad(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_conv2d_wgrad(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_conv2d_wgrad_adam(const P2pCall *call, double *const host[], double *mag);

#endif
