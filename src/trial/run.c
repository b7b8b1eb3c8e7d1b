/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of a way through a trial: twice on the same numbers, or often to be timed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/status.h"
#include "src/trial/trial.h"

enum { WORK_GUARD_BYTES = 256, GUARD_BYTE = 0xa5, WARM_UP = 3, MOST_RUNS = 60, LEAST_RUNS = 10 };

/* Scratch memory full of NaNs, and behind it a guard. */
static int create_work(P2pBuffer **work, P2pDevice *device, size_t bytes)
{
    void *mapped;
    int err = p2p_buffer_create(work, device, bytes + WORK_GUARD_BYTES);

    if (!err && (err = p2p_buffer_map(*work, true, &mapped)) == P2P_OK) {
        memset(mapped, 0xff, bytes);
        memset((unsigned char *)mapped + bytes, GUARD_BYTE, WORK_GUARD_BYTES);
        err = p2p_buffer_unmap(*work, mapped);
    }
    return err;
}

int p2p_trial_run_create(P2pTrialRun *run, P2pDevice *device, const P2pTrial *t, const P2pWay *way)
{
    int err;

    *run = (P2pTrialRun){.device = device, .way = way};
    err = p2p_sequence_create(&run->seq, device);
    if (!err && way->work_bytes)
        err = create_work(&run->work, device, way->work_bytes);
    if (!err)
        err = way->variant->emit(run->seq, &t->call, way, run->work);
    if (!err)
        err = p2p_sequence_build(run->seq, NULL);
    return err;
}

void p2p_trial_run_destroy(P2pTrialRun *run)
{
    p2p_sequence_destroy(&run->seq);
    p2p_buffer_destroy(&run->work);
}

static int run_once(P2pTrialRun *run, const P2pTrial *t, P2pTrialData *d, int which)
{
    int err = p2p_trial_data_upload(d, t);

    if (!err)
        err = p2p_sequence_run(run->seq, 0, p2p_sequence_count(run->seq));
    return err ? err : p2p_trial_data_download(d, t, which);
}

bool p2p_trial_check(P2pTrialRun *run, P2pTrial *t, P2pTrialData *d, char *text, size_t bytes)
{
    unsigned char guard[WORK_GUARD_BYTES], read[WORK_GUARD_BYTES];
    int err = P2P_OK;

    memset(guard, GUARD_BYTE, sizeof(guard));
    for (int which = 0; which < 2 && !err; which++)
        err = run_once(run, t, d, which);
    if (!err && run->work)
        err = p2p_buffer_read(run->work, run->way->work_bytes, sizeof(read), read);
    if (err)
        snprintf(text, bytes, "%s", p2p_error());
    else if (run->work && memcmp(guard, read, sizeof(guard)))
        snprintf(text, bytes, "wrote behind its workspace of %zu bytes", run->way->work_bytes);
    else
        return p2p_trial_compare(d, t, run->way, text, bytes);
    return false;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Several launches of the sequence in a row where it is short. */
int p2p_trial_time(P2pTrialRun *run, P2pSeconds *seconds_out)
{
    const int count = p2p_sequence_count(run->seq);
    double times[MOST_RUNS], total = 0;
    int err = P2P_OK, runs = 0, batch = 1;

    for (int i = 0; !err; i++) {
        const double start = p2p_seconds();
        for (int k = 0; k < batch && !err; k++)
            err = p2p_sequence_run(run->seq, 0, count);
        if (!err)
            err = p2p_device_finish(run->device);
        const double seconds = (p2p_seconds() - start) / batch;
        if (i == WARM_UP - 1)
            batch = seconds < 1e-4 ? 20 : seconds < 1e-3 ? 4 : 1;
        if (i < WARM_UP)
            continue;
        times[runs++] = seconds;
        total += seconds * batch;
        if (runs == MOST_RUNS || (total > 0.4 && runs >= LEAST_RUNS))
            break;
    }
    qsort(times, (size_t)runs, sizeof(times[0]), compare_doubles);
    *seconds_out = (P2pSeconds){runs ? times[runs / 2] : 0, runs ? times[0] : 0};
    return err;
}
