/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of passes, ways, and running a reference in the place of a variant. */
#include "src/ops/op.h"

#include <stdio.h>
#include <string.h>

#include "cl/sizes.h"
#include "src/base/memory.h"
#include "src/base/status.h"

const P2pPass *const p2p_passes[] = {
    &p2p_pass_conv2d_fwd,
    &p2p_pass_conv2d_dgrad,
    &p2p_pass_conv2d_wgrad,
    &p2p_pass_conv2d_wgrad_adam,
    &p2p_pass_channel_sum,
    &p2p_pass_norm_stats,
    &p2p_pass_norm_running,
    &p2p_pass_norm_act_fwd,
    &p2p_pass_norm_act_sums,
    &p2p_pass_norm_act_bwd,
    &p2p_pass_norm_fwd,
    &p2p_pass_norm_bwd,
    &p2p_pass_norm_tangent_sums,
    &p2p_pass_norm_tangent_bwd,
    &p2p_pass_spectral_fwd,
    &p2p_pass_spectral_bwd,
    &p2p_pass_act_bwd,
    &p2p_pass_copy,
    &p2p_pass_add,
    &p2p_pass_fill,
    &p2p_pass_join,
    &p2p_pass_hole,
    &p2p_pass_pad_fwd,
    &p2p_pass_pad_bwd,
    &p2p_pass_upsample_fwd,
    &p2p_pass_upsample_bwd,
    &p2p_pass_depthwise_fwd,
    &p2p_pass_depthwise_dgrad,
    &p2p_pass_depthwise_wgrad,
    &p2p_pass_loss,
    &p2p_pass_adam,
    &p2p_pass_squares,
    &p2p_pass_ema,
    &p2p_pass_loss_scale,
    &p2p_pass_tint,
    &p2p_pass_move_fwd,
    &p2p_pass_move_bwd,
    &p2p_pass_pool,
    &p2p_pass_mix,
    &p2p_pass_penalty,
    NULL,
};

/* Whether a list of words has one. */
static bool has_word(const char *list, const char *word)
{
    const size_t n = strlen(word);

    for (const char *at = list; at && (at = strstr(at, word)); at += n)
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

bool p2p_variant_takes_halves(const P2pVariant *variant, const P2pPass *pass)
{
    return has_word(pass->halves, variant->name) ||
           (pass->macs && variant->takes[P2P_CONV_X].types >> P2P_TYPE_F16 & 1);
}

/* Whether the variant takes the pass's activations as they are, all f32 or all f16. */
static bool takes_stored(const P2pCall *call, P2pWay *way)
{
    const P2pPass *pass = call->pass;
    const size_t used = strlen(way->options);
    int halves = 0, all = 0;

    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        all += pass->stored >> i & 1 && p2p_call_has(call, i);
        halves += pass->stored >> i & 1 && call->t[i].type == P2P_TYPE_F16;
    }
    if (!halves)
        return true;
    snprintf(way->options + used, sizeof(way->options) - used, " -D STORED=%d", P2P_TYPE_F16);
    return halves == all && has_word(pass->halves, way->variant->name);
}

/* Whether the variant takes all operands as they are; its kernels are told. */
static bool takes_types(const P2pCall *call, P2pWay *way)
{
    if (!takes_stored(call, way))
        return false;
    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        const P2pTakes *takes = &way->variant->takes[i];
        const P2pType type = call->t[i].type;
        const size_t used = strlen(way->options);
        if (type != P2P_TYPE_F32 && !(call->pass->stored >> i & 1) && !(takes->types >> type & 1))
            return false;
        if (takes->option)
            snprintf(way->options + used, sizeof(way->options) - used, " -D %s=%d", takes->option,
                     type);
    }
    return true;
}

/* Whether the device takes groups of the variant's own kernel. */
static bool takes_groups(const P2pKernel *kernel, const P2pCaps *caps)
{
    return kernel->group[0] * (kernel->group[1] ? kernel->group[1] : 1) <= caps->max_group_size;
}

bool p2p_variant_suits(const P2pVariant *variant, const P2pCaps *caps)
{
    return (!variant->for_cpus || caps->is_cpu) && (!variant->matrix || caps->matrix_units) &&
           (!variant->subgroups || caps->has_subgroup_blocks);
}

bool p2p_variant_serves(const P2pVariant *variant, const P2pPass *pass)
{
    return (!pass->with_adam || variant->with_adam) &&
           (!variant->gathers || pass->direction != P2P_CONV_WGRAD);
}

bool p2p_way_plan_form(P2pWay *way, const P2pVariant *variant, int form, const P2pCall *call,
                       const P2pCaps *caps)
{
    *way = (P2pWay){.variant = variant, .form = form, .risky = variant->risky};
    if (!p2p_variant_suits(variant, caps) || !p2p_variant_serves(variant, call->pass) ||
        !takes_groups(&variant->kernel, caps))
        return false;
    return (!form || variant->has_forms) && (!variant->plan || variant->plan(call, caps, way)) &&
           takes_types(call, way);
}

bool p2p_way_plan(P2pWay *way, const P2pVariant *variant, const P2pCall *call, const P2pCaps *caps)
{
    return p2p_way_plan_form(way, variant, 0, call, caps);
}

/* A reference in a sequence: the call, and host arrays of its operands. */
typedef struct RefRun {
    P2pCall call;
    double *host[P2P_MAX_OPERANDS];
    float *copy;
} RefRun;

static void ref_destroy(void *user)
{
    RefRun *r = user;

    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        free(r->host[i]);
    free(r->copy);
    free(r);
}

static int ref_run(void *user)
{
    RefRun *r = user;
    const unsigned written = r->call.pass->outputs | r->call.pass->updates;
    int err = P2P_OK;

    for (int i = 0; !err && i < P2P_MAX_OPERANDS; i++) {
        if (!r->host[i])
            continue;
        err = p2p_tensor_download(&r->call.t[i], r->copy, false);
        const size_t count = p2p_tensor_elements(&r->call.t[i]);
        for (size_t k = 0; k < count; k++)
            r->host[i][k] = r->copy[k];
    }
    if (!err)
        r->call.pass->ref(&r->call, r->host, NULL);
    for (int i = 0; !err && i < P2P_MAX_OPERANDS; i++) {
        if (!r->host[i] || !(written >> i & 1))
            continue;
        const size_t count = p2p_tensor_elements(&r->call.t[i]);
        for (size_t k = 0; k < count; k++)
            r->copy[k] = (float)r->host[i][k];
        err = p2p_tensor_upload(&r->call.t[i], r->copy, false);
    }
    return err;
}

int p2p_call_emit_ref(P2pSequence *seq, const P2pCall *call)
{
    RefRun *r = p2p_alloc(1, sizeof(*r));
    size_t most = 1;

    if (!r)
        return P2P_ENOMEM;
    r->call = *call;
    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        const size_t count = p2p_call_has(call, i) ? p2p_tensor_elements(&call->t[i]) : 0;
        most = count > most ? count : most;
        if (count && !(r->host[i] = p2p_alloc(count, sizeof(double))))
            goto fail;
    }
    if (!(r->copy = p2p_alloc(most, sizeof(float))))
        goto fail;
    return p2p_sequence_add_host(seq, ref_run, r, ref_destroy);

fail:
    ref_destroy(r);
    return P2P_ENOMEM;
}

int p2p_weight_block(const P2pCaps *caps)
{
    return caps->is_cpu ? CONV_BLOCK(caps->vector_width) : 16;
}
