/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Paired pictures for training and testing: folders of them, their checking, order, jitter and
 * loading ahead; making a demonstration set.
 *
 * What a batch holds depends on the settings, the epoch and the position alone, never on the
 * number of threads or on what was loaded before. Nothing here knows of devices. Functions without an
 * object may be called from any thread.
 */
#ifndef P2P_DATA_H
#define P2P_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "p2p/common.h"
#include "p2p/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Jitter: which part of a picture, at which size, is shown -------------------------------- */

/** The meanings of pytorch-CycleGAN-and-pix2pix's --preprocess. */
typedef enum P2pPreprocess {
    P2P_PREPROCESS_RESIZE_AND_CROP,      /**< to load_size squared, then crop_size squared of it */
    P2P_PREPROCESS_CROP,                 /**< crop_size squared of the picture as it is */
    P2P_PREPROCESS_SCALE_WIDTH,          /**< width load_size, height in proportion, then as keep */
    P2P_PREPROCESS_SCALE_WIDTH_AND_CROP, /**< the same, then crop_size squared of it */
    P2P_PREPROCESS_NONE,                 /**< sides rounded to a multiple, nothing else */
    P2P_PREPROCESS_KEEP, /**< ours: as it is, continued by reflection up to a multiple */
} P2pPreprocess;

/** "resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none", "keep"; else P2P_EINVAL. */
P2P_API int p2p_preprocess_parse(const char *name, P2pPreprocess *preprocess);
P2P_API const char *p2p_preprocess_name(P2pPreprocess preprocess);

/** Zero means default. */
typedef struct P2pJitterSettings {
    P2pPreprocess preprocess;
    int load_size; /**< pixels, default 286; at least crop_size for resize_and_crop */
    int crop_size; /**< pixels, default 256 */
    int multiple; /**< of `none`, `keep` and `scale_width`: sides become multiples of it, default 4,
                        of `scale_width` 1 */
    int least;    /**< of the same: and at least so many pixels; default multiple */
    int max_size; /**< of `keep`: longer sides are scaled down to it; 0: any */
    int fit_width,
        fit_height;    /**< of `keep`: scaled, up too, to the largest of its shape within; 0: not */
    bool no_flip;      /**< never mirror */
    P2pFilter filter;  /**< default bicubic */
    size_t max_pixels; /**< of a resized picture, default P2P_IMAGE_MAX_PIXELS */
} P2pJitterSettings;

/** What is done to a picture and its partner alike: resize, then crop, then mirror. */
typedef struct P2pJitter {
    int resize_width, resize_height;
    int x, y, width,
        height; /**< the rectangle kept; beyond the picture it is p2p_image_reflect() */
    bool flip;
    P2pFilter filter;
} P2pJitter;

/**
 * Draw the jitter of one picture for training. Depends on the arguments alone. Offsets are
 * uniform over 0..(resized - crop) inclusive; a picture is mirrored with probability 1/2.
 *
 * @param width, height  Of the picture, in pixels.
 * @param index          Of the picture in its set, so that each epoch draws anew.
 *
 * @return P2P_OK; P2P_EINVAL: impossible settings, a picture smaller than the crop, or one that
 *         would become larger than max_pixels.
 */
P2P_API int p2p_jitter_draw(P2pJitter *jitter, const P2pJitterSettings *settings, int width,
                            int height, uint32_t seed, uint32_t epoch, uint64_t index);

/**
 * The fixed counterpart for testing: crops take the middle, nothing is mirrored. load_size is
 * crop_size by default, so that nothing is cropped off; for scale_width it is as in training. Errors
 * as for p2p_jitter_draw.
 */
P2P_API int p2p_jitter_fix(P2pJitter *jitter, const P2pJitterSettings *settings, int width,
                           int height);

/** Apply to a picture of the size the jitter was made for. *out is overwritten. */
P2P_API int p2p_jitter_apply(const P2pJitter *jitter, const P2pImage *in, P2pImage *out);

/* ---- Folders of pairs ------------------------------------------------------------------------ */

typedef enum P2pDirection {
    P2P_DIRECTION_ATOB, /**< input A, target B */
    P2P_DIRECTION_BTOA, /**< input B, target A */
} P2pDirection;

/** Zero means default. */
typedef struct P2pDatasetSettings {
    const char *phase; /**< subfolder: "train" by default; "" for none */
    P2pDirection direction;
    bool unaligned; /**< pictures of A and of B that are no pairs, in folders of their own */
    bool single;    /**< for testing: the folder's own pictures are inputs, without targets */
    /** folder/PHASE has pictures whose lightness is the input and whose colours are the target: batches hold
     *  L / 50 - 1 and ab / 110 of CIE Lab */
    bool lab;
    /** Not NULL: folder/PHASE has pictures that are targets; inputs are these with holes, RGBA with grey of
     *  alpha 0: "center", "random" (boxes), or of a folder's masks, white where the hole is */
    const char *mask;
    uint32_t mask_seed;
    size_t max_dataset_size; /**< the first so many by name; 0: all */
    size_t max_pixels;       /**< see p2p_image_read */
    bool no_exif;            /**< two folders: pictures as stored, not p2p_image_upright() */
    const P2pLog *log;       /**< of files ignored; may be NULL */
} P2pDatasetSettings;

