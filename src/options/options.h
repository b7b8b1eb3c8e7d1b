/* SPDX-License-Identifier: BSD-2-Clause */
/* The values behind a P2pOptions: fields are named like the options and read by the library only. */
#ifndef P2P_OPTIONS_OPTIONS_H
#define P2P_OPTIONS_OPTIONS_H

#include <stddef.h>

#include "p2p/options.h"

enum { P2P_OPTION_TEXT = 1024, P2P_OPTION_COUNT_MAX = 192 };

typedef enum P2pDatasetMode {
    P2P_DATASET_ALIGNED,
    P2P_DATASET_UNALIGNED,
    P2P_DATASET_SINGLE,
    P2P_DATASET_COLORIZATION,
    P2P_DATASET_INPAINTING
} P2pDatasetMode;
typedef enum P2pMaskLoss { P2P_MASK_LOSS_WHOLE, P2P_MASK_LOSS_HOLE } P2pMaskLoss;
typedef enum P2pGanMode {
    P2P_GAN_VANILLA,
    P2P_GAN_LSGAN,
    P2P_GAN_WGANGP,
    P2P_GAN_HINGE
} P2pGanMode;
typedef enum P2pLrPolicy {
    P2P_LR_LINEAR,
    P2P_LR_CONSTANT,
    P2P_LR_STEP,
    P2P_LR_COSINE,
    P2P_LR_PLATEAU
} P2pLrPolicy;
enum { P2P_AUGMENT_COLOR = 1, P2P_AUGMENT_TRANSLATION = 2, P2P_AUGMENT_CUTOUT = 4 };
typedef enum P2pValMetric { P2P_VAL_L1, P2P_VAL_PSNR, P2P_VAL_SSIM } P2pValMetric;
typedef enum P2pNormChoice {
    P2P_OPT_NORM_BATCH,
    P2P_OPT_NORM_INSTANCE,
    P2P_OPT_NORM_NONE
} P2pNormChoice;
/* The same, or those of P2pNormChoice, or spectral norm. */
enum { P2P_NORM_D_SAME, P2P_NORM_D_SPECTRAL = P2P_OPT_NORM_NONE + 2 };
typedef enum P2pDropoutLevels { P2P_DROPOUT_MIDDLE, P2P_DROPOUT_INNERMOST } P2pDropoutLevels;
typedef enum P2pPadding { P2P_PADDING_REFLECT, P2P_PADDING_ZERO } P2pPadding;
typedef enum P2pPreset {
    P2P_PRESET_PYTORCH,
    P2P_PRESET_PAPER,
    P2P_PRESET_TORCH,
    P2P_PRESET_TENSORFLOW,
    P2P_PRESET_MRZHU
} P2pPreset;

