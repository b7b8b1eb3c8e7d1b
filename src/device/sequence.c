/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recorded launches: kernels with fixed arguments in one flat array. Programs are built when all
 * launches are known, so that they can be compiled side by side. Running only enqueues.
 */
#include <stdio.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/internal.h"

/* Operations a second that any unit of a GPU is trusted with: those of small GPUs make twice as many. */
#define UNIT_FLOPS 2e9
#define LONGEST_LAUNCH_S 0.5
#define LONGEST_QUEUE_S 2.0

typedef struct Launch {
    P2pLaunch *recorded; /* until it is built */
    cl_kernel kernel;    /* NULL: a host function */
    cl_uint dims;
    size_t global[3], local[3];
    bool has_local;
    double flops;
    int pieces, along; /* the dimension that they divide */
    char name[48];
    int (*run)(void *user);
    void (*destroy)(void *user);
    void *user;
    cl_event first,
        last; /* of the last run's pieces, where times are taken; last NULL: there is one */
    double seconds, least_s;
    int runs;
} Launch;

struct P2pSequence {
    P2pDevice *device;
    Launch *launches;
    size_t count, capacity;
    double flops; /* of a launch that is appended */
};

int p2p_sequence_create(P2pSequence **out, P2pDevice *device)
{
    *out = p2p_alloc(1, sizeof(**out));
    if (!*out)
        return P2P_ENOMEM;
    (*out)->device = device;
    return P2P_OK;
}

static void forget_events(Launch *l)
{
    if (l->first)
        clReleaseEvent(l->first);
    if (l->last)
        clReleaseEvent(l->last);
    l->first = l->last = NULL;
}

static void launch_finish(Launch *l)
{
    free(l->recorded);
    forget_events(l);
    if (l->kernel)
        clReleaseKernel(l->kernel);
    if (l->destroy)
        l->destroy(l->user);
}

void p2p_sequence_destroy(P2pSequence **sequence)
{
    P2pSequence *s = *sequence;

    if (!s)
        return;
    *sequence = NULL;
    if (p2p_device_finish(s->device) == P2P_ETIMEOUT)
        return; /* the device may still be using it */
    for (size_t i = 0; i < s->count; i++)
        launch_finish(&s->launches[i]);
    free(s->launches);
    free(s);
}

static int append(P2pSequence *s, Launch **out)
{
    const int err =
        p2p_grow((void **)&s->launches, &s->capacity, s->count + 1, sizeof(*s->launches));

    if (!err) {
        *out = &s->launches[s->count++];
        memset(*out, 0, sizeof(**out));
    }
    return err;
}

static int set_arguments(Launch *l, const P2pLaunch *from)
{
    for (int i = 0; i < from->arg_count; i++) {
        const P2pArg *a = &from->args[i];
        const cl_mem mem = a->buffer ? a->buffer->mem : NULL;
        const bool is_buffer = a->buffer || a->bytes == 0;
        const cl_int code =
            clSetKernelArg(l->kernel, (cl_uint)i, is_buffer ? sizeof(mem) : a->bytes,
                           is_buffer ? (const void *)&mem : a->value);
        if (code != CL_SUCCESS) {
            char what[96];
            snprintf(what, sizeof(what), "argument %d of kernel %s", i, l->name);
            return p2p_cl_fail(code, what);
        }
    }
    return P2P_OK;
}

static void set_grid(Launch *l, const P2pLaunch *from)
{
    l->dims = 1;
    for (int i = 0; i < 3; i++) {
        l->global[i] = from->global[i] ? from->global[i] : 1;
        l->local[i] = from->local[i] ? from->local[i] : 1;
        l->has_local |= from->local[i] != 0;
        if (l->global[i] > 1)
            l->dims = (cl_uint)i + 1;
        P2P_ASSERT(l->global[i] % l->local[i] == 0);
    }
}

void p2p_sequence_expect(P2pSequence *s, double flops)
{
    s->flops = flops;
}

static size_t groups_along(const Launch *l, int dimension)
{
    return l->global[dimension] / l->local[dimension];
}

