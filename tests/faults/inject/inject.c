/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The n-th call of a kind fails: P2P_FAULT=write:17 the 17th write alone, write:17+ all from it on.
 *
 * The linker puts these functions in the place of those that the library and the programs call
 * (--wrap), so that no line of either knows of it; meson.build reads their names below. Calls that
 * other libraries make among themselves are untouched. P2P_FAULT_MARK names a file that gets the
 * failed function's name. Standard error is never touched: it is what the tests read. Released and
 * unlocked things cannot fail; nor can what only computes.
 */
#include <CL/cl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <png.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zip.h>

#include <jpeglib.h> /* needs stdio.h */

#include <jerror.h> /* needs it */

#include "config.h"
#if P2P_HAVE_CLBLAST
#include <clblast_c.h>
#endif

typedef enum Kind {
    ALLOC, /* malloc and its like */
    MAP,   /* mmap, madvise */
    CL,    /* OpenCL */
    OPEN,  /* open, fopen, opendir */
    READ,  /* read, fread, readdir */
    STAT,  /* stat, access, statvfs, readlink, fcntl */
    WRITE, /* fwrite, fprintf, fchmod, fseek */
    FLUSH, /* fflush, fsync, fclose, close */
    RENAME,
    LINK,
    UNLINK, /* unlink, remove */
    MKDIR,
    THREAD, /* threads, mutexes, conditions */
    LIBRARY /* jansson, libpng, libjpeg-turbo, libzip */
} Kind;

static const char *const kind_names[] = {"alloc",  "map",   "cl",     "open",   "read",
                                         "stat",   "write", "flush",  "rename", "link",
                                         "unlink", "mkdir", "thread", "library"};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int wanted_kind = -1;
static long wanted_first;
static bool wanted_rest;
static atomic_long calls;

static void read_wish(void)
{
    const char *text = getenv("P2P_FAULT"), *colon = text ? strchr(text, ':') : NULL;
    char *end;

    for (int i = 0; colon && i <= LIBRARY; i++)
        if (strlen(kind_names[i]) == (size_t)(colon - text) &&
            !strncmp(text, kind_names[i], (size_t)(colon - text)))
            wanted_kind = i;
    if (wanted_kind < 0)
        return;
    wanted_first = strtol(colon + 1, &end, 10);
    wanted_rest = *end == '+';
}

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);

static void mark(const char *name)
{
    const char *path = getenv("P2P_FAULT_MARK");
    const int fd = path ? __real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;

    if (fd < 0)
        return;
    if (write(fd, name, strlen(name)) < 0 || write(fd, "\n", 1) < 0)
        abort();
    __real_close(fd);
}

static bool fault(Kind kind, const char *name)
{
    pthread_once(&once, read_wish);
    if ((int)kind != wanted_kind)
        return false;
    const long n = atomic_fetch_add(&calls, 1) + 1;
    if (n != wanted_first && !(wanted_rest && n > wanted_first))
        return false;
    mark(name);
    return true;
}

