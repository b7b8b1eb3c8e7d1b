/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers by which the host tells kernels what to do. Valid as C and as OpenCL C. */
#ifndef P2P_CL_CODES_H
#define P2P_CL_CODES_H

/** Activations. */
typedef enum P2pAct { P2P_ACT_NONE, P2P_ACT_RELU, P2P_ACT_LEAKY_RELU, P2P_ACT_TANH } P2pAct;

typedef enum P2pLossKind {
    P2P_LOSS_L1,
    P2P_LOSS_BCE,
    P2P_LOSS_MSE,
    P2P_LOSS_MEAN,
    P2P_LOSS_HINGE
} P2pLossKind;

/** Words of the hyper tensor (16 words of 32 bits, written by the host before each step). */
enum {
    P2P_HYPER_LR,
    P2P_HYPER_H1, /* 1 / (1 - beta1^t) */
    P2P_HYPER_H2, /* 1 / sqrt(1 - beta2^t) */
    P2P_HYPER_SEED = 4,
    P2P_HYPER_STEP = 5,
    P2P_HYPER_POOLED = 6, /* pictures that each pool has got so far */
    P2P_HYPER_EMA = 7,    /* what a step moves averaged weights by, of the way to the new ones */
    P2P_HYPER_FIRST = 8,  /* pictures of the job's batch before this rank's */
    P2P_HYPER_WORDS = 16
};

/* Instructions of matrix units that multiply tiles: NVIDIA's, of TF32, of f16 16 deep and 8 deep; AMD's and
 * Intel's, of f16. */
#define MATRIX_TF32 1
#define MATRIX_F16 2
#define MATRIX_F16_HALF 3
#define MATRIX_WMMA 4
#define MATRIX_MFMA 5
#define MATRIX_DPAS 6

#endif
