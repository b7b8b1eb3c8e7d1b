/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run over several ranks. The first has its folder: it reads the checkpoint, decides, writes, shows. The
 * others get options, position and networks from it. All see the same losses and end by the same step.
 */
#include <nettle/sha2.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/dataset.h"
#include "src/train/trainer_parts.h"

bool p2p_trainer_leads(const P2pTrainer *t)
{
    return p2p_comm_rank(t->comm) == 0;
}

/* ---- Beginning ------------------------------------------------------------------------------- */

int p2p_trainer_share_options(P2pTrainer *t, int err)
{
    const P2pOptions *o = &t->options;

    if ((err = p2p_comm_agree(t->comm, err)) < 0 ||
        (err = p2p_comm_share(t->comm, &t->options, sizeof(t->options))) < 0 ||
        (err = p2p_comm_share(t->comm, &t->told, sizeof(t->told))) < 0 ||
        (err = p2p_comm_share(t->comm, &t->position, sizeof(t->position))) < 0)
        return err;
    if (!t->model && (err = p2p_gan_model_find(t->options.model, &t->model)) < 0)
        return err;
    err = p2p_comm_part(t->comm, o->shares, o->batch_size, p2p_comm_rank(t->comm), &t->part);
    if (!err && o->sync_norm && o->gan_mode == P2P_GAN_WGANGP && o->lambda_gp > 0 &&
        !p2p_comm_is_alone(t->comm))
        err = p2p_fail(P2P_EINVAL, "--sync_norm and the gradient penalty of --gan_mode wgangp do "
                                   "not go together; use --norm instance");
    return p2p_comm_agree(t->comm, err);
}

/* Names and sizes of all files: two nodes' copies of a set that differ are hardly ever of one size. */
static void digest_data(const P2pDataset *data, uint8_t digest[SHA256_DIGEST_SIZE])
{
    struct sha256_ctx sha;

    sha256_init(&sha);
    for (size_t i = 0; data && i < p2p_dataset_count(data); i++) {
        const char *name = p2p_dataset_name(data, i);
        const char *const paths[] = {data->pairs[i].path_a, data->pairs[i].path_b};
        sha256_update(&sha, strlen(name) + 1, (const uint8_t *)name);
        for (size_t k = 0; k < P2P_COUNT(paths); k++) {
            struct stat st;
            const int64_t bytes = paths[k] && stat(paths[k], &st) == 0 ? (int64_t)st.st_size : -1;
            sha256_update(&sha, sizeof(bytes), (const uint8_t *)&bytes);
        }
    }
    sha256_digest(&sha, SHA256_DIGEST_SIZE, digest);
}

int p2p_trainer_agree_on_data(P2pTrainer *t, int err)
{
    const size_t size = (size_t)p2p_comm_size(t->comm);
    uint8_t mine[2][SHA256_DIGEST_SIZE], (*all)[2][SHA256_DIGEST_SIZE];

    if (p2p_comm_is_alone(t->comm) || (err = p2p_comm_agree(t->comm, err)) < 0)
        return err;
    digest_data(t->dataset, mine[0]);
    digest_data(t->val, mine[1]);
    if (!(all = p2p_alloc(size, sizeof(*all))))
        return P2P_ENOMEM;
    err = p2p_comm_gather(t->comm, mine, sizeof(mine), all, false);
    for (size_t i = 1; !err && i < size; i++)
        if (memcmp(all[i], all[0], sizeof(mine)) != 0)
            err = p2p_fail(P2P_EINVAL,
                           "%s holds other pictures on %s (rank %zu) than on %s (rank 0): other "
                           "names or sizes of files; copy it anew, or share one folder",
                           t->options.dataroot, p2p_comm_host(t->comm, (int)i), i,
                           p2p_comm_host(t->comm, 0));
    free(all);
    return p2p_comm_agree(t->comm, err);
}

int p2p_trainer_share_variants(P2pTrainer *t, const P2pTensorFile *file, char **variants)
{
    const char *own = file ? p2p_tensor_file_meta(file, P2P_META_VARIANTS) : NULL;
    const P2pCaps *caps = p2p_device_caps(t->device);
    char first[sizeof(caps->name) + sizeof(caps->driver)];
    int err;

    *variants = own ? p2p_strdup(own) : NULL;
    if (own && !*variants)
        return P2P_ENOMEM;
    memcpy(first, caps->name, sizeof(caps->name));
    memcpy(first + sizeof(caps->name), caps->driver, sizeof(caps->driver));
    if ((err = p2p_comm_share_text(t->comm, variants)) < 0 ||
        (err = p2p_comm_share(t->comm, first, sizeof(first))) < 0)
        return err;
    if (strcmp(first, caps->name) != 0 || strcmp(first + sizeof(caps->name), caps->driver) != 0) {
        free(*variants); /* of another device */
        *variants = NULL;
    }
    return P2P_OK;
}

