/* SPDX-License-Identifier: BSD-2-Clause */
/* Operands of a trial: memory between guard bands, numbers of several kinds, elements of any type. */
#include <math.h>
#include <string.h>

#include "src/base/half.h"
#include "src/base/memory.h"
#include "src/trial/trial.h"

/* A NaN with a mark: guards, gaps between pixels and outputs before the run. */
#define MARK 0x7fc0d1ceu

static bool is_output(const P2pTrial *t, int i)
{
    return (t->call.pass->outputs | t->call.pass->updates) >> i & 1;
}

/* Whether the operand's old content must not matter. */
static bool is_hidden(const P2pTrial *t, int i)
{
    const P2pPass *pass = t->call.pass;
    const bool adds = t->call.attr.accumulate || (pass->is_joint && t->call.attr.add_value);

    return pass->outputs >> i & 1 && !adds && !t->alias[i];
}

/* ---- Memory -------------------------------------------------------------------------------- */

static int create_operand(P2pTrialOperand *o, const P2pTensor *t)
{
    const size_t count = p2p_tensor_elements(t);
    const size_t bytes = (size_t)t->offset * p2p_type_bytes(t->type) + p2p_tensor_bytes(t);

    o->words = (bytes + 3) / 4 + P2P_TRIAL_GUARD;
    o->dense = p2p_alloc(count, sizeof(float));
    o->ref = p2p_alloc(count, sizeof(double));
    o->before = p2p_alloc(o->words, 4);
    o->after[0] = p2p_alloc(o->words, 4);
    o->after[1] = p2p_alloc(o->words, 4);
    return o->dense && o->ref && o->before && o->after[0] && o->after[1] ? P2P_OK : P2P_ENOMEM;
}

int p2p_trial_data_create(P2pTrialData *d, P2pTrial *t, P2pDevice *device)
{
    int err = P2P_OK;

    *d = (P2pTrialData){.first = -1, .special = -1};
    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++) {
        P2pTrialOperand *o = &d->o[i];

        if (!p2p_call_has(&t->call, i))
            continue;
        if (t->mag_of ? i == t->mag_of : d->first < 0 && is_output(t, i))
            d->first = i;
        err = create_operand(o, &t->call.t[i]);
        if (!err && !t->alias[i])
            err = p2p_buffer_create(&o->buffer, device, o->words * 4);
        t->call.t[i].buffer = t->alias[i] ? d->o[t->alias[i] - 1].buffer : o->buffer;
    }
    return err;
}

void p2p_trial_data_destroy(P2pTrialData *d)
{
    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        P2pTrialOperand *o = &d->o[i];
        p2p_buffer_destroy(&o->buffer);
        free(o->dense);
        free(o->ref);
        free(o->before);
        free(o->after[0]);
        free(o->after[1]);
    }
    free(d->mag);
    *d = (P2pTrialData){0};
}

int p2p_trial_data_upload(P2pTrialData *d, const P2pTrial *t)
{
    int err = P2P_OK;

    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++)
        if (d->o[i].buffer && !t->alias[i])
            err = p2p_buffer_write(d->o[i].buffer, 0, d->o[i].words * 4, d->o[i].before);
    return err;
}

int p2p_trial_data_download(P2pTrialData *d, const P2pTrial *t, int run)
{
    int err = P2P_OK;

    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++)
        if (d->o[i].dense)
            err = p2p_buffer_read(t->call.t[i].buffer, 0, d->o[i].words * 4, d->o[i].after[run]);
    return err;
}

/* ---- Numbers ------------------------------------------------------------------------------- */

/* A few NaNs or infinities in one operand that is read; its number, or -1. */
static int plant_specials(P2pDraw *r, const P2pTrial *t, float *const host[])
{
    static const float specials[] = {NAN, INFINITY, -INFINITY};
    int operands[P2P_MAX_OPERANDS], count = 0;

    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        if (host[i] && !is_hidden(t, i) && !t->alias[i] && !(t->ordinary >> i & 1) &&
            t->call.t[i].type == P2P_TYPE_F32)
            operands[count++] = i;
    for (int k = 0; k < count; k++) {
        const size_t elements = p2p_tensor_elements(&t->call.t[operands[k]]);
        for (size_t e = 0; e < elements; e++)
            if (p2p_draw_chance(r, 5))
                host[operands[k]][e] = 1e-40f;
    }
    if (!count)
        return -1;
    const int chosen = operands[p2p_draw_int(r, 0, count - 1)];
    const int last = (int)p2p_tensor_elements(&t->call.t[chosen]) - 1;
    for (int k = p2p_draw_int(r, 1, 3); k > 0; k--)
        host[chosen][p2p_draw_int(r, 0, last)] = specials[p2p_draw_int(r, 0, 2)];
    return chosen;
}

