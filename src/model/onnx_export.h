/* SPDX-License-Identifier: BSD-2-Clause */
/* A source's network as an ONNX model. */
#ifndef P2P_MODEL_ONNX_EXPORT_H
#define P2P_MODEL_ONNX_EXPORT_H

#include "src/model/source.h"

/**
 * Write the network for opset 17: input "input" and output "output", f32 [N, C, H, W] in [-1, 1].
 * Norms use each picture's statistics (InstanceNormalization, also for batch norm); a folded source
 * has none. Dropout is left out.
 *
 * @param half  Weights and arithmetic in f16.
 */
int p2p_onnx_export(const P2pSource *source, const char *path, bool half);

#endif
