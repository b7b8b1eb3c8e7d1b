/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters on the device, their initial values, and their exchange with the host. */
#include "src/graph/net.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/graph/lifetime.h"

enum {
    PACK_LEAST = 16,       /* channels on both sides; thinner layers have kernels of their own */
    FILL_BYTES = 64 << 20, /* mapped at once where that takes host memory */
    FILL_THREADS = 8,
    PARAM_ALIGN = 1024, /* bytes, as much as any device asks for */
};

bool p2p_net_can_pack(const P2pDevice *device, const P2pParam *p)
{
    return p2p_device_caps(device)->is_cpu && p->kind == P2P_PARAM_WEIGHT && p->o >= PACK_LEAST &&
           p->i >= PACK_LEAST;
}

static P2pTensor param_tensor(const P2pParam *p, const P2pDevice *device, P2pType type)
{
    if (p->kind != P2P_PARAM_WEIGHT)
        return p2p_tensor_vector(p->o);
    if (p->depthwise)
        return p2p_tensor_nhwc(1, p->r, p->s, p->o);
    P2pTensor t =
        p2p_tensor_weight(p->o, p->i, p->r, p->s, p2p_weight_block(p2p_device_caps(device)));
    if (p2p_net_can_pack(device, p))
        t.type = type;
    return t;
}

size_t p2p_param_align(const P2pDevice *device)
{
    const size_t needed = p2p_device_caps(device)->align_bytes;

    return needed > PARAM_ALIGN ? needed : PARAM_ALIGN;
}

/* Where the parameters that are joined begin; what they take together. */
static size_t join(P2pNet *net, const P2pDevice *device, P2pNetUse use, bool weights)
{
    const P2pGraph *g = net->graph;
    size_t bytes = 0;

    for (int i = 0; i < g->param_count; i++) {
        const P2pParam *p = &g->params[i];
        const P2pTensor t = param_tensor(p, device, P2P_TYPE_F32);
        net->joined_at[i] = -1;
        if (use == P2P_NET_FIXED || use == P2P_NET_SHARDED || !p2p_param_is_trained(p) ||
            (p->kind == P2P_PARAM_WEIGHT && !weights))
            continue;
        net->joined_at[i] = (int)(bytes / sizeof(float));
        bytes += p2p_round_up(p2p_tensor_bytes(&t), p2p_param_align(device));
    }
    return bytes;
}

/* The same with the weights where that is worth it and one buffer holds them. */
static size_t join_all(P2pNet *net, const P2pDevice *device, P2pNetUse use)
{
    const bool weights = use == P2P_NET_SUMMED && !p2p_device_caps(device)->is_cpu;
    const size_t bytes = join(net, device, use, weights), most = p2p_arena_chunk(device);

    return weights && (bytes > most || bytes / sizeof(float) > INT_MAX)
               ? join(net, device, use, false)
               : bytes;
}

/* The trained parameters in buckets. */
static int fill_buckets(P2pNet *net, const P2pDevice *device)
{
    const P2pGraph *g = net->graph;
    size_t *bytes = p2p_alloc((size_t)g->param_count, sizeof(*bytes));

    for (int i = 0; bytes && i < g->param_count; i++) {
        const P2pTensor t = param_tensor(&g->params[i], device, P2P_TYPE_F32);
        bytes[i] = p2p_param_is_trained(&g->params[i]) ? p2p_tensor_bytes(&t) : 0;
    }
    const int err =
        bytes ? p2p_buckets_init(&net->buckets, g, bytes, p2p_param_align(device)) : P2P_ENOMEM;
    free(bytes);
    if (!err && !(net->bucket = p2p_alloc((size_t)net->buckets.count, sizeof(*net->bucket))))
        return P2P_ENOMEM;
    return err;
}

/* What lies in the arena: each parameter by itself, all that are joined, buckets. */
typedef struct Places {
    int states;
    P2pLifetime *items, *joined, *buckets;
    int count;
} Places;

/* Where a parameter begins in what holds it with others; NULL: it lies by itself. */
static const P2pLifetime *holder(const P2pNet *net, const Places *places, int i, int state,
                                 size_t *at)
{
    if (net->joined_at[i] >= 0) {
        *at = (size_t)net->joined_at[i] * sizeof(float);
        return &places->joined[state];
    }
    if (!net->buckets.count || net->buckets.of[i] < 0)
        return NULL;
    *at = net->buckets.at[i];
    return &places->buckets[net->buckets.of[i]];
}

