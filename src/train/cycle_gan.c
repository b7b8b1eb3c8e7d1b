/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan of one CycleGAN training step. Everything about its order and losses stands here. */
#include "src/train/cycle_gan.h"

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/train/augment.h"

const P2pOptionDefault p2p_cycle_gan_defaults[] = {
    {"dataset_mode", "unaligned"}, {"netG", "resnet_9blocks"},
    {"norm", "instance"},          {"no_dropout", "1"},
    {"gan_mode", "lsgan"},         {"unconditional_D", "1"},
    {"pool_size", "50"},           {NULL, NULL},
};

/* The places of a way's networks, losses and applications; a way is A to B and back, or B to A. */
enum { A, B, WAYS };
enum { LOSS_D, LOSS_G, LOSS_CYCLE, LOSS_IDT, LOSS_GP, LOSSES };
enum {
    APPLY_FAKE,
    APPLY_JUDGE,
    APPLY_CYCLE,
    APPLY_IDT,
    APPLY_REAL, /* the halves of what D learns from */
    APPLY_POOLED,
    APPLY_PENALTY,
    APPLIES
};

static const P2pNetwork networks_g[WAYS] = {
    {"G_A", {.task = P2P_GENERATOR, .passes = 3}},
    {"G_B", {.task = P2P_GENERATOR, .back = true, .passes = 3}},
};
static const P2pNetwork networks_d[WAYS] = {
    {"D_A", {.task = P2P_DISCRIMINATOR, .passes = 3}},
    {"D_B", {.task = P2P_DISCRIMINATOR, .back = true, .passes = 3}},
};
static const char *const loss_names[WAYS][LOSSES] = {{"D_A", "G_A", "cycle_A", "idt_A", "gp_A"},
                                                     {"D_B", "G_B", "cycle_B", "idt_B", "gp_B"}};
static const char *const pool_names[WAYS] = {"pool.A", "pool.B"};
static const P2pMode train_d = {.update_running = true};

/* While building: the step's tensors and applications. Index w: the way that begins there. */
typedef struct Build {
    P2pGan *gan;
    P2pPlan *plan;
    const P2pOptions *o;
    P2pGanUpdate update;
    P2pMode train_g;
    P2pNet *g[WAYS], *d[WAYS];
    P2pGrads grads_g[WAYS], grads_d[WAYS];
    P2pApply *apply[WAYS][APPLIES];
    bool at_once; /* p2p_gan_sees_at_once() */
    int real[WAYS], fake[WAYS], again[WAYS], same[WAYS];
} Build;

static bool has_penalty(const Build *b)
{
    return b->o->gan_mode == P2P_GAN_WGANGP && b->o->lambda_gp > 0;
}

/* Losses of a way: the penalty is the last. */
static int loss_count(const Build *b)
{
    return LOSSES - !has_penalty(b);
}

static int loss_index(const Build *b, int way, int loss)
{
    return way * loss_count(b) + loss;
}

static double lambda(const Build *b, int way)
{
    return way == A ? b->o->lambda_A : b->o->lambda_B;
}

/* Whether D takes a map of logits for real, that much of a loss. */
static P2pAttr gan_loss(const Build *b, bool real, bool of_generator, int index, float factor)
{
    P2pAttr attr = p2p_gan_judgement(b->o->gan_mode, real, of_generator);

    attr.value_scale = attr.grad_scale = factor;
    attr.index = index;
    return attr;
}

static int l1_loss(Build *b, int index, double weight, int x, int target)
{
    const P2pAttr attr = {.loss = P2P_LOSS_L1,
                          .value_scale = (float)weight,
                          .grad_scale = (float)weight,
                          .index = index};

    return p2p_gan_loss(b->gan, &attr, x, target, -1);
}

/* Append a forward pass of a generator; its output keeps its memory, to be shown. */
static int translate(Build *b, int way, int which, P2pNet *g, int input, int *output)
{
    P2pApply **apply = &b->apply[way][which];
    const int err = p2p_apply_forward(apply, b->plan, g, input, b->gan->hyper, &b->train_g, true);

    if (!err)
        *output = p2p_apply_output(*apply);
    return err;
}

/*
 * There and back: the losses of a way, and their gradients in both generators. The way's own one is
 * gone back through last, with Adam where its gradients are complete then.
 */
