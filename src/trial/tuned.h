/* SPDX-License-Identifier: BSD-2-Clause */
/* What was measured on a device, as it is kept from one process to the next. */
#ifndef P2P_TRIAL_TUNED_H
#define P2P_TRIAL_TUNED_H

#include "src/ops/choice.h"

/**
 * The lines of a device, as P2pChoice.measured takes them; read when first asked for. Kernels that were found
 * to compute wrongly are left out on it from then on. Empty: nothing is known.
 */
const char *p2p_tuned_lines(P2pDevice *device);
/** Add that a call goes best so: "tile:3 12.3 us" and whatever else is to be read there. */
int p2p_tuned_add(P2pDevice *device, const P2pCall *call, const char *words);
/** Add that a variant, in one form of it, computes this pass wrongly: it is left out from now on. */
int p2p_tuned_add_wrong(P2pDevice *device, const P2pPass *pass, const char *form, const char *why);
/** Write what was added beside what other processes and devices have there. Never fails; the log is told. */
void p2p_tuned_save(P2pDevice *device);

#endif
