/* SPDX-License-Identifier: BSD-2-Clause */
/* Shapes, element positions and copies between device layouts and dense host arrays. */
#include "src/tensor/tensor.h"

#include <string.h>

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

/* Visit every element: device index beside dense host index. */
static void copy_elements(const P2pTensor *t, float *device, float *host, bool to_device)
{
    const size_t step = t->layout == P2P_WEIGHT ? (size_t)t->stride : 1;
    const size_t plane = (size_t)t->h * (size_t)t->w;

    for (int n = 0; n < t->n; n++)
        for (int h = 0; h < t->h; h++)
            for (int w = 0; w < t->w; w++) {
                float *d = device + p2p_tensor_index(t, n, 0, h, w);
                float *p = host + ((size_t)n * (size_t)t->c * plane + (size_t)h * (size_t)t->w +
                                   (size_t)w);
                for (int c = 0; c < t->c; c++, d += step, p += plane) {
                    if (to_device)
                        *d = *p;
                    else
                        *p = *d;
                }
            }
}

int p2p_tensor_upload(const P2pTensor *t, const float *host)
{
    void *device;
    int err;

    if ((err = p2p_buffer_map(t->buffer, false, &device)) < 0)
        return err;
    if (t->layout == P2P_WEIGHT)
        memset((float *)device + t->offset, 0, p2p_tensor_span(t) * sizeof(float));
    copy_elements(t, device, (float *)(size_t)host, true);
    return p2p_buffer_unmap(t->buffer, device);
}

int p2p_tensor_download(const P2pTensor *t, float *host)
{
    void *device;
    int err;

    if ((err = p2p_buffer_map(t->buffer, false, &device)) < 0)
        return err;
    copy_elements(t, device, host, false);
    return p2p_buffer_unmap(t->buffer, device);
}