/**
 * A list of pairs of picture files. Immutable, so that several threads and loaders may use it, but
 * for p2p_dataset_check: no other call may be under way then, and no loader be there.
 */
typedef struct P2pDataset P2pDataset;

/**
 * List a folder. Two layouts are known: folder/PHASE with pictures that show A in the left and B
 * in the right half, and folder/A/PHASE with folder/B/PHASE holding pictures of equal names (the
 * suffix may differ), each with all subfolders, as p2p_folder_pictures() lists
 * them. Sorted by name (bytes, without suffix). Opens no picture.
 *
 * Where there is no folder A, the pictures of A1, A2, ... of equal names are stacked by p2p_image_stack(), and
 * likewise those of B.
 *
 * Unaligned: folder/PHASEA and folder/PHASEB ("trainA", "trainB") with pictures of any names. There are
 * as many pairs as pictures in the larger of them, by whose pictures they are called; the other's begin
 * again behind the last. Loaders that shuffle draw the B of each pair at random from all.
 *
 * @param settings  NULL for all defaults.
 * @return P2P_OK.
 *         P2P_EIO: neither layout is there, or a folder cannot be read.
 *         P2P_EFORMAT: no pictures, a picture without partner (named), two of one name.
 *         P2P_ENOMEM. *out is then NULL.
 */
P2P_API int p2p_dataset_create(P2pDataset **out, const char *folder,
                               const P2pDatasetSettings *settings);
P2P_API void p2p_dataset_destroy(P2pDataset **dataset);

P2P_API size_t p2p_dataset_count(const P2pDataset *dataset);
/** Name of pair index from the folder on without suffix, "1" or "sub/1". Lives as long as the set;
    NULL: no such pair. */
P2P_API const char *p2p_dataset_name(const P2pDataset *dataset, size_t index);
/** The same for the file of its input (the joint file of A|B pictures). */
P2P_API const char *p2p_dataset_path(const P2pDataset *dataset, size_t index);

/** p2p_outputs_check() against all files of the set. */
P2P_API int p2p_dataset_check_outputs(const P2pDataset *dataset, const char *const *outputs,
                                      size_t count);

/**
 * Read pair index whole: input and target as stored (channels and bits of the files; of two folders
 * upright), of equal width and height, but for unaligned ones; of single ones the target stays
 * empty, and inputs are upright. Both are overwritten, and empty after
 * a failure.
 *
 * @return P2P_OK; P2P_EFORMAT: unreadable, of odd width, or of unequal sizes; P2P_EIO, P2P_ENOMEM.
 */
P2P_API int p2p_dataset_read(const P2pDataset *dataset, size_t index, P2pImage *input,
                             P2pImage *target);

typedef struct P2pCheckSettings {
    int threads;       /**< 0: in the calling thread */
    bool skip_bad;     /**< take unusable pairs out of the set instead of failing */
    const P2pLog *log; /**< a warning per pair skipped, one of A|B pictures that are none by their
                            shape; may be NULL */
    const P2pJitterSettings *jitter; /**< what training will do with the pictures: a pair that it
                                          refuses is unusable, unpaired ones must have one size behind
                                          it, and loaders batch pairs of equal size; NULL: any */
} P2pCheckSettings;

typedef struct P2pCheckReport {
    size_t bad;               /**< pairs that cannot be used */
    int min_width, max_width; /**< of one half, over the usable pairs, in pixels */
    int min_height, max_height;
} P2pCheckReport;

/**
 * Decode every picture of the set once.
 *
 * @param settings  NULL for all defaults.
 * @param report    May be NULL.
 * @return P2P_OK; without skip_bad the error of the first unusable pair by name (the set is
 *         unchanged); P2P_EFORMAT where no usable pair is left, or where two unpaired ones (named)
 *         have different sizes behind the jitter; P2P_ENOMEM.
 */
P2P_API int p2p_dataset_check(P2pDataset *dataset, const P2pCheckSettings *settings,
                              P2pCheckReport *report);

/**
 * The order of an epoch: a permutation of 0..count-1 drawn from (seed, epoch) alone
 * (Fisher-Yates), or 0, 1, 2, … when serial.
 *
 * @param order  uint32 [count], overwritten.
 */
P2P_API void p2p_dataset_order(size_t count, bool serial, uint32_t seed, uint32_t epoch,
                               uint32_t *order);

