/* SPDX-License-Identifier: BSD-2-Clause */
/* clcheck's options, rounds and summary. */
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clcheck.h"
#include "src/base/rng.h"
#include "src/base/status.h"

enum { DEFAULT_ROUNDS = 24, QUICK_ROUNDS = 6, TINY_ROUNDS = 1, TINY = 3, USUAL_DRAWS = 400 };
enum { MOST_DRAWS = 2000 }; /* for what never ran before */
enum { MOST_VARIANTS = 16, FORMS = 9 };
enum { HALVES = 1 << 8 }; /* beside the bits of types: activations were f16 */

static const char help[] =
    "Usage: clcheck [OPTION]...\n"
    "Check every variant of every pass against its reference.\n"
    "  --device D        device by number, \"cpu\", \"gpu\" or part of its name\n"
    "  --op GLOB         these passes only\n"
    "  --variant NAME    this variant only\n"
    "  --seed N          of the first round (1); \"today\": the date as a number\n"
    "  --repeat N        random trials of each variant (24), and more where one lacks a type of\n"
    "                    weights that it reads; 1: those of this very seed alone\n"
    "  --quick           6\n"
    "  --tiny            1 of each variant, sizes up to 3, real numbers alone, for slow checkers\n"
    "  --builds          print the options that each program is built with\n"
    "  --bench           time the variants instead\n"
    "  --errors          print how far they are from the reference instead, max over the largest\n"
    "                    value and rms over rms, at the networks' sizes: minutes\n"
    "  --vector_width N  4, 8 or 16 floats\n";

/* What a variant of a pass has gone through. */
typedef struct Tally {
    int passed, failed;
    unsigned types; /* bits: of the weights that it read, and HALVES */
} Tally;

/* The way on every kind of numbers. */
static bool check_way(Cc *cc, P2pTrial *t, P2pTrialData *d, const P2pWay *way, uint32_t seed,
                      char *text, size_t bytes)
{
    static const char *const names[] = {"integers", "reals", "reals with NaN and infinity"};
    P2pTrialRun run;
    bool good = p2p_trial_run_create(&run, cc->device, t, way) == P2P_OK;

    if (!good)
        snprintf(text, bytes, "%s", p2p_error());
    for (int k = cc->tiny ? P2P_TRIAL_REALS : 0;
         k < (cc->tiny ? P2P_TRIAL_SPECIALS : P2P_TRIAL_NUMBERS) && good; k++) {
        P2pDraw r = {seed, p2p_stream(P2P_STREAM_TEST, 0x100u + (unsigned)k), 0, 0};
        const int used = snprintf(text, bytes, "%s: ", names[k]);
        if (p2p_trial_data_fill(d, t, &r, (P2pTrialNumbers)k) < 0) {
            snprintf(text, bytes, "%s", p2p_error());
            good = false;
        }
        good = good && p2p_trial_check(&run, t, d, text + used, bytes - (size_t)used);
    }
    p2p_trial_run_destroy(&run);
    return good;
}

/* Not every build has CLBlast, whose kernels read padding that nobody wrote, which is harmless but
 * reported. */
static bool is_wanted(const Cc *cc, const P2pPass *pass, const P2pVariant *v)
{
    if (!p2p_variant_suits(v, cc->caps) || !p2p_variant_serves(v, pass))
        return false;
    if (cc->variant)
        return !strcmp(cc->variant, v->name);
    return strcmp(v->name, "clblast") || (!cc->tiny && p2p_gemm_available());
}

/* Types of weights that a variant reads, and whether it takes halves. */
static unsigned wanted_types(const P2pPass *pass, const P2pVariant *v)
{
    const bool reads = !((pass->outputs | pass->updates) >> P2P_CONV_W & 1);

    return 1u << P2P_TYPE_F32 | (pass->macs && reads ? v->takes[P2P_CONV_W].types : 0) |
           (p2p_variant_takes_halves(v, pass) ? HALVES : 0);
}

/* Whether the variant lacks rounds, within the usual draws, or behind them a run, or one with some type. */
static bool is_due(const Cc *cc, const P2pPass *pass, const P2pVariant *v, const Tally *tally)
{
    const int wanted = cc->draws < USUAL_DRAWS ? cc->rounds : 1;

    return is_wanted(cc, pass, v) && (tally->passed + tally->failed < wanted ||
                                      (cc->rounds > 1 && wanted_types(pass, v) & ~tally->types));
}

