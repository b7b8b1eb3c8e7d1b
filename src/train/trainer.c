/* SPDX-License-Identifier: BSD-2-Clause */
/* A run: epochs, learning rate, saving, continuing. The step itself is gan.c's. */
#include "p2p/train.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "p2p/data.h"
#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/checkpoint.h"
#include "src/train/gan.h"
#include "src/train/run_data.h"
#include "src/train/saver.h"
#include "src/train/schedule.h"
#include "src/train/trainer.h"
#include "src/train/transfer.h"

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "p2p_trainer_stop() is called in signal handlers");

struct P2pTrainer {
    P2pDevice *device;
    P2pOptions options;
    P2pOptions told; /* while preparing: by the checkpoint */
    P2pRunFolder folder;
    P2pDataset *dataset;
    P2pLoader *loader;
    const P2pGanModel *model;
    P2pGan *gan;
    P2pSaver *saver;
    P2pTransfer transfer; /* while preparing */
    char *warning;        /* while preparing: which checkpoint is damaged */
    P2pPosition position;
    double rate; /* of the last step */
    int height, width;
    atomic_bool stop;
    const P2pTrainEvents *events;
    double started, reported; /* seconds */
    long reported_step;
};

/* ---- Preparing ----------------------------------------------------------------------------- */

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

/* The checkpoint's options, with those that the user gave on top. */
static int continue_options(P2pTrainer *t, P2pTensorFile **file)
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
    return p2p_gan_model_find(t->options.model, &t->model);
}

/* Where none was given: what --init_from tells, then the preset, then the model. */
static int new_options(P2pTrainer *t)
{
    int err = p2p_transfer_open(&t->transfer, &t->options);

    if (err || (err = p2p_gan_model_find(t->options.model, &t->model)) < 0)
        return err;
    p2p_options_set_defaults(&t->options, t->model->defaults);
    p2p_options_apply_preset(&t->options);
    default_phase(&t->options);
    return P2P_OK;
}

/* Once all was accepted. */
static int begin_run(P2pTrainer *t)
{
    char *moved;
    const int err = p2p_run_folder_begin(&t->folder, t->options.overwrite, &moved);

    if (!err && moved)
        p2p_log(p2p_device_log(t->device), P2P_LOG_INFO, "the run before is now %s", moved);
    free(moved);
    return err;
}

/* Not to be trained with other data unnoticed. The epoch that was running with the old ones is over. */
static int check_data(P2pTrainer *t)
{
    const P2pOptions *o = &t->options, *told = &t->told;
    const P2pLog *log = p2p_device_log(t->device);
    char changes[P2P_RUN_DATA_CHANGES];

    if (!told->data_digest[0] && strcmp(told->dataroot, o->dataroot) != 0)
        p2p_log(log, P2P_LOG_WARN,
                "the checkpoint does not tell the names of its pictures; those in %s are taken for "
                "the same",
                o->dataroot);
    p2p_run_data_compare(told, o, changes);
    if (!changes[0])
        return P2P_OK;
    if (!o->new_data)
        return p2p_fail(P2P_EINVAL,
                        "%s was not trained on this: %s; give --new_data to go on with it",
                        t->folder.path, changes);
    t->position.batch = 0;
    p2p_log(log, P2P_LOG_INFO, "new data: %s; epoch %d begins anew", changes,
            t->position.epoch + 1);
    return P2P_OK;
}

static P2pJitterSettings jitter_settings(const P2pOptions *o)
{
    return (P2pJitterSettings){.preprocess = (P2pPreprocess)o->preprocess,
                               .load_size = o->load_size,
                               .crop_size = o->crop_size,
                               .no_flip = o->no_flip,
                               .max_pixels = (size_t)o->max_pixels};
}

