/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golden: run files of reference numbers on a device and compare. This file holds the command
 * line, the reports and the memory of a case.
 *
 * Usage: golden [--device D] [--variant PASS=NAME,..] [--ref PASS,..|all] [--skip-unsupported]
 *               [--perturb SEED] [--tries N] [--vector_width N] FILE...
 * --perturb moves every value of a trajectory's pictures by one unit in the last place. Training is
 * chaotic: a gate of a ReLU that flips moves gradients by 1e-3, so that one run in some leaves bounds
 * that the next holds, with any order of sums. --tries runs a trajectory until it holds, up to N times
 * with other perturbations; golden_trajectories.c says which failures are not tried again.
 * Exit code 1 when anything failed, there is no device, or nothing was compared.
 */
#include "tests/golden/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

/* ---- Reports ------------------------------------------------------------------------------- */

static void print_name(const Golden *g, const char *quantity)
{
    char name[200];

    snprintf(name, sizeof(name), "%s%s%s", g->name ? g->name : "",
             g->name && quantity[0] ? "/" : "", quantity);
    printf("  %-52s ", name);
}

void golden_compare(Golden *g, const char *quantity, double deviation, double tolerance)
{
    const bool ok = deviation <= tolerance; /* false for NaN */
    const double ratio = deviation == 0                ? 0
                         : ok || deviation > tolerance ? deviation / tolerance
                                                       : INFINITY;

    print_name(g, quantity);
    printf("%9.2e  tolerance %8.1e  %s\n", deviation, tolerance, ok ? "ok" : "FAIL");
    *(ok ? &g->passed : &g->failed) += 1;
    g->final |= !ok && !g->excusable;
    if (ratio > g->worst || (g->worst == 0 && !g->worst_name[0])) {
        g->worst = ratio;
        snprintf(g->worst_name, sizeof(g->worst_name), "%s%s%s", g->name ? g->name : "",
                 g->name ? "/" : "", quantity);
    }
}

void golden_leave_out(Golden *g, const char *quantity, const char *why)
{
    print_name(g, quantity);
    printf("not compared: %s\n", why);
}

void golden_fail(Golden *g, const char *quantity, const char *why)
{
    print_name(g, quantity);
    printf("FAIL: %s\n", why);
    g->failed++;
    g->final = true;
}

void golden_unsupported(Golden *g, const char *what)
{
    char why[120];

    snprintf(why, sizeof(why), "%s: not supported yet", what);
    if (g->skip_unsupported)
        golden_leave_out(g, "", why);
    else
        golden_fail(g, "", why);
}

void golden_used(Golden *g, const char *pass, const char *variant)
{
    char text[sizeof(g->used[0])];

    snprintf(text, sizeof(text), "%s=%s", pass, variant ? variant : "reference");
    for (int i = 0; i < g->used_count; i++)
        if (!strcmp(g->used[i], text))
            return;
    if (g->used_count < GOLDEN_MAX_USED)
        memcpy(g->used[g->used_count++], text, sizeof(text));
}

void golden_used_plan(Golden *g, P2pPlan *plan)
{
    for (int i = 0; i < p2p_plan_step_count(plan); i++) {
        const P2pPlanStepInfo info = p2p_plan_step_info(plan, i);
        golden_used(g, info.pass, info.variant);
    }
}

/* ---- Cases and their memory ---------------------------------------------------------------- */

void golden_begin(Golden *g, const char *name)
{
    g->name = name;
    g->err = P2P_OK;
}

void golden_end(Golden *g)
{
    if (g->err)
        golden_fail(g, "", p2p_error());
    while (g->buffer_count > 0)
        p2p_buffer_destroy(&g->buffers[--g->buffer_count]);
    while (g->memory_count > 0)
        free(g->memory[--g->memory_count]);
    g->name = NULL;
    g->err = P2P_OK;
}

void *golden_alloc(Golden *g, size_t count, size_t size)
{
    void *p = p2p_alloc(count ? count : 1, size);

    if (!p) {
        fprintf(stderr, "golden: %s\n", p2p_error());
        exit(1);
    }
    P2P_ASSERT(g->memory_count < GOLDEN_MAX_SCRATCH);
    return g->memory[g->memory_count++] = p;
}

