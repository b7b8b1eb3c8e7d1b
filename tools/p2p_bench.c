/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-bench: time training steps and translations, and the device's peaks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

const char cli_usage[] =
    "Usage: p2p-bench train|translate|ops|peak|scaling [OPTION]...\n"
    "       p2p-bench folder MODEL FOLDER [OPTION]...\n"
    "       p2p-bench compare train|translate [OPTION]...\n"
    "Measure steps of training, translations, their passes and the device.\n"
    "  train      a whole training step; under mpirun of all ranks, with their messages\n"
    "  translate  one picture\n"
    "  ops        every pass of a training step with its time; --svg FILE draws a roofline,\n"
    "             --units N forecasts how well it would use more compute units\n"
    "  folder     the pictures of a folder: reading, translating, encoding; writes nothing\n"
    "  peak       multiply-adds and bandwidth of the device\n"
    "  scaling    what up to 64 ranks would make of a training step, on paper; --svg FILE draws it\n"
    "  compare    in turn with PyTorch, or onnxruntime and OpenVINO, where a Python has them\n"
    "Warm-up and compilation are reported apart (setup_s).\n";

static const char program[] = "p2p-bench";

/* What every object ends with. */
static void print_json_end(const char *device, const P2pOptions *o)
{
    const char *variant = cli_text(o, "variant");

    fputs("\"device\": ", stdout);
    cli_put_json(stdout, device);
    fputs(", \"variants\": ", stdout);
    cli_put_json(stdout, variant[0] ? variant : "by the rule");
    fputs(", \"precision\": ", stdout);
    cli_put_json(stdout, cli_text(o, "precision"));
    fputs("}\n", stdout);
}

/* The passes with their launches. */
static void print_json_rows(const P2pBenchResult *r)
{
    int k = 0;

    fputs("\"rows\": [", stdout);
    for (int i = 0; i < r->row_count; i++) {
        const P2pBenchRow *row = &r->rows[i];
        printf("%s\n  {\"label\": ", i ? "," : "");
        cli_put_json(stdout, row->label);
        printf(", \"pass\": \"%s\", \"variant\": \"%s\", \"shape\": \"%s\", "
               "\"form\": %d, \"measured\": %s, \"seconds\": %.9f, \"gflop\": %.6f, "
               "\"made_gflop\": %.6f, \"gb\": %.6f, \"work_gb\": %.6f, \"launches\": [",
               row->pass, row->variant, row->shape, row->form, row->measured ? "true" : "false",
               row->seconds, row->gflop, row->made_gflop, row->gb, row->work_gb);
        for (bool first = true; k < r->launch_count && r->launches[k].row == i; k++) {
            const P2pBenchLaunch *l = &r->launches[k];
            printf("%s{\"kernel\": \"%s\", \"groups\": %zu, \"seconds\": %.9f}", first ? "" : ", ",
                   l->kernel, l->groups, l->seconds);
            first = false;
        }
        fputs("]}", stdout);
    }
    fputs("\n], ", stdout);
}

static void print_json(const P2pDevice *device, const P2pBenchResult *r, const P2pPeak *peak,
                       int ranks, const P2pOptions *o)
{
    printf("{\"median_s\": %.6f, \"min_s\": %.6f, \"max_s\": %.6f, \"setup_s\": %.3f, "
           "\"gflop\": %.3f, \"gflops\": %.2f, \"peak_gflops\": %.1f, \"copy_gb_s\": %.2f, "
           "\"plan_bytes\": %zu, \"host_s\": %.6f, \"launches\": %d, \"gradient_bytes\": %zu, "
           "\"ranks\": %d, \"sent_bytes\": %zu, \"comm_s\": %.6f, \"exposed_s\": %.6f, ",
           r->median_s, r->min_s, r->max_s, r->setup_s, r->gflop, r->gflop / r->median_s,
           peak->gflops, peak->copy_gb_s, r->plan_bytes, r->host_s, r->launch_count,
           r->gradient_bytes, ranks, r->sent_bytes, r->comm_s, r->exposed_s);
    if (cli_flag(o, "profile"))
        print_json_rows(r);
    print_json_end(p2p_device_caps(device)->name, o);
}

