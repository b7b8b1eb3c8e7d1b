/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of arguments at the front of the library: public functions begin with them, what lies behind
 * relies on them. Each returns P2P_EINVAL from the function with one sentence that names it.
 */
#ifndef P2P_BASE_FRONT_H
#define P2P_BASE_FRONT_H

#include "p2p/common.h"

/** Set the message "FUNCTION(): ..." and return P2P_EINVAL. */
int p2p_fail_argument(const char *function, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** What must hold of the arguments, and what to say where it does not (printf's arguments). */
#define P2P_REQUIRE(condition, ...)                          \
    do {                                                     \
        if (!(condition))                                    \
            return p2p_fail_argument(__func__, __VA_ARGS__); \
    } while (0)

#define P2P_NEED_AS(name, pointer) P2P_REQUIRE((pointer) != NULL, "%s must not be NULL", name)
#define P2P_NEED(pointer) P2P_NEED_AS(#pointer, pointer)

/** An integer or a choice from least to most. */
#define P2P_NEED_RANGE(name, value, least, most)                                                \
    do {                                                                                        \
        const long long value_ = (value), least_ = (least), most_ = (most);                     \
        P2P_REQUIRE(value_ >= least_ && value_ <= most_, "%s is %lld, it must be %lld to %lld", \
                    name, value_, least_, most_);                                               \
    } while (0)

#endif
