/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of gradients when all of them are there, in whole steps of pix2pix on small networks:
 * two batches of one picture move weights as one batch of two does; clipped gradients keep their
 * direction and have the length asked for; averages of weights follow the recursion.
 *
 * Adam's first moments after the first step are (1 - beta1) times the gradients. Tolerance, relative in
 * L2: 1e-5 holds f32 sums of thousands of terms in another order; a gradient that is missing, counted
 * twice or not averaged is off by its size.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/train/pix2pix.h"

enum { SIZE = 32, CHANNELS = 3, PICTURE = SIZE * SIZE * CHANNELS };

static const double tolerance = 1e-5, beta1 = 0.5;
static int passed, failed;
static P2pDevice *device;
static float pictures[2][2 * PICTURE]; /* inputs, targets */

static void must(int err)
{
    if (!err)
        return;
    fprintf(stderr, "update: %s\n", p2p_error());
    exit(1);
}

static void check(const char *what, double got, double most)
{
    const bool ok = got <= most;

    printf("%-7s %s: %.3g\n", ok ? "ok" : "FAILED", what, got);
    passed += ok;
    failed += !ok;
}

static P2pGan *make(int batch, float lambda_gan, P2pGanUpdate update)
{
    P2pPix2pixSpec spec = {
        .g = {"unet_128", 3, 3, 4, 5, P2P_NORM_INSTANCE},
        .d = {"basic", 6, 0, 4, 3, P2P_NORM_INSTANCE},
        .batch = batch,
        .height = SIZE,
        .width = SIZE,
        .gan_mode = P2P_GAN_VANILLA,
        .lambda_l1 = 10,
        .lambda_gan = lambda_gan,
        .d_factor = 0.5f,
    };
    P2pGan *gan;

    update.adam.beta1 = beta1;
    update.adam.beta2 = 0.999;
    update.adam.eps = 1e-8f;
    spec.update = update;
    must(p2p_pix2pix_create(&gan, device, &spec, NULL, NULL));
    for (int i = 0; i < gan->net_count; i++) {
        P2pNet *from = p2p_gan_followed(gan, gan->nets[i]);
        must(from ? p2p_net_copy(gan->nets[i], from)
                  : p2p_net_init(gan->nets[i], P2P_INIT_NORMAL, 0.2f, 1));
    }
    return gan;
}

/* Pictures from number `first` on. */
static void run(P2pGan *gan, int first, long t, int batch)
{
    const float *const sides[] = {pictures[0] + first * PICTURE, pictures[1] + first * PICTURE};

    must(p2p_gan_step(gan, sides, &(P2pStepInfo){.lr = 1e-3f, .t = t, .batch = batch}));
}

static double *values(P2pNet *net, P2pState state, size_t *count)
{
    double *all;
    size_t n = 0;

    for (int i = 0; i < net->graph->param_count; i++)
        n += p2p_param_elements(&net->graph->params[i]);
    float *host = p2p_alloc(n, sizeof(*host));
    must((all = p2p_alloc(n, sizeof(*all))) && host ? P2P_OK : P2P_ENOMEM);
    n = 0;
    for (int i = 0; i < net->graph->param_count; i++) {
        if (!net->state[state][i].buffer)
            continue;
        must(p2p_net_download(net, i, state, host + n));
        n += p2p_param_elements(&net->graph->params[i]);
    }
    for (size_t i = 0; i < n; i++)
        all[i] = host[i];
    free(host);
    *count = n;
    return all;
}

static double norm(const double *a, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += a[i] * a[i];
    return sqrt(sum);
}

/* |a - scale b| / |scale b| */
static double distance(const double *a, const double *b, double scale, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (a[i] - scale * b[i]) * (a[i] - scale * b[i]);
    return sqrt(sum) / (fabs(scale) * norm(b, count));
}

/* Moments of a network after a step on both pictures. */
static double *moments(int batch, float lambda_gan, int net, P2pGanUpdate update, size_t *count)
{
    P2pGan *gan = make(batch, lambda_gan, update);

    for (int i = 0; i < 2 / batch; i++)
        run(gan, i, 1, i);
    double *m = values(gan->nets[net], P2P_STATE_ADAM_M, count);
    p2p_gan_destroy(&gan);
    return m;
}

static void accumulating_is_a_larger_batch(float lambda_gan, int net, const char *what)
{
    size_t count;
    double *whole = moments(2, lambda_gan, net, (P2pGanUpdate){0}, &count);
    double *parts = moments(1, lambda_gan, net, (P2pGanUpdate){.adam.batches = 2}, &count);

    check(what, distance(parts, whole, 1, count), tolerance);
    free(whole);
    free(parts);
}

static void clipping_shortens(int batches, int net, const char *what)
{
    const int batch = 2 / (batches ? batches : 1);
    size_t count;
    double *free_ones =
        moments(batch, net ? 1 : 0, net, (P2pGanUpdate){.adam.batches = batches}, &count);
    const double length = norm(free_ones, count) / (1 - beta1), most = length / 3;
    const P2pGanUpdate update = {.adam = {.batches = batches, .clip = (float)most}};
    const P2pGanUpdate wide = {.adam = {.batches = batches, .clip = (float)length * 2}};
    double *clipped = moments(batch, net ? 1 : 0, net, update, &count);
    double *same = moments(batch, net ? 1 : 0, net, wide, &count);

    printf("gradient of length %.4g, clipped to %.4g\n", length, most);
    check(what, distance(clipped, free_ones, (double)update.adam.clip / (length + 1e-6), count),
          tolerance);
    check("a shorter gradient stays", distance(same, free_ones, 1, count), tolerance);
    free(free_ones);
    free(clipped);
    free(same);
}

static void averages_follow(double decay)
{
    P2pGan *gan = make(2, 1, (P2pGanUpdate){.ema_decay = decay});
    P2pNet *average = gan->nets[gan->net_count - 1];
    size_t count;
    double *wanted = values(gan->nets[0], P2P_STATE_VALUE, &count);

    must(strcmp(average->name, "G_ema") ? P2P_EINVAL : P2P_OK);
    for (long t = 1; t <= 4; t++) {
        const double share = 1 - fmin(decay, (double)(1 + t) / (double)(10 + t));
        run(gan, 0, t, 0);
        double *now = values(gan->nets[0], P2P_STATE_VALUE, &count);
        for (size_t i = 0; i < count; i++)
            wanted[i] += share * (now[i] - wanted[i]);
        free(now);
    }
    double *got = values(average, P2P_STATE_VALUE, &count);
    double *now = values(gan->nets[0], P2P_STATE_VALUE, &count);
    check("averaged weights", distance(got, wanted, 1, count), 1e-6);
    check("which are others than the last", 1e-4 / distance(got, now, 1, count), 1);
    free(got);
    free(now);
    free(wanted);
    p2p_gan_destroy(&gan);
}

int main(void)
{
    must(p2p_device_open(&device, &(P2pDeviceSettings){.device = "cpu"}));
    for (unsigned side = 0; side < 2; side++)
        for (size_t i = 0; i < 2 * PICTURE; i++)
            pictures[side][i] = p2p_rng_symmetric(p2p_rng_word(7, side, i));
    accumulating_is_a_larger_batch(1, 1, "D: two batches of one, a batch of two");
    accumulating_is_a_larger_batch(0, 0, "G: two batches of one, a batch of two");
    clipping_shortens(0, 0, "G clipped");
    clipping_shortens(0, 1, "D clipped");
    clipping_shortens(2, 1, "D clipped, over two batches");
    averages_follow(0.9);
    averages_follow(0.2);
    p2p_device_close(&device);
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
