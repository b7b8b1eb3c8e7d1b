/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To be preloaded: OpenCL with one device, a GPU that is none. It has the facts that GPULAB_DEVICE says,
 * takes every program, and runs nothing; memory is the host's. What it is given goes to the folder
 * GPULAB_RECORD: each program's text as HASH.cl, and `launches`, a line each:
 *
 *   HASH KERNEL GLOBAL GLOBAL GLOBAL LOCAL LOCAL LOCAL <tab> BUILD OPTIONS <tab> TYPE:NAME=INT,INT,... ...
 *
 * the last being the arguments that are no pointers, as ints. GPULAB_DEVICE:
 * "NAME|VENDOR_ID|UNITS|MEMORY_GiB|LOCAL_KiB|GROUP|EXTENSIONS|TARGET". A kernel's arguments are those of its program
 * as clang preprocesses it.
 */
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parameters.h"

enum { FACTS = 8, COMMAND = 4096 };
enum { NAME, VENDOR_ID, UNITS, MEMORY, LOCAL, GROUP, EXTENSIONS, TARGET };
enum { CAPABILITY_MAJOR = 0x4000, CAPABILITY_MINOR = 0x4001, SUB_GROUP_SIZES_INTEL = 0x4108 };

/* All handles are pointers to these; what is never looked into is `nothing`. */
struct _cl_mem {
    char *bytes;
    bool is_part;
};
struct _cl_program {
    char *text, *options, *expanded;
    unsigned long long hash;
};
struct _cl_kernel {
    cl_program program;
    char name[128];
    cl_uint arguments;
    Parameter parameters[PARAMETERS];
};
static char nothing;
static const size_t intel_sizes[] = {8, 16, 32}; /* of all Intel's targets here */

static FILE *launches;
static char facts[FACTS][1024];

static void give_up(const char *what)
{
    fprintf(stderr, "recorder: %s\n", what);
    abort();
}

static void read_facts(void)
{
    const char *at = getenv("GPULAB_DEVICE");

    for (int i = 0; i < FACTS; i++) {
        const size_t n = at ? strcspn(at, "|") : 0;
        if (!at || n >= sizeof(facts[i]))
            give_up(
                "GPULAB_DEVICE is not NAME|VENDOR_ID|UNITS|MEMORY|LOCAL|GROUP|EXTENSIONS|TARGET");
        memcpy(facts[i], at, n);
        at = at[n] ? at + n + 1 : NULL;
    }
}

static const char *fact(int i)
{
    if (!facts[NAME][0])
        read_facts();
    return facts[i];
}

static FILE *record(const char *name)
{
    const char *folder = getenv("GPULAB_RECORD");
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", folder ? folder : "", name);
    FILE *file = folder ? fopen(path, "w") : NULL;
    if (!file)
        give_up("GPULAB_RECORD names no folder that can be written to");
    return file;
}

static FILE *launch_file(void)
{
    return launches ? launches : (launches = record("launches"));
}

/* Memory that OpenCL's caller never frees by itself. */
static void *take(size_t bytes)
{
    void *memory = calloc(bytes ? bytes : 1, 1);

    if (!memory)
        give_up("no memory");
    return memory;
}

static cl_int give(const void *from, size_t size, size_t bytes, void *to, size_t *needed)
{
    if (needed)
        *needed = size;
    if (!to)
        return CL_SUCCESS;
    if (bytes < size)
        return CL_INVALID_VALUE;
    memcpy(to, from, size);
    return CL_SUCCESS;
}

static cl_int give_text(const char *text, size_t bytes, void *to, size_t *needed)
{
    return give(text, strlen(text) + 1, bytes, to, needed);
}

static cl_int give_number(unsigned long long value, size_t size, size_t bytes, void *to,
                          size_t *needed)
{
    return give(&value, size, bytes, to, needed); /* little-endian, as all hosts here */
}

/* ---- Platform and device --------------------------------------------------------------------- */

