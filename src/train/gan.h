/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every kind of model offers the trainer: its networks, a static plan of the whole step with
 * inputs and losses, pictures to show. A model is one file that fills a P2pGan (pix2pix.c) and a row
 * of the table in models.c; running, losses, memory and pictures are the same for all of them. How
 * many networks, inputs, losses and pictures there are is known to the model's file alone.
 */
#ifndef P2P_TRAIN_GAN_H
#define P2P_TRAIN_GAN_H

#include "src/comm/reduce.h"
#include "src/graph/apply.h"
#include "src/graph/gather.h"
#include "src/graph/shard.h"
#include "src/graph/sync.h"
#include "src/model/checkpoint.h"
#include "src/model/networks.h"

enum {
    P2P_GAN_MAX_INPUTS = 4,
    P2P_GAN_MAX_LOSSES = 16,
    P2P_GAN_MAX_PICTURES = 8,
    P2P_GAN_MAX_POOLS = 2,
    P2P_GAN_MAX_SHARES = 2
};

/** Which of a batch's pictures. */
typedef enum P2pGanSide { P2P_GAN_INPUT, P2P_GAN_TARGET } P2pGanSide;

/** How a model's networks are trained by their gradients; the model's file sets it before all else. */
typedef struct P2pGanUpdate {
    P2pAdam adam;     /* adam.batches: a step is of so many batches; 0 as 1 */
    double ema_decay; /* of each generator's averaged weights, a network NAME_ema; 0: none */
    bool sum_losses;
    unsigned augment; /* what discriminators see: P2P_AUGMENT_* */
} P2pGanUpdate;

/** A kept tensor of a step's pictures. */
typedef struct P2pGanPicture {
    int tensor;
    const P2pNet *made_by; /* the generator; NULL: it was given */
    int of;                /* of which of the pictures */
    bool lab;              /* it is ab of Lab, and the picture `of` its L */
} P2pGanPicture;

P2pGanUpdate p2p_gan_update(const P2pOptions *options);

/** Whether each rank updates its slice of the weights, and has the moments of that alone. */
typedef enum P2pShardAdam { P2P_SHARD_AUTO, P2P_SHARD_ON, P2P_SHARD_OFF } P2pShardAdam;

/** What other ranks do of the job. */
typedef struct P2pGanRanks {
    P2pComm *comm; /* NULL: there are none */
    P2pPart part;  /* of each batch's pictures: this rank's */
    P2pWire wire;
    bool sync_norm; /* batch norm over all ranks' pictures */
    P2pShardAdam shard_adam;
} P2pGanRanks;

/** What the steps for pictures of all sizes have in common. */
typedef struct P2pGanShared {
    P2pDevice *device;
    P2pGanRanks ranks;
    P2pPart *parts; /* [ranks], of each batch's pictures; NULL: there are no others */
    float *weights; /* [ranks], of each one's losses and gradients in the job's */
    bool shards;    /* each rank updates a slice */
    int buckets;    /* of gradients so far: each has a number of its own */
    P2pNet *nets[P2P_MOST_NETWORKS];      /* those of averaged weights come last */
    P2pGradSums *sums[P2P_MOST_NETWORKS]; /* over several batches; NULL: none */
    P2pShard *shard[P2P_MOST_NETWORKS];   /* NULL: moments are whole */
    int net_count;
    P2pTensor scale;  /* of the losses, see p2p_pass_loss_scale; no buffer: they have none */
    P2pTensor losses; /* sums of the losses of all batches since they were taken */
} P2pGanShared;

/** Without anything: the first model that is created with it makes it all.
 *  @param shares  Of the job's pictures, [ranks]; see p2p_comm_part(). */
int p2p_gan_shared_create(P2pGanShared **out, P2pDevice *device, const P2pGanRanks *ranks,
                          const char *shares);
void p2p_gan_shared_destroy(P2pGanShared **shared);

