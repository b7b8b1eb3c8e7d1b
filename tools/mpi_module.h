/* SPDX-License-Identifier: BSD-2-Clause */
/* What the module mpi-module.so has for the programs. */
#ifndef P2P_TOOLS_MPI_MODULE_H
#define P2P_TOOLS_MPI_MODULE_H

#include "p2p/comm.h"

/** Meet the other ranks; 0, or -1: MPI failed, and has said so. */
P2P_API int p2p_mpi_open(P2pTransport *transport);
/** When all of them have got all messages. */
P2P_API void p2p_mpi_close(void);

#endif
