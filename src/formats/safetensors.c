/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and writing safetensors. Trusts no length; knows nothing of what the tensors mean. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/tensor_file.h"

enum { MAX_HEADER_BYTES = 100 << 20, LENGTH_BYTES = 8, ALIGN = 8 };
static const char crc_key[] = "crc32";

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {
    [P2P_F32] = {"F32", 4}, [P2P_F16] = {"F16", 2}, [P2P_BF16] = {"BF16", 2},
    [P2P_F64] = {"F64", 8}, [P2P_U8] = {"U8", 1},   [P2P_I8] = {"I8", 1},
    [P2P_I16] = {"I16", 2}, [P2P_I32] = {"I32", 4}, [P2P_I64] = {"I64", 8},
    [P2P_BOOL] = {"BOOL", 1},
};

struct P2pTensorFile {
    char *path;
    P2pMapping mapping;
    size_t data_at; /* first byte behind the header */
    json_t *header;
    P2pFileTensor *tensors; /* in the order of their data */
    int count;
};

/* ---- Reading ------------------------------------------------------------------------------- */

static int find_dtype(const char *name)
{
    for (size_t i = 0; name && i < P2P_COUNT(dtypes); i++)
        if (!strcmp(dtypes[i].name, name))
            return (int)i;
    return -1;
}

/* A JSON integer that is a size; false for anything else. */
static bool get_size(const json_t *value, size_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static int parse_shape(P2pFileTensor *t, const json_t *shape, const char *path)
{
    const size_t rank = json_array_size(shape);

    if (!json_is_array(shape) || rank > P2P_MAX_RANK)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: bad shape", path, t->name);
    t->rank = (int)rank;
    t->elements = 1;
    for (size_t i = 0; i < rank; i++)
        if (!get_size(json_array_get(shape, i), &t->shape[i]) ||
            !p2p_size_mul(t->elements, t->shape[i], &t->elements))
            return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: impossible shape", path, t->name);
    return P2P_OK;
}

static int parse_tensor(P2pTensorFile *f, P2pFileTensor *t, const char *name, const json_t *value)
{
    const json_t *offsets = json_object_get(value, "data_offsets");
    const int dtype = find_dtype(json_string_value(json_object_get(value, "dtype")));
    const size_t room = f->mapping.bytes - f->data_at;
    size_t begin, end, wanted;
    int err;

    if (!(t->name = p2p_strdup(name)))
        return P2P_ENOMEM;
    if (dtype < 0)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: unknown dtype", f->path, name);
    if ((err = parse_shape(t, json_object_get(value, "shape"), f->path)) < 0)
        return err;
    if (json_array_size(offsets) != 2 || !get_size(json_array_get(offsets, 0), &begin) ||
        !get_size(json_array_get(offsets, 1), &end) || begin > end)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: bad data_offsets", f->path, name);
    if (end > room)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s ends at byte %zu of the data, the file has "
                                     "%zu; it is truncated", f->path, name, end, room);
    if (!p2p_size_mul(t->elements, dtypes[dtype].bytes, &wanted) || wanted != end - begin)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: its shape and its %zu bytes disagree",
                        f->path, name, end - begin);
    t->dtype = (P2pDtype)dtype;
    t->bytes = wanted;
    t->data = f->mapping.data + f->data_at + begin;
    return P2P_OK;
}

static int compare_place(const void *a, const void *b)
{
    const P2pFileTensor *x = a, *y = b;
    const char *p = x->data, *q = y->data;

    if (p != q)
        return p < q ? -1 : 1;
    return x->bytes == y->bytes ? strcmp(x->name, y->name) : x->bytes < y->bytes ? -1 : 1;
}

/* The data must be covered without overlap and without holes. */
static int check_places(const P2pTensorFile *f)
{
    const unsigned char *at = f->mapping.data + f->data_at;

    for (int i = 0; i < f->count; i++) {
        if ((const unsigned char *)f->tensors[i].data != at)
            return p2p_fail(P2P_EFORMAT, "%s: the data of tensor %.80s overlaps another's or "
                                         "leaves a hole", f->path, f->tensors[i].name);
        at += f->tensors[i].bytes;
    }
    if (at != f->mapping.data + f->mapping.bytes)
        return p2p_fail(P2P_EFORMAT, "%s: %zu bytes behind the last tensor", f->path,
                        (size_t)(f->mapping.data + f->mapping.bytes - at));
    return P2P_OK;
}

