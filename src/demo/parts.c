/* SPDX-License-Identifier: BSD-2-Clause */
/* Windows, balconies, doors and shops of the demonstration façades. */
#include "src/demo/scene.h"

static DemoRect rect(float x0, float y0, float x1, float y1)
{
    return (DemoRect){x0, y0, x1, y1};
}

static DemoRect inset(DemoRect r, float dx, float dy)
{
    return rect(r.x0 + dx, r.y0 + dy, r.x1 - dx, r.y1 - dy);
}

static float width_of(DemoRect r)
{
    return r.x1 - r.x0;
}

static float height_of(DemoRect r)
{
    return r.y1 - r.y0;
}

/* Dark rooms, the sky's reflection, sometimes curtains or a lamp. */
static void paint_glass(DemoCanvas *c, DemoStyle *s, DemoRect r)
{
    const DemoColour dark = {.10f, .12f, .15f};
    const float shine = p2p_demo_between(&s->dice, 0.08f, 0.55f);
    const float w = width_of(r), h = height_of(r);

    p2p_demo_gradient(c, r, p2p_demo_mix(dark, s->sky, shine),
                      p2p_demo_mix(dark, s->haze, shine * 0.35f));
    if (p2p_demo_chance(&s->dice, 0.1f))
        p2p_demo_gradient(c, r, (DemoColour){.55f, .42f, .22f}, (DemoColour){.80f, .64f, .36f});
    p2p_demo_mottle(c, r, 0.35f, 14, s->dice.drawn);
    if (p2p_demo_chance(&s->dice, 0.45f)) {
        const DemoColour cloth =
            p2p_demo_scale((DemoColour){.80f, .78f, .72f}, p2p_demo_between(&s->dice, 0.6f, 1));
        const float share = p2p_demo_between(&s->dice, 0.15f, 0.32f);
        const DemoRect l = rect(r.x0, r.y0, r.x0 + w * share, r.y1);
        const DemoRect q = rect(r.x1 - w * share, r.y0, r.x1, r.y1);
        p2p_demo_gradient(c, l, cloth, p2p_demo_scale(cloth, 0.7f));
        p2p_demo_gradient(c, q, cloth, p2p_demo_scale(cloth, 0.7f));
        p2p_demo_shade_across(c, l, 1, 0.75f);
        p2p_demo_shade_across(c, q, 0.75f, 1);
    }
    /* The reveal's shadow on the upper edge and on the side away from the light. */
    p2p_demo_shade_down(c, rect(r.x0, r.y0, r.x1, r.y0 + h * 0.14f), 0.45f, 1);
    if (s->light > 0)
        p2p_demo_shade_across(c, rect(r.x0, r.y0, r.x0 + w * 0.12f, r.y1), 0.6f, 1);
    else
        p2p_demo_shade_across(c, rect(r.x1 - w * 0.12f, r.y0, r.x1, r.y1), 1, 0.6f);
}

static void paint_bars(DemoCanvas *c, const DemoStyle *s, DemoRect r)
{
    const float bar = 0.0055f, thin = 0.0038f;

    for (int i = 1; i < s->panes_x; i++) {
        const float x = r.x0 + width_of(r) * (float)i / (float)s->panes_x;
        p2p_demo_fill(c, rect(x - bar / 2, r.y0, x + bar / 2, r.y1), s->frame);
    }
    /* Two rows: a fanlight above; more: even. */
    for (int i = 1; i < s->panes_y; i++) {
        const float share = s->panes_y == 2 ? 0.3f : (float)i / (float)s->panes_y;
        const float y = r.y0 + height_of(r) * share;
        p2p_demo_fill(c, rect(r.x0, y - thin / 2, r.x1, y + thin / 2), s->frame);
    }
}

static void paint_blind(DemoCanvas *c, DemoStyle *s, DemoRect r)
{
    const float down = height_of(r) * p2p_demo_between(&s->dice, 0.25f, 0.9f), slat = 0.006f;
    const DemoRect blind = rect(r.x0, r.y0, r.x1, r.y0 + down);
    const DemoColour colour = p2p_demo_mix(s->frame, (DemoColour){.82f, .80f, .74f}, 0.6f);

    p2p_demo_fill(c, blind, colour);
    for (float y = blind.y0; y < blind.y1; y += slat)
        p2p_demo_shade_down(c, rect(blind.x0, y, blind.x1, y + slat), 1, 0.72f);
    p2p_demo_label(c, blind, DEMO_BLIND);
}

