/* SPDX-License-Identifier: BSD-2-Clause */
/* Device memory and copies. On CPUs buffers live in host memory, so mapping costs nothing. */
#include <stdio.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/internal.h"

static int fail_at(cl_int code, const char *what, size_t bytes)
{
    char text[96];

    snprintf(text, sizeof(text), "%s %zu bytes", what, bytes);
    return p2p_cl_fail(code, text);
}

int p2p_device_check_room(const P2pDevice *d, size_t bytes)
{
    if (bytes <= d->caps.memory_bytes && d->used_bytes <= d->caps.memory_bytes - bytes)
        return P2P_OK;
    return p2p_fail(
        P2P_EDEVMEM,
        "%zu MiB are needed beside %zu MiB in use, %s tells of %zu MiB; use a smaller "
        "network, batch or picture, another --device, or --device_memory if it has more",
        bytes >> 20, d->used_bytes >> 20, d->caps.name, d->caps.memory_bytes >> 20);
}

/* Memory that we gave a CPU device goes when the last part of the buffer has gone. */
static void CL_CALLBACK free_pages(cl_mem mem, void *pages)
{
    (void)mem;
    p2p_pages_free(pages);
}

/* On CPUs large buffers are our own pages: zero already, huge where the system has such. */
static cl_mem create_mem(P2pDevice *device, size_t bytes, bool *zeroed, cl_int *code)
{
    void *pages = device->caps.is_cpu && bytes >= P2P_PAGES_LEAST ? p2p_pages_alloc(bytes) : NULL;
    const cl_mem_flags flags = CL_MEM_READ_WRITE | (pages                 ? CL_MEM_USE_HOST_PTR
                                                    : device->caps.is_cpu ? CL_MEM_ALLOC_HOST_PTR
                                                                          : 0);
    cl_mem mem = clCreateBuffer(device->context, flags, bytes, pages, code);

    *zeroed = pages;
    if (*code != CL_SUCCESS)
        p2p_pages_free(pages);
    else if (pages)
        clSetMemObjectDestructorCallback(mem, free_pages, pages);
    return mem;
}

int p2p_buffer_create(P2pBuffer **out, P2pDevice *device, size_t bytes)
{
    P2pBuffer *b = p2p_alloc(1, sizeof(*b));
    cl_int code;

    *out = NULL;
    if (!b)
        return P2P_ENOMEM;
    b->device = device;
    b->bytes = bytes ? bytes : 1;
    const int err = p2p_device_check_room(device, b->bytes);
    if (err) {
        free(b);
        return err;
    }
    b->mem = create_mem(device, b->bytes, &b->zeroed, &code);
    if (code == CL_SUCCESS) {
        device->used_bytes += b->bytes;
    } else {
        free(b);
        return fail_at(code == CL_OUT_OF_RESOURCES ? CL_MEM_OBJECT_ALLOCATION_FAILURE : code,
                       "allocating", bytes);
    }
    *out = b;
    return P2P_OK;
}

int p2p_buffer_create_part(P2pBuffer **out, P2pBuffer *parent, size_t offset, size_t bytes)
{
    const cl_buffer_region region = {offset, bytes};
    P2pBuffer *b = p2p_alloc(1, sizeof(*b));
    cl_int code;

    *out = NULL;
    if (!b)
        return P2P_ENOMEM;
    b->device = parent->device;
    b->bytes = bytes;
    b->is_part = true;
    b->mem = clCreateSubBuffer(parent->mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                               &region, &code);
    if (code != CL_SUCCESS) {
        free(b);
        return fail_at(code, "making a part of a buffer of", bytes);
    }
    b->parts = parent->parts;
    parent->parts = b;
    *out = b;
    return P2P_OK;
}

static void release(P2pBuffer *b)
{
    if (b->mem && !b->device->lost)
        clReleaseMemObject(b->mem);
    free(b);
}

/* Parts end with their parent, the last that was made first: NVIDIA's driver (580.159) crashes when parts
 * that share bytes and were used by kernels are released in any other order. */
void p2p_buffer_destroy(P2pBuffer **buffer)
{
    P2pBuffer *b = *buffer;

    *buffer = NULL;
    if (!b || b->is_part)
        return;
    while (b->parts) {
        P2pBuffer *last = b->parts;
        b->parts = last->parts;
        release(last);
    }
    b->device->used_bytes -= b->bytes;
    release(b);
}

size_t p2p_buffer_bytes(const P2pBuffer *buffer)
{
    return buffer->bytes;
}

int p2p_buffer_read(P2pBuffer *buffer, size_t offset, size_t bytes, void *host)
{
    const int err = p2p_device_wait_limited(buffer->device);
    if (err)
        return err;
    const cl_int code = clEnqueueReadBuffer(buffer->device->queue, buffer->mem, CL_TRUE, offset,
                                            bytes, host, 0, NULL, NULL);

    return code == CL_SUCCESS ? P2P_OK : fail_at(code, "reading", bytes);
}

