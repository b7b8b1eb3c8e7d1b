/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CycleGAN: two generators, from A to B and back, and a discriminator for what each makes; learns from
 * pictures of A and of B that are no pairs. Zhu, Park, Isola, Efros 2017, arXiv 1703.10593.
 */
#ifndef P2P_TRAIN_CYCLE_GAN_H
#define P2P_TRAIN_CYCLE_GAN_H

#include "src/train/gan.h"

/** Where its defaults are others than the options' own. */
extern const P2pOptionDefault p2p_cycle_gan_defaults[];

/**
 * Networks G_A (A to B), G_B, D_A (of B's pictures), D_B and the plan of a step. Order and formulas: the
 * reference implementation (CycleGANModel.optimize_parameters): both generators, then both
 * discriminators, which see pictures out of pools. Inputs: A, B as [N,H,W,C] in [-1, 1].
 * Losses: D_A, G_A, cycle_A, idt_A, and of B. Pictures: A, fake B, A again, G_B(A); B, fake A, B again,
 * G_A(B).
 *
 * P2P_EINVAL: A and B differ in channels with lambda_identity; discriminators of pairs.
 */
int p2p_cycle_gan_create(P2pGan **out, P2pDevice *device, const P2pOptions *options, int height,
                         int width, const P2pChoice *choice, P2pGanShared *shared);

#endif
