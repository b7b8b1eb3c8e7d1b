/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One training step of a GAN: networks, a static plan of the whole step, losses. A builder
 * (pix2pix.c) fills a P2pGan; running, losses and state are the same for all of them.
 */
#ifndef P2P_TRAIN_GAN_H
#define P2P_TRAIN_GAN_H

#include "src/graph/apply.h"
#include "src/nets/nets.h"

enum { P2P_GAN_MAX_NETS = 4, P2P_GAN_MAX_INPUTS = 4, P2P_GAN_MAX_LOSSES = 16 };

typedef struct P2pGan {
    P2pDevice *device;
    P2pPlan *plan;
    P2pNet *nets[P2P_GAN_MAX_NETS];
    int net_count;
    int input[P2P_GAN_MAX_INPUTS]; /* the plan's tensors, written before each step */
    int input_count;
    int output; /* picture to show: the fake */
    int hyper, losses;
    const char *loss_names[P2P_GAN_MAX_LOSSES];
    int loss_count;
    double beta1, beta2;
    /* Staging for asynchronous uploads: two sets, each free once its marker has passed. */
    float *staging[2][P2P_GAN_MAX_INPUTS];
    uint32_t staged_hyper[2][P2P_HYPER_WORDS];
    P2pMarker *marker[2];
    int turn;
} P2pGan;

typedef struct P2pPix2pixSpec {
    P2pNetSpec g, d;
    int batch, height, width;
    P2pLossKind gan_mode;        /* P2P_LOSS_BCE (vanilla) or P2P_LOSS_MSE (lsgan) */
    float lambda_l1, lambda_gan; /* 0: that term is off */
    bool unconditional;          /* D sees the picture alone */
    float d_factor;              /* of D's loss gradient: .5 in the reference */
    bool dropout;                /* G's dropout is active */
    P2pAdam adam;
} P2pPix2pixSpec;

/**
 * Networks G and D and the plan of a step: fake = G(A); D on the fake, then the real pair, Adam on
 * D; D again on the fake, G's losses, Adam on G. Order and formulas: the reference implementation
 * (Pix2PixModel.optimize_parameters); Isola et al. 2017, sec. 3. Inputs: A, B as [N,H,W,C] in
 * [-1, 1]. Losses: G_GAN, G_L1, D_real, D_fake.
 */
int p2p_pix2pix_create(P2pGan **out, P2pDevice *device, const P2pPix2pixSpec *spec,
                       const P2pChoice *choice);
void p2p_gan_destroy(P2pGan **gan);

/** What differs from step to step. */
typedef struct P2pStepInfo {
    float lr;
    long t;        /* Adam's step, from 1 */
    uint32_t seed; /* of the dropout */
    bool check;    /* find the pass that makes the first NaN or infinity: slow */
} P2pStepInfo;

/**
 * Enqueue a step on input_count dense NHWC host arrays (copied before the call returns).
 * P2P_ENUMBER: with info->check, see p2p_plan_run_checked().
 */
int p2p_gan_step(P2pGan *gan, const float *const inputs[], const P2pStepInfo *info);

/**
 * Whether all losses of the last step and all parameters are finite (blocks).
 *
 * @param losses  As p2p_gan_losses() gives them.
 * @param what    Room for the name of the first that is not; empty: all are.
 */
int p2p_gan_find_bad(const P2pGan *gan, const float losses[P2P_GAN_MAX_LOSSES], char what[192]);

/** Losses of the last step, in the order of loss_names (blocks). */
int p2p_gan_losses(P2pGan *gan, float losses[P2P_GAN_MAX_LOSSES]);

#endif
