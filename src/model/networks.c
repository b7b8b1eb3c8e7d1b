/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks by name and role. */
#include "src/model/networks.h"

#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

enum { AVERAGED = 2 };
static const char *const tasks[] = {
    [P2P_GENERATOR] = "generator", [P2P_DISCRIMINATOR] = "discriminator", [AVERAGED] = "averaged"};
static const char *const ways[] = {"AtoB", "BtoA"};

const char *p2p_task_name(P2pTask task)
{
    return task == P2P_DISCRIMINATOR ? "D" : "G";
}

/* ---- Files --------------------------------------------------------------------------------- */

char *p2p_networks_text(const P2pNetworks *networks)
{
    char text[P2P_MOST_NETWORKS * 64] = "";

    for (int i = 0; i < networks->count; i++) {
        const P2pNetwork *n = &networks->at[i];
        const size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s %s %s %d", i ? ";" : "", n->name,
                 tasks[n->role.averaged ? AVERAGED : (int)n->role.task], ways[n->role.back],
                 n->role.passes);
    }
    return p2p_strdup(text);
}

/* One entry at *text, which then points behind it; false where there is none. */
static bool parse(P2pNetwork *n, const char **text)
{
    char task[16], way[8];
    int bytes = 0;

    if (sscanf(*text, "%15[A-Za-z0-9_] %15[a-z] %7[A-Za-z] %6d%n", n->name, task, way,
               &n->role.passes, &bytes) != 4)
        return false;
    n->role.task = strcmp(task, tasks[P2P_DISCRIMINATOR]) ? P2P_GENERATOR : P2P_DISCRIMINATOR;
    n->role.averaged = !strcmp(task, tasks[AVERAGED]);
    n->role.back = !strcmp(way, ways[1]);
    *text += bytes;
    *text += **text == ';';
    return !strcmp(task, tasks[n->role.averaged ? AVERAGED : (int)n->role.task]) &&
           !strcmp(way, ways[n->role.back]) && (!**text || (*text)[-1] == ';');
}

static bool has_discriminator(const P2pTensorFile *f)
{
    for (int i = 0; i < p2p_tensor_file_count(f); i++)
        if (!strncmp(p2p_tensor_file_at(f, i)->name, "D.", 2))
            return true;
    return false;
}

int p2p_networks_read(P2pNetworks *networks, const P2pTensorFile *file)
{
    const char *text = p2p_tensor_file_meta(file, P2P_META_NETWORKS);

    *networks = (P2pNetworks){.at = {{"G", {.task = P2P_GENERATOR, .passes = 1}},
                                     {"D", {.task = P2P_DISCRIMINATOR, .passes = 3}}},
                              .count = 1};
    if (!text) {
        networks->count += has_discriminator(file);
        return P2P_OK;
    }
    for (networks->count = 0; *text; networks->count++)
        if (networks->count == P2P_MOST_NETWORKS || !parse(&networks->at[networks->count], &text))
            break;
    return networks->count && !*text
               ? P2P_OK
               : p2p_fail(P2P_EFORMAT, "%s: damaged: its metadata has no valid %s",
                          p2p_tensor_file_path(file), P2P_META_NETWORKS);
}

/* How well a network fits where none is named. */
static int fitness(const P2pNetwork *n)
{
    return n->role.task == P2P_GENERATOR ? 3 - 2 * n->role.back + n->role.averaged : 0;
}

const P2pNetwork *p2p_networks_find(const P2pNetworks *networks, const char *name)
{
    const P2pNetwork *best = NULL;

    for (int i = 0; i < networks->count; i++) {
        const P2pNetwork *n = &networks->at[i];
        if (name ? !strcmp(n->name, name) : !best || fitness(n) > fitness(best))
            best = n;
    }
    return best;
}

const P2pNetwork *p2p_networks_generator(const P2pNetworks *networks, bool back)
{
    const P2pNetwork *best = NULL;

    for (int i = 0; i < networks->count; i++) {
        const P2pNetwork *n = &networks->at[i];
        if (n->role.task == P2P_GENERATOR && n->role.back == back &&
            (!best || n->role.averaged > best->role.averaged))
            best = n;
    }
    return best;
}

/* ---- Options ------------------------------------------------------------------------------- */

P2pNetSpec p2p_network_spec(const P2pOptions *o, P2pNetRole role)
{
    static const P2pNorm norms[] = {P2P_NORM_BATCH, P2P_NORM_INSTANCE, P2P_NORM_NONE};
    const int from = role.back ? o->output_nc : o->input_nc;
    const int to = role.back ? o->input_nc : o->output_nc;
    const bool resnet = !strncmp(o->netG, "resnet", 6);
    P2pNetSpec spec = {.name = o->netG,
                       .input_nc = from,
                       .output_nc = to,
                       .nf = o->ngf,
                       .levels = resnet ? o->n_blocks : o->num_downs,
                       .norm = norms[o->norm],
                       .dropout = !o->no_dropout,
                       .innermost_norm = o->innermost_norm,
                       .all_bias = o->all_bias,
                       .paper_dropout = o->dropout_levels == P2P_DROPOUT_INNERMOST,
                       .relu_after_add = o->relu_after_add,
                       .zero_padding = o->padding_type == P2P_PADDING_ZERO,
                       .upsample = (P2pUpsample)o->upsample,
                       .separable = o->separable_conv};

    if (role.task == P2P_DISCRIMINATOR) {
        spec.name = o->netD;
        spec.input_nc = to + (o->unconditional_D ? 0 : from);
        spec.nf = o->ndf;
        spec.levels = o->n_layers_D;
        spec.spectral = o->norm_D == P2P_NORM_D_SPECTRAL;
        if (o->norm_D && !spec.spectral)
            spec.norm = norms[o->norm_D - 1];
    }
    return spec;
}
