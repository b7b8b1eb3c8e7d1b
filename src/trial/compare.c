/* SPDX-License-Identifier: BSD-2-Clause */
/* What came out against the reference; what must not have changed; two runs, the same bits. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/half.h"
#include "src/base/memory.h"
#include "src/trial/trial.h"

enum { REACH = 7 }; /* of a tile of four pixels with stride 2, to either side */

/*
 * What rounding errors of the first output are relative to: the sums of |products|. Of a way that adds
 * up more than an element's own terms (Winograd's), the largest sum of those that share a tile with it:
 * the same picture and channel, or the same pair of channels of a weight, at most REACH away.
 */
static double *magnitudes(const P2pTrialData *d, const P2pTrial *t, const P2pWay *way)
{
    const P2pTensor *to = &t->call.t[d->first];
    const int reach = way->error > 0 ? REACH : 0;
    const size_t count = p2p_tensor_elements(to);
    double *out = p2p_alloc(count, sizeof(*out));

    for (size_t k = 0; d->mag && out && k < count; k++) {
        const int w = (int)(k % (size_t)to->w), h = (int)(k / (size_t)to->w % (size_t)to->h);
        const double *plane = d->mag + (k - (size_t)h * (size_t)to->w - (size_t)w);
        for (int y = p2p_max(0, h - reach); y <= p2p_min(to->h - 1, h + reach); y++)
            for (int x = p2p_max(0, w - reach); x <= p2p_min(to->w - 1, w + reach); x++)
                out[k] = fmax(out[k], plane[y * to->w + x]);
    }
    return out;
}

/* How far element k of output i may be from the reference. error: rounding relative to that of a plain
 * sum; 0: none. Factors below the least that has all its digits are rounded to a part of it. */
static double bound(const P2pTrialData *d, const P2pTrial *t, const double *mag, int i, size_t k,
                    double error, const P2pWay *way)
{
    const bool has_mag = d->mag && (i == d->first || t->mag_also >> i & 1);
    const double ref = fabs(d->o[i].ref[k]);
    const double given = t->ulps_of[i] > 0 ? t->ulps_of[i] : t->ulps;
    const double ulps = !has_mag && given <= 0 ? 4 : given;
    const double stored = t->call.t[i].type == P2P_TYPE_F16 ? 0x1p-11 * ref + 0x1p-25 : 0;

    if (error <= 0)
        return stored;
    return stored +
           FLT_EPSILON * ((has_mag ? error * 4 * sqrt(t->terms) * mag[k] : 0) +
                          ulps * (ref > t->scale[i] ? ref : t->scale[i])) +
           (has_mag && way->rounding > 0 ? way->rounding * (mag[k] + t->terms * way->least) : 0) +
           FLT_MIN;
}

/* Whether a NaN or an infinity stayed one, of the same sign. A way that adds up more than the element's
 * own terms may make one of its neighbours' too, and so may padding's zeros; and factors rounded to
 * zero make none of an infinite term, which a ReLU hides (limit: infinite then). */
static bool same_kind(const P2pTrialData *d, const P2pTrial *t, const P2pWay *way, double got,
                      double ref, double limit)
{
    if (isfinite(ref))
        return !isfinite(got) && d->special >= 0 &&
               (way->error > 0 || t->padded >> d->special & 1 ||
                (way->rounding > 0 && isinf(limit)));
    return isnan(got) || (isinf(got) && (isnan(ref) || (got > 0) == (ref > 0)));
}

static float element(const P2pTensor *t, const P2pTrialOperand *o, size_t at)
{
    uint16_t half;
    float value;

    if (t->type == P2P_TYPE_F16) {
        memcpy(&half, (const unsigned char *)o->after[0] + at * sizeof(half), sizeof(half));
        return p2p_half_to_float(half);
    }
    memcpy(&value, &o->after[0][at], sizeof(value));
    return value;
}

/* Compare the elements of output i and mark their places in touched. */
static bool compare_elements(const P2pTrialData *d, const P2pTrial *t, const P2pWay *way,
                             const double *mag, int i, double error, unsigned char *touched,
                             char *text, size_t bytes)
{
    const P2pTensor *to = &t->call.t[i];
    const P2pTrialOperand *o = &d->o[i];
    size_t k = 0;

    for (int n = 0; n < to->n; n++)
        for (int c = 0; c < to->c; c++)
            for (int h = 0; h < to->h; h++)
                for (int w = 0; w < to->w; w++, k++) {
                    const size_t at = p2p_tensor_index(to, n, c, h, w);
                    const double limit = bound(d, t, mag, i, k, error, way);
                    const float got = element(to, o, at);

                    touched[at] = 1;
                    if (fabs((double)got - o->ref[k]) <= limit ||
                        same_kind(d, t, way, (double)got, o->ref[k], limit))
                        continue;
                    snprintf(text, bytes,
                             "operand %d n%d c%d h%d w%d: got %.9g, expected %.9g +- %.3g", i, n, c,
                             h, w, (double)got, o->ref[k], limit);
                    return false;
                }
    return true;
}

static bool compare_operand(const P2pTrialData *d, const P2pTrial *t, const P2pWay *way,
                            const double *mag, int i, double error, char *text, size_t bytes)
{
    const P2pTrialOperand *o = &d->o[i];
    const P2pTensor *to = &t->call.t[i];
    const size_t bytes_each = to->type == P2P_TYPE_Q8 ? 4 : p2p_type_bytes(to->type);
    unsigned char *touched = p2p_alloc(o->words * 4 / bytes_each, 1);
    bool good = touched != NULL;

    if (good && (t->call.pass->outputs | t->call.pass->updates) >> i & 1) {
        /* The padding of a weight's last block may hold anything. */
        if (to->layout == P2P_WEIGHT)
            memset(touched + to->offset, 1, p2p_tensor_span(to));
        good = compare_elements(d, t, way, mag, i, error, touched, text, bytes);
    }
    for (size_t k = 0; good && k < o->words * 4 / bytes_each; k++)
        if (!touched[k] &&
            memcmp((const unsigned char *)o->after[0] + k * bytes_each,
                   (const unsigned char *)o->before + k * bytes_each, bytes_each) != 0) {
            snprintf(text, bytes, "operand %d was written at element %ld of its span of %zu", i,
                     (long)k - to->offset, p2p_tensor_span(to));
            good = false;
        }
    if (good && memcmp(o->after[0], o->after[1], o->words * 4)) {
        snprintf(text, bytes, "operand %d: a second run gave other bits", i);
        good = false;
    }
    free(touched);
    return good;
}

bool p2p_trial_compare(const P2pTrialData *d, const P2pTrial *t, const P2pWay *way, char *text,
                       size_t bytes)
{
    const bool exact = d->numbers == P2P_TRIAL_INTEGERS && t->exact && !way->inexact;
    const double error = exact ? 0 : way->error > 0 ? way->error : 1;
    double *mag = magnitudes(d, t, way);

    bool good = mag != NULL;

    if (!good)
        snprintf(text, bytes, "%s", p2p_error());
    for (int i = 0; i < P2P_MAX_OPERANDS && good; i++) {
        bool aliased = false;
        for (int j = 0; j < P2P_MAX_OPERANDS; j++)
            aliased |= t->alias[j] == i + 1;
        if (d->o[i].dense && !aliased)
            good = compare_operand(d, t, way, mag, i, error, text, bytes);
    }
    free(mag);
    return good;
}
