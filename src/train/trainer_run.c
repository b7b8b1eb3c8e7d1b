/* SPDX-License-Identifier: BSD-2-Clause */
/* Running: steps, reports and saves, from where the run stands to where it ends. */
#include <stdatomic.h>
#include <string.h>

#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"
#include "src/train/schedule.h"
#include "src/train/trainer_parts.h"

static int epochs_in_all(const P2pTrainer *t)
{
    return t->options.n_epochs + t->options.n_epochs_decay;
}

/* The options that end the run where it is, or NULL. */
static const char *limit_reached(const P2pTrainer *t)
{
    const P2pOptions *o = &t->options;

    if (t->position.epoch >= epochs_in_all(t))
        return "--n_epochs or --n_epochs_decay";
    if (o->early_stop && t->position.metric.bad >= o->early_stop)
        return "--early_stop";
    if (o->max_steps && t->position.step >= o->max_steps)
        return "--max_steps";
    return NULL;
}

static bool out_of_time(const P2pTrainer *t)
{
    const double most = t->options.max_seconds;

    return most > 0 && p2p_seconds() - t->started >= most;
}

/* What one rank alone knows of the end; the others hear of it while the next step goes on. */
enum { STOP = 1, OUT_OF_TIME = 2 };

static unsigned char wishes(const P2pTrainer *t)
{
    return (unsigned char)((atomic_load(&t->stop) ? STOP : 0) | (out_of_time(t) ? OUT_OF_TIME : 0));
}

/* Tell of a save that has ended; with wait, let it end. */
static int check_saver(P2pTrainer *t, bool wait)
{
    bool saved = false;
    const int err = t->saver ? p2p_saver_poll(t->saver, wait, &saved) : P2P_OK;

    if (saved && t->events && t->events->saved)
        t->events->saved(t->events->user, t->folder.latest);
    return err;
}

/* What losses are multiplied by, told where it has changed. */
static int follow_scale(P2pTrainer *t)
{
    const P2pLossScale before = t->position.scale;
    const P2pLossScale *now = &t->position.scale;
    const int err = p2p_gan_scale(t->gan, &t->position.scale);

    if (!err && now->factor != before.factor && p2p_trainer_leads(t))
        p2p_log(
            p2p_device_log(t->device), P2P_LOG_INFO,
            "step %ld: losses are multiplied by %ld from now on, not %ld; %ld steps with gradients "
            "too large for f16 were left out so far",
            t->position.step, now->factor, before.factor, now->skipped);
    return err;
}

/* Under the names, too, that the order has; the first rank alone writes, and the others wait. */
static int save(P2pTrainer *t, P2pSave order)
{
    int err = p2p_trainer_mean_sums(t);

    if (!err)
        err = follow_scale(t);
    if (!err && !p2p_trainer_leads(t))
        err = p2p_checkpoint_give_moments(t->gan->nets, t->gan->net_count);
    if (err || !p2p_trainer_leads(t))
        return err ? err : p2p_trainer_meet(t);
    t->position.pooled = t->gan->pooled;
    order.options = &t->options;
    order.position = &t->position;
    order.variants = p2p_gans_variants(t->gans);
    if ((err = check_saver(t, true)) == P2P_OK)
        err = p2p_saver_save(t->saver, &order);
    return err ? err : p2p_trainer_meet(t);
}

/* The picture's name, too: one damaged or odd picture may be the cause. */
static int check_numbers(P2pTrainer *t, const P2pBatch *batch, const float *losses)
{
    char what[192];
    const int err = p2p_gan_find_bad(t->gan, losses, what);

    if (err || !what[0])
        return err;
    return p2p_fail(P2P_ENUMBER,
                    "step %ld, picture %.200s: %s is NaN or infinite; the last "
                    "checkpoint is whole. Try a smaller --lr, or --norm instance; "
                    "--continue_train --debug_nan finds the pass that begins it",
                    t->position.step, batch->names[0], what);
}

