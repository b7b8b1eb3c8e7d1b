/* SPDX-License-Identifier: BSD-2-Clause */
/* What the models' files make a P2pGan of. */
#include <stdio.h>
#include <string.h>

#include "cl/sizes.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/graph/update.h"
#include "src/train/gan.h"

P2pGanUpdate p2p_gan_update(const P2pOptions *o)
{
    return (P2pGanUpdate){.adam = {.beta1 = o->beta1,
                                   .beta2 = o->beta2,
                                   .eps = (float)o->adam_eps,
                                   .epsilon_hat = o->adam_epsilon_hat,
                                   .batches = o->accumulate,
                                   .clip = (float)o->clip_grad},
                          .ema_decay = o->ema_decay,
                          .augment = p2p_options_augmentations(o),
                          .sum_losses = o->lr_policy == P2P_LR_PLATEAU && !o->val_freq};
}

/* A rank's mean counts by its part of the pictures. */
static int divide_pictures(P2pGanShared *s, const char *shares)
{
    const int size = p2p_comm_size(s->ranks.comm);
    int err = P2P_OK;

    s->parts = p2p_alloc((size_t)size, sizeof(*s->parts));
    s->weights = p2p_alloc((size_t)size, sizeof(*s->weights));
    if (!s->parts || !s->weights)
        return P2P_ENOMEM;
    for (int i = 0; !err && i < size; i++) {
        err = p2p_comm_part(s->ranks.comm, shares, s->ranks.part.of, i, &s->parts[i]);
        s->weights[i] = (float)((double)s->parts[i].count / s->parts[i].of);
    }
    return err;
}

/* All ranks do the same. New weights are on their way while nothing else goes on, unlike sums: in the memory of CPUs
 * of one machine that takes no longer than Adam's step on all of them. Devices that are not alike round differently,
 * so that weights which each makes for itself would part. */
static int choose_shards(P2pGanShared *s)
{
    const size_t size = (size_t)p2p_comm_size(s->ranks.comm);
    const P2pCaps *mine = p2p_device_caps(s->device);
    P2pCaps *all = p2p_alloc(size, sizeof(*all));
    bool near = true, alike = true;

    const int err =
        all ? p2p_comm_gather(s->ranks.comm, mine, sizeof(*mine), all, false) : P2P_ENOMEM;
    for (size_t i = 0; !err && i < size; i++) {
        near &= all[i].is_cpu &&
                !strcmp(p2p_comm_host(s->ranks.comm, (int)i), p2p_comm_host(s->ranks.comm, 0));
        alike &= !strcmp(all[i].name, mine->name) && !strcmp(all[i].driver, mine->driver);
    }
    s->shards = s->ranks.shard_adam == P2P_SHARD_ON ||
                (s->ranks.shard_adam == P2P_SHARD_AUTO && (near || !alike));
    free(all);
    return err;
}

int p2p_gan_shared_create(P2pGanShared **out, P2pDevice *device, const P2pGanRanks *ranks,
                          const char *shares)
{
    P2pGanShared *s = *out = p2p_alloc(1, sizeof(*s));

    if (!s)
        return P2P_ENOMEM;
    s->device = device;
    s->ranks = *ranks;
    if (p2p_comm_is_alone(ranks->comm))
        return P2P_OK;
    const int err = divide_pictures(s, shares);
    return err ? err : choose_shards(s);
}

void p2p_gan_shared_destroy(P2pGanShared **shared)
{
    P2pGanShared *s = *shared;

    if (!s)
        return;
    for (int i = 0; i < s->net_count; i++) {
        p2p_shard_destroy(&s->shard[i]);
        p2p_net_destroy(&s->nets[i]);
        p2p_grad_sums_destroy(&s->sums[i]);
    }
    p2p_buffer_destroy(&s->losses.buffer);
    p2p_buffer_destroy(&s->scale.buffer);
    free(s->parts);
    free(s->weights);
    free(s);
    *shared = NULL;
}

