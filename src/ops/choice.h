/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which variant runs a call. It is decided in four places, in this order: what the user forced; what the
 * same run remembers of before, which keeps its bits; what was measured to be the fastest on this device; the
 * rule.
 */
#ifndef P2P_OPS_CHOICE_H
#define P2P_OPS_CHOICE_H

#include "src/ops/op.h"

typedef struct P2pChoice {
    /** Forced: "conv2d_fwd=naive,conv2d=tile" (a pass name or its beginning up to '_'; "winograd:2" in
     *  that form), or left out: "-winograd" in any pass. NULL: nothing. */
    const char *variants;
    /** Remembered: lines "CALL: VARIANT[:FORM]", CALL as p2p_call_text() has it; the first of a call
     *  counts. NULL: nothing. */
    const char *remembered;
    /** Measured: lines of the same kind, with a blank and more behind the variant. NULL: nothing. */
    const char *measured;
    /** "conv2d=tile,loss=naive": do not run on this device, all passes whose names begin so; "conv2d_fwd=tile:3":
     *  this form alone. NULL: none. */
    const char *broken;
    P2pPrecision precision;
    const char *refs; /* "norm_stats,conv2d": these run on the host by their reference */
} P2pChoice;

enum { P2P_CALL_TEXT = 256 };

/**
 * A call in words, the same whatever the device: "conv2d_fwd 0:1,256,256,6 1:64,6,4,4 3:1,128,128,64
 * stride 2 pad 1". Operands by their number: [n,h,w,c], with a '+' where there are gaps between pixels;
 * a weight's [n,c,h,w]; a vector's [c]; and the type where it is not f32.
 */
void p2p_call_text(const P2pCall *call, char text[P2P_CALL_TEXT]);

/** The variant that remembered lines name for a call, *length characters; NULL: none. */
const char *p2p_remembered(const char *lines, const char *call_text, size_t *length);

/**
 * The way that a call goes.
 *
 * @param measured  The call under which it was measured, where that is another: a weight gradient with Adam's
 *              step, which it will become; NULL: the call itself.
 * @param lost  Set where what is remembered is no variant any more, or cannot run this call on this
 *              device: then the rule has decided.
 * @return 0; P2P_EINVAL: forced to what is unknown or not applicable, or nothing is left.
 */
int p2p_way_choose(P2pWay *way, const P2pCall *call, const P2pCall *measured, const P2pCaps *caps,
                   const P2pChoice *choice, bool *lost);
/** Whether the user or the run's own memory decide, whatever is measured. */
bool p2p_choice_is_given(const P2pChoice *choice, const P2pCall *call);
/** Whether a form of a variant (0: the variant) must not be chosen. */
bool p2p_choice_leaves_out(const P2pChoice *choice, const P2pPass *pass, const char *variant,
                           int form);
/** The way of a call that does what two others do: forced or remembered, or by the rule where neither of the
 *  two is forced or remembered. False: they stay two. */
bool p2p_way_join(P2pWay *way, const P2pCall *joint, const P2pCall *first, const P2pCall *second,
                  const P2pCaps *caps, const P2pChoice *choice);
/** Whether the user forces this variant on any pass. */
bool p2p_choice_forces(const P2pChoice *choice, const char *variant);
/** Whether choice->refs names this pass. */
bool p2p_pass_is_ref(const P2pPass *pass, const P2pChoice *choice);

#endif
