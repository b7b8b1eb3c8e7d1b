/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers and geometry; operands between guard bands. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clcheck.h"
#include "src/base/memory.h"
#include "src/base/rng.h"

/* A NaN with a mark: guards, gaps between pixels and outputs before the run. */
#define MARK 0x7fc0d1ceu

static uint32_t next_word(CcRandom *r)
{
    return p2p_rng_word(r->seed, r->stream, r->next++);
}

int cc_int(CcRandom *r, int lo, int hi)
{
    return lo + (int)p2p_rng_below(next_word(r), (uint32_t)(hi - lo + 1));
}

bool cc_chance(CcRandom *r, int percent)
{
    return cc_int(r, 0, 99) < percent;
}

float cc_real(CcRandom *r)
{
    return p2p_rng_symmetric(next_word(r));
}

int cc_size(CcRandom *r, int most)
{
    static const int primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    int size = 1;

    most = r->most ? p2p_min(most, r->most) : most;

    switch (cc_int(r, 0, 4)) {
    case 0:
        break;
    case 1:
        size = primes[cc_int(r, 0, 11)];
        break;
    case 2:
        size = (1 << cc_int(r, 1, 6)) + cc_int(r, -1, 1);
        break;
    case 3:
        size = 2 * cc_int(r, 0, most / 2) + 1;
        break;
    default:
        size = cc_int(r, 1, most);
    }
    return size <= most ? size : cc_int(r, 1, most);
}

int cc_channels(CcRandom *r, int most)
{
    if (r->most) /* beyond two of the smallest vectors */
        return cc_int(r, 1, p2p_min(most, 3 * r->most));
    if (cc_chance(r, 40))
        return cc_size(r, most);
    const int size = (cc_chance(r, 50) ? 16 : 8) * cc_int(r, 1, 8) + cc_int(r, -1, 1);
    return size <= most ? size : cc_int(r, 1, most);
}

bool cc_written(const P2pPass *pass, int i)
{
    return (pass->outputs | pass->updates) >> i & 1;
}

void cc_place(CcRandom *r, CcCase *c, const P2pCaps *caps, bool timing)
{
    const int shared_gap = cc_chance(r, 50) ? cc_int(r, 1, 19) : 0;

    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        P2pTensor *t = &c->call.t[i];
        const bool vector = t->n * t->h * t->w == 1;
        const int gap = cc_chance(r, 50) ? cc_int(r, 1, 19) : 0;
        const int offset = cc_chance(r, 50) ? cc_int(r, 1, 31) : 0;

        /* Operands at the same place of a page would wait for each other. */
        t->offset = CC_GUARD + (timing ? 208 * i : offset);
        if (t->layout != P2P_NHWC)
            continue;
        if (timing)
            t->stride = t->c + (caps->is_cpu && !vector ? 16 : 0);
        else
            t->stride = t->c + (c->one_stride ? shared_gap : gap);
    }
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        if (c->alias[i])
            c->call.t[i] = c->call.t[c->alias[i] - 1];
}

int cc_data_create(CcData *d, CcCase *c, P2pDevice *device)
{
    int err = P2P_OK;

    memset(d, 0, sizeof(*d));
    d->first = -1;
    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++) {
        P2pTensor *t = &c->call.t[i];
        CcOperand *o = &d->o[i];
        const size_t count = p2p_tensor_elements(t);

        if (!p2p_call_has(&c->call, i))
            continue;
        if (d->first < 0 && cc_written(c->call.pass, i))
            d->first = i;
        o->floats = (size_t)t->offset + p2p_tensor_span(t) + CC_GUARD;
        o->dense = p2p_alloc(count, sizeof(float));
        o->ref = p2p_alloc(count, sizeof(double));
        o->before = p2p_alloc(o->floats, 4);
        o->after[0] = p2p_alloc(o->floats, 4);
        o->after[1] = p2p_alloc(o->floats, 4);
        if (!o->dense || !o->ref || !o->before || !o->after[0] || !o->after[1])
            return P2P_ENOMEM;
        if (!c->alias[i])
            err = p2p_buffer_create(&o->buffer, device, o->floats * 4);
        t->buffer = c->alias[i] ? d->o[c->alias[i] - 1].buffer : o->buffer;
    }
    return err;
}

