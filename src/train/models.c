/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of models. */
#include <stdio.h>
#include <string.h>

#include "src/base/status.h"
#include "src/train/pix2pix.h"

static const P2pOptionDefault none[] = {{NULL, NULL}};

const P2pGanModel p2p_gan_models[] = {
    {"pix2pix", none, p2p_pix2pix_create_from_options},
    {NULL, NULL, NULL},
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
