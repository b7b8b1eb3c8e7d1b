/* SPDX-License-Identifier: BSD-2-Clause */
/* What Adam's kernels take by value, from a call's attributes. */
#ifndef P2P_OPS_ADAM_H
#define P2P_OPS_ADAM_H

#include "cl/adam_rule.h"
#include "src/ops/op.h"

static inline AdamRule p2p_adam_rule(const P2pAttr *attr)
{
    return (AdamRule){.beta1 = (float)attr->beta1,
                      .rest1 = (float)(1 - attr->beta1),
                      .beta2 = (float)attr->beta2,
                      .rest2 = (float)(1 - attr->beta2),
                      .eps = attr->eps,
                      .epsilon_hat = attr->epsilon_hat,
                      .factor = attr->batches > 1 ? 1.0f / (float)attr->batches : 1.0f,
                      .clip = attr->clip};
}

#endif
