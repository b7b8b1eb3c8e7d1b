/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-test: run a folder of pairs through a checkpoint; pictures, a page and figures out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "results.h"

const char cli_usage[] =
    "Usage: p2p-test --name NAME [--dataroot DIR] [OPTION]...\n"
    "       p2p-test -m MODEL [--name NAME] --dataroot DIR [OPTION]...\n"
    "Translate the test pictures of a data set with a run's checkpoint or another model.\n"
    "RESULTS_DIR/NAME/PHASE_EPOCH/ (with -m, PHASE_MODEL/) gets images/, index.html to look at them,\n"
    "overview.png and metrics.json (L1, PSNR, SSIM, MS-SSIM).\n";

static const char program[] = "p2p-test";

enum { PATH_BYTES = RESULTS_PATH };

static const ResultKinds one_way = {3, {"input", "output", "target", "all"}, 1, 2};
static const ResultKinds no_target = {
    2, {"input", "output", "all"}, 1, -1}; /* nothing is compared */
static const ResultKinds colours = {3, {"real_A", "fake_B_rgb", "real_B_rgb", "all"}, 1, 2};
/* Models with a way back, by direction. */
static const ResultKinds both_ways[] = {
    {6, {"real_A", "fake_B", "rec_A", "real_B", "fake_A", "rec_B", "all"}, 2, 0},
    {6, {"real_B", "fake_A", "rec_B", "real_A", "fake_B", "rec_A", "all"}, 2, 0}};

static int convert(const P2pModel *model, const P2pImage *in, P2pModelSide side, P2pImage *out)
{
    P2pImage prepared = {0};
    int err = p2p_model_prepare(model, in, side, &prepared);

    if (!err)
        err = p2p_image_convert_bits(&prepared, 8, out);
    p2p_image_finish(&prepared);
    return err;
}

/* Of a model, and of that of the way back, or NULL. */
typedef struct Models {
    P2pModel *there, *back;
} Models;

/* The picture as the model sees it, and its translation. */
static int translate(P2pModel *model, const P2pImage *raw, P2pImage *seen, P2pImage *out)
{
    P2pImage prepared = {0};
    int err = convert(model, raw, P2P_MODEL_INPUT, &prepared);

    if (!err)
        err = p2p_model_show(model, &prepared, seen);
    p2p_image_finish(&prepared);

    return err ? err : p2p_model_translate(model, raw, out);
}

static int make_pictures(const Models *m, const P2pImage raw[2], P2pImage *pictures)
{
    int err = translate(m->there, &raw[0], &pictures[0], &pictures[1]);

    if (!err && !raw[1].data)
        return P2P_OK;
    if (!err && !m->back)
        return convert(m->there, &raw[1], P2P_MODEL_OUTPUT, &pictures[2]);
    if (!err)
        err = p2p_model_translate(m->back, &pictures[1], &pictures[2]);
    if (!err)
        err = translate(m->back, &raw[1], &pictures[3], &pictures[4]);
    return err ? err : p2p_model_translate(m->there, &pictures[4], &pictures[5]);
}

/* A test while it goes on: by one process, or by the ranks of a job, of which each has a part of the set. */
typedef struct Test {
    const Models *models;
    const P2pDataset *set;
    Results *results;
    int failed; /* exit code of a picture's failure, reported */
} Test;

/* What all ranks know of a picture. */
typedef struct Tested {
    P2pMetrics metrics;
    bool left_out;
} Tested;

static int test_pair(const Test *t, size_t i, P2pMetrics *metrics)
{
    const ResultKinds *kinds = &t->results->kinds;
    P2pImage raw[2] = {{0}}, pictures[RESULTS_SHOWN] = {{0}};
    int err = p2p_dataset_read(t->set, i, &raw[0], &raw[1]);

    *metrics = (P2pMetrics){NAN, NAN, NAN, NAN};
    if (!err)
        err = make_pictures(t->models, raw, pictures);
    if (!err && kinds->like >= 0)
        err = p2p_image_compare(&pictures[kinds->ours], &pictures[kinds->like], metrics);
    if (!err)
        err = results_write(t->results, p2p_dataset_name(t->set, i), pictures);
    for (int k = 0; k < 2; k++)
        p2p_image_finish(&raw[k]);
    for (int k = 0; k < RESULTS_SHOWN; k++)
        p2p_image_finish(&pictures[k]);
    return err;
}

