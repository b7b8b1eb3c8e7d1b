/* SPDX-License-Identifier: BSD-2-Clause */
/* Listing devices, their facts, and choosing one. A platform that fails hides no other. */
#include "src/device/find.h"

#include <CL/cl_ext.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/advice.h"
#include "src/device/driver.h"

enum { MAX_PLATFORMS = 16, DEVICE_PCI_BUS_INFO = 0x410F };
enum { CAPABILITY_MAJOR = 0x4000, CAPABILITY_MINOR = 0x4001 };
enum { DEVICE_MAX_NUM_SUB_GROUPS = 0x105C, DEVICE_SUB_GROUP_SIZES_INTEL = 0x4108 };
/* P2pCaps.keep_bytes is a part of the cache: kernels also read weights and write results. */
enum { KEEP_PART = 3, KEEP_LEAST = 2 << 20, KEEP_MOST = 32 << 20 };

/* ---- Facts --------------------------------------------------------------------------------- */

/* Questions to one device; code is the first failure. */
typedef struct Query {
    cl_device_id id;
    cl_int code;
} Query;

static bool answered(Query *q, cl_int code)
{
    if (q->code == CL_SUCCESS)
        q->code = code;
    return code == CL_SUCCESS;
}

/* In fresh memory; NULL when it failed. */
static char *ask_text(Query *q, cl_device_info what)
{
    size_t bytes = 0;

    if (!answered(q, clGetDeviceInfo(q->id, what, 0, NULL, &bytes)))
        return NULL;
    char *text = p2p_alloc(bytes + 1, 1);
    if (!answered(q,
                  text ? clGetDeviceInfo(q->id, what, bytes, text, NULL) : CL_OUT_OF_HOST_MEMORY)) {
        free(text);
        return NULL;
    }
    return text;
}

static void ask_name(Query *q, cl_device_info what, char *name, size_t bytes)
{
    char *text = ask_text(q, what);

    snprintf(name, bytes, "%s", text ? text : "");
    free(text);
}

static cl_ulong ask_number(Query *q, cl_device_info what, size_t bytes)
{
    cl_ulong value = 0;

    answered(q, clGetDeviceInfo(q->id, what, bytes, &value, NULL));
    return value;
}

static size_t ask_size(Query *q, cl_device_info what)
{
    size_t value = 0;

    answered(q, clGetDeviceInfo(q->id, what, sizeof(value), &value, NULL));
    return value;
}

/* Optional; domain, bus, device and function in one number. */
static unsigned ask_pci(cl_device_id id, const char *extensions)
{
    cl_uint p[4] = {0};

    if (!extensions || !strstr(extensions, "cl_khr_pci_bus_info") ||
        clGetDeviceInfo(id, DEVICE_PCI_BUS_INFO, sizeof(p), p, NULL) != CL_SUCCESS)
        return 0;
    return p[0] << 16 | (p[1] & 0xff) << 8 | (p[2] & 0x1f) << 3 | (p[3] & 7);
}

/* Optional. */
static int ask_capability(cl_device_id id, const char *extensions)
{
    cl_uint major = 0, minor = 0;

    if (!extensions || !strstr(extensions, "cl_nv_device_attribute_query") ||
        clGetDeviceInfo(id, CAPABILITY_MAJOR, sizeof(major), &major, NULL) != CL_SUCCESS ||
        clGetDeviceInfo(id, CAPABILITY_MINOR, sizeof(minor), &minor, NULL) != CL_SUCCESS)
        return 0;
    return (int)(major * 10 + minor);
}

/* Optional. */
static unsigned ask_subgroup_sizes(cl_device_id id)
{
    size_t sizes[16] = {0};
    unsigned all = 0;

    if (clGetDeviceInfo(id, DEVICE_SUB_GROUP_SIZES_INTEL, sizeof(sizes), sizes, NULL) == CL_SUCCESS)
        for (size_t i = 0; i < P2P_COUNT(sizes); i++)
            all |= (unsigned)sizes[i];
    return all;
}

/* By extensions of OpenCL 1.2 and 2.0, or by the number of OpenCL 2.1: devices of 3.0 have no other name for
 * them. */
