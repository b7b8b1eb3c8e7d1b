/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of training runs: the same steps on the same pictures, losses step by step, then the
 * picture and the norms of all parameters after the last step.
 *
 * Training is chaotic from the first Adam step on (it moves each weight by lr sign(gradient), also
 * where the gradient is rounding noise), so a bound must grow with the steps. The file holds three
 * f32 runs of the framework; ours may be four times as far from float64 as the worst of them, or
 * 1e-5 where they are closer. A flipped gate of a ReLU may part one of our runs from all three: behind
 * step 2 another try with perturbed pictures may show that it was chaos (--tries). Up to step 2, with an
 * epsilon that tames Adam, and where the engine fails, nothing is excused.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "p2p/image.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/train/cycle_gan.h"
#include "src/train/pix2pix.h"
#include "tests/golden/golden.h"

enum { MAX_STEPS = 64, RUNS = 3, GAN_MODES = 3 };
/* Up to this step rounding decides nothing; and with so large an epsilon of Adam's in no step. */
enum { CERTAIN_STEPS = 2 };
#define TAME_EPS 1e-2

static const int checked_steps[] = {1, 2, 3, 5, 10, 20};
static const char *const run_names[RUNS] = {"f32_t1", "f32_t2", "f32_plain"};
static const double factor = 4, floor_tolerance = 1e-5;

typedef struct Trajectory {
    Golden *g;
    json_t *options, *loss_names, *losses_f64, *envelope;
    P2pGan *gan;
    bool cycle;       /* CycleGAN: the target of a step is no partner of its input */
    int steps, names; /* losses a step in the file */
    int pair_count, size_h, size_w;
    float *a[8], *b[8];                          /* input and target of each pair, dense NHWC */
    float losses[MAX_STEPS][P2P_GAN_MAX_LOSSES]; /* ours, in the file's order */
} Trajectory;

/* ---- Options and pictures ------------------------------------------------------------------ */

static double number(const Trajectory *t, const char *key, double otherwise)
{
    const json_t *value = json_object_get(t->options, key);

    return value ? json_number_value(value) : otherwise;
}

static const char *word(const Trajectory *t, const char *key)
{
    const char *text = json_string_value(json_object_get(t->options, key));

    return text ? text : "";
}

/* A file in the folder of the one under test; for free(). */
static char *beside(const Golden *g, const char *name)
{
    const char *slash = strrchr(g->path, '/');

    return p2p_format("%.*s%s", slash ? (int)(slash + 1 - g->path) : 0, g->path, name);
}

/* Pairs [n, size, 2 size, 3] cut from the middles of the two halves of each square pair, which stand one
 * below the other. */
static void cut_pairs(Golden *g, const P2pImage *image, int size, GoldenArray *pairs)
{
    const int whole = image->width / 2, margin = (whole - size) / 2;
    const size_t row = (size_t)size * 3;

    if (image->channels != 3 || image->bits != 8 || margin < 0 || image->height % whole) {
        g->err = p2p_fail(P2P_EFORMAT, "the pairs cannot be cut to %d x %d", size, size);
        return;
    }
    *pairs = (GoldenArray){.rank = 4, .dim = {image->height / whole, size, 2 * size, 3}};
    pairs->count = (size_t)pairs->dim[0] * (size_t)size * 2 * row;
    float *to = golden_floats(g, pairs->count);
    pairs->data = to;
    for (int y = 0; y < pairs->dim[0] * size; y++)
        for (int half = 0; half < 2; half++, to += row) {
            const int line = y / size * whole + y % size + margin;
            const unsigned char *from = (const unsigned char *)image->data +
                                        (size_t)(2 * line + half) * (size_t)whole * 3 +
                                        (size_t)margin * 3;
            for (size_t i = 0; i < row; i++)
                to[i] = from[i];
        }
}

/* Pairs of 256 x 256 that several files share, in a lossless picture. */
static GoldenArray read_picture(Golden *g, int size)
{
    GoldenArray pairs = {0};
    P2pImage image = {0};
    char *path = beside(g, "pairs_256.png");

    g->err = path ? p2p_image_read(&image, path, 0) : P2P_ENOMEM;
    if (!g->err)
        cut_pairs(g, &image, size, &pairs);
    p2p_image_finish(&image);
    free(path);
    return pairs;
}

/* The same as a tensor. */
static GoldenArray read_tensor(Golden *g)
{
    GoldenArray pairs = {0};
    P2pTensorFile *file = NULL;
    char *path = beside(g, "pairs_256.safetensors");

    g->err = path ? p2p_safetensors_read(&file, path) : P2P_ENOMEM;
    if (!g->err) {
        pairs = golden_read(g, file, "pairs");
        if (!pairs.data)
            g->err = p2p_fail(P2P_EFORMAT, "%s has no tensor pairs", path);
    }
    p2p_tensor_file_close(&file);
    free(path);
    return pairs;
}

