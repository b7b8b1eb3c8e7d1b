/* SPDX-License-Identifier: BSD-2-Clause */
/* Listing, choosing and opening devices. Kernels are program.c's, memory is buffer.c's. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/cache.h"
#include "src/device/internal.h"

enum { MAX_PLATFORMS = 16, MAX_DEVICES = 32, NVIDIA = 0x10DE };
/* P2pCaps.keep_bytes is a part of the cache: kernels also read weights and write results. */
enum { KEEP_PART = 8, KEEP_LEAST = 2 << 20, KEEP_MOST = 32 << 20 };

static const char install_hint[] =
    "install a driver: pocl-opencl-icd (any CPU), mesa-opencl-icd or rocm-opencl-icd (AMD), "
    "intel-opencl-icd (Intel), nvidia-opencl-icd (NVIDIA)";

/* What was found: devices of all platforms in the order of the loader. */
typedef struct Found {
    cl_platform_id platform[MAX_DEVICES];
    cl_device_id id[MAX_DEVICES];
    P2pCaps caps[MAX_DEVICES];
    int count;
    char notes[2048];
} Found;

static void info_text(cl_device_id id, cl_device_info what, char *text, size_t bytes)
{
    text[0] = '\0';
    clGetDeviceInfo(id, what, bytes, text, NULL);
    text[bytes - 1] = '\0';
}

static cl_ulong info_number(cl_device_id id, cl_device_info what, size_t bytes)
{
    cl_ulong value = 0;

    clGetDeviceInfo(id, what, bytes, &value, NULL);
    return value;
}

static size_t info_size(cl_device_id id, cl_device_info what)
{
    size_t value = 0;

    clGetDeviceInfo(id, what, sizeof(value), &value, NULL);
    return value;
}

int p2p_caps_read(cl_platform_id platform, cl_device_id id, P2pCaps *caps)
{
    char extensions[8192];

    *caps = (P2pCaps){0};
    info_text(id, CL_DEVICE_NAME, caps->name, sizeof(caps->name));
    info_text(id, CL_DEVICE_VENDOR, caps->vendor, sizeof(caps->vendor));
    info_text(id, CL_DRIVER_VERSION, caps->driver, sizeof(caps->driver));
    info_text(id, CL_DEVICE_VERSION, caps->version, sizeof(caps->version));
    info_text(id, CL_DEVICE_EXTENSIONS, extensions, sizeof(extensions));
    clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof(caps->platform) - 1, caps->platform, NULL);

    const cl_ulong type = info_number(id, CL_DEVICE_TYPE, sizeof(cl_device_type));
    caps->is_cpu = type & CL_DEVICE_TYPE_CPU;
    caps->is_gpu = type & CL_DEVICE_TYPE_GPU;
    caps->vendor_id = (unsigned)info_number(id, CL_DEVICE_VENDOR_ID, sizeof(cl_uint));
    caps->compute_units = (int)info_number(id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    caps->max_group_size = info_size(id, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    caps->memory_bytes = (size_t)info_number(id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
    caps->max_buffer_bytes =
        (size_t)info_number(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong));
    caps->local_bytes = (size_t)info_number(id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong));
    caps->cache_bytes = (size_t)info_number(id, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof(cl_ulong));
    caps->keep_bytes = caps->cache_bytes / KEEP_PART;
    caps->keep_bytes = caps->keep_bytes < KEEP_LEAST  ? KEEP_LEAST
                       : caps->keep_bytes > KEEP_MOST ? KEEP_MOST
                                                      : caps->keep_bytes;
    caps->align_bytes = info_number(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof(cl_uint)) / 8;
    caps->align_bytes = caps->align_bytes < 256 ? 256 : caps->align_bytes;
    caps->has_fp16 = strstr(extensions, "cl_khr_fp16") != NULL;
    caps->has_fp64 = strstr(extensions, "cl_khr_fp64") != NULL;
    caps->has_subgroups = strstr(extensions, "cl_khr_subgroups") != NULL;
    caps->caches_binaries = caps->vendor_id == NVIDIA;

    const int native = (int)info_number(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof(cl_uint));
    caps->vector_width = !caps->is_cpu ? 1 : native >= 16 ? 16 : native >= 8 ? 8 : 4;
    return P2P_OK;
}

