/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each norm gets the mean of the pictures' means, and the spread of all around that mean, before the next
 * one is looked at. To measure all at once and repeat does not settle: it overshoots from layer to layer.
 */
#include "src/model/statistics.h"

#include <math.h>

#include "src/base/memory.h"
#include "src/base/status.h"

/* Of one norm. */
typedef struct Sums {
    double *mean, *square; /* [channels] of means, of means of squares */
    float *values;         /* [channels] on their way */
    size_t channels;
} Sums;

static void finish(Sums *s)
{
    free(s->mean);
    free(s->square);
    free(s->values);
}

static int init(Sums *s, size_t channels)
{
    *s = (Sums){p2p_alloc(channels, sizeof(double)), p2p_alloc(channels, sizeof(double)),
                p2p_alloc(channels, sizeof(float)), channels};
    if (s->mean && s->square && s->values)
        return P2P_OK;
    finish(s);
    return P2P_ENOMEM;
}

static P2pBuffer *buffer_of(const P2pForward *f, int tensor)
{
    return p2p_plan_get(f->plan, tensor)->buffer;
}

/* What the last picture gave the norm. */
static int add(Sums *s, const P2pForward *f, const P2pNormTensors *norm, double eps)
{
    const size_t bytes = s->channels * sizeof(float);
    int err = p2p_buffer_read(buffer_of(f, norm->rstd), 0, bytes, s->values);

    for (size_t c = 0; !err && c < s->channels; c++)
        s->square[c] += 1 / ((double)s->values[c] * s->values[c]) - eps;
    if (!err)
        err = p2p_buffer_read(buffer_of(f, norm->mean), 0, bytes, s->values);
    for (size_t c = 0; !err && c < s->channels; c++) {
        s->mean[c] += s->values[c];
        s->square[c] += (double)s->values[c] * s->values[c];
    }
    return err;
}

static int give(const Sums *s, int count, const P2pForward *f, const P2pNormTensors *norm,
                double eps)
{
    const size_t bytes = s->channels * sizeof(float);

    for (size_t c = 0; c < s->channels; c++)
        s->values[c] = (float)(s->mean[c] / count);
    const int err = p2p_buffer_write(buffer_of(f, norm->mean), 0, bytes, s->values);
    for (size_t c = 0; c < s->channels; c++) {
        const double mean = s->mean[c] / count;
        s->values[c] = (float)(1 / sqrt(fmax(s->square[c] / count - mean * mean, 0) + eps));
    }
    return err ? err : p2p_buffer_write(buffer_of(f, norm->rstd), 0, bytes, s->values);
}

static int measure_norm(P2pForward *f, int node, double eps, const P2pNormTensors *norm,
                        const P2pImage *pictures, int count)
{
    Sums s;
    int err = init(&s, (size_t)p2p_plan_get(f->plan, norm->mean)->c);

    if (err)
        return err;
    for (int i = 0; !err && i < count; i++) {
        p2p_image_to_floats(&pictures[i], f->in);
        err = p2p_forward_run_part(f, node, norm->step);
        if (!err)
            err = add(&s, f, norm, eps);
    }
    if (!err)
        err = give(&s, count, f, norm, eps);
    finish(&s);
    return err;
}

int p2p_statistics_measure(P2pForward *f, const P2pGraph *graph, const P2pImage *pictures,
                           int count)
{
    P2pNormTensors norm;
    int err = P2P_OK;

    for (int node = 0; !err && node < graph->node_count; node++)
        if (p2p_apply_norm(f->apply, node, &norm))
            err = measure_norm(f, node, graph->nodes[node].eps, &norm, pictures, count);
    return err;
}
