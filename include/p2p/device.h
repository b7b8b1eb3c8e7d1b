/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * OpenCL devices: listing, choosing and opening one.
 *
 * A P2pDevice owns one context and one in-order queue. Models, a training run and measurements on one
 * device may be used from several threads: a call that needs the device waits until the one before
 * it has ended, p2p_trainer_run() for as long as the run lasts. Two devices (also two on the same
 * hardware) are independent: threads that shall work side by side open one each. Facts may be read
 * from any thread; p2p_device_close() comes last, with no other call under way.
 */
#ifndef P2P_DEVICE_H
#define P2P_DEVICE_H

#include <stdbool.h>

#include "p2p/common.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct P2pDevice P2pDevice;

/** Matrix units that its compiler reaches from OpenCL C. */
typedef enum P2pMatrixUnits {
    P2P_MATRIX_NONE,
    P2P_MATRIX_TURING, /**< NVIDIA's, compute capability 7.5 */
    P2P_MATRIX_AMPERE, /**< 8.0 on */
    P2P_MATRIX_WMMA,   /**< AMD's of RDNA 3, gfx11 */
    P2P_MATRIX_MFMA,   /**< AMD's of CDNA, gfx908 and gfx94x */
    P2P_MATRIX_XMX,    /**< Intel's, of sub-groups of 8 */
} P2pMatrixUnits;

/** Facts of a device, read once. Kernel choices depend on these alone. */
typedef struct P2pCaps {
    char name[256], vendor[128], platform[128], driver[128], version[128];
    bool is_cpu, is_gpu;
    unsigned vendor_id;
    int nvidia_capability; /**< NVIDIA's compute capability, 86 for 8.6; 0: not told */
    P2pMatrixUnits matrix_units;
    int compute_units;
    int vector_width;      /**< native float vector width: 1, 4, 8 or 16 */
    size_t max_group_size; /**< work-items in a group */
    size_t memory_bytes, max_buffer_bytes, local_bytes, cache_bytes;
    size_t keep_bytes;    /**< of data that one kernel leaves to the next: stay in the cache */
    size_t align_bytes;   /**< of sub-buffers */
    bool caches_binaries; /**< the driver keeps compiled kernels itself */
    bool has_fp16, has_fp64, has_subgroups;
    bool has_subgroup_blocks; /**< Intel's: block reads, and kernels that ask for a size */
    unsigned subgroup_sizes; /**< work-items of sub-groups, powers of two in one sum; 0: not told */
    unsigned pci;            /**< place on the bus, 0: not told */
} P2pCaps;

/** What is measured before a plan is made: which kernels are the fastest for each of its convolutions. */
typedef enum P2pTune {
    P2P_TUNE_OFF,   /**< nothing; kernels are chosen by a rule */
    P2P_TUNE_KNOWN, /**< nothing, but what was measured before is used */
    P2P_TUNE_QUICK, /**< what is not known yet, for at most 20 seconds on this device */
    P2P_TUNE_FULL,  /**< the same, all candidates, however long it takes */
    P2P_TUNE_AUTO,  /**< QUICK on GPUs, OFF on others */
} P2pTune;