/* The tensors at their places: of each parameter, then those that hold several. */
static int bind(P2pNet *net, P2pDevice *device, const Places *places, P2pType type)
{
    const P2pGraph *g = net->graph;
    const size_t align = p2p_device_caps(device)->align_bytes;
    int err = P2P_OK;

    for (int i = 0; !err && i < places->states * g->param_count; i++) {
        const int k = i % g->param_count, s = i / g->param_count;
        const P2pLifetime *item = &places->items[i];
        P2pTensor *t = &net->state[s][k];
        size_t at = 0;
        const P2pLifetime *in = holder(net, places, k, s, &at);
        if (!item->bytes && !in)
            continue;
        *t = param_tensor(&g->params[k], device, type);
        err = p2p_arena_part(&t->buffer, net->arena, (in ? in : item)->offset + at,
                             p2p_round_up(p2p_tensor_bytes(t), align));
    }
    for (int s = 0; !err && s < places->states && places->joined[s].bytes; s++) {
        const P2pLifetime *joined = &places->joined[s];
        net->joined[s] = p2p_tensor_vector((int)(joined->bytes / sizeof(float)));
        err = p2p_arena_part(&net->joined[s].buffer, net->arena, joined->offset, joined->bytes);
    }
    for (int i = 0; !err && i < net->buckets.count; i++)
        err = p2p_arena_part(&net->bucket[i], net->arena, places->buckets[i].offset,
                             places->buckets[i].bytes);
    return err;
}

/* How much of everything: values first, then the moments, then what holds several. */
static int measure(P2pNet *net, const P2pDevice *device, P2pNetUse use, P2pType type,
                   Places *places)
{
    const P2pGraph *g = net->graph;
    const size_t joined = join_all(net, device, use), align = p2p_device_caps(device)->align_bytes;
    int err = use == P2P_NET_SHARDED ? fill_buckets(net, device) : P2P_OK;

    places->states = use == P2P_NET_TRAINED || use == P2P_NET_SUMMED ? P2P_STATES : 1;
    const int params = places->states * g->param_count;
    places->count = params + places->states + net->buckets.count;
    if (err || !(places->items = p2p_alloc((size_t)places->count, sizeof(*places->items))))
        return err ? err : P2P_ENOMEM;
    places->joined = places->items + params;
    places->buckets = places->joined + places->states;
    for (int i = 0; i < params; i++) {
        const P2pParam *p = &g->params[i % g->param_count];
        const P2pTensor t = param_tensor(p, device, type);
        size_t at;
        if (!holder(net, places, i % g->param_count, 0, &at) &&
            (i < g->param_count || p2p_param_is_trained(p)))
            places->items[i].bytes = p2p_round_up(p2p_tensor_bytes(&t), align);
    }
    for (int s = 0; s < places->states; s++)
        places->joined[s].bytes = joined;
    for (int i = 0; i < net->buckets.count; i++)
        places->buckets[i].bytes = net->buckets.bucket[i].bytes;
    return P2P_OK;
}

/* Lay all parameters out in one arena. */
static int place(P2pNet *net, P2pDevice *device, P2pNetUse use, P2pType type)
{
    Places places = {0};
    size_t total;
    int err = measure(net, device, use, type, &places);

    if (!err)
        err = p2p_lifetime_place(places.items, places.count, p2p_device_caps(device)->align_bytes,
                                 p2p_arena_chunk(device), &total);
    if (!err)
        err = p2p_arena_create(&net->arena, device, total);
    if (!err)
        err = bind(net, device, &places, type);
    free(places.items);
    return err;
}

static int reset_running(P2pNet *net)
{
    int err = P2P_OK;

    for (int i = 0; !err && i < net->graph->param_count; i++) {
        const P2pParam *p = &net->graph->params[i];
        if (p2p_param_is_trained(p))
            continue;
        float *host = p2p_alloc((size_t)p->o, sizeof(float));
        const float value = p->kind == P2P_PARAM_VAR ? 1.0f
                            : p->kind == P2P_PARAM_MEAN
                                ? 0.0f
                                : (float)(1 / sqrt(p->o)); /* a unit vector */
        for (int k = 0; host && k < p->o; k++)
            host[k] = value;
        err = host ? p2p_net_upload(net, i, P2P_STATE_VALUE, host) : P2P_ENOMEM;
        free(host);
    }
    return err;
}

