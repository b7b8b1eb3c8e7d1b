/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of single ops: each case through the passes that a network would use for it.
 *
 * Tolerance of a quantity: four times what the framework's own f32 deviates from float64
 * (max|d| / max|ref|, the file's f32_dev), at least 1e-6: eight roundings of the largest value.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/rng.h"
#include "src/base/status.h"
#include "tests/golden/golden.h"

static const double floor_tolerance = 1e-6;
static const float norm_eps = 1e-5f, norm_momentum = 0.1f;

/* ---- Tensors of a case --------------------------------------------------------------------- */

static P2pTensor shape_of(const GoldenArray *a)
{
    return a->rank == 4   ? p2p_tensor_nhwc(a->dim[0], a->dim[2], a->dim[3], a->dim[1])
           : a->rank == 1 ? p2p_tensor_vector(a->dim[0])
                          : p2p_tensor_vector(1);
}

/* Device memory for a shape, full of NaN so that an element nobody writes is seen. */
static P2pTensor out(Golden *g, P2pTensor shape)
{
    const size_t span = p2p_tensor_span(&shape);
    float *nan = golden_floats(g, span);

    for (size_t i = 0; i < span; i++)
        nan[i] = NAN;
    if (!g->err)
        g->err = p2p_buffer_create(&shape.buffer, g->device, span * sizeof(float));
    if (g->err)
        return shape;
    P2P_ASSERT(g->buffer_count < GOLDEN_MAX_SCRATCH);
    g->buffers[g->buffer_count++] = shape.buffer;
    g->err = p2p_buffer_write(shape.buffer, 0, span * sizeof(float), nan);
    return shape;
}

static P2pTensor out_like(Golden *g, const P2pTensor *t)
{
    return out(g, p2p_tensor_nhwc(t->n, t->h, t->w, t->c));
}

static P2pTensor in(Golden *g, P2pTensor shape, const float *host)
{
    const P2pTensor t = out(g, shape);

    if (!g->err)
        g->err = p2p_tensor_upload(&t, host, false);
    return t;
}

/* A tensor of the file; absent ones give an absent operand. */
static P2pTensor in_file(Golden *g, const char *name)
{
    const GoldenArray a = golden_array(g, g->name, name);

    return a.data ? in(g, shape_of(&a), a.data) : (P2pTensor){0};
}

static P2pTensor in_needed(Golden *g, const char *name)
{
    const GoldenArray a = golden_need(g, g->name, name);

    return a.data ? in(g, shape_of(&a), a.data) : (P2pTensor){0};
}

/* [A,B,R,S] -> [B,A,R,S]. */
static float *swapped(Golden *g, const float *from, int a, int b, int taps)
{
    float *to = golden_floats(g, (size_t)a * (size_t)b * (size_t)taps);

    for (int i = 0; i < a; i++)
        for (int k = 0; k < b; k++)
            memcpy(to + (k * a + i) * taps, from + (i * b + k) * taps,
                   (size_t)taps * sizeof(float));
    return to;
}

/* Choose, record and run one pass. */
static void run(Golden *g, const P2pCall *call)
{
    const P2pCaps *caps = p2p_device_caps(g->device);
    P2pWay way = {0};
    bool lost;
    P2pSequence *seq = NULL;
    P2pBuffer *work = NULL;

    if (!g->err && !p2p_pass_is_ref(call->pass, &g->choice))
        g->err = p2p_way_choose(&way, call, NULL, caps, &g->choice, &lost);
    if (g->err)
        return;
    const P2pVariant *v = way.variant;
    golden_used(g, call->pass->name, v ? v->name : NULL);
    g->err = p2p_sequence_create(&seq, g->device);
    if (!g->err && way.work_bytes)
        g->err = p2p_buffer_create(&work, g->device, way.work_bytes);
    if (!g->err)
        g->err = v ? v->emit(seq, call, &way, work) : p2p_call_emit_ref(seq, call);
    if (!g->err && (g->err = p2p_sequence_build(seq, NULL)) == P2P_OK)
        g->err = p2p_sequence_run(seq, 0, p2p_sequence_count(seq));
    if (!g->err)
        g->err = p2p_device_finish(g->device);
    p2p_sequence_destroy(&seq);
    p2p_buffer_destroy(&work);
}

#define RUN(g, of, attributes, ...) \
    run((g), &(P2pCall){.pass = (of), .attr = attributes, .t = {__VA_ARGS__}})
#define ATTR(...) ((P2pAttr){__VA_ARGS__})

/* ---- Comparison ---------------------------------------------------------------------------- */

static double tolerance(const json_t *info, const char *quantity)
{
    const json_t *dev = json_object_get(json_object_get(info, "f32_dev"), quantity);
    const double f32 = json_number_value(json_array_get(dev, 1));

    return fmax(4 * f32, floor_tolerance);
}

static float *host_of(Golden *g, const P2pTensor *t)
{
    float *host = golden_floats(g, p2p_tensor_elements(t));

    if (!g->err)
        g->err = p2p_tensor_download(t, host, false);
    return host;
}

/* Our values against the file's CASE/quantity, under a name that may say how they were made. */
static void check_host(Golden *g, const json_t *info, const char *quantity, const char *how,
                       const float *ours)
{
    const GoldenArray ref = golden_need(g, g->name, quantity);
    char name[120];

    if (g->err)
        return;
    snprintf(name, sizeof(name), "%s%s%s", quantity, how ? " by " : "", how ? how : "");
    golden_compare(g, name, golden_max_deviation(ours, ref.data, ref.count),
                   tolerance(info, quantity));
}

static void check(Golden *g, const json_t *info, const char *quantity, const P2pTensor *t)
{
    check_host(g, info, quantity, NULL, host_of(g, t));
}

static int get_int(const json_t *info, const char *key)
{
    return (int)json_integer_value(json_object_get(info, key));
}

/* ---- Convolution --------------------------------------------------------------------------- */

static void check_bias_gradient(Golden *g, const json_t *info, P2pTensor gy)
{
    if (!golden_array(g, g->name, "g_b").data)
        return;
    const P2pTensor db = out(g, p2p_tensor_vector(gy.c));
    RUN(g, &p2p_pass_channel_sum, ATTR(0), gy, db);
    check(g, info, "g_b", &db);
}

static void conv2d_case(Golden *g, const json_t *info)
{
    const char *mode = json_string_value(json_object_get(info, "mode"));
    const bool reflect = mode && !strcmp(mode, "reflect");
    const int pad = get_int(info, "pad");
    const P2pAttr border = {.pad = pad};
    const P2pAttr attr = {.stride = get_int(info, "stride"), .pad = reflect ? 0 : pad};
    const GoldenArray w = golden_need(g, g->name, "w"), y = golden_need(g, g->name, "y");
    const P2pTensor x = in_needed(g, "x"), gy = in_needed(g, "gy"), b = in_file(g, "b");

    if (g->err)
        return;
    const P2pTensor weights = p2p_tensor_weight(w.dim[0], w.dim[1], w.dim[2], w.dim[3],
                                                p2p_weight_block(p2p_device_caps(g->device)));
    const P2pTensor wt = in(g, weights, w.data), dw = out(g, weights);
    const P2pTensor yt = out(g, shape_of(&y)), dx = out_like(g, &x);
    P2pTensor seen = x, dseen = dx; /* what the convolution itself sees */
    if (reflect) {
        seen = out(g, p2p_tensor_nhwc(x.n, x.h + 2 * pad, x.w + 2 * pad, x.c));
        dseen = out_like(g, &seen);
        RUN(g, &p2p_pass_pad_fwd, border, x, seen);
    }
    RUN(g, &p2p_pass_conv2d_fwd, attr, seen, wt, b, yt);
    check(g, info, "y", &yt);
    RUN(g, &p2p_pass_conv2d_dgrad, attr, dseen, wt, {0}, gy);
    if (reflect)
        RUN(g, &p2p_pass_pad_bwd, border, dx, dseen);
    check(g, info, "g_x", &dx);
    RUN(g, &p2p_pass_conv2d_wgrad, attr, seen, dw, {0}, gy);
    check(g, info, "g_w", &dw);
    check_bias_gradient(g, info, gy);
}

/* The same passes with the sides exchanged: x is the small side, y the large one. */
static void conv_transpose2d_case(Golden *g, const json_t *info)
{
    const GoldenArray w = golden_need(g, g->name, "w"), y = golden_need(g, g->name, "y");
    const P2pTensor x = in_needed(g, "x"), gy = in_needed(g, "gy"), b = in_file(g, "b");

    if (g->err)
        return;
    const int small = w.dim[0], large = w.dim[1], taps = w.dim[2] * w.dim[3];
    const P2pTensor weights = p2p_tensor_weight(large, small, w.dim[2], w.dim[3],
                                                p2p_weight_block(p2p_device_caps(g->device)));
    const P2pTensor wt = in(g, weights, swapped(g, w.data, small, large, taps));
    const P2pTensor yt = out(g, shape_of(&y)), dx = out_like(g, &x), dw = out(g, weights);
    const P2pAttr attr = {.stride = json_object_get(info, "stride") ? get_int(info, "stride") : 2,
                          .pad = get_int(info, "pad"),
                          .large_out = true};
    RUN(g, &p2p_pass_conv2d_dgrad, attr, yt, wt, b, x);
    check(g, info, "y", &yt);
    RUN(g, &p2p_pass_conv2d_fwd, attr, gy, wt, {0}, dx);
    check(g, info, "g_x", &dx);
    RUN(g, &p2p_pass_conv2d_wgrad, attr, gy, dw, {0}, x);
    check_host(g, info, "g_w", NULL, swapped(g, host_of(g, &dw), large, small, taps));
    check_bias_gradient(g, info, gy);
}

/* ---- Normalisation ------------------------------------------------------------------------- */

/* Mean and reciprocal deviation, from the data or from running statistics. */
static void statistics(Golden *g, const json_t *info, P2pTensor x, P2pTensor mean, P2pTensor rstd,
                       bool running)
{
    const P2pAttr attr = {.eps = norm_eps, .momentum = norm_momentum};
    const P2pTensor run_mean = in_file(g, "running_mean"), run_var = in_file(g, "running_var");

    if (running) {
        RUN(g, &p2p_pass_norm_running, attr, {0}, mean, rstd, run_mean, run_var);
        return;
    }
    RUN(g, &p2p_pass_norm_stats, attr, x, mean, rstd, run_mean, run_var);
    if (run_mean.n) {
        check(g, info, "running_mean_after", &run_mean);
        check(g, info, "running_var_after", &run_var);
    }
}

static void norm_case(Golden *g, const json_t *info)
{
    const char *op = json_string_value(json_object_get(info, "op"));
    const bool batch = op && !strcmp(op, "batch_norm");
    const bool running = batch && json_is_false(json_object_get(info, "training"));
    const P2pTensor x = in_needed(g, "x"), gy = in_needed(g, "gy");
    const P2pTensor gamma = in_file(g, "gamma"), beta = in_file(g, "beta");

    if (g->err)
        return;
    const int groups = batch ? 1 : x.n;
    const P2pTensor mean = out(g, p2p_tensor_nhwc(groups, 1, 1, x.c)), rstd = out_like(g, &mean);
    const P2pTensor sums = out(g, p2p_tensor_nhwc(groups, 1, 1, 2 * x.c));
    const P2pTensor y = out_like(g, &x), dx = out_like(g, &x);
    const P2pAttr attr = {.fixed_statistics = running};
    statistics(g, info, x, mean, rstd, running);
    RUN(g, &p2p_pass_norm_act_fwd, attr, x, mean, rstd, gamma, beta, {0}, y);
    check(g, info, "y", &y);
    const P2pTensor dgamma = out_like(g, &gamma), dbeta = out_like(g, &beta);
    RUN(g, &p2p_pass_norm_act_sums, attr, x, mean, rstd, gamma, beta, {0}, y, {0}, gy, {0}, sums,
        {0}, dgamma, dbeta);
    RUN(g, &p2p_pass_norm_act_bwd, attr, x, mean, rstd, gamma, beta, {0}, y, {0}, gy, {0}, sums,
        dx);
    check(g, info, "g_x", &dx);
    if (!gamma.n)
        return;
    check(g, info, "g_gamma", &dgamma);
    check(g, info, "g_beta", &dbeta);
}

/* ---- Pointwise ----------------------------------------------------------------------------- */

static void check_act_bwd(Golden *g, const json_t *info, P2pAttr attr, P2pTensor y, P2pTensor gy)
{
    const P2pTensor dx = out_like(g, &y);

    RUN(g, &p2p_pass_act_bwd, attr, y, gy, dx);
    check_host(g, info, "g_x", "act_bwd", host_of(g, &dx));
}

/* Through the norm_act passes without a norm, and the backward pass of a convolution's epilogue. */
static void activation_case(Golden *g, const json_t *info, P2pAct act)
{
    const P2pAttr attr = {.act1 = act,
                          .slope = (float)json_number_value(json_object_get(info, "slope"))};
    const P2pTensor x = in_needed(g, "x"), gy = in_needed(g, "gy");

    if (g->err)
        return;
    const P2pTensor y = out_like(g, &x), dx = out_like(g, &x);
    RUN(g, &p2p_pass_norm_act_fwd, attr, x, {0}, {0}, {0}, {0}, {0}, y);
    check(g, info, "y", &y);
    RUN(g, &p2p_pass_norm_act_bwd, attr, x, {0}, {0}, {0}, {0}, {0}, y, {0}, gy, {0}, {0}, dx);
    check(g, info, "g_x", &dx);
    check_act_bwd(g, info, attr, y, gy);
}

/* As the epilogue of a 1x1 convolution with the identity as weights. */
static void tanh_case(Golden *g, const json_t *info)
{
    const P2pAttr attr = {.stride = 1, .act1 = P2P_ACT_TANH};
    const P2pTensor x = in_needed(g, "x"), gy = in_needed(g, "gy");

    if (g->err)
        return;
    float *identity = golden_floats(g, (size_t)(x.c * x.c));
    for (int i = 0; i < x.c; i++)
        identity[i * x.c + i] = 1.0f;
    const P2pTensor w =
        in(g, p2p_tensor_weight(x.c, x.c, 1, 1, p2p_weight_block(p2p_device_caps(g->device))),
           identity);
    const P2pTensor y = out_like(g, &x);
    RUN(g, &p2p_pass_conv2d_fwd, attr, x, w, {0}, y);
    check_host(g, info, "y", "conv2d epilogue", host_of(g, &y));
    check_act_bwd(g, info, attr, y, gy);
}

/* Element [n,c,h,w] of a dense host array is number (n,h,w,c) of the mask. */
static bool is_kept(const P2pTensor *t, size_t at, uint32_t stream, float p)
{
    const uint32_t key[2] = {0, 0x70327032u};
    const size_t plane = (size_t)t->h * (size_t)t->w, c = at / plane % (size_t)t->c;
    const size_t i = (at / plane / (size_t)t->c * plane + at % plane) * (size_t)t->c + c;
    uint32_t words[4];

    p2p_philox((const uint32_t[4]){(uint32_t)(i / 4), 0, stream, 0}, key, words);
    return p2p_rng_unit(words[i % 4]) >= p;
}

/* The scaled input where the mask keeps it, 0 elsewhere. Returns the share of what was kept. */
static double masked(float *ref, const GoldenArray *x, const P2pTensor *t, const P2pAttr *attr)
{
    size_t kept = 0;

    for (size_t i = 0; i < x->count; i++) {
        const bool keep = is_kept(t, i, attr->stream, attr->dropout_p);
        ref[i] = keep ? (float)(x->data[i] / (1.0 - attr->dropout_p)) : 0.0f;
        kept += keep;
    }
    return (double)kept / (double)x->count;
}

/*
 * The engine draws its own mask, so the file's y cannot be met; the scaling can, and the mask by
 * what its definition says. Both masks keep some elements: there y must be the file's.
 */
static void dropout_case(Golden *g, const json_t *info)
{
    const double p = json_number_value(json_object_get(info, "p"));
    const P2pAttr attr = {.dropout_p = (float)p, .stream = p2p_stream(P2P_STREAM_DROPOUT, 7)};
    const GoldenArray x = golden_need(g, g->name, "x"), gy = golden_need(g, g->name, "gy");
    const GoldenArray y = golden_need(g, g->name, "y"), mask = golden_need(g, g->name, "mask");

    if (g->err)
        return;
    const P2pTensor shape = shape_of(&x), xt = in(g, shape, x.data), gyt = in(g, shape, gy.data);
    const P2pTensor hyper =
        in(g, p2p_tensor_vector(P2P_HYPER_WORDS), golden_floats(g, P2P_HYPER_WORDS));
    const P2pTensor yt = out(g, shape), dx = out(g, shape);
    float *ref = golden_floats(g, x.count), *ours;
    RUN(g, &p2p_pass_norm_act_fwd, attr, xt, {0}, {0}, {0}, {0}, hyper, yt);
    RUN(g, &p2p_pass_norm_act_bwd, attr, xt, {0}, {0}, {0}, {0}, hyper, yt, {0}, gyt, {0}, {0}, dx);
    const double share = masked(ref, &x, &shape, &attr);
    ours = host_of(g, &yt);
    if (g->err)
        return;
    golden_compare(g, "kept share", fabs(share - (1 - p)), 4 * sqrt(p * (1 - p) / (double)x.count));
    golden_compare(g, "y by our mask", golden_max_deviation(ours, ref, x.count),
                   tolerance(info, "y"));
    for (size_t i = 0; i < x.count; i++)
        ref[i] = mask.data[i] != 0 && ours[i] != 0 ? y.data[i] : ours[i];
    golden_compare(g, "y where both masks keep", golden_max_deviation(ours, ref, x.count),
                   tolerance(info, "y"));
    masked(ref, &gy, &shape, &attr);
    golden_compare(g, "g_x by our mask", golden_max_deviation(host_of(g, &dx), ref, x.count),
                   tolerance(info, "g_x"));
}

/* Channels [part, part + c) of t, as a plan's slice. */
static P2pTensor slice(P2pTensor t, int part, int c)
{
    t.offset += part;
    t.c = c;
    return t;
}

/* Sum or concatenation of two tensors, and how the gradient goes back to them. */
static void join_case(Golden *g, const json_t *info, bool concat)
{
    const P2pTensor a = in_needed(g, "a"), b = in_needed(g, "b"), gy = in_needed(g, "gy");

    if (g->err)
        return;
    const P2pTensor y = out_like(g, &gy), ga = out_like(g, &a), gb = out_like(g, &b);
    if (concat) {
        RUN(g, &p2p_pass_copy, ATTR(0), a, slice(y, 0, a.c));
        RUN(g, &p2p_pass_copy, ATTR(0), b, slice(y, a.c, b.c));
    } else {
        RUN(g, &p2p_pass_add, ATTR(0), a, b, y);
    }
    RUN(g, &p2p_pass_copy, ATTR(0), slice(gy, 0, a.c), ga);
    RUN(g, &p2p_pass_copy, ATTR(0), slice(gy, concat ? a.c : 0, b.c), gb);
    check(g, info, "y", &y);
    check(g, info, "g_a", &ga);
    check(g, info, "g_b", &gb);
}

static void pointwise_case(Golden *g, const json_t *info)
{
    if (!strcmp(g->name, "leaky_relu"))
        activation_case(g, info, P2P_ACT_LEAKY_RELU);
    else if (!strcmp(g->name, "relu"))
        activation_case(g, info, P2P_ACT_RELU);
    else if (!strcmp(g->name, "tanh"))
        tanh_case(g, info);
    else if (!strncmp(g->name, "dropout", 7))
        dropout_case(g, info);
    else if (!strcmp(g->name, "concat"))
        join_case(g, info, true);
    else if (!strcmp(g->name, "add"))
        join_case(g, info, false);
    else
        golden_unsupported(g, g->name);
}

/* ---- Losses and Adam ----------------------------------------------------------------------- */

/*
 * The value of a loss. All but the Wasserstein loss add terms of one sign; that one's terms cancel,
 * and no f32 sum can be closer than the rounding of its terms: the tolerance is for their size.
 */
static void check_loss(Golden *g, const json_t *info, const float *x, size_t count, bool is_signed,
                       const float *ours)
{
    const GoldenArray ref = golden_need(g, g->name, "y");
    double size = 0;

    if (g->err)
        return;
    for (size_t i = 0; i < count; i++)
        size += fabs(x[i]) / (double)count;
    const double cancels = is_signed ? size / fabs(ref.data[0]) : 1;
    golden_compare(g, "y", golden_max_deviation(ours, ref.data, 1),
                   fmax(tolerance(info, "y"), floor_tolerance * cancels));
}

static void loss_case(Golden *g, const json_t *info)
{
    static const struct {
        const char *name;
        P2pLossKind kind;
        float value;
    } losses[] = {{"l1", P2P_LOSS_L1, 0},         {"bce_real", P2P_LOSS_BCE, 1},
                  {"bce_fake", P2P_LOSS_BCE, 0},  {"mse_real", P2P_LOSS_MSE, 1},
                  {"mse_fake", P2P_LOSS_MSE, 0},  {"wgan_real", P2P_LOSS_MEAN, -1},
                  {"wgan_fake", P2P_LOSS_MEAN, 1}};
    const bool l1 = !strcmp(g->name, "l1");
    size_t k = 0;

    while (k < P2P_COUNT(losses) && strcmp(losses[k].name, g->name) != 0)
        k++;
    if (k == P2P_COUNT(losses)) {
        golden_unsupported(g, g->name);
        return;
    }
    const P2pTensor x = in_needed(g, l1 ? "input" : "z"), target = in_file(g, "target");
    const P2pAttr attr = {.loss = losses[k].kind,
                          .value = losses[k].value,
                          .value_scale = 1,
                          .grad_scale = 1,
                          .index = 1};
    if (g->err)
        return;
    const P2pTensor value = out(g, p2p_tensor_vector(3)), dx = out_like(g, &x);
    RUN(g, &p2p_pass_loss, attr, x, target, value, dx);
    check_loss(g, info, host_of(g, &x), p2p_tensor_elements(&x), attr.loss == P2P_LOSS_MEAN,
               host_of(g, &value) + attr.index);
    check(g, info, l1 ? "g_input" : "g_z", &dx);
}

typedef struct AdamState {
    P2pTensor p, m, v, hyper;
} AdamState;

/* One step with J's settings: lr 2e-4, betas .5 and .999, eps 1e-8. */
static void adam_step(Golden *g, const AdamState *s, const float *gradient, int t, bool epsilon_hat)
{
    const P2pAttr attr = {.beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8f, .epsilon_hat = epsilon_hat};
    float hyper[P2P_HYPER_WORDS] = {[P2P_HYPER_LR] = 2e-4f};

    hyper[P2P_HYPER_H1] = (float)(1.0 / (1.0 - pow(0.5, t)));
    hyper[P2P_HYPER_H2] = (float)(1.0 / sqrt(1.0 - pow(0.999, t)));
    if (!g->err)
        g->err = p2p_tensor_upload(&s->hyper, hyper, false);
    RUN(g, &p2p_pass_adam, attr, s->p, in(g, p2p_tensor_vector(s->p.c), gradient), s->m, s->v,
        s->hyper);
}

/* p - p0 shows what p hides; it bears the rounding of p, half a unit at each step. */
static void check_adam_moves(Golden *g, const GoldenArray *p0, const float *p, const char *name)
{
    const GoldenArray ref = golden_need(g, NULL, name);
    double most = 0, scale = 0;

    if (g->err)
        return;
    float *moves = golden_floats(g, ref.count);
    for (size_t i = 0; i < ref.count; i++) {
        moves[i] = (float)((double)p[i] - p0->data[i % p0->count]);
        most = fmax(most, fabs(p[i]));
        scale = fmax(scale, fabs(ref.data[i]));
    }
    const double steps = (double)ref.count / (double)p0->count;
    golden_compare(g, name, golden_max_deviation(moves, ref.data, ref.count),
                   floor_tolerance + steps * 0x1p-24 * most / scale);
}

static void check_adam_rule(Golden *g, const json_t *info, const char *rule)
{
    const GoldenArray p0 = golden_need(g, NULL, "p0"), grads = golden_need(g, NULL, "g");
    char name[64];

    if (g->err)
        return;
    const int n = p0.dim[0], steps = grads.dim[0];
    float *zero = golden_floats(g, p0.count), *p = golden_floats(g, grads.count);
    const P2pTensor vector = p2p_tensor_vector(n);
    const AdamState s = {in(g, vector, p0.data), in(g, vector, zero), in(g, vector, zero),
                         out(g, p2p_tensor_vector(P2P_HYPER_WORDS))};
    for (int t = 0; !g->err && t < steps; t++) {
        adam_step(g, &s, grads.data + t * n, t + 1, !strcmp(rule, "epsilon_hat"));
        if (!g->err)
            g->err = p2p_tensor_download(&s.p, p + t * n, false);
    }
    g->name = NULL;
    snprintf(name, sizeof(name), "%s/p", rule);
    check_host(g, info, name, NULL, p);
    snprintf(name, sizeof(name), "%s/m", rule);
    check_host(g, info, name, NULL, host_of(g, &s.m));
    snprintf(name, sizeof(name), "%s/v", rule);
    check_host(g, info, name, NULL, host_of(g, &s.v));
    snprintf(name, sizeof(name), "%s/p_f64_minus_p0", rule);
    check_adam_moves(g, &p0, p, name);
}

static void adam_case(Golden *g, const json_t *info)
{
    check_adam_rule(g, info, "torch");
    check_adam_rule(g, info, "epsilon_hat");
}

/* ---- The list ------------------------------------------------------------------------------ */

static const struct {
    const char *file;
    void (*run)(Golden *g, const json_t *info); /* NULL: not there yet */
} ops[] = {
    {"conv2d", conv2d_case}, {"conv_transpose2d", conv_transpose2d_case},
    {"norm", norm_case},     {"pointwise", pointwise_case},
    {"loss", loss_case},     {"gradient_penalty", golden_penalty},
    {"adam", adam_case},     {"resize", NULL},
    {"lab", golden_lab},
};

bool golden_ops(Golden *g)
{
    const char *slash = strrchr(g->path, '/'), *file = slash ? slash + 1 : g->path, *name;
    const size_t length = strcspn(file, ".");
    size_t k = 0;
    json_t *cases, *info;

    while (k < P2P_COUNT(ops) &&
           (strlen(ops[k].file) != length || strncmp(ops[k].file, file, length) != 0))
        k++;
    if (k == P2P_COUNT(ops))
        return false;
    if (!ops[k].run) {
        golden_unsupported(g, ops[k].file);
        return true;
    }
    cases = golden_json(g, "cases");
    json_object_foreach(cases, name, info)
    {
        golden_begin(g, name);
        ops[k].run(g, info);
        golden_end(g);
    }
    json_decref(cases);
    return true;
}