static int open_data(P2pTrainer *t)
{
    const P2pOptions *o = &t->options;
    const P2pDatasetSettings settings = {.phase = o->phase,
                                         .direction = (P2pDirection)o->direction,
                                         .unaligned = o->dataset_mode == P2P_DATASET_UNALIGNED,
                                         .max_dataset_size = (size_t)o->max_dataset_size,
                                         .max_pixels = (size_t)o->max_pixels,
                                         .no_exif = o->no_exif,
                                         .log = p2p_device_log(t->device)};
    const P2pJitterSettings jitter = jitter_settings(o);
    const P2pCheckSettings check = {
        .threads = o->num_threads, .skip_bad = o->skip_bad, .log = settings.log, .jitter = &jitter};
    P2pCheckReport report = {0};
    int err;

    if (!o->dataroot[0])
        return p2p_fail(P2P_EINVAL, "--dataroot FOLDER is needed: where the pictures are");
    if ((err = p2p_dataset_create(&t->dataset, o->dataroot, &settings)) < 0 ||
        (err = p2p_dataset_check(t->dataset, &check, &report)) < 0)
        return err;
    p2p_log(check.log, P2P_LOG_INFO, "data: %zu %s in %s, %d x %d to %d x %d pixels%s",
            p2p_dataset_count(t->dataset), settings.unaligned ? "pictures of A or B" : "pairs",
            o->dataroot, report.min_width, report.min_height, report.max_width, report.max_height,
            report.bad ? ", some were skipped" : "");
    p2p_run_data_describe(&t->options, t->dataset);
    return o->continue_train ? check_data(t) : P2P_OK;
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

static int open_loader(P2pTrainer *t)
{
    const P2pOptions *o = &t->options;
    const P2pLoaderSettings settings = {.batch_size = o->batch_size,
                                        .input_channels = o->input_nc,
                                        .target_channels = o->output_nc,
                                        .threads = o->num_threads,
                                        .seed = (uint32_t)o->seed,
                                        .serial_batches = o->serial_batches,
                                        .jitter = jitter_settings(o)};
    const P2pBatch *first;
    int err;

    if ((err = p2p_loader_create(&t->loader, t->dataset, &settings)) < 0)
        return err;
    if (t->position.batch && t->position.batch >= (long)p2p_loader_batches(t->loader)) {
        t->position.epoch++; /* batches of another size end it here */
        t->position.batch = 0;
    }
    if ((err = p2p_loader_seek(t->loader, (uint32_t)t->position.epoch, (size_t)t->position.batch)) <
            0 ||
        (err = p2p_loader_next(t->loader, &first)) < 0)
        return err;
    const size_t rest = p2p_dataset_count(t->dataset) % (size_t)o->batch_size;
    if (rest)
        p2p_log(p2p_device_log(t->device), P2P_LOG_INFO,
                "each epoch leaves out %zu of %zu pairs, too few for a batch of %d%s", rest,
                p2p_dataset_count(t->dataset), o->batch_size,
                o->serial_batches ? "" : "; not the same ones");
    if (!t->height) {
        t->height = first->height;
        t->width = first->width;
    }
    return p2p_loader_seek(t->loader, (uint32_t)t->position.epoch, (size_t)t->position.batch);
}

/* The pools as they were; where they have another size now, they fill anew. */
static int load_pools(P2pTrainer *t, const P2pTensorFile *file)
{
    P2pGan *gan = t->gan;
    bool there = true;
    int err = P2P_OK;

    for (int i = 0; !err && there && i < gan->pool_count; i++)
        err = p2p_checkpoint_load_pictures(file, gan->pool_names[i],
                                           p2p_plan_get(gan->plan, gan->pool[i]), &there);
    if (there && gan->pool_count)
        gan->pooled = (int)p2p_min(t->position.pooled, (long)t->options.pool_size);
    else if (gan->pool_count)
        p2p_log(p2p_device_log(t->device), P2P_LOG_INFO,
                "the pools of earlier pictures have another size now and begin empty");
    return err;
}

static int open_networks(P2pTrainer *t, const P2pTensorFile *file)
{
    const P2pOptions *o = &t->options;
    const P2pChoice choice = {.variants = o->variant,
                              .remembered =
                                  file ? p2p_tensor_file_meta(file, P2P_META_VARIANTS) : NULL,
                              .refs = o->ref};
    int err = t->model->create(&t->gan, t->device, o, t->height, t->width, &choice);

    for (int i = 0; !err && i < t->gan->net_count; i++) {
        P2pNet *net = t->gan->nets[i];
        err =
            file ? p2p_checkpoint_load(file, net)
                 : p2p_net_init(net, (P2pInit)o->init_type, (float)o->init_gain, (unsigned)o->seed);
        if (!err && t->transfer.count)
            err = p2p_transfer_weights(&t->transfer, net, p2p_device_log(t->device));
    }
    return err || !file ? err : load_pools(t, file);
}

/*
 * Where the options alone decide the size of a batch, the networks come before the first picture:
 * a size that the device refuses must not be loaded on the host at first.
 */
static int open_loader_and_networks(P2pTrainer *t, const P2pTensorFile *file)
{
    const P2pPreprocess preprocess = (P2pPreprocess)t->options.preprocess;
    int err;

    if (preprocess == P2P_PREPROCESS_NONE || preprocess == P2P_PREPROCESS_SCALE_WIDTH)
        return (err = open_loader(t)) < 0 ? err : open_networks(t, file);
    t->height = t->width = t->options.crop_size;
    return (err = open_networks(t, file)) < 0 ? err : open_loader(t);
}

static int open_saver(P2pTrainer *t)
{
    const P2pGan *gan = t->gan;
    P2pKeptPictures pools[P2P_GAN_MAX_POOLS];
    const P2pSaverSettings settings = {.folder = &t->folder,
                                       .log = p2p_device_log(t->device),
                                       .content = {.device = t->device,
                                                   .nets = gan->nets,
                                                   .count = gan->net_count,
                                                   .kept = pools,
                                                   .kept_count = gan->pool_count,
                                                   .variants = p2p_plan_variants(gan->plan),
                                                   .mapped = p2p_device_caps(t->device)->is_cpu}};

    for (int i = 0; i < gan->pool_count; i++)
        pools[i] = (P2pKeptPictures){gan->pool_names[i], p2p_plan_get(gan->plan, gan->pool[i])};
    return p2p_saver_create(&t->saver, &settings);
}

int p2p_trainer_create(P2pTrainer **out, P2pDevice *device, P2pOptions *options)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(device);
    P2P_NEED(options);

    P2pTrainer *t = *out = p2p_alloc(1, sizeof(*t));
    P2pTensorFile *file = NULL;
    int err;

    if (!t)
        return P2P_ENOMEM;
    p2p_device_enter(device);
    t->device = device;
    t->options = *options;
    t->folder.lock = -1;
    if (!options->continue_train && (err = new_options(t)) < 0)
        goto done;
    if ((err = p2p_run_folder_init(&t->folder, options->checkpoints_dir, options->name)) < 0)
        goto done;
    err = options->continue_train ? continue_options(t, &file)
                                  : p2p_run_folder_check_new(&t->folder, options->overwrite);
    if (err || (err = p2p_gan_model_check(t->model, &t->options)) < 0 ||
        (err = p2p_options_check(&t->options, P2P_PROGRAM_TRAIN)) < 0)
        goto done;
    begin_epoch(t);
    if ((err = open_data(t)) < 0 || (err = open_loader_and_networks(t, file)) < 0 ||
        (!options->continue_train && (err = begin_run(t)) < 0))
        goto done;
    if ((t->warning && (err = p2p_run_folder_restore(&t->folder)) < 0) ||
        (err = p2p_run_folder_cut_log(&t->folder, t->position.step)) < 0)
        goto done;
    err = open_saver(t);
    *options = t->options;
done:
    free(t->warning);
    t->warning = NULL;
    p2p_tensor_file_close(&file);
    p2p_transfer_close(&t->transfer);
    if (err)
        p2p_trainer_destroy(out);
    return p2p_device_leave(device, err);
}

