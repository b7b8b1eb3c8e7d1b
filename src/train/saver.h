/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saving a run's checkpoints while training goes on. The steps wait until the networks have been handed
 * to the system, in pieces: it keeps them in memory that it can give up as the disk takes them, so
 * that no copy of ours is needed. A thread flushes, verifies and renames the file beside the steps.
 * One save at a time.
 */
#ifndef P2P_TRAIN_SAVER_H
#define P2P_TRAIN_SAVER_H

#include "src/model/checkpoint_write.h"
#include "src/train/run_folder.h"

typedef struct P2pSaver P2pSaver;

typedef struct P2pSaverSettings {
    const P2pRunFolder *folder;
    const P2pLog *log;
    P2pCheckpointContent content;
} P2pSaverSettings;

/** The folder must outlive it, and of the content what must outlive its writer. */
int p2p_saver_create(P2pSaver **out, const P2pSaverSettings *settings);
/** Waits for the running save. */
void p2p_saver_destroy(P2pSaver **saver);

typedef struct P2pSave {
    const P2pOptions *options;
    const P2pPosition *position;
    const char *variants; /* see p2p_checkpoint_write() */
    int epoch;            /* keep it as EPOCH.safetensors too; 0: no */
    bool iter;            /* and as iter_STEP.safetensors */
    bool best;            /* and as best.safetensors */
} P2pSave;

/**
 * Save the networks as they are: wait for the save before, write them, start a thread for the rest
 * (without one it is done at once).
 *
 * @return 0; a failure to write, or of the save before: the latest whole checkpoint stays.
 */
int p2p_saver_save(P2pSaver *saver, const P2pSave *save);

/**
 * What became of the last save; with wait, when it is done.
 *
 * @param saved  Whether it has been completed since the last call.
 * @return 0; the failure of that save, once: P2P_EIO, P2P_EFORMAT: what was written cannot be read
 *         back, P2P_ENUMBER: a NaN in it.
 */
int p2p_saver_poll(P2pSaver *saver, bool wait, bool *saved);

#endif
