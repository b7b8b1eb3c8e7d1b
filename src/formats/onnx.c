/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ONNX as protobuf: messages are built in memory, but for the weights' data, which is streamed
 * behind them. Field numbers are those of onnx.proto.
 */
#include "src/formats/onnx.h"

#include <nettle/sha2.h>
#include <stdlib.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/protobuf.h"

enum { IR_VERSION = 8, OPSET = 17 };

typedef struct Weight {
    P2pMessage head; /* all fields but the data's bytes */
    size_t bytes;
    int number;
} Weight;

struct P2pOnnx {
    P2pMessage model, graph;
    Weight *weights;
    size_t count, capacity;
    int err;
};

/* ---- Building ------------------------------------------------------------------------------ */

int p2p_onnx_create(P2pOnnx **out, const char *graph_name, const char *doc)
{
    P2pOnnx *o = *out = p2p_alloc(1, sizeof(*o));
    P2pMessage opset = {0};

    if (!o)
        return P2P_ENOMEM;
    p2p_message_int(&o->model, 1, IR_VERSION);
    p2p_message_text(&o->model, 2, "pix2pix-cl");
    p2p_message_text(&o->model, 3, p2p_version());
    p2p_message_text(&o->model, 6, doc);
    p2p_message_text(&opset, 1, "");
    p2p_message_int(&opset, 2, OPSET);
    p2p_message_nest(&o->model, 8, &opset);
    p2p_message_text(&o->graph, 2, graph_name);
    return P2P_OK;
}

void p2p_onnx_destroy(P2pOnnx **onnx)
{
    P2pOnnx *o = *onnx;

    if (!o)
        return;
    for (size_t i = 0; i < o->count; i++)
        free(o->weights[i].head.data);
    free(o->weights);
    free(o->model.data);
    free(o->graph.data);
    free(o);
    *onnx = NULL;
}

static void put_attribute(P2pMessage *node, const P2pOnnxAttr *a)
{
    enum { FLOAT = 1, INT = 2, STRING = 3, INTS = 7 };
    P2pMessage m = {0};

    p2p_message_text(&m, 1, a->name);
    switch (a->kind) {
    case 'f':
        p2p_message_float(&m, 2, a->real);
        p2p_message_int(&m, 20, FLOAT);
        break;
    case 's':
        p2p_message_text(&m, 4, a->text);
        p2p_message_int(&m, 20, STRING);
        break;
    case 'i':
        p2p_message_int(&m, 3, a->ints[0]);
        p2p_message_int(&m, 20, INT);
        break;
    default:
        for (int i = 0; i < a->count; i++)
            p2p_message_int(&m, 8, a->ints[i]);
        p2p_message_int(&m, 20, INTS);
    }
    p2p_message_nest(node, 5, &m);
}

void p2p_onnx_node(P2pOnnx *o, const char *op, const char *const *inputs, const char *output,
                   const P2pOnnxAttr *attributes)
{
    P2pMessage node = {0};

    for (int i = 0; inputs[i]; i++)
        p2p_message_text(&node, 1, inputs[i]);
    p2p_message_text(&node, 2, output);
    p2p_message_text(&node, 3, output); /* the node is called like what it makes */
    p2p_message_text(&node, 4, op);
    for (int i = 0; attributes && attributes[i].name; i++)
        put_attribute(&node, &attributes[i]);
    p2p_message_nest(&o->graph, 1, &node);
}

void p2p_onnx_port(P2pOnnx *o, bool is_output, const char *name, int channels)
{
    static const char *const symbols[2][4] = {{"N", NULL, "H", "W"}, {"N", NULL, "H_out", "W_out"}};
    P2pMessage shape = {0}, tensor = {0}, type = {0}, info = {0};

    for (int i = 0; i < 4; i++) {
        P2pMessage dim = {0};
        if (symbols[is_output][i])
            p2p_message_text(&dim, 2, symbols[is_output][i]);
        else
            p2p_message_int(&dim, 1, channels);
        p2p_message_nest(&shape, 1, &dim);
    }
    p2p_message_int(&tensor, 1, P2P_ONNX_FLOAT);
    p2p_message_nest(&tensor, 2, &shape);
    p2p_message_nest(&type, 1, &tensor);
    p2p_message_text(&info, 1, name);
    p2p_message_nest(&info, 2, &type);
    p2p_message_nest(&o->graph, is_output ? 12 : 11, &info);
}