static void paint_shutter(DemoCanvas *c, const DemoStyle *s, DemoRect r)
{
    const float slat = 0.008f;

    p2p_demo_shade_down(c, rect(r.x0 + 0.004f, r.y0 + 0.006f, r.x1 + 0.004f, r.y1 + 0.006f), 0.8f,
                        0.8f);
    p2p_demo_fill(c, r, s->shutter);
    const DemoRect in = inset(r, width_of(r) * 0.14f, 0.006f);
    for (float y = in.y0; y + slat < in.y1; y += slat)
        p2p_demo_shade_down(c, rect(in.x0, y, in.x1, y + slat), 1.1f, 0.65f);
    p2p_demo_label(c, r, DEMO_BLIND);
}

static void paint_crown(DemoCanvas *c, const DemoStyle *s, DemoRect window)
{
    const float over = width_of(window) * 0.14f, h = height_of(window);
    const float gap = h * 0.03f + 0.007f;
    DemoRect r = rect(window.x0 - over, 0, window.x1 + over, window.y0 - gap);

    if (s->crown == DEMO_NO_DECO)
        return;
    r.y0 = r.y1 - h * (s->crown == DEMO_LINTEL ? 0.08f : 0.18f);
    const DemoRect shadow = rect(r.x0, r.y1, r.x1, r.y1 + 0.012f);
    p2p_demo_shade_down(c, shadow, 0.6f, 1);
    if (s->crown == DEMO_LINTEL)
        p2p_demo_gradient(c, r, s->trim, p2p_demo_scale(s->trim, 0.86f));
    else if (s->crown == DEMO_PEDIMENT)
        p2p_demo_triangle(c, r, s->trim);
    else
        p2p_demo_arch(c, r, s->trim);
    const float w = width_of(r) * 0.14f, drop = height_of(r) * 0.3f;
    const DemoRect in = rect(r.x0 + w, r.y0 + drop, r.x1 - w, r.y1 - height_of(r) * 0.12f);
    if (s->crown == DEMO_PEDIMENT)
        p2p_demo_triangle(c, in, p2p_demo_scale(s->trim, 0.8f));
    else if (s->crown == DEMO_ARCH)
        p2p_demo_arch(c, in, p2p_demo_scale(s->trim, 0.8f));
    p2p_demo_fill(c, rect(r.x0, r.y1 - 0.004f, r.x1, r.y1), p2p_demo_scale(s->trim, 0.92f));
    p2p_demo_label(c, r, DEMO_DECO);
}

static void paint_sill(DemoCanvas *c, const DemoStyle *s, DemoRect window)
{
    const float over = width_of(window) * 0.12f;
    const DemoRect r =
        rect(window.x0 - over, window.y1 + 0.006f, window.x1 + over, window.y1 + 0.018f);

    p2p_demo_gradient(c, r, p2p_demo_scale(s->trim, 1.05f), p2p_demo_scale(s->trim, 0.8f));
    p2p_demo_shade_down(c, rect(r.x0, r.y1, r.x1, r.y1 + 0.014f), 0.65f, 1);
    p2p_demo_label(c, r, DEMO_SILL);
}

void p2p_demo_window_paint(DemoCanvas *c, DemoStyle *s, DemoRect window)
{
    const float border = 0.009f, h = height_of(window);
    const DemoRect surround = inset(window, -border, -border);

    p2p_demo_fill(c, surround, s->trim);
    p2p_demo_shade_across(c, surround, 1 + s->light * 0.6f, 1 - s->light * 0.6f);
    if (s->arched) {
        const float rise = h * 0.16f;
        p2p_demo_arch(c, rect(surround.x0, surround.y0 - rise, surround.x1, surround.y0), s->trim);
        p2p_demo_arch(c, rect(window.x0, window.y0 - rise, window.x1, window.y0 + 0.001f),
                      (DemoColour){.16f, .18f, .22f});
        p2p_demo_label(c, rect(window.x0, window.y0 - rise * 0.8f, window.x1, window.y0),
                       DEMO_WINDOW);
    }
    p2p_demo_fill(c, window, s->frame);
    p2p_demo_label(c, window, DEMO_WINDOW);
    const DemoRect glass = inset(window, 0.006f, 0.006f);
    paint_glass(c, s, glass);
    paint_bars(c, s, glass);
    if (p2p_demo_chance(&s->dice, s->blinds))
        paint_blind(c, s, glass);
    paint_crown(c, s, window);
    if (s->sills)
        paint_sill(c, s, window);
    if (s->shutters) {
        const float w = width_of(window) * 0.46f;
        const float x0 = surround.x0, x1 = surround.x1;
        paint_shutter(c, s, rect(x0 - w, window.y0, x0 - 0.002f, window.y1));
        paint_shutter(c, s, rect(x1 + 0.002f, window.y0, x1 + w, window.y1));
    }
}

