/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolutions forward and data gradients by Intel's sub-groups (subgroup.clh): SUBGROUP_PIXELS pixels of
 * SUBGROUP_OUTPUTS outputs each. A lane knows where some of the pixels lie. Their inputs are read and
 * broadcast, SUBGROUP_DEPTH channels of a tap a round, and a lane reads the weights of its outputs; taps that
 * none of the pixels sees are left out.
 *
 * Kernel: conv2d_gather_subgroup  groups {pixels, outputs, classes of pixels (forward: 1)}
 *
 * Build options: see common.clh, subgroup.clh and
 *   -D TURNED=<0|1>    weights are blocked over what is read
 *   -D ACT_TANH=<0|1>  the activation is tanh
 * gpulab conv2d_gather_subgroup: skl .8 x8, tgllp .75 x8, dg2-g10 .8 x8
 * gpulab conv2d_gather_subgroup makes up(n * h * w if gradient else n * p * q, SUBGROUP_PIXELS) * up(c if gradient else k, SUBGROUP_OUTPUTS) * r * s * (k / stride**2 if gradient else c)
 * Reference: p2p_ref_conv2d_fwd, p2p_ref_conv2d_dgrad in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "activation.clh"
#include "subgroup.clh"

#define PIXEL_REGISTERS REGISTERS(SUBGROUP_PIXELS)
#define SUMS (SUBGROUP_PIXELS * OUTPUT_REGISTERS)
#define SUM(p, o) ((p)*OUTPUT_REGISTERS + (o))
#define BLOCK SUBGROUP_OUTPUTS

/* The weights of SUBGROUP_DEPTH channels: register c * OUTPUT_REGISTERS + o. Of turned ones each lane reads a
 * line, in vectors that the compiler for GPUs makes; written as vectors the one for CPUs gets them wrong. */
#if TURNED
#define READ_WEIGHTS(to, w, lane_at)                                                               \
    UNROLLED for (int o_ = 0; o_ < OUTPUT_REGISTERS; o_++)                                         \
        UNROLLED for (int c_ = 0; c_ < SUBGROUP_DEPTH; c_++)                                       \
            (to)[c_ * OUTPUT_REGISTERS + o_] = (w)[(lane_at)[o_] + c_]
#else
#define READ_WEIGHTS(to, w, lane_at)                                                               \
    UNROLLED for (int r_ = 0; r_ < REGISTERS(SUBGROUP_DEPTH * BLOCK); r_ += 8)                     \
        READ_8((to) + r_, (w) + r_ * LANES)
#endif

/* sums += a tap's products, `rounds` times SUBGROUP_DEPTH channels: of pixels that lie `from` on, as each lane
 * knows of its own; where not all are there, masks `there` make 0 of those that are not. */
INLINE void add_tap(float sums[SUMS], __global const float *in, __global const float *w, uint from[PIXEL_REGISTERS],
                    const uint there[PIXEL_REGISTERS], uint weight, const uint w_lane[OUTPUT_REGISTERS],
                    const uint w_step, const int rounds, const int all_there)
{
    for (int round = 0; round < rounds; round++) {
        float weights[REGISTERS(SUBGROUP_DEPTH * BLOCK)];
        READ_WEIGHTS(weights, w + weight, w_lane);
        UNROLLED for (int p = 0; p < SUBGROUP_PIXELS; p++)
        {
            float inputs[REGISTERS(SUBGROUP_DEPTH)];
            READ_16_FLOATS(inputs, in + VALUE_OF(from, p));
            UNROLLED for (int i = 0; i < REGISTERS(SUBGROUP_DEPTH) && !all_there; i++)
                inputs[i] = as_float(as_uint(inputs[i]) & VALUE_OF(there, p));
            UNROLLED for (int c = 0; c < SUBGROUP_DEPTH; c++)
                UNROLLED for (int o = 0; o < OUTPUT_REGISTERS; o++)
                    sums[SUM(p, o)] = FMA(VALUE_OF(inputs, c), weights[c * OUTPUT_REGISTERS + o], sums[SUM(p, o)]);
        }
        UNROLLED for (int i = 0; i < PIXEL_REGISTERS; i++) from[i] += SUBGROUP_DEPTH;
        weight += w_step;
    }
}

