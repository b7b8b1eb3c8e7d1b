/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which part of a picture is shown, at which size, mirrored or not: drawn or fixed, then applied.
 * Follows --preprocess of pytorch-CycleGAN-and-pix2pix, except that a picture smaller than the
 * crop is refused instead of padded with black.
 */
#include <string.h>

#include "p2p/data.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/data/picture.h"

enum {
    DEFAULT_LOAD = 286,
    DEFAULT_CROP = 256,
    DEFAULT_MULTIPLE = 4,
};

static const char *const names[] = {
    [P2P_PREPROCESS_RESIZE_AND_CROP] = "resize_and_crop",
    [P2P_PREPROCESS_CROP] = "crop",
    [P2P_PREPROCESS_SCALE_WIDTH] = "scale_width",
    [P2P_PREPROCESS_SCALE_WIDTH_AND_CROP] = "scale_width_and_crop",
    [P2P_PREPROCESS_NONE] = "none",
    [P2P_PREPROCESS_KEEP] = "keep",
};

int p2p_preprocess_parse(const char *name, P2pPreprocess *preprocess)
{
    P2P_NEED(name);
    P2P_NEED(preprocess);

    for (size_t i = 0; i < P2P_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *preprocess = (P2pPreprocess)i;
            return P2P_OK;
        }
    }
    return p2p_fail(P2P_EINVAL,
                    "no preprocessing is called %s; there are resize_and_crop, crop, "
                    "scale_width, scale_width_and_crop, none and keep",
                    name);
}

const char *p2p_preprocess_name(P2pPreprocess preprocess)
{
    return (size_t)preprocess < P2P_COUNT(names) ? names[preprocess] : "unknown";
}

/* side to the nearest multiple, ties to the even one (Python's round). */
static int rounded(int side, const P2pJitterSettings *s)
{
    const int rest = side % s->multiple;
    int times = side / s->multiple;

    if (2 * rest > s->multiple || (2 * rest == s->multiple && times % 2 == 1))
        times++;
    return p2p_max(times * s->multiple, s->least);
}

static int fill_settings(P2pJitterSettings *s, const P2pJitterSettings *given)
{
    *s = *given;
    s->load_size = s->load_size ? s->load_size : DEFAULT_LOAD;
    s->crop_size = s->crop_size ? s->crop_size : DEFAULT_CROP;
    if (!s->multiple)
        s->multiple = s->preprocess == P2P_PREPROCESS_SCALE_WIDTH ? 1 : DEFAULT_MULTIPLE;
    s->least = (int)p2p_round_up((size_t)p2p_max(s->least, 1), (size_t)p2p_max(s->multiple, 1));
    s->max_pixels = s->max_pixels ? s->max_pixels : P2P_IMAGE_MAX_PIXELS;
    if ((size_t)s->preprocess >= P2P_COUNT(names))
        return p2p_fail(P2P_EINVAL, "there is no preprocessing number %d", (int)s->preprocess);
    if (s->filter < P2P_FILTER_BICUBIC || s->filter > P2P_FILTER_AREA)
        return p2p_fail(P2P_EINVAL, "there is no filter number %d", (int)s->filter);
    if (s->load_size < 1 || s->crop_size < 1 || s->multiple < 1 || s->least < 1 ||
        s->load_size > P2P_IMAGE_MAX_SIDE || s->crop_size > P2P_IMAGE_MAX_SIDE ||
        s->multiple > P2P_IMAGE_MAX_SIDE || s->least > P2P_IMAGE_MAX_SIDE)
        return p2p_fail(P2P_EINVAL, "load size %d, crop size %d or multiple %d is impossible",
                        s->load_size, s->crop_size, s->multiple);
    if (s->max_size < 0 || s->fit_width < 0 || s->fit_height < 0 ||
        !s->fit_width != !s->fit_height || s->max_size > P2P_IMAGE_MAX_SIDE ||
        s->fit_width > P2P_IMAGE_MAX_SIDE || s->fit_height > P2P_IMAGE_MAX_SIDE)
        return p2p_fail(P2P_EINVAL, "a longest side of %d or a place of %d x %d is impossible",
                        s->max_size, s->fit_width, s->fit_height);
    return P2P_OK;
}

/* Height in proportion to a new width, at least the crop's; an equal width keeps a high picture. */
static void scale_width(P2pJitter *j, const P2pJitterSettings *s, int target)
{
    const int width = j->resize_width, height = j->resize_height;

    if (width == target && height >= s->crop_size)
        return;
    const long long scaled = (long long)target * height / width;
    j->resize_width = target;
    j->resize_height =
        scaled > P2P_IMAGE_MAX_SIDE ? P2P_IMAGE_MAX_SIDE : p2p_max((int)scaled, s->crop_size);
}

static int in_proportion(int side, int to, int from)
{
    return p2p_max((int)((2LL * side * to + from) / (2LL * from)), 1);
}

/* The largest of its shape within width x height. */
static void fit_into(P2pJitter *j, int width, int height)
{
    const int w = j->resize_width, h = j->resize_height;
    const bool by_width = (long long)w * height >= (long long)h * width;

    j->resize_width = by_width ? width : in_proportion(w, height, h);
    j->resize_height = by_width ? in_proportion(h, width, w) : height;
}

