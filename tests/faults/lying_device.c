/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To be preloaded: a device that has other facts than it had, and holds to them. Each is a variable of the
 * environment, without which the truth is told:
 *
 *   LIE_GPU=1             it is a GPU
 *   LIE_UNITS, LIE_GROUP  compute units; work-items of a group
 *   LIE_LOCAL             KiB of local memory
 *   LIE_MEMORY, LIE_BUFFER  MiB that it tells of, of memory and of the largest buffer
 *   LIE_EXTENSIONS, LIE_VENDOR  names; a vendor's number
 *   LIE_CAPABILITY=N      NVIDIA's compute capability, 86 for 8.6, which the extension's name makes us ask for
 *   LIE_NAME              the device's name
 *   LIE_SUBGROUPS=N       it has sub-groups, as OpenCL 2.1 asks for them; of N work-items, where N is more than 1
 *   LIE_PLATFORM=OLD:NEW  the platform whose name has OLD in it is called NEW
 *   LIE_RESET=N           the device is lost behind its first N launches
 *   LIE_ORDER=1           parts of a buffer released in another order than the last first end the program
 *   LIE_BUILD=WORD        programs with the word in their text or build options do not build
 *   LIE_WRONG=WORD        kernels whose names have the word do nothing
 *   LIE_STALE=WORD        the same of programs that are made of binaries
 *   LIE_CRASH, LIE_HANG   the same: the compiler aborts, or does not come back
 */
#define _GNU_SOURCE
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef cl_int Info(void *, cl_uint, size_t, void *, size_t *);

static cl_int ask(const char *call, void *object, cl_uint what, size_t n, void *v, size_t *size)
{
    Info *real;

    *(void **)&real = dlsym(RTLD_NEXT, call);
    return real(object, what, n, v, size);
}

/* A number that is lied about; 0: it is not. */
static unsigned long long lie(const char *name)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : 0;
}

static cl_int give_text(const char *text, size_t n, void *v, size_t *size)
{
    if (size)
        *size = strlen(text) + 1;
    if (v && n <= strlen(text))
        return CL_INVALID_VALUE;
    if (v)
        strcpy(v, text);
    return CL_SUCCESS;
}

cl_int clGetPlatformInfo(cl_platform_id p, cl_platform_info what, size_t n, void *v, size_t *size)
{
    const char *names = getenv("LIE_PLATFORM"), *colon = names ? strchr(names, ':') : NULL;
    char name[256] = "", old[256] = "";

    if (what != CL_PLATFORM_NAME || !colon || (size_t)(colon - names) >= sizeof(old))
        return ask("clGetPlatformInfo", p, what, n, v, size);
    memcpy(old, names, (size_t)(colon - names));
    const cl_int code = ask("clGetPlatformInfo", p, what, sizeof(name) - 1, name, NULL);
    return code ? code : give_text(strstr(name, old) ? colon + 1 : name, n, v, size);
}

enum { MAX_NUM_SUB_GROUPS = 0x105C, SUB_GROUP_SIZES_INTEL = 0x4108 };

enum { CAPABILITY_MAJOR = 0x4000, CAPABILITY_MINOR = 0x4001 };

/* What the device below does not know to answer. */
static int tells_of_capability(cl_device_info what, size_t n, void *v)
{
    const cl_uint capability = (cl_uint)lie("LIE_CAPABILITY");

    if (!capability || !v || n != sizeof(cl_uint) ||
        (what != CAPABILITY_MAJOR && what != CAPABILITY_MINOR))
        return 0;
    *(cl_uint *)v = what == CAPABILITY_MAJOR ? capability / 10 : capability % 10;
    return 1;
}

static int tells_of_subgroups(cl_device_info what, size_t n, void *v)
{
    const size_t size = lie("LIE_SUBGROUPS");

    if (what == MAX_NUM_SUB_GROUPS && size && v && n == sizeof(cl_uint))
        *(cl_uint *)v = 8;
    else if (what == SUB_GROUP_SIZES_INTEL && size > 1 && v && n >= sizeof(size))
        *(size_t *)v = size;
    else
        return 0;
    return 1;
}

