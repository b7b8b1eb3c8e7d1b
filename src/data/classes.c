/* SPDX-License-Identifier: BSD-2-Clause */
/* Label maps to a channel for each class and back, and finding the colours of a data set's. */
#include "src/data/classes.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"

enum {
    MOST = P2P_IMAGE_MAX_CHANNELS,
    DIGITS = 6, /* of a colour */
};

static const char index_word[] = "index";

/* A colour for each index: its bits spread over those of red, green and blue, as PASCAL VOC has them. */
static void colour_of(unsigned index, unsigned char rgb[3])
{
    memset(rgb, 0, 3);
    for (int bit = 7; index; bit--, index >>= 3)
        for (int c = 0; c < 3; c++)
            rgb[c] = (unsigned char)(rgb[c] | (index >> c & 1) << bit);
}

/* The colours of a text; 0: it is none. */
static int parse(const char *text, unsigned char rgb[MOST][3])
{
    int count = 0;

    for (; count < MOST; count++) {
        unsigned colour = 0;
        int used = 0;
        for (int i = 0; i < DIGITS; i++)
            if (!isxdigit((unsigned char)text[i]))
                return 0;
        if (sscanf(text, "%6x%n", &colour, &used) != 1 || used != DIGITS)
            return 0;
        for (int c = 0; c < 3; c++)
            rgb[count][c] = (unsigned char)(colour >> (16 - 8 * c));
        text += DIGITS;
        if (*text != ',')
            break;
        text++;
    }
    return *text ? 0 : count + 1;
}

int p2p_classes_init(P2pClasses *classes, int count, const char *colours)
{
    unsigned char rgb[MOST][3];
    int known = count, err;

    *classes = (P2pClasses){0};
    if (!count)
        return P2P_OK;
    P2P_NEED_RANGE("count", count, 1, MOST);
    const bool index = strcmp(colours, index_word) == 0;
    for (int i = 0; index && i < count; i++)
        colour_of((unsigned)i, rgb[i]);
    if (!index && ((known = parse(colours, rgb)) < 1 || known > count))
        return p2p_fail(P2P_EINVAL,
                        "'%.80s' is neither the word index nor the colours of at most %d classes "
                        "as rrggbb,rrggbb,...",
                        colours, count);
    if ((err = p2p_labels_create(&classes->labels, rgb[0], (size_t)known)) < 0)
        return err;
    classes->count = count;
    classes->index = index;
    return P2P_OK;
}

void p2p_classes_finish(P2pClasses *classes)
{
    p2p_labels_destroy(&classes->labels);
    *classes = (P2pClasses){0};
}

/* The class of each pixel, 1 channel of 8 bits. */
static int find_index(const P2pClasses *c, const P2pImage *in, P2pImage *index)
{
    P2pImage rgb = {0};
    size_t far = 0;
    int err;

    if (c->index && in->channels != 1)
        return p2p_fail(P2P_EFORMAT,
                        "has %d channels; the label maps of this model are grey, the samples "
                        "classes from 0 on",
                        in->channels);
    if (c->index) {
        if (in->bits == 8)
            return p2p_image_copy(in, index);
        return p2p_fail(P2P_EFORMAT, "has samples of %d bits; classes have 8", in->bits);
    }
    if ((err = p2p_image_convert_channels(in, 3, &rgb)) < 0)
        return err;
    err = p2p_labels_to_index(c->labels, &rgb, index, &far);
    if (!err && far > (size_t)in->width * (size_t)in->height / 2)
        err = p2p_fail(P2P_EFORMAT,
                       "is no label map of this model: most pixels have none of its colours");
    p2p_image_finish(&rgb);
    return err;
}

int p2p_classes_encode(const P2pClasses *c, const P2pImage *in, P2pImage *out)
{
    const size_t count = (size_t)c->count, pixels = (size_t)in->width * (size_t)in->height;
    P2pImage index = {0};
    int err;

    *out = (P2pImage){0};
    if ((err = find_index(c, in, &index)) == P2P_OK)
        err = p2p_image_init(out, in->width, in->height, c->count, 8);
    for (size_t i = 0; !err && i < pixels; i++) {
        const uint8_t class = ((const uint8_t *)index.data)[i];
        if (class >= count)
            err =
                p2p_fail(P2P_EFORMAT, "has the class %d; there are %d, from 0 on", class, c->count);
        else
            ((uint8_t *)out->data)[i * count + class] = 255;
    }
    p2p_image_finish(&index);
    if (err)
        p2p_image_finish(out);
    return err;
}