/* In how many pieces, of whole groups along the dimension with most of them. */
static void divide(const P2pDevice *d, Launch *l, double flops)
{
    const double most = UNIT_FLOPS * LONGEST_LAUNCH_S * d->caps.compute_units;

    l->flops = flops;
    l->pieces = 1;
    for (int i = 1; i < 3; i++)
        l->along = groups_along(l, i) > groups_along(l, l->along) ? i : l->along;
    if (d->caps.is_cpu || flops <= most)
        return;
    const double pieces = flops / most + 1, groups = (double)groups_along(l, l->along);
    l->pieces = (int)(pieces < groups ? pieces : groups);
    p2p_log(d->log, P2P_LOG_DEBUG, "%s: in %d pieces, lest a watchdog ends it", l->name, l->pieces);
}

static int ask_kernel(const P2pDevice *d, const Launch *l, cl_kernel_work_group_info what,
                      size_t bytes, void *value)
{
    const cl_int code = clGetKernelWorkGroupInfo(l->kernel, d->id, what, bytes, value, NULL);

    return code == CL_SUCCESS ? P2P_OK : p2p_cl_fail(code, l->name);
}

/* Whether the device can run groups of this size: a compiled kernel may allow less than the device says,
 * but not than its source fixes, where rusticl tells of less than it runs. Local memory is not asked for:
 * rusticl tells twice of it, and variants know what they need. */
static int check_group(const P2pDevice *d, const Launch *l)
{
    const size_t wanted = l->local[0] * l->local[1] * l->local[2];
    size_t most = 0, fixed[3] = {0};
    int err;

    if ((err = ask_kernel(d, l, CL_KERNEL_WORK_GROUP_SIZE, sizeof(most), &most)) < 0 ||
        (err = ask_kernel(d, l, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof(fixed), fixed)) < 0)
        return err;
    if (l->has_local && !fixed[0] && wanted > most)
        return p2p_fail(P2P_EDEVICE, "%s: groups of %zu, of which %s can run %zu", l->name, wanted,
                        d->caps.name, most);
    return P2P_OK;
}

/* A copy with the options that it is built with; NULL: no memory. */
static P2pLaunch *record(const Launch *l, const P2pLaunch *from)
{
    P2pLaunch whole = *from;
    char *options = p2p_format("%s%s", from->options ? from->options : "",
                               l->pieces > 1 ? " -D IN_PIECES" : "");

    whole.options = options;
    P2pLaunch *copy = options ? p2p_launch_copy(&whole) : NULL;
    free(options);
    return copy;
}

int p2p_sequence_add(P2pSequence *s, const P2pLaunch *from)
{
    Launch *l = NULL;
    const int err = append(s, &l);

    if (err)
        return err;
    snprintf(l->name, sizeof(l->name), "%s", from->kernel);
    set_grid(l, from);
    divide(s->device, l, s->flops);
    l->recorded = record(l, from);
    s->count -= !l->recorded;
    return l->recorded ? P2P_OK : P2P_ENOMEM;
}

/* A program of a binary that computes otherwise than on another boot is built from its source. */
static int check_kept(P2pDevice *d, const P2pLaunch *from, cl_program *program)
{
    bool from_binary;

    if (!p2p_program_is_kept(d, *program, &from_binary) ||
        p2p_probe_agrees(d, *program, from_binary, from))
        return P2P_OK;
    p2p_log(
        d->log, P2P_LOG_WARN,
        "%s: the kept binary of %s computes otherwise than before the system was started anew; it is "
        "built from its source",
        from->kernel, from->program);
    const int err = p2p_program_renew(d, from->program, from->options, program);
    if (!err)
        p2p_probe_agrees(d, *program, false, from);
    return err;
}