static void fill_hosts(P2pTrialData *d, const P2pTrial *t, P2pDraw *r, float *const host[])
{
    const bool integers = d->numbers == P2P_TRIAL_INTEGERS;

    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        const size_t count = host[i] ? p2p_tensor_elements(&t->call.t[i]) : 0;
        for (size_t k = 0; k < count; k++)
            host[i][k] = integers ? (float)p2p_draw_int(r, -4, 4) : p2p_draw_real(r);
    }
    if (t->fill)
        t->fill(r, t, integers, host);
    d->special = d->numbers == P2P_TRIAL_SPECIALS ? plant_specials(r, t, host) : -1;
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        if (t->alias[i])
            memcpy(host[i], host[t->alias[i] - 1],
                   p2p_tensor_elements(&t->call.t[i]) * sizeof(float));
}

/* ---- Elements as they lie on the device ---------------------------------------------------- */

/* Elements of 16 bits; dense becomes what they hold. */
static void put_halves(const P2pTensor *t, float *dense, void *raw, uint16_t *stored)
{
    const size_t count = p2p_tensor_elements(t);

    for (size_t k = 0; k < count; k++) {
        stored[k] =
            t->type == P2P_TYPE_F16 ? p2p_float_to_half(dense[k]) : p2p_float_to_bfloat(dense[k]);
        dense[k] =
            t->type == P2P_TYPE_F16 ? p2p_half_to_float(stored[k]) : p2p_bfloat_to_float(stored[k]);
    }
    p2p_tensor_fill(t, raw, stored, false, NULL);
}

/* Bytes and a scale for each output: 1/2 of integers, else of any size. */
static void put_bytes(const P2pTensor *t, float *dense, void *raw, signed char *stored,
                      float *scales, bool integers)
{
    const size_t plane = p2p_tensor_elements(t) / (size_t)t->n;

    for (int n = 0; n < t->n; n++) {
        float *values = dense + (size_t)n * plane;
        scales[n] = integers ? 0.5f : (1.5f + values[0]) / 100.0f;
        for (size_t k = 0; k < plane; k++) {
            const float q = roundf(values[k] / scales[n]);
            stored[(size_t)n * plane + k] = (signed char)fmaxf(-127.0f, fminf(q, 127.0f));
            values[k] = scales[n] * (float)stored[(size_t)n * plane + k];
        }
    }
    p2p_tensor_fill(t, raw, stored, false, scales);
}

int p2p_trial_put(const P2pTensor *t, float *dense, void *raw, bool integers)
{
    const size_t count = p2p_tensor_elements(t);
    const size_t scale_bytes = (size_t)t->n * sizeof(float);
    float *scratch = NULL;

    if (t->type == P2P_TYPE_F32) {
        p2p_tensor_fill(t, raw, dense, false, NULL);
        return P2P_OK;
    }
    if (!(scratch = p2p_alloc(scale_bytes + count * p2p_type_bytes(t->type), 1)))
        return P2P_ENOMEM;
    if (t->type == P2P_TYPE_Q8)
        put_bytes(t, dense, raw, (signed char *)scratch + scale_bytes, scratch, integers);
    else
        put_halves(t, dense, raw, (uint16_t *)(void *)(scratch + t->n));
    free(scratch);
    return P2P_OK;
}

/* Write the dense data, or marks where the pass overwrites, to their places among marks. */
static int make_image(P2pTrialOperand *o, const P2pTensor *t, bool hidden, bool integers)
{
    for (size_t i = 0; i < o->words; i++)
        o->before[i] = MARK;
    if (hidden)
        return P2P_OK;
    if (t->layout == P2P_WEIGHT) /* the padding of the last block */
        memset(o->before + t->offset, 0, p2p_tensor_bytes(t));
    return p2p_trial_put(t, o->dense, o->before, integers);
}

static int run_reference(P2pTrialData *d, const P2pTrial *t)
{
    double *host[P2P_MAX_OPERANDS] = {0};
    const size_t count = p2p_tensor_elements(&t->call.t[d->first]);

    free(d->mag);
    if (!(d->mag = p2p_alloc(count, sizeof(double))))
        return P2P_ENOMEM;
    d->mag[0] = -1;
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        host[i] = d->o[i].ref;
    t->call.pass->ref(&t->call, host, d->mag);
    if (d->mag[0] < 0) {
        free(d->mag);
        d->mag = NULL;
    }
    return P2P_OK;
}

int p2p_trial_data_take(P2pTrialData *d, const P2pTrial *t)
{
    const bool integers = d->numbers == P2P_TRIAL_INTEGERS;
    int err = P2P_OK;

    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++) {
        P2pTrialOperand *o = &d->o[i];
        const size_t count = o->dense ? p2p_tensor_elements(&t->call.t[i]) : 0;

        if (count)
            err = make_image(o, &t->call.t[i], is_hidden(t, i), integers);
        for (size_t k = 0; k < count; k++)
            o->ref[k] = is_hidden(t, i) ? (double)NAN : (double)o->dense[k];
    }
    return err ? err : run_reference(d, t);
}

int p2p_trial_data_fill(P2pTrialData *d, const P2pTrial *t, P2pDraw *r, P2pTrialNumbers numbers)
{
    float *host[P2P_MAX_OPERANDS];

    d->numbers = numbers;
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        host[i] = d->o[i].dense;
    fill_hosts(d, t, r, host);
    return p2p_trial_data_take(d, t);
}
