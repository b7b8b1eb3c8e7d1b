/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passes: the units of computation. A network's op has a forward pass and one or more backward
 * passes; each pass has a table of variants read from best to safest and a reference in plain C.
 *
 * A call names its pass, the operands by role (tensors) and the attributes. A variant's plan() finds
 * its way through a call, once: scratch memory, build options, divisions; its emit() appends the
 * launches to a sequence. The same calls serve networks, clcheck and the golden tests.
 */
#ifndef P2P_OPS_OP_H
#define P2P_OPS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cl/codes.h"
#include "src/device/device.h"
#include "src/tensor/tensor.h"

enum { P2P_MAX_OPERANDS = 16 };

/* Operand roles, by pass. Names in the comments: in = read, out = written, (opt) = may be absent. */

/*
 * The convolution passes share one relation between a large side x [N,H,W,C] and a small side
 * y [N,P,Q,K] with weights [K,C,R,S]: y(p,q) = sum x(p*stride - pad + r, ...) w(r, s), zero padding.
 *   conv2d_fwd    in x, w, bias(opt, K); out y = act(sum + bias)        y has P,Q given by its shape
 *   conv2d_dgrad  in y, w, bias(opt, C); out x = act(sum + bias)        = transposed convolution
 *   conv2d_wgrad  in x, y;               out w                          w = the weights' gradient
 *   conv2d_wgrad_adam  in x, y, hyper; in/out w, m, v          the two passes in one: w, m, v make
 *                                                              Adam's step (below) with the gradient
 * attr.accumulate adds to the output instead of overwriting it (bias and act are then absent).
 * Weights are blocked over K, or over C where attr.large_out is set (a transposed convolution's
 * own parameter): then the weight tensor's n = C and c = K.
 * Rows and columns of x that no window reaches are ignored (fwd) or get bias only (dgrad).
 */
enum {
    P2P_CONV_X,
    P2P_CONV_W,
    P2P_CONV_BIAS,
    P2P_CONV_Y,
    /* conv2d_wgrad_adam */
    P2P_CONV_M,
    P2P_CONV_V,
    P2P_CONV_HYPER,
};

/* channel_sum: out y [C] (+)= sum over n, h, w of x: a bias gradient. */
enum { P2P_SUM_X, P2P_SUM_Y };

/*
 * Normalisation in groups of pictures: 1 (batch norm: one statistic per channel), N (instance norm: one
 * per picture and channel) or what divides N. Statistic tensors are [groups, 1, 1, C].
 *   norm_stats    in x; out mean, rstd = 1/sqrt(biased variance + eps);
 *                 in/out running mean, running var (opt, [C]): by each group in turn, new =
 *                 (1-momentum) old + momentum batch, the variance with the unbiased batch variance. Two passes over
 *                 the data: |mean| >> spread must stay accurate.
 *   norm_running  in running mean, running var; out mean, rstd [1,1,1,C] (test time with --eval)
 */
enum { P2P_STATS_X, P2P_STATS_MEAN, P2P_STATS_RSTD, P2P_STATS_RUN_MEAN, P2P_STATS_RUN_VAR };

/*
 * norm_act_fwd: z = dropout(gamma (x - mean) rstd + beta); out y1 = act1(z), y2 = act2(z) (opt).
 * mean and rstd absent: no normalisation; gamma and beta absent: 1 and 0. Groups = mean's n.
 * Dropout (attr.dropout_p > 0): element i (dense NHWC number ((n*H+h)*W+w)*C+c) is kept when
 * word i%4 of philox(i/4, attr.stream, step, seed) >> 8, over 2^24, is >= p, then scaled by 1/(1-p);
 * seed and step are words 4 and 5 of the hyper tensor, unsigned and below 2^30.
 */
