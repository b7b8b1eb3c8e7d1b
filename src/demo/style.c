/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws the look of a façade from its number. Paints nothing. */
#include <math.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/demo/scene.h"

static uint32_t word(DemoDice *d)
{
    uint32_t block[4];

    p2p_rng_block(d->seed, p2p_stream(P2P_STREAM_DEMO, 0), d->index << 20 | d->drawn++, block);
    return block[0];
}

float p2p_demo_roll(DemoDice *d)
{
    return p2p_rng_unit(word(d));
}

float p2p_demo_between(DemoDice *d, float least, float most)
{
    return least + (most - least) * p2p_demo_roll(d);
}

int p2p_demo_pick(DemoDice *d, int least, int most)
{
    return least + (int)p2p_rng_below(word(d), (uint32_t)(most - least + 1));
}

bool p2p_demo_chance(DemoDice *d, float probability)
{
    return p2p_demo_roll(d) < probability;
}

/* One of a palette, a little off. */
static DemoColour colour_from(DemoDice *d, const DemoColour *palette, size_t count)
{
    DemoColour c = palette[p2p_demo_pick(d, 0, (int)count - 1)];

    c = p2p_demo_scale(c, p2p_demo_between(d, 0.9f, 1.08f));
    c.r *= p2p_demo_between(d, 0.97f, 1.03f);
    c.b *= p2p_demo_between(d, 0.95f, 1.05f);
    return c;
}

static void draw_colours(DemoStyle *s, DemoDice *d)
{
    static const DemoColour plaster[] = {
        {.93f, .87f, .72f}, {.91f, .78f, .58f}, {.88f, .70f, .58f}, {.80f, .83f, .74f},
        {.86f, .86f, .84f}, {.74f, .79f, .84f}, {.94f, .91f, .84f}, {.83f, .62f, .50f},
        {.92f, .82f, .60f}, {.76f, .72f, .66f}, {.67f, .73f, .68f}, {.90f, .76f, .72f},
    };
    static const DemoColour brick[] = {
        {.62f, .33f, .25f}, {.55f, .27f, .22f}, {.70f, .45f, .32f},
        {.78f, .64f, .46f}, {.48f, .30f, .26f},
    };
    static const DemoColour stone[] = {
        {.78f, .74f, .66f},
        {.70f, .68f, .64f},
        {.83f, .78f, .66f},
        {.64f, .62f, .60f},
    };
    static const DemoColour frames[] = {
        {.94f, .94f, .92f}, {.90f, .88f, .82f}, {.38f, .26f, .18f},
        {.25f, .30f, .27f}, {.95f, .95f, .95f}, {.52f, .36f, .24f},
    };
    static const DemoColour paints[] = {
        {.20f, .36f, .28f}, {.24f, .33f, .48f}, {.45f, .22f, .18f}, {.40f, .44f, .42f},
        {.52f, .38f, .24f}, {.30f, .42f, .40f}, {.62f, .60f, .52f},
    };
    static const DemoColour awnings[] = {
        {.66f, .18f, .16f}, {.18f, .36f, .28f}, {.20f, .28f, .48f},
        {.80f, .64f, .26f}, {.46f, .20f, .30f}, {.30f, .30f, .30f},
    };
    static const DemoColour roofs[] = {
        {.56f, .30f, .22f},
        {.42f, .26f, .22f},
        {.36f, .37f, .40f},
        {.30f, .31f, .33f},
    };
    static const DemoColour skies[] = {
        {.42f, .62f, .88f}, {.55f, .70f, .88f}, {.70f, .76f, .82f},
        {.84f, .86f, .88f}, {.36f, .54f, .82f},
    };

    s->wall = s->wall_kind == DEMO_BRICK   ? colour_from(d, brick, P2P_COUNT(brick))
              : s->wall_kind == DEMO_STONE ? colour_from(d, stone, P2P_COUNT(stone))
                                           : colour_from(d, plaster, P2P_COUNT(plaster));
    const DemoColour white = {.95f, .93f, .88f}, grey = {.74f, .72f, .68f};
    s->trim = p2p_demo_mix(p2p_demo_mix(grey, white, p2p_demo_roll(d)), s->wall,
                           p2p_demo_between(d, 0, 0.4f));
    s->frame = colour_from(d, frames, P2P_COUNT(frames));
    s->shutter = colour_from(d, paints, P2P_COUNT(paints));
    s->door = colour_from(d, paints, P2P_COUNT(paints));
    s->awning = colour_from(d, awnings, P2P_COUNT(awnings));
    s->roof = colour_from(d, roofs, P2P_COUNT(roofs));
    s->sky = colour_from(d, skies, P2P_COUNT(skies));
    s->haze = p2p_demo_mix(s->sky, (DemoColour){.95f, .94f, .92f}, 0.65f);
    s->plinth = p2p_demo_scale(p2p_demo_mix(s->wall, grey, 0.6f), p2p_demo_between(d, 0.6f, 0.85f));
    s->iron = p2p_demo_scale((DemoColour){.20f, .22f, .23f}, p2p_demo_between(d, 0.7f, 1.3f));
    s->light = p2p_demo_between(d, -0.16f, 0.16f);
    s->exposure = p2p_demo_between(d, 0.86f, 1.04f);
}

