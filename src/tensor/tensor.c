/* SPDX-License-Identifier: BSD-2-Clause */
/* Shapes, element positions and copies between device layouts and dense host arrays. */
#include "src/tensor/tensor.h"

#include <string.h>

#include "src/base/half.h"
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

/* Where the scales of Q8 begin. */
static size_t scales_at(const P2pTensor *t)
{
    return p2p_round_up(p2p_tensor_span(t), sizeof(float));
}

static size_t scale_count(const P2pTensor *t)
{
    return p2p_round_up((size_t)t->n, (size_t)t->stride);
}

size_t p2p_type_bytes(P2pType type)
{
    static const size_t bytes[] = {[P2P_TYPE_F32] = sizeof(float),
                                   [P2P_TYPE_F16] = sizeof(uint16_t),
                                   [P2P_TYPE_BF16] = sizeof(uint16_t),
                                   [P2P_TYPE_Q8] = 1};

    return bytes[type];
}

const char *p2p_type_name(P2pType type)
{
    static const char *const names[] = {[P2P_TYPE_F32] = "f32",
                                        [P2P_TYPE_F16] = "f16",
                                        [P2P_TYPE_BF16] = "bf16",
                                        [P2P_TYPE_Q8] = "q8"};

    return names[type];
}

size_t p2p_tensor_bytes(const P2pTensor *t)
{
    return t->type == P2P_TYPE_Q8 ? scales_at(t) + scale_count(t) * sizeof(float)
                                  : p2p_tensor_span(t) * p2p_type_bytes(t->type);
}