static int create(P2pNet **out, P2pDevice *device, P2pGraph *graph, const char *name, P2pNetUse use,
                  P2pType type)
{
    P2pNet *net = *out = p2p_alloc(1, sizeof(*net));
    int err = net ? P2P_OK : P2P_ENOMEM;

    if (err) {
        p2p_graph_destroy(&graph);
        return err;
    }
    net->graph = graph;
    snprintf(net->name, sizeof(net->name), "%s", name);
    for (int s = 0; !err && s < P2P_STATES; s++)
        if (!(net->state[s] = p2p_alloc((size_t)graph->param_count, sizeof(P2pTensor))))
            err = P2P_ENOMEM;
    if (!err && !(net->joined_at = p2p_alloc((size_t)graph->param_count, sizeof(int))))
        err = P2P_ENOMEM;
    if (!err)
        err = place(net, device, use, type);
    if (!err)
        err = reset_running(net);
    if (err)
        p2p_net_destroy(out);
    return err;
}

int p2p_net_create(P2pNet **out, P2pDevice *device, P2pGraph *graph, const char *name,
                   P2pNetUse use)
{
    return create(out, device, graph, name, use, P2P_TYPE_F32);
}

int p2p_net_create_packed(P2pNet **out, P2pDevice *device, P2pGraph *graph, const char *name,
                          P2pType type)
{
    return create(out, device, graph, name, P2P_NET_FIXED, type);
}

void p2p_net_destroy(P2pNet **net)
{
    P2pNet *n = *net;

    if (!n)
        return;
    for (int s = 0; s < P2P_STATES; s++) {
        for (int i = 0; n->state[s] && i < n->graph->param_count; i++)
            p2p_buffer_destroy(&n->state[s][i].buffer);
        free(n->state[s]);
        p2p_buffer_destroy(&n->joined[s].buffer);
    }
    free(n->joined_at);
    for (int i = 0; n->bucket && i < n->buckets.count; i++)
        p2p_buffer_destroy(&n->bucket[i]);
    free(n->bucket);
    p2p_buckets_finish(&n->buckets);
    p2p_arena_destroy(&n->arena);
    p2p_graph_destroy(&n->graph);
    free(n);
    *net = NULL;
}

int p2p_param_shape(const P2pParam *p, size_t shape[4])
{
    shape[0] = (size_t)(p->transposed ? p->i : p->o);
    shape[1] = (size_t)(p->transposed ? p->o : p->i);
    shape[2] = (size_t)p->r;
    shape[3] = (size_t)p->s;
    return p->kind == P2P_PARAM_WEIGHT ? 4 : 1;
}

/* [A, B, taps] -> [B, A, taps]. */
static void swap_axes(const float *from, float *to, int a, int b, int taps)
{
    for (int i = 0; i < a; i++)
        for (int k = 0; k < b; k++)
            memcpy(to + ((size_t)k * (size_t)a + (size_t)i) * (size_t)taps,
                   from + ((size_t)i * (size_t)b + (size_t)k) * (size_t)taps,
                   (size_t)taps * sizeof(float));
}

int p2p_net_upload(P2pNet *net, int i, P2pState which, const float *host)
{
    return p2p_tensor_upload(&net->state[which][i], host, net->graph->params[i].transposed);
}

int p2p_net_download(P2pNet *net, int i, P2pState which, float *host)
{
    return p2p_tensor_download(&net->state[which][i], host, net->graph->params[i].transposed);
}

int p2p_net_copy(P2pNet *net, P2pNet *from)
{
    int err = P2P_OK;

    for (int i = 0; !err && i < net->graph->param_count; i++) {
        float *host = p2p_alloc(p2p_param_elements(&net->graph->params[i]), sizeof(*host));
        err = host ? p2p_net_download(from, i, P2P_STATE_VALUE, host) : P2P_ENOMEM;
        if (!err)
            err = p2p_net_upload(net, i, P2P_STATE_VALUE, host);
        free(host);
    }
    return err;
}

