/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Networks and training state to and from one self-describing safetensors file.
 *
 * Tensors: NET.NAME (values, with PyTorch's names), adam_m.NET.NAME and adam_v.NET.NAME. Metadata:
 * format, version, every stored option as opt.NAME, and the position of the run.
 */
#ifndef P2P_MODEL_CHECKPOINT_H
#define P2P_MODEL_CHECKPOINT_H

#include "p2p/options.h"
#include "src/formats/tensor_file.h"
#include "src/graph/net.h"
#include "src/nets/nets.h"

/** Where a run stands: what comes next. */
typedef struct P2pPosition {
    long step;      /* steps done */
    int epoch;      /* running epoch, from 0 */
    long batch;     /* batches of it that are done */
} P2pPosition;

/** Metadata key of what a file is, and its value for p2p-export's frozen models. */
#define P2P_META_FORMAT "format"
#define P2P_FORMAT_FROZEN "pix2pix-cl model"
#define P2P_FORMAT_VERSION "1"

/** Save networks, moments where they have them, options and position; whole or not at all. */
int p2p_checkpoint_save(const char *path, P2pNet *const nets[], int count,
                        const P2pOptions *options, const P2pPosition *position);

/**
 * Open a checkpoint and set the options that it stores.
 *
 * @param options   Those stored are set, others stay.
 * @param position  May be NULL.
 * @param verify    Also compare its checksum (reads the whole file).
 * @return 0; P2P_EIO; P2P_EFORMAT: not a checkpoint, of a newer version, or damaged.
 */
int p2p_checkpoint_open(P2pTensorFile **out, const char *path, P2pOptions *options,
                        P2pPosition *position, bool verify);

/**
 * What the metadata of a checkpoint or a frozen model says.
 *
 * @param options   Those stored are set, others stay.
 * @param position  May be NULL.
 * @return 0; P2P_EFORMAT: neither of the two, of a newer version, or damaged.
 */
int p2p_checkpoint_metadata(const P2pTensorFile *file, P2pOptions *options, P2pPosition *position,
                            bool *frozen);

/** Fill a network from the file; P2P_EFORMAT when a tensor is missing or of another shape. */
int p2p_checkpoint_load(const P2pTensorFile *file, P2pNet *net);

/** The networks that options describe. */
P2pNetSpec p2p_generator_spec(const P2pOptions *options);
P2pNetSpec p2p_discriminator_spec(const P2pOptions *options);

#endif