/* The file's own pictures, or those beside it. */
static GoldenArray read_pairs(Golden *g)
{
    const GoldenArray own = golden_array(g, NULL, "pairs");
    const int size = golden_int(g, "size");

    return own.data || g->err ? own : size > 0 ? read_picture(g, size) : read_tensor(g);
}

/* One half of a pair, from [0, 255] to [-1, 1]. */
static float *half(Golden *g, const float *pair, int h, int w, bool right)
{
    const size_t row = (size_t)w * 3;
    float *out = golden_floats(g, (size_t)h * row);

    for (size_t y = 0; y < (size_t)h; y++)
        for (size_t i = 0; i < row; i++) {
            const float unit = pair[(2 * y + right) * row + i] / 255.0f;
            out[y * row + i] = (unit - 0.5f) / 0.5f;
            if (g->perturb)
                out[y * row + i] =
                    nextafterf(out[y * row + i],
                               p2p_rng_word(g->perturb, 0, y * row + i) & 1 ? INFINITY : -INFINITY);
        }
    return out;
}

static void load_pairs(Trajectory *t)
{
    const GoldenArray pairs = read_pairs(t->g);
    const bool from_b = !strcmp(word(t, "direction"), "BtoA");

    if (t->g->err)
        return;
    t->pair_count = p2p_min(pairs.dim[0], (int)P2P_COUNT(t->a));
    t->size_h = pairs.dim[1];
    t->size_w = pairs.dim[2] / 2;
    for (int i = 0; i < t->pair_count; i++) {
        const float *pair = pairs.data + (size_t)i * (size_t)t->size_h * (size_t)t->size_w * 6;
        t->a[i] = half(t->g, pair, t->size_h, t->size_w, from_b);
        t->b[i] = half(t->g, pair, t->size_h, t->size_w, !from_b);
    }
}

/* ---- Training ------------------------------------------------------------------------------ */

static P2pGanMode gan_mode(const Trajectory *t)
{
    static const char *const names[GAN_MODES] = {"vanilla", "lsgan", "wgangp"};
    int i = 0;

    while (i < GAN_MODES && strcmp(names[i], word(t, "gan_mode")) != 0)
        i++;
    return (P2pGanMode)i; /* supported() has looked */
}

static void create_pix2pix(Trajectory *t)
{
    Golden *g = t->g;
    const P2pNorm norm = golden_norm(word(t, "norm"));
    const P2pPix2pixSpec spec = {.g = {.name = word(t, "netG"),
                                       .input_nc = 3,
                                       .output_nc = 3,
                                       .nf = (int)number(t, "ngf", 64),
                                       .norm = norm},
                                 .d = {.name = word(t, "netD"),
                                       .input_nc = 6,
                                       .nf = (int)number(t, "ndf", 64),
                                       .norm = norm},
                                 .batch = 1,
                                 .height = t->size_h,
                                 .width = t->size_w,
                                 .gan_mode = gan_mode(t),
                                 .lambda_gp = 10,
                                 .lambda_l1 = (float)number(t, "lambda_L1", 100),
                                 .lambda_gan = 1,
                                 .d_factor = 0.5f,
                                 .update.adam = {.beta1 = number(t, "beta1", 0.5),
                                                 .beta2 = 0.999,
                                                 .eps = (float)number(t, "adam_eps", 1e-8)}};

    g->err = p2p_pix2pix_create(&t->gan, g->device, &spec, &g->choice, NULL);
}

/* The model's defaults, and all that the file tells and we have. */
static void create_cycle_gan(Trajectory *t)
{
    Golden *g = t->g;
    P2pOptions *o;
    const char *name;
    json_t *value;

    if ((g->err = p2p_options_create(&o)) < 0)
        return;
    p2p_options_set_defaults(o, p2p_cycle_gan_defaults);
    json_object_foreach(t->options, name, value)
    {
        if (json_is_string(value) && !g->err)
            g->err = p2p_options_set(o, name, json_string_value(value));
        else if (!g->err)
            g->err = p2p_options_set_number(o, name, json_number_value(value));
    }
    if (!g->err)
        g->err =
            p2p_cycle_gan_create(&t->gan, g->device, o, t->size_h, t->size_w, &g->choice, NULL);
    p2p_options_destroy(&o);
}

static void create(Trajectory *t)
{
    static const struct {
        const char *net;
        uint32_t stream;
    } streams[] = {{"G", 0}, {"D", 1000}, {"G_A", 0}, {"G_B", 500}, {"D_A", 1000}, {"D_B", 1500}};
    Golden *g = t->g;
    const uint32_t seed = (uint32_t)golden_int(g, "seed");

    if (!g->err && t->cycle)
        create_cycle_gan(t);
    else if (!g->err)
        create_pix2pix(t);
    if (g->err)
        return;
    golden_used_plan(g, t->gan->plan);
    for (int i = 0; i < t->gan->net_count; i++)
        for (size_t k = 0; k < P2P_COUNT(streams); k++)
            if (!strcmp(t->gan->nets[i]->name, streams[k].net))
                golden_draw_net(g, t->gan->nets[i], seed, streams[k].stream);
}