static void keep_size(P2pJitter *j, const P2pJitterSettings *s)
{
    if (s->fit_width)
        fit_into(j, s->fit_width, s->fit_height);
    if (s->max_size && p2p_max(j->resize_width, j->resize_height) > s->max_size)
        fit_into(j, s->max_size, s->max_size);
}

/* A side that is continued to both sides up to the multiple. */
static int continued(int side, const P2pJitterSettings *s, int *begin)
{
    const int whole = p2p_max((int)p2p_round_up((size_t)side, (size_t)s->multiple), s->least);

    *begin = -(whole - side) / 2;
    return whole;
}

static int plan(P2pJitter *j, const P2pJitterSettings *s, int width, int height)
{
    bool crop = false;

    *j = (P2pJitter){.resize_width = width, .resize_height = height, .filter = s->filter};
    switch (s->preprocess) {
    case P2P_PREPROCESS_RESIZE_AND_CROP:
        j->resize_width = j->resize_height = s->load_size;
        crop = true;
        break;
    case P2P_PREPROCESS_CROP:
        crop = true;
        break;
    case P2P_PREPROCESS_SCALE_WIDTH:
        scale_width(j, s, s->load_size);
        break;
    case P2P_PREPROCESS_SCALE_WIDTH_AND_CROP:
        scale_width(j, s, s->load_size);
        crop = true;
        break;
    case P2P_PREPROCESS_NONE:
        j->resize_width = rounded(width, s);
        j->resize_height = rounded(height, s);
        break;
    case P2P_PREPROCESS_KEEP:
        keep_size(j, s);
        break;
    }
    if ((size_t)j->resize_width * (size_t)j->resize_height > s->max_pixels)
        return p2p_fail(P2P_EINVAL,
                        "a picture of %d x %d pixels would become %d x %d (%s); "
                        "that is too large: --max_pixels is %zu",
                        width, height, j->resize_width, j->resize_height,
                        p2p_preprocess_name(s->preprocess), s->max_pixels);
    if (s->preprocess == P2P_PREPROCESS_KEEP || s->preprocess == P2P_PREPROCESS_SCALE_WIDTH) {
        j->width = continued(j->resize_width, s, &j->x);
        j->height = continued(j->resize_height, s, &j->y);
        return P2P_OK;
    }
    j->width = crop ? s->crop_size : j->resize_width;
    j->height = crop ? s->crop_size : j->resize_height;
    if (j->width > j->resize_width || j->height > j->resize_height)
        return p2p_fail(P2P_EINVAL,
                        "%d x %d pixels (after resizing) are smaller than the crop of "
                        "%d x %d; use a smaller crop size, a larger load size or resize_and_crop",
                        j->resize_width, j->resize_height, j->width, j->height);
    return P2P_OK;
}

int p2p_jitter_draw(P2pJitter *jitter, const P2pJitterSettings *settings, int width, int height,
                    uint32_t seed, uint32_t epoch, uint64_t index)
{
    P2P_NEED(jitter);
    P2P_NEED(settings);

    P2pJitterSettings s;
    uint32_t words[4];
    int err;

    *jitter = (P2pJitter){0};
    if ((err = fill_settings(&s, settings)) < 0 || (err = plan(jitter, &s, width, height)) < 0)
        return err;
    p2p_rng_block(seed, p2p_stream(P2P_STREAM_JITTER, epoch), index, words);
    const int room_x = p2p_max(jitter->resize_width - jitter->width, 0);
    const int room_y = p2p_max(jitter->resize_height - jitter->height, 0);
    jitter->x += (int)p2p_rng_below(words[0], (uint32_t)room_x + 1);
    jitter->y += (int)p2p_rng_below(words[1], (uint32_t)room_y + 1);
    jitter->flip = !s.no_flip && words[2] >> 31;
    return P2P_OK;
}

int p2p_jitter_fix(P2pJitter *jitter, const P2pJitterSettings *settings, int width, int height)
{
    P2P_NEED(jitter);
    P2P_NEED(settings);

    P2pJitterSettings s;
    int err;

    *jitter = (P2pJitter){0};
    if ((err = fill_settings(&s, settings)) < 0)
        return err;
    if (!settings->load_size && s.preprocess != P2P_PREPROCESS_SCALE_WIDTH)
        s.load_size = s.crop_size;
    if ((err = plan(jitter, &s, width, height)) < 0)
        return err;
    jitter->x += p2p_max(jitter->resize_width - jitter->width, 0) / 2;
    jitter->y += p2p_max(jitter->resize_height - jitter->height, 0) / 2;
    return P2P_OK;
}

int p2p_jitter_apply(const P2pJitter *jitter, const P2pImage *in, P2pImage *out)
{
    P2P_NEED(jitter);
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);

    P2pImage resized;
    int err;

    *out = (P2pImage){0};
    err =
        p2p_image_resize(in, jitter->resize_width, jitter->resize_height, jitter->filter, &resized);
    if (!err)
        err = p2p_image_reflect(&resized, jitter->x, jitter->y, jitter->width, jitter->height, out);
    if (!err && jitter->flip)
        p2p_image_flip(out);
    p2p_image_finish(&resized);
    return err;
}
