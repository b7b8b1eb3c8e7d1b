/* SPDX-License-Identifier: BSD-2-Clause */
/* A part off the device, all of them around the ranks, and the whole back. */
#include "src/graph/gather.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/base/status.h"

struct P2pGather {
    P2pComm *comm;
    P2pPlan *plan;
    int x, all;
    size_t *ends; /* [ranks], bytes */
    unsigned char *host;
};

static int run(void *user)
{
    P2pGather *g = user;
    const P2pTensor *x = p2p_plan_get(g->plan, g->x), *all = p2p_plan_get(g->plan, g->all);
    const int rank = p2p_comm_rank(g->comm);
    unsigned char *own = g->host + (rank ? g->ends[rank - 1] : 0);
    int err =
        p2p_buffer_read(x->buffer, (size_t)x->offset * sizeof(float), p2p_tensor_bytes(x), own);

    if (!err)
        err = p2p_comm_gather_parts(g->comm, own, g->ends, g->host, true);
    return err ? err
               : p2p_buffer_write(all->buffer, (size_t)all->offset * sizeof(float),
                                  p2p_tensor_bytes(all), g->host);
}

static int make(P2pGather **out, const P2pGather *values, const P2pPart *parts, size_t picture)
{
    const size_t size = (size_t)p2p_comm_size(values->comm);
    P2pGather *g = *out = p2p_alloc(1, sizeof(*g));

    if (!g)
        return P2P_ENOMEM;
    *g = *values;
    g->ends = p2p_alloc(size, sizeof(*g->ends));
    g->host = p2p_alloc((size_t)parts[0].of, picture);
    for (size_t i = 0; g->ends && i < size; i++)
        g->ends[i] = (size_t)(parts[i].first + parts[i].count) * picture;
    return g->ends && g->host ? P2P_OK : P2P_ENOMEM;
}

int p2p_gather_append(P2pGather **out, P2pPlan *plan, P2pComm *comm, const P2pPart *parts, int x)
{
    const P2pTensor *found = p2p_plan_get(plan, x);

    if (!found)
        return -1;
    const P2pTensor t = *found;
    P2P_ASSERT(t.type == P2P_TYPE_F32 && t.stride == t.c &&
               t.n == parts[p2p_comm_rank(comm)].count);
    const int all = p2p_plan_keep(plan, p2p_tensor_nhwc(parts[0].of, t.h, t.w, t.c));
    const P2pGather values = {.comm = comm, .plan = plan, .x = x, .all = all};
    const int err = make(out, &values, parts, p2p_tensor_bytes(&t) / (size_t)t.n);
    if (err)
        p2p_plan_fail(plan, err);
    else
        p2p_plan_host(plan, "pictures", run, *out, (const int[]){x, all}, 2);
    return err ? -1 : all;
}

void p2p_gather_destroy(P2pGather **gather)
{
    P2pGather *g = *gather;

    if (!g)
        return;
    free(g->ends);
    free(g->host);
    free(g);
    *gather = NULL;
}
