/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of compiled kernels; what is in them is program.c's. */
#ifndef P2P_DEVICE_CACHE_H
#define P2P_DEVICE_CACHE_H

#include <stddef.h>

#include "p2p/common.h"

/** The folder in fresh memory, or NULL: nothing is to be kept, or there is no memory. */
char *p2p_cache_folder(void);

/** Path of a file in it, likewise. */
char *p2p_cache_file(const char *name);
/** The text of such a file in fresh memory, "" where there is none; one of more than most_bytes begins anew. NULL: no
 *  memory. path may be NULL. */
char *p2p_cache_text(const char *path, size_t most_bytes);

/** Bytes that may be kept: P2P_CACHE_MB or its default; 0: nothing is kept. */
size_t p2p_cache_limit(const P2pLog *log);

/** Note that a kept file was used. */
void p2p_cache_touch(const char *path);

/** Number and bytes of what is kept; P2P_EIO where the folder is there and cannot be read. */
int p2p_cache_measure(const char *folder, size_t *files, size_t *bytes);

/** Remove what was not used for longest until the rest is within the limit. Never fails. */
void p2p_cache_trim(const char *folder, size_t limit_bytes);

#endif
