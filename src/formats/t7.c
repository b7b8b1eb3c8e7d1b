/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading networks of Torch7 (.t7, binary with longs of 64 bits): objects as torch.File writes them,
 * then the modules with weights in the order in which they run. Objects are inert: functions in a file
 * are passed over, no class means anything but where nn keeps its modules. Trusts no length.
 */
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/tensor_file_parts.h"

enum {
    MAX_VALUES = 1 << 19,
    MAX_DEPTH = 1000, /* graphs are lists of nodes within nodes */
    MAX_MODULES = 4096,
    MAX_NAME = 128,
    MAX_SCANNED = 1 << 26
};

typedef enum Kind { NIL, NUMBER, BOOLEAN, TEXT, FUNCTION, TABLE, OBJECT, TENSOR, STORAGE } Kind;

typedef struct Value {
    Kind kind;
    bool seen;                 /* while modules are walked */
    double number;             /* NUMBER; TENSOR: its rank */
    const char *text;          /* TEXT; the class of what has one; not terminated */
    size_t length;             /* of it */
    int content;               /* OBJECT: its table; TENSOR: its storage; a value */
    int *items, count;         /* TABLE: key, value, key, value */
    const unsigned char *data; /* TENSOR: sizes, strides, offset; STORAGE: elements */
    size_t elements;           /* STORAGE */
    P2pDtype dtype;            /* STORAGE */
} Value;

typedef struct Reading {
    P2pTensorFile *file;
    size_t at;
    Value *values;
    int count;
    size_t room;
    int *objects; /* values by the file's numbers, from 1 on */
    int object_count;
    size_t object_room;
    int modules;    /* with weights, so far */
    size_t scanned; /* items of tables in search of fields: the same ones may be asked for ever */
} Reading;

static int fail_damaged(const Reading *r, const char *what)
{
    return p2p_fail(P2P_EFORMAT, "%s: damaged Torch7 file: %s before byte %zu", r->file->path, what,
                    r->at);
}

/* ---- Objects ------------------------------------------------------------------------------- */

static const unsigned char *take(Reading *r, size_t n)
{
    if (n > r->file->bytes - r->at) {
        fail_damaged(r, "truncated");
        return NULL;
    }
    r->at += n;
    return r->file->data + r->at - n;
}

static int take_int(Reading *r, int32_t *out)
{
    const unsigned char *p = take(r, sizeof(*out));

    if (!p)
        return P2P_EFORMAT;
    memcpy(out, p, sizeof(*out));
    return P2P_OK;
}

static int take_long(Reading *r, int64_t *out)
{
    const unsigned char *p = take(r, sizeof(*out));

    if (!p)
        return P2P_EFORMAT;
    memcpy(out, p, sizeof(*out));
    return P2P_OK;
}

static int take_text(Reading *r, const char **text, size_t *length)
{
    int32_t n;
    int err = take_int(r, &n);

    if (err || (n < 0 && (err = fail_damaged(r, "a text of negative length")) < 0))
        return err;
    *length = (size_t)n;
    *text = (const char *)take(r, *length);
    return *text ? P2P_OK : P2P_EFORMAT;
}

static int add_value(Reading *r, Value value, int *out)
{
    if (r->count >= MAX_VALUES)
        return p2p_fail(P2P_EFORMAT, "%s: more than %d values", r->file->path, MAX_VALUES);
    if (p2p_grow((void **)&r->values, &r->room, (size_t)r->count + 1, sizeof(value)) < 0)
        return P2P_ENOMEM;
    *out = r->count;
    r->values[r->count++] = value;
    return P2P_OK;
}

static bool is_text(const char *text, size_t length, const char *wanted)
{
    return strlen(wanted) == length && !memcmp(text, wanted, length);
}

/* The rest of "torch.REST" where the class ends so; else NULL. */
static const char *torch_class(const Value *v, const char *end, size_t *length)
{
    static const char front[] = "torch.";
    const size_t f = sizeof(front) - 1, e = strlen(end);

    if (v->length < f + e || memcmp(v->text, front, f) != 0 ||
        memcmp(v->text + v->length - e, end, e) != 0)
        return NULL;
    *length = v->length - f - e;
    return v->text + f;
}

static int read_object(Reading *r, int depth, int *out);

