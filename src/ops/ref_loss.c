/* SPDX-License-Identifier: BSD-2-Clause */
/* Reference of the losses. */
#include <math.h>

#include "src/ops/ref.h"

/* Loss of one element and its derivative. */
static double loss_of(P2pLossKind kind, double x, double t, double *slope)
{
    switch (kind) {
    case P2P_LOSS_L1:
        *slope = x > t ? 1 : x < t ? -1 : 0;
        return fabs(x - t);
    case P2P_LOSS_BCE:
        *slope = (x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))) - t;
        return (x > 0 ? x : 0) - x * t + log1p(exp(-fabs(x)));
    case P2P_LOSS_MSE:
        *slope = 2 * (x - t);
        return (x - t) * (x - t);
    case P2P_LOSS_HINGE:
        *slope = 1 + x * t <= 0 ? 0 : t;
        return 1 + x * t <= 0 ? 0 : 1 + x * t; /* NaN passes */
    default:
        *slope = t;
        return x * t;
    }
}

void p2p_ref_loss(const P2pCall *call, double *const host[], double *mag)
{
    const P2pAttr *a = &call->attr;
    const size_t count = p2p_tensor_elements(&call->t[P2P_LOSS_X]);
    double sum = 0;

    (void)mag;
    for (size_t i = 0; i < count; i++) {
        const double t = host[P2P_LOSS_TARGET] ? host[P2P_LOSS_TARGET][i] : (double)a->value;
        double slope;
        sum += loss_of(a->loss, host[P2P_LOSS_X][i], t, &slope);
        if (!host[P2P_LOSS_DX])
            continue;
        slope *= (double)a->grad_scale / (double)count *
                 (host[P2P_LOSS_SCALE] ? *host[P2P_LOSS_SCALE] : 1);
        host[P2P_LOSS_DX][i] = (a->accumulate ? host[P2P_LOSS_DX][i] : 0) + slope;
    }
    double *value = &host[P2P_LOSS_VALUE][a->index];
    *value = (a->add_value ? *value : 0) + (double)a->value_scale * sum / (double)count;
}