enum {
    P2P_NA_X,
    P2P_NA_MEAN,
    P2P_NA_RSTD,
    P2P_NA_GAMMA,
    P2P_NA_BETA,
    P2P_NA_HYPER,
    P2P_NA_Y1,
    P2P_NA_Y2,
    /* backward passes */
    P2P_NA_DY1,
    P2P_NA_DY2,
    P2P_NA_SUMS,
    P2P_NA_DX,
    P2P_NA_DGAMMA,
    P2P_NA_DBETA,
    /* norm_fwd */
    P2P_NA_RUN_MEAN,
    P2P_NA_RUN_VAR,
};
/*
 * norm_act_sums: with dz = (dy1 act1'(y1) + dy2 act2'(y2)) dropout mask, both act' from the outputs'
 *                values: out sums [groups,1,1,2C]: first C: sum of dz, then C: sum of dz * xhat; out
 *                dgamma [C] (opt) (+)= sum over groups of the latter, dbeta [C] (opt) (+)= of the former.
 * norm_act_bwd:  out dx (+)= gamma rstd (dz - (sums1 + xhat sums2) / M), M = elements a group and
 *                channel; attr.fixed_statistics (running statistics): gamma rstd dz; no mean: dz.
 *
 * Two at once, where one launch does them:
 *   norm_fwd  norm_stats and norm_act_fwd by these statistics
 *   norm_bwd  norm_act_sums and norm_act_bwd by these sums; attr.add_value: dgamma and dbeta are added to
 *             what is there, attr.accumulate: dx is
 */

/*
 * Second order through a norm, for the gradient of u . T(x) t, where T is the norm's derivative at x
 * (symmetric: gamma rstd (t - (sum t + xhat sum t xhat) / M), what norm_act_bwd makes of t) and t and u
 * are held fixed. sums_t and sums_u are what norm_act_sums makes of them; groups = mean's n.
 *   norm_tangent_sums  out q [groups,1,1,C] = rstd (sum t u - (sum t sum u + sum t xhat sum u xhat) / M):
 *                      a group's part of gamma's gradient.
 *   norm_tangent_bwd   with A = sum t xhat, B = sum u xhat: out dx (+)= -gamma rstd / M
 *                      (rstd (B (t - sum t / M) + A (u - sum u / M)) + xhat (q - 2 rstd A B / M)).
 */
enum {
    P2P_NT_X,
    P2P_NT_MEAN,
    P2P_NT_RSTD,
    P2P_NT_GAMMA, /* opt */
    P2P_NT_T,
    P2P_NT_U,
    P2P_NT_SUMS_T,
    P2P_NT_SUMS_U,
    P2P_NT_Q,
    P2P_NT_DX,
};

/*
 * Spectral normalisation (Miyato et al. 2018) as torch.nn.utils.spectral_norm: with W as a matrix of K rows
 * and [C,R,S] columns, one step of the power iteration,
 *   spectral_fwd  in w; in/out u [K], v [C R S]: v = W^T u and u = W v, each over its norm (at least
 *                 1e-12); out sigma [1] = u . W v; out y = w / sigma; out u_used, v_used: copies.
 *   spectral_bwd  in y, dy, u_used, v_used, sigma; out dw (+)= (dy - sum(y dy) u v^T) / sigma: the
 *                 gradient where u and v are held fixed.
 */
enum {
    P2P_SPECTRAL_W,
    P2P_SPECTRAL_U,
    P2P_SPECTRAL_V,
    P2P_SPECTRAL_SIGMA,
    P2P_SPECTRAL_U_USED,
    P2P_SPECTRAL_V_USED,
    P2P_SPECTRAL_Y,
    P2P_SPECTRAL_DY,
    P2P_SPECTRAL_DW,
};

/* act_bwd: out dx (+)= dy * act1'(y); dx may be dy itself. */
enum { P2P_ACTB_Y, P2P_ACTB_DY, P2P_ACTB_DX };

/* copy: out y (+)= x, any strides.  add: out y = a + b.  fill: out x = attr.value. */
enum { P2P_COPY_X, P2P_COPY_Y };
enum { P2P_ADD_A, P2P_ADD_B, P2P_ADD_Y };
enum { P2P_FILL_X };