/* One parameter or moment, by way of its order in files: devices may lay it out differently. */
static int share_tensor(P2pTrainer *t, P2pNet *net, int i, P2pState state)
{
    const size_t count = p2p_param_elements(&net->graph->params[i]);
    float *host = p2p_alloc(count, sizeof(*host));
    int err = host ? P2P_OK : P2P_ENOMEM;

    if (!err && p2p_trainer_leads(t))
        err = p2p_net_download(net, i, state, host);
    if (!err)
        err = p2p_comm_share(t->comm, host, count * sizeof(*host));
    if (!err && !p2p_trainer_leads(t))
        err = p2p_net_upload(net, i, state, host);
    free(host);
    return err;
}

/* The first rank's networks; of the moments only what was loaded can be other than zero. */
static int share_networks(P2pTrainer *t, const P2pTensorFile *file, P2pState last)
{
    int err = P2P_OK;

    for (int n = 0; n < t->gan->net_count; n++)
        for (int state = 0; state <= (int)last; state++)
            for (int i = 0; !err && i < t->gan->nets[n]->graph->param_count; i++)
                if (t->gan->nets[n]->state[state][i].buffer)
                    err = share_tensor(t, t->gan->nets[n], i, (P2pState)state);
    for (int n = 0; !err && last > P2P_STATE_VALUE && n < t->gan->net_count; n++)
        err = p2p_checkpoint_deal_moments(file, t->gan->nets[n]);
    return err;
}

/* What lies in a device's memory alike everywhere. */
static int share_buffer(P2pTrainer *t, P2pBuffer *buffer, size_t bytes)
{
    unsigned char *host = p2p_alloc(bytes, 1);
    int err = host ? p2p_buffer_read(buffer, 0, bytes, host) : P2P_ENOMEM;

    if (!err)
        err = p2p_comm_share(t->comm, host, bytes);
    if (!err)
        err = p2p_buffer_write(buffer, 0, bytes, host);
    free(host);
    return err;
}

/* The pools of earlier pictures, which each rank has all of, and sums of losses. */
static int share_kept(P2pTrainer *t)
{
    P2pGan *gan = t->gan;
    int err = p2p_comm_share(t->comm, &gan->pooled, sizeof(gan->pooled));

    for (int i = 0; !err && gan->pooled && i < gan->pool_count; i++) {
        const P2pTensor *pool = p2p_plan_get(gan->plan, gan->pool[i]);
        err = share_buffer(t, pool->buffer, p2p_tensor_bytes(pool));
    }
    if (!err && gan->sums >= 0)
        err = share_buffer(t, gan->shared->losses.buffer, p2p_tensor_bytes(&gan->shared->losses));
    return err;
}

int p2p_trainer_share_networks(P2pTrainer *t, const P2pTensorFile *file, int err)
{
    if (p2p_comm_is_alone(t->comm))
        return err;
    if ((err = p2p_comm_agree(t->comm, err)) < 0 ||
        (err = share_networks(t, file,
                              t->options.continue_train ? P2P_STATE_ADAM_V : P2P_STATE_VALUE)) < 0)
        return err;
    return share_kept(t);
}

/* ---- On the way ------------------------------------------------------------------------------ */

int p2p_trainer_mean_losses(P2pTrainer *t, float losses[P2P_GAN_MAX_LOSSES])
{
    const size_t count = (size_t)t->gan->loss_count, size = (size_t)p2p_comm_size(t->comm);

    if (p2p_comm_is_alone(t->comm))
        return P2P_OK;
    float *all = p2p_alloc(size * count, sizeof(*all));
    int err = all ? p2p_comm_gather(t->comm, losses, count * sizeof(*all), all, true) : P2P_ENOMEM;
    for (size_t k = 0; !err && k < count; k++) {
        double sum = 0;
        for (size_t i = 0; i < size; i++)
            sum += (double)t->gan->shared->weights[i] * (double)all[i * count + k];
        losses[k] = (float)sum;
    }
    free(all);
    return err;
}

/* Everyone has the job's then, which are the mean of everyone's. */
int p2p_trainer_mean_sums(P2pTrainer *t)
{
    float losses[P2P_GAN_MAX_LOSSES];
    const size_t bytes = (size_t)t->gan->loss_count * sizeof(*losses);
    int err;

    if (t->gan->sums < 0 || p2p_comm_is_alone(t->comm))
        return P2P_OK;
    P2pBuffer *sums = t->gan->shared->losses.buffer;
    if ((err = p2p_buffer_read(sums, 0, bytes, losses)) < 0 ||
        (err = p2p_trainer_mean_losses(t, losses)) < 0)
        return err;
    return p2p_buffer_write(sums, 0, bytes, losses);
}

int p2p_trainer_meet(P2pTrainer *t)
{
    const int err = p2p_comm_await(t->comm);

    return err ? err : p2p_comm_share(t->comm, &t->position, sizeof(t->position));
}
