/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that people take for models and that have no reader here: what they are, and what to do with
 * them. Looks at fronts, ends and names; reads nothing of what is within.
 */
#ifndef P2P_FORMATS_FOREIGN_H
#define P2P_FORMATS_FOREIGN_H

#include <stddef.h>

/** P2P_EFORMAT with the file's kind and advice in the message; 0 for one of no known kind. */
int p2p_foreign_refuse(const char *path, const unsigned char *data, size_t bytes);

/** The same by the name of an entry of a zip archive. */
int p2p_foreign_refuse_entry(const char *path, const char *entry);

/** The same by the path alone: a folder of TensorFlow's, the front of its files' names. */
int p2p_foreign_refuse_path(const char *path);

#endif