/* join: out y = in b with a's (opt) channels in front, then in c (opt) with the same behind. */
enum { P2P_JOIN_A, P2P_JOIN_B, P2P_JOIN_C, P2P_JOIN_Y };

/* hole: out y = x where mask [N,H,W,1] is below 0, elsewhere known (opt; absent: 0). Without known it is its
 * own gradient by x. */
enum { P2P_HOLE_X, P2P_HOLE_MASK, P2P_HOLE_KNOWN, P2P_HOLE_Y };

/* pad_fwd: y [N,H+2p,W+2p,C] = x reflected at its borders (p = attr.pad < H, W).
 * pad_bwd: in dy; out dx (+)= the gradient. Roles: X the small one, Y the padded one. */
enum { P2P_PAD_X, P2P_PAD_Y };

/* upsample_fwd: y [N,2H,2W,C] = x, each pixel four times, or (attr.bilinear) between pixel centres, 3/4
 * of the nearest and 1/4 of the next in each direction, borders repeated; as PyTorch's nn.Upsample.
 * upsample_bwd: in dy; out dx (+)= the gradient. Roles: X the small one, Y the large one. */
enum { P2P_UPSAMPLE_X, P2P_UPSAMPLE_Y };

/*
 * Depthwise convolution, each channel by itself: x [N,H,W,C], w [1,R,S,C], y [N,P,Q,C], the convolutions'
 * relation with zero padding, also where windows reach beyond x at the end.
 *   depthwise_fwd    in x, w; out y
 *   depthwise_dgrad  in y, w; out x (+)=
 *   depthwise_wgrad  in x, y; out w (+)=
 */
enum { P2P_DEPTHWISE_X, P2P_DEPTHWISE_W, P2P_DEPTHWISE_Y };

/*
 * loss: mean over all elements of x of
 *   L1 |x - target tensor|, BCE with logits against attr.value, MSE against attr.value,
 *   MEAN attr.value * x (Wasserstein: value -1 for real, 1 for fake),
 *   HINGE max(0, 1 + attr.value * x) (the same values).
 * out value[attr.index] = attr.value_scale * mean, with attr.add_value added to what is there;
 * out dx (opt) (+)= attr.grad_scale * d mean/dx, times in scale[0] (opt).
 * The sum is made in a fixed order.
 */
enum { P2P_LOSS_X, P2P_LOSS_TARGET, P2P_LOSS_VALUE, P2P_LOSS_DX, P2P_LOSS_SCALE };

/*
 * mix: out y_n = share_n a_n + (1 - share_n) b_n for each picture n; share is a vector of N.
 * penalty: of a gradient g, mean over pictures of (|g_n + 1e-16| - attr.value)^2, with the L2 norm of
 *   each picture's: out value[attr.index] = attr.value_scale * mean; out v = attr.grad_scale * d mean/dg.
 */
enum { P2P_MIX_A, P2P_MIX_B, P2P_MIX_SHARE, P2P_MIX_Y };
enum { P2P_PENALTY_G, P2P_PENALTY_VALUE, P2P_PENALTY_V };
#define P2P_PENALTY_TINY 1e-16

/*
 * pool: pictures of earlier steps in the place of those of this one (Shrivastava et al. 2017, sec. 2.3,
 * as the reference implementation's ImagePool). Of each picture x_n in turn, with i = hyper word POOLED
 * + n and slots = pool's n:
 *   i < slots: pool_i = y_n = x_n;
 *   else by the words w of philox(n, attr.stream, step, seed): w0 < 2^31: y_n = x_n; else with
 *   k = w1 slots / 2^32, rounded down: y_n = pool_k, then pool_k = x_n.
 */
enum { P2P_POOL_X, P2P_POOL_POOL, P2P_POOL_HYPER, P2P_POOL_Y };

