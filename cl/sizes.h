/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sizes that kernels are written for and by which the host divides work. Valid as C and as OpenCL C;
 * vw is the number of floats in a vector.
 */
#ifndef P2P_CL_SIZES_H
#define P2P_CL_SIZES_H

/* Work-items of a group: of kernels over single elements; of sums over pixels, channels across and
 * pixels down; of the losses. The last two also where a device takes small groups only. */
#define FLAT_GROUP 64
#define SUM_ACROSS 16
#define SUM_DOWN 16
#define SUM_DOWN_SMALL 4
#define LOSS_GROUP 256
#define LOSS_GROUP_SMALL 64

/* norm_whole: quadruples of channels across a group; pixels a work-item keeps in registers. */
#define WHOLE_ACROSS 2
#define WHOLE_KEPT 8

/* Convolutions on CPUs: outputs in a block of weights, two vectors; pixels in a register tile, two
 * vectors each beside two of weights and one broadcast: 12 with 32 vector registers, or
 * fewer where that leaves fewer places empty. */
#define CONV_BLOCK(vw) (2 * (vw))
#define CONV_ROWS(vw) ((vw) == 16 ? 12 : 6)

/* conv2d_simd: tiles whose sums stay in private memory between taps; blocks of outputs that share
 * the inputs in the weight gradient. */
#define SIMD_GROUP 12
#define SIMD_WIDTH 4

/* conv2d_thin: most channels of a thin side; floats for lines, at least CONV_ROWS of them. */
#define THIN_CHANNELS 8
#define THIN_LINES 6144

/* conv2d_few: most channels out, rows of taps, and floats of a hop; floats of products in private memory,
 * and of a line written. */
#define FEW_CHANNELS 8
#define FEW_TAPS 8
#define FEW_HOP 32
#define FEW_FLOATS 65536
#define FEW_LINE 8192

/* conv2d_tile: depth of a slice, and floats between its lines; which tensors' quadruples are aligned. */
#define TILE_DEPTH 16
#define TILE_GAP 4
#define TILE_ALIGNED_IN 1
#define TILE_ALIGNED_W 2
#define TILE_ALIGNED_OUT 4

/* conv2d_pixels: work-items along a line. */
#define PIXELS_ACROSS 8

/* conv2d_one: work-items side by side that share a line, four channels each; sums that one adds up at a time. */
#define ONE_LANES 4
#define ONE_SEGMENT 16

/* conv2d_subgroup: outputs of a sub-group, which are a block of weights, and inputs or pixels that meet them;
 * channels of a round. */
#define SUBGROUP_OUTPUTS 16
#define SUBGROUP_INPUTS 32
#define SUBGROUP_PIXELS 16
#define SUBGROUP_DEPTH 16

/* conv2d_winograd: floats of sums that stay in the second cache, and by that tiles in a group of
 * `points` products each, whole register tiles of `rows`; of a weight gradient, tiles whose data stay in
 * the first cache, and inputs of a register tile, which divide those of a chunk where they can. */
#define WINOGRAD_SUMS 152064
#define WINOGRAD_GROUP(points, vw, rows) \
    (WINOGRAD_SUMS / ((points)*CONV_BLOCK(vw)) / (rows) * (rows))
#define WINOGRAD_RUN 64
#define WINOGRAD_INPUTS(vw) ((vw) == 16 ? 8 : 6)

/* loss_scale: where it begins, its bounds, and steps after which it grows. */
#define LOSS_SCALE_FIRST 65536.0f
#define LOSS_SCALE_LEAST 1.0f
#define LOSS_SCALE_MOST 16777216.0f
#define LOSS_SCALE_STEPS 2000.0f

/* peak: chains of multiply-adds, which hide each other's latency and fit into 16 registers. */
#define PEAK_CHAINS 12

#endif
