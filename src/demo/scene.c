/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts a façade together, from the sky to the street, in painter's order. */
#include "src/demo/scene.h"

static DemoRect rect(float x0, float y0, float x1, float y1)
{
    return (DemoRect){x0, y0, x1, y1};
}

/* The next house, seen at an edge of the picture. */
static void paint_neighbour(DemoCanvas *c, DemoStyle *s, float x0, float x1)
{
    const float top = p2p_demo_between(&s->dice, 0.0f, 0.25f);
    const DemoColour colour = {p2p_demo_between(&s->dice, 0.45f, 0.75f),
                               p2p_demo_between(&s->dice, 0.42f, 0.66f),
                               p2p_demo_between(&s->dice, 0.38f, 0.60f)};
    const DemoRect r = rect(x0, top, x1, 1);

    p2p_demo_gradient(c, r, colour, p2p_demo_scale(colour, 0.75f));
    p2p_demo_mottle(c, r, 0.15f, 30, 21);
    for (float y = top + 0.06f; y < 0.85f; y += 0.2f)
        p2p_demo_gradient(c, rect(x0 + (x1 - x0) * 0.3f, y, x0 + (x1 - x0) * 0.75f, y + 0.1f),
                          (DemoColour){.20f, .23f, .28f}, (DemoColour){.12f, .13f, .16f});
}

static void paint_dormers(DemoCanvas *c, DemoStyle *s)
{
    const float w = 0.05f, h = s->roof_height * 0.6f;

    for (int i = 0; i < s->dormers; i++) {
        const float x = s->left + (s->right - s->left) * ((float)i + 0.5f) / (float)s->dormers;
        const DemoRect body = rect(x - w / 2, s->top - h * 1.1f, x + w / 2, s->top - h * 0.1f);
        p2p_demo_triangle(c, rect(body.x0 - 0.012f, body.y0 - h * 0.35f, body.x1 + 0.012f, body.y0),
                          p2p_demo_scale(s->roof, 0.75f));
        p2p_demo_fill(c, body, s->trim);
        const DemoRect pane =
            rect(body.x0 + 0.008f, body.y0 + 0.006f, body.x1 - 0.008f, body.y1 - 0.004f);
        p2p_demo_gradient(c, pane, p2p_demo_mix(s->sky, (DemoColour){.1f, .1f, .12f}, 0.6f),
                          (DemoColour){.12f, .13f, .16f});
        p2p_demo_fill(c, rect(x - 0.002f, pane.y0, x + 0.002f, pane.y1), s->frame);
        p2p_demo_label(c, pane, DEMO_WINDOW);
    }
}

static void paint_surroundings(DemoCanvas *c, DemoStyle *s)
{
    const DemoRect all = rect(0, 0, 1, 1);

    p2p_demo_label(c, all, DEMO_BACKGROUND);
    p2p_demo_gradient(c, rect(0, 0, 1, 0.4f), s->sky, s->haze);
    p2p_demo_fill(c, rect(0, 0.4f, 1, 1), s->haze);
    p2p_demo_blotches(c, rect(0, 0, 1, 0.4f), (DemoColour){.97f, .97f, .96f}, 4,
                      p2p_demo_between(&s->dice, 0.42f, 0.65f), 31);
    if (s->left > 0)
        paint_neighbour(c, s, 0, s->left);
    if (s->right < 1)
        paint_neighbour(c, s, s->right, 1);
    if (s->roof_height > 0) {
        const DemoRect roof = rect(s->left, s->top - s->roof_height, s->right, s->top);
        p2p_demo_bricks(c, roof, s->roof, p2p_demo_scale(s->roof, 0.7f), 0.014f, 0.009f, 0.18f);
        p2p_demo_shade_down(c, roof, 1.12f, 0.85f);
        if (p2p_demo_chance(&s->dice, 0.6f)) {
            const float x = p2p_demo_between(&s->dice, s->left + 0.05f, s->right - 0.1f);
            const DemoRect stack = rect(x, roof.y0 - 0.035f, x + 0.045f, roof.y0 + 0.02f);
            p2p_demo_bricks(c, stack, (DemoColour){.55f, .32f, .26f}, (DemoColour){.6f, .56f, .5f},
                            0.014f, 0.008f, 0.15f);
        }
        paint_dormers(c, s);
    }
}