static void lie_about(cl_device_info what, void *v)
{
    static const struct {
        const char *name;
        cl_device_info what;
        int shift, bytes;
    } facts[] = {
        {"LIE_UNITS", CL_DEVICE_MAX_COMPUTE_UNITS, 0, sizeof(cl_uint)},
        {"LIE_VENDOR", CL_DEVICE_VENDOR_ID, 0, sizeof(cl_uint)},
        {"LIE_GROUP", CL_DEVICE_MAX_WORK_GROUP_SIZE, 0, sizeof(size_t)},
        {"LIE_LOCAL", CL_DEVICE_LOCAL_MEM_SIZE, 10, sizeof(cl_ulong)},
        {"LIE_MEMORY", CL_DEVICE_GLOBAL_MEM_SIZE, 20, sizeof(cl_ulong)},
        {"LIE_BUFFER", CL_DEVICE_MAX_MEM_ALLOC_SIZE, 20, sizeof(cl_ulong)},
    };

    if (what == CL_DEVICE_TYPE && lie("LIE_GPU"))
        *(cl_device_type *)v = CL_DEVICE_TYPE_GPU;
    for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
        const unsigned long long value = lie(facts[i].name) << facts[i].shift;
        if (what == facts[i].what && value)
            memcpy(v, &value, (size_t)facts[i].bytes); /* little-endian */
    }
}

cl_int clGetDeviceInfo(cl_device_id d, cl_device_info what, size_t n, void *v, size_t *size)
{
    const char *extensions = getenv("LIE_EXTENSIONS");

    if (what == CL_DEVICE_EXTENSIONS && extensions)
        return give_text(extensions, n, v, size);
    if (what == CL_DEVICE_NAME && getenv("LIE_NAME"))
        return give_text(getenv("LIE_NAME"), n, v, size);
    if (tells_of_subgroups(what, n, v) || tells_of_capability(what, n, v))
        return CL_SUCCESS;
    const cl_int code = ask("clGetDeviceInfo", d, what, n, v, size);
    if (!code && v)
        lie_about(what, v);
    return code;
}

cl_int clGetKernelWorkGroupInfo(cl_kernel k, cl_device_id d, cl_kernel_work_group_info what,
                                size_t n, void *v, size_t *size)
{
    cl_int (*real)(cl_kernel, cl_device_id, cl_kernel_work_group_info, size_t, void *, size_t *);

    *(void **)&real = dlsym(RTLD_NEXT, "clGetKernelWorkGroupInfo");
    const cl_int code = real(k, d, what, n, v, size);
    if (!code && v && what == CL_KERNEL_WORK_GROUP_SIZE && lie("LIE_GROUP"))
        *(size_t *)v = (size_t)lie("LIE_GROUP");
    return code;
}

cl_mem clCreateBuffer(cl_context c, cl_mem_flags flags, size_t bytes, void *host, cl_int *code)
{
    cl_mem (*real)(cl_context, cl_mem_flags, size_t, void *, cl_int *);

    *(void **)&real = dlsym(RTLD_NEXT, "clCreateBuffer");
    if (!lie("LIE_BUFFER") || bytes <= (size_t)lie("LIE_BUFFER") << 20)
        return real(c, flags, bytes, host, code);
    *code = CL_INVALID_BUFFER_SIZE;
    return NULL;
}

/* NVIDIA's driver forgets which part of a buffer is which unless the last that was made is released first. */
static cl_mem parts[1 << 16];
static int part_count;

cl_mem clCreateSubBuffer(cl_mem parent, cl_mem_flags flags, cl_buffer_create_type type,
                         const void *info, cl_int *code)
{
    cl_mem (*real)(cl_mem, cl_mem_flags, cl_buffer_create_type, const void *, cl_int *);

    *(void **)&real = dlsym(RTLD_NEXT, "clCreateSubBuffer");
    const cl_mem part = real(parent, flags, type, info, code);
    if (part && part_count < (int)(sizeof(parts) / sizeof(*parts)))
        parts[part_count++] = part;
    return part;
}

static cl_mem parent_of(cl_mem part)
{
    cl_mem parent = NULL;

    clGetMemObjectInfo(part, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(cl_mem), &parent, NULL);
    return parent;
}

/* Ends the program where a part is released before a younger one of the same buffer. */
static void check_order(cl_mem released)
{
    int i = part_count - 1;

    while (i >= 0 && parts[i] != released)
        i--;
    for (int k = i + 1; i >= 0 && k < part_count; k++)
        if (parent_of(parts[k]) == parent_of(released))
            abort();
    if (i >= 0)
        memmove(parts + i, parts + i + 1, (size_t)(--part_count - i) * sizeof(*parts));
}

cl_int clReleaseMemObject(cl_mem m)
{
    cl_int (*real)(cl_mem);

    *(void **)&real = dlsym(RTLD_NEXT, "clReleaseMemObject");
    if (lie("LIE_ORDER"))
        check_order(m);
    return real(m);
}

