/* SPDX-License-Identifier: BSD-2-Clause */
/* Holes in pictures: the centre, boxes drawn by number, masks of a folder. */
#include "src/data/hole.h"

#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/data/folder.h"
#include "src/data/picture.h"

enum { MOST_BOXES = 4 };

int p2p_holes_open(P2pHoles *h, const char *mask, uint32_t seed, size_t max_pixels)
{
    const P2pWalkSettings how = {0};
    char **names = NULL;
    size_t count = 0;
    int err = P2P_OK;

    *h = (P2pHoles){.seed = seed, .max_pixels = max_pixels};
    h->kind = !strcmp(mask, "center")   ? P2P_HOLE_CENTER
              : !strcmp(mask, "random") ? P2P_HOLE_RANDOM
                                        : P2P_HOLE_FOLDER;
    if (h->kind != P2P_HOLE_FOLDER)
        return P2P_OK;
    if (!p2p_folder_exists(mask))
        return p2p_fail(
            P2P_EIO, "a mask is center, random or a folder of masks; there is no folder %s", mask);
    err = p2p_folder_stems(mask, &how, &names, &count);
    if (!err && !count)
        err = p2p_fail(P2P_EFORMAT, "%s: has no masks (.png, .jpg, .tif ...)", mask);
    if (!err && !(h->paths = p2p_alloc(count, sizeof(*h->paths))))
        err = P2P_ENOMEM;
    for (; !err && h->count < count; h->count++)
        if (!(h->paths[h->count] = p2p_path_join(mask, names[h->count])))
            err = P2P_ENOMEM;
    p2p_names_free(names, count);
    if (err)
        p2p_holes_finish(h);
    return err;
}

int p2p_holes_copy(P2pHoles *to, const P2pHoles *from)
{
    *to = *from;
    to->count = 0;
    to->paths = from->paths ? p2p_alloc(from->count, sizeof(*to->paths)) : NULL;
    for (; to->paths && to->count < from->count; to->count++)
        if (!(to->paths[to->count] = p2p_strdup(from->paths[to->count])))
            break;
    if (to->count == from->count)
        return P2P_OK;
    p2p_holes_finish(to);
    return P2P_ENOMEM;
}

void p2p_holes_finish(P2pHoles *h)
{
    for (size_t i = 0; h->paths && i < h->count; i++)
        free(h->paths[i]);
    free(h->paths);
    *h = (P2pHoles){0};
}

/* ---- Cutting ------------------------------------------------------------------------------- */

/* The alpha of pixel i and its colours. */
static void set_pixel(P2pImage *rgba, size_t i, bool hole)
{
    for (size_t k = hole ? 0 : 3; k < 4; k++)
        if (rgba->bits == 8)
            ((uint8_t *)rgba->data)[4 * i + k] = hole ? (k < 3 ? 128 : 0) : 255;
        else if (rgba->bits == 16)
            ((uint16_t *)rgba->data)[4 * i + k] = hole ? (k < 3 ? 32768 : 0) : 65535;
        else
            ((float *)rgba->data)[4 * i + k] = hole ? (k < 3 ? 0.5f : 0) : 1;
}

static void cut_box(P2pImage *rgba, int x, int y, int width, int height)
{
    for (int row = y; row < y + height; row++)
        for (int col = x; col < x + width; col++)
            set_pixel(rgba, (size_t)row * (size_t)rgba->width + (size_t)col, true);
}

/* A side of a quarter to a half of the picture's, and where it begins. */
static void draw_side(int whole, uint32_t for_size, uint32_t for_place, int *at, int *size)
{
    *size = p2p_max(whole / 4 + (int)p2p_rng_below(for_size, (uint32_t)(whole / 4 + 1)), 1);
    *at = (int)p2p_rng_below(for_place, (uint32_t)(whole - *size + 1));
}

static void cut_boxes(const P2pHoles *h, P2pImage *rgba, uint32_t epoch, uint64_t index)
{
    const uint32_t stream = p2p_stream(P2P_STREAM_HOLE, epoch);
    const uint64_t first = index * (MOST_BOXES + 1) * 4;
    const int boxes =
        1 + (int)p2p_rng_below(p2p_rng_word(h->seed, stream, first), (uint32_t)MOST_BOXES);

    for (int i = 0; i < boxes; i++) {
        uint32_t words[4];
        int x, y, width, height;
        p2p_rng_block(h->seed, stream, first / 4 + 1 + (uint64_t)i, words);
        draw_side(rgba->width, words[0], words[1], &x, &width);
        draw_side(rgba->height, words[2], words[3], &y, &height);
        cut_box(rgba, x, y, width, height);
    }
}

/* Where the mask is white. */
static int cut_mask(const P2pHoles *h, P2pImage *rgba, uint32_t epoch, uint64_t index)
{
    const uint32_t word = p2p_rng_word(h->seed, p2p_stream(P2P_STREAM_HOLE, epoch), index);
    const char *path = h->paths[p2p_rng_below(word, (uint32_t)h->count)];
    P2pImage mask = {0}, grey = {0}, eight = {0}, sized = {0};
    int err = p2p_image_read(&mask, path, h->max_pixels);

    if (!err)
        err = p2p_image_convert_channels(&mask, 1, &grey);
    if (!err)
        err = p2p_image_convert_bits(&grey, 8, &eight);
    if (!err)
        err = p2p_image_resize(&eight, rgba->width, rgba->height, P2P_FILTER_BILINEAR, &sized);
    for (size_t i = 0; !err && i < (size_t)rgba->width * (size_t)rgba->height; i++)
        if (((const uint8_t *)sized.data)[i] >= 128)
            set_pixel(rgba, i, true);
    p2p_image_finish(&mask);
    p2p_image_finish(&grey);
    p2p_image_finish(&eight);
    p2p_image_finish(&sized);
    return err;
}

int p2p_holes_cut(const P2pHoles *h, const P2pImage *rgb, uint32_t epoch, uint64_t index,
                  P2pImage *rgba)
{
    int err = p2p_image_convert_channels(rgb, 4, rgba);

    if (err)
        return err;
    if (h->kind == P2P_HOLE_CENTER)
        cut_box(rgba, rgba->width / 4, rgba->height / 4, p2p_max(rgba->width / 2, 1),
                p2p_max(rgba->height / 2, 1));
    else if (h->kind == P2P_HOLE_RANDOM)
        cut_boxes(h, rgba, epoch, index);
    else if ((err = cut_mask(h, rgba, epoch, index)) < 0)
        p2p_image_finish(rgba);
    return err;
}

void p2p_hole_clear(P2pImage *rgba)
{
    for (size_t i = 0; i < (size_t)rgba->width * (size_t)rgba->height; i++)
        set_pixel(rgba, i, p2p_image_sample(rgba, 4 * i + 3) < 127.5);
}
