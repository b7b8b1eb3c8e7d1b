/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of ahead.c: kernels on request. PoCL compiles a kernel in its first run, and for the
 * group's size; so the first group of each launch is run, with the launch's own values, on memory of this
 * process, which is zero. Where the grid is so wide that PoCL compiles it otherwise, all of it runs.
 *
 * A request is a line with the program, a line with its options, a line for each launch (p2p_launch_print())
 * and an empty one; what it is answered with is in internal.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/internal.h"

enum { MOST_ARGS = 64, MOST_VALUE = 256 };

/* A launch as it was sent. */
typedef struct Request {
    char *kernel;
    size_t global[3], local[3];
    P2pBuffer *buffers[MOST_ARGS];
    int count;
} Request;

static size_t unhex(const char *text, unsigned char value[MOST_VALUE])
{
    size_t n = 0;

    for (char digits[3] = ""; n < MOST_VALUE && text[0] && text[1]; text += 2) {
        memcpy(digits, text, 2);
        value[n++] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return n;
}

static int set_argument(P2pDevice *d, cl_kernel kernel, Request *r, const char *text)
{
    const size_t bytes = text[0] == 'b' || text[0] == 'l' ? strtoull(text + 1, NULL, 10) : 0;
    unsigned char value[MOST_VALUE];
    const cl_uint i = (cl_uint)r->count++;
    cl_mem none = NULL;
    cl_int code;

    if (i >= MOST_ARGS)
        return p2p_fail(P2P_EINVAL, "too many arguments");
    r->buffers[i] = NULL;
    if (text[0] == 'b') {
        const int err = p2p_buffer_create_zeroed(&r->buffers[i], d, bytes);
        if (err)
            return err;
        code = clSetKernelArg(kernel, i, sizeof(cl_mem), &r->buffers[i]->mem);
    } else if (text[0] == 'l') {
        code = clSetKernelArg(kernel, i, bytes, NULL);
    } else if (text[0] == 'v') {
        const size_t n = unhex(text + 1, value);
        code = clSetKernelArg(kernel, i, n, value);
    } else {
        code = clSetKernelArg(kernel, i, sizeof(none), &none);
    }
    return code == CL_SUCCESS ? P2P_OK : p2p_cl_fail(code, r->kernel);
}

static void read_sizes(char **rest, size_t sizes[3])
{
    for (int i = 0; i < 3; i++) {
        const char *word = strtok_r(NULL, " ", rest);
        const size_t size = word ? strtoull(word, NULL, 10) : 1;
        sizes[i] = size ? size : 1;
    }
}

static int run(P2pDevice *d, cl_kernel kernel, const Request *r)
{
    const P2pLaunch grid = {.global = {r->global[0], r->global[1], r->global[2]}};
    const size_t *global = p2p_launch_is_wide(&grid) ? r->global : r->local;
    const cl_int code =
        clEnqueueNDRangeKernel(d->queue, kernel, 3, NULL, global, r->local, 0, NULL, NULL);

    return code == CL_SUCCESS ? p2p_device_finish(d) : p2p_cl_fail(code, r->kernel);
}

static int compile(P2pDevice *d, cl_program program, char *line)
{
    char *rest = NULL;
    Request r = {.kernel = strtok_r(line, " \n", &rest)};
    cl_int code;

    if (!r.kernel)
        return p2p_fail(P2P_EINVAL, "a launch without a kernel");
    read_sizes(&rest, r.global);
    read_sizes(&rest, r.local);
    cl_kernel kernel = clCreateKernel(program, r.kernel, &code);
    int err = code == CL_SUCCESS ? P2P_OK : p2p_cl_fail(code, r.kernel);
    for (const char *word; !err && (word = strtok_r(NULL, " \n", &rest));)
        err = set_argument(d, kernel, &r, word);
    if (!err)
        err = run(d, kernel, &r);
    for (int i = 0; i < r.count && i < MOST_ARGS; i++)
        p2p_buffer_destroy(&r.buffers[i]);
    if (kernel)
        clReleaseKernel(kernel);
    return err;
}

/* A line without its end; false: there is none, or no memory. */
static bool read_line(FILE *in, char **line, size_t *capacity)
{
    const ssize_t n = getline(line, capacity, in);

    if (n > 0 && (*line)[n - 1] == '\n')
        (*line)[n - 1] = '\0';
    return n > 0;
}

static int answer(int out, char byte)
{
    return write(out, &byte, 1) == 1 ? P2P_OK : p2p_fail(P2P_EIO, "nobody waits for the answer");
}

/* One request. What does not compile here is left to the one who asks, who will say why. */
static int serve(P2pDevice *d, FILE *in, int out, const char *name)
{
    char *line = NULL;
    size_t capacity = 0;
    cl_program program = NULL;
    int err = read_line(in, &line, &capacity)
                  ? p2p_program_get(d, name, line, &program)
                  : p2p_fail(P2P_EINVAL, "a request ends behind its program");

    while (!err && read_line(in, &line, &capacity) && line[0])
        if ((err = compile(d, program, line)) == P2P_OK)
            err = answer(out, P2P_COMPILED);
    free(line);
    return err;
}

int p2p_compiler_serve(int fd, const P2pDeviceSettings *settings)
{
    P2P_REQUIRE(fd >= 0, "fd is %d, it must be a socket", fd);

    P2pDevice *device = NULL;
    char *name = NULL;
    size_t capacity = 0;
    int err = p2p_device_open(&device, settings);
    const int copy = err ? -1 : dup(fd);
    FILE *in = copy >= 0 ? fdopen(copy, "r") : NULL;

    if (!err && !in)
        err = p2p_fail_errno(P2P_EIO, "requests cannot be read");
    if (!err)
        err = answer(fd, P2P_READY);
    while (!err && read_line(in, &name, &capacity))
        err = serve(device, in, fd, name);
    if (err && in)
        write(fd, &(char){P2P_NOT_COMPILED}, 1);
    free(name);
    if (in)
        fclose(in);
    else if (copy >= 0)
        close(copy);
    if (device)
        p2p_device_close(&device);
    return err;
}
