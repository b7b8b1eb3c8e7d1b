/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of named tensors with text metadata, whatever its format; and its native form, safetensors:
 * a u64 header length, a JSON header, raw little-endian data in C order.
 */
#ifndef P2P_FORMATS_TENSOR_FILE_H
#define P2P_FORMATS_TENSOR_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "p2p/common.h"

typedef enum P2pDtype {
    P2P_F32, P2P_F16, P2P_BF16, P2P_F64, P2P_U8, P2P_I8, P2P_I16, P2P_I32, P2P_I64, P2P_BOOL
} P2pDtype;

enum { P2P_MAX_RANK = 8 };

typedef struct P2pFileTensor {
    char *name;
    P2pDtype dtype;
    int rank;
    size_t shape[P2P_MAX_RANK];
    size_t elements, bytes;
    const void *data; /* in the file's mapping; not aligned */
} P2pFileTensor;

typedef struct P2pTensorFile P2pTensorFile;

/**
 * Open a safetensors file (mapped, not copied).
 *
 * @return 0; P2P_EIO; P2P_EFORMAT: not safetensors, truncated, or its header lies: shapes against
 *         bytes, overlapping or missing data, names twice (the message says where); P2P_ENOMEM.
 */
int p2p_safetensors_read(P2pTensorFile **out, const char *path);
void p2p_tensor_file_close(P2pTensorFile **file);

int p2p_tensor_file_count(const P2pTensorFile *file);
const P2pFileTensor *p2p_tensor_file_at(const P2pTensorFile *file, int i);
const P2pFileTensor *p2p_tensor_file_find(const P2pTensorFile *file, const char *name);
/** Metadata by key, or NULL. */
const char *p2p_tensor_file_meta(const P2pTensorFile *file, const char *key);
const char *p2p_tensor_file_path(const P2pTensorFile *file);

/** Convert to f32 [elements]; integers and f64 are rounded. */
void p2p_file_tensor_to_f32(const P2pFileTensor *tensor, float *out);

/** Compare the data with the checksum in the metadata; P2P_EFORMAT: damaged. No checksum: 0. */
int p2p_tensor_file_verify(const P2pTensorFile *file);

/** A tensor to be written: f32 (or u8) in C order. */
typedef struct P2pTensorEntry {
    const char *name;
    P2pDtype dtype;
    int rank;
    size_t shape[P2P_MAX_RANK];
} P2pTensorEntry;

typedef struct P2pMeta {
    const char *key, *value;
} P2pMeta;

/**
 * Write a safetensors file with a CRC-32 of its data in the metadata, whole or not at all.
 *
 * @param  get  Called once per entry in order with a buffer of the entry's bytes to fill; a
 *              negative status ends the writing.
 */
int p2p_safetensors_write(const char *path, const P2pTensorEntry *entries, int count,
                          const P2pMeta *meta, int meta_count,
                          int (*get)(void *user, int i, void *data), void *user);

#endif
