/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of a P2pTrainer, for the files that prepare and run one. */
#ifndef P2P_TRAIN_TRAINER_PARTS_H
#define P2P_TRAIN_TRAINER_PARTS_H

#include <stdatomic.h>

#include "p2p/data.h"
#include "src/model/checkpoint.h"
#include "src/report/events.h"
#include "src/report/run_page.h"
#include "src/train/gans.h"
#include "src/train/generators.h"
#include "src/train/saver.h"
#include "src/train/trainer.h"
#include "src/train/transfer.h"

struct P2pTrainer {
    P2pDevice *device;
    P2pComm *comm; /* NULL: there are no other ranks */
    P2pPart part;  /* of each batch: this rank's */
    P2pOptions options;
    P2pOptions told; /* while preparing: by the checkpoint */
    P2pRunFolder folder;
    P2pDataset *dataset, *val; /* val: NULL where nothing is validated */
    P2pLoader *loader;
    const P2pGanModel *model;
    P2pGans *gans;
    P2pGan *gan;               /* that of the last batch's size */
    P2pGenerators *generators; /* NULL: nobody needs them */
    P2pSaver *saver;
    P2pTransfer transfer; /* while preparing */
    char *warning;        /* while preparing: which checkpoint is damaged */
    P2pPosition position;
    P2pRunLog log;          /* as far as the page shows it */
    P2pEvents *tensorboard; /* NULL: not wanted */
    double rate;            /* of the last step */
    int multiple, least;    /* of the sides of pictures */
    size_t sizes;           /* that pictures have */
    int height, width;      /* the largest of them */
    atomic_bool stop;
    const P2pTrainEvents *events;
    double started, reported; /* seconds */
    long reported_step;
};

/* ---- trainer_options.c ---------------------------------------------------------------------- */

/** Of a run that begins: what --init_from tells, then the preset, then the model. */
int p2p_trainer_new_options(P2pTrainer *t);
/** Of a run that goes on: the checkpoint's, with those that the user gave on top. */
int p2p_trainer_continue_options(P2pTrainer *t, P2pTensorFile **file);
/** Where the checkpoint's tensors are not the networks': the options that made them others, in the place of
 *  that failure. */
int p2p_trainer_tell_networks(const P2pTrainer *t, int err);

/* ---- trainer_data.c ------------------------------------------------------------------------- */

/** List and check the pictures; not to be other ones unnoticed. Their sizes are known behind it. */
int p2p_trainer_open_data(P2pTrainer *t);
/** How they are loaded. */
P2pLoaderSettings p2p_trainer_loading(const P2pTrainer *t);
/** Load from where the run stands. */
int p2p_trainer_open_loader(P2pTrainer *t);

/* ---- trainer_report.c ----------------------------------------------------------------------- */

/** Begin what is written besides the log, if it is wanted. */
int p2p_trainer_open_reports(P2pTrainer *t);
/** A line of the log, and the same elsewhere. */
int p2p_trainer_log(P2pTrainer *t, const P2pTrainProgress *p);
int p2p_trainer_log_validation(P2pTrainer *t, const P2pTrainValidation *v);
/** Save the last step's pictures, behind an epoch under its number; within one it is 0. */
int p2p_trainer_sample(P2pTrainer *t, int epoch);
/** Write the page of the run, unless it is not wanted. */
int p2p_trainer_page(P2pTrainer *t, bool live);
/** Behind a step that ends no epoch: what is due of both. */
int p2p_trainer_show_step(P2pTrainer *t);

/* ---- trainer_ranks.c ------------------------------------------------------------------------ */

/** Whether this rank has the run's folder. */
bool p2p_trainer_leads(const P2pTrainer *t);
/** Options, and where the run stands, from the first rank, unless one of all failed with err. */
int p2p_trainer_share_options(P2pTrainer *t, int err);
/** All ranks have opened their data, or failed: whether it is the same. */
int p2p_trainer_agree_on_data(P2pTrainer *t, int err);
/** The variants of the first rank's checkpoint, for devices that are like its; in fresh memory. */
int p2p_trainer_share_variants(P2pTrainer *t, const P2pTensorFile *file, char **variants);
/** All have planned, or failed: give everyone the first rank's networks, and its part of the moments of its file. */
int p2p_trainer_share_networks(P2pTrainer *t, const P2pTensorFile *file, int err);
/** Losses of this rank's pictures become those of all (nothing else is done by the first call). */
int p2p_trainer_mean_losses(P2pTrainer *t, float losses[P2P_GAN_MAX_LOSSES]);
/** The same with what is summed over the running epoch, on the device. */
int p2p_trainer_mean_sums(P2pTrainer *t);
/** Behind saves and samples, which the first rank makes in less than ten times the time limit: all go on with
 *  its position. */
int p2p_trainer_meet(P2pTrainer *t);

/* ---- trainer_epoch.c ------------------------------------------------------------------------ */

/** Behind the networks: what the first rank's samples and everyone's validations are made by. */
int p2p_trainer_open_generators(P2pTrainer *t);
/**
 * What comes behind the last batch of an epoch but saving; t->position points to the next one.
 *
 * @param last  The run ends here.
 * @param best  Whether a validation found the best networks so far.
 */
int p2p_trainer_end_epoch(P2pTrainer *t, bool last, bool *best);

#endif
