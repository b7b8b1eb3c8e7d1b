/* SPDX-License-Identifier: BSD-2-Clause */
/* Times of variants at sizes of the networks. */
#include <stdio.h>
#include <string.h>

#include "clcheck.h"

static int time_way(Cc *cc, const P2pTrial *t, const P2pWay *way, P2pSeconds *seconds)
{
    P2pTrialRun run;
    int err = p2p_trial_run_create(&run, cc->device, t, way);

    if (!err)
        err = p2p_trial_time(&run, seconds);
    p2p_trial_run_destroy(&run);
    return err;
}

static double bytes_of(const P2pTrial *c)
{
    double bytes = 0;

    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        if (p2p_call_has(&c->call, i))
            bytes += (double)p2p_tensor_elements(&c->call.t[i]) * 4 *
                     (1 + (c->call.pass->updates >> i & 1));
    return bytes;
}

static int bench_size(Cc *cc, P2pTrial *c)
{
    const P2pVariant *last = c->call.pass->variants;
    P2pSeconds seconds[16] = {0};
    P2pWay way;
    double safest = 0;
    char text[256];
    P2pTrialData d;
    P2pDraw r = {cc->seed, 0, 0, 0};
    int err, i = 0;

    p2p_trial_place(&r, c, cc->caps, true);
    p2p_trial_describe(c, text, sizeof(text));
    err = p2p_trial_data_create(&d, c, cc->device);
    for (int k = 0; k < P2P_MAX_OPERANDS && !err; k++)
        if (d.o[k].buffer)
            err = p2p_buffer_zero(d.o[k].buffer);
    for (last = c->call.pass->variants; last->name && !err && i < 16; last++, i++)
        if (p2p_way_plan(&way, last, &c->call, cc->caps) &&
            (!cc->variant || !strcmp(cc->variant, last->name)) &&
            (err = time_way(cc, c, &way, &seconds[i])) == P2P_OK)
            safest = seconds[i].median;
    p2p_trial_data_destroy(&d);
    printf("%s %s\n", c->call.pass->name, text);
    for (int k = 0; k < i; k++)
        if (seconds[k].median > 0)
            printf("    %-10s %10.1f us (least %8.1f) %8.1f GB/s %8.1f GFLOP/s  (%.2fx)\n",
                   c->call.pass->variants[k].name, 1e6 * seconds[k].median, 1e6 * seconds[k].least,
                   (c->bytes > 0 ? c->bytes : bytes_of(c)) / seconds[k].median * 1e-9,
                   c->flops / seconds[k].median * 1e-9, safest / seconds[k].median);
    return err;
}

int cc_bench(Cc *cc, const P2pTrialKind *kind)
{
    int err = P2P_OK;

    for (int i = 0; kind->size && !err; i++) {
        P2pTrial c = {.call.pass = kind->pass};
        if (!kind->size(i, &c, p2p_weight_block(cc->caps)))
            break;
        err = bench_size(cc, &c);
    }
    return err;
}