static void paint_wall(DemoCanvas *c, DemoStyle *s)
{
    const DemoRect wall = rect(s->left, s->top, s->right, s->street);
    const float base = s->street - s->ground_height;

    if (s->wall_kind == DEMO_BRICK)
        p2p_demo_bricks(c, wall, s->wall,
                        p2p_demo_mix(s->wall, (DemoColour){.8f, .77f, .7f}, 0.55f), 0.022f, 0.0095f,
                        0.16f);
    else if (s->wall_kind == DEMO_STONE)
        p2p_demo_bricks(c, wall, s->wall, p2p_demo_scale(s->wall, 0.8f), 0.07f, 0.034f, 0.07f);
    else
        p2p_demo_fill(c, wall, s->wall);
    if (s->rusticated)
        p2p_demo_bricks(c, rect(s->left, base, s->right, s->street),
                        p2p_demo_mix(s->wall, s->trim, 0.5f), p2p_demo_scale(s->wall, 0.62f),
                        0.085f, 0.036f, 0.05f);
    p2p_demo_mottle(c, wall, s->wall_kind == DEMO_PLASTER ? 0.13f : 0.16f, 7, 41);
    p2p_demo_mottle(c, wall, 0.06f, 90, 43);
    /* Rain from above, dirt from the street. */
    p2p_demo_shade_down(c, rect(s->left, s->street - 0.12f, s->right, s->street), 1, 0.82f);
    p2p_demo_gradient(c, rect(s->left, s->street - 0.022f, s->right, s->street), s->plinth,
                      p2p_demo_scale(s->plinth, 0.8f));
    p2p_demo_label(c, wall, DEMO_FACADE);
}

static void paint_band(DemoCanvas *c, const DemoStyle *s, float y0, float y1, DemoLabel label)
{
    const DemoRect r = rect(s->left, y0, s->right, y1);
    const float h = y1 - y0;

    p2p_demo_gradient(c, r, p2p_demo_scale(s->trim, 1.06f), p2p_demo_scale(s->trim, 0.8f));
    p2p_demo_fill(c, rect(r.x0, y0 + h * 0.45f, r.x1, y0 + h * 0.55f),
                  p2p_demo_scale(s->trim, 0.7f));
    p2p_demo_shade_down(c, rect(r.x0, y1, r.x1, y1 + h * 0.9f), 0.6f, 1);
    p2p_demo_label(c, r, label);
}

static void paint_cornices(DemoCanvas *c, DemoStyle *s)
{
    const float base = s->street - s->ground_height;
    const float below = s->top + s->cornice;

    paint_band(c, s, s->top, below, DEMO_CORNICE);
    if (p2p_demo_chance(&s->dice, 0.5f)) { /* brackets under the eaves */
        for (float x = s->left + 0.01f; x < s->right; x += 0.03f)
            p2p_demo_gradient(c, rect(x, s->top + s->cornice * 0.5f, x + 0.012f, below),
                              p2p_demo_scale(s->trim, 1.05f), p2p_demo_scale(s->trim, 0.65f));
    }
    if (!s->moldings)
        return;
    paint_band(c, s, base - 0.014f, base, DEMO_CORNICE);
    for (int i = 1; i < s->floors - 1; i++) {
        const float y = base - (float)i * s->floor_height;
        paint_band(c, s, y - 0.008f, y, DEMO_MOLDING);
    }
}

static void paint_pillars(DemoCanvas *c, const DemoStyle *s)
{
    const float base = s->street - s->ground_height, w = s->bay_width * 0.13f;

    for (int i = 0; s->pillars && i <= s->bays; i++) {
        const float x = s->left + (float)i * s->bay_width;
        const float x0 = x - w / 2 < s->left ? s->left : x - w / 2;
        const float x1 = x + w / 2 > s->right ? s->right : x + w / 2;
        const DemoRect r = rect(x0, s->top + s->cornice, x1, base - 0.014f);
        p2p_demo_fill(c, r, p2p_demo_scale(s->trim, 0.97f));
        p2p_demo_shade_across(c, r, 1.05f + s->light, 0.85f - s->light);
        p2p_demo_fill(c, rect(x0 - 0.004f, r.y0, x1 + 0.004f, r.y0 + 0.014f), s->trim);
        p2p_demo_shade_across(c, rect(x1, r.y0, x1 + 0.008f, r.y1), 0.72f, 1);
        p2p_demo_label(c, r, DEMO_PILLAR);
    }
}

static DemoRect cell_window(const DemoStyle *s, int bay, int floor_number)
{
    const float w = s->bay_width * s->window_width, h = s->floor_height * s->window_height;
    const float x = s->left + ((float)bay + 0.5f) * s->bay_width;
    const float low = s->street - s->ground_height - (float)(floor_number - 1) * s->floor_height;
    const float y1 = low - s->floor_height * 0.17f;

    return rect(x - w / 2, y1 - h, x + w / 2, y1);
}