static void print_text(const P2pDevice *device, const P2pBenchResult *r, const P2pPeak *peak,
                       int ranks)
{
    cli_say(stdout, "%s", p2p_device_caps(device)->name);
    printf("median %.4f s, min %.4f, max %.4f; setup %.1f s\n", r->median_s, r->min_s, r->max_s,
           r->setup_s);
    printf("%.2f GFLOP, %.1f GFLOP/s of a peak of %.1f; %zu MiB on the device\n", r->gflop,
           r->gflop / r->median_s, peak->gflops, r->plan_bytes >> 20);
    if (ranks == 1 && r->host_s > 0)
        printf("%d launches, handed over in %.2f ms\n", r->launch_count, 1e3 * r->host_s);
    if (ranks > 1)
        printf("%d ranks: each sends %.1f MB a step, in %.4f s of which %.4f s are not hidden "
               "(%.0f %% are)\n",
               ranks, 1e-6 * (double)r->sent_bytes, r->comm_s, r->exposed_s,
               100 * (1 - r->exposed_s / r->comm_s));
}

static int draw(const P2pDevice *device, const P2pBenchResult *r, const P2pPeak *peak,
                const P2pOptions *o)
{
    const int size = cli_int(o, "size");
    char title[512];

    snprintf(title, sizeof(title), "Training %s and %s, %d x %d pixels, batch %d, on %s",
             cli_text(o, "netG"), cli_text(o, "netD"), size, size, cli_int(o, "batch_size"),
             p2p_device_caps(device)->name);
    return p2p_bench_roofline(cli_text(o, "svg"), r->rows, r->row_count, peak, title);
}

static int bench_folder(P2pDevice *device, char *const *paths, const P2pOptions *o)
{
    const P2pBenchFolderSettings settings = {.steps = cli_int(o, "steps"),
                                             .threads = p2p_threads(cli_int(o, "num_threads")),
                                             .variants = cli_text(o, "variant"),
                                             .max_pixels = cli_size(o, "max_pixels")};
    const char *name = p2p_device_caps(device)->name;
    P2pBenchFolder r;
    const int err = p2p_bench_folder(device, paths[0], paths[1], &settings, &r);

    if (err)
        return cli_fail(program, err);
    if (!cli_flag(o, "json")) {
        cli_say(stdout, "%s", name);
        printf("%zu pictures, %.2f pictures/s, %.1f %% of the device's %.2f; setup %.1f s\n"
               "each by itself: median %.4f s, min %.4f, max %.4f\n"
               "medians: decode %.4f s, device %.4f s, encode %.4f s\n",
               r.pictures, r.pictures_per_s, 100 * r.pictures_per_s / r.device_per_s,
               r.device_per_s, r.setup_s, r.median_s, r.min_s, r.max_s, r.decode_s, r.device_s,
               r.encode_s);
        return CLI_OK;
    }
    printf("{\"pictures\": %zu, \"pictures_per_s\": %.3f, \"device_per_s\": %.3f, "
           "\"median_s\": %.6f, \"min_s\": %.6f, \"max_s\": %.6f, \"decode_s\": %.6f, "
           "\"device_s\": %.6f, \"encode_s\": %.6f, \"setup_s\": %.3f, ",
           r.pictures, r.pictures_per_s, r.device_per_s, r.median_s, r.min_s, r.max_s, r.decode_s,
           r.device_s, r.encode_s, r.setup_s);
    print_json_end(name, o);
    return CLI_OK;
}

