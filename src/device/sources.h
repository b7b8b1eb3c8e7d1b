/* SPDX-License-Identifier: BSD-2-Clause */
/* The embedded kernel programs; the table is made at build time from cl/. */
#ifndef P2P_DEVICE_SOURCES_H
#define P2P_DEVICE_SOURCES_H

typedef struct P2pClSource {
    const char *name;         /* "conv2d_simd" for cl/conv2d_simd.cl; NULL ends the table */
    const char *const *lines; /* NULL-terminated */
} P2pClSource;

extern const P2pClSource p2p_cl_sources[];

#endif