static void paint_floors(DemoCanvas *c, DemoStyle *s)
{
    const float drop = s->floor_height * 0.05f;

    for (int f = s->floors - 1; f >= 1; f--) {
        const bool with_long = s->long_balcony && f == s->floors / 2 + 1;
        for (int b = 0; b < s->bays; b++)
            p2p_demo_window_paint(c, s, cell_window(s, b, f));
        for (int b = 0; b < s->bays && !with_long; b++) {
            const DemoRect w = cell_window(s, b, f);
            const float over = s->bay_width * 0.1f, h = w.y1 - w.y0;
            if (p2p_demo_chance(&s->dice, s->long_balcony ? 0 : s->balconies))
                p2p_demo_balcony_paint(
                    c, s, rect(w.x0 - over, w.y1 - h * 0.36f, w.x1 + over, w.y1 + drop));
        }
        if (with_long) {
            const DemoRect first = cell_window(s, 0, f), last = cell_window(s, s->bays - 1, f);
            const float h = first.y1 - first.y0, over = s->bay_width * 0.12f;
            p2p_demo_balcony_paint(
                c, s, rect(first.x0 - over, first.y1 - h * 0.36f, last.x1 + over, first.y1 + drop));
        }
    }
}

static void paint_ground(DemoCanvas *c, DemoStyle *s)
{
    const float base = s->street - s->ground_height, g = s->ground_height;

    for (int b = 0; b < s->bays; b++) {
        const float x0 = s->left + (float)b * s->bay_width, middle = x0 + s->bay_width / 2;
        if (b == s->door_bay) {
            const float w = s->bay_width * 0.54f < 0.11f ? s->bay_width * 0.54f : 0.11f;
            p2p_demo_door_paint(c, s,
                                rect(middle - w / 2, base + g * 0.2f, middle + w / 2, s->street));
        } else if (s->ground == DEMO_GROUND_SHOPS) {
            /* Two bays make one shop where both are free. */
            const bool two =
                b + 1 < s->bays && b + 1 != s->door_bay && p2p_demo_chance(&s->dice, 0.6f);
            const float x1 = x0 + s->bay_width * (two ? 2 : 1), pad = s->bay_width * 0.07f;
            p2p_demo_shop_paint(c, s, rect(x0 + pad, base + g * 0.12f, x1 - pad, s->street));
            b += two;
        } else {
            DemoRect w = cell_window(s, b, 1);
            const float h = (w.y1 - w.y0) < g * 0.56f ? w.y1 - w.y0 : g * 0.56f;
            w.y0 = base + g * 0.24f;
            w.y1 = w.y0 + h;
            p2p_demo_window_paint(c, s, w);
        }
    }
}

static void paint_street(DemoCanvas *c, DemoStyle *s)
{
    const DemoRect r = rect(0, s->street, 1, 1);
    const DemoColour paving = {.58f, .56f, .53f};

    if (s->street >= 1)
        return;
    p2p_demo_bricks(c, r, paving, p2p_demo_scale(paving, 0.7f), 0.05f, 0.02f, 0.08f);
    p2p_demo_mottle(c, r, 0.15f, 25, 51);
    p2p_demo_shade_down(c, rect(0, s->street, 1, s->street + 0.015f), 0.6f, 1);
    p2p_demo_label(c, r, DEMO_BACKGROUND);
}

/* One light over all: from a side, a large soft cloud's shadow, the sensor's grain. */
static void paint_light(DemoCanvas *c, const DemoStyle *s)
{
    const DemoRect all = rect(0, 0, 1, 1);

    p2p_demo_shade_across(c, all, s->exposure + s->light, s->exposure - s->light);
    p2p_demo_shade_down(c, all, 1.05f, 0.93f);
    p2p_demo_mottle(c, all, 0.10f, 2.3f, 61);
    p2p_demo_mottle(c, all, 0.05f, (float)c->side / 2, 67);
}

void p2p_demo_scene_paint(DemoCanvas *canvas, DemoStyle *style)
{
    paint_surroundings(canvas, style);
    paint_wall(canvas, style);
    paint_cornices(canvas, style);
    paint_pillars(canvas, style);
    paint_floors(canvas, style);
    paint_ground(canvas, style);
    paint_street(canvas, style);
    paint_light(canvas, style);
}