void p2p_demo_balcony_paint(DemoCanvas *c, DemoStyle *s, DemoRect r)
{
    const float slab = 0.012f, bar = 0.0028f, step = 0.0115f;

    p2p_demo_shade_down(c, rect(r.x0 + 0.006f, r.y1, r.x1 + 0.006f, r.y1 + 0.035f), 0.55f, 0.95f);
    p2p_demo_shade_down(c, r, 0.86f, 0.8f);
    for (float x = r.x0; x < r.x1; x += step)
        p2p_demo_fill(c, rect(x, r.y0, x + bar, r.y1), s->iron);
    p2p_demo_fill(c, rect(r.x0, r.y0, r.x1, r.y0 + 0.005f), s->iron);
    p2p_demo_fill(c, rect(r.x0, r.y0 + height_of(r) * 0.3f, r.x1, r.y0 + height_of(r) * 0.3f + bar),
                  s->iron);
    const DemoRect base = rect(r.x0 - 0.004f, r.y1 - slab, r.x1 + 0.004f, r.y1);
    p2p_demo_gradient(c, base, s->trim, p2p_demo_scale(s->trim, 0.72f));
    if (p2p_demo_chance(&s->dice, 0.3f)) { /* plants */
        const DemoRect box = rect(r.x0, r.y0 - 0.012f, r.x1, r.y0 + 0.014f);
        p2p_demo_blotches(c, box, (DemoColour){.22f, .38f, .16f}, 60, 0.42f, s->dice.drawn);
        p2p_demo_blotches(c, box, (DemoColour){.74f, .22f, .26f}, 110, 0.62f, s->dice.drawn + 5);
    }
    p2p_demo_label(c, rect(base.x0, r.y0, base.x1, r.y1), DEMO_BALCONY);
}

void p2p_demo_door_paint(DemoCanvas *c, DemoStyle *s, DemoRect r)
{
    const float w = width_of(r), h = height_of(r),
                light = h * p2p_demo_between(&s->dice, 0.14f, 0.24f);
    const int leaves = w > 0.09f || p2p_demo_chance(&s->dice, 0.4f) ? 2 : 1;

    p2p_demo_fill(c, rect(r.x0 - 0.014f, r.y0 - 0.016f, r.x1 + 0.014f, r.y1), s->trim);
    p2p_demo_shade_down(c, rect(r.x0 - 0.014f, r.y0 - 0.004f, r.x1 + 0.014f, r.y0), 0.7f, 0.8f);
    p2p_demo_gradient(c, r, s->door, p2p_demo_scale(s->door, 0.75f));
    const DemoRect fan = rect(r.x0 + 0.006f, r.y0 + 0.006f, r.x1 - 0.006f, r.y0 + light);
    paint_glass(c, s, fan);
    for (int i = 0; i < leaves; i++) {
        const float x0 = r.x0 + w * (float)i / (float)leaves;
        const float x1 = r.x0 + w * (float)(i + 1) / (float)leaves;
        for (int k = 0; k < 3; k++) {
            const float y0 = r.y0 + light + (h - light) * (float)k / 3;
            const DemoRect panel =
                inset(rect(x0, y0, x1, y0 + (h - light) / 3), (x1 - x0) * 0.16f, h * 0.025f);
            p2p_demo_shade_down(c, panel, 0.62f, 0.8f);
            p2p_demo_shade_down(c, inset(panel, 0.004f, 0.004f), 1.5f, 1.4f);
        }
        p2p_demo_shade_across(c, rect(x1 - 0.003f, r.y0 + light, x1, r.y1), 0.5f, 0.5f);
    }
    p2p_demo_fill(c,
                  rect((r.x0 + r.x1) / 2 + 0.006f, r.y0 + h * 0.6f, (r.x0 + r.x1) / 2 + 0.011f,
                       r.y0 + h * 0.63f),
                  (DemoColour){.85f, .72f, .38f});
    p2p_demo_shade_down(c, rect(r.x0, r.y0, r.x1, r.y0 + h * 0.08f), 0.45f, 1);
    p2p_demo_label(c, r, DEMO_DOOR);
}

