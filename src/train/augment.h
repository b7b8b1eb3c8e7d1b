/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures as a discriminator sees them, where it shall see few ones differently each time: real and fake
 * ones alike, with gradients through to the generator. Source: Zhao et al. 2020, Differentiable
 * Augmentation for Data-Efficient GAN Training. Without --diffaugment nothing here adds anything.
 */
#ifndef P2P_TRAIN_AUGMENT_H
#define P2P_TRAIN_AUGMENT_H

#include "src/train/gan.h"

/** Number of a new drawing; what is done to a picture and to its gradient has the same. */
uint32_t p2p_augment_draw(P2pGan *gan);

/** Append other brightness, saturation and contrast of x, or the way of a gradient back through them. */
int p2p_augment_tint(P2pGan *gan, uint32_t drawing, int x);
int p2p_augment_tint_back(P2pGan *gan, uint32_t drawing, int dy);

/** Whether pictures are moved or holes cut into them. */
bool p2p_augment_moves(const P2pGan *gan);
/**
 * Append moving x and cutting a hole into it; the gradient's way back.
 *
 * @param y  Where it goes; -1: into a new tensor.
 * @return that tensor; x where nothing is moved.
 */
int p2p_augment_move(P2pGan *gan, uint32_t drawing, int x, int y);
int p2p_augment_move_back(P2pGan *gan, uint32_t drawing, int dy);

#endif
