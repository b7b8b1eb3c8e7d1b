/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Normalisation, affine, dropout and one or two activations, forward and backward.
 *
 * Kernels
 *   norm_act_fwd_naive   {elements}, local {64}
 *   norm_act_fwd_simd    {parts, groups, blocks of channels}, local {1}: a part is per_part
 *                        pixels of a group
 *   norm_act_sums_naive  {16 * channel tiles, 16 * parts, groups}, local {16, 16, 1}: sums of a
 *                        part to the workspace [parts, groups, 2C], which norm_sums of norm.cl adds; or of
 *                        one part and group to where they belong, with the parameters' gradients
 *   norm_act_sums_simd   {parts, groups, blocks of channels}, local {1}: the same
 *   norm_act_bwd_naive   {elements}, local {64}
 *   norm_act_bwd_simd    {parts, groups, blocks of channels}, local {1}
 *
 * The simd kernels know no tanh. All take the same arguments: every operand of the passes in the
 * order of their roles, then the shape (count pixels a group) and the attributes. Dropout keeps an
 * element whose 24 random bits are >= threshold (0: none is dropped) and multiplies it by keep.
 *
 * Build options: see common.clh, for the naive kernels stored.clh; -D NAIVE: the naive kernels; -D BACKWARD: the others' gradients.
 * References: src/ops/ref_norm.c.
 */
#include "common.clh"
#include "tensor.clh"
#include "activation.clh"
#include "norm_act.clh"

/* result: the workspace, or the sums. Gradients are there beside the latter alone. */
#define SUMS_ARGUMENTS TENSOR(result), TENSOR(dgamma), TENSOR(dbeta)

#define LANES SUM_ACROSS
#define DOWN GROUP_SIZE(SUM_DOWN)

/* What dropout multiplies element i by. */
float dropout_at(size_t i, __global const float *hyper, uint threshold, float keep, uint stream)
{
    const uint seed = as_uint(hyper[P2P_HYPER_SEED]), step = as_uint(hyper[P2P_HYPER_STEP]);
    const uint4 r = philox((uint)(i / 4), stream, step, seed);
    const uint k = (uint)i & 3;
    const uint word = k == 0 ? r.x : k == 1 ? r.y : k == 2 ? r.z : r.w;

    return word >> 8 >= threshold ? keep : 0.0f;
}

/* Channel c of pixel p of the group, counted over all groups; and of a statistic. */
#define PIXEL ((size_t)group * count + p)
#define AT(t) GET(STORED, t + t##_at + PIXEL * t##_stride + c)
#define SET(t, v) PUT(STORED, v, t + t##_at + PIXEL * t##_stride + c)
#define STAT(t) t[t##_at + (size_t)group * t##_stride + c]
#define MASK                                                                                       \
    (threshold ? dropout_at(BEFORE + PIXEL * channels + c, hyper + hyper_at, threshold, keep, stream) : 1.0f)
#define SLOPE_SUM                                                                                  \
    ((dy1_stride ? activate_gradient(AT(dy1), AT(y1), act1, slope) : 0.0f) +                         \
     (dy2_stride ? activate_gradient(AT(dy2), AT(y2), act2, slope) : 0.0f))

/* Group, pixel and channel of this work-item; leave where there is none. */
#define NAIVE_POSITION                                                                             \
    const size_t i = get_global_id(0);                                                             \
    const int c = (int)(i % channels);                                                             \
    const int group = (int)(i / channels / count);                                                 \
    const int p = (int)(i / channels % count);                                                     \
    if (group >= groups)                                                                           \
    return

#ifdef NAIVE
FLAT_ITEMS
__kernel void norm_act_fwd_naive(NORM_ACT_ARGUMENTS)
{
    NAIVE_POSITION;
    const float centred = AT(x) - (mean_stride ? STAT(mean) : 0.0f);
    const float scale = (gamma_stride ? gamma[gamma_at + c] : 1.0f) *
                        (rstd_stride ? STAT(rstd) : 1.0f);
    const float z = (centred * scale + (beta_stride ? beta[beta_at + c] : 0.0f)) * MASK;

    SET(y1, activate(z, act1, slope));
    if (y2_stride)
        SET(y2, activate(z, act2, slope));
}

