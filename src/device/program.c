/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building programs from the embedded sources, once per device, name and options.
 *
 * Where the driver keeps no binaries itself, they are kept in the folder of cache.c, one file a program;
 * its name is a hash of source, options, device, driver (its version, and driver.c) and platform. They are written when the device
 * is closed. A cache that cannot be read or written is never an error. PoCL keeps its own: asked for
 * binaries it compiles every kernel once more, in a form that we do not run.
 *
 * What PoCL does at each start is to preprocess each program, its own 18,000 lines of declarations
 * included. For the version that this was tried with, cl/builtins.clh replaces them: their include
 * guard is defined beforehand. A program that does not build so is built as everywhere else.
 *
 * P2P_CL_DIR names folders, "cl:build/cl", whose files replace the embedded ones (for development):
 * the programs of the first, and pieces of all. Nothing is kept then: the hash knows no pieces.
 */
#include <stdio.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/advice.h"
#include "src/device/cache.h"
#include "src/device/internal.h"
#include "src/device/sources.h"

enum { MAX_SOURCE_BYTES = 1 << 22, MAX_BINARY_BYTES = 1 << 28 };

static const char *override_folders(void)
{
    const char *folders = getenv("P2P_CL_DIR");

    return folders && *folders ? folders : NULL;
}

static int embedded_source(const char *name, const char *const **lines, cl_uint *count)
{
    for (const P2pClSource *s = p2p_cl_sources; s->name; s++)
        if (!strcmp(s->name, name)) {
            *lines = s->lines;
            for (*count = 0; s->lines[*count];)
                ++*count;
            return P2P_OK;
        }
    return p2p_fail(P2P_EINVAL, "there is no kernel program '%s'", name);
}

static int create_from_source(P2pDevice *d, const char *name, cl_program *out,
                              unsigned long long *hash)
{
    const char *folder = override_folders();
    const char *const *lines = NULL;
    const char *text;
    unsigned char *file = NULL;
    cl_uint count = 0;
    cl_int code;
    int err;

    if ((err = embedded_source(name, &lines, &count)) < 0)
        return err;
    if (folder) {
        char *path = p2p_format("%.*s/%s.cl", (int)strcspn(folder, ":"), folder, name);
        size_t bytes;
        err = path ? p2p_file_read(path, MAX_SOURCE_BYTES, &file, &bytes) : P2P_ENOMEM;
        free(path);
        if (err)
            return err;
        text = (const char *)file;
        lines = &text;
        count = 1;
    }
    for (cl_uint i = 0; i < count; i++)
        *hash = p2p_fnv(*hash, lines[i], strlen(lines[i]));
    *out = clCreateProgramWithSource(d->context, count, (const char **)(size_t)lines, NULL, &code);
    free(file);
    return code == CL_SUCCESS ? P2P_OK : p2p_cl_fail(code, name);
}

/* A log takes one line at a time. */
static void log_lines(const P2pDevice *d, const char *text)
{
    for (size_t n; *text; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        p2p_log(d->log, P2P_LOG_DEBUG, "%.*s", (int)n, text);
    }
}

static int fail_build(P2pDevice *d, cl_program program, const char *name, cl_int code)
{
    char advice[1024];
    size_t bytes = 0;
    char *text;

    if (!strcmp(d->caps.platform, P2P_POCL) && p2p_advice_pocl(advice, sizeof(advice)))
        return p2p_fail(P2P_ENODEVICE, "kernel program %s does not build: %s", name, advice);
    clGetProgramBuildInfo(program, d->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes);
    text = p2p_alloc(bytes + 1, 1);
    if (text)
        clGetProgramBuildInfo(program, d->id, CL_PROGRAM_BUILD_LOG, bytes, text, NULL);
    p2p_log(d->log, P2P_LOG_DEBUG, "build log of %s:", name);
    log_lines(d, text ? text : "");
    const int err = p2p_fail(P2P_EDEVICE, "kernel program %s does not build on %s: %s: %.*s", name,
                             d->caps.name, p2p_cl_error_name(code),
                             text ? (int)strcspn(text, "\n") : 0, text ? text : "");
    free(text);
    return err;
}

static unsigned long long hash_facts(const P2pDevice *d, const char *options,
                                     unsigned long long hash)
{
    const char *const facts[] = {options, d->caps.name, d->caps.driver, d->caps.platform,
                                 d->caps.version};

    hash = p2p_fnv(hash, &d->driver_hash, sizeof(d->driver_hash));
    for (size_t i = 0; i < P2P_COUNT(facts); i++)
        hash = p2p_fnv(hash, facts[i], strlen(facts[i]) + 1);
    return hash;
}

