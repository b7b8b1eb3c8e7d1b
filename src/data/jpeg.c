/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JPEG by libjpeg. Reads and writes memory, never files. Of metadata it knows the EXIF orientation and
 * the colour profile alone.
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
#include "src/data/codec.h"
#include "src/data/profile.h"

enum {
    MAX_SIDE = 65500,
    MAX_SCANS = 500, /* of a progressive file: small files with many more would take for ever */
    FIRST_BYTES = 1 << 14,
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
    Errors errors;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress;
    JOCTET *icc; /* the file's profile, or NULL */
    unsigned icc_bytes;
    P2pInkProfile *inks;
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

/*
 * Samples of inks to RGB as Pillow has it where no profile is applied. Files hold 255 for no ink, as
 * Adobe does.
 */
static void convert_cmyk(unsigned char *rgb, const unsigned char *cmyk, int width)
{
    for (int x = 0; x < width; x++)
        for (int k = 0; k < 3; k++) {
            const int ink = 255 - cmyk[4 * x + k], light = cmyk[4 * x + 3];
            rgb[3 * x + k] = (unsigned char)(light - (2 * ink * light + 255) / 510);
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

static void read_rows(Reader *r, P2pImage *image)
{
    struct jpeg_decompress_struct *j = &r->jpeg;
    const size_t stride = (size_t)image->width * (size_t)image->channels;
    const bool cmyk = j->out_color_space == JCS_CMYK;
    JSAMPARRAY inks = NULL;

    if (cmyk)
        inks = j->mem->alloc_sarray((j_common_ptr)j, JPOOL_IMAGE, 4 * j->output_width, 1);
    while (j->output_scanline < j->output_height) {
        JSAMPROW row = (JSAMPROW)image->data + j->output_scanline * stride;
        jpeg_read_scanlines(j, cmyk ? inks : &row, 1);
        if (r->inks)
            p2p_ink_profile_apply(r->inks, inks[0], row, image->width);
        else if (cmyk)
            convert_cmyk(row, inks[0], image->width);
    }
}

static int read_guarded(Reader *r, P2pImage *image, const unsigned char *data, size_t bytes,
                        const char *name, size_t max_pixels)
{
    struct jpeg_decompress_struct *j = &r->jpeg;
    int err;

    if (setjmp(r->errors.failed))
        return fail(&r->errors, name);
    j->err = errors_init(&r->errors);
    jpeg_create_decompress(j);
    jpeg_mem_src(j, data, (unsigned long)bytes);
    j->progress = &r->progress;
    r->progress.progress_monitor = check_scans;
    jpeg_save_markers(j, EXIF, MARKER_MOST);
    jpeg_save_markers(j, ICC, MARKER_MOST);
    jpeg_read_header(j, TRUE);
    if ((err = p2p_codec_check_size(name, j->image_width, j->image_height, max_pixels)) < 0)
        return err;
    j->out_color_space = j->num_components == 1   ? JCS_GRAYSCALE
                         : j->num_components == 3 ? JCS_RGB
                                                  : JCS_CMYK;
    if ((err = p2p_image_init(image, (int)j->image_width, (int)j->image_height,
                              j->num_components == 1 ? 1 : 3, 8)) < 0)
        return err;
    image->orientation = find_orientation(j);
    if (jpeg_read_icc_profile(j, &r->icc, &r->icc_bytes) && j->out_color_space == JCS_CMYK)
        r->inks = p2p_ink_profile_open(r->icc, r->icc_bytes);
    jpeg_start_decompress(j);
    read_rows(r, image);
    if (r->icc && j->out_color_space == JCS_RGB)
        p2p_profile_to_srgb(image, r->icc, r->icc_bytes);
    return P2P_OK;
}

int p2p_jpeg_decode(P2pImage *image, const unsigned char *data, size_t bytes, const char *name,
                    size_t max_pixels)
{
    Reader r = {0};
    const int err = read_guarded(&r, image, data, bytes, name, max_pixels);

    jpeg_destroy_decompress(&r.jpeg);
    p2p_ink_profile_close(r.inks);
    free(r.icc);
    if (err)
        p2p_image_finish(image);
    return err;
}

/* ---- Writing ------------------------------------------------------------------------------- */

typedef struct Writer {
    Errors errors;
    struct jpeg_compress_struct jpeg;
    struct jpeg_destination_mgr to;
    void *out;
    size_t capacity, bytes;
} Writer;

/* Room behind what is written; libjpeg calls it at the start and with each full buffer. */
static void more_room(j_compress_ptr c)
{
    Writer *w = c->client_data;

    if (p2p_grow(&w->out, &w->capacity, w->capacity ? w->capacity + 1 : FIRST_BYTES, 1) < 0)
        ERREXIT1(c, JERR_OUT_OF_MEMORY, 0);
    w->to.next_output_byte = (JOCTET *)w->out + w->bytes;
    w->to.free_in_buffer = w->capacity - w->bytes;
}

static boolean on_full(j_compress_ptr c)
{
    Writer *w = c->client_data;

    w->bytes = w->capacity;
    more_room(c);
    return TRUE;
}

static void on_end(j_compress_ptr c)
{
    Writer *w = c->client_data;

    w->bytes = w->capacity - w->to.free_in_buffer;
}

/* Chroma of half the size each way below a quality of 90. */
static void set_up(Writer *w, const P2pImage *image, int quality)
{
    struct jpeg_compress_struct *j = &w->jpeg;

    w->to = (struct jpeg_destination_mgr){
        .init_destination = more_room, .empty_output_buffer = on_full, .term_destination = on_end};
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

static int write_guarded(Writer *w, const P2pImage *image, int quality)
{
    struct jpeg_compress_struct *j = &w->jpeg;
    const size_t stride = (size_t)image->width * (size_t)image->channels;

    if (setjmp(w->errors.failed))
        return p2p_fail(P2P_ENOMEM, "the JPEG cannot be encoded (%s)", w->errors.text);
    j->err = errors_init(&w->errors);
    jpeg_create_compress(j);
    j->client_data = w;
    set_up(w, image, quality);
    jpeg_start_compress(j, TRUE);
    while (j->next_scanline < j->image_height) {
        JSAMPROW row = (JSAMPROW)image->data + j->next_scanline * stride;
        jpeg_write_scanlines(j, &row, 1);
    }
    jpeg_finish_compress(j);
    return P2P_OK;
}

int p2p_jpeg_encode(const P2pImage *image, int quality, unsigned char **out, size_t *bytes)
{
    Writer w = {0};

    if (image->width > MAX_SIDE || image->height > MAX_SIDE)
        return p2p_fail(P2P_EINVAL, "a JPEG has at most %d x %d pixels, not %d x %d; write a PNG",
                        MAX_SIDE, MAX_SIDE, image->width, image->height);
    const int err = write_guarded(&w, image, quality);
    jpeg_destroy_compress(&w.jpeg);
    if (err) {
        free(w.out);
        return err;
    }
    *out = w.out;
    *bytes = w.bytes;
    return P2P_OK;
}