static void draw_extent(DemoStyle *s, DemoDice *d)
{
    s->left = p2p_demo_chance(d, 0.45f) ? p2p_demo_between(d, 0.03f, 0.12f) : 0;
    s->right = 1 - (p2p_demo_chance(d, 0.45f) ? p2p_demo_between(d, 0.03f, 0.12f) : 0);
    s->street = p2p_demo_chance(d, 0.8f) ? p2p_demo_between(d, 0.93f, 0.975f) : 1;
    s->roof_height = p2p_demo_chance(d, 0.7f) ? p2p_demo_between(d, 0.05f, 0.13f) : 0;
    s->top = s->roof_height > 0 ? s->roof_height + p2p_demo_between(d, 0.02f, 0.08f) : 0;
    s->dormers = s->roof_height > 0.085f && p2p_demo_chance(d, 0.6f) ? p2p_demo_pick(d, 1, 3) : 0;
}

static void draw_grid(DemoStyle *s, DemoDice *d)
{
    s->floors = p2p_demo_pick(d, 2, 5);
    s->bays = p2p_demo_pick(d, 3, 7);
    s->cornice = p2p_demo_between(d, 0.018f, 0.04f);
    const float height = s->street - s->top - s->cornice;
    s->ground_height = height / ((float)s->floors + 0.25f) * p2p_demo_between(d, 1.05f, 1.3f);
    s->floor_height = (height - s->ground_height) / (float)(s->floors - 1);
    s->bay_width = (s->right - s->left) / (float)s->bays;
    s->door_bay = p2p_demo_pick(d, 0, s->bays - 1);
    s->ground = p2p_demo_chance(d, 0.5f) ? DEMO_GROUND_SHOPS : DEMO_GROUND_WINDOWS;
    s->rusticated = s->wall_kind != DEMO_BRICK && p2p_demo_chance(d, 0.5f);
}

static void draw_details(DemoStyle *s, DemoDice *d)
{
    s->window_width = p2p_demo_between(d, 0.42f, 0.62f);
    s->window_height = p2p_demo_between(d, 0.52f, 0.68f);
    /* No slits and no wide bands: between square and 2.2 times as high as wide. */
    const float ratio = s->window_height * s->floor_height / (s->window_width * s->bay_width);
    if (ratio > 2.2f)
        s->window_height *= 2.2f / ratio;
    if (ratio < 1.05f)
        s->window_width *= ratio / 1.05f;
    s->panes_x = p2p_demo_pick(d, 1, 3);
    s->panes_y = p2p_demo_pick(d, 1, 4);
    s->sills = p2p_demo_chance(d, 0.75f);
    s->shutters = s->window_width < 0.5f && p2p_demo_chance(d, 0.45f);
    s->arched = !s->shutters && p2p_demo_chance(d, 0.2f);
    s->crown = s->arched ? DEMO_NO_DECO : (DemoCrown)p2p_demo_pick(d, DEMO_NO_DECO, DEMO_ARCH);
    s->pillars = !s->shutters && p2p_demo_chance(d, 0.3f);
    s->moldings = p2p_demo_chance(d, 0.6f);
    s->balconies = p2p_demo_chance(d, 0.55f) ? p2p_demo_between(d, 0.2f, 0.7f) : 0;
    s->long_balcony = s->balconies > 0 && p2p_demo_chance(d, 0.25f);
    s->blinds = p2p_demo_chance(d, 0.5f) ? p2p_demo_between(d, 0.1f, 0.5f) : 0;
}

void p2p_demo_style_draw(DemoStyle *style, uint32_t seed, uint64_t index)
{
    DemoDice dice = {.seed = seed, .index = index};

    *style = (DemoStyle){0};
    style->wall_kind = p2p_demo_chance(&dice, 0.55f)   ? DEMO_PLASTER
                       : p2p_demo_chance(&dice, 0.55f) ? DEMO_BRICK
                                                       : DEMO_STONE;
    draw_colours(style, &dice);
    draw_extent(style, &dice);
    draw_grid(style, &dice);
    draw_details(style, &dice);
    style->dice = dice;
}
