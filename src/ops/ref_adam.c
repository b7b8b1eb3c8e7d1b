/* SPDX-License-Identifier: BSD-2-Clause */
/* Reference of Adam. */
#include <math.h>

#include "src/ops/ref.h"

void p2p_ref_adam(const P2pCall *call, double *const host[], double *mag)
{
    const P2pAttr *a = &call->attr;
    const size_t count = p2p_tensor_elements(&call->t[P2P_ADAM_P]);
    const double *g = host[P2P_ADAM_G], *hyper = host[P2P_ADAM_HYPER];
    const double lr = hyper[P2P_HYPER_LR], h1 = hyper[P2P_HYPER_H1], h2 = hyper[P2P_HYPER_H2];
    double *p = host[P2P_ADAM_P], *m = host[P2P_ADAM_M], *v = host[P2P_ADAM_V];

    (void)mag;
    for (size_t i = 0; i < count; i++) {
        m[i] = a->beta1 * m[i] + (1 - a->beta1) * g[i];
        v[i] = a->beta2 * v[i] + (1 - a->beta2) * g[i] * g[i];
        p[i] -= a->epsilon_hat ? lr * h1 / h2 * m[i] / (sqrt(v[i]) + (double)a->eps)
                               : lr * h1 * m[i] / (sqrt(v[i]) * h2 + (double)a->eps);
    }
}
