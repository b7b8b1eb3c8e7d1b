/* SPDX-License-Identifier: BSD-2-Clause */
/* How sums over pixels are divided into parts, shared by norm.c and norm_act.c. */
#ifndef P2P_OPS_NORM_H
#define P2P_OPS_NORM_H

#include "src/ops/emit.h"

/** Each group's count pixels in parts of per_part; by the shape alone. */
typedef struct P2pParts {
    int groups, count, parts, per_part;
} P2pParts;

P2pParts p2p_parts(const P2pTensor *x, int groups);
/** As a variant takes them: few pixels are one part for GPUs, where a second launch takes longer. */
P2pParts p2p_parts_of(const P2pVariant *variant, const P2pTensor *x, int groups);
/** Blocks of channels on a CPU, so that there are groups for all its cores; no sum depends on it. */
int p2p_channel_blocks(const P2pParts *p, int channels, const P2pCaps *caps);
/** Bytes of a workspace [parts, groups, width]. */
size_t p2p_parts_bytes(const P2pParts *p, int width);
/** way->own of the passes that divide channels. */
enum { P2P_CHANNEL_BLOCKS };
/** The variant's own kernel, which fills the workspace: over {parts, groups, blocks of channels} on
 *  CPUs, else over tiles of channels for each part and group. */
int p2p_emit_parts(P2pSequence *seq, const P2pWay *way, const P2pArgs *a, const P2pParts *p,
                   int channels);
/** P2pPass.stored of what has the operands of norm_act. */
#define P2P_NORM_STORED                                                                         \
    (1u << P2P_NA_X | 1u << P2P_NA_Y1 | 1u << P2P_NA_Y2 | 1u << P2P_NA_DY1 | 1u << P2P_NA_DY2 | \
     1u << P2P_NA_DX)

/** Whether quadruples of channels start at multiples of 16 bytes in all operands of a norm's call, at places of
 *  32 bits. */
bool p2p_norm_has_quads(const P2pCall *call);
/** act1, act2, slope, threshold, keep, stream, picture. */
void p2p_norm_args_attr(P2pArgs *a, const P2pCall *call);

#endif
