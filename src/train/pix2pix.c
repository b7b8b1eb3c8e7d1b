/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan of one pix2pix training step. Everything about its order and losses stands here. */
#include "src/train/pix2pix.h"

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/train/augment.h"

enum { LOSS_G_GAN, LOSS_G_L1, LOSS_D_REAL, LOSS_D_FAKE, LOSS_D_GP, LOSSES };
/* Of D; fake and real are the halves of what it learns from. */
enum { APPLY_FAKE, APPLY_REAL, APPLY_PENALTY, APPLY_G, APPLIES };

/* While building: the step's tensors and applications. */
typedef struct Build {
    P2pGan *gan;
    P2pPlan *plan;
    const P2pPix2pixSpec *spec;
    P2pNet *g, *d;
    int a, b, fake;
    P2pGanSight seen; /* by D: fake pairs, then real ones */
    bool at_once;     /* p2p_gan_sees_at_once() */
    P2pApply *apply_g, *apply_d[APPLIES];
    P2pGrads grads_g, grads_d;
} Build;

static const P2pNetwork network_g = {"G", {.task = P2P_GENERATOR, .passes = 1}};
static const P2pNetwork network_d = {"D", {.task = P2P_DISCRIMINATOR, .passes = 3}};
static const P2pMode train_d = {.update_running = true};

static P2pGanSight show(Build *b, int first, int second)
{
    return p2p_gan_show(b->gan, b->spec->unconditional ? -1 : b->a, first, second);
}

static bool has_penalty(const P2pPix2pixSpec *s)
{
    return s->gan_mode == P2P_GAN_WGANGP && s->lambda_gan > 0 && s->lambda_gp > 0;
}

/* The GAN loss of a map of logits. */
static P2pAttr gan_loss(const Build *b, int index, bool real, float value_scale, float grad_scale)
{
    P2pAttr attr = p2p_gan_judgement(b->spec->gan_mode, real, index == LOSS_G_GAN);

    attr.value_scale = value_scale;
    attr.grad_scale = grad_scale;
    attr.index = index;
    return attr;
}

static int build_d_step(Build *b)
{
    const P2pGanPenalty penalty = {.net = b->d,
                                   .real = b->seen.half[1],
                                   .fake = b->seen.half[0],
                                   .index = LOSS_D_GP,
                                   .weight = b->spec->lambda_gp,
                                   .grads = &b->grads_d,
                                   .apply = &b->apply_d[APPLY_PENALTY]};
    const float factor = b->spec->d_factor;
    const P2pGanLesson lesson = {.net = b->d,
                                 .seen = b->seen.all,
                                 .loss = {gan_loss(b, LOSS_D_FAKE, false, 1, factor),
                                          gan_loss(b, LOSS_D_REAL, true, 1, factor)},
                                 .at_once = b->at_once,
                                 .penalty = has_penalty(b->spec) ? &penalty : NULL,
                                 .grads = &b->grads_d,
                                 .apply = &b->apply_d[APPLY_FAKE]};

    return p2p_gan_teach(b->gan, &lesson);
}

