/* SPDX-License-Identifier: BSD-2-Clause */
/* References of the gradient penalty's own passes: mix, penalty, norm_tangent_sums, norm_tangent_bwd. */
#include <math.h>

#include "src/ops/ref.h"

void p2p_ref_mix(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *y = &call->t[P2P_MIX_Y];
    const size_t picture = p2p_tensor_elements(y) / (size_t)y->n;

    for (size_t i = 0; i < p2p_tensor_elements(y); i++) {
        const double share = host[P2P_MIX_SHARE][i / picture];
        const double a = share * host[P2P_MIX_A][i], b = (1 - share) * host[P2P_MIX_B][i];
        host[P2P_MIX_Y][i] = a + b;
        if (mag)
            mag[i] = fabs(a) + (1 + fabs(share)) * fabs(host[P2P_MIX_B][i]);
    }
}

void p2p_ref_penalty(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *g = &call->t[P2P_PENALTY_G];
    const P2pAttr *a = &call->attr;
    const size_t picture = p2p_tensor_elements(g) / (size_t)g->n;
    double sum = 0;

    (void)mag;
    for (int n = 0; n < g->n; n++) {
        const double *from = host[P2P_PENALTY_G] + (size_t)n * picture;
        double *v = host[P2P_PENALTY_V] + (size_t)n * picture, squares = 0;
        for (size_t i = 0; i < picture; i++)
            squares += pow(from[i] + P2P_PENALTY_TINY, 2);
        const double norm = sqrt(squares), excess = norm - (double)a->value;
        sum += excess * excess;
        for (size_t i = 0; i < picture; i++)
            v[i] = (double)a->grad_scale * 2 * excess * (from[i] + P2P_PENALTY_TINY) /
                   (norm * (double)g->n);
    }
    host[P2P_PENALTY_VALUE][a->index] = (double)a->value_scale * sum / (double)g->n;
}

/* One statistic of a norm_tangent call: the sums over its M pixels. */
typedef struct Statistic {
    double t, tx, u, ux; /* of t, t xhat, u, u xhat */
    double mean, rstd, count;
} Statistic;

static Statistic statistic(const P2pCall *call, double *const host[], int group, int c)
{
    const P2pTensor *x = &call->t[P2P_NT_T];
    const size_t at = (size_t)(group * x->c + c), sums = at + (size_t)(group * x->c);
    const double *st = host[P2P_NT_SUMS_T] + sums, *su = host[P2P_NT_SUMS_U] + sums;

    return (Statistic){.t = st[0],
                       .tx = st[x->c],
                       .u = su[0],
                       .ux = su[x->c],
                       .mean = host[P2P_NT_MEAN] ? host[P2P_NT_MEAN][at] : 0,
                       .rstd = host[P2P_NT_RSTD][at],
                       .count = (double)(x->n / call->t[P2P_NT_Q].n) * x->h * x->w};
}

void p2p_ref_norm_tangent_sums(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *x = &call->t[P2P_NT_T];
    const int groups = call->t[P2P_NT_Q].n, pictures = x->n / groups;
    const size_t plane = (size_t)x->h * (size_t)x->w;

    for (int g = 0; g < groups; g++)
        for (int c = 0; c < x->c; c++) {
            const Statistic s = statistic(call, host, g, c);
            const size_t at = (size_t)(g * x->c + c);
            double sum = 0, most = 0;
            for (int n = g * pictures; n < (g + 1) * pictures; n++)
                for (size_t i = 0; i < plane; i++) {
                    const size_t k = (size_t)(n * x->c + c) * plane + i;
                    sum += host[P2P_NT_T][k] * host[P2P_NT_U][k];
                    most += fabs(host[P2P_NT_T][k] * host[P2P_NT_U][k]);
                }
            host[P2P_NT_Q][at] = s.rstd * (sum - (s.t * s.u + s.tx * s.ux) / s.count);
            if (mag)
                mag[at] = s.rstd * (most + (fabs(s.t * s.u) + fabs(s.tx * s.ux)) / s.count);
        }
}

void p2p_ref_norm_tangent_bwd(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *x = &call->t[P2P_NT_X];
    const int groups = call->t[P2P_NT_Q].n, pictures = x->n / groups;
    const size_t plane = (size_t)x->h * (size_t)x->w;

    for (size_t k = 0; k < p2p_tensor_elements(x); k++) {
        const int c = (int)(k / plane % (size_t)x->c);
        const int g = (int)(k / plane / (size_t)x->c) / pictures;
        const Statistic s = statistic(call, host, g, c);
        const double gamma = host[P2P_NT_GAMMA] ? host[P2P_NT_GAMMA][c] : 1;
        const double scale = -gamma * s.rstd / s.count;
        const double xhat = (host[P2P_NT_X][k] - s.mean) * s.rstd;
        const double q = host[P2P_NT_Q][(size_t)(g * x->c + c)], both = 2 * s.tx * s.ux / s.count;
        const double t = host[P2P_NT_T][k], u = host[P2P_NT_U][k];
        const double old = call->attr.accumulate ? host[P2P_NT_DX][k] : 0;
        host[P2P_NT_DX][k] =
            old + scale * (s.rstd * (s.ux * (t - s.t / s.count) + s.tx * (u - s.u / s.count)) +
                           xhat * (q - both * s.rstd));
        if (mag)
            mag[k] = fabs(old) + fabs(scale) * s.rstd *
                                     (fabs(s.ux) * (fabs(t) + fabs(s.t) / s.count) +
                                      fabs(s.tx) * (fabs(u) + fabs(s.u) / s.count) +
                                      (fabs(host[P2P_NT_X][k]) + fabs(s.mean)) *
                                          (fabs(q) + fabs(both) * s.rstd));
    }
}
