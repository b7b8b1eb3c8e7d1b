/* SPDX-License-Identifier: BSD-2-Clause */
/* What files of tensors of all formats share: finding the reader, access, conversion. */
#include "src/formats/tensor_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/base/half.h"
#include "src/formats/foreign.h"
#include "src/formats/tensor_file_parts.h"
#include "src/formats/tensorflow.h"

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {
    [P2P_F32] = {"F32", 4},   [P2P_F16] = {"F16", 2}, [P2P_BF16] = {"BF16", 2},
    [P2P_F64] = {"F64", 8},   [P2P_U8] = {"U8", 1},   [P2P_I8] = {"I8", 1},
    [P2P_I16] = {"I16", 2},   [P2P_I32] = {"I32", 4}, [P2P_I64] = {"I64", 8},
    [P2P_BOOL] = {"BOOL", 1},
};

const char *p2p_dtype_name(P2pDtype dtype)
{
    return dtypes[dtype].name;
}

size_t p2p_dtype_bytes(P2pDtype dtype)
{
    return dtypes[dtype].bytes;
}

bool p2p_dtype_find(const char *name, P2pDtype *dtype)
{
    for (size_t i = 0; i < P2P_COUNT(dtypes); i++)
        if (!strcmp(dtypes[i].name, name)) {
            *dtype = (P2pDtype)i;
            return true;
        }
    return false;
}

/* ---- Opening ------------------------------------------------------------------------------- */

typedef int (*Reader)(P2pTensorFile **out, const char *path, const void *data, size_t bytes);

static bool begins(const unsigned char *data, size_t bytes, const char *with, size_t n)
{
    return bytes >= n && !memcmp(data, with, n);
}

/* Which reader the first bytes ask for, or NULL. */
static Reader find_reader(const unsigned char *data, size_t bytes)
{
    if (bytes > 8 && data[8] == '{' && !data[6] && !data[7]) /* a length, then JSON */
        return p2p_safetensors_read_memory;
    if (begins(data, bytes, "PK\3\4", 4) || begins(data, bytes, "\x80\2\x8a\n", 4))
        return p2p_pth_read;
    if (bytes > 4 && data[4] == '[')
        return p2p_pict_read;
    if (begins(data, bytes, "\4\0\0\0\1\0\0\0", 8)) /* an object, the first */
        return p2p_t7_read;
    return p2p_tensorflow_graph_is(data, bytes) ? p2p_tensorflow_graph_read : NULL;
}

/* The reader, or a message on what the file is; safetensors', whose message says so, for others. */
static int choose_reader(Reader *read, const char *path, const unsigned char *data, size_t bytes)
{
    if ((*read = find_reader(data, bytes)))
        return P2P_OK;
    *read = p2p_safetensors_read_memory;
    return p2p_foreign_refuse(path, data, bytes);
}

int p2p_tensor_file_open_memory(P2pTensorFile **out, const char *path, const void *data,
                                size_t bytes)
{
    Reader read;
    const int err = choose_reader(&read, path, data, bytes);

    *out = NULL;
    return err ? err : read(out, path, data, bytes);
}

static int open_one_file(P2pTensorFile **out, const char *path)
{
    P2pMapping mapping;
    Reader read;
    int err = p2p_mapping_init(&mapping, path);

    if (err)
        return err;
    err = choose_reader(&read, path, mapping.data, mapping.bytes);
    p2p_mapping_finish(&mapping);
    return err ? err : read(out, path, NULL, 0);
}

int p2p_tensor_file_open(P2pTensorFile **out, const char *path)
{
    char *front = NULL;
    int err = p2p_foreign_refuse_path(path);

    *out = NULL;
    if (err || (err = p2p_tensorflow_find(path, &front)) < 0)
        return err;
    err = front ? p2p_tensorflow_read(out, front) : open_one_file(out, path);
    free(front);
    return err;
}

int p2p_tensor_file_create(P2pTensorFile **out, P2pFileFormat format, const char *path,
                           const void *data, size_t bytes)
{
    P2pTensorFile *f = *out = p2p_alloc(1, sizeof(*f));
    int err = f && (f->path = p2p_strdup(path)) ? P2P_OK : P2P_ENOMEM;

    if (!err && !data)
        err = p2p_mapping_init(&f->mapping, path);
    if (err) {
        p2p_tensor_file_close(out);
        return err;
    }
    f->format = format;
    f->data = data ? data : f->mapping.data;
    f->bytes = data ? bytes : f->mapping.bytes;
    return P2P_OK;
}

P2pFileTensor *p2p_tensor_file_add(P2pTensorFile *f, const char *name, size_t length)
{
    char *copy = p2p_alloc(length + 1, 1);

    if (!copy || p2p_grow((void **)&f->tensors, &f->capacity, (size_t)f->count + 1,
                          sizeof(*f->tensors)) < 0) {
        free(copy);
        return NULL;
    }
    memcpy(copy, name, length);
    P2pFileTensor *t = &f->tensors[f->count++];
    *t = (P2pFileTensor){.name = copy};
    return t;
}

