/* SPDX-License-Identifier: BSD-2-Clause */
/* The table behind the options. */
#ifndef P2P_OPTIONS_OPTIONS_TABLE_H
#define P2P_OPTIONS_OPTIONS_TABLE_H

#include "p2p/options.h"

typedef enum P2pOptionType {
    P2P_OPTION_FLAG,
    P2P_OPTION_INT,
    P2P_OPTION_LONG,
    P2P_OPTION_FLOAT,
    P2P_OPTION_STRING,
    P2P_OPTION_CHOICE,
} P2pOptionType;

typedef struct P2pOption {
    const char *name;
    P2pOptionType type;
    size_t offset, size; /* of the field */
    unsigned programs;
    bool stored; /* in model files */
    double min, max;
    const char *initial; /* default, as text */
    const char *choices; /* "a|b|c": the value is the place */
    const char *help;
    const char *group; /* heading of --help, at the first of a group */
} P2pOption;

extern const P2pOption p2p_option_table[];
extern const int p2p_option_count;

#endif