void p2p_trainer_destroy(P2pTrainer **trainer)
{
    P2pTrainer *t = *trainer;

    if (!t)
        return;
    P2pDevice *device = t->device;
    p2p_device_enter(device);
    p2p_saver_destroy(&t->saver);
    p2p_loader_destroy(&t->loader);
    p2p_gan_destroy(&t->gan);
    p2p_dataset_destroy(&t->dataset);
    p2p_run_folder_finish(&t->folder);
    free(t);
    p2p_device_leave(device, P2P_OK);
    *trainer = NULL;
}

P2pPlan *p2p_trainer_plan(const P2pTrainer *t)
{
    return t->gan->plan;
}

void p2p_trainer_memory(const P2pTrainer *t, size_t *network_bytes, size_t *plan_bytes)
{
    p2p_gan_memory(t->gan, network_bytes, plan_bytes);
}

const char *p2p_trainer_folder(const P2pTrainer *t)
{
    return t->folder.path;
}

void p2p_trainer_stop(P2pTrainer *t)
{
    atomic_store(&t->stop, true);
}

/* ---- Running ------------------------------------------------------------------------------- */

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
    if (o->max_steps && t->position.step >= o->max_steps)
        return "--max_steps";
    if (o->max_seconds > 0 && p2p_seconds() - t->started >= o->max_seconds)
        return "--max_seconds";
    return NULL;
}

static bool must_end(const P2pTrainer *t)
{
    return atomic_load(&t->stop) || limit_reached(t);
}

/* Tell of a save that has ended; with wait, let it end. */
static int check_saver(P2pTrainer *t, bool wait)
{
    bool saved;
    const int err = p2p_saver_poll(t->saver, wait, &saved);

    if (saved && t->events && t->events->saved)
        t->events->saved(t->events->user, t->folder.latest);
    return err;
}

