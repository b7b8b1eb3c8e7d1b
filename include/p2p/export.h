/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Freezing and exchanging models: any model file in, one of several formats out. Needs no device.
 * May be called from several threads at once.
 */
#ifndef P2P_EXPORT_H
#define P2P_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "p2p/common.h"
#include "p2p/options.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero means default. */
typedef struct P2pExportSettings {
    const char
        *format;       /**< safetensors, onnx, pth, pict, c; NULL or auto: by the output's suffix */
    const char *dtype; /**< of the weights: f32, f16, q8 (8 bits, a scale per output channel) */
    const char *net;   /**< G or D */
    bool eval;         /**< fold the running statistics into the convolutions; no dropout */
    bool no_dropout;
    const char *translator;    /**< a program to put the model into (p2p-translate), or NULL */
    const P2pOptions *options; /**< those given replace what the file says, or NULL */
    const P2pLog *log;         /**< told at level INFO what was found in the model, or NULL */
} P2pExportSettings;

/**
 * Write a model in another format, whole or not at all. The same input gives the same bytes.
 *
 * - safetensors: the generator, frozen: what p2p_model_open() needs, and where it comes from.
 * - onnx: opset 17; batch norm by each picture's statistics is written as InstanceNormalization.
 * - pth: a state_dict that pytorch-CycleGAN-and-pix2pix loads.
 * - pict: for pix2pix-tensorflow's browser demo; networks of --preset tensorflow alone.
 * - c: OUTPUT.c and OUTPUT.h that embed OUTPUT.safetensors, written beside, when compiled.
 *
 * @return 0; P2P_EIO, P2P_EFORMAT: the model; P2P_EINVAL: the format cannot hold this network, or
 *         the settings contradict; P2P_EIO: the output cannot be written.
 */
P2P_API int p2p_export(const char *model, const char *output, const P2pExportSettings *settings);

/**
 * The frozen model that p2p_export() put into this program, mapped for the rest of its life.
 *
 * @param data  NULL when there is none.
 */
P2P_API int p2p_embedded_model(const void **data, size_t *bytes);

#ifdef __cplusplus
}
#endif
#endif
