/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A gather with few outputs on GPUs: the last layer of a generator, the last of a discriminator, the first of
 * one backward. Lanes lie over the pixels and each has all outputs in registers, so that nothing is padded.
 *
 * What is written is taken in hops of STEP x STEP pixels: tap r joins pixel u of what is read to pixel
 * STEP * u - SHIFT + r, so that a hop sees JUMPS x JUMPS of those around the one of its own number. In a data gradient
 * STEP is the stride and SHIFT the padding; forward (stride 1) taps are reversed and SHIFT is KERNEL - 1 - padding.
 *
 * A work-item makes HOPS hops of a line, from every SPLIT-th channel of a slice of DEPTH; the work-items of
 * the same hops add up theirs in the end, in a fixed order.
 *
 * Kernel
 *   conv2d_pixels   groups {tiles across, tiles down, pictures}, local {ACROSS * DOWN * SPLIT}
 *
 * Build options: see common.clh, fours.clh and
 *   -D KERNEL=<n> -D STEP=<n> -D SHIFT=<n>  taps along a side, see above
 *   -D OUTPUTS=<n> -D BLOCK=<n>           outputs, no more than in a block of weights
 *   -D HOPS=<1|2|4> -D DOWN=<n> -D SPLIT=<n> -D DEPTH=<n>
 *   -D TURNED=<0|1>                       weights are blocked over the inputs
 * gpulab conv2d_pixels -D SPLIT=4: sm_86 .7 x4, gfx1030 .7 x4
 * gpulab conv2d_pixels -D SPLIT=4 -D DEPTH=8: skl .6 x2, tgllp .55 x2, dg2-g10 .6 x2; divides in tanh
 * gpulab conv2d_pixels -D SPLIT=8: sm_86 .6 x2, gfx1030 .5 x2
 * gpulab conv2d_pixels makes groups * PIXELS_ACROSS * DOWN * HOPS * OUTPUTS * KERNEL**2 * up(k if gradient else c, DEPTH)
 * Reference: p2p_ref_conv2d_fwd, p2p_ref_conv2d_dgrad in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "activation.clh"
#include "fours.clh"

#define ACROSS PIXELS_ACROSS
#define PLACES (ACROSS * DOWN)
#define ITEMS (PLACES * SPLIT)
/* Pixels read that a hop sees behind its own and in all; tap r belongs to jump (r + FIRST) / STEP, backwards. */
#define BEHIND ((SHIFT + STEP - 1) / STEP)
#define JUMPS (BEHIND + 1 + (KERNEL - 1 - SHIFT) / STEP)
#define FIRST (BEHIND * STEP - SHIFT)
/* Of the window: pixels of a work-item's line in vectors of HOPS, lines, and floats of a line. */
#define VECTORS ((HOPS + JUMPS - 1 + HOPS - 1) / HOPS)
#define LINES (DOWN + JUMPS - 1)
#define WIDE (ACROSS * HOPS + JUMPS - 1)
#define LINE ((ACROSS * HOPS + VECTORS * HOPS + 3) / 4 * 4)
/* Floats of a row of taps; sums of a work-item, and how many of them are added up at a time. */
#define ROW ((KERNEL * OUTPUTS + 3) / 4 * 4)
#define SUMS (HOPS * STEP * STEP * OUTPUTS)
#define AT_A_TIME 8
#define MOST(a, b) ((a) > (b) ? (a) : (b))
#define WINDOW_FLOATS (DEPTH * (LINES * LINE + KERNEL * ROW))

#if HOPS == 4
#define READ_VECTOR(to, p)                                                          \
    do {                                                                            \
        const float4 v_ = *(__local const float4 *)(p);                             \
        (to)[0] = v_.x, (to)[1] = v_.y, (to)[2] = v_.z, (to)[3] = v_.w;             \
    } while (0)
#elif HOPS == 2
#define READ_VECTOR(to, p)                                                          \
    do {                                                                            \
        const float2 v_ = *(__local const float2 *)(p);                             \
        (to)[0] = v_.x, (to)[1] = v_.y;                                             \
    } while (0)
#else
#define READ_VECTOR(to, p) (to)[0] = *(p)
#endif

