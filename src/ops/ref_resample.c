/* SPDX-License-Identifier: BSD-2-Clause */
/* References of upsample_fwd and upsample_bwd. */
#include <math.h>

#include "src/ops/ref.h"

/* The two inputs of a line of n that output i is made of, and the nearer one's weight. */
static double sources(int i, int n, bool bilinear, int at[2])
{
    const int other = i / 2 + (i % 2 ? 1 : -1);

    at[0] = i / 2;
    at[1] = other < 0 ? 0 : other >= n ? n - 1 : other;
    return bilinear ? 0.75 : 1;
}

/* visit(small element, large element, weight) of all that belong together. */
static void walk(const P2pCall *call, void (*visit)(double *x, double *y, double *m, double weight),
                 double *const host[], double *mag, bool mag_of_x)
{
    const P2pTensor *x = &call->t[P2P_UPSAMPLE_X];
    const size_t w = (size_t)x->w, plane = (size_t)x->h * w;
    int row[2], col[2];

    for (size_t p = 0; p < (size_t)x->n * (size_t)x->c; p++)
        for (int r = 0; r < 2 * x->h; r++)
            for (int s = 0; s < 2 * x->w; s++) {
                const double of_row = sources(r, x->h, call->attr.bilinear, row);
                const double of_col = sources(s, x->w, call->attr.bilinear, col);
                const size_t large = (p * 2 * (size_t)x->h + (size_t)r) * 2 * w + (size_t)s;
                for (int k = 0; k < 4; k++) {
                    const double weight =
                        (k / 2 ? 1 - of_row : of_row) * (k % 2 ? 1 - of_col : of_col);
                    const size_t small = p * plane + (size_t)row[k / 2] * w + (size_t)col[k % 2];
                    if (weight > 0) /* a NaN of another pixel stays there */
                        visit(&host[P2P_UPSAMPLE_X][small], &host[P2P_UPSAMPLE_Y][large],
                              mag ? &mag[mag_of_x ? small : large] : NULL, weight);
                }
            }
}

static void start(double *out, double *mag, size_t count, bool accumulate)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = accumulate ? out[i] : 0;
        if (mag)
            mag[i] = fabs(out[i]);
    }
}

static void forward(double *x, double *y, double *m, double weight)
{
    *y += weight * *x;
    if (m)
        *m += fabs(weight * *x);
}

static void backward(double *dx, double *dy, double *m, double weight)
{
    *dx += weight * *dy;
    if (m)
        *m += fabs(weight * *dy);
}

void p2p_ref_upsample_fwd(const P2pCall *call, double *const host[], double *mag)
{
    start(host[P2P_UPSAMPLE_Y], mag, p2p_tensor_elements(&call->t[P2P_UPSAMPLE_Y]), false);
    walk(call, forward, host, mag, false);
}

void p2p_ref_upsample_bwd(const P2pCall *call, double *const host[], double *mag)
{
    start(host[P2P_UPSAMPLE_X], mag, p2p_tensor_elements(&call->t[P2P_UPSAMPLE_X]),
          call->attr.accumulate);
    walk(call, backward, host, mag, true);
}
