/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the convolution share. */
#ifndef P2P_OPS_CONV2D_H
#define P2P_OPS_CONV2D_H

#include "cl/conv2d_geom.h"
#include "cl/sizes.h"
#include "src/ops/adam.h"
#include "src/ops/emit.h"

ConvGeom p2p_conv_geom(const P2pCall *call);

/** The arguments of UPDATE_ARGUMENTS in cl/conv2d_update.clh; without moments mostly absent. */
typedef struct ConvUpdate {
    int at[3];
    AdamRule rule;
} ConvUpdate;
enum { P2P_UPDATE_ARGS = 8 };
/** *u must outlive the arguments. */
void p2p_conv_update_args(const P2pCall *call, ConvUpdate *u, P2pArg args[P2P_UPDATE_ARGS]);

/** The build options of cl/stored.clh for a convolution. */
void p2p_conv_stored_options(const P2pCall *call, P2pWay *way);

/* The variants, as in P2pVariant; each for all directions. */
P2pPlanWay p2p_conv2d_thin_plan, p2p_conv2d_winograd_plan, p2p_conv2d_simd_plan;
P2pPlanWay p2p_conv2d_tile_plan, p2p_conv2d_mma_plan, p2p_conv2d_clblast_plan;
P2pPlanWay p2p_conv2d_tile_winograd_plan, p2p_conv2d_inner_plan, p2p_conv2d_pixels_plan,
    p2p_conv2d_subgroup_plan, p2p_conv2d_one_plan;
P2pEmitWay p2p_conv2d_thin_emit, p2p_conv2d_winograd_emit, p2p_conv2d_simd_emit;
P2pEmitWay p2p_conv2d_tile_emit, p2p_conv2d_tile_winograd_emit, p2p_conv2d_inner_emit,
    p2p_conv2d_pixels_emit, p2p_conv2d_subgroup_emit, p2p_conv2d_one_emit, p2p_conv2d_clblast_emit;

/** A way of the tile variant, for its emit(), through `count` convolutions of 1 x 1 like this one, whose
 *  tensors lie dense one behind the other; no data gradients. */
bool p2p_conv2d_tile_plan_batch(const P2pCall *call, int count, const P2pCaps *caps, P2pWay *way);

/* A gather, forward or data gradient, reads one side and writes the other. */
static inline bool p2p_conv_is_dgrad(const P2pCall *call)
{
    return call->pass->direction == P2P_CONV_DGRAD;
}

static inline const P2pTensor *p2p_conv_from(const P2pCall *call)
{
    return &call->t[p2p_conv_is_dgrad(call) ? P2P_CONV_Y : P2P_CONV_X];
}

static inline const P2pTensor *p2p_conv_to(const P2pCall *call)
{
    return &call->t[p2p_conv_is_dgrad(call) ? P2P_CONV_X : P2P_CONV_Y];
}

/** Whether weights are blocked over a gather's inputs instead of its outputs. */
static inline bool p2p_conv_is_turned(const P2pCall *call)
{
    return call->attr.large_out != p2p_conv_is_dgrad(call);
}

/** Pixels of a gather's register tile on a CPU, -D ROWS: as many as fit, or fewer where the last tile would lack
 * many. */
int p2p_conv_rows(int pixels, const P2pCaps *caps);

/** Time of a launch on a CPU in that of a register tile: cores take a group of `in_group` of the tiles of
 * each of `blocks` until there is none. */
double p2p_conv_launch_cost(int tiles, int in_group, int blocks, const P2pCaps *caps);

/** Append a gather's launch whose kernel takes what is read, weights, bias and result, a ConvGeom, and whether it is
 *  a data gradient. */
int p2p_conv_emit_gather(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                         const P2pKernel *kernel, P2pGrid grid);

/** The same of a weight gradient, whose kernel takes x, y, UPDATE_ARGUMENTS and a ConvGeom. */
int p2p_conv_emit_wgrad(P2pSequence *seq, const P2pCall *call, const P2pWay *way,
                        const P2pKernel *kernel, P2pGrid grid);

/** Bytes of the weights blocked over a gather's outputs. */
size_t p2p_conv2d_turned_bytes(const P2pCall *call);
/** Append a launch that writes turned weights so to the start of work. */
int p2p_conv2d_emit_turn(P2pSequence *seq, const P2pCall *call, P2pBuffer *work);

void p2p_ref_conv2d_fwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_conv2d_dgrad(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_conv2d_wgrad(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_conv2d_wgrad_adam(const P2pCall *call, double *const host[], double *mag);

#endif
