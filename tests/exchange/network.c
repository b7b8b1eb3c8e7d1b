/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks of model files on a device, with outputs as floats. */
#include "tests/exchange/network.h"

#include <stdio.h>
#include <stdlib.h>

void must(int err)
{
    if (!err)
        return;
    fprintf(stderr, "%s\n", p2p_error());
    exit(1);
}

float *apply_network(P2pDevice *device, P2pNet *net, const float *input, int h, int w, bool running,
                     size_t *count)
{
    const P2pMode mode = {.running = running, .alone = 1};
    P2pPlan *plan;
    P2pApply *applied;

    must(p2p_plan_create(&plan, device, NULL));
    const int hyper = p2p_plan_keep(plan, p2p_tensor_vector(P2P_HYPER_WORDS));
    const int c = net->graph->values[net->graph->input].c;
    const int x = p2p_plan_keep(plan, p2p_tensor_nhwc(1, h, w, c));
    must(p2p_apply_forward(&applied, plan, net, x, hyper, &mode, true));
    must(p2p_plan_finish(plan));
    const P2pTensor *y = p2p_plan_get(plan, p2p_apply_output(applied));
    *count = p2p_tensor_elements(y);
    float *out = malloc(*count * sizeof(*out));
    must(p2p_buffer_write(p2p_plan_get(plan, x)->buffer, 0, (size_t)(h * w * c) * sizeof(float),
                          input));
    must(p2p_plan_run(plan));
    must(p2p_tensor_download(y, out, false));
    p2p_apply_destroy(&applied);
    p2p_plan_destroy(&plan);
    return out;
}

P2pNet *load_network(P2pDevice *device, const P2pSource *s)
{
    P2pNet *net;
    P2pGraph *graph;
    must(p2p_graph_copy(&graph, s->graph));
    must(p2p_net_create(&net, device, graph, s->net.name, P2P_NET_FIXED));
    for (int i = 0; i < net->graph->param_count; i++) {
        float *host = malloc(p2p_param_elements(&net->graph->params[i]) * sizeof(*host));
        must(p2p_source_get(s, i, host));
        must(p2p_net_upload(net, i, P2P_STATE_VALUE, host));
        free(host);
    }
    return net;
}
