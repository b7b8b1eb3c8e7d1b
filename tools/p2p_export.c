/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-export: freeze a model, or turn it into another program's format. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char cli_usage[] =
    "Usage: p2p-export MODEL -o FILE [OPTION]...\n"
    "Write the generator of MODEL (a checkpoint, a run's folder or a frozen model of pix2pix-cl, a .pth of\n"
    "pytorch-CycleGAN-and-pix2pix, a .pict of pix2pix-tensorflow) to FILE, whose suffix tells the\n"
    "format: .safetensors (frozen: one small file for p2p-translate), .onnx, .pth, .pict, .c; or,\n"
    "with --standalone, a program that translates. Options that say what the network is replace\n"
    "what MODEL says or what its tensors tell.\n";

static const char program[] = "p2p-export";

enum { PATH_BYTES = 4096 };

/* Lines of what was found in the model; errors come from the caller. */
static void print_log(void *user, P2pLogLevel level, const char *text)
{
    (void)user;
    (void)level;
    cli_say(stderr, "%s", text);
}

/* p2p-translate beside this program. */
static bool find_translator(char path[PATH_BYTES])
{
    static const char name[] = "p2p-translate";
    const ssize_t n = readlink("/proc/self/exe", path, PATH_BYTES - sizeof(name) - 1);
    char *slash;

    if (n < 0)
        return false;
    path[n] = '\0';
    if (!(slash = strrchr(path, '/')))
        return false;
    memcpy(slash + 1, name, sizeof(name));
    return access(path, R_OK) == 0;
}

/* ---- What a dtype costs -------------------------------------------------------------------- */

typedef struct Fidelity {
    double l1, psnr, ssim;
    size_t count;
} Fidelity;

/* Translate one picture with both models and compare. */
static int compare(P2pModel *const models[2], const char *path, const P2pOptions *o, Fidelity *sum)
{
    P2pImage in = {0}, out[2] = {{0}};
    P2pMetrics m;
    int err = p2p_image_read(&in, path, cli_size(o, "max_pixels"));

    if (!err)
        err = p2p_image_upright(&in);
    for (int i = 0; !err && i < 2; i++)
        err = p2p_model_translate(models[i], &in, &out[i]);
    if (!err && (err = p2p_image_compare(&out[0], &out[1], &m)) == 0) {
        sum->l1 += m.l1;
        sum->psnr += m.psnr < 99 ? m.psnr : 99; /* equal pictures: no infinite mean */
        sum->ssim += m.ssim;
        sum->count++;
    }
    p2p_image_finish(&in);
    p2p_image_finish(&out[0]);
    p2p_image_finish(&out[1]);
    return err;
}

static int compare_folder(P2pModel *const models[2], const P2pOptions *o, const P2pLog *log,
                          Fidelity *sum)
{
    char **names, path[PATH_BYTES];
    size_t count;
    int err = p2p_folder_pictures(cli_text(o, "calibrate"), log, &names, &count);

    for (size_t i = 0; !err && i < count; i++) {
        snprintf(path, sizeof(path), "%.2000s/%.2000s", cli_text(o, "calibrate"), names[i]);
        err = compare(models, path, o, sum);
    }
    if (count == 0 && !err)
        cli_say(stderr, "%s: %s: no pictures (.png, .jpg, .tif ...) in this folder", program,
                cli_text(o, "calibrate"));
    p2p_names_free(names, count);
    return err;
}

/* The exported file against the model that it came from, on a device. */
static int calibrate(const char *model, const P2pOptions *o, const P2pLog *log)
{
    const P2pModelSettings settings = {.eval = cli_flag(o, "eval"),
                                       .no_dropout = cli_flag(o, "no_dropout"),
                                       .options = o,
                                       .variants = cli_text(o, "variant")};
    P2pDevice *device = NULL;
    P2pModel *models[2] = {NULL, NULL};
    Fidelity f = {0};
    int err = cli_open_device(&device, o, NULL);

    if (!err)
        err = p2p_model_open(&models[0], device, model, &settings);
    if (!err)
        err = p2p_model_open(&models[1], device, cli_text(o, "output"), &settings);
    if (!err)
        err = compare_folder(models, o, log, &f);
    if (!err && f.count)
        cli_say(stdout, "%s against %s on %zu pictures: L1 %.4f of 255, PSNR %.2f dB, SSIM %.5f",
                cli_text(o, "dtype"), model, f.count, f.l1 / (double)f.count,
                f.psnr / (double)f.count, f.ssim / (double)f.count);
    p2p_model_close(&models[0]);
    p2p_model_close(&models[1]);
    p2p_device_close(&device);
    return err ? cli_fail(program, err) : f.count ? CLI_OK : CLI_FAILED;
}

int main(int argc, char **argv)
{
    P2pOptions *o;
    P2pArguments models;
    P2pLog log = {.write = print_log, .level = P2P_LOG_INFO};
    char translator[PATH_BYTES], model[PATH_BYTES];
    int code = cli_parse(&o, P2P_PROGRAM_EXPORT, program, argc, argv, &models);

    if (code >= 0)
        return code;
    if (models.argc != 1 || !cli_text(o, "output")[0]) {
        cli_say(stderr, "%s: needs one MODEL and -o FILE; see --help", program);
        return CLI_USAGE;
    }
    if (!cli_find_model(model, sizeof(model), program, models.argv[0], o))
        return CLI_USAGE;
    if (cli_flag(o, "quiet"))
        log.level = P2P_LOG_ERROR;
    if (cli_flag(o, "standalone") && !find_translator(translator)) {
        cli_say(stderr, "%s: p2p-translate is not beside this program; install both", program);
        return CLI_FAILED;
    }
    const P2pExportSettings settings = {.format = cli_text(o, "format"),
                                        .dtype = cli_text(o, "dtype"),
                                        .eval = cli_flag(o, "eval"),
                                        .no_dropout = cli_flag(o, "no_dropout"),
                                        .net =
                                            p2p_options_given(o, "net") ? cli_text(o, "net") : NULL,
                                        .translator = cli_flag(o, "standalone") ? translator : NULL,
                                        .options = o,
                                        .log = &log};
    const int err = p2p_export(model, cli_text(o, "output"), &settings);
    if (err)
        return cli_fail(program, err);
    return cli_text(o, "calibrate")[0] ? calibrate(model, o, &log) : CLI_OK;
}
