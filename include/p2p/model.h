/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A trained model: open it and translate pictures.
 *
 * Several threads may use one model, or several models of one device: preparing pictures goes on
 * side by side, the network's runs take turns (see p2p/device.h). p2p_model_close() comes when no
 * other call on the model is under way.
 */
#ifndef P2P_MODEL_H
#define P2P_MODEL_H

#include <stdbool.h>

#include "p2p/common.h"
#include "p2p/device.h"
#include "p2p/image.h"
#include "p2p/options.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct P2pModel P2pModel;

/** Zero means default: statistics of each picture, dropout as trained. */
typedef struct P2pModelSettings {
    bool eval; /**< running statistics, no dropout */
    bool no_dropout;
    bool keep_alpha;   /**< translating: alpha that the network does not see goes into the result */
    int bits;          /**< of the results: 8 (0 too), 16 or 32 */
    bool keep_profile; /**< translating: the input's colour profile goes into the result */
    bool back;         /**< of a file with generators for both directions the other one */
    const char *net;   /**< the file's generator of this name; NULL: that of options' direction */
    const P2pOptions *options; /**< those given replace the file's, or NULL; seed: of the dropout */
    const char *variants;      /**< as --variant, may be NULL */
    const char *refs;          /**< as --ref, may be NULL */
} P2pModelSettings;

/**
 * Read a model file and put its generator, of several that of options' direction, on the device: a
 * checkpoint, a frozen model, or one of another program (README.md), of which what it does not tell is
 * found out from its tensors.
 *
 * @param device  Must outlive the model; may serve others too.
 * @return 0; P2P_EIO, P2P_EFORMAT: the file; P2P_EINVAL: impossible options; P2P_EDEVICE,
 *         P2P_EDEVMEM: the device.
 */
P2P_API int p2p_model_open(P2pModel **out, P2pDevice *device, const char *path,
                           const P2pModelSettings *settings);
/** The same over a frozen model in memory, which is not used after the call. */
P2P_API int p2p_model_open_memory(P2pModel **out, P2pDevice *device, const void *data, size_t bytes,
                                  const P2pModelSettings *settings);
P2P_API void p2p_model_close(P2pModel **model);

/** Whether its file holds a generator for the other direction too, for P2pModelSettings.back. */
P2P_API bool p2p_model_has_back(const P2pModel *model);

/** The options that the file stores, as its generator sees them: direction, input_nc, output_nc. */
P2P_API const P2pOptions *p2p_model_options(const P2pModel *model);

/** What a picture is to a model: its channels, and how it is resized. */
typedef enum P2pModelSide {
    P2P_MODEL_INPUT,  /**< what it translates */
    P2P_MODEL_OUTPUT, /**< what results are compared with */
} P2pModelSide;

/**
 * Bring a picture to the size and channels that its translation has, as in testing: no mirroring. That is
 * its own size, where options do not say otherwise: max_size and fit scale it in its shape; preprocess,
 * load_size or crop_size, any of them, let it be made as for training, by the file's options. The input of
 * a colorization becomes its lightness, with 32 bits.
 *
 * @param out  Overwritten; finish it.
 */
P2P_API int p2p_model_prepare(const P2pModel *model, const P2pImage *in, P2pModelSide side,
                              P2pImage *out);

/**
 * An input as p2p_model_prepare() made it, to be looked at: classes of label maps as their colours, anything
 * else as it is.
 *
 * @param out  Overwritten; finish it.
 */
P2P_API int p2p_model_show(const P2pModel *model, const P2pImage *seen, P2pImage *out);

/**
 * Translate one picture of any size: prepare, run the generator, round. Where the network takes
 * multiples only (256 for unet_256), it sees the picture continued by reflection, and the result is cut.
 *
 * The first picture of a size builds a plan, which may compile kernels; later ones only run. Plans of
 * the last four sizes stay, as far as they take no more than an eighth of the device's memory
 * together and leave room for a new one.
 *
 * @param in   input_nc channels, or 1 to 4 where these are 1 to 4.
 * @param out  The settings' bits, output_nc channels (of a colorization RGB), with keep_alpha and the input's
 *             alpha, resized as it, one more; overwritten; finish it.
 * @return 0; P2P_EINVAL: the picture is smaller than a crop_size that was asked for, or becomes larger
 *         than max_pixels.
 */
