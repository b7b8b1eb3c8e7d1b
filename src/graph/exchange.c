/* SPDX-License-Identifier: BSD-2-Clause */
/* Buckets on their way: off the device, around the ranks, back. */
#include "src/graph/exchange.h"

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"

typedef enum Stage { IDLE, READING, MOVING } Stage;

typedef struct Bucket {
    P2pExchange *exchange;
    P2pBuffer *gradients, *weights; /* weights: NULL, every rank updates all */
    size_t bytes;
    int node;
    P2pReduction *reduction;
    P2pMarker *marker;
    P2pPinned *pinned; /* NULL: the buffers lie in the host's memory, and are mapped */
    P2pBuffer *buffer; /* on its way: one of both ... */
    unsigned what;     /* ... with this reduction */
    void *host;
    Stage stage;
} Bucket;

struct P2pExchange {
    P2pComm *comm;
    P2pDevice *device;
    Bucket *buckets;
    int count;
    P2pTensor squares;
    double *each;       /* [ranks], of squares */
    float sum;          /* of them, until the device has it */
    double begun, read; /* of this step: the first bucket, the last one off the device */
    P2pExchangeTimes times;
};

enum {
    SUM_ALL = P2P_REDUCE_SUM | P2P_REDUCE_SPREAD,
    WEIGHTS = P2P_REDUCE_SPREAD | P2P_REDUCE_EXACT
};

/* ---- Making ---------------------------------------------------------------------------------- */

/* The same bytes must mean the same gradients everywhere. */
static int check_layout(const P2pGradSums *s, P2pDevice *device, P2pComm *comm)
{
    const P2pCaps *caps = p2p_device_caps(device);
    const unsigned long long mine[] = {(unsigned long long)p2p_weight_block(caps),
                                       p2p_param_align(device), p2p_grad_sums_bytes(s)};
    const int size = p2p_comm_size(comm);
    unsigned long long(*all)[3] = p2p_alloc((size_t)size, sizeof(*all));
    int err = all ? p2p_comm_gather(comm, mine, sizeof(mine), all, false) : P2P_ENOMEM;

    for (int i = 0; !err && i < size; i++)
        if (all[i][0] != mine[0] || all[i][1] != mine[1] || all[i][2] != mine[2])
            err = p2p_fail(P2P_EINVAL,
                           "weights lie in blocks of %llu on rank %d and of %llu on rank %d "
                           "(aligned to %llu and %llu); CPUs beside other devices take "
                           "--vector_width 8",
                           mine[0], p2p_comm_rank(comm), all[i][0], i, mine[1], all[i][1]);
    free(all);
    return err;
}

static int make_bucket(P2pExchange *x, int i, const P2pGradSums *sums, const P2pExchangeSettings *s)
{
    Bucket *b = &x->buckets[i];
    int err = P2P_OK;

    *b = (Bucket){.exchange = x,
                  .gradients = sums->buffer[i],
                  .weights = s->weights_in ? s->weights_in[i] : NULL,
                  .bytes = sums->buckets.bucket[i].bytes,
                  .node = sums->buckets.bucket[i].node};
    if (!p2p_device_caps(x->device)->is_cpu)
        err = p2p_pinned_create(&b->pinned, x->device, b->bytes);
    if (!err)
        err = p2p_reduction_create(&b->reduction, x->comm, b->bytes / sizeof(float), s->weights,
                                   s->wire, s->tag + i);
    if (!err)
        x->times.bytes += b->weights ? p2p_reduction_bytes(b->reduction, P2P_REDUCE_SUM) +
                                           p2p_reduction_bytes(b->reduction, WEIGHTS)
                                     : p2p_reduction_bytes(b->reduction, SUM_ALL);
    return err;
}

static int make_squares(P2pExchange *x)
{
    x->squares = p2p_tensor_vector(1);
    x->each = p2p_alloc((size_t)p2p_comm_size(x->comm), sizeof(*x->each));
    return x->each ? p2p_buffer_create_zeroed(&x->squares.buffer, x->device,
                                              p2p_tensor_bytes(&x->squares))
                   : P2P_ENOMEM;
}

