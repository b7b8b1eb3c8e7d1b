/* SPDX-License-Identifier: BSD-2-Clause */
/* Recording steps, fixing variants and memory, running. Knows no network. */
#include "src/graph/plan_parts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/graph/lifetime.h"

/* What stands for a host's step in tables. */
static const P2pPass host_pass = {.name = "host"};

int p2p_plan_create(P2pPlan **out, P2pDevice *device, const P2pChoice *choice)
{
    P2pPlan *plan = *out = p2p_alloc(1, sizeof(*plan));

    if (!plan)
        return P2P_ENOMEM;
    plan->device = device;
    if (choice)
        plan->choice = *choice;
    return P2P_OK;
}

/* All that the device has of it. */
static void release(P2pPlan *p)
{
    p2p_sequence_destroy(&p->sequence);
    for (int i = 0; i < p->value_count; i++)
        if (p->values[i].storage == P2P_PLAN_SHARED || p->values[i].storage == P2P_PLAN_KEPT)
            p2p_buffer_destroy(&p->values[i].tensor.buffer);
    p2p_buffer_destroy(&p->work);
    p2p_arena_destroy(&p->arena);
}

void p2p_plan_destroy(P2pPlan **plan)
{
    P2pPlan *p = *plan;

    if (!p)
        return;
    release(p);
    free(p->values);
    free(p->steps);
    free(p->record);
    free(p);
    *plan = NULL;
}

static int add_value(P2pPlan *plan, P2pPlanStorage storage, P2pTensor tensor)
{
    if (!plan->err)
        plan->err = p2p_grow((void **)&plan->values, &plan->value_capacity,
                             (size_t)plan->value_count + 1, sizeof(*plan->values));
    if (plan->err)
        return -1;
    plan->values[plan->value_count] = (P2pPlanValue){
        .storage = storage, .tensor = tensor, .root = plan->value_count, .first = -1};
    return plan->value_count++;
}

/* A pixel stride that is a large power of two would put all pixels into one set of the cache: a line
 * more. */
static P2pTensor with_stride(const P2pPlan *plan, P2pTensor t)
{
    const int bytes = (int)p2p_type_bytes(t.type);

    if (p2p_device_caps(plan->device)->is_cpu && t.layout == P2P_NHWC && t.h * t.w > 1 &&
        t.c * bytes % 1024 == 0)
        t.stride = t.c + 64 / bytes;
    return t;
}

int p2p_plan_tensor(P2pPlan *plan, P2pTensor shape)
{
    return add_value(plan, P2P_PLAN_SHARED, with_stride(plan, shape));
}

int p2p_plan_keep(P2pPlan *plan, P2pTensor shape)
{
    return add_value(plan, P2P_PLAN_KEPT, shape);
}

int p2p_plan_external(P2pPlan *plan, const P2pTensor *tensor)
{
    return add_value(plan, P2P_PLAN_EXTERNAL, *tensor);
}

/* A tensor within another's memory. */
static int add_part(P2pPlan *plan, int tensor, P2pTensor t)
{
    const int root = plan->values[tensor].root, slice = add_value(plan, P2P_PLAN_SLICE, t);
    if (slice >= 0)
        plan->values[slice].root = root;
    return slice;
}

int p2p_plan_slice(P2pPlan *plan, int tensor, int part, int c)
{
    if (plan->err)
        return -1;
    P2pTensor t = plan->values[tensor].tensor;
    P2P_ASSERT(t.layout == P2P_NHWC && part + c <= t.c);
    t.offset += part;
    t.c = c;
    return add_part(plan, tensor, t);
}

int p2p_plan_pictures(P2pPlan *plan, int tensor, int first, int n)
{
    if (plan->err)
        return -1;
    P2pTensor t = plan->values[tensor].tensor;
    P2P_ASSERT(t.layout == P2P_NHWC && first + n <= t.n);
    const size_t at = (size_t)first * (size_t)t.h * (size_t)t.w * (size_t)t.stride;
    if (at > (size_t)(INT_MAX - t.offset)) {
        plan->err = p2p_fail(P2P_EDEVMEM,
                             "a batch of %zu elements is larger than kernels count (%d); use a "
                             "smaller batch or picture",
                             p2p_tensor_elements(&t), INT_MAX);
        return -1;
    }
    t.offset += (int)at;
    t.n = n;
    return add_part(plan, tensor, t);
}