unsigned long long p2p_device_hash(const P2pDevice *d)
{
    const size_t sizes[] = {(size_t)d->caps.compute_units, (size_t)d->caps.vector_width,
                            d->caps.max_group_size, d->caps.local_bytes, d->caps.is_cpu};
    unsigned long long hash = hash_facts(d, p2p_version(), P2P_FNV_START);

    for (const P2pClSource *s = p2p_cl_sources; s->name; s++)
        for (const char *const *line = s->lines; *line; line++)
            hash = p2p_fnv(hash, *line, strlen(*line));
    return p2p_fnv(hash, sizes, sizeof(sizes));
}

/* Whether binaries are kept by us. */
static bool keeps(const P2pDevice *d)
{
    return !d->caps.caches_binaries && !override_folders() && d->cache_bytes;
}

/* Path of the cached binary in fresh memory, or NULL: no cache. */
static char *cache_path(const P2pDevice *d, const char *name, const char *options,
                        unsigned long long hash)
{
    if (!keeps(d))
        return NULL;
    char *folder = p2p_cache_folder();
    if (!folder)
        return NULL;
    char *path = p2p_format("%s/%s-%016llx.bin", folder, name, hash_facts(d, options, hash));
    free(folder);
    return path;
}

static bool load_binary(P2pDevice *d, const char *path, const char *options, cl_program *out)
{
    unsigned char *data = NULL;
    size_t bytes;
    cl_int code, status;

    if (!p2p_file_exists(path) || p2p_file_read(path, MAX_BINARY_BYTES, &data, &bytes) < 0)
        return false;
    cl_program program = clCreateProgramWithBinary(d->context, 1, &d->id, &bytes,
                                                   (const unsigned char **)&data, &status, &code);
    free(data);
    if (code != CL_SUCCESS)
        return false;
    if (clBuildProgram(program, 1, &d->id, options, NULL, NULL) != CL_SUCCESS) {
        clReleaseProgram(program);
        return false;
    }
    p2p_cache_touch(path);
    *out = program;
    return true;
}

static void save_binary(P2pDevice *d, const char *path, cl_program program)
{
    unsigned char *data = NULL;
    size_t bytes = 0;
    int err = P2P_OK;

    clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(bytes), &bytes, NULL);
    if (bytes && (data = p2p_alloc(bytes, 1)) &&
        clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof(data), &data, NULL) == CL_SUCCESS)
        err = p2p_file_write(path, data, bytes);
    if (err)
        p2p_log(d->log, P2P_LOG_INFO, "kernel cache: %s", p2p_error());
    free(data);
}

static void save_binaries(P2pDevice *d)
{
    char *folder = NULL;

    for (size_t i = 0; i < d->program_count; i++) {
        if (!d->programs[i].unsaved)
            continue;
        if (!folder && (!(folder = p2p_cache_folder()) || p2p_folder_make(folder) < 0)) {
            p2p_log(d->log, P2P_LOG_INFO, "kernel cache: %s", p2p_error());
            break;
        }
        save_binary(d, d->programs[i].unsaved, d->programs[i].program);
    }
    if (folder)
        p2p_cache_trim(folder, d->cache_bytes);
    free(folder);
}

static cl_int build_program(P2pDevice *d, cl_program program, const char *name, const char *options)
{
    char *quick = d->own_builtins ? p2p_format("%s -D P2P_BUILTINS -D _OPENCL_H_", options) : NULL;
    cl_int code =
        quick ? clBuildProgram(program, 1, &d->id, quick, NULL, NULL) : CL_BUILD_PROGRAM_FAILURE;

    free(quick);
    if (code == CL_SUCCESS)
        return code;
    if (d->own_builtins)
        p2p_log(d->log, P2P_LOG_DEBUG, "%s needs more than cl/builtins.clh", name);
    return clBuildProgram(program, 1, &d->id, options, NULL, NULL);
}

/* *unsaved: where its binary is to be kept (the caller's now), NULL when it came from there; renew: it must not
 * come from there. */