size_t p2p_tensor_index(const P2pTensor *t, int n, int c, int h, int w)
{
    const size_t block = (size_t)t->stride;

    if (t->layout == P2P_WEIGHT) {
        const size_t row =
            (((size_t)n / block * (size_t)t->h + (size_t)h) * (size_t)t->w + (size_t)w) *
                (size_t)t->c +
            (size_t)c;
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

    return swapped ? (Strides){plane, plane * (size_t)t->n}
                   : (Strides){plane * (size_t)t->c, plane};
}

#define DEFINE_COPY_ACTIVATION(name, T)                                                 \
    static void name(const P2pTensor *t, T *device, T *host, Strides s, bool to_device) \
    {                                                                                   \
        for (int n = 0; n < t->n; n++)                                                  \
            for (int p = 0; p < t->h * t->w; p++) {                                     \
                T *d = device + p2p_tensor_index(t, n, 0, 0, p);                        \
                T *from = host + (size_t)n * s.n + (size_t)p;                           \
                for (int c = 0; c < t->c; c++, d++, from += s.c) {                      \
                    if (to_device)                                                      \
                        *d = *from;                                                     \
                    else                                                                \
                        *from = *d;                                                     \
                }                                                                       \
            }                                                                           \
    }

DEFINE_COPY_ACTIVATION(copy_activation, float)
DEFINE_COPY_ACTIVATION(copy_stored, uint16_t)

enum { CELL_TAPS = 16, CELL_OUTPUTS = 32 };

/* What of a weight is copied: outputs n0 .. n1 - 1, from the begin of a block, inputs c0 .. c1 - 1. */
typedef struct Range {
    int n0, n1, c0, c1;
} Range;

static Range whole(const P2pTensor *t)
{
    return (Range){0, t->n, 0, t->c};
}

/*
 * Weights block by block, some taps of an input channel at a time, through a small array: so each
 * line of memory on either side is touched once, though the lines of a cell lie a power of two
 * apart and push each other out of the first cache.
 */
#define DEFINE_COPY_WEIGHT(name, T)                                                              \
    static void name(const P2pTensor *t, T *device, T *host, Strides s, Range r, bool to_device) \
    {                                                                                            \
        const int block = t->stride, plane = t->h * t->w, inputs = r.c1 - r.c0;                  \
        T cell[CELL_TAPS][CELL_OUTPUTS];                                                         \
                                                                                                 \
        P2P_ASSERT(block <= CELL_OUTPUTS);                                                       \
        for (int n = r.n0; n < r.n1; n += block)                                                 \
            for (int k = 0; k < inputs * p2p_ceil_div(plane, CELL_TAPS); k++) {                  \
                const int c = r.c0 + k % inputs, tap = k / inputs * CELL_TAPS;                   \
                const int taps = p2p_min(CELL_TAPS, plane - tap),                                \
                          outputs = p2p_min(block, t->n - n);                                    \
                T *d = device + p2p_tensor_index(t, n, c, 0, tap);                               \
                T *h = host + (size_t)(n - r.n0) * s.n + (size_t)(c - r.c0) * s.c + (size_t)tap; \
                const size_t step = (size_t)t->c * (size_t)block;                                \
                                                                                                 \
                memset(cell, 0, sizeof(cell));                                                   \
                if (to_device) {                                                                 \
                    for (int o = 0; o < outputs; o++)                                            \
                        for (int p = 0; p < taps; p++)                                           \
                            cell[p][o] = h[(size_t)o * s.n + (size_t)p];                         \
                    for (int p = 0; p < taps; p++)                                               \
                        memcpy(d + (size_t)p * step, cell[p], (size_t)block * sizeof(T));        \
                } else {                                                                         \
                    for (int p = 0; p < taps; p++)                                               \
                        memcpy(cell[p], d + (size_t)p * step, (size_t)block * sizeof(T));        \
                    for (int o = 0; o < outputs; o++)                                            \
                        for (int p = 0; p < taps; p++)                                           \
                            h[(size_t)o * s.n + (size_t)p] = cell[p][o];                         \
                }                                                                                \
            }                                                                                    \
    }

DEFINE_COPY_WEIGHT(copy_weight, float)
DEFINE_COPY_WEIGHT(copy_halves, uint16_t)
DEFINE_COPY_WEIGHT(copy_bytes, unsigned char)

static void arrange(const P2pTensor *t, float *device, float *host, bool swapped, bool to_device)
{
    if (t->layout == P2P_WEIGHT)
        copy_weight(t, device, host, dense(t, swapped), whole(t), to_device);
    else
        copy_activation(t, device, host, dense(t, swapped), to_device);
}

int p2p_tensor_rows(const P2pTensor *t, bool swapped)
{
    return t->layout == P2P_WEIGHT && swapped ? t->c : t->n;
}

void p2p_tensor_arrange(const P2pTensor *t, const void *raw, float *host, bool swapped, int first,
                        int count)
{
    const Range rows =
        swapped ? (Range){0, t->n, first, first + count} : (Range){first, first + count, 0, t->c};
    Strides s = dense(t, swapped);
    float *device = (float *)(size_t)raw;

    P2P_ASSERT(t->type == P2P_TYPE_F32);
    if (t->layout != P2P_WEIGHT) {
        P2pTensor part = *t;
        part.n = count;
        part.offset += first * t->h * t->w * t->stride;
        copy_activation(&part, device, host, dense(&part, swapped), false);
        return;
    }
    P2P_ASSERT(swapped ||
               (first % t->stride == 0 && (count % t->stride == 0 || first + count == t->n)));
    copy_weight(t, device, host, s, rows, false);
}

void p2p_tensor_fill(const P2pTensor *t, void *raw, const void *host, bool swapped,
                     const void *scales)
{
    void *from = (void *)(size_t)host;

    P2P_ASSERT(t->type != P2P_TYPE_Q8 || t->layout == P2P_WEIGHT);
    switch (p2p_type_bytes(t->type)) {
    case sizeof(float):
        arrange(t, raw, from, swapped, true);
        break;
    case sizeof(uint16_t):
        if (t->layout == P2P_WEIGHT)
            copy_halves(t, raw, from, dense(t, swapped), whole(t), true);
        else
            copy_stored(t, raw, from, dense(t, swapped), true);
        break;
    default:
        copy_bytes(t, raw, from, dense(t, swapped), whole(t), true);
        memcpy((unsigned char *)raw + scales_at(t), scales, (size_t)t->n * sizeof(float));
    }
}

/* An exponent of all ones; tested on bits, so that no compiler may assume there are none. */
bool p2p_floats_finite(const float *values, size_t count)
{
    uint32_t bits, bad = 0;

    for (size_t i = 0; i < count; i++) {
        memcpy(&bits, values + i, sizeof(bits));
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

/* ---- Elements of other types ------------------------------------------------------------- */

/* The value of element `index`, which belongs to output o. */
static float get_value(const P2pTensor *t, const unsigned char *device, int o, size_t index)
{
    uint16_t half;
    float scale;

    if (t->type == P2P_TYPE_Q8) {
        memcpy(&scale, device + scales_at(t) + (size_t)o * sizeof(scale), sizeof(scale));
        return scale * (float)(signed char)device[index];
    }
    memcpy(&half, device + index * sizeof(half), sizeof(half));
    return t->type == P2P_TYPE_F16 ? p2p_half_to_float(half) : p2p_bfloat_to_float(half);
}

static void put_value(const P2pTensor *t, unsigned char *device, size_t index, float value)
{
    const uint16_t half =
        t->type == P2P_TYPE_F16 ? p2p_float_to_half(value) : p2p_float_to_bfloat(value);

    memcpy(device + index * sizeof(half), &half, sizeof(half));
}

static void convert(const P2pTensor *t, unsigned char *device, float *host, Strides s,
                    bool to_device)
{
    P2P_ASSERT(!to_device || t->type != P2P_TYPE_Q8);
    if (to_device && t->layout == P2P_WEIGHT)
        memset(device + (size_t)t->offset * p2p_type_bytes(t->type), 0, p2p_tensor_bytes(t));
    for (int o = 0; o < t->n; o++)
        for (int c = 0; c < t->c; c++)
            for (int p = 0; p < t->h * t->w; p++) {
                const size_t index = p2p_tensor_index(t, o, c, 0, p);
                float *value = host + (size_t)o * s.n + (size_t)c * s.c + (size_t)p;
                if (to_device)
                    put_value(t, device, index, *value);
                else
                    *value = get_value(t, device, o, index);
            }
}

static int copy(const P2pTensor *t, float *host, bool swapped, bool to_device)
{
    void *device;
    int err;

    if ((err = p2p_buffer_map(t->buffer, false, &device)) < 0)
        return err;
    if (t->type == P2P_TYPE_F32)
        arrange(t, device, host, swapped, to_device);
    else
        convert(t, device, host, dense(t, swapped), to_device);
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
