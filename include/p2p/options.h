/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The options of all programs: one table gives name, type, range, default and help; parsing,
 * --help, a model's metadata and error messages come from it. Names are those of
 * pytorch-CycleGAN-and-pix2pix where it has them.
 *
 * A P2pOptions holds a value for each of them, reached by its name. To be used by one thread at a
 * time; several may read.
 */
#ifndef P2P_OPTIONS_H
#define P2P_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "p2p/common.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What there is --------------------------------------------------------------------------- */

/** Which programs take an option: a mask. */
enum {
    P2P_PROGRAM_TRAIN = 1,
    P2P_PROGRAM_TEST = 2,
    P2P_PROGRAM_TRANSLATE = 4,
    P2P_PROGRAM_INFO = 8,
    P2P_PROGRAM_BENCH = 16,
    P2P_PROGRAM_EXPORT = 32,
    P2P_PROGRAM_SERVE = 64,
};

/** What an option tells of a model: a mask. Model files keep those that tell something. */
enum {
    P2P_ROLE_DATA = 1,          /**< which pictures it is trained on, and how they are shown */
    P2P_ROLE_GENERATOR = 2,     /**< which network translates, and what from and to */
    P2P_ROLE_DISCRIMINATOR = 4, /**< which network judges */
    P2P_ROLE_TRAINING = 8,      /**< how it is trained */
    P2P_ROLE_USE = 16,          /**< how it translates; programs may change it for a call */
    P2P_ROLE_ANY = 31,
};

typedef enum P2pOptionType {
    P2P_OPTION_FLAG,   /**< as text "0" or "1"; on the command line without a value */
    P2P_OPTION_INT,    /**< a whole number */
    P2P_OPTION_NUMBER, /**< any finite number */
    P2P_OPTION_STRING, /**< a text, or one of the choices */
} P2pOptionType;

typedef struct P2pOptionInfo {
    const char *name;
    P2pOptionType type;
    unsigned roles;             /**< none: an option of one call, which no file keeps */
    unsigned programs;          /**< none: a fact that only files tell */
    double min, max;            /**< range of numbers, both included */
    const char *initial;        /**< default, as text */
    const char *const *choices; /**< all texts that it may be, NULL behind the last; or NULL */
    const char *help;
    const char *group; /**< heading of --help; options of a group follow each other */
} P2pOptionInfo;

/** The i-th option, in the order of --help; NULL behind the last. */
P2P_API const P2pOptionInfo *p2p_options_info(int i);

/** Text of --help in fresh memory (free() it), or NULL. */
P2P_API char *p2p_options_help(unsigned program, const char *usage);

/* ---- Values ---------------------------------------------------------------------------------- */

typedef struct P2pOptions P2pOptions;

/** All defaults. P2P_ENOMEM. */
P2P_API int p2p_options_create(P2pOptions **out);
/** The same values, and what was given. P2P_ENOMEM. */
P2P_API int p2p_options_copy(P2pOptions **out, const P2pOptions *from);
P2P_API void p2p_options_destroy(P2pOptions **options);

/**
 * The value of an option. Without an option of this name and type p2p_error() says so, and the value
 * is false, 0, NaN or NULL.
 */
P2P_API bool p2p_options_get_flag(const P2pOptions *options, const char *name);
P2P_API int64_t p2p_options_get_int(const P2pOptions *options, const char *name);
/** Also of whole numbers. */
P2P_API double p2p_options_get_number(const P2pOptions *options, const char *name);
/** Never NULL for an option that is a string; stays until the option is set or destroyed. */
P2P_API const char *p2p_options_get_string(const P2pOptions *options, const char *name);

/**
 * Set one option, as if given on a command line.
 *
 * @return 0; P2P_EINVAL: there is no such option, or it cannot have this value; the option keeps
 *         the one before.
 */
P2P_API int p2p_options_set(P2pOptions *options, const char *name, const char *value);
P2P_API int p2p_options_set_flag(P2pOptions *options, const char *name, bool value);
P2P_API int p2p_options_set_int(P2pOptions *options, const char *name, int64_t value);
P2P_API int p2p_options_set_number(P2pOptions *options, const char *name, double value);

/** Whether the user set this option, by the command line or p2p_options_set(). */
P2P_API bool p2p_options_given(const P2pOptions *options, const char *name);

/**
 * "WxH" with each 1 to most; into width and height.
 *
 * @return 0; P2P_EINVAL: it is no such text, and width and height stay as they are.
 */
P2P_API int p2p_size_parse(const char *text, int most, int *width, int *height);

/* ---- Command lines --------------------------------------------------------------------------- */

/** Arguments that are no options; point into argv. */
typedef struct P2pArguments {
    char **argv;
    int argc;
} P2pArguments;

/**
 * Parse a command line: --name value, --name=value, `-` and `_` alike, -h, -V, -q, -v, -m, -o.
 * Reorders argv. --help and --version set *asked to 'h' or 'V' and end parsing.
 *
 * @return 0; P2P_EINVAL: an unknown, ambiguous or impossible option (the message names a valid name
 *         or value that is near, or what a peer's option is called here).
 */
P2P_API int p2p_options_parse(P2pOptions *options, unsigned program, int argc, char **argv,
                              P2pArguments *rest, char *asked);

/** Options of the peers that the command line had and that have no meaning here, "--a, --b"; or "". */
P2P_API const char *p2p_options_ignored(const P2pOptions *options);

/** Contradictions between options, for a program; P2P_EINVAL with what to change. */
P2P_API int p2p_options_check(const P2pOptions *options, unsigned program);

#ifdef __cplusplus
}
#endif
#endif
