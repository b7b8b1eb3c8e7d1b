/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of a run: its files' names, its lock, its log, its sample pictures. */
#ifndef P2P_TRAIN_RUN_FOLDER_H
#define P2P_TRAIN_RUN_FOLDER_H

#include <stdbool.h>

#include "p2p/image.h"
#include "p2p/train.h"

typedef struct P2pRunFolder {
    char *path, *latest, *previous, *log, *samples;
    int lock; /* descriptor of the locked file, -1: none */
} P2pRunFolder;

/** Names only; makes nothing. */
int p2p_run_folder_init(P2pRunFolder *f, const char *checkpoints_dir, const char *name);
/** P2P_EEXIST when there is a run already and it is not to be replaced. */
int p2p_run_folder_check_new(const P2pRunFolder *f, bool overwrite);
/**
 * Take the lock and make the folders. What lies in the folder of a run that is to be replaced is moved
 * away with it, to NAME.old-N: at each moment it is whole, under one of the two names.
 *
 * @param moved  Fresh path of that folder, NULL when there was nothing to move; set also on failure.
 * @return 0; P2P_EEXIST: a run has begun there meanwhile; P2P_EBUSY names the process that trains it;
 *         P2P_EIO.
 */
int p2p_run_folder_begin(P2pRunFolder *f, bool overwrite, char **moved);
/** Take the lock of a run that goes on, before its checkpoint is read. P2P_EBUSY, P2P_EIO. */
int p2p_run_folder_claim(P2pRunFolder *f);
void p2p_run_folder_finish(P2pRunFolder *f);

/** Whether there is a checkpoint of a run. */
bool p2p_run_folder_has_run(const P2pRunFolder *f);
/**
 * What pytorch-CycleGAN-and-pix2pix keeps as the latest of a run, "FILE,FILE" in fresh memory; NULL:
 * there is none.
 */
char *p2p_run_folder_foreign(const P2pRunFolder *f);
/**
 * Make a written and verified file the latest checkpoint; the latest becomes the previous one. At each
 * moment one of the two names is a whole checkpoint.
 */
int p2p_run_folder_install(const P2pRunFolder *f, const char *temporary);
/** Put the previous checkpoint in the place of a latest one that is damaged. */
int p2p_run_folder_restore(const P2pRunFolder *f);

/** Cut the lines of the log that lie behind `step` (0: all of them). */
int p2p_run_folder_cut_log(const P2pRunFolder *f, long step);
/** Append one line each. */
int p2p_run_folder_log(const P2pRunFolder *f, const P2pTrainProgress *p);
int p2p_run_folder_log_validation(const P2pRunFolder *f, const P2pTrainValidation *v);
/**
 * The pictures side by side: samples/epoch_NNN.png, or within an epoch, where epoch is 0, the smaller
 * samples/step_NNNNNNN.jpg.
 */
int p2p_run_folder_sample(const P2pRunFolder *f, int epoch, long step, const P2pImage *pictures,
                          int count);

#endif
