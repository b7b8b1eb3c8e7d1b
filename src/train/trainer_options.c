/* SPDX-License-Identifier: BSD-2-Clause */
/* With which options and where a run begins, or goes on. */
#include <stdio.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/train/trainer_parts.h"

static void default_phase(P2pOptions *o)
{
    if (!o->phase[0])
        snprintf(o->phase, sizeof(o->phase), "train");
}

/* What to do where there is none; other programs' models make a run begin, but not go on. */
static int fail_no_run(const P2pTrainer *t)
{
    char *foreign = p2p_run_folder_foreign(&t->folder);
    const int err =
        foreign ? p2p_fail(P2P_EIO,
                           "%s: there is no run to continue, but models without the state of their "
                           "training; begin with their weights: --init_from %s",
                           t->folder.path, foreign)
                : p2p_fail(P2P_EIO,
                           "%s: there is no run to continue; start it without --continue_train",
                           t->folder.latest);

    free(foreign);
    return err;
}

/* Where another epoch was asked for than the run would go on with, it begins anew. */
static void begin_epoch(P2pTrainer *t)
{
    const int epoch = t->options.epoch_count - 1;

    if (!p2p_options_given(&t->options, "epoch_count") || epoch == t->position.epoch)
        return;
    t->position.epoch = epoch;
    t->position.batch = 0;
}

/* That of --load_iter or --epoch; in fresh memory. */
static char *chosen_checkpoint(const P2pTrainer *t, const P2pOptions *asked)
{
    if (asked->load_iter)
        return p2p_format("%s/iter_%d.safetensors", t->folder.path, asked->load_iter);
    return p2p_format("%s/%s.safetensors", t->folder.path, asked->epoch);
}

static int open_checkpoint(P2pTrainer *t, P2pTensorFile **file, const P2pOptions *asked,
                           P2pOptions *told)
{
    const P2pLog *log = p2p_device_log(t->device);
    char *path = chosen_checkpoint(t, asked);
    const int err =
        path ? p2p_checkpoint_open(file, path, told, &t->position, &t->warning) : P2P_ENOMEM;

    if (t->warning)
        p2p_log(log, P2P_LOG_WARN, "%s", t->warning);
    if (!err && strcmp(path, t->folder.latest) != 0)
        p2p_log(log, P2P_LOG_INFO,
                "goes on from %s, step %ld; what the run had behind it will be replaced", path,
                t->position.step);
    free(path);
    return err;
}

/* With one thing or the other; once a set is named it is used. */
static void set_validation(P2pOptions *o)
{
    if (p2p_options_given(o, "val_dir") && !p2p_options_given(o, "val_split"))
        o->val_split = 0;
    if (p2p_options_given(o, "val_split") && !p2p_options_given(o, "val_dir"))
        o->val_dir[0] = '\0';
    if (!o->val_freq && !p2p_options_given(o, "val_freq") && (o->val_split > 0 || o->val_dir[0]))
        o->val_freq = 1;
}

/* What was watched by another measure is no measure any more; cuts of the learning rate stay. */
static void forget_best(P2pTrainer *t)
{
    const P2pOptions *a = &t->told, *b = &t->options;
    const int cuts = t->position.plateau.cuts;

    if (a->val_metric == b->val_metric && a->val_split == b->val_split &&
        !strcmp(a->val_dir, b->val_dir) && !a->val_freq == !b->val_freq)
        return;
    if (t->position.metric.epoch)
        p2p_log(p2p_device_log(t->device), P2P_LOG_INFO,
                "validation is another now: the best of before counts no more");
    t->position.metric = (P2pWatch){0};
    t->position.plateau = (P2pWatch){.cuts = cuts};
}

static void tell_changes(const P2pTrainer *t)
{
    static const char *const none[] = {NULL};
    char changes[1024];

    p2p_options_compare(&t->told, &t->options, P2P_ROLE_TRAINING, P2P_ROLE_DATA, none, changes,
                        sizeof(changes));
    if (changes[0])
        p2p_log(p2p_device_log(t->device), P2P_LOG_INFO, "goes on with %s", changes);
}

int p2p_trainer_tell_networks(const P2pTrainer *t, int err)
{
    static const char *const none[] = {NULL};
    char changes[512];

    if (err != P2P_EFORMAT)
        return err;
    p2p_options_compare(&t->told, &t->options, P2P_ROLE_GENERATOR | P2P_ROLE_DISCRIMINATOR, 0, none,
                        changes, sizeof(changes));
    return changes[0] ? p2p_fail(P2P_EINVAL,
                                 "%s: its networks are others than with %s: leave that out, or "
                                 "begin another run",
                                 t->folder.path, changes)
                      : err;
}

int p2p_trainer_continue_options(P2pTrainer *t, P2pTensorFile **file)
{
    const P2pOptions asked = t->options;
    P2pOptions o = asked;
    int err;

    if (!p2p_run_folder_has_run(&t->folder))
        return fail_no_run(t);
    if ((err = p2p_run_folder_claim(&t->folder)) < 0)
        return err;
    if ((err = open_checkpoint(t, file, &asked, &o)) < 0)
        return err;
    memcpy(o.given, asked.given, sizeof(o.given));
    default_phase(&o);
    t->told = t->options = o;
    p2p_options_take(&t->options, &asked, P2P_ROLE_ANY);
    if (strcmp(t->told.model, t->options.model) != 0)
        return p2p_fail(P2P_EINVAL, "%s: is a run of --model %s, which cannot go on as --model %s",
                        t->folder.path, t->told.model, t->options.model);
    set_validation(&t->options);
    tell_changes(t);
    forget_best(t);
    /* The running epoch goes on behind as many pictures, whole batches of the new size. */
    t->position.batch = t->position.batch * o.batch_size / t->options.batch_size;
    begin_epoch(t);
    return p2p_gan_model_find(t->options.model, &t->model);
}

int p2p_trainer_new_options(P2pTrainer *t)
{
    int err = p2p_transfer_open(&t->transfer, &t->options);

    if (err || (err = p2p_gan_model_find(t->options.model, &t->model)) < 0)
        return err;
    p2p_options_set_defaults(&t->options, t->model->defaults);
    p2p_options_apply_preset(&t->options);
    default_phase(&t->options);
    set_validation(&t->options);
    if (t->options.labels && !p2p_options_given(&t->options, "input_nc"))
        t->options.input_nc = t->options.labels;
    begin_epoch(t);
    return P2P_OK;
}