static int build_way(Build *b, int way)
{
    P2pNet *there = b->g[way], *back = b->g[!way];
    P2pApply **apply = b->apply[way];
    const P2pAdam *adam = way == B && b->o->lambda_identity == 0 ? &b->update.adam : NULL;
    const P2pAttr judged = gan_loss(b, true, true, loss_index(b, way, LOSS_G), 1);
    int err;

    if ((err = translate(b, way, APPLY_FAKE, there, b->real[way], &b->fake[way])) < 0)
        return err;
    const P2pGanSight seen = p2p_gan_show(b->gan, -1, b->fake[way], -1);
    if ((err = p2p_apply_forward(&apply[APPLY_JUDGE], b->plan, b->d[way], seen.all, b->gan->hyper,
                                 &train_d, false)) < 0 ||
        (err = translate(b, way, APPLY_CYCLE, back, b->fake[way], &b->again[way])) < 0)
        return err;
    const P2pTensor *fake = p2p_plan_get(b->plan, b->fake[way]);
    if (!fake)
        return P2P_OK; /* the plan failed before; p2p_plan_finish() says so */
    const int dseen = p2p_plan_tensor(b->plan, p2p_tensor_nhwc(fake->n, fake->h, fake->w, fake->c));
    const int dlogits = p2p_gan_loss(b->gan, &judged, p2p_apply_output(apply[APPLY_JUDGE]), -1, -1);
    const int dagain =
        l1_loss(b, loss_index(b, way, LOSS_CYCLE), lambda(b, way), b->again[way], b->real[way]);
    const P2pBackward judge = {.dy = dlogits, .dx = dseen};
    if ((err = p2p_apply_backward(apply[APPLY_JUDGE], &judge)) < 0)
        return err;
    const int dfake = p2p_augment_tint_back(b->gan, seen.drawing[0],
                                            p2p_augment_move_back(b->gan, seen.drawing[0], dseen));
    const P2pBackward cycle = {
        .dy = dagain, .dx = dfake, .add = true, .grads = &b->grads_g[!way], .adam = adam};
    const P2pBackward first = {.dy = dfake, .dx = -1, .grads = &b->grads_g[way], .adam = adam};
    if ((err = p2p_apply_backward(apply[APPLY_CYCLE], &cycle)) < 0)
        return err;
    return p2p_apply_backward(apply[APPLY_FAKE], &first);
}

/* A generator leaves pictures that are there already as they are; Adam after its last term. */
static int build_identity(Build *b, int way)
{
    const double weight = lambda(b, !way) * b->o->lambda_identity;
    const int real = b->real[!way];
    const int err = translate(b, way, APPLY_IDT, b->g[way], real, &b->same[way]);

    if (err)
        return err;
    const int dsame = l1_loss(b, loss_index(b, way, LOSS_IDT), weight, b->same[way], real);
    return p2p_apply_backward(
        b->apply[way][APPLY_IDT],
        &(P2pBackward){.dy = dsame, .dx = -1, .grads = &b->grads_g[way], .adam = &b->update.adam});
}

/* Of the other side's real pictures, then of fakes. */
static int build_d(Build *b, int way)
{
    const float factor = (float)b->o->lambda_D;
    const int index = loss_index(b, way, LOSS_D);
    const int pooled = p2p_gan_add_pool(b->gan, pool_names[way], b->o->pool_size, b->fake[way]);
    const P2pGanSight seen = p2p_gan_show(b->gan, -1, b->real[!way], pooled);
    const P2pGanPenalty penalty = {.net = b->d[way],
                                   .real = seen.half[0],
                                   .fake = seen.half[1],
                                   .index = loss_index(b, way, LOSS_GP),
                                   .weight = (float)b->o->lambda_gp,
                                   .grads = &b->grads_d[way],
                                   .apply = &b->apply[way][APPLY_PENALTY]};
    P2pGanLesson lesson = {
        .net = b->d[way],
        .seen = seen.all,
        .loss = {gan_loss(b, true, false, index, factor), gan_loss(b, false, false, index, factor)},
        .at_once = b->at_once,
        .penalty = has_penalty(b) ? &penalty : NULL,
        .grads = &b->grads_d[way],
        .apply = &b->apply[way][APPLY_REAL]};

    lesson.loss[1].add_value = true;
    return p2p_gan_teach(b->gan, &lesson);
}

