/* SPDX-License-Identifier: BSD-2-Clause */
/* The table behind the options. */
#ifndef P2P_OPTIONS_OPTIONS_TABLE_H
#define P2P_OPTIONS_OPTIONS_TABLE_H

#include "src/options/options.h"

/** How a field holds the value. */
typedef enum P2pStorage {
    P2P_STORED_BOOL,
    P2P_STORED_INT,
    P2P_STORED_LONG,
    P2P_STORED_DOUBLE,
    P2P_STORED_TEXT,
    P2P_STORED_PLACE, /* int: of the word among the choices */
} P2pStorage;

typedef struct P2pOption {
    P2pOptionInfo info;
    P2pStorage storage;
    size_t offset, size; /* of the field */
    bool no_limit;       /* a limit that is none by default: `inf` says so, too */
} P2pOption;

extern const P2pOption p2p_option_table[];
extern const int p2p_option_count;

/** Place in the table, or -1. */
int p2p_option_find(const char *name);

/** Set option i from text; whether it was given stays as it is. */
int p2p_option_set(P2pOptions *options, int i, const char *text);

/** "a|b|c" of an option that has choices. */
void p2p_option_choices(const P2pOptionInfo *option, char *text, size_t bytes);

/** Edit distance of two words (Levenshtein), case ignored for letters of ASCII. */
int p2p_option_distance(const char *a, const char *b);

#endif
