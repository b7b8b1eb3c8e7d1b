/* SPDX-License-Identifier: BSD-2-Clause */
/* Label maps: tables of colours, colours to indices and back, accuracy and IoU. */
#include "p2p/labels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"

enum {
    FAR = 48,            /* JPEG of quality 75 moves flat colours at edges by less, mostly */
    MAX_BYTES = 1 << 20, /* of a table's file */
    CACHED = 1 << 12,    /* colours whose class is remembered */
};

struct P2pLabels {
    size_t count;
    unsigned char rgb[P2P_LABELS_MAX][3];
    char *names[P2P_LABELS_MAX];
};

static size_t find(const P2pLabels *labels, const unsigned char rgb[3])
{
    size_t i = 0;

    while (i < labels->count && memcmp(labels->rgb[i], rgb, 3) != 0)
        i++;
    return i;
}

/* ---- Tables -------------------------------------------------------------------------------- */

static int add(P2pLabels *labels, const char *path, int line, const long rgb[3], const char *name)
{
    unsigned char color[3];

    for (int i = 0; i < 3; i++) {
        if (rgb[i] < 0 || rgb[i] > 255)
            return p2p_fail(P2P_EFORMAT, "%s: line %d: %ld is no colour, which are 0 to 255", path,
                            line, rgb[i]);
        color[i] = (unsigned char)rgb[i];
    }
    if (find(labels, color) < labels->count)
        return p2p_fail(P2P_EFORMAT, "%s: line %d: the colour %ld %ld %ld is there already", path,
                        line, rgb[0], rgb[1], rgb[2]);
    if (labels->count == P2P_LABELS_MAX)
        return p2p_fail(P2P_EFORMAT, "%s: line %d: more than %d classes", path, line,
                        P2P_LABELS_MAX);
    memcpy(labels->rgb[labels->count], color, 3);
    labels->names[labels->count] = p2p_strdup(name);
    return labels->names[labels->count++] ? P2P_OK : P2P_ENOMEM;
}

/* The head of a GIMP palette. */
static bool is_head(const char *line)
{
    return strncmp(line, "GIMP Palette", 12) == 0 || strncmp(line, "Name:", 5) == 0 ||
           strncmp(line, "Columns:", 8) == 0;
}

static int add_line(P2pLabels *labels, const char *path, int number, char *line)
{
    long rgb[3];
    char *at = line + strspn(line, " \t"), *end;

    if (!*at || *at == '#' || is_head(at))
        return P2P_OK;
    for (int i = 0; i < 3; i++, at = end) {
        rgb[i] = strtol(at, &end, 10);
        if (end == at || !strchr(" \t", *end)) /* strchr finds the end of text too */
            return p2p_fail(P2P_EFORMAT,
                            "%s: line %d: is not RED GREEN BLUE [NAME], three numbers of 0 to 255",
                            path, number);
    }
    return add(labels, path, number, rgb, at + strspn(at, " \t"));
}

static int add_lines(P2pLabels *labels, const char *path, char *text)
{
    int err = P2P_OK;

    for (int number = 1; !err && *text; number++) {
        const size_t length = strcspn(text, "\n");
        char *next = text + length + (text[length] == '\n');
        text[length] = 0;
        text[strcspn(text, "\r")] = 0;
        err = add_line(labels, path, number, text);
        text = next;
    }
    if (!err && !labels->count)
        err = p2p_fail(P2P_EFORMAT, "%s: has no line RED GREEN BLUE [NAME]", path);
    return err;
}

int p2p_labels_read(P2pLabels **out, const char *path)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(path);

    unsigned char *data = NULL;
    size_t bytes = 0;
    P2pLabels *labels = p2p_alloc(1, sizeof(*labels));
    int err = labels ? p2p_file_read(path, MAX_BYTES, &data, &bytes) : P2P_ENOMEM;
    char *text = err ? NULL : p2p_format("%.*s", (int)bytes, (const char *)data);

    if (!err)
        err = text ? add_lines(labels, path, text) : P2P_ENOMEM;
    free(text);
    free(data);
    if (err)
        p2p_labels_destroy(&labels);
    *out = labels;
    return err;
}

int p2p_labels_create(P2pLabels **out, const unsigned char *rgb, size_t count)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(rgb);
    P2P_NEED_RANGE("count", (long long)count, 1, P2P_LABELS_MAX);

    P2pLabels *labels = p2p_alloc(1, sizeof(*labels));
    if (!labels)
        return P2P_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (find(labels, rgb + 3 * i) < i) {
            p2p_labels_destroy(&labels);
            return p2p_fail(P2P_EINVAL, "%s(): the colours of class %zu and another are equal",
                            __func__, i);
        }
        memcpy(labels->rgb[labels->count++], rgb + 3 * i, 3);
    }
    *out = labels;
    return P2P_OK;
}

void p2p_labels_destroy(P2pLabels **labels)
{
    if (!labels || !*labels)
        return;
    for (size_t i = 0; i < (*labels)->count; i++)
        free((*labels)->names[i]);
    free(*labels);
    *labels = NULL;
}

size_t p2p_labels_count(const P2pLabels *labels)
{
    return labels->count;
}

const unsigned char *p2p_labels_colors(const P2pLabels *labels)
{
    return labels->rgb[0];
}

const char *p2p_labels_name(const P2pLabels *labels, size_t index)
{
    if (index >= labels->count)
        return NULL;
    return labels->names[index] ? labels->names[index] : "";
}

/* ---- Colours to indices and back ----------------------------------------------------------- */

