/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demonstration set: façades drawn by program, so that everything can be tried without a
 * download. This file makes the pictures' files; style.c, scene.c, parts.c and paint.c draw.
 */
#include "p2p/data.h"
#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/demo/scene.h"

enum {
    LEAST_SIZE = 32,
    MOST_SIZE = 4096,
    DEFAULT_SIZE = 256,
    DEFAULT_TRAIN = 100,
    DEFAULT_REST = 10,
};

int p2p_demo_draw(uint32_t seed, uint64_t index, int size, P2pImage *photo, P2pImage *labels)
{
    P2P_NEED(photo);
    P2P_NEED(labels);
    P2P_REQUIRE(photo != labels, "photo and labels must be two");

    DemoCanvas canvas = {.side = 2 * size, .labels = labels};
    DemoStyle style;
    int err;

    *photo = *labels = (P2pImage){0};
    if (size < LEAST_SIZE || size > MOST_SIZE)
        return p2p_fail(P2P_EINVAL, "demonstration pictures have %d to %d pixels a side, not %d",
                        LEAST_SIZE, MOST_SIZE, size);
    if ((err = p2p_image_init(photo, size, size, 3, 8)) < 0 ||
        (err = p2p_image_init(labels, size, size, 3, 8)) < 0)
        goto done;
    canvas.rgb = p2p_alloc((size_t)canvas.side * (size_t)canvas.side, 3 * sizeof(float));
    if (!canvas.rgb) {
        err = P2P_ENOMEM;
        goto done;
    }
    p2p_demo_style_draw(&style, seed, index);
    canvas.salt = seed * 7919u + (uint32_t)index * 104729u;
    p2p_demo_scene_paint(&canvas, &style);
    p2p_demo_develop(&canvas, photo);
done:
    free(canvas.rgb);
    if (err) {
        p2p_image_finish(photo);
        p2p_image_finish(labels);
    }
    return err;
}

static int make_pair(const char *folder, const P2pDemoSettings *s, size_t number, uint64_t index)
{
    const char *suffix = s->format == P2P_IMAGE_JPEG ? "jpg" : "png";
    P2pImage photo, labels, both = {0};
    char *path = p2p_format("%s/%04zu.%s", folder, number, suffix);
    int err = path ? P2P_OK : P2P_ENOMEM;

    photo = labels = (P2pImage){0};
    if (!err)
        err = p2p_demo_draw(s->seed, index, s->size, &photo, &labels);
    if (!err)
        err = p2p_image_join(&photo, &labels, &both);
    if (!err)
        err = p2p_image_write(&both, path, 0);
    p2p_image_finish(&photo);
    p2p_image_finish(&labels);
    p2p_image_finish(&both);
    free(path);
    return err;
}

int p2p_demo_make(const char *folder, const P2pDemoSettings *settings, P2pProgress progress,
                  void *user)
{
    P2P_NEED(folder);

    P2pDemoSettings s = settings ? *settings : (P2pDemoSettings){0};
    P2P_NEED_RANGE("format", s.format, P2P_IMAGE_PNG, P2P_IMAGE_JPEG);
    uint64_t index = 0;
    int err = P2P_OK;

    s.size = s.size ? s.size : DEFAULT_SIZE;
    const struct {
        const char *name;
        size_t count;
    } phases[] = {
        {"train", s.count_train ? s.count_train : DEFAULT_TRAIN},
        {"val", s.count_val ? s.count_val : DEFAULT_REST},
        {"test", s.count_test ? s.count_test : DEFAULT_REST},
    };
    const size_t total = phases[0].count + phases[1].count + phases[2].count;

    if (s.size < LEAST_SIZE || s.size > MOST_SIZE)
        return p2p_fail(P2P_EINVAL, "demonstration pictures have %d to %d pixels a side, not %d",
                        LEAST_SIZE, MOST_SIZE, s.size);
    for (size_t p = 0; p < P2P_COUNT(phases) && !err; p++) {
        char *path = p2p_path_join(folder, phases[p].name);
        err = path ? p2p_folder_make(path) : P2P_ENOMEM;
        for (size_t i = 0; i < phases[p].count && !err; i++) {
            err = make_pair(path, &s, i + 1, index++);
            if (!err && progress && progress(user, (size_t)index, total))
                err = p2p_fail(P2P_ESTOPPED, "stopped after %zu of %zu pictures", (size_t)index,
                               total);
        }
        free(path);
    }
    return err;
}
