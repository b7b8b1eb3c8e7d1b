/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Pictures of what was trained and how, as SVG: the networks of a model file, the losses of a run.
 */
#ifndef P2P_REPORT_H
#define P2P_REPORT_H

#include "p2p/common.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Draw the networks of a model file of any kind, a row for each layer: what it does, the shape of its
 * output for a picture of the model's --crop_size, its parameters, and the way of the skips.
 *
 * @param svg  Written, whole or not at all.
 * @return 0; P2P_EINVAL, P2P_ENOMEM; P2P_EIO, P2P_EFORMAT of either file.
 */
P2P_API int p2p_report_networks(const char *model, const char *svg);

/**
 * Tell how much of its input each output pixel of a model's networks depends on by convolutions; norms
 * that take statistics of the picture depend on all of it.
 *
 * @param text  A line for each network in fresh memory; NULL on failure.
 */
P2P_API int p2p_report_receptive_fields(const char *model, char **text);

/**
 * Draw the numbers that the log of a run has, over its steps: losses, learning rate, validation.
 *
 * @param run  Its folder, or the log itself.
 * @return 0; P2P_EFORMAT: there is no line of a log in it; P2P_EINVAL, P2P_EIO, P2P_ENOMEM.
 */
P2P_API int p2p_report_losses(const char *run, const char *svg);

#ifdef __cplusplus
}
#endif
#endif