/* Read the losses, check them, write the log, tell the caller. */
static int report(P2pTrainer *t, const P2pBatch *batch)
{
    float losses[P2P_GAN_MAX_LOSSES];
    const long batches = (long)p2p_loader_batches(t->loader);
    const long done = t->position.step - t->reported_step;
    P2pTrainProgress p = {.epoch = t->position.epoch + 1,
                          .epochs = epochs_in_all(t),
                          .step = t->position.step,
                          .batch = t->position.batch,
                          .batches = batches,
                          .loss_names = t->gan->loss_names,
                          .losses = losses,
                          .loss_count = t->gan->loss_count,
                          .lr = t->rate};
    int err = p2p_gan_losses(t->gan, losses);
    if (!err)
        err = p2p_trainer_mean_losses(t, losses);
    if (!err)
        err = follow_scale(t);
    const double now = p2p_seconds(); /* the losses are there: the step is done */

    if (err || (err = p2p_comm_agree(t->comm, check_numbers(t, batch, losses))) < 0)
        return err;
    p.seconds_per_step = done ? (now - t->reported) / (double)done : 0;
    p.seconds_left = p.seconds_per_step / t->options.accumulate *
                     (double)((epochs_in_all(t) - t->position.epoch) * batches - t->position.batch);
    t->reported = now;
    t->reported_step = t->position.step;
    if (!p2p_trainer_leads(t))
        return P2P_OK;
    err = p2p_trainer_log(t, &p);
    if (!err && t->events && t->events->progress)
        t->events->progress(t->events->user, &p);
    return err;
}

/* Which of the step's batches it is, from 0. */
static int train_batch(P2pTrainer *t, const P2pBatch *batch, int which)
{
    const float *const sides[] = {batch->input, batch->target};
    t->rate = p2p_schedule_rate(&t->options, &t->position);
    const P2pStepInfo info = {.lr = (float)t->rate,
                              .t = t->position.step + 1,
                              .batch = which,
                              .seed = (uint32_t)t->options.seed,
                              .check = t->options.debug_nan};

    int err = p2p_gans_get(t->gans, batch->height, batch->width, &t->gan);

    if (err)
        return p2p_fail_prefix(err, "%.200s", batch->names[0]);
    err = p2p_gan_step(t->gan, sides, &info);
    if (err == P2P_ENUMBER)
        p2p_fail_prefix(err, "step %ld, picture %.200s", info.t, batch->names[0]);
    return err;
}

/* Whether a save of now is to be kept under its step. */
static bool keeps_iter(const P2pTrainer *t)
{
    return t->options.save_by_iter && t->position.step % t->options.save_latest_freq == 0;
}

/* Behind the last batch of an epoch; t->position points to the next one. */
static int end_epoch(P2pTrainer *t)
{
    const int done = t->position.epoch; /* epochs done */
    const bool last = done == epochs_in_all(t);
    const bool keep = done % t->options.save_epoch_freq == 0 || last;
    bool best;
    const int err = p2p_trainer_end_epoch(t, last, &best);

    return err ? err
               : save(t, (P2pSave){.epoch = keep ? done : 0, .best = best, .iter = keeps_iter(t)});
}

