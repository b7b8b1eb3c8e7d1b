/* SPDX-License-Identifier: BSD-2-Clause */
/* The OpenCL side of the device layer, for the files of this folder only. */
#ifndef P2P_DEVICE_INTERNAL_H
#define P2P_DEVICE_INTERNAL_H

#include <CL/cl.h>
#include <pthread.h>
#include <stdio.h>

#include "src/device/device.h"

/** One built program, kept by the device: name and options are the key. */
typedef struct P2pProgram {
    char *key;
    cl_program program;
    char *unsaved; /* where its binary is to be kept, NULL: it is or need not be */
    bool is_kept;  /* made of a binary that was kept */
} P2pProgram;

struct P2pDevice {
    pthread_mutex_t turn; /* recursive; p2p_device_enter() */
    bool has_turn;
    cl_platform_id platform;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue, timing; /* timing: of p2p_sequence_time(), NULL at first */
    P2pCaps caps;
    const P2pLog *log;
    bool profile;
    double timeout_s; /* 0: none */
    bool lost;        /* it did not answer in time: nothing is waited for or released any more */
    P2pProgram *programs;
    size_t program_count, program_capacity;
    double build_seconds;
    bool own_builtins;              /* programs are tried with cl/builtins.clh first */
    unsigned long long driver_hash; /* p2p_driver_hash(), when it was opened */
    char *compiler;                 /* P2pDeviceSettings.compiler, NULL: none */
    int index;                      /* of p2p_device_list() */
    double patience_s;              /* with an answer of that, at least */
    double ahead_end;        /* when nothing more is begun to be compiled ahead; 0: everything is */
    char *probes;            /* lines of probe.c; NULL: not read yet */
    unsigned long long boot; /* hash of the system's, 0: not asked yet */
    double probed_s;         /* spent so far */
    char *builds;            /* lines of builds.c; NULL: not read yet */
    void (*compiling)(void *user, int done, int count);
    void *compiling_user;
    size_t cache_bytes; /* of compiled kernels that may be kept; 0: none */
    size_t used_bytes;  /* by buffers */
    P2pBuffer *zeros;
    char *left_out; /* p2p_device_left_out(), NULL: nothing */
    P2pTuning tuning;
    P2pMarker *held;   /* where the queue was when half of what may be enqueued was */
    double held_flops; /* enqueued since */
};

struct P2pBuffer {
    P2pDevice *device;
    cl_mem mem;
    size_t bytes;
    bool zeroed; /* when it was made */
    bool is_part;
    P2pBuffer *parts; /* the last that was made of it, and behind each the one before */
};

/** Name of an OpenCL error, "CL_OUT_OF_RESOURCES". */
const char *p2p_cl_error_name(cl_int code);

/** Turn a failed call into a status and a message; what names the call and its object. */
int p2p_cl_fail(cl_int code, const char *what);

/** Wait for an event, or (NULL) for all that is enqueued; P2P_ETIMEOUT after device->timeout_s. */
int p2p_device_wait(P2pDevice *device, cl_event event);
/** The same where there is a time limit; else 0 at once: the blocking call that follows waits. */
int p2p_device_wait_limited(P2pDevice *device);
/** Whether an event has come, without waiting; *asked: when it was looked for first, 0 to begin. The time limit
 *  holds from then on. */
int p2p_device_look(P2pDevice *device, cl_event event, double *asked, bool *done);

/** Build (or find) a program; *out stays owned by the device. */
int p2p_program_get(P2pDevice *device, const char *name, const char *options, cl_program *out);
void p2p_programs_release(P2pDevice *device);
/** Whether a program was made of a binary that was kept (*from_binary), or its own will be kept. */
bool p2p_program_is_kept(const P2pDevice *device, cl_program program, bool *from_binary);
/** Build it from its source in place of a kept binary. */
int p2p_program_renew(P2pDevice *device, const char *name, const char *options, cl_program *out);

/** Whether a launch's first group makes what it made on another boot, by a program of a kept binary (is_kept) or
 *  not, which is noted: see probe.c. */
bool p2p_probe_agrees(P2pDevice *device, cl_program program, bool is_kept, const P2pLaunch *launch);

/** Hash of an embedded program with its options and the facts of device and driver. */
int p2p_program_hash(const P2pDevice *device, const char *name, const char *options,
                     unsigned long long *hash);
/** Whether sources are read from folders: nothing is kept then. */
bool p2p_programs_are_overridden(void);

/** A copy with all that it points to but buffers and names of the program's own, in one piece; free()
 *  it. NULL: no memory. */
P2pLaunch *p2p_launch_copy(const P2pLaunch *from);
/**
 * One line of text, as p2p_compiler_serve() reads it:
 *   KERNEL GLOBAL GLOBAL GLOBAL LOCAL LOCAL LOCAL ARGUMENT...
 * An argument is bBYTES (a buffer), n (none), lBYTES (local memory) or vHEX (a value).
 */
void p2p_launch_print(FILE *out, const P2pLaunch *launch);

/** What a process that compiles answers, a byte each: when its device is open; for each launch of a request;
 *  at last, when one fails without harm. */
enum { P2P_READY = '+', P2P_COMPILED = '.', P2P_NOT_COMPILED = '!' };

/** Whether PoCL compiles it apart from narrower grids. */
bool p2p_launch_is_wide(const P2pLaunch *launch);

/** Compile what was not compiled here before in processes of device->compiler, see ahead.c. Never fails: what
 *  is not compiled so is when it is built or first runs. */
void p2p_compile_ahead(P2pDevice *device, const P2pLaunch *const *launches, size_t count);

/** What became of a program, by p2p_program_hash(): P2P_BUILT, or what its compiler died of; false:
 *  that is not known. */
#define P2P_BUILT "built"
bool p2p_builds_find(P2pDevice *device, unsigned long long hash, char *verdict, size_t bytes);
/** Keep it, for other processes too. verdict: a few words without a colon. */
void p2p_builds_note(P2pDevice *device, unsigned long long hash, const char *program,
                     const char *verdict);
/** P2P_EDEVICE where the compiler has died of a program. */
int p2p_builds_check(P2pDevice *device, const char *program, const char *options);

/** P2P_EDEVMEM with both numbers when so many bytes do not fit beside what is in use. */
int p2p_device_check_room(const P2pDevice *device, size_t bytes);

#endif
