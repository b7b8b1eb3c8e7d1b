/* SPDX-License-Identifier: BSD-2-Clause */
/* How far variants are from their reference in double at the networks' sizes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clcheck.h"
#include "src/base/rng.h"

/* Run a way once on the data as filled. */
static int run_once(Cc *cc, const P2pTrial *t, P2pTrialData *d, const P2pWay *way)
{
    P2pTrialRun run;
    int err = p2p_trial_run_create(&run, cc->device, t, way);

    if (!err)
        err = p2p_trial_data_upload(d, t);
    if (!err)
        err = p2p_sequence_run(run.seq, 0, p2p_sequence_count(run.seq));
    if (!err)
        err = p2p_trial_data_download(d, t, 0);
    p2p_trial_run_destroy(&run);
    return err;
}

/* The first output's largest error over its largest value, and the same of root mean squares. */
static void print_error(const P2pTrial *c, const P2pTrialData *d, const char *variant)
{
    const P2pTensor *t = &c->call.t[d->first];
    const P2pTrialOperand *o = &d->o[d->first];
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

int cc_errors(Cc *cc, const P2pTrialKind *kind)
{
    int err = P2P_OK;

    for (int i = 0; kind->size && !err; i++) {
        P2pTrial c = {.call.pass = kind->pass};
        P2pDraw r = {cc->seed, p2p_stream(P2P_STREAM_TEST, 0x300), 0, 0};
        P2pTrialData d;
        P2pWay way;
        char text[256];
        if (!kind->size(i, &c, p2p_weight_block(cc->caps)))
            break;
        p2p_trial_place(&r, &c, cc->caps, true);
        p2p_trial_describe(&c, text, sizeof(text));
        err = p2p_trial_data_create(&d, &c, cc->device);
        if (!err)
            err = p2p_trial_data_fill(&d, &c, &r, P2P_TRIAL_REALS);
        if (!err)
            printf("%s %s\n", kind->pass->name, text);
        for (const P2pVariant *v = kind->pass->variants; v->name && !err; v++)
            if (p2p_way_plan(&way, v, &c.call, cc->caps) &&
                (!cc->variant || !strcmp(cc->variant, v->name)) &&
                (err = run_once(cc, &c, &d, &way)) == P2P_OK)
                print_error(&c, &d, v->name);
        p2p_trial_data_destroy(&d);
    }
    return err;
}
