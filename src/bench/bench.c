/* SPDX-License-Identifier: BSD-2-Clause */
/* Timing whole steps and translations on random pictures, and the device's peaks. */
#include "p2p/bench.h"

#include <stdio.h>
#include <string.h>

#include "cl/sizes.h"
#include "p2p/image.h"
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/graph/exchange.h"
#include "src/train/pix2pix.h"
#include "src/bench/profile.h"

enum { WARM_UP = 3, MAX_STEPS = 10000, PEAK_SECONDS = 1 };

static P2pBenchSettings with_defaults(const P2pBenchSettings *from)
{
    P2pBenchSettings s = from ? *from : (P2pBenchSettings){0};

    s.netG = s.netG ? s.netG : "unet_256";
    s.netD = s.netD ? s.netD : "basic";
    s.norm = s.norm ? s.norm : "batch";
    s.dtype = s.dtype ? s.dtype : "f32";
    s.precision = s.precision ? s.precision : "f32";
    s.shard_adam = s.shard_adam ? s.shard_adam : "auto";
    s.ngf = s.ngf ? s.ngf : 64;
    s.ndf = s.ndf ? s.ndf : 64;
    s.batch_size = s.batch_size ? s.batch_size : 1;
    s.size = s.size ? s.size : 256;
    s.steps = s.steps ? p2p_min(s.steps, MAX_STEPS) : 10;
    return s;
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words) != 0)
        words++;
    return *words;
}

/* What no one behind looks at. */
static int check(const char *function, const P2pBenchSettings *s)
{
    static const char *const norms[] = {"batch", "instance", NULL};
    static const char *const dtypes[] = {"f32", "f16", "q8", NULL};
    static const char *const precisions[] = {"f32", "tf32", "f16", NULL};
    static const char *const shards[] = {"auto", "on", "off", NULL};

    if (s->ngf < 1 || s->ndf < 1 || s->batch_size < 1 || s->size < 1 || s->steps < 1)
        return p2p_fail_argument(function,
                                 "ngf, ndf, batch_size, size and steps must be 0 or more");
    if (s->size > P2P_IMAGE_MAX_SIDE)
        return p2p_fail_argument(function, "size is %d, it must be at most %d", s->size,
                                 P2P_IMAGE_MAX_SIDE);
    if (!is_one_of(s->norm, norms))
        return p2p_fail_argument(function, "norm is %s, it must be batch or instance", s->norm);
    if (!is_one_of(s->dtype, dtypes))
        return p2p_fail_argument(function, "dtype is %s, it must be f32, f16 or q8", s->dtype);
    if (!is_one_of(s->precision, precisions))
        return p2p_fail_argument(function, "precision is %s, it must be f32, tf32 or f16",
                                 s->precision);
    if (!is_one_of(s->shard_adam, shards))
        return p2p_fail_argument(function, "shard_adam is %s, it must be auto, on or off",
                                 s->shard_adam);
    return P2P_OK;
}

static P2pNetSpec net_spec(const P2pBenchSettings *s, const char *name, int nf, int in)
{
    return (P2pNetSpec){.name = name,
                        .input_nc = in,
                        .output_nc = 3,
                        .nf = nf,
                        .norm = strcmp(s->norm, "instance") ? P2P_NORM_BATCH : P2P_NORM_INSTANCE};
}

static P2pChoice choice_of(const P2pBenchSettings *s)
{
    return (P2pChoice){.variants = s->variants,
                       .precision = !strcmp(s->precision, "f32")    ? P2P_PRECISION_F32
                                    : !strcmp(s->precision, "tf32") ? P2P_PRECISION_TF32
                                                                    : P2P_PRECISION_F16};
}

