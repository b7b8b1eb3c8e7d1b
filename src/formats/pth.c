/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading PyTorch's files of tensors: a pickle that describes views of storages, with the storages
 * as entries of a zip archive (since 1.6) or behind the pickles (before). Trusts no length.
 */
#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/foreign.h"
#include "src/formats/pickle.h"
#include "src/formats/tensor_file_parts.h"

enum { MAX_TENSORS = 16384, MAX_NAME = 512, MAX_DEPTH = 16 };

/* In the order of the pickle's storage globals. */
static const P2pDtype storage_dtypes[] = {P2P_F32, P2P_F16, P2P_BF16, P2P_F64, P2P_U8,
                                          P2P_I8,  P2P_I16, P2P_I32,  P2P_I64, P2P_BOOL};

typedef struct Storage {
    const P2pPickleValue *key;
    P2pDtype dtype;
    size_t elements;
    const unsigned char *data; /* NULL until it is found */
} Storage;

/* What the pickle says of a tensor of the file. */
typedef struct View {
    int storage, value; /* indices of r->storages and of the pickle's values */
} View;

typedef struct Reading {
    P2pTensorFile *file;
    P2pPickle pickle;
    Storage *storages;
    int count;
    View *views; /* one a tensor */
    size_t storages_room, views_room;
    size_t visits;
} Reading;

static int fail_tensor(const Reading *r, const char *name, const char *what)
{
    return p2p_fail(P2P_EFORMAT, "%s: tensor %.80s: %s", r->file->path, name, what);
}

static bool same_text(const P2pPickleValue *a, const P2pPickleValue *b)
{
    return a->length == b->length && !memcmp(a->text, b->text, a->length);
}

/* ---- What the pickle describes ------------------------------------------------------------- */

/* ('storage', class, key, location, elements[, None]): its place in the list. */
static int find_storage(Reading *r, const P2pPickleValue *id, const char *name, int *out)
{
    const P2pPickle *p = &r->pickle;
    const P2pPickleValue *type = p2p_pickle_item(p, id, 1, P2P_PICKLE_GLOBAL);
    const P2pPickleValue *key = p2p_pickle_item(p, id, 2, P2P_PICKLE_TEXT);
    const P2pPickleValue *elements = p2p_pickle_item(p, id, 4, P2P_PICKLE_INT);

    if (!type || type->number < P2P_GLOBAL_FIRST_STORAGE || !key || !elements ||
        elements->number < 0)
        return fail_tensor(r, name, "malformed storage");
    if (id->count > 5 && !p2p_pickle_item(p, id, 5, P2P_PICKLE_NONE))
        return fail_tensor(r, name,
                           "a view of a storage, as only PyTorch before 0.4 wrote; save it "
                           "again with a newer one");
    for (*out = 0; *out < r->count; ++*out)
        if (same_text(r->storages[*out].key, key))
            return P2P_OK;
    if (p2p_grow((void **)&r->storages, &r->storages_room, (size_t)r->count + 1, sizeof(Storage)) <
        0)
        return P2P_ENOMEM;
    r->storages[r->count++] =
        (Storage){.key = key,
                  .elements = (size_t)elements->number,
                  .dtype = storage_dtypes[type->number - P2P_GLOBAL_FIRST_STORAGE]};
    return P2P_OK;
}

static bool parse_view(const Reading *r, const P2pPickleValue *tensor, P2pFileTensor *t,
                       size_t stride[P2P_MAX_RANK])
{
    const P2pPickle *p = &r->pickle;
    const P2pPickleValue *sizes = p2p_pickle_item(p, tensor, 2, P2P_PICKLE_TUPLE);
    const P2pPickleValue *strides = p2p_pickle_item(p, tensor, 3, P2P_PICKLE_TUPLE);

    if (!sizes || !strides || sizes->count != strides->count || sizes->count > P2P_MAX_RANK)
        return false;
    t->rank = sizes->count;
    for (int i = 0; i < t->rank; i++) {
        const P2pPickleValue *n = p2p_pickle_item(p, sizes, i, P2P_PICKLE_INT);
        const P2pPickleValue *s = p2p_pickle_item(p, strides, i, P2P_PICKLE_INT);
        if (!n || !s || n->number < 0 || s->number < 0)
            return false;
        t->shape[i] = (size_t)n->number;
        stride[i] = (size_t)s->number;
    }
    return true;
}

