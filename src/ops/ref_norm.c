/* SPDX-License-Identifier: BSD-2-Clause */
/* References of the sums over pixels and of normalisation with dropout and activations. */
#include <math.h>
#include <string.h>

#include "cl/philox.h"
#include "src/base/rng.h"
#include "src/ops/ref.h"

void p2p_ref_channel_sum(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *x = &call->t[P2P_SUM_X];
    const size_t plane = (size_t)x->h * (size_t)x->w;

    for (int c = 0; c < x->c; c++) {
        const double old = call->attr.accumulate ? host[P2P_SUM_Y][c] : 0;
        double sum = old, absolute = fabs(old);
        for (int n = 0; n < x->n; n++)
            for (size_t i = 0; i < plane; i++) {
                const double v = host[P2P_SUM_X][(size_t)(n * x->c + c) * plane + i];
                sum += v;
                absolute += fabs(v);
            }
        host[P2P_SUM_Y][c] = sum;
        if (mag)
            mag[c] = absolute;
    }
}

/* One statistic: mean, biased variance and the mean of |x - mean|. */
static void moments(const P2pTensor *x, const double *data, int first, int pictures, int c,
                    double out[3])
{
    const size_t plane = (size_t)x->h * (size_t)x->w;
    const double count = (double)pictures * (double)plane;
    double sum = 0, deviations = 0, squares = 0;

    for (int n = first; n < first + pictures; n++)
        for (size_t i = 0; i < plane; i++)
            sum += data[((size_t)n * (size_t)x->c + (size_t)c) * plane + i];
    for (int n = first; n < first + pictures; n++)
        for (size_t i = 0; i < plane; i++) {
            const double d = data[((size_t)n * (size_t)x->c + (size_t)c) * plane + i] - sum / count;
            squares += d * d;
            deviations += fabs(d);
        }
    out[0] = sum / count;
    out[1] = squares / count;
    out[2] = deviations / count;
}

void p2p_ref_norm_stats(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *x = &call->t[P2P_STATS_X];
    const int groups = call->t[P2P_STATS_MEAN].n, pictures = x->n / groups;
    const double count = (double)pictures * x->h * x->w;
    const double momentum = (double)call->attr.momentum, eps = (double)call->attr.eps;

    for (int g = 0; g < groups; g++)
        for (int c = 0; c < x->c; c++) {
            const size_t at = (size_t)(g * x->c + c);
            double m[3];
            moments(x, host[P2P_STATS_X], g * pictures, pictures, c, m);
            host[P2P_STATS_MEAN][at] = m[0];
            host[P2P_STATS_RSTD][at] = 1 / sqrt(m[1] + eps);
            if (mag)
                mag[at] = m[2];
            const double unbiased =
                m[1] * count / fmax(count - 1, 1); /* of one pixel 0, or a NaN */
            if (host[P2P_STATS_RUN_MEAN])
                host[P2P_STATS_RUN_MEAN][c] =
                    (1 - momentum) * host[P2P_STATS_RUN_MEAN][c] + momentum * m[0];
            if (host[P2P_STATS_RUN_VAR])
                host[P2P_STATS_RUN_VAR][c] =
                    (1 - momentum) * host[P2P_STATS_RUN_VAR][c] + momentum * unbiased;
        }
}

void p2p_ref_norm_running(const P2pCall *call, double *const host[], double *mag)
{
    (void)mag;
    for (int c = 0; c < call->t[P2P_STATS_MEAN].c; c++) {
        host[P2P_STATS_MEAN][c] = host[P2P_STATS_RUN_MEAN][c];
        host[P2P_STATS_RSTD][c] = 1 / sqrt(host[P2P_STATS_RUN_VAR][c] + (double)call->attr.eps);
    }
}

/* ---- norm_act -------------------------------------------------------------------------------- */

/* An element of a norm_act call: where it lies and the constants of its channel. */
typedef struct Element {
    size_t at;   /* dense [n,c,h,w] */
    size_t stat; /* in [groups, C] */
    int group, c;
    double mean, rstd, gamma, beta, mask;
} Element;

uint32_t p2p_ref_hyper_word(const double *hyper, int i)
{
    const float word = (float)hyper[i];
    uint32_t bits;

    memcpy(&bits, &word, sizeof(bits));
    return bits;
}

