/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a generator on pictures of any size: a plan for each size, of which those used last are
 * kept. Knows no files and no picture formats.
 */
#ifndef P2P_MODEL_FORWARD_H
#define P2P_MODEL_FORWARD_H

#include "src/graph/apply.h"

/** What the plans of all sizes have in common. */
typedef struct P2pForwardSettings {
    P2pDevice *device;
    P2pNet *net;
    P2pMode mode;
    P2pChoice choice;
    uint32_t seed; /* of the dropout */
    bool fill;     /* inpainting: outputs are the input but for its holes */
} P2pForwardSettings;

typedef struct P2pForwards P2pForwards;

/** The network and the strings of choice must outlive it. */
int p2p_forwards_create(P2pForwards **out, const P2pForwardSettings *settings);
void p2p_forwards_destroy(P2pForwards **forwards);

/** Bytes on the device of all plans that are kept. */
size_t p2p_forwards_bytes(const P2pForwards *forwards);

/** A plan for one picture of a size, with the host's side of its input and output. */
typedef struct P2pForward {
    int width, height;
    bool kept;       /* statistics of its norms stay: p2p_forward_run_part() */
    float *in, *out; /* f32 [height, width, channels], out as y says */
    P2pTensor y;
    int nodes; /* of the network */
    P2pPlan *plan;
    P2pApply *apply;
    int input, output;
} P2pForward;

/**
 * The plan for a size: one that is there, or a new one, which may compile kernels. Up to
 * P2P_FORWARDS plans stay, those used last, while they take no more than an eighth of the device's
 * memory together; others make room for a new one.
 *
 * @param out  Stays until the next call.
 * @return 0; P2P_EINVAL: the size does not fit the network; P2P_ENOMEM, P2P_EDEVICE, P2P_EDEVMEM.
 */
enum { P2P_FORWARDS = 4 };
int p2p_forwards_get(P2pForwards *forwards, int width, int height, bool kept, P2pForward **out);

/** From in to out (blocks). */
int p2p_forward_run(P2pForward *forward);

/**
 * The same of a plan with kept statistics, up to and with a step, or -1: to out. The norms of nodes below
 * `given` take the statistics that they had, or were given.
 */
int p2p_forward_run_part(P2pForward *forward, int given, int last);

#endif
