/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C, as TensorFlow's and LevelDB's files have it. */
#ifndef P2P_BASE_CRC32C_H
#define P2P_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/** Of the whole data, in that files' masked form: rotated by 15 bits and moved by a constant. */
uint32_t p2p_crc32c_masked(const void *data, size_t bytes);

#endif
