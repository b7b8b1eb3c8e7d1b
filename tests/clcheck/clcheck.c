/* SPDX-License-Identifier: BSD-2-Clause */
/* clcheck's options, rounds and summary. */
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clcheck.h"
#include "src/base/rng.h"
#include "src/base/status.h"

static const CcCheck *const families[] = {
    cc_conv2d_checks, cc_norm_checks, cc_pointwise_checks, cc_loss_checks, cc_adam_checks,
};

enum { WORK_GUARD_BYTES = 256, DEFAULT_ROUNDS = 24, QUICK_ROUNDS = 6 };
enum { TINY_ROUNDS = 1, TINY_DRAWS = 100, TINY = 3 };

static const char help[] =
    "Usage: clcheck [OPTION]...\n"
    "Check every variant of every pass against its reference.\n"
    "  --device D        device by number, \"cpu\", \"gpu\" or part of its name\n"
    "  --op GLOB         these passes only\n"
    "  --variant NAME    this variant only\n"
    "  --seed N          of the first round (1)\n"
    "  --repeat N        rounds of random cases for each pass (24)\n"
    "  --quick           6 rounds\n"
    "  --tiny            1 round for each variant, sizes up to 3, real numbers alone, for slow\n"
    "                    checkers; names the variants for which no case was found\n"
    "  --builds          print the options that each program is built with\n"
    "  --bench           time the variants instead\n"
    "  --errors          print how far they are from the reference instead, max over the largest\n"
    "                    value and rms over rms, at the networks' sizes: minutes\n"
    "  --vector_width N  4, 8 or 16 floats\n";

/* Run a variant on integers and reals, each twice; false: text says what is wrong. */
static bool run_data(Cc *cc, CcCase *c, CcData *d, const P2pWay *way, P2pSequence *seq,
                     P2pBuffer *work, bool integers, char *text, size_t text_bytes)
{
    unsigned char guard[WORK_GUARD_BYTES], read[WORK_GUARD_BYTES];
    CcRandom r = {cc->seed, p2p_stream(P2P_STREAM_TEST, 0x100u + integers), 0, 0};
    const size_t bytes = way->work_bytes;
    int err = cc_data_fill(d, c, &r, integers);

    memset(guard, 0xa5, sizeof(guard));
    for (int run = 0; run < 2 && !err; run++) {
        err = cc_data_upload(d, c);
        if (!err && work)
            err = p2p_buffer_write(work, bytes, sizeof(guard), guard);
        if (!err)
            err = p2p_sequence_run(seq, 0, p2p_sequence_count(seq));
        if (!err)
            err = cc_data_download(d, c, run);
        if (!err && work)
            err = p2p_buffer_read(work, bytes, sizeof(read), read);
        if (!err && work && memcmp(guard, read, sizeof(guard))) {
            snprintf(text, text_bytes, "wrote behind its workspace of %zu bytes", bytes);
            return false;
        }
    }
    if (err) {
        snprintf(text, text_bytes, "%s", p2p_error());
        return false;
    }
    return cc_compare(d, c, way, integers, text, text_bytes);
}

static bool run_way(Cc *cc, CcCase *c, CcData *d, const P2pWay *way, char *text, size_t size)
{
    const size_t bytes = way->work_bytes;
    P2pSequence *seq = NULL;
    P2pBuffer *work = NULL;
    int err = p2p_sequence_create(&seq, cc->device);
    bool good = true;

    if (!err && bytes) {
        void *host;
        err = p2p_buffer_create(&work, cc->device, bytes + WORK_GUARD_BYTES);
        if (!err && (err = p2p_buffer_map(work, true, &host)) == P2P_OK) {
            memset(host, 0xff, bytes + WORK_GUARD_BYTES); /* NaN */
            err = p2p_buffer_unmap(work, host);
        }
    }
    if (!err)
        err = way->variant->emit(seq, &c->call, way, work);
    if (err) {
        snprintf(text, size, "%s", p2p_error());
        good = false;
    }
    for (int integers = !cc->tiny; integers >= 0 && good; integers--)
        good = run_data(cc, c, d, way, seq, work, integers, text, size);
    p2p_sequence_destroy(&seq);
    p2p_buffer_destroy(&work);
    return good;
}