__kernel __attribute__((reqd_work_group_size(LANES, DOWN, 1)))
void norm_act_sums_naive(NORM_ACT_ARGUMENTS, SUMS_ARGUMENTS)
{
    __local float part_sums[2][DOWN][LANES + 1];
    const int lane = (int)get_local_id(0), row = (int)get_local_id(1);
    const int c = (int)get_global_id(0), part = (int)get_group_id(1);
    const int group = (int)get_global_id(2), end = min((part + 1) * per_part, count);
    float s1 = 0.0f, s2 = 0.0f;

    if (c < channels) {
        const float m = mean_stride ? STAT(mean) : 0.0f, r = rstd_stride ? STAT(rstd) : 1.0f;
        for (int p = part * per_part + row; p < end; p += DOWN) {
            const float dz = SLOPE_SUM * MASK;
            s1 += dz;
            s2 += dz * ((AT(x) - m) * r);
        }
    }
    part_sums[0][row][lane] = s1;
    part_sums[1][row][lane] = s2;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (row < 2 && c < channels) {
        float sum = 0.0f;
        for (int k = 0; k < DOWN; k++)
            sum += part_sums[row][k][lane];
        result[result_at + ((size_t)part * groups + group) * result_stride + row * channels + c] = sum;
        if (row == 0 && dbeta_stride)
            dbeta[dbeta_at + c] = accumulate ? dbeta[dbeta_at + c] + sum : sum;
        if (row == 1 && dgamma_stride)
            dgamma[dgamma_at + c] = accumulate ? dgamma[dgamma_at + c] + sum : sum;
    }
}

FLAT_ITEMS
__kernel void norm_act_bwd_naive(NORM_ACT_ARGUMENTS)
{
    NAIVE_POSITION;
    const float r = rstd_stride ? STAT(rstd) : 1.0f;
    float d = SLOPE_SUM * MASK;

    if (train) {
        __global const float *s = &STAT(sums);
        d -= (s[0] + (AT(x) - STAT(mean)) * r * s[channels]) / (float)count;
    }
    d *= (gamma_stride ? gamma[gamma_at + c] : 1.0f) * r;
    SET(dx, accumulate ? AT(dx) + d : d);
}
#endif

#if P2P_CPU && !defined(NAIVE)

#define ROWS 4

/* A group's tensors as private pointers, so that one block of code serves all loops. */
typedef struct Block {
    __global const float *x, *mean, *rstd, *gamma, *beta, *dy1, *dy2;
    __global float *y1, *y2, *dx, *sums;
    int x_stride, dy1_stride, dy2_stride, y1_stride, y2_stride, dx_stride;
    int channels, accumulate, train;
    Bend bend1, bend2;
    float share;
} Block;

/* Pointers of absent operands are never used: they are NULL. */
#define GROUP_POINTER(t) (t##_stride ? t + t##_at + (size_t)group * t##_stride : 0)
#define PIXEL_POINTER(t) (t##_stride ? t + t##_at + (size_t)group * count * t##_stride : 0)
#define START_BLOCK                                                                                \
    const int group = (int)get_global_id(1), part = (int)get_global_id(0);                         \
    const int end = min((part + 1) * per_part, count);                                             \
    CHANNEL_RANGE(first, last);                                                                    \
    Block b;                                                                                       \
    b.x = PIXEL_POINTER(x), b.x_stride = x_stride;                                                 \
    b.dy1 = PIXEL_POINTER(dy1), b.dy1_stride = dy1_stride;                                         \
    b.dy2 = PIXEL_POINTER(dy2), b.dy2_stride = dy2_stride;                                         \
    b.y1 = PIXEL_POINTER(y1), b.y1_stride = y1_stride;                                             \
    b.y2 = PIXEL_POINTER(y2), b.y2_stride = y2_stride;                                             \
    b.dx = PIXEL_POINTER(dx), b.dx_stride = dx_stride;                                             \
    b.mean = GROUP_POINTER(mean);                                                                  \
    b.rstd = GROUP_POINTER(rstd);                                                                  \
    b.sums = GROUP_POINTER(sums);                                                                  \
    b.gamma = gamma_stride ? gamma + gamma_at : 0;                                                 \
    b.beta = beta_stride ? beta + beta_at : 0;                                                     \
    b.channels = channels, b.accumulate = accumulate, b.train = train;                             \
    b.bend1 = bend_of(act1, slope), b.bend2 = bend_of(act2, slope);                                \
    b.share = 1.0f / (float)count

/* Elements that one call of dropout_masks() covers: VW blocks of random words. */
#define MASKS (4 * VW)