static int read_table(Reading *r, int table, int depth)
{
    int32_t pairs;
    int err = take_int(r, &pairs);
    size_t room = 0;
    int *items = NULL;

    if (!err && (pairs < 0 || pairs > MAX_VALUES / 2))
        err = fail_damaged(r, "a table of impossible size");
    for (int i = 0; !err && i < 2 * pairs; i++) {
        int item = 0;
        if ((err = read_object(r, depth + 1, &item)) == P2P_OK &&
            (err = p2p_grow((void **)&items, &room, (size_t)i + 1, sizeof(int))) == P2P_OK)
            items[r->values[table].count++] = item;
        r->values[table].items = items; /* which may have moved, as values may */
    }
    return err;
}

/* Rank, sizes, strides and an offset, then the storage. */
static int read_tensor(Reading *r, int tensor, int depth)
{
    int32_t rank;
    int err = take_int(r, &rank), storage = -1;

    if (!err && (rank < 0 || rank > P2P_MAX_RANK))
        err = fail_damaged(r, "a tensor of impossible rank");
    const unsigned char *data = err ? NULL : take(r, (2 * (size_t)rank + 1) * sizeof(int64_t));
    if (err || !data)
        return P2P_EFORMAT;
    if ((err = read_object(r, depth + 1, &storage)) < 0)
        return err;
    r->values[tensor].number = rank;
    r->values[tensor].data = data;
    r->values[tensor].content = storage;
    return P2P_OK;
}

static int read_storage(Reading *r, int storage)
{
    static const struct {
        const char *name;
        P2pDtype dtype;
    } types[] = {
        {"Float", P2P_F32}, {"Cuda", P2P_F32},     {"Double", P2P_F64}, {"CudaDouble", P2P_F64},
        {"Half", P2P_F16},  {"CudaHalf", P2P_F16}, {"Byte", P2P_U8},    {"CudaByte", P2P_U8},
        {"Char", P2P_I8},   {"CudaChar", P2P_I8},  {"Short", P2P_I16},  {"CudaShort", P2P_I16},
        {"Int", P2P_I32},   {"CudaInt", P2P_I32},  {"Long", P2P_I64},   {"CudaLong", P2P_I64}};
    Value *v = &r->values[storage];
    size_t length = 0, bytes;
    const char *type = torch_class(v, "Storage", &length);
    int64_t elements;
    size_t i = 0;

    while (i < P2P_COUNT(types) && !is_text(type, length, types[i].name))
        i++;
    if (i == P2P_COUNT(types))
        return fail_damaged(r, "a storage of unknown type");
    if (take_long(r, &elements) < 0)
        return P2P_EFORMAT;
    if (elements < 0 || !p2p_size_mul((size_t)elements, p2p_dtype_bytes(types[i].dtype), &bytes) ||
        !(v->data = take(r, bytes)))
        return fail_damaged(r, "a storage longer than the file");
    v->elements = (size_t)elements;
    v->dtype = types[i].dtype;
    return P2P_OK;
}

/* "V 1" and the class, or as before there were versions the class alone; then what it holds. */
static int read_torch(Reading *r, int value, int depth)
{
    const char *text;
    size_t length, unused;
    int content = -1, err = take_text(r, &text, &length);

    if (!err && length > 2 && !memcmp(text, "V ", 2))
        err = take_text(r, &text, &length);
    if (err)
        return err;
    Value *v = &r->values[value];
    v->text = text;
    v->length = length;
    if (torch_class(v, "Storage", &unused)) {
        v->kind = STORAGE;
        return read_storage(r, value);
    }
    if (torch_class(v, "Tensor", &unused)) {
        v->kind = TENSOR;
        return read_tensor(r, value, depth);
    }
    if ((err = read_object(r, depth + 1, &content)) < 0)
        return err;
    r->values[value].content = content;
    return P2P_OK;
}

/* Bytecode and what it closes over: neither is of use. */
static int read_function(Reading *r, int depth)
{
    const char *text;
    size_t length;
    int upvalues, err = take_text(r, &text, &length);

    return err ? err : read_object(r, depth + 1, &upvalues);
}