/* The gradient of the fake picture from G's two terms. */
static int build_g_losses(Build *b, int *dfake)
{
    const P2pPix2pixSpec *s = b->spec;
    const P2pTensor shape = p2p_tensor_nhwc(s->batch, s->height, s->width, s->g.output_nc);
    bool add = false;

    if (s->lambda_gan > 0) {
        const P2pGanSight again = s->update.augment ? show(b, b->fake, -1) : b->seen;
        P2pApply **d = &b->apply_d[APPLY_G];
        const int err =
            p2p_apply_forward(d, b->plan, b->d, again.half[0], b->gan->hyper, &train_d, false);
        if (err)
            return err;
        const P2pAttr attr = gan_loss(b, LOSS_G_GAN, true, s->lambda_gan, s->lambda_gan);
        const int dy = p2p_gan_loss(b->gan, &attr, p2p_apply_output(*d), -1, -1);
        P2pTensor seen = shape;
        seen.c = seen.stride = s->g.output_nc + (s->unconditional ? 0 : s->g.input_nc);
        const int dpair = p2p_plan_tensor(b->plan, seen);
        p2p_apply_backward(*d, &(P2pBackward){.dy = dy, .dx = dpair});
        const int dmoved = p2p_augment_move_back(b->gan, again.drawing[0], dpair);
        *dfake = p2p_augment_tint_back(
            b->gan, again.drawing[0],
            p2p_plan_slice(b->plan, dmoved, seen.c - s->g.output_nc, s->g.output_nc));
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
        p2p_gan_loss(b->gan, &l1, b->fake, b->b, *dfake);
    return P2P_OK;
}

/* A picture of G or its gradient in A's holes; elsewhere another picture, or -1: 0. */
static int in_holes(Build *b, int picture, int elsewhere)
{
    const P2pPix2pixSpec *s = b->spec;

    if (!s->hole)
        return picture;
    const int out =
        p2p_plan_tensor(b->plan, p2p_tensor_nhwc(s->batch, s->height, s->width, s->g.output_nc));
    P2P_PLAN_STEP(b->plan, "holes", &p2p_pass_hole, NULL, picture,
                  p2p_plan_slice(b->plan, b->a, s->g.input_nc - 1, 1), elsewhere, out);
    return out;
}

static int build_step(Build *b)
{
    const P2pPix2pixSpec *s = b->spec;
    const P2pMode train_g = {.update_running = true, .dropout = s->dropout};
    int dfake = -1, err;

    if ((err = p2p_apply_forward(&b->apply_g, b->plan, b->g, b->a, b->gan->hyper, &train_g, true)) <
        0)
        return err;
    b->fake = in_holes(b, p2p_apply_output(b->apply_g), b->b);
    if (s->lambda_gan > 0) {
        b->seen = show(b, b->fake, b->b);
        if ((err = build_d_step(b)) < 0)
            return err;
    }
    if ((err = build_g_losses(b, &dfake)) < 0)
        return err;
    const int dy = in_holes(b, dfake, -1);
    return p2p_apply_backward(
        b->apply_g,
        &(P2pBackward){.dy = dy, .dx = -1, .grads = &b->grads_g, .adam = &s->update.adam});
}

/* Networks and inputs: what the step is made of. */
static int build_parts(Build *b)
{
    static const char *const names[LOSSES] = {"G_GAN", "G_L1", "D_real", "D_fake", "D_gp"};
    const P2pPix2pixSpec *s = b->spec;
    int err = p2p_gan_add_net(b->gan, &network_g, &s->g, 1, &b->g, &b->grads_g);

    b->at_once = p2p_gan_sees_at_once(b->gan, &s->d, has_penalty(s));
    if (!err && s->lambda_gan > 0)
        err = p2p_gan_add_net(b->gan, &network_d, &s->d, b->at_once ? 1 : 2, &b->d, &b->grads_d);
    if (err)
        return err;
    for (int i = 0; i < LOSSES - !has_penalty(s); i++)
        p2p_gan_add_loss(b->gan, names[i]);
    b->a = p2p_gan_add_input(b->gan, P2P_GAN_INPUT,
                             p2p_tensor_nhwc(s->batch, s->height, s->width, s->g.input_nc));
    b->b = p2p_gan_add_input(b->gan, P2P_GAN_TARGET,
                             p2p_tensor_nhwc(s->batch, s->height, s->width, s->g.output_nc));
    return P2P_OK;
}

static void build_finish(Build *b)
{
    p2p_apply_destroy(&b->apply_g);
    for (int i = 0; i < APPLIES; i++)
        p2p_apply_destroy(&b->apply_d[i]);
    p2p_grads_finish(&b->grads_g);
    p2p_grads_finish(&b->grads_d);
}

int p2p_pix2pix_create(P2pGan **out, P2pDevice *device, const P2pPix2pixSpec *spec,
                       const P2pChoice *choice, P2pGanShared *shared)
{
    Build b = {.spec = spec};
    int err = p2p_gan_create(out, device, &spec->update, choice, shared);

    if (err)
        return err;
    b.gan = *out;
    b.plan = b.gan->plan;
    if ((err = build_parts(&b)) == P2P_OK && (err = build_step(&b)) == P2P_OK) {
        p2p_gan_add_picture(b.gan, (P2pGanPicture){b.a});
        p2p_gan_add_picture(b.gan, (P2pGanPicture){b.fake, b.g, 0, spec->lab});
        p2p_gan_add_picture(b.gan, (P2pGanPicture){b.b, NULL, 0, spec->lab});
        err = p2p_gan_finish(b.gan);
    }
    build_finish(&b);
    if (err)
        p2p_gan_destroy(out);
    return err;
}

int p2p_pix2pix_create_from_options(P2pGan **out, P2pDevice *device, const P2pOptions *o,
                                    int height, int width, const P2pChoice *choice,
                                    P2pGanShared *shared)
{
    const P2pPix2pixSpec spec = {.g = p2p_network_spec(o, network_g.role),
                                 .d = p2p_network_spec(o, network_d.role),
                                 .batch = o->batch_size,
                                 .height = height,
                                 .width = width,
                                 .gan_mode = (P2pGanMode)o->gan_mode,
                                 .lambda_gp = (float)o->lambda_gp,
                                 .lambda_l1 = (float)o->lambda_L1,
                                 .lambda_gan = (float)o->lambda_GAN,
                                 .unconditional = o->unconditional_D,
                                 .d_factor = (float)o->lambda_D,
                                 .lab = o->lab,
                                 .hole = o->mask_loss == P2P_MASK_LOSS_HOLE,
                                 .dropout = !o->no_dropout,
                                 .update = p2p_gan_update(o)};

    return p2p_pix2pix_create(out, device, &spec, choice, shared);
}
