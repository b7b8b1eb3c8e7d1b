/* SPDX-License-Identifier: BSD-2-Clause */
/* The geometry of a convolution, passed to all its kernels by value. Valid as C and as OpenCL C. */
#ifndef P2P_CL_CONV2D_GEOM_H
#define P2P_CL_CONV2D_GEOM_H

/* All but slope are ints, so that host and device lay it out alike. */
typedef struct ConvGeom {
    int n, h, w, c; /* large side x [n, h, w, c] */
    int p, q, k;    /* small side y [n, p, q, k] */
    int r, s, stride, pad;
    int x_stride, x_offset, y_stride, y_offset, w_offset, bias_offset; /* elements */
    int block, large_out; /* weights: outputs in a block, which side is blocked */
    int accumulate, act;
    float slope;
} ConvGeom;

/* Taps rows x cols from (r, s) on: of inner layers those that meet a pixel. */
typedef struct ConvTaps {
    int r, s, rows, cols;
} ConvTaps;

/* Winograd's tiles whose transformed data are in memory at a time. */
typedef struct ConvSlice {
    int first, tiles;
} ConvSlice;

#endif
