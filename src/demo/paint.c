/* SPDX-License-Identifier: BSD-2-Clause */
/* Painting of rectangles, textures and labels for the demonstration pictures. No layout. */
#include "src/demo/paint.h"

#include <math.h>

#include "src/base/memory.h"

static uint32_t hash(uint32_t x, uint32_t y, uint32_t salt)
{
    uint32_t h = x * 0x9E3779B1u ^ y * 0x85EBCA77u ^ salt * 0xC2B2AE3Du;

    h = (h ^ h >> 15) * 0x2C1B3C6Du;
    h = (h ^ h >> 12) * 0x297A2D39u;
    return h ^ h >> 15;
}

float p2p_demo_cell(const DemoCanvas *c, int x, int y, uint32_t salt)
{
    return (float)(hash((uint32_t)x, (uint32_t)y, salt + c->salt) >> 8) * 0x1p-24f;
}

static float smooth(float t)
{
    return t * t * (3 - 2 * t);
}

static float layer(const DemoCanvas *c, float x, float y, uint32_t salt)
{
    const float fx = floorf(x), fy = floorf(y);
    const float u = smooth(x - fx), v = smooth(y - fy);
    const int ix = (int)fx, iy = (int)fy;
    const float top =
        p2p_demo_cell(c, ix, iy, salt) * (1 - u) + p2p_demo_cell(c, ix + 1, iy, salt) * u;
    const float low =
        p2p_demo_cell(c, ix, iy + 1, salt) * (1 - u) + p2p_demo_cell(c, ix + 1, iy + 1, salt) * u;

    return top * (1 - v) + low * v;
}

float p2p_demo_noise(const DemoCanvas *c, float x, float y, float cells, int octaves, uint32_t salt)
{
    float sum = 0, weight = 0, amplitude = 1;

    for (int i = 0; i < octaves; i++) {
        sum += amplitude * layer(c, x * cells, y * cells, salt + (uint32_t)i * 101u);
        weight += amplitude;
        amplitude *= 0.5f;
        cells *= 2;
    }
    return sum / weight;
}

DemoColour p2p_demo_mix(DemoColour a, DemoColour b, float t)
{
    return (DemoColour){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

DemoColour p2p_demo_scale(DemoColour a, float k)
{
    return (DemoColour){a.r * k, a.g * k, a.b * k};
}

/* First pixel whose centre is not before edge, within 0..side. */
static int pixel_of(float edge, int side)
{
    const float at = ceilf(edge * (float)side - 0.5f);

    return at < 0 ? 0 : at > (float)side ? side : (int)at;
}

typedef struct Box {
    int x0, y0, x1, y1;
} Box;

static Box box_of(DemoRect r, int side)
{
    return (Box){pixel_of(r.x0, side), pixel_of(r.y0, side), pixel_of(r.x1, side),
                 pixel_of(r.y1, side)};
}

static float *pixel(DemoCanvas *c, int x, int y)
{
    return c->rgb + ((size_t)y * (size_t)c->side + (size_t)x) * 3;
}

static void put(DemoCanvas *c, int x, int y, DemoColour colour)
{
    float *p = pixel(c, x, y);

    p[0] = colour.r;
    p[1] = colour.g;
    p[2] = colour.b;
}

static void multiply(DemoCanvas *c, int x, int y, float k)
{
    float *p = pixel(c, x, y);

    p[0] *= k;
    p[1] *= k;
    p[2] *= k;
}

static float unit(const DemoCanvas *c, int at)
{
    return ((float)at + 0.5f) / (float)c->side;
}

void p2p_demo_label(DemoCanvas *c, DemoRect r, DemoLabel label)
{
    static const uint8_t colours[][3] = {
        {0, 0, 170},    {0, 0, 255},   {0, 85, 255},  {0, 170, 255}, {0, 255, 255}, {85, 255, 170},
        {170, 255, 85}, {255, 255, 0}, {255, 170, 0}, {255, 85, 0},  {255, 0, 0},   {170, 0, 0},
    };
    const Box b = box_of(r, c->labels->width);

    for (int y = b.y0; y < b.y1; y++) {
        uint8_t *row = (uint8_t *)c->labels->data + (size_t)y * (size_t)c->labels->width * 3;
        for (int x = b.x0; x < b.x1; x++)
            for (int k = 0; k < 3; k++)
                row[x * 3 + k] = colours[label][k];
    }
}

void p2p_demo_fill(DemoCanvas *c, DemoRect r, DemoColour colour)
{
    p2p_demo_gradient(c, r, colour, colour);
}

void p2p_demo_gradient(DemoCanvas *c, DemoRect r, DemoColour top, DemoColour bottom)
{
    const Box b = box_of(r, c->side);

    for (int y = b.y0; y < b.y1; y++) {
        const DemoColour colour = p2p_demo_mix(top, bottom, (unit(c, y) - r.y0) / (r.y1 - r.y0));
        for (int x = b.x0; x < b.x1; x++)
            put(c, x, y, colour);
    }
}

void p2p_demo_shade_down(DemoCanvas *c, DemoRect r, float from, float to)
{
    const Box b = box_of(r, c->side);

    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++)
            multiply(c, x, y, from + (to - from) * (unit(c, y) - r.y0) / (r.y1 - r.y0));
}

void p2p_demo_shade_across(DemoCanvas *c, DemoRect r, float from, float to)
{
    const Box b = box_of(r, c->side);

    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++)
            multiply(c, x, y, from + (to - from) * (unit(c, x) - r.x0) / (r.x1 - r.x0));
}

