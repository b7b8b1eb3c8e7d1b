/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and writing safetensors. Trusts no length; knows nothing of what the tensors mean. */
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/show.h"
#include "src/base/status.h"
#include "src/formats/tensor_file_parts.h"

enum { MAX_HEADER_BYTES = 100 << 20, LENGTH_BYTES = 8, ALIGN = 8 };

/* ---- Reading ------------------------------------------------------------------------------- */

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

/*
 * JSON strings are UTF-8, names of files need not be: a value that is none stands as hexadecimal
 * digits under its key with this prefix.
 */
static const char hex_prefix[] = "hex.";
enum { HEX_PREFIX = sizeof(hex_prefix) - 1 };

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

static json_t *to_hex(const char *text)
{
    char *digits = p2p_alloc(2 * strlen(text) + 1, 1);

    for (size_t i = 0; digits && text[i]; i++)
        snprintf(digits + 2 * i, 3, "%02x", (unsigned)(unsigned char)text[i]);
    json_t *value = digits ? json_string(digits) : NULL;
    free(digits);
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
    json_object_foreach_safe(meta, next, key, value) if (!strncmp(key, hex_prefix, HEX_PREFIX))
        json_object_set_new(meta, key + HEX_PREFIX, from_hex(json_string_value(value)));
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

/* ---- Writing ------------------------------------------------------------------------------- */

/* Digests that stand in the metadata; zeros until the data has gone by. */
enum { CRC_DIGITS = 8, SHA_DIGITS = 2 * SHA256_DIGEST_SIZE };

typedef struct Digests {
    unsigned crc;
    struct sha256_ctx sha;
} Digests;

static size_t entry_bytes(const P2pTensorEntry *e)
{
    size_t bytes = p2p_dtype_bytes(e->dtype);

    for (int i = 0; i < e->rank; i++)
        bytes *= e->shape[i];
    return bytes;
}

static json_t *entry_json(const P2pTensorEntry *e, size_t begin, size_t end)
{
    json_t *shape = json_array();

    for (int i = 0; i < e->rank; i++)
        if (json_array_append_new(shape, json_integer((json_int_t)e->shape[i])) < 0) {
            json_decref(shape);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", p2p_dtype_name(e->dtype), "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)end);
}

/* 0, or negative without memory. */
static int set_meta(json_t *strings, const P2pMeta *meta)
{
    char key[96];

    if (!meta->value)
        return json_object_set_new(strings, meta->key, json_sprintf("%0*d", SHA_DIGITS, 0));
    if (p2p_is_utf8(meta->value))
        return json_object_set_new(strings, meta->key, json_string(meta->value));
    snprintf(key, sizeof(key), "%s%s", hex_prefix, meta->key); /* no UTF-8 */
    return json_object_set_new(strings, key, to_hex(meta->value));
}

/* NULL: no memory, or a name that is no UTF-8. */
static json_t *header_json(const P2pTensorEntry *entries, int count, const P2pMeta *meta,
                           int meta_count)
{
    json_t *header = json_object(), *strings = json_object();
    bool whole =
        json_object_set_new(strings, P2P_META_CRC, json_sprintf("%0*d", CRC_DIGITS, 0)) == 0;
    size_t at = 0;

    for (int i = 0; i < meta_count && whole; i++)
        whole = set_meta(strings, &meta[i]) == 0;
    whole &= json_object_set_new(header, "__metadata__", strings) == 0;
    for (int i = 0; i < count && whole; i++) {
        const size_t bytes = entry_bytes(&entries[i]);
        whole = json_object_set_new(header, entries[i].name,
                                    entry_json(&entries[i], at, at + bytes)) == 0;
        at += bytes;
    }
    if (whole)
        return header;
    json_decref(header);
    return NULL;
}

/* The header as text, padded with spaces so that the data is aligned. */
static char *header_text(json_t *header, size_t *length)
{
    char *text = json_dumps(header, JSON_COMPACT), *padded = NULL;

    if (!text) {
        p2p_fail(P2P_ENOMEM, "no memory for a file header, or a name that is no UTF-8");
        return NULL;
    }
    const size_t used = strlen(text);
    *length = p2p_round_up(used, ALIGN);
    if ((padded = p2p_alloc(*length + 1, 1))) {
        memset(padded, ' ', *length);
        memcpy(padded, text, used);
    }
    free(text);
    return padded;
}

static int write_data(P2pWriter *w, const P2pTensorEntry *entries, int count, Digests *digests,
                      bool sha, P2pGetTensor get, void *user)
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
        if ((err = get(user, i, data)) < 0)
            break;
        digests->crc = p2p_crc32(digests->crc, data, bytes);
        if (sha)
            sha256_update(&digests->sha, bytes, data);
        err = p2p_writer_put(w, data, bytes);
    }
    free(data);
    return err;
}

/* Put text over the zeros behind "key":" in the header, which is already written. */
static int patch(P2pWriter *w, const char *header, const char *key, const char *text)
{
    char pattern[32];

    snprintf(pattern, sizeof(pattern), "\"%s\":\"0000", key);
    const char *place = strstr(header, pattern);
    P2P_ASSERT(place);
    place += strlen(pattern) - 4;
    if (fseek(w->file, LENGTH_BYTES + (place - header), SEEK_SET) != 0)
        return p2p_fail_errno(P2P_EIO, "%s: cannot be written", w->path);
    return p2p_writer_put(w, text, strlen(text));
}

static int patch_digests(P2pWriter *w, const char *header, Digests *digests, const char *sha_key)
{
    uint8_t sha[SHA256_DIGEST_SIZE];
    char digits[SHA_DIGITS + 1];
    int err;

    snprintf(digits, sizeof(digits), "%08x", digests->crc);
    if ((err = patch(w, header, P2P_META_CRC, digits)) < 0 || !sha_key)
        return err;
    sha256_digest(&digests->sha, sizeof(sha), sha);
    for (size_t i = 0; i < sizeof(sha); i++)
        snprintf(digits + 2 * i, 3, "%02x", sha[i]);
    return patch(w, header, sha_key, digits);
}

static int write_file(P2pWriter *w, const char *header, size_t length,
                      const P2pTensorEntry *entries, int count, const char *sha_key,
                      P2pGetTensor get, void *user)
{
    unsigned char prefix[LENGTH_BYTES];
    Digests digests = {0};
    int err;

    sha256_init(&digests.sha);
    for (int i = 0; i < LENGTH_BYTES; i++)
        prefix[i] = (unsigned char)((uint64_t)length >> 8 * i);
    if ((err = p2p_writer_put(w, prefix, sizeof(prefix))) < 0 ||
        (err = p2p_writer_put(w, header, length)) < 0 ||
        (err = write_data(w, entries, count, &digests, sha_key, get, user)) < 0)
        return err;
    return patch_digests(w, header, &digests, sha_key);
}

int p2p_safetensors_write(const char *path, const P2pTensorEntry *entries, int count,
                          const P2pMeta *meta, int meta_count, P2pGetTensor get, void *user)
{
    json_t *json = header_json(entries, count, meta, meta_count);
    const char *sha_key = NULL;
    size_t length;
    char *header = header_text(json, &length);
    P2pWriter w;
    int err = header ? p2p_writer_open(&w, path) : P2P_ENOMEM;

    for (int i = 0; i < meta_count; i++)
        if (!meta[i].value)
            sha_key = meta[i].key;
    if (!err) {
        err = write_file(&w, header, length, entries, count, sha_key, get, user);
        if (err)
            p2p_writer_close(&w);
        else
            err = p2p_writer_commit(&w);
    }
    json_decref(json);
    free(header);
    return err;
}
