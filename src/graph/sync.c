/* SPDX-License-Identifier: BSD-2-Clause */
/* Few numbers off the device, around the ranks, and back. */
#include "src/graph/sync.h"

#include <math.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/base/status.h"

/* A place in a plan. */
typedef struct Point {
    struct Point *next;
    P2pSync *sync;
    P2pPlan *plan;
    P2pSyncNorm norm;
    int sums;
    float *all; /* [ranks, 2 C], of everyone; then this rank's */
} Point;

struct P2pSync {
    P2pComm *comm;
    const float *weights;
    int pictures;
    Point *points;
};

int p2p_sync_create(P2pSync **out, P2pComm *comm, const float *weights, int pictures)
{
    P2pSync *s = *out = p2p_alloc(1, sizeof(*s));

    if (!s)
        return P2P_ENOMEM;
    *s = (P2pSync){.comm = comm, .weights = weights, .pictures = pictures};
    return P2P_OK;
}

void p2p_sync_destroy(P2pSync **sync)
{
    while (*sync && (*sync)->points) {
        Point *p = (*sync)->points;
        (*sync)->points = p->next;
        free(p->all);
        free(p);
    }
    free(*sync);
    *sync = NULL;
}

static int read_tensor(const P2pTensor *t, float *to)
{
    return p2p_buffer_read(t->buffer, (size_t)t->offset * sizeof(*to), (size_t)t->c * sizeof(*to),
                           to);
}

static int write_tensor(const P2pTensor *t, const float *from)
{
    return p2p_buffer_write(t->buffer, (size_t)t->offset * sizeof(*from),
                            (size_t)t->c * sizeof(*from), from);
}

/* This rank's values are behind everyone's place for them. */
static float *own_values(const Point *p, int count)
{
    return p->all + (size_t)count * (size_t)p2p_comm_size(p->sync->comm);
}

static int gather(Point *p, int count)
{
    return p2p_comm_gather(p->sync->comm, own_values(p, count), (size_t)count * sizeof(*p->all),
                           p->all, true);
}

/* ---- Statistics ------------------------------------------------------------------------------ */

/* Channel c of everyone's means, then of their 1 / sqrt(variance + eps). */
static void join_channel(const Point *p, int channels, int c, double *mean, double *variance)
{
    const int size = p2p_comm_size(p->sync->comm);
    const float *w = p->sync->weights;

    *mean = *variance = 0;
    for (int i = 0; i < size; i++)
        *mean += (double)w[i] * (double)p->all[2 * i * channels + c];
    for (int i = 0; i < size; i++) {
        const double rstd = (double)p->all[(2 * i + 1) * channels + c];
        const double apart = (double)p->all[2 * i * channels + c] - *mean;
        const double own = 1 / (rstd * rstd) - (double)p->norm.eps;
        *variance += (double)w[i] * ((own < 0 ? 0 : own) + apart * apart);
    }
}

/* new = (1 - momentum) old + momentum batch */
static int update_running(const Point *p, int tensor, float *room, const float *batch,
                          double factor)
{
    const P2pTensor *t = p2p_plan_get(p->plan, tensor);
    const double share = (double)p->norm.momentum;
    int err;

    if (tensor < 0)
        return P2P_OK;
    if ((err = read_tensor(t, room)) < 0)
        return err;
    for (int c = 0; c < t->c; c++)
        room[c] = (float)((1 - share) * (double)room[c] + share * factor * (double)batch[c]);
    return write_tensor(t, room);
}

static int run_statistics(void *user)
{
    Point *p = user;
    const P2pTensor *mean = p2p_plan_get(p->plan, p->norm.mean);
    const P2pTensor *rstd = p2p_plan_get(p->plan, p->norm.rstd);
    const int channels = mean->c;
    const double count = (double)p->sync->pictures * p->norm.pixels;
    float *means = own_values(p, 2 * channels), *rstds = means + channels;
    float *variances = p->all; /* once everyone's have been read */
    int err;

    if ((err = read_tensor(mean, means)) < 0 || (err = read_tensor(rstd, rstds)) < 0 ||
        (err = gather(p, 2 * channels)) < 0)
        return err;
    for (int c = 0; c < channels; c++) {
        double m, v;
        join_channel(p, channels, c, &m, &v);
        means[c] = (float)m;
        rstds[c] = (float)(1 / sqrt(v + (double)p->norm.eps));
        variances[c] = (float)v; /* in place of the first rank's mean of this channel */
    }
    if ((err = write_tensor(mean, means)) < 0 || (err = write_tensor(rstd, rstds)) < 0)
        return err;
    float *room = p->all + channels;
    err = update_running(p, p->norm.run_mean, room, means, 1);
    return err ? err
               : update_running(p, p->norm.run_var, room, variances,
                                count / (count - 1 > 1 ? count - 1 : 1));
}

/* ---- Sums ------------------------------------------------------------------------------------ */

static int run_sums(void *user)
{
    Point *p = user;
    const P2pTensor *sums = p2p_plan_get(p->plan, p->sums);
    float *own = own_values(p, sums->c);
    int err;

    if ((err = read_tensor(sums, own)) < 0 || (err = gather(p, sums->c)) < 0)
        return err;
    for (int c = 0; c < sums->c; c++) {
        double sum = 0;
        for (int i = 0; i < p2p_comm_size(p->sync->comm); i++)
            sum += (double)p->sync->weights[i] * (double)p->all[i * sums->c + c];
        own[c] = (float)sum;
    }
    return write_tensor(sums, own);
}

/* ---- In a plan ------------------------------------------------------------------------------- */

/* NULL: the plan has failed. */
static Point *add_point(P2pSync *sync, P2pPlan *plan, int values)
{
    const size_t count = (size_t)values * ((size_t)p2p_comm_size(sync->comm) + 1);
    Point *p = p2p_alloc(1, sizeof(*p));

    if (p && !(p->all = p2p_alloc(count, sizeof(*p->all)))) {
        free(p);
        p = NULL;
    }
    if (!p) {
        p2p_plan_fail(plan, P2P_ENOMEM);
        return NULL;
    }
    p->sync = sync;
    p->plan = plan;
    p->next = sync->points;
    return sync->points = p;
}

void p2p_sync_statistics(P2pSync *sync, P2pPlan *plan, const P2pSyncNorm *norm)
{
    const int operands[] = {norm->mean, norm->rstd, norm->run_mean, norm->run_var};
    const P2pTensor *mean = p2p_plan_get(plan, norm->mean);
    Point *p = sync && mean ? add_point(sync, plan, 2 * mean->c) : NULL;

    if (!p)
        return;
    p->norm = *norm;
    p2p_plan_host(plan, "statistics", run_statistics, p, operands, (int)P2P_COUNT(operands));
}

void p2p_sync_sums(P2pSync *sync, P2pPlan *plan, int sums)
{
    const P2pTensor *t = p2p_plan_get(plan, sums);
    Point *p = sync && t ? add_point(sync, plan, t->c) : NULL;

    if (!p)
        return;
    p->sums = sums;
    p2p_plan_host(plan, "statistics", run_sums, p, &sums, 1);
}