int p2p_plan_view(P2pPlan *plan, int tensor, int at, P2pTensor shape)
{
    if (plan->err)
        return -1;
    const P2pTensor *whole = &plan->values[tensor].tensor;
    P2P_ASSERT((size_t)at + p2p_tensor_span(&shape) <= p2p_tensor_span(whole));
    shape.buffer = whole->buffer;
    shape.offset = whole->offset + at;
    return add_part(plan, tensor, shape);
}

P2pType p2p_plan_stored_type(const P2pPlan *plan)
{
    return plan->choice.precision == P2P_PRECISION_F16 ? P2P_TYPE_F16 : P2P_TYPE_F32;
}

void p2p_plan_step(P2pPlan *plan, const char *label, const P2pPass *pass, const P2pAttr *attr,
                   const int *operand, int count)
{
    if (!plan->err)
        plan->err = p2p_grow((void **)&plan->steps, &plan->step_capacity,
                             (size_t)plan->step_count + 1, sizeof(*plan->steps));
    if (plan->err)
        return;

    P2pPlanStep *step = &plan->steps[plan->step_count];
    *step = (P2pPlanStep){.call.pass = pass, .when = plan->when};
    snprintf(step->label, sizeof(step->label), "%s", label);
    if (attr)
        step->call.attr = *attr;
    step->call.attr.precision = pass->macs ? plan->choice.precision : P2P_PRECISION_F32;
    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        step->operand[i] = i < count ? operand[i] : -1;
        if (step->operand[i] < 0)
            continue;
        P2pPlanValue *root = &plan->values[plan->values[step->operand[i]].root];
        step->call.t[i] = plan->values[step->operand[i]].tensor;
        root->first = root->first < 0 ? plan->step_count : root->first;
        root->last = plan->step_count;
    }
    plan->step_count++;
}

void p2p_plan_host(P2pPlan *plan, const char *label, int (*run)(void *user), void *user,
                   const int *operand, int count)
{
    p2p_plan_step(plan, label, &host_pass, NULL, operand, count);
    if (plan->err)
        return;
    plan->steps[plan->step_count - 1].host = run;
    plan->steps[plan->step_count - 1].user = user;
}

void p2p_plan_set_sync(P2pPlan *plan, P2pSync *sync)
{
    plan->sync = sync;
}

P2pSync *p2p_plan_sync(const P2pPlan *plan)
{
    return plan->sync;
}

void p2p_plan_fail(P2pPlan *plan, int err)
{
    plan->err = plan->err ? plan->err : err;
}

void p2p_plan_when(P2pPlan *plan, P2pWhen when)
{
    plan->when = when;
}

bool p2p_plan_step_runs(const P2pPlan *plan, int i, unsigned run)
{
    const P2pWhen when = plan->steps[i].when;

    return when == P2P_WHEN_ALWAYS || (when == P2P_WHEN_FIRST && run & P2P_RUN_FIRST) ||
           (when == P2P_WHEN_LAST && run & P2P_RUN_LAST);
}

uint32_t p2p_plan_dropout_stream(P2pPlan *plan)
{
    return p2p_stream(P2P_STREAM_DROPOUT, plan->dropouts++);
}

int p2p_plan_record(P2pPlan *plan, const P2pCall *call, const P2pWay *way)
{
    const size_t used = plan->record ? strlen(plan->record) : 0;
    char text[P2P_CALL_TEXT], form[16] = "";
    size_t length;

    p2p_call_text(call, text);
    if ((!call->pass->variants[1].name && !call->pass->is_joint) ||
        (used && p2p_remembered(plan->record, text, &length)))
        return P2P_OK;
    if (way->form)
        snprintf(form, sizeof(form), ":%d", way->form);
    const size_t more = strlen(text) + strlen(way->variant->name) + strlen(form) + sizeof(": \n");
    const int err = p2p_grow((void **)&plan->record, &plan->record_capacity, used + more, 1);
    if (!err)
        snprintf(plan->record + used, more, "%s: %s%s\n", text, way->variant->name, form);
    return err;
}

