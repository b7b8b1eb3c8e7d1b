/* SPDX-License-Identifier: BSD-2-Clause */
/* Two steps of a plan as one, where a pass does both at once. Places no memory and runs nothing. */
#include "src/graph/plan_parts.h"

#include "src/base/memory.h"
#include "src/base/status.h"

/* ---- Weight gradients and Adam ----------------------------------------------------------------- */

/* Whether adam is the one that uses what wgrad, the step before it, has made. */
static bool is_update(const P2pPlan *plan, const P2pPlanStep *s, const P2pPlanStep *adam)
{
    const int gradient = s->operand[P2P_CONV_W];
    const P2pPlanValue *v = gradient >= 0 ? &plan->values[gradient] : NULL;

    return s->call.pass == &p2p_pass_conv2d_wgrad && adam->call.pass == &p2p_pass_adam &&
           adam->operand[P2P_ADAM_G] == gradient && v->storage == P2P_PLAN_SHARED &&
           v->last == v->first + 1;
}

/* Whether a step goes the first way in its table that this device can go. */
static bool goes_best(const P2pPlanStep *s, const P2pCaps *caps)
{
    const P2pVariant *v = s->call.pass->variants;
    P2pWay way;

    while (v->name && !p2p_way_plan(&way, v, &s->call, caps))
        v++;
    return v == s->way.variant;
}

/* A weight gradient that only Adam reads never goes to memory, where its variant can and Adam would take its
 * best. */
static bool fuse_update(const P2pPlan *plan, P2pPlanStep *s, const P2pPlanStep *adam)
{
    const P2pCaps *caps = p2p_device_caps(plan->device);
    P2pPlanStep fused;

    if (!p2p_plan_is_update(plan, s, adam, &fused) ||
        !p2p_way_plan_form(&fused.way, s->way.variant, s->way.form, &fused.call, caps) ||
        p2p_choice_leaves_out(&plan->choice, fused.call.pass, fused.way.variant->name,
                              fused.way.form))
        return false;
    fused.way.measured = s->way.measured;
    *s = fused;
    return true;
}

bool p2p_plan_is_update(const P2pPlan *plan, const P2pPlanStep *wgrad, const P2pPlanStep *adam,
                        P2pPlanStep *fused)
{
    static const int from[] = {P2P_ADAM_P, P2P_ADAM_M, P2P_ADAM_V, P2P_ADAM_HYPER};
    static const int to[] = {P2P_CONV_W, P2P_CONV_M, P2P_CONV_V, P2P_CONV_HYPER};

    if (wgrad->when != adam->when || !is_update(plan, wgrad, adam) ||
        !goes_best(adam, p2p_device_caps(plan->device)))
        return false;
    *fused = *wgrad;
    for (size_t k = 0; k < P2P_COUNT(to); k++) {
        fused->operand[to[k]] = adam->operand[from[k]];
        fused->call.t[to[k]] = adam->call.t[from[k]];
    }
    fused->call.pass = &p2p_pass_conv2d_wgrad_adam;
    fused->call.attr.beta1 = adam->call.attr.beta1;
    fused->call.attr.beta2 = adam->call.attr.beta2;
    fused->call.attr.eps = adam->call.attr.eps;
    fused->call.attr.epsilon_hat = adam->call.attr.epsilon_hat;
    return true;
}

/* ---- Statistics and what is made with them ------------------------------------------------------ */

/* Whether two steps have the same tensors in the roles first to last of the norm's passes. */
static bool share(const P2pPlanStep *a, const P2pPlanStep *b, int first, int last)
{
    for (int i = first; i <= last; i++)
        if (a->operand[i] != b->operand[i])
            return false;
    return true;
}

static void take(P2pPlanStep *to, int role, const P2pPlanStep *from, int from_role)
{
    to->operand[role] = from->operand[from_role];
    to->call.t[role] = from->call.t[from_role];
}