/*
 * adam: in/out parameter, m, v; in gradient (all of one span, elementwise, any layout), hyper.
 * Hyper words: 0 lr, 1 1/(1-beta1^t), 2 1/sqrt(1-beta2^t) as f32.
 *   m = beta1 m + (1-beta1) g;  v = beta2 v + (1-beta2) g^2
 *   torch:       p -= lr h1 * m / (sqrt(v) h2 + eps)
 *   epsilon_hat: p -= (lr h1 / h2) * m / (sqrt(v) + eps)
 * Where gradients are sums over attr.batches, g is their mean. in squares (opt, [1]): the sum of squares
 * of all gradients that are clipped together, which are no longer than attr.clip then:
 *   g *= min(1, clip / (|g| + 1e-6))   (as torch.nn.utils.clip_grad_norm_)
 * scale (opt, with squares): gradients and their squares are of losses times scale[0]; where squares are no
 * number, nothing is done.
 */
/* loss_scale: in/out scale [3] = factor, steps since it changed, steps left out, by squares of up to four
 * networks: see cl/loss_scale.cl. */
enum { P2P_SCALE_SCALE, P2P_SCALE_SQUARES, P2P_SCALE_MOST = 4 };
enum {
    P2P_ADAM_P,
    P2P_ADAM_G,
    P2P_ADAM_M,
    P2P_ADAM_V,
    P2P_ADAM_HYPER,
    P2P_ADAM_SQUARES,
    P2P_ADAM_SCALE,
};

/*
 * Differentiable augmentation (Zhao et al. 2020, arXiv 2006.10738, and its authors' program), of each
 * picture n alone by the words w of philox(2n, attr.stream, step, seed) and v of the block behind, with
 * u = (w >> 8) / 2^24:
 *   tint      brightness u0 - 1/2 is added; then colours move from the pixel's mean over its channels by
 *             the factor 2 u1; then from the picture's mean by u2 + 1/2. In mean [N,1,1,C]: of each channel.
 *             attr.linear: without the brightness, which makes it its own gradient: all else is a
 *             symmetric map.
 *   move_fwd  attr.shifts: y(r, q) = x(r + i, q + k), 0 beyond the borders, |i| and |k| up to an eighth
 *             of the side by v0 and v1; attr.hole: then 0 in a rectangle of half the sides, around a place
 *             by v2 and v3.
 *   move_bwd  the gradient: in x = dy, out y = dx.
 */
enum { P2P_TINT_X, P2P_TINT_MEAN, P2P_TINT_HYPER, P2P_TINT_Y };
enum { P2P_MOVE_X, P2P_MOVE_HYPER, P2P_MOVE_Y };

/*
 * squares: in x, a parameter's gradient; in/out sum [1]: the sum of x^2, with attr.add_value added to
 * what is there. In a fixed order; a weight's padding does not count.
 */
enum { P2P_SQUARES_X, P2P_SQUARES_SUM };

/* ema: in/out average, in parameter (of one span, any layout), hyper: average += word EMA (parameter -
 * average). */
enum { P2P_EMA_AVERAGE, P2P_EMA_P, P2P_EMA_HYPER };

typedef struct P2pAttr {
    int stride, pad;       /* convolution, pad; kernel size is the weight tensor's h, w */
    bool large_out;        /* weights blocked over the large side's channels */
    bool accumulate;       /* add to the output */
    bool add_value;        /* loss, squares: to its value; norm_bwd: to the parameters' gradients */
    bool fixed_statistics; /* statistics do not depend on x */
    P2pPrecision precision; /* convolutions: what factors may be rounded to */
    bool bilinear;          /* upsample */
    P2pAct act1, act2;
    float slope;         /* LeakyReLU */
    float eps, momentum; /* norm; eps also Adam */
    float dropout_p;     /* 0: none */
    uint32_t stream;     /* of the dropout, the pool */
    P2pLossKind loss;
    float value, value_scale, grad_scale;
    int index;           /* which loss value */
    double beta1, beta2; /* 1 - beta2 from an f32 would be off by 1e-5 */
    bool epsilon_hat;
    bool linear, shifts, hole; /* augmentation */
    int batches;               /* Adam: what gradients are sums over; 0 as 1 */
    float clip;                /* Adam: with squares */
} P2pAttr;