static int choose_variants(P2pPlan *plan)
{
    const P2pCaps *caps = p2p_device_caps(plan->device);
    const P2pPlanStep *first_lost = NULL;
    int err = P2P_OK, all_lost = 0;

    for (int i = 0; !err && i < plan->step_count; i++) {
        P2pPlanStep *s = &plan->steps[i];
        bool lost;
        if (s->host || p2p_pass_is_ref(s->call.pass, &plan->choice))
            continue;
        const P2pCall measured = p2p_plan_measured(plan, i);
        if ((err = p2p_way_choose(&s->way, &s->call, &measured, caps, &plan->choice, &lost)) < 0)
            return p2p_fail_prefix(err, "%s", s->label);
        err = p2p_plan_record(plan, &s->call, &s->way);
        first_lost = lost && !first_lost ? s : first_lost;
        all_lost += lost;
    }
    if (first_lost)
        p2p_log(p2p_device_log(plan->device), P2P_LOG_WARN,
                "%d passes cannot run as before on %s: numbers will differ in their last digits "
                "(the first: %s, %s, now by %s)",
                all_lost, caps->name, first_lost->label, first_lost->call.pass->name,
                first_lost->way.variant->name);
    return err;
}

void p2p_plan_count_uses(P2pPlan *plan)
{
    for (int i = 0; i < plan->value_count; i++)
        plan->values[i].first = -1;
    for (int i = 0; i < plan->step_count; i++)
        for (int k = 0; k < P2P_MAX_OPERANDS; k++) {
            if (plan->steps[i].operand[k] < 0)
                continue;
            P2pPlanValue *root = &plan->values[plan->values[plan->steps[i].operand[k]].root];
            root->first = root->first < 0 ? i : root->first;
            root->last = i;
        }
}

static int place_values(P2pPlan *plan)
{
    const P2pCaps *caps = p2p_device_caps(plan->device);
    P2pLifetime *items = p2p_alloc((size_t)plan->value_count, sizeof(*items));
    int err = items ? P2P_OK : P2P_ENOMEM;

    for (int i = 0; !err && i < plan->value_count; i++) {
        const P2pPlanValue *v = &plan->values[i];
        const bool kept = v->storage == P2P_PLAN_KEPT;
        if (!kept && (v->storage != P2P_PLAN_SHARED || v->first < 0))
            continue;
        items[i].bytes = p2p_round_up(p2p_tensor_bytes(&v->tensor), caps->align_bytes);
        items[i].first = kept ? 0 : v->first;
        items[i].last = kept ? plan->step_count : v->last;
        plan->memory.unshared_bytes += items[i].bytes;
    }
    if (!err)
        err = p2p_lifetime_place(items, plan->value_count, caps->align_bytes,
                                 p2p_arena_chunk(plan->device), &plan->memory.tensor_bytes);
    const size_t needed = plan->memory.tensor_bytes + plan->memory.work_bytes;
    if (!err && needed > caps->memory_bytes)
        err =
            p2p_fail(P2P_EDEVMEM,
                     "the plan needs %zu MiB, %s tells of %zu MiB; use a smaller batch, picture or "
                     "network, or --device_memory if it has more",
                     needed >> 20, caps->name, caps->memory_bytes >> 20);
    if (!err)
        err = p2p_arena_create(&plan->arena, plan->device, plan->memory.tensor_bytes);
    if (!err && plan->memory.work_bytes)
        err = p2p_buffer_create(&plan->work, plan->device, plan->memory.work_bytes);
    for (int i = 0; !err && i < plan->value_count; i++)
        if (items[i].bytes)
            err = p2p_arena_part(&plan->values[i].tensor.buffer, plan->arena, items[i].offset,
                                 items[i].bytes);
    for (int i = 0; !err && i < plan->value_count; i++)
        if (plan->values[i].storage == P2P_PLAN_SLICE)
            plan->values[i].tensor.buffer = plan->values[plan->values[i].root].tensor.buffer;
    free(items);
    return err;
}

