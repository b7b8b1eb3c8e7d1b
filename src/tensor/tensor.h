/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tensor is a view: a buffer, a shape and how its elements lie there. It owns nothing.
 *
 * Activations (P2P_NHWC): element (n, h, w, c) at offset + ((n*H + h)*W + w) * stride + c. The pixel
 * stride may exceed C, so that a channel slice of a wider buffer is a tensor too: concatenation is
 * placement. Vectors have n = h = w = 1.
 *
 * Weights (P2P_WEIGHT), [O, I, R, S] = [n, c, h, w]: blocks of `stride` outputs, element (o, i, r, s)
 * at offset + (((o/B*R + r)*S + s)*I + i)*B + o%B with B = stride; the last block is padded. O is
 * the axis that is blocked: the outputs of the layer's forward pass (a convolution's K; a
 * transposed convolution's channels on the large side).
 *
 * On the host tensors are dense [n, c, h, w], the order of PyTorch's state_dict and the golden data.
 */
#ifndef P2P_TENSOR_TENSOR_H
#define P2P_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "cl/element_types.h"
#include "src/device/device.h"

typedef enum P2pLayout { P2P_NHWC, P2P_WEIGHT } P2pLayout;

typedef int P2pType; /* a P2P_TYPE_* of cl/element_types.h */

typedef struct P2pTensor {
    P2pBuffer *buffer; /* NULL: no tensor (an optional operand that is absent) */
    P2pLayout layout;
    P2pType type;
    int n, h, w, c;
    int stride; /* elements: pixel stride, or outputs in a block */
    int offset; /* elements from the start of buffer; 0 with Q8 */
} P2pTensor;

/** Bytes of an element; "f32", "f16" ... */
size_t p2p_type_bytes(P2pType type);
const char *p2p_type_name(P2pType type);

/** Elements of the shape, without padding. */
size_t p2p_tensor_elements(const P2pTensor *t);
/** Elements that the tensor spans in its buffer, from offset on, padding included. */
size_t p2p_tensor_span(const P2pTensor *t);
/** Bytes that the tensor takes at its place in a buffer. */
size_t p2p_tensor_bytes(const P2pTensor *t);
/** Position of element (n, c, h, w) in elements from the start of the buffer. */
size_t p2p_tensor_index(const P2pTensor *t, int n, int c, int h, int w);
bool p2p_tensor_same_shape(const P2pTensor *a, const P2pTensor *b);

/** Shape without a buffer, f32. */
P2pTensor p2p_tensor_nhwc(int n, int h, int w, int c);
P2pTensor p2p_tensor_weight(int o, int i, int r, int s, int block);
P2pTensor p2p_tensor_vector(int c);

/**
 * Copy from or to dense [n, c, h, w] floats, swapped: [c, n, h, w] (blocking). Upload rounds to the
 * type, which is not Q8, and zeroes a weight's padding.
 */
int p2p_tensor_upload(const P2pTensor *t, const float *host, bool swapped);
int p2p_tensor_download(const P2pTensor *t, float *host, bool swapped);
/**
 * A part of what downloading gives, from the mapped or copied buffer (f32); asks no device.
 *
 * @param first, count  Rows of the dense array's first axis: n, a weight's swapped c. Of a weight's n,
 *                      whole blocks of `stride`, or up to the last.
 */
void p2p_tensor_arrange(const P2pTensor *t, const void *raw, float *host, bool swapped, int first,
                        int count);
/** How many rows there are for p2p_tensor_arrange(). */
int p2p_tensor_rows(const P2pTensor *t, bool swapped);

/**
 * The same as uploading, into the mapped buffer; asks no device: different tensors may be filled in
 * several threads at once.
 *
 * @param host    Elements of the type, [n, c, h, w] or swapped. Only weights may be Q8.
 * @param scales  f32 [n] of Q8, any alignment; else NULL.
 */
void p2p_tensor_fill(const P2pTensor *t, void *raw, const void *host, bool swapped,
                     const void *scales);

/** Whether there is neither a NaN nor an infinity among them. */
bool p2p_floats_finite(const float *values, size_t count);

#endif