int p2p_buffer_read_async(P2pBuffer *buffer, size_t offset, size_t bytes, void *host)
{
    const cl_int code = clEnqueueReadBuffer(buffer->device->queue, buffer->mem, CL_FALSE, offset,
                                            bytes, host, 0, NULL, NULL);

    return code == CL_SUCCESS ? P2P_OK : fail_at(code, "reading", bytes);
}

static int write_buffer(P2pBuffer *b, size_t offset, size_t bytes, const void *host, cl_bool wait)
{
    const int err = wait ? p2p_device_wait_limited(b->device) : P2P_OK;
    if (err)
        return err;
    const cl_int code =
        clEnqueueWriteBuffer(b->device->queue, b->mem, wait, offset, bytes, host, 0, NULL, NULL);

    return code == CL_SUCCESS ? P2P_OK : fail_at(code, "writing", bytes);
}

int p2p_buffer_write(P2pBuffer *buffer, size_t offset, size_t bytes, const void *host)
{
    return write_buffer(buffer, offset, bytes, host, CL_TRUE);
}

int p2p_buffer_write_async(P2pBuffer *buffer, size_t offset, size_t bytes, const void *host)
{
    return write_buffer(buffer, offset, bytes, host, CL_FALSE);
}

int p2p_buffer_create_zeroed(P2pBuffer **out, P2pDevice *device, size_t bytes)
{
    int err = p2p_buffer_create(out, device, bytes);

    if (!err && !(*out)->zeroed && (err = p2p_buffer_zero(*out)) < 0)
        p2p_buffer_destroy(out);
    return err;
}

int p2p_buffer_zero(P2pBuffer *buffer)
{
    const cl_uchar zero = 0;
    const cl_int code = clEnqueueFillBuffer(buffer->device->queue, buffer->mem, &zero, sizeof(zero),
                                            0, buffer->bytes, 0, NULL, NULL);

    return code == CL_SUCCESS ? P2P_OK : fail_at(code, "clearing", buffer->bytes);
}

static int map_buffer(P2pBuffer *b, cl_bool wait, cl_map_flags flags, void **host)
{
    const int err = wait ? p2p_device_wait_limited(b->device) : P2P_OK;
    cl_int code;

    if (err)
        return err;
    *host = clEnqueueMapBuffer(b->device->queue, b->mem, wait, flags, 0, b->bytes, 0, NULL, NULL,
                               &code);
    return code == CL_SUCCESS ? P2P_OK : fail_at(code, "mapping", b->bytes);
}

int p2p_buffer_map(P2pBuffer *buffer, bool write_only, void **host)
{
    return map_buffer(buffer, CL_TRUE,
                      write_only ? CL_MAP_WRITE_INVALIDATE_REGION : CL_MAP_READ | CL_MAP_WRITE,
                      host);
}

int p2p_buffer_map_async(P2pBuffer *buffer, void **host)
{
    return map_buffer(buffer, CL_FALSE, CL_MAP_READ | CL_MAP_WRITE, host);
}

int p2p_buffer_unmap(P2pBuffer *buffer, void *host)
{
    const cl_int code =
        clEnqueueUnmapMemObject(buffer->device->queue, buffer->mem, host, 0, NULL, NULL);

    return code == CL_SUCCESS ? P2P_OK : fail_at(code, "unmapping", buffer->bytes);
}

/* ---- Pinned memory --------------------------------------------------------------------------- */

struct P2pPinned {
    P2pDevice *device;
    cl_mem mem;
    void *host;
};

int p2p_pinned_create(P2pPinned **out, P2pDevice *device, size_t bytes)
{
    P2pPinned *p = *out = p2p_alloc(1, sizeof(*p));
    cl_int code;

    if (!p)
        return P2P_ENOMEM;
    p->device = device;
    p->mem = clCreateBuffer(device->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes, NULL,
                            &code);
    if (code == CL_SUCCESS)
        p->host = clEnqueueMapBuffer(device->queue, p->mem, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                     bytes, 0, NULL, NULL, &code);
    if (code == CL_SUCCESS)
        return P2P_OK;
    p2p_pinned_destroy(out);
    return fail_at(code, "pinning", bytes);
}

void p2p_pinned_destroy(P2pPinned **pinned)
{
    P2pPinned *p = *pinned;

    if (p && !p->device->lost) {
        if (p->host)
            clEnqueueUnmapMemObject(p->device->queue, p->mem, p->host, 0, NULL, NULL);
        if (p->mem)
            clReleaseMemObject(p->mem);
    }
    free(p);
    *pinned = NULL;
}

void *p2p_pinned_host(const P2pPinned *pinned)
{
    return pinned->host;
}
