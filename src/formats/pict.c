/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pix2pix-tensorflow's export for browsers: three chunks with big-endian lengths, which hold names
 * and shapes as JSON, a table of 256 floats, and one byte a weight. Knows no network.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/tensor_file_parts.h"

enum { CODES = 256, TABLE_BYTES = CODES * sizeof(float) };

/* ---- Reading ------------------------------------------------------------------------------- */

/* The chunk at *at; *at moves behind it. */
static int next_chunk(const P2pTensorFile *f, const char *what, size_t *at,
                      const unsigned char **chunk, size_t *bytes)
{
    const size_t left = f->bytes - *at;
    const unsigned char *p = f->data + *at;

    if (left < 4)
        return p2p_fail(P2P_EFORMAT, "%s: truncated: no %s at byte %zu", f->path, what, *at);
    *bytes = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (*bytes > left - 4)
        return p2p_fail(P2P_EFORMAT, "%s: truncated: %zu bytes of %s, the file has %zu", f->path,
                        *bytes, what, left - 4);
    *chunk = p + 4;
    *at += 4 + *bytes;
    return P2P_OK;
}

static int add_tensor(P2pTensorFile *f, const json_t *entry, const unsigned char *codes,
                      size_t bytes, const float *table, size_t *used)
{
    const char *name = json_string_value(json_object_get(entry, "name"));
    const json_t *shape = json_object_get(entry, "shape");
    P2pFileTensor *t = name ? p2p_tensor_file_add(f, name, strlen(name)) : NULL;
    bool right = json_is_array(shape) && json_array_size(shape) <= P2P_MAX_RANK;

    if (name && !t)
        return P2P_ENOMEM;
    if (!t)
        return p2p_fail(P2P_EFORMAT, "%s: a tensor without a name", f->path);
    t->dtype = P2P_U8;
    t->table = table;
    t->rank = right ? (int)json_array_size(shape) : 0;
    for (int i = 0; i < t->rank; i++) {
        const json_int_t n = json_integer_value(json_array_get(shape, (size_t)i));
        right = right && json_is_integer(json_array_get(shape, (size_t)i)) && n >= 0;
        t->shape[i] = (size_t)n;
    }
    if (!right || !p2p_file_tensor_measure(t))
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: impossible shape", f->path, name);
    if (t->bytes > bytes - *used)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s needs %zu codes, the file has %zu left",
                        f->path, name, t->bytes, bytes - *used);
    t->data = codes + *used;
    *used += t->bytes;
    return P2P_OK;
}

static int add_tensors(P2pTensorFile *f, const json_t *list, const unsigned char *codes,
                       size_t bytes, const float *table)
{
    size_t i, used = 0;
    json_t *entry;
    int err;

    json_array_foreach(list, i, entry) if ((err = add_tensor(f, entry, codes, bytes, table,
                                                             &used)) < 0) return err;
    if (used != bytes)
        return p2p_fail(P2P_EFORMAT, "%s: %zu codes belong to no tensor", f->path, bytes - used);
    return p2p_tensor_file_check_names(f);
}

static int parse(P2pTensorFile *f)
{
    const unsigned char *names = NULL, *table = NULL, *codes = NULL;
    size_t names_bytes = 0, table_bytes = 0, codes_bytes = 0, at = 0;
    json_error_t error;
    int err;

    if ((err = next_chunk(f, "names and shapes", &at, &names, &names_bytes)) < 0 ||
        (err = next_chunk(f, "the table", &at, &table, &table_bytes)) < 0 ||
        (err = next_chunk(f, "codes", &at, &codes, &codes_bytes)) < 0)
        return err;
    if (table_bytes != TABLE_BYTES || at != f->bytes)
        return p2p_fail(P2P_EFORMAT,
                        "%s: a table of %zu bytes, %zu bytes behind the codes; no .pict", f->path,
                        table_bytes, f->bytes - at);
    float *values = p2p_tensor_file_alloc(f, TABLE_BYTES);
    if (!values)
        return P2P_ENOMEM;
    memcpy(values, table, TABLE_BYTES);
    for (int i = 0; i < CODES; i++)
        if (!isfinite(values[i]))
            return p2p_fail(P2P_EFORMAT, "%s: damaged: its table has a NaN or an infinity at %d",
                            f->path, i);
    json_t *list = json_loadb((const char *)names, names_bytes, JSON_REJECT_DUPLICATES, &error);
    if (json_is_array(list))
        err = add_tensors(f, list, codes, codes_bytes, values);
    else
        err = p2p_fail(P2P_EFORMAT, "%s: bad list of names and shapes: %.80s", f->path,
                       list ? "no array" : error.text);
    json_decref(list);
    return err;
}

int p2p_pict_read(P2pTensorFile **out, const char *path, const void *data, size_t bytes)
{
    int err = p2p_tensor_file_create(out, P2P_FILE_PICT, path, data, bytes);

    if (!err && (err = parse(*out)) < 0)
        p2p_tensor_file_close(out);
    return err;
}

