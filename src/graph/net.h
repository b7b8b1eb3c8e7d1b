/* SPDX-License-Identifier: BSD-2-Clause */
/* A network with its parameters on a device: weights, running statistics, Adam's moments. */
#ifndef P2P_GRAPH_NET_H
#define P2P_GRAPH_NET_H

#include "src/graph/buckets.h"

typedef enum P2pInit {
    P2P_INIT_NORMAL,
    P2P_INIT_XAVIER,
    P2P_INIT_KAIMING,
    P2P_INIT_ORTHOGONAL
} P2pInit;

typedef enum P2pState { P2P_STATE_VALUE, P2P_STATE_ADAM_M, P2P_STATE_ADAM_V, P2P_STATES } P2pState;

typedef enum P2pTask { P2P_GENERATOR, P2P_DISCRIMINATOR } P2pTask;

/** What a network does in its model. */
typedef struct P2pNetRole {
    P2pTask task;
    bool back;     /* from B to A; a discriminator judges what such a generator makes */
    int passes;    /* of a training step that update its running statistics */
    bool averaged; /* a generator whose weights are moving averages of another's of the same role */
} P2pNetRole;

/** This rank's part of a network's moments: src/graph/shard.h. */
typedef struct P2pShard P2pShard;

typedef struct P2pNet {
    char name[16];   /* "G", "D": the prefix of its tensors in files */
    P2pNetRole role; /* for files and whoever reads them; the model that trains it sets it */
    P2pGraph *graph;
    P2pArena *arena;
    P2pTensor *state[P2P_STATES]; /* one tensor a parameter; moments absent when not training */
    /* When training: the trained parameters that no step of a plan updates by itself, one behind the other with
     * gaps of zeros, so that one pass updates them; and where parameter i begins there, -1: it is none of them. */
    P2pTensor joined[P2P_STATES];
    int *joined_at;
    /* Of P2P_NET_SHARDED: where the trained parameters lie, as their gradients do; and who has the moments. */
    P2pBuckets buckets;
    P2pBuffer **bucket; /* [buckets.count] */
    P2pShard *shard;    /* not the net's own; NULL: nobody */
} P2pNet;

/**
 * What a network is made for: to be used; to be trained; by sums of several gradients, which Adam waits for. In
 * the last case GPUs, whose launches cost more than on CPUs, have the weights joined too. Or to be trained by
 * several ranks, each of which has a part of the moments: then the network itself has none.
 */
typedef enum P2pNetUse {
    P2P_NET_FIXED,
    P2P_NET_TRAINED,
    P2P_NET_SUMMED,
    P2P_NET_SHARDED
} P2pNetUse;

/** Takes graph over, also on failure. Parameters are 0, running variances 1. */
int p2p_net_create(P2pNet **out, P2pDevice *device, P2pGraph *graph, const char *name,
                   P2pNetUse use);
/** The same to use only, with weights of this type where p2p_net_can_pack() says so. */
int p2p_net_create_packed(P2pNet **out, P2pDevice *device, P2pGraph *graph, const char *name,
                          P2pType type);
/** Whether the device's kernels read this parameter in types shorter than f32: CPUs, not the thin
 *  ends. */
bool p2p_net_can_pack(const P2pDevice *device, const P2pParam *param);
void p2p_net_destroy(P2pNet **net);

/**
 * Draw all parameters: weights by `init` with `gain` (normal: N(0, gain)), gamma N(1, gain), biases
 * and beta 0, running statistics 0 and 1. Depends on seed, the net's name and the parameters'
 * places alone. Source: the reference implementation's init_weights().
 */
int p2p_net_init(P2pNet *net, P2pInit init, float gain, unsigned seed);

/** Where vectors that are joined, and gradients that are exchanged, may begin: the same on all usual devices. */
size_t p2p_param_align(const P2pDevice *device);

/** Parameter i from or to a dense array in exchange order: [O,I,R,S], transposed [I,O,R,S]. */
int p2p_net_upload(P2pNet *net, int i, P2pState which, const float *host);
int p2p_net_download(P2pNet *net, int i, P2pState which, float *host);

/** Set all values to those of a network of the same graph (blocks). */
int p2p_net_copy(P2pNet *net, P2pNet *from);

/**
 * Fill the values of all parameters in threads: reordering keeps one of them busy. The calling
 * thread alone asks the device.
 *
 * @param fill  Called once for each parameter, several at once; fills `raw`, the mapped memory, by
 *              p2p_tensor_fill(). What it returns ends the filling if it is a failure.
 * @param beside  What the calling thread does before it helps to fill: it may use the device, but
 *                not run the network. NULL: nothing.
 */
int p2p_net_fill(P2pNet *net, const P2pDevice *device, int (*fill)(void *user, int i, void *raw),
                 void (*beside)(void *user), void *user);

/** Name of the first parameter with a NaN or an infinity in *name, or NULL (blocks; reads them all). */
int p2p_net_find_bad(const P2pNet *net, const char **name);

/** Shape of parameter i in exchange order; returns the rank (4 or 1). */
int p2p_param_shape(const P2pParam *p, size_t shape[4]);

#endif
