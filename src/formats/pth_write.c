/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing a state_dict as PyTorch does: a pickle that describes the storages, each a stored entry. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/tensor_file.h"

#define FOLDER "archive/"

/* ---- The pickle ---------------------------------------------------------------------------- */

typedef struct Text {
    char *data;
    size_t used, room;
    int err;
} Text;

static void put(Text *t, const void *data, size_t bytes)
{
    if (!t->err && !(t->err = p2p_grow((void **)&t->data, &t->room, t->used + bytes, 1))) {
        memcpy(t->data + t->used, data, bytes);
        t->used += bytes;
    }
}

static void put_word(Text *t, const char *word)
{
    put(t, word, strlen(word));
}

static void put_text(Text *t, const char *text)
{
    const uint32_t length = (uint32_t)strlen(text);

    put(t, "X", 1); /* BINUNICODE */
    put(t, &length, sizeof(length));
    put(t, text, length);
}

static void put_number(Text *t, size_t number)
{
    const int32_t value = (int32_t)number;

    put(t, "J", 1); /* BININT */
    put(t, &value, sizeof(value));
}

static size_t count_elements(const P2pTensorEntry *e)
{
    size_t n = 1;

    for (int i = 0; i < e->rank; i++)
        n *= e->shape[i];
    return n;
}

/* _rebuild_tensor_v2(persistent id, offset 0, sizes, strides, no gradient, OrderedDict()) */
static void put_tensor(Text *t, const P2pTensorEntry *e, int place)
{
    const size_t elements = count_elements(e);
    size_t stride = elements;
    char key[16];

    snprintf(key, sizeof(key), "%d", place);
    put_word(t, "ctorch._utils\n_rebuild_tensor_v2\n((");
    put_text(t, "storage");
    put_word(t, e->dtype == P2P_I64 ? "ctorch\nLongStorage\n" : "ctorch\nFloatStorage\n");
    put_text(t, key);
    put_text(t, "cpu");
    put_number(t, elements);
    put_word(t, "tQ"); /* TUPLE BINPERSID */
    put_number(t, 0);
    put_word(t, "(");
    for (int i = 0; i < e->rank; i++)
        put_number(t, e->shape[i]);
    put_word(t, "t(");
    for (int i = 0; i < e->rank; i++)
        put_number(t, stride /= e->shape[i] ? e->shape[i] : 1);
    put_word(t, "t\x89"
                "ccollections\nOrderedDict\n)RtR"); /* NEWFALSE, empty hooks, calls */
}

static int make_pickle(Text *t, const P2pTensorEntry *entries, int count)
{
    put_word(t, "\x80\x02"
                "ccollections\nOrderedDict\n)R(");
    for (int i = 0; i < count; i++) {
        put_text(t, entries[i].name);
        put_tensor(t, &entries[i], i);
    }
    put_word(t, "u."); /* SETITEMS STOP */
    return t->err;
}

/* ---- The archive --------------------------------------------------------------------------- */

/* What libzip calls back for: one tensor after the other, each made when it is wanted. */
typedef struct Entry {
    P2pGetTensor get;
    void *user;
    int i, *err;
    size_t bytes, at;
    unsigned char *data;
} Entry;

static zip_int64_t entry_open(Entry *e)
{
    e->at = 0;
    e->data = p2p_alloc(e->bytes, 1);
    if (!*e->err)
        *e->err = e->data ? e->get(e->user, e->i, e->data) : P2P_ENOMEM;
    return *e->err ? -1 : 0;
}

static zip_int64_t entry_read(Entry *e, void *to, size_t room)
{
    const size_t n = room < e->bytes - e->at ? room : e->bytes - e->at;

    memcpy(to, e->data + e->at, n);
    e->at += n;
    return (zip_int64_t)n;
}

static zip_int64_t entry_stat(const Entry *e, zip_stat_t *st)
{
    zip_stat_init(st);
    st->size = e->bytes;
    st->valid = ZIP_STAT_SIZE;
    return sizeof(*st);
}