static size_t nearest(const P2pLabels *labels, const int rgb[3])
{
    size_t best = 0;
    int least = 3 * 255 * 255 + 1;

    for (size_t i = 0; i < labels->count; i++) {
        int square = 0;
        for (int c = 0; c < 3; c++)
            square += (rgb[c] - labels->rgb[i][c]) * (rgb[c] - labels->rgb[i][c]);
        if (square < least) {
            least = square;
            best = i;
        }
    }
    return best;
}

static bool is_far(const unsigned char color[3], const int rgb[3])
{
    for (int c = 0; c < 3; c++)
        if (abs(color[c] - rgb[c]) > FAR)
            return true;
    return false;
}

/* Classes of colours seen before: label maps have few. */
typedef struct Cache {
    uint32_t key[CACHED]; /* the colour and a bit, so that 0 is none */
    uint8_t class[CACHED];
} Cache;

static size_t nearest_cached(const P2pLabels *labels, Cache *cache, const int rgb[3])
{
    const uint32_t color = (uint32_t)(rgb[0] << 16 | rgb[1] << 8 | rgb[2]), key = color | 1u << 24;
    const size_t slot = (color * 2654435761u) >> 20;

    if (cache->key[slot] != key) {
        cache->key[slot] = key;
        cache->class[slot] = (uint8_t)nearest(labels, rgb);
    }
    return cache->class[slot];
}

static void take_pixel(const P2pImage *in, size_t i, int rgb[3])
{
    const size_t at = i * (size_t)in->channels;

    for (size_t c = 0; c < 3; c++)
        rgb[c] = in->bits == 8 ? ((const uint8_t *)in->data)[at + c]
                               : (((const uint16_t *)in->data)[at + c] + 128) / 257;
}

int p2p_labels_to_index(const P2pLabels *labels, const P2pImage *in, P2pImage *out, size_t *far)
{
    P2P_NEED(labels);
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);
    P2P_NEED_RANGE("in->channels", in->channels, 3, 4);

    const size_t pixels = (size_t)in->width * (size_t)in->height;
    size_t strange = 0;
    Cache *cache = p2p_alloc(1, sizeof(*cache));
    const int err = cache ? p2p_image_init(out, in->width, in->height, 1, 8) : P2P_ENOMEM;

    for (size_t i = 0; !err && i < pixels; i++) {
        int rgb[3];
        take_pixel(in, i, rgb);
        const size_t class = nearest_cached(labels, cache, rgb);
        ((uint8_t *)out->data)[i] = (uint8_t) class;
        strange += is_far(labels->rgb[class], rgb);
    }
    free(cache);
    if (far)
        *far = strange;
    return err;
}

int p2p_labels_to_color(const P2pLabels *labels, const P2pImage *in, P2pImage *out)
{
    P2P_NEED(labels);
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);
    P2P_NEED_RANGE("in->channels", in->channels, 1, 1);
    P2P_NEED_RANGE("in->bits", in->bits, 8, 8);

    const size_t pixels = (size_t)in->width * (size_t)in->height;
    const uint8_t *index = in->data;
    const int err = p2p_image_init(out, in->width, in->height, 3, 8);

    for (size_t i = 0; !err && i < pixels; i++) {
        if (index[i] >= labels->count) {
            p2p_image_finish(out);
            return p2p_fail(P2P_EFORMAT,
                            "the pixel at %zu, %zu has the index %d, the table %zu colours",
                            i % (size_t)in->width, i / (size_t)in->width, index[i], labels->count);
        }
        memcpy((uint8_t *)out->data + 3 * i, labels->rgb[index[i]], 3);
    }
    return err;
}

/* ---- Measures ------------------------------------------------------------------------------ */

int p2p_labels_compare(const P2pLabels *labels, const P2pImage *result, const P2pImage *target,
                       uint64_t *counts)
{
    P2P_NEED(labels);
    P2P_NEED_PICTURE(result);
    P2P_NEED_PICTURE(target);
    P2P_NEED(counts);
    P2P_REQUIRE(result->width == target->width && result->height == target->height,
                "result has %d x %d pixels, target %d x %d", result->width, result->height,
                target->width, target->height);

    P2pImage is = {0}, should = {0};
    int err = p2p_labels_to_index(labels, result, &is, NULL);

    if (!err)
        err = p2p_labels_to_index(labels, target, &should, NULL);
    for (size_t i = 0; !err && i < p2p_image_bytes(&is); i++)
        counts[((uint8_t *)should.data)[i] * labels->count + ((uint8_t *)is.data)[i]]++;
    p2p_image_finish(&is);
    p2p_image_finish(&should);
    return err;
}

void p2p_labels_score(P2pLabelScores *scores, const uint64_t *counts, size_t classes)
{
    double right = 0, all = 0, accuracy = 0, iou = 0;
    size_t present = 0;

    for (size_t i = 0; i < classes; i++) {
        double in_target = 0, in_result = 0;
        const double both = (double)counts[i * classes + i];
        for (size_t k = 0; k < classes; k++) {
            in_target += (double)counts[i * classes + k];
            in_result += (double)counts[k * classes + i];
        }
        right += both;
        all += in_target;
        if (in_target > 0) {
            present++;
            accuracy += both / in_target;
            iou += both / (in_target + in_result - both);
        }
    }
    *scores = (P2pLabelScores){all > 0 ? right / all : (double)NAN,
                               present ? accuracy / (double)present : (double)NAN,
                               present ? iou / (double)present : (double)NAN};
}