/* Losses are multiplied where their gradients are stored as f16. */
static int make_scale(P2pGan *g)
{
    static const float first[] = {LOSS_SCALE_FIRST, 0, 0};
    P2pTensor *scale = &g->shared->scale;
    int err = P2P_OK;

    if (p2p_plan_stored_type(g->plan) == P2P_TYPE_F32)
        return P2P_OK;
    if (!scale->buffer) {
        *scale = p2p_tensor_vector((int)P2P_COUNT(first));
        err = p2p_buffer_create(&scale->buffer, g->device, p2p_tensor_bytes(scale));
        if (!err)
            err = p2p_buffer_write(scale->buffer, 0, sizeof(first), first);
    }
    if (!err)
        g->scale = p2p_plan_external(g->plan, scale);
    return err;
}

/* By all networks' gradients. */
static void follow_scale(P2pGan *g)
{
    int operands[P2P_SCALE_SQUARES + P2P_SCALE_MOST] = {g->scale, -1, -1, -1, -1}, count = 0;

    for (int i = 0; g->scale >= 0 && i < g->net_count; i++)
        if (g->grads[i] && g->grads[i]->squares >= 0) {
            P2P_ASSERT(count < P2P_SCALE_MOST);
            operands[P2P_SCALE_SQUARES + count++] = g->grads[i]->squares;
        }
    if (!count)
        return;
    p2p_plan_when(g->plan, P2P_WHEN_LAST);
    p2p_plan_step(g->plan, "scale", &p2p_pass_loss_scale, NULL, operands,
                  P2P_SCALE_SQUARES + count);
    p2p_plan_when(g->plan, P2P_WHEN_ALWAYS);
}

int p2p_gan_create(P2pGan **out, P2pDevice *device, const P2pGanUpdate *update,
                   const P2pChoice *choice, P2pGanShared *shared)
{
    P2pGan *g = *out = p2p_alloc(1, sizeof(*g));
    int err = P2P_OK;

    if (!g)
        return P2P_ENOMEM;
    g->device = device;
    g->update = *update;
    g->sums = -1;
    g->scale = -1;
    g->shared = shared;
    g->owns_shared = !shared;
    if (!shared)
        err = p2p_gan_shared_create(&g->shared, device, &(P2pGanRanks){NULL}, "");
    const P2pGanRanks *ranks = &g->shared->ranks;
    if (!err && ranks->sync_norm && !p2p_comm_is_alone(ranks->comm))
        err = p2p_sync_create(&g->sync, ranks->comm, g->shared->weights, ranks->part.of);
    if (!err)
        err = p2p_plan_create(&g->plan, device, choice);
    if (err) {
        p2p_gan_destroy(out);
        return err;
    }
    p2p_plan_set_sync(g->plan, g->sync);
    g->hyper = p2p_plan_keep(g->plan, p2p_tensor_vector(P2P_HYPER_WORDS));
    g->losses = p2p_plan_keep(g->plan, p2p_tensor_vector(P2P_GAN_MAX_LOSSES));
    if ((err = make_scale(g)) < 0)
        p2p_gan_destroy(out);
    return err;
}

/* Whether gans of other sizes have the next network already; it is added then. */
static bool has_next(P2pGan *g, P2pNet **net)
{
    const int i = g->net_count;

    if (i == g->shared->net_count)
        return false;
    *net = g->nets[g->net_count++] = g->shared->nets[i];
    return true;
}

/* Takes the graph over. */
static int make_net(P2pGan *g, P2pGraph *graph, const P2pNetwork *network, P2pNetUse use,
                    P2pNet **net)
{
    P2pGanShared *s = g->shared;

    P2P_ASSERT(s->net_count < P2P_MOST_NETWORKS);
    const int err = p2p_net_create(net, g->device, graph, network->name, use);
    if (err)
        return err;
    (*net)->role = network->role;
    s->nets[s->net_count++] = g->nets[g->net_count++] = *net;
    return P2P_OK;
}

