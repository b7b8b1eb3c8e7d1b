/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event files for TensorBoard: records in TensorFlow's framing of what a run's log, samples and options tell.
 *
 * Source: tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto, TFRecord.
 */
#ifndef P2P_REPORT_EVENTS_H
#define P2P_REPORT_EVENTS_H

#include <stdio.h>

#include "p2p/image.h"

typedef struct P2pEvents P2pEvents;

/**
 * Begin a file of its own in a folder, which is made. Earlier files stay: what they tell of steps behind `step` is
 * void by the new one's begin.
 *
 * @return 0; P2P_EIO, P2P_ENOMEM.
 */
int p2p_events_open(P2pEvents **out, const char *folder, long step);
void p2p_events_close(P2pEvents **events);

/* Each appends whole records and hands them to the system. NULL: nothing. P2P_EIO, P2P_ENOMEM. */

/** A number for each name; those that are not finite are left out. */
int p2p_events_scalars(P2pEvents *events, long step, const char *const *names, const double *values,
                       int count);
/** As PNG. */
int p2p_events_image(P2pEvents *events, long step, const char *name, const P2pImage *image);
/** Markdown. */
int p2p_events_text(P2pEvents *events, long step, const char *name, const char *text);

#endif
