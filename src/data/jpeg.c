/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JPEG by libjpeg, row by row. Of metadata it knows the EXIF orientation and the colour profile alone.
 * What libjpeg warns of is read unless picture data is missing or wrong. Failures come by longjmp:
 * all that must survive one lives in a struct of the caller's.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codecs.h"
#include "src/data/profile.h"

enum {
    MAX_SIDE = 65500,
    DEFAULT_QUALITY = 95,
    MAX_SCANS = 500, /* of a progressive file: small files with many more would take for ever */
    PIECE = 1 << 14, /* bytes that are written at once */
    EXIF = JPEG_APP0 + 1,
    ICC = JPEG_APP0 + 2,
    MARKER_MOST = 0xffff, /* bytes of a marker */
};

/* What both directions share; the first member is what libjpeg hands to the functions below. */
typedef struct Errors {
    struct jpeg_error_mgr manager;
    jmp_buf failed;
    int code;
    char text[JMSG_LENGTH_MAX];
} Errors;

static void on_error(j_common_ptr c)
{
    Errors *e = (Errors *)c->err;

    e->code = c->err->msg_code;
    c->err->format_message(c, e->text);
    longjmp(e->failed, 1);
}

/* Of libjpeg's warnings, those that mean missing or wrong samples. */
static bool is_damage(int code)
{
    switch (code) {
    case JWRN_ARITH_BAD_CODE:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
        return true;
    default:
        return false;
    }
}

/*
 * Level -1 is a warning. A file that ends without its last marker is whole if it has one scan: a
 * lack of data would be JWRN_HIT_MARKER. Of several scans the last ones could be missing.
 */
static void on_message(j_common_ptr c, int level)
{
    const int code = c->err->msg_code;

    if (level >= 0)
        return;
    if (is_damage(code) || (code == JWRN_JPEG_EOF && c->is_decompressor &&
                            jpeg_has_multiple_scans((j_decompress_ptr)c)))
        on_error(c);
}

static struct jpeg_error_mgr *errors_init(Errors *e)
{
    jpeg_std_error(&e->manager);
    e->manager.error_exit = on_error;
    e->manager.emit_message = on_message;
    return &e->manager;
}

/* ---- Reading ------------------------------------------------------------------------------- */

typedef struct Reader {
    P2pDecoder base;
    Errors errors;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress;
    JSAMPARRAY cmyk; /* a row of inks */
    P2pProfile *inks;
    P2pCodecInput in;
} Reader;

bool p2p_jpeg_recognise(const unsigned char *data, size_t bytes)
{
    return bytes >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff;
}

static void check_scans(j_common_ptr c)
{
    if (((j_decompress_ptr)c)->input_scan_number > MAX_SCANS)
        ERREXIT(c, JERR_BAD_PROGRESSION);
}

static int fail(const Errors *e, const char *name)
{
    switch (e->code) {
    case JERR_OUT_OF_MEMORY:
        return p2p_fail(P2P_ENOMEM, "%s: no memory for the JPEG (%s)", name, e->text);
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
        return p2p_fail(P2P_EFORMAT, "%s: is a JPEG of a kind that is not read (%s); convert it",
                        name, e->text);
    default:
        return p2p_fail(P2P_EFORMAT, "%s: the JPEG is truncated or damaged (%s)", name, e->text);
    }
}

static bool is_exif(const struct jpeg_marker_struct *m)
{
    return m->marker == EXIF && m->data_length >= 6 && memcmp(m->data, "Exif\0", 6) == 0;
}

static int find_orientation(const struct jpeg_decompress_struct *j)
{
    for (const struct jpeg_marker_struct *m = j->marker_list; m; m = m->next)
        if (is_exif(m))
            return p2p_exif_orientation(m->data, m->data_length);
    return 0;
}

/* Of inks it is applied here; that of RGB is left to p2p_decoder_next(). */
static void find_profile(Reader *r)
{
    unsigned char *icc = NULL;
    unsigned bytes = 0;

    if (!jpeg_read_icc_profile(&r->jpeg, &icc, &bytes))
        return;
    if (r->jpeg.out_color_space == JCS_RGB) {
        r->base.icc = icc;
        r->base.icc_bytes = bytes;
        return;
    }
    if (r->jpeg.out_color_space == JCS_CMYK)
        r->inks = p2p_profile_open_inks(icc, bytes);
    free(icc);
}

static int read_head(Reader *r)
{
    struct jpeg_decompress_struct *j = &r->jpeg;
    P2pImage *image = &r->base.image;
    int err;

    if (setjmp(r->errors.failed))
        return fail(&r->errors, r->in.name);
    j->err = errors_init(&r->errors);
    jpeg_create_decompress(j);
    jpeg_mem_src(j, r->in.data, (unsigned long)r->in.bytes);
    j->progress = &r->progress;
    r->progress.progress_monitor = check_scans;
    jpeg_save_markers(j, EXIF, MARKER_MOST);
    jpeg_save_markers(j, ICC, MARKER_MOST);
    jpeg_read_header(j, TRUE);
    if ((err = p2p_codec_check_size(r->in.name, j->image_width, j->image_height,
                                    r->in.max_pixels)) < 0)
        return err;
    j->out_color_space = j->num_components == 1   ? JCS_GRAYSCALE
                         : j->num_components == 3 ? JCS_RGB
                                                  : JCS_CMYK;
    image->width = (int)j->image_width;
    image->height = (int)j->image_height;
    image->channels = j->num_components == 1 ? 1 : 3;
    image->bits = 8;
    image->orientation = find_orientation(j);
    find_profile(r);
    return P2P_OK;
}

