/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Picture files through a model by rows of tiles: neither the picture nor its result is in memory as a
 * whole. The file is decoded once for each time that its rows are asked for.
 */
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"
#include "src/data/rows.h"
#include "src/model/model_parts.h"

enum {
    LARGE = 1 << 22, /* pixels; smaller pictures are quicker in memory */
    PIECE = 64,      /* rows that are decoded at a time */
};

typedef struct Stream {
    const P2pModel *model;
    const char *from;
    size_t max_pixels;
    P2pImage stored;          /* sizes in the file, without samples */
    P2pRowReader *in, *alpha; /* alpha: NULL: is not carried over */
    P2pRowWriter *out;
} Stream;

static int again(void *user)
{
    Stream *s = user;

    p2p_row_reader_close(&s->in);
    return p2p_row_reader_open(&s->in, s->from, s->max_pixels);
}

/* The next rows as they are stored. */
static int read_rows(const Stream *s, P2pRowReader *reader, int rows, P2pImage *out)
{
    const int err = p2p_image_init(out, s->stored.width, rows, s->stored.channels, s->stored.bits);

    return err ? err : p2p_row_reader_next(reader, rows, out->data);
}

static int next(void *user, int rows, void *samples)
{
    Stream *s = user;
    char *to = samples;
    int err = P2P_OK;

    for (int piece; !err && rows > 0; rows -= piece) {
        P2pImage read = {0}, seen = {0};
        piece = p2p_min(rows, PIECE);
        err = read_rows(s, s->in, piece, &read);
        if (!err)
            err = p2p_image_convert_channels(&read, s->model->channels[P2P_MODEL_INPUT], &seen);
        if (!err)
            err = p2p_model_see(s->model, &seen);
        if (!err) {
            memcpy(to, seen.data, p2p_image_bytes(&seen));
            to += p2p_image_bytes(&seen);
        }
        p2p_image_finish(&read);
        p2p_image_finish(&seen);
    }
    return err;
}

/* The alpha of as many rows of the file, behind the channels of a result's. */
static int add_alpha(const Stream *s, P2pImage *rows)
{
    P2pImage read = {0}, alpha = {0}, eight = {0};
    int err = read_rows(s, s->alpha, rows->height, &read);

    if (!err)
        err = p2p_image_get_alpha(&read, &alpha);
    if (!err)
        err = p2p_image_convert_bits(&alpha, rows->bits, &eight);
    if (!err)
        err = p2p_image_set_alpha(rows, &eight);
    p2p_image_finish(&read);
    p2p_image_finish(&alpha);
    p2p_image_finish(&eight);
    return err;
}

static int put(void *user, const P2pImage *rows)
{
    Stream *s = user;
    P2pImage whole = {0};

    if (!s->alpha)
        return p2p_row_writer_put(s->out, rows->height, rows->data);
    int err = p2p_image_copy(rows, &whole);
    if (!err)
        err = add_alpha(s, &whole);
    if (!err)
        err = p2p_row_writer_put(s->out, whole.height, whole.data);
    p2p_image_finish(&whole);
    return err;
}

/* Whether a file goes through by rows: large, upright as it is, no label map, kept in its size, in tiles. */
static int wants_rows(P2pModel *m, const P2pImage *stored, bool no_exif, P2pTileSettings *tiles)
{
    P2pJitter jitter;
    int err = p2p_jitter_fix(&jitter, &m->sizes[P2P_MODEL_INPUT], stored->width, stored->height);

    tiles->side = 0;
    if (err || (double)stored->width * stored->height < LARGE ||
        (stored->orientation > 1 && !no_exif) || m->keep_profile || m->classes.count ||
        jitter.width != stored->width || jitter.height != stored->height)
        return err;
    p2p_device_enter(m->device);
    err = p2p_model_choose_tiles(m, stored->width, stored->height, tiles);
    return p2p_device_leave(m->device, err);
}

static int run(P2pModel *m, Stream *s, const char *to, int quality, const P2pTileSettings *tiles)
{
    const bool alpha = p2p_model_carries_alpha(m, s->stored.channels);
    const P2pTileCalls calls = {s, again, next, put};
    P2pImage in = s->stored, out = s->stored;

    in.channels = m->options.input_nc;
    in.bits = m->options.lab ? 32 : in.bits;
    out.channels = m->channels[P2P_MODEL_OUTPUT] + alpha;
    out.bits = tiles->bits;
    int err = alpha ? p2p_row_reader_open(&s->alpha, s->from, s->max_pixels) : P2P_OK;
    if (!err)
        err = p2p_row_writer_open(&s->out, to, &out, quality);
    if (!err) {
        p2p_device_enter(m->device);
        err = p2p_tiles_run(m->forwards, m->net->graph, &in, tiles, &calls);
        err = p2p_device_leave(m->device, err);
    }
    return err ? err : p2p_row_writer_commit(&s->out);
}

int p2p_model_translate_rows(P2pModel *model, const char *from, const char *to,
                             const P2pRowsSettings *settings, bool *done)
{
    P2P_NEED(model);
    P2P_NEED(from);
    P2P_NEED(to);
    P2P_NEED(done);

    static const P2pRowsSettings defaults;
    const P2pRowsSettings *asked = settings ? settings : &defaults;
    Stream s = {.model = model, .from = from, .max_pixels = asked->max_pixels};
    P2pTileSettings tiles;

    *done = false;
    int err = again(&s);
    if (!err) {
        s.stored = *p2p_row_reader_image(s.in);
        err = wants_rows(model, &s.stored, asked->no_exif, &tiles);
    }
    if (!err && tiles.side) {
        *done = true;
        err = run(model, &s, to, asked->quality, &tiles);
    }
    p2p_row_reader_close(&s.in);
    p2p_row_reader_close(&s.alpha);
    if (s.out)
        p2p_row_writer_close(&s.out);
    return err;
}
