/* SPDX-License-Identifier: BSD-2-Clause */
/* References of act_bwd, copy, add, fill and the reflection padding. */
#include <math.h>
#include <string.h>

#include "src/ops/ref.h"

double p2p_ref_activate(double v, P2pAct act, double slope)
{
    switch (act) {
    case P2P_ACT_RELU:
        return v < 0 ? 0 : v;
    case P2P_ACT_LEAKY_RELU:
        return v < 0 ? v * slope : v;
    case P2P_ACT_TANH:
        return tanh(v);
    default:
        return v;
    }
}

double p2p_ref_activate_gradient(double dy, double y, P2pAct act, double slope)
{
    switch (act) {
    case P2P_ACT_RELU:
        return y <= 0 ? 0 : dy;
    case P2P_ACT_LEAKY_RELU:
        return y <= 0 ? dy * slope : dy;
    case P2P_ACT_TANH:
        return dy * (1 - y * y);
    default:
        return dy;
    }
}

void p2p_ref_act_bwd(const P2pCall *call, double *const host[], double *mag)
{
    const size_t count = p2p_tensor_elements(&call->t[P2P_ACTB_Y]);
    const double *y = host[P2P_ACTB_Y], *dy = host[P2P_ACTB_DY];
    double *dx = host[P2P_ACTB_DX];

    for (size_t i = 0; i < count; i++) {
        const double old = call->attr.accumulate ? dx[i] : 0;
        const double d =
            p2p_ref_activate_gradient(dy[i], y[i], call->attr.act1, (double)call->attr.slope);
        /* 1 - y^2 cancels near y = 1. */
        const double most =
            call->attr.act1 == P2P_ACT_TANH ? fabs(dy[i]) * (1 + y[i] * y[i]) : fabs(d);
        if (mag)
            mag[i] = most + fabs(old);
        dx[i] = old + d;
    }
}

void p2p_ref_copy(const P2pCall *call, double *const host[], double *mag)
{
    const size_t count = p2p_tensor_elements(&call->t[P2P_COPY_X]);
    const double *x = host[P2P_COPY_X];
    double *y = host[P2P_COPY_Y];

    for (size_t i = 0; i < count; i++) {
        const double old = call->attr.accumulate ? y[i] : 0;
        if (mag)
            mag[i] = call->attr.accumulate ? fabs(old) + fabs(x[i]) : 0;
        y[i] = old + x[i];
    }
}

void p2p_ref_add(const P2pCall *call, double *const host[], double *mag)
{
    const size_t count = p2p_tensor_elements(&call->t[P2P_ADD_Y]);
    const double *a = host[P2P_ADD_A], *b = host[P2P_ADD_B];

    for (size_t i = 0; i < count; i++) {
        if (mag)
            mag[i] = fabs(a[i]) + fabs(b[i]);
        host[P2P_ADD_Y][i] = a[i] + b[i];
    }
}

void p2p_ref_join(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *b = &call->t[P2P_JOIN_B], *y = &call->t[P2P_JOIN_Y];
    const size_t plane = (size_t)y->h * (size_t)y->w;
    const int front = y->c - b->c;
    double *to = host[P2P_JOIN_Y];

    (void)mag;
    for (int n = 0; n < y->n; n++)
        for (int k = 0; k < y->c; k++, to += plane) {
            const int picture = n % b->n;
            const double *from = k < front
                                     ? host[P2P_JOIN_A] + (size_t)(picture * front + k) * plane
                                     : host[n < b->n ? P2P_JOIN_B : P2P_JOIN_C] +
                                           (size_t)(picture * b->c + k - front) * plane;
            memcpy(to, from, plane * sizeof(*to));
        }
}

void p2p_ref_hole(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *y = &call->t[P2P_HOLE_Y];
    const size_t area = (size_t)y->h * (size_t)y->w, picture = area * (size_t)y->c;

    (void)mag;
    for (size_t i = 0; i < p2p_tensor_elements(y); i++) {
        const bool hole = host[P2P_HOLE_MASK][i / picture * area + i % area] < 0;
        const double *known = host[P2P_HOLE_KNOWN];
        host[P2P_HOLE_Y][i] = hole ? host[P2P_HOLE_X][i] : known ? known[i] : 0;
    }
}

void p2p_ref_fill(const P2pCall *call, double *const host[], double *mag)
{
    const size_t count = p2p_tensor_elements(&call->t[P2P_FILL_X]);

    for (size_t i = 0; i < count; i++) {
        if (mag)
            mag[i] = 0;
        host[P2P_FILL_X][i] = (double)call->attr.value;
    }
}

/* Index i of a line of n elements, reflected at its borders without repeating them. */
static int reflect(int i, int n)
{
    if (i < 0)
        i = -i;
    return i >= n ? 2 * (n - 1) - i : i;
}

/* Element of the small tensor that element (i, row, col) of the padded plane i shows. */
static size_t source(const P2pTensor *x, int plane, int row, int col, int pad)
{
    const int h = reflect(row - pad, x->h), w = reflect(col - pad, x->w);

    return ((size_t)plane * (size_t)x->h + (size_t)h) * (size_t)x->w + (size_t)w;
}

void p2p_ref_pad_fwd(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *x = &call->t[P2P_PAD_X], *y = &call->t[P2P_PAD_Y];
    size_t k = 0;

    for (int plane = 0; plane < y->n * y->c; plane++)
        for (int row = 0; row < y->h; row++)
            for (int col = 0; col < y->w; col++, k++) {
                const size_t from = source(x, plane, row, col, call->attr.pad);
                host[P2P_PAD_Y][k] = host[P2P_PAD_X][from];
                if (mag)
                    mag[k] = 0;
            }
}

void p2p_ref_pad_bwd(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *x = &call->t[P2P_PAD_X], *y = &call->t[P2P_PAD_Y];
    const size_t count = p2p_tensor_elements(x);
    double *dx = host[P2P_PAD_X];
    size_t k = 0;

    for (size_t i = 0; i < count; i++) {
        dx[i] = call->attr.accumulate ? dx[i] : 0;
        if (mag)
            mag[i] = fabs(dx[i]);
    }
    for (int plane = 0; plane < y->n * y->c; plane++)
        for (int row = 0; row < y->h; row++)
            for (int col = 0; col < y->w; col++, k++) {
                const size_t to = source(x, plane, row, col, call->attr.pad);
                dx[to] += host[P2P_PAD_Y][k];
                if (mag)
                    mag[to] += fabs(host[P2P_PAD_Y][k]);
            }
}
