/* SPDX-License-Identifier: BSD-2-Clause */
/* References of depthwise convolution and its gradients. */
#include <math.h>

#include "src/ops/ref.h"

/* out element += a's times b's, wherever a window of y meets x; operands by role. */
static void walk(const P2pCall *call, double *const host[], double *mag, int out, int a, int b)
{
    const P2pTensor *x = &call->t[P2P_DEPTHWISE_X], *y = &call->t[P2P_DEPTHWISE_Y];
    const P2pTensor *w = &call->t[P2P_DEPTHWISE_W];
    size_t at[3];

    for (int plane = 0; plane < y->n * y->c; plane++)
        for (int i = 0; i < y->h * y->w * w->h * w->w; i++) {
            const int tap = i % (w->h * w->w), pixel = i / (w->h * w->w);
            const int h = pixel / y->w * call->attr.stride - call->attr.pad + tap / w->w;
            const int col = pixel % y->w * call->attr.stride - call->attr.pad + tap % w->w;
            if (h < 0 || h >= x->h || col < 0 || col >= x->w)
                continue;
            at[P2P_DEPTHWISE_X] =
                ((size_t)plane * (size_t)x->h + (size_t)h) * (size_t)x->w + (size_t)col;
            at[P2P_DEPTHWISE_Y] = (size_t)plane * (size_t)y->h * (size_t)y->w + (size_t)pixel;
            at[P2P_DEPTHWISE_W] = (size_t)(plane % y->c) * (size_t)(w->h * w->w) + (size_t)tap;
            const double product = host[a][at[a]] * host[b][at[b]];
            host[out][at[out]] += product;
            if (mag)
                mag[at[out]] += fabs(product);
        }
}

static void start(const P2pCall *call, double *const host[], double *mag, int out)
{
    for (size_t i = 0; i < p2p_tensor_elements(&call->t[out]); i++) {
        host[out][i] = call->attr.accumulate ? host[out][i] : 0;
        if (mag)
            mag[i] = fabs(host[out][i]);
    }
}

void p2p_ref_depthwise_fwd(const P2pCall *call, double *const host[], double *mag)
{
    start(call, host, mag, P2P_DEPTHWISE_Y);
    walk(call, host, mag, P2P_DEPTHWISE_Y, P2P_DEPTHWISE_X, P2P_DEPTHWISE_W);
}

void p2p_ref_depthwise_dgrad(const P2pCall *call, double *const host[], double *mag)
{
    start(call, host, mag, P2P_DEPTHWISE_X);
    walk(call, host, mag, P2P_DEPTHWISE_X, P2P_DEPTHWISE_Y, P2P_DEPTHWISE_W);
}

void p2p_ref_depthwise_wgrad(const P2pCall *call, double *const host[], double *mag)
{
    start(call, host, mag, P2P_DEPTHWISE_W);
    walk(call, host, mag, P2P_DEPTHWISE_W, P2P_DEPTHWISE_X, P2P_DEPTHWISE_Y);
}
