/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers and geometry; how trials are placed in memory and told in words. */
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/trial/trial.h"

const P2pTrialKind *const p2p_trial_families[] = {
    p2p_trial_conv2d_kinds,
    p2p_trial_norm_kinds,
    p2p_trial_pointwise_kinds,
    p2p_trial_loss_kinds,
    p2p_trial_adam_kinds,
    p2p_trial_pool_kinds,
    p2p_trial_penalty_kinds,
    p2p_trial_augment_kinds,
    p2p_trial_resample_kinds,
    p2p_trial_spectral_kinds,
    NULL,
};

static uint32_t next_word(P2pDraw *r)
{
    return p2p_rng_word(r->seed, r->stream, r->next++);
}

int p2p_draw_int(P2pDraw *r, int lo, int hi)
{
    return lo + (int)p2p_rng_below(next_word(r), (uint32_t)(hi - lo + 1));
}

bool p2p_draw_chance(P2pDraw *r, int percent)
{
    return p2p_draw_int(r, 0, 99) < percent;
}

void p2p_draw_words(P2pDraw *r, float *hyper)
{
    const uint32_t words[2] = {(uint32_t)p2p_draw_int(r, 0, 1 << 29),
                               (uint32_t)p2p_draw_int(r, 0, 1 << 29)};
    const uint32_t first = (uint32_t)p2p_draw_int(r, 0, 3);

    memcpy(hyper + P2P_HYPER_SEED, words, sizeof(words));
    memcpy(hyper + P2P_HYPER_FIRST, &first, sizeof(first));
}

float p2p_draw_real(P2pDraw *r)
{
    return p2p_rng_symmetric(next_word(r));
}

int p2p_draw_size(P2pDraw *r, int most)
{
    static const int primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    int size = 1;

    most = r->most ? p2p_min(most, r->most) : most;

    switch (p2p_draw_int(r, 0, 4)) {
    case 0:
        break;
    case 1:
        size = primes[p2p_draw_int(r, 0, 11)];
        break;
    case 2:
        size = (1 << p2p_draw_int(r, 1, 6)) + p2p_draw_int(r, -1, 1);
        break;
    case 3:
        size = 2 * p2p_draw_int(r, 0, most / 2) + 1;
        break;
    default:
        size = p2p_draw_int(r, 1, most);
    }
    return size <= most ? size : p2p_draw_int(r, 1, most);
}

int p2p_draw_channels(P2pDraw *r, int most)
{
    if (r->most) /* beyond two of the smallest vectors */
        return p2p_draw_int(r, 1, p2p_min(most, 3 * r->most));
    if (p2p_draw_chance(r, 40))
        return p2p_draw_size(r, most);
    const int size =
        (p2p_draw_chance(r, 50) ? 16 : 8) * p2p_draw_int(r, 1, 8) + p2p_draw_int(r, -1, 1);
    return size <= most ? size : p2p_draw_int(r, 1, most);
}

void p2p_trial_halve(P2pDraw *r, P2pTrial *t)
{
    const P2pPass *pass = t->call.pass;
    bool can = false;

    for (const P2pVariant *v = pass->variants; v->name; v++)
        can |= p2p_variant_takes_halves(v, pass);
    for (int i = 0; can && i < P2P_MAX_OPERANDS; i++) {
        const bool conv = pass->macs && (i == P2P_CONV_X || i == P2P_CONV_Y);
        if (p2p_call_has(&t->call, i) &&
            ((conv && p2p_draw_chance(r, 70)) || pass->stored >> i & 1))
            t->call.t[i].type = P2P_TYPE_F16;
    }
}

void p2p_trial_place(P2pDraw *r, P2pTrial *c, const P2pCaps *caps, bool usual)
{
    /* Some variants want everything to begin at whole quadruples. */
    const int unit = p2p_draw_chance(r, 40) ? 4 : 1;
    const int shared_gap = p2p_draw_chance(r, 50) ? p2p_draw_int(r, 1, 19) / unit * unit : 0;

    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        P2pTensor *t = &c->call.t[i];
        const bool vector = t->n * t->h * t->w == 1;
        const int gap = p2p_draw_chance(r, 50) ? p2p_draw_int(r, 1, 19) / unit * unit : 0;
        const int offset = p2p_draw_chance(r, 50) ? p2p_draw_int(r, 1, 31) / unit * unit : 0;

        /* Operands at the same place of a page would wait for each other. */
        t->offset = P2P_TRIAL_GUARD + (usual ? 208 * i : offset);
        if (t->type != P2P_TYPE_F32 && t->layout == P2P_WEIGHT)
            t->offset = 0;
        if (t->layout != P2P_NHWC)
            continue;
        if (usual)
            t->stride = t->c + (caps->is_cpu && !vector ? 16 : 0);
        else
            t->stride = t->c + (c->one_stride ? shared_gap : gap);
    }
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        if (c->alias[i])
            c->call.t[i] = c->call.t[c->alias[i] - 1];
}

void p2p_trial_describe(const P2pTrial *c, char *text, size_t bytes)
{
    const P2pAttr *a = &c->call.attr;
    size_t at = 0;

    for (int i = 0; i < P2P_MAX_OPERANDS && at < bytes; i++) {
        const P2pTensor *t = &c->call.t[i];
        if (p2p_call_has(&c->call, i))
            at += (size_t)snprintf(text + at, bytes - at, "%d:%s%s[%d,%d,%d,%d]/%d@%d ", i,
                                   t->layout == P2P_WEIGHT ? "w" : "",
                                   t->type == P2P_TYPE_F32 ? "" : p2p_type_name(t->type), t->n,
                                   t->h, t->w, t->c, t->stride, t->offset);
    }
    if (at < bytes)
        snprintf(text + at, bytes - at, "s%d p%d act%d,%d drop%.2g loss%d%s%s%s%s", a->stride,
                 a->pad, a->act1, a->act2, (double)a->dropout_p, a->loss,
                 a->accumulate ? " acc" : "", a->fixed_statistics ? " fixed_statistics" : "",
                 a->large_out ? " large_out" : "", a->epsilon_hat ? " epsilon_hat" : "");
}
