/* SPDX-License-Identifier: BSD-2-Clause */
/* Formats messages and hands them to the caller's callback; prints nothing itself. */
#include "src/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void p2p_log(const P2pLog *log, P2pLogLevel level, const char *format, ...)
{
    char text[2048], shown[2048];
    va_list args;

    if (!log || !log->write || level > log->level)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log->write(log->user, level, p2p_show(shown, sizeof(shown), text));
}

double p2p_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void p2p_patience_begin(P2pPatience *p)
{
    p->since = p->looked = p2p_seconds();
}

bool p2p_patience_is_over(P2pPatience *p, double limit_s)
{
    const double now = p2p_seconds();

    if (now - p->looked > 1 + limit_s / 2)
        p->since = now;
    p->looked = now;
    return now - p->since > limit_s;
}
