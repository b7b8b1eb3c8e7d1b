/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Y4M in and out (yuv4mpeg(5)): 8 bits of 4:4:4, 4:2:2, 4:2:0 and grey, progressive; colours by BT.601, as
 * ffmpeg takes those of unknown origin.
 */
#include "y4m.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 65536 };

static const char frame_line[] = "FRAME\n";

bool y4m_rate(char rate[32], const char *text)
{
    int over = 0, under = 1;
    char more;

    if (sscanf(text, "%9d/%9d%c", &over, &under, &more) != 2 &&
        sscanf(text, "%9d%c", &over, &more) != 1)
        return false;
    snprintf(rate, 32, "%d:%d", over, under);
    return over > 0 && under > 0;
}

/* A line without its end, or NULL. */
static char *read_line(char line[Y4M_HEAD], FILE *in)
{
    if (!fgets(line, Y4M_HEAD, in))
        return NULL;
    char *end = strchr(line, '\n');
    if (end)
        *end = '\0';
    return end ? line : NULL;
}

static bool read_chroma(Y4m *y, const char *name)
{
    static const struct {
        const char *name;
        int across, down;
    } known[] = {{"420jpeg", 2, 2}, {"420mpeg2", 2, 2}, {"420paldv", 2, 2}, {"420", 2, 2},
                 {"422", 2, 1},     {"444", 1, 1},      {"mono", 0, 0}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!strcmp(name, known[i].name)) {
            y->across = known[i].across;
            y->down = known[i].down;
            return true;
        }
    return false;
}

/* One word of the head. */
static const char *take(Y4m *y, const char *word)
{
    switch (word[0]) {
    case 'W':
        y->width = atoi(word + 1);
        break;
    case 'H':
        y->height = atoi(word + 1);
        break;
    case 'F':
        snprintf(y->rate, sizeof(y->rate), "%s", word + 1);
        break;
    case 'A':
        snprintf(y->aspect, sizeof(y->aspect), "%s", word + 1);
        break;
    case 'C':
        if (!read_chroma(y, word + 1))
            return "has samples of a kind that is not read; use -pix_fmt yuv444p";
        break;
    case 'I':
        if (word[1] != 'p' && word[1] != '?')
            return "is interlaced; use the filter yadif";
        break;
    case 'X':
        y->full = y->full || !strcmp(word, "XCOLORRANGE=FULL");
        break;
    default:
        break;
    }
    return NULL;
}

const char *y4m_read_head(Y4m *y, FILE *in)
{
    char line[Y4M_HEAD];
    const char *wrong = NULL;

    *y = (Y4m){.across = 2, .down = 2, .rate = "25:1", .aspect = "1:1"};
    if (!read_line(line, in) || strncmp(line, "YUV4MPEG2 ", 10) != 0)
        return "is no Y4M; use -f yuv4mpegpipe";
    for (char *word = strtok(line + 10, " "); word && !wrong; word = strtok(NULL, " "))
        wrong = take(y, word);
    if (!wrong && (y->width < 1 || y->height < 1 || y->width > MOST_SIDE || y->height > MOST_SIDE))
        return "has frames of an impossible size";
    return wrong;
}

static size_t chroma_width(const Y4m *y)
{
    return y->across ? ((size_t)y->width + (size_t)y->across - 1) / (size_t)y->across : 0;
}

static size_t chroma_bytes(const Y4m *y)
{
    return y->down ? chroma_width(y) * (((size_t)y->height + (size_t)y->down - 1) / (size_t)y->down)
                   : 0;
}

size_t y4m_bytes(const Y4m *y)
{
    return (size_t)y->width * (size_t)y->height + 2 * chroma_bytes(y);
}

int y4m_read_frame_head(FILE *in)
{
    char line[Y4M_HEAD];
    const int first = getc(in);

    if (first == EOF)
        return 0;
    ungetc(first, in);
    return read_line(line, in) && !strncmp(line, "FRAME", 5) ? 1 : -1;
}

static unsigned char clip(double v)
{
    return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : lrint(v));
}

void y4m_to_rgb(const Y4m *y, const unsigned char *samples, unsigned char *rgb)
{
    const size_t width = (size_t)y->width;
    const unsigned char *us = samples + width * (size_t)y->height, *vs = us + chroma_bytes(y);
    const double scale = y->full ? 1 : 255.0 / 219, chroma = y->full ? 1 : 255.0 / 224;
    const int black = y->full ? 0 : 16;

    for (size_t row = 0; row < (size_t)y->height; row++)
        for (size_t x = 0; x < width; x++, rgb += 3) {
            double light = scale * (samples[row * width + x] - black), u = 0, v = 0;
            if (y->across) {
                const size_t at = row / (size_t)y->down * chroma_width(y) + x / (size_t)y->across;
                u = chroma * (us[at] - 128);
                v = chroma * (vs[at] - 128);
            }
            rgb[0] = clip(light + 1.402 * v);
            rgb[1] = clip(light - 0.344136 * u - 0.714136 * v);
            rgb[2] = clip(light + 1.772 * u);
        }
}

void y4m_head(const Y4m *y, int width, int height, char text[Y4M_HEAD])
{
    snprintf(text, Y4M_HEAD, "YUV4MPEG2 W%d H%d F%s Ip A%s C444 XCOLORRANGE=LIMITED\n", width,
             height, y->rate, y->aspect);
}

unsigned char *y4m_from_rgb(const unsigned char *rgb, int width, int height, size_t *bytes)
{
    const size_t pixels = (size_t)width * (size_t)height, line = strlen(frame_line);
    unsigned char *frame = malloc(line + 3 * pixels);
    unsigned char *y = frame ? frame + line : NULL;

    *bytes = line + 3 * pixels;
    if (!frame)
        return NULL;
    memcpy(frame, frame_line, line);
    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        const double light = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
        y[i] = clip(16 + light * 219 / 255);
        y[pixels + i] = clip(128 + (rgb[2] - light) / 1.772 * 224 / 255);
        y[2 * pixels + i] = clip(128 + (rgb[0] - light) / 1.402 * 224 / 255);
    }
    return frame;
}
