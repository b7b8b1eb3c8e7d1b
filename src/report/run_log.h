/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the log of a run tells, as curves that stay small however long it is. A log is text of which any
 * line may be damaged: such lines are counted and left out.
 */
#ifndef P2P_REPORT_RUN_LOG_H
#define P2P_REPORT_RUN_LOG_H

#include <stddef.h>

enum { P2P_LOG_POINTS = 2048, P2P_LOG_CURVES = 64, P2P_LOG_NAME = 48 };

/** The mean of `count` lines of the log that follow each other. */
typedef struct P2pLogPoint {
    double step, value;
    long count;
} P2pLogPoint;

/** A number of the log over its steps, such as a loss; where there are too many points, means of them. */
typedef struct P2pLogCurve {
    char name[P2P_LOG_NAME];
    P2pLogPoint points[P2P_LOG_POINTS];
    size_t count;
    long each;   /* lines in a full point */
    double last; /* the last line's value */
} P2pLogCurve;

typedef struct P2pRunLog {
    P2pLogCurve *curves[P2P_LOG_CURVES]; /* in the order in which the log names them */
    size_t count, damaged;
    long step, offset; /* the last line's; bytes that have been read */
} P2pRunLog;

/**
 * Read what has come to a log since the last time, up to its last whole line; a log that is not there is
 * empty, one that has become shorter is read anew. P2P_EIO, P2P_ENOMEM.
 */
int p2p_run_log_read(P2pRunLog *log, const char *path);
/** NULL: the log does not name it. */
P2pLogCurve *p2p_run_log_find(const P2pRunLog *log, const char *name);
void p2p_run_log_finish(P2pRunLog *log);

#endif