/* epoch: to be kept under this number too; 0: no. */
static int save(P2pTrainer *t, int epoch)
{
    t->position.pooled = t->gan->pooled;
    const P2pSave order = {.options = &t->options, .position = &t->position, .epoch = epoch};
    const int err = check_saver(t, true);

    return err ? err : p2p_saver_save(t->saver, &order);
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
    const double now = p2p_seconds(); /* the losses are there: the step is done */

    if (err || (err = check_numbers(t, batch, losses)) < 0)
        return err;
    p.seconds_per_step = done ? (now - t->reported) / (double)done : 0;
    p.seconds_left = p.seconds_per_step *
                     (double)((epochs_in_all(t) - t->position.epoch) * batches - t->position.batch);
    t->reported = now;
    t->reported_step = t->position.step;
    if (!err)
        err = p2p_run_folder_log(&t->folder, &p);
    if (!err && t->events && t->events->progress)
        t->events->progress(t->events->user, &p);
    return err;
}

static int save_sample(P2pTrainer *t, int epoch)
{
    P2pImage pictures[P2P_GAN_MAX_PICTURES] = {{0}};
    const int count = t->gan->picture_count;
    int err = P2P_OK;

    for (int i = 0; !err && i < count; i++)
        err = p2p_gan_picture(t->gan, i, &pictures[i]);
    if (!err)
        err = p2p_run_folder_sample(&t->folder, epoch, pictures, count);
    for (int i = 0; i < count; i++)
        p2p_image_finish(&pictures[i]);
    return err;
}

static int train_batch(P2pTrainer *t, const P2pBatch *batch)
{
    const float *const sides[] = {batch->input, batch->target};
    t->rate = p2p_schedule_rate(&t->options, &t->position);
    const P2pStepInfo info = {.lr = (float)t->rate,
                              .t = t->position.step + 1,
                              .seed = (uint32_t)t->options.seed,
                              .check = t->options.debug_nan};

    if (batch->height != t->height || batch->width != t->width)
        return p2p_fail(P2P_EINVAL,
                        "%s has %d x %d pixels, the run began with %d x %d; all must "
                        "have one size: use --preprocess resize_and_crop or crop",
                        batch->names[0], batch->width, batch->height, t->width, t->height);
    const int err = p2p_gan_step(t->gan, sides, &info);
    if (err == P2P_ENUMBER)
        p2p_fail_prefix(err, "step %ld, picture %.200s", info.t, batch->names[0]);
    return err;
}

/* What happens behind the last batch of an epoch. position already points to the next. */
static int end_epoch(P2pTrainer *t)
{
    const int done = t->position.epoch; /* epochs done */
    const bool keep = done % t->options.save_epoch_freq == 0 || done == epochs_in_all(t);
    const int err = save_sample(t, done);

    return err ? err : save(t, keep ? done : 0);
}

static int run_step(P2pTrainer *t, bool *saved)
{
    const P2pOptions *o = &t->options;
    const P2pBatch *batch;
    int err;

    *saved = false;
    if ((err = check_saver(t, false)) < 0 || (err = p2p_loader_next(t->loader, &batch)) < 0 ||
        (err = train_batch(t, batch)) < 0)
        return err;
    t->position.step++;
    t->position.batch++;
    if (t->position.step % o->print_freq == 0 && (err = report(t, batch)) < 0)
        return err;
    if (t->position.batch >= (long)p2p_loader_batches(t->loader)) {
        t->position.epoch++;
        t->position.batch = 0;
        *saved = true;
        return end_epoch(t);
    }
    if (t->position.step % o->save_latest_freq == 0) {
        *saved = true;
        return save(t, 0);
    }
    return P2P_OK;
}

static int run(P2pTrainer *t)
{
    bool saved = false;
    int err = P2P_OK;

    t->started = t->reported = p2p_seconds();
    t->reported_step = t->position.step;
    const char *limit = limit_reached(t);
    if (limit)
        return p2p_fail(P2P_EINVAL, "%s: the run is complete (%ld steps); raise %s to go on",
                        t->folder.path, t->position.step, limit);
    while (!err && !must_end(t))
        err = run_step(t, &saved);
    if (!err && !saved)
        err = save(t, 0);
    if (!err)
        err = check_saver(t, true);
    if (!err && atomic_exchange(&t->stop, false))
        return p2p_fail(P2P_ESTOPPED, "stopped after step %ld; everything is saved",
                        t->position.step);
    return err;
}

int p2p_trainer_run(P2pTrainer *t, const P2pTrainEvents *events)
{
    P2P_NEED_AS("trainer", t);

    p2p_device_enter(t->device);
    t->events = events;
    return p2p_device_leave(t->device, run(t));
}