int p2p_exchange_create(P2pGradSums *sums, P2pDevice *device, const P2pExchangeSettings *settings)
{
    int err = check_layout(sums, device, settings->comm);
    P2pExchange *x = err ? NULL : p2p_alloc(1, sizeof(*x));

    if (!x)
        return err ? err : P2P_ENOMEM;
    sums->exchange = x;
    x->comm = settings->comm;
    x->device = device;
    if (!(x->buckets = p2p_alloc((size_t)sums->buckets.count, sizeof(*x->buckets))))
        return P2P_ENOMEM;
    while (!err && x->count < sums->buckets.count)
        err = make_bucket(x, x->count++, sums, settings);
    return !err && settings->squares ? make_squares(x) : err;
}

void p2p_exchange_destroy(P2pExchange **exchange)
{
    P2pExchange *x = *exchange;

    if (!x)
        return;
    for (int i = 0; i < x->count; i++) {
        p2p_reduction_destroy(&x->buckets[i].reduction);
        p2p_pinned_destroy(&x->buckets[i].pinned);
        p2p_marker_destroy(&x->buckets[i].marker);
    }
    p2p_buffer_destroy(&x->squares.buffer);
    free(x->each);
    free(x->buckets);
    free(x);
    *exchange = NULL;
}

P2pExchangeTimes p2p_exchange_times(const P2pExchange *exchange)
{
    return exchange->times;
}

const P2pTensor *p2p_exchange_squares(const P2pExchange *exchange)
{
    return &exchange->squares;
}

void p2p_exchange_slice(const P2pExchange *x, int bucket, int rank, size_t *first, size_t *count)
{
    p2p_reduction_slice(x->buckets[bucket].reduction, rank, first, count);
}

P2pComm *p2p_exchange_comm(const P2pExchange *exchange)
{
    return exchange->comm;
}

/* ---- Running --------------------------------------------------------------------------------- */

static void own_slice(const Bucket *b, size_t *first, size_t *count)
{
    p2p_reduction_slice(b->reduction, p2p_comm_rank(b->exchange->comm), first, count);
}

/* Elements off the device, or onto it where the host has it in memory of its own. */
static int move_part(Bucket *b, size_t first, size_t count, bool back)
{
    float *host = (float *)b->host + first;
    const size_t at = first * sizeof(float), bytes = count * sizeof(float);

    return !count ? P2P_OK
           : back ? p2p_buffer_write_async(b->buffer, at, bytes, host)
                  : p2p_buffer_read_async(b->buffer, at, bytes, host);
}

/* Of weights there is this rank's slice to read, of gradients all. */
static int begin(Bucket *b, P2pBuffer *buffer, unsigned what)
{
    size_t first = 0, count = b->bytes / sizeof(float);
    int err;

    b->buffer = buffer;
    b->what = what;
    if (!(what & P2P_REDUCE_SUM))
        own_slice(b, &first, &count);
    if (b->pinned) {
        b->host = p2p_pinned_host(b->pinned);
        err = move_part(b, first, count, false);
    } else {
        err = p2p_buffer_map_async(buffer, &b->host);
    }
    b->stage = READING;
    return err ? err : p2p_marker_set(&b->marker, b->exchange->device);
}

static int begin_gradients(void *user)
{
    Bucket *b = user;
    const unsigned squares = b->exchange->each ? P2P_REDUCE_SQUARES : 0;

    return begin(b, b->gradients, (b->weights ? P2P_REDUCE_SUM : SUM_ALL) | squares);
}

static int begin_weights(void *user)
{
    Bucket *b = user;

    return begin(b, b->weights, WEIGHTS);
}

/* What has come goes back; the device takes it at its place in the queue. */
static int give_back(Bucket *b)
{
    const size_t all = b->bytes / sizeof(float);
    const bool mine = b->what & P2P_REDUCE_SUM, others = b->what & P2P_REDUCE_SPREAD;
    size_t first, count;

    b->stage = IDLE;
    if (!b->pinned)
        return p2p_buffer_unmap(b->buffer, b->host);
    own_slice(b, &first, &count);
    if (mine)
        return others ? move_part(b, 0, all, true) : move_part(b, first, count, true);
    const int err = move_part(b, 0, first, true);
    return err ? err : move_part(b, first + count, all - first - count, true);
}

