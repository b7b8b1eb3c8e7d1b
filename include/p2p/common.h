/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Status codes, messages and logging: what every other header of the library uses.
 *
 * Functions that can fail return an int: P2P_OK or a negative P2pStatus. The message of the last
 * failure in the calling thread is kept by p2p_error().
 *
 * Threads: every object may be handed from one thread to another. What may be done to one object by
 * several threads at once is said where its type is declared; whatever shares no object is
 * independent, but for files: nobody should write where another reads or writes.
 */
#ifndef P2P_COMMON_H
#define P2P_COMMON_H

#include <stddef.h>
#include <stdint.h>

#define P2P_API __attribute__((visibility("default")))

#define P2P_VERSION_MAJOR 0
#define P2P_VERSION_MINOR 1
#define P2P_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

typedef enum P2pStatus {
    P2P_OK = 0,
    P2P_EINVAL = -1,    /**< an argument or option is impossible */
    P2P_ENOMEM = -2,    /**< no host memory */
    P2P_EIO = -3,       /**< a file cannot be read or written */
    P2P_EFORMAT = -4,   /**< a file is not what it claims to be */
    P2P_ENODEVICE = -5, /**< no OpenCL platform or device that fits */
    P2P_EDEVICE = -6,   /**< an OpenCL call failed */
    P2P_EDEVMEM = -7,   /**< the device refused an allocation */
    P2P_EEXIST = -8,    /**< it is there already and must not be overwritten */
    P2P_EBUSY = -9,     /**< somebody else is using it */
    P2P_ENUMBER = -10,  /**< a loss or weight is NaN or infinite */
    P2P_ESTOPPED = -11, /**< stopped on request; the state is whole */
    P2P_ETIMEOUT = -12, /**< the device did not answer in time; the process should end */
} P2pStatus;

/**
 * Message of this thread's last failure: what, where, what to do. Never NULL. One line that a
 * terminal can show, as by p2p_show(), whatever the names in it.
 */
P2P_API const char *p2p_error(void);

/** The library's version, "MAJOR.MINOR.PATCH". */
P2P_API const char *p2p_version(void);

/**
 * Threads for loading and saving pictures beside a device: wanted, or where that is negative one for two
 * processors, from 2 to 8. They wait where nothing is to be done.
 */
P2P_API int p2p_threads(int wanted);

/**
 * Text from outside, such as a file's name, fit for a terminal: printable UTF-8 stays as it is;
 * control characters, those that are invisible or change the direction, and bytes that are no UTF-8
 * become \n, \r, \t or \xNN. A backslash stays one: for people, not for reading back; and showing
 * what was shown changes nothing.
 *
 * @param out    At least one byte; what does not fit is cut between characters.
 * @param bytes  Of out.
 * @return out.
 */
P2P_API char *p2p_show(char *out, size_t bytes, const char *text);

/** What numbers of training and translating lose on the way, opt in. */
typedef enum P2pPrecision {
    P2P_PRECISION_F32, /**< nothing */
    /** Factors of convolutions are rounded to 10 bits of mantissa on NVIDIA's matrix units (compute capability
     *  8.0 on); sums and all else stay f32. On other devices the same as f32. */
    P2P_PRECISION_TF32,
    /** Within networks activations, and in training their gradients, are stored as f16; and convolutions round their
     *  factors to f16 where P2pCaps.matrix_units are any. */
    P2P_PRECISION_F16,
} P2pPrecision;

typedef enum P2pLogLevel {
    P2P_LOG_ERROR,
    P2P_LOG_WARN,
    P2P_LOG_INFO,
    P2P_LOG_DEBUG,
} P2pLogLevel;

/**
 * Where messages that are no failures go. A NULL P2pLog, or a NULL write, is silence.
 * write may be called from several threads at once; text is one line, without its end, as by
 * p2p_show().
 */
typedef struct P2pLog {
    void (*write)(void *user, P2pLogLevel level, const char *text);
    void *user;
    P2pLogLevel level; /**< messages above this level are not produced */
} P2pLog;

#ifdef __cplusplus
}
#endif
#endif
