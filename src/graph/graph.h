/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network as a list of nodes over values, with named parameters. Knows channels, not sizes: the
 * plan fixes batch, height and width. Built once by src/nets; never changed afterwards.
 *
 * Parameters carry the names of PyTorch's state_dict in the reference implementation
 * (junyanz/pytorch-CycleGAN-and-pix2pix) and stand in its order.
 */
#ifndef P2P_GRAPH_GRAPH_H
#define P2P_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "src/ops/op.h"

typedef enum P2pNodeKind {
    P2P_NODE_CONV,     /* conv2d or transposed; bias and activation in its epilogue */
    P2P_NODE_NORM_ACT, /* norm -> dropout -> one or two activations, each a value of its own */
    P2P_NODE_ADD,
    P2P_NODE_PAD,       /* reflection */
    P2P_NODE_UPSAMPLE,  /* to twice the size */
    P2P_NODE_DEPTHWISE, /* convolution of each channel by itself, without a bias */
} P2pNodeKind;

typedef enum P2pNorm { P2P_NORM_NONE, P2P_NORM_BATCH, P2P_NORM_INSTANCE } P2pNorm;

typedef enum P2pParamKind {
    P2P_PARAM_WEIGHT, /* [O,I,R,S], in files [I,O,R,S] when transposed */
    P2P_PARAM_BIAS,
    P2P_PARAM_GAMMA,
    P2P_PARAM_BETA,
    P2P_PARAM_MEAN, /* running statistics: state, not trained */
    P2P_PARAM_VAR,
    P2P_PARAM_LEFT, /* spectral norm's singular vectors, of rows and of columns: state, too */
    P2P_PARAM_RIGHT,
} P2pParamKind;

typedef struct P2pParam {
    char name[160];
    P2pParamKind kind;
    bool transposed, depthwise; /* depthwise: i = 1, a weight for each channel */
    int o, i, r, s;             /* vectors: [o] */
} P2pParam;

enum { P2P_NODE_WEIGHT = 0, P2P_NODE_BIAS = 1, P2P_NODE_LEFT, P2P_NODE_RIGHT }; /* conv */
enum { P2P_NODE_GAMMA = 0, P2P_NODE_BETA = 1, P2P_NODE_MEAN, P2P_NODE_VAR };    /* norm */

typedef struct P2pNode {
    P2pNodeKind kind;
    int in[2], out[2]; /* values; -1: none */
    int param[4];      /* parameters; -1: none */
    /* conv */
    int kernel, stride, pad, output_pad; /* depthwise: output_pad windows reach beyond the end */
    bool transposed;
    bool bilinear; /* upsample */
    P2pAct act[2]; /* conv: [0] */
    float slope;   /* of LeakyReLU */
    /* norm_act */
    P2pNorm norm;
    float eps, momentum; /* momentum: of the running statistics, the new ones' share */
    float dropout_p;
} P2pNode;

typedef struct P2pValue {
    int c;
    int parent,
        part; /* the value it is a channel slice of (-1: none) and its first channel there */
} P2pValue;

typedef struct P2pGraph {
    P2pNode *nodes;
    P2pValue *values;
    P2pParam *params;
    int node_count, value_count, param_count;
    size_t node_capacity, value_capacity, param_capacity;
    int input, output;
    int multiple; /* height and width of the input must be multiples of this */
    int err;      /* first failure of a builder call; later calls do nothing */
} P2pGraph;

int p2p_graph_create(P2pGraph **out, int input_channels);
int p2p_graph_copy(P2pGraph **out, const P2pGraph *graph);
void p2p_graph_destroy(P2pGraph **graph);

/* Builders return the new value, or -1 with graph->err set. */

typedef struct P2pConvSpec {
    int out_channels, kernel, stride, pad, output_pad;
    bool transposed, bias;
    P2pAct act;
    float slope;   /* LeakyReLU alone needs it */
    bool spectral; /* the weight over its largest singular value; parameters as torch calls them */
    const char *name; /* parameters become name.weight and name.bias */
} P2pConvSpec;
int p2p_graph_conv(P2pGraph *g, int x, const P2pConvSpec *spec);

typedef struct P2pNormActSpec {
    P2pNorm norm;
    const char *name;    /* batch norm: name.weight, .bias, .running_mean, .running_var */
    float eps, momentum; /* eps: of every norm; momentum: of batch norm */
    float dropout_p;
    P2pAct act;
    float slope; /* also of a second activation */
} P2pNormActSpec;
int p2p_graph_norm_act(P2pGraph *g, int x, const P2pNormActSpec *spec);
/** A second activation of the same normalised value, for another consumer. */
int p2p_graph_also(P2pGraph *g, int norm_act_value, P2pAct act);

int p2p_graph_add(P2pGraph *g, int a, int b);
int p2p_graph_pad(P2pGraph *g, int x, int pad);
int p2p_graph_upsample(P2pGraph *g, int x, bool bilinear);
/** Of spec count kernel, stride, pad, output_pad (that many more outputs) and name. */
int p2p_graph_depthwise(P2pGraph *g, int x, const P2pConvSpec *spec);
/** [a, b] along channels, by placement: a and b must have no other consumer. */
int p2p_graph_concat(P2pGraph *g, int a, int b);

/** A parameter, of which node is the caller's to say. */
int p2p_graph_add_param(P2pGraph *g, const P2pParam *param);

/** Trained values in all parameters (running statistics do not count). */
size_t p2p_graph_trained(const P2pGraph *g);
static inline bool p2p_param_is_trained(const P2pParam *p)
{
    return p->kind < P2P_PARAM_MEAN;
}
size_t p2p_param_elements(const P2pParam *p);
/** Output channel of element k in exchange order. */
size_t p2p_param_channel(const P2pParam *p, size_t k);

/** Multiply-adds of one forward pass for a picture of h x w. */
double p2p_graph_macs(const P2pGraph *g, int h, int w);
/** The least height (or width) of an input: a multiple at which no value is empty. */
int p2p_graph_least_side(const P2pGraph *g);
/** Height (or width) of a node's output for one of `size`. */
int p2p_node_size(const P2pNode *node, int size);

#endif
