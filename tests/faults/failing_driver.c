/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To be preloaded: calls of OpenCL that fail. FAIL_CALL names one of them, FAIL_PLATFORM (a part of
 * its name) the platform for which it fails; without it all do.
 */
#define _GNU_SOURCE
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static cl_int real_platform_info(cl_platform_id p, cl_platform_info what, size_t n, void *v,
                                 size_t *size)
{
    cl_int (*real)(cl_platform_id, cl_platform_info, size_t, void *, size_t *);

    *(void **)&real = dlsym(RTLD_NEXT, "clGetPlatformInfo");
    return real(p, what, n, v, size);
}

static cl_int real_device_info(cl_device_id d, cl_device_info what, size_t n, void *v, size_t *size)
{
    cl_int (*real)(cl_device_id, cl_device_info, size_t, void *, size_t *);

    *(void **)&real = dlsym(RTLD_NEXT, "clGetDeviceInfo");
    return real(d, what, n, v, size);
}

static int fails(const char *call, cl_platform_id platform)
{
    const char *wanted = getenv("FAIL_CALL"), *where = getenv("FAIL_PLATFORM");
    char name[256] = "";

    if (!wanted || strcmp(wanted, call) != 0)
        return 0;
    if (platform && where)
        real_platform_info(platform, CL_PLATFORM_NAME, sizeof(name) - 1, name, NULL);
    return !where || strstr(name, where);
}

cl_int clGetPlatformIDs(cl_uint n, cl_platform_id *list, cl_uint *count)
{
    cl_int (*real)(cl_uint, cl_platform_id *, cl_uint *);

    *(void **)&real = dlsym(RTLD_NEXT, "clGetPlatformIDs");
    return fails("clGetPlatformIDs", NULL) ? CL_OUT_OF_HOST_MEMORY : real(n, list, count);
}

cl_int clGetPlatformInfo(cl_platform_id p, cl_platform_info what, size_t n, void *v, size_t *size)
{
    return fails("clGetPlatformInfo", p) ? CL_INVALID_PLATFORM
                                         : real_platform_info(p, what, n, v, size);
}

cl_int clGetDeviceIDs(cl_platform_id p, cl_device_type type, cl_uint n, cl_device_id *list,
                      cl_uint *count)
{
    cl_int (*real)(cl_platform_id, cl_device_type, cl_uint, cl_device_id *, cl_uint *);

    *(void **)&real = dlsym(RTLD_NEXT, "clGetDeviceIDs");
    return fails("clGetDeviceIDs", p) ? CL_OUT_OF_RESOURCES : real(p, type, n, list, count);
}

cl_int clGetDeviceInfo(cl_device_id d, cl_device_info what, size_t n, void *v, size_t *size)
{
    cl_platform_id platform = NULL;

    if (what == CL_DEVICE_MAX_MEM_ALLOC_SIZE) {
        real_device_info(d, CL_DEVICE_PLATFORM, sizeof(platform), &platform, NULL);
        if (fails("clGetDeviceInfo", platform))
            return CL_DEVICE_NOT_AVAILABLE;
    }
    return real_device_info(d, what, n, v, size);
}
