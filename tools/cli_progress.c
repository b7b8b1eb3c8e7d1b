/* SPDX-License-Identifier: BSD-2-Clause */
/* A line on the terminal that tells how far a program is. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define RENEW_S 0.2

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void cli_progress_init(CliProgress *p, const char *what, size_t count, bool hidden)
{
    *p = (CliProgress){
        .what = what, .count = count, .start = now(), .on = isatty(STDERR_FILENO) && !hidden};
}

/* What remains, as 75 s or 2 h 05 min. */
static void print_left(double seconds)
{
    const long s = (long)(seconds + 0.5), minutes = s / 60;

    if (s < 120)
        fprintf(stderr, ", %ld s left", s);
    else if (minutes < 120)
        fprintf(stderr, ", %ld min left", minutes);
    else
        fprintf(stderr, ", %ld h %02ld min left", minutes / 60, minutes % 60);
}

void cli_progress_show(CliProgress *p, size_t done)
{
    const double t = now(), elapsed = t - p->start;

    if (!p->on || !done || t - p->shown < RENEW_S)
        return;
    const double rate = (double)done / elapsed;
    cli_progress_hide(p);
    fprintf(stderr, "%zu", done);
    if (p->count)
        fprintf(stderr, " of %zu", p->count);
    fprintf(stderr, " %s, %.1f a second", p->what, rate);
    if (p->count)
        print_left((double)(p->count - done) / rate);
    fflush(stderr);
    p->shown = t;
    p->visible = true;
}

void cli_progress_hide(CliProgress *p)
{
    if (p->visible)
        fputs("\r\033[K", stderr);
    p->visible = false;
}