static void read_subgroups(cl_device_id id, const char *extensions, P2pCaps *caps)
{
    const char *names = extensions ? extensions : "";
    cl_uint most = 0;

    if (clGetDeviceInfo(id, DEVICE_MAX_NUM_SUB_GROUPS, sizeof(most), &most, NULL) != CL_SUCCESS)
        most = 0;
    caps->has_subgroups =
        most > 0 || strstr(names, "cl_khr_subgroups") || strstr(names, "cl_intel_subgroups");
    if (caps->has_subgroups)
        caps->subgroup_sizes = ask_subgroup_sizes(id);
    caps->has_subgroup_blocks =
        strstr(names, "cl_intel_subgroups") && strstr(names, "cl_intel_required_subgroup_size");
}

/* AMD's by the processor, which is the device's name in drivers whose compiler has built-ins. gfx90a takes numbers
 * below 2^-14 for zero. */
static P2pMatrixUnits matrix_units(const char *extensions, const P2pCaps *caps)
{
    enum { LANES = 8 };

    if (caps->nvidia_capability >= 75)
        return caps->nvidia_capability >= 80 ? P2P_MATRIX_AMPERE : P2P_MATRIX_TURING;
    if (extensions && strstr(extensions, "cl_intel_subgroup_matrix_multiply_accumulate"))
        return caps->has_subgroup_blocks && caps->subgroup_sizes & LANES ? P2P_MATRIX_XMX
                                                                         : P2P_MATRIX_NONE;
    if (caps->vendor_id != P2P_AMD)
        return P2P_MATRIX_NONE;
    if (!strncmp(caps->name, "gfx11", 5))
        return P2P_MATRIX_WMMA;
    return !strncmp(caps->name, "gfx908", 6) || !strncmp(caps->name, "gfx94", 5) ? P2P_MATRIX_MFMA
                                                                                 : P2P_MATRIX_NONE;
}

