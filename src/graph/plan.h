/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A static plan: tensors with lifetimes and a list of passes over them. Built once, then fixed:
 * variants chosen, memory placed, kernels compiled and bound. Running it only enqueues.
 *
 * Builder calls return a tensor's number, or -1 with the failure kept until p2p_plan_finish().
 */
#ifndef P2P_GRAPH_PLAN_H
#define P2P_GRAPH_PLAN_H

#include "src/ops/choice.h"

typedef struct P2pPlan P2pPlan;

/** choice may be NULL; its strings must outlive the plan's building. */
int p2p_plan_create(P2pPlan **out, P2pDevice *device, const P2pChoice *choice);
void p2p_plan_destroy(P2pPlan **plan);

/** A tensor that lives from its first to its last use; its memory is shared with others. */
int p2p_plan_tensor(P2pPlan *plan, P2pTensor shape);
/** A tensor that keeps its memory always: inputs, outputs, losses. */
int p2p_plan_keep(P2pPlan *plan, P2pTensor shape);
/** Channels [part, part + c) of a tensor. */
int p2p_plan_slice(P2pPlan *plan, int tensor, int part, int c);
/** Pictures [first, first + n) of a tensor. The plan fails with P2P_EDEVMEM where kernels cannot count so far. */
int p2p_plan_pictures(P2pPlan *plan, int tensor, int first, int n);
/** What lies in a tensor's memory from its element `at` on, in a shape of any layout. */
int p2p_plan_view(P2pPlan *plan, int tensor, int at, P2pTensor shape);
/** A tensor that has its memory already: parameters. */
int p2p_plan_external(P2pPlan *plan, const P2pTensor *tensor);

/** The type that activations within networks have, and their gradients. */
P2pType p2p_plan_stored_type(const P2pPlan *plan);

/** Let batch norm take the statistics of all ranks; set before its first use, must outlive the plan. */
typedef struct P2pSync P2pSync;
void p2p_plan_set_sync(P2pPlan *plan, P2pSync *sync);
P2pSync *p2p_plan_sync(const P2pPlan *plan);

/** Keep a failure of whoever builds it until p2p_plan_finish(); 0: none. */
void p2p_plan_fail(P2pPlan *plan, int err);

/** Append a pass; operand[i] is a tensor's number or -1, `count` of them. label is for tables. */
void p2p_plan_step(P2pPlan *plan, const char *label, const P2pPass *pass, const P2pAttr *attr,
                   const int *operand, int count);
/** Shorthand: p2p_plan_steps(plan, label, pass, attr, {a, b, c}). */
#define P2P_PLAN_STEP(plan, label, pass, attr, ...)                            \
    p2p_plan_step((plan), (label), (pass), (attr), (const int[]){__VA_ARGS__}, \
                  (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)))

/**
 * Append a call of the host's at its place: run(user) may enqueue reads and writes, and wait. What it uses
 * of the plan's tensors are operands, as a pass's (p2p_plan_get() tells where they are then).
 */
void p2p_plan_host(P2pPlan *plan, const char *label, int (*run)(void *user), void *user,
                   const int *operand, int count);

/**
 * Runs of a plan that make one step of training together: of several batches, the gradients of which are
 * added up. A step of the plan is part of all of them, or of the first or the last alone.
 */
typedef enum P2pWhen { P2P_WHEN_ALWAYS, P2P_WHEN_FIRST, P2P_WHEN_LAST } P2pWhen;
/** Of which runs the steps are that are appended from here on. */
void p2p_plan_when(P2pPlan *plan, P2pWhen when);

/** Which of those runs one is: a bit of each; one that stands alone is both. */
enum { P2P_RUN_MIDDLE = 0, P2P_RUN_FIRST = 1, P2P_RUN_LAST = 2, P2P_RUN_WHOLE = 3 };
/** Whether step i is part of it. */
bool p2p_plan_step_runs(const P2pPlan *plan, int i, unsigned run);

/** Number of the next dropout layer, so that each has a stream of its own. */
uint32_t p2p_plan_dropout_stream(P2pPlan *plan);

/** Choose variants, place memory, compile. After it the plan is fixed. */
int p2p_plan_finish(P2pPlan *plan);

/** Enqueue all steps. */
int p2p_plan_run(P2pPlan *plan);
/** Enqueue those of a run. */
int p2p_plan_run_part(P2pPlan *plan, unsigned run);

/**
 * Run the passes of a run one by one, looking at what each has written (blocks, slow): which is the first that makes
 * a NaN or an infinity? The state of the step is undefined after a failure.
 *
 * @return 0; P2P_ENUMBER: the message names layer, pass, variant and operand, whether what it read
 *         was finite, and, where that can be told, what its reference makes of it.
 */
int p2p_plan_run_checked(P2pPlan *plan, unsigned run);

/** Enqueue step i alone. */
int p2p_plan_step_run(P2pPlan *plan, int i);
/** The bound call of step i. */
const P2pCall *p2p_plan_step_call(const P2pPlan *plan, int i);

/** Shape before finish (until the next tensor is added: copy it), the bound tensor after. */
const P2pTensor *p2p_plan_get(const P2pPlan *plan, int tensor);

/** The variant of each call, as P2pChoice.remembered takes it; the plan's, after finish. */
const char *p2p_plan_variants(const P2pPlan *plan);

typedef struct P2pPlanMemory {
    size_t tensor_bytes, work_bytes, unshared_bytes; /* unshared: if nothing shared memory */
} P2pPlanMemory;
P2pPlanMemory p2p_plan_memory(const P2pPlan *plan);

/** One step for tables: its label, pass, variant and time so far (profiling devices). */
typedef struct P2pPlanStepInfo {
    const char *label, *pass, *variant;
    int form;        /* of the variant */
    bool measured;   /* chosen by what was measured */
    P2pTensor first; /* operand 0 */
    double seconds;
    int runs;
    double macs;       /* of the direct algorithm; 0 where not a convolution */
    double made_macs;  /* as its variant makes it */
    double bytes;      /* of all operands that is read or written, each once */
    double work_bytes; /* of the variant's scratch memory */
    int launch_first, launch_last;
} P2pPlanStepInfo;
int p2p_plan_step_count(const P2pPlan *plan);
P2pPlanStepInfo p2p_plan_step_info(P2pPlan *plan, int i);
int p2p_plan_launch_count(const P2pPlan *plan);
P2pLaunchInfo p2p_plan_launch_info(P2pPlan *plan, int i);

P2pDevice *p2p_plan_device(const P2pPlan *plan);

#endif