static int test_one(void *user, int i, void *result)
{
    Test *t = user;
    Tested *tested = result;
    const int err = test_pair(t, (size_t)i, &tested->metrics);

    if (!err)
        return P2P_OK;
    const int code = cli_fail_at(program, p2p_dataset_path(t->set, (size_t)i), err);
    /* All could be read before: now it is room that lacks, not for this pair alone. */
    tested->left_out =
        cli_flag(t->results->options, "skip_bad") && err != P2P_EIO && !cli_ends_all(err);
    if (tested->left_out)
        return P2P_OK;
    t->failed = code;
    return err;
}

/* By the first rank. */
static int report(const Test *t, const Tested *tested)
{
    Results *r = t->results;
    const size_t count = p2p_dataset_count(t->set);
    int code = results_open(r, count);

    for (size_t i = 0; !code && i < count; i++)
        if (!tested[i].left_out)
            code = results_add(r, p2p_dataset_name(t->set, i), &tested[i].metrics);
    if (code)
        results_drop(r);
    return code ? code : results_close(r);
}

static int test_pairs(Test *t, P2pComm *comm)
{
    const P2pWork work = {.count = (int)p2p_dataset_count(t->set),
                          .shares = cli_text(t->results->options, "shares"),
                          .one = test_one,
                          .user = t,
                          .result_bytes = sizeof(Tested)};
    Tested *tested = calloc((size_t)work.count, sizeof(*tested));
    int code = results_folder(t->results);

    if (!tested)
        code = cli_fail(program, P2P_ENOMEM);
    const int err = code ? P2P_OK : p2p_comm_work(comm, &work, tested);
    if (err)
        code = t->failed ? t->failed : cli_job_fail(comm, program, err);
    if (!code && p2p_comm_rank(comm) == 0)
        code = report(t, tested);
    free(tested);
    return code;
}

static bool has_mode(const P2pOptions *stored, const char *mode)
{
    return !strcmp(cli_text(stored, "dataset_mode"), mode);
}

/* Pairs are compared, of unpaired pictures what came back. */
static ResultKinds choose_kinds(const Models *models, const P2pOptions *stored)
{
    ResultKinds kinds = one_way;

    if (has_mode(stored, "single"))
        return no_target;
    if (has_mode(stored, "colorization"))
        kinds = colours;
    if (models->back)
        kinds = both_ways[!strcmp(cli_text(stored, "direction"), "BtoA")];
    if (models->back && !has_mode(stored, "unaligned")) {
        kinds.ours = 1;
        kinds.like = 3;
    }
    return kinds;
}

static int test_all(const Models *models, const P2pOptions *o, const P2pLog *log, P2pComm *comm)
{
    const P2pOptions *stored = p2p_model_options(models->there);
    const char *root = cli_text(cli_text(o, "dataroot")[0] ? o : stored, "dataroot");
    const char *phase = cli_text(o, "phase");
    const char *count = cli_int(o, "num_test") ? "num_test" : "max_dataset_size";
    const P2pDatasetSettings settings = {
        .phase = phase[0] ? phase : "test",
        .direction =
            strcmp(cli_text(stored, "direction"), "BtoA") ? P2P_DIRECTION_ATOB : P2P_DIRECTION_BTOA,
        .unaligned = has_mode(stored, "unaligned"),
        .single = has_mode(stored, "single"),
        .lab = has_mode(stored, "colorization"),
        .mask = has_mode(stored, "inpainting") ? cli_text(stored, "mask") : NULL,
        .mask_seed = (uint32_t)cli_int(stored, "seed"),
        .max_dataset_size = cli_size(o, count),
        .max_pixels = cli_size(o, "max_pixels"),
        .no_exif = cli_flag(stored, "no_exif") || cli_flag(o, "no_exif"),
        .log = log};
    const P2pCheckSettings check = {.threads = p2p_threads(cli_int(o, "num_threads")),
                                    .skip_bad = cli_flag(o, "skip_bad"),
                                    .log = log};
    Results r = {.options = o,
                 .model = stored,
                 .phase = settings.phase,
                 .root = root,
                 .kinds = choose_kinds(models, stored)};
    Test t = {.models = models, .results = &r};
    P2pDataset *set = NULL;
    int err = p2p_dataset_create(&set, root, &settings), code = CLI_OK;

    if (!err)
        err = p2p_dataset_check(set, &check, NULL);
    results_name(&r);
    if ((err = p2p_comm_agree(comm, err)) < 0)
        code = cli_job_fail(comm, program, err);
    else if (p2p_comm_rank(comm) == 0)
        code = results_check(&r, set);
    t.set = set;
    if (!code)
        code = test_pairs(&t, comm);
    p2p_dataset_destroy(&set);
    if (code || p2p_comm_rank(comm) || cli_flag(o, "quiet"))
        return code;
    results_tell(&r);
    return code;
}