/* Memory for gradients, where they are sums over batches or ranks. */
static int make_sums(P2pGan *g, int i, int batches)
{
    P2pGanShared *s = g->shared;
    const P2pExchangeSettings settings = {.comm = s->ranks.comm,
                                          .weights = s->weights,
                                          .wire = s->ranks.wire,
                                          .tag = s->buckets,
                                          .squares = g->update.adam.clip > 0 || g->scale >= 0,
                                          .weights_in = s->nets[i]->bucket};
    const bool alone = p2p_comm_is_alone(s->ranks.comm);

    if (batches == 1 && alone)
        return P2P_OK;
    int err = p2p_grad_sums_create(&s->sums[i], s->device, s->nets[i]);
    if (err)
        return err;
    s->sums[i]->over_runs = batches > 1;
    s->buckets += s->sums[i]->buckets.count;
    if (alone || (err = p2p_exchange_create(s->sums[i], s->device, &settings)) < 0 || !s->shards)
        return err;
    return p2p_shard_create(&s->shard[i], s->device, s->nets[i], s->sums[i]);
}

int p2p_gan_add_net(P2pGan *g, const P2pNetwork *network, const P2pNetSpec *spec, int terms,
                    P2pNet **net, P2pGrads *grads)
{
    const int batches = p2p_max(g->update.adam.batches, 1);
    /* What other ranks add to comes piece by piece, while the rest is under way. */
    const bool alone = p2p_comm_is_alone(g->shared->ranks.comm);
    const bool summed =
        terms > 1 || (alone && (batches > 1 || g->update.adam.clip > 0 || g->scale >= 0));
    const P2pNetUse use = g->shared->shards ? P2P_NET_SHARDED
                          : summed          ? P2P_NET_SUMMED
                                            : P2P_NET_TRAINED;
    P2pGraph *graph;
    int err = P2P_OK;

    if (!has_next(g, net)) {
        if ((err = p2p_nets_build(&graph, spec)) < 0 ||
            (err = make_net(g, graph, network, use, net)) < 0 ||
            (err = make_sums(g, g->net_count - 1, batches)) < 0)
            return err;
        (*net)->role.passes *= batches;
    }
    err = p2p_grads_init(grads, *net);
    grads->sums = g->shared->sums[g->net_count - 1];
    grads->scale = g->scale;
    g->grads[g->net_count - 1] = grads;
    return err;
}

/* A network that follows the weights of another. */
static int add_average(P2pGan *g, P2pNet *net)
{
    P2pNetwork network = {.role = net->role};
    P2pNet *average;
    P2pGraph *graph;
    int err = P2P_OK;

    snprintf(network.name, sizeof(network.name), "%.11s_ema", net->name);
    network.role.averaged = true;
    if (!has_next(g, &average) &&
        ((err = p2p_graph_copy(&graph, net->graph)) < 0 ||
         (err = make_net(g, graph, &network, P2P_NET_FIXED, &average)) < 0))
        return err;
    p2p_update_average(g->plan, average, net, g->hyper);
    return P2P_OK;
}

int p2p_gan_add_input(P2pGan *g, P2pGanSide side, P2pTensor shape)
{
    P2P_ASSERT(g->input_count < P2P_GAN_MAX_INPUTS);
    g->side[g->input_count] = side;
    return g->input[g->input_count++] = p2p_plan_keep(g->plan, shape);
}

void p2p_gan_add_picture(P2pGan *g, P2pGanPicture picture)
{
    P2P_ASSERT(g->picture_count < P2P_GAN_MAX_PICTURES);
    g->picture[g->picture_count++] = picture;
}

