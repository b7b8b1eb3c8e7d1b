/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan of one pix2pix training step. Everything about its order and losses stands here. */
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/train/gan.h"

enum { LOSS_G_GAN, LOSS_G_L1, LOSS_D_REAL, LOSS_D_FAKE, LOSSES };
enum { NET_G, NET_D };

/* While building: the step's tensors and applications. */
typedef struct Build {
    P2pGan *gan;
    P2pPlan *plan;
    const P2pPix2pixSpec *spec;
    int a, b, fake;
    int fake_pair, real_pair; /* what D sees */
    P2pApply *apply_g, *apply_d[3];
    P2pGrads grads_g, grads_d;
} Build;

static const P2pMode train_d = {.update_running = true};

/* [A, picture] for D, or the picture alone. */
static int pair(Build *b, int picture)
{
    const P2pPix2pixSpec *s = b->spec;

    if (s->unconditional)
        return picture;
    const int in = s->g.input_nc, out = s->g.output_nc;
    const int both =
        p2p_plan_tensor(b->plan, p2p_tensor_nhwc(s->batch, s->height, s->width, in + out));
    P2P_PLAN_STEP(b->plan, "pair", &p2p_pass_copy, NULL, b->a,
                  p2p_plan_slice(b->plan, both, 0, in));
    P2P_PLAN_STEP(b->plan, "pair", &p2p_pass_copy, NULL, picture,
                  p2p_plan_slice(b->plan, both, in, out));
    return both;
}

/* The GAN loss of a map of logits against real (1) or fake (0); returns its gradient. */
static int gan_loss(Build *b, const char *label, int logits, int index, float target,
                    float value_scale, float grad_scale)
{
    const P2pTensor *t = p2p_plan_get(b->plan, logits);
    const P2pAttr attr = {.loss = b->spec->gan_mode,
                          .value = target,
                          .value_scale = value_scale,
                          .grad_scale = grad_scale,
                          .index = index};

    if (!t)
        return -1;
    const int dx = p2p_plan_tensor(b->plan, p2p_tensor_nhwc(t->n, t->h, t->w, t->c));
    P2P_PLAN_STEP(b->plan, label, &p2p_pass_loss, &attr, logits, -1, b->gan->losses, dx);
    return dx;
}

/* One of D's two terms: forward, loss, backward into D's gradients; adam after the second. */
static int build_d_term(Build *b, int which, const char *label, int input, int index, float target,
                        const P2pAdam *adam)
{
    P2pApply **d = &b->apply_d[which];
    int err =
        p2p_apply_forward(d, b->plan, b->gan->nets[NET_D], input, b->gan->hyper, &train_d, false);

    if (err)
        return err;
    const int dy = gan_loss(b, label, p2p_apply_output(*d), index, target, 1.0f, b->spec->d_factor);
    return p2p_apply_backward(
        *d, &(P2pBackward){.dy = dy, .dx = -1, .grads = &b->grads_d, .adam = adam});
}

static int build_d_step(Build *b)
{
    int err = build_d_term(b, 0, "D_fake", b->fake_pair, LOSS_D_FAKE, 0.0f, NULL);

    return err ? err
               : build_d_term(b, 1, "D_real", b->real_pair, LOSS_D_REAL, 1.0f, &b->spec->adam);
}

/* The gradient of the fake picture from G's two terms. */
static int build_g_losses(Build *b, int *dfake)
{
    const P2pPix2pixSpec *s = b->spec;
    const P2pTensor shape = p2p_tensor_nhwc(s->batch, s->height, s->width, s->g.output_nc);
    bool add = false;

    if (s->lambda_gan > 0) {
        P2pApply **d = &b->apply_d[2];
        const int err = p2p_apply_forward(d, b->plan, b->gan->nets[NET_D], b->fake_pair,
                                          b->gan->hyper, &train_d, false);
        if (err)
            return err;
        const int dy = gan_loss(b, "G_GAN", p2p_apply_output(*d), LOSS_G_GAN, 1.0f, s->lambda_gan,
                                s->lambda_gan);
        P2pTensor seen = shape;
        seen.c = seen.stride = s->g.output_nc + (s->unconditional ? 0 : s->g.input_nc);
        const int dpair = p2p_plan_tensor(b->plan, seen);
        p2p_apply_backward(*d, &(P2pBackward){.dy = dy, .dx = dpair});
        *dfake = p2p_plan_slice(b->plan, dpair, seen.c - s->g.output_nc, s->g.output_nc);
        add = true;
    } else {
        *dfake = p2p_plan_tensor(b->plan, shape);
    }
    const P2pAttr l1 = {.loss = P2P_LOSS_L1,
                        .value_scale = s->lambda_l1,
                        .grad_scale = s->lambda_l1,
                        .index = LOSS_G_L1,
                        .accumulate = add};
    if (s->lambda_l1 > 0)
        P2P_PLAN_STEP(b->plan, "G_L1", &p2p_pass_loss, &l1, b->fake, b->b, b->gan->losses, *dfake);
    return P2P_OK;
}

