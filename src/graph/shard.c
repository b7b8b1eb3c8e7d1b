/* SPDX-License-Identifier: BSD-2-Clause */
/* Slices of moments, and their way from and to whole ones. */
#include "src/graph/shard.h"

#include "src/base/memory.h"
#include "src/base/status.h"

static int make_slice(P2pShard *s, P2pDevice *device, const P2pGradSums *sums, int bucket)
{
    const int rank = p2p_comm_rank(p2p_exchange_comm(s->exchange));
    P2pSlice *slice = &s->slices[bucket];
    size_t first, count;
    int err = P2P_OK;

    p2p_exchange_slice(s->exchange, bucket, rank, &first, &count);
    if (!count)
        return P2P_OK;
    const P2pTensor vector = p2p_tensor_vector((int)count);
    slice->gradient = slice->state[P2P_STATE_VALUE] = vector;
    slice->gradient.buffer = sums->buffer[bucket];
    slice->state[P2P_STATE_VALUE].buffer = s->net->bucket[bucket];
    slice->gradient.offset = slice->state[P2P_STATE_VALUE].offset = (int)first;
    for (int state = P2P_STATE_ADAM_M; !err && state <= P2P_STATE_ADAM_V; state++) {
        slice->state[state] = vector;
        s->bytes += p2p_tensor_bytes(&vector);
        err = p2p_buffer_create_zeroed(&slice->state[state].buffer, device,
                                       p2p_tensor_bytes(&vector));
    }
    return err;
}

int p2p_shard_create(P2pShard **out, P2pDevice *device, P2pNet *net, const P2pGradSums *sums)
{
    P2pShard *s = *out = p2p_alloc(1, sizeof(*s));
    int err = P2P_OK;

    if (!s)
        return P2P_ENOMEM;
    s->net = net;
    s->exchange = sums->exchange;
    if (!(s->slices = p2p_alloc((size_t)net->buckets.count, sizeof(*s->slices))))
        err = P2P_ENOMEM;
    for (int i = 0; !err && i < net->buckets.count; i++)
        err = make_slice(s, device, sums, i);
    if (err)
        p2p_shard_destroy(out);
    else
        net->shard = s;
    return err;
}

void p2p_shard_destroy(P2pShard **shard)
{
    P2pShard *s = *shard;

    if (!s)
        return;
    for (int i = 0; s->slices && i < s->net->buckets.count; i++)
        for (int state = P2P_STATE_ADAM_M; state <= P2P_STATE_ADAM_V; state++)
            p2p_buffer_destroy(&s->slices[i].state[state].buffer);
    free(s->slices);
    free(s);
    *shard = NULL;
}

bool p2p_shard_has(const P2pNet *net, int i, P2pState state)
{
    return net->shard && state != P2P_STATE_VALUE && p2p_param_is_trained(&net->graph->params[i]);
}

/* ---- Whole moments --------------------------------------------------------------------------- */

/* What a rank has of a parameter, bytes: from where on in the parameter and in its slice. */
typedef struct Piece {
    size_t at, in_slice, bytes;
} Piece;

static Piece piece_of(const P2pShard *s, int i, int rank)
{
    const size_t begin = s->net->buckets.at[i] / sizeof(float);
    const size_t end = begin + p2p_tensor_span(&s->net->state[P2P_STATE_VALUE][i]);
    size_t first, count;

    p2p_exchange_slice(s->exchange, s->net->buckets.of[i], rank, &first, &count);
    const size_t from = first > begin ? first : begin;
    const size_t to = first + count < end ? first + count : end;
    if (to <= from)
        return (Piece){0};
    return (Piece){(from - begin) * sizeof(float), (from - first) * sizeof(float),
                   (to - from) * sizeof(float)};
}

/* One piece by way of the host's memory; the first rank is slow where it has files to write or to read. */
static int give(P2pComm *comm, P2pBuffer *moment, const Piece *piece, unsigned char *room)
{
    P2pMessage message;
    int err = p2p_buffer_read(moment, piece->in_slice, piece->bytes, room);

    if (!err)
        err = p2p_comm_send(comm, &message, 0, P2P_TAG_MOMENT, room, piece->bytes);
    return err ? err : p2p_comm_wait_long(comm, &message, 1);
}

static int take(P2pComm *comm, P2pBuffer *moment, const Piece *piece, unsigned char *room)
{
    P2pMessage message;
    int err = p2p_comm_receive(comm, &message, 0, P2P_TAG_MOMENT, room, piece->bytes);

    if (!err)
        err = p2p_comm_wait_long(comm, &message, 1);
    return err ? err : p2p_buffer_write(moment, piece->in_slice, piece->bytes, room);
}

typedef int Move(P2pComm *comm, P2pBuffer *moment, const Piece *piece, unsigned char *room);

static int move_own(const P2pShard *s, int i, P2pState state, Move *move)
{
    P2pComm *comm = p2p_exchange_comm(s->exchange);
    const Piece piece = piece_of(s, i, p2p_comm_rank(comm));
    unsigned char *room = piece.bytes ? p2p_alloc(piece.bytes, 1) : NULL;
    int err = P2P_OK;

    if (piece.bytes)
        err = room ? move(comm, s->slices[s->net->buckets.of[i]].state[state].buffer, &piece, room)
                   : P2P_ENOMEM;
    free(room);
    return err;
}

int p2p_shard_gather(P2pShard *s, int i, P2pState state, void *raw)
{
    P2pComm *comm = p2p_exchange_comm(s->exchange);
    const Piece own = piece_of(s, i, 0);
    unsigned char *to = raw;
    int err = P2P_OK;

    if (p2p_comm_rank(comm))
        return move_own(s, i, state, give);
    if (own.bytes)
        err = p2p_buffer_read(s->slices[s->net->buckets.of[i]].state[state].buffer, own.in_slice,
                              own.bytes, to + own.at);
    for (int rank = 1; !err && rank < p2p_comm_size(comm); rank++) {
        const Piece piece = piece_of(s, i, rank);
        P2pMessage message;
        if (piece.bytes)
            err =
                p2p_comm_receive(comm, &message, rank, P2P_TAG_MOMENT, to + piece.at, piece.bytes);
        if (!err && piece.bytes)
            err = p2p_comm_wait(comm, &message, 1, true);
    }
    return err;
}

int p2p_shard_deal(P2pShard *s, int i, P2pState state, const void *raw)
{
    P2pComm *comm = p2p_exchange_comm(s->exchange);
    const Piece own = piece_of(s, i, 0);
    const unsigned char *from = raw;
    int err = P2P_OK;

    if (p2p_comm_rank(comm))
        return move_own(s, i, state, take);
    if (own.bytes)
        err = p2p_buffer_write(s->slices[s->net->buckets.of[i]].state[state].buffer, own.in_slice,
                               own.bytes, from + own.at);
    for (int rank = 1; !err && rank < p2p_comm_size(comm); rank++) {
        const Piece piece = piece_of(s, i, rank);
        P2pMessage message;
        if (piece.bytes)
            err = p2p_comm_send(comm, &message, rank, P2P_TAG_MOMENT, from + piece.at, piece.bytes);
        if (!err && piece.bytes)
            err = p2p_comm_wait(comm, &message, 1, true);
    }
    return err;
}
