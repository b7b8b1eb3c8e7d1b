/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of models. */
#include <stdio.h>
#include <string.h>

#include "src/base/status.h"
#include "src/train/cycle_gan.h"
#include "src/train/pix2pix.h"

static const P2pOptionDefault none[] = {{NULL, NULL}};
static const char *const pix2pix_own[] = {"lambda_L1", "lambda_GAN", NULL};
static const P2pOptionDefault colorization[] = {{"dataset_mode", "colorization"},
                                                {"input_nc", "1"},
                                                {"output_nc", "2"},
                                                {"lab", "1"},
                                                {NULL, NULL}};
static const char *const colorization_own[] = {"lambda_L1", "lambda_GAN", "dataset_mode", NULL};
static const P2pOptionDefault inpainting[] = {{"dataset_mode", "inpainting"},
                                              {"input_nc", "4"},
                                              {"output_nc", "3"},
                                              {"inpaint", "1"},
                                              {NULL, NULL}};
static const char *const inpainting_own[] = {"lambda_L1", "lambda_GAN", "dataset_mode",
                                             "mask",      "mask_loss",  NULL};
static const char *const cycle_gan_own[] = {"lambda_A",  "lambda_B",     "lambda_identity",
                                            "pool_size", "dataset_mode", NULL};

const P2pGanModel p2p_gan_models[] = {
    {"pix2pix", none, pix2pix_own, p2p_pix2pix_create_from_options},
    {"cycle_gan", p2p_cycle_gan_defaults, cycle_gan_own, p2p_cycle_gan_create},
    {"colorization", colorization, colorization_own, p2p_pix2pix_create_from_options},
    {"inpainting", inpainting, inpainting_own, p2p_pix2pix_create_from_options},
    {NULL, NULL, NULL, NULL},
};

int p2p_gan_model_find(const char *name, const P2pGanModel **out)
{
    char names[256] = "";

    for (*out = p2p_gan_models; (*out)->name; (*out)++) {
        const size_t used = strlen(names);
        if (!strcmp((*out)->name, name))
            return P2P_OK;
        snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "", (*out)->name);
    }
    return p2p_fail(P2P_EINVAL, "there is no --model '%.40s'; there are: %s", name, names);
}

static bool has(const P2pGanModel *model, const char *option)
{
    for (int i = 0; model->own[i]; i++)
        if (!strcmp(model->own[i], option))
            return true;
    return false;
}

int p2p_gan_model_check(const P2pGanModel *model, const P2pOptions *options)
{
    for (const P2pGanModel *m = p2p_gan_models; m->name; m++)
        for (int i = 0; m->own[i]; i++)
            if (!has(model, m->own[i]) && p2p_options_given(options, m->own[i]) &&
                !p2p_options_is_initial(options, m->own[i]))
                return p2p_fail(P2P_EINVAL, "--%s is for --model %s, not for %s", m->own[i],
                                m->name, model->name);
    return P2P_OK;
}