/* ---- Writing ------------------------------------------------------------------------------- */

typedef struct Coder {
    float table[CODES], middle[CODES]; /* middle[k]: between the values k and k + 1 */
    float least, greatest;
} Coder;

static size_t elements(const P2pTensorEntry *e)
{
    size_t n = 1;

    for (int i = 0; i < e->rank; i++)
        n *= e->shape[i];
    return n;
}

/* Values that a mu-law spaces evenly, so that they lie densest at zero. */
static void make_table(Coder *c)
{
    const double mu = CODES - 1, scale = fmax(fabs((double)c->least), fabs((double)c->greatest));
    const double unit = scale > 0 ? scale : 1;
    const double from = copysign(log1p(mu * fabs(c->least / unit)), c->least);
    const double to = copysign(log1p(mu * fabs(c->greatest / unit)), c->greatest);

    for (int k = 0; k < CODES; k++) {
        const double at = from + (to - from) * k / (CODES - 1);
        c->table[k] = (float)copysign(expm1(fabs(at)) / mu * unit, at);
    }
    for (int k = 0; k < CODES; k++)
        c->middle[k] = k + 1 < CODES ? 0.5f * (c->table[k] + c->table[k + 1]) : INFINITY;
}

/* The nearest value's code. */
static unsigned char encode(const Coder *c, float value)
{
    int low = 0, high = CODES - 1;

    while (low < high) {
        const int k = (low + high) / 2;
        if (value > c->middle[k])
            low = k + 1;
        else
            high = k;
    }
    return (unsigned char)low;
}

static json_t *list_json(const P2pTensorEntry *entries, int count)
{
    json_t *list = json_array();
    bool whole = list != NULL;

    for (int i = 0; i < count && whole; i++) {
        json_t *shape = json_array();
        for (int k = 0; k < entries[i].rank && whole; k++)
            whole =
                json_array_append_new(shape, json_integer((json_int_t)entries[i].shape[k])) == 0;
        whole &= json_array_append_new(
                     list, json_pack("{s:s, s:o}", "name", entries[i].name, "shape", shape)) == 0;
    }
    if (whole)
        return list;
    json_decref(list);
    return NULL;
}

static int put_chunk(P2pWriter *w, const void *data, size_t bytes)
{
    const unsigned char length[4] = {(unsigned char)(bytes >> 24), (unsigned char)(bytes >> 16),
                                     (unsigned char)(bytes >> 8), (unsigned char)bytes};
    const int err = p2p_writer_put(w, length, sizeof(length));

    return err || !data ? err : p2p_writer_put(w, data, bytes);
}

static int put_codes(P2pWriter *w, const Coder *c, const P2pTensorEntry *entries, int count,
                     float *values, P2pGetTensor get, void *user)
{
    unsigned char *codes = (unsigned char *)values; /* a code is written behind its reading */
    int err = P2P_OK;

    for (int i = 0; !err && i < count; i++) {
        const size_t n = elements(&entries[i]);
        if ((err = get(user, i, values)) < 0)
            break;
        for (size_t k = 0; k < n; k++)
            codes[k] = encode(c, values[k]);
        err = p2p_writer_put(w, codes, n);
    }
    return err;
}

static int put_all(P2pWriter *w, const P2pTensorEntry *entries, int count, float *values,
                   P2pGetTensor get, void *user)
{
    Coder c = {.least = INFINITY, .greatest = -INFINITY};
    size_t total = 0;
    int err = P2P_OK;

    for (int i = 0; !err && i < count; i++) {
        const size_t n = elements(&entries[i]);
        err = get(user, i, values);
        for (size_t k = 0; !err && k < n; k++) {
            c.least = fminf(c.least, values[k]);
            c.greatest = fmaxf(c.greatest, values[k]);
        }
        total += n;
    }
    if (err)
        return err;
    make_table(&c);
    json_t *list = list_json(entries, count);
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    err = text ? put_chunk(w, text, strlen(text)) : p2p_fail(P2P_ENOMEM, "no memory for names");
    free(text);
    if (!err && (err = put_chunk(w, c.table, TABLE_BYTES)) == 0 &&
        (err = put_chunk(w, NULL, total)) == 0)
        err = put_codes(w, &c, entries, count, values, get, user);
    return err;
}

int p2p_pict_write(const char *path, const P2pTensorEntry *entries, int count, P2pGetTensor get,
                   void *user)
{
    size_t most = 1;
    P2pWriter w;

    for (int i = 0; i < count; i++)
        most = elements(&entries[i]) > most ? elements(&entries[i]) : most;
    float *values = p2p_alloc(most, sizeof(*values));
    int err = values ? p2p_writer_open(&w, path) : P2P_ENOMEM;
    if (!err && (err = put_all(&w, entries, count, values, get, user)) < 0)
        p2p_writer_close(&w);
    else if (!err)
        err = p2p_writer_commit(&w);
    free(values);
    return err;
}
