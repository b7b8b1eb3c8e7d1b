/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-bench: time training steps and translations, and the device's peaks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char cli_usage[] =
    "Usage: p2p-bench train|translate|ops|peak [OPTION]...\n"
    "  train      a whole training step\n"
    "  translate  one picture\n"
    "  ops        every pass of a training step with its time\n"
    "  peak       multiply-adds and bandwidth of the device\n"
    "Warm-up and compilation are reported apart (setup_s).\n";

static const char program[] = "p2p-bench";

static void print_json(const P2pDevice *device, const P2pBenchResult *r, const P2pPeak *peak,
                       const char *variants)
{
    printf("{\"median_s\": %.6f, \"min_s\": %.6f, \"max_s\": %.6f, \"setup_s\": %.3f, "
           "\"gflop\": %.3f, \"gflops\": %.2f, \"peak_gflops\": %.1f, \"copy_gb_s\": %.2f, "
           "\"plan_bytes\": %zu, \"device\": ",
           r->median_s, r->min_s, r->max_s, r->setup_s, r->gflop, r->gflop / r->median_s,
           peak->gflops, peak->copy_gb_s, r->plan_bytes);
    cli_put_json(stdout, p2p_device_caps(device)->name);
    fputs(", \"variants\": ", stdout);
    cli_put_json(stdout, variants);
    fputs("}\n", stdout);
}

static void print_text(const P2pDevice *device, const P2pBenchResult *r, const P2pPeak *peak)
{
    cli_say(stdout, "%s", p2p_device_caps(device)->name);
    printf("median %.4f s, min %.4f, max %.4f; setup %.1f s\n", r->median_s, r->min_s, r->max_s,
           r->setup_s);
    printf("%.2f GFLOP, %.1f GFLOP/s of a peak of %.1f; %zu MiB on the device\n", r->gflop,
           r->gflop / r->median_s, peak->gflops, r->plan_bytes >> 20);
}

static int bench(P2pDevice *device, const char *what, const P2pOptions *o)
{
    const P2pBenchSettings settings = {
        .netG = o->netG, .netD = o->netD, .norm = p2p_options_choice("norm", o->norm), .ngf = o->ngf,
        .ndf = o->ndf, .batch_size = o->batch_size, .size = o->size, .steps = o->steps,
        .dtype = o->dtype, .variants = o->variant};
    P2pBenchResult result = {0};
    P2pPeak peak = {0};
    int err = p2p_bench_peak(device, &peak);

    if (!err && !strcmp(what, "translate"))
        err = p2p_bench_translate(device, &settings, &result);
    else if (!err && strcmp(what, "peak") != 0)
        err = p2p_bench_train(device, &settings, &result);
    if (err)
        return cli_fail(program, err);
    if (o->profile)
        cli_print_rows(stdout, result.rows, result.row_count);
    if (!strcmp(what, "peak"))
        printf(o->json ? "{\"peak_gflops\": %.1f, \"copy_gb_s\": %.2f}\n"
                       : "%.1f GFLOP/s, copy %.2f GB/s\n", peak.gflops, peak.copy_gb_s);
    else if (o->json)
        print_json(device, &result, &peak, o->variant[0] ? o->variant : "by the rule");
    else
        print_text(device, &result, &peak);
    p2p_bench_result_finish(&result);
    return CLI_OK;
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"train", "translate", "ops", "peak"};
    P2pOptions options;
    P2pArguments rest;
    P2pLog log;
    P2pDevice *device;
    int code = cli_parse(&options, P2P_PROGRAM_BENCH, program, argc, argv, &rest);
    bool known = false;

    if (code >= 0)
        return code;
    for (int i = 0; rest.argc == 1 && i < 4; i++)
        known |= !strcmp(rest.argv[0], kinds[i]);
    if (!known) {
        fprintf(stderr, "%s: what to measure: train, translate, ops or peak; see --help\n", program);
        return CLI_USAGE;
    }
    options.profile |= !strcmp(rest.argv[0], "ops");
    cli_log_init(&log, &options);
    const int err = cli_open_device(&device, &options, &log);
    if (err)
        return cli_fail(program, err);
    code = bench(device, rest.argv[0], &options);
    p2p_device_close(&device);
    return code;
}