static int bench(P2pDevice *device, const char *what, const BenchUnits *units, const P2pOptions *o,
                 const P2pLog *log, P2pComm *comm)
{
    const bool scales = !strcmp(what, "scaling"); /* which forecasts both ways from the plain one */
    const P2pBenchSettings settings = {.netG = cli_text(o, "netG"),
                                       .netD = cli_text(o, "netD"),
                                       .norm = cli_text(o, "norm"),
                                       .ngf = cli_int(o, "ngf"),
                                       .ndf = cli_int(o, "ndf"),
                                       .batch_size = cli_int(o, "batch_size"),
                                       .size = cli_int(o, "size"),
                                       .steps = cli_int(o, "steps"),
                                       .dtype = cli_text(o, "dtype"),
                                       .variants = cli_text(o, "variant"),
                                       .precision = cli_text(o, "precision"),
                                       .comm = comm,
                                       .shares = cli_text(o, "shares"),
                                       .f16_gradients = !strcmp(cli_text(o, "compress"), "f16"),
                                       .sync_norm = cli_flag(o, "sync_norm"),
                                       .shard_adam = scales ? "off" : cli_text(o, "shard_adam")};
    P2pBenchResult result = {0};
    P2pPeak peak = {0};
    int err = p2p_bench_peak(device, &peak);

    if (!err && !strcmp(what, "translate"))
        err = p2p_bench_translate(device, &settings, &result);
    else if (!err && strcmp(what, "peak") != 0)
        err = p2p_bench_train(device, &settings, &result);
    if (err)
        return cli_job_fail(comm, program, err);
    if (p2p_comm_rank(comm) || scales) {
        const int said =
            p2p_comm_rank(comm) ? CLI_OK : bench_scaling(device, &result, &peak, comm, o);
        p2p_bench_result_finish(&result);
        return said;
    }
    if (cli_flag(o, "profile") && !cli_flag(o, "json"))
        cli_print_rows(stdout, result.rows, result.row_count);
    if (cli_text(o, "svg")[0] && (err = draw(device, &result, &peak, o)) < 0) {
        p2p_bench_result_finish(&result);
        return cli_fail(program, err);
    }
    if (!strcmp(what, "peak"))
        printf(cli_flag(o, "json")
                   ? "{\"peak_gflops\": %.1f, \"copy_gb_s\": %.2f, \"launch_us\": %.2f}\n"
                   : "%.1f GFLOP/s, copy %.2f GB/s, %.2f us from launch to launch\n",
               peak.gflops, peak.copy_gb_s, 1e6 * peak.launch_s);
    else if (cli_flag(o, "json"))
        print_json(device, &result, &peak, p2p_comm_size(comm), o);
    else
        print_text(device, &result, &peak, p2p_comm_size(comm));
    const int code = units->count
                         ? bench_forecast(units, &result, p2p_device_caps(device)->compute_units,
                                          peak.launch_s, &settings, o, log)
                         : CLI_OK;
    p2p_bench_result_finish(&result);
    return code;
}

/* Which of the words it is, with its arguments; NULL: none, reported. */
static const char *find_kind(const P2pArguments *rest)
{
    static const char *const kinds[] = {"train", "translate", "ops", "peak", "scaling"};

    for (size_t i = 0; rest->argc == 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (!strcmp(rest->argv[0], kinds[i]))
            return kinds[i];
    if (rest->argc == 3 && !strcmp(rest->argv[0], "folder"))
        return "folder";
    if (rest->argc == 2 && !strcmp(rest->argv[0], "compare") &&
        (!strcmp(rest->argv[1], "train") || !strcmp(rest->argv[1], "translate")))
        return "compare";
    fprintf(
        stderr,
        "%s: what to measure: train, translate, ops, peak, scaling, folder MODEL FOLDER, or compare "
        "train|translate; see --help\n",
        program);
    return NULL;
}

/* What ops alone takes. False: reported. */
static bool check_for_ops(const char *kind, const P2pOptions *o, BenchUnits *units)
{
    static const char *const names[] = {"svg", "units"};

    *units = (BenchUnits){0};
    for (int i = 0; i < 2; i++)
        if (cli_text(o, names[i])[0] && strcmp(kind, "ops") != 0 &&
            (i || strcmp(kind, "scaling") != 0)) {
            fprintf(stderr, "%s: --%s belongs to ops\n", program, names[i]);
            return false;
        }
    return !cli_text(o, "units")[0] || bench_units_read(units, cli_text(o, "units"));
}

int main(int argc, char **argv)
{
    P2pOptions *options;
    P2pArguments rest;
    P2pLog log;
    P2pDevice *device;
    P2pComm *comm;
    BenchUnits units;
    int code = cli_parse(&options, P2P_PROGRAM_BENCH, program, argc, argv, &rest);

    if (code >= 0)
        return code;
    const char *kind = find_kind(&rest);
    if (!kind)
        return CLI_USAGE;
    if (!check_for_ops(kind, options, &units))
        return CLI_USAGE;
    if (!strcmp(kind, "compare"))
        return bench_compare(rest.argv[1], argv[0], options);
    if (!strcmp(kind, "ops"))
        p2p_options_set_flag(options, "profile", true);
    cli_log_init(&log, options);
    if ((code = cli_job_begin(&comm, program, options)) >= 0)
        return code;
    const int err = cli_job_open_device(&device, comm, options, &log);
    if (err)
        return cli_job_end(&comm, cli_job_fail(comm, program, err));
    code = strcmp(kind, "folder") ? bench(device, kind, &units, options, &log, comm)
                                  : bench_folder(device, rest.argv + 1, options);
    p2p_device_close(&device);
    return cli_job_end(&comm, code);
}
