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
    const P2pOptions *options; /**< those given replace the file's, or NULL; seed: of the dropout */
    const char *variants;      /**< as --variant, may be NULL */
    const char *refs;          /**< as --ref, may be NULL */
} P2pModelSettings;

/**
 * Read a model file and put its generator on the device: a checkpoint, a frozen model, a .pth of
 * pytorch-CycleGAN-and-pix2pix or a .pict of pix2pix-tensorflow. What the latter two do not tell
 * of the network is found out from their tensors.
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

/** The options that the file stores. */
P2P_API const P2pOptions *p2p_model_options(const P2pModel *model);

/**
 * Bring a picture to the size that the network sees, as in testing: no crop, no mirroring.
 *
 * @param channels  Of the result.
 * @param out       Overwritten; finish it.
 */
P2P_API int p2p_model_prepare(const P2pModel *model, const P2pImage *in, int channels,
                              P2pImage *out);

/**
 * Translate one picture of any size: prepare, run the generator, round.
 *
 * The first picture of a size builds a plan, which may compile kernels; later ones only run. Plans of
 * the last four sizes stay, as far as they take no more than an eighth of the device's memory
 * together and leave room for a new one.
 *
 * @param in   8 or 16 bits, 1 to 4 channels.
 * @param out  8 bits, output_nc channels; overwritten; finish it.
 * @return 0; P2P_EINVAL: the size does not fit the network (the message says what would).
 */
P2P_API int p2p_model_translate(P2pModel *model, const P2pImage *in, P2pImage *out);

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
