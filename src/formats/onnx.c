/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ONNX as protobuf: messages are built in memory, but for the weights' data, which is streamed
 * behind them. Field numbers are those of onnx.proto.
 */
#include "src/formats/onnx.h"

#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"

enum { IR_VERSION = 8, OPSET = 17 };
enum { VARINT = 0, BYTES = 2, FIXED32 = 5 }; /* wire types */

/* A message that grows; an error stays. */
typedef struct Message {
    unsigned char *data;
    size_t used, room;
    int err;
} Message;

typedef struct Weight {
    Message head; /* all fields but the data's bytes */
    size_t bytes;
    int number;
} Weight;

struct P2pOnnx {
    Message model, graph;
    Weight *weights;
    size_t count, capacity;
    int err;
};

/* ---- Protobuf ------------------------------------------------------------------------------ */

static void put(Message *m, const void *data, size_t bytes)
{
    if (!m->err && bytes && !(m->err = p2p_grow((void **)&m->data, &m->room, m->used + bytes, 1))) {
        memcpy(m->data + m->used, data, bytes);
        m->used += bytes;
    }
}

static size_t varint(unsigned char out[10], uint64_t value)
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        out[n++] = (unsigned char)(value | 0x80);
    out[n++] = (unsigned char)value;
    return n;
}

static void put_varint(Message *m, uint64_t value)
{
    unsigned char bytes[10];

    put(m, bytes, varint(bytes, value));
}

static void put_tag(Message *m, int field, int wire)
{
    put_varint(m, (uint64_t)field << 3 | (uint64_t)wire);
}

static void put_int(Message *m, int field, int64_t value)
{
    put_tag(m, field, VARINT);
    put_varint(m, (uint64_t)value);
}

static void put_float(Message *m, int field, float value)
{
    put_tag(m, field, FIXED32);
    put(m, &value, sizeof(value));
}

static void put_text(Message *m, int field, const char *text)
{
    put_tag(m, field, BYTES);
    put_varint(m, strlen(text));
    put(m, text, strlen(text));
}

/* A message within another; it is released. */
static void put_message(Message *m, int field, Message *inner)
{
    put_tag(m, field, BYTES);
    put_varint(m, inner->used);
    put(m, inner->data, inner->used);
    m->err = m->err ? m->err : inner->err;
    free(inner->data);
    *inner = (Message){0};
}

/* ---- Building ------------------------------------------------------------------------------ */

int p2p_onnx_create(P2pOnnx **out, const char *graph_name, const char *doc)
{
    P2pOnnx *o = *out = p2p_alloc(1, sizeof(*o));
    Message opset = {0};

    if (!o)
        return P2P_ENOMEM;
    put_int(&o->model, 1, IR_VERSION);
    put_text(&o->model, 2, "pix2pix-cl");
    put_text(&o->model, 3, p2p_version());
    put_text(&o->model, 6, doc);
    put_text(&opset, 1, "");
    put_int(&opset, 2, OPSET);
    put_message(&o->model, 8, &opset);
    put_text(&o->graph, 2, graph_name);
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

static void put_attribute(Message *node, const P2pOnnxAttr *a)
{
    enum { FLOAT = 1, INT = 2, STRING = 3, INTS = 7 };
    Message m = {0};

    put_text(&m, 1, a->name);
    switch (a->kind) {
    case 'f':
        put_float(&m, 2, a->real);
        put_int(&m, 20, FLOAT);
        break;
    case 's':
        put_text(&m, 4, a->text);
        put_int(&m, 20, STRING);
        break;
    case 'i':
        put_int(&m, 3, a->ints[0]);
        put_int(&m, 20, INT);
        break;
    default:
        for (int i = 0; i < a->count; i++)
            put_int(&m, 8, a->ints[i]);
        put_int(&m, 20, INTS);
    }
    put_message(node, 5, &m);
}

void p2p_onnx_node(P2pOnnx *o, const char *op, const char *const *inputs, const char *output,
                   const P2pOnnxAttr *attributes)
{
    Message node = {0};

    for (int i = 0; inputs[i]; i++)
        put_text(&node, 1, inputs[i]);
    put_text(&node, 2, output);
    put_text(&node, 3, output); /* the node is called like what it makes */
    put_text(&node, 4, op);
    for (int i = 0; attributes && attributes[i].name; i++)
        put_attribute(&node, &attributes[i]);
    put_message(&o->graph, 1, &node);
}

void p2p_onnx_port(P2pOnnx *o, bool is_output, const char *name, int channels)
{
    static const char *const symbols[2][4] = {{"N", NULL, "H", "W"}, {"N", NULL, "H_out", "W_out"}};
    Message shape = {0}, tensor = {0}, type = {0}, info = {0};

    for (int i = 0; i < 4; i++) {
        Message dim = {0};
        if (symbols[is_output][i])
            put_text(&dim, 2, symbols[is_output][i]);
        else
            put_int(&dim, 1, channels);
        put_message(&shape, 1, &dim);
    }
    put_int(&tensor, 1, P2P_ONNX_FLOAT);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&info, 1, name);
    put_message(&info, 2, &type);
    put_message(&o->graph, is_output ? 12 : 11, &info);
}

