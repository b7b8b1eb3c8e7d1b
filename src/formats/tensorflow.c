/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TensorFlow's checkpoints ("tensor bundles"): a sorted table of what there is, and a file of raw data.
 * Trusts no length, and no data whose checksum is wrong.
 *
 * Source: tensorflow/core/protobuf/tensor_bundle.proto, framework/tensor_shape.proto, types.proto.
 */
#include "src/formats/tensorflow.h"

#include <stdio.h>
#include <string.h>

#include "src/base/crc32c.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/sorted_table.h"
#include "src/formats/tensor_file_parts.h"

enum { MAX_TENSORS = 16384, MAX_LIST = 1 << 20 };

static const char index_end[] = ".index", data_end[] = ".data-00000-of-00001",
                  list[] = "checkpoint";

/* ---- Names --------------------------------------------------------------------------------- */

static bool ends(const char *text, const char *with)
{
    const size_t n = strlen(text), w = strlen(with);

    return n > w && !strcmp(text + n - w, with);
}

static bool has_index(const char *front)
{
    char *name = p2p_format("%s%s", front, index_end);
    const bool there = name && p2p_file_exists(name);

    free(name);
    return there;
}

/* model_checkpoint_path: "NAME", in the folder of the list where it is no whole path. */
static int read_list(const char *path, char **out)
{
    static const char key[] = "model_checkpoint_path: \"";
    const char *slash = strrchr(path, '/');
    unsigned char *text;
    size_t bytes;
    int err = p2p_file_read(path, MAX_LIST, &text, &bytes);

    if (err)
        return err;
    const char *name = (const char *)text + sizeof(key) - 1;
    const char *end = bytes >= sizeof(key) && !memcmp(text, key, sizeof(key) - 1)
                          ? memchr(name, '"', bytes - (sizeof(key) - 1))
                          : NULL;
    if (!end || end == name || memchr(name, '\0', (size_t)(end - name)))
        err =
            p2p_fail(P2P_EFORMAT,
                     "%s: names no checkpoint of TensorFlow; give the model's .index itself", path);
    else if (!(*out = p2p_format("%.*s%.*s", slash && *name != '/' ? (int)(slash + 1 - path) : 0,
                                 path, (int)(end - name), name)))
        err = P2P_ENOMEM;
    free(text);
    return err;
}

int p2p_tensorflow_find(const char *path, char **out)
{
    const size_t n = strlen(path);
    const char *slash = strrchr(path, '/');
    char *inside = NULL;
    int err = P2P_OK;

    *out = NULL;
    if (p2p_folder_exists(path)) {
        if (!(inside = p2p_format("%s/%s", path, list)))
            return P2P_ENOMEM;
        if (p2p_file_exists(inside))
            err = read_list(inside, out);
        free(inside);
        return err;
    }
    if (!strcmp(slash ? slash + 1 : path, list) && p2p_file_exists(path))
        return read_list(path, out);
    const size_t end = ends(path, index_end)  ? sizeof(index_end) - 1
                       : ends(path, data_end) ? sizeof(data_end) - 1
                                              : 0;
    if (!end && (p2p_file_exists(path) || !has_index(path)))
        return P2P_OK;
    *out = p2p_format("%.*s", (int)(n - end), path);
    return *out ? P2P_OK : P2P_ENOMEM;
}

/* ---- What the table says ------------------------------------------------------------------- */

bool p2p_tensorflow_dtype(uint64_t number, P2pDtype *dtype)
{
    static const struct {
        uint64_t number;
        P2pDtype dtype;
    } types[] = {{1, P2P_F32}, {2, P2P_F64}, {3, P2P_I32},   {4, P2P_U8},    {5, P2P_I16},
                 {6, P2P_I8},  {9, P2P_I64}, {10, P2P_BOOL}, {14, P2P_BF16}, {19, P2P_F16}};

    for (size_t i = 0; i < P2P_COUNT(types); i++)
        if (types[i].number == number) {
            *dtype = types[i].dtype;
            return true;
        }
    return false;
}

bool p2p_tensorflow_shape(P2pWire shape, P2pFileTensor *t)
{
    enum { DIM = 2, SIZE = 1 };
    P2pField axis, field;

    t->rank = 0;
    while (p2p_wire_field(&shape, &axis)) {
        uint64_t size = 0;
        if (axis.number != DIM || axis.type != P2P_WIRE_BYTES)
            return false;
        while (p2p_wire_field(&axis.within, &field))
            if (field.number == SIZE && field.type == P2P_WIRE_VARINT)
                size = field.value;
        if (!p2p_wire_ended(&axis.within) || t->rank == P2P_MAX_RANK || size > INT64_MAX)
            return false;
        t->shape[t->rank++] = (size_t)size;
    }
    return p2p_wire_ended(&shape);
}

/* One or more files, and in which order their numbers' bytes are. */
static int check_header(const P2pTensorFile *f, P2pWire header)
{
    enum { SHARDS = 1, ENDIANNESS = 2 };
    uint64_t shards = 0, big_endian = 0;
    P2pField field;

    while (p2p_wire_field(&header, &field))
        if (field.number == SHARDS)
            shards = field.value;
        else if (field.number == ENDIANNESS)
            big_endian = field.value;
    if (!p2p_wire_ended(&header) || shards != 1 || big_endian)
        return p2p_fail(P2P_EFORMAT,
                        "%s: a checkpoint of %llu parts%s; only those of one, with the least byte "
                        "first, can be read",
                        f->path, (unsigned long long)shards,
                        big_endian ? " with the greatest byte first" : "");
    return P2P_OK;
}

