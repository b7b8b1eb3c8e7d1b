/* SPDX-License-Identifier: BSD-2-Clause */
/* Shapes, element positions and copies between device layouts and dense host arrays. */
#include "src/tensor/tensor.h"

#include "src/base/memory.h"
#include "src/base/status.h"

size_t p2p_tensor_elements(const P2pTensor *t)
{
    return (size_t)t->n * (size_t)t->h * (size_t)t->w * (size_t)t->c;
}

size_t p2p_tensor_span(const P2pTensor *t)
{
    const size_t plane = (size_t)t->h * (size_t)t->w;

    if (t->layout == P2P_WEIGHT)
        return (size_t)p2p_ceil_div(t->n, t->stride) * plane * (size_t)t->c * (size_t)t->stride;
    return ((size_t)t->n * plane - 1) * (size_t)t->stride + (size_t)t->c;
}

size_t p2p_tensor_index(const P2pTensor *t, int n, int c, int h, int w)
{
    const size_t block = (size_t)t->stride;

    if (t->layout == P2P_WEIGHT) {
        const size_t row = (((size_t)n / block * (size_t)t->h + (size_t)h) * (size_t)t->w +
                            (size_t)w) * (size_t)t->c + (size_t)c;
        return (size_t)t->offset + row * block + (size_t)n % block;
    }
    return (size_t)t->offset +
           (((size_t)n * (size_t)t->h + (size_t)h) * (size_t)t->w + (size_t)w) * block + (size_t)c;
}

bool p2p_tensor_same_shape(const P2pTensor *a, const P2pTensor *b)
{
    return a->n == b->n && a->h == b->h && a->w == b->w && a->c == b->c;
}

P2pTensor p2p_tensor_nhwc(int n, int h, int w, int c)
{
    return (P2pTensor){.layout = P2P_NHWC, .n = n, .h = h, .w = w, .c = c, .stride = c};
}

P2pTensor p2p_tensor_weight(int o, int i, int r, int s, int block)
{
    return (P2pTensor){.layout = P2P_WEIGHT, .n = o, .h = r, .w = s, .c = i, .stride = block};
}

P2pTensor p2p_tensor_vector(int c)
{
    return p2p_tensor_nhwc(1, 1, 1, c);
}

/* Dense host arrays: elements between neighbours along n and along c; h and w are innermost. */
typedef struct Strides {
    size_t n, c;
} Strides;

static Strides dense(const P2pTensor *t, bool swapped)
{
    const size_t plane = (size_t)t->h * (size_t)t->w;

    return swapped ? (Strides){plane, plane * (size_t)t->n} : (Strides){plane * (size_t)t->c, plane};
}

static void copy_activation(const P2pTensor *t, float *device, float *host, Strides s, bool to_device)
{
    for (int n = 0; n < t->n; n++)
        for (int p = 0; p < t->h * t->w; p++) {
            float *d = device + p2p_tensor_index(t, n, 0, 0, p);
            float *from = host + (size_t)n * s.n + (size_t)p;
            for (int c = 0; c < t->c; c++, d++, from += s.c) {
                if (to_device)
                    *d = *from;
                else
                    *from = *d;
            }
        }
}

/* All elements of input channel c in the block of outputs that begins at n. */
static void copy_cell(const P2pTensor *t, float *device, float *host, int n, int c, Strides s,
                      bool to_device)
{
    const int plane = t->h * t->w, end = p2p_min(n + t->stride, t->n);
    const size_t step = (size_t)t->c * (size_t)t->stride;
    float *cell = device + p2p_tensor_index(t, n, c, 0, 0);

    for (int o = n; o < end; o++, cell++) {
        float *from = host + (size_t)o * s.n + (size_t)c * s.c, *d = cell;
        for (int p = 0; p < plane; p++, d += step) {
            if (to_device)
                *d = from[p];
            else
                from[p] = *d;
        }
    }
    for (int o = end; to_device && o < n + t->stride; o++, cell++)
        for (int p = 0; p < plane; p++)
            cell[(size_t)p * step] = 0.0f;
}

/* Block by block, so that the lines of both sides are used whole while they are near. */
static void copy_weight(const P2pTensor *t, float *device, float *host, Strides s, bool to_device)
{
    for (int n = 0; n < t->n; n += t->stride)
        for (int c = 0; c < t->c; c++)
            copy_cell(t, device, host, n, c, s, to_device);
}

static int copy(const P2pTensor *t, float *host, bool swapped, bool to_device)
{
    void *device;
    int err;

    if ((err = p2p_buffer_map(t->buffer, false, &device)) < 0)
        return err;
    (t->layout == P2P_WEIGHT ? copy_weight : copy_activation)(t, device, host, dense(t, swapped),
                                                              to_device);
    return p2p_buffer_unmap(t->buffer, device);
}

int p2p_tensor_upload(const P2pTensor *t, const float *host, bool swapped)
{
    return copy(t, (float *)(size_t)host, swapped, true);
}

int p2p_tensor_download(const P2pTensor *t, float *host, bool swapped)
{
    return copy(t, host, swapped, false);
}
