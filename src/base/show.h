/* SPDX-License-Identifier: BSD-2-Clause */
/* What kind of text something is; p2p_show() is in p2p/common.h. */
#ifndef P2P_BASE_SHOW_H
#define P2P_BASE_SHOW_H

#include <stdbool.h>

/** Whether all of text is UTF-8, without overlong forms and surrogates. */
bool p2p_is_utf8(const char *text);

#endif