/* What is to be tested: a model file and its generator, and perhaps another file for the way back. */
typedef struct Files {
    char there[PATH_BYTES], back[PATH_BYTES]; /* back: empty, if it is in the same */
    char net[16];                             /* the generator's name; empty: by direction */
} Files;

/*
 * -m, or the run's. A cycle_gan of pytorch-CycleGAN-and-pix2pix has a file for each generator: without a
 * suffix both are taken.
 */
static bool find_model(const P2pOptions *o, Files *f)
{
    const char *file = cli_text(o, "model_file"), *suffix = cli_text(o, "model_suffix");
    const bool turned = !strcmp(cli_text(o, "direction"), "BtoA");
    char folder[PATH_BYTES];

    *f = (Files){.there = ""};
    if (*suffix)
        snprintf(f->net, sizeof(f->net), "G%.10s", suffix);
    if (*file)
        return cli_find_model(f->there, sizeof(f->there), program, file, o);
    snprintf(folder, sizeof(folder), "%.2000s/%.200s", cli_text(o, "checkpoints_dir"),
             cli_text(o, "name"));
    if (cli_run_model(f->there, sizeof(f->there), folder, o, *suffix ? f->net : "G") || *suffix)
        return true;
    char there[PATH_BYTES];
    if (cli_run_model(there, sizeof(there), folder, o, turned ? "G_B" : "G_A") &&
        cli_run_model(f->back, sizeof(f->back), folder, o, turned ? "G_A" : "G_B"))
        snprintf(f->there, sizeof(f->there), "%s", there);
    else
        f->back[0] = '\0';
    return true;
}

static int open_models(Models *models, P2pDevice *device, P2pOptions *o, const Files *f)
{
    P2pModelSettings settings = {.eval = cli_flag(o, "eval"),
                                 .no_dropout = cli_flag(o, "no_dropout"),
                                 .net = f->net[0] ? f->net : NULL,
                                 .options = o,
                                 .variants = cli_text(o, "variant"),
                                 .refs = cli_text(o, "ref")};
    int err = P2P_OK;

    if (f->back[0] && !p2p_options_given(o, "dataset_mode"))
        err = p2p_options_set(o, "dataset_mode", "unaligned");
    if (!err)
        err = p2p_model_open(&models->there, device, f->there, &settings);
    if (err || f->net[0])
        return err;
    if (f->back[0])
        return p2p_model_open(&models->back, device, f->back, &settings);
    settings.back = true;
    return p2p_model_has_back(models->there)
               ? p2p_model_open(&models->back, device, f->there, &settings)
               : P2P_OK;
}

static int test(P2pOptions *o, const Files *files, P2pComm *comm)
{
    P2pLog log;
    P2pDevice *device = NULL;
    Models models = {NULL, NULL};

    cli_log_init(&log, o);
    if (p2p_comm_rank(comm) > 0)
        log.level = P2P_LOG_ERROR;
    int err = cli_job_open_device(&device, comm, o, &log);
    if (!err)
        err = open_models(&models, device, o, files);
    err = p2p_comm_agree(comm, err);
    const int code = err ? cli_job_fail(comm, program, err) : test_all(&models, o, &log, comm);
    p2p_model_close(&models.back);
    p2p_model_close(&models.there);
    p2p_device_close(&device);
    return code;
}

int main(int argc, char **argv)
{
    P2pOptions *o;
    P2pArguments rest;
    P2pComm *comm;
    Files files;
    int code = cli_parse(&o, P2P_PROGRAM_TEST, program, argc, argv, &rest);

    if (code >= 0)
        return code;
    if (rest.argc) {
        cli_say(stderr, "%s: takes no argument '%s'; see --help", program, rest.argv[0]);
        return CLI_USAGE;
    }
    if (cli_text(o, "model_suffix")[0] && strcmp(cli_text(o, "dataset_mode"), "single") != 0) {
        cli_say(stderr, "%s: --model_suffix is for --model test; cycle_gan is tested in both ways",
                program);
        return CLI_USAGE;
    }
    if (!find_model(o, &files))
        return CLI_USAGE;
    if ((code = cli_job_begin(&comm, program, o)) >= 0)
        return code;
    code = cli_job_end(&comm, test(o, &files, comm));
    if (code == CLI_TIMEOUT)
        _exit(code); /* a driver that hangs would not let the process end */
    return code;
}