/* Without waiting; *moved: whether it came nearer. */
static int go_on(Bucket *b, bool *moved)
{
    P2pExchange *x = b->exchange;
    bool done = false;
    int err = P2P_OK;

    if (b->stage == READING) {
        if ((err = p2p_marker_look(b->marker, &done)) < 0 || !done)
            return err;
        x->read = p2p_seconds();
        x->begun = x->begun > 0 ? x->begun : x->read;
        b->stage = MOVING;
        *moved = true;
        return p2p_reduction_begin(b->reduction, b->host, b->what);
    }
    bool came = false;
    if (b->stage == MOVING && (err = p2p_reduction_go_on(b->reduction, &done, &came)) == P2P_OK &&
        done)
        err = give_back(b);
    *moved |= came;
    return err;
}

/* Whether other ranks keep a bucket waiting. */
static bool waits(const P2pExchange *x)
{
    for (int i = 0; i < x->count; i++)
        if (x->buckets[i].stage == MOVING)
            return true;
    return false;
}

static bool is_done(const P2pExchange *x)
{
    for (int i = 0; i < x->count; i++)
        if (x->buckets[i].stage != IDLE)
            return false;
    return true;
}

static int end(void *user)
{
    P2pExchange *x = user;
    P2pPatience patience;
    int looks = 0, err = P2P_OK;

    p2p_patience_begin(&patience);
    x->begun = x->read = 0;
    while (!err && !is_done(x)) {
        bool moved = false;
        for (int i = 0; !err && i < x->count; i++)
            err = go_on(&x->buckets[i], &moved);
        if (moved || !waits(x)) {
            p2p_patience_begin(&patience);
            looks = moved ? 0 : looks;
        }
        if (!err && p2p_comm_limit(x->comm) > 0 &&
            p2p_patience_is_over(&patience, p2p_comm_limit(x->comm)))
            err = p2p_comm_fail_missing(x->comm);
        if (!err && !moved)
            p2p_comm_nap(&looks);
    }
    x->times.busy_s += p2p_seconds() - x->begun;
    x->times.exposed_s += p2p_seconds() - x->read;
    return err;
}

/* In the order of ranks, of the slices that each has summed up. */
static int add_squares(P2pExchange *x)
{
    double mine = 0, sum = 0;

    for (int i = 0; i < x->count; i++)
        mine += p2p_reduction_squares(x->buckets[i].reduction);
    const int err = p2p_comm_gather(x->comm, &mine, sizeof(mine), x->each, true);
    if (err)
        return err;
    for (int i = 0; i < p2p_comm_size(x->comm); i++)
        sum += x->each[i];
    x->sum = (float)sum;
    return p2p_buffer_write_async(x->squares.buffer, 0, sizeof(x->sum), &x->sum);
}

static int end_gradients(void *user)
{
    P2pExchange *x = user;
    const int err = end(x);

    return err || !x->each ? err : add_squares(x);
}

/* ---- In a plan ------------------------------------------------------------------------------- */

static void append_begins(P2pExchange *x, P2pPlan *plan, int node)
{
    for (int i = 0; i < x->count; i++)
        if (x->buckets[i].node == node)
            p2p_plan_host(plan, "gradients", begin_gradients, &x->buckets[i], NULL, 0);
}

void p2p_exchange_append(P2pExchange *exchange, P2pPlan *plan, int node)
{
    if (!exchange)
        return;
    p2p_plan_when(plan, P2P_WHEN_LAST);
    append_begins(exchange, plan, node);
    p2p_plan_when(plan, P2P_WHEN_ALWAYS);
}

void p2p_exchange_append_end(P2pExchange *exchange, P2pPlan *plan)
{
    if (!exchange)
        return;
    p2p_plan_when(plan, P2P_WHEN_LAST);
    append_begins(exchange, plan, -1);
    p2p_plan_host(plan, "ranks", end_gradients, exchange, NULL, 0);
    p2p_plan_when(plan, P2P_WHEN_ALWAYS);
}

void p2p_exchange_append_weights(P2pExchange *exchange, P2pPlan *plan, int bucket)
{
    p2p_plan_host(plan, "weights", begin_weights, &exchange->buckets[bucket], NULL, 0);
}

void p2p_exchange_append_weights_end(P2pExchange *exchange, P2pPlan *plan)
{
    p2p_plan_host(plan, "ranks", end, exchange, NULL, 0);
}
