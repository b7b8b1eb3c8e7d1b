/* SPDX-License-Identifier: BSD-2-Clause */
/* References of Adam and of what goes on around it. */
#include <math.h>

#include "cl/sizes.h"
#include "src/ops/ref.h"

/* What turns a scaled sum of gradients into their mean, no longer than the clip. */
static double gradient_factor(const P2pAttr *a, const double *squares, const double *scale)
{
    const double mean = 1.0 / (a->batches > 1 ? a->batches : 1) / (scale ? *scale : 1);

    return squares && a->clip > 0 ? mean * fmin(1, (double)a->clip / (mean * sqrt(*squares) + 1e-6))
                                  : mean;
}

void p2p_ref_adam(const P2pCall *call, double *const host[], double *mag)
{
    const P2pAttr *a = &call->attr;
    const size_t count = p2p_tensor_elements(&call->t[P2P_ADAM_P]);
    const double *g = host[P2P_ADAM_G], *hyper = host[P2P_ADAM_HYPER];
    const double lr = hyper[P2P_HYPER_LR], h1 = hyper[P2P_HYPER_H1], h2 = hyper[P2P_HYPER_H2];
    double *p = host[P2P_ADAM_P], *m = host[P2P_ADAM_M], *v = host[P2P_ADAM_V];

    const double *squares = host[P2P_ADAM_SQUARES], *scale = host[P2P_ADAM_SCALE];
    const double factor = gradient_factor(a, squares, scale);

    (void)mag;
    if (scale && !isfinite(*squares))
        return;
    for (size_t i = 0; i < count; i++) {
        const double d = factor * g[i];
        m[i] = a->beta1 * m[i] + (1 - a->beta1) * d;
        v[i] = a->beta2 * v[i] + (1 - a->beta2) * d * d;
        p[i] -= a->epsilon_hat ? lr * h1 / h2 * m[i] / (sqrt(v[i]) + (double)a->eps)
                               : lr * h1 * m[i] / (sqrt(v[i]) * h2 + (double)a->eps);
    }
}

void p2p_ref_squares(const P2pCall *call, double *const host[], double *mag)
{
    const size_t count = p2p_tensor_elements(&call->t[P2P_SQUARES_X]);
    double sum = call->attr.add_value ? *host[P2P_SQUARES_SUM] : 0;

    (void)mag;
    for (size_t i = 0; i < count; i++)
        sum += host[P2P_SQUARES_X][i] * host[P2P_SQUARES_X][i];
    *host[P2P_SQUARES_SUM] = sum;
}

void p2p_ref_ema(const P2pCall *call, double *const host[], double *mag)
{
    const size_t count = p2p_tensor_elements(&call->t[P2P_EMA_AVERAGE]);
    const double share = host[P2P_EMA_HYPER][P2P_HYPER_EMA];

    (void)mag;
    for (size_t i = 0; i < count; i++)
        host[P2P_EMA_AVERAGE][i] += share * (host[P2P_EMA_P][i] - host[P2P_EMA_AVERAGE][i]);
}

void p2p_ref_loss_scale(const P2pCall *call, double *const host[], double *mag)
{
    double *scale = host[P2P_SCALE_SCALE];
    bool bad = false;

    (void)call;
    (void)mag;
    for (int i = P2P_SCALE_SQUARES; i < P2P_SCALE_SQUARES + P2P_SCALE_MOST; i++)
        bad |= host[i] && !isfinite(*host[i]);
    scale[1] = bad ? 0 : scale[1] + 1;
    scale[2] += bad;
    if (bad) {
        scale[0] = fmax(scale[0] / 2, (double)LOSS_SCALE_LEAST);
    } else if (scale[1] >= (double)LOSS_SCALE_STEPS) {
        scale[0] = fmin(2 * scale[0], (double)LOSS_SCALE_MOST);
        scale[1] = 0;
    }
}
