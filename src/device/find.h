/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices of all platforms, and which of them is wanted. */
#ifndef P2P_DEVICE_FIND_H
#define P2P_DEVICE_FIND_H

#include "src/device/internal.h"

enum { P2P_MAX_DEVICES = 32 };

/** In the order of the loader. */
typedef struct P2pFound {
    cl_platform_id platform[P2P_MAX_DEVICES];
    cl_device_id id[P2P_MAX_DEVICES];
    P2pCaps caps[P2P_MAX_DEVICES];
    int count;
    bool idle_pocl;      /* PoCL is there, without a device */
    char empty[1024];    /* platforms without a device */
    char failures[1024]; /* platforms and devices that do not answer */
} P2pFound;

/** Ask all platforms. */
void p2p_found_read(P2pFound *f);
/** Warn of what does not answer. */
void p2p_found_warn(const P2pFound *f, const P2pLog *log);
/** Index of the wanted device (NULL: the best); P2P_ENODEVICE: the message says what to do. */
int p2p_found_choose(const P2pFound *f, const char *wanted);

#endif