static void note(Found *f, const char *platform, const char *text)
{
    const size_t used = strlen(f->notes);

    snprintf(f->notes + used, sizeof(f->notes) - used, "%splatform '%s': %s", used ? "; " : "",
             platform, text);
}

static void find_devices(Found *f)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint platform_count = 0;

    memset(f, 0, sizeof(*f));
    if (clGetPlatformIDs(MAX_PLATFORMS, platforms, &platform_count) != CL_SUCCESS)
        platform_count = 0;
    platform_count = platform_count > MAX_PLATFORMS ? MAX_PLATFORMS : platform_count;
    for (cl_uint i = 0; i < platform_count; i++) {
        cl_device_id ids[MAX_DEVICES];
        cl_uint n = 0;
        char name[128] = "?";

        clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, sizeof(name) - 1, name, NULL);
        const cl_int code = clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, MAX_DEVICES, ids, &n);
        if (code != CL_SUCCESS || n == 0) {
            note(f, name, "no device");
            continue;
        }
        for (cl_uint k = 0; k < n && k < MAX_DEVICES && f->count < MAX_DEVICES; k++) {
            f->platform[f->count] = platforms[i];
            f->id[f->count] = ids[k];
            p2p_caps_read(platforms[i], ids[k], &f->caps[f->count]);
            f->count++;
        }
    }
}

int p2p_device_list(P2pCaps **list, int *count, char **notes)
{
    P2P_NEED(list);
    P2P_NEED(count);

    Found *f = p2p_alloc(1, sizeof(*f));
    int err = f ? P2P_OK : P2P_ENOMEM;

    *list = NULL;
    *count = 0;
    if (notes)
        *notes = NULL;
    if (f) {
        find_devices(f);
        if (f->count && !(*list = p2p_alloc((size_t)f->count, sizeof(**list))))
            err = P2P_ENOMEM;
        else if (f->count)
            memcpy(*list, f->caps, (size_t)f->count * sizeof(**list));
        *count = err ? 0 : f->count;
        if (!err && notes && !(*notes = p2p_strdup(f->notes)))
            err = P2P_ENOMEM;
    }
    free(f);
    return err;
}

static bool contains_ignoring_case(const char *text, const char *part)
{
    const size_t n = strlen(part);

    for (; *text; text++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (i == n)
            return true;
    }
    return n == 0;
}

/* Index of the wanted device, or -1. */
static int choose(const Found *f, const char *wanted)
{
    char *end;

    if (!wanted || !*wanted) {
        for (int i = 0; i < f->count; i++)
            if (f->caps[i].is_gpu)
                return i;
        return f->count ? 0 : -1;
    }
    const long index = strtol(wanted, &end, 10);
    if (!*end)
        return index >= 0 && index < f->count ? (int)index : -1;
    for (int i = 0; i < f->count; i++) {
        const P2pCaps *c = &f->caps[i];
        if (!strcmp(wanted, "cpu")   ? c->is_cpu
            : !strcmp(wanted, "gpu") ? c->is_gpu
                                     : contains_ignoring_case(c->name, wanted) ||
                                           contains_ignoring_case(c->platform, wanted))
            return i;
    }
    return -1;
}

static int fail_not_found(const Found *f, const char *wanted)
{
    char list[1024] = "";

    for (int i = 0; i < f->count; i++) {
        const size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%d '%s'", i ? ", " : "", i, f->caps[i].name);
    }
    if (f->count)
        return p2p_fail(P2P_ENODEVICE,
                        "no OpenCL device matches '%s'; there are: %s (--device "
                        "takes an index, cpu, gpu or a part of a name)",
                        wanted, list);
    return p2p_fail(P2P_ENODEVICE, "no OpenCL device was found%s%s; %s", f->notes[0] ? ": " : "",
                    f->notes, install_hint);
}