cl_int clGetPlatformIDs(cl_uint n, cl_platform_id *list, cl_uint *count)
{
    if (n && list)
        list[0] = (cl_platform_id)(void *)&nothing;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

cl_int clGetPlatformInfo(cl_platform_id p, cl_platform_info what, size_t bytes, void *to,
                         size_t *needed)
{
    (void)p;
    return give_text(what == CL_PLATFORM_NAME ? "gpulab" : "OpenCL 3.0", bytes, to, needed);
}

cl_int clGetDeviceIDs(cl_platform_id p, cl_device_type type, cl_uint n, cl_device_id *list,
                      cl_uint *count)
{
    (void)p, (void)type;
    if (n && list)
        list[0] = (cl_device_id)(void *)&nothing;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

/* "sm_86": 86. */
static unsigned capability(void)
{
    return strncmp(fact(TARGET), "sm_", 3) ? 0 : (unsigned)atoi(fact(TARGET) + 3);
}

cl_int clGetDeviceInfo(cl_device_id d, cl_device_info what, size_t bytes, void *to, size_t *needed)
{
    const unsigned long long memory = strtoull(fact(MEMORY), NULL, 10) << 30;

    (void)d;
    switch (what) {
    case CL_DEVICE_NAME:
        return give_text(fact(NAME), bytes, to, needed);
    case CL_DEVICE_VENDOR:
    case CL_DRIVER_VERSION:
        return give_text("gpulab", bytes, to, needed);
    case CL_DEVICE_VERSION:
        return give_text("OpenCL 3.0", bytes, to, needed);
    case CL_DEVICE_OPENCL_C_VERSION:
        return give_text("OpenCL C 1.2", bytes, to, needed);
    case SUB_GROUP_SIZES_INTEL:
        return strstr(fact(EXTENSIONS), "cl_intel_required_subgroup_size")
                   ? give(intel_sizes, sizeof(intel_sizes), bytes, to, needed)
                   : CL_INVALID_VALUE;
    case CL_DEVICE_EXTENSIONS:
        return give_text(fact(EXTENSIONS), bytes, to, needed);
    case CAPABILITY_MAJOR:
        return give_number(capability() / 10, sizeof(cl_uint), bytes, to, needed);
    case CAPABILITY_MINOR:
        return give_number(capability() % 10, sizeof(cl_uint), bytes, to, needed);
    case CL_DEVICE_TYPE:
        return give_number(CL_DEVICE_TYPE_GPU, sizeof(cl_device_type), bytes, to, needed);
    case CL_DEVICE_VENDOR_ID:
        return give_number(strtoull(fact(VENDOR_ID), NULL, 0), sizeof(cl_uint), bytes, to, needed);
    case CL_DEVICE_MAX_COMPUTE_UNITS:
        return give_number(strtoull(fact(UNITS), NULL, 10), sizeof(cl_uint), bytes, to, needed);
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
        return give_number(strtoull(fact(GROUP), NULL, 10), sizeof(size_t), bytes, to, needed);
    case CL_DEVICE_GLOBAL_MEM_SIZE:
        return give_number(memory, sizeof(cl_ulong), bytes, to, needed);
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
        return give_number(memory / 4, sizeof(cl_ulong), bytes, to, needed);
    case CL_DEVICE_LOCAL_MEM_SIZE:
        return give_number(strtoull(fact(LOCAL), NULL, 10) << 10, sizeof(cl_ulong), bytes, to,
                           needed);
    case CL_DEVICE_GLOBAL_MEM_CACHE_SIZE:
        return give_number(4 << 20, sizeof(cl_ulong), bytes, to, needed);
    case CL_DEVICE_MEM_BASE_ADDR_ALIGN:
        return give_number(2048, sizeof(cl_uint), bytes, to, needed);
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
        return give_number(1, sizeof(cl_uint), bytes, to, needed);
    default:
        return CL_INVALID_VALUE;
    }
}

cl_context clCreateContext(const cl_context_properties *properties, cl_uint n,
                           const cl_device_id *devices,
                           void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *),
                           void *user, cl_int *code)
{
    (void)properties, (void)n, (void)devices, (void)notify, (void)user;
    *code = CL_SUCCESS;
    return (cl_context)(void *)&nothing;
}

cl_command_queue clCreateCommandQueue(cl_context c, cl_device_id d, cl_command_queue_properties p,
                                      cl_int *code)
{
    (void)c, (void)d, (void)p;
    *code = CL_SUCCESS;
    return (cl_command_queue)(void *)&nothing;
}

cl_int clReleaseContext(cl_context c)
{
    (void)c;
    return CL_SUCCESS;
}

cl_int clReleaseCommandQueue(cl_command_queue q)
{
    (void)q;
    return CL_SUCCESS;
}

/* ---- Programs and kernels -------------------------------------------------------------------- */

static size_t length(const size_t *lengths, const char **texts, cl_uint i)
{
    return lengths && lengths[i] ? lengths[i] : strlen(texts[i]);
}

static char *join(cl_uint n, const char **texts, const size_t *lengths)
{
    size_t bytes = 1, at = 0;

    for (cl_uint i = 0; i < n; i++)
        bytes += length(lengths, texts, i);
    char *text = take(bytes);
    for (cl_uint i = 0; i < n; at += length(lengths, texts, i++))
        memcpy(text + at, texts[i], length(lengths, texts, i));
    return text;
}

cl_program clCreateProgramWithSource(cl_context c, cl_uint n, const char **texts,
                                     const size_t *lengths, cl_int *code)
{
    cl_program p = take(sizeof(*p));
    char name[64];

    (void)c;
    p->text = join(n, texts, lengths);
    p->hash = 1469598103934665603u;
    for (const char *at = p->text; *at; at++)
        p->hash = (p->hash ^ (unsigned char)*at) * 1099511628211u;
    snprintf(name, sizeof(name), "%016llx.cl", p->hash);
    FILE *file = record(name);
    fputs(p->text, file);
    fclose(file);
    *code = CL_SUCCESS;
    return p;
}

cl_program clCreateProgramWithBinary(cl_context c, cl_uint n, const cl_device_id *devices,
                                     const size_t *lengths, const unsigned char **binaries,
                                     cl_int *status, cl_int *code)
{
    (void)c, (void)n, (void)devices, (void)lengths, (void)binaries, (void)status;
    *code = CL_INVALID_BINARY;
    return NULL;
}

static char *read_all(FILE *file)
{
    size_t used = 0, capacity = 1 << 16;
    char *text = take(capacity);

    for (size_t n; (n = fread(text + used, 1, capacity - used - 1, file)) > 0;) {
        used += n;
        if (capacity - used < 2 && !(text = realloc(text, capacity *= 2)))
            give_up("no memory");
    }
    text[used] = '\0';
    return text;
}

cl_int clBuildProgram(cl_program p, cl_uint n, const cl_device_id *devices, const char *options,
                      void(CL_CALLBACK *notify)(cl_program, void *), void *user)
{
    char command[COMMAND];

    (void)n, (void)devices, (void)notify, (void)user;
    p->options = take(strlen(options) + 1);
    strcpy(p->options, options);
    snprintf(command, sizeof(command), "env -u LD_PRELOAD clang -x cl -E -P %s '%s/%016llx.cl'",
             options, getenv("GPULAB_RECORD"), p->hash);
    FILE *out = popen(command, "r");
    if (!out)
        give_up("clang cannot be run");
    p->expanded = read_all(out);
    return pclose(out) == 0 ? CL_SUCCESS : CL_BUILD_PROGRAM_FAILURE;
}

cl_int clGetProgramInfo(cl_program p, cl_program_info what, size_t bytes, void *to, size_t *needed)
{
    (void)p;
    return what == CL_PROGRAM_BINARY_SIZES ? give_number(0, sizeof(size_t), bytes, to, needed)
                                           : CL_INVALID_VALUE;
}

cl_int clGetProgramBuildInfo(cl_program p, cl_device_id d, cl_program_build_info what, size_t bytes,
                             void *to, size_t *needed)
{
    (void)p, (void)d;
    return what == CL_PROGRAM_BUILD_LOG ? give_text("clang has said it", bytes, to, needed)
                                        : CL_INVALID_VALUE;
}

cl_int clReleaseProgram(cl_program p)
{
    (void)p; /* kernels may still name it */
    return CL_SUCCESS;
}

cl_kernel clCreateKernel(cl_program p, const char *name, cl_int *code)
{
    cl_kernel k = take(sizeof(*k));
    const int count = find_parameters(p->expanded, name, k->parameters);

    k->program = p;
    k->arguments = (cl_uint)count;
    snprintf(k->name, sizeof(k->name), "%s", name);
    if (count > PARAMETERS)
        give_up("a kernel has too many parameters");
    *code = count < 0 ? CL_INVALID_KERNEL_NAME : CL_SUCCESS;
    if (count >= 0)
        return k;
    free(k);
    return NULL;
}

cl_int clGetKernelInfo(cl_kernel k, cl_kernel_info what, size_t bytes, void *to, size_t *needed)
{
    return what == CL_KERNEL_NUM_ARGS
               ? give_number(k->arguments, sizeof(cl_uint), bytes, to, needed)
               : CL_INVALID_VALUE;
}

cl_int clGetKernelWorkGroupInfo(cl_kernel k, cl_device_id d, cl_kernel_work_group_info what,
                                size_t bytes, void *to, size_t *needed)
{
    static const size_t free_size[3];

    (void)k, (void)d;
    if (what == CL_KERNEL_COMPILE_WORK_GROUP_SIZE)
        return give(free_size, sizeof(free_size), bytes, to, needed);
    return what == CL_KERNEL_WORK_GROUP_SIZE
               ? give_number(strtoull(fact(GROUP), NULL, 10), sizeof(size_t), bytes, to, needed)
               : give_number(0, sizeof(cl_ulong), bytes, to, needed);
}

cl_int clSetKernelArg(cl_kernel k, cl_uint i, size_t bytes, const void *value)
{
    if (i >= k->arguments)
        return CL_INVALID_ARG_INDEX;
    Parameter *p = &k->parameters[i];
    p->ints = p->is_pointer ? 0 : bytes / sizeof(int);
    if (p->ints > PARAMETER_INTS)
        give_up("an argument is too large");
    if (p->ints)
        memcpy(p->value, value, p->ints * sizeof(int));
    return CL_SUCCESS;
}

cl_int clReleaseKernel(cl_kernel k)
{
    free(k);
    return CL_SUCCESS;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

cl_mem clCreateBuffer(cl_context c, cl_mem_flags flags, size_t bytes, void *host, cl_int *code)
{
    cl_mem m = take(sizeof(*m));

    (void)c, (void)flags, (void)host;
    m->bytes = take(bytes);
    *code = CL_SUCCESS;
    return m;
}

cl_mem clCreateSubBuffer(cl_mem whole, cl_mem_flags flags, cl_buffer_create_type type,
                         const void *region, cl_int *code)
{
    cl_mem m = take(sizeof(*m));

    (void)flags, (void)type;
    *m = (struct _cl_mem){whole->bytes + ((const cl_buffer_region *)region)->origin, true};
    *code = CL_SUCCESS;
    return m;
}

cl_int clReleaseMemObject(cl_mem m)
{
    if (!m->is_part)
        free(m->bytes);
    free(m);
    return CL_SUCCESS;
}

cl_int clSetMemObjectDestructorCallback(cl_mem m, void(CL_CALLBACK *notify)(cl_mem, void *),
                                        void *user)
{
    (void)m, (void)notify, (void)user; /* only memory of CPUs has one */
    return CL_INVALID_OPERATION;
}

/* ---- The queue ------------------------------------------------------------------------------- */

static void happen(cl_event *event)
{
    if (event)
        *event = (cl_event)(void *)&nothing;
}

static void write_value(FILE *out, const Parameter *p)
{
    for (size_t i = 0; i < p->ints; i++)
        fprintf(out, "%s%s%d", i ? "," : p->name, i ? "" : "=", p->value[i]);
    fputs(p->ints ? " " : "", out);
}

cl_int clEnqueueNDRangeKernel(cl_command_queue q, cl_kernel k, cl_uint dims, const size_t *offset,
                              const size_t *global, const size_t *local, cl_uint n,
                              const cl_event *events, cl_event *event)
{
    FILE *out = launch_file();

    (void)q, (void)offset, (void)n, (void)events;
    fprintf(out, "%016llx %s", k->program->hash, k->name);
    for (cl_uint i = 0; i < 3; i++)
        fprintf(out, " %zu", i < dims ? global[i] : (size_t)1);
    for (cl_uint i = 0; i < 3; i++)
        fprintf(out, " %zu", !local ? (size_t)0 : i < dims ? local[i] : (size_t)1);
    fprintf(out, "\t%s\t", k->program->options);
    for (cl_uint i = 0; i < k->arguments; i++)
        write_value(out, &k->parameters[i]);
    fputc('\n', out);
    happen(event);
    return CL_SUCCESS;
}

cl_int clEnqueueFillBuffer(cl_command_queue q, cl_mem m, const void *pattern, size_t size,
                           size_t at, size_t bytes, cl_uint n, const cl_event *events,
                           cl_event *event)
{
    /* Fresh memory is zero, and nothing is ever computed. */
    (void)q, (void)m, (void)pattern, (void)size, (void)at, (void)bytes, (void)n, (void)events;
    happen(event);
    return CL_SUCCESS;
}

cl_int clEnqueueReadBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t at, size_t bytes,
                           void *to, cl_uint n, const cl_event *events, cl_event *event)
{
    (void)q, (void)blocking, (void)n, (void)events;
    memcpy(to, m->bytes + at, bytes);
    happen(event);
    return CL_SUCCESS;
}

cl_int clEnqueueWriteBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t at, size_t bytes,
                            const void *from, cl_uint n, const cl_event *events, cl_event *event)
{
    (void)q, (void)blocking, (void)n, (void)events;
    memcpy(m->bytes + at, from, bytes);
    happen(event);
    return CL_SUCCESS;
}

