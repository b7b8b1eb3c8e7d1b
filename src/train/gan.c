/* SPDX-License-Identifier: BSD-2-Clause */
/* Running a planned step: upload, enqueue, read losses. Knows no loss and no network. */
#include "src/train/gan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"

void p2p_gan_destroy(P2pGan **gan)
{
    P2pGan *g = *gan;

    if (!g)
        return;
    const bool idle = p2p_device_finish(g->device) != P2P_ETIMEOUT;
    p2p_plan_destroy(&g->plan);
    p2p_sync_destroy(&g->sync);
    for (int i = 0; i < P2P_GAN_MAX_POOLS; i++)
        p2p_gather_destroy(&g->gather[i]);
    if (g->owns_shared)
        p2p_gan_shared_destroy(&g->shared);
    for (int k = 0; k < 2; k++) {
        p2p_marker_destroy(&g->marker[k]);
        if (idle)
            free(g->staged_share[k]);
        for (int i = 0; idle && i < P2P_GAN_MAX_INPUTS; i++)
            free(g->staging[k][i]);
    }
    if (idle)
        free(g); /* else uploads may still read it */
    *gan = NULL;
}

static void set_float(uint32_t *word, double value)
{
    const float f = (float)value;

    memcpy(word, &f, sizeof(f));
}

static int batches(const P2pGan *g)
{
    return p2p_max(g->update.adam.batches, 1);
}

/* Each batch of a step draws anew. */
static long draw_number(const P2pGan *g, const P2pStepInfo *info)
{
    return (info->t - 1) * batches(g) + info->batch + 1;
}

/* Young averages follow sooner, as in tf.train.ExponentialMovingAverage with its num_updates. */
static double ema_share(double decay, double t)
{
    return 1.0 - fmin(decay, (1.0 + t) / (10.0 + t));
}

/* How each picture is mixed: given, or by seed and step. */
static int upload_shares(P2pGan *g, int set, const P2pStepInfo *info)
{
    const int pictures = p2p_plan_get(g->plan, g->input[0])->n;
    const int first = g->shared->ranks.part.first; /* of the job's, which they are drawn by */
    float **staged = &g->staged_share[set];
    int err = P2P_OK;

    if (g->share_count && !*staged &&
        !(*staged = p2p_alloc((size_t)(g->share_count * pictures), sizeof(float))))
        return P2P_ENOMEM;
    for (int k = 0; !err && k < g->share_count; k++) {
        float *to = *staged + k * pictures;
        for (int n = 0; n < pictures; n++)
            to[n] = info->shares
                        ? info->shares[k * pictures + n]
                        : p2p_rng_unit(p2p_rng_word(
                              info->seed, p2p_stream(P2P_STREAM_MIX, (uint32_t)k),
                              ((uint64_t)draw_number(g, info) << 34) + (uint64_t)(first + n)));
        err = p2p_buffer_write_async(p2p_plan_get(g->plan, g->share[k])->buffer, 0,
                                     (size_t)pictures * sizeof(float), to);
    }
    return err;
}

/* Upload through the staging set whose turn it is: the set before last has been consumed. */
static int upload(P2pGan *g, const float *const sides[2], const P2pStepInfo *info)
{
    const int k = g->turn;
    uint32_t *hyper = g->staged_hyper[k];
    int err = p2p_marker_wait(g->marker[k]);

    for (int i = 0; !err && i < g->input_count; i++) {
        const P2pTensor *t = p2p_plan_get(g->plan, g->input[i]);
        const size_t bytes = p2p_tensor_elements(t) * sizeof(float);
        if (!g->staging[k][i] && !(g->staging[k][i] = p2p_alloc(bytes, 1)))
            return P2P_ENOMEM;
        memcpy(g->staging[k][i], sides[g->side[i]], bytes);
        err = p2p_buffer_write_async(t->buffer, 0, bytes, g->staging[k][i]);
    }
    set_float(&hyper[P2P_HYPER_LR], info->lr);
    set_float(&hyper[P2P_HYPER_H1], 1.0 / (1.0 - pow(g->update.adam.beta1, (double)info->t)));
    set_float(&hyper[P2P_HYPER_H2], 1.0 / sqrt(1.0 - pow(g->update.adam.beta2, (double)info->t)));
    set_float(&hyper[P2P_HYPER_EMA], ema_share(g->update.ema_decay, (double)info->t));
    hyper[P2P_HYPER_SEED] = info->seed & 0x3fffffffu;
    hyper[P2P_HYPER_STEP] = (uint32_t)draw_number(g, info) & 0x3fffffffu;
    hyper[P2P_HYPER_POOLED] = (uint32_t)g->pooled;
    hyper[P2P_HYPER_FIRST] = (uint32_t)g->shared->ranks.part.first;
    if (!err)
        err = p2p_buffer_write_async(p2p_plan_get(g->plan, g->hyper)->buffer, 0,
                                     sizeof(g->staged_hyper[k]), hyper);
    if (!err)
        err = upload_shares(g, k, info);
    if (!err)
        err = p2p_marker_set(&g->marker[k], g->device);
    g->turn = !k;
    return err;
}