int p2p_classes_show(const P2pClasses *c, const P2pImage *in, P2pImage *out)
{
    const size_t count = (size_t)c->count, known = p2p_labels_count(c->labels);
    const unsigned char *colours = p2p_labels_colors(c->labels);
    P2pImage real = {0};
    int err;

    *out = (P2pImage){0};
    if (in->channels != c->count)
        return p2p_fail(P2P_EINVAL, "%d channels are not those of %d classes", in->channels,
                        c->count);
    if ((err = p2p_image_convert_bits(in, 32, &real)) == P2P_OK)
        err = p2p_image_init(out, in->width, in->height, 3, 8);
    for (size_t i = 0; !err && i < (size_t)in->width * (size_t)in->height; i++) {
        const float *v = (const float *)real.data + i * count;
        size_t best = 0;
        for (size_t k = 1; k < known; k++)
            best = v[k] > v[best] ? k : best;
        memcpy((uint8_t *)out->data + 3 * i, colours + 3 * best, 3);
    }
    p2p_image_finish(&real);
    return err;
}

/* ---- Which there are ----------------------------------------------------------------------- */

/* What is found in the inputs of a set; colours are kept in order. */
typedef struct Found {
    unsigned colours[MOST];
    int count, most;
    bool grey; /* all so far, and below the number of classes */
} Found;

static bool add_colour(Found *f, unsigned colour)
{
    int at = 0;

    while (at < f->count && f->colours[at] < colour)
        at++;
    if (at < f->count && f->colours[at] == colour)
        return true;
    if (f->count == f->most)
        return false;
    memmove(&f->colours[at + 1], &f->colours[at], (size_t)(f->count - at) * sizeof(unsigned));
    f->colours[at] = colour;
    f->count++;
    return true;
}

static bool add_all(Found *f, const P2pImage *rgb)
{
    const uint8_t *v = rgb->data;
    unsigned last = 1u << 24; /* neighbours are mostly alike */

    for (size_t i = 0; i < (size_t)rgb->width * (size_t)rgb->height; i++, v += 3) {
        const unsigned colour = (unsigned)v[0] << 16 | (unsigned)v[1] << 8 | v[2];
        if (colour != last && !add_colour(f, colour))
            return false;
        last = colour;
    }
    return true;
}

static bool is_index(const P2pImage *image, int most)
{
    for (size_t i = 0; i < p2p_image_bytes(image); i++)
        if (((const uint8_t *)image->data)[i] >= most)
            return false;
    return image->channels == 1 && image->bits == 8;
}

static int add_picture(Found *f, const P2pImage *image)
{
    P2pImage rgb = {0}, eight = {0};
    int err = p2p_image_convert_channels(image, 3, &rgb);

    if (!err)
        err = p2p_image_convert_bits(&rgb, 8, &eight);
    if (!err && !add_all(f, &eight))
        err =
            p2p_fail(P2P_EFORMAT,
                     "the label maps have more than %d colours, up to this one; give their number "
                     "by --labels, or (where JPEG has blurred them) a table by --label_colours",
                     f->most);
    f->grey = f->grey && !err && is_index(image, f->most);
    p2p_image_finish(&rgb);
    p2p_image_finish(&eight);
    return err;
}

static int put_colours(const Found *f, char *text, size_t room)
{
    size_t at = 0;

    if (f->grey) {
        snprintf(text, room, "%s", index_word);
        return P2P_OK;
    }
    for (int i = 0; i < f->count && at < room; i++)
        at += (size_t)snprintf(text + at, room - at, "%s%06x", i ? "," : "", f->colours[i]);
    return at < room ? P2P_OK : p2p_fail(P2P_EINVAL, "no room for %d colours", f->count);
}

int p2p_classes_find(const P2pDataset *dataset, int count, char *colours, size_t room)
{
    Found f = {.most = count, .grey = true};
    int err = P2P_OK;

    for (size_t i = 0; !err && i < p2p_dataset_count(dataset); i++) {
        P2pImage input, target;
        err = p2p_dataset_read(dataset, i, &input, &target);
        if (!err && (err = add_picture(&f, &input)) < 0)
            p2p_fail_prefix(err, "%s", p2p_dataset_path(dataset, i));
        p2p_image_finish(&input);
        p2p_image_finish(&target);
    }
    return err ? err : put_colours(&f, colours, room);
}

int p2p_classes_read(const char *path, int count, char *colours, size_t room)
{
    P2pLabels *labels;
    int err = p2p_labels_read(&labels, path);
    size_t at = 0;

    if (!err && p2p_labels_count(labels) > (size_t)count)
        err = p2p_fail(P2P_EFORMAT, "%s: has %zu colours, but --labels is %d", path,
                       p2p_labels_count(labels), count);
    for (size_t i = 0; !err && i < p2p_labels_count(labels) && at < room; i++) {
        const unsigned char *c = p2p_labels_colors(labels) + 3 * i;
        at += (size_t)snprintf(colours + at, room - at, "%s%02x%02x%02x", i ? "," : "", c[0], c[1],
                               c[2]);
    }
    p2p_labels_destroy(&labels);
    return err;
}