/* CLBlast's kernels read padding that nobody wrote, which is harmless but reported. */
static bool is_wanted(const Cc *cc, const P2pVariant *v)
{
    return cc->variant ? !strcmp(cc->variant, v->name) : !cc->tiny || strcmp(v->name, "clblast");
}

static bool must_run(const Cc *cc, const CcCase *c, const P2pVariant *v, const int tally[2],
                     P2pWay *way)
{
    return is_wanted(cc, v) && tally[0] + tally[1] < cc->rounds &&
           p2p_way_plan(way, v, &c->call, cc->caps);
}

static bool any_must_run(const Cc *cc, const CcCase *c, int tally[][2])
{
    P2pWay way;

    for (const P2pVariant *v = c->call.pass->variants; v->name; v++)
        if (must_run(cc, c, v, tally[v - c->call.pass->variants], &way))
            return true;
    return false;
}

/* One random case of a pass, all variants; counts them in tally[variant]. */
static int check_round(const Cc *all, const CcCheck *check, uint32_t seed, int tally[][2])
{
    P2pCaps caps = *all->caps;
    Cc round = *all, *cc = &round;
    CcRandom r = {seed, p2p_stream(P2P_STREAM_TEST, 0), 0, cc->tiny ? TINY : 0};
    CcCase c = {.call.pass = check->pass};
    char text[512], geometry[512];
    CcData d;
    int err, k = 0;

    cc->seed = seed;
    cc->caps = &caps;
    if (seed % 2) /* as if nothing stayed in the cache: work is cut into the smallest slices */
        caps.keep_bytes = 1;
    check->draw(&r, &c, p2p_weight_block(cc->caps));
    cc_place(&r, &c, cc->caps, false);
    if (!any_must_run(cc, &c, tally))
        return P2P_OK;
    if ((err = cc_data_create(&d, &c, cc->device)) < 0)
        goto done;
    for (const P2pVariant *v = check->pass->variants; v->name; v++, k++) {
        P2pWay way;
        if (!must_run(cc, &c, v, tally[k], &way))
            continue;
        const bool good = run_way(cc, &c, &d, &way, text, sizeof(text));
        tally[k][!good]++;
        if (!good) {
            cc_describe(&c, geometry, sizeof(geometry));
            printf("FAILED %s--op %s --variant %s --seed %u --repeat 1\n    %s\n    %s\n",
                   cc->tiny ? "--tiny " : "", check->pass->name, v->name, (unsigned)seed, geometry,
                   text);
        }
    }

done:
    cc_data_destroy(&d);
    return err;
}

static int check_pass(Cc *cc, const CcCheck *check)
{
    const int draws = cc->tiny ? cc->rounds * TINY_DRAWS : cc->rounds;
    int tally[16][2] = {{0}}, err = P2P_OK, k = 0;

    for (int i = 0; i < draws && !err; i++)
        err = check_round(cc, check, cc->seed + (uint32_t)i, tally);
    for (const P2pVariant *v = check->pass->variants; v->name; v++, k++) {
        cc->passed += tally[k][0];
        cc->failed += tally[k][1];
        if (tally[k][0] + tally[k][1])
            printf("%-18s %-10s %3d passed, %d failed\n", check->pass->name, v->name, tally[k][0],
                   tally[k][1]);
        else if (cc->tiny && is_wanted(cc, v) && !err)
            printf("%-18s %-10s never ran\n", check->pass->name, v->name);
    }
    return err;
}

static int run_all(Cc *cc)
{
    int err = P2P_OK;

    for (size_t f = 0; f < P2P_COUNT(families); f++)
        for (const CcCheck *check = families[f]; check->pass && !err; check++) {
            if (cc->op && fnmatch(cc->op, check->pass->name, 0))
                continue;
            err = cc->bench    ? cc_bench(cc, check)
                  : cc->errors ? cc_errors(cc, check)
                               : check_pass(cc, check);
            fflush(stdout);
        }
    return err;
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
            cc->seed = (uint32_t)strtoul(optarg, NULL, 10);
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
