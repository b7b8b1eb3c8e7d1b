/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting a network into a plan: forward steps for one input, then backward steps for a gradient of
 * its output. One network may be applied several times in a plan (D on real and on fake pictures);
 * the applications share parameters and parameter gradients, not activations.
 */
#ifndef P2P_GRAPH_APPLY_H
#define P2P_GRAPH_APPLY_H

#include "src/graph/net.h"
#include "src/graph/plan.h"

/** How the normalisation and dropout behave. */
typedef struct P2pMode {
    bool dropout;
    bool running;        /* normalise by running statistics (--eval) */
    bool update_running; /* training: update them from the batch */
    bool per_picture;    /* batch norm's statistics of each picture alone (translating a batch) */
} P2pMode;

/** Gradients of a network's parameters in a plan, shared by its applications. */
typedef struct P2pGrads {
    int *tensor; /* per parameter; -1: not yet */
    bool keep;   /* set before first use: they keep their memory, to be read after a run */
} P2pGrads;

int p2p_grads_init(P2pGrads *grads, const P2pNet *net);
void p2p_grads_finish(P2pGrads *grads);

typedef struct P2pAdam {
    double beta1, beta2;
    float eps;
    bool epsilon_hat;
} P2pAdam;

typedef struct P2pApply P2pApply;

/**
 * Append the forward pass.
 *
 * @param  input   The plan's tensor [N, H, W, C]; H and W fit graph->multiple.
 * @param  hyper   The plan's hyper tensor (seed and step of the dropout).
 * @param  kept    The output keeps its memory after the plan has run.
 * @return 0; P2P_EINVAL: the picture does not fit the network (the message says what would).
 */
int p2p_apply_forward(P2pApply **out, P2pPlan *plan, P2pNet *net, int input, int hyper,
                      const P2pMode *mode, bool kept);
int p2p_apply_output(const P2pApply *apply);
/** The plan's tensor behind a value of the graph. */
int p2p_apply_value(const P2pApply *apply, int value);

/**
 * Append the backward pass of this application.
 *
 * @param  dy     Gradient of the output; may be overwritten.
 * @param  dx     Where the gradient of the input goes (overwritten), or -1: not wanted.
 * @param  grads  Parameter gradients, added to those there; NULL: not wanted.
 * @param  adam   Not NULL: these gradients are complete; update each parameter at once.
 */
int p2p_apply_backward(P2pApply *apply, int dy, int dx, P2pGrads *grads, const P2pAdam *adam);

void p2p_apply_destroy(P2pApply **apply);

#endif
