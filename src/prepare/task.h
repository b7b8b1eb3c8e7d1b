/* SPDX-License-Identifier: BSD-2-Clause */
/* Files made of files: a list of what becomes what, carried out in threads. */
#ifndef P2P_PREPARE_TASK_H
#define P2P_PREPARE_TASK_H

#include <pthread.h>

#include "p2p/prepare.h"

/** Counts for a caller's progress what several threads have done. */
typedef struct P2pCounter {
    P2pProgress progress; /**< called by one thread at a time; may be NULL */
    void *user;
    size_t total, done;
    bool stopped;
    pthread_mutex_t lock;
} P2pCounter;

void p2p_counter_init(P2pCounter *counter, size_t total, P2pProgress progress, void *user);
/** One more; P2P_ESTOPPED from when the caller said so. */
int p2p_counter_add(P2pCounter *counter);
void p2p_counter_finish(P2pCounter *counter);

/** Zeroed: nothing. Release by finish. */
typedef struct P2pTask {
    const P2pPrepareSettings *settings;
    size_t count;
    char **from[2];  /**< paths of the inputs, [count]; the second list where a result has two */
    char **out;      /**< of the results, [count] */
    const char *bad; /**< "pairs cannot be joined": what becomes of unusable ones */
    /** The picture of result i; NULL: the first input is copied as it is. */
    int (*make)(const struct P2pTask *task, size_t i, P2pImage *picture);
    const void *user; /**< of make */
} P2pTask;

extern const P2pPrepareSettings p2p_prepare_defaults;

/** At the front of public functions: NULL becomes the defaults, impossible settings are refused. */
#define P2P_NEED_PREPARE(s)                                                  \
    do {                                                                     \
        if (!(s))                                                            \
            (s) = &p2p_prepare_defaults;                                     \
        P2P_NEED_RANGE("format", (s)->format, P2P_IMAGE_PNG, P2P_IMAGE_NPY); \
        P2P_NEED_RANGE("quality", (s)->quality, 0, 100);                     \
        P2P_NEED_RANGE("threads", (s)->threads, 0, 256);                     \
    } while (0)

/** Lists for count results, still empty. */
int p2p_task_init(P2pTask *task, size_t count, bool two, const P2pPrepareSettings *settings);
void p2p_task_finish(P2pTask *task);

/**
 * Entry i: the input folder/name becomes folder_out/sub/name, with the results' suffix unless the file is
 * copied. sub may be "".
 */
int p2p_task_set(P2pTask *task, size_t i, const char *folder, const char *name,
                 const char *folder_out, const char *sub);

/**
 * Check that no result would overwrite an input, carry the task out and finish it; err: a failure of
 * planning it, after which it is finished only. report may be NULL, else it is set in every case.
 */
int p2p_task_run(P2pTask *task, int err, P2pProgress progress, void *user,
                 P2pPrepareReport *report);

/** make: both inputs side by side; user: NULL, or the int that both are resized to squared. */
int p2p_task_pair(const P2pTask *task, size_t i, P2pImage *both);

/** Read an input as the settings say. */
int p2p_task_read(const P2pPrepareSettings *settings, const char *path, P2pImage *image);

/** p2p_folder_stems() of a folder that holds some picture, but for folder_out within it. */
int p2p_task_list(const char *folder, const char *folder_out, const P2pPrepareSettings *settings,
                  char ***names, size_t *count);

#endif