static int emit_steps(P2pPlan *plan)
{
    int err = p2p_sequence_create(&plan->sequence, plan->device);

    for (int i = 0; !err && i < plan->step_count; i++) {
        P2pPlanStep *s = &plan->steps[i];
        for (int k = 0; k < P2P_MAX_OPERANDS; k++)
            if (s->operand[k] >= 0)
                s->call.t[k] = plan->values[s->operand[k]].tensor;
        s->launch_first = p2p_sequence_count(plan->sequence);
        const P2pVariant *v = s->way.variant;
        const P2pPass *pass = s->call.pass;
        p2p_sequence_expect(plan->sequence, pass->macs ? 2 * pass->macs(&s->call) : 0);
        err = s->host ? p2p_sequence_add_host(plan->sequence, s->host, s->user, NULL)
              : v     ? v->emit(plan->sequence, &s->call, &s->way, plan->work)
                      : p2p_call_emit_ref(plan->sequence, &s->call);
        s->launch_last = p2p_sequence_count(plan->sequence);
        if (err)
            p2p_fail_prefix(err, "%s (%s)", s->label, s->call.pass->name);
        p2p_log(p2p_device_log(plan->device), P2P_LOG_DEBUG, "step %3d %-24s %-16s %s", i, s->label,
                s->call.pass->name,
                s->host ? "host"
                : v     ? v->name
                        : "reference");
    }
    return err;
}

static int build_launches(P2pPlan *plan)
{
    int launch = -1;
    const int err = p2p_sequence_build(plan->sequence, &launch);

    for (int i = 0; err && i < plan->step_count; i++) {
        const P2pPlanStep *s = &plan->steps[i];
        if (launch < s->launch_first || launch >= s->launch_last)
            continue;
        plan->failed = s->way.variant ? s : NULL;
        return p2p_fail_prefix(err, "%s (%s)", s->label, s->call.pass->name);
    }
    return err;
}

static int build(P2pPlan *plan)
{
    plan->choice.broken = p2p_device_left_out(plan->device);
    int err = choose_variants(plan);

    plan->failed = NULL;
    if (!err)
        err = p2p_plan_fuse(plan);
    if (!err)
        err = place_values(plan);
    if (!err)
        err = emit_steps(plan);
    return err ? err : build_launches(plan);
}

static int keep_drawn(P2pPlan *plan)
{
    if (!(plan->drawn = p2p_alloc((size_t)plan->step_count, sizeof(*plan->drawn))))
        return P2P_ENOMEM;
    memcpy(plan->drawn, plan->steps, (size_t)plan->step_count * sizeof(*plan->drawn));
    plan->drawn_count = plan->step_count;
    return P2P_OK;
}

/* Back to the steps as drawn, to be built without the variant that the device does not run. */
static void start_over(P2pPlan *plan)
{
    const char *pass = plan->failed->call.pass->name;

    p2p_log(p2p_device_log(plan->device), P2P_LOG_WARN,
            "%s; the variant %s is left out from now on", p2p_error(),
            plan->failed->way.variant->name);
    p2p_device_leave_out(plan->device, pass, (int)strcspn(pass, "_"),
                         plan->failed->way.variant->name);
    release(plan);
    memcpy(plan->steps, plan->drawn, (size_t)plan->drawn_count * sizeof(*plan->drawn));
    plan->step_count = plan->drawn_count;
    plan->memory = (P2pPlanMemory){0};
    if (plan->record)
        plan->record[0] = '\0';
    p2p_plan_count_uses(plan);
}

/* Whether there is another in place of the variant that has failed. */
static bool can_start_over(const P2pPlan *plan)
{
    return plan->failed &&
           (plan->failed->way.variant[1].name || plan->failed->call.pass->is_joint) &&
           !p2p_choice_forces(&plan->choice, plan->failed->way.variant->name);
}

