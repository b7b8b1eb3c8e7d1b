/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of P2pTensorFile, for the readers of the formats alone. */
#ifndef P2P_FORMATS_TENSOR_FILE_PARTS_H
#define P2P_FORMATS_TENSOR_FILE_PARTS_H

#include <jansson.h>

#include "src/base/file.h"
#include "src/formats/tensor_file.h"

/*
 * JSON strings are UTF-8, names of files need not be: in safetensors, metadata that is none stands as
 * hexadecimal digits under its key with this prefix.
 */
#define P2P_META_HEX "hex."

struct P2pTensorFile {
    char *path; /* for messages, when read from memory */
    P2pFileFormat format;
    P2pMapping mapping;        /* of the file; empty when read from memory */
    const unsigned char *data; /* the file's bytes */
    size_t bytes;
    P2pFileTensor *tensors;
    int count;
    size_t capacity;
    void **blocks; /* memory that tensors lie in beside the mapping */
    size_t block_count, block_capacity;
    size_t copied;     /* bytes of views that are not dense */
    json_t *meta;      /* strings, or NULL */
    size_t payload_at; /* first byte of what the checksum covers */
};

/** An empty file over bytes that the caller keeps, or, with data NULL, over the file at path. */
int p2p_tensor_file_create(P2pTensorFile **out, P2pFileFormat format, const char *path,
                           const void *data, size_t bytes);

/** A further tensor of this name, which need not end with a zero. NULL: no memory. */
P2pFileTensor *p2p_tensor_file_add(P2pTensorFile *file, const char *name, size_t length);

/** Memory that lives as long as the file. NULL: none left. */
void *p2p_tensor_file_alloc(P2pTensorFile *file, size_t bytes);

/** Set elements and bytes from rank, shape and dtype; false where they overflow. */
bool p2p_file_tensor_measure(P2pFileTensor *tensor);

/**
 * Give a tensor its data: a view into a storage, where it is dense, else a copy. Name, dtype, rank and
 * shape are set.
 *
 * @param data  The view's first element.
 * @param room  Elements of the storage from there on.
 * @return 0; P2P_ENOMEM; P2P_EFORMAT: the view reaches beyond the storage, or views have more bytes
 *         than the file.
 */
int p2p_tensor_file_place(P2pTensorFile *file, P2pFileTensor *tensor,
                          const size_t stride[P2P_MAX_RANK], const unsigned char *data,
                          size_t room);

/** P2P_EFORMAT when two tensors have one name. */
int p2p_tensor_file_check_names(const P2pTensorFile *file);

#endif
