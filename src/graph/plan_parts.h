/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of a plan, for plan.c, fuse.c and plan_tune.c alone. */
#ifndef P2P_GRAPH_PLAN_PARTS_H
#define P2P_GRAPH_PLAN_PARTS_H

#include "src/graph/plan.h"

typedef enum P2pPlanStorage {
    P2P_PLAN_SHARED,
    P2P_PLAN_KEPT,
    P2P_PLAN_EXTERNAL,
    P2P_PLAN_SLICE
} P2pPlanStorage;

typedef struct P2pPlanValue {
    P2pPlanStorage storage;
    P2pTensor tensor;
    int root; /* slices: the whole */
    int first, last;
} P2pPlanValue;

typedef struct P2pPlanStep {
    char label[48];
    P2pCall call;
    P2pWay way; /* variant NULL: the reference */
    int operand[P2P_MAX_OPERANDS];
    int launch_first, launch_last;
    P2pWhen when;
    int (*host)(void *user); /* instead of a pass */
    void *user;
} P2pPlanStep;

struct P2pPlan {
    P2pDevice *device;
    P2pChoice choice;
    P2pPlanValue *values;
    P2pPlanStep *steps;
    int value_count, step_count;
    size_t value_capacity, step_capacity;
    uint32_t dropouts;
    P2pWhen when;  /* of the next steps */
    P2pSync *sync; /* NULL: none */
    int err;
    P2pArena *arena;
    P2pBuffer *work;
    P2pSequence *sequence;
    P2pPlanMemory memory;
    P2pPlanStep *drawn; /* the steps before any was chosen or fused */
    int drawn_count;
    const P2pPlanStep *failed; /* its variant does not build or does not fit the device */
    char *record;              /* lines as P2pChoice.remembered has them */
    size_t record_capacity;
};

/** Note the way of a call that has a choice, for p2p_plan_variants(). */
int p2p_plan_record(P2pPlan *plan, const P2pCall *call, const P2pWay *way);
/** First and last use of every value, anew. */
void p2p_plan_count_uses(P2pPlan *plan);

/** Whether adam is the one that uses what wgrad, the step before it, has made, and goes its best way: *fused is
 *  then both in one, of which nobody knows whether a variant can go it. */
bool p2p_plan_is_update(const P2pPlan *plan, const P2pPlanStep *wgrad, const P2pPlanStep *adam,
                        P2pPlanStep *fused);

/** Learn what is known of the device's variants, and measure the convolutions where that is wanted. */
int p2p_plan_tune(P2pPlan *plan);
/** The call under which step i is measured. */
P2pCall p2p_plan_measured(const P2pPlan *plan, int i);

/** Make one step of two where a pass does both at once, and go on with what is left. */
int p2p_plan_fuse(P2pPlan *plan);

#endif