static int next(P2pDecoder *base, int rows, void *samples)
{
    Reader *r = (Reader *)base;
    struct jpeg_decompress_struct *j = &r->jpeg;
    const size_t stride = (size_t)base->image.width * (size_t)base->image.channels;

    if (setjmp(r->errors.failed))
        return fail(&r->errors, r->in.name);
    if (!base->done)
        jpeg_start_decompress(j);
    if (!r->cmyk && j->out_color_space == JCS_CMYK)
        r->cmyk = j->mem->alloc_sarray((j_common_ptr)j, JPOOL_IMAGE, 4 * j->output_width, 1);
    for (int y = 0; y < rows; y++) {
        JSAMPROW row = (JSAMPROW)samples + (size_t)y * stride;
        jpeg_read_scanlines(j, r->cmyk ? r->cmyk : &row, 1);
        if (r->inks)
            p2p_profile_apply(r->inks, r->cmyk[0], row, (size_t)base->image.width);
        else if (r->cmyk)
            p2p_inks_to_rgb(row, r->cmyk[0], base->image.width);
    }
    return P2P_OK;
}

static void close_reader(P2pDecoder *base)
{
    Reader *r = (Reader *)base;

    jpeg_destroy_decompress(&r->jpeg);
    p2p_profile_close(r->inks);
    free(r);
}

int p2p_jpeg_decode(P2pDecoder **out, const P2pCodecInput *input)
{
    Reader *r = p2p_alloc(1, sizeof(*r));

    if (!r)
        return P2P_ENOMEM;
    r->base = (P2pDecoder){.next = next, .close = close_reader};
    r->in = *input;
    *out = &r->base;
    return read_head(r);
}

/* ---- Writing ------------------------------------------------------------------------------- */

typedef struct Writer {
    P2pEncoder base;
    Errors errors;
    struct jpeg_compress_struct jpeg;
    struct jpeg_destination_mgr to;
    int status; /* of the sink's failure, which sets the message */
    JOCTET piece[PIECE];
} Writer;

static void new_piece(j_compress_ptr c)
{
    Writer *w = c->client_data;

    w->to.next_output_byte = w->piece;
    w->to.free_in_buffer = PIECE;
}

static void give(j_compress_ptr c, size_t bytes)
{
    Writer *w = c->client_data;

    if ((w->status = p2p_sink_put(w->base.sink, w->piece, bytes)) < 0)
        ERREXIT(c, JERR_FILE_WRITE);
    new_piece(c);
}

static boolean on_full(j_compress_ptr c)
{
    give(c, PIECE);
    return TRUE;
}

static void on_end(j_compress_ptr c)
{
    const Writer *w = c->client_data;

    give(c, PIECE - w->to.free_in_buffer);
}

static int failed(const Writer *w)
{
    return w->status ? w->status
                     : p2p_fail(P2P_ENOMEM, "the JPEG cannot be encoded (%s)", w->errors.text);
}

/* Chroma of half the size each way below a quality of 90. */
static void set_up(Writer *w)
{
    const P2pImage *image = &w->base.image;
    const int quality = w->base.quality ? w->base.quality : DEFAULT_QUALITY;
    struct jpeg_compress_struct *j = &w->jpeg;

    w->to = (struct jpeg_destination_mgr){
        .init_destination = new_piece, .empty_output_buffer = on_full, .term_destination = on_end};
    j->dest = &w->to;
    j->image_width = (JDIMENSION)image->width;
    j->image_height = (JDIMENSION)image->height;
    j->input_components = image->channels;
    j->in_color_space = image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(j);
    jpeg_set_quality(j, quality, TRUE);
    j->comp_info[0].h_samp_factor = j->comp_info[0].v_samp_factor =
        image->channels == 1 || quality >= 90 ? 1 : 2;
}

static int write_head(Writer *w)
{
    struct jpeg_compress_struct *j = &w->jpeg;

    if (setjmp(w->errors.failed))
        return failed(w);
    j->err = errors_init(&w->errors);
    jpeg_create_compress(j);
    j->client_data = w;
    set_up(w);
    jpeg_start_compress(j, TRUE);
    if (w->base.icc)
        jpeg_write_icc_profile(j, w->base.icc, (unsigned)w->base.icc_bytes);
    return P2P_OK;
}

static int put(P2pEncoder *base, int rows, const void *samples)
{
    Writer *w = (Writer *)base;
    const size_t stride = (size_t)base->image.width * (size_t)base->image.channels;

    if (setjmp(w->errors.failed))
        return failed(w);
    for (int y = 0; y < rows; y++) {
        JSAMPROW row = (JSAMPROW)(size_t)samples + (size_t)y * stride;
        jpeg_write_scanlines(&w->jpeg, &row, 1);
    }
    return P2P_OK;
}

static int end(P2pEncoder *base)
{
    Writer *w = (Writer *)base;

    if (setjmp(w->errors.failed))
        return failed(w);
    jpeg_finish_compress(&w->jpeg);
    return P2P_OK;
}

static void close_writer(P2pEncoder *base)
{
    Writer *w = (Writer *)base;

    jpeg_destroy_compress(&w->jpeg);
    free(w);
}

int p2p_jpeg_encode(P2pEncoder **out, const P2pEncoder *like)
{
    const P2pImage *image = &like->image;

    if (image->width > MAX_SIDE || image->height > MAX_SIDE)
        return p2p_fail(P2P_EINVAL, "a JPEG has at most %d x %d pixels, not %d x %d; write a PNG",
                        MAX_SIDE, MAX_SIDE, image->width, image->height);
    Writer *w = p2p_alloc(1, sizeof(*w));
    if (!w)
        return P2P_ENOMEM;
    w->base = *like;
    w->base.put = put;
    w->base.end = end;
    w->base.close = close_writer;
    *out = &w->base;
    return write_head(w);
}
