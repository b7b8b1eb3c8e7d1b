/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model file of any kind, ours or a peer's, as one network on the host: its options, its graph,
 * and its parameters by the graph's places. Knows no device.
 */
#ifndef P2P_MODEL_SOURCE_H
#define P2P_MODEL_SOURCE_H

#include "src/options/options.h"
#include "src/formats/tensor_file.h"
#include "src/graph/fold.h"
#include "src/model/checkpoint.h"
#include "src/model/networks.h"
#include "src/model/exchange.h"

typedef enum P2pSourceKind {
    P2P_SOURCE_CHECKPOINT, /* of a training run: G, D, moments */
    P2P_SOURCE_FROZEN,     /* p2p-export's: G alone */
    P2P_SOURCE_STATE_DICT, /* pytorch-CycleGAN-and-pix2pix's .pth, or its tensors as safetensors */
    P2P_SOURCE_MRZHU,      /* pix2pix-pytorch's generator, a whole module or a state_dict */
    P2P_SOURCE_TENSORFLOW, /* pix2pix-tensorflow's checkpoint or frozen graph; .pict: G alone */
    P2P_SOURCE_TORCH7,     /* phillipi's pix2pix's .t7: one network */
} P2pSourceKind;

/** Roles of the options that translating depends on; models without a run hold these alone. */
enum { P2P_TRANSLATING = P2P_ROLE_GENERATOR | P2P_ROLE_USE };

typedef struct P2pSource {
    P2pTensorFile *file;
    char *warning; /* another file or network than one may think was taken: which; else NULL */
    P2pSourceKind kind;
    P2pOptions options;   /* stored in the file, or inferred from its tensors */
    P2pPosition position; /* zero where the file does not tell */
    P2pNetworks held;     /* by the file */
    P2pNetwork net;       /* which of them this is; of foreign files "G" or "D" */
    P2pGraph *stored;     /* as in the file */
    P2pGraph *graph;      /* as it is used: the same, or rebuilt */
    P2pOrigin *origin; /* of graph's parameters where it was folded here; else NULL: their places */
    char prefix[P2P_EXCHANGE_PREFIX]; /* of a state_dict's names */
    bool early;                       /* pix2pix-tensorflow's names of before December 2017 */
} P2pSource;

/**
 * Open a model file and find out what network it holds.
 *
 * @param net    The name of one of the file's; NULL: see p2p_networks_find().
 * @param asked  Options that were given replace the file's; NULL: none.
 * @return 0; P2P_EIO; P2P_ENOMEM; P2P_EINVAL: impossible options; P2P_EFORMAT: damaged, no network
 *         that is known, or its tensors do not fit (the message names the first).
 */
int p2p_source_open(P2pSource *source, const char *path, const char *net, const P2pOptions *asked);
/** The same over a frozen file in memory, which must stay. */
int p2p_source_open_memory(P2pSource *source, const void *data, size_t bytes,
                           const P2pOptions *asked);
void p2p_source_finish(P2pSource *source);

/**
 * Prepare for use: without dropout layers, or with batch norms' running statistics folded into the
 * convolutions before them, which then all have a bias.
 *
 * @return 0; P2P_EINVAL: folding a network that has no running statistics.
 */
int p2p_source_rebuild(P2pSource *source, bool no_dropout, bool fold);

/** P2P_EINVAL when the network's norms have running statistics and the file has none. */
int p2p_source_check_running(const P2pSource *source);

/** Values of parameter i of source->graph in exchange order, f32. */
int p2p_source_get(const P2pSource *source, int i, float *out);

/** The stored tensor of parameter i as it is, where it can be used so: not folded, not permuted. */
const P2pFileTensor *p2p_source_tensor(const P2pSource *source, int i);

/** P2P_EINVAL when a value of parameter i is too large for f16 (the message names it). */
int p2p_source_check_half(const P2pSource *source, int i, const float *values);

/** The scales [O] that belong to a tensor of I8 weights, or NULL. */
const P2pFileTensor *p2p_source_scales(const P2pSource *source, int i);

/** What was found out about the network, for people: one line in fresh memory, or NULL. */
char *p2p_source_summary(const P2pSource *source);

#endif