/* Add the tensor's name; its data comes when the storages are there. */
static int add_tensor(Reading *r, const P2pPickleValue *tensor, const char *name)
{
    const P2pPickleValue *id = p2p_pickle_item(&r->pickle, tensor, 0, P2P_PICKLE_STORAGE);
    int storage = 0, err;

    if (r->file->count >= MAX_TENSORS)
        return p2p_fail(P2P_EFORMAT, "%s: more than %d tensors", r->file->path, MAX_TENSORS);
    if (!id)
        return fail_tensor(r, name, "has no storage");
    if ((err = find_storage(r, id, name, &storage)) < 0)
        return err;
    if (p2p_grow((void **)&r->views, &r->views_room, (size_t)r->file->count + 1, sizeof(View)) < 0)
        return P2P_ENOMEM;
    r->views[r->file->count] = (View){storage, (int)(tensor - r->pickle.values)};
    return p2p_tensor_file_add(r->file, name, strlen(name)) ? P2P_OK : P2P_ENOMEM;
}

static int add_dictionary(Reading *r, const P2pPickleValue *dict, const char *prefix, int depth);

/* A module's own tensors and those of its modules, as its state_dict() calls them. */
static int add_module(Reading *r, const P2pPickleValue *object, const char *prefix, int depth)
{
    static const char *const parts[] = {"_parameters", "_buffers", "_modules"};
    const P2pPickleValue *state = p2p_pickle_item(&r->pickle, object, 1, P2P_PICKLE_DICT);
    int err = P2P_OK;

    r->visits += state ? (size_t)state->count : 0; /* which are looked through */
    if (r->visits > r->pickle.bytes)
        return p2p_fail(P2P_EFORMAT, "%s: its modules are nested too deep", r->file->path);

    for (size_t i = 0; !err && i < P2P_COUNT(parts); i++) {
        const P2pPickleValue *part =
            p2p_pickle_attribute(&r->pickle, object, parts[i], P2P_PICKLE_DICT);
        if (part)
            err = add_dictionary(r, part, prefix, depth);
    }
    return err;
}

/* Add all tensors of a dictionary, those of dictionaries and modules within under "key.". */
static int add_dictionary(Reading *r, const P2pPickleValue *dict, const char *prefix, int depth)
{
    char name[MAX_NAME];
    int err = P2P_OK;

    for (int i = 0; !err && i + 1 < dict->count; i += 2) {
        const P2pPickleValue *key = p2p_pickle_item(&r->pickle, dict, i, P2P_PICKLE_TEXT);
        const P2pPickleValue *value = &r->pickle.values[dict->items[i + 1]];
        if (++r->visits > r->pickle.bytes || depth > MAX_DEPTH)
            return p2p_fail(P2P_EFORMAT, "%s: its dictionaries are nested too deep", r->file->path);
        if (!key || (value->kind != P2P_PICKLE_TENSOR && value->kind != P2P_PICKLE_DICT &&
                     value->kind != P2P_PICKLE_OBJECT))
            continue; /* numbers and words beside the tensors */
        const int n = snprintf(name, sizeof(name), "%s%.*s", prefix, (int)key->length, key->text);
        if (n < 0 || n >= MAX_NAME - 1 || strlen(name) != (size_t)n)
            return p2p_fail(P2P_EFORMAT, "%s: a name of over %d bytes, or with a zero in it",
                            r->file->path, MAX_NAME - 2);
        if (value->kind == P2P_PICKLE_TENSOR) {
            err = add_tensor(r, value, name);
        } else {
            memcpy(name + n, ".", 2);
            err = value->kind == P2P_PICKLE_DICT ? add_dictionary(r, value, name, depth + 1)
                                                 : add_module(r, value, name, depth + 1);
        }
    }
    return err;
}

/* Point tensor i into its storage. */
static int place_tensor(Reading *r, int i)
{
    P2pFileTensor *t = &r->file->tensors[i];
    const Storage *s = &r->storages[r->views[i].storage];
    const P2pPickleValue *tensor = &r->pickle.values[r->views[i].value];
    const P2pPickleValue *offset = p2p_pickle_item(&r->pickle, tensor, 1, P2P_PICKLE_INT);
    size_t stride[P2P_MAX_RANK];

    t->dtype = s->dtype;
    if (!offset || offset->number < 0 || (uint64_t)offset->number > s->elements ||
        !parse_view(r, tensor, t, stride))
        return fail_tensor(r, t->name, "its view reaches beyond its storage, or is malformed");
    return p2p_tensor_file_place(r->file, t, stride,
                                 s->data + (size_t)offset->number * p2p_dtype_bytes(t->dtype),
                                 s->elements - (size_t)offset->number);
}

