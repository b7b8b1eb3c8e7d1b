/* SPDX-License-Identifier: BSD-2-Clause */
/* What options mean together: contradictions, and what a preset stands for. */
#include <string.h>

#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/options/options_table.h"

static int check_epoch(const P2pOptions *o)
{
    const char *epoch = o->epoch;
    const bool number = *epoch && strspn(epoch, "0123456789") == strlen(epoch);

    if (!number && strcmp(epoch, "latest") != 0 && strcmp(epoch, "best") != 0)
        return p2p_fail(P2P_EINVAL, "--epoch takes latest, best or a number, not '%.32s'", epoch);
    if (o->load_iter && o->given[p2p_option_find("epoch")] && strcmp(epoch, "latest") != 0)
        return p2p_fail(P2P_EINVAL, "--epoch %.32s and --load_iter %d exclude each other", epoch,
                        o->load_iter);
    return P2P_OK;
}

/* The word of --diffaugment at *text, which then points behind it and its comma; 0: there is none such. */
static unsigned take_augmentation(const char **text)
{
    static const char *const words[] = {"color", "translation", "cutout"};
    const size_t length = strcspn(*text, ",");
    unsigned found = 0;

    for (unsigned i = 0; i < P2P_COUNT(words); i++)
        if (strlen(words[i]) == length && !strncmp(*text, words[i], length))
            found = 1u << i;
    *text += length + ((*text)[length] == ',');
    return found;
}

unsigned p2p_options_augmentations(const P2pOptions *o)
{
    unsigned mask = 0;

    for (const char *at = o->diffaugment; *at;)
        mask |= take_augmentation(&at);
    return mask;
}

static int check_augmentations(const P2pOptions *o)
{
    for (const char *at = o->diffaugment; *at;)
        if (!take_augmentation(&at))
            return p2p_fail(
                P2P_EINVAL,
                "--diffaugment takes color, translation and cutout, separated by commas, "
                "not '%.63s'",
                o->diffaugment);
    return P2P_OK;
}

static bool is_given(const P2pOptions *o, const char *name)
{
    return o->given[p2p_option_find(name)];
}

/* Models with data sets of their own. */
static const struct {
    const char *model;
    P2pDatasetMode mode;
    int input_nc, output_nc;
    const char *from_to;
} own_data[] = {{"colorization", P2P_DATASET_COLORIZATION, 1, 2, "L to ab"},
                {"inpainting", P2P_DATASET_INPAINTING, 4, 3, "RGBA to RGB"}};

/* Defaults of the model are set later: what was given counts. */
static int check_own_data(const P2pOptions *o, size_t i)
{
    const char *model = own_data[i].model;
    const bool mode = o->dataset_mode == (int)own_data[i].mode;

    if (o->continue_train || (strcmp(o->model, model) != 0 && !mode))
        return P2P_OK;
    if (strcmp(o->model, model) != 0)
        return p2p_fail(P2P_EINVAL, "--dataset_mode %s is for --model %s", model, model);
    if (is_given(o, "dataset_mode") && !mode)
        return p2p_fail(P2P_EINVAL, "--model %s has --dataset_mode %s", model, model);
    if (is_given(o, "direction") && o->direction)
        return p2p_fail(P2P_EINVAL, "--model %s goes from %s: leave --direction BtoA out", model,
                        own_data[i].from_to);
    if ((is_given(o, "input_nc") && o->input_nc != own_data[i].input_nc) ||
        (is_given(o, "output_nc") && o->output_nc != own_data[i].output_nc))
        return p2p_fail(P2P_EINVAL, "--model %s goes from %s: --input_nc %d and --output_nc %d",
                        model, own_data[i].from_to, own_data[i].input_nc, own_data[i].output_nc);
    return P2P_OK;
}