P2P_API int p2p_model_translate(P2pModel *model, const P2pImage *in, P2pImage *out);

/** Zero means default. */
typedef struct P2pRowsSettings {
    size_t max_pixels; /**< see p2p_image_read() */
    int quality;       /**< see p2p_image_write() */
    bool no_exif;      /**< as stored, whatever its orientation */
} P2pRowsSettings;

/**
 * Translate a picture file that goes through the model in tiles (options tile, overlap) by rows of them:
 * memory is bounded by its width. The result is that of p2p_model_translate(), in a file that appears
 * whole or not at all. Pictures of less than four million pixels, lying ones, and such that get another
 * size are not translated so.
 *
 * @param settings  NULL for all defaults.
 * @param done      False: it is no picture for this; nothing was done.
 * @return 0; failures of p2p_image_read(), p2p_image_write() and p2p_model_translate().
 */
P2P_API int p2p_model_translate_rows(P2pModel *model, const char *from, const char *to,
                                     const P2pRowsSettings *settings, bool *done);

/* ---- Many pictures --------------------------------------------------------------------------- */

/** What is done with a picture, in this order. */
typedef enum P2pTranslateStep {
    P2P_TRANSLATE_NEXT,
    P2P_TRANSLATE_READ,
    P2P_TRANSLATE_RUN, /**< p2p_model_translate() */
    P2P_TRANSLATE_WRITE,
} P2pTranslateStep;

/** A picture on its way, zeroed at its beginning. */
typedef struct P2pTranslation {
    size_t index;            /**< from 0 on */
    P2pImage in;             /**< from read; freed before write */
    P2pImage out;            /**< for write; freed after it */
    unsigned char *data;     /**< what the calls hand on to each other; free()d after done */
    size_t bytes;            /**< of data, the calls' own */
    int status;              /**< 0, or of the step that failed */
    P2pTranslateStep failed; /**< that step, where status is not 0 */
} P2pTranslation;

/** Where pictures come from and go to. */
typedef struct P2pTranslateCalls {
    /** One picture after the other. 1: there is one; 0: no more; negative: a failure, the last. */
    int (*next)(void *user, P2pTranslation *picture);
    /** Fill in. Of several pictures at once, in any order, as is write. 0 or negative. Where in stays
     *  empty the picture is done with, by p2p_model_translate_rows(). */
    int (*read)(void *user, P2pTranslation *picture);
    /** Do with out what needs no order, such as encoding it into data. 0 or negative. */
    int (*write)(void *user, P2pTranslation *picture);
    /** One picture after the other, in the order of next, also those that failed, with the message
     *  in p2p_error(). Anything but 0 ends all: later pictures, of which some were written, are not
     *  told of any more. */
    int (*done)(void *user, P2pTranslation *picture);
} P2pTranslateCalls;

/**
 * Translate pictures so that reading and encoding go on beside the device's work. Each result is that
 * of p2p_model_translate() alone, whatever the threads.
 *
 * @param calls    Called from the threads, the calling one among them; next and done may be under way
 *                 at once. They must not use the model but by p2p_model_translate_rows().
 * @param threads  Beside the calling one, 0 to 256. Each of them all has at most one picture in
 *                 samples; as many again wait for their turn as data.
 * @return 0, or what done returned; P2P_EINVAL, P2P_ENOMEM.
 */
P2P_API int p2p_model_translate_all(P2pModel *model, const P2pTranslateCalls *calls, int threads,
                                    void *user);

/** A description of a model file for people, in fresh memory (free() it). */
P2P_API int p2p_model_describe(const char *path, char **text);

/**
 * List the tensors of a file of any kind that can be read, whether it is a network or not: one JSON
 * object a line with name, dtype, shape, min, max and sum.
 *
 * @param line  Called for each tensor in the file's order with a line without its end.
 */
P2P_API int p2p_model_list_tensors(const char *path, void (*line)(void *user, const char *text),
                                   void *user);

#ifdef __cplusplus
}
#endif
#endif