typedef struct P2pDeviceSettings {
    /** NULL: P2P_DEVICE from the environment, else the best (a GPU before a CPU). Otherwise an index
     *  of p2p_device_list(), "cpu", "gpu", or a part of the device's or platform's name. */
    const char *device;
    const P2pLog *log; /**< may be NULL; must outlive the device */
    int vector_width;  /**< 0: native; 4, 8 or 16 forces another width */
    size_t
        memory_bytes; /**< take the device's memory for so much, be it less or more; 0: as it says */
    bool profile;     /**< measure each launch */
    /** 0: the device's own; else plan as for a device of so many, which runs on this one all the same. */
    int compute_units;
    /** Longest time to wait for the device, seconds; 0: for ever. Kernels may be compiled within a
     *  first wait. After P2P_ETIMEOUT every wait fails at once; what the device may still be using
     *  is not given back, so the process should end. */
    double timeout_s;
    /** Path of p2p-compile, or NULL. Where kernels of a plan have not been compiled on the device before,
     *  processes of it compile them side by side, as many as there are cores; all are gone before the call
     *  that needs the kernels goes on. Programs that a driver's compiler dies of there are not built here. One
     *  that is missing or fails costs nothing but time. NULL: this process compiles each kernel when it is
     *  built or first runs, and starts no other. */
    const char *compiler;
    /** Told how many of the kernels are done, from 0 to count, by the thread that needs them. */
    void (*compiling)(void *user, int done, int count);
    void *compiling_user;
    /** Choices of kernels are kept in a text file beside the compiled ones, by device, driver and build.
     *  Other kernels give other last digits. */
    P2pTune tune;
    /** Told how many convolutions are measured, from 0 to count. */
    void (*tuning)(void *user, int done, int count);
    void *tuning_user;
} P2pDeviceSettings;

/**
 * All devices of all platforms.
 *
 * @param  list   Fresh array of *count entries; free() it. NULL on failure.
 * @param  notes  If not NULL: text on platforms without devices; free() it.
 * @param  log    Warned of platforms and devices that fail, which are left out; may be NULL.
 * @return 0; P2P_ENODEVICE: there is none (the message says what was found and what to do);
 *         P2P_EINVAL; P2P_ENOMEM.
 */
P2P_API int p2p_device_list(P2pCaps **list, int *count, char **notes, const P2pLog *log);

/**
 * Of two drivers for one card one is taken unless the other is named: the vendor's own before Mesa's
 * rusticl; Clover, which lacks much of OpenCL, never by itself. A card is told by its place on the bus,
 * or where drivers do not tell that by its vendor.
 *
 * @param list  As of p2p_device_list().
 * @param first If not NULL: the device that is taken in its place, -1: none, it is Clover's alone.
 * @return Whether list[i] is not taken unless it is named.
 */
P2P_API bool p2p_device_is_second(const P2pCaps *list, int count, int i, int *first);

/**
 * Choose and open a device.
 *
 * @param settings  NULL for all defaults.
 * @return 0; P2P_EINVAL: impossible settings; P2P_ENODEVICE: none fits (the
 *         message lists what was found and what to do; the log is warned of platforms that fail);
 *         P2P_EDEVICE: the driver failed.
 */
P2P_API int p2p_device_open(P2pDevice **out, const P2pDeviceSettings *settings);
P2P_API void p2p_device_close(P2pDevice **device);
P2P_API const P2pCaps *p2p_device_caps(const P2pDevice *device);

/**
 * What p2p-compile does: compile the kernels that another process of this library asks for on fd (a
 * socket), until that closes it.
 *
 * @return 0; P2P_EINVAL: a request that cannot be read; as p2p_device_open().
 */
P2P_API int p2p_compiler_serve(int fd, const P2pDeviceSettings *settings);

/**
 * What was measured on a device: a line for each convolution with the kernels chosen and their time, and for
 * each kernel that computes wrongly there.
 *
 * @param text  Fresh text, empty: nothing; free() it.
 * @return 0; P2P_EINVAL; P2P_ENOMEM.
 */
P2P_API int p2p_device_tuning(P2pDevice *device, char **text);

/** Compiled kernels that are kept on disk for drivers that do not keep them. */
typedef struct P2pKernelCache {
    char folder[1024]; /**< empty: there is no place, neither XDG_CACHE_HOME nor HOME is set */
    size_t files, bytes;
    size_t limit_bytes; /**< P2P_CACHE_MB, 256 MB by default; those used longest ago go first */
} P2pKernelCache;
/** @return 0; P2P_EINVAL; P2P_ENOMEM; P2P_EIO: the folder cannot be read. */
P2P_API int p2p_kernel_cache(P2pKernelCache *cache);

#ifdef __cplusplus
}
#endif
#endif
