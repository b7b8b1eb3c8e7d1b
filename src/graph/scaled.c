/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weights of convolutions as their passes take them: plain, or scaled by spectral norm. The power iteration
 * goes a step further in each application, as in torch, and its vectors are constants of the gradient.
 */
#include "src/base/memory.h"
#include "src/graph/apply_parts.h"

int p2p_apply_weight(P2pApply *a, int i)
{
    const int scaled = a->scaled[P2P_SCALED][i];

    return scaled >= 0 ? scaled
                       : p2p_apply_param(a, a->net->graph->nodes[i].param[P2P_NODE_WEIGHT],
                                         P2P_STATE_VALUE);
}

/* A tensor of a parameter's shape, in the plan. */
static int like_param(P2pApply *a, int i)
{
    P2pTensor shape = a->net->state[P2P_STATE_VALUE][i];

    shape.buffer = NULL;
    return p2p_plan_tensor(a->plan, shape);
}

void p2p_apply_scale_weight(P2pApply *a, int i)
{
    const P2pNode *n = &a->net->graph->nodes[i];
    const int left = n->param[P2P_NODE_LEFT], right = n->param[P2P_NODE_RIGHT];
    char label[P2P_LABEL_BYTES];

    if (left < 0)
        return;
    a->scaled[P2P_SCALED_SIGMA][i] = p2p_plan_tensor(a->plan, p2p_tensor_vector(1));
    a->scaled[P2P_SCALED_LEFT][i] = like_param(a, left);
    a->scaled[P2P_SCALED_RIGHT][i] = like_param(a, right);
    const int scaled = like_param(a, n->param[P2P_NODE_WEIGHT]);
    p2p_apply_label(a, i, label);
    P2P_PLAN_STEP(a->plan, label, &p2p_pass_spectral_fwd, NULL, p2p_apply_weight(a, i),
                  p2p_apply_param(a, left, P2P_STATE_VALUE),
                  p2p_apply_param(a, right, P2P_STATE_VALUE), a->scaled[P2P_SCALED_SIGMA][i],
                  a->scaled[P2P_SCALED_LEFT][i], a->scaled[P2P_SCALED_RIGHT][i], scaled);
    a->scaled[P2P_SCALED][i] = scaled;
}

void p2p_apply_backward_weight(P2pApply *a, int i, int x, int dy, P2pGrads *grads)
{
    const int w = a->net->graph->nodes[i].param[P2P_NODE_WEIGHT], scaled = a->scaled[P2P_SCALED][i];
    P2pAttr attr = {0}, plain = {0};
    char label[P2P_LABEL_BYTES];

    const int dw = p2p_apply_param_grad(a, grads, w, &attr.accumulate);
    if (scaled < 0) {
        p2p_apply_conv(a, i, &p2p_pass_conv2d_wgrad, attr, x, dw, -1, dy);
        return;
    }
    const int dscaled = like_param(a, w);
    p2p_apply_conv(a, i, &p2p_pass_conv2d_wgrad, plain, x, dscaled, -1, dy);
    p2p_apply_label(a, i, label);
    P2P_PLAN_STEP(a->plan, label, &p2p_pass_spectral_bwd, &attr, -1, -1, -1,
                  a->scaled[P2P_SCALED_SIGMA][i], a->scaled[P2P_SCALED_LEFT][i],
                  a->scaled[P2P_SCALED_RIGHT][i], scaled, dscaled, dw);
}
