/* SPDX-License-Identifier: BSD-2-Clause */
/* Two rounds of messages, each of a slice: to its owner, and from its owner. */
#include "src/comm/reduce.h"

#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/comm/pack.h"

/* Slices begin at multiples of so many elements: a line of the cache, a vector, an aligned part of a buffer. */
enum { SLICE_ALIGN = 64, BLOCK = 1024 };

struct P2pReduction {
    P2pComm *comm;
    size_t count, slice; /* elements; of a slice, the last ones may have fewer */
    const float *weights;
    P2pWire wire;
    int tag;
    float *data;
    unsigned what; /* still to be done */
    bool spreading;
    double squares;
    P2pMessage *messages; /* [2 * size] */
    int message_count, left;
    unsigned char *in, *out; /* slices of everyone as they travel; out: f16 alone */
    size_t packed;           /* bytes of a slice there */
};

int p2p_reduction_create(P2pReduction **out, P2pComm *comm, size_t count, const float *weights,
                         P2pWire wire, int tag)
{
    const size_t size = (size_t)p2p_comm_size(comm);
    P2pReduction *r = *out = p2p_alloc(1, sizeof(*r));

    if (!r)
        return P2P_ENOMEM;
    r->comm = comm;
    r->count = count;
    r->slice = p2p_round_up((count + size - 1) / size, SLICE_ALIGN);
    r->weights = weights;
    r->wire = wire;
    r->tag = P2P_TAG_REDUCE + 2 * tag;
    r->packed = wire == P2P_WIRE_F16 ? p2p_pack_bytes(r->slice) : r->slice * sizeof(float);
    r->messages = p2p_alloc(2 * size, sizeof(*r->messages));
    r->in = p2p_pages_alloc(size * r->packed);
    r->out = wire == P2P_WIRE_F16 ? p2p_pages_alloc(size * r->packed) : NULL;
    if (r->messages && r->in && (r->out || wire == P2P_WIRE_F32))
        return P2P_OK;
    p2p_reduction_destroy(out);
    return p2p_fail(P2P_ENOMEM, "no room for sums over ranks: %zu MiB", size * r->packed >> 20);
}

void p2p_reduction_destroy(P2pReduction **reduction)
{
    P2pReduction *r = *reduction;

    if (!r)
        return;
    p2p_pages_free(r->in);
    p2p_pages_free(r->out);
    free(r->messages);
    free(r);
    *reduction = NULL;
}

static size_t slice_first(const P2pReduction *r, int rank)
{
    const size_t first = (size_t)rank * r->slice;

    return first < r->count ? first : r->count;
}

static size_t slice_count(const P2pReduction *r, int rank)
{
    return slice_first(r, rank + 1) - slice_first(r, rank);
}

void p2p_reduction_slice(const P2pReduction *r, int rank, size_t *first, size_t *count)
{
    *first = slice_first(r, rank);
    *count = slice_count(r, rank);
}

double p2p_reduction_squares(const P2pReduction *r)
{
    return r->squares;
}

static P2pWire wire_of(const P2pReduction *r, unsigned what)
{
    return what & P2P_REDUCE_EXACT ? P2P_WIRE_F32 : r->wire;
}

/* As it travels. */
static size_t slice_bytes(const P2pReduction *r, int rank, unsigned what)
{
    const size_t count = slice_count(r, rank);

    return wire_of(r, what) == P2P_WIRE_F16 ? p2p_pack_bytes(count) : count * sizeof(float);
}

size_t p2p_reduction_bytes(const P2pReduction *r, unsigned what)
{
    const int me = p2p_comm_rank(r->comm), size = p2p_comm_size(r->comm);
    size_t bytes = what & P2P_REDUCE_SPREAD ? (size_t)(size - 1) * slice_bytes(r, me, what) : 0;

    for (int i = 0; what & P2P_REDUCE_SUM && i < size; i++)
        bytes += i == me ? 0 : slice_bytes(r, i, 0);
    return bytes;
}

/* A slice of the data as it is to travel. */
static const void *packed_slice(P2pReduction *r, int rank, unsigned what)
{
    const float *from = r->data + slice_first(r, rank);
    unsigned char *to = r->out + (size_t)rank * r->packed;

    if (wire_of(r, what) == P2P_WIRE_F32)
        return from;
    p2p_pack(from, slice_count(r, rank), to);
    return to;
}

/* ---- To the owners --------------------------------------------------------------------------- */

static int begin_sum(P2pReduction *r)
{
    const int me = p2p_comm_rank(r->comm), size = p2p_comm_size(r->comm);
    int err = P2P_OK;

    r->message_count = 0;
    r->spreading = false;
    for (int i = 0; !err && i < size; i++)
        if (i != me && slice_count(r, me))
            err = p2p_comm_receive(r->comm, &r->messages[r->message_count++], i, r->tag,
                                   r->in + (size_t)i * r->packed, slice_bytes(r, me, 0));
    for (int i = 0; !err && i < size; i++)
        if (i != me && slice_count(r, i))
            err = p2p_comm_send(r->comm, &r->messages[r->message_count++], i, r->tag,
                                packed_slice(r, i, 0), slice_bytes(r, i, 0));
    return err;
}