static int parse_metadata(const P2pTensorFile *f, json_t *meta)
{
    const char *key;
    json_t *value;

    if (!json_is_object(meta))
        return p2p_fail(P2P_EFORMAT, "%s: __metadata__ is no object", f->path);
    json_object_foreach(meta, key, value)
        if (!json_is_string(value))
            return p2p_fail(P2P_EFORMAT, "%s: metadata %.80s is no string", f->path, key);
    return P2P_OK;
}

static int parse_header(P2pTensorFile *f)
{
    const unsigned char *p = f->mapping.data;
    json_error_t error;
    uint64_t length = 0;
    const char *name;
    json_t *value;
    int err = P2P_OK;

    if (f->mapping.bytes < LENGTH_BYTES)
        return p2p_fail(P2P_EFORMAT, "%s: too short for a safetensors file", f->path);
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        length = length << 8 | p[i];
    if (length > f->mapping.bytes - LENGTH_BYTES || length > MAX_HEADER_BYTES)
        return p2p_fail(P2P_EFORMAT, "%s: no safetensors file, or truncated: a header of %" PRIu64
                                     " bytes in a file of %zu", f->path, length, f->mapping.bytes);
    f->data_at = LENGTH_BYTES + (size_t)length;
    f->header = json_loadb((const char *)p + LENGTH_BYTES, (size_t)length, JSON_REJECT_DUPLICATES,
                           &error);
    if (!json_is_object(f->header))
        return p2p_fail(P2P_EFORMAT, "%s: bad header at byte %d: %.80s", f->path,
                        LENGTH_BYTES + (f->header ? 0 : error.position),
                        f->header ? "no object" : error.text);
    if (!(f->tensors = p2p_alloc(json_object_size(f->header), sizeof(*f->tensors))))
        return P2P_ENOMEM;
    json_object_foreach(f->header, name, value) {
        if (!strcmp(name, "__metadata__"))
            err = parse_metadata(f, value);
        else
            err = parse_tensor(f, &f->tensors[f->count++], name, value);
        if (err)
            return err;
    }
    qsort(f->tensors, (size_t)f->count, sizeof(*f->tensors), compare_place);
    return check_places(f);
}

int p2p_safetensors_read(P2pTensorFile **out, const char *path)
{
    P2pTensorFile *f = *out = p2p_alloc(1, sizeof(*f));
    int err = f && (f->path = p2p_strdup(path)) ? P2P_OK : P2P_ENOMEM;

    if (!err)
        err = p2p_mapping_init(&f->mapping, path);
    if (!err)
        err = parse_header(f);
    if (err)
        p2p_tensor_file_close(out);
    return err;
}

void p2p_tensor_file_close(P2pTensorFile **file)
{
    P2pTensorFile *f = *file;

    if (!f)
        return;
    for (int i = 0; i < f->count; i++)
        free(f->tensors[i].name);
    free(f->tensors);
    json_decref(f->header);
    p2p_mapping_finish(&f->mapping);
    free(f->path);
    free(f);
    *file = NULL;
}

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
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), key));
}

const char *p2p_tensor_file_path(const P2pTensorFile *file)
{
    return file->path;
}

static float half_to_float(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = h >> 10 & 31u;
    const uint32_t fraction = h & 0x3ffu;
    uint32_t bits;
    float f;

    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24, exact */
        f = (float)fraction * 0x1p-24f;
        return sign ? -f : f;
    }
    bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

/* Element i of type T, read from unaligned bytes. */
#define ELEMENT(T, variable)                                                                       \
    T variable;                                                                                    \
    memcpy(&variable, (const unsigned char *)t->data + i * sizeof(variable), sizeof(variable))