static int open_found(P2pDevice *d, const Found *f, int i)
{
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)f->platform[i], 0};
    cl_int code;

    d->platform = f->platform[i];
    d->id = f->id[i];
    d->caps = f->caps[i];
    d->context = clCreateContext(properties, 1, &d->id, NULL, NULL, &code);
    if (code != CL_SUCCESS)
        return p2p_cl_fail(code, d->caps.name);
    d->queue =
        clCreateCommandQueue(d->context, d->id, d->profile ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
    if (code != CL_SUCCESS)
        return p2p_cl_fail(code, "the command queue");
    return P2P_OK;
}

static int make_turn(P2pDevice *d)
{
    pthread_mutexattr_t attributes;

    if (pthread_mutexattr_init(&attributes) != 0)
        return p2p_fail(P2P_ENOMEM, "no room for the device's lock");
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    d->has_turn = pthread_mutex_init(&d->turn, &attributes) == 0;
    pthread_mutexattr_destroy(&attributes);
    return d->has_turn ? P2P_OK : p2p_fail(P2P_ENOMEM, "no room for the device's lock");
}

void p2p_device_enter(P2pDevice *device)
{
    pthread_mutex_lock(&device->turn);
}

int p2p_device_leave(P2pDevice *device, int err)
{
    pthread_mutex_unlock(&device->turn);
    return err;
}

int p2p_device_open(P2pDevice **out, const P2pDeviceSettings *settings)
{
    static const P2pDeviceSettings defaults;

    P2P_NEED(out);
    *out = NULL;
    settings = settings ? settings : &defaults;
    const int width = settings->vector_width;
    P2P_REQUIRE(width == 0 || width == 4 || width == 8 || width == 16,
                "vector_width is %d, it must be 4, 8, 16 or 0 for the device's own", width);
    P2P_REQUIRE(settings->timeout_s >= 0, "timeout_s is %g, it must be 0 or more seconds",
                settings->timeout_s);

    const char *wanted = settings->device ? settings->device : getenv("P2P_DEVICE");
    P2pDevice *d = p2p_alloc(1, sizeof(*d));
    Found *f = p2p_alloc(1, sizeof(*f));
    int err = d && f ? P2P_OK : P2P_ENOMEM;

    if (!err)
        err = make_turn(d);
    if (!err) {
        find_devices(f);
        const int i = choose(f, wanted);
        d->log = settings->log;
        d->profile = settings->profile;
        d->timeout_s = settings->timeout_s;
        err = i < 0 ? fail_not_found(f, wanted ? wanted : "") : open_found(d, f, i);
    }
    free(f);
    if (err) {
        p2p_device_close(&d);
        return err;
    }
    if (width)
        d->caps.vector_width = width;
    d->cache_bytes = p2p_cache_limit(d->log);
    if (settings->memory_bytes && settings->memory_bytes < d->caps.memory_bytes)
        d->caps.memory_bytes = settings->memory_bytes;
    p2p_log(d->log, P2P_LOG_INFO, "device: %s (%s, driver %s), %d compute units, %zu MiB",
            d->caps.name, d->caps.platform, d->caps.driver, d->caps.compute_units,
            d->caps.memory_bytes >> 20);
    *out = d;
    return P2P_OK;
}

void p2p_device_close(P2pDevice **device)
{
    P2pDevice *d = *device;

    *device = NULL;
    if (!d || d->lost)
        return;
    p2p_programs_release(d);
    p2p_buffer_destroy(&d->zeros);
    if (d->queue) {
        clFinish(d->queue);
        clReleaseCommandQueue(d->queue);
    }
    if (d->context)
        clReleaseContext(d->context);
    if (d->has_turn)
        pthread_mutex_destroy(&d->turn);
    free(d);
}

const P2pCaps *p2p_device_caps(const P2pDevice *device)
{
    return &device->caps;
}

const P2pLog *p2p_device_log(const P2pDevice *device)
{
    return device->log;
}

int p2p_device_finish(P2pDevice *device)
{
    return p2p_device_wait(device, NULL);
}

int p2p_device_flush(P2pDevice *device)
{
    const cl_int code = clFlush(device->queue);

    return code == CL_SUCCESS ? P2P_OK : p2p_cl_fail(code, "handing work to the device");
}