/* What dropout multiplies NHWC element i by. */
static double dropout_mask(const P2pCall *call, double *const host[], size_t i)
{
    const double p = (double)call->attr.dropout_p;
    uint32_t out[4];

    if (p <= 0)
        return 1;
    const P2pTensor *x = &call->t[P2P_NA_X];
    i += p2p_ref_hyper_word(host[P2P_NA_HYPER], P2P_HYPER_FIRST) *
         (p2p_tensor_elements(x) / (size_t)x->n);
    const uint32_t key[2] = {p2p_ref_hyper_word(host[P2P_NA_HYPER], P2P_HYPER_SEED), PHILOX_KEY};
    const uint32_t counter[4] = {(uint32_t)(i / 4), 0, call->attr.stream,
                                 p2p_ref_hyper_word(host[P2P_NA_HYPER], P2P_HYPER_STEP)};
    p2p_philox(counter, key, out);
    return (double)(out[i % 4] >> 8) / 16777216.0 >= p ? 1 / (1 - p) : 0;
}

static Element element(const P2pCall *call, double *const host[], int n, int c, int h, int w)
{
    const P2pTensor *x = &call->t[P2P_NA_X];
    const int groups = host[P2P_NA_MEAN] ? call->t[P2P_NA_MEAN].n : 1;
    const size_t pixel = ((size_t)n * (size_t)x->h + (size_t)h) * (size_t)x->w + (size_t)w;
    Element e = {.c = c, .group = n / (x->n / groups)};

    e.at = (((size_t)n * (size_t)x->c + (size_t)c) * (size_t)x->h + (size_t)h) * (size_t)x->w +
           (size_t)w;
    e.stat = (size_t)(e.group * x->c + c);
    e.mean = host[P2P_NA_MEAN] ? host[P2P_NA_MEAN][e.stat] : 0;
    e.rstd = host[P2P_NA_RSTD] ? host[P2P_NA_RSTD][e.stat] : 1;
    e.gamma = host[P2P_NA_GAMMA] ? host[P2P_NA_GAMMA][c] : 1;
    e.beta = host[P2P_NA_BETA] ? host[P2P_NA_BETA][c] : 0;
    e.mask = dropout_mask(call, host, pixel * (size_t)x->c + (size_t)c);
    return e;
}

typedef void (*Visit)(const P2pCall *call, double *const host[], const Element *e, double *mag);

static void visit_all(const P2pCall *call, double *const host[], double *mag, Visit visit)
{
    const P2pTensor *x = &call->t[P2P_NA_X];

    for (int n = 0; n < x->n; n++)
        for (int c = 0; c < x->c; c++)
            for (int h = 0; h < x->h; h++)
                for (int w = 0; w < x->w; w++) {
                    const Element e = element(call, host, n, c, h, w);
                    visit(call, host, &e, mag);
                }
}

static void visit_fwd(const P2pCall *call, double *const host[], const Element *e, double *mag)
{
    const P2pAttr *a = &call->attr;
    const double x = host[P2P_NA_X][e->at];
    const double z = (e->gamma * (x - e->mean) * e->rstd + e->beta) * e->mask;

    host[P2P_NA_Y1][e->at] = p2p_ref_activate(z, a->act1, (double)a->slope);
    if (host[P2P_NA_Y2])
        host[P2P_NA_Y2][e->at] = p2p_ref_activate(z, a->act2, (double)a->slope);
    if (mag)
        mag[e->at] =
            e->mask * (fabs(e->gamma) * (fabs(x) + fabs(e->mean)) * e->rstd + fabs(e->beta));
}

void p2p_ref_norm_act_fwd(const P2pCall *call, double *const host[], double *mag)
{
    visit_all(call, host, mag, visit_fwd);
}

/* Gradient at the dropout's input; *mag: the size of what was added up. */
static double gradient_dz(const P2pCall *call, double *const host[], const Element *e, double *mag)
{
    const P2pAttr *a = &call->attr;
    const P2pAct acts[2] = {a->act1, a->act2};
    double dz = 0;

    *mag = 0;
    for (int i = 0; i < 2; i++) {
        if (!host[P2P_NA_DY1 + i])
            continue;
        const double dy = host[P2P_NA_DY1 + i][e->at], y = host[P2P_NA_Y1 + i][e->at];
        const double passed = p2p_ref_activate_gradient(dy, y, acts[i], (double)a->slope);
        dz += passed;
        *mag += acts[i] == P2P_ACT_TANH ? fabs(dy) * (1 + y * y) : fabs(passed);
    }
    *mag *= e->mask;
    return dz * e->mask;
}

