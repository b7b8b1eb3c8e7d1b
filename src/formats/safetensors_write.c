/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing safetensors in pieces. Digests of the data are put into the header when it has gone by. */
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/show.h"
#include "src/base/status.h"
#include "src/formats/tensor_file_parts.h"

enum { LENGTH_BYTES = 8, ALIGN = 8, SHA_DIGITS = 2 * SHA256_DIGEST_SIZE };

struct P2pSafetensors {
    P2pWriter *file;
    char *header;  /* as it was written: with zeros for the digests */
    size_t *bytes; /* of each tensor */
    int count;
    int at;      /* the running tensor */
    size_t done; /* bytes of it that were put */
    unsigned crc;
    char *crcs;    /* digits of the tensors before it */
    char *sha_key; /* of the metadata that is the digest of all data, or NULL */
    struct sha256_ctx sha;
};

/* ---- The header ---------------------------------------------------------------------------- */

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

static json_t *to_hex(const char *text)
{
    char *digits = p2p_alloc(2 * strlen(text) + 1, 1);

    for (size_t i = 0; digits && text[i]; i++)
        snprintf(digits + 2 * i, 3, "%02x", (unsigned)(unsigned char)text[i]);
    json_t *value = digits ? json_string(digits) : NULL;
    free(digits);
    return value;
}

/* 0, or negative without memory. */
static int set_meta(json_t *strings, const P2pMeta *meta)
{
    char key[96];

    if (!meta->value)
        return json_object_set_new(strings, meta->key, json_sprintf("%0*d", SHA_DIGITS, 0));
    if (p2p_is_utf8(meta->value))
        return json_object_set_new(strings, meta->key, json_string(meta->value));
    snprintf(key, sizeof(key), "%s%s", P2P_META_HEX, meta->key); /* no UTF-8 */
    return json_object_set_new(strings, key, to_hex(meta->value));
}