void p2p_demo_mottle(DemoCanvas *c, DemoRect r, float amount, float cells, uint32_t salt)
{
    const Box b = box_of(r, c->side);

    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++) {
            const float n = p2p_demo_noise(c, unit(c, x), unit(c, y), cells, 4, salt);
            multiply(c, x, y, 1 + amount * (2 * n - 1));
        }
}

void p2p_demo_bricks(DemoCanvas *c, DemoRect r, DemoColour brick, DemoColour joint, float width,
                     float height, float variation)
{
    const Box b = box_of(r, c->side);
    const float gap = 0.0022f;

    for (int y = b.y0; y < b.y1; y++) {
        const float v = (unit(c, y) - r.y0) / height;
        const int row = (int)floorf(v);
        for (int x = b.x0; x < b.x1; x++) {
            const float u = (unit(c, x) - r.x0) / width + (row % 2 ? 0.5f : 0);
            const int column = (int)floorf(u);
            const float k = 1 + variation * (2 * p2p_demo_cell(c, column, row, 7) - 1);
            const int in_joint =
                (u - (float)column) * width < gap || (v - (float)row) * height < gap;
            put(c, x, y, in_joint ? joint : p2p_demo_scale(brick, k));
        }
    }
}

void p2p_demo_triangle(DemoCanvas *c, DemoRect r, DemoColour colour)
{
    const Box b = box_of(r, c->side);
    const float middle = (r.x0 + r.x1) / 2;

    for (int y = b.y0; y < b.y1; y++) {
        const float half = (r.x1 - r.x0) / 2 * (unit(c, y) - r.y0) / (r.y1 - r.y0);
        for (int x = b.x0; x < b.x1; x++)
            if (fabsf(unit(c, x) - middle) <= half)
                put(c, x, y, colour);
    }
}

void p2p_demo_arch(DemoCanvas *c, DemoRect r, DemoColour colour)
{
    const Box b = box_of(r, c->side);
    const float middle = (r.x0 + r.x1) / 2;

    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++) {
            const float u = (unit(c, x) - middle) / ((r.x1 - r.x0) / 2);
            const float v = (r.y1 - unit(c, y)) / (r.y1 - r.y0);
            if (u * u + v * v <= 1)
                put(c, x, y, colour);
        }
}

void p2p_demo_blotches(DemoCanvas *c, DemoRect r, DemoColour colour, float cells, float threshold,
                       uint32_t salt)
{
    const Box b = box_of(r, c->side);

    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++) {
            const float n = p2p_demo_noise(c, unit(c, x), unit(c, y) * 1.8f, cells, 5, salt);
            const float t = (n - threshold) * 5;
            const float *p = pixel(c, x, y);
            const DemoColour old = {p[0], p[1], p[2]};
            if (t > 0)
                put(c, x, y, p2p_demo_mix(old, colour, t > 1 ? 1 : t));
        }
}

void p2p_demo_develop(const DemoCanvas *c, P2pImage *photo)
{
    const size_t row = (size_t)c->side * 3, side = (size_t)photo->width;
    uint8_t *out = photo->data;

    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            for (size_t k = 0; k < 3; k++) {
                const float *p = c->rgb + 2 * y * row + 2 * x * 3 + k;
                const float v = (p[0] + p[3] + p[row] + p[row + 3]) * (255 / 4.0f) + 0.5f;
                *out++ = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
}
