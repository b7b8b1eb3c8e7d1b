/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-bench ops --units: how well each pass would use more compute units. */
#include <stdlib.h>

#include "bench.h"

enum { LOW_PERCENT = 70, LOW_UNITS = 16 };

static const char program[] = "p2p-bench";

typedef P2pForecast *Columns[BENCH_MOST_UNITS];

bool bench_units_read(BenchUnits *units, const char *text)
{
    const char *at = text;

    *units = (BenchUnits){0};
    while (units->count < BENCH_MOST_UNITS) {
        char *end;
        const long n = *at >= '0' && *at <= '9' ? strtol(at, &end, 10) : 0;
        if (n < 1 || n > 65536 || (*end && *end != ','))
            break;
        units->list[units->count++] = (int)n;
        at = end + (*end == ',');
        if (!*end && units->count == 1) { /* up to the one that was given */
            units->count = 0;
            for (int k = 4; k < n && k <= LOW_UNITS; k *= 2)
                units->list[units->count++] = k;
            units->list[units->count++] = (int)n;
        }
        if (!*end)
            return true;
    }
    fprintf(stderr, "%s: --units takes up to %d numbers from 1 to 65536 by commas, not ", program,
            BENCH_MOST_UNITS);
    cli_say(stderr, "'%s'", text);
    return false;
}

/* A step planned for a device of so many units, measured on this one. */
static int measure(P2pForecast **rows, int units, const P2pBenchResult *own, int here,
                   double launch_s, const P2pBenchSettings *settings,
                   P2pDeviceSettings device_settings)
{
    P2pDevice *device = NULL;
    P2pBenchResult result = {0};
    int code = CLI_OK;

    device_settings.compute_units = units;
    device_settings.tune = P2P_TUNE_OFF; /* such a device is not there to be measured */
    int err = p2p_device_open(&device, &device_settings);
    if (!err)
        err = p2p_bench_train(device, settings, &result);
    if (!err)
        err = p2p_bench_forecast(&result, here, units, launch_s, rows);
    if (err) {
        code = cli_fail(program, err);
    } else if (result.row_count != own->row_count) {
        fprintf(stderr, "%s: the plan for %d compute units has other passes\n", program, units);
        code = CLI_FAILED;
    }
    p2p_bench_result_finish(&result);
    p2p_device_close(&device);
    return code;
}

static double efficiency(double own_s, int here, double seconds, int units)
{
    return seconds > 0 ? own_s * here / (seconds * units) : 1;
}

static void print_table(const BenchUnits *units, const P2pBenchResult *own, const P2pForecast *now,
                        int here, Columns columns)
{
    double now_all = 0;

    printf(
        "Use that would be made of more compute units, by groups and their times on %d (what units "
        "share, memory, is left out):\n%-28s %-18s %-9s %9s",
        here, "step", "pass", "variant", "ms");
    for (int k = 0; k < units->count; k++)
        printf(" %6d", units->list[k]);
    putchar('\n');
    for (int i = 0; i < own->row_count; i++) {
        const P2pBenchRow *r = &own->rows[i];
        printf("%-28.28s %-18s %-9s %9.3f", r->label, r->pass, r->variant, 1e3 * now[i].here_s);
        for (int k = 0; k < units->count; k++)
            printf(" %5.0f%%",
                   100 * efficiency(now[i].here_s, here, columns[k][i].seconds, units->list[k]));
        putchar('\n');
        now_all += now[i].here_s;
    }
    printf("%-57s %9.3f", "all", 1e3 * now_all);
    for (int k = 0; k < units->count; k++) {
        double all = 0;
        for (int i = 0; i < own->row_count; i++)
            all += columns[k][i].seconds;
        printf(" %5.0f%%", 100 * efficiency(now_all, here, all, units->list[k]));
    }
    putchar('\n');
}

/* Those that cost something; of small ones there are many. */
static void print_low(const P2pBenchResult *own, const P2pForecast *now, int here,
                      const P2pForecast *rows, int units)
{
    const double shown = 0.001;
    double all = 0, small = 0;
    int small_count = 0;

    for (int i = 0; i < own->row_count; i++)
        all += rows[i].seconds;
    printf(
        "Below %d %% at %d units, groups of the longest launch, and what that costs of the step:\n",
        LOW_PERCENT, units);
    for (int i = 0; i < own->row_count; i++) {
        const P2pBenchRow *r = &own->rows[i];
        const double use = efficiency(now[i].here_s, here, rows[i].seconds, units);
        const double cost = (1 - use) * rows[i].seconds / all;
        if (100 * use >= LOW_PERCENT)
            continue;
        if (cost < shown) {
            small += cost;
            small_count++;
            continue;
        }
        printf("  %-28.28s %-18s %-9s %3.0f%% %6zu groups %5.1f%%\n", r->label, r->pass, r->variant,
               100 * use, rows[i].groups, 100 * cost);
    }
    printf("  and %d that cost less than %g %% each, %.1f %% together\n", small_count, 100 * shown,
           100 * small);
}

int bench_forecast(const BenchUnits *units, const P2pBenchResult *own, int here, double launch_s,
                   const P2pBenchSettings *settings, const P2pOptions *options, const P2pLog *log)
{
    Columns columns = {0};
    P2pForecast *now;
    int low = 0;
    int code = p2p_bench_forecast(own, here, here, 0, &now);

    if (code)
        return cli_fail(program, code);
    for (int k = 0; !code && k < units->count; k++) {
        code = measure(&columns[k], units->list[k], own, here, launch_s, settings,
                       cli_device_settings(options, log));
        low = units->list[k] <= LOW_UNITS ? k : low;
    }
    if (!code) {
        print_table(units, own, now, here, columns);
        print_low(own, now, here, columns[low], units->list[low]);
    }
    for (int k = 0; k < units->count; k++)
        free(columns[k]);
    free(now);
    return code;
}
