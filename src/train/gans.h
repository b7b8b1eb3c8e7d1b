/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps for pictures of several sizes: networks and all that a run keeps once, a plan for each size, made
 * when the size first comes. Those used last stay.
 */
#ifndef P2P_TRAIN_GANS_H
#define P2P_TRAIN_GANS_H

#include "src/train/gan.h"

typedef struct P2pGans P2pGans;

typedef struct P2pGansSettings {
    P2pDevice *device;
    const P2pGanModel *model;
    const P2pOptions *options; /* must outlive it */
    P2pGanRanks ranks;
    size_t sizes;           /* that will be asked for */
    const char *remembered; /* see P2pChoice; of a run that goes on; may be NULL */
} P2pGansSettings;

int p2p_gans_create(P2pGans **out, const P2pGansSettings *settings);
void p2p_gans_destroy(P2pGans **gans);

/**
 * The step for batches of pictures of a size: one that is there, or a new one, which may compile kernels and
 * which the log tells of. Up to P2P_GANS stay, while they take no more than a third of the device's memory
 * together; others make room for a new one.
 *
 * @param out  Stays until the next call; all have the same networks.
 * @return 0; P2P_EINVAL: the size does not fit the networks; several sizes and pools of earlier pictures;
 *         P2P_ENOMEM, P2P_EDEVICE, P2P_EDEVMEM.
 */
enum { P2P_GANS = 8 };
int p2p_gans_get(P2pGans *gans, int height, int width, P2pGan **out);

/** The variants of all calls so far, as P2pChoice.remembered takes them. */
const char *p2p_gans_variants(const P2pGans *gans);

/** What the sides of pictures must be multiples of, and how long they must be at least. */
int p2p_gans_sides(const P2pOptions *options, int *multiple, int *least);

#endif