/* NULL: no memory, or a name that is no UTF-8. */
static json_t *header_json(const P2pTensorEntry *entries, int count, const P2pMeta *meta,
                           int meta_count)
{
    json_t *header = json_object(), *strings = json_object();
    bool whole =
        !count || json_object_set_new(strings, P2P_META_CRCS,
                                      json_sprintf("%0*d", P2P_CRC_DIGITS * count, 0)) == 0;
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

/* ---- In pieces ----------------------------------------------------------------------------- */

static int prepare(P2pSafetensors *s, const P2pTensorEntry *entries, int count, const P2pMeta *meta,
                   int meta_count)
{
    s->count = count;
    s->bytes = p2p_alloc((size_t)count + 1, sizeof(*s->bytes));
    s->crcs = p2p_alloc((size_t)count + 1, P2P_CRC_DIGITS);
    if (!s->bytes || !s->crcs)
        return P2P_ENOMEM;
    for (int i = 0; i < count; i++)
        s->bytes[i] = entry_bytes(&entries[i]);
    for (int i = 0; i < meta_count && !s->sha_key; i++)
        if (!meta[i].value && !(s->sha_key = p2p_strdup(meta[i].key)))
            return P2P_ENOMEM;
    sha256_init(&s->sha);
    return P2P_OK;
}

int p2p_safetensors_begin(P2pSafetensors **out, P2pWriter *file, const P2pTensorEntry *entries,
                          int count, const P2pMeta *meta, int meta_count)
{
    P2pSafetensors *s = *out = p2p_alloc(1, sizeof(*s));
    unsigned char prefix[LENGTH_BYTES];
    json_t *json = header_json(entries, count, meta, meta_count);
    size_t length = 0;
    int err = s ? prepare(s, entries, count, meta, meta_count) : P2P_ENOMEM;

    if (!err && !(s->header = header_text(json, &length)))
        err = P2P_ENOMEM;
    json_decref(json);
    for (int i = 0; i < LENGTH_BYTES; i++)
        prefix[i] = (unsigned char)((uint64_t)length >> 8 * i);
    if (!err && (err = p2p_writer_put(file, prefix, sizeof(prefix))) == P2P_OK)
        err = p2p_writer_put(file, s->header, length);
    if (err)
        p2p_safetensors_destroy(out);
    else
        s->file = file;
    return err;
}

/* The running tensor is complete, and so are those of no bytes behind it. */
static void end_tensors(P2pSafetensors *s)
{
    while (s->at < s->count && s->done == s->bytes[s->at]) {
        char digits[P2P_CRC_DIGITS + 1];
        snprintf(digits, sizeof(digits), "%08x", s->crc);
        memcpy(s->crcs + P2P_CRC_DIGITS * (size_t)s->at++, digits, P2P_CRC_DIGITS);
        s->done = s->crc = 0;
    }
}

int p2p_safetensors_put(P2pSafetensors *s, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    const int err = p2p_writer_put(s->file, data, bytes);

    if (err)
        return err;
    if (s->sha_key)
        sha256_update(&s->sha, bytes, data);
    for (end_tensors(s); bytes; end_tensors(s)) {
        P2P_ASSERT(s->at < s->count);
        const size_t left = s->bytes[s->at] - s->done, n = bytes < left ? bytes : left;
        s->crc = p2p_crc32(s->crc, p, n);
        s->done += n;
        bytes -= n;
        p += n;
    }
    return P2P_OK;
}

/* Put text over the zeros behind "key":" in the header, which is already written. */
static int patch(const P2pSafetensors *s, const char *key, const char *text)
{
    char pattern[48];

    snprintf(pattern, sizeof(pattern), "\"%s\":\"0000", key);
    const char *place = strstr(s->header, pattern);
    P2P_ASSERT(place);
    place += strlen(pattern) - 4;
    if (fseek(s->file->file, LENGTH_BYTES + (place - s->header), SEEK_SET) != 0)
        return p2p_fail_errno(P2P_EIO, "%s: cannot be written", s->file->path);
    return p2p_writer_put(s->file, text, strlen(text));
}

int p2p_safetensors_end(P2pSafetensors *s)
{
    uint8_t sha[SHA256_DIGEST_SIZE];
    char digits[SHA_DIGITS + 1];
    int err = P2P_OK;

    end_tensors(s);
    P2P_ASSERT(s->at == s->count);
    if (s->count)
        err = patch(s, P2P_META_CRCS, s->crcs);
    if (err || !s->sha_key)
        return err;
    sha256_digest(&s->sha, sizeof(sha), sha);
    p2p_hex(digits, sha, sizeof(sha));
    return patch(s, s->sha_key, digits);
}

void p2p_safetensors_destroy(P2pSafetensors **writing)
{
    P2pSafetensors *s = *writing;

    if (!s)
        return;
    free(s->header);
    free(s->bytes);
    free(s->crcs);
    free(s->sha_key);
    free(s);
    *writing = NULL;
}

/* ---- At once ------------------------------------------------------------------------------- */

static int put_all(P2pSafetensors *s, P2pGetTensor get, void *user)
{
    size_t most = 1;
    int err = P2P_OK;

    for (int i = 0; i < s->count; i++)
        most = s->bytes[i] > most ? s->bytes[i] : most;
    void *data = p2p_alloc(most, 1);
    if (!data)
        return P2P_ENOMEM;
    for (int i = 0; !err && i < s->count; i++)
        if ((err = get(user, i, data)) == P2P_OK)
            err = p2p_safetensors_put(s, data, s->bytes[i]);
    free(data);
    return err ? err : p2p_safetensors_end(s);
}

int p2p_safetensors_write(const char *path, const P2pTensorEntry *entries, int count,
                          const P2pMeta *meta, int meta_count, P2pGetTensor get, void *user)
{
    P2pSafetensors *s = NULL;
    P2pWriter w;
    int err = p2p_writer_open(&w, path);

    if (err)
        return err;
    if ((err = p2p_safetensors_begin(&s, &w, entries, count, meta, meta_count)) == P2P_OK)
        err = put_all(s, get, user);
    p2p_safetensors_destroy(&s);
    if (!err)
        return p2p_writer_commit(&w);
    p2p_writer_close(&w);
    return err;
}
