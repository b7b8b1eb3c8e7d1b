/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of pictures and folders: a temporary folder, and pictures with known content. */
#ifndef P2P_TEST_DATA_HELPERS_H
#define P2P_TEST_DATA_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "p2p/data.h"
#include "src/base/file.h"
#include "src/base/rng.h"

static char test_folder[64];

static inline int test_folder_make(void **state)
{
    (void)state;
    snprintf(test_folder, sizeof(test_folder), "/tmp/p2p_test_XXXXXX");
    return mkdtemp(test_folder) ? 0 : -1;
}

static inline void test_remove(const char *path)
{
    DIR *dir = opendir(path);

    for (const struct dirent *e; dir && (e = readdir(dir));) {
        char *inside = p2p_path_join(path, e->d_name);
        /* A link to a folder is a file here. */
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlink(inside) != 0)
            test_remove(inside);
        free(inside);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static inline int test_folder_remove(void **state)
{
    (void)state;
    test_remove(test_folder);
    return 0;
}

/** "FOLDER/name"; the folders on the way are made. Good until the eighth next call. */
static inline const char *test_path(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, 512, "%s/%s", test_folder, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(p2p_folder_make(path), P2P_OK);
    *slash = '/';
    return path;
}

/** Noise. */
static inline P2pImage test_picture(int width, int height, int channels, int bits, uint32_t seed)
{
    P2pImage image;

    assert_int_equal(p2p_image_init(&image, width, height, channels, bits), P2P_OK);
    for (size_t i = 0; i < p2p_image_bytes(&image); i++)
        ((uint8_t *)image.data)[i] =
            (uint8_t)(p2p_rng_word(seed, p2p_stream(P2P_STREAM_TEST, 0), i) >> 24);
    return image;
}

static inline void test_write(const char *name, int width, int height, uint32_t seed)
{
    P2pImage image = test_picture(width, height, 3, 8, seed);

    assert_int_equal(p2p_image_write(&image, test_path(name), 0), P2P_OK);
    p2p_image_finish(&image);
}

static inline void test_same(const P2pImage *a, const P2pImage *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->channels, b->channels);
    assert_int_equal(a->bits, b->bits);
    assert_memory_equal(a->data, b->data, p2p_image_bytes(a));
}

static inline void test_error_names(int err, int expected, const char *part)
{
    assert_int_equal(err, expected);
    if (!strstr(p2p_error(), part))
        fail_msg("\"%s\" does not name %s", p2p_error(), part);
}

#endif
