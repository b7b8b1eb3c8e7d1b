/* SPDX-License-Identifier: BSD-2-Clause */
/* Between two epochs: a sample, validation, and what is decided by it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/train/schedule.h"
#include "src/train/trainer_parts.h"
#include "src/train/validate.h"
#include "src/train/watch.h"

/* ---- Validation ---------------------------------------------------------------------------- */

static bool larger_is_better(const P2pTrainer *t)
{
    return t->options.val_metric != P2P_VAL_L1;
}

static double watched_metric(const P2pTrainer *t, const P2pMetrics *m)
{
    const double values[] = {m->l1, m->psnr, m->ssim};

    return values[t->options.val_metric];
}

/* Nothing is better than such a number. */
static int check_metric(const P2pTrainer *t, double value)
{
    return value == value ? P2P_OK
                          : p2p_fail(P2P_EINVAL,
                                     "pictures of less than 11 x 11 pixels have no SSIM; choose "
                                     "another --val_metric than %s",
                                     p2p_options_get_string(&t->options, "val_metric"));
}

static int validate(P2pTrainer *t, P2pMetrics *metrics)
{
    const P2pLoaderSettings loading = p2p_trainer_loading(t);
    const P2pValidators all = {t->comm, t->options.shares, t->generators};

    return p2p_validate(&all, t->val, &loading, metrics);
}

static int judge(P2pTrainer *t, const P2pMetrics *metrics, double *value, bool *best)
{
    const int epoch = t->position.epoch;
    P2pTrainValidation v = {.epoch = epoch,
                            .step = t->position.step,
                            .pictures = p2p_dataset_count(t->val),
                            .metrics = *metrics};
    int err;

    *value = watched_metric(t, metrics);
    if ((err = check_metric(t, *value)) < 0)
        return err;
    *best = v.best = p2p_watch_see(&t->position.metric, epoch, *value, larger_is_better(t), 0);
    if ((err = p2p_trainer_log_validation(t, &v)) == P2P_OK && t->events && t->events->validated)
        t->events->validated(t->events->user, &v);
    return err;
}

/* ---- The learning rate --------------------------------------------------------------------- */

/* A plateau's next value; where it cuts, the log says so. */
static void see_plateau(P2pTrainer *t, int epoch, double value, const char *what, bool larger)
{
    P2pWatch *w = &t->position.plateau;
    P2pPosition next = t->position;

    if (!p2p_schedule_see(w, epoch, value, larger))
        return;
    next.plateau = *w;
    p2p_log(p2p_device_log(t->device), P2P_LOG_INFO,
            "epoch %d: %s was best, %.5g, after epoch %d: the learning rate is %.5g from here on",
            epoch, what, w->best, w->epoch, p2p_schedule_rate(&t->options, &next));
}

/* The mean of the epoch's losses of the generators; their sums begin anew. */
static int take_loss(P2pTrainer *t, double *mean)
{
    float sums[P2P_GAN_MAX_LOSSES];
    const int err = p2p_gan_take_sums(t->gan, sums);

    *mean = 0;
    for (int i = 0; !err && i < t->gan->loss_count; i++)
        if (t->gan->loss_names[i][0] != 'D')
            *mean += (double)sums[i] / (double)t->position.summed;
    t->position.summed = 0;
    return err;
}

/* What the first rank shows and decides by; metrics: NULL, nothing was validated. */
static int decide(P2pTrainer *t, const P2pMetrics *metrics, bool *best)
{
    const int done = t->position.epoch; /* epochs done */
    double value;
    int err = p2p_trainer_sample(t, done);

    if (!err && metrics && (err = judge(t, metrics, &value, best)) == P2P_OK &&
        t->options.lr_policy == P2P_LR_PLATEAU)
        see_plateau(t, done, value, p2p_options_get_string(&t->options, "val_metric"),
                    larger_is_better(t));
    if (!err && t->gan->sums >= 0 && (err = take_loss(t, &value)) == P2P_OK)
        see_plateau(t, done, value, "the generators' loss", false);
    return err;
}

int p2p_trainer_end_epoch(P2pTrainer *t, bool last, bool *best)
{
    const bool validates = t->val && (t->position.epoch % t->options.val_freq == 0 || last);
    P2pMetrics metrics;
    int err = p2p_trainer_mean_sums(t);

    *best = false;
    if (!err && validates)
        err = validate(t, &metrics);
    if (!err && p2p_trainer_leads(t))
        err = decide(t, validates ? &metrics : NULL, best);
    else if (!err && t->gan->sums >= 0)
        err = p2p_buffer_zero(t->gan->shared->losses.buffer);
    return err ? err : p2p_trainer_meet(t);
}

/* ---- Preparing ----------------------------------------------------------------------------- */

int p2p_trainer_open_generators(P2pTrainer *t)
{
    int err;

    if (!t->val && (t->options.ema_decay == 0 || !p2p_trainer_leads(t)))
        return P2P_OK;
    if ((err = p2p_generators_create(&t->generators, t->gan, &t->options)) < 0)
        return err;
    return p2p_generators_plan(t->generators, t->width, t->height);
}