static int run_step(P2pTrainer *t, bool *saved)
{
    const P2pOptions *o = &t->options;
    const P2pBatch *batch;
    int err = check_saver(t, false);

    *saved = false;
    for (int i = 0; !err && i < o->accumulate; i++)
        if ((err = p2p_loader_next(t->loader, &batch)) == P2P_OK)
            err = train_batch(t, batch, i);
    if (err)
        return err;
    t->position.step++;
    t->position.batch += o->accumulate;
    if (t->gan->sums >= 0)
        t->position.summed += o->accumulate;
    if (t->position.step % o->print_freq == 0 && (err = report(t, batch)) < 0)
        return err;
    if (t->position.batch + o->accumulate > (long)p2p_loader_batches(t->loader)) {
        t->position.epoch++;
        t->position.batch = 0;
        *saved = true;
        /* Past batches that are too few for a step. */
        err = p2p_loader_batches(t->loader) % (size_t)o->accumulate
                  ? p2p_loader_seek(t->loader, (uint32_t)t->position.epoch, 0)
                  : P2P_OK;
        err = err ? err : end_epoch(t);
        return err ? err : p2p_trainer_page(t, true);
    }
    if ((err = p2p_trainer_show_step(t)) < 0)
        return err;
    if (t->position.step % o->save_latest_freq == 0) {
        *saved = true;
        return save(t, (P2pSave){.iter = keeps_iter(t)});
    }
    return P2P_OK;
}

/* Steps until the run ends, on all ranks behind the same one. */
static int run_steps(P2pTrainer *t, bool *saved)
{
    const bool alone = p2p_comm_is_alone(t->comm);
    unsigned char end = alone ? wishes(t) : 0;
    int err = P2P_OK;

    while (!err && !end && !limit_reached(t)) {
        err = p2p_comm_vote_begin(t->comm, wishes(t));
        if (!err)
            err = run_step(t, saved);
        if (!err)
            err = p2p_comm_vote_end(t->comm, &end);
        end = alone ? wishes(t) : end;
    }
    if (end & STOP)
        atomic_store(&t->stop, true);
    return err;
}

static void tell_early_stop(const P2pTrainer *t)
{
    const P2pOptions *o = &t->options;
    const P2pWatch *w = &t->position.metric;

    if (o->early_stop && w->bad >= o->early_stop)
        p2p_log(p2p_device_log(t->device), P2P_LOG_INFO,
                "ends early: %d validations without a better %s than %.5g after epoch %d "
                "(best.safetensors)",
                w->bad, p2p_options_get_string(o, "val_metric"), w->best, w->epoch);
}

/* A run that ends by a failure is no longer live on its page. Returns the failure. */
static int end_page(P2pTrainer *t, int err)
{
    P2pFailure failure = {0};

    if (!p2p_trainer_leads(t))
        return err;
    p2p_failure_keep(&failure, err);
    p2p_trainer_page(t, false);
    p2p_failure_tell(&failure);
    p2p_failure_finish(&failure);
    return err;
}

static int run(P2pTrainer *t)
{
    bool saved = false;

    t->started = t->reported = p2p_seconds();
    t->reported_step = t->position.step;
    const char *limit = limit_reached(t);
    /* Several ranks make a step, and then agree. */
    if (!limit && p2p_comm_is_alone(t->comm) && out_of_time(t))
        limit = "--max_seconds";
    if (limit)
        return p2p_comm_agree(
            t->comm, p2p_fail(P2P_EINVAL, "%s: the run is complete (%ld steps); raise %s to go on",
                              t->folder.path, t->position.step, limit));
    int err = p2p_trainer_open_reports(t);
    if (!err)
        err = p2p_trainer_page(t, true);
    if (!err)
        err = run_steps(t, &saved);
    if (!err)
        tell_early_stop(t);
    if (!err && !saved)
        err = save(t, (P2pSave){0});
    if (!err)
        err = check_saver(t, true);
    if (err)
        return end_page(t, err);
    err = p2p_trainer_page(t, false);
    if (!err && atomic_exchange(&t->stop, false))
        return p2p_comm_agree(t->comm,
                              p2p_fail(P2P_ESTOPPED, "stopped after step %ld; everything is saved",
                                       t->position.step));
    return err;
}

int p2p_trainer_run(P2pTrainer *t, const P2pTrainEvents *events)
{
    P2P_NEED_AS("trainer", t);

    p2p_device_enter(t->device);
    t->events = events;
    return p2p_device_leave(t->device, run(t));
}