static int build(P2pDevice *d, Launch *l)
{
    const P2pLaunch *from = l->recorded;
    cl_program program;
    cl_uint wanted = 0;
    cl_int code;
    int err;

    if ((err = p2p_program_get(d, from->program, from->options, &program)) < 0 ||
        (err = check_kept(d, from, &program)) < 0)
        return err;
    l->kernel = clCreateKernel(program, from->kernel, &code);
    if (code != CL_SUCCESS)
        return p2p_cl_fail(code, from->kernel);
    code = clGetKernelInfo(l->kernel, CL_KERNEL_NUM_ARGS, sizeof(wanted), &wanted, NULL);
    if (code != CL_SUCCESS)
        return p2p_cl_fail(code, from->kernel);
    P2P_ASSERT((int)wanted == from->arg_count);
    if ((err = set_arguments(l, from)) < 0 || (err = check_group(d, l)) < 0)
        return err;
    free(l->recorded);
    l->recorded = NULL;
    return P2P_OK;
}

static void compile_ahead(P2pSequence *s)
{
    const P2pLaunch **list = s->count ? p2p_alloc(s->count, sizeof(*list)) : NULL;
    size_t count = 0;

    for (size_t i = 0; list && i < s->count; i++)
        if (s->launches[i].recorded)
            list[count++] = s->launches[i].recorded;
    if (count)
        p2p_compile_ahead(s->device, list, count);
    free(list);
}

void p2p_sequence_compile(P2pSequence *s, double seconds)
{
    if (!s->device->compiler)
        return;
    s->device->ahead_end = p2p_seconds() + seconds;
    compile_ahead(s);
    s->device->ahead_end = 0;
}

int p2p_sequence_build(P2pSequence *s, int *failed)
{
    int err = P2P_OK;

    if (s->device->compiler)
        compile_ahead(s);
    for (size_t i = 0; !err && i < s->count; i++) {
        if (s->launches[i].recorded)
            err = build(s->device, &s->launches[i]);
        if (err && failed)
            *failed = (int)i;
    }
    return err;
}

int p2p_sequence_add_host(P2pSequence *s, int (*run)(void *user), void *user,
                          void (*destroy)(void *user))
{
    Launch *l = NULL;
    const int err = append(s, &l);

    if (err) {
        if (destroy)
            destroy(user);
        return err;
    }
    snprintf(l->name, sizeof(l->name), "host");
    l->run = run;
    l->user = user;
    l->destroy = destroy;
    return P2P_OK;
}

const P2pBuffer *p2p_sequence_zeros(P2pSequence *s)
{
    if (!s->device->zeros &&
        p2p_buffer_create(&s->device->zeros, s->device, P2P_ZEROS * sizeof(float)) == P2P_OK &&
        p2p_buffer_zero(s->device->zeros) < 0)
        p2p_buffer_destroy(&s->device->zeros);
    return s->device->zeros;
}

int p2p_sequence_count(const P2pSequence *s)
{
    return (int)s->count;
}

/* When its last run began and ended, in seconds of the device's clock; false: no times were taken. */
static bool read_times(P2pDevice *device, const Launch *l, double *start, double *end)
{
    const cl_event last = l->last ? l->last : l->first;
    cl_ulong from = 0, to = 0;

    if (!l->first || p2p_device_wait(device, last) < 0)
        return false;
    clGetEventProfilingInfo(l->first, CL_PROFILING_COMMAND_START, sizeof(from), &from, NULL);
    clGetEventProfilingInfo(last, CL_PROFILING_COMMAND_END, sizeof(to), &to, NULL);
    *start = 1e-9 * (double)from;
    *end = 1e-9 * (double)to;
    return true;
}

/* Add the time of the last run and forget its events. */
static void collect(P2pDevice *device, Launch *l)
{
    double start, end;

    if (!l->first)
        return;
    if (read_times(device, l, &start, &end)) {
        l->seconds += end - start;
        l->least_s = l->runs++ && l->least_s < end - start ? l->least_s : end - start;
    }
    forget_events(l);
}