static zip_int64_t entry_call(void *user, void *data, zip_uint64_t bytes, zip_source_cmd_t command)
{
    Entry *e = user;

    switch (command) {
    case ZIP_SOURCE_OPEN:
        return entry_open(e);
    case ZIP_SOURCE_READ:
        return entry_read(e, data, (size_t)bytes);
    case ZIP_SOURCE_CLOSE:
        free(e->data);
        e->data = NULL;
        return 0;
    case ZIP_SOURCE_STAT:
        return entry_stat(e, data);
    case ZIP_SOURCE_ERROR: {
        int *codes = data;
        codes[0] = ZIP_ER_INTERNAL;
        codes[1] = 0;
        return 2 * sizeof(int);
    }
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                              -1);
    case ZIP_SOURCE_FREE:
        return 0;
    default:
        return -1;
    }
}

static int add_entry(zip_t *zip, const char *name, zip_source_t *source)
{
    const zip_int64_t index = source ? zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) : -1;

    if (index < 0 && source)
        zip_source_free(source);
    if (index < 0 || zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) < 0 ||
        zip_file_set_dostime(zip, (zip_uint64_t)index, 0, 33, 0) < 0) /* 1 January 1980 */
        return p2p_fail(P2P_EIO, "zip archive: %s", zip_strerror(zip));
    return P2P_OK;
}

static int add_all(zip_t *zip, const Text *pickle, Entry *tensors, int count)
{
    char name[64];
    int err;

    if ((err = add_entry(zip, FOLDER "data.pkl",
                         zip_source_buffer(zip, pickle->data, pickle->used, 0))) < 0 ||
        (err = add_entry(zip, FOLDER "byteorder", zip_source_buffer(zip, "little", 6, 0))) < 0)
        return err;
    for (int i = 0; !err && i < count; i++) {
        snprintf(name, sizeof(name), FOLDER "data/%d", i);
        err = add_entry(zip, name, zip_source_function(zip, entry_call, &tensors[i]));
    }
    return err ? err : add_entry(zip, FOLDER "version", zip_source_buffer(zip, "3\n", 2, 0));
}

static int write_archive(const char *temporary, const Text *pickle, Entry *tensors, int count)
{
    int code, failed = P2P_OK, err;
    zip_t *zip = zip_open(temporary, ZIP_CREATE | ZIP_TRUNCATE, &code);

    if (!zip)
        return p2p_fail(P2P_EIO, "%s: cannot be written", temporary);
    for (int i = 0; i < count; i++)
        tensors[i].err = &failed;
    err = add_all(zip, pickle, tensors, count);
    if (!err && zip_close(zip) == 0)
        return P2P_OK;
    if (!err)
        err = failed ? failed
                     : p2p_fail(P2P_EIO, "%s: cannot be written: %s", temporary, zip_strerror(zip));
    zip_discard(zip);
    for (int i = 0; i < count; i++)
        free(tensors[i].data);
    return err;
}

int p2p_pth_write(const char *path, const P2pTensorEntry *entries, int count, P2pGetTensor get,
                  void *user)
{
    char *temporary = p2p_temporary_name(path);
    Entry *tensors = p2p_alloc((size_t)count, sizeof(*tensors));
    Text pickle = {0};
    int err = temporary && tensors ? make_pickle(&pickle, entries, count) : P2P_ENOMEM;

    for (int i = 0; !err && i < count; i++)
        tensors[i] =
            (Entry){.get = get,
                    .user = user,
                    .i = i,
                    .bytes = count_elements(&entries[i]) * p2p_dtype_bytes(entries[i].dtype)};
    if (!err)
        err = write_archive(temporary, &pickle, tensors, count);
    if (!err)
        err = p2p_file_install(temporary, path);
    free(pickle.data);
    free(tensors);
    free(temporary);
    return err;
}
