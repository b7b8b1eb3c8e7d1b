/* SPDX-License-Identifier: BSD-2-Clause */
/* A picture that nothing is trained by gets no gradient: no pass is planned to make one, also where it
 * is padded before the first convolution. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/status.h"
#include "src/graph/apply.h"
#include "src/nets/nets.h"

static void must(int err)
{
    if (!err)
        return;
    fprintf(stderr, "unwanted: %s\n", p2p_error());
    exit(1);
}

/* Passes of a network's backward pass that send a gradient to what its convolutions read. */
static int count_passes(P2pDevice *device, const char *name, int levels, bool wanted)
{
    const P2pNetSpec spec = {.name = name,
                             .input_nc = 3,
                             .output_nc = 3,
                             .nf = 2,
                             .levels = levels,
                             .norm = P2P_NORM_BATCH};
    const P2pTensor shape = p2p_tensor_nhwc(1, 64, 64, 3);
    P2pApply *apply;
    P2pGraph *graph;
    P2pGrads grads;
    P2pPlan *plan;
    P2pNet *net;
    int found = 0;

    must(p2p_nets_build(&graph, &spec));
    must(p2p_net_create(&net, device, graph, "G", P2P_NET_TRAINED));
    must(p2p_grads_init(&grads, net));
    must(p2p_plan_create(&plan, device, NULL));
    const int x = p2p_plan_keep(plan, shape), dy = p2p_plan_keep(plan, shape);
    const int dx = wanted ? p2p_plan_keep(plan, shape) : -1;
    const int hyper = p2p_plan_keep(plan, p2p_tensor_vector(P2P_HYPER_WORDS));
    must(p2p_apply_forward(&apply, plan, net, x, hyper, &(P2pMode){0}, true));
    must(p2p_apply_backward(apply, &(P2pBackward){.dy = dy, .dx = dx, .grads = &grads}));
    must(p2p_plan_finish(plan));
    for (int i = 0; i < p2p_plan_step_count(plan); i++) {
        const char *pass = p2p_plan_step_info(plan, i).pass;
        found += !strcmp(pass, "conv2d_dgrad") || !strcmp(pass, "pad_bwd");
    }
    p2p_apply_destroy(&apply);
    p2p_plan_destroy(&plan);
    p2p_grads_finish(&grads);
    p2p_net_destroy(&net);
    return found;
}

static int check(P2pDevice *device, const char *name, int levels, int between)
{
    const int all = count_passes(device, name, levels, true),
              less = count_passes(device, name, levels, false);

    printf("%s: %d passes, %d without the picture's gradient\n", name, all, less);
    return all - less == between ? 0 : 1;
}

int main(void)
{
    P2pDevice *device;
    int failed;

    must(p2p_device_open(&device, &(P2pDeviceSettings){.device = "cpu"}));
    failed = check(device, "unet_128", 6, 1);
    failed += check(device, "resnet_6blocks", 0, 2); /* its first layer pads */
    p2p_device_close(&device);
    printf("%d passed, %d failed\n", 2 - failed, failed);
    return failed ? 1 : 0;
}
