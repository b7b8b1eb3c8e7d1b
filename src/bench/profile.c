/* SPDX-License-Identifier: BSD-2-Clause */
/* A plan's passes as rows of a table. */
#include "src/base/front.h"
#include "src/bench/profile.h"

#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/train/trainer.h"

static void fill_row(P2pBenchRow *row, const P2pPlanStepInfo *info)
{
    snprintf(row->label, sizeof(row->label), "%s", info->label);
    snprintf(row->pass, sizeof(row->pass), "%s", info->pass);
    snprintf(row->variant, sizeof(row->variant), "%s", info->variant);
    snprintf(row->shape, sizeof(row->shape), "%dx%dx%dx%d", info->first.n, info->first.h,
             info->first.w, info->first.c);
    row->seconds = info->runs ? info->seconds / info->runs : 0;
    row->gflop = 2e-9 * info->macs;
    row->made_gflop = 2e-9 * info->made_macs;
    row->gb = 1e-9 * info->bytes;
    row->work_gb = 1e-9 * info->work_bytes;
    row->form = info->form;
    row->measured = info->measured;
}

int p2p_profile_rows(P2pPlan *plan, P2pBenchRow **rows, int *count)
{
    *count = 0;
    if (!(*rows = p2p_alloc((size_t)p2p_plan_step_count(plan), sizeof(**rows))))
        return P2P_ENOMEM;
    for (; *count < p2p_plan_step_count(plan); ++*count) {
        const P2pPlanStepInfo info = p2p_plan_step_info(plan, *count);
        fill_row(&(*rows)[*count], &info);
    }
    return P2P_OK;
}

int p2p_profile_launches(P2pPlan *plan, P2pBenchLaunch **launches, int *count)
{
    *count = p2p_plan_launch_count(plan);
    if (!(*launches = p2p_alloc((size_t)*count, sizeof(**launches)))) {
        *count = 0;
        return P2P_ENOMEM;
    }
    for (int i = 0; i < p2p_plan_step_count(plan); i++) {
        const P2pPlanStepInfo step = p2p_plan_step_info(plan, i);
        for (int k = step.launch_first; k < step.launch_last; k++) {
            const P2pLaunchInfo info = p2p_plan_launch_info(plan, k);
            (*launches)[k] =
                (P2pBenchLaunch){.row = i, .groups = info.groups, .seconds = info.least_s};
            snprintf((*launches)[k].kernel, sizeof((*launches)[k].kernel), "%s", info.kernel);
        }
    }
    return P2P_OK;
}

int p2p_trainer_profile(P2pTrainer *t, P2pBenchRow **rows, int *count)
{
    P2P_NEED_AS("trainer", t);
    P2P_NEED(rows);
    P2P_NEED(count);

    P2pPlan *plan = p2p_trainer_plan(t);

    p2p_device_enter(p2p_plan_device(plan));
    return p2p_device_leave(p2p_plan_device(plan), p2p_profile_rows(plan, rows, count));
}
