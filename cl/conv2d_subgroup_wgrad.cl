/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weight gradients by Intel's sub-groups (subgroup.clh): SUBGROUP_INPUTS x SUBGROUP_OUTPUTS weights of one
 * tap each, whose sum goes over lines of the small side. What lies outside of the large side's picture is
 * left out. Where sides are no multiples, the last sub-group begins earlier and writes what is left.
 *
 * Kernel: conv2d_wgrad_subgroup  groups {inputs, outputs, taps}
 *
 * Build options: see common.clh, subgroup.clh and
 *   -D LARGE_OUT=<0|1>  weights are blocked over the large side's channels
 * gpulab conv2d_wgrad_subgroup: skl .83 x8, tgllp .75 x8, dg2-g10 .85 x8
 * gpulab conv2d_wgrad_subgroup makes groups * ACROSS * DOWN * SUBGROUP_INPUTS * SUBGROUP_OUTPUTS * n * p * q
 * Reference: p2p_ref_conv2d_wgrad, p2p_ref_conv2d_wgrad_adam in src/ops/ref_conv.c.
 */
#include "common.clh"
#include "conv2d.clh"
#include "adam.clh"
#include "conv2d_update.clh"
#include "subgroup.clh"

#define ABREAST 4 /* pixels of a round */
#define SUMS (OUTPUT_REGISTERS * SUBGROUP_INPUTS)
#define SUM(o, i) ((o)*SUBGROUP_INPUTS + (i))

/* sums += the products of a pixel, whose inputs and outputs begin at i and o. */
#define ADD_PIXEL(sums, i, o)                                                                      \
    do {                                                                                           \
        float in_[REGISTERS(SUBGROUP_INPUTS)], out_[OUTPUT_REGISTERS];                             \
        READ_32_FLOATS(in_, i);                                                                    \
        READ_16_FLOATS(out_, o);                                                                   \
        UNROLLED for (int j_ = 0; j_ < OUTPUT_REGISTERS; j_++)                                     \
            UNROLLED for (int i_ = 0; i_ < SUBGROUP_INPUTS; i_++)(sums)[SUM(j_, i_)] =             \
                FMA(VALUE_OF(in_, i_), out_[j_], (sums)[SUM(j_, i_)]);                             \
    } while (0)

SUBGROUP_ITEMS
__kernel void conv2d_wgrad_subgroup(__global const float *restrict x, __global const float *restrict y,
                                    UPDATE_ARGUMENTS, const ConvGeom g)
{
    SUM_PARTS_MEMORY(parts, SUMS);
    const int id = (int)get_sub_group_id(), lane = (int)get_sub_group_local_id();
    const int outputs = LARGE_OUT ? g.c : g.k, inputs = LARGE_OUT ? g.k : g.c;
    const int own_i = ((int)get_group_id(0) * DOWN + DOWN_OF(id)) * SUBGROUP_INPUTS;
    const int own_o = ((int)get_group_id(1) * ACROSS + ACROSS_OF(id)) * SUBGROUP_OUTPUTS;
    const int first_i = min(own_i, inputs - SUBGROUP_INPUTS), first_o = min(own_o, outputs - SUBGROUP_OUTPUTS);
    const int tap = (int)get_group_id(2), down = tap / g.s - g.pad, right = tap % g.s - g.pad;
    /* Columns of the small side whose pixels of the large one are there: 0 <= column * stride + right < w. */
    const int from = right < 0 ? (g.stride - 1 - right) / g.stride : 0;
    const int to = min(g.q, (g.w - 1 - right + g.stride) / g.stride);
    const int lines = g.n * g.p, part = SPLIT_OF(id);
    const int begin = lines * part / SPLIT, end = lines * (part + 1) / SPLIT;
    const uint step_x = g.stride * g.x_stride, step_y = g.y_stride;
    float sums[SUMS];

    UNROLLED for (int i = 0; i < SUMS; i++) sums[i] = 0.0f;
    int row = begin % g.p * g.stride + down, picture = begin / g.p;
    for (int line = begin; line < end; line++) {
        if ((uint)row < (uint)g.h) {
            uint at_x = g.x_offset + ((picture * g.h + row) * g.w + from * g.stride + right) * g.x_stride +
                        (LARGE_OUT ? first_o : first_i);
            uint at_y = g.y_offset + (line * g.q + from) * g.y_stride + (LARGE_OUT ? first_i : first_o);
            int column = from;
            for (; column + ABREAST <= to; column += ABREAST) {
                UNROLLED for (uint p = 0; p < ABREAST; p++)
                    ADD_PIXEL(sums, LARGE_OUT ? y + (at_y + p * step_y) : x + (at_x + p * step_x),
                              LARGE_OUT ? x + (at_x + p * step_x) : y + (at_y + p * step_y));
                at_x += ABREAST * step_x;
                at_y += ABREAST * step_y;
            }
            _Pragma("nounroll") for (; column < to; column++)
            {
                ADD_PIXEL(sums, LARGE_OUT ? y + at_y : x + at_x, LARGE_OUT ? x + at_x : y + at_y);
                at_x += step_x;
                at_y += step_y;
            }
        }
        row += g.stride;
        if (row == g.p * g.stride + down) {
            row = down;
            picture++;
        }
    }
    SUM_PARTS(sums, SUMS, parts, id, lane)
    if (part)
        return;
    UPDATE_BEGIN(g)
    UNROLLED for (int j = 0; j < OUTPUT_REGISTERS; j++)
    {
        const int o = first_o + j * LANES + lane;
        const uint at = ((o / SUBGROUP_OUTPUTS * g.r * g.s + tap) * inputs + first_i) * SUBGROUP_OUTPUTS +
                        o % SUBGROUP_OUTPUTS;
        UNROLLED for (int i = 0; i < SUBGROUP_INPUTS; i++)
            if (o >= own_o && first_i + i >= own_i)
                update_one(&update, &rule, at + i * SUBGROUP_OUTPUTS, sums[SUM(j, i)]);
    }
}
