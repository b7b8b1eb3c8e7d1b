/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums of large arrays over the ranks of a job, while something else goes on. A rank owns a slice: it gets
 * everyone's, adds them up in the order of the ranks (each times its weight), and sends the sum to all.
 * What is sent and received is twice (ranks - 1) / ranks of the array, as little as by a ring, in two
 * messages' time. Collectives of MPI are left out: which order they add in is the library's own affair,
 * and a rank that is missing could not be named.
 */
#ifndef P2P_COMM_REDUCE_H
#define P2P_COMM_REDUCE_H

#include "src/comm/comm.h"

/** How numbers travel: as they are, or as halves with one power of two for each slice. */
typedef enum P2pWire { P2P_WIRE_F32, P2P_WIRE_F16 } P2pWire;

typedef struct P2pReduction P2pReduction;

/**
 * @param weights  [size], what each rank's array counts; must outlive it.
 * @param tag      A number of its own among those under way at once, from 0.
 */
int p2p_reduction_create(P2pReduction **out, P2pComm *comm, size_t count, const float *weights,
                         P2pWire wire, int tag);
void p2p_reduction_destroy(P2pReduction **reduction);

/**
 * What begins: the sum in each one's own slice alone, all slices from their owners, or the one and then
 * the other; with the sum, its squares are added up; with the slices, they travel as f32 in any case.
 */
enum { P2P_REDUCE_SUM = 1, P2P_REDUCE_SPREAD = 2, P2P_REDUCE_SQUARES = 4, P2P_REDUCE_EXACT = 8 };
/** Begin with data f32 [count], which stays in place until all is done and then has the result. */
int p2p_reduction_begin(P2pReduction *reduction, float *data, unsigned what);
/** Go on with what can be done without waiting; *moved: whether anything came. */
int p2p_reduction_go_on(P2pReduction *reduction, bool *done, bool *moved);

/** A rank's slice: its first element and how many. */
void p2p_reduction_slice(const P2pReduction *reduction, int rank, size_t *first, size_t *count);
/** Sum of squares of the sums in this rank's slice, of the last reduction with P2P_REDUCE_SQUARES. */
double p2p_reduction_squares(const P2pReduction *reduction);
/** Bytes that a rank sends in such a reduction. */
size_t p2p_reduction_bytes(const P2pReduction *reduction, unsigned what);

#endif