static unsigned type_bits(const P2pTrial *t)
{
    const P2pPass *pass = t->call.pass;
    unsigned bits = 1u << (pass->macs ? t->call.t[P2P_CONV_W].type : P2P_TYPE_F32);

    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        if (t->call.t[i].type == P2P_TYPE_F16 && !(pass->macs && i == P2P_CONV_W))
            bits |= HALVES;
    return bits;
}

/* Whether this trial is one for the variant; then *way is its way, in one of its forms by the seed. */
static bool must_run(const Cc *cc, const P2pTrial *t, const P2pCaps *caps, const P2pVariant *v,
                     uint32_t seed, const Tally *tally, P2pWay *way)
{
    const bool due = is_due(cc, t->call.pass, v, tally) &&
                     (tally->passed + tally->failed < cc->rounds || type_bits(t) & ~tally->types);

    return due && (p2p_way_plan_form(way, v, (int)(seed % FORMS), &t->call, caps) ||
                   p2p_way_plan(way, v, &t->call, caps));
}

static void check_variant(Cc *cc, P2pTrial *t, P2pTrialData *d, const P2pWay *way, uint32_t seed,
                          Tally *tally)
{
    char text[512], geometry[512];
    const bool good = check_way(cc, t, d, way, seed, text, sizeof(text));

    *(good ? &tally->passed : &tally->failed) += 1;
    tally->types |= type_bits(t);
    if (good)
        return;
    p2p_trial_describe(t, geometry, sizeof(geometry));
    printf("FAILED %s--op %s --variant %s --vector_width %d --seed %u --repeat 1\n    %s\n    %s\n",
           cc->tiny ? "--tiny " : "", t->call.pass->name, way->variant->name,
           cc->caps->vector_width, (unsigned)seed, geometry, text);
}

/* One random trial of a pass, all variants that are due. */
static int check_round(Cc *cc, const P2pTrialKind *kind, uint32_t seed, Tally tallies[])
{
    const P2pVariant *variants = kind->pass->variants;
    P2pCaps caps = *cc->caps;
    P2pDraw r = {seed, p2p_stream(P2P_STREAM_TEST, 0), 0, cc->tiny ? TINY : 0};
    P2pTrial t = {.call.pass = kind->pass};
    P2pTrialData d = {0};
    P2pWay way;
    bool made = false;
    int err = P2P_OK;

    if (seed % 2) /* as if nothing stayed in the cache: work is cut into the smallest slices */
        caps.keep_bytes = 1;
    if (seed % 3 == 1) /* as for a large GPU, for which sums are divided */
        caps.compute_units = 512;
    kind->draw(&r, &t, p2p_weight_block(cc->caps));
    if (seed % 3 == 0)
        p2p_trial_halve(&r, &t);
    p2p_trial_place(&r, &t, cc->caps, false);
    for (int k = 0; variants[k].name && !err; k++) {
        if (!must_run(cc, &t, &caps, &variants[k], seed, &tallies[k], &way))
            continue;
        if (!made)
            err = p2p_trial_data_create(&d, &t, cc->device);
        made = true;
        if (!err)
            check_variant(cc, &t, &d, &way, seed, &tallies[k]);
    }
    p2p_trial_data_destroy(&d);
    return err;
}

/* A line for a variant. One that never ran, or not with all types of weights that it reads, has failed;
 * not in a single round, which is there to see one trial again. */
static void report(Cc *cc, const P2pPass *pass, const P2pVariant *v, const Tally *tally)
{
    const unsigned lacking = wanted_types(pass, v) & ~tally->types;

    cc->passed += tally->passed;
    cc->failed += tally->failed;
    if (!is_wanted(cc, pass, v))
        return;
    if (tally->passed + tally->failed)
        printf("%-18s %-10s %3d passed, %d failed\n", pass->name, v->name, tally->passed,
               tally->failed);
    if (cc->rounds == 1 && (!cc->tiny || tally->types))
        return;
    for (int type = 0; lacking >> type; type++)
        if (lacking >> type & 1) {
            printf("FAILED %s %s never ran with %s in %d draws\n", pass->name, v->name,
                   1 << type == HALVES ? "f16 activations" : p2p_type_name(type), MOST_DRAWS);
            cc->failed++;
        }
}

