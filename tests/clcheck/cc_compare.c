/* SPDX-License-Identifier: BSD-2-Clause */
/* What came out against the reference; what must not have changed; two runs, the same bits. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clcheck.h"
#include "src/base/memory.h"

/* The largest sum of |products| behind an element: what errors that spread may be relative to. */
static double most_mag(const CcData *d, const CcCase *c)
{
    const size_t count = p2p_tensor_elements(&c->call.t[d->first]);
    double most = 0;

    for (size_t k = 0; k < count; k++)
        most = fmax(most, d->mag[k]);
    return most;
}

static double bound(const CcData *d, const CcCase *c, int i, size_t k)
{
    const bool has_mag = d->mag && (i == d->first || c->mag_also >> i & 1);
    const double ref = fabs(d->o[i].ref[k]);
    const double given = c->ulps_of[i] > 0 ? c->ulps_of[i] : c->ulps;
    const double ulps = !has_mag && given <= 0 ? 4 : given;

    return FLT_EPSILON * ((has_mag ? 4 * sqrt(c->terms) * d->mag[k] : 0) +
                          ulps * (ref > c->scale[i] ? ref : c->scale[i])) +
           FLT_MIN;
}

/* Compare the elements of output i and mark their places in touched. */
static bool compare_elements(const CcData *d, const CcCase *c, int i, double error,
                             unsigned char *touched, char *text, size_t bytes)
{
    const P2pTensor *t = &c->call.t[i];
    const CcOperand *o = &d->o[i];
    const double spread = error > 1 ? error * FLT_EPSILON * most_mag(d, c) : 0;
    size_t k = 0;

    for (int n = 0; n < t->n; n++)
        for (int ch = 0; ch < t->c; ch++)
            for (int h = 0; h < t->h; h++)
                for (int w = 0; w < t->w; w++, k++) {
                    const size_t at = p2p_tensor_index(t, n, ch, h, w);
                    const double limit = error > 0 ? bound(d, c, i, k) + spread : 0;
                    float got;

                    touched[at] = 1;
                    memcpy(&got, &o->after[0][at], 4);
                    if (fabs((double)got - o->ref[k]) <= limit)
                        continue;
                    snprintf(text, bytes,
                             "operand %d n%d c%d h%d w%d: got %.9g, expected %.9g +- %.3g%s", i, n,
                             ch, h, w, (double)got, o->ref[k], limit,
                             error == 0 ? " (integers)" : "");
                    return false;
                }
    return true;
}

static bool compare_operand(const CcData *d, const CcCase *c, int i, double error, char *text,
                            size_t bytes)
{
    const CcOperand *o = &d->o[i];
    const P2pTensor *t = &c->call.t[i];
    unsigned char *touched = p2p_alloc(o->floats, 1);
    bool good = touched != NULL;

    if (good && cc_written(c->call.pass, i)) {
        /* The padding of a weight's last block may hold anything. */
        if (t->layout == P2P_WEIGHT)
            memset(touched + t->offset, 1, p2p_tensor_span(t));
        good = compare_elements(d, c, i, error, touched, text, bytes);
    }
    for (size_t k = 0; good && k < o->floats; k++)
        if (!touched[k] && o->after[0][k] != o->before[k]) {
            snprintf(text, bytes, "operand %d was written at float %ld of its span of %zu", i,
                     (long)k - t->offset, p2p_tensor_span(t));
            good = false;
        }
    if (good && memcmp(o->after[0], o->after[1], o->floats * 4)) {
        snprintf(text, bytes, "operand %d: a second run gave other bits", i);
        good = false;
    }
    free(touched);
    return good;
}

bool cc_compare(const CcData *d, const CcCase *c, const P2pWay *way, bool integers, char *text,
                size_t bytes)
{
    const double error = integers && c->exact && !way->inexact ? 0
                         : way->error > 0                      ? way->error
                                                               : 1;

    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        bool aliased = false;
        for (int j = 0; j < P2P_MAX_OPERANDS; j++)
            aliased |= c->alias[j] == i + 1;
        if (d->o[i].dense && !aliased && !compare_operand(d, c, i, error, text, bytes))
            return false;
    }
    return true;
}
