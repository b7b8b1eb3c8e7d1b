/* SPDX-License-Identifier: BSD-2-Clause */
/* Listing the pictures of folders and comparing their names without suffix. */
#ifndef P2P_DATA_FOLDER_H
#define P2P_DATA_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "p2p/data.h"

/** Zero means default. */
typedef struct P2pWalkSettings {
    bool flat;          /**< subfolders are not entered */
    const char *except; /**< nor is this one below the folder: where the results go */
    const P2pLog *log;  /**< one warning of what is left out; may be NULL */
} P2pWalkSettings;

/** p2p_folder_pictures(), by settings. */
int p2p_folder_walk(const char *folder, const P2pWalkSettings *settings, char ***names,
                    size_t *count);

/** Length of name without its suffix. */
size_t p2p_stem_length(const char *name);

/** Order of two names by their bytes without suffix; 0 where they pair. */
int p2p_stem_compare(const char *a, const char *b);

/** p2p_folder_walk() sorted without suffix; P2P_EFORMAT where two names differ in it only. */
int p2p_folder_stems(const char *folder, const P2pWalkSettings *settings, char ***names,
                     size_t *count);

/**
 * P2P_EFORMAT naming the first picture of a (in folder_a) or b (in folder_b) without a partner in
 * the other; both lists come from p2p_folder_stems.
 */
int p2p_folder_match(const char *folder_a, char *const *a, size_t count_a, const char *folder_b,
                     char *const *b, size_t count_b);

#endif
