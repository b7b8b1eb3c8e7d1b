/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and closing devices. find.c chooses, kernels are program.c's, memory is buffer.c's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/advice.h"
#include "src/device/cache.h"
#include "src/device/driver.h"
#include "src/device/find.h"
#include "src/device/internal.h"

enum { PATIENCE_S = 30, QUICK_S = 20 };

static int open_found(P2pDevice *d, const P2pFound *f, int i)
{
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)f->platform[i], 0};
    cl_int code;

    d->platform = f->platform[i];
    d->id = f->id[i];
    d->caps = f->caps[i];
    d->own_builtins = !strcmp(d->caps.platform, P2P_POCL) && !strncmp(d->caps.driver, "3.1", 3);
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

static void set_tuning(P2pDevice *d, const P2pDeviceSettings *settings)
{
    const P2pTune usual = d->caps.is_gpu ? P2P_TUNE_QUICK : P2P_TUNE_OFF;
    const P2pTune mode = settings->tune == P2P_TUNE_AUTO ? usual : settings->tune;

    d->tuning = (P2pTuning){.mode = mode,
                            .left_s = mode == P2P_TUNE_QUICK ? QUICK_S : HUGE_VAL,
                            .tell = settings->tuning,
                            .user = settings->tuning_user};
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
    P2P_REQUIRE(settings->compute_units >= 0, "compute_units is %d, it must be 0 or more",
                settings->compute_units);
    P2P_REQUIRE(settings->tune >= P2P_TUNE_OFF && settings->tune <= P2P_TUNE_AUTO,
                "tune is %d, it must be one of P2pTune", settings->tune);
    P2P_REQUIRE(settings->timeout_s >= 0, "timeout_s is %g, it must be 0 or more seconds",
                settings->timeout_s);

    const char *wanted = settings->device ? settings->device : getenv("P2P_DEVICE");
    P2pDevice *d = p2p_alloc(1, sizeof(*d));
    P2pFound *f = p2p_alloc(1, sizeof(*f));
    int err = d && f ? P2P_OK : P2P_ENOMEM;

    if (!err)
        err = make_turn(d);
    if (!err) {
        p2p_found_read(f);
        const int i = p2p_found_choose(f, wanted);
        d->log = settings->log;
        d->profile = settings->profile;
        d->timeout_s = settings->timeout_s;
        d->patience_s = PATIENCE_S;
        d->index = i;
        d->compiling = settings->compiling;
        d->compiling_user = settings->compiling_user;
        err = i < 0 ? i : open_found(d, f, i);
    }
    if (!err && settings->compiler && !(d->compiler = p2p_strdup(settings->compiler)))
        err = P2P_ENOMEM;
    if (!err)
        p2p_found_warn(f, d->log);
    free(f);
    if (err) {
        p2p_device_close(&d);
        return err;
    }
    if (width)
        d->caps.vector_width = width;
    if (settings->compute_units)
        d->caps.compute_units = settings->compute_units;
    d->cache_bytes = p2p_cache_limit(d->log);
    d->driver_hash = p2p_driver_hash();
    set_tuning(d, settings);
    if (settings->memory_bytes)
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
    p2p_marker_destroy(&d->held);
    if (d->timing)
        clReleaseCommandQueue(d->timing);
    if (d->queue) {
        clFinish(d->queue);
        clReleaseCommandQueue(d->queue);
    }
    if (d->context)
        clReleaseContext(d->context);
    if (d->has_turn)
        pthread_mutex_destroy(&d->turn);
    free(d->compiler);
    free(d->builds);
    free(d->probes);
    free(d->left_out);
    free(d->tuning.lines);
    free(d);
}

const P2pCaps *p2p_device_caps(const P2pDevice *device)
{
    return &device->caps;
}

void p2p_device_leave_out(P2pDevice *device, const char *pass, int length, const char *variant)
{
    const char *before = device->left_out ? device->left_out : "";
    char *text = p2p_format("%s%s%.*s=%s", before, *before ? "," : "", length, pass, variant);

    if (!text)
        return; /* it fails again then */
    free(device->left_out);
    device->left_out = text;
}

const char *p2p_device_left_out(const P2pDevice *device)
{
    return device->left_out ? device->left_out : "";
}

P2pTuning *p2p_device_tuning_state(P2pDevice *device)
{
    return &device->tuning;
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
