/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of pictures without suffix: their order, and partners in two folders. */
#include "src/data/folder.h"

#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

size_t p2p_stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? (size_t)(dot - name) : strlen(name);
}

int p2p_stem_compare(const char *a, const char *b)
{
    const size_t na = p2p_stem_length(a), nb = p2p_stem_length(b);
    const int order = memcmp(a, b, na < nb ? na : nb);

    return order ? order : na < nb ? -1 : na > nb;
}

static int compare_stems(const void *a, const void *b)
{
    return p2p_stem_compare(*(char *const *)a, *(char *const *)b);
}

int p2p_folder_stems(const char *folder, const P2pWalkSettings *settings, char ***names,
                     size_t *count)
{
    int err;

    if ((err = p2p_folder_walk(folder, settings, names, count)) < 0)
        return err;
    if (*count)
        qsort(*names, *count, sizeof(char *), compare_stems);
    for (size_t i = 1; i < *count && !err; i++)
        if (p2p_stem_compare((*names)[i - 1], (*names)[i]) == 0)
            err = p2p_fail(P2P_EFORMAT, "%s: %s and %s have one name; remove one of them", folder,
                           (*names)[i - 1], (*names)[i]);
    if (err) {
        p2p_names_free(*names, *count);
        *names = NULL;
        *count = 0;
    }
    return err;
}

int p2p_folder_match(const char *folder_a, char *const *a, size_t count_a, const char *folder_b,
                     char *const *b, size_t count_b)
{
    for (size_t i = 0; i < count_a || i < count_b; i++) {
        const int order = i == count_a ? 1 : i == count_b ? -1 : p2p_stem_compare(a[i], b[i]);
        const char *name = order < 0 ? a[i] : b[i];
        if (order)
            return p2p_fail(P2P_EFORMAT, "%s/%s: has no partner %.*s.png or .jpg in %s",
                            order < 0 ? folder_a : folder_b, name, (int)p2p_stem_length(name), name,
                            order < 0 ? folder_b : folder_a);
    }
    return P2P_OK;
}