typedef struct P2pGan {
    P2pDevice *device;
    P2pPlan *plan;
    P2pGanShared *shared;
    bool owns_shared;
    P2pSync *sync;                   /* NULL: none */
    P2pNet *nets[P2P_MOST_NETWORKS]; /* those of shared */
    int net_count;
    int input[P2P_GAN_MAX_INPUTS];       /* the plan's tensors, written before each step ... */
    P2pGanSide side[P2P_GAN_MAX_INPUTS]; /* ... with these pictures of a batch */
    int input_count;
    P2pGanPicture picture[P2P_GAN_MAX_PICTURES]; /* side by side they are a sample */
    int picture_count;
    int pool[P2P_GAN_MAX_POOLS]; /* kept tensors: part of the state of a run, as the networks */
    const char *pool_names[P2P_GAN_MAX_POOLS];
    P2pGather
        *gather[P2P_GAN_MAX_POOLS]; /* of what goes through them, from all ranks; NULL: alone */
    int pool_count;
    int pooled;                    /* pictures that each pool holds */
    int share[P2P_GAN_MAX_SHARES]; /* vectors: how pictures are mixed; drawn for each step */
    int share_count;
    int drawings; /* of augmentations, so that each has a stream of its own */
    int hyper, losses;
    int scale;                          /* shared->scale; -1: none */
    P2pGrads *grads[P2P_MOST_NETWORKS]; /* while building: of each network that is trained */
    int sums;                           /* shared->losses; -1: none */
    const char *loss_names[P2P_GAN_MAX_LOSSES];
    int loss_count;
    P2pGanUpdate update;
    /* Staging for asynchronous uploads: two sets, each free once its marker has passed. */
    float *staging[2][P2P_GAN_MAX_INPUTS];
    uint32_t staged_hyper[2][P2P_HYPER_WORDS];
    float *staged_share[2]; /* all vectors, one behind the other */
    P2pMarker *marker[2];
    int turn;
} P2pGan;

/* ---- The models ---------------------------------------------------------------------------- */

typedef struct P2pGanModel {
    const char *name;                 /* of --model */
    const P2pOptionDefault *defaults; /* in place of the options' own; a name of NULL ends it */
    const char *const *own;           /* options that are not for all models; NULL ends it */
    /** Networks of undefined values, or those of shared where it has them, and the finished plan of a step
        for a batch of that size. shared is the caller's; NULL: the gan has its own. */
    int (*create)(P2pGan **out, P2pDevice *device, const P2pOptions *options, int height, int width,
                  const P2pChoice *choice, P2pGanShared *shared);
} P2pGanModel;

/** All models; a name of NULL ends the table. */
extern const P2pGanModel p2p_gan_models[];
/** P2P_EINVAL: there is no such model (the message names all). */
int p2p_gan_model_find(const char *name, const P2pGanModel **out);
/** P2P_EINVAL: an option was given that only others have. */
int p2p_gan_model_check(const P2pGanModel *model, const P2pOptions *options);

/* ---- For the models' files ----------------------------------------------------------------- */

/** A gan without anything: its plan has been begun. shared: NULL, its own. */
int p2p_gan_create(P2pGan **out, P2pDevice *device, const P2pGanUpdate *update,
                   const P2pChoice *choice, P2pGanShared *shared);
/**
 * Add a network to train, with no gradients yet: the next one of shared where it has it already.
 *
 * @param terms  Of its gradients: backward passes of a step that add to them.
 */
int p2p_gan_add_net(P2pGan *gan, const P2pNetwork *network, const P2pNetSpec *spec, int terms,
                    P2pNet **net, P2pGrads *grads);
/** Add an input [N, H, W, C] in [-1, 1]; returns the plan's tensor. */
int p2p_gan_add_input(P2pGan *gan, P2pGanSide side, P2pTensor shape);
/** Add a kept tensor of pictures to what a sample shows, at its right. */
void p2p_gan_add_picture(P2pGan *gan, P2pGanPicture picture);
/**
 * Let pictures go through a pool of `slots` earlier ones (p2p_pass_pool), which is kept over the run
 * under that name; slots 0: no pool. All pools of a model have one size. Of several ranks each has all of
 * it, and lets the job's pictures go through, so that what comes out does not depend on how many there are.
 *
 * @param x  A kept tensor.
 * @return the tensor of what comes out of it, of this rank's pictures.
 */
int p2p_gan_add_pool(P2pGan *gan, const char *name, int slots, int x);
/** Add a loss; returns its index among the losses. */
int p2p_gan_add_loss(P2pGan *gan, const char *name);

/**
 * Append the step of a loss: attr->index is the loss's, attr->accumulate adds to what dx holds.
 *
 * @param target  A tensor, or -1: attr->value.
 * @param dx      Where the gradient of x goes, or -1: into a new tensor.
 * @return the gradient's tensor.
 */
int p2p_gan_loss(P2pGan *gan, const P2pAttr *attr, int x, int target, int dx);

/** The GAN loss of D's logits: where D shall (or G wants it to) take pictures for real, or for fakes;
 *  loss and value are set. */
P2pAttr p2p_gan_judgement(int gan_mode, bool real, bool of_generator);

typedef struct P2pGanPenalty {
    P2pNet *net;      /* D */
    int real, fake;   /* what it sees, as tensors of one shape */
    int index;        /* of the loss */
    float weight;     /* lambda */
    P2pGrads *grads;  /* the gradient goes there */
    P2pApply **apply; /* for the caller to destroy */
} P2pGanPenalty;

