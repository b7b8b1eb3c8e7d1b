/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of p2p_outputs_init(). */
#ifndef P2P_DATA_OUTPUTS_H
#define P2P_DATA_OUTPUTS_H

#include "p2p/data.h"
#include "src/base/file.h"
#include "src/base/front.h"

/**
 * Find the partners of all inputs in further folders, "FOLDER,FOLDER"; NULL or "": there are none.
 * P2P_EFORMAT: an input has no partner (both named).
 */
int p2p_outputs_add_layers(P2pOutputs *outputs, const char *folders);

#endif
