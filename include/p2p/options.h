/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The options of all programs: one table gives name, type, range, default and help; parsing,
 * --help, a model's metadata and error messages come from it. Names are those of
 * pytorch-CycleGAN-and-pix2pix where it has them.
 */
#ifndef P2P_OPTIONS_H
#define P2P_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "p2p/common.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { P2P_OPTION_TEXT = 1024, P2P_OPTION_COUNT_MAX = 96 };

/** Which programs take an option: a mask. */
enum {
    P2P_PROGRAM_TRAIN = 1,
    P2P_PROGRAM_TEST = 2,
    P2P_PROGRAM_TRANSLATE = 4,
    P2P_PROGRAM_INFO = 8,
    P2P_PROGRAM_BENCH = 16,
    P2P_PROGRAM_EXPORT = 32,
};

typedef enum P2pGanMode { P2P_GAN_VANILLA, P2P_GAN_LSGAN } P2pGanMode;
typedef enum P2pLrPolicy { P2P_LR_LINEAR, P2P_LR_CONSTANT } P2pLrPolicy;
typedef enum P2pNormChoice {
    P2P_OPT_NORM_BATCH,
    P2P_OPT_NORM_INSTANCE,
    P2P_OPT_NORM_NONE
} P2pNormChoice;
typedef enum P2pPreset {
    P2P_PRESET_PYTORCH,
    P2P_PRESET_PAPER,
    P2P_PRESET_TORCH,
    P2P_PRESET_TENSORFLOW,
    P2P_PRESET_MRZHU
} P2pPreset;

/** Values of all options; p2p_options_init() gives defaults. Fields are named like the options. */
typedef struct P2pOptions {
    /* data */
    char dataroot[P2P_OPTION_TEXT], phase[64];
    int direction; /**< P2pDirection */
    int input_nc, output_nc, load_size, crop_size, preprocess;
    bool no_flip, serial_batches, skip_bad;
    int max_dataset_size, num_threads;
    long max_pixels;
    /* networks */
    int preset; /**< P2pPreset */
    char netG[32], netD[32];
    int ngf, ndf, n_layers_D, num_downs;
    int norm; /**< P2pNormChoice */
    bool no_dropout, unconditional_D;
    bool folded;   /**< of frozen models: norms are within the convolutions */
    int init_type; /**< P2pInit's order: normal, xavier, kaiming, orthogonal */
    double init_gain;
    /* training */
    char name[128], checkpoints_dir[P2P_OPTION_TEXT];
    int batch_size, n_epochs, n_epochs_decay;
    double lr, beta1, beta2, adam_eps;
    bool adam_epsilon_hat;
    int lr_policy; /**< P2pLrPolicy */
    int gan_mode;  /**< P2pGanMode */
    double lambda_L1, lambda_GAN;
    int seed;
    int print_freq, save_epoch_freq, save_latest_freq;
    long max_steps;
    double max_seconds;
    bool continue_train, overwrite;
    /* testing, translating */
    char epoch[32], results_dir[P2P_OPTION_TEXT], model[P2P_OPTION_TEXT], output[P2P_OPTION_TEXT];
    bool eval;
    int num_test, jpeg_quality;
    char init_from[P2P_OPTION_TEXT];
    /* exporting */
    char format[32], dtype[8], net[8], calibrate[P2P_OPTION_TEXT];
    bool standalone, tensors;
    /* device and messages */
    char device[256], variant[P2P_OPTION_TEXT], ref[P2P_OPTION_TEXT];
    bool no_winograd; /**< parsing adds it to variant */
    int vector_width;
    long device_memory;
    double device_timeout; /**< seconds; 0: none */
    bool profile, debug_nan, quiet, verbose;
    /* benchmarks */
    int steps, size;
    char svg[P2P_OPTION_TEXT];
    bool json;
    /** Which options were given, by place in the table. */
    bool given[P2P_OPTION_COUNT_MAX];
} P2pOptions;

/** Set all defaults. */
P2P_API void p2p_options_init(P2pOptions *options);

/** Arguments that are no options; point into argv. */
typedef struct P2pArguments {
    char **argv;
    int argc;
} P2pArguments;

/**
 * Parse a command line: --name value, --name=value, `-` and `_` alike, -h, -V, -q, -v, -m, -o.
 * Reorders argv. --help and --version set *asked to 'h' or 'V' and end parsing.
 *
 * @return 0; P2P_EINVAL: an unknown, ambiguous or impossible option (the message names the nearest
 *         valid name or value).
 */
P2P_API int p2p_options_parse(P2pOptions *options, unsigned program, int argc, char **argv,
                              P2pArguments *rest, char *asked);

/** Set one option from text, as if given. */
P2P_API int p2p_options_set(P2pOptions *options, const char *name, const char *value);

/** Whether the user set this option (by the command line or p2p_options_set). */
P2P_API bool p2p_options_given(const P2pOptions *options, const char *name);

/** Contradictions between options, for a program; P2P_EINVAL with what to change. */
P2P_API int p2p_options_check(const P2pOptions *options, unsigned program);

/** Fill in what the preset decides and the user did not. */
P2P_API void p2p_options_apply_preset(P2pOptions *options);

/** Text of --help in fresh memory (free() it), or NULL. */
P2P_API char *p2p_options_help(unsigned program, const char *usage);

/** The i-th option that a model file stores, as text: false when i is behind the last. */
P2P_API bool p2p_options_stored(const P2pOptions *options, int i, const char **name, char *value,
                                size_t bytes);

/** Name of the value of a choice: p2p_options_choice("norm", 1) is "instance"; or NULL. */
P2P_API const char *p2p_options_choice(const char *name, int value);

#ifdef __cplusplus
}
#endif
#endif
