/* SPDX-License-Identifier: BSD-2-Clause */
/* What to do where a driver does not say what is wrong. */
#ifndef P2P_DEVICE_ADVICE_H
#define P2P_DEVICE_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

/** PoCL's name of its platform. */
#define P2P_POCL "Portable Computing Language"

/** Fresh path of the folder that PoCL 3.1 keeps kernels in, NULL: no memory; *variable (opt): which
 *  environment variable names it, or NULL. */
char *p2p_pocl_folder(const char **variable);
/** Whether PoCL cannot write to its folder, which it does not tell; and what to do then. */
bool p2p_advice_pocl(char *text, size_t bytes);
/** What to do where there is no device at all. */
void p2p_advice_install(char *text, size_t bytes);

#endif
