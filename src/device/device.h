/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The OpenCL runtime as the layers above see it: buffers, kernel sequences. No OpenCL type leaves
 * this folder; failures are P2P_EDEVICE or P2P_EDEVMEM with a message that names call and object.
 */
#ifndef P2P_DEVICE_DEVICE_H
#define P2P_DEVICE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "p2p/device.h"

const P2pLog *p2p_device_log(const P2pDevice *device);

/**
 * A device, and all that is made on it, is used by one thread at a time: public functions that use
 * one begin and end with these, nothing below does. Waits while another thread is in. The same
 * thread may enter again (callbacks of a training run translate).
 */
void p2p_device_enter(P2pDevice *device);
/** Returns err, so that `return p2p_device_leave(device, err)`. */
int p2p_device_leave(P2pDevice *device, int err);

/** Remember that a variant of kernels does not run here, for all passes whose names begin with the first
 *  `length` characters of pass: it is not chosen any more. */
void p2p_device_leave_out(P2pDevice *device, const char *pass, int length, const char *variant);
/** "conv2d=tile,loss=naive", empty at first. */
const char *p2p_device_left_out(const P2pDevice *device);

/** What is tuned on a device, for those who do it. */
typedef struct P2pTuning {
    P2pTune mode;  /* never P2P_TUNE_AUTO */
    double left_s; /* of what may be measured */
    void (*tell)(void *user, int done, int count);
    void *user;
    bool busy;   /* nobody is told of kernels that are compiled */
    char *lines; /* of this device, NULL: not read yet; free()d with the device */
} P2pTuning;
P2pTuning *p2p_device_tuning_state(P2pDevice *device);
/** Hash of what choices of kernels depend on: the device and its driver, this build's kernels. */
unsigned long long p2p_device_hash(const P2pDevice *device);

/** Wait until everything enqueued has run. */
int p2p_device_finish(P2pDevice *device);
/** Hand everything enqueued to the device; does not wait. */
int p2p_device_flush(P2pDevice *device);

/** Vendors' numbers, as in P2pCaps. */
enum { P2P_NVIDIA = 0x10DE, P2P_INTEL = 0x8086, P2P_AMD = 0x1002 };

/* ---- Buffers ------------------------------------------------------------------------------- */

typedef struct P2pBuffer P2pBuffer;

/** Device memory, on CPUs shared with the host. Contents undefined. P2P_EDEVMEM when refused. */
int p2p_buffer_create(P2pBuffer **out, P2pDevice *device, size_t bytes);
/** The same with zero bytes in it. */
int p2p_buffer_create_zeroed(P2pBuffer **out, P2pDevice *device, size_t bytes);
/** Part of parent from offset (a multiple of align_bytes); it lasts as long as parent, which must outlive it. */
int p2p_buffer_create_part(P2pBuffer **out, P2pBuffer *parent, size_t offset, size_t bytes);
void p2p_buffer_destroy(P2pBuffer **buffer);
size_t p2p_buffer_bytes(const P2pBuffer *buffer);

/** Blocking copies between host and device, after everything enqueued before. */
int p2p_buffer_read(P2pBuffer *buffer, size_t offset, size_t bytes, void *host);
int p2p_buffer_write(P2pBuffer *buffer, size_t offset, size_t bytes, const void *host);
/** Enqueue a copy to the host, which is there once a marker set behind it has been waited for. */
int p2p_buffer_read_async(P2pBuffer *buffer, size_t offset, size_t bytes, void *host);
/** Enqueue a copy; host must stay unchanged until the queue has run it. */
int p2p_buffer_write_async(P2pBuffer *buffer, size_t offset, size_t bytes, const void *host);
/** Fill with zero bytes (enqueues). */
int p2p_buffer_zero(P2pBuffer *buffer);

/**
 * The buffer's content in host memory (blocks; on CPUs no copy is made) until unmap. With
 * write_only the old content is not fetched and every byte must be written.
 */
int p2p_buffer_map(P2pBuffer *buffer, bool write_only, void **host);
int p2p_buffer_unmap(P2pBuffer *buffer, void *host);
/** The same, enqueued: what is there may be used once a marker set behind it has been passed. */
int p2p_buffer_map_async(P2pBuffer *buffer, void **host);

/** Memory of the host's that the device copies to and from beside its work; stays mapped while it is there. */
typedef struct P2pPinned P2pPinned;
int p2p_pinned_create(P2pPinned **out, P2pDevice *device, size_t bytes);
void p2p_pinned_destroy(P2pPinned **pinned);
void *p2p_pinned_host(const P2pPinned *pinned);

/* ---- Arenas: one address space over several buffers ----------------------------------------- */

typedef struct P2pArena P2pArena;

/** Zeroed memory of `bytes`; no part may cross a multiple of p2p_arena_chunk(). */
int p2p_arena_create(P2pArena **out, P2pDevice *device, size_t bytes);
void p2p_arena_destroy(P2pArena **arena);
/** Bytes of the largest buffer, a multiple of align_bytes. */
size_t p2p_arena_chunk(const P2pDevice *device);
int p2p_arena_part(P2pBuffer **out, P2pArena *arena, size_t offset, size_t bytes);
size_t p2p_arena_bytes(const P2pArena *arena);