#define CALL(kind, failed, type, name, parameters, arguments) \
    type __real_##name parameters;                            \
    type __wrap_##name parameters;                            \
    type __wrap_##name parameters                             \
    {                                                         \
        if (fault(kind, #name))                               \
            return failed;                                    \
        return __real_##name arguments;                       \
    }
/* Failure with errno. */
#define E(code, value) (errno = (code), (value))

/* clang-format off */

/* ---- Memory -------------------------------------------------------------------------------- */

CALL(ALLOC, E(ENOMEM, NULL), void *, malloc, (size_t n), (n))
CALL(ALLOC, E(ENOMEM, NULL), void *, calloc, (size_t n, size_t m), (n, m))
CALL(ALLOC, E(ENOMEM, NULL), void *, realloc, (void *p, size_t n), (p, n))
#define MMAP(name) CALL(MAP, E(ENOMEM, MAP_FAILED), void *, name, \
    (void *p, size_t n, int prot, int flags, int fd, off_t at), (p, n, prot, flags, fd, at))
CALL(MAP, E(ENOMEM, -1), int, madvise, (void *p, size_t n, int advice), (p, n, advice))

/* ---- Files --------------------------------------------------------------------------------- */

#define OPENED(name)                                                         \
    int __real_##name(const char *path, int flags, ...);                     \
    int __wrap_##name(const char *path, int flags, ...);                     \
    int __wrap_##name(const char *path, int flags, ...)                      \
    {                                                                        \
        va_list rest;                                                        \
        va_start(rest, flags);                                               \
        const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;      \
        va_end(rest);                                                        \
        return fault(OPEN, #name) ? E(EMFILE, -1) : __real_##name(path, flags, mode); \
    }
#define FOPEN(name) CALL(OPEN, E(EMFILE, NULL), FILE *, name, (const char *path, const char *mode), (path, mode))
#define STATUS(name) CALL(STAT, E(EIO, -1), int, name, (const char *path, struct stat *st), (path, st))
#define FSTATUS(name) CALL(STAT, E(EIO, -1), int, name, (int fd, struct stat *st), (fd, st))
#define STATVFS(name) CALL(STAT, E(EIO, -1), int, name, (const char *path, struct statvfs *fs), (path, fs))
#define READDIR(name) CALL(READ, E(EIO, NULL), struct dirent *, name, (DIR *dir), (dir))
MMAP(mmap)
OPENED(open)
FOPEN(fopen)
STATUS(stat)
FSTATUS(fstat)
STATVFS(statvfs)
READDIR(readdir)
CALL(OPEN, E(EMFILE, NULL), DIR *, opendir, (const char *path), (path))
CALL(OPEN, E(ENOMEM, NULL), FILE *, fmemopen, (void *p, size_t n, const char *mode), (p, n, mode))
CALL(STAT, E(EIO, -1), int, access, (const char *path, int mode), (path, mode))
CALL(STAT, E(EIO, -1), ssize_t, readlink, (const char *path, char *p, size_t n), (path, p, n))
CALL(READ, E(EIO, -1), ssize_t, read, (int fd, void *p, size_t n), (fd, p, n))

/* As stdio does: the stream remembers it. */
static bool stream_fault(Kind kind, FILE *file, int code, const char *name)
{
    if (file == stderr || !fault(kind, name))
        return false;
#ifdef __GLIBC__
    file->_flags |= 0x20; /* _IO_ERR_SEEN */
#endif
    errno = code;
    return true;
}

#define STREAM(kind, code, failed, type, name, parameters, arguments) \
    type __real_##name parameters;                                    \
    type __wrap_##name parameters;                                    \
    type __wrap_##name parameters                                     \
    {                                                                 \
        if (stream_fault(kind, file, code, #name))                    \
            return failed;                                            \
        return __real_##name arguments;                               \
    }
STREAM(READ, EIO, 0, size_t, fread, (void *p, size_t n, size_t m, FILE *file), (p, n, m, file))
STREAM(WRITE, ENOSPC, 0, size_t, fwrite, (const void *p, size_t n, size_t m, FILE *file), (p, n, m, file))
STREAM(WRITE, ENOSPC, EOF, int, fputs, (const char *text, FILE *file), (text, file))
STREAM(WRITE, ENOSPC, EOF, int, fputc, (int c, FILE *file), (c, file))
STREAM(FLUSH, ENOSPC, EOF, int, fflush, (FILE *file), (file))
CALL(WRITE, E(EIO, -1), int, fseek, (FILE *file, long at, int from), (file, at, from))
CALL(WRITE, E(EPERM, -1), int, fchmod, (int fd, mode_t mode), (fd, mode))

/* gcc makes these of printf() without arguments. */
#define PUT(name, parameters, arguments)              \
    int __real_##name parameters;                     \
    int __wrap_##name parameters;                     \
    int __wrap_##name parameters                      \
    {                                                 \
        return stream_fault(WRITE, stdout, ENOSPC, #name) ? EOF : __real_##name arguments; \
    }
PUT(puts, (const char *text), (text))
PUT(putchar, (int c), (c))

int __wrap_fprintf(FILE *file, const char *format, ...);
int __wrap_fprintf(FILE *file, const char *format, ...)
{
    va_list args;

    if (stream_fault(WRITE, file, ENOSPC, "fprintf"))
        return -1;
    va_start(args, format);
    const int n = vfprintf(file, format, args);
    va_end(args);
    return n;
}

int __wrap_printf(const char *format, ...);
int __wrap_printf(const char *format, ...)
{
    va_list args;

    if (stream_fault(WRITE, stdout, ENOSPC, "printf"))
        return -1;
    va_start(args, format);
    const int n = vprintf(format, args);
    va_end(args);
    return n;
}

/* What was written may be lost, but the file is closed: as the system does it. */
#define CLOSED(name, type)                             \
    int __real_##name(type x);                         \
    int __wrap_##name(type x);                         \
    int __wrap_##name(type x)                          \
    {                                                  \
        const bool failed = fault(FLUSH, #name);       \
        const int code = __real_##name(x);             \
        return failed ? E(EIO, -1) : code;             \
    }
CLOSED(fclose, FILE *)
CLOSED(close, int)
CALL(FLUSH, E(EIO, -1), int, fsync, (int fd), (fd))
CALL(RENAME, E(EIO, -1), int, rename, (const char *a, const char *b), (a, b))
CALL(LINK, E(EPERM, -1), int, link, (const char *a, const char *b), (a, b))
CALL(UNLINK, E(EIO, -1), int, unlink, (const char *path), (path))
CALL(UNLINK, E(EIO, -1), int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
CALL(UNLINK, E(EIO, -1), int, remove, (const char *path), (path))
CALL(MKDIR, E(ENOSPC, -1), int, mkdir, (const char *path, mode_t mode), (path, mode))

#define FCNTL(name)                                    \
    int __real_##name(int fd, int command, ...);       \
    int __wrap_##name(int fd, int command, ...);       \
    int __wrap_##name(int fd, int command, ...)        \
    {                                                  \
        va_list rest;                                  \
        va_start(rest, command);                       \
        void *argument = va_arg(rest, void *);         \
        va_end(rest);                                  \
        return fault(STAT, #name) ? E(ENOLCK, -1) : __real_##name(fd, command, argument); \
    }
FCNTL(fcntl)

#if defined(__GLIBC__) && defined(__LP64__)
/* glibc's other names of the same with _FILE_OFFSET_BITS=64. */
MMAP(mmap64)
OPENED(open64)
FOPEN(fopen64)
STATUS(stat64)
FSTATUS(fstat64)
STATVFS(statvfs64)
READDIR(readdir64)
FCNTL(fcntl64)
#endif

/* ---- Threads ------------------------------------------------------------------------------- */

CALL(THREAD, EAGAIN, int, pthread_create, (pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *user), (t, a, run, user))
CALL(THREAD, ENOMEM, int, pthread_mutex_init, (pthread_mutex_t *m, const pthread_mutexattr_t *a), (m, a))
CALL(THREAD, ENOMEM, int, pthread_cond_init, (pthread_cond_t *c, const pthread_condattr_t *a), (c, a))

/* ---- OpenCL -------------------------------------------------------------------------------- */

#define MEMORY CL_OUT_OF_HOST_MEMORY
#define MADE (*code = CL_OUT_OF_HOST_MEMORY, NULL)
CALL(CL, MEMORY, cl_int, clGetPlatformIDs, (cl_uint n, cl_platform_id *p, cl_uint *out), (n, p, out))
CALL(CL, MEMORY, cl_int, clGetPlatformInfo, (cl_platform_id p, cl_platform_info what, size_t n, void *v, size_t *out), (p, what, n, v, out))
CALL(CL, MEMORY, cl_int, clGetDeviceIDs, (cl_platform_id p, cl_device_type type, cl_uint n, cl_device_id *d, cl_uint *out), (p, type, n, d, out))
CALL(CL, MEMORY, cl_int, clGetDeviceInfo, (cl_device_id d, cl_device_info what, size_t n, void *v, size_t *out), (d, what, n, v, out))
CALL(CL, MADE, cl_context, clCreateContext, (const cl_context_properties *p, cl_uint n, const cl_device_id *d, void (CL_CALLBACK *f)(const char *, const void *, size_t, void *), void *user, cl_int *code), (p, n, d, f, user, code))
CALL(CL, MADE, cl_command_queue, clCreateCommandQueue, (cl_context c, cl_device_id d, cl_command_queue_properties p, cl_int *code), (c, d, p, code))
CALL(CL, (*code = CL_MEM_OBJECT_ALLOCATION_FAILURE, NULL), cl_mem, clCreateBuffer, (cl_context c, cl_mem_flags f, size_t n, void *p, cl_int *code), (c, f, n, p, code))
CALL(CL, MADE, cl_mem, clCreateSubBuffer, (cl_mem m, cl_mem_flags f, cl_buffer_create_type t, const void *i, cl_int *code), (m, f, t, i, code))
CALL(CL, MEMORY, cl_int, clSetMemObjectDestructorCallback, (cl_mem m, void (CL_CALLBACK *f)(cl_mem, void *), void *user), (m, f, user))
CALL(CL, MADE, cl_program, clCreateProgramWithSource, (cl_context c, cl_uint n, const char **s, const size_t *l, cl_int *code), (c, n, s, l, code))
CALL(CL, MADE, cl_program, clCreateProgramWithBinary, (cl_context c, cl_uint n, const cl_device_id *d, const size_t *l, const unsigned char **b, cl_int *s, cl_int *code), (c, n, d, l, b, s, code))
CALL(CL, CL_BUILD_PROGRAM_FAILURE, cl_int, clBuildProgram, (cl_program p, cl_uint n, const cl_device_id *d, const char *o, void (CL_CALLBACK *f)(cl_program, void *), void *user), (p, n, d, o, f, user))
CALL(CL, MEMORY, cl_int, clGetProgramInfo, (cl_program p, cl_program_info what, size_t n, void *v, size_t *out), (p, what, n, v, out))
CALL(CL, MEMORY, cl_int, clGetProgramBuildInfo, (cl_program p, cl_device_id d, cl_program_build_info what, size_t n, void *v, size_t *out), (p, d, what, n, v, out))
CALL(CL, MADE, cl_kernel, clCreateKernel, (cl_program p, const char *name, cl_int *code), (p, name, code))
CALL(CL, MEMORY, cl_int, clGetKernelInfo, (cl_kernel k, cl_kernel_info what, size_t n, void *v, size_t *out), (k, what, n, v, out))
CALL(CL, MEMORY, cl_int, clSetKernelArg, (cl_kernel k, cl_uint i, size_t n, const void *v), (k, i, n, v))
CALL(CL, CL_OUT_OF_RESOURCES, cl_int, clEnqueueNDRangeKernel, (cl_command_queue q, cl_kernel k, cl_uint dims, const size_t *o, const size_t *g, const size_t *l, cl_uint n, const cl_event *w, cl_event *e), (q, k, dims, o, g, l, n, w, e))
CALL(CL, CL_OUT_OF_RESOURCES, cl_int, clEnqueueReadBuffer, (cl_command_queue q, cl_mem m, cl_bool b, size_t at, size_t size, void *p, cl_uint n, const cl_event *w, cl_event *e), (q, m, b, at, size, p, n, w, e))
CALL(CL, CL_OUT_OF_RESOURCES, cl_int, clEnqueueWriteBuffer, (cl_command_queue q, cl_mem m, cl_bool b, size_t at, size_t size, const void *p, cl_uint n, const cl_event *w, cl_event *e), (q, m, b, at, size, p, n, w, e))
CALL(CL, CL_OUT_OF_RESOURCES, cl_int, clEnqueueFillBuffer, (cl_command_queue q, cl_mem m, const void *p, size_t k, size_t at, size_t size, cl_uint n, const cl_event *w, cl_event *e), (q, m, p, k, at, size, n, w, e))
CALL(CL, (*code = CL_MAP_FAILURE, NULL), void *, clEnqueueMapBuffer, (cl_command_queue q, cl_mem m, cl_bool b, cl_map_flags f, size_t at, size_t size, cl_uint n, const cl_event *w, cl_event *e, cl_int *code), (q, m, b, f, at, size, n, w, e, code))
CALL(CL, CL_OUT_OF_RESOURCES, cl_int, clEnqueueUnmapMemObject, (cl_command_queue q, cl_mem m, void *p, cl_uint n, const cl_event *w, cl_event *e), (q, m, p, n, w, e))
CALL(CL, CL_OUT_OF_RESOURCES, cl_int, clEnqueueMarkerWithWaitList, (cl_command_queue q, cl_uint n, const cl_event *w, cl_event *e), (q, n, w, e))
CALL(CL, CL_OUT_OF_RESOURCES, cl_int, clWaitForEvents, (cl_uint n, const cl_event *e), (n, e))
CALL(CL, CL_OUT_OF_RESOURCES, cl_int, clFinish, (cl_command_queue q), (q))
CALL(CL, CL_OUT_OF_RESOURCES, cl_int, clFlush, (cl_command_queue q), (q))
CALL(CL, MEMORY, cl_int, clGetEventInfo, (cl_event x, cl_event_info what, size_t n, void *v, size_t *out), (x, what, n, v, out))
CALL(CL, CL_PROFILING_INFO_NOT_AVAILABLE, cl_int, clGetEventProfilingInfo, (cl_event x, cl_profiling_info what, size_t n, void *v, size_t *out), (x, what, n, v, out))
#if P2P_HAVE_CLBLAST
CALL(CL, CLBlastOpenCLOutOfHostMemory, CLBlastStatusCode, CLBlastSgemm, (const CLBlastLayout o, const CLBlastTranspose ta, const CLBlastTranspose tb, const size_t m, const size_t n, const size_t k, const float x, const cl_mem a, const size_t ao, const size_t al, const cl_mem b, const size_t bo, const size_t bl, const float y, cl_mem c, const size_t co, const size_t cl, cl_command_queue *q, cl_event *e), (o, ta, tb, m, n, k, x, a, ao, al, b, bo, bl, y, c, co, cl, q, e))
#endif

/* ---- Libraries ----------------------------------------------------------------------------- */

#define JSON(name, parameters, arguments) CALL(LIBRARY, NULL, json_t *, name, parameters, arguments)
JSON(json_object, (void), ())
JSON(json_array, (void), ())
JSON(json_integer, (json_int_t v), (v))
JSON(json_real, (double v), (v))
JSON(json_string, (const char *v), (v))
JSON(json_string_nocheck, (const char *v), (v))
JSON(json_loadb, (const char *p, size_t n, size_t flags, json_error_t *e), (p, n, flags, e))
CALL(LIBRARY, (json_decref(v), -1), int, json_object_set_new, (json_t *o, const char *key, json_t *v), (o, key, v))
CALL(LIBRARY, (json_decref(v), -1), int, json_array_append_new, (json_t *a, json_t *v), (a, v))
CALL(LIBRARY, NULL, char *, json_dumps, (const json_t *j, size_t flags), (j, flags))

json_t *__wrap_json_pack(const char *format, ...);
json_t *__wrap_json_pack(const char *format, ...)
{
    va_list args;

    /* What it would have taken over ("o") is freed by it in either case. */
    const bool failed = fault(LIBRARY, "json_pack");
    va_start(args, format);
    json_t *made = json_vpack_ex(NULL, 0, format, args);
    va_end(args);
    if (failed)
        json_decref(made);
    return failed ? NULL : made;
}

json_t *__wrap_json_sprintf(const char *format, ...);
json_t *__wrap_json_sprintf(const char *format, ...)
{
    va_list args;

    if (fault(LIBRARY, "json_sprintf"))
        return NULL;
    va_start(args, format);
    json_t *made = json_vsprintf(format, args);
    va_end(args);
    return made;
}

CALL(LIBRARY, NULL, png_structp, png_create_read_struct, (png_const_charp v, png_voidp u, png_error_ptr e, png_error_ptr w), (v, u, e, w))
CALL(LIBRARY, NULL, png_structp, png_create_write_struct, (png_const_charp v, png_voidp u, png_error_ptr e, png_error_ptr w), (v, u, e, w))
CALL(LIBRARY, NULL, png_infop, png_create_info_struct, (png_const_structrp p), (p))
#define PNG(name, parameters, arguments)             \
    void __real_##name parameters;                   \
    void __wrap_##name parameters;                   \
    void __wrap_##name parameters                    \
    {                                                \
        if (fault(LIBRARY, #name))                   \
            png_error(p, "Out of memory");           \
        __real_##name arguments;                     \
    }
PNG(png_read_info, (png_structrp p, png_inforp i), (p, i))
PNG(png_read_update_info, (png_structrp p, png_inforp i), (p, i))
PNG(png_read_image, (png_structrp p, png_bytepp rows), (p, rows))
PNG(png_write_info, (png_structrp p, png_const_inforp i), (p, i))
PNG(png_write_image, (png_structrp p, png_bytepp rows), (p, rows))
PNG(png_write_end, (png_structrp p, png_inforp i), (p, i))

static void out_of_memory(j_common_ptr c)
{
    c->err->msg_code = JERR_OUT_OF_MEMORY;
    c->err->error_exit(c);
}

#define NO_JPEG (out_of_memory((j_common_ptr)c), 0)
#define JPEG(name, parameters, arguments)        \
    void __real_##name parameters;               \
    void __wrap_##name parameters;               \
    void __wrap_##name parameters                \
    {                                            \
        if (fault(LIBRARY, #name))               \
            out_of_memory((j_common_ptr)c);      \
        __real_##name arguments;                 \
    }
JPEG(jpeg_CreateDecompress, (j_decompress_ptr c, int v, size_t n), (c, v, n))
JPEG(jpeg_mem_src, (j_decompress_ptr c, const unsigned char *p, unsigned long n), (c, p, n))
CALL(LIBRARY, NO_JPEG, int, jpeg_read_header, (j_decompress_ptr c, boolean b), (c, b))
CALL(LIBRARY, NO_JPEG, boolean, jpeg_start_decompress, (j_decompress_ptr c), (c))
CALL(LIBRARY, NO_JPEG, JDIMENSION, jpeg_read_scanlines, (j_decompress_ptr c, JSAMPARRAY rows, JDIMENSION n), (c, rows, n))
JPEG(jpeg_CreateCompress, (j_compress_ptr c, int v, size_t n), (c, v, n))
JPEG(jpeg_set_defaults, (j_compress_ptr c), (c))
JPEG(jpeg_start_compress, (j_compress_ptr c, boolean b), (c, b))
CALL(LIBRARY, NO_JPEG, JDIMENSION, jpeg_write_scanlines, (j_compress_ptr c, JSAMPARRAY rows, JDIMENSION n), (c, rows, n))
JPEG(jpeg_finish_compress, (j_compress_ptr c), (c))

CALL(LIBRARY, (*code = ZIP_ER_MEMORY, NULL), zip_t *, zip_open, (const char *path, int flags, int *code), (path, flags, code))
CALL(LIBRARY, (zip_error_set(e, ZIP_ER_MEMORY, 0), NULL), zip_t *, zip_open_from_source, (zip_source_t *s, int flags, zip_error_t *e), (s, flags, e))
CALL(LIBRARY, NULL, zip_source_t *, zip_source_buffer, (zip_t *z, const void *p, zip_uint64_t n, int f), (z, p, n, f))
CALL(LIBRARY, (zip_error_set(e, ZIP_ER_MEMORY, 0), NULL), zip_source_t *, zip_source_buffer_create, (const void *p, zip_uint64_t n, int f, zip_error_t *e), (p, n, f, e))
CALL(LIBRARY, NULL, zip_source_t *, zip_source_function, (zip_t *z, zip_source_callback f, void *user), (z, f, user))
CALL(LIBRARY, -1, zip_int64_t, zip_file_add, (zip_t *z, const char *name, zip_source_t *s, zip_flags_t f), (z, name, s, f))
CALL(LIBRARY, -1, int, zip_file_set_dostime, (zip_t *z, zip_uint64_t i, zip_uint16_t t, zip_uint16_t d, zip_flags_t f), (z, i, t, d, f))
CALL(LIBRARY, -1, int, zip_set_file_compression, (zip_t *z, zip_uint64_t i, zip_int32_t c, zip_uint32_t f), (z, i, c, f))
CALL(LIBRARY, NULL, zip_file_t *, zip_fopen_index, (zip_t *z, zip_uint64_t i, zip_flags_t f), (z, i, f))
CALL(LIBRARY, -1, zip_int64_t, zip_fread, (zip_file_t *f, void *p, zip_uint64_t n), (f, p, n))
CALL(LIBRARY, -1, int, zip_stat_index, (zip_t *z, zip_uint64_t i, zip_flags_t f, zip_stat_t *st), (z, i, f, st))
CALL(LIBRARY, -1, zip_int64_t, zip_get_num_entries, (zip_t *z, zip_flags_t f), (z, f))
CALL(LIBRARY, NULL, const char *, zip_get_name, (zip_t *z, zip_uint64_t i, zip_flags_t f), (z, i, f))
CALL(LIBRARY, -1, zip_int64_t, zip_name_locate, (zip_t *z, const char *name, zip_flags_t f), (z, name, f))
CALL(LIBRARY, -1, int, zip_close, (zip_t *z), (z))

/* clang-format on */
