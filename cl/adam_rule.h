/* SPDX-License-Identifier: BSD-2-Clause */
/* What Adam's kernels take by value. Valid as C and as OpenCL C. */
#ifndef P2P_CL_ADAM_RULE_H
#define P2P_CL_ADAM_RULE_H

typedef struct AdamRule {
    float beta1, rest1, beta2, rest2, eps; /* rest = 1 - beta */
    int epsilon_hat;
    float factor, clip; /* of gradients, and their most length; adam.cl alone reads them */
} AdamRule;

#endif