void *p2p_tensor_file_alloc(P2pTensorFile *f, size_t bytes)
{
    void *block = NULL;

    if (p2p_grow((void **)&f->blocks, &f->block_capacity, f->block_count + 1, sizeof(block)) == 0 &&
        (block = p2p_alloc(bytes, 1)))
        f->blocks[f->block_count++] = block;
    return block;
}

bool p2p_file_tensor_measure(P2pFileTensor *t)
{
    t->elements = 1;
    for (int i = 0; i < t->rank; i++)
        if (!p2p_size_mul(t->elements, t->shape[i], &t->elements))
            return false;
    return p2p_size_mul(t->elements, dtypes[t->dtype].bytes, &t->bytes);
}

/* Whether a view stays within `room` elements. */
static bool fits(P2pFileTensor *t, const size_t stride[P2P_MAX_RANK], size_t room)
{
    size_t last = 0, step;

    if (!p2p_file_tensor_measure(t) || t->elements > room)
        return false;
    for (int i = 0; t->elements && i < t->rank; i++) {
        if (!p2p_size_mul(t->shape[i] - 1, stride[i], &step) || step >= room - last)
            return false;
        last += step;
    }
    return true;
}

static bool is_dense(const P2pFileTensor *t, const size_t stride[P2P_MAX_RANK])
{
    size_t expected = 1;

    for (int i = t->rank - 1; i >= 0; i--) {
        if (t->shape[i] > 1 && stride[i] != expected)
            return false;
        expected *= t->shape[i];
    }
    return true;
}

static int copy_view(P2pTensorFile *f, P2pFileTensor *t, const size_t stride[P2P_MAX_RANK])
{
    const size_t size = p2p_dtype_bytes(t->dtype);
    const unsigned char *from = t->data;
    size_t at[P2P_MAX_RANK] = {0}, place = 0;

    if ((f->copied += t->bytes) > f->bytes)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: more views than the file has data", f->path,
                        t->name);
    unsigned char *to = p2p_tensor_file_alloc(f, t->bytes);
    if (!to)
        return P2P_ENOMEM;
    t->data = to;
    for (size_t i = 0; i < t->elements; i++, to += size) {
        memcpy(to, from + place * size, size);
        for (int d = t->rank - 1; d >= 0; d--) { /* count up, the last index first */
            place += stride[d];
            if (++at[d] < t->shape[d])
                break;
            place -= stride[d] * t->shape[d];
            at[d] = 0;
        }
    }
    return P2P_OK;
}

