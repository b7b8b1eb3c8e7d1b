/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution in plain C double on dense [n, c, h, w] arrays: the definition that every variant is
 * compared with. Scatters where the kernels gather, so that both cannot share a mistake.
 */
#include <math.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"
#include "src/ops/ref.h"

/* Call visit for every (y element, x element, weight) that meet, with flat positions. */
typedef struct Meeting {
    double *x, *y, *w, *x_mag, *y_mag, *w_mag;
} Meeting;

typedef enum Direction { FORWARD, DATA, WEIGHTS } Direction;

/* One row of small-side pixels against one tap of one pair of channels. */
static void meet_row(const ConvGeom *g, Direction d, const Meeting *m, size_t x0, size_t y0,
                     size_t wi, int s)
{
    for (int q = 0; q < g->q; q++) {
        const int col = q * g->stride - g->pad + s;
        if (col < 0 || col >= g->w)
            continue;
        double *x = &m->x[x0 + (size_t)col], *y = &m->y[y0 + (size_t)q], *w = &m->w[wi];
        if (d == FORWARD) {
            *y += *x * *w;
            if (m->y_mag)
                m->y_mag[y0 + (size_t)q] += fabs(*x * *w);
        } else if (d == DATA) {
            *x += *y * *w;
            if (m->x_mag)
                m->x_mag[x0 + (size_t)col] += fabs(*y * *w);
        } else {
            *w += *x * *y;
            if (m->w_mag)
                m->w_mag[wi] += fabs(*x * *y);
        }
    }
}

static void meet_planes(const ConvGeom *g, Direction d, const Meeting *m, int n, int k, int c)
{
    const int o = g->large_out ? c : k, i = g->large_out ? k : c;
    const size_t in = (size_t)(g->large_out ? g->k : g->c);
    const size_t w0 = ((size_t)o * in + (size_t)i) * (size_t)(g->r * g->s);

    for (int r = 0; r < g->r; r++)
        for (int p = 0; p < g->p; p++) {
            const int row = p * g->stride - g->pad + r;
            if (row < 0 || row >= g->h)
                continue;
            const size_t x0 =
                (((size_t)n * (size_t)g->c + (size_t)c) * (size_t)g->h + (size_t)row) *
                (size_t)g->w;
            const size_t y0 =
                (((size_t)n * (size_t)g->k + (size_t)k) * (size_t)g->p + (size_t)p) * (size_t)g->q;
            for (int s = 0; s < g->s; s++)
                meet_row(g, d, m, x0, y0, w0 + (size_t)(r * g->s + s), s);
        }
}

static void meet_all(const ConvGeom *g, Direction d, const Meeting *m)
{
    for (int n = 0; n < g->n; n++)
        for (int k = 0; k < g->k; k++)
            for (int c = 0; c < g->c; c++)
                meet_planes(g, d, m, n, k, c);
}

/* Begin with the bias (or what is there, when accumulating). */
static void begin(const P2pCall *call, const P2pTensor *t, const double *bias, double *out,
                  double *mag)
{
    const size_t plane = (size_t)t->h * (size_t)t->w, count = p2p_tensor_elements(t);

    for (size_t i = 0; i < count; i++) {
        const double b = bias ? bias[i / plane % (size_t)t->c] : 0.0;
        out[i] = call->attr.accumulate ? out[i] : b;
        if (mag)
            mag[i] = fabs(out[i]);
    }
}

static void end(const P2pCall *call, const P2pTensor *t, double *out)
{
    const size_t count = p2p_tensor_elements(t);

    for (size_t i = 0; !call->attr.accumulate && i < count; i++)
        out[i] = p2p_ref_activate(out[i], call->attr.act1, (double)call->attr.slope);
}

static Meeting meeting(double *const host[])
{
    return (Meeting){.x = host[P2P_CONV_X], .y = host[P2P_CONV_Y], .w = host[P2P_CONV_W]};
}

void p2p_ref_conv2d_fwd(const P2pCall *call, double *const host[], double *mag)
{
    const ConvGeom g = p2p_conv_geom(call);
    Meeting m = meeting(host);

    m.y_mag = mag;
    begin(call, &call->t[P2P_CONV_Y], host[P2P_CONV_BIAS], m.y, mag);
    meet_all(&g, FORWARD, &m);
    end(call, &call->t[P2P_CONV_Y], m.y);
}

void p2p_ref_conv2d_dgrad(const P2pCall *call, double *const host[], double *mag)
{
    const ConvGeom g = p2p_conv_geom(call);
    Meeting m = meeting(host);

    m.x_mag = mag;
    begin(call, &call->t[P2P_CONV_X], host[P2P_CONV_BIAS], m.x, mag);
    meet_all(&g, DATA, &m);
    end(call, &call->t[P2P_CONV_X], m.x);
}

void p2p_ref_conv2d_wgrad(const P2pCall *call, double *const host[], double *mag)
{
    const ConvGeom g = p2p_conv_geom(call);
    Meeting m = meeting(host);

    m.w_mag = mag;
    begin(call, &call->t[P2P_CONV_W], NULL, m.w, mag);
    meet_all(&g, WEIGHTS, &m);
}

void p2p_ref_conv2d_wgrad_adam(const P2pCall *call, double *const host[], double *mag)
{
    const size_t count = p2p_tensor_elements(&call->t[P2P_CONV_W]);
    double *gradient = p2p_alloc(count, sizeof(*gradient));
    double *conv[P2P_MAX_OPERANDS] = {0}, *adam[P2P_MAX_OPERANDS] = {0};
    P2pCall step = {.attr = call->attr};

    P2P_ASSERT(gradient); /* references are for tests and bisection */
    conv[P2P_CONV_X] = host[P2P_CONV_X];
    conv[P2P_CONV_Y] = host[P2P_CONV_Y];
    conv[P2P_CONV_W] = gradient;
    p2p_ref_conv2d_wgrad(call, conv, mag);
    step.t[P2P_ADAM_P] = call->t[P2P_CONV_W];
    adam[P2P_ADAM_P] = host[P2P_CONV_W];
    adam[P2P_ADAM_G] = gradient;
    adam[P2P_ADAM_M] = host[P2P_CONV_M];
    adam[P2P_ADAM_V] = host[P2P_CONV_V];
    adam[P2P_ADAM_HYPER] = host[P2P_CONV_HYPER];
    p2p_ref_adam(&step, adam, NULL);
    free(gradient);
}