float *golden_floats(Golden *g, size_t count)
{
    return golden_alloc(g, count, sizeof(float));
}

/* ---- Files --------------------------------------------------------------------------------- */

static void check_file(Golden *g)
{
    if (golden_ops(g))
        return;
    if (golden_text(g, "model"))
        golden_trajectory(g);
    else if (golden_text(g, "net"))
        golden_nets(g);
    else if (p2p_tensor_file_find(g->file, "pairs"))
        golden_leave_out(g, "pairs", "pictures of other files");
    else
        golden_fail(g, "", "neither an op, a network nor a trajectory");
}

static void run_once(Golden *g, const char *path)
{
    g->path = path;
    g->passed = g->failed = 0;
    g->final = g->excusable = false;
    g->worst = 0;
    g->worst_name[0] = '\0';
    printf("%s\n", path);
    if (p2p_safetensors_read(&g->file, path) == P2P_OK)
        check_file(g);
    else
        golden_fail(g, "", p2p_error());
    p2p_tensor_file_close(&g->file);
    printf("  = %d passed, %d failed", g->passed, g->failed);
    if (g->worst_name[0])
        printf("; largest deviation %.2g of its tolerance: %s", g->worst, g->worst_name);
    printf("\n");
    fflush(stdout);
}

static void run_file(Golden *g, const char *path)
{
    const unsigned first = g->perturb;

    run_once(g, path);
    while (g->failed && !g->final && g->perturb + 1 < first + (unsigned)g->tries) {
        g->perturb++;
        printf("once more, perturbed by seed %u\n", g->perturb);
        run_once(g, path);
    }
    g->perturb = first;
}

/* ---- Command line -------------------------------------------------------------------------- */

static const char usage[] =
    "golden [--device D] [--variant PASS=NAME,..] [--ref PASS,..|all] [--skip-unsupported]\n"
    "              [--perturb SEED] [--tries N] [--vector_width N] FILE...\n";

/* The names of all passes, with commas. */
static const char *all_passes(void)
{
    static char names[1024];
    size_t used = 0;

    for (int i = 0; p2p_passes[i]; i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? "," : "",
                                 p2p_passes[i]->name);
    P2P_ASSERT(used < sizeof(names));
    return names;
}

typedef struct Arguments {
    P2pDeviceSettings device;
    const char **files;
    int file_count;
} Arguments;

/* Fill both; false: wrong usage. Files are gathered at the front of argv. */
static bool parse(Golden *g, Arguments *a, int argc, char **argv)
{
    a->files = (const char **)argv;
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (!strcmp(argv[i], "--device") && more)
            a->device.device = argv[++i];
        else if (!strcmp(argv[i], "--vector_width") && more)
            a->device.vector_width = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--variant") && more)
            g->choice.variants = argv[++i];
        else if (!strcmp(argv[i], "--ref") && more)
            g->choice.refs = strcmp(argv[++i], "all") ? argv[i] : all_passes();
        else if (!strcmp(argv[i], "--perturb") && more)
            g->perturb = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--tries") && more)
            g->tries = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--skip-unsupported"))
            g->skip_unsupported = true;
        else if (argv[i][0] == '-')
            return false;
        else
            a->files[a->file_count++] = argv[i];
    }
    return a->file_count > 0;
}

static void print_used(const Golden *g)
{
    printf("ran:");
    for (int i = 0; i < g->used_count; i++)
        printf(" %s", g->used[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    static Golden g = {.tries = 1};
    Arguments arguments = {0};
    int passed = 0, failed = 0;

    if (!parse(&g, &arguments, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    if (p2p_device_open(&g.device, &arguments.device) != P2P_OK) {
        fprintf(stderr, "golden: %s\n", p2p_error());
        printf("0 passed, 1 failed\n");
        return 1;
    }
    const P2pCaps *caps = p2p_device_caps(g.device);
    printf("device: %s (%s), vectors of %d\n", caps->name, caps->platform, caps->vector_width);
    for (int i = 0; i < arguments.file_count; i++) {
        run_file(&g, arguments.files[i]);
        passed += g.passed;
        failed += g.failed;
    }
    print_used(&g);
    p2p_device_close(&g.device);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
