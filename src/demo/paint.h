/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A canvas for the demonstration pictures: float RGB drawn at twice the size, and a label map.
 * Coordinates are in units of the picture's side, x to the right, y down. Uses no function of the
 * C library whose last bit differs between systems (sin, exp, pow).
 */
#ifndef P2P_DEMO_PAINT_H
#define P2P_DEMO_PAINT_H

#include <stdint.h>

#include "p2p/image.h"

typedef struct DemoRect {
    float x0, y0, x1, y1;
} DemoRect;

typedef struct DemoColour {
    float r, g, b; /* 0..1, sRGB */
} DemoColour;

/* The classes of the CMP façades, in their order. */
typedef enum DemoLabel {
    DEMO_BACKGROUND,
    DEMO_FACADE,
    DEMO_WINDOW,
    DEMO_DOOR,
    DEMO_CORNICE,
    DEMO_SILL,
    DEMO_BALCONY,
    DEMO_BLIND,
    DEMO_DECO,
    DEMO_MOLDING,
    DEMO_PILLAR,
    DEMO_SHOP,
} DemoLabel;

typedef struct DemoCanvas {
    int side;         /* of rgb, in pixels: twice the picture's */
    float *rgb;       /* [side, side, 3] */
    P2pImage *labels; /* RGB, 8 bits, [side / 2, side / 2] */
    uint32_t salt;    /* of the noise */
} DemoCanvas;

/** Value noise in [0, 1): `octaves` layers, the first with `cells` cells over the picture. */
float p2p_demo_noise(const DemoCanvas *c, float x, float y, float cells, int octaves,
                     uint32_t salt);
/** A constant in [0, 1) for a cell of a grid. */
float p2p_demo_cell(const DemoCanvas *c, int x, int y, uint32_t salt);

DemoColour p2p_demo_mix(DemoColour a, DemoColour b, float t);
DemoColour p2p_demo_scale(DemoColour a, float k);

/** Colour a rectangle with the label's flat colour. */
void p2p_demo_label(DemoCanvas *c, DemoRect r, DemoLabel label);
void p2p_demo_fill(DemoCanvas *c, DemoRect r, DemoColour colour);
/** From top to bottom. */
void p2p_demo_gradient(DemoCanvas *c, DemoRect r, DemoColour top, DemoColour bottom);
/** Multiply: by `from` at the top (left) edge to `to` at the bottom (right) one. */
void p2p_demo_shade_down(DemoCanvas *c, DemoRect r, float from, float to);
void p2p_demo_shade_across(DemoCanvas *c, DemoRect r, float from, float to);
/** Multiply by 1 +- amount of noise. */
void p2p_demo_mottle(DemoCanvas *c, DemoRect r, float amount, float cells, uint32_t salt);
/** Courses of bricks or blocks, width x height each, every other one shifted by half. */
void p2p_demo_bricks(DemoCanvas *c, DemoRect r, DemoColour brick, DemoColour joint, float width,
                     float height, float variation);
/** The isosceles triangle standing on the rectangle's lower edge. */
void p2p_demo_triangle(DemoCanvas *c, DemoRect r, DemoColour colour);
/** The upper half of the ellipse inscribed in a rectangle twice as high. */
void p2p_demo_arch(DemoCanvas *c, DemoRect r, DemoColour colour);
/** Blend with a colour where noise exceeds a threshold: clouds, leaves. */
void p2p_demo_blotches(DemoCanvas *c, DemoRect r, DemoColour colour, float cells, float threshold,
                       uint32_t salt);
/** Average 2x2 and round into an RGB picture of side / 2. */
void p2p_demo_develop(const DemoCanvas *c, P2pImage *photo);

#endif