int p2p_options_check(const P2pOptions *o, unsigned program)
{
    P2P_NEED_AS("options", o);

    if (check_epoch(o) < 0)
        return P2P_EINVAL;
    if (!(program & P2P_PROGRAM_TRAIN))
        return P2P_OK;
    if (o->continue_train && o->overwrite)
        return p2p_fail(P2P_EINVAL, "--continue_train and --overwrite exclude each other");
    if (o->continue_train && o->given[p2p_option_find("preset")])
        return p2p_fail(P2P_EINVAL,
                        "--preset stands for the options of a new run; --continue_train "
                        "keeps the run's own: give those that shall change");
    if (o->new_data && !o->continue_train)
        return p2p_fail(P2P_EINVAL, "--new_data is for --continue_train");
    if (check_augmentations(o) < 0)
        return P2P_EINVAL;
    if (o->val_split > 0 && o->val_dir[0])
        return p2p_fail(P2P_EINVAL, "--val_split and --val_dir exclude each other");
    if (!o->continue_train && (o->load_iter || strcmp(o->epoch, "latest") != 0))
        return p2p_fail(P2P_EINVAL,
                        "--epoch and --load_iter say where --continue_train goes on from; to begin "
                        "with other weights: --init_from");
    if (o->dataset_mode == P2P_DATASET_SINGLE)
        return p2p_fail(P2P_EINVAL,
                        "--dataset_mode single is for p2p-test: there is no target to learn");
    if (o->preprocess == 0 && o->load_size < o->crop_size)
        return p2p_fail(P2P_EINVAL,
                        "--load_size %d is smaller than --crop_size %d; make it at "
                        "least as large",
                        o->load_size, o->crop_size);
    for (size_t i = 0; i < P2P_COUNT(own_data); i++)
        if (check_own_data(o, i) < 0)
            return P2P_EINVAL;
    if (o->lambda_L1 == 0 && o->lambda_GAN == 0)
        return p2p_fail(P2P_EINVAL, "--lambda_L1 0 and --lambda_GAN 0 leave nothing to learn");
    if (o->given[p2p_option_find("lambda_gp")] && o->gan_mode != P2P_GAN_WGANGP &&
        !o->continue_train)
        return p2p_fail(P2P_EINVAL, "--lambda_gp is for --gan_mode wgangp");
    if (o->precision == P2P_PRECISION_F16 && o->gan_mode == P2P_GAN_WGANGP && o->lambda_gp > 0)
        return p2p_fail(P2P_EINVAL, "--precision f16 is not for the gradient penalty of --gan_mode "
                                    "wgangp; give --precision tf32, or --lambda_gp 0");
    if (o->precision == P2P_PRECISION_F16 && o->separable_conv)
        return p2p_fail(P2P_EINVAL,
                        "--precision f16 is not for --separable_conv; give --precision tf32");
    if (o->n_blocks && !o->continue_train && strncmp(o->netG, "resnet", 6) != 0)
        return p2p_fail(P2P_EINVAL, "--n_blocks is for --netG resnet_9blocks or resnet_6blocks");
    if (o->given[p2p_option_find("n_layers_D")] && strcmp(o->netD, "n_layers") != 0)
        return p2p_fail(P2P_EINVAL, "--n_layers_D needs --netD n_layers");
    if (o->n_epochs + o->n_epochs_decay == 0)
        return p2p_fail(P2P_EINVAL, "--n_epochs 0 and --n_epochs_decay 0 leave nothing to do");
    if (o->quiet && o->verbose)
        return p2p_fail(P2P_EINVAL, "--quiet and --verbose exclude each other");
    if (strchr(o->name, '/') || !o->name[0] || o->name[0] == '.')
        return p2p_fail(P2P_EINVAL, "--name is the name of a folder, without / and leading dot");
    return P2P_OK;
}

/* A row a preset: what differs from the defaults, which are pytorch-CycleGAN-and-pix2pix's. */
static const struct {
    P2pOptionDefault options[12];
} presets[] = {
    [P2P_PRESET_PYTORCH] = {{{0}}},
    /* Isola et al. 2017: sec. 3.3 halves the objective of D, which the two programs below do not. */
    [P2P_PRESET_PAPER] = {{{"dropout_levels", "innermost"},
                           {"adam_epsilon_hat", "1"},
                           {"lr_policy", "constant"}}},
    [P2P_PRESET_TORCH] = {{{"dropout_levels", "innermost"},
                           {"lambda_D", "1"},
                           {"adam_epsilon_hat", "1"},
                           {"lr_policy", "constant"}}},
    [P2P_PRESET_TENSORFLOW] = {{{"dropout_levels", "innermost"},
                                {"innermost_norm", "1"},
                                {"all_bias", "1"},
                                {"lambda_D", "1"},
                                {"adam_epsilon_hat", "1"},
                                {"lr_policy", "constant"},
                                {"resize_filter_A", "area"},
                                {"resize_filter_B", "area"}}},
    [P2P_PRESET_MRZHU] = {{{"netG", "resnet_9blocks"},
                           {"no_dropout", "1"},
                           {"relu_after_add", "1"},
                           {"lambda_L1", "10"},
                           {"gan_mode", "lsgan"}}},
};

void p2p_options_set_defaults(P2pOptions *o, const P2pOptionDefault *list)
{
    for (; list->name; list++) {
        const int option = p2p_option_find(list->name);
        if (!o->given[option])
            P2P_ASSERT(p2p_option_set(o, option, list->value) == P2P_OK);
    }
}

void p2p_options_apply_preset(P2pOptions *o)
{
    p2p_options_set_defaults(o, presets[o->preset].options);
}
