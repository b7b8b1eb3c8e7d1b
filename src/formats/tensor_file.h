/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of named tensors with text metadata, whatever its format. The native one is safetensors: a
 * u64 header length, a JSON header, raw little-endian data in C order.
 */
#ifndef P2P_FORMATS_TENSOR_FILE_H
#define P2P_FORMATS_TENSOR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "p2p/common.h"
#include "src/base/file.h"

typedef enum P2pDtype {
    P2P_F32,
    P2P_F16,
    P2P_BF16,
    P2P_F64,
    P2P_U8,
    P2P_I8,
    P2P_I16,
    P2P_I32,
    P2P_I64,
    P2P_BOOL
} P2pDtype;

typedef enum P2pFileFormat {
    P2P_FILE_SAFETENSORS,
    P2P_FILE_PTH,
    P2P_FILE_PICT,
    P2P_FILE_TENSORFLOW,
    P2P_FILE_T7
} P2pFileFormat;

enum { P2P_MAX_RANK = 8 };

typedef struct P2pFileTensor {
    char *name;
    P2pDtype dtype;
    int rank;
    size_t shape[P2P_MAX_RANK];
    size_t elements, bytes;
    const void *data;   /* in the file's mapping; not aligned */
    const float *table; /* what each of 256 codes of U8 data stands for; NULL: the numbers */
} P2pFileTensor;

typedef struct P2pTensorFile P2pTensorFile;

/**
 * Metadata keys of checksums. P2P_META_CRCS: CRC-32 of each tensor in the order of their data, eight
 * hexadecimal digits each, so that a part of a file can be verified. P2P_META_CRC: of all data at
 * once; older files have this.
 */
#define P2P_META_CRCS "crc32_of_tensors"
#define P2P_META_CRC "crc32"
enum { P2P_CRC_DIGITS = 8 };

const char *p2p_dtype_name(P2pDtype dtype); /* as safetensors calls it: "F32" */
size_t p2p_dtype_bytes(P2pDtype dtype);
bool p2p_dtype_find(const char *name, P2pDtype *dtype);

/**
 * Open a file of any format that has a reader; the first bytes tell which, or of a checkpoint of
 * TensorFlow, which is several files, the path.
 *
 * @return 0; P2P_EIO; P2P_ENOMEM; P2P_EFORMAT: no such format, truncated, or the file lies: shapes
 *         against bytes, overlapping or missing data, names twice (the message says where). Files of
 *         other programs' formats are named, with what to do.
 */
int p2p_tensor_file_open(P2pTensorFile **out, const char *path);
/** The same over bytes in memory, which must stay as long as the file is open; path is for messages. */
int p2p_tensor_file_open_memory(P2pTensorFile **out, const char *path, const void *data,
                                size_t bytes);
void p2p_tensor_file_close(P2pTensorFile **file);

/* One reader a format; errors as above. Safetensors are mapped, not copied. */
int p2p_safetensors_read(P2pTensorFile **out, const char *path);

/*
 * The same over bytes in memory, which must stay as long as the file is open; path is for messages.
 * With data NULL the file at path is mapped.
 */
int p2p_safetensors_read_memory(P2pTensorFile **out, const char *path, const void *data,
                                size_t bytes);

/**
 * A PyTorch state_dict: zip or legacy layout. Its pickle is read by an allow-list of opcodes and
 * globals; nothing is ever executed. Nested dictionaries become names with dots.
 */
int p2p_pth_read(P2pTensorFile **out, const char *path, const void *data, size_t bytes);

/** pix2pix-tensorflow's export for browsers: u8 codes with a table; its names stay. */
int p2p_pict_read(P2pTensorFile **out, const char *path, const void *data, size_t bytes);

/**
 * A network of Torch7: tensors NUMBER.CLASS.FIELD of the modules with weights, by the order in which
 * they run. Nothing is executed.
 */
int p2p_t7_read(P2pTensorFile **out, const char *path, const void *data, size_t bytes);

int p2p_tensor_file_count(const P2pTensorFile *file);
const P2pFileTensor *p2p_tensor_file_at(const P2pTensorFile *file, int i);
const P2pFileTensor *p2p_tensor_file_find(const P2pTensorFile *file, const char *name);
/** Metadata by key, or NULL. */
const char *p2p_tensor_file_meta(const P2pTensorFile *file, const char *key);
const char *p2p_tensor_file_path(const P2pTensorFile *file);
P2pFileFormat p2p_tensor_file_format(const P2pTensorFile *file);

/** Convert to f32 [elements]; integers and f64 are rounded. */
void p2p_file_tensor_to_f32(const P2pFileTensor *tensor, float *out);

/** Whether there is neither a NaN nor an infinity in it. */
bool p2p_file_tensor_is_finite(const P2pFileTensor *tensor);

/** The tensor's data will not be read again soon: a mapped file then needs no memory for it. */
void p2p_file_tensor_forget(const P2pTensorFile *file, const P2pFileTensor *tensor);

/**
 * Compare data with its checksums in the metadata, a piece in memory at a time.
 *
 * @param front  Tensors whose names begin so, "G."; NULL: all. A file with one checksum of all its
 *               data is verified as a whole.
 * @return 0, also without checksums; P2P_EFORMAT: damaged.
 */
int p2p_tensor_file_verify(const P2pTensorFile *file, const char *front);

/** A tensor to be written, in C order. */
typedef struct P2pTensorEntry {
    const char *name;
    P2pDtype dtype;
    int rank;
    size_t shape[P2P_MAX_RANK];
} P2pTensorEntry;

/** The value NULL stands for the SHA-256 of all data, in hexadecimal digits. */
typedef struct P2pMeta {
    const char *key, *value;
} P2pMeta;

/** Fill data with the tensor of entry i, of the entry's bytes; a negative status ends the writing. */
typedef int (*P2pGetTensor)(void *user, int i, void *data);

/** Write a safetensors file with checksums, whole or not at all. get: once for each entry, in order. */
int p2p_safetensors_write(const char *path, const P2pTensorEntry *entries, int count,
                          const P2pMeta *meta, int meta_count, P2pGetTensor get, void *user);

/**
 * The same in pieces, into a file that the caller opens and commits: begin, put all data of all
 * entries in their order, in pieces of any size, end. After a failure only destroy.
 */
typedef struct P2pSafetensors P2pSafetensors;
int p2p_safetensors_begin(P2pSafetensors **out, P2pWriter *file, const P2pTensorEntry *entries,
                          int count, const P2pMeta *meta, int meta_count);
int p2p_safetensors_put(P2pSafetensors *writing, const void *data, size_t bytes);
int p2p_safetensors_end(P2pSafetensors *writing);
void p2p_safetensors_destroy(P2pSafetensors **writing);

/**
 * Write a state_dict as PyTorch does since 1.6 (a zip of stored entries); f32 and i64 entries. It
 * loads with torch.load(weights_only=True). Whole or not at all; the same bytes each time.
 */
int p2p_pth_write(const char *path, const P2pTensorEntry *entries, int count, P2pGetTensor get,
                  void *user);

/**
 * Write pix2pix-tensorflow's export for browsers: f32 entries, sorted by name, become codes of a
 * mu-law table between the least and the greatest value. get is called twice for each entry.
 */
int p2p_pict_write(const char *path, const P2pTensorEntry *entries, int count, P2pGetTensor get,
                   void *user);

#endif