struct P2pOptions {
    /* data */
    char dataroot[P2P_OPTION_TEXT], phase[64];
    char data_digest[48]; /* of the pictures that were there */
    int direction;        /* P2pDirection */
    int input_nc, output_nc, load_size, crop_size, preprocess;
    int labels; /* classes of label maps; 0: none */
    char label_colours[P2P_OPTION_TEXT];
    int dataset_mode;                     /* P2pDatasetMode */
    int resize_filter_A, resize_filter_B; /* P2pFilter */
    int max_size;
    char fit[32];  /* WxH */
    char tile[16]; /* a number, or auto */
    int overlap;
    bool no_flip, no_exif, no_alpha, serial_batches, skip_bad, skip_existing, keep_suffix;
    char raw[32]; /* WxH */
    int max_dataset_size, num_threads;
    long max_pixels;
    /* networks */
    char model[32];
    int preset; /* P2pPreset */
    char netG[32], netD[32];
    int ngf, ndf, n_layers_D, num_downs, n_blocks;
    int upsample; /* P2pUpsample's order: transposed, nearest, bilinear */
    bool separable_conv;
    int norm;   /* P2pNormChoice */
    int norm_D; /* P2P_NORM_D_* */
    bool no_dropout, unconditional_D;
    int dropout_levels; /* P2pDropoutLevels */
    int padding_type;   /* P2pPadding */
    bool innermost_norm, all_bias, relu_after_add;
    bool lab;                   /* the network makes ab of L */
    bool inpaint;               /* it fills holes: RGB of RGBA */
    char mask[P2P_OPTION_TEXT]; /* center, random or a folder */
    int mask_loss;              /* P2pMaskLoss */
    bool folded;                /* of frozen models: norms are within the convolutions */
    int init_type;              /* P2pInit's order: normal, xavier, kaiming, orthogonal */
    double init_gain;
    /* training */
    char name[128], checkpoints_dir[P2P_OPTION_TEXT];
    int batch_size, n_epochs, n_epochs_decay;
    double lr, beta1, beta2, adam_eps;
    bool adam_epsilon_hat;
    int lr_policy; /* P2pLrPolicy */
    int lr_decay_iters, warmup_steps, epoch_count;
    int gan_mode; /* P2pGanMode */
    double lambda_L1, lambda_GAN, lambda_D, lambda_gp, lambda_A, lambda_B, lambda_identity;
    char diffaugment[64];
    int pool_size, accumulate;
    double clip_grad, ema_decay;
    char shares[P2P_OPTION_TEXT]; /* of ranks, N,N */
    int compress;                 /* P2pWire's order: none, f16 */
    int shard_adam;               /* P2pShardAdam's order: auto, on, off */
    bool sync_norm;
    int seed;
    int print_freq, display_freq, update_html_freq, save_epoch_freq, save_latest_freq;
    bool no_html, tensorboard;
    long max_steps;
    double max_seconds;
    bool continue_train, new_data, overwrite, save_by_iter;
    double val_split;
    char val_dir[P2P_OPTION_TEXT];
    int val_freq;
    int val_metric; /* P2pValMetric */
    int early_stop, load_iter;
    /* testing, translating */
    char epoch[32], model_suffix[8], results_dir[P2P_OPTION_TEXT], model_file[P2P_OPTION_TEXT],
        output[P2P_OPTION_TEXT];
    bool eval;
    int num_test, display_winsize, quality;
    char bits[4];
    bool keep_profile;
    char stack[P2P_OPTION_TEXT];
    char init_from[P2P_OPTION_TEXT];
    /* exporting */
    char format[32], dtype[8], net[16], calibrate[P2P_OPTION_TEXT];
    bool standalone, tensors, tuning, receptive_field;
    char plot[P2P_OPTION_TEXT];
    /* serving */
    int port, max_body, queue, timeout; /* MiB; seconds */
    char listen[64], token[P2P_OPTION_TEXT];
    /* device and messages */
    char device[256], variant[P2P_OPTION_TEXT], ref[P2P_OPTION_TEXT];
    P2pPrecision precision;
    bool no_winograd; /* parsing adds it to variant */
    int vector_width;
    int tune; /* a P2pTune */
    long device_memory;
    double device_timeout; /* seconds; 0: none */
    bool profile, debug_nan, quiet, verbose;
    /* benchmarks */
    int steps, size;
    char svg[P2P_OPTION_TEXT], units[64], peers[64], python[P2P_OPTION_TEXT];
    bool json;
    char ignored[P2P_OPTION_TEXT]; /* options of others without a meaning here, "--a, --b" */
    /* Which options were given, by place in the table. */
    bool given[P2P_OPTION_COUNT_MAX];
};

/** Set all defaults. */
void p2p_options_init(P2pOptions *options);

/** An option's value in place of the table's. */
typedef struct P2pOptionDefault {
    const char *name, *value;
} P2pOptionDefault;

/** Set those of a list that were not given; a name of NULL ends it. They do not count as given. */
void p2p_options_set_defaults(P2pOptions *options, const P2pOptionDefault *list);

/** Set what the preset stands for where nothing was given; what it sets does not count as given. */
void p2p_options_apply_preset(P2pOptions *options);

/** What --diffaugment names: a mask of P2P_AUGMENT_*; words that are none count for nothing. */
unsigned p2p_options_augmentations(const P2pOptions *options);

/** Whether an option has the table's own value. */
bool p2p_options_is_initial(const P2pOptions *options, const char *name);

/** Take over the options with any of these roles that `from` was given, as given. */
void p2p_options_take(P2pOptions *to, const P2pOptions *from, unsigned roles);

/** The i-th option with any of these roles, and its value as text; NULL when i is behind the last. */
const P2pOptionInfo *p2p_options_stored(const P2pOptions *options, unsigned roles, int i,
                                        char *value, size_t bytes);

/**
 * What differs between two sets of options, among those with any of these roles and without any of the
 * others: "--lr 0.0001 instead of 0.0002, ..." , cut at `bytes`; empty: nothing.
 *
 * @param except  Names that are left out; NULL ends them.
 */
void p2p_options_compare(const P2pOptions *was, const P2pOptions *is, unsigned roles,
                         unsigned others, const char *const *except, char *text, size_t bytes);

#endif
