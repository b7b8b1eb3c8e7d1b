/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of an application, for apply.c, tangent.c and update.c alone. */
#ifndef P2P_GRAPH_APPLY_PARTS_H
#define P2P_GRAPH_APPLY_PARTS_H

#include "src/graph/apply.h"

enum { P2P_LABEL_BYTES = 48 };

/** What goes through a network: its values, or their tangents; and the gradients of either. */
typedef struct P2pLane {
    int *value;     /* per graph value: the plan's tensor */
    int *grad;      /* per graph value: its gradient in this backward pass, -1: none */
    bool *grad_set; /* something was written there: add from now on */
} P2pLane;

enum { P2P_VALUES, P2P_TANGENTS, P2P_LANES };

/** A weight over its largest singular value, that, and its vectors. */
enum { P2P_SCALED, P2P_SCALED_SIGMA, P2P_SCALED_LEFT, P2P_SCALED_RIGHT, P2P_SCALED_PARTS };

struct P2pApply {
    P2pPlan *plan;
    P2pNet *net;
    P2pMode mode;
    int hyper;
    P2pLane lane[P2P_LANES];
    int *mean, *rstd, *state[P2P_STATES]; /* per node; per parameter */
    int *kept;                            /* per node: the step that makes its statistics, -1 */
    int *tangent_sums;                    /* per node: of the tangent pass */
    int *scaled[P2P_SCALED_PARTS];        /* per node: of spectral norm in this application */
    uint32_t *stream;                     /* per node: of its dropout */
};

/** The plan's tensor of a parameter's value or moment; -1 for an absent one. */
int p2p_apply_param(P2pApply *a, int i, P2pState which);
/** The weight that a convolution takes, in any pass, once it has been scaled. */
int p2p_apply_weight(P2pApply *a, int node);
/** Append the scaling of a convolution's weight, where it has one. */
void p2p_apply_scale_weight(P2pApply *a, int node);
/** The gradient of a convolution's weight, through the scaling. */
void p2p_apply_backward_weight(P2pApply *a, int node, int x, int dy, P2pGrads *grads);
/** A node's name in tables. */
void p2p_apply_label(const P2pApply *a, int node, char text[P2P_LABEL_BYTES]);

/** Give all values their tensors; see p2p_apply_forward(). */
int p2p_apply_shape(P2pApply *a, int input, bool kept);
/** tensors[v], made on first use in the shape of value v; a part's lies in the whole's. */
int p2p_apply_like(P2pApply *a, int *tensors, int v);
/** Note that v's gradient was written (with it its parts'), and say whether to add next time. */
bool p2p_apply_mark(P2pApply *a, P2pLane *lane, int v);
bool p2p_apply_wants_grad(const P2pApply *a, const P2pLane *lane, int v);
/** The gradient tensor of a parameter; *add says whether to add to it. */
int p2p_apply_param_grad(P2pApply *a, P2pGrads *grads, int i, bool *add);
/** No gradient has been written in any lane. */
void p2p_apply_forget_grads(P2pApply *a);

/** Append a convolution's pass: in and out are the node's, in the roles of its passes or not. */
void p2p_apply_conv(P2pApply *a, int node, const P2pPass *pass, P2pAttr attr, int in, int w,
                    int bias, int out);
/** Nodes that are linear and have no parameters, in either lane. */
void p2p_apply_forward_linear(P2pApply *a, P2pLane *lane, int i);
void p2p_apply_backward_linear(P2pApply *a, P2pLane *lane, int i);
/** A convolution's gradients in either lane; tangents have no bias. */
void p2p_apply_backward_conv(P2pApply *a, P2pLane *lane, int i, P2pGrads *grads,
                             const P2pAdam *adam);
/** A norm, what follows it in its node, and the gradients of both. */
void p2p_apply_forward_norm(P2pApply *a, int i);
void p2p_apply_backward_norm(P2pApply *a, int i, P2pGrads *grads);
/** Any node's gradients in the lane of values. */
void p2p_apply_backward_node(P2pApply *a, int i, P2pGrads *grads, const P2pAdam *adam);

#endif
