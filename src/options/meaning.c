/* SPDX-License-Identifier: BSD-2-Clause */
/* What options mean together: contradictions, and what a preset stands for. */
#include <string.h>

#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/options/options_table.h"

int p2p_options_check(const P2pOptions *o, unsigned program)
{
    P2P_NEED_AS("options", o);

    if (!(program & P2P_PROGRAM_TRAIN))
        return P2P_OK;
    if (o->continue_train && o->overwrite)
        return p2p_fail(P2P_EINVAL, "--continue_train and --overwrite exclude each other");
    if (o->preprocess == 0 && o->load_size < o->crop_size)
        return p2p_fail(P2P_EINVAL,
                        "--load_size %d is smaller than --crop_size %d; make it at "
                        "least as large",
                        o->load_size, o->crop_size);
    if (o->lambda_L1 == 0 && o->lambda_GAN == 0)
        return p2p_fail(P2P_EINVAL, "--lambda_L1 0 and --lambda_GAN 0 leave nothing to learn");
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

void p2p_options_apply_preset(P2pOptions *o)
{
    static const struct {
        int preset;
        const char *name, *value;
    } choices[] = {
        {P2P_PRESET_PAPER, "adam_epsilon_hat", "1"},
        {P2P_PRESET_TORCH, "adam_epsilon_hat", "1"},
        {P2P_PRESET_TENSORFLOW, "adam_epsilon_hat", "1"},
        {P2P_PRESET_PAPER, "lr_policy", "constant"},
        {P2P_PRESET_TORCH, "lr_policy", "constant"},
        {P2P_PRESET_TENSORFLOW, "lr_policy", "constant"},
        {P2P_PRESET_MRZHU, "netG", "resnet_6blocks"},
        {P2P_PRESET_MRZHU, "lambda_L1", "10"},
        {P2P_PRESET_MRZHU, "gan_mode", "lsgan"},
        {P2P_PRESET_MRZHU, "no_dropout", "1"},
    };

    for (size_t i = 0; i < P2P_COUNT(choices); i++) {
        const int option = p2p_option_find(choices[i].name);
        if (choices[i].preset == o->preset && !o->given[option])
            P2P_ASSERT(p2p_option_set(o, option, choices[i].value) == P2P_OK);
    }
}