static int describe(Reading *r)
{
    const P2pPickleValue *root = &r->pickle.values[r->pickle.root];
    int err;

    if (root->kind != P2P_PICKLE_DICT && root->kind != P2P_PICKLE_OBJECT)
        return p2p_fail(P2P_EFORMAT,
                        "%s: holds no dictionary of tensors; save the network's "
                        "state_dict()",
                        r->file->path);
    err =
        root->kind == P2P_PICKLE_DICT ? add_dictionary(r, root, "", 0) : add_module(r, root, "", 0);
    if (err)
        return err;
    if (!r->file->count)
        return p2p_fail(P2P_EFORMAT, "%s: holds no tensors; save the network's state_dict()",
                        r->file->path);
    return p2p_tensor_file_check_names(r->file);
}

static int place_all(Reading *r)
{
    int err = P2P_OK;

    for (int i = 0; !err && i < r->file->count; i++)
        err = place_tensor(r, i);
    return err;
}

/* Bytes of a storage; false where they overflow. */
static bool storage_bytes(const Storage *s, size_t *bytes)
{
    return p2p_size_mul(s->elements, p2p_dtype_bytes(s->dtype), bytes);
}

/* ---- Zip ----------------------------------------------------------------------------------- */

typedef struct Archive {
    zip_t *zip;
    const char *folder; /* what entries' names begin with, with its slash; not terminated */
    int folder_length;
    size_t budget; /* bytes that entries may still have, all together */
} Archive;

/* A CRC of 0 stands where PyTorch was told to compute none (set_crc32_options()). */
static int check_entry(const P2pTensorFile *f, const zip_stat_t *st, const unsigned char *data)
{
    const unsigned found = p2p_crc32(0, data, (size_t)st->size);

    return st->crc == 0 || st->crc == found
               ? P2P_OK
               : p2p_fail(P2P_EFORMAT,
                          "%s: damaged: the checksum of entry %.80s is %08x, it "
                          "should be %08x",
                          f->path, st->name, found, (unsigned)st->crc);
}

/* Read a stored entry whole into memory of the file; budget bounds all entries together. */
static int read_entry(P2pTensorFile *f, zip_t *zip, zip_uint64_t index, size_t *budget,
                      unsigned char **out, size_t *bytes)
{
    const zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC;
    zip_stat_t st;

    if (zip_stat_index(zip, index, 0, &st) < 0 || (st.valid & wanted) != wanted)
        return p2p_fail(P2P_EFORMAT, "%s: damaged zip archive: %s", f->path, zip_strerror(zip));
    if (st.comp_method != ZIP_CM_STORE || st.size != st.comp_size || st.size > *budget)
        return p2p_fail(P2P_EFORMAT,
                        "%s: entry %.80s is compressed, or longer than the file; "
                        "PyTorch writes no such files",
                        f->path, st.name);
    *budget -= (size_t)st.size;
    *bytes = (size_t)st.size;
    unsigned char *data = p2p_tensor_file_alloc(f, *bytes);
    zip_file_t *entry = data ? zip_fopen_index(zip, index, 0) : NULL;
    if (!data)
        return P2P_ENOMEM;
    const zip_int64_t got = entry ? zip_fread(entry, data, st.size) : -1;
    const int closed = entry ? zip_fclose(entry) : -1;
    *out = data;
    if (got != (zip_int64_t)st.size || closed != 0)
        return p2p_fail(P2P_EFORMAT, "%s: damaged zip archive: entry %.80s cannot be read", f->path,
                        st.name);
    return check_entry(f, &st, data);
}

/* The entry FOLDER/data.pkl. */
static bool find_pickle(Archive *a, zip_int64_t *index)
{
    static const char wanted[] = "data.pkl";
    const zip_int64_t count = zip_get_num_entries(a->zip, 0);

    for (*index = 0; *index < count; ++*index) {
        const char *name = zip_get_name(a->zip, (zip_uint64_t)*index, ZIP_FL_ENC_RAW);
        const char *slash = name ? strchr(name, '/') : NULL;
        if (slash && slash - name < MAX_NAME / 2 && !strcmp(slash + 1, wanted)) {
            a->folder = name;
            a->folder_length = (int)(slash + 1 - name);
            return true;
        }
    }
    return false;
}

