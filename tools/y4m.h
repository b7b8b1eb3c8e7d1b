/* SPDX-License-Identifier: BSD-2-Clause */
/* Y4M (yuv4mpeg(5)), the frames of a video with a head that tells their size and rate. */
#ifndef P2P_TOOLS_Y4M_H
#define P2P_TOOLS_Y4M_H

#include <p2p/p2p.h>
#include <stdbool.h>
#include <stdio.h>

enum { Y4M_HEAD = 256 }; /* bytes of a head at most */

typedef struct Y4m {
    int width, height;
    int across, down; /* pixels that share a sample of chroma; 0: there is none */
    bool full;        /* 0 to 255 instead of 16 to 235 */
    char rate[32];    /* "25:1" */
    char aspect[32];  /* of pixels, "1:1" */
} Y4m;

/** A rate as people write it, "25" or "30000/1001", to "25:1". False: it is none. */
bool y4m_rate(char rate[32], const char *text);

/** Read the head of a stream. NULL, or what is wrong with it. */
const char *y4m_read_head(Y4m *y4m, FILE *in);

/** Bytes of a frame's samples. */
size_t y4m_bytes(const Y4m *y4m);

/** Read the line before a frame. 1; 0 at the end of the stream; -1: it is none. */
int y4m_read_frame_head(FILE *in);

/** A frame's samples to RGB (BT.601), [height][width][3]. */
void y4m_to_rgb(const Y4m *y4m, const unsigned char *samples, unsigned char *rgb);

/** The head of what we write: 4:4:4, 16 to 235, in the stream's rate. */
void y4m_head(const Y4m *y4m, int width, int height, char text[Y4M_HEAD]);

/** A frame of it with its line in fresh memory, for free(); NULL: there is none. */
unsigned char *y4m_from_rgb(const unsigned char *rgb, int width, int height, size_t *bytes);

#endif