static int build_step(Build *b)
{
    const P2pPix2pixSpec *s = b->spec;
    const P2pMode train_g = {.update_running = true, .dropout = s->dropout};
    int dfake = -1, err;

    if ((err = p2p_apply_forward(&b->apply_g, b->plan, b->gan->nets[NET_G], b->a, b->gan->hyper,
                                 &train_g, true)) < 0)
        return err;
    b->fake = b->gan->output = p2p_apply_output(b->apply_g);
    if (s->lambda_gan > 0) {
        b->fake_pair = pair(b, b->fake);
        b->real_pair = pair(b, b->b);
        if ((err = build_d_step(b)) < 0)
            return err;
    }
    if ((err = build_g_losses(b, &dfake)) < 0)
        return err;
    return p2p_apply_backward(
        b->apply_g, &(P2pBackward){.dy = dfake, .dx = -1, .grads = &b->grads_g, .adam = &s->adam});
}

static int create_nets(P2pGan *gan, const P2pPix2pixSpec *spec)
{
    const P2pNetSpec *specs[] = {&spec->g, &spec->d};
    const char *names[] = {"G", "D"};
    const int wanted = spec->lambda_gan > 0 ? 2 : 1;
    int err = P2P_OK;

    for (int i = 0; !err && i < wanted; i++) {
        P2pGraph *graph;
        if ((err = p2p_nets_build(&graph, specs[i])) == P2P_OK &&
            (err = p2p_net_create(&gan->nets[i], gan->device, graph, names[i], true)) == P2P_OK)
            gan->net_count++;
    }
    return err;
}

static void build_finish(Build *b)
{
    p2p_apply_destroy(&b->apply_g);
    for (int i = 0; i < 3; i++)
        p2p_apply_destroy(&b->apply_d[i]);
    p2p_grads_finish(&b->grads_g);
    p2p_grads_finish(&b->grads_d);
}

int p2p_pix2pix_create(P2pGan **out, P2pDevice *device, const P2pPix2pixSpec *spec,
                       const P2pChoice *choice)
{
    static const char *const names[LOSSES] = {"G_GAN", "G_L1", "D_real", "D_fake"};
    P2pGan *gan = *out = p2p_alloc(1, sizeof(*gan));
    Build b = {.gan = gan, .spec = spec};
    int err = gan ? P2P_OK : P2P_ENOMEM;

    if (err)
        return err;
    gan->device = device;
    gan->beta1 = spec->adam.beta1;
    gan->beta2 = spec->adam.beta2;
    gan->loss_count = LOSSES;
    for (int i = 0; i < LOSSES; i++)
        gan->loss_names[i] = names[i];
    if ((err = p2p_plan_create(&gan->plan, device, choice)) < 0 ||
        (err = create_nets(gan, spec)) < 0 ||
        (err = p2p_grads_init(&b.grads_g, gan->nets[NET_G])) < 0 ||
        (gan->nets[NET_D] && (err = p2p_grads_init(&b.grads_d, gan->nets[NET_D])) < 0))
        goto fail;

    b.plan = gan->plan;
    const P2pTensor picture =
        p2p_tensor_nhwc(spec->batch, spec->height, spec->width, spec->g.input_nc);
    P2pTensor target = picture;
    target.c = target.stride = spec->g.output_nc;
    gan->hyper = p2p_plan_keep(gan->plan, p2p_tensor_vector(P2P_HYPER_WORDS));
    gan->losses = p2p_plan_keep(gan->plan, p2p_tensor_vector(P2P_GAN_MAX_LOSSES));
    b.a = gan->input[0] = p2p_plan_keep(gan->plan, picture);
    b.b = gan->input[1] = p2p_plan_keep(gan->plan, target);
    gan->input_count = 2;
    if ((err = build_step(&b)) < 0 || (err = p2p_plan_finish(gan->plan)) < 0)
        goto fail;
    build_finish(&b);
    return P2P_OK;

fail:
    build_finish(&b);
    p2p_gan_destroy(out);
    return err;
}
