/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edges of a picture, one pixel wide: Canny's detector, and the thinning of what a network was sure
 * of. All pictures here are f32 or bytes, [height, width].
 */
#include <math.h>
#include <string.h>

#include "p2p/prepare.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/picture.h"

enum { NONE, WEAK, EDGE };

typedef struct Field {
    int width, height;
    float *grey;    /* 0 to 255; what it holds changes with each step */
    float *other;   /* of the same size */
    uint8_t *marks; /* NONE, WEAK or EDGE */
    int *stack;     /* of pixels */
} Field;

static void field_finish(Field *f)
{
    free(f->grey);
    free(f->other);
    free(f->marks);
    free(f->stack);
}

static int field_init(Field *f, const P2pImage *in)
{
    const size_t n = (size_t)in->width * (size_t)in->height;
    P2pImage grey = {0}, bytes = {0};
    int err = p2p_image_convert_channels(in, 1, &grey);

    if (!err)
        err = p2p_image_convert_bits(&grey, 16, &bytes);
    *f = (Field){.width = in->width, .height = in->height};
    if (!err) {
        f->grey = p2p_alloc(n, sizeof(*f->grey));
        f->other = p2p_alloc(n, sizeof(*f->other));
        f->marks = p2p_alloc(n, 1);
        f->stack = p2p_alloc(n, sizeof(*f->stack));
        err = f->grey && f->other && f->marks && f->stack ? P2P_OK : P2P_ENOMEM;
    }
    for (size_t i = 0; !err && i < n; i++)
        f->grey[i] = (float)((uint16_t *)bytes.data)[i] / 257;
    p2p_image_finish(&grey);
    p2p_image_finish(&bytes);
    return err;
}

/* Outside of the picture its border goes on. */
static float at(const Field *f, const float *plane, int y, int x)
{
    y = y < 0 ? 0 : y >= f->height ? f->height - 1 : y;
    x = x < 0 ? 0 : x >= f->width ? f->width - 1 : x;
    return plane[(size_t)y * (size_t)f->width + (size_t)x];
}

/* ---- Gradients ----------------------------------------------------------------------------- */

static void blur_along(const Field *f, const float *in, float *out, const float *w, int radius,
                       bool vertical)
{
    for (int y = 0; y < f->height; y++) {
        for (int x = 0; x < f->width; x++) {
            float sum = 0;
            for (int k = -radius; k <= radius; k++)
                sum += w[k + radius] * at(f, in, y + (vertical ? k : 0), x + (vertical ? 0 : k));
            out[(size_t)y * (size_t)f->width + (size_t)x] = sum;
        }
    }
}

static void blur(Field *f, double sigma)
{
    float w[2 * 90 + 1];
    const int radius = (int)ceil(3 * sigma);
    double sum = 0;

    for (int k = -radius; k <= radius; k++)
        sum += exp(-k * k / (2 * sigma * sigma));
    for (int k = -radius; k <= radius; k++)
        w[k + radius] = (float)(exp(-k * k / (2 * sigma * sigma)) / sum);
    blur_along(f, f->grey, f->other, w, radius, false);
    blur_along(f, f->other, f->grey, w, radius, true);
}

/* Sobel's, in grey values a pixel: a step of 255 that the smoothing left sharp has about 127. */
static void gradient(const Field *f, int y, int x, float *gx, float *gy)
{
    const float *g = f->grey;

    *gx = (at(f, g, y - 1, x + 1) - at(f, g, y - 1, x - 1) + at(f, g, y + 1, x + 1) -
           at(f, g, y + 1, x - 1) + 2 * (at(f, g, y, x + 1) - at(f, g, y, x - 1))) /
          8;
    *gy = (at(f, g, y + 1, x - 1) - at(f, g, y - 1, x - 1) + at(f, g, y + 1, x + 1) -
           at(f, g, y - 1, x + 1) + 2 * (at(f, g, y + 1, x) - at(f, g, y - 1, x))) /
          8;
}

/* Ridges of the gradient: pixels not below their two neighbours along it. */
static void mark_ridges(Field *f, double low, double high)
{
    for (int y = 0; y < f->height; y++) {
        for (int x = 0; x < f->width; x++) {
            float gx, gy;
            gradient(f, y, x, &gx, &gy);
            /* tan 22.5 degrees parts the eight directions */
            const int dx = fabsf(gx) > .41421356f * fabsf(gy) ? (gx > 0) - (gx < 0) : 0;
            const int dy = fabsf(gy) > .41421356f * fabsf(gx) ? (gy > 0) - (gy < 0) : 0;
            const float here = at(f, f->other, y, x);
            const bool ridge =
                here > at(f, f->other, y - dy, x - dx) && here >= at(f, f->other, y + dy, x + dx);
            f->marks[(size_t)y * (size_t)f->width + (size_t)x] = !ridge || here < low ? NONE
                                                                 : here < high        ? WEAK
                                                                                      : EDGE;
        }
    }
}

static void find_edges(Field *f, const P2pEdgeSettings *s)
{
    blur(f, s->sigma);
    for (int y = 0; y < f->height; y++) {
        for (int x = 0; x < f->width; x++) {
            float gx, gy;
            gradient(f, y, x, &gx, &gy);
            f->other[(size_t)y * (size_t)f->width + (size_t)x] = hypotf(gx, gy);
        }
    }
    mark_ridges(f, s->low, s->high);
}

/* ---- Connected pixels ---------------------------------------------------------------------- */