typedef struct P2pPass P2pPass;

typedef struct P2pCall {
    const P2pPass *pass;
    P2pTensor t[P2P_MAX_OPERANDS]; /* absent: buffer NULL and n 0 */
    P2pAttr attr;
} P2pCall;

/** Whether operand i takes part: by its shape, since a plan asks before there are buffers. */
static inline bool p2p_call_has(const P2pCall *call, int i)
{
    return call->t[i].n > 0;
}

typedef struct P2pVariant P2pVariant;

/** What the rule thinks of a way: it takes the first of the least. */
typedef enum P2pCost { P2P_COST_USUAL, P2P_COST_HIGH } P2pCost;

/* Forms are 1 to P2P_FORMS - 1. */
enum { P2P_WAY_NUMBERS = 8, P2P_WAY_OPTIONS = 320, P2P_FORMS = 16 };

/** How a variant goes about a call: decided once by its plan(), used by its emit(). */
typedef struct P2pWay {
    const P2pVariant *variant;
    int form;            /* which of the variant's algorithms, where it has several; else 0 */
    size_t work_bytes;   /* of scratch memory */
    double macs;         /* multiply-adds; 0: those of the direct algorithm */
    double unread_bytes; /* of operands */
    P2pCost cost;
    /** Where an element is made from its tile's terms too: rounding errors relative to a plain sum's of
     *  the largest there. 0: a plain sum of its own terms. */
    double error;
    bool inexact;                  /* small integers round too */
    bool risky;                    /* as the variant, or this way of it alone */
    bool measured;                 /* chosen as the fastest that was measured */
    double rounding;               /* of each product, relative; 0: in f32 */
    double least;                  /* factor that has all its digits then */
    int own[P2P_WAY_NUMBERS];      /* the variant's own numbers */
    char options[P2P_WAY_OPTIONS]; /* build options of its kernels */
} P2pWay;

/** A kernel as a variant launches it. */
typedef struct P2pKernel {
    const char *program, *name;
    const char *options; /* which part of the program holds it, "-D NAIVE"; NULL: the whole */
    size_t group[2];     /* work-items of a group; 0: the driver chooses */
} P2pKernel;

/** Fills way, which is {0} but for its variant, risky and the form wanted (0: what it takes for the best);
 *  false: it cannot run this call on such a device. */
typedef bool P2pPlanWay(const P2pCall *call, const P2pCaps *caps, P2pWay *way);
/** Append the launches. work: at least way->work_bytes, or NULL when that is 0. */
typedef int P2pEmitWay(P2pSequence *seq, const P2pCall *call, const P2pWay *way, P2pBuffer *work);

/** Types that a variant takes an operand in: bits of P2P_TYPE_*, f32 always; and the build option that
 *  tells its kernels which, "W_TYPE" (NULL: f32 alone). */
typedef struct P2pTakes {
    unsigned types;
    const char *option;
} P2pTakes;

struct P2pVariant {
    const char *name; /* "naive", "simd", "tile" ...; NULL ends a table */
    P2pPlanWay *plan; /* pure; NULL: it can run any call and needs nothing */
    P2pEmitWay *emit;
    P2pKernel kernel; /* where variants differ in it alone */
    bool for_cpus;    /* not applicable to other devices */
    bool with_adam;   /* of a weight gradient: can make Adam's step of it at once */
    bool gathers;     /* of a convolution: no weight gradients */
    bool matrix;      /* for devices with P2pCaps.matrix_units */
    bool subgroups;   /* for devices with P2pCaps.has_subgroup_blocks */
    bool has_forms;   /* several algorithms, of which plan() takes what way->form asks for */
    bool foreign;     /* another library's kernels, which it builds itself: slowly */
    bool risky;       /* what compilers may hang or die of: built by another process first */
    P2pTakes takes[P2P_MAX_OPERANDS];
};

/** Of the convolution passes: which of x, y and w they make. */
typedef enum P2pConvDirection { P2P_CONV_FORWARD, P2P_CONV_DGRAD, P2P_CONV_WGRAD } P2pConvDirection;

