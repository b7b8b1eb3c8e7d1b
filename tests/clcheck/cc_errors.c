/* SPDX-License-Identifier: BSD-2-Clause */
/* How far variants are from their reference in double at the networks' sizes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clcheck.h"
#include "src/base/rng.h"

/* Run a variant once on the data as uploaded. */
static int run_once(Cc *cc, const CcCase *c, CcData *d, const P2pWay *way)
{
    P2pSequence *seq = NULL;
    P2pBuffer *work = NULL;
    int err = p2p_sequence_create(&seq, cc->device);

    if (!err && way->work_bytes)
        err = p2p_buffer_create(&work, cc->device, way->work_bytes);
    if (!err)
        err = way->variant->emit(seq, &c->call, way, work);
    if (!err)
        err = cc_data_upload(d, c);
    if (!err)
        err = p2p_sequence_run(seq, 0, p2p_sequence_count(seq));
    if (!err)
        err = cc_data_download(d, c, 0);
    p2p_sequence_destroy(&seq);
    p2p_buffer_destroy(&work);
    return err;
}

/* The first output's largest error over its largest value, and the same of root mean squares. */
static void print_error(const CcCase *c, const CcData *d, const char *variant)
{
    const P2pTensor *t = &c->call.t[d->first];
    const CcOperand *o = &d->o[d->first];
    double most = 0, largest = 0, squares = 0, ref_squares = 0;
    size_t k = 0;

    for (int n = 0; n < t->n; n++)
        for (int ch = 0; ch < t->c; ch++)
            for (int h = 0; h < t->h; h++)
                for (int w = 0; w < t->w; w++, k++) {
                    float got;
                    memcpy(&got, &o->after[0][p2p_tensor_index(t, n, ch, h, w)], 4);
                    const double error = fabs((double)got - o->ref[k]);
                    most = fmax(most, error);
                    largest = fmax(largest, fabs(o->ref[k]));
                    squares += error * error;
                    ref_squares += o->ref[k] * o->ref[k];
                }
    printf("    %-10s max %.1e  rms %.1e\n", variant, most / largest, sqrt(squares / ref_squares));
}

int cc_errors(Cc *cc, const CcCheck *check)
{
    int err = P2P_OK;

    for (int i = 0; check->size && !err; i++) {
        CcCase c = {.call.pass = check->pass};
        CcRandom r = {cc->seed, p2p_stream(P2P_STREAM_TEST, 0x300), 0, 0};
        CcData d;
        P2pWay way;
        char text[256];
        if (!check->size(i, &c, p2p_weight_block(cc->caps)))
            break;
        cc_place(&r, &c, cc->caps, true);
        cc_describe(&c, text, sizeof(text));
        err = cc_data_create(&d, &c, cc->device);
        if (!err)
            err = cc_data_fill(&d, &c, &r, false);
        if (!err)
            printf("%s %s\n", check->pass->name, text);
        for (const P2pVariant *v = check->pass->variants; v->name && !err; v++)
            if (p2p_way_plan(&way, v, &c.call, cc->caps) &&
                (!cc->variant || !strcmp(cc->variant, v->name)) &&
                (err = run_once(cc, &c, &d, &way)) == P2P_OK)
                print_error(&c, &d, v->name);
        cc_data_destroy(&d);
    }
    return err;
}
