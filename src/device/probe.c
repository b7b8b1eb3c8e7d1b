/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kept binaries on another boot. After an update of itself or of the system a driver may take a binary that it
 * made before, under the same version, and compute wrongly by it. So what the first group of a launch makes of
 * numbers of ours is kept as a hash, when its program was built here; on the first start of a boot it must be the
 * same again, or the program is built from its source. Kernels have the same bits each time, so this needs no
 * reference. A launch that nobody has seen before, or that there is no time or room for, is trusted.
 *
 * The file probes.txt beside the binaries has lines "LAUNCH BOOT RESULT", hashes all; of a launch the last
 * counts. A file that has grown too long begins anew: then nothing is known of its binaries, and they are built
 * once more on the next boot.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/device/cache.h"
#include "src/device/internal.h"

/* Numbers that do not repeat with rows; bytes that are looked at of each buffer. */
enum { NUMBERS = 65521, LOOKED_AT = 1 << 16, MOST_BYTES = 1 << 22, MOST_ARGS = 64, LINE = 51 };
#define MOST_S 0.4

/* ---- What is known --------------------------------------------------------------------------- */

static char *file_path(void)
{
    return p2p_cache_file("probes.txt");
}

static void read_file(P2pDevice *d)
{
    char *path = file_path();

    d->probes = p2p_cache_text(path, MOST_BYTES);
    free(path);
}

static unsigned long long this_boot(void)
{
    FILE *in = fopen("/proc/sys/kernel/random/boot_id", "r"); /* elsewhere all boots are one */
    char id[64] = "";

    if (in && !fgets(id, sizeof(id), in))
        id[0] = '\0';
    if (in)
        fclose(in);
    return p2p_fnv(P2P_FNV_START, id, strlen(id));
}

/* The last line of a launch; false: there is none. */
static bool find(P2pDevice *d, unsigned long long launch, unsigned long long *boot,
                 unsigned long long *result)
{
    char wanted[20];
    bool found = false;

    if (!d->probes)
        read_file(d);
    snprintf(wanted, sizeof(wanted), "%016llx ", launch);
    for (const char *at = d->probes; at && (at = strstr(at, wanted)); at++)
        found |=
            (at == d->probes || at[-1] == '\n') && sscanf(at, "%*x %llx %llx", boot, result) == 2;
    return found;
}

static void note(P2pDevice *d, unsigned long long launch, unsigned long long boot,
                 unsigned long long result)
{
    char line[LINE + 1], *path = file_path();
    const int fd = !path || p2p_folder_make_for(path) < 0
                       ? -1
                       : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

    snprintf(line, sizeof(line), "%016llx %016llx %016llx\n", launch, boot, result);
    if (fd >= 0 && write(fd, line, strlen(line)) < 0)
        (void)0; /* it is not known then */
    if (fd >= 0)
        close(fd);
    free(path);
    char *all = p2p_format("%s%s", d->probes ? d->probes : "", line);
    if (!all)
        return;
    free(d->probes);
    d->probes = all;
}

static int hash_launch(const P2pDevice *d, const P2pLaunch *l, unsigned long long *hash)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    const int err = out ? p2p_program_hash(d, l->program, l->options, hash) : P2P_ENOMEM;

    if (out) {
        p2p_launch_print(out, l);
        fclose(out);
        *hash = p2p_fnv(*hash, text, bytes);
    }
    free(text);
    return err;
}

/* ---- Running --------------------------------------------------------------------------------- */

static int fill(P2pBuffer *buffer, float *numbers, size_t count, size_t skip)
{
    const uint32_t stream = p2p_stream(P2P_STREAM_TEST, 1);

    for (size_t k = 0; k < count; k++)
        numbers[k] = k < NUMBERS ? p2p_rng_symmetric(p2p_rng_word(2, stream, k + skip))
                                 : numbers[k - NUMBERS];
    return p2p_buffer_write(buffer, 0, count * sizeof(float), numbers);
}

static int set_argument(P2pDevice *d, cl_kernel kernel, cl_uint i, const P2pArg *a, P2pBuffer **own)
{
    cl_mem mem = NULL;
    int err = P2P_OK;

    if (a->buffer) {
        const size_t count = (a->buffer->bytes + 3) / sizeof(float);
        float *numbers = p2p_alloc(count, sizeof(float));
        err = numbers ? p2p_buffer_create(own, d, count * sizeof(float)) : P2P_ENOMEM;
        if (!err)
            err = fill(*own, numbers, count, i);
        free(numbers);
        mem = *own ? (*own)->mem : NULL;
    }
    const bool is_buffer = a->buffer || a->bytes == 0;
    const cl_int code = err ? CL_SUCCESS
                            : clSetKernelArg(kernel, i, is_buffer ? sizeof(mem) : a->bytes,
                                             is_buffer ? (const void *)&mem : a->value);
    return code == CL_SUCCESS ? err : p2p_cl_fail(code, "a probe");
}

/* The first group of a launch. */
static int run(P2pDevice *d, cl_kernel kernel, const P2pLaunch *l)
{
    size_t global[3];

    for (int i = 0; i < 3; i++)
        global[i] = l->local[i] ? l->local[i] : 1;
    const cl_int code = clEnqueueNDRangeKernel(d->queue, kernel, 3, NULL, global,
                                               l->local[0] ? global : NULL, 0, NULL, NULL);
    return code == CL_SUCCESS ? p2p_device_wait(d, NULL) : p2p_cl_fail(code, "a probe");
}

static int probe(P2pDevice *d, cl_program program, const P2pLaunch *l, unsigned long long *result)
{
    P2pBuffer *own[MOST_ARGS] = {NULL};
    unsigned char *seen = p2p_alloc(LOOKED_AT, 1);
    cl_int code = CL_SUCCESS;
    cl_kernel kernel = clCreateKernel(program, l->kernel, &code);
    int err = code != CL_SUCCESS                  ? p2p_cl_fail(code, l->kernel)
              : !seen || l->arg_count > MOST_ARGS ? P2P_ENOMEM
                                                  : P2P_OK;

    for (int i = 0; i < l->arg_count && !err; i++)
        err = set_argument(d, kernel, (cl_uint)i, &l->args[i], &own[i]);
    if (!err)
        err = run(d, kernel, l);
    *result = P2P_FNV_START;
    for (int i = 0; i < l->arg_count && !err; i++) {
        const size_t bytes = own[i] && own[i]->bytes < LOOKED_AT ? own[i]->bytes : LOOKED_AT;
        if (own[i] && (err = p2p_buffer_read(own[i], 0, bytes, seen)) == P2P_OK)
            *result = p2p_fnv(*result, seen, bytes);
    }
    for (int i = 0; i < l->arg_count && i < MOST_ARGS; i++)
        p2p_buffer_destroy(&own[i]);
    if (kernel)
        clReleaseKernel(kernel);
    free(seen);
    return err;
}

bool p2p_probe_agrees(P2pDevice *d, cl_program program, bool is_kept, const P2pLaunch *l)
{
    const double start = p2p_seconds();
    unsigned long long launch, result, boot = 0, expected = 0;

    if (!d->boot)
        d->boot = this_boot();
    if (hash_launch(d, l, &launch) < 0)
        return true;
    const bool known = find(d, launch, &boot, &expected);
    if ((known && boot == d->boot) || d->probed_s > MOST_S)
        return true;
    const int err = probe(d, program, l, &result);
    d->probed_s += p2p_seconds() - start;
    if (err)
        return true;
    if (is_kept && known && result != expected)
        return false;
    note(d, launch, d->boot, result);
    return true;
}