static void paint_awning(DemoCanvas *c, DemoStyle *s, DemoRect r)
{
    const int stripes = 2 * p2p_demo_pick(&s->dice, 3, 6) + 1;
    const DemoColour light = {.92f, .90f, .84f};

    for (int i = 0; i < stripes; i++) {
        const float x0 = r.x0 + width_of(r) * (float)i / (float)stripes;
        const DemoRect stripe = rect(x0, r.y0, x0 + width_of(r) / (float)stripes, r.y1);
        const DemoColour colour = i % 2 ? light : s->awning;
        p2p_demo_gradient(c, stripe, p2p_demo_scale(colour, 1.05f), p2p_demo_scale(colour, 0.78f));
    }
    p2p_demo_shade_down(c, rect(r.x0, r.y1, r.x1, r.y1 + 0.035f), 0.45f, 1);
}

static void paint_sign(DemoCanvas *c, DemoStyle *s, DemoRect r)
{
    const DemoColour ink = {.93f, .88f, .70f};
    const float h = height_of(r), size = h * 0.5f;
    const int letters = p2p_demo_pick(&s->dice, 4, 9);
    float x = (r.x0 + r.x1) / 2 - (float)letters * size * 0.45f;

    p2p_demo_gradient(c, r, s->awning, p2p_demo_scale(s->awning, 0.8f));
    for (int i = 0; i < letters; i++, x += size * 0.9f) {
        const float top = r.y0 + h * 0.25f, low = r.y1 - h * 0.25f, stem = size * 0.2f;
        if (x < r.x0 || x + size * 0.6f > r.x1)
            continue;
        p2p_demo_fill(c, rect(x, top, x + stem, low), ink);
        if (p2p_demo_chance(&s->dice, 0.6f))
            p2p_demo_fill(c, rect(x, top, x + size * 0.6f, top + stem), ink);
        if (p2p_demo_chance(&s->dice, 0.5f))
            p2p_demo_fill(c, rect(x, low - stem, x + size * 0.6f, low), ink);
        if (p2p_demo_chance(&s->dice, 0.5f))
            p2p_demo_fill(c, rect(x + size * 0.4f, top, x + size * 0.4f + stem, low), ink);
    }
    p2p_demo_shade_down(c, rect(r.x0, r.y1, r.x1, r.y1 + 0.014f), 0.55f, 1);
}

void p2p_demo_shop_paint(DemoCanvas *c, DemoStyle *s, DemoRect r)
{
    const float h = height_of(r), w = width_of(r);
    const DemoRect sign = rect(r.x0, r.y0, r.x1, r.y0 + h * 0.17f);
    const DemoRect glass = rect(r.x0 + 0.008f, sign.y1, r.x1 - 0.008f, r.y1 - h * 0.14f);
    const int panes = w > 0.2f ? 3 : 2;

    p2p_demo_fill(c, r, p2p_demo_scale(s->door, 0.8f));
    paint_glass(c, s, glass);
    /* Goods in the window, lit from above. */
    for (int i = 0; i < 9; i++) {
        const float x = p2p_demo_between(&s->dice, glass.x0, glass.x1 - 0.02f);
        const float top = p2p_demo_between(&s->dice, glass.y0 + h * 0.3f, glass.y1 - 0.01f);
        const DemoColour colour = {p2p_demo_roll(&s->dice), p2p_demo_roll(&s->dice),
                                   p2p_demo_roll(&s->dice)};
        const DemoRect item = rect(x, top, x + p2p_demo_between(&s->dice, 0.008f, 0.02f), glass.y1);
        p2p_demo_fill(c, item, p2p_demo_mix(colour, (DemoColour){.5f, .42f, .3f}, 0.5f));
        p2p_demo_shade_down(c, item, 1.1f, 0.6f);
    }
    for (int i = 1; i < panes; i++) {
        const float x = glass.x0 + width_of(glass) * (float)i / (float)panes;
        p2p_demo_fill(c, rect(x - 0.003f, glass.y0, x + 0.003f, glass.y1), s->door);
    }
    p2p_demo_label(c, r, DEMO_SHOP);
    if (p2p_demo_chance(&s->dice, 0.5f))
        paint_awning(c, s, rect(r.x0 - 0.006f, sign.y0, r.x1 + 0.006f, sign.y1 + h * 0.1f));
    else
        paint_sign(c, s, sign);
}
