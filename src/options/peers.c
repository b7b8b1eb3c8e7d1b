/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of pytorch-CycleGAN-and-pix2pix that have no meaning here, and names that options have or
 * had in it, in phillipi's pix2pix, pix2pix-tensorflow and mrzhu-cool's pix2pix-pytorch.
 */
#include "src/options/peers.h"

#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/options/options_table.h"

/* clang-format off */
#define TRAIN P2P_PROGRAM_TRAIN
#define TEST P2P_PROGRAM_TEST
#define BOTH (TRAIN | TEST)
#define FLAG(name, programs) {name, programs, P2P_PEER_FLAG, NULL}
#define VALUE(name, programs) {name, programs, P2P_PEER_VALUE, NULL}
#define CALLED(name, programs, use) {name, programs, P2P_PEER_CALLED, use}

const P2pPeerOption p2p_peer_options[] = {
    {"gpu_ids", BOTH, P2P_PEER_GPUS, NULL},
    VALUE("display_winsize", TRAIN),
    VALUE("suffix", BOTH),
    FLAG("use_wandb", BOTH),
    VALUE("wandb_project_name", BOTH),
    VALUE("display_ncols", TRAIN),
    VALUE("display_id", TRAIN),
    VALUE("display_server", TRAIN),
    VALUE("display_env", TRAIN),
    VALUE("display_port", TRAIN),
    VALUE("display", BOTH),
    VALUE("display_plot", TRAIN),
    VALUE("save_display_freq", TRAIN),
    VALUE("serial_batch_iter", BOTH),
    VALUE("cudnn", BOTH),
    VALUE("trace_freq", TRAIN),
    VALUE("aspect_ratio", BOTH),
    VALUE("batch_size", TEST),
    FLAG("no_flip", TEST),
    FLAG("recursive", P2P_PROGRAM_TRANSLATE),
    FLAG("serial_batches", TEST),
    VALUE("init_type", TEST),
    VALUE("init_gain", TEST),

    CALLED("niter", TRAIN, "--n_epochs"),
    CALLED("niter_decay", TRAIN, "--n_epochs_decay"),
    CALLED("max_epochs", TRAIN, "--n_epochs and --n_epochs_decay"),
    CALLED("lamb", TRAIN, "--lambda_L1"),
    CALLED("lambda", TRAIN, "--lambda_L1"),
    CALLED("l1_weight", TRAIN, "--lambda_L1"),
    CALLED("gan_weight", TRAIN, "--lambda_GAN"),
    CALLED("use_L1", TRAIN, "--lambda_L1 0 to leave it out"),
    CALLED("use_GAN", TRAIN, "--lambda_GAN 0 to leave it out"),
    CALLED("condition_GAN", TRAIN, "--unconditional_D for none"),
    CALLED("no_lsgan", TRAIN, "--gan_mode vanilla"),
    CALLED("batchSize", TRAIN, "--batch_size"),
    CALLED("test_batch_size", TRAIN, "--batch_size"),
    CALLED("flip", TRAIN, "--no_flip for none"),
    CALLED("ntrain", TRAIN, "--max_dataset_size"),
    CALLED("save_freq", TRAIN, "--save_latest_freq"),
    CALLED("progress_freq", TRAIN, "--print_freq"),
    CALLED("checkpoint_dir", BOTH, "--checkpoints_dir"),
    CALLED("summary_freq", TRAIN, "--print_freq"),
    CALLED("how_many", TEST, "--num_test"),
    CALLED("which_epoch", BOTH, "--epoch"),
    CALLED("nepochs", TEST, "--epoch"),
    CALLED("output_filetype", TEST, "p2p-translate for other formats than PNG"),
    CALLED("mode", BOTH | P2P_PROGRAM_EXPORT, "p2p-train, p2p-test or p2p-export"),
    CALLED("input_dir", BOTH, "--dataroot"),
    CALLED("DATA_ROOT", BOTH, "--dataroot"),
    CALLED("dataset", BOTH, "--dataroot"),
    CALLED("output_dir", TRAIN, "--checkpoints_dir and --name"),
    CALLED("output_dir", TEST, "--results_dir and --name"),
    CALLED("checkpoint", TRAIN, "--continue_train or --init_from"),
    CALLED("checkpoint", TEST, "--model_file or --name"),
    CALLED("which_direction", BOTH, "--direction"),
    CALLED("which_model_netG", BOTH, "--netG"),
    CALLED("which_model_netD", BOTH, "--netD"),
    CALLED("loadSize", BOTH, "--load_size"),
    CALLED("scale_size", BOTH, "--load_size"),
    CALLED("fineSize", BOTH, "--crop_size"),
    CALLED("resize_or_crop", BOTH, "--preprocess"),
    CALLED("nThreads", BOTH, "--num_threads"),
    CALLED("threads", BOTH, "--num_threads"),
    CALLED("jpeg_quality", P2P_PROGRAM_TRANSLATE, "--quality"),
    CALLED("gpu", BOTH, "--device"),
    CALLED("cuda", BOTH, "--device"),
};
/* clang-format on */

const int p2p_peer_option_count = (int)P2P_COUNT(p2p_peer_options);

static void ignore(P2pOptions *o, const char *name, const char *why)
{
    const size_t used = strlen(o->ignored);

    snprintf(o->ignored + used, sizeof(o->ignored) - used, "%s--%s%s", used ? ", " : "", name, why);
}

/* Device 0 is the first of its kind there, the best one here. */
static int take_gpus(P2pOptions *o, const char *name, const char *value)
{
    const size_t digits = strspn(value, "0123456789");
    const int device = p2p_option_find("device");
    const bool cpu = !strcmp(value, "-1");
    char number[32];

    if (!cpu &&
        (!digits || strspn(value, "0123456789,") != strlen(value) || digits >= sizeof(number)))
        return p2p_fail(P2P_EINVAL, "--%s takes numbers of devices, or -1 for the CPU, not '%.80s'",
                        name, value);
    if (value[cpu ? 2 : digits])
        ignore(o, name, " but for the first");
    if (o->given[device])
        return P2P_OK;
    snprintf(number, sizeof(number), "%.*s", (int)digits, value);
    return p2p_option_set(o, device, cpu ? "cpu" : strspn(number, "0") == digits ? "" : number);
}

int p2p_peer_option_take(P2pOptions *o, const P2pPeerOption *option, const char *value)
{
    switch (option->kind) {
    case P2P_PEER_CALLED:
        return p2p_fail(P2P_EINVAL, "there is no option '--%s'; use %s", option->name,
                        option->text);
    case P2P_PEER_GPUS:
        return take_gpus(o, option->name, value);
    default:
        if (option->text && strcmp(option->text, value) != 0)
            return p2p_fail(P2P_EINVAL, "--%s takes %s, not '%.80s'", option->name, option->text,
                            value);
        ignore(o, option->name, "");
        return P2P_OK;
    }
}

const char *p2p_options_ignored(const P2pOptions *options)
{
    return options->ignored;
}
