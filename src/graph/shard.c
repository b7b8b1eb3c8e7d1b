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

static P2pBuffer *moment_of(const P2pShard *s, int i, P2pState state)
{
    return s->slices[s->net->buckets.of[i]].state[state].buffer;
}

/* The first rank: all pieces of a whole moment, from the ranks or to them. */
static int move_whole(const P2pShard *s, int i, P2pState state, unsigned char *raw, bool deal)
{
    P2pComm *comm = p2p_exchange_comm(s->exchange);
    const Piece own = piece_of(s, i, 0);
    P2pMessage *messages = p2p_alloc((size_t)p2p_comm_size(comm), sizeof(*messages));
    int count = 0, err = messages ? P2P_OK : P2P_ENOMEM;

    for (int rank = 1; !err && rank < p2p_comm_size(comm); rank++) {
        const Piece piece = piece_of(s, i, rank);
        if (!piece.bytes)
            continue;
        P2pMessage *m = &messages[count++];
        err = deal ? p2p_comm_send(comm, m, rank, P2P_TAG_MOMENT, raw + piece.at, piece.bytes)
                   : p2p_comm_receive(comm, m, rank, P2P_TAG_MOMENT, raw + piece.at, piece.bytes);
    }
    if (!err && own.bytes)
        err = deal ? p2p_buffer_write(moment_of(s, i, state), own.in_slice, own.bytes, raw + own.at)
                   : p2p_buffer_read(moment_of(s, i, state), own.in_slice, own.bytes, raw + own.at);
    if (!err)
        err = p2p_comm_wait(comm, messages, count, true);
    free(messages);
    return err;
}

/* Another rank: its piece, by way of the host's memory; the first one is slow where it has files to write or to read. */
static int move_own(const P2pShard *s, int i, P2pState state, bool deal)
{
    P2pComm *comm = p2p_exchange_comm(s->exchange);
    const Piece own = piece_of(s, i, p2p_comm_rank(comm));
    unsigned char *room = own.bytes ? p2p_alloc(own.bytes, 1) : NULL;
    P2pMessage message;
    int err = own.bytes && !room ? P2P_ENOMEM : P2P_OK;

    if (err || !own.bytes)
        return err;
    if (!deal)
        err = p2p_buffer_read(moment_of(s, i, state), own.in_slice, own.bytes, room);
    if (!err)
        err = deal ? p2p_comm_receive(comm, &message, 0, P2P_TAG_MOMENT, room, own.bytes)
                   : p2p_comm_send(comm, &message, 0, P2P_TAG_MOMENT, room, own.bytes);
    if (!err)
        err = p2p_comm_wait_long(comm, &message, 1);
    if (!err && deal)
        err = p2p_buffer_write(moment_of(s, i, state), own.in_slice, own.bytes, room);
    free(room);
    return err;
}

static int move(const P2pShard *s, int i, P2pState state, void *raw, bool deal)
{
    return p2p_comm_rank(p2p_exchange_comm(s->exchange)) ? move_own(s, i, state, deal)
                                                         : move_whole(s, i, state, raw, deal);
}

int p2p_shard_gather(P2pShard *s, int i, P2pState state, void *raw)
{
    return move(s, i, state, raw, false);
}

int p2p_shard_deal(P2pShard *s, int i, P2pState state, const void *raw)
{
    return move(s, i, state, (void *)(size_t)raw, true);
}
