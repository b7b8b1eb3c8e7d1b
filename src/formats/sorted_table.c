/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of a sorted table: an index block that names others, all alike. */
#include "src/formats/sorted_table.h"

#include <string.h>

#include "p2p/common.h"
#include "src/base/crc32c.h"
#include "src/base/status.h"

enum { FOOTER = 48, MAGIC = 8, TRAILER = 5, WORD = 4 };

static const unsigned char magic[MAGIC] = {0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb};

typedef struct Table {
    const char *path;
    const unsigned char *data;
    size_t bytes;
    size_t budget; /* bytes that blocks may still have: each lies in the file once */
    char last[P2P_TABLE_KEY];
    size_t last_length;
    bool begun; /* there is a last key */
    P2pTableEntry entry;
    void *user;
} Table;

static int fail_damaged(const Table *t, const char *what)
{
    return p2p_fail(P2P_EFORMAT, "%s: damaged table of tensors: %s", t->path, what);
}

bool p2p_table_is(const unsigned char *data, size_t bytes)
{
    return bytes >= FOOTER && !memcmp(data + bytes - MAGIC, magic, MAGIC);
}

static uint32_t word(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A block's entries, without its restart points, by the handle at *where: its offset and size. */
static int open_block(Table *t, P2pWire *where, P2pWire *entries)
{
    enum { RAW, SNAPPY };
    uint64_t offset, size;

    if (!p2p_wire_varint(where, &offset) || !p2p_wire_varint(where, &size))
        return fail_damaged(t, "a block without a place");
    if (offset > t->bytes || size > t->bytes - offset || t->bytes - offset - size < TRAILER ||
        size > t->budget || size < WORD)
        return fail_damaged(t, "a block beyond the file, or within another");
    t->budget -= (size_t)size;
    const unsigned char *block = t->data + offset;
    if (p2p_crc32c_masked(block, (size_t)size + 1) != word(block + size + 1))
        return fail_damaged(t, "the checksum of a block is wrong");
    if (block[size] != RAW)
        return p2p_fail(
            P2P_EFORMAT,
            "%s: its table of tensors is compressed%s, as TensorFlow 1.1 alone wrote it; "
            "save it again with another",
            t->path, block[size] == SNAPPY ? " by snappy" : "");
    const uint32_t restarts = word(block + size - WORD);
    if (restarts > size / WORD - 1)
        return fail_damaged(t, "a block of impossible restart points");
    *entries = (P2pWire){.data = block, .bytes = (size_t)size - WORD * ((size_t)restarts + 1)};
    return P2P_OK;
}

/* A key begins as the one before it. */
typedef struct Key {
    char text[P2P_TABLE_KEY];
    size_t length;
} Key;

static int take_entry(const Table *t, P2pWire *w, Key *key, P2pWire *value)
{
    uint64_t shared, more, length;

    if (!p2p_wire_varint(w, &shared) || !p2p_wire_varint(w, &more) ||
        !p2p_wire_varint(w, &length) || shared > key->length || more > w->bytes - w->at ||
        length > w->bytes - w->at - more)
        return fail_damaged(t, "an entry beyond its block");
    if (more >= P2P_TABLE_KEY - shared)
        return p2p_fail(P2P_EFORMAT, "%s: a tensor's name of over %d bytes", t->path,
                        P2P_TABLE_KEY - 1);
    memcpy(key->text + shared, w->data + w->at, (size_t)more);
    key->length = (size_t)(shared + more);
    key->text[key->length] = '\0';
    w->at += (size_t)more;
    *value = (P2pWire){.data = w->data + w->at, .bytes = (size_t)length};
    w->at += (size_t)length;
    return P2P_OK;
}

/* Keys ascend through the whole table, so that none comes twice. */
static int check_order(Table *t, const Key *key)
{
    const size_t both = t->last_length < key->length ? t->last_length : key->length;
    const int order = memcmp(t->last, key->text, both);

    if (t->begun && (order > 0 || (order == 0 && t->last_length >= key->length)))
        return fail_damaged(t, "its names are out of order");
    memcpy(t->last, key->text, key->length);
    t->last_length = key->length;
    t->begun = true;
    return P2P_OK;
}

static int read_block(Table *t, P2pWire *where)
{
    P2pWire entries, value;
    Key key = {.length = 0};
    int err = open_block(t, where, &entries);

    while (!err && !p2p_wire_ended(&entries))
        if ((err = take_entry(t, &entries, &key, &value)) == P2P_OK &&
            (err = check_order(t, &key)) == P2P_OK)
            err = t->entry(t->user, key.text, key.length, value);
    return err;
}

int p2p_table_read(const char *path, const unsigned char *data, size_t bytes, P2pTableEntry entry,
                   void *user)
{
    Table t = {
        .path = path, .data = data, .bytes = bytes, .budget = bytes, .entry = entry, .user = user};
    P2pWire index, where;
    uint64_t unused;
    Key key = {.length = 0};
    int err;

    if (!p2p_table_is(data, bytes))
        return fail_damaged(&t, "truncated");
    P2pWire footer = {.data = data + bytes - FOOTER, .bytes = FOOTER - MAGIC};
    if (!p2p_wire_varint(&footer, &unused) || !p2p_wire_varint(&footer, &unused))
        return fail_damaged(&t, "its end is malformed");
    err = open_block(&t, &footer, &index);
    while (!err && !p2p_wire_ended(&index))
        if ((err = take_entry(&t, &index, &key, &where)) == P2P_OK)
            err = read_block(&t, &where);
    return err;
}
