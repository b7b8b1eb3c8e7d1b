/* SPDX-License-Identifier: BSD-2-Clause */
/* A run from its options to its end: what it is made of. Running it is trainer_run.c's, the step itself
 * gan.c's. */
#include <stdatomic.h>
#include <stdlib.h>

#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/train/trainer_parts.h"

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "p2p_trainer_stop() is called in signal handlers");

static const char sums_name[] = "losses";

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

/* Losses of the running epoch; where it begins, or the checkpoint has none, there are none. */
static int load_sums(P2pTrainer *t, const P2pTensorFile *file)
{
    const P2pGan *gan = t->gan;
    bool there = false;
    int err = P2P_OK;

    if (gan->sums >= 0 && file && t->position.batch)
        err = p2p_checkpoint_load_pictures(file, sums_name, &gan->shared->losses, &there);
    if (!there)
        t->position.summed = 0;
    return err;
}

/* Where the run had one; what it begins with is known behind it. */
static int load_scale(P2pTrainer *t)
{
    const int err = p2p_gan_set_scale(t->gan, &t->position.scale);

    return err ? err : p2p_gan_scale(t->gan, &t->position.scale);
}

static int open_network(P2pTrainer *t, const P2pTensorFile *file, P2pNet *net)
{
    const P2pOptions *o = &t->options;
    const int err =
        file ? p2p_checkpoint_load(file, net)
             : p2p_net_init(net, (P2pInit)o->init_type, (float)o->init_gain, (unsigned)o->seed);

    return err || !t->transfer.count
               ? err
               : p2p_transfer_weights(&t->transfer, net, p2p_device_log(t->device));
}

/* Where there is none yet, it begins with the weights that it follows. */
static int open_average(P2pTrainer *t, const P2pTensorFile *file, P2pNet *net)
{
    return file && t->told.ema_decay > 0 ? p2p_checkpoint_load(file, net)
                                         : p2p_net_copy(net, p2p_gan_followed(t->gan, net));
}

/* The largest pictures first: what the device refuses is known at the start. */
static int plan_networks(P2pTrainer *t, const P2pTensorFile *file, const char *remembered)
{
    const P2pGansSettings settings = {.device = t->device,
                                      .model = t->model,
                                      .options = &t->options,
                                      .ranks = {.comm = t->comm,
                                                .part = t->part,
                                                .wire = (P2pWire)t->options.compress,
                                                .sync_norm = t->options.sync_norm,
                                                .shard_adam = (P2pShardAdam)t->options.shard_adam},
                                      .sizes = t->sizes,
                                      .remembered = remembered};
    int err = p2p_gans_create(&t->gans, &settings);

    if (!err)
        err = p2p_gans_get(t->gans, t->height, t->width, &t->gan);
    for (int i = 0; !err && i < t->gan->net_count; i++) {
        P2pNet *net = t->gan->nets[i];
        err = net->role.averaged ? open_average(t, file, net) : open_network(t, file, net);
    }
    if (!err && file)
        err = load_pools(t, file);
    if (!err)
        err = load_scale(t);
    return err ? err : load_sums(t, file);
}

static int open_networks(P2pTrainer *t, const P2pTensorFile *file)
{
    char *variants = NULL;
    int err = p2p_trainer_share_variants(t, file, &variants);

    if (!err)
        err = p2p_trainer_share_networks(t, file, plan_networks(t, file, variants));
    free(variants);
    return err;
}

