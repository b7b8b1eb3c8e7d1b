/* SPDX-License-Identifier: BSD-2-Clause */
/* overview.png: as many of a set as fit on a page, from all over it, in two columns. */
#include <string.h>

#include "results.h"

enum { CELL = 128, GAP = 4, COLUMNS = 2, PAPER = 0xf4 };

static int rows_of(const Sheet *s)
{
    return s->of < SHEET_ROWS ? (int)s->of : SHEET_ROWS;
}

static int begin(Sheet *s, int shown)
{
    const int rows = rows_of(s);
    const int columns = rows < COLUMNS ? rows : COLUMNS;
    const int lines = (rows + columns - 1) / columns;
    const int err = p2p_image_init(&s->picture, columns * (shown * CELL + GAP) + GAP,
                                   lines * (CELL + GAP) + GAP, 3, 8);

    if (!err)
        memset(s->picture.data, PAPER, p2p_image_bytes(&s->picture));
    return err;
}

/* The largest size with the picture's sides that fits. */
static int shrink(const P2pImage *all, int width, int height, P2pImage *out)
{
    P2pImage bytes = {0};
    int w = width, h = (int)((double)all->height * width / all->width + 0.5);

    if (h > height) {
        w = (int)((double)all->width * height / all->height + 0.5);
        h = height;
    }
    int err = p2p_image_convert_bits(all, 8, &bytes);
    if (!err)
        err = p2p_image_resize(&bytes, w ? w : 1, h ? h : 1, P2P_FILTER_BICUBIC, out);
    p2p_image_finish(&bytes);
    return err;
}

static void paste(P2pImage *onto, const P2pImage *small, int x, int y)
{
    const size_t row = (size_t)small->width * 3;

    for (int i = 0; i < small->height; i++)
        memcpy((unsigned char *)onto->data +
                   ((size_t)(y + i) * (size_t)onto->width + (size_t)x) * 3,
               (const unsigned char *)small->data + (size_t)i * row, row);
}

/* Row k is the first picture from k / rows of the set on; one that was left out leaves its row to the next. */
bool sheet_takes(const Sheet *s, size_t i)
{
    return s->filled < rows_of(s) && i * (size_t)rows_of(s) >= (size_t)s->filled * s->of;
}

int sheet_add(Sheet *s, int shown, const P2pImage *all)
{
    P2pImage small = {0};
    int err = s->picture.data ? P2P_OK : begin(s, shown);

    if (err)
        return err;
    if ((err = shrink(all, shown * CELL, CELL, &small)) == P2P_OK) {
        const int x = GAP + s->filled % COLUMNS * (shown * CELL + GAP);
        const int y = GAP + s->filled / COLUMNS * (CELL + GAP);
        paste(&s->picture, &small, x + (shown * CELL - small.width) / 2,
              y + (CELL - small.height) / 2);
        s->filled++;
    }
    p2p_image_finish(&small);
    return err;
}

int sheet_write(const Sheet *s, const char *path)
{
    const int lines = (s->filled + COLUMNS - 1) / COLUMNS;
    P2pImage used = {0};
    int err =
        p2p_image_crop(&s->picture, 0, 0, s->picture.width, lines * (CELL + GAP) + GAP, &used);

    if (!err)
        err = p2p_image_write(&used, path, 0);
    p2p_image_finish(&used);
    return err;
}