struct P2pPass {
    const char *name; /* "conv2d_fwd" */
    const P2pVariant *variants;
    unsigned outputs; /* bit i: operand i is written */
    unsigned updates; /* bit i: operand i is read and written */
    P2pConvDirection direction;
    bool with_adam; /* a weight gradient with Adam's step: by variants with the same */
    bool is_joint;  /* does what two others do, which stay two where no variant does */
    /** Bit i: operand i holds activations or their gradients, which are f32, or all f16; and the names of
     *  the variants that take the latter ("naive small"). */
    unsigned stored;
    const char *halves;
    /** The reference in double: host[i] is operand i, dense [n,c,h,w] (absent: NULL), outputs
     *  hold what was there before. mag (opt): for the first output, the sum of |products| behind
     *  each element, to bound the rounding error; a pass without one leaves it NULL. */
    void (*ref)(const P2pCall *call, double *const host[], double *mag);
    /** Multiply-adds, of the direct algorithm; NULL: not counted. */
    double (*macs)(const P2pCall *call);
};

extern const P2pPass p2p_pass_conv2d_fwd, p2p_pass_conv2d_dgrad, p2p_pass_conv2d_wgrad;
extern const P2pPass p2p_pass_conv2d_wgrad_adam;
extern const P2pPass p2p_pass_channel_sum, p2p_pass_norm_stats, p2p_pass_norm_running;
extern const P2pPass p2p_pass_norm_act_fwd, p2p_pass_norm_act_sums, p2p_pass_norm_act_bwd;
extern const P2pPass p2p_pass_norm_fwd, p2p_pass_norm_bwd;
extern const P2pPass p2p_pass_act_bwd, p2p_pass_copy, p2p_pass_add, p2p_pass_join, p2p_pass_hole;
extern const P2pPass p2p_pass_fill, p2p_pass_pad_fwd, p2p_pass_pad_bwd, p2p_pass_loss;
extern const P2pPass p2p_pass_adam, p2p_pass_squares, p2p_pass_ema, p2p_pass_pool;
extern const P2pPass p2p_pass_loss_scale;
extern const P2pPass p2p_pass_mix, p2p_pass_penalty;
extern const P2pPass p2p_pass_upsample_fwd, p2p_pass_upsample_bwd;
extern const P2pPass p2p_pass_depthwise_fwd, p2p_pass_depthwise_dgrad, p2p_pass_depthwise_wgrad;
extern const P2pPass p2p_pass_spectral_fwd, p2p_pass_spectral_bwd;
extern const P2pPass p2p_pass_norm_tangent_sums, p2p_pass_norm_tangent_bwd;

extern const P2pPass p2p_pass_tint, p2p_pass_move_fwd, p2p_pass_move_bwd;

/** All passes, NULL-terminated: the one list. */
extern const P2pPass *const p2p_passes[];

/** Whether a variant is for devices such as this one. */
bool p2p_variant_suits(const P2pVariant *variant, const P2pCaps *caps);
/** Whether it is for such a pass, of those whose table it is in. */
bool p2p_variant_serves(const P2pVariant *variant, const P2pPass *pass);
/** Whether a variant takes activations of the pass as f16. */
bool p2p_variant_takes_halves(const P2pVariant *variant, const P2pPass *pass);
/** A variant's way through a call; false: it cannot run it on such a device. */
bool p2p_way_plan(P2pWay *way, const P2pVariant *variant, const P2pCall *call, const P2pCaps *caps);
/** The same in a form of its; false also where it has no such form, or not for this call. */
bool p2p_way_plan_form(P2pWay *way, const P2pVariant *variant, int form, const P2pCall *call,
                       const P2pCaps *caps);
/** Append the pass's reference: reads the operands back, computes, writes the outputs. */
int p2p_call_emit_ref(P2pSequence *seq, const P2pCall *call);

/** Outputs in a weight block on this device (two vectors; 1 vector on others). */
int p2p_weight_block(const P2pCaps *caps);

#endif