/**
 * Append the step of a gradient penalty (Gulrajani et al. 2017; the reference implementation's
 * cal_gradient_penalty, type "mixed"): with x = s real + (1 - s) fake, s in [0, 1) for each picture,
 * and g the gradient of the sum of D(x), weight times the mean of (|g| - 1)^2 over pictures.
 */
int p2p_gan_add_penalty(P2pGan *gan, const P2pGanPenalty *penalty);

/** What D sees: up to two batches of pictures, in other colours and moved, each by a drawing of its own. */
typedef struct P2pGanSight {
    int all;     /* both batches in one tensor */
    int half[2]; /* each */
    uint32_t drawing[2];
} P2pGanSight;

/**
 * Append what D shall see.
 *
 * @param a       What D sees in front of each picture, moved with it; -1: nothing.
 * @param second  Of the first one's shape; -1: the first alone, which may be seen as it is.
 */
P2pGanSight p2p_gan_show(P2pGan *gan, int a, int first, int second);

/** Whether D goes through both halves of what it sees at once: its gradients are of one term then, else of two. */
bool p2p_gan_sees_at_once(const P2pGan *gan, const P2pNetSpec *d, bool penalty);

typedef struct P2pGanLesson {
    P2pNet *net;     /* D */
    int seen;        /* both halves, normalised each by itself, in their order; see P2pGanSight */
    P2pAttr loss[2]; /* of their logits, see p2p_gan_loss() */
    bool at_once;    /* p2p_gan_sees_at_once() */
    const P2pGanPenalty *penalty; /* NULL: none */
    P2pGrads *grads;
    P2pApply **apply; /* [2], for the caller to destroy */
} P2pGanLesson;

/** Append D's part of a step: forward, losses, backward, Adam. */
int p2p_gan_teach(P2pGan *gan, const P2pGanLesson *lesson);

/** When all has been added: averages of weights at the end of the step; the plan's end. Pools are empty. */
int p2p_gan_finish(P2pGan *gan);

/* ---- Running ------------------------------------------------------------------------------- */

void p2p_gan_destroy(P2pGan **gan);

/** The network that an averaged one follows; NULL: it is none. */
P2pNet *p2p_gan_followed(const P2pGan *gan, const P2pNet *net);

/** What differs from step to step. */
typedef struct P2pStepInfo {
    float lr;
    long t;        /* Adam's step, from 1 */
    int batch;     /* of a step of several: which, from 0; the last one changes the networks */
    uint32_t seed; /* of the dropout, the pool and the mixtures */
    const float
        *shares; /* instead of drawn ones, for each of gan->share a picture's after another's;
                            NULL: drawn */
    bool check;  /* find the pass that makes the first NaN or infinity: slow */
} P2pStepInfo;

/**
 * Enqueue a step, or its part for one batch, on a batch's pictures, dense NHWC host arrays by their side (copied before the call
 * returns). P2P_ENUMBER: with info->check, see p2p_plan_run_checked().
 */
int p2p_gan_step(P2pGan *gan, const float *const sides[2], const P2pStepInfo *info);

/** State of the losses' scale (blocks); all 0 where there is none. */
int p2p_gan_scale(P2pGan *gan, P2pLossScale *scale);
/** Go on with it, where there is one and factor is not 0. */
int p2p_gan_set_scale(P2pGan *gan, const P2pLossScale *scale);

/** Losses of the last step, in the order of loss_names (blocks). */
int p2p_gan_losses(P2pGan *gan, float losses[P2P_GAN_MAX_LOSSES]);

/**
 * Whether all losses of the last step and all parameters are finite (blocks).
 *
 * @param losses  As p2p_gan_losses() gives them.
 * @param what    Room for the name of the first that is not; empty: all are.
 */
int p2p_gan_find_bad(const P2pGan *gan, const float losses[P2P_GAN_MAX_LOSSES], char what[192]);

/**
 * Sums of the losses of all batches since the last call, in the order of loss_names; they begin anew
 * (blocks).
 */
int p2p_gan_take_sums(P2pGan *gan, float sums[P2P_GAN_MAX_LOSSES]);

/**
 * Picture i of the sample: the first of the last step's batch (blocks).
 *
 * @param floats  Fresh array, dense [h, w, c] in [-1, 1].
 * @param shape   Of the whole batch.
 */
int p2p_gan_picture(const P2pGan *gan, int i, float **floats, P2pTensor *shape);

/** Bytes on the device: networks, and the plan of a step. */
void p2p_gan_memory(const P2pGan *gan, size_t *network_bytes, size_t *plan_bytes);

#endif
