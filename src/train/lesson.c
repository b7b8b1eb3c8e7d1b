/* SPDX-License-Identifier: BSD-2-Clause */
/* What a discriminator learns in a step. */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/train/augment.h"

P2pAttr p2p_gan_judgement(int gan_mode, bool real, bool of_generator)
{
    const P2pAttr linear = {.loss = P2P_LOSS_MEAN, .value = real ? -1.0f : 1.0f};
    P2pAttr hinge = linear; /* what G minimises has no margin */

    hinge.loss = of_generator ? P2P_LOSS_MEAN : P2P_LOSS_HINGE;
    switch (gan_mode) {
    case P2P_GAN_LSGAN:
        return (P2pAttr){.loss = P2P_LOSS_MSE, .value = real};
    case P2P_GAN_WGANGP:
        return linear;
    case P2P_GAN_HINGE:
        return hinge;
    default:
        return (P2pAttr){.loss = P2P_LOSS_BCE, .value = real};
    }
}

/* A tensor of that shape, all 1. */
static int ones(P2pGan *g, const P2pTensor *shape)
{
    const P2pAttr attr = {.value = 1};
    const int x = p2p_plan_tensor(g->plan, p2p_tensor_nhwc(shape->n, shape->h, shape->w, shape->c));

    P2P_PLAN_STEP(g->plan, "ones", &p2p_pass_fill, &attr, x);
    return x;
}

/* Picture by picture between a and b. */
static int mix(P2pGan *g, int a, int b)
{
    const P2pTensor t = *p2p_plan_get(g->plan, a);
    const int y = p2p_plan_tensor(g->plan, p2p_tensor_nhwc(t.n, t.h, t.w, t.c));
    const int share = p2p_plan_keep(g->plan, p2p_tensor_vector(t.n));

    P2P_ASSERT(g->share_count < P2P_GAN_MAX_SHARES);
    g->share[g->share_count++] = share;
    P2P_PLAN_STEP(g->plan, "mix", &p2p_pass_mix, NULL, a, b, share, y);
    return y;
}

int p2p_gan_add_penalty(P2pGan *g, const P2pGanPenalty *p)
{
    static const P2pMode mode = {.update_running = true};
    const P2pAttr attr = {
        .value = 1, .value_scale = p->weight, .grad_scale = p->weight, .index = p->index};
    int err;

    if (!p2p_plan_get(g->plan, p->real) || !p2p_plan_get(g->plan, p->fake))
        return P2P_OK; /* the plan failed before; p2p_plan_finish() says so */
    const int x = mix(g, p->real, p->fake);
    if ((err = p2p_apply_forward(p->apply, g->plan, p->net, x, g->hyper, &mode, false)) < 0)
        return err;
    const P2pTensor *t = p2p_plan_get(g->plan, p2p_apply_output(*p->apply));
    if (!t)
        return P2P_OK;
    const P2pTensor map = *t, shape = *p2p_plan_get(g->plan, x);
    const int gradient = p2p_plan_tensor(g->plan, shape), v = p2p_plan_tensor(g->plan, shape);
    if ((err = p2p_apply_backward(*p->apply, &(P2pBackward){.dy = ones(g, &map), .dx = gradient})) <
        0)
        return err;
    P2P_PLAN_STEP(g->plan, g->loss_names[p->index], &p2p_pass_penalty, &attr, gradient, g->losses,
                  v);
    if ((err = p2p_apply_tangent(*p->apply, v)) < 0)
        return err;
    return p2p_apply_tangent_backward(*p->apply, ones(g, &map), p->grads);
}

/* [a, first], then [a, second]; one picture by itself stays where it is. */
static int join(P2pGan *g, int a, int first, int second)
{
    const P2pTensor t = *p2p_plan_get(g->plan, first);
    const int front = a < 0 ? 0 : p2p_plan_get(g->plan, a)->c;

    if (a < 0 && second < 0)
        return first;
    const int y = p2p_plan_tensor(
        g->plan, p2p_tensor_nhwc(second < 0 ? t.n : 2 * t.n, t.h, t.w, front + t.c));
    P2P_PLAN_STEP(g->plan, "seen", &p2p_pass_join, NULL, a, first, second, y);
    return y;
}

