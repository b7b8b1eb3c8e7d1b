/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gradient penalty of whole discriminators: its value, dD/dx at the interpolates, and its gradients
 * by all parameters, which in the file come from differentiating twice. f32 of the framework is within
 * 3e-6 of its f64 (the file's f32_dev); sums in another order may be a few times as far: 1e-5.
 */
#include <stdio.h>
#include <string.h>

#include "src/train/gan.h"
#include "tests/golden/golden.h"

static const double tolerance = 1e-5;
static const P2pMode mode = {0};

typedef struct PenaltyCase {
    Golden *g;
    P2pGan *gan;
    P2pNet *net;
    P2pGrads grads;
    P2pApply *penalty, *again;
    int real, fake, grad_x, loss;
} PenaltyCase;

static void create(PenaltyCase *c, const json_t *info)
{
    static const P2pNetwork d = {"D", {.task = P2P_DISCRIMINATOR}};
    const char *norm = json_string_value(json_object_get(info, "norm"));
    const P2pNetSpec spec = {.name = json_string_value(json_object_get(info, "netD")),
                             .input_nc = 6,
                             .nf = (int)json_integer_value(json_object_get(info, "ndf")),
                             .levels = (int)json_integer_value(json_object_get(info, "n_layers")),
                             .norm = golden_norm(norm ? norm : "none")};
    Golden *g = c->g;

    g->err = p2p_gan_create(&c->gan, g->device, &(P2pGanUpdate){0}, &g->choice, NULL);
    if (!g->err)
        g->err = p2p_gan_add_net(c->gan, &d, &spec, 1, &c->net, &c->grads);
    c->grads.keep = true;
    for (int i = 0; !g->err && i < c->net->graph->param_count; i++) {
        const P2pParam *p = &c->net->graph->params[i];
        char name[200];
        snprintf(name, sizeof(name), "%s/w", g->name);
        const GoldenArray w =
            p2p_param_is_trained(p) ? golden_need(g, name, p->name) : (GoldenArray){0};
        if (!g->err && w.data)
            g->err = p2p_net_upload(c->net, i, P2P_STATE_VALUE, w.data);
    }
}

/* dD/dx once more, where it can be read. */
static void build_grad_x(PenaltyCase *c, P2pTensor shape)
{
    P2pPlan *plan = c->gan->plan;
    const P2pAttr one = {.value = 1};
    const int x = p2p_plan_tensor(plan, shape);

    P2P_PLAN_STEP(plan, "again", &p2p_pass_mix, NULL, c->real, c->fake, c->gan->share[0], x);
    c->g->err = p2p_apply_forward(&c->again, plan, c->net, x, c->gan->hyper, &mode, false);
    if (c->g->err)
        return;
    const P2pTensor *map = p2p_plan_get(plan, p2p_apply_output(c->again));
    const int dy = p2p_plan_tensor(plan, p2p_tensor_nhwc(map->n, map->h, map->w, map->c));
    P2P_PLAN_STEP(plan, "again", &p2p_pass_fill, &one, dy);
    c->grad_x = p2p_plan_keep(plan, shape);
    c->g->err = p2p_apply_backward(c->again, &(P2pBackward){.dy = dy, .dx = c->grad_x});
}

static void build(PenaltyCase *c, const GoldenArray *x)
{
    const P2pTensor shape = p2p_tensor_nhwc(x->dim[0], x->dim[2], x->dim[3], x->dim[1]);
    Golden *g = c->g;

    c->loss = p2p_gan_add_loss(c->gan, "penalty");
    c->real = p2p_gan_add_input(c->gan, P2P_GAN_INPUT, shape);
    c->fake = p2p_gan_add_input(c->gan, P2P_GAN_TARGET, shape);
    g->err = p2p_gan_add_penalty(c->gan, &(P2pGanPenalty){.net = c->net,
                                                          .real = c->real,
                                                          .fake = c->fake,
                                                          .index = c->loss,
                                                          .weight = 10,
                                                          .grads = &c->grads,
                                                          .apply = &c->penalty});
    if (!g->err)
        build_grad_x(c, shape);
    if (!g->err)
        g->err = p2p_gan_finish(c->gan);
}

/* [n,c,h,w] as [n,h,w,c]. */
static float *channels_last(Golden *g, const GoldenArray *a)
{
    const size_t plane = (size_t)a->dim[2] * (size_t)a->dim[3], channels = (size_t)a->dim[1];
    float *out = golden_floats(g, a->count);

    for (size_t i = 0; i < a->count; i++)
        out[(i / plane / channels * plane + i % plane) * channels + i / plane % channels] =
            a->data[i];
    return out;
}

static void run(PenaltyCase *c, const GoldenArray *real, const GoldenArray *fake)
{
    Golden *g = c->g;
    const GoldenArray alpha = golden_need(g, g->name, "alpha");
    const float *const sides[] = {channels_last(g, real), channels_last(g, fake)};
    const P2pStepInfo info = {.t = 1, .shares = alpha.data};

    if (!g->err)
        g->err = p2p_gan_step(c->gan, sides, &info);
    if (!g->err)
        g->err = p2p_device_finish(g->device);
}

static void check(PenaltyCase *c)
{
    Golden *g = c->g;
    const GoldenArray value = golden_need(g, g->name, "penalty");
    const GoldenArray grad_x = golden_need(g, g->name, "grad_x");
    float losses[P2P_GAN_MAX_LOSSES], *ours = golden_floats(g, grad_x.count);
    char prefix[200], name[400];

    if (!g->err && (g->err = p2p_gan_losses(c->gan, losses)) == P2P_OK)
        g->err = p2p_tensor_download(p2p_plan_get(c->gan->plan, c->grad_x), ours, false);
    if (g->err)
        return;
    golden_compare(g, "penalty", golden_max_deviation(&losses[c->loss], value.data, 1), tolerance);
    golden_compare(g, "grad_x", golden_l2_deviation(ours, grad_x.data, grad_x.count), tolerance);
    snprintf(prefix, sizeof(prefix), "%s/g", g->name);
    for (int i = 0; !g->err && i < c->net->graph->param_count; i++) {
        const P2pParam *p = &c->net->graph->params[i];
        if (!p2p_param_is_trained(p))
            continue;
        const GoldenArray ref = golden_need(g, prefix, p->name);
        float *grad = golden_floats(g, ref.count);
        if (!g->err && c->grads.tensor[i] >= 0)
            g->err =
                p2p_tensor_download(p2p_plan_get(c->gan->plan, c->grads.tensor[i]), grad, false);
        snprintf(name, sizeof(name), "g/%s", p->name);
        if (golden_l2(ref.data, ref.count) > 0 && golden_is_null_bias(c->net->graph, i))
            golden_leave_out(g, name, "a bias before a norm, its gradient is rounding noise");
        else if (!g->err)
            golden_compare(g, name, golden_l2_deviation(grad, ref.data, ref.count), tolerance);
    }
}

void golden_penalty(Golden *g, const json_t *info)
{
    PenaltyCase c = {.g = g};
    const GoldenArray real = golden_need(g, g->name, "real"),
                      fake = golden_need(g, g->name, "fake");

    if (!g->err)
        create(&c, info);
    if (!g->err)
        build(&c, &real);
    if (!g->err) {
        golden_used_plan(g, c.gan->plan);
        run(&c, &real, &fake);
        check(&c);
    }
    p2p_apply_destroy(&c.penalty);
    p2p_apply_destroy(&c.again);
    p2p_grads_finish(&c.grads);
    p2p_gan_destroy(&c.gan);
}
