/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums over pixels: bias gradients and the statistics of normalisation.
 *
 * The pixels of a statistic (count of them for each group) are divided into parts. A part's sums go
 * to the workspace, [parts, groups, width], and a second launch adds the parts in order. The
 * statistics take two such passes: the mean, as the sum of differences from the group's first
 * pixel; then the squares around that mean, corrected by the sum of the differences itself (Chan,
 * Golub, LeVeque 1983, eq. 1.7), so that |mean| >> spread keeps its digits.
 *
 * Kernels
 *   part_sums_naive   {16 * channel tiles, 16 * parts, groups}, local {16, 16, 1}: result, the workspace or
 *                     where there is one part what the sums are for, (+)= sums of (x - shift), width C; with
 *                     squares: also of (x - shift)^2, width 2C
 *   part_sums_simd    {parts, groups, blocks of channels}, local {1}: the same, never added to what is there
 *   sum_parts         {C}, local {64}: y (+)= the parts' sum
 *   stats_mean        {groups * C}, local {64}: mean = x of the first pixel + sum / count
 *   stats_final       {groups * C}, local {64}: rstd and running statistics
 *   norm_running      {C}, local {64}: running statistics as mean and rstd
 *   norm_sums         {C}, local {64}: the parts' sums of norm_act_sums, and over the groups what they make
 *                     the gradients of the parameters
 *
 * Build options: see common.clh, for channel_sum stored.clh; -D NAIVE: the naive kernels. References: src/ops/ref_norm.c.
 */
#include "common.clh"
#include "tensor.clh"
#include "stored.clh"
#include "norm_groups.clh"

#define LANES SUM_ACROSS
#define DOWN GROUP_SIZE(SUM_DOWN)

#ifdef NAIVE
__kernel __attribute__((reqd_work_group_size(LANES, DOWN, 1)))
void part_sums_naive(CONST_STORED(x), CONST_TENSOR(shift), TENSOR(result), const int count,
                     const int channels, const int per_part, const int squares, const int accumulate)
{
    __local float sums[2][DOWN][LANES + 1];
    const int lane = (int)get_local_id(0), row = (int)get_local_id(1);
    const int c = (int)get_global_id(0), part = (int)get_group_id(1);
    const int group = (int)get_global_id(2), groups = (int)get_global_size(2);
    const int end = min((part + 1) * per_part, count);
    float s1 = 0.0f, s2 = 0.0f, lost = 0.0f;

    if (c < channels) {
        const float base = shift_stride ? shift[shift_at + (size_t)group * shift_stride + c] : 0.0f;
        for (int p = part * per_part + row; p < end; p += DOWN) {
            const float d = GET(STORED, x + x_at + ((size_t)group * count + p) * x_stride + c) - base;
            const float more = d - lost, sum = s1 + more; /* what a sum rounds away joins the next (Kahan 1965) */
            lost = sum - s1 - more;
            s1 = sum;
            s2 += d * d;
        }
    }
    sums[0][row][lane] = s1;
    sums[1][row][lane] = s2;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (row < 2 && c < channels && (row == 0 || squares)) {
        float sum = 0.0f;
        for (int i = 0; i < DOWN; i++)
            sum += sums[row][i][lane];
        result += result_at + ((size_t)part * groups + group) * result_stride + row * channels + c;
        *result = accumulate ? *result + sum : sum;
    }
}
#endif

FLAT_ITEMS
__kernel void sum_parts(__global const float *work, TENSOR(y), const int parts, const int channels,
                        const int accumulate)
{
    const int c = (int)get_global_id(0);
    float sum = 0.0f;

    if (c >= channels)
        return;
    for (int part = 0; part < parts; part++)
        sum += work[(size_t)part * channels + c];
    y[y_at + c] = accumulate ? y[y_at + c] + sum : sum;
}

FLAT_ITEMS
__kernel void stats_mean(__global const float *work, CONST_TENSOR(x), TENSOR(mean), const int parts,
                         const int groups, const int channels, const int count)
{
    const int i = (int)get_global_id(0), group = i / channels, c = i % channels;
    float sum = 0.0f;

    if (group >= groups)
        return;
    for (int part = 0; part < parts; part++)
        sum += work[(size_t)part * groups * channels + i];
    mean[mean_at + (size_t)group * mean_stride + c] =
        x[x_at + (size_t)group * count * x_stride + c] + sum / (float)count;
}