/**
 * The pictures (.png, .jpg, .tif ...) of a folder and its subfolders: paths from the folder on, sorted by
 * bytes. Links are followed, but not to a folder above them.
 *
 * @param log    Gets one warning with the kinds and numbers of the files left out; may be NULL.
 * @param names  Fresh array of count strings; release with p2p_names_free. NULL after a failure.
 * @return P2P_OK (also for no pictures); P2P_EIO: a folder cannot be read; P2P_EFORMAT: too many or
 *         too deep folders; P2P_ENOMEM.
 */
P2P_API int p2p_folder_pictures(const char *folder, const P2pLog *log, char ***names,
                                size_t *count);
P2P_API void p2p_names_free(char **names, size_t count);

/* ---- Which picture is written where ---------------------------------------------------------- */

/** A picture to read and the file that its result becomes; "-" is standard input and output. */
typedef struct P2pOutput {
    char *from, *to;
    size_t name; /**< where in from its name among the results begins */
    char **more; /**< pictures whose channels come behind those of from, [layers]; NULL: none */
} P2pOutput;

typedef struct P2pOutputs {
    P2pOutput *items;
    size_t count;
    size_t existing; /**< results that are there, left out of items; see skip_existing */
    bool single;     /**< one file to one file */
    size_t layers;   /**< pictures beside each input */
} P2pOutputs;

/** Zero means default. */
typedef struct P2pOutputSettings {
    char *const *inputs; /**< files and folders; with subfolders, as p2p_folder_pictures() */
    size_t input_count;
    const char *output; /**< a file for one file; else, or where it ends in /, a folder */
    const char *model;  /**< another file that must stay as it is; may be NULL */
    const char
        *stack; /**< "FOLDER,FOLDER" with further channels of the inputs, by names; may be NULL */
    bool keep_suffix;      /**< in a folder, in.jpg gives in.jpg.png instead of in.png */
    bool skip_existing;    /**< leave out what has a result, of whatever age */
    P2pImageFormat format; /**< of results in folders */
    const P2pLog *log;     /**< of files ignored; may be NULL */
} P2pOutputSettings;

/**
 * Plan where results go; nothing is read or written. In a folder each picture of a file gets its
 * name, each of a folder its path from there on, with the format's suffix. A folder of results within a folder of
 * inputs is left out of the latter.
 *
 * @param outputs  Overwritten; empty after a failure. Release by finish.
 * @return P2P_OK.
 *         P2P_EINVAL: several pictures for one file; a result that would overwrite an input, both
 *         named; a suffix that no picture has.
 *         P2P_EFORMAT: a folder without pictures; two results of one name, both inputs named.
 *         P2P_EIO: a folder cannot be read; P2P_ENOMEM.
 */
P2P_API int p2p_outputs_init(P2pOutputs *outputs, const P2pOutputSettings *settings);
P2P_API void p2p_outputs_finish(P2pOutputs *outputs);

/** Zero means default. */
typedef struct P2pReadSettings {
    size_t max_pixels; /**< see p2p_image_read */
    bool no_exif;      /**< as stored, not p2p_image_upright() */
} P2pReadSettings;

/**
 * Read input index, with its further channels by p2p_image_stack().
 *
 * @param image  Overwritten; empty after a failure.
 * @return P2P_OK; as p2p_image_read(), p2p_image_stack(); P2P_EINVAL: there is no such input.
 */
P2P_API int p2p_output_read(const P2pOutputs *outputs, size_t index,
                            const P2pReadSettings *settings, P2pImage *image);

/** Make the folder that an output lies in. P2P_EIO, P2P_ENOMEM. */
P2P_API int p2p_output_make_folder(const P2pOutput *output);

/**
 * Refuse to overwrite inputs: an output must be none of them, by any name or link to the same file
 * (device and inode). "-" is standard input and output. What does not exist yet is no input.
 *
 * @return P2P_OK; P2P_EINVAL: the first output that is an input, both named; P2P_ENOMEM.
 */
P2P_API int p2p_outputs_check(const char *const *outputs, size_t output_count,
                              const char *const *inputs, size_t input_count);

/* ---- Loading --------------------------------------------------------------------------------- */

/** Zero means default. */
typedef struct P2pLoaderSettings {
    int batch_size;             /**< pairs, default 1 */
    int part_first, part_count; /**< of each batch deliver these pairs alone; count 0: all of it */
    int input_channels;         /**< 1..64, default 3; pictures of 1 to 4 are converted to 1 to 4 */
    int target_channels;        /**< the same */
    int labels; /**< classes, where inputs are label maps: as many channels; 0: they are none */
    const char *label_colours; /**< of them: "index", or "rrggbb,rrggbb,..."; NULL without labels */
    int threads;               /**< that load ahead; 0: load in p2p_loader_next */
    int queue;                 /**< batches kept ready at most; default threads + 2 */
    uint32_t seed;
    uint32_t epochs;     /**< end after so many epochs (counted from epoch 0); 0: never */
    bool serial_batches; /**< by name instead of shuffled */
    bool fixed;          /**< p2p_jitter_fix instead of p2p_jitter_draw: for testing */
    bool keep_partial;   /**< deliver the last, smaller batch of an epoch instead of dropping it */
    P2pJitterSettings jitter;
    P2pFilter target_filter; /**< of targets; jitter's is of inputs */
} P2pLoaderSettings;

