/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole-file reading, mapping, and writing that never leaves a half-written file. */
#ifndef P2P_BASE_FILE_H
#define P2P_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** Read-only view of a file; finish() unmaps. */
typedef struct P2pMapping {
    const unsigned char *data; /* NULL for an empty file */
    size_t bytes;
} P2pMapping;

/** Map path for reading. P2P_EIO when it cannot be opened, is a folder or cannot be mapped. */
int p2p_mapping_init(P2pMapping *m, const char *path);
void p2p_mapping_finish(P2pMapping *m);

/** Read at most limit bytes of path into fresh memory (*out, freed by the caller). */
int p2p_file_read(const char *path, size_t limit, unsigned char **out, size_t *bytes);

/**
 * A file written beside its final name and renamed by commit, so that path is at any time the old
 * or the new file, whole. close() without commit removes the temporary file.
 */
typedef struct P2pWriter {
    FILE *file;
    char *path, *temporary;
} P2pWriter;

int p2p_writer_open(P2pWriter *w, const char *path);
int p2p_writer_put(P2pWriter *w, const void *data, size_t bytes);
/** Flush to the disk and end writing, but leave the file under w->temporary; close() removes it. */
int p2p_writer_flush(P2pWriter *w);
/** Flush to the disk, rename, flush the folder; closes w in every case. */
int p2p_writer_commit(P2pWriter *w);
void p2p_writer_close(P2pWriter *w);

/** open + put + commit. */
int p2p_file_write(const char *path, const void *data, size_t bytes);

/** For those who write by other means: a name beside path, in fresh memory, or NULL. */
char *p2p_temporary_name(const char *path);
/** Flush a file of such a name to the disk and rename it; on failure it is removed. */
int p2p_file_install(const char *temporary, const char *path);

/** Copy a file, whole or not at all, through a small buffer. */
int p2p_file_copy(const char *from, const char *to);

/** P2P_EIO when the file system of path has no room for so many more bytes; unknown: 0. */
int p2p_file_check_space(const char *path, size_t bytes);

/** Remove what killed processes left in a folder under p2p_temporary_name()s. */
void p2p_temporaries_remove(const char *folder);

/** Give the file `from` the further name `to` (replacing it); P2P_EIO where links are not possible. */
int p2p_file_link(const char *from, const char *to);

/** mkdir -p. */
int p2p_folder_make(const char *path);
/** The same for the folder that the file path is to lie in. */
int p2p_folder_make_for(const char *path);
bool p2p_file_exists(const char *path);
bool p2p_folder_exists(const char *path);

/** "folder/name" in fresh memory, or NULL with p2p_error() set. */
char *p2p_path_join(const char *folder, const char *name);

/** CRC-32 (IEEE 802.3) of data, continuing from crc (0 to begin). */
unsigned p2p_crc32(unsigned crc, const void *data, size_t bytes);

/** Two digits for each byte into out, and the end. */
void p2p_hex(char *out, const unsigned char *data, size_t bytes);

/** 64-bit FNV-1a hash, continuing from hash (P2P_FNV_START to begin). */
#define P2P_FNV_START 14695981039346656037ull
unsigned long long p2p_fnv(unsigned long long hash, const void *data, size_t bytes);

#endif