void cc_data_destroy(CcData *d)
{
    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        CcOperand *o = &d->o[i];
        p2p_buffer_destroy(&o->buffer);
        free(o->dense);
        free(o->ref);
        free(o->before);
        free(o->after[0]);
        free(o->after[1]);
    }
    free(d->mag);
    memset(d, 0, sizeof(*d));
}

/* Write the dense data, or marks where the pass overwrites, to their places among marks. */
static void make_image(CcOperand *o, const P2pTensor *t, bool hidden)
{
    size_t k = 0;

    for (size_t i = 0; i < o->floats; i++)
        o->before[i] = MARK;
    if (t->layout == P2P_WEIGHT && !hidden)
        memset(o->before + t->offset, 0, p2p_tensor_span(t) * 4);
    for (int n = 0; n < t->n && !hidden; n++)
        for (int ch = 0; ch < t->c; ch++)
            for (int h = 0; h < t->h; h++)
                for (int w = 0; w < t->w; w++)
                    memcpy(&o->before[p2p_tensor_index(t, n, ch, h, w)], &o->dense[k++], 4);
}

static int run_reference(CcData *d, const CcCase *c)
{
    double *host[P2P_MAX_OPERANDS] = {0};
    const size_t count = p2p_tensor_elements(&c->call.t[d->first]);

    free(d->mag);
    if (!(d->mag = p2p_alloc(count, sizeof(double))))
        return P2P_ENOMEM;
    d->mag[0] = -1;
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        host[i] = d->o[i].ref;
    c->call.pass->ref(&c->call, host, d->mag);
    if (d->mag[0] < 0) {
        free(d->mag);
        d->mag = NULL;
    }
    return P2P_OK;
}

int cc_data_fill(CcData *d, const CcCase *c, CcRandom *r, bool integers)
{
    float *host[P2P_MAX_OPERANDS] = {0};

    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        const size_t count = d->o[i].dense ? p2p_tensor_elements(&c->call.t[i]) : 0;
        host[i] = d->o[i].dense;
        for (size_t k = 0; k < count; k++)
            host[i][k] = integers ? (float)cc_int(r, -4, 4) : cc_real(r);
    }
    if (c->fill)
        c->fill(r, c, integers, host);
    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        const bool hidden = c->call.pass->outputs >> i & 1 && !c->call.attr.accumulate;
        const size_t count = host[i] ? p2p_tensor_elements(&c->call.t[i]) : 0;

        if (c->alias[i])
            memcpy(host[i], host[c->alias[i] - 1], count * sizeof(float));
        for (size_t k = 0; k < count; k++)
            d->o[i].ref[k] = hidden && !c->alias[i] ? (double)NAN : (double)host[i][k];
        if (count)
            make_image(&d->o[i], &c->call.t[i], hidden && !c->alias[i]);
    }
    return run_reference(d, c);
}

int cc_data_upload(CcData *d, const CcCase *c)
{
    int err = P2P_OK;

    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++)
        if (d->o[i].buffer && !c->alias[i])
            err = p2p_buffer_write(d->o[i].buffer, 0, d->o[i].floats * 4, d->o[i].before);
    return err;
}

int cc_data_download(CcData *d, const CcCase *c, int run)
{
    int err = P2P_OK;

    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++)
        if (d->o[i].dense)
            err = p2p_buffer_read(c->call.t[i].buffer, 0, d->o[i].floats * 4, d->o[i].after[run]);
    return err;
}

void cc_describe(const CcCase *c, char *text, size_t bytes)
{
    const P2pAttr *a = &c->call.attr;
    size_t at = 0;

    for (int i = 0; i < P2P_MAX_OPERANDS && at < bytes; i++) {
        const P2pTensor *t = &c->call.t[i];
        if (p2p_call_has(&c->call, i))
            at += (size_t)snprintf(text + at, bytes - at, "%d:%s[%d,%d,%d,%d]/%d@%d ", i,
                                   t->layout == P2P_WEIGHT ? "w" : "", t->n, t->h, t->w, t->c,
                                   t->stride, t->offset - CC_GUARD);
    }
    if (at < bytes)
        snprintf(text + at, bytes - at, "s%d p%d act%d,%d drop%.2g loss%d%s%s%s%s", a->stride,
                 a->pad, a->act1, a->act2, (double)a->dropout_p, a->loss,
                 a->accumulate ? " acc" : "", a->fixed_statistics ? " fixed_statistics" : "",
                 a->large_out ? " large_out" : "", a->epsilon_hat ? " epsilon_hat" : "");
}