P2pGanSight p2p_gan_show(P2pGan *g, int a, int first, int second)
{
    const int pictures[] = {first, second}, count = second < 0 ? 1 : 2;
    P2pGanSight s = {-1, {-1, -1}, {0}};
    int shown[2] = {-1, -1};

    for (int i = 0; i < count; i++) {
        s.drawing[i] = p2p_augment_draw(g);
        shown[i] = p2p_augment_tint(g, s.drawing[i], pictures[i]);
        if (!p2p_plan_get(g->plan, shown[i]))
            return s; /* the plan failed before; p2p_plan_finish() says so */
    }
    const int still = join(g, a, shown[0], shown[1]), n = p2p_plan_get(g->plan, first)->n;
    const P2pTensor *t = p2p_plan_get(g->plan, still);
    if (!t)
        return s;
    s.all = p2p_augment_moves(g) ? p2p_plan_tensor(g->plan, p2p_tensor_nhwc(t->n, t->h, t->w, t->c))
                                 : still;
    for (int i = 0; i < count; i++) {
        s.half[i] = p2p_plan_pictures(g->plan, s.all, i * n, n);
        p2p_augment_move(g, s.drawing[i], p2p_plan_pictures(g->plan, still, i * n, n), s.half[i]);
    }
    return s;
}

/* Batch norm takes statistics of each half alone, so that to go through both at once changes nothing; but the power
 * iteration of spectral norm takes a step each time, and a penalty's pictures come between the halves. Other ranks
 * count as one batch. CPUs gain nothing of fewer launches, and lose what the first half leaves in their caches (a
 * small G, two cores, five runs in turn: .157 and .172 s of processor time a step in the median). */
bool p2p_gan_sees_at_once(const P2pGan *g, const P2pNetSpec *d, bool penalty)
{
    return !penalty && !d->spectral && !g->sync && !p2p_device_caps(g->device)->is_cpu;
}

/* The losses of halves [first, first + count) and their gradients; Adam behind the second half's. */
static int learn(P2pGan *g, const P2pGanLesson *l, int first, int count)
{
    const P2pTensor *all = p2p_plan_get(g->plan, l->seen);
    P2pApply **d = &l->apply[first];

    if (!all)
        return P2P_OK; /* the plan failed before; p2p_plan_finish() says so */
    const int n = all->n / 2;
    const P2pMode mode = {.update_running = true, .alone = count > 1 ? n : 0};
    const int seen = p2p_plan_pictures(g->plan, l->seen, first * n, count * n);
    const int err = p2p_apply_forward(d, g->plan, l->net, seen, g->hyper, &mode, false);
    const P2pTensor *logits = err ? NULL : p2p_plan_get(g->plan, p2p_apply_output(*d));
    if (!logits)
        return err;
    const int dy =
        p2p_plan_tensor(g->plan, p2p_tensor_nhwc(count * n, logits->h, logits->w, logits->c));
    for (int i = 0; i < count; i++)
        p2p_gan_loss(g, &l->loss[first + i],
                     p2p_plan_pictures(g->plan, p2p_apply_output(*d), i * n, n), -1,
                     p2p_plan_pictures(g->plan, dy, i * n, n));
    return p2p_apply_backward(*d,
                              &(P2pBackward){.dy = dy,
                                             .dx = -1,
                                             .grads = l->grads,
                                             .adam = first + count == 2 ? &g->update.adam : NULL});
}

int p2p_gan_teach(P2pGan *g, const P2pGanLesson *l)
{
    if (l->at_once)
        return learn(g, l, 0, 2);
    int err = learn(g, l, 0, 1);
    if (!err && l->penalty)
        err = p2p_gan_add_penalty(g, l->penalty);
    return err ? err : learn(g, l, 1, 1);
}