/* Low halves of the products of 32 bits a * k, and their high halves. */
#if VW == 1
VU multiply(VU a, uint k, VU *high)
{
    *high = mul_hi(a, k);
    return a * k;
}
#else
#if VW == 4
#define AS_VL(v) as_ulong2(v)
typedef ulong2 VL;
#elif VW == 8
#define AS_VL(v) as_ulong4(v)
typedef ulong4 VL;
#else
#define AS_VL(v) as_ulong8(v)
typedef ulong8 VL;
#endif
#define AS_VU(v) P2P_JOIN(as_uint, VW)(v)

/*
 * Two lanes lie in one of 64 bits: each is multiplied there. mul_hi() takes more instructions, and
 * converting to 64 bits doubles the vectors, which then are no longer passed in registers.
 */
VU multiply(VU a, uint k, VU *high)
{
    const VL low_bits = (VL)(0xFFFFFFFFul);
    const VL one = (AS_VL(a) & low_bits) * k, other = (AS_VL(a) >> 32) * k;

    *high = AS_VU((one >> 32) | (other & ~low_bits));
    return AS_VU((one & low_bits) | (other << 32));
}
#endif

/* Store the four words of each block one after the other. */
void store_blocks(VF a, VF b, VF c, VF d, float *to)
{
#if VW == 1
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
#else
    VF ac, bd, out;

#define QUARTERS(half, at)                                                                         \
    ac.even = a.half, ac.odd = c.half;                                                             \
    bd.even = b.half, bd.odd = d.half;                                                             \
    out.even = ac.lo, out.odd = bd.lo;                                                             \
    VF_STORE(out, to + (at));                                                                      \
    out.even = ac.hi, out.odd = bd.hi;                                                             \
    VF_STORE(out, to + (at) + VW)
    QUARTERS(lo, 0);
    QUARTERS(hi, 2 * VW);
#undef QUARTERS
#endif
}

