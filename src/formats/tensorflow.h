/* SPDX-License-Identifier: BSD-2-Clause */
/* TensorFlow's files of tensors: checkpoints, and graphs with constants in them. */
#ifndef P2P_FORMATS_TENSORFLOW_H
#define P2P_FORMATS_TENSORFLOW_H

#include "src/formats/protobuf_read.h"
#include "src/formats/tensor_file.h"

/**
 * The front of a checkpoint's names, FRONT.index and FRONT.data-00000-of-00001, from either of them, the
 * front itself, the folder or its list of checkpoints (of which the latest counts).
 *
 * @param out  In fresh memory; NULL: path is none of these.
 * @return 0; P2P_ENOMEM; P2P_EIO, P2P_EFORMAT: the list cannot be read.
 */
int p2p_tensorflow_find(const char *path, char **out);

/**
 * Read a checkpoint: the tensors that it holds, with their names, but for the optimizer's. Texts and
 * other things than numbers are left out.
 *
 * @return 0; P2P_ENOMEM; P2P_EIO; P2P_EFORMAT: truncated, damaged, of several parts or of before 2017.
 */
int p2p_tensorflow_read(P2pTensorFile **out, const char *front);
/** The same over bytes in memory, which must stay as long as the file is open. */
int p2p_tensorflow_read_memory(P2pTensorFile **out, const char *path, const void *index,
                               size_t index_bytes, const void *data, size_t bytes);

/** Whether the bytes are a graph of TensorFlow, to its end. */
bool p2p_tensorflow_graph_is(const void *data, size_t bytes);
/** Read a frozen graph: its constants of f32. P2P_EFORMAT: damaged, or it has none. */
int p2p_tensorflow_graph_read(P2pTensorFile **out, const char *path, const void *data,
                              size_t bytes);

/* What both kinds of file say in the same messages. */

/** TensorFlow's number of a type of element; false: one of texts, or unknown. */
bool p2p_tensorflow_dtype(uint64_t number, P2pDtype *dtype);
/** A TensorShapeProto; false: malformed, or of more axes than we have. */
bool p2p_tensorflow_shape(P2pWire shape, P2pFileTensor *tensor);

#endif