void *clEnqueueMapBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, cl_map_flags flags,
                         size_t at, size_t bytes, cl_uint n, const cl_event *events,
                         cl_event *event, cl_int *code)
{
    (void)q, (void)blocking, (void)flags, (void)bytes, (void)n, (void)events;
    happen(event);
    *code = CL_SUCCESS;
    return m->bytes + at;
}

cl_int clEnqueueUnmapMemObject(cl_command_queue q, cl_mem m, void *to, cl_uint n,
                               const cl_event *events, cl_event *event)
{
    (void)q, (void)m, (void)to, (void)n, (void)events;
    happen(event);
    return CL_SUCCESS;
}

cl_int clEnqueueMarkerWithWaitList(cl_command_queue q, cl_uint n, const cl_event *events,
                                   cl_event *event)
{
    (void)q, (void)n, (void)events;
    happen(event);
    return CL_SUCCESS;
}

cl_int clFlush(cl_command_queue q)
{
    (void)q;
    return CL_SUCCESS;
}

cl_int clFinish(cl_command_queue q)
{
    (void)q;
    return CL_SUCCESS;
}

cl_int clWaitForEvents(cl_uint n, const cl_event *events)
{
    (void)n, (void)events;
    return CL_SUCCESS;
}

cl_int clReleaseEvent(cl_event e)
{
    (void)e;
    return CL_SUCCESS;
}

cl_int clGetEventInfo(cl_event e, cl_event_info what, size_t bytes, void *to, size_t *needed)
{
    (void)e;
    return what == CL_EVENT_COMMAND_EXECUTION_STATUS
               ? give_number(CL_COMPLETE, sizeof(cl_int), bytes, to, needed)
               : CL_INVALID_VALUE;
}

cl_int clGetEventProfilingInfo(cl_event e, cl_profiling_info what, size_t bytes, void *to,
                               size_t *needed)
{
    (void)e; /* every launch takes 1 us */
    return give_number(what == CL_PROFILING_COMMAND_END ? 1000 : 0, sizeof(cl_ulong), bytes, to,
                       needed);
}