/* Some parameters that are mapped together: on devices with memory of their own each costs as much
 * of the host's. */
typedef struct Filling {
    P2pNet *net;
    int (*fill)(void *user, int i, void *raw);
    void (*beside)(void *user); /* the first time */
    void *user;
    int first, mapped;
    void **raw; /* by parameter */
} Filling;

static void fill_beside(void *user)
{
    const Filling *f = user;

    if (f->beside && f->first == 0)
        f->beside(f->user);
}

static int fill_one(void *user, size_t i)
{
    const Filling *f = user;
    const int k = f->first + (int)i;

    return f->fill(f->user, k, f->raw[k]);
}

static P2pBuffer *value_buffer(const P2pNet *net, int i)
{
    return net->state[P2P_STATE_VALUE][i].buffer;
}

/* Map from f->first on, at least one, as long as they stay below limit bytes. */
static int map_some(Filling *f, size_t limit)
{
    size_t bytes = 0;
    int err = P2P_OK;

    f->mapped = 0;
    for (int i = f->first; !err && i < f->net->graph->param_count; i++) {
        bytes += p2p_buffer_bytes(value_buffer(f->net, i));
        if (f->mapped && bytes > limit)
            break;
        if ((err = p2p_buffer_map(value_buffer(f->net, i), false, &f->raw[i])) == P2P_OK)
            f->mapped++;
    }
    return err;
}

static int unmap_some(Filling *f, int err)
{
    for (int i = f->first; i < f->first + f->mapped; i++) {
        const int failed = p2p_buffer_unmap(value_buffer(f->net, i), f->raw[i]);
        err = err ? err : failed;
    }
    f->first += f->mapped;
    return err;
}

int p2p_net_fill(P2pNet *net, const P2pDevice *device, int (*fill)(void *user, int i, void *raw),
                 void (*beside)(void *user), void *user)
{
    const P2pCaps *caps = p2p_device_caps(device);
    const int threads = p2p_min(caps->compute_units, FILL_THREADS);
    const size_t limit = caps->is_cpu ? SIZE_MAX : FILL_BYTES;
    Filling f = {.net = net, .fill = fill, .beside = beside, .user = user};
    int err = P2P_OK;

    if (!(f.raw = p2p_alloc((size_t)net->graph->param_count, sizeof(*f.raw))))
        return P2P_ENOMEM;
    while (!err && f.first < net->graph->param_count) {
        if ((err = map_some(&f, limit)) == P2P_OK)
            err = p2p_parallel_beside(threads, (size_t)f.mapped, fill_one, fill_beside, &f);
        err = unmap_some(&f, err);
    }
    free(f.raw);
    return err;
}

int p2p_net_find_bad(const P2pNet *net, const char **name)
{
    size_t most = 0;
    int err = P2P_OK;

    *name = NULL;
    for (int i = 0; i < net->graph->param_count; i++) {
        const size_t bytes = p2p_buffer_bytes(net->state[P2P_STATE_VALUE][i].buffer);
        most = bytes > most ? bytes : most;
    }
    float *host = p2p_alloc(most, 1);
    if (!host)
        return P2P_ENOMEM;
    for (int i = 0; !err && !*name && i < net->graph->param_count; i++) {
        P2pBuffer *buffer = net->state[P2P_STATE_VALUE][i].buffer;
        err = p2p_buffer_read(buffer, 0, p2p_buffer_bytes(buffer), host);
        if (!err && !p2p_floats_finite(host, p2p_buffer_bytes(buffer) / sizeof(*host)))
            *name = net->graph->params[i].name;
    }
    free(host);
    return err;
}

/* ---- Initial values ------------------------------------------------------------------------ */

static void fill_normal(float *out, size_t count, unsigned seed, uint32_t stream, float mean,
                        float deviation)
{
    for (size_t i = 0; i < count; i += 4) {
        uint32_t words[4];
        float normal[4];
        p2p_rng_block(seed, stream, i / 4, words);
        p2p_rng_normal(words[0], words[1], normal);
        p2p_rng_normal(words[2], words[3], normal + 2);
        for (size_t k = 0; k < 4 && i + k < count; k++)
            out[i + k] = mean + deviation * normal[k];
    }
}