/* Wait until half of what may be enqueued ahead is left of it. */
static int hold_back(P2pDevice *d, double flops)
{
    d->held_flops += flops;
    if (d->caps.is_cpu || d->held_flops < UNIT_FLOPS * LONGEST_QUEUE_S / 2 * d->caps.compute_units)
        return P2P_OK;
    d->held_flops = 0;
    const int err = p2p_marker_wait(d->held);
    return err ? err : p2p_marker_set(&d->held, d);
}

static int enqueue(P2pDevice *d, Launch *l, bool timed)
{
    const size_t groups = groups_along(l, l->along), pieces = (size_t)l->pieces;

    for (size_t i = 0; i < pieces; i++) {
        size_t offset[3] = {0}, global[3] = {l->global[0], l->global[1], l->global[2]};
        const size_t first = groups * i / pieces, last = groups * (i + 1) / pieces;

        offset[l->along] = first * l->local[l->along];
        global[l->along] = (last - first) * l->local[l->along];
        cl_event *event = i == 0 ? &l->first : i == pieces - 1 ? &l->last : NULL;
        const cl_int code =
            clEnqueueNDRangeKernel(d->queue, l->kernel, l->dims, pieces > 1 ? offset : NULL, global,
                                   l->has_local ? l->local : NULL, 0, NULL, timed ? event : NULL);
        if (code != CL_SUCCESS)
            return p2p_cl_fail(code, l->name);
        const int err = hold_back(d, l->flops / l->pieces);
        if (err)
            return err;
    }
    return P2P_OK;
}

int p2p_sequence_run(P2pSequence *s, int first, int last)
{
    for (int i = first; i < last; i++) {
        Launch *l = &s->launches[i];

        if (l->run) {
            const int err = l->run(l->user);
            if (err)
                return err;
            continue;
        }
        collect(s->device, l);
        const int err = enqueue(s->device, l, s->device->profile);
        if (err)
            return err;
    }
    return P2P_OK;
}

P2pLaunchInfo p2p_sequence_info(P2pSequence *s, int i)
{
    Launch *l = &s->launches[i];
    P2pLaunchInfo info = {.kernel = l->name, .groups = l->has_local};

    collect(s->device, l);
    for (int k = 0; k < 3; k++)
        info.groups *= l->has_local ? l->global[k] / l->local[k] : 1;
    info.runs = l->runs;
    info.seconds = l->seconds;
    info.least_s = l->least_s;
    return info;
}

/* ---- Times of a whole sequence --------------------------------------------------------------- */

/* Runs all on the queue that takes times. */
static int run_timed(P2pSequence *s, double *seconds)
{
    const Launch *first = &s->launches[0], *last = &s->launches[s->count - 1];
    double start = p2p_seconds(), end, ignored;
    int err = P2P_OK;

    for (size_t i = 0; !err && i < s->count; i++) {
        Launch *l = &s->launches[i];
        forget_events(l);
        err = l->run ? l->run(l->user) : enqueue(s->device, l, i == 0 || i == s->count - 1);
    }
    if (!err)
        err = p2p_device_finish(s->device);
    end = p2p_seconds();
    if (!err && !first->run && !last->run &&
        (!read_times(s->device, first, &start, &ignored) ||
         !read_times(s->device, last, &ignored, &end)))
        err = p2p_fail(P2P_EDEVICE, "%s tells no times", s->device->caps.name);
    for (size_t i = 0; i < s->count; i++)
        forget_events(&s->launches[i]);
    *seconds = end - start;
    return err;
}

int p2p_sequence_time(P2pSequence *s, double *seconds)
{
    P2pDevice *d = s->device;
    const cl_command_queue usual = d->queue;
    cl_int code = CL_SUCCESS;
    int err = p2p_device_finish(d);

    *seconds = 0;
    if (err || !s->count)
        return err;
    if (!d->timing)
        d->timing = clCreateCommandQueue(d->context, d->id, CL_QUEUE_PROFILING_ENABLE, &code);
    if (code != CL_SUCCESS)
        return p2p_cl_fail(code, "a command queue that takes times");
    d->queue = d->timing;
    err = run_timed(s, seconds);
    d->queue = usual;
    return err;
}