/* The pools have got the pictures of a step. */
static void count_pooled(P2pGan *g)
{
    const int pictures =
        g->shared->parts ? g->shared->ranks.part.of : p2p_plan_get(g->plan, g->input[0])->n;

    if (g->pool_count)
        g->pooled = p2p_min(g->pooled + pictures, p2p_plan_get(g->plan, g->pool[0])->n);
}

int p2p_gan_step(P2pGan *gan, const float *const sides[2], const P2pStepInfo *info)
{
    const int err = upload(gan, sides, info);

    if (err)
        return err;
    count_pooled(gan);
    const unsigned run = (info->batch == 0 ? P2P_RUN_FIRST : 0u) |
                         (info->batch + 1 == batches(gan) ? P2P_RUN_LAST : 0u);
    return info->check ? p2p_plan_run_checked(gan->plan, run) : p2p_plan_run_part(gan->plan, run);
}

P2pNet *p2p_gan_followed(const P2pGan *gan, const P2pNet *net)
{
    for (int i = 0; net->role.averaged && i < gan->net_count; i++) {
        const P2pNetRole *role = &gan->nets[i]->role;
        if (role->task == net->role.task && role->back == net->role.back && !role->averaged)
            return gan->nets[i];
    }
    return NULL;
}

int p2p_gan_scale(P2pGan *gan, P2pLossScale *scale)
{
    float state[3];
    int err;

    *scale = (P2pLossScale){0};
    if (gan->scale < 0)
        return P2P_OK;
    if ((err = p2p_buffer_read(gan->shared->scale.buffer, 0, sizeof(state), state)) < 0)
        return err;
    *scale = (P2pLossScale){(long)state[0], (long)state[1], (long)state[2]};
    return P2P_OK;
}

int p2p_gan_set_scale(P2pGan *gan, const P2pLossScale *scale)
{
    const float state[] = {(float)scale->factor, (float)scale->good, (float)scale->skipped};

    return gan->scale < 0 || scale->factor <= 0
               ? P2P_OK
               : p2p_buffer_write(gan->shared->scale.buffer, 0, sizeof(state), state);
}

int p2p_gan_losses(P2pGan *gan, float losses[P2P_GAN_MAX_LOSSES])
{
    return p2p_buffer_read(p2p_plan_get(gan->plan, gan->losses)->buffer, 0,
                           (size_t)gan->loss_count * sizeof(float), losses);
}

int p2p_gan_find_bad(const P2pGan *gan, const float losses[P2P_GAN_MAX_LOSSES], char what[192])
{
    const char *name = NULL;
    int err = P2P_OK;

    what[0] = '\0';
    for (int i = 0; !what[0] && i < gan->loss_count; i++)
        if (!isfinite(losses[i]))
            snprintf(what, 192, "loss %s", gan->loss_names[i]);
    for (int i = 0; !err && !what[0] && i < gan->net_count; i++) {
        err = p2p_net_find_bad(gan->nets[i], &name);
        if (!err && name)
            snprintf(what, 192, "%s.%s", gan->nets[i]->name, name);
    }
    return err;
}

int p2p_gan_take_sums(P2pGan *gan, float sums[P2P_GAN_MAX_LOSSES])
{
    P2pBuffer *buffer = p2p_plan_get(gan->plan, gan->sums)->buffer;
    const int err = p2p_buffer_read(buffer, 0, (size_t)gan->loss_count * sizeof(*sums), sums);

    return err ? err : p2p_buffer_zero(buffer);
}

int p2p_gan_picture(const P2pGan *gan, int i, float **floats, P2pTensor *shape)
{
    const P2pTensor *t = p2p_plan_get(gan->plan, gan->picture[i].tensor);
    const size_t count = (size_t)t->h * (size_t)t->w * (size_t)t->c;

    *shape = *t;
    *floats = p2p_alloc(count, sizeof(**floats));
    return *floats ? p2p_buffer_read(t->buffer, 0, count * sizeof(**floats), *floats) : P2P_ENOMEM;
}

void p2p_gan_memory(const P2pGan *gan, size_t *network_bytes, size_t *plan_bytes)
{
    const P2pPlanMemory plan = p2p_plan_memory(gan->plan);

    *network_bytes = 0;
    for (int i = 0; i < gan->net_count; i++) {
        const P2pGradSums *sums = gan->shared->sums[i];
        *network_bytes += p2p_arena_bytes(gan->nets[i]->arena);
        *network_bytes += sums ? p2p_grad_sums_bytes(sums) : 0;
        *network_bytes += gan->nets[i]->shard ? gan->nets[i]->shard->bytes : 0;
    }
    *plan_bytes = plan.tensor_bytes + plan.work_bytes;
}