static void visit_sums(const P2pCall *call, double *const host[], const Element *e, double *mag)
{
    const int channels = call->t[P2P_NA_X].c;
    const size_t at = (size_t)(2 * e->group * channels + e->c);
    const double x = host[P2P_NA_X][e->at];
    double most;
    const double dz = gradient_dz(call, host, e, &most);

    host[P2P_NA_SUMS][at] += dz;
    host[P2P_NA_SUMS][at + (size_t)channels] += dz * (x - e->mean) * e->rstd;
    if (mag) {
        mag[at] += most;
        mag[at + (size_t)channels] += most * (fabs(x) + fabs(e->mean)) * e->rstd;
    }
}

/* Half of the sums, over the groups, to a parameter's gradient. */
static void sums_to_parameters(const P2pCall *call, const double *sums, double *gradient)
{
    const P2pTensor *all = &call->t[P2P_NA_SUMS];

    for (int c = 0; gradient && c < all->c / 2; c++) {
        double sum = call->attr.accumulate ? gradient[c] : 0;
        for (int g = 0; g < all->n; g++)
            sum += sums[g * all->c + c];
        gradient[c] = sum;
    }
}

void p2p_ref_norm_act_sums(const P2pCall *call, double *const host[], double *mag)
{
    const size_t count = p2p_tensor_elements(&call->t[P2P_NA_SUMS]);
    const int channels = call->t[P2P_NA_X].c;

    for (size_t i = 0; i < count; i++) {
        host[P2P_NA_SUMS][i] = 0;
        if (mag)
            mag[i] = 0;
    }
    visit_all(call, host, mag, visit_sums);
    sums_to_parameters(call, host[P2P_NA_SUMS] + channels, host[P2P_NA_DGAMMA]);
    sums_to_parameters(call, host[P2P_NA_SUMS], host[P2P_NA_DBETA]);
}

static void visit_bwd(const P2pCall *call, double *const host[], const Element *e, double *mag)
{
    const P2pTensor *x = &call->t[P2P_NA_X];
    const double scale = e->gamma * e->rstd;
    const double old = call->attr.accumulate ? host[P2P_NA_DX][e->at] : 0;
    double most, d = gradient_dz(call, host, e, &most);

    if (host[P2P_NA_MEAN] && !call->attr.fixed_statistics) {
        const int groups = call->t[P2P_NA_MEAN].n;
        const double count = (double)(x->n / groups) * x->h * x->w;
        const double *sums = host[P2P_NA_SUMS] + (size_t)e->group * 2 * (size_t)x->c + e->c;
        const double value = host[P2P_NA_X][e->at];
        d -= (sums[0] + (value - e->mean) * e->rstd * sums[x->c]) / count;
        most +=
            (fabs(sums[0]) + (fabs(value) + fabs(e->mean)) * e->rstd * fabs(sums[x->c])) / count;
    }
    host[P2P_NA_DX][e->at] = old + scale * d;
    if (mag)
        mag[e->at] = fabs(old) + fabs(scale) * most;
}

void p2p_ref_norm_act_bwd(const P2pCall *call, double *const host[], double *mag)
{
    visit_all(call, host, mag, visit_bwd);
}

/* ---- Both at once: magnitudes are y1's and dx's ----------------------------------------------- */

void p2p_ref_norm_fwd(const P2pCall *call, double *const host[], double *mag)
{
    P2pCall stats = {.pass = &p2p_pass_norm_stats, .attr = call->attr};
    const int from[] = {P2P_NA_X, P2P_NA_MEAN, P2P_NA_RSTD, P2P_NA_RUN_MEAN, P2P_NA_RUN_VAR};
    double *stats_host[P2P_MAX_OPERANDS] = {0};

    for (int i = P2P_STATS_X; i <= P2P_STATS_RUN_VAR; i++) {
        stats.t[i] = call->t[from[i]];
        stats_host[i] = host[from[i]];
    }
    p2p_ref_norm_stats(&stats, stats_host, NULL);
    p2p_ref_norm_act_fwd(call, host, mag);
}

void p2p_ref_norm_bwd(const P2pCall *call, double *const host[], double *mag)
{
    P2pCall sums = *call;

    sums.attr.accumulate = call->attr.add_value;
    p2p_ref_norm_act_sums(&sums, host, NULL);
    p2p_ref_norm_act_bwd(call, host, mag);
}