static cl_int read_caps(const char *platform, cl_device_id id, P2pCaps *caps)
{
    Query q = {.id = id, .code = CL_SUCCESS};

    *caps = (P2pCaps){0};
    snprintf(caps->platform, sizeof(caps->platform), "%s", platform);
    ask_name(&q, CL_DEVICE_NAME, caps->name, sizeof(caps->name));
    ask_name(&q, CL_DEVICE_VENDOR, caps->vendor, sizeof(caps->vendor));
    ask_name(&q, CL_DRIVER_VERSION, caps->driver, sizeof(caps->driver));
    ask_name(&q, CL_DEVICE_VERSION, caps->version, sizeof(caps->version));

    const cl_ulong type = ask_number(&q, CL_DEVICE_TYPE, sizeof(cl_device_type));
    caps->is_cpu = type & CL_DEVICE_TYPE_CPU;
    caps->is_gpu = type & CL_DEVICE_TYPE_GPU;
    caps->vendor_id = (unsigned)ask_number(&q, CL_DEVICE_VENDOR_ID, sizeof(cl_uint));
    caps->compute_units = (int)ask_number(&q, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    caps->max_group_size = ask_size(&q, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    caps->memory_bytes = (size_t)ask_number(&q, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
    caps->max_buffer_bytes = (size_t)ask_number(&q, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong));
    caps->local_bytes = (size_t)ask_number(&q, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong));
    caps->cache_bytes = (size_t)ask_number(&q, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof(cl_ulong));
    caps->keep_bytes = caps->cache_bytes / KEEP_PART;
    caps->keep_bytes = caps->keep_bytes < KEEP_LEAST  ? KEEP_LEAST
                       : caps->keep_bytes > KEEP_MOST ? KEEP_MOST
                                                      : caps->keep_bytes;
    caps->align_bytes = ask_number(&q, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof(cl_uint)) / 8;
    caps->align_bytes = caps->align_bytes < 256 ? 256 : caps->align_bytes;
    char *extensions = ask_text(&q, CL_DEVICE_EXTENSIONS);
    caps->has_fp16 = extensions && strstr(extensions, "cl_khr_fp16");
    caps->has_fp64 = extensions && strstr(extensions, "cl_khr_fp64");
    read_subgroups(id, extensions, caps);
    caps->pci = ask_pci(id, extensions);
    caps->nvidia_capability = ask_capability(id, extensions);
    caps->matrix_units = matrix_units(extensions, caps);
    free(extensions);
    caps->caches_binaries = caps->vendor_id == P2P_NVIDIA || !strcmp(platform, P2P_POCL);

    const int native = (int)ask_number(&q, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof(cl_uint));
    caps->vector_width = !caps->is_cpu ? 1 : native >= 16 ? 16 : native >= 8 ? 8 : 4;
    return q.code;
}

/* ---- Finding ------------------------------------------------------------------------------- */

/* Another entry of a list; what does not fit is left out. */
static void add(char *list, size_t bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add(char *list, size_t bytes, const char *format, ...)
{
    const size_t used = strlen(list);
    va_list args;

    snprintf(list + used, bytes - used, "%s", used ? "; " : "");
    va_start(args, format);
    vsnprintf(list + strlen(list), bytes - strlen(list), format, args);
    va_end(args);
}

static void add_failure(P2pFound *f, const char *what, const char *platform, cl_int code)
{
    add(f->failures, sizeof(f->failures), "%s%s%s%s: %s (%d)", what, platform ? " '" : "",
        platform ? platform : "", platform ? "'" : "", p2p_cl_error_name(code), (int)code);
}

static void read_platform(P2pFound *f, cl_platform_id platform)
{
    cl_device_id ids[P2P_MAX_DEVICES];
    cl_uint n = 0;
    char name[sizeof(f->caps[0].platform)] = "?";
    cl_int code = clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof(name) - 1, name, NULL);

    if (code != CL_SUCCESS)
        add_failure(f, "the name of a platform", NULL, code);
    code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, P2P_MAX_DEVICES, ids, &n);
    if (code == CL_DEVICE_NOT_FOUND || (code == CL_SUCCESS && n == 0)) {
        add(f->empty, sizeof(f->empty), "platform '%s': no device", name);
        f->idle_pocl |= !strcmp(name, P2P_POCL);
        return;
    }
    if (code != CL_SUCCESS) {
        add_failure(f, "the devices of platform", name, code);
        return;
    }
    for (cl_uint k = 0; k < n && k < P2P_MAX_DEVICES && f->count < P2P_MAX_DEVICES; k++) {
        if ((code = read_caps(name, ids[k], &f->caps[f->count])) != CL_SUCCESS) {
            add_failure(f, "the facts of a device of platform", name, code);
            continue;
        }
        f->platform[f->count] = platform;
        f->id[f->count++] = ids[k];
    }
}

void p2p_found_read(P2pFound *f)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint n = 0;

    memset(f, 0, sizeof(*f));
    p2p_driver_begin();
    const cl_int code = clGetPlatformIDs(MAX_PLATFORMS, platforms, &n);
    if (code != CL_SUCCESS && code != CL_PLATFORM_NOT_FOUND_KHR)
        add_failure(f, "the list of platforms", NULL, code);
    for (cl_uint i = 0; code == CL_SUCCESS && i < n && i < MAX_PLATFORMS; i++)
        read_platform(f, platforms[i]);
}

void p2p_found_warn(const P2pFound *f, const P2pLog *log)
{
    if (f->failures[0])
        p2p_log(log, P2P_LOG_WARN, "OpenCL: %s", f->failures);
}

/* ---- Choosing ------------------------------------------------------------------------------ */

static int fail_none(const P2pFound *f)
{
    char advice[1024];

    if (f->idle_pocl && p2p_advice_pocl(advice, sizeof(advice)))
        return p2p_fail(P2P_ENODEVICE, "no OpenCL device was found: %s", advice);
    if (f->failures[0])
        return p2p_fail(P2P_ENODEVICE,
                        "no OpenCL device was found: %s%s%s; try again, then update or reinstall "
                        "the driver",
                        f->failures, f->empty[0] ? "; " : "", f->empty);
    p2p_advice_install(advice, sizeof(advice));
    return p2p_fail(P2P_ENODEVICE, "no OpenCL device was found%s%s; %s", f->empty[0] ? ": " : "",
                    f->empty, advice);
}

