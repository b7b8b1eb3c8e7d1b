/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LevelDB's sorted table of keys and values, in which TensorFlow keeps the list of a checkpoint's
 * tensors. Read whole, from the first entry to the last; no length in it is trusted.
 *
 * Source: LevelDB's doc/table_format.md.
 */
#ifndef P2P_FORMATS_SORTED_TABLE_H
#define P2P_FORMATS_SORTED_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/formats/protobuf_read.h"

enum { P2P_TABLE_KEY = 512 }; /* bytes of the longest key that is read, with an end */

/** One entry, in the order of keys; key ends with a zero. A negative status ends the reading. */
typedef int (*P2pTableEntry)(void *user, const char *key, size_t length, P2pWire value);

/** Whether the bytes end as a table does. */
bool p2p_table_is(const unsigned char *data, size_t bytes);

/**
 * Give all entries to a function.
 *
 * @param  path  For messages.
 * @return 0; what the function returned; P2P_EFORMAT: truncated, a checksum is wrong, blocks overlap or
 *         are compressed, keys are out of order or too long.
 */
int p2p_table_read(const char *path, const unsigned char *data, size_t bytes, P2pTableEntry entry,
                   void *user);

#endif