static float element(const P2pFileTensor *t, size_t i)
{
    switch (t->dtype) {
    case P2P_F32: { ELEMENT(float, v); return v; }
    case P2P_F64: { ELEMENT(double, v); return (float)v; }
    case P2P_F16: { ELEMENT(uint16_t, v); return half_to_float(v); }
    case P2P_BF16: {
        ELEMENT(uint16_t, v);
        const uint32_t bits = (uint32_t)v << 16;
        float f;
        memcpy(&f, &bits, sizeof(f));
        return f;
    }
    case P2P_I8: { ELEMENT(int8_t, v); return v; }
    case P2P_I16: { ELEMENT(int16_t, v); return v; }
    case P2P_I32: { ELEMENT(int32_t, v); return (float)v; }
    case P2P_I64: { ELEMENT(int64_t, v); return (float)v; }
    default: { ELEMENT(uint8_t, v); return v; }
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

int p2p_tensor_file_verify(const P2pTensorFile *f)
{
    const char *stored = p2p_tensor_file_meta(f, crc_key);
    char found[9];

    if (!stored)
        return P2P_OK;
    snprintf(found, sizeof(found), "%08x",
             p2p_crc32(0, f->mapping.data + f->data_at, f->mapping.bytes - f->data_at));
    if (strcmp(found, stored) != 0)
        return p2p_fail(P2P_EFORMAT, "%s: damaged: its checksum is %s, it should be %.8s", f->path,
                        found, stored);
    return P2P_OK;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static size_t entry_bytes(const P2pTensorEntry *e)
{
    size_t bytes = dtypes[e->dtype].bytes;

    for (int i = 0; i < e->rank; i++)
        bytes *= e->shape[i];
    return bytes;
}

static json_t *entry_json(const P2pTensorEntry *e, size_t begin, size_t end)
{
    json_t *shape = json_array();

    for (int i = 0; i < e->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)e->shape[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtypes[e->dtype].name, "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)end);
}

/* The header as text, padded to 8 bytes; the checksum's place holds zeros for now. */
static char *header_text(const P2pTensorEntry *entries, int count, const P2pMeta *meta,
                         int meta_count, size_t *length)
{
    json_t *header = json_object(), *strings = json_object();
    size_t at = 0;
    char *padded = NULL;

    json_object_set_new(strings, crc_key, json_string("00000000"));
    for (int i = 0; i < meta_count; i++)
        json_object_set_new(strings, meta[i].key, json_string(meta[i].value));
    json_object_set_new(header, "__metadata__", strings);
    for (int i = 0; i < count; i++) {
        const size_t bytes = entry_bytes(&entries[i]);
        json_object_set_new(header, entries[i].name, entry_json(&entries[i], at, at + bytes));
        at += bytes;
    }
    char *text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    if (text) {
        const size_t used = strlen(text);
        *length = p2p_round_up(used, ALIGN);
        if ((padded = p2p_alloc(*length + 1, 1))) {
            memset(padded, ' ', *length);
            memcpy(padded, text, used);
        }
    } else {
        p2p_fail(P2P_ENOMEM, "no memory for a file header, or a name that is no UTF-8");
    }
    free(text);
    return padded;
}

static int write_data(P2pWriter *w, const P2pTensorEntry *entries, int count, unsigned *crc,
                      int (*get)(void *user, int i, void *data), void *user)
{
    size_t most = 1;
    int err = P2P_OK;

    for (int i = 0; i < count; i++)
        most = entry_bytes(&entries[i]) > most ? entry_bytes(&entries[i]) : most;
    void *data = p2p_alloc(most, 1);
    if (!data)
        return P2P_ENOMEM;
    for (int i = 0; !err && i < count; i++) {
        const size_t bytes = entry_bytes(&entries[i]);
        if ((err = get(user, i, data)) == P2P_OK) {
            *crc = p2p_crc32(*crc, data, bytes);
            err = p2p_writer_put(w, data, bytes);
        }
    }
    free(data);
    return err;
}

static int write_file(P2pWriter *w, const char *header, size_t length,
                      const P2pTensorEntry *entries, int count,
                      int (*get)(void *user, int i, void *data), void *user)
{
    unsigned char prefix[LENGTH_BYTES];
    unsigned crc = 0;
    char digits[9];
    int err;

    for (int i = 0; i < LENGTH_BYTES; i++)
        prefix[i] = (unsigned char)((uint64_t)length >> 8 * i);
    if ((err = p2p_writer_put(w, prefix, sizeof(prefix))) < 0 ||
        (err = p2p_writer_put(w, header, length)) < 0 ||
        (err = write_data(w, entries, count, &crc, get, user)) < 0)
        return err;
    /* The first entry of __metadata__ is the checksum: {"__metadata__":{"crc32":"00000000" */
    snprintf(digits, sizeof(digits), "%08x", crc);
    const char *place = strstr(header, "\"00000000\"");
    P2P_ASSERT(place);
    if (fseek(w->file, LENGTH_BYTES + (place - header) + 1, SEEK_SET) != 0)
        return p2p_fail_errno(P2P_EIO, "%s: cannot be written", w->path);
    return p2p_writer_put(w, digits, 8);
}

int p2p_safetensors_write(const char *path, const P2pTensorEntry *entries, int count,
                          const P2pMeta *meta, int meta_count,
                          int (*get)(void *user, int i, void *data), void *user)
{
    P2pWriter w;
    size_t length;
    char *header = header_text(entries, count, meta, meta_count, &length);
    int err = header ? p2p_writer_open(&w, path) : P2P_ENOMEM;

    if (!err) {
        err = write_file(&w, header, length, entries, count, get, user);
        if (err)
            p2p_writer_close(&w);
        else
            err = p2p_writer_commit(&w);
    }
    free(header);
    return err;
}