static int has_word(const char *lie_name, cl_program p, const char *options)
{
    const char *word = getenv(lie_name);
    size_t bytes = 0;

    if (!word)
        return 0;
    if (options && strstr(options, word))
        return 1;
    clGetProgramInfo(p, CL_PROGRAM_SOURCE, 0, NULL, &bytes);
    char *text = calloc(bytes + 1, 1);
    if (text)
        clGetProgramInfo(p, CL_PROGRAM_SOURCE, bytes, text, NULL);
    const int found = text && strstr(text, word);
    free(text);
    return found;
}

cl_int clBuildProgram(cl_program p, cl_uint n, const cl_device_id *devices, const char *options,
                      void(CL_CALLBACK *notify)(cl_program, void *), void *user)
{
    cl_int (*real)(cl_program, cl_uint, const cl_device_id *, const char *,
                   void(CL_CALLBACK *)(cl_program, void *), void *);

    *(void **)&real = dlsym(RTLD_NEXT, "clBuildProgram");
    if (has_word("LIE_CRASH", p, options))
        abort();
    while (has_word("LIE_HANG", p, options))
        pause();
    return has_word("LIE_BUILD", p, options) ? CL_BUILD_PROGRAM_FAILURE
                                             : real(p, n, devices, options, notify, user);
}

static unsigned long long launches; /* by one thread at a time */

static int is_lost(void)
{
    return lie("LIE_RESET") && launches > lie("LIE_RESET");
}

cl_int clFinish(cl_command_queue q)
{
    cl_int (*real)(cl_command_queue);

    *(void **)&real = dlsym(RTLD_NEXT, "clFinish");
    return is_lost() ? CL_OUT_OF_RESOURCES : real(q);
}

cl_int clWaitForEvents(cl_uint n, const cl_event *events)
{
    cl_int (*real)(cl_uint, const cl_event *);

    *(void **)&real = dlsym(RTLD_NEXT, "clWaitForEvents");
    return is_lost() ? CL_OUT_OF_RESOURCES : real(n, events);
}

static int has_name(cl_kernel k, const char *word)
{
    char name[256] = "";

    if (word)
        clGetKernelInfo(k, CL_KERNEL_FUNCTION_NAME, sizeof(name), name, NULL);
    return word && strstr(name, word) != NULL;
}

static int is_of_binary(cl_kernel k)
{
    cl_program p = NULL;
    size_t bytes = 0;

    clGetKernelInfo(k, CL_KERNEL_PROGRAM, sizeof(p), &p, NULL);
    clGetProgramInfo(p, CL_PROGRAM_SOURCE, 0, NULL, &bytes);
    return bytes <= 1;
}

static int is_wrong(cl_kernel k)
{
    return has_name(k, getenv("LIE_WRONG")) ||
           (has_name(k, getenv("LIE_STALE")) && is_of_binary(k));
}

/* Groups that are too large, and kernels that need too much, are refused. */
cl_int clEnqueueNDRangeKernel(cl_command_queue q, cl_kernel k, cl_uint dims, const size_t *offset,
                              const size_t *global, const size_t *local, cl_uint n,
                              const cl_event *events, cl_event *event)
{
    cl_int (*real)(cl_command_queue, cl_kernel, cl_uint, const size_t *, const size_t *,
                   const size_t *, cl_uint, const cl_event *, cl_event *);
    cl_device_id d = NULL;
    cl_ulong bytes = 0;
    size_t items = 1;

    *(void **)&real = dlsym(RTLD_NEXT, "clEnqueueNDRangeKernel");
    launches++;
    for (cl_uint i = 0; local && i < dims; i++)
        items *= local[i];
    if (lie("LIE_GROUP") && items > lie("LIE_GROUP"))
        return CL_INVALID_WORK_GROUP_SIZE;
    clGetCommandQueueInfo(q, CL_QUEUE_DEVICE, sizeof(d), &d, NULL);
    if (lie("LIE_LOCAL"))
        clGetKernelWorkGroupInfo(k, d, CL_KERNEL_LOCAL_MEM_SIZE, sizeof(bytes), &bytes, NULL);
    if (lie("LIE_LOCAL") && bytes > lie("LIE_LOCAL") << 10)
        return CL_OUT_OF_RESOURCES;
    if (is_wrong(k))
        return clEnqueueMarkerWithWaitList(q, n, events, event);
    return real(q, k, dims, offset, global, local, n, events, event);
}
