/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures on their way to a discriminator and their gradients on the way back, against central
 * differences of a loss, the plan computed in double; and that what is drawn differs: by picture, by
 * drawing and by step.
 *
 * Tolerance, relative in L2: 1e-5 holds f32 sums of hundreds of terms; a gradient that misses a mean, or
 * lies one pixel beside, is off by its size.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/train/augment.h"
#include "tests/graph/in_double.h"

enum { N = 2, H = 9, W = 12, C = 3, COUNT = N * H * W * C };

static const double tolerance = 1e-5, step = 1e-5;
static int passed, failed;
static P2pDevice *device;

static void must(int err)
{
    if (!err)
        return;
    fprintf(stderr, "augment: %s\n", p2p_error());
    exit(1);
}

static void check(const char *what, bool good)
{
    printf("%-7s %s\n", good ? "ok" : "FAILED", what);
    passed += good;
    failed += !good;
}

typedef struct Seen {
    P2pGan *gan;
    int x, y, other, loss, dx;
} Seen;

/* y and other: x by two drawings; a loss of y, and the gradient of x. */
static void build(Seen *s, unsigned augment)
{
    const P2pTensor shape = p2p_tensor_nhwc(N, H, W, C);
    const P2pAttr mse = {.loss = P2P_LOSS_MSE, .value = 0.3f, .value_scale = 1, .grad_scale = 1};

    must(p2p_gan_create(&s->gan, device, &(P2pGanUpdate){.augment = augment}, NULL, NULL));
    P2pPlan *plan = s->gan->plan;
    s->x = p2p_plan_keep(plan, shape);
    s->y = p2p_plan_keep(plan, shape);
    s->other = p2p_plan_keep(plan, shape);
    s->dx = p2p_plan_keep(plan, shape);
    const uint32_t first = p2p_augment_draw(s->gan), second = p2p_augment_draw(s->gan);
    const int seen = p2p_augment_move(s->gan, first, p2p_augment_tint(s->gan, first, s->x), -1);
    P2P_PLAN_STEP(plan, "y", &p2p_pass_copy, NULL, seen, s->y);
    P2P_PLAN_STEP(plan, "other", &p2p_pass_copy, NULL,
                  p2p_augment_move(s->gan, second, p2p_augment_tint(s->gan, second, s->x), -1),
                  s->other);
    s->loss = p2p_gan_add_loss(s->gan, "loss");
    const int dy = p2p_gan_loss(s->gan, &mse, seen, -1, -1);
    P2P_PLAN_STEP(plan, "dx", &p2p_pass_copy, NULL,
                  p2p_augment_tint_back(s->gan, first, p2p_augment_move_back(s->gan, first, dy)),
                  s->dx);
    must(p2p_gan_finish(s->gan));
}

static void run(Seen *s, uint32_t number, bool same)
{
    const uint32_t hyper[P2P_HYPER_WORDS] = {[P2P_HYPER_SEED] = 11, [P2P_HYPER_STEP] = number};
    float host[COUNT];

    for (size_t i = 0; i < COUNT; i++)
        host[i] = p2p_rng_symmetric(p2p_rng_word(1, 2, same ? i % (COUNT / N) : i));
    must(p2p_tensor_upload(p2p_plan_get(s->gan->plan, s->x), host, false));
    must(p2p_buffer_write(p2p_plan_get(s->gan->plan, s->gan->hyper)->buffer, 0, sizeof(hyper),
                          hyper));
    must(p2p_plan_run(s->gan->plan));
}

static void read(const Seen *s, int tensor, float host[COUNT])
{
    must(p2p_tensor_download(p2p_plan_get(s->gan->plan, tensor), host, false));
}

static double loss_in_double(const Seen *s, InDouble *d)
{
    in_double_run(d);
    return *in_double_at(d, p2p_plan_get(s->gan->plan, s->gan->losses), (size_t)s->loss);
}

static void gradient_matches_differences(Seen *s, const char *what)
{
    float ours[COUNT];
    double error = 0, norm = 0;
    InDouble d;

    read(s, s->dx, ours);
    in_double_init(&d, s->gan->plan);
    for (size_t i = 0; i < COUNT; i++) {
        double *at = in_double_at(&d, p2p_plan_get(s->gan->plan, s->x), i);
        const double before = *at;
        *at = before + step;
        const double above = loss_in_double(s, &d);
        *at = before - step;
        const double slope = (above - loss_in_double(s, &d)) / (2 * step);
        *at = before;
        error += pow(ours[i] - slope, 2);
        norm += slope * slope;
    }
    printf("%s: gradient off by %.1e\n", what, sqrt(error / norm));
    check(what, norm > 0 && sqrt(error / norm) <= tolerance);
    in_double_finish(&d);
}

static void check_kind(unsigned augment, const char *what)
{
    float y[COUNT], other[COUNT], later[COUNT];
    Seen s;

    build(&s, augment);
    run(&s, 3, false);
    gradient_matches_differences(&s, what);
    run(&s, 3, true);
    read(&s, s.y, y);
    read(&s, s.other, other);
    check("two pictures are drawn for apart", memcmp(y, y + COUNT / N, sizeof(y) / N) != 0);
    check("two drawings are two", memcmp(y, other, sizeof(y)) != 0);
    run(&s, 4, true);
    read(&s, s.y, later);
    check("and so are two steps", memcmp(y, later, sizeof(y)) != 0);
    run(&s, 3, true);
    read(&s, s.y, later);
    check("a step is always drawn the same", memcmp(y, later, sizeof(y)) == 0);
    p2p_gan_destroy(&s.gan);
}

int main(void)
{
    must(p2p_device_open(&device, &(P2pDeviceSettings){.device = "cpu"}));
    check_kind(P2P_AUGMENT_COLOR, "color");
    check_kind(P2P_AUGMENT_TRANSLATION, "translation");
    check_kind(P2P_AUGMENT_CUTOUT, "cutout");
    check_kind(P2P_AUGMENT_COLOR | P2P_AUGMENT_TRANSLATION | P2P_AUGMENT_CUTOUT, "all");
    p2p_device_close(&device);
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
