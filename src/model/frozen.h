/* SPDX-License-Identifier: BSD-2-Clause */
/* A generator frozen into one small safetensors file, alone or inside a program. */
#ifndef P2P_MODEL_FROZEN_H
#define P2P_MODEL_FROZEN_H

#include "src/model/source.h"

/**
 * Write the source's network with everything that translating needs, and its provenance.
 *
 * @param dtype  Of convolutions' weights: P2P_F32, P2P_F16, or P2P_I8 with a scale per output
 *               channel; all other parameters stay f32.
 */
int p2p_frozen_write(const P2pSource *source, const char *path, P2pDtype dtype);

/** Write a copy of program with the file at model behind it, where p2p_embedded_model() finds it. */
int p2p_frozen_write_program(const char *path, const char *program, const char *model);

#endif
