/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Networks and training state to and from one self-describing safetensors file.
 *
 * Tensors: NET.NAME (values, with PyTorch's names), adam_m.NET.NAME and adam_v.NET.NAME, and what a
 * run has besides under names of its own ("pool.A": pictures, [N, C, H, W]). Metadata:
 * format, version, every stored option as opt.NAME, the position of the run, the variants of kernels
 * that it runs by, and a checksum of each tensor, so that who needs one network reads no more than it.
 */
#ifndef P2P_MODEL_CHECKPOINT_H
#define P2P_MODEL_CHECKPOINT_H

#include "src/options/options.h"
#include "src/formats/tensor_file.h"
#include "src/graph/net.h"
#include "src/nets/nets.h"

/** What was seen of a number that should become better. */
typedef struct P2pWatch {
    double best;
    int epoch; /* after which it was, from 1; 0: none was seen yet */
    int bad;   /* times that it was seen since and was no better */
    int cuts;  /* of the learning rate, for that */
} P2pWatch;

/** What losses are multiplied by in f16; factor 0: nothing yet. */
typedef struct P2pLossScale {
    long factor;        /* a power of two */
    long good, skipped; /* steps since it changed; steps that were left out in all */
} P2pLossScale;

/** Where a run stands: what comes next. */
typedef struct P2pPosition {
    long step;   /* steps done */
    int epoch;   /* running epoch, from 0 */
    long batch;  /* batches of it that are done */
    long pooled; /* pictures in each of its pools */
    long summed; /* batches of the epoch whose losses are in its sums */
    P2pLossScale scale;
    P2pWatch metric, plateau; /* by --val_metric; by --lr_policy plateau */
} P2pPosition;

/** Metadata key of what a file is, and its value for p2p-export's frozen models. */
#define P2P_META_FORMAT "format"
#define P2P_FORMAT_CHECKPOINT "pix2pix-cl checkpoint"
#define P2P_FORMAT_FROZEN "pix2pix-cl model"
#define P2P_FORMAT_VERSION "2"
/** Metadata key of the variants that ran, lines as P2pChoice.remembered has them. */
#define P2P_META_VARIANTS "variants"

/** Metadata keys of what was watched: best value, epoch, times without a better one, cuts. */
#define P2P_META_METRIC "metric"
#define P2P_META_PLATEAU "plateau"

/** What stands before NET.NAME in the names of values and moments. */
extern const char *const p2p_state_prefix[P2P_STATES];

/** A run's newest checkpoint, and the one before it, which stays until the newest is verified. */
#define P2P_LATEST_NAME "latest.safetensors"
#define P2P_PREVIOUS_NAME "previous.safetensors"

/**
 * Open a file of tensors of any format and verify it. Where a run's latest checkpoint is missing or
 * damaged, the previous one beside it is opened.
 *
 * @param whole    All of it is needed, else the network `net` as p2p_networks_find() takes it, and
 *                 only that is verified.
 * @param warning  Fresh text that names both when the previous one was taken, else NULL.
 * @return 0; P2P_EIO; P2P_ENOMEM; P2P_EFORMAT: damaged, also the previous one where there is one.
 */
int p2p_checkpoint_file(P2pTensorFile **out, const char *path, bool whole, const char *net,
                        char **warning);

/**
 * Open a checkpoint (as p2p_checkpoint_file() does, all of it), set the options that it stores.
 *
 * @param options   Those stored are set, others stay.
 * @param position  May be NULL.
 * @param warning   As above; set also on failure.
 * @return 0; P2P_EIO; P2P_EFORMAT: not a checkpoint, of a newer version, or damaged.
 */
int p2p_checkpoint_open(P2pTensorFile **out, const char *path, P2pOptions *options,
                        P2pPosition *position, char **warning);

/** Whether the metadata says that the file is a checkpoint or a frozen model, of any version. */
bool p2p_checkpoint_is_ours(const P2pTensorFile *file);

/**
 * What the metadata of a checkpoint or a frozen model says.
 *
 * @param options   Those stored are set, others stay.
 * @param position  May be NULL.
 * @return 0; P2P_EFORMAT: neither of the two, of a newer version, or damaged.
 */
int p2p_checkpoint_metadata(const P2pTensorFile *file, P2pOptions *options, P2pPosition *position,
                            bool *frozen);

/**
 * Find the tensor of a parameter.
 *
 * @param turned  Its axes stand in another order than ours: their product must fit, no more.
 * @return 0; P2P_EFORMAT: it is missing or of another shape (the message names it).
 */
int p2p_checkpoint_find(const P2pTensorFile *file, const char *name, const P2pParam *param,
                        bool turned, const P2pFileTensor **out);

/**
 * Fill a tensor of pictures.
 *
 * @param there  Whether the file has it, in this shape; else nothing was done.
 */
int p2p_checkpoint_load_pictures(const P2pTensorFile *file, const char *name,
                                 const P2pTensor *pictures, bool *there);

/** Fill a network from the file; P2P_EFORMAT when a tensor is missing or of another shape. Moments that ranks have
 *  in slices are only looked for. */
int p2p_checkpoint_load(const P2pTensorFile *file, P2pNet *net);
/** Give all ranks their slices of them behind that; file: the first rank's, NULL on others. */
int p2p_checkpoint_deal_moments(const P2pTensorFile *file, P2pNet *net);

#endif