/* A table, object or function: its number, and itself where it has not come before. */
static int read_numbered(Reading *r, Kind kind, int depth, int *out)
{
    int32_t number;
    int err = take_int(r, &number);

    if (err)
        return err;
    if (number >= 1 && number <= r->object_count) {
        *out = r->objects[number - 1];
        return P2P_OK;
    }
    if (number != r->object_count + 1)
        return fail_damaged(r, "an object out of order");
    if ((err = add_value(r, (Value){.kind = kind, .content = -1}, out)) < 0)
        return err;
    if (p2p_grow((void **)&r->objects, &r->object_room, (size_t)number, sizeof(int)) < 0)
        return P2P_ENOMEM;
    r->objects[r->object_count++] = *out;
    return kind == TABLE    ? read_table(r, *out, depth)
           : kind == OBJECT ? read_torch(r, *out, depth)
                            : read_function(r, depth);
}

static int read_object(Reading *r, int depth, int *out)
{
    enum {
        TYPE_NIL,
        TYPE_NUMBER,
        TYPE_STRING,
        TYPE_TABLE,
        TYPE_TORCH,
        TYPE_BOOLEAN,
        TYPE_FUNCTION,
        TYPE_OLD_RECUR_FUNCTION,
        TYPE_RECUR_FUNCTION
    };
    Value v = {.kind = NIL, .content = -1};
    const unsigned char *p;
    int32_t type;
    int err = take_int(r, &type);

    if (!err && depth > MAX_DEPTH)
        err = fail_damaged(r, "objects nested too deep");
    if (err)
        return err;
    switch (type) {
    case TYPE_NIL:
        return add_value(r, v, out);
    case TYPE_NUMBER:
        v.kind = NUMBER;
        if (!(p = take(r, sizeof(v.number))))
            return P2P_EFORMAT;
        memcpy(&v.number, p, sizeof(v.number));
        return add_value(r, v, out);
    case TYPE_BOOLEAN:
        v.kind = BOOLEAN;
        return take(r, sizeof(int32_t)) ? add_value(r, v, out) : P2P_EFORMAT;
    case TYPE_STRING:
        v.kind = TEXT;
        err = take_text(r, &v.text, &v.length);
        return err ? err : add_value(r, v, out);
    case TYPE_TABLE:
        return read_numbered(r, TABLE, depth, out);
    case TYPE_TORCH:
        return read_numbered(r, OBJECT, depth, out);
    case TYPE_FUNCTION:
        v.kind = FUNCTION;
        err = read_function(r, depth);
        return err ? err : add_value(r, v, out);
    case TYPE_OLD_RECUR_FUNCTION:
    case TYPE_RECUR_FUNCTION:
        return read_numbered(r, FUNCTION, depth, out);
    default:
        return fail_damaged(r, "a value of unknown type");
    }
}

/* ---- Modules ------------------------------------------------------------------------------- */

/* The value under a text in an object's or a table's own fields; NULL: none. */
static const Value *field(Reading *r, const Value *of, const char *name)
{
    if (of && of->kind == OBJECT)
        of = of->content >= 0 ? &r->values[of->content] : NULL;
    if (!of || of->kind != TABLE || (r->scanned += (size_t)of->count) > MAX_SCANNED)
        return NULL;
    for (int i = 0; i + 1 < of->count; i += 2) {
        const Value *key = &r->values[of->items[i]];
        if (key->kind == TEXT && is_text(key->text, key->length, name))
            return &r->values[of->items[i + 1]];
    }
    return NULL;
}

static int read_long(const unsigned char *p, size_t i, size_t *out)
{
    int64_t value;

    memcpy(&value, p + i * sizeof(value), sizeof(value));
    *out = (size_t)value;
    return value < 0 ? P2P_EFORMAT : P2P_OK;
}

/* A tensor of the file, with its data; *t has its name. */
static int place(Reading *r, const Value *v, P2pFileTensor *t)
{
    const Value *s = v->content >= 0 ? &r->values[v->content] : NULL;
    size_t stride[P2P_MAX_RANK], offset;
    int err = P2P_OK;

    t->rank = (int)v->number;
    for (int i = 0; !err && i < t->rank; i++)
        if ((err = read_long(v->data, (size_t)i, &t->shape[i])) == P2P_OK)
            err = read_long(v->data, (size_t)(t->rank + i), &stride[i]);
    if (!err)
        err = read_long(v->data, 2 * (size_t)t->rank, &offset);
    if (err || !s || s->kind != STORAGE || !offset || offset - 1 > s->elements)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %s: malformed", r->file->path, t->name);
    t->dtype = s->dtype;
    return p2p_tensor_file_place(r->file, t, stride,
                                 s->data + (offset - 1) * p2p_dtype_bytes(s->dtype),
                                 s->elements - (offset - 1));
}

