/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for the device, with a time limit for drivers that hang. OpenCL has none of its own. */
#include <time.h>

#include "src/base/log.h"
#include "src/base/status.h"
#include "src/device/internal.h"

enum { SHORTEST_NAP_NS = 20000, LONGEST_NAP_NS = 1000000 };

static int fail_lost(const P2pDevice *d)
{
    return p2p_fail(P2P_ETIMEOUT,
                    "%s has not answered for %g s (--device_timeout); the last "
                    "checkpoint is whole. Look at the system's log for its driver",
                    d->caps.name, d->timeout_s);
}

/* Drivers end what runs for too long, or what has gone astray, and give the device back to others. */
static int fail_waiting(cl_int code)
{
    if (code == CL_OUT_OF_RESOURCES || code == CL_DEVICE_NOT_AVAILABLE ||
        code == CL_INVALID_COMMAND_QUEUE || code == CL_INVALID_CONTEXT ||
        code == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
        return p2p_fail(
            P2P_EDEVICE,
            "the device was reset or lost while it worked (%s, %d): by its driver's time limit or "
            "a fault. What is saved of a run is whole, --continue_train goes on from it; a "
            "smaller batch or picture takes less time, the system's log may say more",
            p2p_cl_error_name(code), (int)code);
    return p2p_cl_fail(code, "waiting for the device");
}

static int is_done(cl_event event, bool *done)
{
    cl_int status = CL_QUEUED;
    const cl_int code =
        clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL);

    if (code != CL_SUCCESS || status < 0)
        return fail_waiting(code != CL_SUCCESS ? code : status);
    *done = status == CL_COMPLETE;
    return P2P_OK;
}

static int poll_event(P2pDevice *d, cl_event event)
{
    P2pPatience patience;
    struct timespec nap = {.tv_nsec = SHORTEST_NAP_NS};
    bool done = false;
    int err;

    p2p_patience_begin(&patience);
    clFlush(d->queue);
    while ((err = is_done(event, &done)) == P2P_OK && !done) {
        if (p2p_patience_is_over(&patience, d->timeout_s)) {
            d->lost = true;
            return fail_lost(d);
        }
        nanosleep(&nap, NULL);
        nap.tv_nsec = nap.tv_nsec < LONGEST_NAP_NS ? 2 * nap.tv_nsec : nap.tv_nsec;
    }
    return err;
}

int p2p_device_wait(P2pDevice *d, cl_event event)
{
    cl_event marker = NULL;
    cl_int code = CL_SUCCESS;
    int err;

    if (d->lost)
        return fail_lost(d);
    if (d->timeout_s <= 0) {
        code = event ? clWaitForEvents(1, &event) : clFinish(d->queue);
        return code == CL_SUCCESS ? P2P_OK : fail_waiting(code);
    }
    if (!event)
        code = clEnqueueMarkerWithWaitList(d->queue, 0, NULL, &marker);
    err = code == CL_SUCCESS ? poll_event(d, event ? event : marker)
                             : p2p_cl_fail(code, "marking a place in the queue");
    if (marker)
        clReleaseEvent(marker);
    return err;
}

int p2p_device_look(P2pDevice *d, cl_event event, double *asked, bool *done)
{
    if (d->lost)
        return fail_lost(d);
    if (*asked == 0)
        clFlush(d->queue);
    *asked = *asked == 0 ? p2p_seconds() : *asked;
    const int err = is_done(event, done);
    if (err || *done || d->timeout_s <= 0 || p2p_seconds() - *asked <= d->timeout_s)
        return err;
    d->lost = true;
    return fail_lost(d);
}

int p2p_device_wait_limited(P2pDevice *d)
{
    return d->timeout_s > 0 ? p2p_device_wait(d, NULL) : P2P_OK;
}
