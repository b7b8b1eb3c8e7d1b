/* SPDX-License-Identifier: BSD-2-Clause */
/* Buckets on their way: off the device, around the ranks, back. */
#include "src/graph/exchange.h"

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"

typedef enum Stage { IDLE, READING, SUMMING } Stage;

typedef struct Bucket {
    P2pExchange *exchange;
    const P2pGradBucket *grads;
    P2pReduction *reduction;
    P2pMarker *marker;
    P2pPinned *pinned; /* NULL: the buffer lies in the host's memory, and is mapped */
    void *host;
    Stage stage;
} Bucket;

struct P2pExchange {
    P2pComm *comm;
    P2pDevice *device;
    Bucket *buckets;
    int count;
    double begun, read; /* of this step: the first bucket, the last one off the device */
    P2pExchangeTimes times;
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

static int make_bucket(Bucket *b, P2pExchange *x, const P2pGradBucket *grads,
                       const P2pExchangeSettings *s, int tag)
{
    int err = P2P_OK;

    b->exchange = x;
    b->grads = grads;
    if (!p2p_device_caps(x->device)->is_cpu)
        err = p2p_pinned_create(&b->pinned, x->device, grads->bytes);
    if (!err)
        err = p2p_reduction_create(&b->reduction, x->comm, grads->bytes / sizeof(float), s->weights,
                                   s->wire, tag);
    if (!err)
        x->times.bytes += p2p_reduction_bytes(b->reduction);
    return err;
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
    if (!(x->buckets = p2p_alloc((size_t)sums->bucket_count, sizeof(*x->buckets))))
        return P2P_ENOMEM;
    while (!err && x->count < sums->bucket_count) {
        err = make_bucket(&x->buckets[x->count], x, &sums->buckets[x->count], settings,
                          settings->tag + x->count);
        x->count++;
    }
    return err;
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
    free(x->buckets);
    free(x);
    *exchange = NULL;
}

P2pExchangeTimes p2p_exchange_times(const P2pExchange *exchange)
{
    return exchange->times;
}

/* ---- Running --------------------------------------------------------------------------------- */

static int begin(void *user)
{
    Bucket *b = user;
    int err;

    if (b->pinned) {
        b->host = p2p_pinned_host(b->pinned);
        err = p2p_buffer_read_async(b->grads->buffer, 0, b->grads->bytes, b->host);
    } else {
        err = p2p_buffer_map_async(b->grads->buffer, &b->host);
    }
    b->stage = READING;
    return err ? err : p2p_marker_set(&b->marker, b->exchange->device);
}

/* What was summed goes back; the device takes it at its place in the queue. */
static int give_back(Bucket *b)
{
    b->stage = IDLE;
    return b->pinned ? p2p_buffer_write_async(b->grads->buffer, 0, b->grads->bytes, b->host)
                     : p2p_buffer_unmap(b->grads->buffer, b->host);
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
        b->stage = SUMMING;
        *moved = true;
        return p2p_reduction_begin(b->reduction, b->host, P2P_REDUCE_SUM | P2P_REDUCE_SPREAD);
    }
    bool came = false;
    if (b->stage == SUMMING && (err = p2p_reduction_go_on(b->reduction, &done, &came)) == P2P_OK &&
        done)
        err = give_back(b);
    *moved |= came;
    return err;
}

/* Whether other ranks keep a bucket waiting. */
static bool waits(const P2pExchange *x)
{
    for (int i = 0; i < x->count; i++)
        if (x->buckets[i].stage == SUMMING)
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

/* ---- In a plan ------------------------------------------------------------------------------- */

static void append_begins(P2pExchange *x, P2pPlan *plan, int node)
{
    p2p_plan_when(plan, P2P_WHEN_LAST);
    for (int i = 0; i < x->count; i++)
        if (x->buckets[i].grads->node == node)
            p2p_plan_host(plan, "gradients", begin, &x->buckets[i], NULL, 0);
    p2p_plan_when(plan, P2P_WHEN_ALWAYS);
}

void p2p_exchange_append(P2pExchange *exchange, P2pPlan *plan, int node)
{
    if (exchange)
        append_begins(exchange, plan, node);
}

void p2p_exchange_append_end(P2pExchange *exchange, P2pPlan *plan)
{
    if (!exchange)
        return;
    append_begins(exchange, plan, -1);
    p2p_plan_when(plan, P2P_WHEN_LAST);
    p2p_plan_host(plan, "ranks", end, exchange, NULL, 0);
    p2p_plan_when(plan, P2P_WHEN_ALWAYS);
}