/* "7.SpatialConvolution.weight" and so on: the seventh module that has weights. */
static int add_module(Reading *r, const Value *module)
{
    static const char *const fields[] = {"weight", "bias", "running_mean", "running_var"};
    const char *class = module->text;
    size_t length = module->length;
    char name[MAX_NAME];
    int err = P2P_OK;

    for (size_t i = 0; i < module->length; i++)
        if (module->text[i] == '.') {
            class = module->text + i + 1;
            length = module->length - i - 1;
        }
    if (++r->modules > MAX_MODULES || length > MAX_NAME / 2)
        return p2p_fail(P2P_EFORMAT, "%s: more than %d modules, or an endless class name",
                        r->file->path, MAX_MODULES);
    for (size_t i = 0; !err && i < P2P_COUNT(fields); i++) {
        const Value *v = field(r, module, fields[i]);
        if (!v || v->kind != TENSOR || !v->number)
            continue;
        snprintf(name, sizeof(name), "%d.%.*s.%s", r->modules, (int)length, class, fields[i]);
        P2pFileTensor *t = p2p_tensor_file_add(r->file, name, strlen(name));
        err = t ? place(r, v, t) : P2P_ENOMEM;
    }
    return err;
}

static int walk(Reading *r, int value, int depth);

/* Values 1, 2, 3 ... of a table, in order; nodes: the modules in them. At most `limit`. */
static int walk_list(Reading *r, const Value *list, bool nodes, int limit, int depth)
{
    const int count = list->count / 2;
    int *order = p2p_alloc((size_t)count + 1, sizeof(*order)), err = order ? P2P_OK : P2P_ENOMEM;

    for (int i = 0; !err && i < count; i++) {
        const Value *key = &r->values[list->items[2 * i]];
        if (key->kind == NUMBER && key->number >= 1 && key->number <= count)
            order[(int)key->number - 1] = list->items[2 * i + 1] + 1; /* 0: none */
    }
    for (int i = 0; !err && i < count && i < limit; i++) {
        const Value *v = order[i] ? &r->values[order[i] - 1] : NULL;
        if (v && nodes)
            v = field(r, field(r, v, "data"), "module");
        if (v)
            err = walk(r, (int)(v - r->values), depth);
    }
    free(order);
    return err;
}

/* Each module once, containers' in their order. */
static int walk(Reading *r, int value, int depth)
{
    Value *v = &r->values[value];

    if (v->kind != OBJECT || v->seen)
        return P2P_OK;
    if (depth > MAX_DEPTH)
        return fail_damaged(r, "modules nested too deep");
    v->seen = true;
    const Value *nodes = field(r, v, "forwardnodes"), *modules = field(r, v, "modules");
    const Value *weight = field(r, v, "weight");
    const bool copies = is_text(v->text, v->length, "nn.DataParallelTable");
    if (nodes && nodes->kind == TABLE)
        return walk_list(r, nodes, true, MAX_VALUES, depth + 1);
    if (modules && modules->kind == TABLE)
        return walk_list(r, modules, false, copies ? 1 : MAX_VALUES, depth + 1);
    return weight && weight->kind == TENSOR ? add_module(r, v) : P2P_OK;
}

static int parse(Reading *r)
{
    int root = 0, err = read_object(r, 0, &root);

    if (!err && r->values[root].kind != OBJECT)
        err = p2p_fail(P2P_EFORMAT, "%s: a Torch7 file of no network; save the network alone",
                       r->file->path);
    if (!err)
        err = walk(r, root, 0);
    if (!err && r->scanned > MAX_SCANNED)
        err = fail_damaged(r, "more fields than any network has");
    if (!err && !r->modules)
        err = p2p_fail(P2P_EFORMAT, "%s: a Torch7 object without weights in nn's modules",
                       r->file->path);
    return err ? err : p2p_tensor_file_check_names(r->file);
}

int p2p_t7_read(P2pTensorFile **out, const char *path, const void *data, size_t bytes)
{
    Reading r = {0};
    int err = p2p_tensor_file_create(out, P2P_FILE_T7, path, data, bytes);

    if (err)
        return err;
    r.file = *out;
    err = parse(&r);
    for (int i = 0; i < r.count; i++)
        free(r.values[i].items);
    free(r.values);
    free(r.objects);
    if (err)
        p2p_tensor_file_close(out);
    return err;
}