FLAT_ITEMS
__kernel void stats_final(__global const float *work, TENSOR(mean), TENSOR(rstd),
                          TENSOR(run_mean), TENSOR(run_var), const int parts, const int groups,
                          const int channels, const int count, const float eps,
                          const float momentum)
{
    const int i = (int)get_global_id(0), c = i % channels;

    EACH_GROUP(i / channels, run_mean_stride || run_var_stride)
    {
        float s1 = 0.0f, s2 = 0.0f;
        for (int part = 0; part < parts; part++) {
            const size_t at = ((size_t)part * groups + group) * 2 * channels + c;
            s1 += work[at];
            s2 += work[at + channels];
        }
        const float rest = s2 - s1 * s1 / (float)count;
        const float square = rest < 0.0f ? 0.0f : rest; /* fmax() would lose a NaN */
        __global float *m = mean + mean_at + (size_t)group * mean_stride + c;
        rstd[rstd_at + (size_t)group * rstd_stride + c] = 1.0f / sqrt(square / (float)count + eps);
        *m += s1 / (float)count;
        if (run_mean_stride)
            FOLLOW(run_mean + run_mean_at + c, *m);
        if (run_var_stride)
            FOLLOW(run_var + run_var_at + c, square / (float)max(count - 1, 1));
    }
}

FLAT_ITEMS
__kernel void norm_running(CONST_TENSOR(run_mean), CONST_TENSOR(run_var), TENSOR(mean),
                           TENSOR(rstd), const int channels, const float eps)
{
    const int c = (int)get_global_id(0);

    if (c >= channels)
        return;
    mean[mean_at + c] = run_mean[run_mean_at + c];
    rstd[rstd_at + c] = 1.0f / sqrt(run_var[run_var_at + c] + eps);
}

FLAT_ITEMS
__kernel void norm_sums(__global const float *work, TENSOR(sums), TENSOR(dgamma), TENSOR(dbeta),
                        const int parts, const int groups, const int channels, const int accumulate)
{
    const int c = (int)get_global_id(0);
    float s1 = 0.0f, s2 = 0.0f;

    if (c >= channels)
        return;
    for (int group = 0; group < groups; group++) {
        __global float *to = sums + sums_at + (size_t)group * sums_stride + c;
        float t1 = 0.0f, t2 = 0.0f;
        for (int part = 0; part < parts; part++) {
            const size_t at = ((size_t)part * groups + group) * 2 * channels + c;
            t1 += work[at];
            t2 += work[at + channels];
        }
        to[0] = t1;
        to[channels] = t2;
        s1 += t1;
        s2 += t2;
    }
    if (dbeta_stride)
        dbeta[dbeta_at + c] = accumulate ? dbeta[dbeta_at + c] + s1 : s1;
    if (dgamma_stride)
        dgamma[dgamma_at + c] = accumulate ? dgamma[dgamma_at + c] + s2 : s2;
}

#if P2P_CPU && !defined(NAIVE)

#define ROWS 8 /* pixels added up before they go to the sums in memory */

/* Add `rows` pixels' n channels at x to the sums at s1 and (if any) s2. */
INLINE void add_rows(__global const float *x, const int x_stride, const VF base,
                     __global float *s1, __global float *s2, const bool squares, const int rows,
                     const int n)
{
    VF t1 = (VF)(0.0f), t2 = (VF)(0.0f);

    for (int u = 0; u < rows; u++) {
        const VF d = load_part(x + (size_t)u * x_stride, n) - base;
        t1 += d;
        t2 = FMA(d, d, t2);
    }
    store_part(load_part(s1, n) + t1, s1, n);
    if (squares)
        store_part(load_part(s2, n) + t2, s2, n);
}

ONE_ITEM
__kernel void part_sums_simd(CONST_TENSOR(x), CONST_TENSOR(shift), TENSOR(result), const int count,
                             const int channels, const int per_part, const int squares,
                             const int accumulate)
{
    const int part = (int)get_global_id(0), end = min((part + 1) * per_part, count);
    const int group = (int)get_global_id(1), groups = (int)get_global_size(1);
    CHANNEL_RANGE(first, last);
    const int whole = last - (last - first) % VW;
    __global float *sums = result + result_at + ((size_t)part * groups + group) * result_stride;
    int p = part * per_part;

    for (int c = first; c < last; c++) {
        sums[c] = 0.0f;
        if (squares)
            sums[channels + c] = 0.0f;
    }
    shift += shift_at + (size_t)group * shift_stride;
    x += x_at + ((size_t)group * count + p) * x_stride;

#define ADD(rows, n)                                                                               \
    add_rows(x + c, x_stride, shift_stride ? load_part(shift + c, n) : (VF)(0.0f), sums + c,       \
             sums + channels + c, squares, rows, n)
    for (; p + ROWS <= end; p += ROWS, x += (size_t)ROWS * x_stride) {
        int c = first;
        for (; c < whole; c += VW)
            ADD(ROWS, VW);
        if (c < last)
            ADD(ROWS, last - c);
    }
    for (; p < end; p++, x += x_stride) {
        int c = first;
        for (; c < whole; c += VW)
            ADD(1, VW);
        if (c < last)
            ADD(1, last - c);
    }
#undef ADD
}

#endif
