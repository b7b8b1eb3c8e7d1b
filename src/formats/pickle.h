/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of a Python pickle, as far as dictionaries of PyTorch tensors and whole modules need them. An
 * allow-list of opcodes and of what may be called; everything else is an error that names it. Objects
 * are inert: a class is its name, an object what was stored in it. Nothing is ever executed.
 */
#ifndef P2P_FORMATS_PICKLE_H
#define P2P_FORMATS_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "p2p/common.h"

typedef enum P2pPickleKind {
    P2P_PICKLE_NONE,
    P2P_PICKLE_BOOL,    /* number */
    P2P_PICKLE_INT,     /* number */
    P2P_PICKLE_FLOAT,   /* whichever: nobody asks */
    P2P_PICKLE_TEXT,    /* text: any bytes, not terminated */
    P2P_PICKLE_TUPLE,   /* items */
    P2P_PICKLE_LIST,    /* items */
    P2P_PICKLE_DICT,    /* items: key, value, key, value */
    P2P_PICKLE_GLOBAL,  /* number: a P2pPickleGlobal */
    P2P_PICKLE_STORAGE, /* items of a persistent id */
    P2P_PICKLE_TENSOR,  /* items: the arguments of _rebuild_tensor[_v2] */
    P2P_PICKLE_CLASS,   /* text: module, '\n', name; nothing can be done with it but objects */
    P2P_PICKLE_OBJECT,  /* items: its class; then its state, where it has one */
} P2pPickleKind;

typedef enum P2pPickleGlobal {
    P2P_GLOBAL_ORDERED_DICT,
    P2P_GLOBAL_REBUILD_TENSOR,
    P2P_GLOBAL_REBUILD_TENSOR_V2,
    P2P_GLOBAL_REBUILD_PARAMETER,
    P2P_GLOBAL_PARAMETER, /* the same before 0.4 */
    P2P_GLOBAL_SET,
    P2P_GLOBAL_BACKEND,       /* of each module before 1.0 */
    P2P_GLOBAL_FIRST_STORAGE, /* number - this: place in the list of storage types */
} P2pPickleGlobal;

typedef struct P2pPickleValue {
    P2pPickleKind kind;
    int64_t number;
    const char *text; /* in the pickle */
    size_t length;
    int *items; /* indices of values */
    int count;
    size_t capacity;
} P2pPickleValue;

typedef struct P2pPickle {
    P2pPickleValue *values; /* several items may be one value, a value may contain itself */
    int count, root;
    size_t capacity;
    size_t bytes; /* read, with the STOP */
} P2pPickle;

/**
 * Read one pickle (protocol 2) from the front of data, which must stay as long as the values.
 *
 * @param  path  For messages.
 * @return 0; P2P_ENOMEM; P2P_EFORMAT: truncated, malformed, or something not on the list.
 */
int p2p_pickle_read(P2pPickle *pickle, const char *path, const unsigned char *data, size_t bytes);
void p2p_pickle_finish(P2pPickle *pickle);

/**
 * What an object holds under a name: in its state, a dictionary of attributes; NULL where there is none
 * or of another kind.
 */
const P2pPickleValue *p2p_pickle_attribute(const P2pPickle *pickle, const P2pPickleValue *object,
                                           const char *name, P2pPickleKind kind);

/** Item i of a value, NULL where there is none or it is of another kind. */
const P2pPickleValue *p2p_pickle_item(const P2pPickle *pickle, const P2pPickleValue *of, int i,
                                      P2pPickleKind kind);

#endif