SUBGROUP_ITEMS
__kernel void conv2d_gather_subgroup(__global const float *restrict in, __global const float *restrict w,
                                     __global const float *restrict bias, __global float *restrict out,
                                     const ConvGeom g, const int gradient)
{
    SUM_PARTS_MEMORY(parts, SUMS);
    const int id = (int)get_sub_group_id(), lane = (int)get_sub_group_local_id();
    const Gather t = gather(&g, gradient, (int)get_group_id(2));
    const int first = ((int)get_group_id(0) * DOWN + DOWN_OF(id)) * SUBGROUP_PIXELS;
    const int first_o = ((int)get_group_id(1) * ACROSS + ACROSS_OF(id)) * SUBGROUP_OUTPUTS;
    const int pixels = g.n * t.rows.count * t.cols.count, part = SPLIT_OF(id);
    const int rounds = t.from.channels / SUBGROUP_DEPTH;
    const int begin = rounds * part / SPLIT, end = rounds * (part + 1) / SPLIT;
    /* Floats of a tap in a block of weights, and of a block; where a tap's weights begin, and the next round's. */
    const uint tap_floats = (TURNED ? t.to.channels : t.from.channels) * BLOCK;
    const uint block_floats = tap_floats * g.r * g.s, w_step = TURNED ? block_floats : SUBGROUP_DEPTH * BLOCK;
    const int block = min(first_o, (t.to.channels - 1) / BLOCK * BLOCK);
    const uint first_weight = begin * w_step + (TURNED ? 0 : block / BLOCK * block_floats);
    int row[PIXEL_REGISTERS], col[PIXEL_REGISTERS], at[PIXEL_REGISTERS];
    uint w_lane[OUTPUT_REGISTERS];
    float sums[SUMS];

    UNROLLED for (int i = 0; i < SUMS; i++) sums[i] = 0.0f;
    /* Pixels behind the last are computed as the last one, outputs likewise or of padding; neither is written. */
    UNROLLED for (int i = 0; i < PIXEL_REGISTERS; i++)
    {
        const int pixel = min(first + i * LANES + lane, pixels - 1), line = pixel / t.cols.count;
        row[i] = line % t.rows.count * t.rows.pitch + t.rows.base;
        col[i] = pixel % t.cols.count * t.cols.pitch + t.cols.base;
        at[i] = t.from.offset +
                ((line / t.rows.count * t.from.height + row[i]) * t.from.width + col[i]) * t.from.stride;
    }
    UNROLLED for (int o = 0; o < OUTPUT_REGISTERS; o++)
        w_lane[o] = min(block + o * LANES + lane, t.to.channels - 1) * BLOCK;

    const int taps_down = first < pixels && first_o < t.to.channels ? t.rows.taps : 0;
    for (int a = 0; a < taps_down; a++)
        for (int b = 0; b < t.cols.taps; b++) {
            const int down = a * t.rows.walk, right = b * t.cols.walk;
            const int shift = (down * t.from.width + right) * t.from.stride;
            const int tap = (t.rows.tap0 + a * t.rows.tap_step) * g.s + t.cols.tap0 + b * t.cols.tap_step;
            uint from[PIXEL_REGISTERS], there[PIXEL_REGISTERS], any = 0, all = 0xffffffff;
            UNROLLED for (int i = 0; i < PIXEL_REGISTERS; i++)
            {
                const int inside = (uint)(row[i] + down) < (uint)t.from.height &&
                                   (uint)(col[i] + right) < (uint)t.from.width;
                from[i] = (inside ? at[i] + shift : t.from.offset) + begin * SUBGROUP_DEPTH;
                there[i] = inside ? 0xffffffff : 0;
                any |= there[i];
                all &= there[i];
            }
            if (!sub_group_any(any))
                continue;
            const uint weight = g.w_offset + tap * tap_floats + first_weight;
            if (sub_group_all(all))
                add_tap(sums, in, w, from, there, weight, w_lane, w_step, end - begin, 1);
            else
                add_tap(sums, in, w, from, there, weight, w_lane, w_step, end - begin, 0);
        }
    SUM_PARTS(sums, SUMS, parts, id, lane)
    if (part)
        return;
    UNROLLED for (int i = 0; i < PIXEL_REGISTERS; i++)
    {
        const int pixel = first + i * LANES + lane, line = pixel / t.cols.count;
        const int oy = line % t.rows.count * t.rows.step + t.rows.first;
        const int ox = pixel % t.cols.count * t.cols.step + t.cols.first;
        at[i] = t.to.offset + ((line / t.rows.count * t.to.height + oy) * t.to.width + ox) * t.to.stride;
    }
    UNROLLED for (int o = 0; o < OUTPUT_REGISTERS; o++)
    {
        const int channel = first_o + o * LANES + lane, is_output = channel < t.to.channels;
        const float more = bias && is_output ? bias[g.bias_offset + channel] : 0.0f;
        UNROLLED for (int p = 0; p < SUBGROUP_PIXELS; p++)
        {
            const uint place = VALUE_OF(at, p) + channel;
            const float v = sums[SUM(p, o)] + more;
            if (is_output && first + p < pixels)
                out[place] = g.accumulate ? out[place] + v
                             : ACT_TANH   ? tanh(v)
                                          : bend(v, bend_of(g.act, g.slope));
        }
    }
}