static int fail_no_match(const P2pFound *f, const char *wanted)
{
    char list[1024] = "", advice[1024];

    for (int i = 0; i < f->count; i++) {
        const size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%d '%s'", i ? ", " : "", i, f->caps[i].name);
    }
    if (f->failures[0])
        add(list, sizeof(list), "not seen: %s", f->failures);
    if (f->idle_pocl && p2p_advice_pocl(advice, sizeof(advice)))
        add(list, sizeof(list), "%s", advice);
    return p2p_fail(
        P2P_ENODEVICE,
        "no OpenCL device matches '%s' (--device takes an index, cpu, gpu or a part of a "
        "name); there are: %s",
        wanted, list);
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

static bool matches(const P2pCaps *c, const char *wanted)
{
    return !strcmp(wanted, "cpu") ? c->is_cpu
                                  : contains_ignoring_case(c->name, wanted) ||
                                        contains_ignoring_case(c->platform, wanted);
}

/* Of the drivers for one card the one of the least. */
typedef enum Rank { OWN, RUSTICL, CLOVER } Rank;

static Rank rank(const P2pCaps *c)
{
    return !strcmp(c->platform, "Clover")    ? CLOVER
           : !strcmp(c->platform, "rusticl") ? RUSTICL
                                             : OWN;
}

static bool is_same_card(const P2pCaps *a, const P2pCaps *b)
{
    if (!a->is_gpu || !b->is_gpu || !strcmp(a->platform, b->platform))
        return false;
    return a->pci && b->pci ? a->pci == b->pci : a->vendor_id == b->vendor_id;
}

bool p2p_device_is_second(const P2pCaps *list, int count, int i, int *first)
{
    int best = i;

    for (int k = 0; k < count; k++)
        if (is_same_card(&list[k], &list[i]) && rank(&list[k]) < rank(&list[best]))
            best = k;
    if (first)
        *first = best == i ? -1 : best;
    return best != i || rank(&list[i]) == CLOVER;
}

/* The first that may be taken without being named, GPUs before others. */
static int choose_best(const P2pFound *f, bool gpus_only)
{
    for (int others = 0; others <= !gpus_only; others++)
        for (int i = 0; i < f->count; i++)
            if ((f->caps[i].is_gpu || others) && !p2p_device_is_second(f->caps, f->count, i, NULL))
                return i;
    return p2p_fail(P2P_ENODEVICE,
                    "%s; Clover lacks much of OpenCL and is taken by --device clover only",
                    gpus_only ? "there is no other GPU" : "there is no other device");
}

int p2p_found_choose(const P2pFound *f, const char *wanted)
{
    char *end;

    if (!f->count)
        return fail_none(f);
    if (!wanted || !*wanted)
        return choose_best(f, false);
    const long index = strtol(wanted, &end, 10);
    if (!*end && index >= 0 && index < f->count)
        return (int)index;
    for (int i = 0; !strcmp(wanted, "gpu") && i < f->count; i++)
        if (f->caps[i].is_gpu)
            return choose_best(f, true);
    for (int i = 0; *end && i < f->count; i++)
        if (matches(&f->caps[i], wanted))
            return i;
    return fail_no_match(f, wanted);
}

int p2p_device_list(P2pCaps **list, int *count, char **notes, const P2pLog *log)
{
    P2P_NEED(list);
    P2P_NEED(count);

    P2pFound *f = p2p_alloc(1, sizeof(*f));
    int err = f ? P2P_OK : P2P_ENOMEM;

    *list = NULL;
    *count = 0;
    if (notes)
        *notes = NULL;
    if (!err) {
        p2p_found_read(f);
        err = f->count ? P2P_OK : fail_none(f);
    }
    if (!err && (!(*list = p2p_alloc((size_t)f->count, sizeof(**list))) ||
                 (notes && !(*notes = p2p_strdup(f->empty)))))
        err = P2P_ENOMEM;
    if (!err) {
        memcpy(*list, f->caps, (size_t)f->count * sizeof(**list));
        *count = f->count;
        p2p_found_warn(f, log);
    } else {
        free(*list);
        *list = NULL;
    }
    free(f);
    return err;
}