/* Elements of a slice from `first` on as a rank has sent them. */
static const float *sent_by(const P2pReduction *r, int rank, size_t first, size_t count,
                            float *room)
{
    const unsigned char *in = r->in + (size_t)rank * r->packed;

    if (rank == p2p_comm_rank(r->comm))
        return r->data + slice_first(r, rank) + first;
    if (r->wire == P2P_WIRE_F32)
        return (const float *)(const void *)in + first;
    p2p_unpack_part(in, first, count, room);
    return room;
}

/* So that they do not wait for each other. */
enum { CHAINS = 8 };

static void add_squares(double sums[CHAINS], const float *x, size_t count)
{
    size_t i = 0;

    for (; i + CHAINS <= count; i += CHAINS)
        for (size_t k = 0; k < CHAINS; k++)
            sums[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < count; i++)
        sums[0] += (double)x[i] * (double)x[i];
}

/* Rank by rank, this one at its place. */
static void add_up(P2pReduction *r)
{
    const int me = p2p_comm_rank(r->comm), size = p2p_comm_size(r->comm);
    const size_t all = slice_count(r, me);
    float *to = r->data + slice_first(r, me), sum[BLOCK], room[BLOCK];
    double squares[CHAINS] = {0};

    for (size_t first = 0; first < all; first += BLOCK) {
        const size_t count = all - first < BLOCK ? all - first : BLOCK;
        for (int rank = 0; rank < size; rank++) {
            const float weight = r->weights[rank], *x = sent_by(r, rank, first, count, room);
            for (size_t i = 0; i < count; i++)
                sum[i] = rank ? sum[i] + weight * x[i] : weight * x[i];
        }
        if (r->what & P2P_REDUCE_SQUARES)
            add_squares(squares, sum, count);
        memcpy(to + first, sum, count * sizeof(*sum));
    }
    r->squares = 0;
    for (int k = 0; k < CHAINS; k++)
        r->squares += squares[k];
}

/* ---- From the owners ------------------------------------------------------------------------- */

static int begin_spread(P2pReduction *r)
{
    const int me = p2p_comm_rank(r->comm), size = p2p_comm_size(r->comm);
    const size_t mine = slice_count(r, me);
    const P2pWire wire = wire_of(r, r->what);
    int err = P2P_OK;

    r->message_count = 0;
    r->spreading = true;
    for (int i = 0; !err && i < size; i++) {
        void *to = wire == P2P_WIRE_F16 ? (void *)(r->in + (size_t)i * r->packed)
                                        : (void *)(r->data + slice_first(r, i));
        if (i != me && slice_count(r, i))
            err = p2p_comm_receive(r->comm, &r->messages[r->message_count++], i, r->tag + 1, to,
                                   slice_bytes(r, i, r->what));
    }
    const void *from = mine ? packed_slice(r, me, r->what) : NULL;
    for (int i = 0; !err && mine && i < size; i++)
        if (i != me)
            err = p2p_comm_send(r->comm, &r->messages[r->message_count++], i, r->tag + 1, from,
                                slice_bytes(r, me, r->what));
    return err;
}

/* What the owner has is rounded as what it sends: all ranks have the same bits. */
static void end_spread(P2pReduction *r)
{
    const int me = p2p_comm_rank(r->comm);

    for (int i = 0; wire_of(r, r->what) == P2P_WIRE_F16 && i < p2p_comm_size(r->comm); i++)
        p2p_unpack((i == me ? r->out : r->in) + (size_t)i * r->packed, slice_count(r, i),
                   r->data + slice_first(r, i));
}

/* ---- Course ---------------------------------------------------------------------------------- */

static int begin_next(P2pReduction *r)
{
    return r->what & P2P_REDUCE_SUM      ? begin_sum(r)
           : r->what & P2P_REDUCE_SPREAD ? begin_spread(r)
                                         : P2P_OK;
}

int p2p_reduction_begin(P2pReduction *r, float *data, unsigned what)
{
    r->data = data;
    r->what = what;
    r->left = -1;
    return begin_next(r);
}

int p2p_reduction_go_on(P2pReduction *r, bool *done, bool *moved)
{
    const int before = r->left;
    int err = p2p_comm_look(r->comm, r->messages, r->message_count, &r->left);

    *moved = r->left != before;
    *done = false;
    if (err || r->left)
        return err;
    if (r->what & P2P_REDUCE_SUM && !r->spreading) {
        add_up(r);
        r->what &= ~(unsigned)P2P_REDUCE_SUM;
    } else {
        end_spread(r);
        r->what &= ~(unsigned)P2P_REDUCE_SPREAD;
    }
    r->left = -1;
    *done = !(r->what & (P2P_REDUCE_SUM | P2P_REDUCE_SPREAD));
    return begin_next(r);
}