static int open_saver(P2pTrainer *t)
{
    const P2pGan *gan = t->gan;
    P2pKeptPictures kept[P2P_GAN_MAX_POOLS + 1];
    P2pSaverSettings settings = {.folder = &t->folder,
                                 .log = p2p_device_log(t->device),
                                 .content = {.device = t->device,
                                             .nets = gan->shared->nets,
                                             .count = gan->net_count,
                                             .kept = kept,
                                             .kept_count = gan->pool_count,
                                             .mapped = p2p_device_caps(t->device)->is_cpu}};

    for (int i = 0; i < gan->pool_count; i++)
        kept[i] = (P2pKeptPictures){gan->pool_names[i], p2p_plan_get(gan->plan, gan->pool[i])};
    if (gan->sums >= 0)
        kept[settings.content.kept_count++] = (P2pKeptPictures){sums_name, &gan->shared->losses};
    return p2p_saver_create(&t->saver, &settings);
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

/* Options and folder, as the first rank has them. */
static int open_run(P2pTrainer *t, P2pTensorFile **file)
{
    const P2pOptions *o = &t->options;
    int err;

    if (!o->continue_train && (err = p2p_trainer_new_options(t)) < 0)
        return err;
    if ((err = p2p_run_folder_init(&t->folder, o->checkpoints_dir, o->name)) < 0)
        return err;
    err = o->continue_train ? p2p_trainer_continue_options(t, file)
                            : p2p_run_folder_check_new(&t->folder, o->overwrite);
    if (err || (err = p2p_gan_model_check(t->model, o)) < 0)
        return err;
    return p2p_options_check(o, P2P_PROGRAM_TRAIN);
}

/* The folder as it is to be from here on. */
static int enter_folder(P2pTrainer *t)
{
    int err = t->options.continue_train ? P2P_OK : begin_run(t);

    if (!err && t->warning)
        err = p2p_run_folder_restore(&t->folder);
    if (!err)
        err = p2p_run_folder_cut_log(&t->folder, t->position.step);
    return err ? err : open_saver(t);
}

static int prepare(P2pTrainer *t, P2pTensorFile **file)
{
    const bool leads = p2p_trainer_leads(t);
    int err = p2p_trainer_share_options(t, leads ? open_run(t, file) : P2P_OK);

    if (!err && !leads)
        err = p2p_run_folder_init(&t->folder, t->options.checkpoints_dir, t->options.name);
    if (err || (err = p2p_trainer_agree_on_data(t, p2p_trainer_open_data(t))) < 0)
        return err;
    if ((err = open_networks(t, *file)) < 0)
        return t->options.continue_train ? p2p_trainer_tell_networks(t, err) : err;
    if ((err = p2p_trainer_open_loader(t)) == P2P_OK)
        err = p2p_trainer_open_generators(t);
    if (!err && leads)
        err = enter_folder(t);
    return p2p_comm_agree(t->comm, err);
}

int p2p_trainer_join(P2pTrainer **out, P2pDevice *device, P2pOptions *options, P2pComm *comm)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(device);
    P2P_NEED(options);

    P2pTrainer *t = *out = p2p_alloc(1, sizeof(*t));
    P2pTensorFile *file = NULL;

    if (!t)
        return P2P_ENOMEM;
    p2p_device_enter(device);
    t->device = device;
    t->comm = comm;
    t->options = *options;
    t->folder.lock = -1;
    const int err = prepare(t, &file);
    *options = t->options;
    free(t->warning);
    t->warning = NULL;
    p2p_tensor_file_close(&file);
    p2p_transfer_close(&t->transfer);
    if (err)
        p2p_trainer_destroy(out);
    return p2p_device_leave(device, err);
}

int p2p_trainer_create(P2pTrainer **out, P2pDevice *device, P2pOptions *options)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(device);
    P2P_NEED(options);
    return p2p_trainer_join(out, device, options, NULL);
}

void p2p_trainer_destroy(P2pTrainer **trainer)
{
    P2pTrainer *t = *trainer;

    if (!t)
        return;
    P2pDevice *device = t->device;
    p2p_device_enter(device);
    p2p_saver_destroy(&t->saver);
    p2p_generators_destroy(&t->generators);
    p2p_loader_destroy(&t->loader);
    p2p_gans_destroy(&t->gans);
    p2p_dataset_destroy(&t->dataset);
    p2p_dataset_destroy(&t->val);
    p2p_run_folder_finish(&t->folder);
    p2p_run_log_finish(&t->log);
    p2p_events_close(&t->tensorboard);
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
    if (t->generators)
        *plan_bytes += p2p_generators_bytes(t->generators);
}

const char *p2p_trainer_folder(const P2pTrainer *t)
{
    return t->folder.path;
}

void p2p_trainer_stop(P2pTrainer *t)
{
    atomic_store(&t->stop, true);
}
