/* SPDX-License-Identifier: BSD-2-Clause */
/* The look of one façade: everything that is drawn by chance before anything is painted. */
#ifndef P2P_DEMO_SCENE_H
#define P2P_DEMO_SCENE_H

#include <stdbool.h>

#include "src/demo/paint.h"

/** A sequence of random numbers of one picture. */
typedef struct DemoDice {
    uint32_t seed;
    uint64_t index;
    uint32_t drawn;
} DemoDice;

float p2p_demo_roll(DemoDice *d); /* [0, 1) */
float p2p_demo_between(DemoDice *d, float least, float most);
int p2p_demo_pick(DemoDice *d, int least, int most); /* both inclusive */
bool p2p_demo_chance(DemoDice *d, float probability);

typedef enum DemoWall { DEMO_PLASTER, DEMO_BRICK, DEMO_STONE } DemoWall;
typedef enum DemoCrown { DEMO_NO_DECO, DEMO_LINTEL, DEMO_PEDIMENT, DEMO_ARCH } DemoCrown;
typedef enum DemoGround { DEMO_GROUND_WINDOWS, DEMO_GROUND_SHOPS } DemoGround;

typedef struct DemoStyle {
    DemoDice dice;
    /* colours */
    DemoColour wall, trim, frame, shutter, roof, door, awning, sky, haze, plinth, iron;
    DemoWall wall_kind;
    float light; /* brightness of the left edge less that of the right */
    float exposure;
    /* extent of the wall, and where the street begins */
    float left, right, top, street;
    float roof_height; /* 0: the wall goes to the top of the picture */
    int dormers;
    /* grid */
    int floors, bays;
    float ground_height, floor_height, bay_width;
    int door_bay;
    DemoGround ground;
    bool rusticated;
    /* windows: shares of their cell */
    float window_width, window_height;
    int panes_x, panes_y;
    bool sills, shutters, pillars, moldings, arched;
    DemoCrown crown;
    float cornice;
    float balconies; /* probability of one before a window */
    bool long_balcony;
    float blinds; /* probability of a blind half down */
} DemoStyle;

void p2p_demo_style_draw(DemoStyle *style, uint32_t seed, uint64_t index);

/** Paint the whole picture and its labels. */
void p2p_demo_scene_paint(DemoCanvas *canvas, DemoStyle *style);

/** Parts, used by p2p_demo_scene_paint: a window with all that belongs to it, a door, a shop. */
void p2p_demo_window_paint(DemoCanvas *canvas, DemoStyle *style, DemoRect window);
void p2p_demo_balcony_paint(DemoCanvas *canvas, DemoStyle *style, DemoRect balcony);
void p2p_demo_door_paint(DemoCanvas *canvas, DemoStyle *style, DemoRect door);
void p2p_demo_shop_paint(DemoCanvas *canvas, DemoStyle *style, DemoRect shop);

#endif