/* Give all pixels that hang together with pixel `start` by eight neighbours and are marked `from` the mark `to`;
   they lie on the stack afterwards. Returns their number. */
static int fill(Field *f, int start, uint8_t from, uint8_t to)
{
    int count = 1;

    f->stack[0] = start;
    f->marks[start] = to;
    for (int done = 0; done < count; done++) {
        const int y = f->stack[done] / f->width, x = f->stack[done] % f->width;
        for (int k = 0; k < 9; k++) {
            const int v = y + k / 3 - 1, u = x + k % 3 - 1, next = v * f->width + u;
            if (v < 0 || v >= f->height || u < 0 || u >= f->width || f->marks[next] != from)
                continue;
            f->marks[next] = to;
            f->stack[count++] = next;
        }
    }
    return count;
}

/* Weak pixels that hang together with an edge become one, the others vanish. */
static void follow(Field *f)
{
    const int n = f->width * f->height;

    for (int i = 0; i < n; i++)
        if (f->marks[i] == EDGE)
            fill(f, i, WEAK, EDGE);
    for (int i = 0; i < n; i++)
        if (f->marks[i] == WEAK)
            f->marks[i] = NONE;
}

static void remove_small(Field *f, int least)
{
    const int n = f->width * f->height;

    for (int i = 0; i < n; i++) {
        if (f->marks[i] != EDGE)
            continue;
        const int count = fill(f, i, EDGE, WEAK); /* WEAK: looked at */
        for (int k = 0; count < least && k < count; k++)
            f->marks[f->stack[k]] = NONE;
    }
    for (int i = 0; i < n; i++)
        if (f->marks[i] == WEAK)
            f->marks[i] = EDGE;
}

/* ---- Thinning ------------------------------------------------------------------------------ */

static int mark(const Field *f, int y, int x)
{
    return y >= 0 && y < f->height && x >= 0 && x < f->width && f->marks[y * f->width + x] != NONE;
}

/* Whether the pixel goes in the first or second half of a round (Zhang and Suen 1984). */
static bool is_border(const Field *f, int y, int x, bool second)
{
    /* Its neighbours, clockwise from above. */
    const int p[9] = {mark(f, y - 1, x),     mark(f, y - 1, x + 1), mark(f, y, x + 1),
                      mark(f, y + 1, x + 1), mark(f, y + 1, x),     mark(f, y + 1, x - 1),
                      mark(f, y, x - 1),     mark(f, y - 1, x - 1), mark(f, y - 1, x)};
    int count = 0, begins = 0;

    for (int i = 0; i < 8; i++) {
        count += p[i];
        begins += !p[i] && p[i + 1];
    }
    return count >= 2 && count <= 6 && begins == 1 &&
           (second ? !(p[0] && p[2] && p[6]) && !(p[0] && p[4] && p[6])
                   : !(p[0] && p[2] && p[4]) && !(p[2] && p[4] && p[6]));
}

static bool thin_half(Field *f, bool second)
{
    int count = 0;

    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++)
            if (mark(f, y, x) && is_border(f, y, x, second))
                f->stack[count++] = y * f->width + x;
    for (int i = 0; i < count; i++)
        f->marks[f->stack[i]] = NONE;
    return count > 0;
}

static void thin(Field *f)
{
    bool more = true;

    while (more) {
        more = thin_half(f, false);
        more = thin_half(f, true) || more;
    }
}

/* ---- The whole ----------------------------------------------------------------------------- */

static int draw(const Field *f, P2pImage *out)
{
    const int err = p2p_image_init(out, f->width, f->height, 1, 8);

    for (size_t i = 0; !err && i < p2p_image_bytes(out); i++)
        ((uint8_t *)out->data)[i] = f->marks[i] == EDGE ? 0 : 255;
    return err;
}

static P2pEdgeSettings with_defaults(const P2pEdgeSettings *settings)
{
    P2pEdgeSettings s = settings ? *settings : (P2pEdgeSettings){0};

    s.sigma = s.sigma > 0 ? s.sigma : 1.4;
    s.high = s.high > 0 ? s.high : s.hed ? 25 : 12;
    s.low = s.low > 0 ? s.low : s.hed || s.high < 5 ? s.high : 5;
    s.least = s.least ? s.least : 5;
    return s;
}

int p2p_image_edges(const P2pImage *in, const P2pEdgeSettings *settings, P2pImage *out)
{
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);

    const P2pEdgeSettings s = with_defaults(settings);
    P2P_REQUIRE(s.sigma >= 0.3 && s.sigma <= 30, "sigma is %g, it must be 0.3 to 30", s.sigma);
    P2P_REQUIRE(s.low <= s.high && s.high <= 255, "low is %g and high %g of 0 to 255", s.low,
                s.high);
    P2P_REQUIRE(s.least >= 1, "least is %d, it must be 1 or more", s.least);
    P2P_REQUIRE((size_t)in->width * (size_t)in->height <= P2P_IMAGE_MAX_PIXELS,
                "in has %d x %d pixels, which are too many", in->width, in->height);

    Field f;
    int err = field_init(&f, in);
    if (!err) {
        if (s.hed)
            for (int i = 0; i < f.width * f.height; i++)
                f.marks[i] = f.grey[i] < s.low ? NONE : f.grey[i] < s.high ? WEAK : EDGE;
        else
            find_edges(&f, &s);
        follow(&f);
        thin(&f);
        remove_small(&f, s.least);
        err = draw(&f, out);
    }
    field_finish(&f);
    return err;
}