int p2p_tensor_file_place(P2pTensorFile *f, P2pFileTensor *t, const size_t stride[P2P_MAX_RANK],
                          const unsigned char *data, size_t room)
{
    if (!fits(t, stride, room))
        return p2p_fail(P2P_EFORMAT,
                        "%s: tensor %.80s: its view reaches beyond its storage, or is malformed",
                        f->path, t->name);
    t->data = data;
    return is_dense(t, stride) ? P2P_OK : copy_view(f, t, stride);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int p2p_tensor_file_check_names(const P2pTensorFile *f)
{
    const char **names = p2p_alloc((size_t)f->count + 1, sizeof(*names));
    int err = names ? P2P_OK : P2P_ENOMEM;

    for (int i = 0; !err && i < f->count; i++)
        names[i] = f->tensors[i].name;
    if (!err)
        qsort(names, (size_t)f->count, sizeof(*names), compare_names);
    for (int i = 1; !err && i < f->count; i++)
        if (!strcmp(names[i - 1], names[i]))
            err = p2p_fail(P2P_EFORMAT, "%s: holds two tensors called %.80s", f->path, names[i]);
    free(names);
    return err;
}

void p2p_tensor_file_close(P2pTensorFile **file)
{
    P2pTensorFile *f = *file;

    if (!f)
        return;
    for (int i = 0; i < f->count; i++)
        free(f->tensors[i].name);
    for (size_t i = 0; i < f->block_count; i++)
        free(f->blocks[i]);
    free(f->tensors);
    free(f->blocks);
    json_decref(f->meta);
    p2p_mapping_finish(&f->mapping);
    free(f->path);
    free(f);
    *file = NULL;
}

/* ---- Access -------------------------------------------------------------------------------- */

int p2p_tensor_file_count(const P2pTensorFile *file)
{
    return file->count;
}

const P2pFileTensor *p2p_tensor_file_at(const P2pTensorFile *file, int i)
{
    return &file->tensors[i];
}

const P2pFileTensor *p2p_tensor_file_find(const P2pTensorFile *file, const char *name)
{
    for (int i = 0; i < file->count; i++)
        if (!strcmp(file->tensors[i].name, name))
            return &file->tensors[i];
    return NULL;
}

const char *p2p_tensor_file_meta(const P2pTensorFile *file, const char *key)
{
    return json_string_value(json_object_get(file->meta, key));
}

const char *p2p_tensor_file_path(const P2pTensorFile *file)
{
    return file->path;
}

P2pFileFormat p2p_tensor_file_format(const P2pTensorFile *file)
{
    return file->format;
}

/* Element i of type T, read from unaligned bytes. */
#define ELEMENT(T, variable) \
    T variable;              \
    memcpy(&variable, (const unsigned char *)t->data + i * sizeof(variable), sizeof(variable))

static float element(const P2pFileTensor *t, size_t i)
{
    switch (t->dtype) {
    case P2P_F32: {
        ELEMENT(float, v);
        return v;
    }
    case P2P_F64: {
        ELEMENT(double, v);
        return (float)v;
    }
    case P2P_F16: {
        ELEMENT(uint16_t, v);
        return p2p_half_to_float(v);
    }
    case P2P_BF16: {
        ELEMENT(uint16_t, v);
        const uint32_t bits = (uint32_t)v << 16;
        float f;
        memcpy(&f, &bits, sizeof(f));
        return f;
    }
    case P2P_I8: {
        ELEMENT(int8_t, v);
        return v;
    }
    case P2P_I16: {
        ELEMENT(int16_t, v);
        return v;
    }
    case P2P_I32: {
        ELEMENT(int32_t, v);
        return (float)v;
    }
    case P2P_I64: {
        ELEMENT(int64_t, v);
        return (float)v;
    }
    default: {
        ELEMENT(uint8_t, v);
        return t->table ? t->table[v] : v;
    }
    }
}

void p2p_file_tensor_to_f32(const P2pFileTensor *t, float *out)
{
    if (t->dtype == P2P_F32) {
        memcpy(out, t->data, t->bytes);
        return;
    }
    for (size_t i = 0; i < t->elements; i++)
        out[i] = element(t, i);
}

/* An exponent of all ones; f32 by its bits, many at a time. */
bool p2p_file_tensor_is_finite(const P2pFileTensor *t)
{
    const unsigned char *data = t->data;
    uint32_t bits, bad = 0;

    for (size_t i = 0; t->dtype != P2P_F32 && i < t->elements; i++)
        bad |= !isfinite(element(t, i));
    for (size_t i = 0; t->dtype == P2P_F32 && i < t->elements; i++) {
        memcpy(&bits, data + i * sizeof(bits), sizeof(bits));
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

void p2p_file_tensor_forget(const P2pTensorFile *f, const P2pFileTensor *t)
{
    const unsigned char *data = t->data;

    if (data >= f->mapping.data && f->mapping.data + f->mapping.bytes > data)
        p2p_pages_forget(data, t->bytes);
}

/* Of mapped data, a piece at a time: read, it needs no memory. */
static unsigned checksum(const P2pTensorFile *f, const unsigned char *data, size_t bytes)
{
    enum { PIECE = 4 << 20 };
    const bool mapped = f->mapping.data == f->data;
    unsigned crc = 0;

    for (size_t at = 0, n; at < bytes; at += n) {
        n = bytes - at < PIECE ? bytes - at : PIECE;
        crc = p2p_crc32(crc, data + at, n);
        if (mapped)
            p2p_pages_forget(data + at, n);
    }
    return crc;
}

static int verify_whole(const P2pTensorFile *f, const char *stored)
{
    char found[P2P_CRC_DIGITS + 1];

    snprintf(found, sizeof(found), "%08x",
             checksum(f, f->data + f->payload_at, f->bytes - f->payload_at));
    return !strcmp(found, stored)
               ? P2P_OK
               : p2p_fail(P2P_EFORMAT, "%s: damaged: its checksum is %s, it should be %.8s",
                          f->path, found, stored);
}

static int verify_tensor(const P2pTensorFile *f, const P2pFileTensor *t, const char *stored)
{
    char found[P2P_CRC_DIGITS + 1];

    snprintf(found, sizeof(found), "%08x", checksum(f, t->data, t->bytes));
    return !memcmp(found, stored, P2P_CRC_DIGITS)
               ? P2P_OK
               : p2p_fail(P2P_EFORMAT,
                          "%s: damaged: the checksum of tensor %.80s is %s, it should be %.8s",
                          f->path, t->name, found, stored);
}

int p2p_tensor_file_verify(const P2pTensorFile *f, const char *front)
{
    const char *all = p2p_tensor_file_meta(f, P2P_META_CRC);
    const char *each = p2p_tensor_file_meta(f, P2P_META_CRCS);
    int err = P2P_OK;

    if (!each)
        return all ? verify_whole(f, all) : P2P_OK;
    if (strlen(each) != P2P_CRC_DIGITS * (size_t)f->count)
        return p2p_fail(P2P_EFORMAT, "%s: damaged: %d tensors, but checksums of %zu digits",
                        f->path, f->count, strlen(each));
    for (int i = 0; !err && i < f->count; i++)
        if (!front || !strncmp(f->tensors[i].name, front, strlen(front)))
            err = verify_tensor(f, &f->tensors[i], each + P2P_CRC_DIGITS * (size_t)i);
    return err;
}
