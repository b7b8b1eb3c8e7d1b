/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing ONNX models: nodes, inputs, outputs and weights become protobuf messages. Knows what ONNX
 * is, not what our networks are.
 */
#ifndef P2P_FORMATS_ONNX_H
#define P2P_FORMATS_ONNX_H

#include "src/formats/tensor_file.h"

typedef struct P2pOnnx P2pOnnx;

typedef enum P2pOnnxType {
    P2P_ONNX_FLOAT = 1,
    P2P_ONNX_INT64 = 7,
    P2P_ONNX_FLOAT16 = 10,
} P2pOnnxType;

/** One attribute; the list of a node ends with one whose name is NULL. */
typedef struct P2pOnnxAttr {
    const char *name;
    char kind; /* 'i': ints[0], 'f': real, 's': text, 'l': ints, count of them */
    int64_t ints[8];
    int count;
    float real;
    const char *text;
} P2pOnnxAttr;

/* Failures are kept; p2p_onnx_write() returns the first. */

int p2p_onnx_create(P2pOnnx **out, const char *graph_name, const char *doc);
void p2p_onnx_destroy(P2pOnnx **onnx);

/** Append a node; inputs is a NULL-terminated list of names. */
void p2p_onnx_node(P2pOnnx *onnx, const char *op, const char *const *inputs, const char *output,
                   const P2pOnnxAttr *attributes);
/** An f32 input or output [N, channels, H, W] with symbolic N, H and W. */
void p2p_onnx_port(P2pOnnx *onnx, bool is_output, const char *name, int channels);
/** A weight whose data p2p_onnx_write() asks for; number is the caller's. */
void p2p_onnx_weight(P2pOnnx *onnx, const char *name, P2pOnnxType type, const size_t *shape,
                     int rank, int number);
void p2p_onnx_meta(P2pOnnx *onnx, const char *key, const char *value);

/**
 * Write the model (opset 17), whole or not at all. Its metadata gets "sha256", of the data of all
 * weights in the file's order.
 *
 * @param get  Called for each weight with its number and a buffer of its bytes.
 */
int p2p_onnx_write(P2pOnnx *onnx, const char *path, P2pGetTensor get, void *user);

#endif
