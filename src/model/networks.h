/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which networks a model has: those that a file of ours holds, by its metadata, and what options say
 * of a network in a role. No list of models: a file tells of its own networks.
 */
#ifndef P2P_MODEL_NETWORKS_H
#define P2P_MODEL_NETWORKS_H

#include "src/formats/tensor_file.h"
#include "src/graph/net.h"
#include "src/nets/nets.h"
#include "src/options/options.h"

enum { P2P_MOST_NETWORKS = 8 };

typedef struct P2pNetwork {
    char name[16]; /* what its tensors' names begin with in files */
    P2pNetRole role;
} P2pNetwork;

typedef struct P2pNetworks {
    P2pNetwork at[P2P_MOST_NETWORKS];
    int count;
} P2pNetworks;

/** Metadata key: "NAME generator|discriminator|averaged AtoB|BtoA PASSES" of each, separated by ';'. */
#define P2P_META_NETWORKS "networks"

/**
 * The networks of a checkpoint or frozen model. Files of before the key: G, and D where there are its
 * tensors.
 *
 * @return 0; P2P_EFORMAT: the metadata is damaged.
 */
int p2p_networks_read(P2pNetworks *networks, const P2pTensorFile *file);
/** The metadata's value in fresh memory; NULL: no memory. */
char *p2p_networks_text(const P2pNetworks *networks);

/**
 * The network of that name; NULL for a name: a generator from A to B, or a generator, or the first. Of
 * generators for one direction, that of averaged weights.
 *
 * @return NULL: there is none.
 */
const P2pNetwork *p2p_networks_find(const P2pNetworks *networks, const char *name);

/** A generator from A to B, or back, where there is one that of averaged weights; NULL: there is none. */
const P2pNetwork *p2p_networks_generator(const P2pNetworks *networks, bool back);

/** What a network of which only the task is known is called: "G", "D". */
const char *p2p_task_name(P2pTask task);

/** The network that options describe for a role. */
P2pNetSpec p2p_network_spec(const P2pOptions *options, P2pNetRole role);

#endif
