/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a discriminator learns of both halves at once is what it learns of one after the other: losses,
 * running statistics, and gradients by Adam's first moments after a step.
 *
 * Tolerance, relative in L2: 1e-5 holds f32 sums of thousands of terms in another order; halves that are
 * normalised together, exchanged or forgotten are off by percents.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/train/gan.h"

enum { HALF = 2, SIZE = 32, CHANNELS = 3, COUNT = 2 * HALF * SIZE * SIZE * CHANNELS };

static const double tolerance = 1e-5;
static int passed, failed;
static P2pDevice *device;

static void must(int err)
{
    if (!err)
        return;
    fprintf(stderr, "lesson: %s\n", p2p_error());
    exit(1);
}

/* One network, what it learns from, and its losses. */
typedef struct Class {
    P2pGan *gan;
    P2pNet *d;
    P2pGrads grads;
    P2pApply *apply[2];
    float losses[P2P_GAN_MAX_LOSSES];
} Class;

static void build(Class *c, P2pNorm norm, P2pGanMode gan_mode, bool at_once)
{
    static const P2pNetwork network = {"D", {.task = P2P_DISCRIMINATOR, .passes = 2}};
    const P2pNetSpec spec = {"basic", CHANNELS, 0, 8, 3, norm};
    const P2pGanUpdate update = {.adam = {.beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8f}};
    P2pGanLesson lesson = {.at_once = at_once, .grads = &c->grads, .apply = c->apply};

    must(p2p_gan_create(&c->gan, device, &update, NULL, NULL));
    must(p2p_gan_add_net(c->gan, &network, &spec, at_once ? 1 : 2, &c->d, &c->grads));
    lesson.net = c->d;
    lesson.seen =
        p2p_gan_add_input(c->gan, P2P_GAN_INPUT, p2p_tensor_nhwc(2 * HALF, SIZE, SIZE, CHANNELS));
    for (int i = 0; i < 2; i++) {
        lesson.loss[i] = p2p_gan_judgement(gan_mode, i, false);
        lesson.loss[i].value_scale = 1;
        lesson.loss[i].grad_scale = 0.5f;
        lesson.loss[i].index = p2p_gan_add_loss(c->gan, i ? "real" : "fake");
    }
    must(p2p_gan_teach(c->gan, &lesson));
    must(p2p_gan_finish(c->gan));
    must(p2p_net_init(c->d, P2P_INIT_NORMAL, 0.2f, 1));
}

/* The halves differ in brightness and contrast, as fakes do from real pictures. */
static void run(Class *c)
{
    static float pictures[COUNT];
    const float *const sides[] = {pictures, pictures};

    for (size_t i = 0; i < COUNT; i++) {
        const float v = p2p_rng_symmetric(p2p_rng_word(1, 2, i));
        pictures[i] = i < COUNT / 2 ? v : 0.3f + 0.5f * v;
    }
    must(p2p_gan_step(c->gan, sides, &(P2pStepInfo){.lr = 1e-3f, .t = 1}));
    must(p2p_gan_losses(c->gan, c->losses));
}

static void finish(Class *c)
{
    for (int i = 0; i < 2; i++)
        p2p_apply_destroy(&c->apply[i]);
    p2p_grads_finish(&c->grads);
    p2p_gan_destroy(&c->gan);
}

static void check(const char *kind, const char *what, double off)
{
    const bool ok = off <= tolerance;

    printf("%-7s %s, %s: off by %.2g\n", ok ? "ok" : "FAILED", kind, what, off);
    passed += ok;
    failed += !ok;
}

/* |a - b| / |b| of a parameter's state. */
static double distance(const Class *a, const Class *b, int i, P2pState state)
{
    const size_t count = p2p_param_elements(&a->d->graph->params[i]);
    float *x = p2p_alloc(count, sizeof(*x)), *y = p2p_alloc(count, sizeof(*y));
    double apart = 0, length = 0;

    must(x && y ? P2P_OK : P2P_ENOMEM);
    must(p2p_net_download(a->d, i, state, x));
    must(p2p_net_download(b->d, i, state, y));
    for (size_t k = 0; k < count; k++) {
        apart += pow((double)x[k] - (double)y[k], 2);
        length += pow((double)y[k], 2);
    }
    free(x);
    free(y);
    return sqrt(apart / length);
}

static void check_all(const char *kind, P2pNorm norm, P2pGanMode gan_mode)
{
    Class at_once = {0}, in_turn = {0};
    double moments = 0, running = 0, losses = 0;

    build(&at_once, norm, gan_mode, true);
    build(&in_turn, norm, gan_mode, false);
    run(&at_once);
    run(&in_turn);
    for (int i = 0; i < at_once.d->graph->param_count; i++) {
        const P2pParam *p = &at_once.d->graph->params[i];
        if (!p2p_param_is_trained(p))
            running = fmax(running, distance(&at_once, &in_turn, i, P2P_STATE_VALUE));
        else if (p->kind == P2P_PARAM_WEIGHT)
            moments = fmax(moments, distance(&at_once, &in_turn, i, P2P_STATE_ADAM_M));
    }
    for (int i = 0; i < at_once.gan->loss_count; i++)
        losses = fmax(losses, fabs((double)at_once.losses[i] / (double)in_turn.losses[i] - 1));
    check(kind, "gradients", moments);
    check(kind, "running statistics", running);
    check(kind, "losses", losses);
    finish(&at_once);
    finish(&in_turn);
}

int main(void)
{
    must(p2p_device_open(&device, &(P2pDeviceSettings){.device = "cpu"}));
    check_all("batch norm", P2P_NORM_BATCH, P2P_GAN_VANILLA);
    check_all("instance norm", P2P_NORM_INSTANCE, P2P_GAN_LSGAN);
    check_all("no norm", P2P_NORM_NONE, P2P_GAN_HINGE);
    p2p_device_close(&device);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}
