/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Training: a run in a folder, from its options to its last checkpoint.
 *
 * A P2pTrainer is used by one thread at a time, but for p2p_trainer_stop(). Making it and running it
 * keep the device to themselves (see p2p/device.h).
 */
#ifndef P2P_TRAIN_H
#define P2P_TRAIN_H

#include "p2p/comm.h"
#include "p2p/common.h"
#include "p2p/device.h"
#include "p2p/image.h"
#include "p2p/options.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct P2pTrainer P2pTrainer;

/** Where a run stands, every --print_freq steps. */
typedef struct P2pTrainProgress {
    int epoch, epochs;   /**< running one, from 1; in all */
    long step;           /**< steps done in all */
    long batch, batches; /**< of this epoch */
    const char *const *loss_names;
    const float *losses; /**< of the last step, of several batches the last one's */
    int loss_count;
    double lr;
    double seconds_per_step; /**< mean since the last report */
    double seconds_left;     /**< to the end of the run, estimated */
} P2pTrainProgress;

/** What a validation found. */
typedef struct P2pTrainValidation {
    int epoch; /**< after which */
    long step;
    size_t pictures;
    P2pMetrics metrics; /**< means over them */
    bool best;          /**< by --val_metric no earlier one was as good */
} P2pTrainValidation;

/** Called from p2p_trainer_run() in its thread, which may use the device then; any may be NULL. */
typedef struct P2pTrainEvents {
    void (*progress)(void *user, const P2pTrainProgress *progress);
    void (*validated)(void *user, const P2pTrainValidation *validation);
    void (*saved)(void *user, const char *path);
    void *user;
} P2pTrainEvents;

/**
 * Prepare a run: read or draw the weights, check the data, plan the step, compile.
 *
 * With continue_train the options come from CHECKPOINTS_DIR/NAME/latest.safetensors, or, where that
 * is damaged, previous.safetensors (the log has a warning), or that of epoch or load_iter; those given
 * in `options` replace them (p2p_options_given()), which the log says.
 *
 * @param options  Changed to what is in force (presets, the checkpoint's options).
 * @return 0; P2P_EEXIST: the run exists and neither continue_train nor overwrite was asked for;
 *         P2P_EBUSY: another process trains it; P2P_EINVAL, P2P_EIO, P2P_EFORMAT, P2P_EDEVICE,
 *         P2P_EDEVMEM. Nothing was overwritten then.
 */
P2P_API int p2p_trainer_create(P2pTrainer **out, P2pDevice *device, P2pOptions *options);

/**
 * The same as one rank of a job, which all ranks call with the same options: each trains its part of every
 * batch on its own device, and the run is that of one process with the job's batches. The first rank has
 * the folder, the log and the events; where it has a failure of its own, or another rank has, see
 * p2p_comm_agreed().
 *
 * @param comm  Must outlive the trainer; NULL: there are no others.
 * @return Also P2P_EINVAL: pictures differ between ranks; P2P_ETIMEOUT: a rank does not answer.
 */
P2P_API int p2p_trainer_join(P2pTrainer **out, P2pDevice *device, P2pOptions *options,
                             P2pComm *comm);

/**
 * Train until the last epoch, max_steps, max_seconds or early_stop, or until asked to stop; save. Saving goes on
 * beside the steps, from a copy on the host of all that is saved; what becomes of it is seen at the
 * next step, or at the end.
 *
 * @return 0; P2P_ESTOPPED: stopped by p2p_trainer_stop(), everything saved; P2P_ENUMBER: a loss or
 *         weight is not finite; P2P_ETIMEOUT: the device does not answer, end the process; or
 *         another failure. After each the last checkpoint is whole.
 */
P2P_API int p2p_trainer_run(P2pTrainer *trainer, const P2pTrainEvents *events);

/**
 * Ask p2p_trainer_run() to finish its step, save and return; when none is running, the next one
 * saves and returns at once. Safe in signal handlers and from any thread, as long as the trainer is
 * there: it sets a lock-free atomic and nothing else.
 */
P2P_API void p2p_trainer_stop(P2pTrainer *trainer);

/** Bytes on the device: networks; the plans of a step, and of samples and validation. */
P2P_API void p2p_trainer_memory(const P2pTrainer *trainer, size_t *network_bytes,
                                size_t *plan_bytes);
/** Folder of the run. */
P2P_API const char *p2p_trainer_folder(const P2pTrainer *trainer);

P2P_API void p2p_trainer_destroy(P2pTrainer **trainer);

#ifdef __cplusplus
}
#endif
#endif
