/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frozen graphs of TensorFlow (.pb): the constants that its variables became, by their nodes' names.
 * What the graph computes is not looked at. Trusts no length.
 *
 * Source: tensorflow/core/framework/graph.proto, node_def.proto, attr_value.proto, tensor.proto.
 */
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/tensor_file_parts.h"
#include "src/formats/tensorflow.h"

enum { MAX_CONSTANTS = 16384, GRAPH_NODE = 1, GRAPH_LAST = 7 };

bool p2p_tensorflow_graph_is(const void *data, size_t bytes)
{
    P2pWire w = {.data = data, .bytes = bytes};
    P2pField f = {0};

    if (!p2p_wire_field(&w, &f) || f.number != GRAPH_NODE || f.type != P2P_WIRE_BYTES)
        return false;
    while (f.number <= GRAPH_LAST && p2p_wire_field(&w, &f)) {
    }
    return f.number <= GRAPH_LAST && p2p_wire_ended(&w);
}

/* A TensorProto: its elements as bytes, or as floats of which the last stands for all further ones. */
typedef struct Constant {
    uint64_t dtype;
    P2pWire shape, content, floats;
    float single; /* a float that was not packed with others */
    int singles;
} Constant;

static bool parse_constant(P2pWire w, Constant *c)
{
    enum { DTYPE = 1, SHAPE = 2, CONTENT = 4, FLOATS = 5 };
    P2pField f;

    *c = (Constant){0};
    while (p2p_wire_field(&w, &f)) {
        if (f.number == DTYPE)
            c->dtype = f.value;
        else if (f.number == SHAPE)
            c->shape = f.within;
        else if (f.number == CONTENT)
            c->content = f.within;
        else if (f.number == FLOATS && f.type == P2P_WIRE_BYTES)
            c->floats = f.within;
        else if (f.number == FLOATS) {
            const uint32_t bits = (uint32_t)f.value;
            memcpy(&c->single, &bits, sizeof(bits));
            c->singles++;
        }
    }
    return p2p_wire_ended(&w);
}

/* All elements the same, or all but the first ones, written out. */
static int spread(P2pTensorFile *f, P2pFileTensor *t, const Constant *c)
{
    const size_t given = c->floats.bytes / sizeof(float);
    float last = c->singles ? c->single : 0.0f;

    if (c->floats.bytes % sizeof(float) || given > t->elements || c->singles > 1)
        return p2p_fail(P2P_EFORMAT, "%s: constant %.80s: malformed", f->path, t->name);
    if ((f->copied += t->bytes) > f->bytes)
        return p2p_fail(P2P_EFORMAT, "%s: constant %.80s: more elements than the file has data",
                        f->path, t->name);
    unsigned char *to = p2p_tensor_file_alloc(f, t->bytes);
    if (!to)
        return P2P_ENOMEM;
    t->data = to;
    if (given) {
        memcpy(to, c->floats.data, given * sizeof(float));
        memcpy(&last, c->floats.data + (given - 1) * sizeof(float), sizeof(last));
    }
    for (size_t i = given; i < t->elements; i++)
        memcpy(to + i * sizeof(last), &last, sizeof(last));
    return P2P_OK;
}

/* The value of a node that is a constant of f32; others are passed over. */
static int add_constant(P2pTensorFile *f, const P2pWire *name, P2pWire value)
{
    Constant c;
    P2pDtype dtype;

    if (!parse_constant(value, &c))
        return p2p_fail(P2P_EFORMAT, "%s: damaged graph of TensorFlow", f->path);
    if (!p2p_tensorflow_dtype(c.dtype, &dtype) || dtype != P2P_F32)
        return P2P_OK;
    if (f->count >= MAX_CONSTANTS || memchr(name->data, '\0', name->bytes))
        return p2p_fail(P2P_EFORMAT, "%s: more than %d constants, or a zero in a name", f->path,
                        MAX_CONSTANTS);
    P2pFileTensor *t = p2p_tensor_file_add(f, (const char *)name->data, name->bytes);
    if (!t)
        return P2P_ENOMEM;
    t->dtype = dtype;
    if (!p2p_tensorflow_shape(c.shape, t) || !p2p_file_tensor_measure(t) ||
        (c.content.bytes && c.content.bytes != t->bytes))
        return p2p_fail(P2P_EFORMAT, "%s: constant %.80s: malformed", f->path, t->name);
    t->data = c.content.data;
    return c.content.bytes ? P2P_OK : spread(f, t, &c);
}

/* attr["value"].tensor of an attribute; *good: it was that. */
static bool find_value(P2pWire attribute, P2pWire *value)
{
    enum { KEY = 1, VALUE = 2, TENSOR = 8 };
    P2pWire key = {0}, holder = {0};
    P2pField f;
    bool found = false;

    while (p2p_wire_field(&attribute, &f)) {
        if (f.number == KEY)
            key = f.within;
        else if (f.number == VALUE)
            holder = f.within;
    }
    while (p2p_wire_is(&key, "value") && p2p_wire_field(&holder, &f))
        if (f.number == TENSOR && f.type == P2P_WIRE_BYTES) {
            *value = f.within;
            found = true;
        }
    return found;
}

static int read_node(P2pTensorFile *file, P2pWire node)
{
    enum { NAME = 1, OP = 2, ATTRIBUTE = 5 };
    P2pWire name = {0}, op = {0}, value = {0};
    bool found = false;
    P2pField f;

    while (p2p_wire_field(&node, &f)) {
        if (f.type != P2P_WIRE_BYTES)
            continue;
        if (f.number == NAME)
            name = f.within;
        else if (f.number == OP)
            op = f.within;
        else if (f.number == ATTRIBUTE)
            found |= find_value(f.within, &value);
    }
    if (!p2p_wire_ended(&node))
        return p2p_fail(P2P_EFORMAT, "%s: damaged graph of TensorFlow", file->path);
    return found && name.bytes && p2p_wire_is(&op, "Const") ? add_constant(file, &name, value)
                                                            : P2P_OK;
}

static int read_graph(P2pTensorFile *file)
{
    P2pWire graph = {.data = file->data, .bytes = file->bytes};
    P2pField f;
    int err = P2P_OK;

    while (!err && p2p_wire_field(&graph, &f))
        if (f.number == GRAPH_NODE && f.type == P2P_WIRE_BYTES)
            err = read_node(file, f.within);
    if (!err && !p2p_wire_ended(&graph))
        err = p2p_fail(P2P_EFORMAT, "%s: damaged graph of TensorFlow", file->path);
    if (!err && !file->count)
        err = p2p_fail(P2P_EFORMAT,
                       "%s: is a graph of TensorFlow (.meta) without weights; give the checkpoint "
                       "beside it (.index)",
                       file->path);
    return err ? err : p2p_tensor_file_check_names(file);
}

int p2p_tensorflow_graph_read(P2pTensorFile **out, const char *path, const void *data, size_t bytes)
{
    int err = p2p_tensor_file_create(out, P2P_FILE_TENSORFLOW, path, data, bytes);

    if (!err && (err = read_graph(*out)) < 0)
        p2p_tensor_file_close(out);
    return err;
}
