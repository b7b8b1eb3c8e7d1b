/* SPDX-License-Identifier: BSD-2-Clause */
/* The convolutions of a plan as they are measured before it is made. */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/plan_parts.h"
#include "src/trial/tune.h"
#include "src/trial/tuned.h"

/* Step i: with Adam's where they may become one. */
static void set_job(const P2pPlan *plan, int i, P2pTuneJob *job)
{
    const P2pCaps *caps = p2p_device_caps(plan->device);
    P2pPlanStep adam, fused;
    bool lost;

    *job = (P2pTuneJob){.call = plan->steps[i].call};
    if (i + 1 >= plan->step_count || job->call.pass != &p2p_pass_conv2d_wgrad)
        return;
    adam = plan->steps[i + 1];
    if (adam.call.pass != &p2p_pass_adam || p2p_pass_is_ref(adam.call.pass, &plan->choice) ||
        p2p_way_choose(&adam.way, &adam.call, NULL, caps, &plan->choice, &lost) < 0 ||
        !p2p_plan_is_update(plan, &plan->steps[i], &adam, &fused))
        return;
    job->fused = fused.call;
    job->adam = adam.call;
}

P2pCall p2p_plan_measured(const P2pPlan *plan, int i)
{
    P2pTuneJob job;

    set_job(plan, i, &job);
    return *p2p_tune_key(&job);
}

static int tune(P2pPlan *plan)
{
    P2pTuneJob *jobs = p2p_alloc((size_t)plan->step_count + 1, sizeof(*jobs));
    int count = 0;

    if (!jobs)
        return P2P_ENOMEM;
    for (int i = 0; i < plan->step_count; i++)
        if (plan->steps[i].call.pass->macs &&
            !p2p_pass_is_ref(plan->steps[i].call.pass, &plan->choice))
            set_job(plan, i, &jobs[count++]);
    const int err = p2p_tune(plan->device, jobs, count, &plan->choice);
    free(jobs);
    return err;
}

int p2p_plan_tune(P2pPlan *plan)
{
    const P2pTune mode = p2p_device_tuning_state(plan->device)->mode;
    const char *known = p2p_tuned_lines(plan->device);
    int err = P2P_OK;

    plan->choice.broken = p2p_device_left_out(plan->device);
    if (mode == P2P_TUNE_QUICK || mode == P2P_TUNE_FULL) {
        err = tune(plan);
        known = p2p_tuned_lines(plan->device);
    }
    plan->choice.measured = mode == P2P_TUNE_OFF ? NULL : known;
    return err;
}