static int build_step(Build *b)
{
    static int (*const parts[])(Build *, int) = {build_way, build_identity, build_d};
    int err = P2P_OK;

    for (size_t part = 0; part < P2P_COUNT(parts); part++)
        for (int way = A; !err && way < WAYS; way++)
            if (parts[part] != build_identity || b->o->lambda_identity > 0)
                err = parts[part](b, way);
    return err;
}

/* Networks and inputs: what the step is made of. */
static int build_parts(Build *b, int height, int width)
{
    static const P2pGanSide sides[WAYS] = {P2P_GAN_INPUT, P2P_GAN_TARGET};
    const int channels[WAYS] = {b->o->input_nc, b->o->output_nc};
    int err = P2P_OK;

    for (int way = A; !err && way < WAYS; way++) {
        P2pNetwork network = networks_g[way];
        const P2pNetSpec spec = p2p_network_spec(b->o, network.role);
        network.role.passes -= b->o->lambda_identity == 0;
        err = p2p_gan_add_net(b->gan, &network, &spec, network.role.passes, &b->g[way],
                              &b->grads_g[way]);
    }
    for (int way = A; !err && way < WAYS; way++) {
        const P2pNetSpec spec = p2p_network_spec(b->o, networks_d[way].role);
        b->at_once = p2p_gan_sees_at_once(b->gan, &spec, has_penalty(b));
        err = p2p_gan_add_net(b->gan, &networks_d[way], &spec, b->at_once ? 1 : 2, &b->d[way],
                              &b->grads_d[way]);
    }
    for (int way = A; !err && way < WAYS; way++) {
        for (int i = 0; i < loss_count(b); i++)
            p2p_gan_add_loss(b->gan, loss_names[way][i]);
        b->real[way] = p2p_gan_add_input(
            b->gan, sides[way], p2p_tensor_nhwc(b->o->batch_size, height, width, channels[way]));
    }
    return err;
}

static void show(Build *b)
{
    for (int way = A; way < WAYS; way++) {
        const int real = b->gan->picture_count;
        const P2pGanPicture pictures[] = {{b->real[way]},
                                          {b->fake[way], b->g[way], real},
                                          {b->again[way], b->g[!way], real + 1},
                                          {b->same[!way], b->g[!way], real}};
        const int count = (int)P2P_COUNT(pictures) - (b->o->lambda_identity == 0);
        for (int i = 0; i < count; i++)
            p2p_gan_add_picture(b->gan, pictures[i]);
    }
}

static void build_finish(Build *b)
{
    for (int way = A; way < WAYS; way++) {
        for (int i = 0; i < APPLIES; i++)
            p2p_apply_destroy(&b->apply[way][i]);
        p2p_grads_finish(&b->grads_g[way]);
        p2p_grads_finish(&b->grads_d[way]);
    }
}

static int check(const P2pOptions *o)
{
    if (o->lambda_identity > 0 && o->input_nc != o->output_nc)
        return p2p_fail(P2P_EINVAL,
                        "--lambda_identity needs as many channels in A as in B, not --input_nc %d "
                        "and --output_nc %d; give --lambda_identity 0",
                        o->input_nc, o->output_nc);
    if (!o->unconditional_D)
        return p2p_fail(P2P_EINVAL, "--model cycle_gan has discriminators of single pictures; that "
                                    "of --init_from sees pairs: leave it out");
    return P2P_OK;
}

int p2p_cycle_gan_create(P2pGan **out, P2pDevice *device, const P2pOptions *o, int height,
                         int width, const P2pChoice *choice, P2pGanShared *shared)
{
    Build b = {.o = o,
               .update = p2p_gan_update(o),
               .train_g = {.update_running = true, .dropout = !o->no_dropout}};
    int err = check(o);

    if (err || (err = p2p_gan_create(out, device, &b.update, choice, shared)) < 0)
        return err;
    b.gan = *out;
    b.plan = b.gan->plan;
    if ((err = build_parts(&b, height, width)) == P2P_OK && (err = build_step(&b)) == P2P_OK) {
        show(&b);
        err = p2p_gan_finish(b.gan);
    }
    build_finish(&b);
    if (err)
        p2p_gan_destroy(out);
    return err;
}
