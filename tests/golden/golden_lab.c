/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures to Lab and back against skimage. Both compute in double and round once to f32, so that all
 * should be equal but for the last place of a power: 1e-6, relative to the largest value.
 */
#include <math.h>
#include <stdint.h>

#include "src/data/lab.h"
#include "tests/golden/golden.h"

static const double tolerance = 1e-6;

/* [2, h, w] as [h, w, 2], or back. */
static float *turned(Golden *g, const float *from, size_t pixels, bool to_last)
{
    float *to = golden_floats(g, 2 * pixels);

    for (size_t i = 0; i < pixels; i++)
        for (size_t k = 0; k < 2; k++)
            to[to_last ? 2 * i + k : k * pixels + i] = from[to_last ? k * pixels + i : 2 * i + k];
    return to;
}

static void check_to_lab(Golden *g, const GoldenArray *rgb, const GoldenArray *l)
{
    const GoldenArray ab = golden_need(g, g->name, "ab");
    const size_t pixels = l->count;
    float *ours_l = golden_floats(g, pixels), *ours_ab = golden_floats(g, 2 * pixels);
    P2pImage image;

    if (g->err || (g->err = p2p_image_init(&image, rgb->dim[1], rgb->dim[0], 3, 8)) < 0)
        return;
    for (size_t i = 0; i < rgb->count; i++)
        ((uint8_t *)image.data)[i] = (uint8_t)rgb->data[i];
    p2p_lab_from_rgb(&image, ours_l, ours_ab);
    p2p_image_finish(&image);
    golden_compare(g, "L", golden_max_deviation(ours_l, l->data, pixels), tolerance);
    golden_compare(g, "ab",
                   golden_max_deviation(turned(g, ours_ab, pixels, false), ab.data, 2 * pixels),
                   tolerance);
}

static void check_to_rgb(Golden *g, const GoldenArray *l)
{
    const GoldenArray ab = golden_need(g, g->name, "back_ab"),
                      rgb = golden_need(g, g->name, "back_rgb");
    double *ours = golden_alloc(g, 3 * l->count, sizeof(*ours));
    float *scaled = golden_floats(g, 3 * l->count);
    P2pImage image;
    double most = 0;

    if (g->err)
        return;
    const float *colours = turned(g, ab.data, l->count, true);
    p2p_lab_to_rgb(l->data, colours, l->count, ours);
    for (size_t i = 0; i < rgb.count; i++)
        scaled[i] = (float)(ours[i] * 255);
    golden_compare(g, "back_rgb", golden_max_deviation(scaled, rgb.data, rgb.count), tolerance);
    if ((g->err = p2p_lab_to_image(&image, l->data, colours, (int)l->count, 1, 8)) < 0)
        return;
    for (size_t i = 0; i < rgb.count; i++)
        most = fmax(most, fabs(((uint8_t *)image.data)[i] - rgb.data[i]));
    p2p_image_finish(&image);
    golden_compare(g, "back as 8 bits", most, 0.5 + 1e-3);
}

void golden_lab(Golden *g, const json_t *info)
{
    const GoldenArray rgb = golden_need(g, g->name, "rgb"), l = golden_need(g, g->name, "L");

    (void)info;
    if (!g->err)
        check_to_lab(g, &rgb, &l);
    if (!g->err)
        check_to_rgb(g, &l);
}