static float *random_picture(size_t count)
{
    float *x = p2p_alloc(count, sizeof(*x));

    for (size_t i = 0; x && i < count; i++)
        x[i] = p2p_rng_symmetric(p2p_rng_word(1, p2p_stream(P2P_STREAM_TEST, 0), i));
    return x;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Run `once` for warm-up and counted times; fills the times of result. */
static int measure(int steps, int (*once)(void *user), void *user, double start,
                   P2pBenchResult *result)
{
    double *seconds = p2p_alloc((size_t)steps, sizeof(*seconds));
    int err = seconds ? P2P_OK : P2P_ENOMEM;

    for (int i = 0; !err && i < WARM_UP; i++)
        err = once(user);
    result->setup_s = p2p_seconds() - start;
    for (int i = 0; !err && i < steps; i++) {
        const double before = p2p_seconds();
        err = once(user);
        seconds[i] = p2p_seconds() - before;
    }
    if (!err) {
        qsort(seconds, (size_t)steps, sizeof(*seconds), compare_doubles);
        result->min_s = seconds[0];
        result->median_s = seconds[steps / 2];
        result->max_s = seconds[steps - 1];
    }
    free(seconds);
    return err;
}

static int fill_rows(P2pPlan *plan, P2pBenchResult *result)
{
    const P2pPlanMemory memory = p2p_plan_memory(plan);
    int err = p2p_profile_rows(plan, &result->rows, &result->row_count);

    if (!err)
        err = p2p_profile_launches(plan, &result->launches, &result->launch_count);
    result->plan_bytes += memory.tensor_bytes + memory.work_bytes;
    for (int i = 0; i < result->row_count; i++)
        result->gflop += result->rows[i].gflop;
    return err;
}

/* ---- Training ------------------------------------------------------------------------------ */

typedef struct TrainRun {
    P2pGan *gan;
    const float *sides[2];
    long t;
    double host_s;           /* the shortest */
    P2pExchangeTimes before; /* of the warm-up */
} TrainRun;

static P2pExchangeTimes exchange_times(const P2pGan *gan)
{
    P2pExchangeTimes sum = {0};

    for (int i = 0; i < gan->net_count; i++) {
        const P2pGradSums *s = gan->shared->sums[i];
        const P2pExchangeTimes t =
            s && s->exchange ? p2p_exchange_times(s->exchange) : (P2pExchangeTimes){0};
        sum.busy_s += t.busy_s;
        sum.exposed_s += t.exposed_s;
        sum.bytes += t.bytes;
    }
    return sum;
}

static int train_once(void *user)
{
    TrainRun *r = user;
    const P2pStepInfo info = {.lr = 2e-4f, .t = ++r->t};
    const double start = p2p_seconds();
    const int err = p2p_gan_step(r->gan, r->sides, &info);
    const double seconds = p2p_seconds() - start;

    if (r->t == WARM_UP)
        r->before = exchange_times(r->gan);
    r->host_s = r->t == 1 || seconds < r->host_s ? seconds : r->host_s;
    return err ? err : p2p_device_finish(r->gan->device);
}

/* Where ranks have something to do with each other: what they share, with this one's part of the batch. */
static int make_ranks(P2pDevice *device, P2pBenchSettings *s, P2pGanShared **shared)
{
    P2pGanRanks ranks = {.comm = s->comm,
                         .wire = s->f16_gradients ? P2P_WIRE_F16 : P2P_WIRE_F32,
                         .sync_norm = s->sync_norm,
                         .shard_adam = !strcmp(s->shard_adam, "on")    ? P2P_SHARD_ON
                                       : !strcmp(s->shard_adam, "off") ? P2P_SHARD_OFF
                                                                       : P2P_SHARD_AUTO};
    const char *shares = s->shares ? s->shares : "";
    const int err =
        p2p_comm_part(s->comm, shares, s->batch_size, p2p_comm_rank(s->comm), &ranks.part);

    if (err)
        return err;
    s->batch_size = ranks.part.count;
    return p2p_gan_shared_create(shared, device, &ranks, shares);
}

/* What the networks' gradients are, and what a step's exchange of them took. */
static void fill_exchange(const TrainRun *run, const P2pBenchSettings *s, P2pBenchResult *result)
{
    const P2pExchangeTimes now = exchange_times(run->gan);

    for (int n = 0; n < run->gan->net_count; n++)
        for (int i = 0; i < run->gan->nets[n]->graph->param_count; i++)
            if (p2p_param_is_trained(&run->gan->nets[n]->graph->params[i]))
                result->gradient_bytes += p2p_param_elements(&run->gan->nets[n]->graph->params[i]) *
                                          (s->f16_gradients ? 2 : sizeof(float));
    result->sent_bytes = now.bytes;
    result->comm_s = (now.busy_s - run->before.busy_s) / s->steps;
    result->exposed_s = (now.exposed_s - run->before.exposed_s) / s->steps;
}

static int bench_train(P2pDevice *device, P2pBenchSettings s, P2pBenchResult *result)
{
    P2pGanShared *shared = NULL;
    int err = make_ranks(device, &s, &shared);
    const P2pPix2pixSpec spec = {.g = net_spec(&s, s.netG, s.ngf, 3),
                                 .d = net_spec(&s, s.netD, s.ndf, 6),
                                 .batch = s.batch_size,
                                 .height = s.size,
                                 .width = s.size,
                                 .lambda_l1 = 100,
                                 .lambda_gan = 1,
                                 .d_factor = 0.5f,
                                 .dropout = true,
                                 .update = {.adam = {.beta1 = .5, .beta2 = .999, .eps = 1e-8f}}};
    const P2pChoice choice = choice_of(&s);
    const double start = p2p_seconds();
    float *picture =
        err ? NULL : random_picture((size_t)s.batch_size * (size_t)s.size * (size_t)s.size * 3);
    TrainRun run = {.sides = {picture, picture}};
    size_t plan_bytes;

    if (!err && !picture)
        err = P2P_ENOMEM;
    if (!err)
        err = p2p_pix2pix_create(&run.gan, device, &spec, &choice, shared);
    for (int i = 0; !err && i < run.gan->net_count; i++)
        err = p2p_net_init(run.gan->nets[i], P2P_INIT_NORMAL, 0.02f, 1);
    if (!err)
        p2p_gan_memory(run.gan, &result->plan_bytes,
                       &plan_bytes); /* the plan's comes by fill_rows() */
    if (!err)
        err = measure(s.steps, train_once, &run, start, result);
    if (!err)
        err = fill_rows(run.gan->plan, result);
    if (!err)
        fill_exchange(&run, &s, result);
    result->host_s = run.host_s;
    p2p_gan_destroy(&run.gan);
    p2p_gan_shared_destroy(&shared);
    free(picture);
    return err;
}

int p2p_bench_train(P2pDevice *device, const P2pBenchSettings *settings, P2pBenchResult *result)
{
    P2P_NEED(device);
    P2P_NEED(result);

    const P2pBenchSettings s = with_defaults(settings);
    *result = (P2pBenchResult){0};
    int err = check(__func__, &s);
    if (err)
        return err;
    p2p_device_enter(device);
    return p2p_device_leave(device, bench_train(device, s, result));
}

/* ---- Translating --------------------------------------------------------------------------- */

typedef struct TranslateRun {
    P2pPlan *plan;
    P2pNet *net;
    P2pApply *apply;
    int input, output;
    float *in, *out;
} TranslateRun;

static int translate_once(void *user)
{
    TranslateRun *r = user;
    int err = p2p_tensor_upload(p2p_plan_get(r->plan, r->input), r->in, false);

    if (!err)
        err = p2p_plan_run(r->plan);
    return err ? err : p2p_tensor_download(p2p_plan_get(r->plan, r->output), r->out, false);
}

static int translate_plan(TranslateRun *r, P2pDevice *device, const P2pBenchSettings *s)
{
    const P2pNetSpec spec = net_spec(s, s->netG, s->ngf, 3);
    const P2pChoice choice = choice_of(s);
    const P2pMode mode = {.alone = 1};
    const P2pType type = !strcmp(s->dtype, "f32")   ? P2P_TYPE_F32
                         : !strcmp(s->dtype, "f16") ? P2P_TYPE_F16
                                                    : P2P_TYPE_Q8;
    P2pGraph *graph;
    int err;

    if ((err = p2p_nets_build(&graph, &spec)) < 0 ||
        (err = p2p_net_create_packed(&r->net, device, graph, "G", type)) < 0 ||
        (type == P2P_TYPE_F32 && /* packed weights stay zero, which takes as long */
         (err = p2p_net_init(r->net, P2P_INIT_NORMAL, 0.02f, 1)) < 0) ||
        (err = p2p_plan_create(&r->plan, device, &choice)) < 0)
        return err;
    r->input = p2p_plan_keep(r->plan, p2p_tensor_nhwc(s->batch_size, s->size, s->size, 3));
    err = p2p_apply_forward(&r->apply, r->plan, r->net, r->input, -1, &mode, true);
    if (err)
        return err;
    r->output = p2p_apply_output(r->apply);
    return p2p_plan_finish(r->plan);
}

static int bench_translate(P2pDevice *device, P2pBenchSettings s, P2pBenchResult *result)
{
    const size_t count = (size_t)s.batch_size * (size_t)s.size * (size_t)s.size * 3;
    const double start = p2p_seconds();
    TranslateRun run = {.in = random_picture(count), .out = p2p_alloc(count, sizeof(float))};
    int err = run.in && run.out ? P2P_OK : P2P_ENOMEM;

    if (!err)
        err = translate_plan(&run, device, &s);
    if (!err)
        err = measure(s.steps, translate_once, &run, start, result);
    if (!err) {
        result->plan_bytes = p2p_arena_bytes(run.net->arena);
        err = fill_rows(run.plan, result);
    }
    p2p_apply_destroy(&run.apply);
    p2p_plan_destroy(&run.plan);
    p2p_net_destroy(&run.net);
    free(run.in);
    free(run.out);
    return err;
}

int p2p_bench_translate(P2pDevice *device, const P2pBenchSettings *settings, P2pBenchResult *result)
{
    P2P_NEED(device);
    P2P_NEED(result);

    const P2pBenchSettings s = with_defaults(settings);
    *result = (P2pBenchResult){0};
    int err = check(__func__, &s);
    if (err)
        return err;
    p2p_device_enter(device);
    return p2p_device_leave(device, bench_translate(device, s, result));
}

void p2p_bench_result_finish(P2pBenchResult *result)
{
    free(result->rows);
    free(result->launches);
    *result = (P2pBenchResult){0};
}

/* ---- Peaks --------------------------------------------------------------------------------- */

/* Least seconds of one of so many launches one behind the other over a few times, fewer on devices that
 * take long. */
static int best_of(P2pDevice *device, const P2pLaunch *launch, int launches, int times,
                   double *best)
{
    P2pSequence *seq = NULL;
    int err = p2p_sequence_create(&seq, device);

    *best = 1e30;
    for (int i = 0; !err && i < launches; i++)
        err = p2p_sequence_add(seq, launch);
    if (!err)
        err = p2p_sequence_build(seq, NULL);
    const double first = p2p_seconds();
    for (int i = 0; !err && i < times && (i < 1 || p2p_seconds() - first < PEAK_SECONDS); i++) {
        const double start = p2p_seconds();
        if ((err = p2p_sequence_run(seq, 0, launches)) == P2P_OK)
            err = p2p_device_finish(device);
        const double seconds = (p2p_seconds() - start) / launches;
        *best = seconds < *best ? seconds : *best;
    }
    p2p_sequence_destroy(&seq);
    return err;
}

/* Launches in a row, so that what it takes to wait for a GPU is not counted as the launch's own. */
static int launches_in_row(const P2pCaps *caps)
{
    return caps->is_cpu ? 1 : 20;
}

static int measure_fma(P2pDevice *device, P2pBuffer *a, P2pPeak *peak)
{
    const P2pCaps *caps = p2p_device_caps(device);
    const int rounds = 20000;
    const float factor = 0.5f;
    const size_t items = caps->is_cpu ? 512 : 65536, group = caps->is_cpu ? 1 : FLAT_GROUP;
    const P2pArg args[] = {P2P_ARG_BUFFER(a), P2P_ARG(rounds), P2P_ARG(factor)};
    const P2pLaunch launch = {.program = "peak",
                              .kernel = "peak_fma",
                              .global = {items},
                              .local = {group},
                              .args = args,
                              .arg_count = 3};
    double seconds;
    const int err = best_of(device, &launch, launches_in_row(caps), 5, &seconds);

    peak->gflops = 2e-9 * PEAK_CHAINS * rounds * (double)items * caps->vector_width / seconds;
    return err;
}

/* Over the whole buffers, and over so little that the launch is all it takes. */
static int measure_copy(P2pDevice *device, P2pBuffer *a, P2pBuffer *b, P2pPeak *peak)
{
    enum { LAUNCHES = 200 };
    const P2pCaps *caps = p2p_device_caps(device);
    const P2pArg args[] = {P2P_ARG_BUFFER(a), P2P_ARG_BUFFER(b)};
    const size_t bytes = p2p_buffer_bytes(a);
    P2pLaunch launch = {.program = "peak", .kernel = "peak_copy", .args = args, .arg_count = 2};
    double seconds;

    launch.global[0] = bytes / sizeof(float) / (size_t)(caps->is_cpu ? caps->vector_width : 4);
    int err = best_of(device, &launch, launches_in_row(caps), 10, &seconds);
    peak->copy_gb_s = 2e-9 * (double)bytes / seconds;
    launch.global[0] = 1;
    if (!err)
        err = best_of(device, &launch, LAUNCHES, 5, &peak->launch_s);
    return err;
}

static int bench_peak(P2pDevice *device, P2pPeak *peak)
{
    enum { COPY_BYTES = 64 << 20 };
    P2pBuffer *a = NULL, *b = NULL;
    int err = p2p_buffer_create_zeroed(&a, device, COPY_BYTES);

    if (!err)
        err = p2p_buffer_create(&b, device, COPY_BYTES);
    if (!err)
        err = measure_fma(device, a, peak);
    if (!err)
        err = measure_copy(device, a, b, peak);
    p2p_buffer_destroy(&a);
    p2p_buffer_destroy(&b);
    return err;
}

int p2p_bench_peak(P2pDevice *device, P2pPeak *peak)
{
    P2P_NEED(device);
    P2P_NEED(peak);

    p2p_device_enter(device);
    return p2p_device_leave(device, bench_peak(device, peak));
}
