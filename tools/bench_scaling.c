/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-bench scaling: ranks on paper, from one measured step. */
#include <string.h>

#include "bench.h"

/* Where no messages were measured: as much of a step as is left when the first gradients are there. */
#define WINDOW_PART 0.3
/* Of a message between two machines. */
#define LATENCY_S 30e-6

/* Of each weight: its gradient is read, itself and two moments read and written. */
enum { ADAM_FLOATS = 7 };

static const double links[] = {1, 10, 100}; /* Gbit/s */
enum { LINKS = 3 };

static void print_points(const P2pScalingFacts *f, bool json)
{
    static const char *const ways[] = {"slices or a ring", "tree", "slices with Adam"};
    static const char *const words[] = {"ring", "tree", "sharded"};

    if (!json)
        printf("%-18s %8s %6s %10s %10s %7s %7s %12s\n", "sums by", "Gbit/s", "ranks", "messages",
               "exposed", "weak", "strong", "half at");
    for (int way = P2P_SCALING_RING; way < P2P_SCALING_WAYS; way++)
        for (int l = 0; l < LINKS; l++)
            for (int n = 2; n <= P2P_SCALING_RANKS; n *= 2) {
                const P2pScalingPoint p = p2p_bench_scaling(f, (P2pScalingWay)way, links[l], n);
                if (json)
                    printf(
                        "%s\n  {\"way\": \"%s\", \"gbit_s\": %g, \"ranks\": %d, \"comm_s\": %.6f, "
                        "\"exposed_s\": %.6f, \"weak\": %.4f, \"strong\": %.4f, \"half_batch\": %.1f}",
                        way || l || n > 2 ? "," : "", words[way], links[l], n, p.comm_s,
                        p.exposed_s, p.weak, p.strong, p.half_batch);
                else
                    printf("%-18s %8g %6d %8.3f s %8.3f s %5.0f %% %5.0f %% %12.1f\n", ways[way],
                           links[l], n, p.comm_s, p.exposed_s, 100 * p.weak, 100 * p.strong,
                           p.half_batch);
            }
}

int bench_scaling(const P2pDevice *device, const P2pBenchResult *own, const P2pPeak *peak,
                  const P2pComm *comm, const P2pOptions *o)
{
    const char *name = p2p_device_caps(device)->name, *svg = cli_text(o, "svg");
    const bool ranks = p2p_comm_size(comm) > 1, json = cli_flag(o, "json");
    const double step_s = own->median_s - own->exposed_s;
    const size_t weight_bytes =
        own->gradient_bytes * (strcmp(cli_text(o, "compress"), "f16") ? 1 : 2);
    const double adam_s = 1e-9 * ADAM_FLOATS * (double)weight_bytes / peak->copy_gb_s;
    const P2pScalingFacts facts = {.step_s = step_s,
                                   .window_s =
                                       ranks ? own->comm_s - own->exposed_s : WINDOW_PART * step_s,
                                   .batch = cli_int(o, "batch_size") / p2p_comm_size(comm),
                                   .bytes = own->gradient_bytes,
                                   .latency_s = LATENCY_S,
                                   .adam_s = adam_s < step_s / 2 ? adam_s : step_s / 2,
                                   .weight_bytes = weight_bytes};
    char title[512];

    if (json)
        printf("{\"step_s\": %.6f, \"adam_s\": %.6f, \"window_s\": %.6f, \"batch\": %d, "
               "\"gradient_bytes\": %zu, \"points\": [",
               facts.step_s, facts.adam_s, facts.window_s, facts.batch, facts.bytes);
    else
        cli_say(
            stdout,
            "%s: %.3f s a step of %d, of which Adam's are %.3f; %.0f MB of gradients, %.3f s of the step left behind the first%s; "
            "weak: each rank keeps its batch, strong: a batch of %d is divided; half at: pictures a rank "
            "for an efficiency of one half",
            name, facts.step_s, facts.batch, facts.adam_s, 1e-6 * (double)facts.bytes,
            facts.window_s, ranks ? "" : " (assumed)", P2P_SCALING_BATCH);
    print_points(&facts, json);
    if (json) {
        fputs("\n], \"device\": ", stdout);
        cli_put_json(stdout, name);
        fputs("}\n", stdout);
    }
    snprintf(title, sizeof(title), "Efficiency of ranks like %s, %.3f s a step of %d", name,
             facts.step_s, facts.batch);
    return svg[0] && p2p_bench_scaling_draw(svg, &facts, title) < 0 ? cli_fail("p2p-bench", P2P_EIO)
                                                                    : CLI_OK;
}
