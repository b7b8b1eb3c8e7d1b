/* SPDX-License-Identifier: BSD-2-Clause */
/* References of spectral normalisation. */
#include <math.h>

#include "src/ops/ref.h"

static const double tiny = 1e-12;

/* x over its norm, which is returned. */
static double normalise(double *x, double *copy, size_t count)
{
    double squares = 0;

    for (size_t i = 0; i < count; i++)
        squares += x[i] * x[i];
    const double norm = sqrt(squares);
    for (size_t i = 0; i < count; i++)
        copy[i] = x[i] /= norm < tiny ? tiny : norm;
    return norm;
}

void p2p_ref_spectral_fwd(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *t = &call->t[P2P_SPECTRAL_W];
    const size_t rows = (size_t)t->n, columns = p2p_tensor_elements(t) / rows;
    const double *w = host[P2P_SPECTRAL_W];
    double *u = host[P2P_SPECTRAL_U], *v = host[P2P_SPECTRAL_V];

    (void)mag;
    for (size_t j = 0; j < columns; j++) {
        v[j] = 0;
        for (size_t o = 0; o < rows; o++)
            v[j] += w[o * columns + j] * u[o];
    }
    normalise(v, host[P2P_SPECTRAL_V_USED], columns);
    for (size_t o = 0; o < rows; o++) {
        u[o] = 0;
        for (size_t j = 0; j < columns; j++)
            u[o] += w[o * columns + j] * v[j];
    }
    const double norm = normalise(u, host[P2P_SPECTRAL_U_USED], rows);
    const double sigma = norm < tiny ? norm * norm / tiny : norm;
    host[P2P_SPECTRAL_SIGMA][0] = sigma;
    for (size_t i = 0; i < rows * columns; i++)
        host[P2P_SPECTRAL_Y][i] = w[i] / sigma;
}

void p2p_ref_spectral_bwd(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *t = &call->t[P2P_SPECTRAL_Y];
    const size_t count = p2p_tensor_elements(t), columns = count / (size_t)t->n;
    const double *y = host[P2P_SPECTRAL_Y], *dy = host[P2P_SPECTRAL_DY];
    const double sigma = host[P2P_SPECTRAL_SIGMA][0];
    double sum = 0, most = 0;

    for (size_t i = 0; i < count; i++) {
        sum += y[i] * dy[i];
        most += fabs(y[i] * dy[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const double uv =
            host[P2P_SPECTRAL_U_USED][i / columns] * host[P2P_SPECTRAL_V_USED][i % columns];
        const double old = call->attr.accumulate ? host[P2P_SPECTRAL_DW][i] : 0;
        host[P2P_SPECTRAL_DW][i] = old + (dy[i] - sum * uv) / sigma;
        if (mag)
            mag[i] = fabs(old) + (fabs(dy[i]) + most * fabs(uv)) / fabs(sigma);
    }
}
