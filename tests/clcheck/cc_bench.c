/* SPDX-License-Identifier: BSD-2-Clause */
/* Times of variants at sizes of the networks: median and least of many runs after a warm-up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clcheck.h"
#include "src/base/log.h"

enum { WARM_UP = 3, MOST_RUNS = 60, LEAST_RUNS = 10 };

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

typedef struct Seconds {
    double median, least;
} Seconds;

/* Seconds of one run; several launches of the sequence in a row where it is short. */
static int measure(P2pDevice *device, P2pSequence *seq, Seconds *seconds_out)
{
    const int count = p2p_sequence_count(seq);
    double times[MOST_RUNS], total = 0;
    int err = P2P_OK, runs = 0, batch = 1;

    for (int i = 0; !err; i++) {
        const double start = p2p_seconds();
        for (int k = 0; k < batch && !err; k++)
            err = p2p_sequence_run(seq, 0, count);
        if (!err)
            err = p2p_device_finish(device);
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
    *seconds_out = (Seconds){runs ? times[runs / 2] : 0, runs ? times[0] : 0};
    return err;
}

static int time_way(Cc *cc, const CcCase *c, const P2pWay *way, Seconds *seconds)
{
    P2pSequence *seq = NULL;
    P2pBuffer *work = NULL;
    int err = p2p_sequence_create(&seq, cc->device);

    if (!err && way->work_bytes)
        err = p2p_buffer_create(&work, cc->device, way->work_bytes);
    if (!err)
        err = way->variant->emit(seq, &c->call, way, work);
    if (!err)
        err = measure(cc->device, seq, seconds);
    p2p_sequence_destroy(&seq);
    p2p_buffer_destroy(&work);
    return err;
}

static double bytes_of(const CcCase *c)
{
    double bytes = 0;

    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        if (p2p_call_has(&c->call, i))
            bytes += (double)p2p_tensor_elements(&c->call.t[i]) * 4 *
                     (1 + (c->call.pass->updates >> i & 1));
    return bytes;
}

static int bench_size(Cc *cc, CcCase *c)
{
    const P2pVariant *last = c->call.pass->variants;
    Seconds seconds[16] = {0};
    P2pWay way;
    double safest = 0;
    char text[256];
    CcData d;
    CcRandom r = {cc->seed, 0, 0, 0};
    int err, i = 0;

    cc_place(&r, c, cc->caps, true);
    cc_describe(c, text, sizeof(text));
    err = cc_data_create(&d, c, cc->device);
    for (int k = 0; k < P2P_MAX_OPERANDS && !err; k++)
        if (d.o[k].buffer)
            err = p2p_buffer_zero(d.o[k].buffer);
    for (last = c->call.pass->variants; last->name && !err && i < 16; last++, i++)
        if (p2p_way_plan(&way, last, &c->call, cc->caps) &&
            (!cc->variant || !strcmp(cc->variant, last->name)) &&
            (err = time_way(cc, c, &way, &seconds[i])) == P2P_OK)
            safest = seconds[i].median;
    cc_data_destroy(&d);
    printf("%s %s\n", c->call.pass->name, text);
    for (int k = 0; k < i; k++)
        if (seconds[k].median > 0)
            printf("    %-10s %10.1f us (least %8.1f) %8.1f GB/s %8.1f GFLOP/s  (%.2fx)\n",
                   c->call.pass->variants[k].name, 1e6 * seconds[k].median, 1e6 * seconds[k].least,
                   (c->bytes > 0 ? c->bytes : bytes_of(c)) / seconds[k].median * 1e-9,
                   c->flops / seconds[k].median * 1e-9, safest / seconds[k].median);
    return err;
}

int cc_bench(Cc *cc, const CcCheck *check)
{
    int err = P2P_OK;

    for (int i = 0; check->size && !err; i++) {
        CcCase c = {.call.pass = check->pass};
        if (!check->size(i, &c, p2p_weight_block(cc->caps)))
            break;
        err = bench_size(cc, &c);
    }
    return err;
}