/* Archives of other kinds, by the first entry that gives them away. */
static int refuse_foreign(const Reading *r, zip_t *zip)
{
    const zip_int64_t count = zip_get_num_entries(zip, 0);
    int err = P2P_OK;

    for (zip_int64_t i = 0; !err && i < count; i++) {
        const char *name = zip_get_name(zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        err = name ? p2p_foreign_refuse_entry(r->file->path, name) : P2P_OK;
    }
    return err;
}

/* Archives name the order of bytes of who wrote them, since PyTorch 2.1; before it was ours. */
static int read_byte_order(Reading *r, Archive *a, bool *swapped)
{
    char name[MAX_NAME];
    unsigned char *text;
    size_t bytes;

    snprintf(name, sizeof(name), "%.*sbyteorder", a->folder_length, a->folder);
    const zip_int64_t index = zip_name_locate(a->zip, name, ZIP_FL_ENC_RAW);
    *swapped = false;
    if (index < 0)
        return P2P_OK;
    const int err = read_entry(r->file, a->zip, (zip_uint64_t)index, &a->budget, &text, &bytes);
    if (err)
        return err;
    *swapped = bytes == 3 && !memcmp(text, "big", 3);
    return *swapped || (bytes == 6 && !memcmp(text, "little", 6))
               ? P2P_OK
               : p2p_fail(P2P_EFORMAT, "%s: its entry %.80s is neither little nor big",
                          r->file->path, name);
}

static void swap_bytes(unsigned char *data, size_t bytes, size_t size)
{
    for (unsigned char *end = data + bytes / size * size; data < end; data += size)
        for (size_t i = 0; i < size / 2; i++) {
            const unsigned char byte = data[i];
            data[i] = data[size - 1 - i];
            data[size - 1 - i] = byte;
        }
}

static int read_zip_storage(Reading *r, Archive *a, Storage *s, bool swapped)
{
    char name[MAX_NAME];
    unsigned char *data;
    size_t bytes, wanted;

    snprintf(name, sizeof(name), "%.*sdata/%.*s", a->folder_length, a->folder, (int)s->key->length,
             s->key->text);
    const zip_int64_t index = zip_name_locate(a->zip, name, ZIP_FL_ENC_RAW);
    if (index < 0)
        return p2p_fail(P2P_EFORMAT, "%s: entry %.80s is missing", r->file->path, name);
    const int err = read_entry(r->file, a->zip, (zip_uint64_t)index, &a->budget, &data, &bytes);
    if (err)
        return err;
    if (!storage_bytes(s, &wanted) || wanted != bytes)
        return p2p_fail(P2P_EFORMAT, "%s: entry %.80s has %zu bytes, its pickle says %zu elements",
                        r->file->path, name, bytes, s->elements);
    if (swapped)
        swap_bytes(data, bytes, p2p_dtype_bytes(s->dtype));
    s->data = data;
    return P2P_OK;
}

static int read_archive(Reading *r, zip_t *zip)
{
    Archive a = {.zip = zip, .budget = r->file->bytes};
    unsigned char *pickle;
    bool swapped;
    size_t bytes;
    zip_int64_t index;
    int err;

    if ((err = refuse_foreign(r, zip)) < 0)
        return err;
    if (!find_pickle(&a, &index))
        return p2p_fail(P2P_EFORMAT, "%s: a zip archive without data.pkl; not PyTorch's",
                        r->file->path);
    if ((err = read_entry(r->file, zip, (zip_uint64_t)index, &a.budget, &pickle, &bytes)) < 0 ||
        (err = p2p_pickle_read(&r->pickle, r->file->path, pickle, bytes)) < 0 ||
        (err = describe(r)) < 0 || (err = read_byte_order(r, &a, &swapped)) < 0)
        return err;
    for (int i = 0; !err && i < r->count; i++)
        err = read_zip_storage(r, &a, &r->storages[i], swapped);
    return err;
}

static int read_zip(Reading *r)
{
    zip_error_t error;
    zip_source_t *source;
    zip_t *zip = NULL;
    int err;

    zip_error_init(&error);
    source = zip_source_buffer_create(r->file->data, r->file->bytes, 0, &error);
    if (source && !(zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error)))
        zip_source_free(source);
    if (zip)
        err = read_archive(r, zip);
    else
        err = p2p_fail(P2P_EFORMAT, "%s: damaged zip archive, perhaps truncated: %s", r->file->path,
                       zip_error_strerror(&error));
    if (zip)
        zip_discard(zip);
    zip_error_fini(&error);
    return err;
}

