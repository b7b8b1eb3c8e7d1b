/* SPDX-License-Identifier: BSD-2-Clause */
/* What a step would take on a device of more compute units, by the groups of its launches. */
#include "p2p/bench.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"

/* The time of its last group: units take a group each until there is none. */
static double forecast_launch(const P2pBenchLaunch *l, size_t here, size_t units)
{
    const size_t turns_here = (l->groups + here - 1) / here;
    const size_t turns = (l->groups + units - 1) / units;

    return l->groups ? l->seconds * (double)turns / (double)turns_here : l->seconds;
}

int p2p_bench_forecast(const P2pBenchResult *result, int here, int units, double launch_s,
                       P2pForecast **rows)
{
    P2P_NEED(result);
    P2P_NEED(rows);
    P2P_REQUIRE(here > 0 && units > 0, "here and units are %d and %d, they must be 1 or more", here,
                units);

    if (!(*rows = p2p_alloc((size_t)result->row_count, sizeof(**rows))))
        return P2P_ENOMEM;
    for (int i = 0; i < result->launch_count; i++) {
        const P2pBenchLaunch *l = &result->launches[i];
        P2pForecast *row = &(*rows)[l->row];
        if (l->seconds >= row->longest_s) {
            row->longest_s = l->seconds;
            row->groups = l->groups;
        }
        row->here_s += l->seconds;
        row->seconds += launch_s + forecast_launch(l, (size_t)here, (size_t)units);
    }
    return P2P_OK;
}