void p2p_onnx_weight(P2pOnnx *o, const char *name, P2pOnnxType type, const size_t *shape, int rank,
                     int number)
{
    if (!o->err)
        o->err = p2p_grow((void **)&o->weights, &o->capacity, o->count + 1, sizeof(*o->weights));
    if (o->err)
        return;
    Weight *w = &o->weights[o->count++];
    *w = (Weight){.bytes = type == P2P_ONNX_FLOAT   ? 4
                           : type == P2P_ONNX_INT64 ? 8
                                                    : 2,
                  .number = number};
    for (int i = 0; i < rank; i++) {
        p2p_message_int(&w->head, 1, (int64_t)shape[i]);
        w->bytes *= shape[i];
    }
    p2p_message_int(&w->head, 2, type);
    p2p_message_text(&w->head, 8, name);
    p2p_message_frame(&w->head, 9, w->bytes);
    o->err = w->head.err;
}

static void add_meta(P2pMessage *model, const char *key, const char *value)
{
    P2pMessage entry = {0};

    p2p_message_text(&entry, 1, key);
    p2p_message_text(&entry, 2, value);
    p2p_message_nest(model, 14, &entry);
}

void p2p_onnx_meta(P2pOnnx *o, const char *key, const char *value)
{
    add_meta(&o->model, key, value);
}

/* ---- Writing ------------------------------------------------------------------------------- */

static int put_weight(P2pWriter *writer, const Weight *w, P2pGetTensor get, void *user,
                      struct sha256_ctx *sha)
{
    unsigned char head[P2P_FRAME_BYTES];
    const size_t head_bytes = p2p_protobuf_frame(head, 5, w->head.used + w->bytes);
    void *data = p2p_alloc(w->bytes, 1);
    int err = data ? get(user, w->number, data) : P2P_ENOMEM;

    if (!err && (err = p2p_writer_put(writer, head, head_bytes)) == 0 &&
        (err = p2p_writer_put(writer, w->head.data, w->head.used)) == 0)
        err = p2p_writer_put(writer, data, w->bytes);
    if (!err)
        sha256_update(sha, w->bytes, data);
    free(data);
    return err;
}

/* Fields may stand in any order: this one is known when all else is written. */
static int put_digest(P2pWriter *writer, struct sha256_ctx *sha)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    char digits[2 * SHA256_DIGEST_SIZE + 1];
    P2pMessage m = {0};

    sha256_digest(sha, sizeof(digest), digest);
    p2p_hex(digits, digest, sizeof(digest));
    add_meta(&m, "sha256", digits);
    const int err = m.err ? m.err : p2p_writer_put(writer, m.data, m.used);
    free(m.data);
    return err;
}

static int put_all(const P2pOnnx *o, P2pWriter *writer, P2pGetTensor get, void *user)
{
    unsigned char head[P2P_FRAME_BYTES];
    uint64_t graph = o->graph.used;
    struct sha256_ctx sha;
    int err;

    for (size_t i = 0; i < o->count; i++) {
        const uint64_t inner = o->weights[i].head.used + o->weights[i].bytes;
        graph += p2p_protobuf_frame(head, 5, inner) + inner;
    }
    if ((err = p2p_writer_put(writer, o->model.data, o->model.used)) < 0 ||
        (err = p2p_writer_put(writer, head, p2p_protobuf_frame(head, 7, graph))) < 0 ||
        (err = p2p_writer_put(writer, o->graph.data, o->graph.used)) < 0)
        return err;
    sha256_init(&sha);
    for (size_t i = 0; !err && i < o->count; i++)
        err = put_weight(writer, &o->weights[i], get, user, &sha);
    return err ? err : put_digest(writer, &sha);
}

int p2p_onnx_write(P2pOnnx *o, const char *path, P2pGetTensor get, void *user)
{
    P2pWriter writer;
    int err = o->err ? o->err : o->model.err ? o->model.err : o->graph.err;

    if (err || (err = p2p_writer_open(&writer, path)) < 0)
        return err;
    if ((err = put_all(o, &writer, get, user)) < 0) {
        p2p_writer_close(&writer);
        return err;
    }
    return p2p_writer_commit(&writer);
}