/* Make the rows (rows <= cols) orthonormal times gain, by modified Gram-Schmidt. */
static void orthogonalise(float *a, size_t rows, size_t cols, float gain)
{
    for (size_t i = 0; i < rows; i++) {
        float *row = a + i * cols;
        for (size_t k = 0; k < i; k++) {
            const float *other = a + k * cols;
            double dot = 0;
            for (size_t c = 0; c < cols; c++)
                dot += (double)row[c] * other[c];
            for (size_t c = 0; c < cols; c++)
                row[c] -= (float)dot * other[c];
        }
        double square = 0;
        for (size_t c = 0; c < cols; c++)
            square += (double)row[c] * row[c];
        for (size_t c = 0; c < cols; c++)
            row[c] *= (float)(1.0 / sqrt(square));
    }
    for (size_t i = 0; i < rows * cols; i++)
        a[i] *= gain;
}

static int init_orthogonal(float *out, const P2pParam *p, unsigned seed, uint32_t stream,
                           float gain)
{
    size_t shape[4];
    p2p_param_shape(p, shape);
    const size_t rows = shape[0], cols = shape[1] * shape[2] * shape[3], count = rows * cols;

    fill_normal(out, count, seed, stream, 0.0f, 1.0f);
    if (rows <= cols) {
        orthogonalise(out, rows, cols, gain);
        return P2P_OK;
    }
    float *turned = p2p_alloc(count, sizeof(float));
    if (!turned)
        return P2P_ENOMEM;
    swap_axes(out, turned, (int)rows, (int)cols, 1);
    orthogonalise(turned, cols, rows, gain);
    swap_axes(turned, out, (int)cols, (int)rows, 1);
    free(turned);
    return P2P_OK;
}

static int init_weight(float *out, const P2pParam *p, P2pInit init, float gain, unsigned seed,
                       uint32_t stream)
{
    size_t shape[4];
    p2p_param_shape(p, shape);
    /* Fans as PyTorch counts them, from the exchange shape, also for transposed convolutions. */
    const double fan_in = (double)(shape[1] * shape[2] * shape[3]);
    const double fan_out = (double)(shape[0] * shape[2] * shape[3]);
    const double deviation[] = {
        [P2P_INIT_NORMAL] = gain,
        [P2P_INIT_XAVIER] = gain * sqrt(2.0 / (fan_in + fan_out)),
        [P2P_INIT_KAIMING] = sqrt(2.0 / fan_in),
    };

    if (init == P2P_INIT_ORTHOGONAL)
        return init_orthogonal(out, p, seed, stream, gain);
    fill_normal(out, p2p_param_elements(p), seed, stream, 0.0f, (float)deviation[init]);
    return P2P_OK;
}

int p2p_net_init(P2pNet *net, P2pInit init, float gain, unsigned seed)
{
    const uint32_t who = (uint32_t)p2p_fnv(P2P_FNV_START, net->name, strlen(net->name)) & 0xfffu;
    int err = reset_running(net);

    for (int i = 0; !err && i < net->graph->param_count; i++) {
        const P2pParam *p = &net->graph->params[i];
        const uint32_t stream = p2p_stream(P2P_STREAM_INIT, who << 12 | (uint32_t)i);
        if (p->kind == P2P_PARAM_MEAN || p->kind == P2P_PARAM_VAR)
            continue;
        float *host = p2p_alloc(p2p_param_elements(p), sizeof(float));
        err = host ? P2P_OK : P2P_ENOMEM;
        if (!err && p->kind == P2P_PARAM_WEIGHT)
            err = init_weight(host, p, init, gain, seed, stream);
        else if (!err && p->kind == P2P_PARAM_GAMMA)
            fill_normal(host, (size_t)p->o, seed, stream, 1.0f, gain);
        else if (!err && (p->kind == P2P_PARAM_LEFT || p->kind == P2P_PARAM_RIGHT)) {
            fill_normal(host, (size_t)p->o, seed, stream, 0.0f, 1.0f);
            orthogonalise(host, 1, (size_t)p->o, 1.0f); /* a unit vector */
        }
        if (!err)
            err = p2p_net_upload(net, i, P2P_STATE_VALUE, host);
        free(host);
    }
    return err;
}