/* Where the gan keeps the file's loss k. */
static int loss_index(const Trajectory *t, int k)
{
    const char *name = json_string_value(json_array_get(t->loss_names, (size_t)k));

    for (int i = 0; name && i < t->gan->loss_count; i++)
        if (!strcmp(t->gan->loss_names[i], name))
            return i;
    return -1;
}

static void train(Trajectory *t)
{
    Golden *g = t->g;
    const GoldenArray alpha = golden_array(g, NULL, "alpha");
    float losses[P2P_GAN_MAX_LOSSES];

    for (int s = 0; !g->err && s < t->steps; s++) {
        const float *const sides[] = {t->a[s % t->pair_count],
                                      t->b[(s + t->cycle) % t->pair_count]};
        const P2pStepInfo info = {.lr = (float)number(t, "lr", 2e-4),
                                  .t = s + 1,
                                  .shares = alpha.data ? alpha.data + s : NULL};
        g->err = p2p_gan_step(t->gan, sides, &info);
        if (!g->err)
            g->err = p2p_gan_losses(t->gan, losses);
        for (int k = 0; !g->err && k < t->names; k++) {
            const int at = loss_index(t, k);
            if (at < 0)
                g->err = p2p_fail(P2P_EINVAL, "the engine has no loss number %d of the file", k);
            else
                t->losses[s][k] = losses[at];
        }
    }
}

/* ---- Comparison ---------------------------------------------------------------------------- */

static double reference_loss(const Trajectory *t, int step, int k)
{
    const json_t *row = json_array_get(t->losses_f64, (size_t)step);

    return json_number_value(json_array_get(row, (size_t)k));
}

/* Largest relative deviation of any loss of the first `steps`; row: floats from step to step. */
static double loss_deviation(const Trajectory *t, const float *losses, int row, int steps)
{
    double most = 0;

    for (int s = 0; s < steps; s++)
        for (int k = 0; k < t->names; k++) {
            const double ref = reference_loss(t, s, k);
            const double d = fabs(losses[s * row + k] - ref) / fabs(ref);
            if (isnan(d))
                return NAN;
            most = fmax(most, d);
        }
    return most;
}

static void check_losses(Trajectory *t)
{
    Golden *g = t->g;
    GoldenArray runs[RUNS];
    char name[64];

    for (int r = 0; r < RUNS; r++) {
        snprintf(name, sizeof(name), "losses_%s", run_names[r]);
        runs[r] = golden_need(g, NULL, name);
    }
    for (size_t i = 0; !g->err && i < P2P_COUNT(checked_steps); i++) {
        const int steps = checked_steps[i];
        double worst = 0;
        if (steps > t->steps)
            continue;
        for (int r = 0; r < RUNS; r++)
            worst = fmax(worst, loss_deviation(t, runs[r].data, t->names, steps));
        snprintf(name, sizeof(name), "losses up to step %d", steps);
        g->excusable = steps > CERTAIN_STEPS && number(t, "adam_eps", 0) < TAME_EPS;
        golden_compare(g, name, loss_deviation(t, t->losses[0], P2P_GAN_MAX_LOSSES, steps),
                       fmax(factor * worst, floor_tolerance));
    }
}

/* The worst of the three runs in envelope[run][key][what]. */
static double worst_run(const Trajectory *t, const char *key, const char *what)
{
    double worst = 0;

    for (int r = 0; r < RUNS; r++) {
        const json_t *run = json_object_get(t->envelope, run_names[r]);
        worst = fmax(worst, json_number_value(json_object_get(json_object_get(run, key), what)));
    }
    return worst;
}

/* A generator's output for a picture with the trained weights, normalised by the picture's own
 * statistics. */
static void forward(Trajectory *t, P2pNet *net, const float *picture, float *out)
{
    Golden *g = t->g;
    const P2pMode mode = {0};
    P2pPlan *plan = NULL;
    P2pApply *apply = NULL;

    g->err = p2p_plan_create(&plan, g->device, &g->choice);
    if (g->err)
        return;
    const int x = p2p_plan_keep(plan, p2p_tensor_nhwc(1, t->size_h, t->size_w, 3));
    const int hyper = p2p_plan_keep(plan, p2p_tensor_vector(P2P_HYPER_WORDS));
    g->err = p2p_apply_forward(&apply, plan, net, x, hyper, &mode, true);
    if (!g->err)
        g->err = p2p_plan_finish(plan);
    if (!g->err)
        g->err =
            p2p_buffer_write(p2p_plan_get(plan, x)->buffer, 0,
                             (size_t)t->size_h * (size_t)t->size_w * 3 * sizeof(float), picture);
    if (!g->err)
        g->err = p2p_plan_run(plan);
    if (!g->err)
        g->err = p2p_tensor_download(p2p_plan_get(plan, p2p_apply_output(apply)), out, false);
    p2p_apply_destroy(&apply);
    p2p_plan_destroy(&plan);
}