/** A place in the queue to wait for; *marker is made when NULL and may be set again. */
typedef struct P2pMarker P2pMarker;
int p2p_marker_set(P2pMarker **marker, P2pDevice *device);
int p2p_marker_wait(P2pMarker *marker);
/** Whether it has been passed, without waiting (P2P_ETIMEOUT: not for as long as the device's time limit). */
int p2p_marker_look(P2pMarker *marker, bool *done);
void p2p_marker_destroy(P2pMarker **marker);

/* ---- Kernel sequences ---------------------------------------------------------------------- */

/** A kernel argument: a buffer (or NULL buffer with bytes 0), or bytes copied from value. */
typedef struct P2pArg {
    size_t bytes;
    const void *value;
    const P2pBuffer *buffer;
} P2pArg;
#define P2P_ARG(variable) ((P2pArg){sizeof(variable), &(variable), NULL})
#define P2P_ARG_BUFFER(b) ((P2pArg){0, NULL, (b)})
/** size bytes of local memory. */
#define P2P_ARG_LOCAL(size) ((P2pArg){(size), NULL, NULL})

/** One kernel launch to record. Global sizes are multiples of the local ones. */
typedef struct P2pLaunch {
    const char *program; /* file in cl/ without suffix */
    const char *kernel;
    const char *options;        /* extra build options, "-D TILE=8"; may be NULL */
    size_t global[3], local[3]; /* 0 counts as 1; local all 0: the driver chooses */
    const P2pArg *args;
    int arg_count;
    /** Its program is built by another process first, where the device has such (settings.compiler): one
     *  that a compiler hangs or dies of fails to build here, then and ever after. */
    bool risky;
} P2pLaunch;

/**
 * A flat list of launches whose arguments are fixed: recorded, built once, run many times. Building
 * compiles; running only enqueues.
 */
typedef struct P2pSequence P2pSequence;

int p2p_sequence_create(P2pSequence **out, P2pDevice *device);
/**
 * Say how many floating-point operations each launch appended from now on makes (0: few). Watchdogs reset a
 * device that is busy for seconds: on devices that are no CPUs, launches that may take longer than half a
 * second are divided, and no more than about two seconds of them are enqueued ahead.
 */
void p2p_sequence_expect(P2pSequence *sequence, double flops);
void p2p_sequence_destroy(P2pSequence **sequence);
/** Append a launch: copies it with its arguments; program and kernel names stay the caller's. */
int p2p_sequence_add(P2pSequence *sequence, const P2pLaunch *launch);
/** Append a host function, called at its place after everything before has run (references). */
int p2p_sequence_add_host(P2pSequence *sequence, int (*run)(void *user), void *user,
                          void (*destroy)(void *user));
/** Build the programs (once per device and options) of all launches since the last time. *failed (opt):
 *  the launch that the device cannot run, on failure. */
int p2p_sequence_build(P2pSequence *sequence, int *failed);
/** A buffer of P2P_ZEROS zero floats that lives as long as the device; NULL when refused. */
enum { P2P_ZEROS = 16384 };
const P2pBuffer *p2p_sequence_zeros(P2pSequence *sequence);
/** Let other processes compile what the launches need, for sequences to come; nothing is begun when so many
 *  seconds have gone. Builds nothing here and never fails. */
void p2p_sequence_compile(P2pSequence *sequence, double seconds);
int p2p_sequence_count(const P2pSequence *sequence);
/** Enqueue launches first .. last-1. Does not wait. */
int p2p_sequence_run(P2pSequence *sequence, int first, int last);
/** Run all launches and wait: seconds from the start of the first to the end of the last by the device's
 *  clock, by the host's where one of these is a host function. */
int p2p_sequence_time(P2pSequence *sequence, double *seconds);
/** What is known of a launch; times of devices opened with profile. */
typedef struct P2pLaunchInfo {
    const char *kernel;
    size_t groups; /* 0: the host's, or as the driver chooses */
    int runs;
    double seconds, least_s; /* of all runs so far, of the shortest */
} P2pLaunchInfo;
P2pLaunchInfo p2p_sequence_info(P2pSequence *sequence, int i);

/** A GEMM of CLBlast appended as a host-enqueued step: C = A * B, see src/device/gemm.c. */
typedef struct P2pGemm {
    int m, n, k;
    bool a_transposed, b_transposed; /* row-major */
    const P2pBuffer *a, *b, *c;
    size_t a_offset, b_offset, c_offset; /* floats */
    int a_stride, b_stride, c_stride;    /* floats from row to row */
    float beta;                          /* C = A B + beta C */
} P2pGemm;
bool p2p_gemm_available(void);
int p2p_sequence_add_gemm(P2pSequence *sequence, const P2pGemm *gemm);

#endif