/* A BundleEntryProto. */
typedef struct Entry {
    uint64_t dtype, shard, offset, size, crc;
    P2pWire shape;
    bool in_slices, good;
} Entry;

static Entry parse_entry(P2pWire value)
{
    enum { DTYPE = 1, SHAPE = 2, SHARD = 3, OFFSET = 4, SIZE = 5, CRC = 6, SLICES = 7 };
    Entry e = {0};
    P2pField f;

    while (p2p_wire_field(&value, &f)) {
        e.dtype = f.number == DTYPE ? f.value : e.dtype;
        e.shape = f.number == SHAPE ? f.within : e.shape;
        e.shard = f.number == SHARD ? f.value : e.shard;
        e.offset = f.number == OFFSET ? f.value : e.offset;
        e.size = f.number == SIZE ? f.value : e.size;
        e.crc = f.number == CRC ? f.value : e.crc;
        e.in_slices |= f.number == SLICES;
    }
    e.good = p2p_wire_ended(&value);
    return e;
}

/* Moments of Adam: twice as much as the weights themselves, of no use here. */
static bool is_optimizers(const char *name)
{
    return ends(name, "/Adam") || ends(name, "/Adam_1");
}

static int add_tensor(P2pTensorFile *f, const char *name, size_t length, const Entry *e)
{
    P2pFileTensor *t = p2p_tensor_file_add(f, name, length);

    if (!t)
        return P2P_ENOMEM;
    if (!p2p_tensorflow_dtype(e->dtype, &t->dtype) || !p2p_tensorflow_shape(e->shape, t) ||
        !p2p_file_tensor_measure(t) || t->bytes != e->size || e->shard)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: malformed", f->path, name);
    if (e->offset > f->bytes || e->size > f->bytes - e->offset)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s lies beyond the end of %s", f->path, name,
                        data_end + 1);
    t->data = f->data + e->offset;
    if (p2p_crc32c_masked(t->data, t->bytes) != e->crc)
        return p2p_fail(P2P_EFORMAT, "%s: damaged: the checksum of tensor %.80s is wrong", f->path,
                        name);
    p2p_file_tensor_forget(f, t);
    return P2P_OK;
}

static int take_entry(void *user, const char *name, size_t length, P2pWire value)
{
    P2pTensorFile *f = user;
    P2pDtype dtype;

    if (!length)
        return check_header(f, value);
    const Entry e = parse_entry(value);
    if (!e.good || strlen(name) != length || f->count >= MAX_TENSORS)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: malformed, or more than %d of them",
                        f->path, name, MAX_TENSORS);
    if (is_optimizers(name) || !p2p_tensorflow_dtype(e.dtype, &dtype))
        return P2P_OK;
    if (e.in_slices)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s is kept in slices; save it whole", f->path,
                        name);
    return add_tensor(f, name, length, &e);
}

static int read_index(P2pTensorFile *f, const unsigned char *index, size_t bytes)
{
    const int err = p2p_table_read(f->path, index, bytes, take_entry, f);

    return err || f->count ? err
                           : p2p_fail(P2P_EFORMAT, "%s: a checkpoint without tensors", f->path);
}

int p2p_tensorflow_read_memory(P2pTensorFile **out, const char *path, const void *index,
                               size_t index_bytes, const void *data, size_t bytes)
{
    int err = p2p_tensor_file_create(out, P2P_FILE_TENSORFLOW, path, data, bytes);

    if (!err && (err = read_index(*out, index, index_bytes)) < 0)
        p2p_tensor_file_close(out);
    return err;
}

/* The file over the data, called by the index, which tells what is in it. */
static int open_data(P2pTensorFile **out, const char *front, const char *index)
{
    char *name = p2p_format("%s%s", front, data_end), *path = p2p_strdup(index);
    int err = name && path ? P2P_OK : P2P_ENOMEM;

    if (!err && !p2p_file_exists(name))
        err = p2p_fail(P2P_EIO, "%s: has no %s beside it, in which its tensors lie", index, name);
    if (!err && (err = p2p_tensor_file_create(out, P2P_FILE_TENSORFLOW, name, NULL, 0)) == P2P_OK) {
        free((*out)->path);
        (*out)->path = path;
        path = NULL;
    }
    free(path);
    free(name);
    return err;
}

int p2p_tensorflow_read(P2pTensorFile **out, const char *front)
{
    char *name = p2p_format("%s%s", front, index_end);
    P2pMapping index = {0};
    int err = name ? p2p_mapping_init(&index, name) : P2P_ENOMEM;

    *out = NULL;
    if (!err && (err = open_data(out, front, name)) == P2P_OK &&
        (err = read_index(*out, index.data, index.bytes)) < 0)
        p2p_tensor_file_close(out);
    p2p_mapping_finish(&index);
    free(name);
    return err;
}