/* ---- Before 1.6 ---------------------------------------------------------------------------- */

/* The magic number and protocol 1001, as two pickles. Data is little-endian on every machine. */
static const unsigned char legacy_front[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c,
                                             0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
                                             '.',  0x80, 2,    'M',  0xe9, 3,    '.'};

/* The next of several pickles. */
static int next_pickle(const Reading *r, P2pPickle *pickle, size_t *at)
{
    const int err =
        p2p_pickle_read(pickle, r->file->path, r->file->data + *at, r->file->bytes - *at);

    if (!err)
        *at += pickle->bytes;
    return err;
}

/* One storage: a count, and the data. */
static int read_legacy_storage(Reading *r, const P2pPickleValue *key, size_t *at)
{
    const P2pTensorFile *f = r->file;
    uint64_t elements = 0;
    size_t bytes;

    for (int i = 0; i < r->count; i++) {
        Storage *s = &r->storages[i];
        if (!same_text(s->key, key))
            continue;
        if (f->bytes - *at < sizeof(elements))
            break;
        memcpy(&elements, f->data + *at, sizeof(elements));
        *at += sizeof(elements);
        if (elements != s->elements || !storage_bytes(s, &bytes) || bytes > f->bytes - *at)
            return p2p_fail(P2P_EFORMAT,
                            "%s: storage %.*s is truncated, or not as long as its "
                            "pickle says",
                            f->path, p2p_min((int)key->length, 40), key->text);
        s->data = f->data + *at;
        *at += bytes;
        return P2P_OK;
    }
    return p2p_fail(P2P_EFORMAT, "%s: truncated, or a storage that no tensor uses", f->path);
}

static int read_legacy_storages(Reading *r, const P2pPickle *keys, size_t at)
{
    const P2pPickleValue *list = &keys->values[keys->root];
    int err = P2P_OK;

    for (int i = 0; !err && i < list->count; i++) {
        const P2pPickleValue *key = p2p_pickle_item(keys, list, i, P2P_PICKLE_TEXT);
        err = key ? read_legacy_storage(r, key, &at)
                  : p2p_fail(P2P_EFORMAT, "%s: a storage key that is no text", r->file->path);
    }
    for (int i = 0; !err && i < r->count; i++)
        if (!r->storages[i].data)
            err = p2p_fail(P2P_EFORMAT, "%s: storage %.*s is missing", r->file->path,
                           p2p_min((int)r->storages[i].key->length, 40), r->storages[i].key->text);
    return err;
}

static int read_legacy(Reading *r)
{
    P2pPickle info = {0}, keys = {0};
    size_t at = sizeof(legacy_front);
    int err;

    if (r->file->bytes < at || memcmp(r->file->data, legacy_front, at) != 0)
        return p2p_fail(P2P_EFORMAT, "%s: no file of PyTorch's tensors", r->file->path);
    err = next_pickle(r, &info, &at);
    if (!err && (err = next_pickle(r, &r->pickle, &at)) == 0 &&
        (err = next_pickle(r, &keys, &at)) == 0 && (err = describe(r)) == 0)
        err = read_legacy_storages(r, &keys, at);
    p2p_pickle_finish(&info);
    p2p_pickle_finish(&keys);
    return err;
}

int p2p_pth_read(P2pTensorFile **out, const char *path, const void *data, size_t bytes)
{
    Reading r = {0};
    int err = p2p_tensor_file_create(out, P2P_FILE_PTH, path, data, bytes);

    if (err)
        return err;
    r.file = *out;
    err = r.file->bytes && r.file->data[0] == 'P' ? read_zip(&r) : read_legacy(&r);
    if (!err)
        err = place_all(&r);
    p2p_pickle_finish(&r.pickle);
    free(r.storages);
    free(r.views);
    if (err)
        p2p_tensor_file_close(out);
    return err;
}
