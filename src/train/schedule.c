/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Factors of the learning rate by epoch, as pytorch-CycleGAN-and-pix2pix had them before it moved their
 * update to the start of an epoch: the first epoch has the whole rate, and none has no rate at all.
 */
#include "src/train/schedule.h"

#include <math.h>

#include "src/train/watch.h"

static const double pi = 3.14159265358979323846, step_gamma = 0.1;

/* The reference implementation's, of PyTorch's ReduceLROnPlateau. */
enum { PLATEAU_PATIENCE = 5 };
static const double plateau_factor = 0.2, plateau_margin = 0.01;

/* Constant, then linear to zero just behind the last epoch. */
static double linear(const P2pOptions *o, int epoch)
{
    const int behind = epoch + 1 - o->n_epochs;

    return behind <= 0 ? 1.0 : 1.0 - (double)behind / (o->n_epochs_decay + 1);
}

/* Half a wave over all epochs, to zero just behind the last. */
static double cosine(const P2pOptions *o, int epoch)
{
    return (1.0 + cos(pi * epoch / (o->n_epochs + o->n_epochs_decay))) / 2;
}

static double factor(const P2pOptions *o, const P2pPosition *at)
{
    const int epoch = at->epoch;

    switch (o->lr_policy) {
    case P2P_LR_PLATEAU:
        return pow(plateau_factor, at->plateau.cuts);
    case P2P_LR_STEP:
        return pow(step_gamma, epoch / o->lr_decay_iters);
    case P2P_LR_COSINE:
        return cosine(o, epoch);
    case P2P_LR_CONSTANT:
        return 1.0;
    default:
        return linear(o, epoch);
    }
}

double p2p_schedule_rate(const P2pOptions *o, const P2pPosition *at)
{
    const double rate = o->lr * factor(o, at);

    return at->step < o->warmup_steps ? rate * (double)(at->step + 1) / o->warmup_steps : rate;
}

bool p2p_schedule_see(P2pWatch *plateau, int epoch, double value, bool larger)
{
    if (p2p_watch_see(plateau, epoch, value, larger, plateau_margin) ||
        plateau->bad <= PLATEAU_PATIENCE)
        return false;
    plateau->cuts++;
    plateau->bad = 0;
    return true;
}
