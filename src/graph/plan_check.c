/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding the pass that makes the first NaN or infinity of a step. Changes no plan. */
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/plan.h"

/* The first operand of a mask that is not finite in *operand, or -1. */
static int find_bad(const P2pCall *call, unsigned mask, int *operand)
{
    int err = P2P_OK;

    *operand = -1;
    for (int i = 0; !err && *operand < 0 && i < P2P_MAX_OPERANDS; i++) {
        if (!(mask >> i & 1) || !p2p_call_has(call, i))
            continue;
        const size_t count = p2p_tensor_elements(&call->t[i]);
        float *host = p2p_alloc(count, sizeof(*host));
        err = host ? p2p_tensor_download(&call->t[i], host, false) : P2P_ENOMEM;
        if (!err && !p2p_floats_finite(host, count))
            *operand = i;
        free(host);
    }
    return err;
}

/* Whether the operands that a pass has read are still what it has read. */
static bool can_repeat(const P2pCall *call)
{
    const P2pPass *pass = call->pass;

    if (pass->updates || call->attr.accumulate)
        return false;
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        for (int k = 0; k < P2P_MAX_OPERANDS; k++)
            if (i != k && pass->outputs >> i & 1 && p2p_call_has(call, i) &&
                call->t[i].buffer == call->t[k].buffer)
                return false;
    return true;
}

static int compare_reference(P2pPlan *plan, const P2pCall *call, const char **verdict)
{
    P2pSequence *sequence = NULL;
    int bad = -1, err;

    *verdict = "its reference cannot be asked any more";
    if (!can_repeat(call))
        return P2P_OK;
    if ((err = p2p_sequence_create(&sequence, p2p_plan_device(plan))) == P2P_OK &&
        (err = p2p_call_emit_ref(sequence, call)) == P2P_OK &&
        (err = p2p_sequence_run(sequence, 0, p2p_sequence_count(sequence))) == P2P_OK)
        err = find_bad(call, call->pass->outputs, &bad);
    p2p_sequence_destroy(&sequence);
    *verdict = bad >= 0 ? "its reference agrees"
                        : "its reference is finite: the kernel is wrong, try another --variant";
    return err;
}

static int tell(P2pPlan *plan, int i, int operand)
{
    const P2pCall *call = p2p_plan_step_call(plan, i);
    const P2pPlanStepInfo info = p2p_plan_step_info(plan, i);
    const unsigned written = call->pass->outputs | call->pass->updates;
    const char *verdict;
    int read, err;

    if ((err = find_bad(call, ~written, &read)) < 0 ||
        (err = compare_reference(plan, call, &verdict)) < 0)
        return err;
    char reads[64] = "all that it reads is finite";
    if (read >= 0)
        snprintf(reads, sizeof(reads), "operand %d that it reads is not finite either", read);
    return p2p_fail(P2P_ENUMBER,
                    "pass %d, %s, %s by %s: operand %d [%d,%d,%d,%d] has a NaN or an "
                    "infinity; %s; %s",
                    i, info.label, info.pass, info.variant, operand, call->t[operand].n,
                    call->t[operand].h, call->t[operand].w, call->t[operand].c, reads, verdict);
}

int p2p_plan_run_checked(P2pPlan *plan, unsigned run)
{
    int err = P2P_OK;

    for (int i = 0; !err && i < p2p_plan_step_count(plan); i++) {
        const P2pCall *call = p2p_plan_step_call(plan, i);
        int bad;
        if (!p2p_plan_step_runs(plan, i, run))
            continue;
        if ((err = p2p_plan_step_run(plan, i)) < 0 ||
            (err = find_bad(call, call->pass->outputs | call->pass->updates, &bad)) < 0)
            return err;
        if (bad >= 0)
            err = tell(plan, i, bad);
    }
    return err;
}
