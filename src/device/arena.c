/* SPDX-License-Identifier: BSD-2-Clause */
/* One address space over as many buffers as the device's largest allocation makes necessary. */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/internal.h"

struct P2pArena {
    size_t chunk, bytes;
    int count;
    P2pBuffer **chunks;
};

size_t p2p_arena_chunk(const P2pDevice *device)
{
    const size_t limit = device->caps.max_buffer_bytes;
    const size_t align = device->caps.align_bytes;

    return limit > align ? limit / align * align : align;
}

int p2p_arena_create(P2pArena **out, P2pDevice *device, size_t bytes)
{
    P2pArena *a = *out = p2p_alloc(1, sizeof(*a));
    int err = a ? P2P_OK : P2P_ENOMEM;

    if (!err && (err = p2p_device_check_room(device, bytes)) < 0)
        p2p_arena_destroy(out);
    if (err)
        return err;
    a->chunk = p2p_arena_chunk(device);
    a->bytes = bytes;
    if (bytes == 0)
        return P2P_OK;
    a->count = (int)((bytes + a->chunk - 1) / a->chunk);
    if (!(a->chunks = p2p_alloc((size_t)a->count, sizeof(*a->chunks))))
        err = P2P_ENOMEM;
    for (int i = 0; !err && i < a->count; i++) {
        const size_t left = bytes - (size_t)i * a->chunk;
        err = p2p_buffer_create_zeroed(&a->chunks[i], device, left < a->chunk ? left : a->chunk);
    }
    if (err)
        p2p_arena_destroy(out);
    return err;
}

void p2p_arena_destroy(P2pArena **arena)
{
    if (!*arena)
        return;
    for (int i = 0; (*arena)->chunks && i < (*arena)->count; i++)
        p2p_buffer_destroy(&(*arena)->chunks[i]);
    free((*arena)->chunks);
    free(*arena);
    *arena = NULL;
}

int p2p_arena_part(P2pBuffer **out, P2pArena *arena, size_t offset, size_t bytes)
{
    const size_t i = offset / arena->chunk;

    P2P_ASSERT((int)i < arena->count && (offset + bytes - 1) / arena->chunk == i);
    return p2p_buffer_create_part(out, arena->chunks[i], offset % arena->chunk, bytes);
}

size_t p2p_arena_bytes(const P2pArena *arena)
{
    return arena ? arena->bytes : 0;
}

struct P2pMarker {
    P2pDevice *device;
    cl_event event;
    double asked; /* when p2p_marker_look() asked first; 0: not yet */
};

int p2p_marker_set(P2pMarker **marker, P2pDevice *device)
{
    if (!*marker && !(*marker = p2p_alloc(1, sizeof(**marker))))
        return P2P_ENOMEM;
    if ((*marker)->event)
        clReleaseEvent((*marker)->event);
    (*marker)->event = NULL;
    (*marker)->device = device;
    (*marker)->asked = 0;
    const cl_int code = clEnqueueMarkerWithWaitList(device->queue, 0, NULL, &(*marker)->event);
    return code == CL_SUCCESS ? P2P_OK : p2p_cl_fail(code, "marking a place in the queue");
}

int p2p_marker_wait(P2pMarker *marker)
{
    if (!marker || !marker->event)
        return P2P_OK;
    const int err = p2p_device_wait(marker->device, marker->event);
    clReleaseEvent(marker->event);
    marker->event = NULL;
    return err;
}

int p2p_marker_look(P2pMarker *marker, bool *done)
{
    *done = true;
    if (!marker || !marker->event)
        return P2P_OK;
    return p2p_device_look(marker->device, marker->event, &marker->asked, done);
}

void p2p_marker_destroy(P2pMarker **marker)
{
    if (*marker && (*marker)->event)
        clReleaseEvent((*marker)->event);
    free(*marker);
    *marker = NULL;
}
