/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading safetensors. Trusts no length; knows nothing of what the tensors mean. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/tensor_file_parts.h"

enum { MAX_HEADER_BYTES = 100 << 20, LENGTH_BYTES = 8 };

/* A JSON integer that is a size; false for anything else. */
static bool get_size(const json_t *value, size_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static bool parse_shape(P2pFileTensor *t, const json_t *shape)
{
    const size_t rank = json_array_size(shape);

    if (!json_is_array(shape) || rank > P2P_MAX_RANK)
        return false;
    t->rank = (int)rank;
    for (size_t i = 0; i < rank; i++)
        if (!get_size(json_array_get(shape, i), &t->shape[i]))
            return false;
    return true;
}

static int parse_tensor(P2pTensorFile *f, const char *name, const json_t *value)
{
    const json_t *offsets = json_object_get(value, "data_offsets");
    const char *dtype = json_string_value(json_object_get(value, "dtype"));
    const size_t room = f->bytes - f->payload_at;
    P2pFileTensor *t = p2p_tensor_file_add(f, name, strlen(name));
    size_t begin, end;

    if (!t)
        return P2P_ENOMEM;
    if (!dtype || !p2p_dtype_find(dtype, &t->dtype))
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: unknown dtype", f->path, name);
    if (!parse_shape(t, json_object_get(value, "shape")) || !p2p_file_tensor_measure(t))
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: impossible shape", f->path, name);
    if (json_array_size(offsets) != 2 || !get_size(json_array_get(offsets, 0), &begin) ||
        !get_size(json_array_get(offsets, 1), &end) || begin > end)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: bad data_offsets", f->path, name);
    if (end > room)
        return p2p_fail(P2P_EFORMAT,
                        "%s: tensor %.80s ends at byte %zu of the data, the file has "
                        "%zu; it is truncated",
                        f->path, name, end, room);
    if (t->bytes != end - begin)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: its shape and its %zu bytes disagree",
                        f->path, name, end - begin);
    t->data = f->data + f->payload_at + begin;
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
    const unsigned char *at = f->data + f->payload_at, *end = f->data + f->bytes;

    for (int i = 0; i < f->count; i++) {
        if ((const unsigned char *)f->tensors[i].data != at)
            return p2p_fail(P2P_EFORMAT,
                            "%s: the data of tensor %.80s overlaps another's or "
                            "leaves a hole",
                            f->path, f->tensors[i].name);
        at += f->tensors[i].bytes;
    }
    if (at != end)
        return p2p_fail(P2P_EFORMAT, "%s: %zu bytes behind the last tensor", f->path,
                        (size_t)(end - at));
    return P2P_OK;
}

/* The text of pairs of digits, up to the first that is none. */
static json_t *from_hex(const char *digits)
{
    const size_t count = strlen(digits) / 2;
    char *text = p2p_alloc(count + 1, 1);
    unsigned byte;

    for (size_t i = 0; text && i < count && sscanf(digits + 2 * i, "%2x", &byte) == 1; i++)
        text[i] = (char)byte;
    json_t *value = text ? json_string_nocheck(text) : NULL;
    free(text);
    return value;
}

static int parse_metadata(P2pTensorFile *f, json_t *meta)
{
    const char *key;
    json_t *value;
    void *next;

    if (!json_is_object(meta))
        return p2p_fail(P2P_EFORMAT, "%s: __metadata__ is no object", f->path);
    json_object_foreach(meta, key, value) if (!json_is_string(value)) return p2p_fail(
        P2P_EFORMAT, "%s: metadata %.80s is no string", f->path, key);
    json_object_foreach_safe(meta, next, key,
                             value) if (!strncmp(key, P2P_META_HEX, strlen(P2P_META_HEX)))
        json_object_set_new(meta, key + strlen(P2P_META_HEX), from_hex(json_string_value(value)));
    f->meta = json_incref(meta);
    return P2P_OK;
}

static int parse_entries(P2pTensorFile *f, json_t *header)
{
    const char *name;
    json_t *value;
    int err;

    json_object_foreach(header, name,
                        value) if ((err = !strcmp(name, "__metadata__")
                                              ? parse_metadata(f, value)
                                              : parse_tensor(f, name, value)) < 0) return err;
    if (f->count)
        qsort(f->tensors, (size_t)f->count, sizeof(*f->tensors), compare_place);
    return check_places(f);
}

static int parse_header(P2pTensorFile *f)
{
    json_error_t error;
    uint64_t length = 0;
    int err;

    if (f->bytes < LENGTH_BYTES)
        return p2p_fail(P2P_EFORMAT, "%s: too short for a safetensors file", f->path);
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        length = length << 8 | f->data[i];
    if (length > f->bytes - LENGTH_BYTES || length > MAX_HEADER_BYTES)
        return p2p_fail(P2P_EFORMAT,
                        "%s: no safetensors file, or truncated: a header of %" PRIu64
                        " bytes in a file of %zu",
                        f->path, length, f->bytes);
    f->payload_at = LENGTH_BYTES + (size_t)length;
    json_t *header = json_loadb((const char *)f->data + LENGTH_BYTES, (size_t)length,
                                JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(header))
        err = parse_entries(f, header);
    else
        err = p2p_fail(P2P_EFORMAT, "%s: bad header at byte %d: %.80s", f->path,
                       LENGTH_BYTES + (header ? 0 : error.position),
                       header ? "no object" : error.text);
    json_decref(header);
    return err;
}

int p2p_safetensors_read_memory(P2pTensorFile **out, const char *path, const void *data,
                                size_t bytes)
{
    int err = p2p_tensor_file_create(out, P2P_FILE_SAFETENSORS, path, data, bytes);

    if (!err && (err = parse_header(*out)) < 0)
        p2p_tensor_file_close(out);
    return err;
}

int p2p_safetensors_read(P2pTensorFile **out, const char *path)
{
    return p2p_safetensors_read_memory(out, path, NULL, 0);
}