/* Quadruples of the window and weights that a work-item reads of a slice; the channel of a quadruple. */
#define WINDOW_LOADS ((LINES * WIDE * (DEPTH / 4) + ITEMS - 1) / ITEMS)
#define WEIGHT_LOADS ((DEPTH * KERNEL * KERNEL * OUTPUTS + ITEMS - 1) / ITEMS)
#define DEEP(i) ((i) % (DEPTH / 4) * 4)

/* Where weight (tap, output, channel) lies, and how much further it does in the slice that begins at a channel:
 * one of BLOCK and DEPTH divides the other. */
#if TURNED
#define WEIGHT_AT(tap, o, c) ((((c) / BLOCK * KERNEL * KERNEL + (tap)) * OUTPUTS + (o)) * BLOCK + (c) % BLOCK)
#define WEIGHT_STEP(first) ((first) / BLOCK * KERNEL * KERNEL * OUTPUTS * BLOCK + (first) % BLOCK)
#else
#define WEIGHT_AT(tap, o, c) (((tap)*channels + (c)) * BLOCK + (o))
#define WEIGHT_STEP(first) ((first)*BLOCK)
#endif

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
__kernel void conv2d_pixels(__global const float *restrict in, __global const float *restrict w,
                            __global const float *restrict bias, __global float *restrict out,
                            const ConvGeom g, const int gradient)
{
    /* [channel][line][pixel] and [channel][tap row][ROW]; then sums, [sum][work-item], and [line][pixel][output]. */
    __local float kept[MOST(WINDOW_FLOATS, MOST(AT_A_TIME * ITEMS, PLACES * SUMS))] __attribute__((aligned(16)));
    __local float *const window = kept, *const taps = kept + DEPTH * LINES * LINE;
    const int item = (int)get_local_id(0), place = item % PLACES, split = item / PLACES;
    const int tx = place % ACROSS * HOPS, ty = place / ACROSS, picture = (int)get_group_id(2);
    const Gather t = gather(&g, gradient, 0);
    const int channels = t.from.channels;
    const int u0 = (int)get_group_id(1) * DOWN, v0 = (int)get_group_id(0) * ACROSS * HOPS;
    float sums[HOPS][STEP][STEP][OUTPUTS];
    int at[WINDOW_LOADS], w_at[WEIGHT_LOADS];

    WRITTEN_OUT for (int i = 0; i < SUMS; i++)
        sums[i / (STEP * STEP * OUTPUTS)][i / (STEP * OUTPUTS) % STEP][i / OUTPUTS % STEP][i % OUTPUTS] = 0.0f;
    /* Where a work-item's quadruples of the window and its weights come from in the first slice. */
    WRITTEN_OUT for (int k = 0; k < WINDOW_LOADS; k++)
    {
        const int i = item + k * ITEMS, col = i / (DEPTH / 4) % WIDE, line = i / (DEPTH / 4) / WIDE;
        const int y = u0 + BEHIND - (JUMPS - 1) + line, x = v0 + BEHIND - (JUMPS - 1) + col;
        const int inside = (uint)y < (uint)t.from.height && (uint)x < (uint)t.from.width;
        const int pixel = (picture * t.from.height + y) * t.from.width + x;
        at[k] = inside ? t.from.offset + pixel * t.from.stride + DEEP(i) : -1;
    }
    WRITTEN_OUT for (int k = 0; k < WEIGHT_LOADS; k++)
    {
        const int i = item + k * ITEMS, o = i % OUTPUTS, d = i / OUTPUTS % DEPTH, tap = i / OUTPUTS / DEPTH;
        w_at[k] = g.w_offset + WEIGHT_AT(gradient ? tap : KERNEL * KERNEL - 1 - tap, o, d);
    }
    for (int first = 0; first < channels; first += DEPTH) {
        WRITTEN_OUT for (int k = 0; k < WINDOW_LOADS; k++)
        {
            const int i = item + k * ITEMS, d = DEEP(i), left = channels - first - d;
            __local float *to = window + d * LINES * LINE + i / (DEPTH / 4) / WIDE * LINE + i / (DEPTH / 4) % WIDE;
            const float4 v = at[k] >= 0 && left > 0 ? load4(in + at[k] + first, left, ALIGNED & TILE_ALIGNED_IN)
                                                    : (float4)(0.0f);
            if (i >= LINES * WIDE * (DEPTH / 4))
                continue;
            to[0] = v.x;
            to[LINES * LINE] = v.y;
            to[2 * LINES * LINE] = v.z;
            to[3 * LINES * LINE] = v.w;
        }
        WRITTEN_OUT for (int k = 0; k < WEIGHT_LOADS; k++)
        {
            const int i = item + k * ITEMS, o = i % OUTPUTS, d = i / OUTPUTS % DEPTH, tap = i / OUTPUTS / DEPTH;
            if (tap < KERNEL * KERNEL)
                taps[(d * KERNEL + tap / KERNEL) * ROW + tap % KERNEL * OUTPUTS + o] =
                    first + d < channels ? w[w_at[k] + WEIGHT_STEP(first)] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int d = split; d < DEPTH; d += SPLIT) {
            WRITTEN_OUT for (int i = 0; i < JUMPS; i++)
            {
                float x[VECTORS * HOPS];
                WRITTEN_OUT for (int k = 0; k < VECTORS; k++)
                    READ_VECTOR(x + k * HOPS, window + (d * LINES + ty + JUMPS - 1 - i) * LINE + tx + k * HOPS);
                WRITTEN_OUT for (int r = max(0, i * STEP - FIRST); r < min(KERNEL, (i + 1) * STEP - FIRST); r++)
                {
                    float row[ROW];
                    WRITTEN_OUT for (int k = 0; k < ROW; k += 4)
                    {
                        const float4 v = *(__local const float4 *)&taps[(d * KERNEL + r) * ROW + k];
                        row[k] = v.x, row[k + 1] = v.y, row[k + 2] = v.z, row[k + 3] = v.w;
                    }
                    WRITTEN_OUT for (int s = 0; s < KERNEL; s++)
                        WRITTEN_OUT for (int h = 0; h < HOPS; h++)
                            WRITTEN_OUT for (int o = 0; o < OUTPUTS; o++)
                                sums[h][(r + FIRST) % STEP][(s + FIRST) % STEP][o] =
                                    FMA(x[h + JUMPS - 1 - (s + FIRST) / STEP], row[s * OUTPUTS + o],
                                        sums[h][(r + FIRST) % STEP][(s + FIRST) % STEP][o]);
                }
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#define SUM(i) sums[(i) / (STEP * STEP * OUTPUTS)][(i) / (STEP * OUTPUTS) % STEP][(i) / OUTPUTS % STEP][(i) % OUTPUTS]
    for (int lower = SPLIT / 2; lower > 0; lower /= 2)
        WRITTEN_OUT for (int first = 0; first < SUMS; first += AT_A_TIME)
        {
            if (split >= lower && split < 2 * lower)
                WRITTEN_OUT for (int i = first; i < SUMS && i < first + AT_A_TIME; i++)
                    kept[(i - first) * ITEMS + item - lower * PLACES] = SUM(i);
            barrier(CLK_LOCAL_MEM_FENCE);
            if (split < lower)
                WRITTEN_OUT for (int i = first; i < SUMS && i < first + AT_A_TIME; i++)
                    SUM(i) += kept[(i - first) * ITEMS + item];
            barrier(CLK_LOCAL_MEM_FENCE);
        }
    /* Results side by side: lines of STEP * HOPS * ACROSS pixels. */
    if (split == 0)
        WRITTEN_OUT for (int i = 0; i < SUMS; i++)
        {
            const int o = i % OUTPUTS, b = i / OUTPUTS % STEP, a = i / (STEP * OUTPUTS) % STEP;
            const int h = i / (STEP * STEP * OUTPUTS);
            kept[(((ty * STEP + a) * ACROSS * HOPS + tx + h) * STEP + b) * OUTPUTS + o] = SUM(i);
        }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = item; i < PLACES * SUMS; i += ITEMS) {
        const int o = i % OUTPUTS, wide = ACROSS * HOPS * STEP;
        const int col = i / OUTPUTS % wide, line = i / OUTPUTS / wide;
        const int y = u0 * STEP + line, x = v0 * STEP + col;
        if ((uint)y >= (uint)t.to.height || (uint)x >= (uint)t.to.width)
            continue;
        __global float *to =
            out + t.to.offset + ((picture * t.to.height + y) * t.to.width + x) * t.to.stride + o;
        const float v = kept[i] + (bias ? bias[g.bias_offset + o] : 0.0f);
        *to = g.accumulate ? v + *to : activate(v, g.act, g.slope);
    }
}
