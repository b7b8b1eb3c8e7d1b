/* SPDX-License-Identifier: BSD-2-Clause */
/* With which options and where a run begins, or goes on. */
#include <stdio.h>
#include <string.h>

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

int p2p_trainer_continue_options(P2pTrainer *t, P2pTensorFile **file)
{
    const P2pOptions asked = t->options;
    P2pOptions o = asked;
    int err;

    if (!p2p_run_folder_has_run(&t->folder))
        return fail_no_run(t);
    if ((err = p2p_run_folder_claim(&t->folder)) < 0)
        return err;
    err = p2p_checkpoint_open(file, t->folder.latest, &o, &t->position, &t->warning);
    if (t->warning)
        p2p_log(p2p_device_log(t->device), P2P_LOG_WARN, "%s", t->warning);
    if (err)
        return err;
    memcpy(o.given, asked.given, sizeof(o.given));
    default_phase(&o);
    t->told = t->options = o;
    p2p_options_take(&t->options, &asked, P2P_ROLE_ANY);
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
    begin_epoch(t);
    return P2P_OK;
}
