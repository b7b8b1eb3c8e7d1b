/* SPDX-License-Identifier: BSD-2-Clause */
/* A process of another program that answers on a socket. Knows nothing of kernels. */
#ifndef P2P_DEVICE_HELPER_H
#define P2P_DEVICE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct P2pHelper {
    pid_t pid;
    int fd; /* -1: there is none, or it was closed */
} P2pHelper;

/** Start argv[0], a path, with a socket as its standard input; what it prints is lost. False: it
 *  cannot be started. */
bool p2p_helper_start(P2pHelper *helper, char *const argv[]);
/** Send it a request; false: it is gone, or does not read. */
bool p2p_helper_send(const P2pHelper *helper, const char *text, size_t bytes);
/** Bytes that it has sent, at least one and at most so many (waits); 0: it is gone. */
size_t p2p_helper_receive(const P2pHelper *helper, char *out, size_t bytes);
/** Nothing more will be asked of it: it should end by itself. */
void p2p_helper_close(P2pHelper *helper);
/** Wait until it has gone, for so long; then end it, whatever it does. Its status, as waitpid() tells it. */
int p2p_helper_end(P2pHelper *helper, double seconds);

#endif