void p2p_onnx_weight(P2pOnnx *o, const char *name, P2pOnnxType type, const size_t *shape,
                     int rank, int number)
{
    if (!o->err)
        o->err = p2p_grow((void **)&o->weights, &o->capacity, o->count + 1, sizeof(*o->weights));
    if (o->err)
        return;
    Weight *w = &o->weights[o->count++];
    *w = (Weight){.bytes = type == P2P_ONNX_FLOAT ? 4 : type == P2P_ONNX_INT64 ? 8 : 2,
                  .number = number};
    for (int i = 0; i < rank; i++) {
        put_int(&w->head, 1, (int64_t)shape[i]);
        w->bytes *= shape[i];
    }
    put_int(&w->head, 2, type);
    put_text(&w->head, 8, name);
    put_tag(&w->head, 9, BYTES);
    put_varint(&w->head, w->bytes);
    o->err = w->head.err;
}

void p2p_onnx_meta(P2pOnnx *o, const char *key, const char *value)
{
    Message entry = {0};

    put_text(&entry, 1, key);
    put_text(&entry, 2, value);
    put_message(&o->model, 14, &entry);
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Tag and length of a message, into a buffer: how many bytes. */
static size_t frame(unsigned char out[20], int field, uint64_t length)
{
    const size_t n = varint(out, (uint64_t)field << 3 | BYTES);

    return n + varint(out + n, length);
}

static int put_weight(P2pWriter *writer, const Weight *w, P2pGetTensor get, void *user)
{
    unsigned char head[20];
    void *data = p2p_alloc(w->bytes, 1);
    int err = data ? get(user, w->number, data) : P2P_ENOMEM;

    if (!err && (err = p2p_writer_put(writer, head, frame(head, 5, w->head.used + w->bytes))) == 0 &&
        (err = p2p_writer_put(writer, w->head.data, w->head.used)) == 0)
        err = p2p_writer_put(writer, data, w->bytes);
    free(data);
    return err;
}

static int put_all(const P2pOnnx *o, P2pWriter *writer, P2pGetTensor get, void *user)
{
    unsigned char head[20];
    uint64_t graph = o->graph.used;
    int err;

    for (size_t i = 0; i < o->count; i++) {
        const uint64_t inner = o->weights[i].head.used + o->weights[i].bytes;
        graph += frame(head, 5, inner) + inner;
    }
    if ((err = p2p_writer_put(writer, o->model.data, o->model.used)) < 0 ||
        (err = p2p_writer_put(writer, head, frame(head, 7, graph))) < 0 ||
        (err = p2p_writer_put(writer, o->graph.data, o->graph.used)) < 0)
        return err;
    for (size_t i = 0; !err && i < o->count; i++)
        err = put_weight(writer, &o->weights[i], get, user);
    return err;
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
