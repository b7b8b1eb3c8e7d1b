/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds of foreign files, by their first bytes, protobuf fields, entries or names. */
#include "src/formats/foreign.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "p2p/common.h"
#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/protobuf_read.h"
#include "src/formats/sorted_table.h"

/* What to do. */
#define USE_EXPORT                                                                               \
    "pix2pix-tensorflow's server/tools/export-checkpoint.py makes a .pict of a checkpoint, and " \
    "that is read"
#define USE_STATE_DICT \
    "load it in Python and save the network's state_dict() by torch.save(), which is read"
#define USE_ORIGINAL "give the model that it was made from (.safetensors, .pth, .pict, .t7)"
#define UNPACK "unpack it first"
#define FETCH_AGAIN "fetch the model's file itself"
#define NO_MODEL "models are .safetensors, .pth, .pict and .t7 files"

static int refuse(const char *path, const char *what, const char *advice)
{
    return p2p_fail(P2P_EFORMAT, "%s: is %s, which cannot be read; %s", path, what, advice);
}

/* ---- First bytes --------------------------------------------------------------------------- */

#define MAGIC(text) sizeof(text) - 1, text

static const struct {
    size_t at, bytes;
    const char *magic, *what, *advice;
} fronts[] = {
    {0, MAGIC("\x89HDF\r\n\x1a\n"), "an HDF5 file (Keras)", NO_MODEL},
    {4, MAGIC("TFL3"), "a model of TensorFlow Lite", USE_EXPORT},
    {0, MAGIC("\3\0\0\0\1\0\0\0"), "a Torch7 table (.t7)", USE_STATE_DICT},
    {0, MAGIC("4\n1\n3\nV 1\n"), "a Torch7 object as text (.t7)", USE_STATE_DICT},
    {0, MAGIC("3\n1\n"), "a Torch7 table as text (.t7)", USE_STATE_DICT},
    {0, MAGIC("\x93NUMPY"), "an array of NumPy", USE_STATE_DICT},
    {0, MAGIC("(dp"), "a plain Python pickle", USE_STATE_DICT},
    {0, MAGIC("ccopy_reg\n"), "a plain Python pickle", USE_STATE_DICT},
    {257, MAGIC("ustar"), "a tar archive", UNPACK},
    {0, MAGIC("\x1f\x8b\x08"), "compressed by gzip", UNPACK},
    {0, MAGIC("BZh"), "compressed by bzip2", UNPACK},
    {0, MAGIC("\xfd\x37zXZ"), "compressed by xz", UNPACK},
    {0, MAGIC("\x28\xb5\x2f\xfd"), "compressed by zstd", UNPACK},
    {0, MAGIC("7z\xbc\xaf"), "a 7-Zip archive", UNPACK},
    {0, MAGIC("Rar!"), "a RAR archive", UNPACK},
    {0, MAGIC("\x89PNG"), "a picture", NO_MODEL},
    {0, MAGIC("\xff\xd8\xff"), "a picture", NO_MODEL},
    {0, MAGIC("GIF8"), "a picture", NO_MODEL},
    {1, MAGIC("ELF"), "a program", NO_MODEL},
    {0, MAGIC("version https://git-lfs"), "a pointer of Git LFS", FETCH_AGAIN},
};

static bool has(const unsigned char *data, size_t bytes, size_t at, const void *magic, size_t n)
{
    return at <= bytes && n <= bytes - at && !memcmp(data + at, magic, n);
}

/* The first bytes that are no blanks, without regard to upper and lower case. */
static bool begins_with_word(const unsigned char *data, size_t bytes, const char *word)
{
    const size_t n = strlen(word);

    while (bytes && strchr(" \t\r\n", *data) && *data)
        data++, bytes--;
    return n <= bytes && !strncasecmp((const char *)data, word, n);
}

/* A pickle with its protocol in front; PyTorch's own has a reader. */
static bool is_pickle(const unsigned char *data, size_t bytes)
{
    return bytes > 2 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5;
}