int p2p_plan_finish(P2pPlan *plan)
{
    const double start = p2p_seconds();
    int err = plan->err;

    if (!err)
        err = p2p_plan_tune(plan);
    if (!err)
        err = keep_drawn(plan);
    if (!err)
        err = build(plan);
    while (err == P2P_EDEVICE && can_start_over(plan)) {
        start_over(plan);
        err = build(plan);
    }
    free(plan->drawn);
    plan->drawn = NULL;
    if (!err)
        p2p_log(p2p_device_log(plan->device), P2P_LOG_DEBUG,
                "plan: %d steps, %d launches, tensors %.1f MiB (%.1f MiB if none shared), "
                "workspace %.1f MiB, %.1f s",
                plan->step_count, p2p_sequence_count(plan->sequence),
                (double)plan->memory.tensor_bytes / 1048576.0,
                (double)plan->memory.unshared_bytes / 1048576.0,
                (double)plan->memory.work_bytes / 1048576.0, p2p_seconds() - start);
    return err;
}

int p2p_plan_run_part(P2pPlan *plan, unsigned run)
{
    int err = P2P_OK;

    for (int first = 0, end; !err && first < plan->step_count; first = end + 1) {
        for (end = first; end < plan->step_count && p2p_plan_step_runs(plan, end, run);)
            end++;
        if (end > first)
            err = p2p_sequence_run(plan->sequence, plan->steps[first].launch_first,
                                   plan->steps[end - 1].launch_last);
    }
    return err ? err : p2p_device_flush(plan->device);
}

int p2p_plan_run(P2pPlan *plan)
{
    return p2p_plan_run_part(plan, P2P_RUN_WHOLE);
}

int p2p_plan_step_run(P2pPlan *plan, int i)
{
    return p2p_sequence_run(plan->sequence, plan->steps[i].launch_first,
                            plan->steps[i].launch_last);
}

const P2pCall *p2p_plan_step_call(const P2pPlan *plan, int i)
{
    return &plan->steps[i].call;
}

const P2pTensor *p2p_plan_get(const P2pPlan *plan, int tensor)
{
    return tensor < 0 ? NULL : &plan->values[tensor].tensor;
}

const char *p2p_plan_variants(const P2pPlan *plan)
{
    return plan->record ? plan->record : "";
}

P2pPlanMemory p2p_plan_memory(const P2pPlan *plan)
{
    return plan->memory;
}

int p2p_plan_step_count(const P2pPlan *plan)
{
    return plan->step_count;
}

P2pPlanStepInfo p2p_plan_step_info(P2pPlan *plan, int i)
{
    const P2pPlanStep *s = &plan->steps[i];
    const P2pPass *pass = s->call.pass;
    P2pPlanStepInfo info = {.label = s->label,
                            .pass = pass->name,
                            .variant = s->way.variant ? s->way.variant->name
                                       : s->host      ? "host"
                                                      : "reference",
                            .form = s->way.form,
                            .measured = s->way.measured,
                            .first = s->call.t[0],
                            .macs = pass->macs ? pass->macs(&s->call) : 0,
                            .work_bytes = (double)s->way.work_bytes,
                            .launch_first = s->launch_first,
                            .launch_last = s->launch_last};

    info.made_macs = s->way.macs > 0 ? s->way.macs : info.macs;
    for (int k = s->launch_first; k < s->launch_last; k++) {
        const P2pLaunchInfo launch = p2p_sequence_info(plan->sequence, k);
        info.seconds += launch.seconds;
        info.runs = launch.runs;
    }
    for (int k = 0; k < P2P_MAX_OPERANDS; k++)
        if (p2p_call_has(&s->call, k))
            info.bytes += (double)p2p_tensor_elements(&s->call.t[k]) *
                          (double)p2p_tensor_bytes(&s->call.t[k]) /
                          (double)p2p_tensor_span(&s->call.t[k]);
    info.bytes -= s->way.unread_bytes;
    return info;
}

int p2p_plan_launch_count(const P2pPlan *plan)
{
    return p2p_sequence_count(plan->sequence);
}

P2pLaunchInfo p2p_plan_launch_info(P2pPlan *plan, int i)
{
    return p2p_sequence_info(plan->sequence, i);
}

P2pDevice *p2p_plan_device(const P2pPlan *plan)
{
    return plan->device;
}
