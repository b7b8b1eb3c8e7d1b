/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of picture names and subfolders, sorted. Opens no picture. */
#include "src/base/front.h"
#include "src/data/folder.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"

/* By suffix; what the file really holds is seen when it is read. */
static bool is_picture_name(const char *name)
{
    P2pImageFormat format;

    return p2p_image_format_of(name, &format) == P2P_OK;
}

static bool wanted(const char *folder, const char *name, bool folders)
{
    if (name[0] == '.' || (!folders && !is_picture_name(name)))
        return false;

    char *path = p2p_path_join(folder, name);
    const bool is_folder = path && p2p_folder_exists(path);
    free(path);
    return is_folder == folders;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list(const char *folder, bool folders, char ***names, size_t *count)
{
    size_t capacity = 0;
    void *array = NULL;
    int err = P2P_OK;

    *names = NULL;
    *count = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return p2p_fail_errno(P2P_EIO, "%s: the folder cannot be read", folder);
    while (!err) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry) {
            if (errno)
                err = p2p_fail_errno(P2P_EIO, "%s: the folder cannot be read", folder);
            break;
        }
        if (!wanted(folder, entry->d_name, folders))
            continue;
        if ((err = p2p_grow(&array, &capacity, *count + 1, sizeof(char *))) < 0)
            break;
        if (!(((char **)array)[*count] = p2p_strdup(entry->d_name)))
            err = P2P_ENOMEM;
        else
            (*count)++;
    }
    closedir(dir);
    if (err) {
        p2p_names_free(array, *count);
        *count = 0;
        return err;
    }
    if (*count)
        qsort(array, *count, sizeof(char *), compare_names);
    *names = array;
    return P2P_OK;
}

void p2p_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

int p2p_folder_pictures(const char *folder, char ***names, size_t *count)
{
    P2P_NEED(folder);
    P2P_NEED(names);
    P2P_NEED(count);

    return list(folder, false, names, count);
}

int p2p_folder_subfolders(const char *folder, char ***names, size_t *count)
{
    return list(folder, true, names, count);
}

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

int p2p_folder_stems(const char *folder, char ***names, size_t *count)
{
    int err;

    if ((err = p2p_folder_pictures(folder, names, count)) < 0)
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
