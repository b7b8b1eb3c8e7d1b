/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of p2p-translate. */
#ifndef P2P_TOOLS_TRANSLATE_H
#define P2P_TOOLS_TRANSLATE_H

#include "cli.h"
#include "y4m.h"

/** The frames that come in, and what goes out. */
typedef struct TranslateFrames {
    Y4m y4m; /* of RGB24 the size and the rate alone */
    bool y4m_in, y4m_out;
} TranslateFrames;

/** --raw WxH (RGB24 in and out), WxH@RATE (Y4M out) or y4m; false: it is none of these, reported. */
bool translate_frames_parse(TranslateFrames *frames, const P2pOptions *options);

/** All frames of standard input to standard output; RGB24 has nothing between frames. An exit code. */
int translate_frames(P2pModel *model, TranslateFrames *frames, const P2pOptions *options);

#endif
