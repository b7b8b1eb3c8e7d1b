/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of the programs that ours stand beside, as their users type them. */
#ifndef P2P_OPTIONS_PEERS_H
#define P2P_OPTIONS_PEERS_H

#include "src/options/options.h"

typedef enum P2pPeerKind {
    P2P_PEER_FLAG,   /* accepted, without a meaning here; takes no value */
    P2P_PEER_VALUE,  /* the same with a value */
    P2P_PEER_GPUS,   /* numbers of devices, -1: the CPU */
    P2P_PEER_CALLED, /* refused: it is called otherwise here */
} P2pPeerKind;

typedef struct P2pPeerOption {
    const char *name;
    unsigned programs; /* which know it */
    P2pPeerKind kind;
    const char
        *text; /* P2P_PEER_CALLED: what to use; P2P_PEER_VALUE: the one value, or NULL: any */
} P2pPeerOption;

extern const P2pPeerOption p2p_peer_options[];
extern const int p2p_peer_option_count;

/**
 * Take one as it was typed; p2p_options_ignored() names it where it has no meaning.
 *
 * @param value  NULL: none.
 * @return 0; P2P_EINVAL: it is called otherwise, or cannot have this value.
 */
int p2p_peer_option_take(P2pOptions *options, const P2pPeerOption *option, const char *value);

#endif
