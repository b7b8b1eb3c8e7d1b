/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a checkpoint will hold: networks, moments where they have them, options, position and the
 * variants that ran. With a
 * copy on the host, writing asks no device and may run in another thread while training goes on.
 */
#ifndef P2P_MODEL_CHECKPOINT_WRITE_H
#define P2P_MODEL_CHECKPOINT_WRITE_H

#include "src/model/checkpoint.h"

typedef struct P2pCheckpointWriter P2pCheckpointWriter;

/** variants: what has run, for P2P_META_VARIANTS. It and the networks must outlive the writer. */
int p2p_checkpoint_writer_create(P2pCheckpointWriter **out, P2pNet *const nets[], int count,
                                 const char *variants);
void p2p_checkpoint_writer_destroy(P2pCheckpointWriter **writer);

/** Bytes of the tensors in the file; the copy on the host takes a little more (padding). */
size_t p2p_checkpoint_writer_bytes(const P2pCheckpointWriter *writer);

/**
 * Take what is to be saved, in place of what was taken before (blocks).
 *
 * @param copy  Copy the tensors into host memory, which is kept for the next time. Else
 *              p2p_checkpoint_write() reads them from the device one by one.
 * @return 0; P2P_ENOMEM: no host memory for the copy; a failure of the device.
 */
int p2p_checkpoint_writer_take(P2pCheckpointWriter *writer, const P2pOptions *options,
                               const P2pPosition *position, bool copy);

/** Write a checkpoint, whole or not at all. P2P_ENUMBER: a tensor has a NaN or an infinity. */
int p2p_checkpoint_write(P2pCheckpointWriter *writer, const char *path);

#endif