/* Whether nobody counts on the step that makes a norm's statistics. */
static bool is_inner(const P2pPlan *plan, const P2pPlanStep *stats)
{
    return plan->values[stats->operand[P2P_STATS_MEAN]].storage == P2P_PLAN_SHARED;
}

/* Statistics, and the norm by them. */
static bool join_forward(const P2pPlan *plan, const P2pPlanStep *stats, const P2pPlanStep *act,
                         P2pPlanStep *joint)
{
    if (stats->call.pass != &p2p_pass_norm_stats || act->call.pass != &p2p_pass_norm_act_fwd ||
        !is_inner(plan, stats) || stats->operand[P2P_STATS_X] != act->operand[P2P_NA_X] ||
        stats->operand[P2P_STATS_MEAN] != act->operand[P2P_NA_MEAN])
        return false;
    *joint = *act;
    joint->call.pass = &p2p_pass_norm_fwd;
    joint->call.attr.eps = stats->call.attr.eps;
    joint->call.attr.momentum = stats->call.attr.momentum;
    take(joint, P2P_NA_RUN_MEAN, stats, P2P_STATS_RUN_MEAN);
    take(joint, P2P_NA_RUN_VAR, stats, P2P_STATS_RUN_VAR);
    return true;
}

/* The sums of a norm's gradient, and the gradient by them. */
static bool join_backward(const P2pPlan *plan, const P2pPlanStep *sums, const P2pPlanStep *bwd,
                          P2pPlanStep *joint)
{
    const P2pAttr *a = &sums->call.attr, *b = &bwd->call.attr;

    (void)plan;
    if (sums->call.pass != &p2p_pass_norm_act_sums || bwd->call.pass != &p2p_pass_norm_act_bwd ||
        !share(sums, bwd, P2P_NA_X, P2P_NA_SUMS) || b->fixed_statistics || a->act1 != b->act1 ||
        a->act2 != b->act2 || a->stream != b->stream)
        return false;
    *joint = *bwd;
    joint->call.pass = &p2p_pass_norm_bwd;
    joint->call.attr.add_value = a->accumulate;
    take(joint, P2P_NA_DGAMMA, sums, P2P_NA_DGAMMA);
    take(joint, P2P_NA_DBETA, sums, P2P_NA_DBETA);
    return true;
}

/* ---- All steps ----------------------------------------------------------------------------------- */

/* Makes first the joint step of both, unless they stay two. */
static int fuse(P2pPlan *plan, P2pPlanStep *first, const P2pPlanStep *second, bool *fused)
{
    const P2pCaps *caps = p2p_device_caps(plan->device);
    P2pPlanStep joint;

    *fused = false;
    if (first->when != second->when || !first->way.variant || !second->way.variant)
        return P2P_OK;
    if (is_update(plan, first, second)) {
        *fused = fuse_update(plan, first, second);
        return P2P_OK;
    }
    if ((!join_forward(plan, first, second, &joint) &&
         !join_backward(plan, first, second, &joint)) ||
        !p2p_way_join(&joint.way, &joint.call, &first->call, &second->call, caps, &plan->choice))
        return P2P_OK;
    *first = joint;
    *fused = true;
    return p2p_plan_record(plan, &joint.call, &joint.way);
}

int p2p_plan_fuse(P2pPlan *plan)
{
    int kept = 0, err = P2P_OK;

    for (int i = 0; !err && i < plan->step_count; i++) {
        P2pPlanStep s = plan->steps[i];
        bool fused = false;
        if (i + 1 < plan->step_count)
            err = fuse(plan, &s, &plan->steps[i + 1], &fused);
        i += fused;
        plan->steps[kept++] = s;
        if (s.way.work_bytes > plan->memory.work_bytes)
            plan->memory.work_bytes = s.way.work_bytes;
    }
    plan->step_count = kept;
    p2p_plan_count_uses(plan);
    return err;
}