static int check_pass(Cc *cc, const P2pTrialKind *kind)
{
    const P2pVariant *variants = kind->pass->variants;
    const int draws = cc->rounds > 1 || cc->tiny ? MOST_DRAWS : 1;
    Tally tallies[MOST_VARIANTS] = {{0}};
    bool due = true;
    int err = P2P_OK;

    for (int i = 0; i < draws && due && !err; i++) {
        cc->draws = i;
        err = check_round(cc, kind, cc->seed + (uint32_t)i, tallies);
        due = false;
        for (int k = 0; variants[k].name; k++)
            due |= is_due(cc, kind->pass, &variants[k], &tallies[k]);
    }
    for (int k = 0; variants[k].name && !err; k++)
        report(cc, kind->pass, &variants[k], &tallies[k]);
    return err;
}

static int run_all(Cc *cc)
{
    int err = P2P_OK;

    for (int f = 0; p2p_trial_families[f]; f++)
        for (const P2pTrialKind *kind = p2p_trial_families[f]; kind->pass && !err; kind++) {
            if (cc->op && fnmatch(cc->op, kind->pass->name, 0))
                continue;
            err = cc->bench    ? cc_bench(cc, kind)
                  : cc->errors ? cc_errors(cc, kind)
                               : check_pass(cc, kind);
            fflush(stdout);
        }
    return err;
}

/* A number, or the same one for a day. */
static uint32_t parse_seed(const char *text)
{
    const time_t now = time(NULL);
    struct tm day;

    if (strcmp(text, "today") || !gmtime_r(&now, &day))
        return (uint32_t)strtoul(text, NULL, 10);
    return (uint32_t)((day.tm_year + 1900) * 10000 + (day.tm_mon + 1) * 100 + day.tm_mday);
}

static void print_build(void *user, P2pLogLevel level, const char *text)
{
    (void)user;
    (void)level;
    if (!strncmp(text, "built ", 6))
        puts(text);
}

/* 0: go on; 1: done (help); -1: wrong. */
static int parse(int argc, char **argv, Cc *cc, P2pDeviceSettings *settings)
{
    static const P2pLog builds = {.write = print_build, .level = P2P_LOG_DEBUG};
    static const struct option options[] = {
        {"device", required_argument, NULL, 'd'},
        {"op", required_argument, NULL, 'o'},
        {"variant", required_argument, NULL, 'v'},
        {"seed", required_argument, NULL, 's'},
        {"repeat", required_argument, NULL, 'r'},
        {"quick", no_argument, NULL, 'q'},
        {"tiny", no_argument, NULL, 't'},
        {"builds", no_argument, NULL, 'B'},
        {"bench", no_argument, NULL, 'b'},
        {"errors", no_argument, NULL, 'e'},
        {"vector_width", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int letter;

    while ((letter = getopt_long(argc, argv, "h", options, NULL)) != -1)
        switch (letter) {
        case 'd':
            settings->device = optarg;
            break;
        case 'o':
            cc->op = optarg;
            break;
        case 'v':
            cc->variant = optarg;
            break;
        case 's':
            cc->seed = parse_seed(optarg);
            break;
        case 'r':
            cc->rounds = atoi(optarg);
            break;
        case 'q':
            cc->rounds = QUICK_ROUNDS;
            break;
        case 't':
            cc->tiny = true;
            cc->rounds = TINY_ROUNDS;
            break;
        case 'B':
            settings->log = &builds;
            break;
        case 'b':
            cc->bench = true;
            break;
        case 'e':
            cc->errors = true;
            break;
        case 'w':
            settings->vector_width = atoi(optarg);
            break;
        case 'h':
            fputs(help, stdout);
            return 1;
        default:
            return -1;
        }
    return optind < argc ? -1 : 0;
}

int main(int argc, char **argv)
{
    P2pDeviceSettings settings = {0};
    Cc cc = {.seed = 1, .rounds = DEFAULT_ROUNDS};
    const int parsed = parse(argc, argv, &cc, &settings);
    int err;

    if (parsed)
        return parsed < 0 ? 2 : 0;
    if ((err = p2p_device_open(&cc.device, &settings)) == P2P_OK) {
        cc.caps = p2p_device_caps(cc.device);
        printf("%s (%s), vectors of %d, seed %u\n", cc.caps->name, cc.caps->platform,
               cc.caps->vector_width, (unsigned)cc.seed);
        err = run_all(&cc);
    }
    p2p_device_close(&cc.device);
    if (err)
        fprintf(stderr, "clcheck: %s\n", p2p_error());
    if (!cc.bench && !cc.errors)
        printf("%d passed, %d failed\n", cc.passed, cc.failed);
    return err || cc.failed || (!cc.bench && !cc.errors && !cc.passed) ? 1 : 0;
}
