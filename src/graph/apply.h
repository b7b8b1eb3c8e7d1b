/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting a network into a plan: forward steps for one input, then backward steps for a gradient of
 * its output. One network may be applied any number of times in a plan (D on real and on fake
 * pictures, a cycle's way back), and each application be gone back through any number of times; the
 * applications share parameters and parameter gradients, not activations. The gradient of one's
 * input may be that of another's output, with other terms added before or after.
 *
 * Adam changes the weights where its step stands: the backward pass that has it comes behind all
 * others of the network and of those that read its weights.
 *
 * The gradient of a gradient, for a penalty on the norm of g = dD/dx at one input: with v = the penalty's
 * derivative by g held fixed, v . g is the derivative of D's output along v, the sum of its tangents;
 * so a tangent pass and the ordinary gradients of that give the penalty's by the parameters.
 */
#ifndef P2P_GRAPH_APPLY_H
#define P2P_GRAPH_APPLY_H

#include "src/graph/net.h"
#include "src/graph/plan.h"
#include "src/graph/sums.h"

/** How the normalisation and dropout behave. */
typedef struct P2pMode {
    bool dropout;
    bool running;        /* normalise by running statistics (--eval) */
    bool update_running; /* training: update them from the batch */
    int alone; /* batch norm's statistics of each so many pictures alone, which divide the batch
                             (translating: 1); 0: of all */
    bool keep_statistics; /* those that are of what norms see keep their memory: p2p_apply_norm() */
} P2pMode;

/** Gradients of a network's parameters in a plan, shared by its applications. */
typedef struct P2pGrads {
    int *tensor; /* per parameter; -1: not yet */
    int joined;  /* of those that the network has joined, which keep their memory; -1: not yet */
    bool keep;   /* set before first use: they keep their memory, to be read after a run */
    P2pGradSums *sums; /* set before first use: where they lie, NULL: in the plan's own memory */
    int scale; /* set before first use: what losses are multiplied by (p2p_pass_loss_scale); -1: nothing */
    int squares; /* behind Adam: of all of them; -1: not added up */
} P2pGrads;

/** Overwrites all of it. */
int p2p_grads_init(P2pGrads *grads, const P2pNet *net);
void p2p_grads_finish(P2pGrads *grads);

typedef struct P2pAdam {
    double beta1, beta2;
    float eps;
    bool epsilon_hat;
    int batches; /* gradients are summed over so many runs, in P2pGrads.sums; 0 as 1 */
    float clip;  /* most length of the gradient of all parameters of a network; 0: any */
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

/** What a norm of kept statistics has: step of the plan that makes them, and their tensors. */
typedef struct P2pNormTensors {
    int step;
    int mean, rstd; /* [groups, 1, 1, C]: the mean, and 1 / sqrt(variance + eps) */
} P2pNormTensors;

/** False: the node is no norm, or one whose statistics are not kept. */
bool p2p_apply_norm(const P2pApply *apply, int node, P2pNormTensors *norm);

typedef struct P2pBackward {
    int dy;              /* gradient of the output; is overwritten where the network ends in an
                            activation */
    int dx;              /* where the gradient of the input goes; -1: not wanted */
    bool add;            /* to what dx holds, else it is overwritten */
    P2pGrads *grads;     /* parameter gradients, added to those there; NULL: not wanted */
    const P2pAdam *adam; /* not NULL: grads are complete then; update each parameter at once */
} P2pBackward;

/** Append a backward pass of this application. */
int p2p_apply_backward(P2pApply *apply, const P2pBackward *backward);

/**
 * Append the tangent pass: of each value its derivative where the input moves along v. Networks whose
 * activations have constant slopes (discriminators), without dropout, with statistics of the batch.
 *
 * @param v  The plan's tensor in the input's shape.
 */
int p2p_apply_tangent(P2pApply *apply, int v);

/**
 * Append its backward pass: to grads go the parameters' gradients of the tangents' sum.
 *
 * @param dy  Gradient of the output's tangents, all 1: is overwritten where the network ends in an
 *            activation.
 */
int p2p_apply_tangent_backward(P2pApply *apply, int dy, P2pGrads *grads);

void p2p_apply_destroy(P2pApply **apply);

#endif