/* This rank's of the job's pictures. */
static int own_pictures(P2pGan *g, int all)
{
    const P2pPart *part = &g->shared->ranks.part;
    const P2pTensor *found = p2p_plan_get(g->plan, all);

    if (!found || !g->shared->parts)
        return all;
    const P2pTensor own = p2p_tensor_nhwc(part->count, found->h, found->w, found->c);
    return p2p_plan_view(g->plan, all, part->first * own.h * own.w * own.c, own);
}

int p2p_gan_add_pool(P2pGan *g, const char *name, int slots, int x)
{
    const P2pGanShared *s = g->shared;

    if (!slots)
        return x;
    P2P_ASSERT(g->pool_count < P2P_GAN_MAX_POOLS);
    if (s->parts)
        x = p2p_gather_append(&g->gather[g->pool_count], g->plan, s->ranks.comm, s->parts, x);
    const P2pTensor *found = p2p_plan_get(g->plan, x);
    if (!found)
        return -1; /* the plan failed before; p2p_plan_finish() says so */
    const P2pAttr attr = {.stream = p2p_stream(P2P_STREAM_POOL, (uint32_t)g->pool_count)};
    const P2pTensor shape = p2p_tensor_nhwc(found->n, found->h, found->w, found->c);
    const int y = p2p_plan_tensor(g->plan, shape);
    const int pool = p2p_plan_keep(g->plan, p2p_tensor_nhwc(slots, shape.h, shape.w, shape.c));
    P2P_PLAN_STEP(g->plan, name, &p2p_pass_pool, &attr, x, pool, g->hyper, y);
    g->pool_names[g->pool_count] = name;
    g->pool[g->pool_count++] = pool;
    return own_pictures(g, y);
}

int p2p_gan_add_loss(P2pGan *g, const char *name)
{
    P2P_ASSERT(g->loss_count < P2P_GAN_MAX_LOSSES);
    g->loss_names[g->loss_count] = name;
    return g->loss_count++;
}

int p2p_gan_loss(P2pGan *g, const P2pAttr *attr, int x, int target, int dx)
{
    const P2pTensor *t = p2p_plan_get(g->plan, x);

    if (!t)
        return -1; /* the plan failed before; p2p_plan_finish() says so */
    if (dx < 0)
        dx = p2p_plan_tensor(g->plan, p2p_tensor_nhwc(t->n, t->h, t->w, t->c));
    P2P_PLAN_STEP(g->plan, g->loss_names[attr->index], &p2p_pass_loss, attr, x, target, g->losses,
                  dx, g->scale);
    return dx;
}

/* Adding them up on the device, so that no step waits until they are there. */
static int sum_losses(P2pGan *g)
{
    static const P2pAttr add = {.accumulate = true};
    P2pTensor sums = p2p_tensor_vector(g->loss_count);
    int err = P2P_OK;

    if (!g->shared->losses.buffer) {
        err = p2p_buffer_create_zeroed(&sums.buffer, g->device, p2p_tensor_bytes(&sums));
        g->shared->losses = sums;
    }
    if (err)
        return err;
    g->sums = p2p_plan_external(g->plan, &g->shared->losses);
    P2P_PLAN_STEP(g->plan, "losses", &p2p_pass_copy, &add,
                  p2p_plan_slice(g->plan, g->losses, 0, g->loss_count), g->sums);
    return P2P_OK;
}

int p2p_gan_finish(P2pGan *g)
{
    const int trained = g->net_count;

    follow_scale(g);
    int err = g->update.sum_losses ? sum_losses(g) : P2P_OK;

    for (int i = 0; !err && g->update.ema_decay > 0 && i < trained; i++)
        if (g->nets[i]->role.task == P2P_GENERATOR)
            err = add_average(g, g->nets[i]);
    if (!err)
        err = p2p_plan_finish(g->plan);
    for (int i = 0; !err && i < g->pool_count; i++)
        err = p2p_buffer_zero(p2p_plan_get(g->plan, g->pool[i])->buffer);
    return err;
}