static int build(P2pDevice *d, const char *name, const char *options, bool renew, cl_program *out,
                 char **unsaved)
{
    unsigned long long hash = P2P_FNV_START;
    cl_program program = NULL;
    int err;

    *unsaved = NULL;

    if ((err = create_from_source(d, name, &program, &hash)) < 0)
        return err;
    char *path = cache_path(d, name, options, hash);
    if (path && !renew && load_binary(d, path, options, out)) {
        clReleaseProgram(program);
    } else {
        const cl_int code = build_program(d, program, name, options);
        if (code != CL_SUCCESS) {
            err = fail_build(d, program, name, code);
            clReleaseProgram(program);
        } else {
            *out = program;
            *unsaved = path;
            return P2P_OK;
        }
    }
    free(path);
    return err;
}

/* Name and options of a program, with -I for each of P2P_CL_DIR's folders; NULL: no memory. */
static char *make_key(const P2pDevice *d, const char *name, const char *options)
{
    const char *folder = override_folders();
    char *key = p2p_format("%s -cl-std=CL1.2 -D VW=%d -D P2P_CPU=%d", name, d->caps.vector_width,
                           d->caps.is_cpu);

    while (key && folder && *folder) {
        const int n = (int)strcspn(folder, ":");
        char *longer = p2p_format("%s -I %.*s", key, n, folder);
        free(key);
        key = longer;
        folder += n + (folder[n] == ':');
    }
    char *whole = key ? p2p_format("%s %s", key, options ? options : "") : NULL;
    free(key);
    return whole;
}

bool p2p_programs_are_overridden(void)
{
    return override_folders() != NULL;
}

int p2p_program_hash(const P2pDevice *d, const char *name, const char *options,
                     unsigned long long *hash)
{
    char *key = make_key(d, name, options);
    const char *const *lines = NULL;
    cl_uint count = 0;
    const int err = key ? embedded_source(name, &lines, &count) : P2P_ENOMEM;

    *hash = P2P_FNV_START;
    for (cl_uint i = 0; i < count; i++)
        *hash = p2p_fnv(*hash, lines[i], strlen(lines[i]));
    if (key)
        *hash = hash_facts(d, key, *hash);
    free(key);
    return err;
}

int p2p_program_get(P2pDevice *d, const char *name, const char *options, cl_program *out)
{
    char *key = make_key(d, name, options), *unsaved;
    int err = key ? P2P_OK : P2P_ENOMEM;

    for (size_t i = 0; !err && i < d->program_count; i++)
        if (!strcmp(d->programs[i].key, key)) {
            *out = d->programs[i].program;
            free(key);
            return P2P_OK;
        }
    if (!err)
        err = p2p_builds_check(d, name, options);
    if (!err)
        err = p2p_grow((void **)&d->programs, &d->program_capacity, d->program_count + 1,
                       sizeof(*d->programs));
    const double start = p2p_seconds();
    if (!err && (err = build(d, name, key + strlen(name) + 1, false, out, &unsaved)) == P2P_OK) {
        d->programs[d->program_count++] = (P2pProgram){
            .key = key, .program = *out, .unsaved = unsaved, .is_kept = !unsaved && keeps(d)};
        const double seconds = p2p_seconds() - start;
        d->build_seconds += seconds;
        p2p_log(d->log, P2P_LOG_DEBUG, "built %s in %.2f s", key, seconds);
        return P2P_OK;
    }
    free(key);
    return err;
}

bool p2p_program_is_kept(const P2pDevice *d, cl_program program, bool *from_binary)
{
    for (size_t i = 0; i < d->program_count; i++)
        if (d->programs[i].program == program) {
            *from_binary = d->programs[i].is_kept;
            return d->programs[i].is_kept || d->programs[i].unsaved;
        }
    return false;
}

int p2p_program_renew(P2pDevice *d, const char *name, const char *options, cl_program *out)
{
    char *key = make_key(d, name, options), *unsaved = NULL;
    int err = key ? P2P_OK : P2P_ENOMEM;

    for (size_t i = 0; !err && i < d->program_count; i++) {
        P2pProgram *p = &d->programs[i];
        if (strcmp(p->key, key) != 0)
            continue;
        if ((err = build(d, name, key + strlen(name) + 1, true, out, &unsaved)) < 0)
            break;
        clReleaseProgram(p->program);
        free(p->unsaved);
        p->program = *out;
        p->unsaved = unsaved;
        p->is_kept = false;
    }
    free(key);
    return err;
}

void p2p_programs_release(P2pDevice *d)
{
    save_binaries(d);
    for (size_t i = 0; i < d->program_count; i++) {
        free(d->programs[i].unsaved);
        clReleaseProgram(d->programs[i].program);
        free(d->programs[i].key);
    }
    free(d->programs);
    d->programs = NULL;
    d->program_count = d->program_capacity = 0;
}
