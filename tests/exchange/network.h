/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks of model files on a device, with outputs as floats. Failures end the program. */
#ifndef P2P_TESTS_EXCHANGE_NETWORK_H
#define P2P_TESTS_EXCHANGE_NETWORK_H

#include "src/graph/apply.h"
#include "src/model/source.h"

/** End the program with its message when a call has failed. */
void must(int err);

/** The source's network in its present options; f32. */
P2pNet *load_network(P2pDevice *device, const P2pSource *source);

/** Output [C, H, W] for one input [h, w, C] without dropout; running: by running statistics. */
float *apply_network(P2pDevice *device, P2pNet *net, const float *input, int h, int w, bool running,
                     size_t *count);

#endif
