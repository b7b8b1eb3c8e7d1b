/* SPDX-License-Identifier: BSD-2-Clause */
/* pix2pix with its choices spelled out: for benchmarks and tests that have no options. */
#ifndef P2P_TRAIN_PIX2PIX_H
#define P2P_TRAIN_PIX2PIX_H

#include "src/train/gan.h"

typedef struct P2pPix2pixSpec {
    P2pNetSpec g, d;
    int batch, height, width;
    P2pGanMode gan_mode;
    float lambda_l1, lambda_gan; /* 0: that term is off */
    float lambda_gp;             /* of wgangp */
    bool unconditional;          /* D sees the picture alone */
    float d_factor;              /* of D's loss gradient: .5 in the reference */
    bool lab;                    /* pictures are L and ab: shown in RGB */
    bool hole;                   /* G makes what is in A's holes, where alpha is below 0, alone */
    bool dropout;                /* G's dropout is active */
    P2pGanUpdate update;
} P2pPix2pixSpec;

/**
 * Networks G and D and the plan of a step: fake = G(A); D on the fake, then the real pair (both in one batch
 * where p2p_gan_sees_at_once()), Adam on D; D again on the fake, G's losses, Adam on G. Order and formulas: the reference implementation
 * (Pix2PixModel.optimize_parameters); Isola et al. 2017, sec. 3. Inputs: A, B as [N,H,W,C] in
 * [-1, 1]. Losses: G_GAN, G_L1, D_real, D_fake; of
 * wgangp also D_gp, the gradient penalty, which is not halved. Pictures: A, fake, B.
 */
int p2p_pix2pix_create(P2pGan **out, P2pDevice *device, const P2pPix2pixSpec *spec,
                       const P2pChoice *choice, P2pGanShared *shared);

/** The same from options: a row of the table of models. */
int p2p_pix2pix_create_from_options(P2pGan **out, P2pDevice *device, const P2pOptions *options,
                                    int height, int width, const P2pChoice *choice,
                                    P2pGanShared *shared);

#endif