/* Of pair 0. */
static void check_picture(Trajectory *t, P2pNet *net, const float *picture, const char *key)
{
    Golden *g = t->g;
    const GoldenArray ref = golden_need(g, NULL, key);
    float *ours = golden_floats(g, (size_t)t->size_h * (size_t)t->size_w * 3);
    char name[64];
    double sum = 0;

    if (g->err)
        return;
    const int step = t->size_h / ref.dim[2], width = ref.dim[3];
    P2P_ASSERT(step * width == t->size_w && ref.dim[1] == 3);
    forward(t, net, picture, ours);
    if (g->err)
        return;
    for (int i = 0; i < (int)ref.count; i++) {
        const int line = i / width * step, x = i % width * step;
        sum += fabs((double)ours[line * t->size_w + x] - ref.data[i]);
    }
    snprintf(name, sizeof(name), "%s, mean abs", key);
    golden_compare(g, name, sum / (double)ref.count, factor * worst_run(t, "out_mean_abs", key));
}

/* L2 norms of the trained parameters; biases that do nothing drift in f32 and stay in f64. */
static void check_norms(Trajectory *t, int which)
{
    Golden *g = t->g;
    P2pNet *net = t->gan->nets[which];
    const GoldenArray ref = golden_need(g, "l2", net->name);
    float *ours = golden_floats(g, ref.count);
    size_t k = 0, left_out = 0;
    char name[80];

    for (int i = 0; !g->err && i < net->graph->param_count; i++) {
        const P2pParam *p = &net->graph->params[i];
        if (!p2p_param_is_trained(p) || k >= ref.count)
            continue;
        float *host = golden_floats(g, p2p_param_elements(p));
        g->err = p2p_net_download(net, i, P2P_STATE_VALUE, host);
        ours[k] = (float)golden_l2(host, p2p_param_elements(p));
        if (golden_is_null_bias(net->graph, i)) {
            ours[k] = ref.data[k];
            left_out++;
        }
        free(g->memory[--g->memory_count]);
        k++;
    }
    if (g->err)
        return;
    snprintf(name, sizeof(name), "l2/%s", net->name);
    if (left_out)
        snprintf(name, sizeof(name), "l2/%s, without %zu biases before norms", net->name, left_out);
    golden_compare(g, name, k == ref.count ? golden_max_deviation(ours, ref.data, k) : NAN,
                   factor * worst_run(t, "l2", net->name));
}

/* ---- The file ------------------------------------------------------------------------------ */

static void run_trajectory(Trajectory *t)
{
    load_pairs(t);
    create(t);
    if (!t->g->err)
        train(t);
    if (t->g->err)
        return;
    check_losses(t);
    check_picture(t, t->gan->nets[0], t->a[0], t->cycle ? "out_A" : "out");
    if (t->cycle)
        check_picture(t, t->gan->nets[1], t->b[0], "out_B");
    for (int i = 0; i < t->gan->net_count; i++)
        check_norms(t, i);
}

static bool supported(Trajectory *t)
{
    const char *model = golden_text(t->g, "model"), *mode = word(t, "gan_mode");

    t->cycle = !strcmp(model, "cycle_gan");
    if (!t->cycle && strcmp(model, "pix2pix") != 0)
        golden_unsupported(t->g, model);
    else if ((int)gan_mode(t) == GAN_MODES)
        golden_unsupported(t->g, mode);
    else
        return true;
    return false;
}

void golden_trajectory(Golden *g)
{
    static Trajectory t;

    t = (Trajectory){.g = g,
                     .options = golden_json(g, "options"),
                     .loss_names = golden_json(g, "loss_names"),
                     .losses_f64 = golden_json(g, "losses_f64"),
                     .envelope = golden_json(g, "f32_envelope")};
    t.steps = p2p_min((int)json_array_size(t.losses_f64), MAX_STEPS);
    t.names = p2p_min((int)json_array_size(t.loss_names), P2P_GAN_MAX_LOSSES);
    golden_begin(g, NULL);
    if (supported(&t))
        run_trajectory(&t);
    golden_end(g);
    p2p_gan_destroy(&t.gan);
    json_decref(t.options);
    json_decref(t.loss_names);
    json_decref(t.losses_f64);
    json_decref(t.envelope);
}