/* ---- Protobuf ------------------------------------------------------------------------------ */

/* Field numbers below 32 of a message, as bits; 0 where the bytes are no message. */
static uint32_t message_fields(const unsigned char *data, size_t bytes)
{
    P2pWire wire = {.data = data, .bytes = bytes};
    P2pField field;
    uint32_t seen = 0;

    while (p2p_wire_field(&wire, &field)) {
        if (field.number > 31)
            return 0;
        seen |= 1u << field.number;
    }
    return p2p_wire_ended(&wire) ? seen : 0;
}

/* What a protobuf message of a whole file is, by its first tag and its fields; NULL: nothing known. */
static const char *message_kind(const unsigned char *data, size_t bytes)
{
    enum { NUMBER_1 = 1 << 3 | P2P_WIRE_VARINT, ONNX_GRAPH = 1 << 7 };
    const uint32_t seen = bytes > 2 && data[0] == NUMBER_1 ? message_fields(data, bytes) : 0;

    if (!seen)
        return NULL;
    return seen & ONNX_GRAPH             ? "an ONNX graph"
           : seen == (1u << 1 | 1u << 2) ? "a SavedModel of TensorFlow"
                                         : NULL;
}

/* ---- Names --------------------------------------------------------------------------------- */

static bool ends(const char *text, const char *with)
{
    const size_t n = strlen(text), w = strlen(with);

    return n >= w && !strcmp(text + n - w, with);
}

static bool has_beside(const char *path, const char *suffix)
{
    char *name = p2p_format("%s%s", path, suffix);
    const bool there = name && p2p_file_exists(name);

    free(name);
    return there;
}

/* ---- All ----------------------------------------------------------------------------------- */

int p2p_foreign_refuse(const char *path, const unsigned char *data, size_t bytes)
{
    const char *message;

    if (!bytes)
        return p2p_fail(P2P_EFORMAT, "%s: is empty", path);
    for (size_t i = 0; i < P2P_COUNT(fronts); i++)
        if (has(data, bytes, fronts[i].at, fronts[i].magic, fronts[i].bytes))
            return refuse(path, fronts[i].what, fronts[i].advice);
    if (is_pickle(data, bytes))
        return refuse(path, "a plain Python pickle, not written by torch.save()", USE_STATE_DICT);
    if (p2p_table_is(data, bytes))
        return refuse(path, "a checkpoint of TensorFlow of before 2017", USE_EXPORT);
    if (begins_with_word(data, bytes, "<!doctype") || begins_with_word(data, bytes, "<html") ||
        begins_with_word(data, bytes, "<?xml"))
        return refuse(path, "a web page", FETCH_AGAIN);
    if (begins_with_word(data, bytes, "{"))
        return refuse(path, "JSON text", NO_MODEL);
    message = message_kind(data, bytes);
    return message ? refuse(path, message, strstr(message, "ONNX") ? USE_ORIGINAL : USE_EXPORT)
                   : P2P_OK;
}

int p2p_foreign_refuse_entry(const char *path, const char *entry)
{
    static const struct {
        const char *end, *what, *advice;
    } entries[] = {
        {"/constants.pkl", "a TorchScript archive", USE_STATE_DICT},
        {".npy", "an archive of NumPy's arrays (.npz)", USE_STATE_DICT},
        {"model.weights.h5", "a model of Keras", NO_MODEL},
        {"saved_model.pb", "a packed SavedModel of TensorFlow", USE_EXPORT},
    };

    for (size_t i = 0; i < P2P_COUNT(entries); i++)
        if (ends(entry, entries[i].end))
            return refuse(path, entries[i].what, entries[i].advice);
    return P2P_OK;
}

int p2p_foreign_refuse_path(const char *path)
{
    if (p2p_folder_exists(path) && has_beside(path, "/saved_model.pb"))
        return refuse(path, "the folder of a SavedModel of TensorFlow", USE_EXPORT);
    return P2P_OK;
}
