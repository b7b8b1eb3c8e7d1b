/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A checkpoint's bytes: networks, moments where they have them, options, position and the variants
 * that ran, written straight from the device in pieces. Flushing, verifying and naming the file are
 * the caller's.
 */
#ifndef P2P_MODEL_CHECKPOINT_WRITE_H
#define P2P_MODEL_CHECKPOINT_WRITE_H

#include "src/base/file.h"
#include "src/model/checkpoint.h"

typedef struct P2pCheckpointWriter P2pCheckpointWriter;

/** Pictures that are part of a run's state. */
typedef struct P2pKeptPictures {
    const char *name;
    const P2pTensor *tensor;
} P2pKeptPictures;

/** What is written each time; networks and tensors must outlive the writer. */
typedef struct P2pCheckpointContent {
    P2pDevice *device;
    P2pNet *const *nets;
    int count;
    const P2pKeptPictures *kept;
    int kept_count;
    /**
     * Read the networks' buffers where they are (devices in the host's memory). Else they are copied,
     * one tensor while another is written, through two buffers of the largest tensor's size.
     */
    bool mapped;
} P2pCheckpointContent;

int p2p_checkpoint_writer_create(P2pCheckpointWriter **out, const P2pCheckpointContent *content);
void p2p_checkpoint_writer_destroy(P2pCheckpointWriter **writer);

/** Bytes of the tensors in the file. */
size_t p2p_checkpoint_writer_bytes(const P2pCheckpointWriter *writer);

/**
 * Write a checkpoint of the networks as they are into an open file (blocks until all has been handed
 * to the system; nothing is flushed).
 *
 * @param variants  For P2P_META_VARIANTS.
 * @return 0; P2P_EIO; P2P_ENUMBER: a tensor has a NaN or an infinity; a failure of the device. Then
 *         the file is of no use.
 */
int p2p_checkpoint_write(P2pCheckpointWriter *writer, P2pWriter *to, const P2pOptions *options,
                         const P2pPosition *position, const char *variants);

/** What other ranks than the first do while it writes: give it what they have of the moments. */
int p2p_checkpoint_give_moments(P2pNet *const *nets, int count);

#endif