/* philox() for VW blocks at once, as masks of the elements 4 * first ... */
void dropout_masks(float *mask, uint first, uint stream, __global const float *hyper,
                   uint threshold, float keep)
{
    VU c0, c1 = (VU)(0), c2 = (VU)(stream);

    for (int i = 0; i < VW; i++)
        ((uint *)&c0)[i] = first + (uint)i;
    VU c3 = (VU)(as_uint(hyper[P2P_HYPER_STEP]));
    uint k0 = as_uint(hyper[P2P_HYPER_SEED]), k1 = PHILOX_KEY;
    for (int i = 0; i < PHILOX_ROUNDS; i++) {
        VU h0, h1;
        const VU l0 = multiply(c0, PHILOX_M0, &h0), l1 = multiply(c2, PHILOX_M1, &h1);

        c0 = h1 ^ c1 ^ k0;
        c1 = l1;
        c2 = h0 ^ c3 ^ k1;
        c3 = l0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
#define KEEP(c) select((VF)(0.0f), (VF)(keep), (c) >> 8 >= (VU)(threshold))
    store_blocks(KEEP(c0), KEEP(c1), KEEP(c2), KEEP(c3), mask);
#undef KEEP
}

/*
 * block(&b, pixel, channel, rows, floats, mask) over all channels of the part's pixels:
 * several rows at once without dropout; else one, in pieces that one call of dropout_masks()
 * covers even where their first element is not a multiple of 4.
 */
#define WALK(block)                                                                                \
    int p = part * per_part;                                                                       \
    for (; threshold == 0 && p + ROWS <= end; p += ROWS) {                                         \
        int c = first;                                                                                 \
        for (; c + VW <= last; c += VW)                                                        \
            block(&b, p, c, ROWS, VW, (VF)(1.0f));                                           \
        if (c < last)                                                                          \
            block(&b, p, c, ROWS, last - c, (VF)(1.0f));                                 \
    }                                                                                              \
    for (; threshold == 0 && p < end; p++)                                                         \
        for (int c = first; c < channels; c += VW)                                                     \
            block(&b, p, c, 1, min(VW, last - c), (VF)(1.0f));                           \
    const int piece = channels % 4 == 0 ? MASKS : VW == 1 ? 1 : 3 * VW;                            \
    for (; p < end; p++)                                                                           \
        for (int c = first; c < channels; c += piece) {                                                \
            const size_t i = BEFORE + ((size_t)group * count + p) * channels + c;                  \
            const int stop = min(c + piece, last);                                             \
            float mask[MASKS + VW];                                                                \
            dropout_masks(mask, (uint)(i / 4), stream, hyper + hyper_at, threshold, keep);         \
            for (int k = c; k < stop; k += VW)                                                     \
                block(&b, p, k, 1, min(VW, stop - k), VF_LOAD(mask + i % 4 + (k - c)));      \
        }

#define LOAD(t, u) load_part(b->t + (size_t)(p + (u)) * b->t##_stride + c, n)
#define STORE(t, u, v) store_part((v), b->t + (size_t)(p + (u)) * b->t##_stride + c, n)

#ifndef BACKWARD
INLINE void fwd_block(const Block *b, const int p, const int c, const int rows, const int n,
                      const VF mask)
{
    const VF m = b->mean ? load_part(b->mean + c, n) : (VF)(0.0f);
    const VF scale = (b->gamma ? load_part(b->gamma + c, n) : (VF)(1.0f)) *
                     (b->rstd ? load_part(b->rstd + c, n) : (VF)(1.0f));
    const VF shift = b->beta ? load_part(b->beta + c, n) : (VF)(0.0f);

    for (int u = 0; u < rows; u++) {
        const VF z = FMA(LOAD(x, u) - m, scale, shift) * mask;
        STORE(y1, u, bend_vector(z, b->bend1));
        if (b->y2)
            STORE(y2, u, bend_vector(z, b->bend2));
    }
}

ONE_ITEM
__kernel void norm_act_fwd_simd(NORM_ACT_ARGUMENTS)
{
    START_BLOCK;
    WALK(fwd_block)
}
#else

INLINE VF gradient(const Block *b, const int p, const int c, const int u, const int n,
                   const VF mask)
{
    VF dz = (VF)(0.0f);

    if (b->dy1)
        dz = bend_gradient_vector(LOAD(dy1, u), LOAD(y1, u), b->bend1);
    if (b->dy2)
        dz += bend_gradient_vector(LOAD(dy2, u), LOAD(y2, u), b->bend2);
    return dz * mask;
}

INLINE void sums_block(const Block *b, const int p, const int c, const int rows, const int n,
                       const VF mask)
{
    const VF m = b->mean ? load_part(b->mean + c, n) : (VF)(0.0f);
    const VF r = b->rstd ? load_part(b->rstd + c, n) : (VF)(1.0f);
    __global float *sums = b->sums + c;
    VF s1 = (VF)(0.0f), s2 = (VF)(0.0f);

    for (int u = 0; u < rows; u++) {
        const VF dz = gradient(b, p, c, u, n, mask);
        s1 += dz;
        s2 = FMA(dz, LOAD(x, u) - m, s2);
    }
    store_part(load_part(sums, n) + s1, sums, n);
    sums += b->channels;
    store_part(FMA(s2, r, load_part(sums, n)), sums, n);
}

ONE_ITEM
__kernel void norm_act_sums_simd(NORM_ACT_ARGUMENTS, SUMS_ARGUMENTS)
{
    START_BLOCK;
    b.sums = result + result_at + ((size_t)part * groups + group) * result_stride;
    for (int c = first; c < last; c++)
        b.sums[c] = b.sums[channels + c] = 0.0f;
    WALK(sums_block)
}

INLINE void bwd_block(const Block *b, const int p, const int c, const int rows, const int n,
                      const VF mask)
{
    const VF r = b->rstd ? load_part(b->rstd + c, n) : (VF)(1.0f);
    const VF scale = (b->gamma ? load_part(b->gamma + c, n) : (VF)(1.0f)) * r;
    VF m = (VF)(0.0f), s1 = m, s2 = m;

    if (b->train) {
        m = load_part(b->mean + c, n);
        s1 = load_part(b->sums + c, n) * b->share;
        s2 = load_part(b->sums + b->channels + c, n) * r * b->share;
    }
    for (int u = 0; u < rows; u++) {
        VF d = gradient(b, p, c, u, n, mask);
        if (b->train)
            d -= FMA(LOAD(x, u) - m, s2, s1);
        d *= scale;
        STORE(dx, u, b->accumulate ? LOAD(dx, u) + d : d);
    }
}

ONE_ITEM
__kernel void norm_act_bwd_simd(NORM_ACT_ARGUMENTS)
{
    START_BLOCK;
    WALK(bwd_block)
}

#endif /* BACKWARD */

#endif