/** Belongs to the loader; valid until its next p2p_loader_next, seek or destroy. */
typedef struct P2pBatch {
    int count, height, width;
    int input_channels, target_channels;
    const float *input;       /**< f32 [count, height, width, input_channels] in [-1, 1] */
    const float *target;      /**< f32 [count, height, width, target_channels] in [-1, 1] */
    const char *const *names; /**< [count], owned by the dataset */
    const uint32_t *indices;  /**< [count], positions in the dataset */
    uint32_t epoch;
    size_t position; /**< of the batch in its epoch, from 0 */
} P2pBatch;

/** To be used by one thread at a time. */
typedef struct P2pLoader P2pLoader;

/**
 * Begin loading at epoch 0, batch 0. The dataset must outlive the loader and stay unchanged.
 * An epoch has count / batch_size batches, rounded down (up with keep_partial): a rest smaller
 * than a batch is left out of that epoch; another order leaves out others. Where p2p_dataset_check
 * saw pairs of several sizes behind its jitter, this holds for each size: a batch, of pairs of one
 * size that follow each other in the epoch's order, stands where its last pair does.
 *
 * @return P2P_OK; P2P_EINVAL: impossible settings, or fewer pairs than a batch (without
 *         keep_partial); P2P_ENOMEM. *out is then NULL. Where fewer threads can be started than
 *         asked for, those do.
 */
P2P_API int p2p_loader_create(P2pLoader **out, const P2pDataset *dataset,
                              const P2pLoaderSettings *settings);

/** Stop and join the threads at any moment, free all. */
P2P_API void p2p_loader_destroy(P2pLoader **loader);

/** Batches per epoch. */
P2P_API size_t p2p_loader_batches(const P2pLoader *loader);

/**
 * The next batch, in order; blocks until it is loaded. Epochs follow each other.
 *
 * @param batch  Set to the batch; NULL after the last epoch and after a failure.
 * @return P2P_OK, or the failure of loading a picture of this batch, at its place; the call after
 *         it goes on with the batch behind.
 *         P2P_EINVAL: the pictures of the batch differ in size after preprocessing.
 */
P2P_API int p2p_loader_next(P2pLoader *loader, const P2pBatch **batch);

/**
 * Go to batch `position` of `epoch`: what follows is what a fresh loader would deliver from there.
 * position may be p2p_loader_batches (then the next epoch begins). Otherwise P2P_EINVAL.
 */
P2P_API int p2p_loader_seek(P2pLoader *loader, uint32_t epoch, size_t position);

/* ---- Making a set ---------------------------------------------------------------------------- */

/** Progress of something long: done of total. Return true to stop (P2P_ESTOPPED). */
typedef bool (*P2pProgress)(void *user, size_t done, size_t total);

/** Zero means default. */
typedef struct P2pDemoSettings {
    uint32_t seed;
    size_t count_train;    /**< pairs, default 100 */
    size_t count_val;      /**< default 10 */
    size_t count_test;     /**< default 10 */
    int size;              /**< of a half, pixels, 32..4096, default 256 */
    P2pImageFormat format; /**< default PNG */
} P2pDemoSettings;

/**
 * Draw one façade and its label map; depends on (seed, index) and size alone.
 *
 * @param photo   RGB, 8 bits, [size, size], overwritten.
 * @param labels  The same; flat colours, those of the CMP façades.
 * @return P2P_OK, P2P_EINVAL (size) or P2P_ENOMEM; both pictures are then empty.
 */
P2P_API int p2p_demo_draw(uint32_t seed, uint64_t index, int size, P2pImage *photo,
                          P2pImage *labels);

/**
 * Fill folder/train, folder/val and folder/test with façades side by side: photo (A) left, label
 * map (B) right. No picture is in two of them. Files of the same names are overwritten.
 *
 * @param settings  NULL for all defaults.
 * @param progress  Called after each picture; may be NULL.
 * @return P2P_OK, P2P_EINVAL (size), P2P_EIO, P2P_ENOMEM, P2P_ESTOPPED.
 */
P2P_API int p2p_demo_make(const char *folder, const P2pDemoSettings *settings, P2pProgress progress,
                          void *user);

#ifdef __cplusplus
}
#endif
#endif
