/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page of a run: index.html, which is the same for every run, and index.js beside it with what the page
 * shows: the curves of the log, the names of the samples and checkpoints that are there, the options.
 */
#ifndef P2P_REPORT_RUN_PAGE_H
#define P2P_REPORT_RUN_PAGE_H

#include <stdbool.h>

#include "p2p/device.h"
#include "src/options/options.h"
#include "src/report/run_log.h"

/** What neither the log nor the folder tells. */
typedef struct P2pRunFacts {
    const char *folder, *log, *samples; /* paths; samples lie in the folder */
    const P2pOptions *options;
    const P2pCaps *device;
    size_t network_bytes, plan_bytes; /* on the device */
    long step, last_step;             /* done; of the whole run */
    long epoch_steps;                 /* steps of an epoch */
    const char *const *pictures;      /* what a sample shows from left to right; NULL ends it */
    bool live;                        /* the run goes on */
} P2pRunFacts;

/**
 * Write both files, each whole or not at all; not flushed to the disk, as they can be written anew.
 *
 * @param log  Read up to its end before; zeroed at first.
 * @return 0; P2P_EIO, P2P_ENOMEM: the files of before are as they were.
 */
int p2p_run_page_write(P2pRunLog *log, const P2pRunFacts *facts);

#endif
